/* SPDX-License-Identifier: Apache-2.0
 *
 * How do statements get to the server and their results back to the fiber that waits? Statements are
 * written into libpq's buffer with binary parameters; one Sync ends a request and sends all of it with
 * one system call (PQpipelineSync of libpq 15 flushes by itself, so requests of one turn do not share
 * a send). Answers come in the order of the requests: one read takes as many as there are, each result
 * goes to the request at the head of the queue, and the answer to its Sync ends it.
 * The path allocates nothing beside libpq's own results. If a result went to the wrong request, one unit
 * would see another's rows: order is the protocol's, and each request counts its results.
 */
#include "db_priv.h"

#include "sanjeh/base/log.h"

#include <sys/epoll.h>

static const int binary_formats[DB_PARAMS_MAX] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

sj_status db_send(
    struct db_conn *conn, enum sj_sql sql, const struct sj_param *params, size_t count)
{
    SJ_ASSERT(sql > SJ_SQL_NONE_ && sql < SJ_SQL_COUNT_ && count <= DB_PARAMS_MAX);
    ENSURE(conn->pg != NULL && conn->state == DB_READY, DATABASE_UNAVAILABLE);
    const char *values[DB_PARAMS_MAX];
    int lengths[DB_PARAMS_MAX];
    for (size_t i = 0; i < count; i++) {
        values[i] = params[i].in_room ? (const char *)params[i].room : (const char *)params[i].ptr;
        lengths[i] = params[i].len;
    }
    if (PQsendQueryPrepared(conn->pg, sj_statements[sql].name, (int)count, values, lengths,
            binary_formats, /* resultFormat= */ 1) != 1) {
        db_conn_lost(conn, SJ_FAILURE(DATABASE_UNAVAILABLE));
        FAIL(DATABASE_UNAVAILABLE);
    }
    return SJ_DONE;
}

static int64_t deadline_of(const struct db_conn *conn, const struct db_request *request)
{
    return sj_time_monotonic_ms() + DB_GRACE_MS +
           (request->patience_ms > 0 ? request->patience_ms : conn->db->statement_timeout_ms);
}

sj_status db_submit(struct db_conn *conn, struct db_request *request)
{
    request->next = NULL;
    request->status = SJ_DONE;
    request->done = false;
    request->deadline_ms = deadline_of(conn, request);
    int unsent = -1;
    if (PQpipelineSync(conn->pg) == 1) {
        unsent = PQflush(conn->pg);
    }
    if (unsent < 0) {
        db_conn_lost(conn, SJ_FAILURE(DATABASE_UNAVAILABLE));
        FAIL(DATABASE_UNAVAILABLE);
    }
    if (conn->tail != NULL) {
        conn->tail->next = request;
    } else {
        conn->head = request;
    }
    conn->tail = request;
    conn->in_flight++;
    db_conn_interest(conn, unsent == 1 ? EPOLLIN | EPOLLOUT : EPOLLIN);
    db_arm(conn->db);
    return SJ_DONE;
}

/* Wakes that are meant for something else are kept for it. */
static void park_until_done(struct db_request *request)
{
    bool stray = false;
    request->fiber = sj_fiber_current();
    while (!request->done) {
        sj_fiber_park();
        stray = stray || !request->done;
    }
    if (stray) {
        sj_fiber_wake(request->fiber);
    }
}

sj_status db_wait(struct db_conn *conn, struct db_request *request)
{
    if (db_may_park(conn->db)) {
        park_until_done(request);
    }
    while (!request->done) {
        db_conn_pump(conn, request->deadline_ms);
    }
    if (sj_failed(request->status)) {
        for (size_t i = 0; i < request->keep; i++) {
            sj_rows_free(&request->rows[i]);
        }
        return request->status;
    }
    SJ_ASSERT(request->seen == request->first + request->keep);
    return SJ_DONE;
}

void db_request_end(struct db_request *request)
{
    request->done = true;
    if (request->fiber != NULL) {
        sj_fiber_wake(request->fiber);
    }
}

/* Sentences of the server may hold values of a row: they are logged only where the error is our own bug. */
static void note_failure(
    const struct db_conn *conn, const struct db_request *request, const PGresult *result)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const bool setup = request == &conn->setup;
    if (setup || request->status.code == SJ_INTERNAL || request->status.code == SJ_FORBIDDEN) {
        const size_t place = request->seen;
        const size_t number = setup                  ? (place + 1) % SJ_SQL_COUNT_
                              : place < DB_NAMES_MAX ? (size_t)request->names[place]
                                                     : SJ_SQL_NONE_;
        SJ_LOG(ERROR, setup ? "db.statement.refused" : "db.statement.failed",
            sj_log_str("statement", sj_statements[number].name),
            sj_log_str("sqlstate", sqlstate == NULL ? "" : sqlstate),
            sj_log_str("message", message == NULL ? "" : message));
    }
}

static void take_failure(
    const struct db_conn *conn, struct db_request *request, const PGresult *result)
{
    if (sj_failed(request->status)) {
        return; /* the first one is the cause */
    }
    request->status = db_status_of_sqlstate(PQresultErrorField(result, PG_DIAG_SQLSTATE));
    const char *constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    if (constraint != NULL) {
        sj_ignore(sj_copy(request->constraint, sizeof(request->constraint) - 1, constraint,
                      strnlen(constraint, sizeof(request->constraint) - 1)),
            "bounded by strnlen");
    }
    note_failure(conn, request, result);
}

static void take_row_result(struct db_request *request, PGresult *result)
{
    const size_t slot = request->seen - request->first;
    if (request->seen >= request->first && slot < request->keep) {
        request->rows[slot] = (struct sj_rows *)result;
    } else {
        PQclear(result);
    }
    request->seen++;
}

static void take_sync(struct db_conn *conn, struct db_request *request)
{
    conn->head = request->next;
    if (conn->head == NULL) {
        conn->tail = NULL;
    } else {
        /* It has waited behind others: its own time begins now. Otherwise one slow statement would take
         * everybody behind it, and the connection, with it. */
        conn->head->deadline_ms = deadline_of(conn, conn->head);
    }
    conn->in_flight--;
    if (request == &conn->setup) {
        db_conn_prepared(conn);
    } else {
        db_request_end(request);
    }
}

static void take_result(struct db_conn *conn, PGresult *result)
{
    struct db_request *request = conn->head;
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
        take_row_result(request, result);
        return;
    }
    if (status == PGRES_PIPELINE_SYNC) {
        PQclear(result);
        take_sync(conn, request);
        return;
    }
    if (status != PGRES_PIPELINE_ABORTED) {
        take_failure(conn, request, result);
    }
    request->seen++;
    PQclear(result);
}

void db_dispatch(struct db_conn *conn)
{
    unsigned empty = 0; /* libpq says NULL between statements; twice in a row it has nothing */
    while (conn->head != NULL && empty < 2 && PQisBusy(conn->pg) == 0) {
        PGresult *result = PQgetResult(conn->pg);
        if (result == NULL) {
            empty++;
            continue;
        }
        empty = 0;
        take_result(conn, result);
    }
}
