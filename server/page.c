/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of a request that all resources share: bodies by table, ids, pages, entity tags (CONTRACT 2).
 */
#include "exchange.h"

#include "sanjeh/base/parse.h"

#define CURSOR_SIZE 23 /* 16 bytes base64url and NUL */

sj_status sj_exchange_decode(
    struct sj_exchange *x, const struct sj_json_member *members, size_t count, void *target)
{
    ENSURE(sj_request_body(x->request).len > 0, BAD_JSON);
    ENSURE(sj_request_media(x->request) == SJ_MEDIA_JSON, UNSUPPORTED_MEDIA_TYPE);
    return sj_json_decode(
        sj_request_body(x->request), members, count, x->arena, target, &x->faults);
}

sj_status sj_exchange_id(struct sj_exchange *x, struct sj_uuid *ret_id)
{
    ENSURE(!sj_failed(sj_uuid_parse(sj_request_param(x->request, "id"), ret_id)), NOT_FOUND);
    x->draft.object = *ret_id;
    return SJ_DONE;
}

sj_status sj_exchange_bad_parameter(
    struct sj_exchange *x, struct sj_text name, const char *code, const char *detail)
{
    TRY(sj_json_fault_add(&x->faults, x->arena, name, code, sj_text_of(detail)));
    FAIL(BAD_PARAMETER);
}

static bool is_allowed(const char *const *allowed, struct sj_text name)
{
    for (size_t i = 0; allowed != NULL && allowed[i] != NULL; i++) {
        if (sj_text_is(name, allowed[i])) {
            return true;
        }
    }
    return false;
}

static sj_status take_limit(struct sj_exchange *x, struct sj_text value, struct sj_page *page)
{
    uint64_t limit = 0;
    if (sj_failed(sj_parse_u64(value, 1, 500, &limit))) {
        return sj_exchange_bad_parameter(x, SJ_TEXT("limit"), "RANGE", "a number from 1 to 500");
    }
    page->limit = (size_t)limit;
    return SJ_DONE;
}

static bool stands_before(const struct sj_request *request, size_t number, struct sj_text name)
{
    for (size_t i = 0; i < number; i++) {
        struct sj_text other = {NULL, 0};
        struct sj_text ignored = {NULL, 0};
        sj_request_query(request, i, &other, &ignored);
        if (sj_text_equal(other, name)) {
            return true;
        }
    }
    return false;
}

sj_status sj_exchange_query_only(struct sj_exchange *x, const char *const *names)
{
    for (size_t i = 0; i < sj_request_query_count(x->request); i++) {
        struct sj_text name = {NULL, 0};
        struct sj_text ignored = {NULL, 0};
        sj_request_query(x->request, i, &name, &ignored);
        if (!is_allowed(names, name)) {
            return sj_exchange_bad_parameter(x, name, "UNKNOWN", "there is no such parameter here");
        }
    }
    return SJ_DONE;
}

/* What was asked of a list goes into the record by the names of its filters and by its place: their values may
 * name a person. With the ids that follow from it, who read whom can be told later. */
static void trace_page(
    struct sj_exchange *x, const char *const *allowed, const struct sj_page *page)
{
    char *detail = x->draft.detail;
    char after[SJ_UUID_TEXT_SIZE];
    sj_uuid_format(page->after, after);
    int len =
        snprintf(detail, sizeof x->draft.detail, "limit=%zu;after=%s;filters=", page->limit, after);
    for (size_t i = 0; allowed != NULL && allowed[i] != NULL; i++) {
        struct sj_text ignored = {NULL, 0};
        if (sj_request_query_find(x->request, allowed[i], &ignored) && len > 0 && len < 900) {
            len += snprintf(detail + len, sizeof x->draft.detail - (size_t)len, "%s,", allowed[i]);
        }
    }
}

