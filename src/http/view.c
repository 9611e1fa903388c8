/* SPDX-License-Identifier: Apache-2.0
 *
 * What a handler may read of its request. All texts are borrowed from the request and end with
 * sj_respond; all were proven by guard.c and target.c before the handler ran, so nothing here fails
 * but by absence.
 */
#include "http_priv.h"

enum sj_code sj_request_refusal(const struct sj_request *request)
{
    return request->refusal;
}

struct sj_text sj_request_allow(const struct sj_request *request)
{
    return request->path == NULL ? SJ_TEXT("") : sj_text_of(request->path->allow);
}

const struct sj_route *sj_request_route(const struct sj_request *request)
{
    return request->route;
}

enum sj_method sj_request_method(const struct sj_request *request)
{
    return request->method;
}

struct sj_text sj_request_path(const struct sj_request *request)
{
    return request->target.path;
}

static struct sj_text decoded(const struct sj_request *request, struct sj_text raw)
{
    struct sj_text text = SJ_TEXT("");
    sj_ignore(sj_http_path_decode(raw, request->arena, &text),
        "target.c decoded it before; only memory can lack, and then the parameter is absent");
    return text;
}

struct sj_text sj_request_param(const struct sj_request *request, const char *name)
{
    const struct sj_http_path *path = request->path;
    for (size_t i = 0; path != NULL && i < request->segment_count; i++) {
        if (path->segments[i].is_param && sj_text_is(path->segments[i].text, name)) {
            return decoded(request, request->segments[i]);
        }
    }
    return SJ_TEXT("");
}

bool sj_request_header(
    const struct sj_request *request, const char *name, struct sj_text *ret_value)
{
    const struct sj_text wanted = sj_text_of(name);
    for (size_t i = 0; i < request->header_count; i++) {
        const struct header *header = &request->headers[i];
        if (sj_http_text_equal_nocase(header->name, wanted)) {
            if (header->is_repeated) {
                return false;
            }
            *ret_value = header->value;
            return true;
        }
    }
    return false;
}

size_t sj_request_query_count(const struct sj_request *request)
{
    return request->target.query_count;
}

void sj_request_query(const struct sj_request *request, size_t number, struct sj_text *ret_name,
    struct sj_text *ret_value)
{
    SJ_ASSERT(number < request->target.query_count);
    *ret_name = request->target.query[number].name;
    *ret_value = request->target.query[number].value;
}

bool sj_request_query_find(
    const struct sj_request *request, const char *name, struct sj_text *ret_value)
{
    for (size_t i = 0; i < request->target.query_count; i++) {
        if (sj_text_is(request->target.query[i].name, name)) {
            *ret_value = request->target.query[i].value;
            return true;
        }
    }
    return false;
}

struct sj_view sj_request_body(const struct sj_request *request)
{
    return sj_buf_view(&request->body);
}

enum sj_media sj_request_media(const struct sj_request *request)
{
    return request->media;
}

bool sj_request_part_name(const struct sj_request *request, size_t number, struct sj_text *ret_name)
{
    if (number >= request->part_count) {
        return false;
    }
    *ret_name = request->parts[number].name;
    return true;
}

bool sj_request_part(
    const struct sj_request *request, const char *name, struct sj_view *ret_content)
{
    for (size_t i = 0; i < request->part_count; i++) {
        if (sj_text_is(request->parts[i].name, name)) {
            *ret_content = request->parts[i].content;
            return true;
        }
    }
    return false;
}

bool sj_request_cookie(
    const struct sj_request *request, const char *name, struct sj_text *ret_value)
{
    struct sj_text header;
    return sj_request_header(request, "cookie", &header) &&
           sj_http_cookie_find(header, name, ret_value);
}

struct sj_uuid sj_request_peer(const struct sj_request *request)
{
    return request->conn == NULL ? (struct sj_uuid){{0}} : request->conn->peer;
}

bool sj_request_peer_is_loopback(const struct sj_request *request)
{
    static const struct sj_uuid v6 = {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
    static const uint8_t v4[13] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127};
    const struct sj_uuid peer = sj_request_peer(request);
    return sj_uuid_equal(peer, v6) || memcmp(peer.bytes, v4, sizeof(v4)) == 0;
}

struct sj_arena *sj_request_arena(struct sj_request *request)
{
    return request->arena;
}

struct sj_uuid sj_request_id(const struct sj_request *request)
{
    return request->id;
}
