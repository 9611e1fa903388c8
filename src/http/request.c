/* SPDX-License-Identifier: Apache-2.0
 *
 * From the first line of a request to its handler: target, guard, route, limits, body, then one
 * fiber. libmicrohttpd calls sj_http_on_access once when the head is complete, once for every piece
 * of the body and once at the end; an answer queued in the first call makes it close the connection, so
 * requests that may go on are answered in the last one.
 * A refusal does not answer here: the handler gets it and answers, because the record of a signed-in
 * caller is the handler's business. A refused body of ordinary size is read and thrown away first, so
 * that a client that sends before it listens still reads the answer.
 * If limits were checked after reading, a stranger could fill the memory with bodies.
 */
#include "http_priv.h"

#include <sys/socket.h>

#include "sanjeh/crypto/random.h"

/* ---- pool ---- */

static sj_status request_new(struct sj_request **ret_request)
{
    CLEANUP(sj_freep) void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_request), &memory));
    struct sj_request *request = memory;
    TRY(sj_arena_new(SJ_HTTP_ARENA_MAX, &request->arena));
    memory = NULL;
    *ret_request = request;
    return SJ_DONE;
}

void sj_http_request_free(struct sj_request **request)
{
    struct sj_request *self = *request;
    if (self != NULL) {
        sj_arena_free(&self->arena);
        sj_buf_clear(&self->body);
        sj_free(self);
        *request = NULL;
    }
}

/* Only what the next request reads before it writes; the big arrays go by their counts. */
static void request_clear(struct sj_request *request)
{
    sj_arena_reset(request->arena);
    if (request->body.cap > SJ_HTTP_BODY_KEPT) {
        sj_buf_clear(&request->body);
    } else {
        sj_buf_reset(&request->body);
    }
    request->conn = NULL;
    request->next = NULL;
    request->refusal = SJ_OK;
    request->method = SJ_METHOD_COUNT_;
    request->media = SJ_MEDIA_NONE;
    request->raw_target = NULL;
    request->target.query_count = 0;
    request->target.path = SJ_TEXT("");
    request->path = NULL;
    request->route = NULL;
    request->segment_count = 0;
    request->header_count = 0;
    request->content_length = 0;
    request->counted_bytes = 0;
    request->part_count = 0;
    request->expects_continue = false;
    request->must_close = false;
}

void sj_http_request_release(struct sj_http *http, struct sj_request **request)
{
    struct sj_request *self = *request;
    *request = NULL;
    if (self == NULL) {
        return;
    }
    if (http != NULL) {
        http->body_bytes -= self->counted_bytes;
    }
    if (http == NULL || http->pool_count == SJ_HTTP_POOL_KEPT) {
        sj_http_request_free(&self);
        return;
    }
    request_clear(self);
    self->next = http->pool;
    http->pool = self;
    http->pool_count++;
}

static sj_status request_take(struct sj_http *http, struct sj_request **ret_request)
{
    struct sj_request *request = http->pool;
    if (request != NULL) {
        http->pool = request->next;
        http->pool_count--;
    } else {
        TRY(request_new(&request));
        request_clear(request);
    }
    const sj_status named = sj_uuid_new(&request->id);
    if (sj_failed(named)) {
        sj_http_request_release(http, &request);
        return named;
    }
    *ret_request = request;
    return SJ_DONE;
}

/* Header texts lie in the connection's memory; the handler may still read them. */
static sj_status copy_headers(struct sj_request *request)
{
    for (size_t i = 0; i < request->header_count; i++) {
        struct header *header = &request->headers[i];
        TRY(sj_arena_text(request->arena, header->name, &header->name));
        TRY(sj_arena_text(request->arena, header->value, &header->value));
    }
    return SJ_DONE;
}

void sj_http_request_orphan(struct sj_request *request)
{
    if (sj_failed(copy_headers(request))) {
        request->header_count = 0;
    }
    request->path = NULL; /* the router ends with the server */
    request->raw_target = NULL;
    request->conn = NULL;
}

/* ---- head ---- */

