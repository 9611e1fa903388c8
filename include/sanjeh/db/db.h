/* SPDX-License-Identifier: Apache-2.0
 *
 * PostgreSQL behind one door. Query text lives in src/db/sql/<noun>_<verb>.sql and is embedded at
 * build time; every connection prepares all of it when it opens. Everything is sent in pipeline
 * mode with binary parameters and binary results.
 *
 * A pool belongs to one loop. On a fiber a call parks it until the answer is there; with loop == NULL
 * (command line, tests) the same call blocks. There is no way to run a statement without a context:
 * sj_context says for which unit (or named system scope) rows are visible, signed by the keeper and
 * checked by the database (migrations: sanjeh.scope_ids()).
 */
#ifndef SJ_DB_DB_H
#define SJ_DB_DB_H

#include "sanjeh/base/buf.h"
#include "sanjeh/base/id.h"
#include "sanjeh/base/loop.h"
#include "sanjeh/base/time.h"
#include "sanjeh/db/statements.h" /* generated: enum sj_sql */

struct sj_db;
struct sj_tx;
struct sj_rows;

struct sj_db_config {
    const char *conninfo;      /* libpq keywords without password: passfile=… names the secret */
    unsigned read_connections; /* shared, pipelined, read only; 1 is enough for one loop */
    unsigned write_connections;
    int64_t connect_timeout_ms;
    int64_t statement_timeout_ms; /* also the deadline of each answer */
};

/* The signed context of a request: text for set_config('sanjeh.context', …). */
struct sj_context {
    char text[512]; /* NUL-terminated; "" sees nothing */
};

/* A statement's parameter, binary. Make them with sj_p_*; views are borrowed until the call returns. */
struct sj_param {
    const void *ptr; /* NULL: SQL NULL */
    int len;
    uint8_t room[8];
    bool in_room; /* the value is in room, ptr ignored */
};
struct sj_param sj_p_null(void);
struct sj_param sj_p_id(const struct sj_uuid *id); /* pointer must outlive the call */
struct sj_param sj_p_id_or_null(const struct sj_uuid *id);
struct sj_param sj_p_i64(int64_t value); /* ::int8 */
struct sj_param sj_p_i32(int32_t value); /* ::int4 */
struct sj_param sj_p_bool(bool value);
struct sj_param sj_p_text(struct sj_text text);
struct sj_param sj_p_text_or_null(struct sj_text text); /* empty is null */
struct sj_param sj_p_bytes(struct sj_view bytes);       /* ::bytea */
struct sj_param sj_p_time(sj_time_us time);             /* ::timestamptz */
struct sj_param sj_p_day(int64_t days);                 /* ::date */

/* Arrays for unnest: build with these, then pass sj_p_array. The buffer holds the binary form. */
struct sj_array {
    struct sj_buf bytes;
    uint32_t element_oid;
    uint32_t count;
};
#define SJ_OID_BYTEA 17u
#define SJ_OID_INT8  20u
#define SJ_OID_INT4  23u
#define SJ_OID_TEXT  25u
#define SJ_OID_DATE  1082u
#define SJ_OID_UUID  2950u
SJ_MUST_CHECK sj_status sj_array_init(
    struct sj_array *array, uint32_t element_oid, size_t max_bytes);
void sj_array_clear(struct sj_array *array);
void sj_array_reset(struct sj_array *array); /* empty, memory kept */
SJ_MUST_CHECK sj_status sj_array_put(
    struct sj_array *array, const void *element, size_t len); /* NULL: null */
SJ_MUST_CHECK sj_status sj_array_put_i64(struct sj_array *array, int64_t value);
SJ_MUST_CHECK sj_status sj_array_put_i32(struct sj_array *array, int32_t value);
struct sj_param sj_p_array(struct sj_array *array); /* patches the header; borrowed */

/* Opens the pool; all connections are made at once (blocking) so that a wrong configuration shows now.
 * loop NULL: every call blocks. Errors: BAD_CONFIG (a password in conninfo, neither a unix socket nor
 * sslmode=verify-full, options=, service=), DATABASE_UNAVAILABLE, SCHEMA_MISMATCH (a statement does not prepare;
 * the log names it). */
SJ_MUST_CHECK sj_status sj_db_open(
    const struct sj_db_config *config, struct sj_loop *loop, struct sj_db **ret_db);
/* No call and no transaction may be in progress. */
void sj_db_close(struct sj_db **db);

/* One statement of a batch. */
struct sj_query {
    enum sj_sql sql;
    const struct sj_param *params;
    size_t param_count;
};

#define SJ_BATCH_MAX 8

