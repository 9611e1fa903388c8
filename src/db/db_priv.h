/* SPDX-License-Identifier: Apache-2.0
 *
 * The inside of the pool. A connection is a state machine that the loop's events drive, or poll(2) when
 * nobody may park (loop NULL, or a call outside a fiber). A request is what lies between two Sync
 * messages; it lives on its waiter's stack and stands in the connection's queue until the server's answer
 * to its Sync, or the loss of the connection, marks it done.
 *
 *   CLOSED -> CONNECTING -> PREPARING -> READY -> (lost) CLOSED, tried again after a pause
 */
#ifndef SJ_DB_DB_PRIV_H
#define SJ_DB_DB_PRIV_H

#include "sanjeh/db/db.h"
#include "statement_priv.h"

#include <libpq-fe.h>

#define DB_EPOCH_US       INT64_C(946684800000000) /* 2000-01-01T00:00:00Z in Unix time */
#define DB_EPOCH_DAYS     INT64_C(10957)
#define DB_PARAMS_MAX     40u
#define DB_CONSTRAINT_MAX 64u /* NAMEDATALEN */
#define DB_GRACE_MS       200 /* the server's own timeout comes first, ours when it hangs */
#define DB_BACKOFF_MIN_MS 50
#define DB_BACKOFF_MAX_MS 2000
#define DB_CHANNELS_MAX   8u
#define DB_NAMES_MAX      12u /* statements of a request whose names a failure can tell */

enum db_kind { DB_READ = 0, DB_WRITE, DB_LISTEN };
enum db_state { DB_CLOSED = 0, DB_CONNECTING, DB_PREPARING, DB_READY };

struct db_request {
    struct db_request *next;
    struct sj_fiber *fiber; /* parked for it; NULL: somebody polls, or nobody waits yet */
    struct sj_rows **rows;  /* slots for the kept results */
    size_t first;           /* results before this one are dropped */
    size_t keep;            /* results from there on that are kept */
    size_t seen;
    int64_t deadline_ms; /* monotonic */
    int64_t patience_ms; /* for the answer; 0: the pool's */
    sj_status status;
    char constraint[DB_CONSTRAINT_MAX];
    enum sj_sql names[DB_NAMES_MAX];
    bool done;
};

struct sj_tx {
    struct db_conn *conn;
    struct sj_context context;
    uint64_t life;   /* conn->life at the begin: another one now means that it was lost */
    size_t unsynced; /* statements sent since the last Sync */
    bool begun;
    int64_t patience_ms; /* for an answer; 0: the pool's */
    sj_status failed;
    char constraint[DB_CONSTRAINT_MAX];
    enum sj_sql names[DB_NAMES_MAX]; /* of the unsynced ones */
};

struct db_conn {
    struct sj_db *db;
    enum db_kind kind;
    enum db_state state;
    PGconn *pg;
    struct sj_watch *watch;
    uint32_t wanted; /* EPOLLIN, EPOLLOUT: what the state machine waits for */
    uint64_t life;   /* counts losses */
    struct db_request *head;
    struct db_request *tail;
    size_t in_flight;
    struct db_request setup;
    int64_t give_up_ms; /* while connecting and preparing */
    int64_t retry_ms;   /* when closed */
    int64_t backoff_ms;
    sj_status why; /* of the last loss */
    bool in_use;   /* DB_WRITE: a transaction holds it */
    struct sj_tx tx;
};

struct db_waiter { /* for a write connection */
    struct db_waiter *next;
    struct sj_fiber *fiber;
    struct db_conn *conn;
    sj_status status;
    bool done;
};

struct db_channel {
    char name[DB_CONSTRAINT_MAX];
    sj_notify_fn *fn;
    void *ctx;
};

struct sj_db {
    struct sj_loop *loop;
    char *conninfo;
    int64_t connect_timeout_ms;
    int64_t statement_timeout_ms;
    struct db_conn *conns; /* readers, writers, the listener */
    size_t readers;
    size_t writers;
    struct sj_timer *timer;
    bool timer_armed;
    struct db_waiter *waiters;
    struct db_waiter *waiters_tail;
    struct db_channel channels[DB_CHANNELS_MAX];
    size_t channels_count;
};

/* sqlstate.c; NULL: libpq's own error. Never ok. */
sj_status db_status_of_sqlstate(const char *sqlstate);

/* conninfo.c: refuses a password in conninfo and anything but a unix socket or verified TLS. */
sj_status db_conninfo_check(const char *conninfo);
/* Starts connecting, non-blocking; options: "-c name=value …". NULL only without memory. */
PGconn *db_conninfo_start(const char *conninfo, const char *options);

/* connection.c */
sj_status db_conn_open(struct db_conn *conn); /* blocks until READY */
void db_conn_start(struct db_conn *conn);     /* begins to connect; failure shows as CLOSED */
void db_conn_on_event(struct db_conn *conn);  /* something may be readable or writable */
void db_conn_pump(struct db_conn *conn, int64_t deadline_ms); /* poll(2) once, then the same */
void db_conn_interest(struct db_conn *conn, uint32_t events);
/* Drops the connection; every waiting request ends with DATABASE_TIMEOUT when its deadline has passed, with
 * DATABASE_UNAVAILABLE otherwise. */
void db_conn_lost(struct db_conn *conn, sj_status why);
void db_conn_prepared(struct db_conn *conn); /* the setup request is done */

/* request.c */
sj_status db_send(
    struct db_conn *conn, enum sj_sql sql, const struct sj_param *params, size_t count);
/* Sync, and the request stands in the queue. On failure the connection is lost. */
sj_status db_submit(struct db_conn *conn, struct db_request *request);
/* Parks or polls until it is done. Kept rows are freed on failure. */
sj_status db_wait(struct db_conn *conn, struct db_request *request);
void db_dispatch(struct db_conn *conn);
void db_request_end(struct db_request *request);

/* pool.c */
void db_arm(struct sj_db *db); /* the timer shall look soon */
sj_status db_acquire(struct sj_db *db, struct db_conn **ret_conn);
void db_release(struct db_conn *conn);
void db_serve_waiters(struct sj_db *db);
bool db_may_park(const struct sj_db *db);

/* listen.c */
sj_status db_listen_setup(struct db_conn *conn);
void db_listen_on_input(struct db_conn *conn);

#endif
