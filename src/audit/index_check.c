/* SPDX-License-Identifier: Apache-2.0
 *
 * Is the index exactly what the entries say? Run by run: its entries are proven and their postings added up, number, places and a keyed
 * mixture of term and place; then its pages are walked and added up the same way. Equal sums are equal postings, for each term is there once
 * at an entry. What differs is told, not repaired: `sanjeh audit index --rebuild`.
 */
#include "index_priv.h"
#include "sanjeh/crypto/random.h"

struct sum {
    uint64_t count;
    uint64_t places; /* modulo 2^64 */
    uint64_t mixed;
};

struct audit {
    struct sj_index *index;
    struct sj_reading *reading;
    struct sj_db *db;
    const struct sj_context *context;
    struct sj_index_report *report;
    uint64_t seed;
    struct sj_index_known known[SJ_INDEX_CACHE];
    struct sj_hit hits[SJ_HITS_MAX];
    struct sj_index_row row;
    uint64_t minimum; /* entries before it were pruned: what runs say of them is not compared */
};

/* Unsigned wrap-around is meant; the seed keeps anybody from making postings whose sums are those of others. */
static uint64_t mix(uint64_t value)
{
    value = (value ^ value >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    value = (value ^ value >> 27) * UINT64_C(0x94D049BB133111EB);
    return value ^ value >> 31;
}

static void add(const struct audit *a, struct sum *sum, const struct sj_posting *posting)
{
    sum->count++;
    sum->places += posting->at;
    sum->mixed += mix(mix((uint64_t)posting->token ^ a->seed) + posting->at);
}

static sj_status add_entry(struct audit *a, struct sum *sum, const struct sj_entry *entry)
{
    struct sj_index_terms terms;
    TRY(sj_index_terms_of(a->index, a->known, entry, &terms));
    for (size_t i = 0; i < terms.count; i++) {
        add(a, sum, &(struct sj_posting){terms.tokens[i], entry->index});
    }
    return SJ_DONE;
}

static sj_status add_entries(struct audit *a, const struct sj_run *run, struct sum *sum)
{
    for (uint64_t at = run->from < a->minimum ? a->minimum : run->from; at < run->to;) {
        const uint64_t left = run->to - at;
        const size_t count = (size_t)(left < SJ_HITS_MAX ? left : SJ_HITS_MAX);
        uint64_t bad = 0;
        for (size_t i = 0; i < count; i++) {
            a->hits[i].index = at + i;
        }
        TRY(sj_reading_entries(a->reading, a->hits, count, &bad));
        for (size_t i = 0; i < count; i++) {
            TRY(add_entry(a, sum, &a->hits[i].entry));
        }
        at += count;
    }
    return SJ_DONE;
}

static sj_status add_pages(
    struct audit *a, const struct sj_run *run, struct sum *sum, bool *ret_is_whole)
{
    CLEANUP(sj_run_cursor_clear)
    struct sj_run_cursor cursor = {
        .index = a->index, .run = *run, .expected = {SJ_INDEX_TOKEN_MIN, 0}, .is_whole = true};
    TRY(sj_run_cursor_next(&cursor, a->db, a->context));
    while (!cursor.is_at_end) {
        if (cursor.posting.at >= a->minimum) {
            add(a, sum, &cursor.posting);
        }
        TRY(sj_run_cursor_next(&cursor, a->db, a->context));
    }
    *ret_is_whole = cursor.is_whole;
    return SJ_DONE;
}

static sj_status compare_run(struct audit *a, const struct sj_run *run)
{
    struct sum wanted = {.count = 0};
    struct sum found = {.count = 0};
    struct sj_index_report *report = a->report;
    bool is_whole = false;
    TRY(add_entries(a, run, &wanted));
    TRY(add_pages(a, run, &found, &is_whole));
    report->postings += found.count;
    const uint64_t missing = wanted.count > found.count ? wanted.count - found.count : 0;
    const bool is_same =
        wanted.count == found.count && wanted.places == found.places && wanted.mixed == found.mixed;
    report->missing += missing;
    report->wrong += !is_whole || (missing == 0 && !is_same) ? 1 : 0;
    if (missing == 1 && !report->has_index) {
        report->has_index = true;
        report->index = wanted.places - found.places;
    }
    return SJ_DONE;
}

static sj_status audit(struct audit *a)
{
    const struct sj_index_runs *runs = &a->row.runs;
    TRY(sj_random(&a->seed, sizeof a->seed));
    TRY(sj_index_state(a->index, a->db, a->context, &a->row));
    a->report->entries = sj_index_runs_upto(runs);
    a->report->counts_hold = a->row.is_ours && a->report->entries <= sj_reading_size(a->reading);
    ENSURE(a->report->entries <= sj_reading_size(a->reading), LOG_TAMPERED);
    TRY(sj_record_minimum(a->db, a->context, &a->minimum));
    for (size_t i = 0; i < runs->count; i++) {
        TRY(compare_run(a, &runs->list[i]));
    }
    return SJ_DONE;
}

sj_status sj_index_check(struct sj_index *index, struct sj_reading *reading, struct sj_db *db,
    const struct sj_context *context, struct sj_index_report *ret_report)
{
    CLEANUP(sj_freep) void *memory = NULL;
    *ret_report = (struct sj_index_report){.entries = 0};
    TRY(sj_alloc(1, sizeof(struct audit), &memory));
    struct audit *a = memory;
    a->index = index;
    a->reading = reading;
    a->db = db;
    a->context = context;
    a->report = ret_report;
    return audit(a);
}
