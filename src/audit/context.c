/* SPDX-License-Identifier: Apache-2.0
 *
 * With which right does the record's own work reach its tables? With a context of scope RECORD that the keeper signs:
 * the application's role alone sees nothing of the record and changes nothing in it, so a statement injected into a
 * request cannot read who did what, nor append junk that would contradict the signer for ever. One context is kept and
 * renewed before it ends: no round trip for a batch. A table that row security hides looks empty; whoever reads the
 * record therefore asks in the same transaction whether it was visible, and never takes hidden rows for lost ones.
 */
#include "sanjeh/keys/scopes.h"
#include "state.h"

#define LIFE_US  (INT64_C(55) * 60 * 1000000) /* the keeper grants an hour */
#define RENEW_US (INT64_C(2) * 60 * 1000000)

sj_status sj_record_context(struct sj_sequencer *s, struct sj_context *ret_context)
{
    const sj_time_us now = sj_time_now();
    const sj_time_us left = s->context_until - now;
    if (left < RENEW_US || left > LIFE_US /* the clock was set back */) {
        const struct sj_uuid scope = SJ_SCOPE_RECORD;
        const sj_status status =
            ask_context(s->config.channel, &scope, 1, now + LIFE_US, &s->context);
        if (!sj_failed(status)) {
            s->context_until = now + LIFE_US;
        } else if (left <= 0 || left > LIFE_US) {
            return status;
        }
    }
    *ret_context = s->context;
    return SJ_DONE;
}

sj_status sj_sequencer_log_key(struct sj_sequencer *s, struct sj_key *ret_key)
{
    return ask_emitter_key(s->config.channel, s->head.log_id, ret_key);
}

sj_status sj_record_read(struct sj_db *db, const struct sj_context *context,
    const struct sj_query *query, struct sj_rows **ret_rows)
{
    /* the right is asked last: when it still holds then, it held before */
    const struct sj_query queries[] = {*query, {.sql = SJ_SQL_AUDIT_SCOPE_GET}};
    struct sj_rows *rows[SJ_COUNT(queries)] = {NULL};
    TRY(sj_db_read(db, context, queries, SJ_COUNT(queries), rows));
    CLEANUP(sj_rows_free) struct sj_rows *asked = rows[0];
    CLEANUP(sj_rows_free) struct sj_rows *scope = rows[1];
    ENSURE(sj_rows_count(scope) == 1 && sj_row_bool(scope, 0, 0), FORBIDDEN);
    *ret_rows = TAKE(asked);
    return SJ_DONE;
}

sj_status sj_record_minimum(
    struct sj_db *db, const struct sj_context *context, uint64_t *ret_minimum)
{
    const struct sj_query query = {.sql = SJ_SQL_AUDIT_RETENTION_GET};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_record_read(db, context, &query, &rows));
    ENSURE(sj_rows_count(rows) == 1 && sj_row_i64(rows, 0, 0) >= 0, LOG_TAMPERED);
    *ret_minimum = (uint64_t)sj_row_i64(rows, 0, 0);
    return SJ_DONE;
}

sj_status sj_record_missing(struct sj_db *db, const struct sj_context *context, uint64_t index)
{
    uint64_t minimum = 0;
    TRY(sj_record_minimum(db, context, &minimum));
    ENSURE(index < minimum, LOG_TAMPERED);
    FAIL(PRUNED);
}
