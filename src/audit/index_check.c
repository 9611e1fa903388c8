/* SPDX-License-Identifier: Apache-2.0
 *
 * Is the index exactly what the entries say? All entries of a view are proven and counted per term, then all postings are read in the
 * order of their terms: numbers from 1 without a gap, our MAC, as many as the entries have, and their places add up to the same
 * sum, which names the place of a single missing one. What is found is told, not repaired: `sanjeh audit index rebuild`.
 */
#include "index_priv.h"

struct wanted_term {
    uint64_t count;
    uint64_t places; /* sum, modulo 2^64 */
    uint64_t found;
    uint64_t found_places;
};

struct audit {
    struct sj_index *index;
    struct sj_reading *reading;
    struct sj_db *db;
    const struct sj_context *context;
    struct sj_index_report *report;
    struct sj_terms terms; /* their numbers are places in `wanted` */
    struct wanted_term *wanted;
    size_t capacity;
    struct sj_hit hits[SJ_HITS_MAX];
};

static sj_status place_of(struct audit *a, int64_t token, struct wanted_term **ret_wanted)
{
    struct sj_term *term = NULL;
    bool is_new = false;
    TRY(sj_terms_get(&a->terms, token, &term, &is_new));
    const size_t number = (size_t)(term - a->terms.list);
    if (number >= a->capacity) {
        const size_t capacity = a->capacity == 0 ? 256 : a->capacity * 2;
        void *memory = NULL;
        TRY(sj_alloc(capacity, sizeof(struct wanted_term), &memory));
        TRY(sj_copy(memory, capacity * sizeof(struct wanted_term), a->wanted,
            a->capacity * sizeof(struct wanted_term)));
        sj_free(a->wanted);
        a->wanted = memory;
        a->capacity = capacity;
    }
    *ret_wanted = &a->wanted[number];
    return SJ_DONE;
}

static sj_status expect_entry(struct audit *a, const struct sj_entry *entry)
{
    struct sj_index_terms terms;
    TRY(sj_index_terms_of(a->index, entry, &terms));
    for (size_t i = 0; i < terms.count; i++) {
        struct wanted_term *wanted = NULL;
        TRY(place_of(a, terms.tokens[i], &wanted));
        wanted->count++;
        wanted->places += entry->index;
    }
    return SJ_DONE;
}

static sj_status expect_entries(struct audit *a)
{
    for (uint64_t at = 0; at < a->report->entries;) {
        const uint64_t left = a->report->entries - at;
        const size_t count = (size_t)(left < SJ_HITS_MAX ? left : SJ_HITS_MAX);
        uint64_t bad = 0;
        for (size_t i = 0; i < count; i++) {
            a->hits[i].index = at + i;
        }
        TRY(sj_reading_entries(a->reading, a->hits, count, &bad));
        for (size_t i = 0; i < count; i++) {
            TRY(expect_entry(a, &a->hits[i].entry));
        }
        at += count;
    }
    return SJ_DONE;
}

struct walk {
    int64_t token;
    uint64_t at;
    uint64_t seq; /* of the posting before, when it is of the same term */
    bool has_token;
};

static sj_status take_posting(
    struct audit *a, struct walk *w, const struct sj_rows *rows, size_t row)
{
    const int64_t token = sj_row_i64(rows, row, 0);
    const uint64_t at = (uint64_t)sj_row_i64(rows, row, 1);
    const uint64_t seq = (uint64_t)sj_row_i64(rows, row, 2);
    int64_t mac = 0;
    struct wanted_term *wanted = NULL;
    if (!w->has_token || w->token != token) {
        w->seq = 0;
    }
    w->has_token = true;
    w->token = token;
    w->at = at;
    if (at >= a->report->entries) {
        return SJ_DONE; /* came while this check runs */
    }
    a->report->postings++;
    TRY(sj_index_posting_mac(a->index, token, seq, at, &mac));
    TRY(place_of(a, token, &wanted));
    const bool is_ours = mac == sj_row_i64(rows, row, 3);
    if (!is_ours || (seq != 0 && seq != w->seq + 1) || wanted->found == wanted->count) {
        a->report->wrong++;
    }
    w->seq = is_ours ? seq : w->seq + 1;
    if (is_ours) {
        wanted->found++;
        wanted->found_places += at;
    }
    return SJ_DONE;
}

static sj_status walk_postings(struct audit *a)
{
    struct walk w = {.token = INT64_MIN};
    for (bool goes_on = true; goes_on;) {
        const struct sj_param params[] = {
            sj_p_i64(w.token), sj_p_i64(w.has_token ? (int64_t)w.at : -1)};
        const struct sj_query query = {SJ_SQL_AUDIT_POSTING_WALK, params, SJ_COUNT(params)};
        CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
        TRY(sj_record_read(a->db, a->context, &query, &rows));
        goes_on = sj_rows_count(rows) > 0;
        for (size_t row = 0; row < sj_rows_count(rows); row++) {
            TRY(take_posting(a, &w, rows, row));
        }
    }
    return SJ_DONE;
}

static void compare(struct audit *a)
{
    for (size_t i = 0; i < a->terms.map.count; i++) {
        const struct wanted_term *wanted = &a->wanted[i];
        if (wanted->found >= wanted->count) {
            continue;
        }
        const uint64_t missing = wanted->count - wanted->found;
        a->report->missing += missing;
        if (missing == 1 && !a->report->has_index) {
            a->report->has_index = true;
            a->report->index = wanted->places - wanted->found_places;
        }
    }
}

static sj_status audit(struct audit *a)
{
    struct sj_index_row row;
    struct sj_terms heads = {.capacity = 0};
    uint64_t sum = 0;
    bool is_ours = false;
    TRY(sj_index_state(a->index, a->db, a->context, &row));
    const sj_status status =
        sj_index_read_heads(a->index, a->db, a->context, &heads, &sum, &is_ours);
    sj_terms_clear(&heads);
    TRY(status);
    a->report->entries = row.upto;
    a->report->counts_hold = row.is_ours && is_ours && sum >= row.counted;
    ENSURE(row.upto <= sj_reading_size(a->reading), LOG_TAMPERED);
    TRY(expect_entries(a));
    TRY(walk_postings(a));
    compare(a);
    return SJ_DONE;
}

sj_status sj_index_check(struct sj_index *index, struct sj_reading *reading, struct sj_db *db,
    const struct sj_context *context, struct sj_index_report *ret_report)
{
    void *memory = NULL;
    *ret_report = (struct sj_index_report){.entries = 0};
    TRY(sj_alloc(1, sizeof(struct audit), &memory));
    struct audit *a = memory;
    a->index = index;
    a->reading = reading;
    a->db = db;
    a->context = context;
    a->report = ret_report;
    const sj_status status = audit(a);
    sj_terms_clear(&a->terms);
    sj_free(a->wanted);
    sj_free(a);
    return status;
}
