/* SPDX-License-Identifier: Apache-2.0
 *
 * Which places does the index give for a term, and is one missing among them? Numbers of a term fall by one from row to row; the
 * newest has the number that the count in memory says, the oldest has 1; a row without our MAC counts as missing. So a posting that
 * was taken out, moved or renumbered shows as a gap in the very page that it was to be hidden from.
 */
#include "index_priv.h"

#define ROWS (SJ_INDEX_PAGE + 1) /* and the next one, to know that nothing lies between */

struct search {
    const struct sj_index *index;
    int64_t token;
    uint64_t from;
    uint64_t below;
    uint64_t expected; /* number of the next row; 0: any number from `least` on */
    uint64_t least;
    struct sj_index_page *page;
};

static void miss(struct search *f, uint64_t first, uint64_t last, const char *where)
{
    struct sj_index_page *page = f->page;
    if (page->is_complete) {
        (void)snprintf(page->gap, sizeof page->gap,
            "numbers %llu to %llu of this term are missing%s", (unsigned long long)first,
            (unsigned long long)last, where);
    }
    page->is_complete = false;
}

/* One row, falling; *ret_ends: it lies before what was asked for. */
static sj_status take_row(struct search *f, const struct sj_rows *rows, size_t row, bool *ret_ends)
{
    const uint64_t at = (uint64_t)sj_row_i64(rows, row, 0);
    const uint64_t seq = (uint64_t)sj_row_i64(rows, row, 1);
    int64_t mac = 0;
    TRY(sj_index_posting_mac(f->index, f->token, seq, at, &mac));
    if (mac != sj_row_i64(rows, row, 2)) {
        (void)snprintf(f->page->gap, sizeof f->page->gap,
            "the posting of entry %llu is none of ours", (unsigned long long)at);
        f->page->is_complete = false;
        return SJ_DONE; /* its number stays expected */
    }
    if (seq != 0 && f->expected != 0 && seq != f->expected) {
        miss(f, seq + 1, f->expected, "");
    } else if (seq != 0 && f->expected == 0 && seq < f->least) {
        miss(f, seq + 1, f->least, ", the newest ones");
    }
    f->expected = seq == 0 ? 0 : seq - 1;
    f->least = f->expected;
    if (at >= f->below) {
        return SJ_DONE; /* the one above the page */
    }
    *ret_ends = at < f->from;
    if (!*ret_ends && f->page->count == SJ_INDEX_PAGE) {
        f->page->has_more = true;
        *ret_ends = true;
    }
    if (!*ret_ends) {
        f->page->indices[f->page->count++] = at;
    }
    return SJ_DONE;
}

static sj_status take_rows(struct search *f, const struct sj_rows *rows, uint64_t newest)
{
    const size_t count = sj_rows_count(rows);
    bool is_first = true;
    bool ends = false;
    f->least = newest;
    for (size_t row = 0; row < count && !ends; row++) {
        if (is_first && (uint64_t)sj_row_i64(rows, row, 0) >= f->below) {
            f->least = 0; /* something is above: the count says nothing about this row */
        }
        is_first = false;
        TRY(take_row(f, rows, row, &ends));
    }
    /* all rows are read: what is still expected is missing */
    const uint64_t left = count == 0 ? newest : f->expected;
    if (!ends && left > 0) {
        miss(f, 1, left, ", the oldest ones");
    }
    return SJ_DONE;
}

sj_status sj_index_find(struct sj_index *index, struct sj_db *db, const struct sj_context *context,
    int64_t token, uint64_t from, uint64_t below, struct sj_index_page *ret_page)
{
    *ret_page = (struct sj_index_page){.is_complete = true};
    SJ_ASSERT(pthread_mutex_lock(&index->lock) == 0);
    const bool is_loaded = index->is_loaded;
    const bool is_broken = index->is_broken;
    const struct sj_term *term = sj_terms_find(&index->terms, token);
    const uint64_t newest = term == NULL ? 0 : term->count;
    if (is_broken) {
        ret_page->is_complete = false;
        (void)snprintf(ret_page->gap, sizeof ret_page->gap, "%s", index->reason);
    }
    SJ_ASSERT(pthread_mutex_unlock(&index->lock) == 0);
    ENSURE(is_loaded, BUSY);
    const uint64_t limit = below < (uint64_t)INT64_MAX ? below : (uint64_t)INT64_MAX;
    const struct sj_param params[] = {sj_p_i64(token), sj_p_i64((int64_t)limit), sj_p_i64(ROWS)};
    const struct sj_query query = {SJ_SQL_AUDIT_POSTING_PAGE, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_record_read(db, context, &query, &rows));
    struct search f = {
        .index = index, .token = token, .from = from, .below = limit, .page = ret_page};
    return take_rows(&f, rows, newest);
}
