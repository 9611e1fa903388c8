/* SPDX-License-Identifier: Apache-2.0
 *
 * AddUser and DeleteUser of INCITS 359. An account is made by one administrator after another approved exactly this one (account:create); its
 * answer has the enrolment, once: whoever it is for sets the password and gets the second factor by it, and nobody else ever knows them.
 * DeleteUser closes an account: its sessions end, its roles are revoked, its name is never given again and the record keeps it.
 */
#include "assignment_json.h"
#include "rbac_desk.h"

#include "sanjeh/keys/scopes.h"
#include "sanjeh/unit/unit.h"

#define CONTEXT_US (INT64_C(60) * 1000 * 1000)

struct add_body {
    struct sj_uuid account_id;
    struct sj_uuid approval_id;
    struct sj_uuid judge_id;
    struct sj_uuid person_judge_id;
    struct sj_text username;
    struct sj_text display_name;
    struct sj_text unit;
    struct sj_text compartment;
    struct sj_text role;
};

#define MEMBER(field, json_kind, is_required, bound)                                               \
    {                                                                                              \
        .name = #field, .kind = (json_kind), .offset = offsetof(struct add_body, field),           \
        .present_offset = SJ_JSON_NO_PRESENT, .required = (is_required), .limit = (bound)          \
    }
static const struct sj_json_member add_members[] = {
    MEMBER(account_id, SJ_JSON_ID, true, 0),
    MEMBER(approval_id, SJ_JSON_ID, true, 0),
    MEMBER(judge_id, SJ_JSON_ID, false, 0),
    MEMBER(person_judge_id, SJ_JSON_ID, false, 0),
    MEMBER(username, SJ_JSON_TEXT, true, 64),
    MEMBER(display_name, SJ_JSON_TEXT, true, 400),
    MEMBER(unit, SJ_JSON_TEXT, false, SJ_UNIT_CODE_MAX),
    MEMBER(compartment, SJ_JSON_TEXT, false, SJ_UNIT_CODE_MAX),
    MEMBER(role, SJ_JSON_TEXT, true, SJ_ROLE_NAME_SIZE - 1),
};

/* ---- whose account it will be ---- */

static sj_status find_unit(
    struct sj_exchange *x, const char *pointer, struct sj_text code, struct sj_unit *ret_unit)
{
    bool found = false;
    *ret_unit = (struct sj_unit){.version = 0};
    if (code.len == 0) {
        return SJ_DONE;
    }
    TRY(sj_unit_find_code(x->worker->db, x->context, code, x->arena, &found, ret_unit));
    return found ? SJ_DONE : sj_refuse_at(x, pointer, "UNKNOWN", "there is no such unit");
}

/* A judge's own context shows the judge, in whichever unit's register. */
static sj_status check_judge(struct sj_exchange *x, const char *pointer, struct sj_uuid judge)
{
    if (sj_uuid_is_nil(judge)) {
        return SJ_DONE;
    }
    struct sj_context context;
    TRY(ask_context(x->worker->channel, &judge, 1, sj_time_now() + CONTEXT_US, &context));
    const struct sj_param params[] = {sj_p_id(&judge)};
    const struct sj_query query = {SJ_SQL_JUDGE_FIND_SELF, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(x->worker->db, &context, &query, 1, &rows));
    return sj_rows_count(rows) > 0 ? SJ_DONE
                                   : sj_refuse_at(x, pointer, "UNKNOWN", "there is no such judge");
}

