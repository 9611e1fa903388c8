/* SPDX-License-Identifier: Apache-2.0
 *
 * Does this role count in this session at this moment? First what is true of the assignment by itself (times, locks, certification,
 * the delegator's), then what the session chose, last the dynamic constraints over everything that is left. A session never
 * starts with two roles of a set that it may not have active together: it chooses one.
 */
#include "sanjeh/rbac/active.h"

#define DAY_US    (INT64_C(86400) * 1000000)
#define MINUTE_US (INT64_C(60) * 1000000)

static const char *const names[] = {"active", "unknown", "not-yet", "expired", "locked", "lapsed",
    "source-ended", "not-delegable", "available", "dropped", "held-apart"};

const char *sj_grant_state_name(enum sj_grant_state state)
{
    return names[state];
}

static void earlier(sj_time_us *until, sj_time_us end)
{
    if (end != 0 && (*until == 0 || end < *until)) {
        *until = end;
    }
}

static bool is_locked(sj_time_us from, sj_time_us until, sj_time_us clock)
{
    return from != 0 && from <= clock && (until == 0 || clock < until);
}

/* Until when a certification of that moment holds; 0: without end. */
static sj_time_us certified_until(const struct sj_policy_role *role, sj_time_us at)
{
    return role->recertify_days == 0 ? 0 : at + role->recertify_days * DAY_US;
}

static bool may_be_delegated(const struct sj_policy *policy, uint32_t role)
{
    const struct sj_policy_delegation *delegation = sj_policy_delegation(policy);
    return delegation->given && sj_role_set_has(&delegation->roles, role);
}

/* A lock that is still to come ends it, too, for the time being. */
static enum sj_grant_state window_state(sj_time_us locked_from, sj_time_us locked_until,
    sj_time_us certified, sj_time_us clock, sj_time_us *until)
{
    if (is_locked(locked_from, locked_until, clock)) {
        return SJ_GRANT_LOCKED;
    }
    if (locked_from > clock) {
        earlier(until, locked_from);
    }
    earlier(until, certified);
    return certified != 0 && certified <= clock ? SJ_GRANT_LAPSED : SJ_GRANT_COUNTS;
}

enum sj_grant_state sj_assignment_state(const struct sj_policy *policy,
    const struct sj_assignment *held, sj_time_us clock, sj_time_us *ret_until)
{
    *ret_until = held->valid_until;
    const uint32_t number = sj_policy_role_number(policy, sj_text_of(held->role));
    if (number == SJ_POLICY_NONE || sj_policy_role_at(policy, number)->only_via_break_glass) {
        return SJ_GRANT_UNKNOWN;
    }
    if (held->kind == SJ_DELEGATED && !may_be_delegated(policy, number)) {
        return SJ_GRANT_NOT_DELEGABLE;
    }
    if (held->valid_until != 0 && held->valid_until <= clock) {
        return SJ_GRANT_EXPIRED;
    }
    if (held->valid_from > clock) {
        return SJ_GRANT_NOT_YET;
    }
    const struct sj_policy_role *role = sj_policy_role_at(policy, number);
    return window_state(held->locked_from, held->locked_until,
        certified_until(role, held->certified_at), clock, ret_until);
}

/* The delegator's own grant stands behind a delegated one. */
static enum sj_grant_state source_state(const struct sj_policy_role *role,
    const struct sj_session_grant *grant, sj_time_us clock, sj_time_us *until)
{
    if (grant->source_ended) {
        return SJ_GRANT_SOURCE_ENDED;
    }
    return window_state(grant->source_locked_from, grant->source_locked_until,
        certified_until(role, grant->source_certified_at), clock, until);
}

static enum sj_grant_state choice_state(const struct sj_policy_role *role,
    const struct sj_session_grant *grant, sj_time_us clock, sj_time_us *until)
{
    if (grant->choice == SJ_CHOICE_DROPPED) {
        return SJ_GRANT_DROPPED;
    }
    if (!role->on_demand) {
        return SJ_GRANT_COUNTS;
    }
    sj_time_us ends = grant->chosen_until;
    if (role->max_minutes != 0) {
        earlier(&ends, grant->chosen_at + role->max_minutes * MINUTE_US);
    }
    if (grant->choice != SJ_CHOICE_ACTIVE || (ends != 0 && ends <= clock)) {
        return SJ_GRANT_AVAILABLE;
    }
    earlier(until, ends);
    return SJ_GRANT_COUNTS;
}

