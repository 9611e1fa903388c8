/* SPDX-License-Identifier: Apache-2.0
 *
 * What does a process give up besides system calls? Core files and tracing before it holds a
 * secret, root and every capability before it meets the outside (capabilities(7), prctl(2)). The
 * way back is tried and must fail. If one capability stayed, a break-in to the parser of HTTP would
 * be a break-in to the machine.
 */
#include "sandbox_priv.h"

#include "sanjeh/base/memory.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LAST_CAPABILITY_TRIED 63

sj_status sj_sandbox_no_dump(void)
{
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};

    ENSURE(setrlimit(RLIMIT_CORE, &none) == 0, IO);
#ifndef SJ_SANDBOX_UNDER_SANITIZER
    /* The leak check of the sanitizers traces its own process. */
    ENSURE(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0, IO);
#endif
    return SJ_DONE;
}

struct identity {
    uid_t uid;
    gid_t gid;
};

static sj_status find_user(const char *user, struct identity *ret_identity)
{
    struct passwd entry;
    struct passwd *found = NULL;
    char space[16384];

    ENSURE(getpwnam_r(user, &entry, space, sizeof(space), &found) == 0, IO);
    ENSURE(found != NULL, BAD_CONFIG);
    *ret_identity = (struct identity){found->pw_uid, found->pw_gid};
    return SJ_DONE;
}

/* The bounding set limits what an executed file could give back; emptying needs CAP_SETPCAP, so it
 * comes while still root. A container may have taken that away already: then PR_SET_NO_NEW_PRIVS,
 * which the caller has set, alone keeps executed files from giving anything. Numbers above the
 * kernel's last capability are not set. */
static sj_status empty_bounding_set(void)
{
    for (unsigned long i = 0; i <= LAST_CAPABILITY_TRIED; i++) {
        if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1) {
            ENSURE(prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0 || errno == EPERM, IO);
        }
    }
    return SJ_DONE;
}

static sj_status become(const char *user, struct identity identity)
{
    uid_t uids[3];
    gid_t gids[3];

    ENSURE(identity.uid != 0 && identity.gid != 0, BAD_CONFIG);
    ENSURE(initgroups(user, identity.gid) == 0, IO);
    ENSURE(setresgid(identity.gid, identity.gid, identity.gid) == 0, IO);
    ENSURE(setresuid(identity.uid, identity.uid, identity.uid) == 0, IO);
    ENSURE(getresuid(&uids[0], &uids[1], &uids[2]) == 0, IO);
    ENSURE(getresgid(&gids[0], &gids[1], &gids[2]) == 0, IO);
    for (int i = 0; i < 3; i++) {
        ENSURE(uids[i] == identity.uid && gids[i] == identity.gid, IO);
    }
    /* There must be no way back. */
    ENSURE(setresuid(0, 0, 0) != 0 && setresgid(0, 0, 0) != 0 && seteuid(0) != 0, IO);
    return SJ_DONE;
}

static sj_status drop_capabilities(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    const struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
    struct __user_cap_data_struct left[2] = {{0, 0, 0}, {0, 0, 0}};

    ENSURE(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0, IO);
    ENSURE(syscall(SYS_capset, &header, none) == 0, IO);
    ENSURE(syscall(SYS_capget, &header, left) == 0, IO);
    for (int i = 0; i < 2; i++) {
        ENSURE((left[i].effective | left[i].permitted | left[i].inheritable) == 0, IO);
    }
    return SJ_DONE;
}

sj_status sj_sandbox_drop(const char *user)
{
    const bool is_root = geteuid() == 0;
    struct identity identity = {0, 0};

    ENSURE(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, IO);
    if (is_root) {
        if (user != NULL) {
            TRY(find_user(user, &identity));
        }
        TRY(empty_bounding_set());
        if (user != NULL) {
            TRY(become(user, identity));
        }
    }
    TRY(drop_capabilities());
#ifdef SJ_SANDBOX_UNDER_SANITIZER
    /* A change of user takes the flag away that the leak check needs. */
    ENSURE(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0, IO);
#endif
    return SJ_DONE;
}

/* With a small limit, locking all future memory would make later allocations fail: then only the
 * secrets, which lock their own pages, are locked. */
void sj_sandbox_lock_memory(bool *ret_locked)
{
    const struct rlimit unlimited = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
    struct rlimit limit = {0, 0};

    *ret_locked = false;
    if (setrlimit(RLIMIT_MEMLOCK, &unlimited) == 0 ||
        (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY)) {
        *ret_locked = mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
    }
}
