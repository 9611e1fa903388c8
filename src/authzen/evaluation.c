/* SPDX-License-Identifier: Apache-2.0
 *
 * May this subject do this action to this resource, or each of these? Evaluation and evaluations of AuthZEN 1.0: an item's entity
 * stands in place of the common one as a whole; a broken item is refused alone.
 */
#include "authzen_priv.h"

static sj_status check_whole(const struct wire_parts *parts, struct wire_fault *fault)
{
    if (!parts->subject.given) {
        return wire_refuse(fault, "/subject", "is missing");
    }
    if (!parts->subject.has_id) {
        return wire_refuse(fault, "/subject/id", "is missing");
    }
    if (!parts->action.given) {
        return wire_refuse(fault, "/action", "is missing");
    }
    if (!parts->resource.given) {
        return wire_refuse(fault, "/resource", "is missing");
    }
    if (!parts->resource.has_id) {
        return wire_refuse(fault, "/resource/id", "is missing");
    }
    return SJ_DONE;
}

sj_status evaluation_decide(const struct sj_authzen_request *request,
    const struct wire_parts *parts, struct question *question,
    struct sj_policy_decision *ret_decision, struct wire_fault *fault)
{
    TRY(check_whole(parts, fault));
    TRY(question_begin(request, parts, question, fault));
    TRY(access_count(request, question));
    const struct sj_domain *domain = request->domain;
    question_subject(question,
        entity_find(&domain->subjects, parts->subject.type, parts->subject.id), parts->subject.id);
    question_resource(question,
        entity_find(&domain->resources, parts->resource.type, parts->resource.id),
        parts->resource.id);
    question_decide(question, parts->action.type, ret_decision);
    return SJ_DONE;
}

static sj_status answer_one(const struct sj_authzen_request *request,
    const struct sj_json_value *root, struct sj_buf *out, struct wire_fault *fault,
    struct sj_authzen_result *result)
{
    struct wire_parts parts;
    struct question question;
    struct sj_policy_decision decision;
    TRY(wire_parts(root, &parts, fault));
    TRY(evaluation_decide(request, &parts, &question, &decision, fault));
    struct sj_json json = sj_json_begin(out);
    answer_decision(&json, request, &question, &decision, NULL);
    result_count(result, &decision);
    return sj_json_end(&json);
}

/* ---- many ---- */

enum semantic { EXECUTE_ALL, DENY_ON_FIRST_DENY, PERMIT_ON_FIRST_PERMIT };
static const char *const semantics[] = {
    "execute_all", "deny_on_first_deny", "permit_on_first_permit"};

static sj_status read_semantic(
    const struct sj_json_value *root, enum semantic *ret_semantic, struct wire_fault *fault)
{
    *ret_semantic = EXECUTE_ALL;
    const struct sj_json_value *options = sj_json_get(root, "options");
    if (options == NULL || sj_json_is_null(options)) {
        return SJ_DONE;
    }
    if (!sj_json_is_object(options)) {
        return wire_refuse(fault, "/options", "must be an object");
    }
    const struct sj_json_value *value = sj_json_get(options, "evaluations_semantic");
    if (value == NULL || sj_json_is_null(value)) {
        return SJ_DONE;
    }
    struct sj_text text = {"", 0};
    const bool is_text = sj_json_as_text(value, &text);
    for (size_t i = 0; is_text && i < SJ_COUNT(semantics); i++) {
        if (sj_text_is(text, semantics[i])) {
            *ret_semantic = (enum semantic)i;
            return SJ_DONE;
        }
    }
    return wire_refuse(fault, "/options/evaluations_semantic",
        "is execute_all, deny_on_first_deny or permit_on_first_permit");
}

/* An item's own entities over the common ones. */
static void inherit(const struct wire_parts *common, struct wire_parts *item)
{
    item->subject = item->subject.given ? item->subject : common->subject;
    item->resource = item->resource.given ? item->resource : common->resource;
    item->action = item->action.given ? item->action : common->action;
    item->context = item->context != NULL ? item->context : common->context;
}

static sj_status decide_item(const struct sj_authzen_request *request,
    const struct wire_parts *common, const struct sj_json_value *item, struct wire_parts *parts,
    struct question *question, struct sj_policy_decision *ret_decision, struct wire_fault *fault)
{
    if (!sj_json_is_object(item)) {
        return wire_refuse(fault, "", "an evaluation must be an object");
    }
    TRY(wire_parts(item, parts, fault));
    inherit(common, parts);
    return evaluation_decide(request, parts, question, ret_decision, fault);
}

static sj_status answer_item(const struct sj_authzen_request *request,
    const struct wire_parts *common, const struct sj_json_value *item, enum semantic semantic,
    struct sj_json *json, struct sj_authzen_result *result, bool *ret_stop)
{
    struct wire_fault fault = {"", NULL};
    struct wire_parts parts;
    struct question question;
    struct sj_policy_decision decision;
    const sj_status status =
        decide_item(request, common, item, &parts, &question, &decision, &fault);
    if (status.code == SJ_BAD_REQUEST) {
        answer_broken(json, request, &fault);
        result->asked++;
        result->code = result->code[0] == '\0' ? "E_BAD_REQUEST" : result->code;
        *ret_stop = semantic == DENY_ON_FIRST_DENY;
        return SJ_DONE;
    }
    TRY(status);
    *ret_stop = (semantic == DENY_ON_FIRST_DENY && !decision.permit) ||
                (semantic == PERMIT_ON_FIRST_PERMIT && decision.permit);
    answer_decision(json, request, &question, &decision, *ret_stop ? semantics[semantic] : NULL);
    result_count(result, &decision);
    return SJ_DONE;
}

