/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a request read? Context and queries up to one Sync are one implicit transaction on a shared,
 * read-only, pipelined connection: one round trip, many requests in flight, none sees another's
 * context because set_config(…, true) ends with its transaction. A shared Sync would save a little more
 * and mix units; it is not done.
 */
#include "db_priv.h"

static sj_status pick_reader(struct sj_db *db, struct db_conn **ret_conn)
{
    struct db_conn *best = NULL;
    for (size_t i = 0; i < db->readers; i++) {
        struct db_conn *conn = &db->conns[i];
        if (conn->state == DB_READY && (best == NULL || conn->in_flight < best->in_flight)) {
            best = conn;
        }
    }
    if (best == NULL && !db_may_park(db)) {
        best = &db->conns[0];
        TRY(db_conn_open(best));
    }
    ENSURE(best != NULL, DATABASE_UNAVAILABLE);
    *ret_conn = best;
    return SJ_DONE;
}

sj_status sj_db_read(struct sj_db *db, const struct sj_context *context,
    const struct sj_query *queries, size_t count, struct sj_rows **ret_rows)
{
    SJ_ASSERT(count >= 1 && count <= SJ_BATCH_MAX);
    struct db_conn *conn = NULL;
    TRY(pick_reader(db, &conn));
    struct sj_rows *rows[SJ_BATCH_MAX] = {NULL};
    struct db_request request = {.rows = rows, .first = 1, .keep = count};
    const struct sj_param text = sj_p_text(sj_text_of(context->text));
    TRY(db_send(conn, SJ_SQL_CONTEXT_SET, &text, 1));
    for (size_t i = 0; i < count; i++) {
        TRY(db_send(conn, queries[i].sql, queries[i].params, queries[i].param_count));
        request.names[i + 1] = queries[i].sql;
    }
    TRY(db_submit(conn, &request));
    TRY(db_wait(conn, &request));
    for (size_t i = 0; i < count; i++) {
        ret_rows[i] = rows[i];
    }
    return SJ_DONE;
}
