/* SPDX-License-Identifier: Apache-2.0
 *
 * How does an answer leave? Copied once into memory that is wiped when it has been sent, given the
 * headers that every answer carries, queued; the request ends here. A handler that answered without
 * waiting queues inside libmicrohttpd's own call; one that waited has its connection resumed, and the daemon
 * runs once at the end of the turn for all of them.
 * A header value with CR or LF would let stored text write a second answer: such an answer becomes
 * a 500 instead.
 */
#include "http_priv.h"

#include <sys/socket.h>
#include <sys/stat.h>

struct fixed_header {
    const char *name;
    const char *value;
};

/* RFC 6797, Fetch, RFC 9111, CSP 3, Referrer Policy. A handler's own header of the same name wins:
 * the console's pages have their own policy. */
static const struct fixed_header FIXED[] = {
    {"Strict-Transport-Security", "max-age=31536000; includeSubDomains"},
    {"X-Content-Type-Options", "nosniff"},
    {"Cache-Control", "no-store"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
    {"Referrer-Policy", "no-referrer"},
};

/* ---- body ---- */

struct body {
    size_t len;
    uint8_t bytes[];
};

static void body_free(void *cls)
{
    struct body *body = cls;
    sj_wipe(body->bytes, body->len);
    sj_free(body);
}

static struct MHD_Response *from_bytes(struct sj_view bytes)
{
    void *memory = NULL;
    size_t size = 0;
    if (bytes.len == 0) {
        return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    }
    if (sj_failed(sj_size_add(sizeof(struct body), bytes.len, &size)) ||
        sj_failed(sj_alloc(1, size, &memory))) {
        return NULL;
    }
    struct body *body = memory;
    body->len = bytes.len;
    sj_ignore(sj_copy(body->bytes, bytes.len, bytes.ptr, bytes.len), "made to measure");
    struct MHD_Response *made = MHD_create_response_from_buffer_with_free_callback_cls(
        bytes.len, body->bytes, body_free, body);
    if (made == NULL) {
        body_free(body);
    }
    return made;
}

static struct MHD_Response *from_response(const struct sj_response *response)
{
    if (response->fd < 0) {
        const struct sj_view none = {NULL, 0};
        return from_bytes(response->content_type == NULL ? none : response->body);
    }
    struct MHD_Response *made = MHD_create_response_from_fd64(response->fd_size, response->fd);
    if (made == NULL) {
        int fd = response->fd;
        sj_closep(&fd);
    }
    return made;
}

/* ---- headers ---- */

static bool has_header(const struct sj_response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++) {
        if (sj_http_text_equal_nocase(sj_text_of(response->headers[i].name), sj_text_of(name))) {
            return true;
        }
    }
    return false;
}

static bool add(struct MHD_Response *made, const char *name, const char *value)
{
    return MHD_add_response_header(made, name, value) == MHD_YES;
}

static bool add_own(
    struct MHD_Response *made, struct sj_request *request, const struct sj_response_header *header)
{
    struct sj_text value;
    return sj_http_is_token(sj_text_of(header->name)) && sj_http_is_field_value(header->value) &&
           !sj_failed(sj_arena_text(request->arena, header->value, &value)) &&
           add(made, header->name, value.ptr);
}

static bool add_fixed(struct MHD_Response *made, const struct sj_response *response)
{
    for (size_t i = 0; i < SJ_COUNT(FIXED); i++) {
        if (!has_header(response, FIXED[i].name) && !add(made, FIXED[i].name, FIXED[i].value)) {
            return false;
        }
    }
    return true;
}

static bool add_headers(
    struct MHD_Response *made, struct sj_request *request, const struct sj_response *response)
{
    char id[SJ_UUID_TEXT_SIZE];
    sj_uuid_format(request->id, id);
    for (size_t i = 0; i < response->header_count; i++) {
        if (!add_own(made, request, &response->headers[i])) {
            return false;
        }
    }
    const bool closes = response->close || request->must_close || request->conn->http->is_quiescing;
    return add_fixed(made, response) &&
           (has_header(response, "X-Request-Id") || add(made, "X-Request-Id", id)) &&
           (response->content_type == NULL || add(made, "Content-Type", response->content_type)) &&
           (!closes || add(made, "Connection", "close"));
}

/* ---- queueing ---- */

/* libmicrohttpd sends a body behind the head without being asked for anything in between. */
static bool has_body_to_send(const struct sj_request *request, const struct sj_response *response)
{
    return response->fd < 0 && response->content_type != NULL && response->body.len > 0 &&
           request->method != SJ_HEAD && response->status != 204 && response->status != 304;
}

bool sj_http_queue(
    struct sj_request *request, const struct sj_response *response, struct MHD_Response *made)
{
    return add_headers(made, request, response) &&
           MHD_queue_response(request->conn->mhd, response->status, made) == MHD_YES;
}

static bool queue(struct sj_request *request, const struct sj_response *response)
{
    struct MHD_Response *made = from_response(response);
    if (made == NULL) {
        return false;
    }
    const bool is_queued = sj_http_queue(request, response, made);
    MHD_destroy_response(made);
    request->conn->is_body_next = is_queued && has_body_to_send(request, response);
    return is_queued;
}

static bool queue_internal(struct sj_request *request)
{
    static const char body[] =
        "{\"type\":\"about:blank\",\"title\":\"An internal error happened\",\"status\":500,"
        "\"code\":\"INTERNAL\"}";
    const struct sj_response response = {.status = 500,
        .content_type = "application/problem+json",
        .body = sj_view_of(body, sizeof(body) - 1),
        .fd = -1,
        .close = true};
    return queue(request, &response);
}

/* Makes libmicrohttpd look at a connection that it had put aside. */
static void resume(struct conn *conn)
{
    if (conn->is_suspended) {
        conn->is_suspended = false;
        MHD_resume_connection(conn->mhd);
        sj_http_pump_later(conn->http);
    }
}

void sj_respond(struct sj_request *request, const struct sj_response *response)
{
    struct conn *conn = request->conn;
    if (conn == NULL) {
        int fd = response->fd;
        sj_closep(&fd);
        sj_http_request_release(NULL, &request);
        return;
    }
    SJ_ASSERT(conn->request == request && conn->phase == PHASE_HANDLER);
    sj_http_conn_phase(conn, PHASE_ANSWER);
    const uint64_t size = response->fd < 0 ? response->body.len : response->fd_size;
    conn->deadline_ms += (int64_t)(size / SJ_HTTP_ANSWER_BYTES_PER_MS);
    if (!queue(request, response) && !queue_internal(request)) {
        conn->is_doomed = true;
        shutdown(conn->fd, SHUT_RDWR);
    }
    conn->request = NULL;
    sj_http_request_release(conn->http, &request);
    resume(conn);
}
