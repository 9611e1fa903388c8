/* SPDX-License-Identifier: Apache-2.0
 *
 * /assignments: who has which role, by whose hand, until when; granted, changed, certified and revoked here. Every change takes the
 * lock of changes, proves the seal of the account, asks the policy's rules over what is held at that moment, and has a number that
 * decisions name. /recertifications lists what has lapsed or will; /assignment-changes is the history.
 */
#include "assignment_json.h"

#include "sanjeh/base/parse.h"

#define DAY_US      (INT64_C(86400) * 1000000)
#define DUE_DAYS    30
#define CHANGES_MAX 500u

/* ---- reading ---- */

static sj_status take_query(struct sj_exchange *x, struct sj_assignment_query *query)
{
    struct sj_text state;
    TRY(sj_filter_id(x, "account_id", &query->account));
    TRY(sj_filter_text(x, "role", &query->role));
    TRY(sj_filter_text(x, "state", &state));
    if (state.len > 0 && !sj_text_is(state, "all")) {
        return sj_filter_refuse(x, "state", "UNKNOWN_VALUE", "all: those revoked, too");
    }
    query->revoked_too = state.len > 0;
    if (x->decision.reach != SJ_REACH_ALL) {
        query->unit = x->session.actor.unit;
    }
    return SJ_DONE;
}

static sj_status list(struct sj_exchange *x)
{
    static const char *const allowed[] = {"account_id", "role", "state", NULL};
    struct sj_page page;
    struct sj_context context;
    struct sj_assignment_query query = {.revoked_too = false};
    TRY(sj_exchange_page(x, allowed, &page));
    TRY(take_query(x, &query));
    TRY(sj_assignment_context(x, &context));
    struct sj_assignment_row *items = NULL;
    size_t count = 0;
    TRY(sj_assignment_list(
        x->worker->db, &context, &query, page.after, page.limit + 1, x->arena, &items, &count));
    const size_t shown = count > page.limit ? page.limit : count;
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < shown; i++) {
        sj_json_assignment(x, &json, &items[i], sj_exchange_clock(x));
    }
    return sj_exchange_list_end(
        x, &json, count > shown ? items[shown - 1].held.id : (struct sj_uuid){{0}});
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_uuid id;
    struct sj_context context;
    TRY(sj_exchange_id(x, &id));
    TRY(sj_assignment_context(x, &context));
    bool found = false;
    struct sj_assignment_row row;
    TRY(sj_assignment_find(x->worker->db, &context, id, x->arena, &found, &row));
    ENSURE(found, NOT_FOUND);
    return sj_answer_assignment(x, &row);
}

/* Lapsed already, or within DUE_DAYS: who must look at what. */
static bool is_due(const struct sj_exchange *x, const struct sj_assignment_row *row)
{
    const struct sj_policy *policy = x->active->policy;
    const uint32_t role = sj_policy_role_number(policy, sj_text_of(row->held.role));
    const uint32_t days =
        role == SJ_POLICY_NONE ? 0 : sj_policy_role_at(policy, role)->recertify_days;
    const sj_time_us clock = sj_exchange_clock(x);
    const bool is_over = row->held.valid_until != 0 && row->held.valid_until <= clock;
    return days != 0 && !is_over &&
           row->held.certified_at + days * DAY_US <= clock + DUE_DAYS * DAY_US;
}

static sj_status recertifications(struct sj_exchange *x)
{
    struct sj_page page;
    struct sj_context context;
    struct sj_assignment_query query = {.revoked_too = false};
    TRY(sj_exchange_page(x, NULL, &page));
    TRY(sj_assignment_context(x, &context));
    if (x->decision.reach != SJ_REACH_ALL) {
        query.unit = x->session.actor.unit;
    }
    struct sj_json json = sj_exchange_list_begin(x);
    size_t shown = 0;
    struct sj_uuid last = page.after;
    for (bool has_more = true; has_more && shown < page.limit;) {
        struct sj_assignment_row *items = NULL;
        size_t count = 0;
        TRY(sj_assignment_list(
            x->worker->db, &context, &query, last, CHANGES_MAX, x->arena, &items, &count));
        has_more = count == CHANGES_MAX;
        for (size_t i = 0; i < count && shown < page.limit; i++) {
            last = items[i].held.id;
            if (is_due(x, &items[i])) {
                sj_json_assignment(x, &json, &items[i], sj_exchange_clock(x));
                shown++;
            }
        }
    }
    return sj_exchange_list_end(x, &json, shown == page.limit ? last : (struct sj_uuid){{0}});
}

