/* SPDX-License-Identifier: Apache-2.0
 *
 * What does the caller get to see? Public sentences from codes.def and faults of the own input; never a
 * library's text, a row or a reason that tells another unit's object from an absent one.
 */
#include "answer.h"

#include "sanjeh/base/parse.h"

#define HEADERS_MAX 12

static void write_faults(struct sj_json *json, const struct sj_json_faults *faults)
{
    sj_json_array(json, "errors");
    for (size_t i = 0; i < faults->count; i++) {
        sj_json_object(json, NULL);
        sj_json_text(json, "pointer", faults->items[i].pointer);
        sj_json_str(json, "code", faults->items[i].code);
        sj_json_text(json, "detail", faults->items[i].detail);
        sj_json_object_end(json);
    }
    sj_json_array_end(json);
}

static sj_status write_problem(struct sj_exchange *x, sj_status why)
{
    char type[96];
    (void)snprintf(type, sizeof type, "urn:sanjeh:problem:%s", sj_code_name(why.code));
    sj_buf_reset(&x->body);
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_str(&json, "type", type);
    sj_json_str(&json, "title", sj_code_title(why.code));
    sj_json_int(&json, "status", x->status);
    if (x->problem_detail.len > 0) {
        sj_json_text(&json, "detail", x->problem_detail);
    } else {
        sj_json_str(&json, "detail", sj_code_title(why.code));
    }
    sj_json_str(&json, "code", sj_code_name(why.code));
    sj_json_id(&json, "request_id", x->draft.request_id);
    if (x->faults.count > 0) {
        write_faults(&json, &x->faults);
    }
    sj_json_object_end(&json);
    TRY(sj_json_end(&json));
    if (x->problem_extra.len > 0) { /* ready members go before the closing brace */
        x->body.len--;
        TRY(sj_buf_put_byte(&x->body, ','));
        TRY(sj_buf_put_text(&x->body, x->problem_extra));
        TRY(sj_buf_put_byte(&x->body, '}'));
    }
    return SJ_DONE;
}

void sj_answer_problem(struct sj_exchange *x, sj_status why)
{
    x->status = sj_code_http(why.code);
    x->content_type = "application/problem+json";
    x->cache_control = x->vary = (struct sj_text){NULL, 0};
    if (x->fd >= 0) {
        (void)close(x->fd);
        x->fd = -1;
    }
    if (x->retry_after_s == 0 && sj_code_may_retry(why.code)) {
        x->retry_after_s = 1;
    }
    if (sj_failed(write_problem(x, why))) {
        sj_buf_reset(&x->body); /* the status line alone still tells */
    }
}

struct header_list {
    struct sj_response_header items[HEADERS_MAX];
    size_t count;
};

static void add(struct header_list *list, const char *name, struct sj_text value)
{
    SJ_ASSERT(list->count < HEADERS_MAX);
    if (value.len > 0) {
        list->items[list->count++] = (struct sj_response_header){name, value};
    }
}

struct header_texts {
    char index[24];
    char leaf[48];
    char etag[64];
    char retry[24];
};

static void add_receipt(
    struct header_list *list, struct header_texts *texts, const struct sj_receipt *receipt)
{
    CLEANUP(sj_buf_clear) struct sj_buf leaf = SJ_BUF(sizeof texts->leaf);
    (void)snprintf(texts->index, sizeof texts->index, "%llu", (unsigned long long)receipt->index);
    const struct sj_view bytes = sj_view_of(receipt->leaf.bytes, sizeof receipt->leaf.bytes);
    if (sj_failed(sj_buf_put_base64(&leaf, bytes)) ||
        sj_failed(sj_copy(texts->leaf, sizeof texts->leaf - 1, leaf.ptr, leaf.len))) {
        return;
    }
    texts->leaf[leaf.len] = '\0';
    add(list, "Audit-Index", sj_text_of(texts->index));
    add(list, "Audit-Leaf", sj_text_of(texts->leaf));
}

/* AuthZEN: the caller finds his own id in the answer. What could not be a header's value is not repeated. */
static struct sj_text callers_request_id(const struct sj_exchange *x)
{
    const struct sj_text none = {NULL, 0};
    const struct sj_route *route = sj_request_route(x->request);
    const struct sj_endpoint *endpoint = route == NULL ? NULL : route->tag;
    struct sj_text id = none;
    if (endpoint == NULL || endpoint->use != SJ_USE_DECISION ||
        !sj_request_header(x->request, "X-Request-ID", &id) || id.len > 200) {
        return none;
    }
    for (size_t i = 0; i < id.len; i++) {
        if (id.ptr[i] < ' ' || id.ptr[i] > '~') {
            return none;
        }
    }
    return id;
}

static void add_rest(struct sj_exchange *x, struct header_list *list, struct header_texts *texts)
{
    if (x->etag.len > 0) {
        (void)snprintf(texts->etag, sizeof texts->etag, "\"%.*s\"", (int)x->etag.len, x->etag.ptr);
        add(list, "ETag", sj_text_of(texts->etag));
    }
    add(list, "Location", x->location);
    add(list, "Set-Cookie", x->set_cookie[0]);
    add(list, "Set-Cookie", x->set_cookie[1]);
    if (x->retry_after_s > 0) {
        (void)snprintf(texts->retry, sizeof texts->retry, "%lld", (long long)x->retry_after_s);
        add(list, "Retry-After", sj_text_of(texts->retry));
    }
    if (x->status == 401) {
        add(list, "WWW-Authenticate", SJ_TEXT("Bearer realm=\"sanjeh\""));
    }
    if (x->status == 405) {
        add(list, "Allow", sj_request_allow(x->request));
    }
    add(list, "Cache-Control", x->cache_control);
    add(list, "Vary", x->vary);
    add(list, "X-Request-Id", callers_request_id(x));
}

sj_status sj_answer_feed(
    struct sj_exchange *x, const struct sj_receipt *receipt, struct sj_feed **ret_feed)
{
    struct header_list list = {.count = 0};
    struct header_texts texts = {0};
    add_receipt(&list, &texts, receipt);
    add_rest(x, &list, &texts);
    const struct sj_response response = {.status = x->status,
        .content_type = x->content_type,
        .fd = -1,
        .headers = list.items,
        .header_count = list.count};
    return sj_respond_feed(x->request, &response, x->stream.size, ret_feed);
}

void sj_answer_send(struct sj_exchange *x, const struct sj_receipt *receipt)
{
    struct header_list list = {.count = 0};
    struct header_texts texts = {0};
    if (receipt != NULL) {
        add_receipt(&list, &texts, receipt);
    }
    add_rest(x, &list, &texts);
    const bool has_body = x->body.len > 0 || x->fd >= 0;
    const enum sj_code refusal = sj_request_refusal(x->request);
    const struct sj_response response = {.status = x->status,
        .content_type = has_body ? x->content_type : NULL,
        .body = sj_buf_view(&x->body),
        .fd = x->fd,
        .fd_size = x->fd_size,
        .headers = list.items,
        .header_count = list.count,
        .close = refusal == SJ_BAD_FRAMING || refusal == SJ_LENGTH_REQUIRED ||
                 refusal == SJ_BODY_TOO_LARGE};
    x->fd = -1;
    sj_respond(x->request, &response);
}
