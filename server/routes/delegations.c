/* SPDX-License-Identifier: Apache-2.0
 *
 * /delegations: somebody lets a colleague act in a role of his own, for a while. Only roles that the policy names, never wider and
 * never longer than the delegator's own, and gone when that is. Each sees what he gave and what he was given.
 */
#include "assignment_json.h"

static sj_status list(struct sj_exchange *x)
{
    struct sj_page page;
    TRY(sj_exchange_page(x, NULL, &page));
    const struct sj_assignment_query query = {.delegated_only = true};
    struct sj_assignment_row *items = NULL;
    size_t count = 0;
    TRY(sj_assignment_list(
        x->worker->db, x->context, &query, page.after, page.limit + 1, x->arena, &items, &count));
    const size_t shown = count > page.limit ? page.limit : count;
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < shown; i++) {
        sj_json_assignment(x, &json, &items[i], sj_exchange_clock(x));
    }
    return sj_exchange_list_end(
        x, &json, count > shown ? items[shown - 1].held.id : (struct sj_uuid){{0}});
}

struct body {
    struct sj_uuid account_id;
    struct sj_text username;
    struct sj_text role;
    struct sj_text valid_until;
    struct sj_text reason;
};

static const struct sj_json_member members[] = {
    {.name = "account_id",
        .kind = SJ_JSON_ID,
        .offset = offsetof(struct body, account_id),
        .present_offset = SJ_JSON_NO_PRESENT,
        .nullable = true},
    {.name = "username",
        .kind = SJ_JSON_TEXT,
        .offset = offsetof(struct body, username),
        .present_offset = SJ_JSON_NO_PRESENT,
        .nullable = true,
        .limit = 64},
    {.name = "role",
        .kind = SJ_JSON_TEXT,
        .offset = offsetof(struct body, role),
        .present_offset = SJ_JSON_NO_PRESENT,
        .required = true,
        .limit = SJ_ROLE_NAME_SIZE - 1},
    {.name = "valid_until",
        .kind = SJ_JSON_TEXT,
        .offset = offsetof(struct body, valid_until),
        .present_offset = SJ_JSON_NO_PRESENT,
        .nullable = true,
        .limit = 40},
    {.name = "reason",
        .kind = SJ_JSON_TEXT,
        .offset = offsetof(struct body, reason),
        .present_offset = SJ_JSON_NO_PRESENT,
        .required = true,
        .limit = 4 * SJ_ASSIGN_REASON_MAX},
};

static sj_status refuse(
    struct sj_exchange *x, const char *pointer, const char *code, const char *detail)
{
    const struct sj_assign_fault fault = {.code = code, .pointer = pointer, .detail = detail};
    return sj_assign_answer(x, &fault);
}

/* A colleague is named by id or, as people do, by user name. */
static sj_status find_target(struct sj_exchange *x, const struct body *body, struct sj_uuid *ret_id)
{
    const bool has_id = !sj_uuid_is_nil(body->account_id);
    if (has_id == (body->username.len > 0)) {
        return refuse(x, "/account_id", "REQUIRED", "account_id or username, one of them");
    }
    *ret_id = body->account_id;
    if (has_id) {
        return SJ_DONE;
    }
    bool found = false;
    TRY(sj_account_find_name(x->tx, body->username, &found, ret_id));
    return found ? SJ_DONE : refuse(x, "/username", "UNKNOWN", "there is no such account");
}

/* The delegator's own assignment still stands, under the lock of changes. */
static sj_status hold_source(struct sj_exchange *x, size_t source)
{
    bool found = false;
    struct sj_holding own;
    size_t number = 0;
    TRY(sj_holding_take(
        x->tx, x->worker->channel, x->session.actor.account, x->arena, &found, &own));
    ENSURE(found, NOT_FOUND);
    const sj_status status = sj_holding_find(&own, x->session.grants[source].held.id, &number);
    return sj_failed(status) ? refuse(x, "/role", "NOT_ACTIVE", "you hold it no more") : SJ_DONE;
}

