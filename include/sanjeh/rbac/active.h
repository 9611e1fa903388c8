/* SPDX-License-Identifier: Apache-2.0
 *
 * Which roles of a session count now, and why not the others? Assignments and a session's choices are facts (unit, authn); the
 * policy says how long a certification holds, which roles wait to be activated and which are never active together. Asked anew for
 * each request: no cache keeps a role beyond its end.
 */
#ifndef SJ_RBAC_ACTIVE_H
#define SJ_RBAC_ACTIVE_H

#include "sanjeh/authn/authn.h"
#include "sanjeh/policy/policy.h"

enum sj_grant_state {
    SJ_GRANT_COUNTS = 0,
    SJ_GRANT_UNKNOWN,       /* the policy has no such role, or gives it by break-glass alone */
    SJ_GRANT_NOT_YET,       /* valid_from is to come */
    SJ_GRANT_EXPIRED,       /* valid_until has passed */
    SJ_GRANT_LOCKED,        /* in its lock window, or the delegator's is */
    SJ_GRANT_LAPSED,        /* not certified in time, or the delegator's was not */
    SJ_GRANT_SOURCE_ENDED,  /* the delegator has it no more */
    SJ_GRANT_NOT_DELEGABLE, /* delegated, and the policy (no longer) lets the role be delegated */
    SJ_GRANT_AVAILABLE,     /* on demand, not activated */
    SJ_GRANT_DROPPED,       /* this session dropped it */
    SJ_GRANT_HELD_APART /* dynamic separation: another of the set is active, or none was chosen yet */
};
/* "active", "unknown", "not-yet" … as the API says it. */
const char *sj_grant_state_name(enum sj_grant_state state);

struct sj_active_grant {
    uint32_t role; /* number in the policy, SJ_POLICY_NONE for UNKNOWN */
    enum sj_grant_state state;
    sj_time_us until; /* when it will end by what is known now, 0: no end known */
};
struct sj_active_roles {
    struct sj_role_set roles;                         /* that count, without what they inherit */
    struct sj_active_grant items[SJ_ASSIGNMENTS_MAX]; /* beside session->grants */
    size_t count;
};
/* now: microseconds of the machine's clock; the session's clock_ahead is added. Allocates nothing. */
void sj_active_roles(const struct sj_policy *policy, const struct sj_session *session,
    sj_time_us now, struct sj_active_roles *ret_roles);
/* What is known of one assignment without a session: as if its role had been activated. */
enum sj_grant_state sj_assignment_state(const struct sj_policy *policy,
    const struct sj_assignment *held, sj_time_us clock, sj_time_us *ret_until);
/* The bits for sj_actor.roles of a policy of at most 64 roles. */
static inline uint64_t sj_active_bits(const struct sj_active_roles *active)
{
    return active->roles.bits[0];
}

#define SJ_GRANT_VIA_SIZE 48
/* What the engine and explanations take: every grant with its times, "via" naming the assignment ("assignment:<id>",
 * "delegation:<id>"). unit: of the session's account in the decision point's set, or SJ_POLICY_NONE. Returns the count; grants
 * whose role the policy does not know are left out. via holds the texts. */
size_t sj_active_policy_grants(const struct sj_session *session,
    const struct sj_active_roles *active, uint32_t unit,
    struct sj_policy_grant ret_grants[SJ_ASSIGNMENTS_MAX],
    char via[SJ_ASSIGNMENTS_MAX][SJ_GRANT_VIA_SIZE]);

#endif
