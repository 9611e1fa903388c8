/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a connection come up, stay alive and die? One state machine, driven by the loop's watch or by
 * poll(2): connect, enter pipeline mode, prepare every statement in one go, serve. The session's
 * settings are pinned in the start-up packet, so that no role or database default can change what a
 * statement means (search_path), what durable means (synchronous_commit) or how long it may run.
 * A loss ends every waiting request at once; the pool's timer connects again after a pause.
 * If a setting here were missing, an object of another schema could stand in for ours.
 */
#include "db_priv.h"

#include "sanjeh/base/log.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>

#define OPTIONS_MAX 640

/* Row security and optional filters make the planner expect one row of any list, so that reading and sorting a whole
 * unit looks as cheap as reading one page off the index that has its order: 1.2 s for 220,000 values. Every list has
 * such an index, so sorting is the last resort here, and no page is worth waking other processes for. */
static bool format_options(const struct db_conn *conn, char out[OPTIONS_MAX])
{
    const long long timeout = (long long)conn->db->statement_timeout_ms;
    const int len = snprintf(out, OPTIONS_MAX,
        "-c search_path=sanjeh,pg_catalog -c plan_cache_mode=force_generic_plan -c jit=off"
        " -c enable_sort=off -c max_parallel_workers_per_gather=0"
        " -c row_security=on -c synchronous_commit=on -c default_transaction_read_only=%s"
        " -c default_transaction_isolation=read\\ committed"
        " -c statement_timeout=%lld -c lock_timeout=%lld"
        " -c idle_in_transaction_session_timeout=%lld -c client_connection_check_interval=1000",
        conn->kind == DB_WRITE ? "off" : "on", timeout, timeout / 2 + 1, timeout * 2);
    return len > 0 && len < OPTIONS_MAX;
}

/* The server's notices are for psql; errors carry what we need. */
static void swallow_notice(void *ctx, const PGresult *result)
{
    (void)ctx;
    (void)result;
}

static void on_watch(void *ctx, uint32_t events)
{
    (void)events;
    db_conn_on_event(ctx);
}

/* While connecting libpq may change its socket behind our back, so the watch is made anew. */
static void watch_again(struct db_conn *conn, uint32_t events)
{
    conn->wanted = events;
    sj_watch_free(&conn->watch);
    if (conn->db->loop != NULL && PQsocket(conn->pg) >= 0) {
        const sj_status status =
            sj_watch_new(conn->db->loop, PQsocket(conn->pg), events, on_watch, conn, &conn->watch);
        if (sj_failed(status)) {
            db_conn_lost(conn, status);
        }
    }
}

void db_conn_interest(struct db_conn *conn, uint32_t events)
{
    if (conn->wanted == events) {
        return;
    }
    conn->wanted = events;
    if (conn->watch != NULL && sj_failed(sj_watch_set(conn->watch, events))) {
        db_conn_lost(conn, SJ_FAILURE(DATABASE_UNAVAILABLE));
    }
}

void db_conn_start(struct db_conn *conn)
{
    char options[OPTIONS_MAX];
    const bool formatted = format_options(conn, options);
    SJ_ASSERT(conn->state == DB_CLOSED && formatted);
    conn->pg = db_conninfo_start(conn->db->conninfo, options);
    conn->state = DB_CONNECTING;
    conn->give_up_ms = sj_time_monotonic_ms() + conn->db->connect_timeout_ms;
    if (conn->pg == NULL || PQstatus(conn->pg) == CONNECTION_BAD) {
        db_conn_lost(conn, SJ_FAILURE(DATABASE_UNAVAILABLE));
        return;
    }
    PQsetNoticeReceiver(conn->pg, swallow_notice, NULL);
    watch_again(conn, EPOLLOUT);
    db_arm(conn->db);
}

/* Every statement in one flight; the answer to the Sync ends in db_conn_prepared. */
static sj_status prepare_all(struct db_conn *conn)
{
    ENSURE(PQenterPipelineMode(conn->pg) == 1, DATABASE_UNAVAILABLE);
    for (size_t i = SJ_SQL_NONE_ + 1; i < SJ_SQL_COUNT_; i++) {
        ENSURE(PQsendPrepare(conn->pg, sj_statements[i].name, sj_statements[i].text, 0, NULL) == 1,
            DATABASE_UNAVAILABLE);
    }
    conn->setup = (struct db_request){.first = SJ_SQL_COUNT_ - 1, .keep = 0};
    ENSURE(PQpipelineSync(conn->pg) == 1, DATABASE_UNAVAILABLE);
    conn->head = &conn->setup;
    conn->tail = &conn->setup;
    conn->in_flight = 1;
    return SJ_DONE;
}

static void on_connected(struct db_conn *conn)
{
    conn->state = DB_PREPARING;
    sj_status status = SJ_FAILURE(DATABASE_UNAVAILABLE);
    if (PQsetnonblocking(conn->pg, 1) == 0) {
        status = conn->kind == DB_LISTEN ? db_listen_setup(conn) : prepare_all(conn);
    }
    if (sj_failed(status)) {
        db_conn_lost(conn, status);
        return;
    }
    watch_again(conn, EPOLLIN | EPOLLOUT);
}