static sj_status check_batch(
    const struct sj_json_value *items, bool *ret_empty, struct wire_fault *fault)
{
    size_t iterator = 0;
    size_t count = 0;
    struct sj_text name;
    const struct sj_json_value *item = NULL;
    *ret_empty = true;
    if (items == NULL || sj_json_is_null(items)) {
        return SJ_DONE;
    }
    if (!sj_json_is_array(items)) {
        return wire_refuse(fault, "/evaluations", "must be a list");
    }
    while (sj_json_next(items, &iterator, &name, &item)) {
        count++;
    }
    *ret_empty = count == 0;
    return count <= SJ_AUTHZEN_BATCH_MAX
               ? SJ_DONE
               : wire_refuse(fault, "/evaluations", "has more than 1000 items");
}

static sj_status answer_many(const struct sj_authzen_request *request,
    const struct sj_json_value *root, struct sj_buf *out, struct wire_fault *fault,
    struct sj_authzen_result *result)
{
    const struct sj_json_value *items = sj_json_get(root, "evaluations");
    bool empty = true;
    TRY(check_batch(items, &empty, fault));
    if (empty) {
        return answer_one(request, root, out, fault, result);
    }
    struct wire_parts common;
    enum semantic semantic = EXECUTE_ALL;
    TRY(wire_parts(root, &common, fault));
    TRY(read_semantic(root, &semantic, fault));
    struct sj_json json = sj_json_begin(out);
    sj_json_object(&json, NULL);
    sj_json_array(&json, "evaluations");
    size_t iterator = 0;
    struct sj_text name;
    const struct sj_json_value *item = NULL;
    bool stop = false;
    while (!stop && sj_json_next(items, &iterator, &name, &item)) {
        TRY(answer_item(request, &common, item, semantic, &json, result, &stop));
    }
    sj_json_array_end(&json);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

typedef sj_status answer_fn(const struct sj_authzen_request *request,
    const struct sj_json_value *root, struct sj_buf *out, struct wire_fault *fault,
    struct sj_authzen_result *result);

static sj_status ask(const struct sj_authzen_request *request, answer_fn *answer,
    struct sj_buf *out, struct sj_authzen_result *ret_result)
{
    *ret_result = (struct sj_authzen_result){.code = "", .pointer = "", .why = ""};
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    const struct sj_json_value *root = NULL;
    struct wire_fault fault = {"", ""};
    sj_status status = wire_parse(request, &doc, &root, &fault);
    if (!sj_failed(status)) {
        status = answer(request, root, out, &fault, ret_result);
    }
    return wire_end(status, &fault, ret_result);
}

sj_status sj_authzen_evaluation(const struct sj_authzen_request *request, struct sj_buf *out,
    struct sj_authzen_result *ret_result)
{
    return ask(request, answer_one, out, ret_result);
}

sj_status sj_authzen_evaluations(const struct sj_authzen_request *request, struct sj_buf *out,
    struct sj_authzen_result *ret_result)
{
    return ask(request, answer_many, out, ret_result);
}

/* ---- who is asked about ---- */

static sj_status add_subject_id(
    const struct sj_json_value *object, struct sj_arena *arena, struct sj_text *ids, size_t *count)
{
    struct sj_text id;
    if (!sj_json_as_text(sj_json_get(sj_json_get(object, "subject"), "id"), &id)) {
        return SJ_DONE;
    }
    for (size_t i = 0; i < *count; i++) {
        if (sj_text_equal(ids[i], id)) {
            return SJ_DONE;
        }
    }
    TRY(sj_arena_text(arena, id, &ids[*count]));
    ++*count;
    return SJ_DONE;
}

sj_status sj_authzen_subject_ids(
    struct sj_view body, struct sj_arena *arena, struct sj_text **ret_ids, size_t *ret_count)
{
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text why = {"", 0};
    void *memory = NULL;
    TRY(sj_arena_alloc(arena, (SJ_AUTHZEN_BATCH_MAX + 1) * sizeof(struct sj_text), &memory));
    *ret_ids = memory;
    *ret_count = 0;
    const sj_status status = sj_json_doc_parse(body, &doc, &why, arena);
    ENSURE(status.code != SJ_OUT_OF_MEMORY, OUT_OF_MEMORY);
    if (sj_failed(status)) {
        return SJ_DONE;
    }
    const struct sj_json_value *root = sj_json_doc_root(doc);
    TRY(add_subject_id(root, arena, *ret_ids, ret_count));
    size_t iterator = 0;
    struct sj_text name;
    const struct sj_json_value *item = NULL;
    const struct sj_json_value *items = sj_json_get(root, "evaluations");
    while (items != NULL && sj_json_next(items, &iterator, &name, &item) &&
           *ret_count < SJ_AUTHZEN_BATCH_MAX) {
        TRY(add_subject_id(item, arena, *ret_ids, ret_count));
    }
    return SJ_DONE;
}
