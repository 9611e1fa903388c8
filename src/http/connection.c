/* SPDX-License-Identifier: Apache-2.0
 *
 * What is each connection doing, since when, and for how long may it? libmicrohttpd's own timeout
 * only knows inactivity: one byte every five seconds keeps a connection for ever. So each connection has
 * an absolute deadline for its phase, the first byte of a head is seen in the pull function, and a
 * watchdog shuts the socket down when the time is over.
 *
 * It also keeps unfinished handshakes away from libmicrohttpd: 0.9.75 does not clear "read ready"
 * when gnutls_handshake wants more bytes, so a client that says hello and then nothing makes
 * MHD_get_timeout answer 0 and the loop spin until it leaves (README, "Two traps"). Such connections
 * are suspended and watched here until their socket is readable.
 * If deadlines fail, a few hundred slow clients hold all connections of the server.
 */
#include "http_priv.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "sanjeh/base/time.h"

void sj_http_list_init(struct link *list)
{
    list->prev = list;
    list->next = list;
}

static void list_add(struct link *list, struct link *item)
{
    item->prev = list->prev;
    item->next = list;
    list->prev->next = item;
    list->prev = item;
}

static void list_remove(struct link *item)
{
    item->prev->next = item->next;
    item->next->prev = item->prev;
    sj_http_list_init(item);
}

static struct conn *conn_of_slot(struct link *item)
{
    /* @unsafe: every item of http->slots is the slot member of a conn. */
    return (struct conn *)(void *)((char *)item - offsetof(struct conn, slot));
}

static struct conn *conn_of_fresh(struct link *item)
{
    /* @unsafe: every item of http->fresh is the fresh member of a conn. */
    return (struct conn *)(void *)((char *)item - offsetof(struct conn, fresh));
}

/* ---- phases ---- */

static int64_t seconds(unsigned count)
{
    return (int64_t)count * 1000;
}

static int64_t allowed_ms(const struct conn *conn, enum phase phase)
{
    const struct sj_http_config *config = &conn->http->config;
    switch (phase) {
    case PHASE_HANDSHAKE:
    case PHASE_HEAD:
        return seconds(config->head_deadline_s);
    case PHASE_BODY:
        return seconds(config->body_deadline_s);
    case PHASE_IDLE:
        return seconds(config->idle_timeout_s);
    case PHASE_ANSWER:
        return seconds(config->body_deadline_s);
    case PHASE_HANDLER:
    case PHASE_FEED: /* while bytes wait: feed.c */
        break;
    }
    return -1;
}

void sj_http_conn_phase(struct conn *conn, enum phase phase)
{
    struct sj_http *http = conn->http;
    http->answering -= conn->phase == PHASE_ANSWER ? 1 : 0;
    http->answering += phase == PHASE_ANSWER ? 1 : 0;
    const int64_t allowed = allowed_ms(conn, phase);
    conn->phase = phase;
    conn->deadline_ms = allowed < 0 ? INT64_MAX : sj_time_monotonic_ms() + allowed;
}

/* ---- TLS hooks ---- */

static struct conn *conn_of_session(gnutls_session_t session)
{
    /* libmicrohttpd's own use of the session pointer, read only. */
    struct MHD_Connection *mhd = gnutls_session_get_ptr(session);
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info->socket_context;
}

/* The client's Finished is the last message of a handshake that we wait for. */
static int on_finished(gnutls_session_t session, unsigned type, unsigned when, unsigned incoming,
    const gnutls_datum_t *message)
{
    (void)type;
    (void)when;
    (void)message;
    struct conn *conn = conn_of_session(session);
    if (incoming != 0 && conn->phase == PHASE_HANDSHAKE) {
        /* The deadline stays: handshake and first head share it. */
        conn->phase = PHASE_HEAD;
        list_remove(&conn->fresh);
        sj_watch_free(&conn->watch);
    }
    return 0;
}

static bool prepare_session(struct conn *conn)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(conn->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (info == NULL || info->tls_session == NULL) {
        return false;
    }
    gnutls_session_t session = info->tls_session;
    sj_http_transport_start(conn, session);
    gnutls_handshake_set_hook_function(
        session, GNUTLS_HANDSHAKE_FINISHED, GNUTLS_HOOK_POST, on_finished);
    return sj_tls_enable_tickets(conn->http->config.tls, session) == 0;
}

/* ---- beginning and end ---- */

