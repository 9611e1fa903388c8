/* SPDX-License-Identifier: Apache-2.0
 *
 * Are these all postings of a run? Its pages are read in order; each says where the next one begins, the first begins with the smallest
 * number there is. A page that is not where the one before it ends, or is not ours, makes the walk not whole: what is merged
 * from such a run is not written, what is compared with the entries is named.
 */
#include "index_priv.h"

void sj_run_cursor_clear(struct sj_run_cursor *c)
{
    sj_rows_free(&c->rows);
}

static bool is_end(const struct sj_posting *posting)
{
    return posting->token == SJ_INDEX_TOKEN_MAX;
}

static sj_status read_rows(struct sj_run_cursor *c, struct sj_db *db,
    const struct sj_context *context, const struct sj_posting *from)
{
    const struct sj_param params[] = {sj_p_i64((int64_t)c->run.from), sj_p_i64((int64_t)c->run.to),
        sj_p_i64(from->token), sj_p_i64((int64_t)from->at)};
    const struct sj_query query = {SJ_SQL_AUDIT_RUN_WALK, params, SJ_COUNT(params)};
    sj_rows_free(&c->rows);
    c->row = 0;
    return sj_record_read(db, context, &query, &c->rows);
}

/* The next page that is ours, or the end. */
static sj_status open_leaf(
    struct sj_run_cursor *c, struct sj_db *db, const struct sj_context *context)
{
    struct sj_posting from = c->expected;
    while (!c->has_leaf && !c->is_at_end) {
        if (c->rows == NULL || c->row == sj_rows_count(c->rows)) {
            TRY(read_rows(c, db, context, &from));
        }
        if (sj_rows_count(c->rows) == 0) {
            c->is_whole = c->is_whole && is_end(&c->expected);
            c->is_at_end = true;
            return SJ_DONE;
        }
        bool is_ours = false;
        TRY(sj_leaf_open(c->index, &c->run, c->rows, c->row++, 0, &c->leaf, &is_ours));
        c->is_whole =
            c->is_whole && is_ours && sj_posting_compare(&c->leaf.first, &c->expected) == 0;
        from = c->leaf.first; /* behind a page that is not ours */
        from.at++;
        if (is_ours) {
            c->expected = c->leaf.next;
            c->has_leaf = true;
        }
    }
    return SJ_DONE;
}

sj_status sj_run_cursor_next(
    struct sj_run_cursor *c, struct sj_db *db, const struct sj_context *context)
{
    bool found = false;
    while (!found && !c->is_at_end) {
        if (!c->has_leaf) {
            if (is_end(&c->expected)) {
                c->is_at_end = true;
                return SJ_DONE;
            }
            TRY(open_leaf(c, db, context));
            continue;
        }
        TRY(sj_leaf_next(&c->leaf, &found, &c->posting));
        c->has_leaf = found;
    }
    return SJ_DONE;
}