void *sj_http_on_target(void *cls, const char *target, struct MHD_Connection *mhd)
{
    struct sj_http *http = cls;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct conn *conn = info->socket_context;
    struct sj_request *request = NULL;
    if (conn == NULL || sj_failed(request_take(http, &request))) {
        return conn;
    }
    conn->request = request;
    request->conn = conn;
    request->raw_target = target;
    request->raw_len = target == NULL ? 0 : strlen(target);
    const struct sj_view raw = sj_view_of(target, request->raw_len);
    const sj_status parsed = sj_http_target_parse(raw, request->arena, &request->target);
    request->refusal = sj_failed(parsed) ? SJ_BAD_REQUEST : SJ_OK;
    return conn;
}

static bool media_fits(struct sj_request *request)
{
    struct sj_text type;
    struct sj_text boundary;
    const unsigned accepted = request->route->media;
    if ((accepted & SJ_MEDIA_ANY) != 0) {
        request->media = SJ_MEDIA_ANY;
        return true;
    }
    if (!sj_request_header(request, "content-type", &type)) {
        return false;
    }
    if ((accepted & SJ_MEDIA_JSON) != 0 && sj_http_is_json(type)) {
        request->media = SJ_MEDIA_JSON;
    } else if ((accepted & SJ_MEDIA_MULTIPART) != 0 && sj_http_boundary(type, &boundary)) {
        request->media = SJ_MEDIA_MULTIPART;
    } else if ((accepted & SJ_MEDIA_ROWS) != 0 && sj_http_is_rows(type)) {
        request->media = SJ_MEDIA_ROWS;
    }
    return request->media != SJ_MEDIA_NONE;
}

/* Path, method, length, media, memory: in this order. */
static enum sj_code admit(struct sj_http *http, struct sj_request *request)
{
    request->path = sj_http_router_find(
        http->router, request->target.path, request->segments, &request->segment_count);
    if (request->path == NULL) {
        return SJ_NOT_FOUND;
    }
    request->route = sj_http_path_route(request->path, request->method);
    if (request->route == NULL) {
        return SJ_METHOD_NOT_ALLOWED;
    }
    if (request->content_length > request->route->body_max) {
        return SJ_BODY_TOO_LARGE;
    }
    if (request->content_length > 0 && !media_fits(request)) {
        return SJ_UNSUPPORTED_MEDIA_TYPE;
    }
    return http->body_bytes + request->content_length > SJ_HTTP_BODIES_MAX ? SJ_BUSY : SJ_OK;
}

/* ---- the handler ---- */

static void handle(void *ctx)
{
    struct sj_request *request = ctx;
    const struct sj_http *http = request->conn->http;
    http->config.handler(http->config.ctx, request);
}

/* The answer when not even a fiber can be had: it is the handler that records, so this one is not. */
static void answer_busy(struct sj_request *request)
{
    static const char body[] =
        "{\"type\":\"about:blank\",\"title\":\"The server is busy; try again\","
        "\"status\":503,\"code\":\"BUSY\"}";
    const struct sj_response_header retry = {"Retry-After", SJ_TEXT("1")};
    const struct sj_response response = {.status = 503,
        .content_type = "application/problem+json",
        .body = sj_view_of(body, sizeof(body) - 1),
        .fd = -1,
        .headers = &retry,
        .header_count = 1};
    sj_respond(request, &response);
}

static void run_handler(struct conn *conn)
{
    struct sj_http *http = conn->http;
    struct sj_request *request = conn->request;
    sj_http_conn_phase(conn, PHASE_HANDLER);
    conn->is_in_flight = true;
    http->in_flight++;
    http->stats.refused += request->refusal != SJ_OK ? 1 : 0;
    if (sj_failed(sj_fiber_spawn(http->config.loop, handle, request))) {
        answer_busy(request);
    }
    if (conn->request != NULL) {
        /* Parked. While suspended libmicrohttpd neither reads, times out nor closes. */
        MHD_suspend_connection(conn->mhd);
        conn->is_suspended = true;
    }
}

