/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a list become a wall? libseccomp, which enters here only, compiles the profile to a
 * filter that the kernel runs before every system call, on all threads and for good (seccomp(2)).
 * Calls of other architectures kill. If loading failed silently, the process would go on without
 * its wall: every step is checked, and the caller refuses to start.
 */
#include "sandbox_priv.h"

#include "sanjeh/base/memory.h"

#include <errno.h>
#include <seccomp.h>

#ifdef SJ_SANDBOX_UNDER_SANITIZER
#define IS_REAL false
#else
#define IS_REAL true
#endif

static void release(scmp_filter_ctx *filter)
{
    if (*filter != NULL) {
        seccomp_release(*filter);
        *filter = NULL;
    }
}

/* A name that the kernel or architecture lacks needs no rule: it falls to the default. */
static sj_status add_names(scmp_filter_ctx filter, uint32_t action, const char *const *names)
{
    for (; *names != NULL; names++) {
        const int number = seccomp_syscall_resolve_name(*names);
        if (number != __NR_SCMP_ERROR && number >= 0) {
            ENSURE(seccomp_rule_add_array(filter, action, number, 0, NULL) == 0, IO);
        }
    }
    return SJ_DONE;
}

static sj_status add_conditions(
    scmp_filter_ctx filter, const struct sandbox_condition *conditions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct sandbox_condition *condition = &conditions[i];
        const struct scmp_arg_cmp compare = {
            .arg = condition->argument,
            .op = SCMP_CMP_MASKED_EQ,
            .datum_a = condition->mask,
            .datum_b = condition->value,
        };
        const int number = seccomp_syscall_resolve_name(condition->call);
        ENSURE(number != __NR_SCMP_ERROR, IO);
        if (number >= 0) {
            ENSURE(seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, number, 1, &compare) == 0, IO);
        }
    }
    return SJ_DONE;
}

static sj_status load(const struct sandbox_profile *profile)
{
    const uint32_t by_default =
        profile->kills_by_default ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(EPERM);
    CLEANUP(release) scmp_filter_ctx filter = seccomp_init(by_default);

    ENSURE(filter != NULL, IO);
    ENSURE(seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0, IO);
    ENSURE(seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1) == 0, IO);
    ENSURE(seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0, IO);
    /* A binary tree: the hot calls do not pay for the length of the list. */
    ENSURE(seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2) == 0, IO);
    TRY(add_names(filter, SCMP_ACT_ALLOW, profile->allowed));
    TRY(add_names(filter, SCMP_ACT_KILL_PROCESS, profile->killed));
    TRY(add_names(filter, SCMP_ACT_ERRNO(ENOSYS), profile->unknown));
    TRY(add_conditions(filter, profile->conditions, profile->condition_count));
    ENSURE(seccomp_load(filter) == 0, IO);
    return SJ_DONE;
}

sj_status sj_sandbox_enter(enum sj_sandbox_profile profile)
{
    const struct sandbox_profile *chosen = sandbox_profile_get(profile);

    ENSURE(chosen != NULL, INTERNAL);
    return sj_sandbox_is_real() ? load(chosen) : SJ_DONE;
}

bool sj_sandbox_is_real(void)
{
    return IS_REAL;
}