static sj_status take_account(
    struct sj_exchange *x, const struct add_body *body, struct sj_account *account)
{
    struct sj_unit unit;
    struct sj_unit compartment;
    TRY(find_unit(x, "/unit", body->unit, &unit));
    TRY(find_unit(x, "/compartment", body->compartment, &compartment));
    if (!sj_uuid_is_nil(unit.parent)) {
        return sj_refuse_at(x, "/unit", "COMPARTMENT", "name its unit and give it as compartment");
    }
    if (body->compartment.len > 0 && !sj_uuid_equal(compartment.parent, unit.id)) {
        return sj_refuse_at(x, "/compartment", "OTHER_UNIT", "it is not one of the unit's");
    }
    TRY(check_judge(x, "/judge_id", body->judge_id));
    TRY(check_judge(x, "/person_judge_id", body->person_judge_id));
    *account = (struct sj_account){.id = body->account_id,
        .username = body->username,
        .display_name = body->display_name,
        .unit = unit.id,
        .compartment = compartment.id,
        .judge = body->judge_id,
        .person_judge = body->person_judge_id,
        .unit_code = body->unit,
        .status = SJ_TEXT("active"),
        .roles = body->role,
        .granted_by = x->session.actor.account};
    return SJ_DONE;
}

/* The rules of an assignment, for the first role. */
static sj_status check_role(
    struct sj_exchange *x, const struct sj_account *account, struct sj_text name)
{
    const struct sj_policy *policy = x->active->policy;
    const uint32_t role = sj_policy_role_number(policy, name);
    if (role == SJ_POLICY_NONE) {
        return sj_refuse_at(x, "/role", "UNKNOWN", "the policy has no such role");
    }
    if (sj_policy_role_at(policy, role)->max_days != 0) {
        return sj_refuse_at(x, "/role", "TOO_LONG", "a role that ends is assigned afterwards");
    }
    const struct sj_assigner assigner = {
        .actor = &x->session.actor, .roles = x->roles.roles, .reach = x->decision.reach};
    const struct sj_holding holding = {.account = *account, .now = sj_exchange_clock(x)};
    struct sj_assignment assignment = {.kind = SJ_ASSIGNED};
    struct sj_assign_fault fault;
    TRY(sj_assign_may_touch(policy, &assigner, account, role, &fault));
    TRY(sj_assign_answer(x, &fault));
    TRY(sj_assign_check(x->tx, policy, &holding, role, &assignment, &fault));
    return sj_assign_answer(x, &fault);
}

/* ---- the second person ---- */

static void put_id(struct sj_json *json, const char *name, struct sj_uuid id)
{
    if (!sj_uuid_is_nil(id)) {
        sj_json_id(json, name, id);
    }
}

static void put_text(struct sj_json *json, const char *name, struct sj_text text)
{
    if (text.len > 0) {
        sj_json_text(json, name, text);
    }
}

/* What was approved: everything that gives the account something. The name of the person is not in a request's parameters. */
static sj_status use_approval(
    struct sj_exchange *x, const struct add_body *body, char ret_part[SJ_ENROLMENT_PART_SIZE])
{
    CLEANUP(sj_buf_clear) struct sj_buf parameters = SJ_BUF(SJ_APPROVAL_PARAMETERS_MAX);
    struct sj_json json = sj_json_begin(&parameters);
    sj_json_object(&json, NULL);
    put_text(&json, "username", body->username);
    put_text(&json, "unit", body->unit);
    put_text(&json, "compartment", body->compartment);
    put_id(&json, "judge_id", body->judge_id);
    put_id(&json, "person_judge_id", body->person_judge_id);
    put_text(&json, "role", body->role);
    sj_json_object_end(&json);
    TRY(sj_json_end(&json));
    const struct sj_approval_use use = {.kind = sj_approval_kind_find(SJ_TEXT("account:create")),
        .approval = body->approval_id,
        .object = body->account_id,
        .parameters = sj_buf_text(&parameters),
        .min_need = 1};
    struct sj_approval approval;
    TRY(sj_use_approval(x, &use, &approval));
    return sj_enrolment_part(x->worker->channel, approval.id, approval.votes[0].account, ret_part);
}

/* ---- AddUser ---- */

