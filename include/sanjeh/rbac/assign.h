/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may give whom which role? The rules of the policy over live assignments (POLICY 1.2, 5.2): assignable, never_self, max_days,
 * recertify_days, max_holders, only_via, static separation with the hierarchy, delegation. Each refusal has a code of its own and
 * the place in the request that it is about.
 */
#ifndef SJ_RBAC_ASSIGN_H
#define SJ_RBAC_ASSIGN_H

#include "sanjeh/rbac/active.h"
#include "sanjeh/unit/assignment.h"

/* Why not. code NULL: nothing against it. */
struct sj_assign_fault {
    const char *code;    /* NOT_ASSIGNABLE, NEVER_SELF, … */
    const char *pointer; /* "/role" */
    const char *detail;
    bool is_forbidden; /* 403: not for this actor; else 422: not at all */
};

/* Who asks. */
struct sj_assigner {
    const struct sj_actor *actor;
    struct sj_role_set roles; /* active now, without what they inherit */
    enum sj_reach reach;      /* of the decision: UNIT binds to the own unit */
};

/* Whether the assigner may touch assignments of the role at all, and of this account: assignable by one of his roles; in his own
 * unit unless he reaches all; never his own as a person when one of the roles that would let him says so. */
SJ_MUST_CHECK sj_status sj_assign_may_touch(const struct sj_policy *policy,
    const struct sj_assigner *assigner, const struct sj_account *target, uint32_t role,
    struct sj_assign_fault *ret_fault);
/* Whether the account may get it: active, not only_via break-glass, not there yet, within max_days (valid_until 0 becomes the
 * longest), fewer than max_holders, and no static constraint broken by what it would then have. tx holds the lock of changes. */
SJ_MUST_CHECK sj_status sj_assign_check(struct sj_tx *tx, const struct sj_policy *policy,
    const struct sj_holding *holding, uint32_t role, struct sj_assignment *assignment,
    struct sj_assign_fault *ret_fault);
/* A changed end of items[number]: within max_days of now, not in the past; a delegation's within its source is the caller's. */
void sj_assign_check_until(const struct sj_policy *policy, const struct sj_holding *holding,
    uint32_t role, sj_time_us until, struct sj_assign_fault *ret_fault);
/* Delegation: the section names the role, source counts in the delegator's session, depth and days within bounds, the end not behind
 * the source's (0 becomes the latest), same unit and compartment, another person. Fills depth, source and valid_until. */
void sj_assign_check_delegation(const struct sj_policy *policy, const struct sj_session *session,
    const struct sj_active_roles *active, size_t source, const struct sj_holding *target,
    struct sj_assignment *assignment, struct sj_assign_fault *ret_fault);
/* The person behind an account, as separation knows it. */
struct sj_uuid sj_account_person(const struct sj_account *account);

#endif
