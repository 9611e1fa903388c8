/* SPDX-License-Identifier: Apache-2.0
 *
 * May this be assigned, by this person, to that account? Everything the policy says about a role's limits is decided here and
 * nowhere else, over what is held at this moment under the lock of changes: two requests at once cannot each see the other's
 * absence. What is refused names the rule, so that an administrator knows what to change.
 */
#include "sanjeh/rbac/assign.h"

#define DAY_US (INT64_C(86400) * 1000000)

static void refuse(
    struct sj_assign_fault *fault, const char *code, const char *pointer, const char *detail)
{
    *fault = (struct sj_assign_fault){.code = code, .pointer = pointer, .detail = detail};
}

static void forbid(
    struct sj_assign_fault *fault, const char *code, const char *pointer, const char *detail)
{
    refuse(fault, code, pointer, detail);
    fault->is_forbidden = true;
}

struct sj_uuid sj_account_person(const struct sj_account *account)
{
    if (!sj_uuid_is_nil(account->judge)) {
        return account->judge;
    }
    return sj_uuid_is_nil(account->person_judge) ? account->id : account->person_judge;
}

sj_status sj_assign_may_touch(const struct sj_policy *policy, const struct sj_assigner *assigner,
    const struct sj_account *target, uint32_t role, struct sj_assign_fault *ret_fault)
{
    *ret_fault = (struct sj_assign_fault){.code = NULL};
    if (assigner->reach != SJ_REACH_ALL) {
        ENSURE(!sj_uuid_is_nil(assigner->actor->unit) &&
                   sj_uuid_equal(assigner->actor->unit, target->unit),
            NOT_FOUND);
        ENSURE(sj_uuid_is_nil(assigner->actor->compartment) ||
                   sj_uuid_equal(assigner->actor->compartment, target->compartment),
            NOT_FOUND);
    }
    const struct sj_role_set closure = sj_policy_roles_close(policy, &assigner->roles);
    bool may = false;
    bool never_self = false;
    for (size_t i = 0; i < sj_policy_role_count(policy); i++) {
        const struct sj_policy_role *own = sj_policy_role_at(policy, i);
        if (sj_role_set_has(&closure, (uint32_t)i)) {
            may = may || sj_role_set_has(&own->assignable, role);
            never_self = never_self || own->never_self;
        }
    }
    if (!may) {
        forbid(ret_fault, "NOT_ASSIGNABLE", "/role", "none of your active roles may assign it");
    } else if (never_self &&
               (sj_uuid_equal(target->id, assigner->actor->account) ||
                   sj_uuid_equal(sj_account_person(target), assigner->actor->person))) {
        forbid(ret_fault, "NEVER_SELF", "/account_id", "nobody decides about the own roles");
    }
    return SJ_DONE;
}

static sj_time_us latest(const struct sj_policy_role *role, sj_time_us from)
{
    return role->max_days == 0 ? 0 : from + role->max_days * DAY_US;
}

void sj_assign_check_until(const struct sj_policy *policy, const struct sj_holding *holding,
    uint32_t role, sj_time_us until, struct sj_assign_fault *ret_fault)
{
    *ret_fault = (struct sj_assign_fault){.code = NULL};
    const sj_time_us end = latest(sj_policy_role_at(policy, role), holding->now);
    if (until != 0 && until <= holding->now) {
        refuse(ret_fault, "IN_THE_PAST", "/valid_until", "revoke it to end it now");
    } else if (end != 0 && (until == 0 || until > end)) {
        refuse(ret_fault, "TOO_LONG", "/valid_until", "longer than the role's max_days from now");
    }
}

static void check_times(const struct sj_policy_role *role, sj_time_us now,
    struct sj_assignment *assignment, struct sj_assign_fault *fault)
{
    const sj_time_us from = assignment->valid_from > now ? assignment->valid_from : now;
    const sj_time_us end = latest(role, from);
    if (assignment->valid_until == 0) {
        assignment->valid_until = end;
    }
    if (assignment->valid_until != 0 && assignment->valid_until <= from) {
        refuse(fault, "IN_THE_PAST", "/valid_until", "it would end before it begins");
    } else if (end != 0 && assignment->valid_until > end) {
        refuse(fault, "TOO_LONG", "/valid_until", "longer than the role's max_days");
    } else if (assignment->locked_until != 0 &&
               assignment->locked_until <= assignment->locked_from) {
        refuse(fault, "RANGE", "/locked_until", "the lock would end before it begins");
    } else if (assignment->locked_until != 0 && assignment->locked_from == 0) {
        refuse(fault, "REQUIRED", "/locked_from", "a lock has a beginning");
    }
}

