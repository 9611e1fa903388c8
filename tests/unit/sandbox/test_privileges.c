/* SPDX-License-Identifier: Apache-2.0
 *
 * Are root, capabilities, core files and tracing really gone, without a way back?
 */
#include "sanjeh/sandbox/sandbox.h"

#include "child.h"

#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static int drops_to_nobody(void)
{
    const struct passwd *nobody = getpwnam("nobody");

    if (nobody == NULL || sj_failed(sj_sandbox_drop("nobody"))) {
        return 1;
    }
    if (getuid() != nobody->pw_uid || geteuid() != nobody->pw_uid || getgid() != nobody->pw_gid) {
        return 2;
    }
    if (setuid(0) == 0 || seteuid(0) == 0 || setgid(0) == 0) {
        return 3;
    }
    /* A root-only file is out of reach. */
    return access("/etc/shadow", R_OK) == 0 ? 4 : 0;
}

static int has_no_capability(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};

    if (sj_failed(sj_sandbox_drop(NULL)) || syscall(SYS_capget, &header, data) != 0) {
        return 1;
    }
    const unsigned left = data[0].effective | data[0].permitted | data[0].inheritable |
                          data[1].effective | data[1].permitted | data[1].inheritable;
    if (left != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) {
        return 2;
    }
    /* Root without capabilities cannot become somebody else. The bare call: libc's would have the
     * sanitizers' own thread follow, which kept its capabilities. */
    return geteuid() == 0 && syscall(SYS_setuid, 65534) == 0 ? 3 : 0;
}

static int refuses_unknown_user(void)
{
    return sj_sandbox_drop("no-such-user-of-sanjeh").code == SJ_BAD_CONFIG ? 0 : 1;
}

static int refuses_to_become_root(void)
{
    return sj_sandbox_drop("root").code == SJ_BAD_CONFIG ? 0 : 1;
}

static int leaves_no_core(void)
{
    struct rlimit limit = {1, 1};

    if (sj_failed(sj_sandbox_no_dump()) || getrlimit(RLIMIT_CORE, &limit) != 0) {
        return 1;
    }
    const int wanted = sj_sandbox_is_real() ? 0 : 1;
    return limit.rlim_max == 0 && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == wanted ? 0 : 2;
}

static int locks_or_says_no(void)
{
    bool is_locked = true;

    sj_sandbox_lock_memory(&is_locked);
    /* Whatever the answer, memory must still be there for the asking. */
    void *memory = malloc(64U << 20);
    const int result = memory == NULL ? 1 : 0;
    free(memory);
    return result;
}

TEST(privileges_root_becomes_the_user_for_good)
{
    if (geteuid() == 0) {
        CHECK(in_child(drops_to_nobody) == 0);
        CHECK(in_child(refuses_unknown_user) == 0);
        CHECK(in_child(refuses_to_become_root) == 0);
    } else {
        CHECK(in_child(has_no_capability) == 0);
    }
}

TEST(privileges_no_capability_is_left)
{
    CHECK(in_child(has_no_capability) == 0);
}

TEST(privileges_no_core_and_no_tracing)
{
    CHECK(in_child(leaves_no_core) == 0);
}

TEST(privileges_locked_memory_does_not_starve)
{
    CHECK(in_child(locks_or_says_no) == 0);
}
