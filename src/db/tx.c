/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a request write? It holds a connection of its own; BEGIN and the context wait in the buffer
 * for the first statement, statements that nobody waits for travel with the next one that somebody does,
 * and COMMIT is one of those: begin, send, send, commit is one round trip.
 * After an error the server skips everything up to the Sync and the transaction can only be rolled back.
 * COMMIT of a failed transaction answers "ROLLBACK" without an error: the tag is checked, because
 * acknowledged work must be there (I8).
 */
#include "db_priv.h"

#include <sys/epoll.h>

sj_status sj_tx_begin(struct sj_db *db, const struct sj_context *context, struct sj_tx **ret_tx)
{
    struct db_conn *conn = NULL;
    TRY(db_acquire(db, &conn));
    conn->tx = (struct sj_tx){.conn = conn, .context = *context, .life = conn->life};
    *ret_tx = &conn->tx;
    return SJ_DONE;
}

/* Sends, counts, and remembers the name for the log. */
static sj_status tx_put(
    struct sj_tx *tx, enum sj_sql sql, const struct sj_param *params, size_t count)
{
    TRY(db_send(tx->conn, sql, params, count));
    if (tx->unsynced < DB_NAMES_MAX) {
        tx->names[tx->unsynced] = sql;
    }
    tx->unsynced++;
    return SJ_DONE;
}

/* BEGIN and context before the first statement; refuses after an error or a loss. */
static sj_status tx_start(struct sj_tx *tx)
{
    if (sj_failed(tx->failed)) {
        return tx->failed;
    }
    ENSURE(tx->life == tx->conn->life && tx->conn->state == DB_READY, DATABASE_UNAVAILABLE);
    if (tx->begun) {
        return SJ_DONE;
    }
    tx->begun = true;
    TRY(tx_put(tx, SJ_SQL_TX_BEGIN, NULL, 0));
    const struct sj_param text = sj_p_text(sj_text_of(tx->context.text));
    return tx_put(tx, SJ_SQL_CONTEXT_SET, &text, 1);
}

static sj_status tx_queue(
    struct sj_tx *tx, enum sj_sql sql, const struct sj_param *params, size_t count)
{
    TRY(tx_start(tx));
    return tx_put(tx, sql, params, count);
}

/* Sync and wait; *ret_rows is the result of the last statement sent. */
static sj_status tx_sync(struct sj_tx *tx, struct sj_rows **ret_rows)
{
    struct sj_rows *rows = NULL;
    struct db_request request = {
        .rows = &rows, .first = tx->unsynced - 1, .keep = 1, .patience_ms = tx->patience_ms};
    for (size_t i = 0; i < tx->unsynced && i < DB_NAMES_MAX; i++) {
        request.names[i] = tx->names[i];
    }
    tx->unsynced = 0;
    TRY(db_submit(tx->conn, &request));
    const sj_status status = db_wait(tx->conn, &request);
    if (sj_failed(status)) {
        sj_ignore(sj_copy(tx->constraint, sizeof(tx->constraint), request.constraint,
                      sizeof(request.constraint)),
            "the same size");
        return status;
    }
    *ret_rows = rows;
    return SJ_DONE;
}

static sj_status tx_remember(struct sj_tx *tx, sj_status status)
{
    if (sj_failed(status) && !sj_failed(tx->failed)) {
        tx->failed = status;
    }
    return status;
}

static sj_status tx_query(struct sj_tx *tx, enum sj_sql sql, const struct sj_param *params,
    size_t count, struct sj_rows **ret_rows)
{
    TRY(tx_queue(tx, sql, params, count));
    return tx_sync(tx, ret_rows);
}

void sj_tx_be_patient(struct sj_tx *tx, int64_t patience_ms)
{
    SJ_ASSERT(patience_ms > 0);
    tx->patience_ms = patience_ms;
}