/* Everything not revoked and not expired, what is yet to begin, too: it will be held together. */
static void check_separation(const struct sj_policy *policy, const struct sj_holding *holding,
    uint32_t role, struct sj_assign_fault *fault)
{
    struct sj_role_set held = {{0}};
    sj_role_set_add(&held, role);
    for (size_t i = 0; i < holding->count; i++) {
        const struct sj_assignment *item = &holding->items[i];
        const uint32_t number = sj_policy_role_number(policy, sj_text_of(item->role));
        if (number != SJ_POLICY_NONE &&
            (item->valid_until == 0 || item->valid_until > holding->now)) {
            sj_role_set_add(&held, number);
        }
    }
    /* an account has one unit: both spans are over the same roles */
    const struct sj_policy_sod *broken =
        sj_policy_sod_broken(policy, SJ_SOD_STATIC, SJ_SOD_ALL_UNITS, &held);
    if (broken == NULL) {
        broken = sj_policy_sod_broken(policy, SJ_SOD_STATIC, SJ_SOD_SAME_UNIT, &held);
    }
    if (broken != NULL) {
        refuse(fault, "SEPARATION", "/role", broken->id);
    }
}

static sj_status check_holders(
    struct sj_tx *tx, const struct sj_policy_role *role, struct sj_assign_fault *fault)
{
    if (role->max_holders == 0) {
        return SJ_DONE;
    }
    int64_t count = 0;
    TRY(sj_assignment_holders(tx, sj_text_of(role->name), &count));
    if (count >= (int64_t)role->max_holders) {
        refuse(fault, "TOO_MANY_HOLDERS", "/role", "the role's max_holders have it already");
    }
    return SJ_DONE;
}

static bool has_role(const struct sj_holding *holding, const char *name)
{
    for (size_t i = 0; i < holding->count; i++) {
        if (strcmp(holding->items[i].role, name) == 0) {
            return true;
        }
    }
    return false;
}

sj_status sj_assign_check(struct sj_tx *tx, const struct sj_policy *policy,
    const struct sj_holding *holding, uint32_t number, struct sj_assignment *assignment,
    struct sj_assign_fault *ret_fault)
{
    *ret_fault = (struct sj_assign_fault){.code = NULL};
    const struct sj_policy_role *role = sj_policy_role_at(policy, number);
    if (role->only_via_break_glass) {
        refuse(ret_fault, "ONLY_VIA", "/role", "this role is held by break-glass alone");
    } else if (!sj_text_is(holding->account.status, "active")) {
        refuse(ret_fault, "INACTIVE", "/account_id", "the account is not active");
    } else if (has_role(holding, role->name)) {
        refuse(ret_fault, "DUPLICATE", "/role", "the account has it; revoke that one first");
    }
    if (ret_fault->code == NULL) {
        check_times(role, holding->now, assignment, ret_fault);
    }
    if (ret_fault->code == NULL) {
        check_separation(policy, holding, number, ret_fault);
    }
    return ret_fault->code == NULL ? check_holders(tx, role, ret_fault) : SJ_DONE;
}

void sj_assign_check_delegation(const struct sj_policy *policy, const struct sj_session *session,
    const struct sj_active_roles *active, size_t source, const struct sj_holding *target,
    struct sj_assignment *assignment, struct sj_assign_fault *ret_fault)
{
    *ret_fault = (struct sj_assign_fault){.code = NULL};
    const struct sj_policy_delegation *limits = sj_policy_delegation(policy);
    const struct sj_assignment *held = &session->grants[source].held;
    const struct sj_active_grant *item = &active->items[source];
    if (!limits->given || item->role == SJ_POLICY_NONE ||
        !sj_role_set_has(&limits->roles, item->role)) {
        forbid(ret_fault, "NOT_DELEGABLE", "/role", "the policy lets nobody delegate this role");
        return;
    }
    if (item->state != SJ_GRANT_COUNTS) {
        forbid(ret_fault, "NOT_ACTIVE", "/role", "you do not hold it actively yourself");
        return;
    }
    if (held->depth + 1 > limits->depth) {
        forbid(ret_fault, "TOO_DEEP", "/role", "it was delegated to you as far as it may go");
        return;
    }
    if (!sj_uuid_equal(target->account.unit, session->actor.unit) ||
        !sj_uuid_equal(target->account.compartment, session->actor.compartment)) {
        refuse(ret_fault, "WIDER", "/account_id", "an account of your own unit and compartment");
        return;
    }
    if (sj_uuid_equal(sj_account_person(&target->account), session->actor.person)) {
        forbid(ret_fault, "NEVER_SELF", "/account_id", "nobody delegates to himself");
        return;
    }
    sj_time_us end = limits->max_days == 0 ? 0 : target->now + limits->max_days * DAY_US;
    if (held->valid_until != 0 && (end == 0 || held->valid_until < end)) {
        end = held->valid_until;
    }
    if (assignment->valid_until == 0) {
        assignment->valid_until = end;
    }
    if (assignment->valid_until == 0) {
        refuse(ret_fault, "REQUIRED", "/valid_until", "a delegation has an end");
    } else if (end != 0 && assignment->valid_until > end) {
        refuse(ret_fault, "TOO_LONG", "/valid_until",
            "longer than the delegation's max_days or than your own");
    }
    assignment->kind = SJ_DELEGATED;
    assignment->source = held->id;
    assignment->depth = held->depth + 1;
}
