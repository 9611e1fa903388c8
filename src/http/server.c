/* SPDX-License-Identifier: Apache-2.0
 *
 * How does libmicrohttpd run on our loop? With its own epoll set but no thread: its epoll descriptor
 * is watched by the loop, and MHD_run is called when it is readable, when an answer was queued for a
 * suspended connection (once for all of a turn), and eight times a second for timeouts. External
 * polling is also what keeps MHD_epoll from blocking with unhandled events in hand (README, "Two
 * traps"). Several loops share the port by SO_REUSEPORT, each with its own daemon and nothing
 * between them but struct sj_tls.
 */
#include "http_priv.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "sanjeh/base/time.h"

/* Head of a request and head of its answer must fit; it is also what an idle connection costs. */
#define CONNECTION_MEMORY (16u * 1024u)
#define LISTEN_BACKLOG    1024
#define RUNS_PER_PUMP     4
#define SECONDS_MAX       600u

/* ---- running ---- */

static bool wants_more(struct sj_http *http)
{
    unsigned long long left_ms = 0;
    return MHD_get_timeout(http->daemon, &left_ms) == MHD_YES && left_ms == 0;
}

static void pump(void *ctx)
{
    struct sj_http *http = ctx;
    for (int i = 0; i < RUNS_PER_PUMP; i++) {
        http->has_moved = false;
        MHD_run(http->daemon);
        sj_http_park_handshakes(http);
        if (!wants_more(http)) {
            return;
        }
        if (!http->has_moved && http->answering == 0) {
            /* It asks for turns but nothing moves: not worth more than one a millisecond. */
            sj_timer_set(http->again, 1);
            return;
        }
    }
    sj_http_pump_later(http);
}

static void pump_deferred(void *ctx)
{
    struct sj_http_ticket *ticket = ctx;
    struct sj_http *http = ticket->http;
    if (http == NULL) {
        sj_free(ticket);
        return;
    }
    http->is_pump_due = false;
    pump(http);
}

void sj_http_pump_later(struct sj_http *http)
{
    if (http->is_pump_due) {
        return;
    }
    if (sj_failed(sj_loop_defer(http->config.loop, pump_deferred, http->ticket))) {
        /* No memory for a list entry: the timer needs none. */
        sj_timer_set(http->again, 0);
        return;
    }
    http->is_pump_due = true;
}

static void on_readable(void *ctx, uint32_t events)
{
    (void)events;
    pump(ctx);
}

/* ---- listening ---- */

struct endpoint {
    struct sockaddr_storage storage;
    socklen_t len;
};

