/* SPDX-License-Identifier: Apache-2.0
 *
 * May the refused ask somebody? Access requests of AuthZEN: a decision that only an approval is missing from says so, and the next
 * evaluation may bring one along. An approval is bound to the whole question (domain, subject, action, resource and context but for
 * the approval itself), counted by this server alone, and decided anew each time by the policy then in force.
 */
#include "authzen_priv.h"

#include "sanjeh/base/parse.h"
#include "sanjeh/crypto/hash.h"

#include <stdlib.h>

#define OFFER_US      (INT64_C(15) * 60 * 1000000) /* how long a refusal may be taken to the approvers */
#define APPROVALS_MAX 5u
#define QUESTION_MAX  ((size_t)256 * 1024)
#define DEPTH_MAX     32

/* ---- what an approval is bound to ---- */

static void write_value(
    struct sj_json *json, const char *name, const struct sj_json_value *value, int depth);

static void write_members(
    struct sj_json *json, const struct sj_json_value *value, const char *but, int depth)
{
    size_t at = 0;
    struct sj_text name;
    const struct sj_json_value *member = NULL;
    while (sj_json_next(value, &at, &name, &member)) {
        char text[257];
        if (name.len >= sizeof text || depth > DEPTH_MAX) {
            json->status = SJ_FAILURE(LIMIT_EXCEEDED);
            return;
        }
        (void)snprintf(text, sizeof text, "%.*s", (int)name.len, name.ptr);
        if (but == NULL || strcmp(text, but) != 0) {
            write_value(json, text, member, depth);
        }
    }
}

static void write_value(
    struct sj_json *json, const char *name, const struct sj_json_value *value, int depth)
{
    struct sj_text text;
    int64_t number = 0;
    bool truth = false;
    if (sj_json_is_object(value)) {
        sj_json_object(json, name);
        write_members(json, value, NULL, depth + 1);
        sj_json_object_end(json);
    } else if (sj_json_is_array(value)) {
        size_t at = 0;
        struct sj_text none;
        const struct sj_json_value *item = NULL;
        sj_json_array(json, name);
        while (depth <= DEPTH_MAX && sj_json_next(value, &at, &none, &item)) {
            write_value(json, NULL, item, depth + 1);
        }
        sj_json_array_end(json);
    } else if (sj_json_as_text(value, &text)) {
        sj_json_text(json, name, text);
    } else if (sj_json_as_int(value, &number)) {
        sj_json_int(json, name, number);
    } else if (sj_json_as_bool(value, &truth)) {
        sj_json_bool(json, name, truth);
    } else {
        sj_json_null(json, name);
    }
}

static void write_entity(struct sj_json *json, const char *name, const struct wire_entity *entity,
    const char *type_member)
{
    sj_json_object(json, name);
    sj_json_text(json, type_member, entity->type);
    if (entity->has_id) {
        sj_json_text(json, "id", entity->id);
    }
    if (entity->properties != NULL) {
        write_value(json, "properties", entity->properties, 0);
    }
    sj_json_object_end(json);
}

sj_status access_binding(const struct sj_authzen_request *request, const struct wire_parts *parts,
    struct sj_uuid *ret_question)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(QUESTION_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf canonical = SJ_BUF(QUESTION_MAX);
    struct sj_json json = sj_json_begin(&text);
    sj_json_object(&json, NULL);
    sj_json_text(&json, "domain", request->name);
    write_entity(&json, "subject", &parts->subject, "type");
    write_entity(&json, "action", &parts->action, "name");
    write_entity(&json, "resource", &parts->resource, "type");
    sj_json_object(&json, "context");
    if (parts->context != NULL) {
        write_members(&json, parts->context, "approval", 0);
    }
    sj_json_object_end(&json);
    sj_json_object_end(&json);
    TRY(sj_json_end(&json));
    struct sj_policy_fault fault;
    TRY(sj_policy_canonical(sj_buf_view(&text), &canonical, &fault));
    struct sj_hash hash;
    TRY(sj_sha256_one(sj_buf_view(&canonical), &hash));
    TRY(sj_copy(
        ret_question->bytes, sizeof ret_question->bytes, hash.bytes, sizeof ret_question->bytes));
    ret_question->bytes[6] = (uint8_t)((ret_question->bytes[6] & 0x0fu) | 0x80u); /* version 8 */
    ret_question->bytes[8] = (uint8_t)((ret_question->bytes[8] & 0x3fu) | 0x80u);
    return SJ_DONE;
}

/* ---- counting ---- */