static struct sj_uuid peer_of(struct MHD_Connection *mhd)
{
    struct sj_uuid peer = {{0}};
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (info == NULL || info->client_addr == NULL) {
        return peer;
    }
    const void *address = info->client_addr;
    if (info->client_addr->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = address;
        sj_ignore(sj_copy(peer.bytes, sizeof(peer.bytes), &v6->sin6_addr, 16), "16 into 16");
    } else if (info->client_addr->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = address;
        peer.bytes[10] = 0xff;
        peer.bytes[11] = 0xff;
        sj_ignore(sj_copy(peer.bytes + 12, 4, &v4->sin_addr, 4), "4 into 4");
    }
    return peer;
}

static void conn_start(struct sj_http *http, struct MHD_Connection *mhd, void **context)
{
    void *memory = NULL;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (sj_failed(sj_alloc(1, sizeof(struct conn), &memory))) {
        shutdown(info->connect_fd, SHUT_RDWR);
        return;
    }
    struct conn *conn = memory;
    *conn = (struct conn){.http = http, .mhd = mhd, .fd = info->connect_fd};
    *context = conn;
    conn->peer = peer_of(mhd);
    sj_http_conn_phase(conn, PHASE_HANDSHAKE);
    list_add(&http->slots[http->accept_slot++ % SJ_HTTP_SLOTS], &conn->slot);
    list_add(&http->fresh, &conn->fresh);
    http->stats.accepted++;
    http->stats.connections++;
    const int on = 1;
    if (setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
        !prepare_session(conn)) {
        shutdown(conn->fd, SHUT_RDWR);
    }
}

static void conn_end(struct sj_http *http, void **context)
{
    struct conn *conn = *context;
    if (conn == NULL) {
        return;
    }
    http->answering -= conn->phase == PHASE_ANSWER ? 1 : 0;
    sj_watch_free(&conn->watch);
    list_remove(&conn->slot);
    list_remove(&conn->fresh);
    sj_http_transport_end(conn);
    http->stats.connections--;
    sj_free(conn);
    *context = NULL;
}

void sj_http_notify_connection(
    void *cls, struct MHD_Connection *mhd, void **context, enum MHD_ConnectionNotificationCode code)
{
    struct sj_http *http = cls;
    http->has_moved = true;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        conn_start(http, mhd, context);
    } else {
        conn_end(http, context);
    }
}

/* ---- parking of handshakes ---- */

static void on_handshake_bytes(void *ctx, uint32_t events)
{
    struct conn *conn = ctx;
    struct sj_http *http = conn->http;
    (void)events;
    if (!conn->is_suspended) {
        return;
    }
    conn->is_suspended = false;
    list_add(&http->fresh, &conn->fresh);
    MHD_resume_connection(conn->mhd);
    sj_http_pump_later(http);
}

static void park(struct conn *conn)
{
    list_remove(&conn->fresh);
    if (conn->watch == NULL && sj_failed(sj_watch_new(conn->http->config.loop, conn->fd, EPOLLIN,
                                   on_handshake_bytes, conn, &conn->watch))) {
        shutdown(conn->fd, SHUT_RDWR);
        return;
    }
    MHD_suspend_connection(conn->mhd);
    conn->is_suspended = true;
}

void sj_http_park_handshakes(struct sj_http *http)
{
    while (http->fresh.next != &http->fresh) {
        park(conn_of_fresh(http->fresh.next));
    }
}

/* ---- the watchdog ---- */

static void check_deadline(struct conn *conn)
{
    struct sj_http *http = conn->http;
    if (http->now_ms < conn->deadline_ms) {
        return;
    }
    conn->deadline_ms = INT64_MAX;
    http->stats.timed_out += conn->phase == PHASE_IDLE ? 0 : 1;
    /* libmicrohttpd, or the handshake's watch, sees the hang-up and closes. */
    shutdown(conn->fd, SHUT_RDWR);
}

void sj_http_watchdog(void *ctx)
{
    struct sj_http *http = ctx;
    struct link *slot = &http->slots[http->next_slot++ % SJ_HTTP_SLOTS];
    http->now_ms = sj_time_monotonic_ms();
    for (struct link *item = slot->next; item != slot; item = item->next) {
        check_deadline(conn_of_slot(item));
    }
    sj_timer_set(http->watchdog, 1000 / SJ_HTTP_SLOTS);
    sj_http_pump_later(http);
}
