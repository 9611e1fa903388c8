/* SPDX-License-Identifier: Apache-2.0
 *
 * Who gets which connection, and who looks after those that are slow or gone? A pool belongs to one loop:
 * readers are shared, each writer serves one transaction at a time and is handed from one to the next
 * waiter in order. One timer, armed only while something is in flight or down, drops connections whose
 * oldest answer is overdue and connects lost ones again. Nothing here locks.
 * If a writer were handed over inside a transaction, one request's rows would be committed by another.
 */
#include "db_priv.h"

#define TICK_MIN_MS 5
#define TICK_MAX_MS 50

static int64_t tick_ms(const struct sj_db *db)
{
    const int64_t tick = db->statement_timeout_ms / 8;
    return tick < TICK_MIN_MS ? TICK_MIN_MS : (tick > TICK_MAX_MS ? TICK_MAX_MS : tick);
}

static size_t conns_count(const struct sj_db *db)
{
    return db->readers + db->writers + 1;
}

void db_arm(struct sj_db *db)
{
    if (db->timer != NULL && !db->timer_armed) {
        db->timer_armed = true;
        sj_timer_set(db->timer, tick_ms(db));
    }
}

bool db_may_park(const struct sj_db *db)
{
    return db->loop != NULL && sj_loop_current() == db->loop && sj_fiber_current() != NULL;
}

/* Looks after one connection; true when it must be looked at again. */
static bool tend(struct db_conn *conn, int64_t now)
{
    switch (conn->state) {
    case DB_CLOSED:
        if (conn->kind == DB_LISTEN && conn->db->channels_count == 0) {
            return false;
        }
        if (conn->retry_ms <= now) {
            db_conn_start(conn);
        }
        return true;
    case DB_CONNECTING:
    case DB_PREPARING:
        if (conn->give_up_ms <= now) {
            db_conn_lost(conn, SJ_FAILURE(DATABASE_UNAVAILABLE));
        }
        return true;
    case DB_READY:
        if (conn->head != NULL && conn->head->deadline_ms <= now) {
            db_conn_lost(conn, SJ_FAILURE(DATABASE_TIMEOUT));
            return true;
        }
        return conn->head != NULL;
    }
    return false;
}

static void on_timer(void *ctx)
{
    struct sj_db *db = ctx;
    db->timer_armed = false;
    const int64_t now = sj_time_monotonic_ms();
    bool again = false;
    for (size_t i = 0; i < conns_count(db); i++) {
        again = tend(&db->conns[i], now) || again;
    }
    if (again) {
        db_arm(db);
    }
}

static sj_status open_all(struct sj_db *db)
{
    for (size_t i = 0; i < db->readers + db->writers; i++) {
        TRY(db_conn_open(&db->conns[i]));
    }
    return SJ_DONE;
}

static sj_status setup(const struct sj_db_config *config, struct sj_loop *loop, struct sj_db *db)
{
    void *memory = NULL;
    const size_t length = strlen(config->conninfo) + 1;
    TRY(sj_alloc(length, 1, &memory));
    db->conninfo = memory;
    TRY(sj_copy(db->conninfo, length, config->conninfo, length));
    db->loop = loop;
    db->connect_timeout_ms = config->connect_timeout_ms;
    db->statement_timeout_ms = config->statement_timeout_ms;
    TRY(sj_alloc(
        config->read_connections + config->write_connections + 1, sizeof(struct db_conn), &memory));
    db->conns = memory;
    db->readers = config->read_connections;
    db->writers = config->write_connections;
    for (size_t i = 0; i < conns_count(db); i++) {
        db->conns[i].db = db;
        db->conns[i].backoff_ms = DB_BACKOFF_MIN_MS;
        db->conns[i].kind = i < db->readers                 ? DB_READ
                            : i < db->readers + db->writers ? DB_WRITE
                                                            : DB_LISTEN;
    }
    if (loop != NULL) {
        TRY(sj_timer_new(loop, on_timer, db, &db->timer));
    }
    return open_all(db);
}

sj_status sj_db_open(const struct sj_db_config *config, struct sj_loop *loop, struct sj_db **ret_db)
{
    ENSURE(config->read_connections >= 1 && config->read_connections <= 64, BAD_CONFIG);
    ENSURE(config->write_connections >= 1 && config->write_connections <= 256, BAD_CONFIG);
    ENSURE(config->connect_timeout_ms > 0 && config->statement_timeout_ms > 0, BAD_CONFIG);
    TRY(db_conninfo_check(config->conninfo));
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_db), &memory));
    CLEANUP(sj_db_close) struct sj_db *db = memory;
    TRY(setup(config, loop, db));
    *ret_db = TAKE(db);
    return SJ_DONE;
}