static void write_change(struct sj_json *json, const struct sj_assignment_change *change)
{
    sj_json_object(json, NULL);
    sj_json_int(json, "seq", change->seq);
    sj_json_text(json, "change", change->change);
    sj_json_time(json, "changed_at", change->changed_at);
    sj_json_id_or_null(json, "changed_by", change->changed_by);
    sj_json_id(json, "assignment_id", change->held.id);
    sj_json_id(json, "account_id", change->account);
    sj_json_str(json, "role", change->held.role);
    sj_json_str(json, "kind", change->held.kind == SJ_DELEGATED ? "delegated" : "assigned");
    sj_json_time_or_null(json, "valid_from", change->held.valid_from);
    sj_json_time_or_null(json, "valid_until", change->held.valid_until);
    sj_json_time_or_null(json, "locked_from", change->held.locked_from);
    sj_json_time_or_null(json, "locked_until", change->held.locked_until);
    sj_json_time(json, "certified_at", change->held.certified_at);
    sj_json_time_or_null(json, "revoked_at", change->revoked_at);
    sj_json_object_end(json);
}

/* Every change after a number: what changed since a decision that names it. */
static sj_status changes(struct sj_exchange *x)
{
    static const char *const allowed[] = {"after", "account_id", NULL};
    struct sj_page page;
    struct sj_text text;
    struct sj_uuid account;
    struct sj_context context;
    uint64_t after = 0;
    TRY(sj_exchange_page(x, allowed, &page));
    TRY(sj_filter_id(x, "account_id", &account));
    TRY(sj_filter_text(x, "after", &text));
    if (text.len > 0 && sj_failed(sj_parse_u64(text, 0, INT64_MAX, &after))) {
        return sj_filter_refuse(x, "after", "FORMAT", "the number of a change");
    }
    TRY(sj_assignment_context(x, &context));
    struct sj_assignment_change *items = NULL;
    size_t count = 0;
    int64_t seq = 0;
    TRY(sj_assignment_changes(x->worker->db, &context, (int64_t)after, account, page.limit,
        x->arena, &items, &count, &seq));
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_int(&json, "seq", seq);
    sj_json_array(&json, "items");
    for (size_t i = 0; i < count; i++) {
        write_change(&json, &items[i]);
    }
    sj_json_array_end(&json);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

/* ---- changing ---- */

static struct sj_assigner assigner_of(const struct sj_exchange *x)
{
    return (struct sj_assigner){
        .actor = &x->session.actor, .roles = x->roles.roles, .reach = x->decision.reach};
}

struct create_body {
    struct sj_uuid account_id;
    struct sj_text role;
    struct sj_text valid_from;
    struct sj_text valid_until;
    struct sj_text locked_from;
    struct sj_text locked_until;
    struct sj_text reason;
};

#define TEXT_MEMBER(type, field, is_required, bound)                                               \
    {                                                                                              \
        .name = #field, .kind = SJ_JSON_TEXT, .offset = offsetof(type, field),                     \
        .present_offset = SJ_JSON_NO_PRESENT, .required = (is_required),                           \
        .nullable = !(is_required), .limit = (bound)                                               \
    }
static const struct sj_json_member create_members[] = {
    {.name = "account_id",
        .kind = SJ_JSON_ID,
        .offset = offsetof(struct create_body, account_id),
        .present_offset = SJ_JSON_NO_PRESENT,
        .required = true},
    TEXT_MEMBER(struct create_body, role, true, SJ_ROLE_NAME_SIZE - 1),
    TEXT_MEMBER(struct create_body, valid_from, false, 40),
    TEXT_MEMBER(struct create_body, valid_until, false, 40),
    TEXT_MEMBER(struct create_body, locked_from, false, 40),
    TEXT_MEMBER(struct create_body, locked_until, false, 40),
    TEXT_MEMBER(struct create_body, reason, false, 4 * SJ_ASSIGN_REASON_MAX),
};

static sj_status take_times(
    struct sj_exchange *x, const struct create_body *body, struct sj_assignment *assignment)
{
    TRY(sj_body_time(x, "/valid_from", body->valid_from, &assignment->valid_from));
    TRY(sj_body_time(x, "/valid_until", body->valid_until, &assignment->valid_until));
    TRY(sj_body_time(x, "/locked_from", body->locked_from, &assignment->locked_from));
    return sj_body_time(x, "/locked_until", body->locked_until, &assignment->locked_until);
}

static sj_status find_role(struct sj_exchange *x, struct sj_text name, uint32_t *ret_role)
{
    *ret_role = sj_policy_role_number(x->active->policy, name);
    const struct sj_assign_fault unknown = {
        .code = "UNKNOWN", .pointer = "/role", .detail = "the policy has no such role"};
    return *ret_role == SJ_POLICY_NONE ? sj_assign_answer(x, &unknown) : SJ_DONE;
}

static void note(struct sj_exchange *x, const char *role, struct sj_uuid account)
{
    char id[SJ_UUID_TEXT_SIZE];
    sj_uuid_format(account, id);
    (void)snprintf(x->draft.detail, sizeof x->draft.detail, "role=%s;account=%s", role, id);
}

static sj_status hold(struct sj_exchange *x, struct sj_uuid account, struct sj_holding *ret_holding)
{
    bool found = false;
    TRY(sj_holding_take(x->tx, x->worker->channel, account, x->arena, &found, ret_holding));
    ENSURE(found, NOT_FOUND);
    return SJ_DONE;
}

static sj_status create(struct sj_exchange *x)
{
    struct create_body body = {.role = {"", 0}};
    struct sj_assignment assignment = {.kind = SJ_ASSIGNED};
    uint32_t role = 0;
    TRY(sj_exchange_decode(x, create_members, SJ_COUNT(create_members), &body));
    TRY(take_times(x, &body, &assignment));
    TRY(sj_body_reason(x, &body.reason));
    TRY(find_role(x, body.role, &role));
    struct sj_holding holding;
    TRY(hold(x, body.account_id, &holding));
    const struct sj_policy *policy = x->active->policy;
    const struct sj_assigner assigner = assigner_of(x);
    struct sj_assign_fault fault;
    note(x, sj_policy_role_name(policy, role), body.account_id);
    TRY(sj_assign_may_touch(policy, &assigner, &holding.account, role, &fault));
    TRY(sj_assign_answer(x, &fault));
    TRY(sj_assign_check(x->tx, policy, &holding, role, &assignment, &fault));
    TRY(sj_assign_answer(x, &fault));
    TRY(sj_copy(assignment.role, sizeof assignment.role, body.role.ptr, body.role.len));
    assignment.granted_by = x->session.actor.account;
    assignment.certified_at = holding.now;
    TRY(sj_holding_add(x->tx, x->worker->channel, &holding, &assignment, body.reason));
    struct sj_assignment_row row;
    TRY(sj_assignment_in_tx(x, assignment.id, &row));
    TRY(sj_exchange_created(x, "/api/v1/assignments", assignment.id));
    return sj_answer_assignment(x, &row);
}

/* What a change of one assignment works on. */
struct changing {
    struct sj_assignment_row row;
    struct sj_holding holding;
    size_t number;
    uint32_t role; /* SJ_POLICY_NONE: the policy has it no more; it can still be revoked */
};

/* Reads, holds the account, asks whether the caller may touch it. */
static sj_status begin_on(struct sj_exchange *x, struct sj_uuid id, struct changing *change)
{
    TRY(sj_assignment_in_tx(x, id, &change->row));
    TRY(hold(x, change->row.account, &change->holding));
    TRY(sj_assignment_in_tx(x, id, &change->row)); /* as it is under the lock */
    const struct sj_policy *policy = x->active->policy;
    const struct sj_assigner assigner = assigner_of(x);
    struct sj_assign_fault fault;
    note(x, change->row.held.role, change->row.account);
    change->role = sj_policy_role_number(policy, sj_text_of(change->row.held.role));
    ENSURE(change->role != SJ_POLICY_NONE || assigner.reach == SJ_REACH_ALL, NOT_FOUND);
    if (change->role != SJ_POLICY_NONE) {
        TRY(sj_assign_may_touch(policy, &assigner, &change->holding.account, change->role, &fault));
        TRY(sj_assign_answer(x, &fault));
    }
    return SJ_DONE;
}

/* The assignment of the path, as the caller knows it by If-Match. */
static sj_status begin(struct sj_exchange *x, struct changing *change)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    TRY(begin_on(x, id, change));
    TRY(sj_exchange_if_match(x, change->row.version));
    ENSURE(change->row.revoked_at == 0, CONFLICT);
    return sj_holding_find(&change->holding, id, &change->number);
}