sj_status sj_exchange_page(
    struct sj_exchange *x, const char *const *allowed, struct sj_page *ret_page)
{
    *ret_page = (struct sj_page){.limit = 50};
    for (size_t i = 0; i < sj_request_query_count(x->request); i++) {
        struct sj_text name = {NULL, 0};
        struct sj_text value = {NULL, 0};
        sj_request_query(x->request, i, &name, &value);
        if (stands_before(x->request, i, name)) {
            return sj_exchange_bad_parameter(x, name, "DUPLICATE", "stands twice");
        }
        if (sj_text_is(name, "limit")) {
            TRY(take_limit(x, value, ret_page));
        } else if (sj_text_is(name, "cursor")) {
            ENSURE(!sj_failed(sj_parse_base64url(
                       value, ret_page->after.bytes, sizeof ret_page->after.bytes)),
                BAD_CURSOR);
        } else if (!is_allowed(allowed, name)) {
            return sj_exchange_bad_parameter(x, name, "UNKNOWN", "this list has no such parameter");
        }
    }
    trace_page(x, allowed, ret_page);
    return SJ_DONE;
}

struct sj_json sj_exchange_list_begin(struct sj_exchange *x)
{
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_array(&json, "items");
    return json;
}

sj_status sj_exchange_list_end(struct sj_exchange *x, struct sj_json *json, struct sj_uuid last)
{
    char cursor[CURSOR_SIZE];
    char until[SJ_UUID_TEXT_SIZE];
    const size_t len = strlen(x->draft.detail);
    sj_uuid_format(last, until);
    (void)snprintf(x->draft.detail + len, sizeof x->draft.detail - len, ";until=%s",
        sj_uuid_is_nil(last) ? "end" : until);
    sj_json_array_end(json);
    if (sj_uuid_is_nil(last)) {
        sj_json_null(json, "next");
    } else {
        sj_format_base64url(last.bytes, sizeof last.bytes, cursor);
        sj_json_str(json, "next", cursor);
    }
    sj_json_object_end(json);
    return sj_json_end(json);
}

static sj_status keep_text(struct sj_exchange *x, const char *text, struct sj_text *ret_text)
{
    return sj_arena_text(x->arena, sj_text_of(text), ret_text);
}

sj_status sj_exchange_etag(struct sj_exchange *x, int64_t version)
{
    char text[32];
    (void)snprintf(text, sizeof text, "v%lld", (long long)version);
    return keep_text(x, text, &x->etag);
}

/* "v7", or a list of them, or *. @cite RFC 9110 §13.1.1: strong comparison. */
static bool matches(struct sj_text header, const char *etag)
{
    struct sj_text rest = header;
    struct sj_text item = {NULL, 0};
    while (sj_text_split(&rest, ',', &item)) {
        while (item.len > 0 && item.ptr[0] == ' ') {
            item.ptr++;
            item.len--;
        }
        while (item.len > 0 && item.ptr[item.len - 1] == ' ') {
            item.len--;
        }
        if (sj_text_is(item, etag) || sj_text_is(item, "*")) {
            return true;
        }
    }
    return false;
}

sj_status sj_exchange_if_match(struct sj_exchange *x, int64_t version)
{
    struct sj_text header = {NULL, 0};
    ENSURE(sj_request_header(x->request, "If-Match", &header), PRECONDITION_REQUIRED);
    char etag[32];
    (void)snprintf(etag, sizeof etag, "\"v%lld\"", (long long)version);
    ENSURE(matches(header, etag), PRECONDITION_FAILED);
    return SJ_DONE;
}

/* @cite RFC 9110 §13.1.2: weak comparison */
bool sj_exchange_is_unchanged(const struct sj_exchange *x)
{
    const enum sj_method method = sj_request_method(x->request);
    struct sj_text header = {NULL, 0};
    char etag[80];
    if (x->status != 200 || x->etag.len == 0 || x->etag.len > 64 ||
        (method != SJ_GET && method != SJ_HEAD) ||
        !sj_request_header(x->request, "If-None-Match", &header)) {
        return false;
    }
    (void)snprintf(etag, sizeof etag, "W/\"%.*s\"", (int)x->etag.len, x->etag.ptr);
    return matches(header, etag) || matches(header, etag + 2);
}

sj_status sj_exchange_created(struct sj_exchange *x, const char *prefix, struct sj_uuid id)
{
    char text[128];
    char id_text[SJ_UUID_TEXT_SIZE];
    sj_uuid_format(id, id_text);
    (void)snprintf(text, sizeof text, "%s/%s", prefix, id_text);
    x->status = 201;
    x->draft.object = id;
    return keep_text(x, text, &x->location);
}
