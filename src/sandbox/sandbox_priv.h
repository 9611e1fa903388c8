/* SPDX-License-Identifier: Apache-2.0
 *
 * The lists of profile.c that filter.c turns into a kernel filter.
 */
#ifndef SJ_SANDBOX_PRIV_H
#define SJ_SANDBOX_PRIV_H

#include "sanjeh/sandbox/sandbox.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SJ_SANDBOX_UNDER_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SJ_SANDBOX_UNDER_SANITIZER 1
#endif

/* A condition (argument & mask) == value on one argument of a call. */
struct sandbox_condition {
    const char *call;
    unsigned argument;
    uint64_t mask;
    uint64_t value;
};

struct sandbox_profile {
    const char *const *allowed; /* names, ended by NULL; one that this kernel lacks is skipped */
    const char *const *killed;  /* when the default does not kill */
    const char *const *unknown; /* answered with ENOSYS, so that libc takes its older way */
    const struct sandbox_condition *conditions;
    size_t condition_count;
    bool kills_by_default;
};

/* NULL for a number that is no profile. */
const struct sandbox_profile *sandbox_profile_get(enum sj_sandbox_profile profile);

#endif
