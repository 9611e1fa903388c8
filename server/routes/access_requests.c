/* SPDX-License-Identifier: Apache-2.0
 *
 * /access/v1/{domain}/requests: the access requests of AuthZEN. What another system's subject may do only with an approval is asked
 * for here, approved by persons of this server at /api/v1/approvals with both factors shown again, and brought along to the next
 * evaluation as context.approval. The requester is the system that asks; whoever approves is somebody else.
 */
#include "../server.h"
#include "approval_json.h"
#include "authzen_desk.h"
#include "evaluation_desk.h"
#include "routes.h"

#include "sanjeh/remedy/prose.h"

#define PARAMETERS_MAX ((size_t)2 * SJ_APPROVAL_PARAMETERS_MAX)

static const struct sj_approval_kind *kind_of(void)
{
    return sj_approval_kind_find(SJ_TEXT("decision:request"));
}

/* ---- status ---- */

static const char *status_of(const struct sj_approval *approval, sj_time_us now)
{
    const bool has_ended = approval->expires_at <= now;
    if (sj_text_is(approval->state, "rejected")) {
        return "denied";
    }
    if (sj_text_is(approval->state, "cancelled")) {
        return "cancelled";
    }
    if (has_ended) {
        return "expired";
    }
    return sj_text_is(approval->state, "approved") ? "approved" : "pending";
}

static void write_result(struct sj_json *json, const struct sj_approval *approval)
{
    sj_json_object(json, "result");
    sj_json_str(json, "mode", "reevaluate");
    sj_json_object(json, "approval");
    sj_json_id(json, "id", approval->id);
    sj_json_time(json, "approved_at", approval->decided_at);
    sj_json_time(json, "approved_until", approval->expires_at);
    sj_json_object_end(json);
    sj_json_object_end(json);
}

static sj_status write_task(
    struct sj_exchange *x, const struct sj_approval *approval, struct sj_text domain)
{
    char id[SJ_UUID_TEXT_SIZE];
    char path[192];
    const char *status = status_of(approval, sj_time_now());
    sj_uuid_format(approval->id, id);
    (void)snprintf(
        path, sizeof path, "/access/v1/%.*s/requests/%s", (int)domain.len, domain.ptr, id);
    TRY(sj_arena_text(x->arena, sj_text_of(path), &x->location));
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_id(&json, "id", approval->id);
    sj_json_str(&json, "status", status);
    sj_json_str(&json, "status_endpoint", path);
    sj_json_time(&json, "expires_at", approval->expires_at);
    sj_json_int(&json, "approvals", (int64_t)sj_approval_count(approval));
    sj_json_int(&json, "need", approval->need);
    if (strcmp(status, "approved") == 0) {
        write_result(&json, approval);
    }
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

/* ---- asking ---- */

static sj_status refuse(struct sj_exchange *x, const struct sj_authzen_result *result)
{
    TRY(sj_json_fault_add(
        &x->faults, x->arena, sj_text_of(result->pointer), "FORMAT", sj_text_of(result->why)));
    FAIL(BAD_REQUEST);
}

static sj_status keep(
    struct sj_exchange *x, struct sj_authzen_access *access, struct sj_approval *ret_approval)
{
    const struct sj_approval_kind *kind = kind_of();
    const char *wrong = sj_remedy_prose(&access->reason, SJ_APPROVAL_REASON_MAX);
    if (wrong != NULL) {
        return sj_refuse_at(x, "/reason", wrong, "a few words without control characters");
    }
    const struct sj_approval_ask ask = {.kind = kind,
        .object = access->question,
        .parameters = sj_buf_text(access->parameters),
        .reason = access->reason,
        .need = access->need,
        .ttl_s = access->ttl_s < kind->ttl_s ? access->ttl_s : kind->ttl_s};
    const struct sj_approval_desk desk = sj_approval_desk_of(x);
    const sj_status status = sj_approval_request(&desk, &x->session.actor, &ask, ret_approval);
    if (status.code == SJ_INVALID) {
        return sj_refuse_at(
            x, "", "TOO_LONG", "names of subject, action and resource that an approver can read");
    }
    return status;
}

static sj_status create(struct sj_exchange *x)
{
    const struct sj_text name = sj_request_param(x->request, "domain");
    CLEANUP(sj_domain_release) struct sj_domain *domain = NULL;
    TRY(sj_authzen_domain(x, name, &domain));
    CLEANUP(sj_buf_clear) struct sj_buf parameters = SJ_BUF(PARAMETERS_MAX);
    struct sj_authzen_access access = {.parameters = &parameters};
    const struct sj_authzen_request request = {.domain = domain,
        .name = name,
        .body = sj_request_body(x->request),
        .now = sj_time_now(),
        .arena = x->arena};
    struct sj_authzen_result result;
    const sj_status status = sj_authzen_access(&request, &access, &result);
    (void)snprintf(x->draft.detail, sizeof x->draft.detail, "domain=%.*s;digest=%s;code=%s",
        (int)name.len, name.ptr, sj_domain_digest(domain), result.code);
    if (status.code == SJ_BAD_REQUEST) {
        return refuse(x, &result);
    }
    ENSURE(status.code != SJ_LIMIT_EXCEEDED, BODY_TOO_LARGE);
    TRY(status);
    if (access.need == 0) {
        return sj_exchange_unmet(x, result.permitted > 0 ? "PERMITTED" : "POLICY_DENIED",
            result.permitted > 0 ? "it is permitted without an approval"
                                 : "an approval alone would not permit it");
    }
    struct sj_approval approval;
    TRY(keep(x, &access, &approval));
    x->draft.object = approval.id;
    x->status = 202;
    return write_task(x, &approval, name);
}

static sj_status read_one(struct sj_exchange *x)
{
    const struct sj_text name = sj_request_param(x->request, "domain");
    struct sj_uuid id;
    struct sj_approval approval;
    bool found = false;
    const char *why = "";
    TRY(sj_exchange_id(x, &id));
    x->draft.object = id;
    const struct sj_approval_desk desk = sj_approval_desk_of(x);
    const sj_status status = sj_approval_find(&desk, id, &found, &approval, &why);
    if (status.code == SJ_CONFLICT) {
        return sj_exchange_unmet(x, why, sj_approval_explain(why));
    }
    TRY(status);
    ENSURE(found && sj_text_is(approval.action, kind_of()->action), NOT_FOUND);
    return write_task(x, &approval, name);
}

const struct sj_endpoint sj_routes_access_requests[] = {
    {{SJ_POST, "/access/v1/{domain}/requests", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_DECISION_REQUEST, create},
    {{SJ_GET, "/access/v1/{domain}/requests/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_DECISION_REQUEST, read_one},
};
const size_t sj_routes_access_requests_count = SJ_COUNT(sj_routes_access_requests);
