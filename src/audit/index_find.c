/* SPDX-License-Identifier: Apache-2.0
 *
 * Which places does the index give for a term, and is one missing among them? Of each run, the newest first, the page is read in which
 * the term's newest place would stand; it says itself from where to where it speaks for the run. A page that is not there, is not
 * ours, or speaks for something else is a gap in the very page that a hit was to be hidden from. The index may have gone on
 * meanwhile (runs merged, here or by another server): then it is asked once more as it is now.
 */
#include "index_priv.h"

#define AT_ONCE  8u
#define ATTEMPTS 5u

struct search {
    struct sj_index *index;
    struct sj_db *db;
    const struct sj_context *context;
    int64_t token;
    uint64_t from;
    uint64_t below;
    struct sj_index_page *page;
    bool is_full;
    uint64_t *places; /* of one page of the index, rising */
    size_t place_room;
};

static void miss(struct search *s, const struct sj_run *run, const char *what)
{
    struct sj_index_page *page = s->page;
    if (page->is_complete) {
        (void)snprintf(page->gap, sizeof page->gap, "of entries %llu to %llu: %s",
            (unsigned long long)run->from, (unsigned long long)run->to - 1, what);
    }
    page->is_complete = false;
}

static sj_status keep(struct search *s, size_t count, uint64_t at)
{
    if (count == s->place_room) {
        const size_t room = s->place_room == 0 ? 512 : s->place_room * 2;
        void *memory = NULL;
        TRY(sj_alloc(room, sizeof(uint64_t), &memory));
        TRY(sj_copy(memory, room * sizeof(uint64_t), s->places, count * sizeof(uint64_t)));
        sj_free(s->places);
        s->places = memory;
        s->place_room = room;
    }
    s->places[count] = at;
    return SJ_DONE;
}

/* The term's places of one page, the newest first. *ret_ends: the page before it has none that are asked for. */
static sj_status take_leaf(struct search *s, struct sj_index_leaf *leaf, bool *ret_ends)
{
    struct sj_posting posting;
    size_t count = 0;
    bool found = true;
    TRY(sj_leaf_next(leaf, &found, &posting));
    while (found && posting.token <= s->token) {
        if (posting.token == s->token && posting.at < s->below) {
            TRY(keep(s, count++, posting.at));
        }
        TRY(sj_leaf_next(leaf, &found, &posting));
    }
    *ret_ends = leaf->first.token < s->token;
    while (count > 0) {
        const uint64_t at = s->places[--count];
        if (at < s->from) {
            *ret_ends = true;
            return SJ_DONE;
        }
        if (s->page->count == SJ_INDEX_PAGE) {
            s->page->has_more = s->is_full = *ret_ends = true;
            return SJ_DONE;
        }
        s->page->indices[s->page->count++] = at;
    }
    return SJ_DONE;
}

static sj_status ask(struct search *s, const struct sj_run *runs, const uint64_t *ats, size_t count,
    struct sj_rows **ret_rows)
{
    CLEANUP(sj_array_clear) struct sj_array froms = {.count = 0};
    CLEANUP(sj_array_clear) struct sj_array tos = {.count = 0};
    CLEANUP(sj_array_clear) struct sj_array places = {.count = 0};
    TRY(sj_array_init(&froms, SJ_OID_INT8, 64 + count * 12));
    TRY(sj_array_init(&tos, SJ_OID_INT8, 64 + count * 12));
    TRY(sj_array_init(&places, SJ_OID_INT8, 64 + count * 12));
    for (size_t i = 0; i < count; i++) {
        TRY(sj_array_put_i64(&froms, (int64_t)runs[i].from));
        TRY(sj_array_put_i64(&tos, (int64_t)runs[i].to));
        TRY(sj_array_put_i64(&places, (int64_t)ats[i]));
    }
    const struct sj_param params[] = {
        sj_p_array(&froms), sj_p_array(&tos), sj_p_i64(s->token), sj_p_array(&places)};
    const struct sj_query query = {SJ_SQL_AUDIT_RUN_FIND, params, SJ_COUNT(params)};
    return sj_record_read(s->db, s->context, &query, ret_rows);
}

/* Opens the page in row `row` as the one in which (token, at) would stand. *ret_is_good: it is. */
static sj_status open_leaf(struct search *s, const struct sj_run *run, uint64_t at,
    const struct sj_rows *rows, size_t row, struct sj_index_leaf *leaf, bool *ret_is_good)
{
    const struct sj_posting wanted = {s->token, at};
    bool is_ours = false;
    TRY(sj_leaf_open(s->index, run, rows, row, 1, leaf, &is_ours));
    *ret_is_good = is_ours && sj_posting_compare(&leaf->first, &wanted) <= 0 &&
                   sj_posting_compare(&wanted, &leaf->next) < 0;
    if (!*ret_is_good) {
        miss(s, run, is_ours ? "a page of the index is missing" : "a page that is ours is missing");
    }
    return SJ_DONE;
}

