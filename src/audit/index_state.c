/* SPDX-License-Identifier: Apache-2.0
 *
 * Which runs does the index consist of, and may that be believed? One row under a MAC, changed behind a compare-and-set of its
 * generation. What this server has seen is kept in memory: a row that is older, or of the same generation and different, was put
 * there by somebody else. Behind a stopped server an older row can only make the index shorter: it is then made again from the entries.
 */
#include "index_priv.h"

#include "sanjeh/base/log.h"

sj_status sj_index_new(const struct sj_key *key, struct sj_index **ret_index)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_index), &memory));
    struct sj_index *index = memory;
    index->key = *key;
    SJ_ASSERT(pthread_mutex_init(&index->lock, NULL) == 0);
    *ret_index = index;
    return SJ_DONE;
}

void sj_index_free(struct sj_index **index)
{
    struct sj_index *self = *index;
    if (self != NULL) {
        (void)pthread_mutex_destroy(&self->lock);
        sj_wipe(&self->key, sizeof self->key);
        sj_free(self->known);
        sj_free(self);
        *index = NULL;
    }
}

uint64_t sj_index_runs_upto(const struct sj_index_runs *runs)
{
    return runs->count == 0 ? 0 : runs->list[runs->count - 1].to;
}

static void lock(struct sj_index *index)
{
    SJ_ASSERT(pthread_mutex_lock(&index->lock) == 0);
}

static void unlock(struct sj_index *index)
{
    SJ_ASSERT(pthread_mutex_unlock(&index->lock) == 0);
}

struct sj_index_status sj_index_status(struct sj_index *index)
{
    struct sj_index_status status;
    lock(index);
    status = (struct sj_index_status){.is_loaded = index->is_loaded,
        .is_broken = index->is_broken,
        .upto = sj_index_runs_upto(&index->runs),
        .runs = index->runs.count,
        .generation = index->runs.generation};
    (void)snprintf(status.reason, sizeof status.reason, "%s", index->reason);
    unlock(index);
    return status;
}

bool sj_index_runs_now(struct sj_index *index, struct sj_index_runs *ret_runs)
{
    lock(index);
    const bool is_loaded = index->is_loaded;
    *ret_runs = index->runs;
    unlock(index);
    return is_loaded;
}

void sj_index_forget(struct sj_index *index)
{
    lock(index);
    index->runs.count = 0;
    index->runs.generation = 0;
    index->is_loaded = index->is_broken = false;
    index->reason[0] = '\0';
    unlock(index);
}

void sj_index_stop(struct sj_index *index)
{
    atomic_store(&index->is_stopping, true);
}

void sj_index_break(struct sj_index *index, const char *reason)
{
    lock(index);
    const bool was_broken = index->is_broken;
    index->is_broken = true;
    (void)snprintf(index->reason, sizeof index->reason, "%s", reason);
    unlock(index);
    if (!was_broken) {
        SJ_LOG(ERROR, "audit.index.broken", sj_log_str("reason", reason));
    }
}

sj_status sj_index_clear(struct sj_db *db, const struct sj_context *context)
{
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(db, context, &tx));
    TRY(sj_tx_query(tx, SJ_SQL_AUDIT_INDEX_CLEAR, NULL, 0, NULL));
    return sj_tx_commit(&tx);
}

/* ---- the row ---- */

static sj_status put_runs(const struct sj_index_runs *runs, struct sj_buf *out)
{
    for (size_t i = 0; i < runs->count; i++) {
        TRY(sj_buf_put_u64(out, runs->list[i].to));
    }
    return SJ_DONE;
}

static sj_status take_runs(struct sj_view bytes, struct sj_index_runs *runs)
{
    struct sj_reader reader = sj_reader_of(bytes);
    uint64_t from = 0;
    ENSURE(bytes.len % 8 == 0 && bytes.len / 8 <= SJ_INDEX_RUNS_MAX, LOG_TAMPERED);
    for (runs->count = 0; reader.left > 0; runs->count++) {
        struct sj_run *run = &runs->list[runs->count];
        run->from = from;
        TRY(sj_read_u64(&reader, &run->to));
        ENSURE(run->to > run->from && run->to <= INT64_MAX, LOG_TAMPERED);
        from = run->to;
    }
    return SJ_DONE;
}