uint32_t access_slot(const struct sj_policy *policy)
{
    const uint32_t slot = sj_policy_attr_find(policy, SJ_OF_CONTEXT, 0, sj_text_of("approvals"));
    return slot != SJ_POLICY_NONE &&
                   sj_policy_attr_at(policy, SJ_OF_CONTEXT, 0, slot)->type.kind == SJ_ATTR_INT
               ? slot
               : SJ_POLICY_NONE;
}

static void count(struct question *question, uint32_t approvals)
{
    if (question->domain->approvals != SJ_POLICY_NONE) {
        question->context[question->domain->approvals] =
            (struct sj_attr_value){.kind = SJ_ATTR_INT, .number = approvals};
    }
}

void access_begin(struct question *question)
{
    count(question, 0); /* whatever the caller says */
}

sj_status access_count(const struct sj_authzen_request *request, struct question *question)
{
    if (request->approval == NULL || question->domain->approvals == SJ_POLICY_NONE) {
        return SJ_DONE;
    }
    struct sj_uuid bound;
    TRY(access_binding(request, question->parts, &bound));
    question->is_bound = sj_uuid_equal(bound, request->approval->question);
    if (question->is_bound && request->approval->reason[0] == '\0') {
        count(question, request->approval->count);
    }
    return SJ_DONE;
}

/* How many approvals are missing and nothing else; 0: something else is. */
static uint32_t missing(struct question *question, const struct sj_policy_decision *decision)
{
    uint32_t need = 0;
    if (decision->permit || decision->refusal != SJ_REFUSAL_REQUIRE ||
        question->domain->approvals == SJ_POLICY_NONE || decision->obligation_count != 1 ||
        decision->obligations[0]->kind != SJ_OBLIGE_APPROVAL) {
        return 0;
    }
    const uint32_t slot = question->domain->approvals;
    const struct sj_attr_value had = question->context[slot];
    for (uint32_t n = 1; n <= APPROVALS_MAX && need == 0; n++) {
        struct sj_policy_decision would;
        count(question, n);
        question_decide(question, question->parts->action.type, &would);
        need = would.permit ? n : 0;
    }
    question->context[slot] = had;
    return need;
}

/* ---- what the refused is told ---- */

static const char *reason_of(const struct sj_authzen_request *request,
    const struct question *question, const char **ret_next)
{
    const char *reason = request->approval->reason;
    if (!question->is_bound && strcmp(reason, "approval_unverifiable") != 0) {
        reason = "out_of_scope";
    }
    if (reason[0] == '\0') {
        *ret_next = "none";
        return "policy_denied";
    }
    *ret_next = strcmp(reason, "grant_pending") == 0 ? "retry" : "request";
    return reason;
}

sj_status access_write(struct sj_json *json, const struct sj_authzen_request *request,
    struct question *question, const struct sj_policy_decision *decision)
{
    if (decision->permit || question->domain->approvals == SJ_POLICY_NONE) {
        return SJ_DONE;
    }
    if (request->approval != NULL) {
        const char *next = "";
        const char *reason = reason_of(request, question, &next);
        sj_json_object(json, "approval");
        sj_json_str(json, "reason", reason);
        sj_json_str(json, "next_action", next);
        sj_json_object_end(json);
    }
    const uint32_t need = missing(question, decision);
    if (need == 0) {
        return SJ_DONE;
    }
    struct sj_uuid bound;
    char id[SJ_UUID_TEXT_SIZE];
    char evaluation[64];
    TRY(access_binding(request, question->parts, &bound));
    sj_uuid_format(bound, id);
    const sj_time_us until = request->now + OFFER_US;
    (void)snprintf(
        evaluation, sizeof evaluation, "%s.%lld", id, (long long)(until / INT64_C(1000000)));
    sj_json_object(json, "access_request");
    sj_json_time(json, "expires_at", until);
    sj_json_str(json, "evaluation_id", evaluation);
    sj_json_int(json, "approvals", need);
    sj_json_object_end(json);
    return SJ_DONE;
}

/* ---- asking ---- */

/* "<question>.<seconds>" of a refusal that is not too old. The question is asked anew, so the id is a pointer and no proof. */
static bool is_offer(
    const struct sj_authzen_request *request, struct sj_text text, struct sj_uuid bound)
{
    struct sj_uuid id;
    int64_t until = 0;
    const size_t len = SJ_UUID_TEXT_SIZE - 1;
    return text.len > len + 1 && text.ptr[len] == '.' &&
           !sj_failed(sj_uuid_parse((struct sj_text){text.ptr, len}, &id)) &&
           sj_uuid_equal(id, bound) &&
           !sj_failed(sj_parse_i64((struct sj_text){text.ptr + len + 1, text.len - len - 1}, 0,
               INT64_C(100000000000), &until)) &&
           until >= request->now / INT64_C(1000000);
}

