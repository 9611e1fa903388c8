/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of src/http share. One sj_http holds one libmicrohttpd daemon (external epoll) on
 * one loop; everything here is touched by that loop's thread alone, but struct sj_tls.
 */
#ifndef SJ_HTTP_PRIV_H
#define SJ_HTTP_PRIV_H

#include <gnutls/gnutls.h>
#include <microhttpd.h>

#include "fields.h"
#include "route.h"
#include "sanjeh/http/server.h"
#include "target.h"

#define SJ_HTTP_HEADERS_MAX 64
/* Bodies in memory at once on one loop; beyond it new bodies are refused with BUSY. */
#define SJ_HTTP_BODIES_MAX (256u * 1024u * 1024u)
/* A refused body is read and thrown away up to here, so that an ordinary client reads the answer: a file of a
 * million rows must end in a 413, not in a broken pipe. The body deadline bounds it. */
#define SJ_HTTP_DRAIN_MAX (128u * 1024u * 1024u)
/* The same for requests without credentials. */
#define SJ_HTTP_DRAIN_STRANGER (16u * 1024u * 1024u)
/* A body buffer of at most this size stays with the pooled request. */
#define SJ_HTTP_BODY_KEPT 16384u
#define SJ_HTTP_ARENA_MAX (1024u * 1024u)
#define SJ_HTTP_POOL_KEPT 64
/* Requests and heads of answers are smaller; more goes to the socket or comes from it directly. */
#define SJ_HTTP_HOLD_BYTES 4096u
/* A client that reads an answer slower than this is cut. */
#define SJ_HTTP_ANSWER_BYTES_PER_MS 16u
/* The watchdog looks at each connection once a second, an eighth of them at a time. */
#define SJ_HTTP_SLOTS 8

enum phase {
    PHASE_HANDSHAKE,
    PHASE_HEAD,    /* bytes of a head are coming */
    PHASE_BODY,    /* head accepted or refused, body is coming */
    PHASE_HANDLER, /* with the handler; libmicrohttpd does not touch the connection */
    PHASE_ANSWER,  /* response queued */
    PHASE_FEED,    /* an answer is written piece by piece (feed.c) */
    PHASE_IDLE,    /* between requests */
};

struct link {
    struct link *prev;
    struct link *next;
};

struct conn {
    struct sj_http *http;
    struct MHD_Connection *mhd;
    struct sj_request *request; /* from its first line until it is answered */
    struct sj_watch *watch;     /* while the handshake waits for the client */
    struct link slot;           /* in http->slots[] */
    struct link fresh;          /* in http->fresh while PHASE_HANDSHAKE and not parked */
    int64_t deadline_ms;        /* monotonic; INT64_MAX: none */
    struct sj_uuid peer;
    int fd;
    enum phase phase;
    bool is_suspended;
    bool is_in_flight; /* counted in http->in_flight */
    bool is_doomed;    /* no answer can be made: close at the next chance */
    bool is_body_next; /* the next record is an answer's head and a body follows it */
};

struct header {
    struct sj_text name;
    struct sj_text value;
    bool is_repeated;
};

struct sj_request {
    struct conn *conn;       /* NULL: the connection is gone, only the handler still holds this */
    struct sj_request *next; /* in the pool */
    struct sj_arena *arena;
    enum sj_code refusal;
    enum sj_method method;
    enum sj_media media;
    const char *raw_target; /* where libmicrohttpd has it, for the layout check */
    size_t raw_len;         /* before libmicrohttpd cuts it at the question mark */
    struct sj_http_target target;
    const struct sj_http_path *path; /* matched; route may still be NULL (method) */
    const struct sj_route *route;
    struct sj_text segments[SJ_HTTP_SEGMENTS_MAX];
    size_t segment_count;
    struct header headers[SJ_HTTP_HEADERS_MAX];
    size_t header_count;
    uint64_t content_length;
    uint64_t counted_bytes; /* of http->body_bytes */
    struct sj_buf body;
    struct sj_http_part parts[SJ_HTTP_PARTS_MAX];
    size_t part_count;
    struct sj_uuid id;
    bool expects_continue;
    bool must_close;
};