static void judge(const struct sj_policy *policy, const struct sj_session_grant *grant,
    sj_time_us clock, struct sj_active_grant *item)
{
    item->role = sj_policy_role_number(policy, sj_text_of(grant->held.role));
    item->state = sj_assignment_state(policy, &grant->held, clock, &item->until);
    if (item->state != SJ_GRANT_COUNTS) {
        return;
    }
    const struct sj_policy_role *role = sj_policy_role_at(policy, item->role);
    if (grant->held.kind == SJ_DELEGATED) {
        item->state = source_state(role, grant, clock, &item->until);
    }
    if (item->state == SJ_GRANT_COUNTS) {
        item->state = choice_state(role, grant, clock, &item->until);
    }
}

static bool touches(
    const struct sj_policy *policy, uint32_t role, const struct sj_policy_sod *constraint)
{
    const struct sj_role_set *closure = &sj_policy_role_at(policy, role)->closure;
    for (size_t i = 0; i < SJ_COUNT(closure->bits); i++) {
        if ((closure->bits[i] & constraint->roles.bits[i]) != 0) {
            return true;
        }
    }
    return false;
}

static void collect(struct sj_active_roles *active)
{
    active->roles = (struct sj_role_set){{0}};
    for (size_t i = 0; i < active->count; i++) {
        if (active->items[i].state == SJ_GRANT_COUNTS) {
            sj_role_set_add(&active->roles, active->items[i].role);
        }
    }
}

/* Takes out those of a broken set: first what nobody chose, then, should the policy have changed since, everything. */
static void hold_apart(const struct sj_policy *policy, const struct sj_session *session,
    const struct sj_policy_sod *broken, struct sj_active_roles *active)
{
    for (unsigned round = 0; round < 2; round++) {
        bool has_changed = false;
        for (size_t i = 0; i < active->count; i++) {
            struct sj_active_grant *item = &active->items[i];
            const bool is_chosen = session->grants[i].choice == SJ_CHOICE_ACTIVE;
            if (item->state == SJ_GRANT_COUNTS && (round == 1 || !is_chosen) &&
                touches(policy, item->role, broken)) {
                item->state = SJ_GRANT_HELD_APART;
                has_changed = true;
            }
        }
        if (has_changed) {
            return;
        }
    }
}

void sj_active_roles(const struct sj_policy *policy, const struct sj_session *session,
    sj_time_us now, struct sj_active_roles *ret_roles)
{
    const sj_time_us clock = now + session->clock_ahead;
    ret_roles->count = session->grant_count;
    for (size_t i = 0; i < session->grant_count; i++) {
        judge(policy, &session->grants[i], clock, &ret_roles->items[i]);
    }
    collect(ret_roles);
    for (;;) {
        const struct sj_policy_sod *broken =
            sj_policy_sod_broken(policy, SJ_SOD_DYNAMIC, SJ_SOD_ALL_UNITS, &ret_roles->roles);
        if (broken == NULL) {
            return;
        }
        hold_apart(policy, session, broken, ret_roles);
        collect(ret_roles);
    }
}

size_t sj_active_policy_grants(const struct sj_session *session,
    const struct sj_active_roles *active, uint32_t unit,
    struct sj_policy_grant ret_grants[SJ_ASSIGNMENTS_MAX],
    char via[SJ_ASSIGNMENTS_MAX][SJ_GRANT_VIA_SIZE])
{
    size_t count = 0;
    for (size_t i = 0; i < active->count; i++) {
        const struct sj_assignment *held = &session->grants[i].held;
        const struct sj_active_grant *item = &active->items[i];
        if (item->role == SJ_POLICY_NONE) {
            continue;
        }
        char id[SJ_UUID_TEXT_SIZE];
        sj_uuid_format(held->id, id);
        const bool is_delegated = held->kind == SJ_DELEGATED;
        (void)snprintf(
            via[count], SJ_GRANT_VIA_SIZE, "%s:%s", is_delegated ? "delegation" : "assignment", id);
        ret_grants[count] = (struct sj_policy_grant){.role = item->role,
            .unit = unit,
            .from = held->valid_from,
            .until = item->until,
            .via = via[count],
            .kind = is_delegated ? SJ_GRANT_DELEGATED : SJ_GRANT_ASSIGNED,
            .active = item->state == SJ_GRANT_COUNTS,
            .lapsed = item->state != SJ_GRANT_COUNTS && item->state != SJ_GRANT_AVAILABLE};
        count++;
    }
    return count;
}