/* The pages before this one, as long as they are the term's. */
static sj_status go_back(struct search *s, const struct sj_run *run, struct sj_posting first)
{
    bool ends = false;
    while (!ends && first.at > 0) {
        CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
        struct sj_index_leaf leaf;
        bool is_good = false;
        const uint64_t at = first.at - 1;
        TRY(ask(s, run, &at, 1, &rows));
        if (sj_rows_count(rows) != 1) {
            miss(s, run, "a page of the index is missing");
            return SJ_DONE;
        }
        TRY(open_leaf(s, run, at, rows, 0, &leaf, &is_good));
        if (!is_good) {
            return SJ_DONE;
        }
        first = leaf.first;
        TRY(take_leaf(s, &leaf, &ends));
    }
    return SJ_DONE;
}

/* One run: the page at hand, and those before it when the term began earlier. */
static sj_status take_run(
    struct search *s, const struct sj_run *run, uint64_t at, const struct sj_rows *rows, size_t row)
{
    struct sj_index_leaf leaf;
    bool is_good = false;
    bool ends = false;
    TRY(open_leaf(s, run, at, rows, row, &leaf, &is_good));
    if (!is_good) {
        return SJ_DONE;
    }
    const struct sj_posting first = leaf.first;
    TRY(take_leaf(s, &leaf, &ends));
    return ends ? SJ_DONE : go_back(s, run, first);
}

static sj_status take_some(struct search *s, const struct sj_run *runs, size_t count)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    uint64_t ats[AT_ONCE] = {0};
    size_t row = 0;
    for (size_t i = 0; i < count; i++) {
        ats[i] = (s->below < runs[i].to ? s->below : runs[i].to) - 1;
    }
    TRY(ask(s, runs, ats, count, &rows));
    for (size_t i = 0; i < count && !s->is_full; i++) {
        /* a run without any page at or before this has no row */
        if (row < sj_rows_count(rows) && sj_row_i64(rows, row, 0) == (int64_t)i + 1) {
            TRY(take_run(s, &runs[i], ats[i], rows, row++));
        } else {
            miss(s, &runs[i], "all pages of the index are missing");
        }
    }
    return SJ_DONE;
}

static sj_status search(struct search *s, const struct sj_index_runs *runs)
{
    struct sj_run some[AT_ONCE];
    size_t count = 0;
    for (size_t left = runs->count; left > 0 && !s->is_full; left--) {
        const struct sj_run *run = &runs->list[left - 1];
        if (run->from >= s->below || run->to <= s->from) {
            continue;
        }
        some[count++] = *run;
        if (count == AT_ONCE) {
            TRY(take_some(s, some, count));
            count = 0;
        }
    }
    return count > 0 && !s->is_full ? take_some(s, some, count) : SJ_DONE;
}

static void begin_page(struct sj_index *index, struct sj_index_page *page)
{
    const struct sj_index_status status = sj_index_status(index);
    *page = (struct sj_index_page){.is_complete = !status.is_broken};
    if (status.is_broken) {
        (void)snprintf(page->gap, sizeof page->gap, "%s", status.reason);
    }
}

sj_status sj_index_find(struct sj_index *index, struct sj_db *db, const struct sj_context *context,
    int64_t token, uint64_t from, uint64_t below, struct sj_index_page *ret_page)
{
    CLEANUP(sj_freep) void *memory = NULL;
    struct search s = {.index = index,
        .db = db,
        .context = context,
        .token = token,
        .from = from,
        .below = below < (uint64_t)INT64_MAX ? below : (uint64_t)INT64_MAX,
        .page = ret_page};
    TRY(sj_alloc(1, sizeof(struct sj_index_runs), &memory));
    struct sj_index_runs *runs = memory;
    sj_status status = SJ_DONE;
    bool is_new = true;
    for (unsigned attempt = 0; is_new && attempt < ATTEMPTS && !sj_failed(status); attempt++) {
        is_new = false;
        ENSURE(sj_index_runs_now(index, runs), BUSY);
        begin_page(index, ret_page);
        s.is_full = false;
        status = search(&s, runs);
        if (!sj_failed(status) && !ret_page->is_complete && !sj_index_status(index).is_broken) {
            status = sj_index_refresh(index, db, context, &is_new);
            is_new = sj_index_status(index).generation > runs->generation;
        }
    }
    sj_free(s.places);
    return status;
}