/* Bytes of one connection that wait for the next system call (transport.c). */
struct sj_http_hold {
    struct conn *owner; /* NULL: free */
    size_t at;
    size_t len;
    uint8_t bytes[SJ_HTTP_HOLD_BYTES];
};

/* What a deferred run of the daemon holds on to: it may outlive the server by a turn. */
struct sj_http_ticket {
    struct sj_http *http;
};

struct sj_http {
    struct sj_http_config config;
    struct sj_http_ticket *ticket;
    struct MHD_Daemon *daemon;
    struct sj_http_router *router;
    struct sj_watch *watch; /* libmicrohttpd's epoll descriptor */
    struct sj_timer *watchdog;
    struct sj_timer *again; /* when libmicrohttpd wants another turn but nothing moved */
    struct link slots[SJ_HTTP_SLOTS];
    struct link fresh;
    struct sj_http_hold ahead; /* read from a socket, not yet asked for by GnuTLS */
    struct sj_http_hold held;  /* sent by GnuTLS, not yet in the socket */
    struct sj_request *pool;
    size_t pool_count;
    struct sj_http_stats stats;
    size_t in_flight;
    size_t answering;    /* connections in PHASE_ANSWER */
    uint64_t body_bytes; /* announced by requests that are being read or handled */
    int64_t now_ms;
    unsigned next_slot;   /* of the watchdog */
    unsigned accept_slot; /* of the next connection */
    uint16_t port;
    bool has_moved; /* something happened in this run of the daemon */
    bool is_pump_due;
    bool is_quiescing;
};

/* connection.c */
void sj_http_notify_connection(void *cls, struct MHD_Connection *mhd, void **context,
    enum MHD_ConnectionNotificationCode code);
void sj_http_conn_phase(struct conn *conn, enum phase phase);
/* Suspends connections whose handshake waits for the client, until their socket is readable. */
void sj_http_park_handshakes(struct sj_http *http);
void sj_http_watchdog(void *ctx);
void sj_http_list_init(struct link *list);

/* transport.c */
/* Puts our reading and writing between GnuTLS and the socket. */
void sj_http_transport_start(struct conn *conn, gnutls_session_t session);
/* Forgets what waits for this connection. */
void sj_http_transport_end(struct conn *conn);

/* server.c */
/* Lets the daemon run at the end of this turn. */
void sj_http_pump_later(struct sj_http *http);

/* request.c */
void *sj_http_on_target(void *cls, const char *target, struct MHD_Connection *mhd);
enum MHD_Result sj_http_on_access(void *cls, struct MHD_Connection *mhd, const char *url,
    const char *method, const char *version, const char *data, size_t *data_size, void **context);
void sj_http_on_completed(
    void *cls, struct MHD_Connection *mhd, void **context, enum MHD_RequestTerminationCode code);
/* Back to the pool, or to the heap's end when its server is gone. */
void sj_http_request_release(struct sj_http *http, struct sj_request **request);
void sj_http_request_free(struct sj_request **request);
/* Cuts a request that is being handled off its connection, which is about to be closed. */
void sj_http_request_orphan(struct sj_request *request);

/* respond.c */
/* Gives the answer its headers and queues it. */
bool sj_http_queue(
    struct sj_request *request, const struct sj_response *response, struct MHD_Response *made);

/* guard.c */
/* Fills headers, lengths and method, and says what is ambiguous about the head: SJ_OK, BAD_FRAMING,
 * LENGTH_REQUIRED. */
enum sj_code sj_http_guard(struct sj_request *request, struct MHD_Connection *mhd,
    const char *method, const char *version);

/* tls.c */
const char *sj_tls_priorities(bool allow_tls12);
int sj_tls_retrieve(struct sj_tls *tls, gnutls_pcert_st **ret_chain, unsigned *ret_length,
    gnutls_privkey_t *ret_key);
int sj_tls_enable_tickets(const struct sj_tls *tls, gnutls_session_t session);

#endif