/* Reads: context and queries in one implicit read-only transaction on a shared pipelined connection,
 * one round trip. ret_rows[i] is given for each query (sj_rows_free).
 * Errors: DATABASE_UNAVAILABLE, DATABASE_TIMEOUT, or the mapped SQLSTATE. */
SJ_MUST_CHECK sj_status sj_db_read(struct sj_db *db, const struct sj_context *context,
    const struct sj_query *queries, size_t count, struct sj_rows **ret_rows);

/* Writes: a transaction on a connection of its own. BEGIN and the context travel with the first
 * statement. A fiber waits for a free connection at most statement_timeout_ms, then BUSY. */
SJ_MUST_CHECK sj_status sj_tx_begin(
    struct sj_db *db, const struct sj_context *context, struct sj_tx **ret_tx);
/* Waits so long for each further answer instead of statement_timeout_ms; the server's own timeout is for a statement to set. */
void sj_tx_be_patient(struct sj_tx *tx, int64_t patience_ms);
/* Sends and waits for this statement's answer. ret_rows may be NULL. After an error only
 * sj_tx_rollback is allowed. */
SJ_MUST_CHECK sj_status sj_tx_query(struct sj_tx *tx, enum sj_sql sql,
    const struct sj_param *params, size_t param_count, struct sj_rows **ret_rows);
/* Queues without waiting; its error, if any, comes from the next sj_tx_query or the commit. */
SJ_MUST_CHECK sj_status sj_tx_send(
    struct sj_tx *tx, enum sj_sql sql, const struct sj_param *params, size_t param_count);
/* Lets the server begin with what was queued, for whoever goes on with long work of its own. */
SJ_MUST_CHECK sj_status sj_tx_push(struct sj_tx *tx);
/* Consumes the transaction in every case. Ok means durable. A lost connection gives
 * DATABASE_UNAVAILABLE: the outcome is unknown, the outbox tells later. */
SJ_MUST_CHECK sj_status sj_tx_commit(struct sj_tx **tx);
/* NULL-safe, for CLEANUP(sj_tx_rollback). One round trip when anything was sent. */
void sj_tx_rollback(struct sj_tx **tx);

/* Results. Rows and columns count from 0; a wrong index or size asserts (our bug). */
void sj_rows_free(struct sj_rows **rows);
size_t sj_rows_count(const struct sj_rows *rows);
/* Rows touched by INSERT, UPDATE, DELETE. */
uint64_t sj_rows_affected(const struct sj_rows *rows);
bool sj_row_is_null(const struct sj_rows *rows, size_t row, size_t column);
struct sj_uuid sj_row_id(const struct sj_rows *rows, size_t row, size_t column); /* nil when null */
int64_t sj_row_i64(
    const struct sj_rows *rows, size_t row, size_t column); /* int2, int4, int8; 0 when null */
bool sj_row_bool(const struct sj_rows *rows, size_t row, size_t column);
struct sj_text sj_row_text(
    const struct sj_rows *rows, size_t row, size_t column); /* borrowed from rows */
struct sj_view sj_row_bytes(const struct sj_rows *rows, size_t row, size_t column);
sj_time_us sj_row_time(const struct sj_rows *rows, size_t row, size_t column);
int64_t sj_row_day(const struct sj_rows *rows, size_t row, size_t column);

/* The name of the constraint that the last CONSTRAINT/DUPLICATE/CONFLICT error of this tx named, "" if none. */
const char *sj_tx_constraint(const struct sj_tx *tx);
/* Whether the pool has a usable connection now (readyz). */
bool sj_db_is_ready(const struct sj_db *db);

/* LISTEN on its own connection of the pool; fn(payload) on the loop. After a reconnect fn gets payload "" :
 * whatever was cached must be dropped; so it does once when listening begins. fn must not wait.
 * Errors: BAD_CONFIG without a loop, LIMIT_EXCEEDED (8 channels), DATABASE_UNAVAILABLE. */
typedef void sj_notify_fn(void *ctx, struct sj_text channel, struct sj_text payload);
SJ_MUST_CHECK sj_status sj_db_listen(
    struct sj_db *db, const char *channel, sj_notify_fn *fn, void *ctx);

/* Start-up self-check (I3): refuses with UNSAFE_DATABASE, and says in reterr_reason (arena-free, 256 bytes)
 * which table or role, when a table with a unit_id column lacks forced row security, the role is
 * superuser, bypasses row security, owns or may create anything, or fsync/full_page_writes are off;
 * SCHEMA_MISMATCH when the newest migration is not the one of this build. */
SJ_MUST_CHECK sj_status sj_db_self_check(struct sj_db *db, char *reterr_reason, size_t reason_size);

#endif