void sj_db_close(struct sj_db **db)
{
    if (db == NULL || *db == NULL) {
        return;
    }
    struct sj_db *own = TAKE(*db);
    sj_timer_free(&own->timer);
    for (size_t i = 0; own->conns != NULL && i < conns_count(own); i++) {
        struct db_conn *conn = &own->conns[i];
        SJ_ASSERT(!conn->in_use && (conn->head == NULL || conn->head == &conn->setup));
        sj_watch_free(&conn->watch);
        PQfinish(conn->pg);
    }
    SJ_ASSERT(own->waiters == NULL);
    sj_free(own->conns);
    sj_free(own->conninfo);
    sj_free(own);
}

bool sj_db_is_ready(const struct sj_db *db)
{
    bool reader = false;
    bool writer = false;
    for (size_t i = 0; i < db->readers + db->writers; i++) {
        const struct db_conn *conn = &db->conns[i];
        reader = reader || (conn->kind == DB_READ && conn->state == DB_READY);
        writer = writer || (conn->kind == DB_WRITE && conn->state == DB_READY);
    }
    return reader && writer;
}

static struct db_conn *free_writer(struct sj_db *db, bool *ret_any)
{
    *ret_any = false;
    for (size_t i = db->readers; i < db->readers + db->writers; i++) {
        struct db_conn *conn = &db->conns[i];
        if (conn->state == DB_READY) {
            *ret_any = true;
            if (!conn->in_use) {
                return conn;
            }
        }
    }
    return NULL;
}

static void waiter_end(struct sj_db *db, struct db_conn *conn, sj_status status)
{
    struct db_waiter *waiter = db->waiters;
    db->waiters = waiter->next;
    if (db->waiters == NULL) {
        db->waiters_tail = NULL;
    }
    waiter->conn = conn;
    waiter->status = status;
    waiter->done = true;
    sj_fiber_wake(waiter->fiber);
}

void db_serve_waiters(struct sj_db *db)
{
    while (db->waiters != NULL) {
        bool any = false;
        struct db_conn *conn = free_writer(db, &any);
        if (conn != NULL) {
            conn->in_use = true;
            waiter_end(db, conn, SJ_DONE);
        } else if (!any) {
            waiter_end(db, NULL, SJ_FAILURE(DATABASE_UNAVAILABLE));
        } else {
            return;
        }
    }
}

void db_release(struct db_conn *conn)
{
    SJ_ASSERT(conn->in_use);
    conn->in_use = false;
    db_serve_waiters(conn->db);
}

static void waiter_remove(struct sj_db *db, struct db_waiter *waiter)
{
    struct db_waiter *before = NULL;
    for (struct db_waiter *at = db->waiters; at != waiter; at = at->next) {
        before = at;
    }
    if (before == NULL) {
        db->waiters = waiter->next;
    } else {
        before->next = waiter->next;
    }
    if (db->waiters_tail == waiter) {
        db->waiters_tail = before;
    }
}

static sj_status wait_for_writer(struct sj_db *db, struct db_conn **ret_conn)
{
    struct db_waiter waiter = {.fiber = sj_fiber_current(), .status = SJ_DONE};
    if (db->waiters_tail != NULL) {
        db->waiters_tail->next = &waiter;
    } else {
        db->waiters = &waiter;
    }
    db->waiters_tail = &waiter;
    const int64_t until = sj_time_monotonic_ms() + db->statement_timeout_ms;
    while (!waiter.done) {
        const int64_t left = until - sj_time_monotonic_ms();
        if (left <= 0 || (!sj_fiber_park_for(left) && !waiter.done)) {
            waiter_remove(db, &waiter);
            FAIL(BUSY);
        }
    }
    TRY(waiter.status);
    *ret_conn = waiter.conn;
    return SJ_DONE;
}

sj_status db_acquire(struct sj_db *db, struct db_conn **ret_conn)
{
    bool any = false;
    struct db_conn *conn = free_writer(db, &any);
    if (conn == NULL && db_may_park(db)) {
        ENSURE(any, DATABASE_UNAVAILABLE);
        return wait_for_writer(db, ret_conn);
    }
    for (size_t i = db->readers; conn == NULL && i < db->readers + db->writers; i++) {
        /* Nobody can park, so a lost connection is made anew here. */
        if (!db->conns[i].in_use && db->conns[i].state != DB_READY) {
            TRY(db_conn_open(&db->conns[i]));
            conn = &db->conns[i];
        }
    }
    ENSURE(conn != NULL, BUSY);
    conn->in_use = true;
    *ret_conn = conn;
    return SJ_DONE;
}
