/* SPDX-License-Identifier: Apache-2.0
 *
 * /approvals: what takes two persons is asked for, approved or rejected here, and used by the deed itself. Whoever approves holds
 * the role that the request names and shows both factors again.
 */
#include "../payload_desk.h"
#include "approval_json.h"
#include "evaluation_desk.h"
#include "glass.h"
#include "routes.h"

#include "sanjeh/remedy/prose.h"

#define PREFIX "/api/v1/approvals"

void sj_json_hash(struct sj_json *json, const char *name, const struct sj_hash *hash)
{
    CLEANUP(sj_buf_clear) struct sj_buf hex = SJ_BUF(2 * SJ_HASH_SIZE);
    if (sj_failed(sj_buf_put_hex(&hex, sj_view_of(hash->bytes, SJ_HASH_SIZE)))) {
        json->status = SJ_FAILURE(OUT_OF_MEMORY);
        return;
    }
    sj_json_text(json, name, sj_buf_text(&hex));
}

void sj_json_votes(struct sj_json *json, const char *name, const struct sj_approval *approval)
{
    sj_json_array(json, name);
    for (size_t i = 0; i < approval->vote_count; i++) {
        const struct sj_approval_vote *vote = &approval->votes[i];
        sj_json_object(json, NULL);
        sj_json_id(json, "account_id", vote->account);
        sj_json_text(json, "role", vote->role);
        sj_json_bool(json, "approves", vote->approves);
        sj_json_text(json, "method", vote->method);
        sj_json_time(json, "at", vote->at);
        sj_json_object_end(json);
    }
    sj_json_array_end(json);
}

static void write_approval(
    struct sj_json *json, const struct sj_approval *approval, bool with_votes, const char *part)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", approval->id);
    sj_json_text(json, "action", approval->action);
    sj_json_id(json, "object", approval->object);
    sj_json_raw(json, "parameters", approval->parameters);
    sj_json_hash(json, "operation", &approval->operation);
    sj_json_text(json, "reason", approval->reason);
    sj_json_text(json, "state", approval->state);
    sj_json_int(json, "need", approval->need);
    sj_json_text(json, "by_role", approval->by_role);
    sj_json_bool(json, "other_unit", approval->other_unit);
    sj_json_id(json, "requested_by", approval->requested_by);
    sj_json_time(json, "requested_at", approval->requested_at);
    sj_json_time(json, "expires_at", approval->expires_at);
    sj_json_time_or_null(json, "decided_at", approval->decided_at);
    sj_json_time_or_null(json, "used_at", approval->used_at);
    if (with_votes) {
        sj_json_votes(json, "votes", approval);
    }
    if (part != NULL) {
        sj_json_str(json, "enrolment_part", part);
    }
    sj_json_int(json, "version", approval->version);
    sj_json_object_end(json);
}

const char *sj_approval_explain(const char *why)
{
    static const char *const sentences[][2] = {
        {"NO_APPROVAL", "ask for an approval at /api/v1/approvals and send its id"},
        {"OTHER_OPERATION", "the approval is for another object or other parameters"},
        {"NOT_YOURS", "somebody else asked for this approval"},
        {"NOT_APPROVED", "not enough persons have approved"},
        {"USED", "the approval was used"},
        {"EXPIRED", "the approval has expired"},
        {"ENDED", "the request was rejected, cancelled, used, or has expired"},
        {"OWN_REQUEST", "nobody approves what he asked for, under any account"},
        {"VOTED_ALREADY", "this person has voted"},
        {"OTHER_UNIT", "somebody of another unit approves"},
        {"SAME_UNIT", "somebody of this unit has approved; the next one is of another"},
        {"NO_UNIT", "somebody approves who belongs to a unit"},
        {"ABOUT_ONESELF", "nobody asks or votes about his own file, under any account"},
        {"SEAL_BROKEN", "the request or a vote is not what the server wrote"},
    };
    for (size_t i = 0; i < SJ_COUNT(sentences); i++) {
        if (strcmp(why, sentences[i][0]) == 0) {
            return sentences[i][1];
        }
    }
    return "the approval does not fit";
}

