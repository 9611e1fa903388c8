/* SPDX-License-Identifier: Apache-2.0
 *
 * HTTP/1.1 over TLS (libmicrohttpd, GnuTLS) on a loop. A server owns the connections of one loop; several
 * loops share the port (SO_REUSEPORT). Guard, limits and deadlines are here; who may do what is not.
 *
 * Life of a connection: accept, TLS handshake (hardened priority string, tickets), head (guard; at most
 * head_deadline from its first byte), body (limit of the route; at most body_deadline), then the route's
 * handler on a fiber with the connection suspended, then the response.
 */
#ifndef SJ_HTTP_SERVER_H
#define SJ_HTTP_SERVER_H

#include "sanjeh/base/arena.h"
#include "sanjeh/base/buf.h"
#include "sanjeh/base/id.h"
#include "sanjeh/base/loop.h"

struct sj_http;
struct sj_request;
struct sj_tls; /* certificate and key, shared by the loops, replaceable while running */

/* PEM files; the key file must not be readable by others. Errors: BAD_CONFIG. */
SJ_MUST_CHECK sj_status sj_tls_load(
    const char *cert_file, const char *key_file, struct sj_tls **ret_tls);
/* Swaps certificate and key for new handshakes; on failure the old pair stays. Any thread. */
SJ_MUST_CHECK sj_status sj_tls_reload(struct sj_tls *tls);
void sj_tls_free(struct sj_tls **tls);
sj_status sj_tls_not_after(const struct sj_tls *tls, int64_t *ret_unix_seconds);

enum sj_method {
    SJ_GET,
    SJ_HEAD,
    SJ_POST,
    SJ_PUT,
    SJ_PATCH,
    SJ_DELETE,
    SJ_OPTIONS,
    SJ_METHOD_COUNT_
};

/* Media a route's body may have; 0: no body allowed. */
enum sj_media {
    SJ_MEDIA_NONE = 0,
    SJ_MEDIA_JSON = 1,
    SJ_MEDIA_MULTIPART = 2,
    SJ_MEDIA_ROWS = 4, /* text/csv or application/x-ndjson, bytes as they are */
    SJ_MEDIA_ANY = 8   /* bytes as they are, whatever they are called, or not called at all */
};

/* One route. path segments in braces are parameters: "/api/v1/judges/{id}"; one that ends in a star, as the last, takes the rest of
 * the path: "/audit/tile/{name*}". tag is the server's: an index or
 * pointer into its own table (permission, handler). */
struct sj_route {
    enum sj_method method;
    const char *path;
    size_t body_max; /* bytes */
    unsigned media;  /* of enum sj_media, or-ed */
    const void *tag;
};

/* Called on a fiber for every request that has a complete head, also for refused ones: then
 * sj_request_refusal tells the code and route is NULL or the matched one. Must call sj_respond once. */
typedef void sj_http_handler(void *ctx, struct sj_request *request);

struct sj_http_config {
    struct sj_loop *loop;
    struct sj_tls *tls;
    const char *address; /* "127.0.0.1", "::", … */
    uint16_t port;
    const struct sj_route *routes;
    size_t route_count;
    sj_http_handler *handler;
    void *ctx;
    bool
        first_of_port; /* this loop must find the port unused; the others of the process share it */
    unsigned connection_limit; /* of this loop */
    unsigned per_ip_limit;
    unsigned idle_timeout_s;  /* between requests; 60 */
    unsigned head_deadline_s; /* 30 */
    unsigned body_deadline_s; /* 60 */
    bool allow_tls12;
};

/* Errors: BAD_CONFIG (address, port in use), OUT_OF_MEMORY. */
SJ_MUST_CHECK sj_status sj_http_start(
    const struct sj_http_config *config, struct sj_http **ret_http);
/* The port it listens on: the one of the configuration, or the kernel's choice for 0. */
uint16_t sj_http_port(const struct sj_http *http);
/* Stops accepting and closes idle connections; requests in flight go on and are answered with
 * Connection: close. */
void sj_http_quiesce(struct sj_http *http);
/* Requests with a handler or whose answer is still being sent. */
size_t sj_http_in_flight(const struct sj_http *http);
/* Closes every connection. A handler that is still waiting keeps its request; its answer goes nowhere. */
void sj_http_stop(struct sj_http **http);
struct sj_http_stats {
    uint64_t connections;
    uint64_t accepted;
    uint64_t refused; /* by the guard */
    uint64_t timed_out;
};
struct sj_http_stats sj_http_stats(const struct sj_http *http);

/* ---- a request; everything borrowed until sj_respond ---- */