sj_status sj_tx_query(struct sj_tx *tx, enum sj_sql sql, const struct sj_param *params,
    size_t param_count, struct sj_rows **ret_rows)
{
    struct sj_rows *rows = NULL;
    TRY(tx_remember(tx, tx_query(tx, sql, params, param_count, &rows)));
    if (ret_rows != NULL) {
        *ret_rows = rows;
    } else {
        sj_rows_free(&rows);
    }
    return SJ_DONE;
}

sj_status sj_tx_send(
    struct sj_tx *tx, enum sj_sql sql, const struct sj_param *params, size_t param_count)
{
    return tx_remember(tx, tx_queue(tx, sql, params, param_count));
}

sj_status sj_tx_push(struct sj_tx *tx)
{
    if (sj_failed(tx->failed)) {
        return tx->failed;
    }
    ENSURE(tx->life == tx->conn->life && tx->conn->state == DB_READY, DATABASE_UNAVAILABLE);
    const int unsent = PQflush(tx->conn->pg);
    if (unsent < 0) {
        db_conn_lost(tx->conn, SJ_FAILURE(DATABASE_UNAVAILABLE));
        FAIL(DATABASE_UNAVAILABLE);
    }
    /* what the socket did not take goes when the loop finds it ready again */
    db_conn_interest(tx->conn, unsent == 1 ? EPOLLIN | EPOLLOUT : EPOLLIN);
    return SJ_DONE;
}

/* Leaves the server outside any transaction. An error before it makes the first ROLLBACK one of the
 * skipped statements, so it may take two. What does not obey loses its connection. */
static void tx_undo(struct sj_tx *tx)
{
    struct db_conn *conn = tx->conn;
    for (unsigned tries = 0; tries < 2; tries++) {
        if (tx->life != conn->life || conn->state != DB_READY) {
            return;
        }
        if (tx->unsynced == 0 && PQtransactionStatus(conn->pg) == PQTRANS_IDLE) {
            return;
        }
        struct sj_rows *rows = NULL;
        sj_status status = tx_put(tx, SJ_SQL_TX_ROLLBACK, NULL, 0);
        if (!sj_failed(status)) {
            status = tx_sync(tx, &rows);
        }
        sj_rows_free(&rows);
        sj_ignore(status, "the transaction's state decides below");
    }
    if (tx->life == conn->life && conn->state == DB_READY &&
        PQtransactionStatus(conn->pg) != PQTRANS_IDLE) {
        db_conn_lost(conn, SJ_FAILURE(PROTOCOL));
    }
}

static sj_status tx_commit(struct sj_tx *tx)
{
    if (sj_failed(tx->failed)) {
        return tx->failed;
    }
    ENSURE(tx->life == tx->conn->life, DATABASE_UNAVAILABLE);
    if (!tx->begun) {
        return SJ_DONE;
    }
    struct sj_rows *rows = NULL;
    TRY(tx_query(tx, SJ_SQL_TX_COMMIT, NULL, 0, &rows));
    const bool committed = strcmp(PQcmdStatus((PGresult *)rows), "COMMIT") == 0;
    sj_rows_free(&rows);
    ENSURE(committed, SERIALIZATION);
    return SJ_DONE;
}

sj_status sj_tx_commit(struct sj_tx **tx)
{
    struct sj_tx *own = TAKE(*tx);
    SJ_ASSERT(own != NULL && own->conn != NULL);
    const sj_status status = tx_commit(own);
    if (sj_failed(status)) {
        tx_undo(own);
    }
    db_release(own->conn);
    return status;
}

void sj_tx_rollback(struct sj_tx **tx)
{
    if (tx == NULL || *tx == NULL) {
        return;
    }
    struct sj_tx *own = TAKE(*tx);
    if (own->begun) {
        tx_undo(own);
    }
    db_release(own->conn);
}

const char *sj_tx_constraint(const struct sj_tx *tx)
{
    return tx == NULL ? "" : tx->constraint;
}