/* An answer now (and the connection closed) instead of after the body. */
static bool must_answer_now(const struct sj_request *request, bool is_framing)
{
    struct sj_text credentials = {NULL, 0};
    const bool is_stranger = !sj_request_header(request, "authorization", &credentials) &&
                             !sj_request_header(request, "cookie", &credentials);
    const uint64_t drain_max = is_stranger ? SJ_HTTP_DRAIN_STRANGER : SJ_HTTP_DRAIN_MAX;
    return is_framing || (request->refusal != SJ_OK && request->content_length > 0 &&
                             (request->expects_continue || request->content_length > drain_max));
}

static void on_head(
    struct conn *conn, struct MHD_Connection *mhd, const char *method, const char *version)
{
    struct sj_http *http = conn->http;
    struct sj_request *request = conn->request;
    const enum sj_code framing = sj_http_guard(request, mhd, method, version);
    if (framing != SJ_OK) {
        request->refusal = framing;
    }
    const bool is_framing = request->refusal != SJ_OK;
    if (!is_framing) {
        request->refusal = admit(http, request);
    }
    request->must_close = is_framing || request->refusal == SJ_BODY_TOO_LARGE;
    if (must_answer_now(request, is_framing)) {
        request->must_close = true;
        run_handler(conn);
        return;
    }
    if (request->refusal == SJ_OK) {
        request->body.max = (size_t)request->content_length;
        request->counted_bytes = request->content_length;
        http->body_bytes += request->counted_bytes;
    }
    sj_http_conn_phase(conn, PHASE_BODY);
}

/* ---- body ---- */

static void on_body(struct conn *conn, const char *data, size_t size)
{
    struct sj_request *request = conn->request;
    if (request->refusal == SJ_OK && sj_failed(sj_buf_put(&request->body, data, size))) {
        sj_buf_clear(&request->body);
        request->refusal = SJ_OUT_OF_MEMORY;
    }
}

static void parse_multipart(struct sj_request *request)
{
    struct sj_text type;
    struct sj_text boundary;
    if (!sj_request_header(request, "content-type", &type) || !sj_http_boundary(type, &boundary) ||
        sj_failed(sj_http_multipart_parse(
            sj_buf_view(&request->body), boundary, request->parts, &request->part_count))) {
        request->part_count = 0;
        request->refusal = SJ_BAD_REQUEST;
    }
}

static void on_complete(struct conn *conn)
{
    struct sj_request *request = conn->request;
    if (request->refusal == SJ_OK && request->media == SJ_MEDIA_MULTIPART) {
        parse_multipart(request);
    }
    run_handler(conn);
}

enum MHD_Result sj_http_on_access(void *cls, struct MHD_Connection *mhd, const char *url,
    const char *method, const char *version, const char *data, size_t *data_size, void **context)
{
    struct sj_http *http = cls;
    struct conn *conn = *context;
    (void)url; /* as libmicrohttpd cut it; ours is request->target */
    http->has_moved = true;
    if (conn == NULL || conn->is_doomed || conn->request == NULL) {
        return MHD_NO; /* no memory for it, or no answer can be made: closes */
    }
    if (conn->phase == PHASE_BODY && *data_size > 0) {
        on_body(conn, data, *data_size);
        *data_size = 0;
    } else if (conn->phase == PHASE_BODY) {
        on_complete(conn);
    } else if (conn->phase != PHASE_HANDLER) {
        on_head(conn, mhd, method, version);
    }
    return MHD_YES;
}

void sj_http_on_completed(
    void *cls, struct MHD_Connection *mhd, void **context, enum MHD_RequestTerminationCode code)
{
    struct sj_http *http = cls;
    struct conn *conn = *context;
    (void)mhd;
    (void)code;
    http->has_moved = true;
    if (conn == NULL) {
        return;
    }
    sj_http_request_release(http, &conn->request);
    if (conn->is_in_flight) {
        conn->is_in_flight = false;
        http->in_flight--;
    }
    sj_http_conn_phase(conn, PHASE_IDLE);
    *context = NULL;
}