static sj_status parse_endpoint(const struct sj_http_config *config, struct endpoint *endpoint)
{
    *endpoint = (struct endpoint){.len = 0};
    void *address = &endpoint->storage;
    struct sockaddr_in *v4 = address;
    if (inet_pton(AF_INET, config->address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(config->port);
        endpoint->len = sizeof(*v4);
        return SJ_DONE;
    }
    struct sockaddr_in6 *v6 = address;
    ENSURE(inet_pton(AF_INET6, config->address, &v6->sin6_addr) == 1, BAD_CONFIG);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(config->port);
    endpoint->len = sizeof(*v6);
    return SJ_DONE;
}

static sj_status port_of(int fd, uint16_t *ret_port)
{
    struct endpoint endpoint = {.len = sizeof(endpoint.storage)};
    void *address = &endpoint.storage;
    ENSURE(getsockname(fd, address, &endpoint.len) == 0, IO);
    const struct sockaddr_in *v4 = address;
    const struct sockaddr_in6 *v6 = address;
    *ret_port = ntohs(v4->sin_family == AF_INET6 ? v6->sin6_port : v4->sin_port);
    return SJ_DONE;
}

static sj_status listen_on(struct sj_http *http, int *ret_fd)
{
    struct endpoint endpoint;
    TRY(parse_endpoint(&http->config, &endpoint));
    const void *address = &endpoint.storage;
    const int on = 1;
    const int off = 0;
    CLEANUP(sj_closep)
    int fd = socket(endpoint.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ENSURE(fd >= 0, IO);
    ENSURE(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0, IO);
    if (!http->config.first_of_port) {
        ENSURE(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0, IO);
    }
    if (endpoint.storage.ss_family == AF_INET6) {
        ENSURE(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == 0, IO);
    }
    ENSURE(bind(fd, address, endpoint.len) == 0, BAD_CONFIG);
    /* Only after the bind: with it, another process of our user on the same port would go unnoticed and take
     * half of the connections. */
    ENSURE(setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0, IO);
    ENSURE(listen(fd, LISTEN_BACKLOG) == 0, BAD_CONFIG);
    TRY(port_of(fd, &http->port));
    *ret_fd = fd;
    fd = -1;
    return SJ_DONE;
}

/* ---- starting ---- */

static int on_certificate(gnutls_session_t session, const struct gnutls_cert_retr_st *info,
    gnutls_pcert_st **ret_chain, unsigned *ret_length, gnutls_ocsp_data_st **ret_ocsp,
    unsigned *ret_ocsp_length, gnutls_privkey_t *ret_key, unsigned *ret_flags)
{
    (void)info;
    struct MHD_Connection *mhd = gnutls_session_get_ptr(session);
    const union MHD_ConnectionInfo *context =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    const struct conn *conn = context->socket_context;
    if (conn == NULL) {
        return -1;
    }
    *ret_ocsp = NULL;
    *ret_ocsp_length = 0;
    *ret_flags = 0; /* everything stays struct sj_tls's */
    return sj_tls_retrieve(conn->http->config.tls, ret_chain, ret_length, ret_key);
}

/* Nothing is decoded by libmicrohttpd; target.c does it. */
static size_t keep_escaped(void *cls, struct MHD_Connection *mhd, char *text)
{
    (void)cls;
    (void)mhd;
    return strlen(text);
}

static sj_status start_daemon(struct sj_http *http)
{
    const struct sj_http_config *config = &http->config;
    CLEANUP(sj_closep) int fd = -1;
    TRY(listen_on(http, &fd));
    /* Leniency stays on: guard.c refuses more, and its refusals reach the handler and the record. */
    http->daemon = MHD_start_daemon(MHD_USE_TLS | MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME,
        http->port, NULL, NULL, sj_http_on_access, http,                                 //
        MHD_OPTION_LISTEN_SOCKET, fd,                                                    //
        MHD_OPTION_HTTPS_PRIORITIES, sj_tls_priorities(config->allow_tls12),             //
        MHD_OPTION_HTTPS_CERT_CALLBACK2, on_certificate,                                 //
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,                   //
        MHD_OPTION_CONNECTION_LIMIT, config->connection_limit,                           //
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, config->per_ip_limit,                        //
        MHD_OPTION_CONNECTION_TIMEOUT, config->idle_timeout_s + config->head_deadline_s, //
        MHD_OPTION_URI_LOG_CALLBACK, sj_http_on_target, http,                            //
        MHD_OPTION_UNESCAPE_CALLBACK, keep_escaped, NULL,                                //
        MHD_OPTION_NOTIFY_COMPLETED, sj_http_on_completed, http,                         //
        MHD_OPTION_NOTIFY_CONNECTION, sj_http_notify_connection, http,                   //
        MHD_OPTION_END);
    ENSURE(http->daemon != NULL, OUT_OF_MEMORY);
    fd = -1; /* the daemon's now */
    return SJ_DONE;
}

static sj_status watch_daemon(struct sj_http *http)
{
    struct sj_loop *loop = http->config.loop;
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    ENSURE(info != NULL, INTERNAL);
    TRY(sj_watch_new(loop, info->epoll_fd, EPOLLIN, on_readable, http, &http->watch));
    TRY(sj_timer_new(loop, pump, http, &http->again));
    TRY(sj_timer_new(loop, sj_http_watchdog, http, &http->watchdog));
    sj_timer_set(http->watchdog, 0); /* its first call also puts the listening socket to work */
    return SJ_DONE;
}

static bool is_config_sane(const struct sj_http_config *config)
{
    return config->loop != NULL && config->tls != NULL && config->address != NULL &&
           config->handler != NULL && config->connection_limit > 0 && config->idle_timeout_s > 0 &&
           config->idle_timeout_s <= SECONDS_MAX && config->head_deadline_s > 0 &&
           config->head_deadline_s <= SECONDS_MAX && config->body_deadline_s > 0 &&
           config->body_deadline_s <= SECONDS_MAX;
}

sj_status sj_http_start(const struct sj_http_config *config, struct sj_http **ret_http)
{
    ENSURE(is_config_sane(config), BAD_CONFIG);
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_http), &memory));
    CLEANUP(sj_http_stop) struct sj_http *http = memory;
    http->config = *config;
    sj_http_list_init(&http->fresh);
    for (size_t i = 0; i < SJ_HTTP_SLOTS; i++) {
        sj_http_list_init(&http->slots[i]);
    }
    TRY(sj_alloc(1, sizeof(struct sj_http_ticket), &memory));
    http->ticket = memory;
    http->ticket->http = http;
    TRY(sj_http_router_new(config->routes, config->route_count, &http->router));
    TRY(start_daemon(http));
    TRY(watch_daemon(http));
    *ret_http = TAKE(http);
    return SJ_DONE;
}