bool sj_holds_role(const struct sj_exchange *x, struct sj_text role)
{
    const struct sj_policy *policy = x->active->policy;
    const uint32_t number = sj_policy_role_number(policy, role);
    if (number == SJ_POLICY_NONE) {
        return false;
    }
    const struct sj_role_set held = {{x->session.actor.roles}};
    const struct sj_role_set closed = sj_policy_roles_close(policy, &held);
    return sj_role_set_has(&closed, number);
}

sj_status sj_use_approval(
    struct sj_exchange *x, const struct sj_approval_use *use, struct sj_approval *ret_approval)
{
    const struct sj_approval_desk desk = sj_approval_desk_of(x);
    const char *why = "";
    const sj_status status = sj_approval_take(&desk, &x->session.actor, use, ret_approval, &why);
    return status.code == SJ_GUARD_UNMET ? sj_exchange_unmet(x, why, sj_approval_explain(why))
                                         : status;
}

/* ---- reading ---- */

static sj_status list(struct sj_exchange *x)
{
    static const char *const allowed[] = {"state", "action", NULL};
    struct sj_page page;
    struct sj_text state;
    struct sj_text action;
    TRY(sj_exchange_page(x, allowed, &page));
    TRY(sj_filter_text(x, "state", &state));
    TRY(sj_filter_text(x, "action", &action));
    if (x->decision.reach == SJ_REACH_ALL) {
        TRY(sj_exchange_office(x));
    }
    const struct sj_approval_desk desk = sj_approval_desk_of(x);
    struct sj_approval *items = NULL;
    size_t count = 0;
    TRY(sj_approval_list(&desk, state, action, page.after, page.limit, &items, &count));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        write_approval(&json, &items[i], /* with_votes= */ false, NULL);
    }
    return sj_exchange_list_end(
        x, &json, count == page.limit ? items[count - 1].id : (struct sj_uuid){{0}});
}

static sj_status find(struct sj_exchange *x, struct sj_approval *ret_approval)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    x->draft.object = id;
    const struct sj_approval_desk desk = sj_approval_desk_of(x);
    bool found = false;
    const char *why = "";
    const sj_status status = sj_approval_find(&desk, id, &found, ret_approval, &why);
    if (status.code == SJ_CONFLICT && why[0] != '\0') {
        return sj_exchange_unmet(x, why, sj_approval_explain(why));
    }
    TRY(status);
    ENSURE(found, NOT_FOUND);
    return SJ_DONE;
}

static sj_status answer_with(
    struct sj_exchange *x, const struct sj_approval *approval, const char *part)
{
    struct sj_json json = sj_json_begin(&x->body);
    write_approval(&json, approval, /* with_votes= */ true, part);
    TRY(sj_json_end(&json));
    return sj_exchange_etag(x, approval->version);
}

static sj_status answer_one(struct sj_exchange *x, const struct sj_approval *approval)
{
    return answer_with(x, approval, NULL);
}

static sj_status read_one(struct sj_exchange *x)
{
    if (x->decision.reach == SJ_REACH_ALL) {
        TRY(sj_exchange_office(x));
    }
    struct sj_approval approval;
    TRY(find(x, &approval));
    return answer_one(x, &approval);
}

/* ---- asking ---- */

struct body {
    struct sj_text action;
    struct sj_uuid object;
    const struct sj_json_value *parameters;
    struct sj_text reason;
    int64_t expires_in;
};

#define MEMBER(field, json_kind, is_required, bound)                                               \
    {                                                                                              \
        .name = #field, .kind = (json_kind), .offset = offsetof(struct body, field),               \
        .present_offset = SJ_JSON_NO_PRESENT, .required = (is_required), .limit = (bound)          \
    }