/* SJ_OK, or why the guard, the router or the body limits refuse it: BAD_FRAMING, LENGTH_REQUIRED, NOT_FOUND,
 * METHOD_NOT_ALLOWED, BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, BAD_REQUEST, BUSY (too many bodies in memory),
 * OUT_OF_MEMORY. */
enum sj_code sj_request_refusal(const struct sj_request *request);
/* The methods of the matched path as the value of an Allow header ("GET, HEAD"); empty when no path
 * matched. For METHOD_NOT_ALLOWED and OPTIONS. */
struct sj_text sj_request_allow(const struct sj_request *request);
const struct sj_route *sj_request_route(const struct sj_request *request);
enum sj_method sj_request_method(
    const struct sj_request *request); /* SJ_METHOD_COUNT_: another one */
struct sj_text sj_request_path(const struct sj_request *request); /* as sent, without query */
/* The parameter of the route's path by name; empty when absent. */
struct sj_text sj_request_param(const struct sj_request *request, const char *name);
/* A header by name; false when absent. One that came twice counts as absent; where that could be read in two
 * ways (Authorization, Cookie, If-Match, …) it also refuses the request. */
bool sj_request_header(
    const struct sj_request *request, const char *name, struct sj_text *ret_value);
/* Query members, percent-decoded, proven UTF-8, in order. */
size_t sj_request_query_count(const struct sj_request *request);
void sj_request_query(const struct sj_request *request, size_t number, struct sj_text *ret_name,
    struct sj_text *ret_value);
bool sj_request_query_find(
    const struct sj_request *request, const char *name, struct sj_text *ret_value);
struct sj_view sj_request_body(const struct sj_request *request);
enum sj_media sj_request_media(const struct sj_request *request);
/* Name of part number i, in the order of the body; false behind the last. */
bool sj_request_part_name(
    const struct sj_request *request, size_t number, struct sj_text *ret_name);
/* One part of a multipart/form-data body by name; false when absent. */
bool sj_request_part(
    const struct sj_request *request, const char *name, struct sj_view *ret_content);
/* A cookie by exact name. Two with one name: false. */
bool sj_request_cookie(
    const struct sj_request *request, const char *name, struct sj_text *ret_value);
/* IPv6 form (v4-mapped). */
struct sj_uuid sj_request_peer(const struct sj_request *request);
bool sj_request_peer_is_loopback(const struct sj_request *request);
struct sj_arena *sj_request_arena(struct sj_request *request);  /* 1 MiB cap, wiped at the end */
struct sj_uuid sj_request_id(const struct sj_request *request); /* fresh, sent as X-Request-Id */

/* ---- the response ---- */
struct sj_response_header {
    const char *name;
    struct sj_text value; /* refused (INTERNAL) when it has CR, LF or NUL */
};
struct sj_response {
    unsigned status;
    const char *content_type; /* NULL: no body */
    struct sj_view body;      /* copied */
    int fd; /* instead of body when >= 0: streamed, closed after; set to -1 otherwise */
    uint64_t fd_size;
    const struct sj_response_header *headers;
    size_t header_count;
    bool close; /* close the connection after it */
};
/* Sends and ends the request; it and its arena are gone when this returns. HSTS, nosniff, Cache-Control, CSP,
 * X-Request-Id are added here. For HEAD the body is left out. */
void sj_respond(struct sj_request *request, const struct sj_response *response);

/* ---- an answer that is written piece by piece ---- */

struct sj_feed;
#define SJ_FEED_ENDLESS UINT64_MAX
/* Sends the head (status, content type, headers of response; body and fd are ignored) and ends the request as sj_respond does; the
 * fiber goes on and writes the body. size: its length, or SJ_FEED_ENDLESS. Not for HEAD. Errors (the request is still there): IO (its
 * client is gone), OUT_OF_MEMORY. */
SJ_MUST_CHECK sj_status sj_respond_feed(struct sj_request *request,
    const struct sj_response *response, uint64_t size, struct sj_feed **ret_feed);
/* Parks while 64 KiB wait to be taken. Errors: IO (the client is gone, or took nothing for a minute): then only sj_feed_end. */
SJ_MUST_CHECK sj_status sj_feed_write(struct sj_feed *feed, struct sj_view bytes);
/* Noticed when something is written: also a client that has hung up is read from only then. */
bool sj_feed_is_gone(const struct sj_feed *feed);
/* is_whole: waits until everything was taken; otherwise cuts the connection. ret_sent: bytes that were handed to TLS. ret_complete:
 * all of a whole body. */
void sj_feed_end(struct sj_feed **feed, bool is_whole, uint64_t *ret_sent, bool *ret_complete);

#endif