uint16_t sj_http_port(const struct sj_http *http)
{
    return http->port;
}

/* ---- ending ---- */

static struct conn *conn_of_slot(struct link *item)
{
    /* @unsafe: every item of http->slots is the slot member of a conn. */
    return (struct conn *)(void *)((char *)item - offsetof(struct conn, slot));
}

static void for_each_conn(struct sj_http *http, void (*fn)(struct conn *conn))
{
    for (size_t i = 0; i < SJ_HTTP_SLOTS; i++) {
        for (struct link *item = http->slots[i].next; item != &http->slots[i]; item = item->next) {
            fn(conn_of_slot(item));
        }
    }
}

static void hang_up_when_idle(struct conn *conn)
{
    if (conn->phase == PHASE_IDLE || conn->phase == PHASE_HANDSHAKE) {
        shutdown(conn->fd, SHUT_RDWR);
    }
}

void sj_http_quiesce(struct sj_http *http)
{
    if (http->is_quiescing) {
        return;
    }
    http->is_quiescing = true;
    int fd = MHD_quiesce_daemon(http->daemon);
    sj_closep(&fd);
    for_each_conn(http, hang_up_when_idle);
}

size_t sj_http_in_flight(const struct sj_http *http)
{
    return http->in_flight;
}

struct sj_http_stats sj_http_stats(const struct sj_http *http)
{
    return http->stats;
}

/* libmicrohttpd must not be stopped while connections are suspended. */
static void let_go(struct conn *conn)
{
    if (conn->request != NULL && conn->phase == PHASE_HANDLER) {
        sj_http_request_orphan(conn->request);
        conn->request = NULL;
    }
    conn->is_doomed = true;
    if (conn->is_suspended) {
        conn->is_suspended = false;
        MHD_resume_connection(conn->mhd);
    }
}

void sj_http_stop(struct sj_http **http)
{
    struct sj_http *self = *http;
    if (self == NULL) {
        return;
    }
    sj_watch_free(&self->watch);
    sj_timer_free(&self->watchdog);
    sj_timer_free(&self->again);
    if (self->daemon != NULL) {
        for_each_conn(self, let_go);
        MHD_stop_daemon(self->daemon);
        self->daemon = NULL;
    }
    while (self->pool != NULL) {
        struct sj_request *request = self->pool;
        self->pool = request->next;
        sj_http_request_free(&request);
    }
    sj_http_router_free(&self->router);
    if (self->is_pump_due) {
        self->ticket->http = NULL; /* freed by the deferred call that holds it */
    } else {
        sj_free(self->ticket);
    }
    sj_free(self);
    *http = NULL;
}