void db_conn_prepared(struct db_conn *conn)
{
    if (sj_failed(conn->setup.status)) {
        const enum sj_code code = conn->setup.status.code;
        const bool passing = code == SJ_DATABASE_UNAVAILABLE || code == SJ_DATABASE_TIMEOUT;
        conn->why = passing ? conn->setup.status : SJ_FAILURE(SCHEMA_MISMATCH);
        return; /* dropped by on_input, not inside the dispatch */
    }
    conn->state = DB_READY;
    conn->backoff_ms = DB_BACKOFF_MIN_MS;
    conn->why = SJ_DONE;
    if (conn->kind == DB_WRITE) {
        db_serve_waiters(conn->db);
    }
}

static void on_connecting(struct db_conn *conn)
{
    sj_watch_free(&conn->watch);
    switch (PQconnectPoll(conn->pg)) {
    case PGRES_POLLING_READING:
        watch_again(conn, EPOLLIN);
        return;
    case PGRES_POLLING_WRITING:
        watch_again(conn, EPOLLOUT);
        return;
    case PGRES_POLLING_OK:
        on_connected(conn);
        return;
    case PGRES_POLLING_FAILED:
    case PGRES_POLLING_ACTIVE:
        break;
    }
    db_conn_lost(conn, SJ_FAILURE(DATABASE_UNAVAILABLE));
}

static void on_input(struct db_conn *conn)
{
    if (PQconsumeInput(conn->pg) != 1) {
        db_conn_lost(conn, SJ_FAILURE(DATABASE_UNAVAILABLE));
        return;
    }
    if (conn->kind == DB_LISTEN) {
        db_listen_on_input(conn);
    } else {
        db_dispatch(conn);
    }
    if (conn->pg == NULL) {
        return;
    }
    const bool refused = conn->state == DB_PREPARING && conn->head == NULL &&
                         conn->kind != DB_LISTEN && sj_failed(conn->why);
    const int unsent = PQstatus(conn->pg) == CONNECTION_OK && !refused ? PQflush(conn->pg) : -1;
    if (unsent < 0) {
        db_conn_lost(conn, refused ? conn->why : SJ_FAILURE(DATABASE_UNAVAILABLE));
        return;
    }
    db_conn_interest(conn, unsent == 1 ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void db_conn_on_event(struct db_conn *conn)
{
    switch (conn->state) {
    case DB_CONNECTING:
        on_connecting(conn);
        break;
    case DB_PREPARING:
    case DB_READY:
        on_input(conn);
        break;
    case DB_CLOSED:
        break;
    }
}

void db_conn_pump(struct db_conn *conn, int64_t deadline_ms)
{
    const int64_t left = deadline_ms - sj_time_monotonic_ms();
    if (left <= 0 || conn->pg == NULL) {
        db_conn_lost(conn, SJ_FAILURE(DATABASE_TIMEOUT));
        return;
    }
    struct pollfd entry = {.fd = PQsocket(conn->pg)};
    entry.events = (short)(((conn->wanted & EPOLLIN) != 0 ? POLLIN : 0) |
                           ((conn->wanted & EPOLLOUT) != 0 ? POLLOUT : 0));
    const int ready = poll(&entry, 1, left > INT32_MAX ? INT32_MAX : (int)left);
    if (ready > 0) {
        db_conn_on_event(conn);
    } else if (ready < 0 && errno != EINTR) {
        db_conn_lost(conn, SJ_FAILURE(DATABASE_UNAVAILABLE));
    }
}

static void end_requests(struct db_conn *conn)
{
    const int64_t now = sj_time_monotonic_ms();
    while (conn->head != NULL) {
        struct db_request *request = conn->head;
        conn->head = request->next;
        if (request == &conn->setup) {
            continue;
        }
        if (!sj_failed(request->status)) {
            request->status = request->deadline_ms <= now ? SJ_FAILURE(DATABASE_TIMEOUT)
                                                          : SJ_FAILURE(DATABASE_UNAVAILABLE);
        }
        db_request_end(request);
    }
    conn->tail = NULL;
    conn->in_flight = 0;
}

void db_conn_lost(struct db_conn *conn, sj_status why)
{
    if (conn->state == DB_CLOSED) {
        return;
    }
    const bool was_ready = conn->state == DB_READY;
    if (sj_failed(why)) {
        SJ_LOG(WARN, was_ready ? "db.connection.lost" : "db.connection.refused", sj_log_status(why),
            sj_log_str("message", conn->pg == NULL ? "" : PQerrorMessage(conn->pg)));
    }
    sj_watch_free(&conn->watch);
    PQfinish(conn->pg);
    conn->pg = NULL;
    conn->state = DB_CLOSED;
    conn->life++;
    conn->why = why;
    const int64_t pause = was_ready ? 0 : conn->backoff_ms;
    conn->retry_ms = sj_time_monotonic_ms() + pause;
    if (!was_ready) {
        const int64_t next = conn->backoff_ms * 2;
        conn->backoff_ms = next > DB_BACKOFF_MAX_MS ? DB_BACKOFF_MAX_MS : next;
    }
    end_requests(conn);
    if (conn->kind == DB_WRITE) {
        db_serve_waiters(conn->db);
    }
    db_arm(conn->db);
}

sj_status db_conn_open(struct db_conn *conn)
{
    if (conn->state == DB_CLOSED) {
        db_conn_start(conn);
    }
    while (conn->state != DB_READY && conn->state != DB_CLOSED) {
        db_conn_pump(conn, conn->give_up_ms);
    }
    if (conn->state == DB_CLOSED) {
        return sj_failed(conn->why) ? conn->why : SJ_FAILURE(DATABASE_UNAVAILABLE);
    }
    return SJ_DONE;
}