static sj_status find_source(struct sj_exchange *x, struct sj_text role, size_t *ret_number)
{
    for (size_t i = 0; i < x->session.grant_count; i++) {
        if (sj_text_is(role, x->session.grants[i].held.role)) {
            *ret_number = i;
            return SJ_DONE;
        }
    }
    const struct sj_assign_fault fault = {.code = "NOT_ACTIVE",
        .pointer = "/role",
        .detail = "you do not hold it actively yourself",
        .is_forbidden = true};
    return sj_assign_answer(x, &fault);
}

/* Every rule, over what both hold under the lock. */
static sj_status check(struct sj_exchange *x, size_t source, const struct sj_holding *target,
    struct sj_assignment *assignment)
{
    const struct sj_policy *policy = x->active->policy;
    struct sj_assign_fault fault;
    sj_assign_check_delegation(policy, &x->session, &x->roles, source, target, assignment, &fault);
    TRY(sj_assign_answer(x, &fault));
    TRY(sj_assign_check(x->tx, policy, target, x->roles.items[source].role, assignment, &fault));
    return sj_assign_answer(x, &fault);
}

static sj_status create(struct sj_exchange *x)
{
    struct body body = {.role = {"", 0}};
    struct sj_assignment assignment = {.granted_by = x->session.actor.account};
    size_t source = 0;
    struct sj_uuid account = {{0}};
    TRY(sj_exchange_decode(x, members, SJ_COUNT(members), &body));
    TRY(sj_body_time(x, "/valid_until", body.valid_until, &assignment.valid_until));
    TRY(sj_body_reason(x, &body.reason));
    TRY(find_source(x, body.role, &source));
    TRY(find_target(x, &body, &account));
    TRY(hold_source(x, source));
    bool found = false;
    struct sj_holding target;
    TRY(sj_holding_take(x->tx, x->worker->channel, account, x->arena, &found, &target));
    if (!found) {
        return refuse(x, "/account_id", "UNKNOWN", "there is no such account");
    }
    TRY(check(x, source, &target, &assignment));
    TRY(sj_copy(assignment.role, sizeof assignment.role, body.role.ptr, body.role.len));
    assignment.certified_at = target.now;
    TRY(sj_holding_add(x->tx, x->worker->channel, &target, &assignment, body.reason));
    struct sj_assignment_row row;
    TRY(sj_assignment_in_tx(x, assignment.id, &row));
    TRY(sj_exchange_created(x, "/api/v1/delegations", assignment.id));
    return sj_answer_assignment(x, &row);
}

static bool is_own(const struct sj_exchange *x, const struct sj_assignment_row *row)
{
    const struct sj_uuid account = x->session.actor.account;
    return row->held.kind == SJ_DELEGATED &&
           (sj_uuid_equal(row->held.granted_by, account) || sj_uuid_equal(row->account, account));
}

/* The delegator takes it back, or the other gives it back. */
static sj_status end(struct sj_exchange *x)
{
    struct sj_uuid id;
    struct sj_assignment_row row;
    struct sj_holding holding;
    bool found = false;
    size_t number = 0;
    TRY(sj_exchange_id(x, &id));
    TRY(sj_assignment_in_tx(x, id, &row));
    ENSURE(is_own(x, &row), NOT_FOUND);
    TRY(sj_holding_take(x->tx, x->worker->channel, row.account, x->arena, &found, &holding));
    ENSURE(found, NOT_FOUND);
    TRY(sj_assignment_in_tx(x, id, &row));
    TRY(sj_exchange_if_match(x, row.version));
    ENSURE(row.revoked_at == 0, CONFLICT);
    TRY(sj_holding_find(&holding, id, &number));
    TRY(sj_holding_revoke(
        x->tx, x->worker->channel, &holding, number, x->session.actor.account, "revoked"));
    TRY(sj_assignment_end_followers(
        x->tx, x->worker->channel, id, x->session.actor.account, x->arena));
    x->status = 204;
    return SJ_DONE;
}

const struct sj_endpoint sj_routes_delegations[] = {
    {{SJ_GET, "/api/v1/delegations", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_DELEGATION_LIST, list},
    {{SJ_POST, "/api/v1/delegations", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_ADMIN,
        SJ_ACTION_DELEGATION_CREATE, create},
    {{SJ_DELETE, "/api/v1/delegations/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_ADMIN,
        SJ_ACTION_DELEGATION_REVOKE, end},
};
const size_t sj_routes_delegations_count = SJ_COUNT(sj_routes_delegations);