static sj_status write_parameters(const struct sj_authzen_request *request,
    const struct wire_parts *parts, const struct sj_obligation *oblige, struct sj_buf *out)
{
    struct sj_json json = sj_json_begin(out);
    sj_json_object(&json, NULL);
    sj_json_text(&json, "domain", request->name);
    sj_json_text(&json, "subject_type", parts->subject.type);
    sj_json_text(&json, "subject_id", parts->subject.id);
    sj_json_text(&json, "action", parts->action.type);
    sj_json_text(&json, "resource_type", parts->resource.type);
    sj_json_text(&json, "resource_id", parts->resource.id);
    sj_json_str(&json, "rule", oblige->rule);
    sj_json_str(&json, "by_role",
        oblige->by_role == SJ_POLICY_NONE
            ? ""
            : sj_policy_role_at(request->domain->policy, oblige->by_role)->name);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

static sj_status take_words(const struct sj_authzen_request *request,
    const struct sj_json_value *root, struct sj_authzen_access *access, struct wire_fault *fault)
{
    struct sj_text reason;
    struct sj_text offer;
    if (!sj_json_as_text(sj_json_get(root, "reason"), &reason)) {
        return wire_refuse(fault, "/reason", "must be there, and a text");
    }
    if (!sj_json_as_text(sj_json_get(root, "evaluation_id"), &offer) ||
        !is_offer(request, offer, access->question)) {
        return wire_refuse(fault, "/evaluation_id",
            "is of another question, or has expired: evaluate, and send what access_request says");
    }
    return sj_arena_text(request->arena, reason, &access->reason);
}

static sj_status ask_access(const struct sj_authzen_request *request,
    const struct sj_json_value *root, struct sj_authzen_access *access, struct wire_fault *fault,
    struct sj_authzen_result *result)
{
    struct wire_parts parts;
    struct question question;
    struct sj_policy_decision decision;
    TRY(wire_parts(root, &parts, fault));
    TRY(evaluation_decide(request, &parts, &question, &decision, fault));
    result_count(result, &decision);
    access->need = missing(&question, &decision);
    if (access->need == 0) {
        return SJ_DONE;
    }
    const struct sj_obligation *oblige = decision.obligations[0];
    access->ttl_s = (int64_t)oblige->ttl_minutes * 60;
    TRY(access_binding(request, &parts, &access->question));
    TRY(sj_arena_text(request->arena, parts.subject.id, &access->subject));
    TRY(take_words(request, root, access, fault));
    return write_parameters(request, &parts, oblige, access->parameters);
}

sj_status sj_authzen_access(const struct sj_authzen_request *request,
    struct sj_authzen_access *access, struct sj_authzen_result *ret_result)
{
    *ret_result = (struct sj_authzen_result){.code = "", .pointer = "", .why = ""};
    access->need = 0;
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    const struct sj_json_value *root = NULL;
    struct wire_fault fault = {"", ""};
    sj_status status = wire_parse(request, &doc, &root, &fault);
    if (!sj_failed(status)) {
        status = ask_access(request, root, access, &fault, ret_result);
    }
    return wire_end(status, &fault, ret_result);
}

sj_status sj_authzen_approval_of(
    struct sj_view body, struct sj_arena *arena, bool *ret_given, struct sj_uuid *ret_id)
{
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text why = {"", 0};
    *ret_given = false;
    *ret_id = (struct sj_uuid){{0}};
    const sj_status status = sj_json_doc_parse(body, &doc, &why, arena);
    ENSURE(status.code != SJ_OUT_OF_MEMORY, OUT_OF_MEMORY);
    if (sj_failed(status)) {
        return SJ_DONE; /* the request itself will say why */
    }
    const struct sj_json_value *approval =
        sj_json_get(sj_json_get(sj_json_doc_root(doc), "context"), "approval");
    struct sj_text id;
    *ret_given = approval != NULL && sj_json_is_object(approval);
    if (*ret_given && sj_json_as_text(sj_json_get(approval, "id"), &id) &&
        sj_failed(sj_uuid_parse(id, ret_id))) {
        *ret_id = (struct sj_uuid){{0}};
    }
    return SJ_DONE;
}