static const struct sj_json_member members[] = {
    MEMBER(action, SJ_JSON_TEXT, true, 64),
    MEMBER(object, SJ_JSON_ID, true, 0),
    MEMBER(parameters, SJ_JSON_TREE, true, 0),
    MEMBER(reason, SJ_JSON_TEXT, true, 4 * SJ_APPROVAL_REASON_MAX),
    MEMBER(expires_in, SJ_JSON_INT, false, 30 * 86400),
};

/* Flat: names to texts, numbers and booleans. What is bound must be readable at a glance. */
static sj_status write_parameters(
    struct sj_exchange *x, const struct sj_json_value *parameters, struct sj_buf *out)
{
    if (!sj_json_is_object(parameters)) {
        return sj_refuse_at(x, "/parameters", "TYPE", "an object of texts, numbers and booleans");
    }
    struct sj_json json = sj_json_begin(out);
    sj_json_object(&json, NULL);
    size_t at = 0;
    struct sj_text name;
    const struct sj_json_value *value;
    while (sj_json_next(parameters, &at, &name, &value)) {
        char member[65] = "";
        struct sj_text text;
        int64_t number = 0;
        bool truth = false;
        if (name.len == 0 || name.len >= sizeof member) {
            return sj_refuse_at(x, "/parameters", "TOO_LONG", "a name has at most 64 bytes");
        }
        TRY(sj_copy(member, sizeof member, name.ptr, name.len));
        if (sj_json_as_text(value, &text)) {
            sj_json_text(&json, member, text);
        } else if (sj_json_as_int(value, &number)) {
            sj_json_int(&json, member, number);
        } else if (sj_json_as_bool(value, &truth)) {
            sj_json_bool(&json, member, truth);
        } else {
            return sj_refuse_at(x, "/parameters", "TYPE", "texts, numbers and booleans only");
        }
    }
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

static sj_status create(struct sj_exchange *x)
{
    struct body body = {.expires_in = 0};
    TRY(sj_exchange_decode(x, members, SJ_COUNT(members), &body));
    const struct sj_approval_kind *kind = sj_approval_kind_find(body.action);
    if (kind == NULL || !kind->by_hand || !kind->in_force) {
        return sj_refuse_at(x, "/action", "UNKNOWN", "nothing that is asked for here");
    }
    if (body.expires_in < 0 || body.expires_in > kind->ttl_s) {
        return sj_refuse_at(x, "/expires_in", "RANGE", "seconds, as far as this action lets wait");
    }
    const char *wrong = sj_remedy_prose(&body.reason, SJ_APPROVAL_REASON_MAX);
    if (wrong != NULL) {
        return sj_refuse_at(x, "/reason", wrong, "a few words without control characters");
    }
    if (sj_text_is(body.action, SJ_BREAK_GLASS_ACTION)) {
        TRY(sj_glass_check_ask(x, body.object, body.parameters, body.reason));
    }
    CLEANUP(sj_buf_clear) struct sj_buf parameters = SJ_BUF(2 * SJ_APPROVAL_PARAMETERS_MAX);
    TRY(write_parameters(x, body.parameters, &parameters));
    const struct sj_approval_ask ask = {.kind = kind,
        .object = body.object,
        .parameters = sj_buf_text(&parameters),
        .reason = body.reason,
        .ttl_s = body.expires_in};
    const struct sj_approval_desk desk = sj_approval_desk_of(x);
    struct sj_approval approval;
    TRY(sj_approval_request(&desk, &x->session.actor, &ask, &approval));
    TRY(sj_exchange_keep_text(x, "reason", body.reason));
    (void)snprintf(x->draft.detail, sizeof x->draft.detail, "for=%s", kind->action);
    TRY(sj_exchange_created(x, PREFIX, approval.id));
    return answer_one(x, &approval);
}

/* ---- deciding ---- */

/* Whatever an approval is about, nobody gives it about himself: not as the judge, not as a holder of the account. */
static sj_status check_apart(struct sj_exchange *x, struct sj_uuid object)
{
    const struct sj_param params[] = {sj_p_id(&object), sj_p_id(&x->session.actor.person)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(x->tx, SJ_SQL_PERSON_IS, params, SJ_COUNT(params), &rows));
    return sj_row_bool(rows, 0, 0)
               ? sj_exchange_unmet(x, "ABOUT_ONESELF", sj_approval_explain("ABOUT_ONESELF"))
               : SJ_DONE;
}

/* Factors of somebody else's account: the approver has a part without which there is no enrolment. */
static sj_status answer_vote(struct sj_exchange *x, const struct sj_approval *approval)
{
    if (!sj_text_is(approval->action, "account:create") &&
        !sj_text_is(approval->action, "account:reset")) {
        return answer_one(x, approval);
    }
    char part[SJ_ENROLMENT_PART_SIZE];
    TRY(sj_enrolment_part(x->worker->channel, approval->id, x->session.actor.account, part));
    const sj_status status =
        answer_with(x, approval, sj_text_is(approval->state, "approved") ? part : NULL);
    sj_wipe(part, sizeof part);
    return status;
}

static sj_status vote(struct sj_exchange *x, bool approves)
{
    struct sj_approval approval;
    TRY(find(x, &approval));
    ENSURE(sj_holds_role(x, approval.by_role), FORBIDDEN);
    const struct sj_approval_kind *kind = sj_approval_kind_find(approval.action);
    if (kind == NULL || strcmp(kind->object_type, "policy") == 0) {
        return sj_exchange_unmet(x, "SIGN_INSTEAD", "a policy is signed at /api/v1/policies");
    }
    TRY(sj_exchange_if_match(x, approval.version));
    TRY(check_apart(x, approval.object));
    if (sj_text_is(approval.action, SJ_BREAK_GLASS_ACTION)) {
        TRY(sj_glass_check_vote(x, approval.object));
    }
    const struct sj_approval_desk desk = sj_approval_desk_of(x);
    const char *why = "";
    const sj_status status = sj_approval_give(&desk, &x->session.actor, &approval, approves,
        approves ? "password+totp" : "session", &why);
    if (status.code == SJ_GUARD_UNMET) {
        return sj_exchange_unmet(x, why, sj_approval_explain(why));
    }
    TRY(status);
    CLEANUP(sj_buf_clear) struct sj_buf hex = SJ_BUF(2 * SJ_HASH_SIZE);
    TRY(sj_buf_put_hex(&hex, sj_view_of(approval.operation.bytes, SJ_HASH_SIZE)));
    (void)snprintf(x->draft.detail, sizeof x->draft.detail, "%s=%.*s;operation=%.*s",
        approves ? "approve" : "reject", (int)approval.action.len, approval.action.ptr,
        (int)hex.len, (const char *)hex.ptr);
    return answer_vote(x, &approval);
}

static sj_status approve(struct sj_exchange *x)
{
    return vote(x, true);
}

static sj_status reject(struct sj_exchange *x)
{
    return vote(x, false);
}

static sj_status cancel(struct sj_exchange *x)
{
    struct sj_approval approval;
    TRY(find(x, &approval));
    TRY(sj_exchange_if_match(x, approval.version));
    const struct sj_approval_desk desk = sj_approval_desk_of(x);
    TRY(sj_approval_cancel(&desk, &x->session.actor, &approval));
    return answer_one(x, &approval);
}

const struct sj_endpoint sj_routes_approvals[] = {
    {{SJ_GET, PREFIX, SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ, SJ_ACTION_APPROVAL_LIST,
        list},
    {{SJ_POST, PREFIX, SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE, SJ_ACTION_APPROVAL_CREATE,
        create},
    {{SJ_GET, PREFIX "/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_APPROVAL_READ, read_one},
    {{SJ_POST, PREFIX "/{id}/approve", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_STEP_UP,
        SJ_ACTION_APPROVAL_DECIDE, approve},
    {{SJ_POST, PREFIX "/{id}/reject", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_APPROVAL,
        SJ_ACTION_APPROVAL_DECIDE, reject},
    {{SJ_POST, PREFIX "/{id}/cancel", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_APPROVAL_CREATE, cancel},
};
const size_t sj_routes_approvals_count = SJ_COUNT(sj_routes_approvals);