sj_status sj_index_state(const struct sj_index *index, struct sj_db *db,
    const struct sj_context *context, struct sj_index_row *ret_row)
{
    const struct sj_query query = {.sql = SJ_SQL_AUDIT_INDEX_STATE_GET};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    struct sj_hash expected;
    ret_row->is_ours = false;
    ret_row->runs.generation = 0;
    ret_row->runs.count = 0;
    TRY(sj_record_read(db, context, &query, &rows));
    if (sj_rows_count(rows) != 1) {
        return SJ_DONE;
    }
    const int64_t generation = sj_row_i64(rows, 0, 0);
    const struct sj_view runs = sj_row_bytes(rows, 0, 2);
    const struct sj_view mac = sj_row_bytes(rows, 0, 3);
    ret_row->runs.generation = (uint64_t)generation;
    TRY(sj_index_state_mac(index, ret_row->runs.generation, runs, &expected));
    const bool is_empty = generation == 0 && runs.len == 0 && mac.len == 0;
    ret_row->is_ours = is_empty || (generation > 0 && mac.len == SJ_HASH_SIZE &&
                                       sj_equal_ct(mac.ptr, expected.bytes, SJ_HASH_SIZE));
    return ret_row->is_ours ? take_runs(runs, &ret_row->runs) : SJ_DONE;
}

static bool is_same(const struct sj_index_runs *a, const struct sj_index_runs *b)
{
    bool same = a->count == b->count && a->generation == b->generation;
    for (size_t i = 0; i < a->count && same; i++) {
        same = a->list[i].to == b->list[i].to;
    }
    return same;
}

/* seen: the generation that was known before the row was read; what was known later says nothing about it. */
static bool take_row(struct sj_index *index, const struct sj_index_row *row, bool was_loaded,
    uint64_t seen, bool *ret_is_new)
{
    lock(index);
    const uint64_t now = index->runs.generation;
    const bool is_set_back = was_loaded && row->runs.generation < seen;
    const bool differs =
        index->is_loaded && row->runs.generation == now && !is_same(&row->runs, &index->runs);
    const bool is_good = row->is_ours && !is_set_back && !differs;
    *ret_is_new = is_good && (!index->is_loaded || row->runs.generation > now);
    if (*ret_is_new) {
        index->runs = row->runs;
    }
    index->is_loaded = true; /* a broken one, too: searches say so */
    unlock(index);
    return is_good;
}

sj_status sj_index_refresh(
    struct sj_index *index, struct sj_db *db, const struct sj_context *context, bool *ret_is_new)
{
    CLEANUP(sj_freep) void *memory = NULL;
    *ret_is_new = false;
    TRY(sj_alloc(1, sizeof(struct sj_index_row), &memory));
    struct sj_index_row *row = memory;
    const struct sj_index_status before = sj_index_status(index);
    TRY(sj_index_state(index, db, context, row));
    if (!take_row(index, row, before.is_loaded, before.generation, ret_is_new)) {
        sj_index_break(index, "the state of the index was changed or set back");
    }
    return SJ_DONE;
}

/* ---- changing it ---- */

/* What stands after `run` has come; what it contains stands at the end. */
static sj_status runs_with(
    struct sj_index_runs *runs, const struct sj_run *run, struct sj_buf *ret_bytes)
{
    runs->generation++;
    while (runs->count > 0 && runs->list[runs->count - 1].from >= run->from) {
        runs->count--;
    }
    ENSURE(sj_index_runs_upto(runs) == run->from && runs->count < SJ_INDEX_RUNS_MAX, INTERNAL);
    runs->list[runs->count++] = *run;
    return put_runs(runs, ret_bytes);
}

sj_status sj_index_commit(struct sj_index *index, struct sj_tx **tx, struct sj_index_runs *runs,
    const struct sj_run *run, bool *ret_is_written)
{
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(SJ_INDEX_RUNS_MAX * 8);
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    struct sj_hash mac;
    const uint64_t old = runs->generation;
    TRY(runs_with(runs, run, &bytes));
    TRY(sj_index_state_mac(index, runs->generation, sj_buf_view(&bytes), &mac));
    const struct sj_param params[] = {sj_p_i64((int64_t)old), sj_p_i64((int64_t)runs->generation),
        sj_p_i64((int64_t)sj_index_runs_upto(runs)), sj_p_bytes(sj_buf_view(&bytes)),
        sj_p_bytes(sj_view_of(mac.bytes, SJ_HASH_SIZE))};
    TRY(sj_tx_query(*tx, SJ_SQL_AUDIT_INDEX_PUT, params, SJ_COUNT(params), &rows));
    *ret_is_written = sj_rows_count(rows) == 1 && sj_row_bool(rows, 0, 0);
    if (!*ret_is_written) {
        sj_tx_rollback(tx);
        return SJ_DONE;
    }
    TRY(sj_tx_commit(tx));
    lock(index);
    if (index->runs.generation < runs->generation) {
        index->runs = *runs;
    }
    unlock(index);
    return SJ_DONE;
}
