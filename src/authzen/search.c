/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may, what may he, which may he: the three searches of AuthZEN 1.0. Each result is a decision of the engine, so a search never
 * says more than an evaluation would. Nothing is cut silently: what did not fit, or was not looked at, follows by token.
 */
#include "authzen_priv.h"

struct search {
    const struct sj_authzen_request *request;
    enum sj_authzen_search what;
    struct wire_parts parts;
    struct wire_page page;
    struct question question;
    size_t first; /* candidates [at, end) of the list from first on */
    size_t end;
    size_t at;
};

static sj_status need(bool there, const char *pointer, struct wire_fault *fault)
{
    return there ? SJ_DONE : wire_refuse(fault, pointer, "is missing");
}

static sj_status check_parts(const struct search *search, struct wire_fault *fault)
{
    const struct wire_parts *parts = &search->parts;
    TRY(need(parts->subject.given, "/subject", fault));
    TRY(need(parts->resource.given, "/resource", fault));
    TRY(need(search->what == SJ_SEARCH_SUBJECT || parts->subject.has_id, "/subject/id", fault));
    TRY(need(search->what == SJ_SEARCH_RESOURCE || parts->resource.has_id, "/resource/id", fault));
    return need(search->what == SJ_SEARCH_ACTION || parts->action.given, "/action", fault);
}

/* The side that stays the same, and the candidates of the other. */
static sj_status prepare(struct search *search, struct wire_fault *fault)
{
    const struct sj_domain *domain = search->request->domain;
    const struct wire_parts *parts = &search->parts;
    TRY(question_begin(search->request, parts, &search->question, fault));
    if (search->what != SJ_SEARCH_SUBJECT) {
        question_subject(&search->question,
            entity_find(&domain->subjects, parts->subject.type, parts->subject.id),
            parts->subject.id);
    }
    if (search->what != SJ_SEARCH_RESOURCE) {
        question_resource(&search->question,
            entity_find(&domain->resources, parts->resource.type, parts->resource.id),
            parts->resource.id);
    }
    if (search->what == SJ_SEARCH_SUBJECT) {
        entity_range(&domain->subjects, parts->subject.type, &search->first, &search->end);
    } else if (search->what == SJ_SEARCH_RESOURCE) {
        entity_range(&domain->resources, parts->resource.type, &search->first, &search->end);
    } else {
        search->first = 0;
        search->end =
            search->question.type == SJ_POLICY_NONE ? 0 : sj_policy_action_count(domain->policy);
    }
    search->at = search->first;
    if (search->page.token.len == 0) {
        return SJ_DONE;
    }
    uint64_t place = 0;
    TRY(page_place(search->request, search->what, parts, search->page.token, &place, fault));
    if (place > search->end - search->first) {
        return wire_refuse(fault, "/page/token", "is not a token of this search");
    }
    search->at = search->first + (size_t)place;
    return SJ_DONE;
}

static void try_entity(
    struct search *search, const struct entity *entity, struct sj_policy_decision *ret_decision)
{
    if (search->what == SJ_SEARCH_SUBJECT) {
        question_subject(&search->question, entity, entity->id);
    } else {
        question_resource(&search->question, entity, entity->id);
    }
    question_decide(&search->question, search->parts.action.type, ret_decision);
}

static void write_entity(struct sj_json *json, const struct entity *entity)
{
    sj_json_object(json, NULL);
    sj_json_text(json, "type", entity->type);
    sj_json_text(json, "id", entity->id);
    sj_json_object_end(json);
}

static bool try_action(
    struct search *search, size_t at, struct sj_json *json, struct sj_authzen_result *result)
{
    const struct sj_policy *policy = search->request->domain->policy;
    const uint32_t action = (uint32_t)at;
    if (sj_policy_action_type(policy, action) != search->question.type) {
        return false;
    }
    const char *verb = sj_policy_action_verb(policy, action);
    struct sj_policy_decision decision;
    question_decide(&search->question, sj_text_of(verb), &decision);
    result_count(result, &decision);
    if (decision.permit) {
        sj_json_object(json, NULL);
        sj_json_str(json, "name", verb);
        sj_json_object_end(json);
    }
    return decision.permit;
}

static bool try_next(struct search *search, struct sj_json *json, struct sj_authzen_result *result)
{
    const struct sj_domain *domain = search->request->domain;
    const size_t at = search->at++;
    if (search->what == SJ_SEARCH_ACTION) {
        return try_action(search, at, json, result);
    }
    const struct entity *entity = search->what == SJ_SEARCH_SUBJECT ? &domain->subjects.items[at]
                                                                    : &domain->resources.items[at];
    struct sj_policy_decision decision;
    try_entity(search, entity, &decision);
    result_count(result, &decision);
    if (decision.permit) {
        write_entity(json, entity);
    }
    return decision.permit;
}

static sj_status collect(struct search *search, struct sj_buf *results, size_t *ret_count,
    struct sj_authzen_result *result)
{
    struct sj_json json = sj_json_begin(results);
    sj_json_array(&json, NULL);
    size_t looked = 0;
    *ret_count = 0;
    while (search->at < search->end && *ret_count < search->page.limit &&
           looked++ < SJ_AUTHZEN_SCAN_MAX) {
        *ret_count += try_next(search, &json, result) ? 1 : 0;
    }
    sj_json_array_end(&json);
    return sj_json_end(&json);
}

static sj_status write_answer(
    const struct search *search, struct sj_text results, size_t count, struct sj_buf *out)
{
    const bool more = search->at < search->end;
    CLEANUP(sj_buf_clear) struct sj_buf token = SJ_BUF(256);
    if (more) {
        TRY(page_token(
            search->request, search->what, &search->parts, search->at - search->first, &token));
    }
    struct sj_json json = sj_json_begin(out);
    sj_json_object(&json, NULL);
    if (more || search->page.given) {
        sj_json_object(&json, "page");
        sj_json_text(&json, "next_token", more ? sj_buf_text(&token) : SJ_TEXT(""));
        sj_json_int(&json, "count", (int64_t)count);
        sj_json_object_end(&json);
    }
    sj_json_raw(&json, "results", results);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

static sj_status run(struct search *search, const struct sj_json_value *root, struct sj_buf *out,
    struct sj_authzen_result *result, struct wire_fault *fault)
{
    TRY(wire_parts(root, &search->parts, fault));
    TRY(wire_page(root, &search->page, fault));
    TRY(check_parts(search, fault));
    TRY(prepare(search, fault));
    CLEANUP(sj_buf_clear) struct sj_buf results = SJ_BUF(out->max);
    size_t count = 0;
    TRY(collect(search, &results, &count, result));
    return write_answer(search, sj_buf_text(&results), count, out);
}

sj_status sj_authzen_search(const struct sj_authzen_request *request, enum sj_authzen_search what,
    struct sj_buf *out, struct sj_authzen_result *ret_result)
{
    *ret_result = (struct sj_authzen_result){.code = "", .pointer = "", .why = ""};
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    const struct sj_json_value *root = NULL;
    struct wire_fault fault = {"", ""};
    struct search search = {.request = request, .what = what};
    sj_status status = wire_parse(request, &doc, &root, &fault);
    if (!sj_failed(status)) {
        status = run(&search, root, out, ret_result, &fault);
    }
    return wire_end(status, &fault, ret_result);
}