static sj_status finish(struct sj_exchange *x, struct changing *change)
{
    TRY(sj_assignment_in_tx(x, change->row.held.id, &change->row));
    return sj_answer_assignment(x, &change->row);
}

struct patch_body {
    struct sj_text valid_until;
    struct sj_text locked_from;
    struct sj_text locked_until;
    bool has_valid_until;
    bool has_locked_from;
    bool has_locked_until;
};

#define PATCH_MEMBER(field)                                                                        \
    {                                                                                              \
        .name = #field, .kind = SJ_JSON_TEXT, .offset = offsetof(struct patch_body, field),        \
        .present_offset = offsetof(struct patch_body, has_##field), .nullable = true, .limit = 40  \
    }
static const struct sj_json_member patch_members[] = {
    PATCH_MEMBER(valid_until), PATCH_MEMBER(locked_from), PATCH_MEMBER(locked_until)};

static sj_status apply_patch(
    struct sj_exchange *x, const struct patch_body *body, struct sj_assignment *item)
{
    if (body->has_valid_until) {
        TRY(sj_body_time(x, "/valid_until", body->valid_until, &item->valid_until));
    }
    if (body->has_locked_from) {
        TRY(sj_body_time(x, "/locked_from", body->locked_from, &item->locked_from));
    }
    if (body->has_locked_until) {
        TRY(sj_body_time(x, "/locked_until", body->locked_until, &item->locked_until));
    }
    const bool is_window = item->locked_until == 0 ||
                           (item->locked_from != 0 && item->locked_from < item->locked_until);
    const struct sj_assign_fault fault = {.code = is_window ? NULL : "RANGE",
        .pointer = "/locked_until",
        .detail = "a lock begins, and ends after that"};
    return sj_assign_answer(x, &fault);
}

/* Nothing that was delegated from it may outlive it: what would, ends here. */
static sj_status end_longer_followers(struct sj_exchange *x, const struct changing *change)
{
    const sj_time_us before = change->row.held.valid_until;
    const sj_time_us after = change->holding.items[change->number].valid_until;
    if (after == 0 || (before != 0 && after >= before)) {
        return SJ_DONE;
    }
    return sj_assignment_end_followers(
        x->tx, x->worker->channel, change->row.held.id, x->session.actor.account, x->arena);
}

static sj_status update(struct sj_exchange *x)
{
    struct patch_body body = {.has_valid_until = false};
    struct changing change;
    TRY(sj_exchange_decode(x, patch_members, SJ_COUNT(patch_members), &body));
    TRY(begin(x, &change));
    ENSURE(change.role != SJ_POLICY_NONE, CONFLICT);
    struct sj_assignment *item = &change.holding.items[change.number];
    TRY(apply_patch(x, &body, item));
    if (body.has_valid_until) {
        struct sj_assign_fault fault;
        sj_assign_check_until(
            x->active->policy, &change.holding, change.role, item->valid_until, &fault);
        if (fault.code == NULL && item->kind == SJ_DELEGATED &&
            (item->valid_until == 0 || item->valid_until > change.row.held.valid_until)) {
            fault = (struct sj_assign_fault){.code = "TOO_LONG",
                .pointer = "/valid_until",
                .detail = "a delegation is only shortened"};
        }
        TRY(sj_assign_answer(x, &fault));
    }
    TRY(sj_holding_change(x->tx, x->worker->channel, &change.holding, change.number,
        x->session.actor.account, (struct sj_uuid){{0}}));
    TRY(end_longer_followers(x, &change));
    return finish(x, &change);
}

static sj_status certify(struct sj_exchange *x)
{
    struct changing change;
    TRY(begin(x, &change));
    ENSURE(change.role != SJ_POLICY_NONE, CONFLICT);
    change.holding.items[change.number].certified_at = change.holding.now;
    TRY(sj_holding_change(x->tx, x->worker->channel, &change.holding, change.number,
        x->session.actor.account, x->session.actor.account));
    return finish(x, &change);
}

static sj_status end_assignment(struct sj_exchange *x, struct changing *change)
{
    TRY(sj_holding_revoke(x->tx, x->worker->channel, &change->holding, change->number,
        x->session.actor.account, "revoked"));
    TRY(sj_assignment_end_followers(
        x->tx, x->worker->channel, change->row.held.id, x->session.actor.account, x->arena));
    x->status = 204;
    return SJ_DONE;
}

static sj_status revoke_one(struct sj_exchange *x)
{
    struct changing change;
    TRY(begin(x, &change));
    return end_assignment(x, &change);
}

struct deassign_body {
    struct sj_uuid account_id;
    struct sj_text role;
};
static const struct sj_json_member deassign_members[] = {
    {.name = "account_id",
        .kind = SJ_JSON_ID,
        .offset = offsetof(struct deassign_body, account_id),
        .present_offset = SJ_JSON_NO_PRESENT,
        .required = true},
    TEXT_MEMBER(struct deassign_body, role, true, SJ_ROLE_NAME_SIZE - 1),
};

/* INCITS 359: user and role say which; what is held is looked at under the lock, so no If-Match. */
static sj_status deassign(struct sj_exchange *x)
{
    struct deassign_body body = {.role = {"", 0}};
    uint32_t role = 0;
    TRY(sj_exchange_decode(x, deassign_members, SJ_COUNT(deassign_members), &body));
    TRY(find_role(x, body.role, &role));
    struct changing change;
    TRY(hold(x, body.account_id, &change.holding));
    for (size_t i = 0; i < change.holding.count; i++) {
        if (sj_text_is(body.role, change.holding.items[i].role)) {
            TRY(begin_on(x, change.holding.items[i].id, &change));
            change.number = i;
            return end_assignment(x, &change);
        }
    }
    note(x, sj_policy_role_name(x->active->policy, role), body.account_id);
    return sj_exchange_unmet(x, "NOT_ASSIGNED", "the user does not have this role by itself");
}

const struct sj_endpoint sj_routes_assignments[] = {
    {{SJ_POST, "/api/v1/rbac/AssignUser", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_ADMIN,
        SJ_ACTION_ASSIGNMENT_CREATE, create},
    {{SJ_POST, "/api/v1/rbac/DeassignUser", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_ADMIN,
        SJ_ACTION_ASSIGNMENT_REVOKE, deassign},
    {{SJ_GET, "/api/v1/assignments", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_ASSIGNMENT_LIST, list},
    {{SJ_POST, "/api/v1/assignments", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_ADMIN,
        SJ_ACTION_ASSIGNMENT_CREATE, create},
    {{SJ_GET, "/api/v1/assignments/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_ASSIGNMENT_READ, read_one},
    {{SJ_PATCH, "/api/v1/assignments/{id}", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_ADMIN,
        SJ_ACTION_ASSIGNMENT_UPDATE, update},
    {{SJ_DELETE, "/api/v1/assignments/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_ADMIN,
        SJ_ACTION_ASSIGNMENT_REVOKE, revoke_one},
    {{SJ_POST, "/api/v1/assignments/{id}/certify", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL},
        SJ_USE_ADMIN, SJ_ACTION_ASSIGNMENT_CERTIFY, certify},
    {{SJ_GET, "/api/v1/recertifications", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_ASSIGNMENT_LIST, recertifications},
    {{SJ_GET, "/api/v1/assignment-changes", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_ASSIGNMENT_LIST, changes},
};
const size_t sj_routes_assignments_count = SJ_COUNT(sj_routes_assignments);
