/* SPDX-License-Identifier: Apache-2.0
 *
 * When do runs become one, and how? A run's level is its size by eights; when the eight newest runs are of a level or below it, they are
 * merged, each posting once, page by page: a search looks into some dozens of runs however long the record is, and a posting is
 * written anew once a level. Runs of four million entries stay as they are, so that no merge takes long. Pages of what was merged go when
 * the state has the new run, a few at a time: all at once they are more than a statement has time for.
 */
#include "index_priv.h"

#define FAN         8u
#define LEVEL_FIRST 16u
#define LEVEL_STEP  8u
#define LEVELS      7u  /* the last one: 16 * 8^6 entries and more */
#define SWEEP       256 /* pages a statement */

static unsigned level_of(const struct sj_run *run)
{
    unsigned level = 0;
    for (uint64_t size = (run->to - run->from) / LEVEL_FIRST;
         size >= LEVEL_STEP && level < LEVELS - 1; size /= LEVEL_STEP) {
        level++;
    }
    return level;
}

/* Number of the first run of those that are to be one; the count: none. */
static size_t first_to_merge(const struct sj_index_runs *runs)
{
    for (unsigned level = 0; level < LEVELS - 1; level++) {
        size_t first = runs->count;
        while (first > 0 && level_of(&runs->list[first - 1]) <= level) {
            first--;
        }
        if (runs->count - first >= FAN) {
            return first;
        }
    }
    return runs->count;
}

struct merge {
    struct sj_index *index;
    struct sj_db *db;
    const struct sj_context *context;
    struct sj_run_cursor cursors[SJ_INDEX_RUNS_MAX];
    size_t count;
    struct sj_run_writer writer;
    struct sj_index_runs runs;
};

static void merge_free(struct merge **merge)
{
    struct merge *m = TAKE(*merge);
    if (m != NULL) {
        for (size_t i = 0; i < m->count; i++) {
            sj_run_cursor_clear(&m->cursors[i]);
        }
        sj_run_writer_clear(&m->writer);
        sj_free(m);
    }
}

static struct sj_run_cursor *smallest(struct merge *m)
{
    struct sj_run_cursor *best = NULL;
    for (size_t i = 0; i < m->count; i++) {
        struct sj_run_cursor *c = &m->cursors[i];
        if (!c->is_at_end &&
            (best == NULL || sj_posting_compare(&c->posting, &best->posting) < 0)) {
            best = c;
        }
    }
    return best;
}

/* Pages of a run that the state does not name yet are nobody's: they need not come at once. */
static sj_status flush(struct merge *m)
{
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    ENSURE(!atomic_load(&m->index->is_stopping), SHUTTING_DOWN);
    TRY(sj_tx_begin(m->db, m->context, &tx));
    TRY(sj_run_flush(&m->writer, tx));
    return sj_tx_commit(&tx);
}

static sj_status write_all(struct merge *m)
{
    for (size_t i = 0; i < m->count; i++) {
        TRY(sj_run_cursor_next(&m->cursors[i], m->db, m->context));
    }
    for (struct sj_run_cursor *c = smallest(m); c != NULL; c = smallest(m)) {
        TRY(sj_run_put(&m->writer, &c->posting));
        if (m->writer.pages >= SJ_RUN_FLUSH) {
            TRY(flush(m));
        }
        TRY(sj_run_cursor_next(c, m->db, m->context));
    }
    return sj_run_end(&m->writer);
}

static bool all_whole(const struct merge *m)
{
    bool is_whole = true;
    for (size_t i = 0; i < m->count; i++) {
        is_whole = is_whole && m->cursors[i].is_whole;
    }
    return is_whole;
}

static sj_status sweep_run(struct sj_index *index, struct sj_db *db,
    const struct sj_context *context, const struct sj_run *run)
{
    const struct sj_param params[] = {
        sj_p_i64((int64_t)run->from), sj_p_i64((int64_t)run->to), sj_p_i64(SWEEP)};
    for (int64_t swept = SWEEP; swept == SWEEP;) {
        CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
        CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
        ENSURE(!atomic_load(&index->is_stopping), SHUTTING_DOWN);
        TRY(sj_tx_begin(db, context, &tx));
        TRY(sj_tx_query(tx, SJ_SQL_AUDIT_RUN_SWEEP, params, SJ_COUNT(params), &rows));
        swept = sj_rows_count(rows) == 1 ? sj_row_i64(rows, 0, 0) : 0;
        TRY(sj_tx_commit(&tx));
    }
    return SJ_DONE;
}

static sj_status merge_from(struct merge *m, size_t first, bool *ret_merged)
{
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    const struct sj_run run = {m->runs.list[first].from, sj_index_runs_upto(&m->runs)};
    const struct sj_posting smallest_key = {SJ_INDEX_TOKEN_MIN, 0};
    for (size_t i = first; i < m->runs.count; i++) {
        m->cursors[m->count++] = (struct sj_run_cursor){
            .index = m->index, .run = m->runs.list[i], .expected = smallest_key, .is_whole = true};
    }
    TRY(sj_run_writer_init(&m->writer, m->index, run));
    TRY(write_all(m));
    if (!all_whole(m)) {
        bool is_new = false; /* another server may have merged them meanwhile */
        TRY(sj_index_refresh(m->index, m->db, m->context, &is_new));
        if (!is_new) {
            sj_index_break(m->index, "pages of the index are missing or not ours");
        }
        return SJ_DONE;
    }
    TRY(sj_tx_begin(m->db, m->context, &tx));
    TRY(sj_run_flush(&m->writer, tx));
    TRY(sj_index_commit(m->index, &tx, &m->runs, &run, ret_merged));
    const bool was_swept = m->index->is_swept;
    m->index->is_swept = false; /* until it is, whatever comes between */
    TRY(sweep_run(m->index, m->db, m->context, &run));
    m->index->is_swept = was_swept;
    return SJ_DONE;
}

sj_status sj_index_sweep(struct sj_index *index, struct sj_db *db, const struct sj_context *context)
{
    CLEANUP(sj_freep) void *memory = NULL;
    if (index->is_swept) {
        return SJ_DONE;
    }
    TRY(sj_alloc(1, sizeof(struct sj_index_runs), &memory));
    struct sj_index_runs *runs = memory;
    if (!sj_index_runs_now(index, runs)) {
        return SJ_DONE;
    }
    for (size_t i = 0; i < runs->count; i++) {
        TRY(sweep_run(index, db, context, &runs->list[i]));
    }
    index->is_swept = true;
    return SJ_DONE;
}

sj_status sj_index_merge(
    struct sj_index *index, struct sj_db *db, const struct sj_context *context, bool *ret_merged)
{
    void *memory = NULL;
    *ret_merged = false;
    TRY(sj_alloc(1, sizeof(struct merge), &memory));
    CLEANUP(merge_free) struct merge *m = memory;
    m->index = index;
    m->db = db;
    m->context = context;
    if (!sj_index_runs_now(index, &m->runs)) {
        return SJ_DONE;
    }
    const size_t first = first_to_merge(&m->runs);
    return first == m->runs.count ? SJ_DONE : merge_from(m, first, ret_merged);
}