static sj_status create(struct sj_exchange *x, struct sj_account *account)
{
    const sj_status status = sj_account_create(x->tx, x->worker->fields, account);
    if (status.code == SJ_DUPLICATE || status.code == SJ_CONSTRAINT) {
        return sj_rbac_refuse(x, SJ_DUPLICATE, "USER_EXISTS");
    }
    if (status.code == SJ_INVALID) {
        return sj_refuse_at(x, "/username", "FORMAT",
            "3 to 64 of a-z, 0-9, '.', '_', '-'; a name without control characters; a unit or a "
            "judge, not both");
    }
    return status;
}

static sj_status add(struct sj_exchange *x)
{
    struct add_body body = {.role = {"", 0}};
    struct sj_account account;
    struct sj_enrolment enrolment;
    char part[SJ_ENROLMENT_PART_SIZE];
    TRY(sj_exchange_decode(x, add_members, SJ_COUNT(add_members), &body));
    x->draft.object = body.account_id;
    (void)snprintf(
        x->draft.detail, sizeof x->draft.detail, "role=%.*s", (int)body.role.len, body.role.ptr);
    TRY(take_account(x, &body, &account));
    struct sj_holding former;
    bool found = false;
    /* takes the lock of changes, too: how many hold the role is counted under it */
    TRY(sj_holding_take(x->tx, x->worker->channel, body.account_id, x->arena, &found, &former));
    if (found) {
        return sj_rbac_refuse(x, SJ_DUPLICATE, "USER_EXISTS");
    }
    TRY(check_role(x, &account, body.role));
    TRY(use_approval(x, &body, part));
    TRY(create(x, &account));
    TRY(sj_enrolment_make(
        x->tx, x->worker->channel, account.id, x->session.actor.account, part, &enrolment));
    TRY(sj_exchange_created(x, "/api/v1/accounts", account.id));
    sj_wipe(part, sizeof part);
    return sj_rbac_tell_enrolment(x, &account, &enrolment);
}

/* ---- DeleteUser ---- */

struct delete_body {
    struct sj_uuid account_id;
};
static const struct sj_json_member delete_members[] = {
    {.name = "account_id",
        .kind = SJ_JSON_ID,
        .offset = offsetof(struct delete_body, account_id),
        .present_offset = SJ_JSON_NO_PRESENT,
        .required = true},
};

static sj_status delete_user(struct sj_exchange *x)
{
    struct delete_body body = {{{0}}};
    struct sj_holding holding;
    bool found = false;
    TRY(sj_exchange_decode(x, delete_members, SJ_COUNT(delete_members), &body));
    x->draft.object = body.account_id;
    TRY(sj_holding_take(x->tx, x->worker->channel, body.account_id, x->arena, &found, &holding));
    if (!found || !sj_text_is(holding.account.status, "active")) {
        return sj_rbac_refuse(x, SJ_NOT_FOUND, "NO_USER");
    }
    TRY(sj_rbac_may_close(x, &holding));
    while (holding.count > 0) {
        const struct sj_uuid assignment = holding.items[holding.count - 1].id;
        TRY(sj_holding_revoke(x->tx, x->worker->channel, &holding, holding.count - 1,
            x->session.actor.account, "revoked"));
        TRY(sj_assignment_end_followers(
            x->tx, x->worker->channel, assignment, x->session.actor.account, x->arena));
    }
    TRY(sj_account_close(x->tx, body.account_id));
    x->status = 204;
    return SJ_DONE;
}

const struct sj_endpoint sj_routes_rbac_users[] = {
    {{SJ_POST, SJ_RBAC_PREFIX "AddUser", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_ACCOUNTS,
        SJ_ACTION_ACCOUNT_CREATE, add},
    {{SJ_POST, SJ_RBAC_PREFIX "DeleteUser", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_ACCOUNTS,
        SJ_ACTION_ACCOUNT_DELETE, delete_user},
};
const size_t sj_routes_rbac_users_count = SJ_COUNT(sj_routes_rbac_users);
