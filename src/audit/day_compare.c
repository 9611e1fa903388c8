/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the index show as many entries of a unit, or of an action, as the record has committed to? For each day: the tenant-heads entry
 * behind it is proven in the signed tree, the counts that are kept must give its hash, and the index must have as many places. Where
 * an entry is none of ours or of another term the search itself says so; here only the number counts.
 */
#include "heads.h"
#include "sanjeh/audit/days.h"
#include "sanjeh/audit/record.h"

struct compare {
    struct sj_index *index;
    struct sj_reading *reading;
    struct sj_db *db;
    const struct sj_context *context;
    const struct sj_days_question *asked;
    struct sj_days_report *report;
    size_t places_left;
};

static bool is_wanted(const struct sj_days_question *asked, const struct sj_heads_count *count)
{
    return (sj_uuid_is_nil(asked->tag) || sj_uuid_equal(asked->tag, count->tag)) &&
           (asked->action.len == 0 || sj_text_equal(asked->action, count->action));
}

/* Sums what was asked for, and climbs to the root of all counts. */
static sj_status sum(const struct sj_days_question *asked, struct sj_view bytes,
    struct sj_heads_claim *ret_kept, uint64_t *ret_sum)
{
    struct sj_reader reader = sj_reader_of(bytes);
    struct sj_frontier frontier = {.size = 0};
    *ret_sum = 0;
    while (reader.left > 0) {
        struct sj_heads_count count;
        TRY(sj_heads_take_count(&reader, &count));
        TRY(sj_frontier_append(&frontier, &count.leaf));
        *ret_sum += is_wanted(asked, &count) ? count.count : 0;
    }
    ret_kept->counts = frontier.size;
    return sj_frontier_root(&frontier, &ret_kept->counts_root);
}

/* *ret_has: the entry at upto is a tenant-heads entry, proven. A log that was written without them has none. */
static sj_status read_claim(
    struct compare *c, uint64_t upto, bool *ret_has, struct sj_heads_claim *ret_claim)
{
    struct sj_hit hit = {.index = upto};
    uint64_t bad = 0;
    *ret_has = false;
    if (upto >= sj_reading_size(c->reading)) {
        return SJ_DONE;
    }
    const sj_status status = sj_reading_entries(c->reading, &hit, 1, &bad);
    if (status.code == SJ_LOG_TAMPERED || status.code == SJ_PRUNED) {
        return SJ_DONE; /* the search by its own entries says so */
    }
    TRY(status);
    *ret_has = hit.entry.draft.kind == SJ_ENTRY_TENANT_HEADS &&
               !sj_failed(sj_heads_parse(sj_text_of(hit.entry.draft.detail), ret_claim));
    return SJ_DONE;
}

/* The next page of places of a term below `below`; places are counted against the question's limit. */
static sj_status next_page(struct compare *c, int64_t token, const struct sj_day *day,
    uint64_t below, struct sj_index_page *page)
{
    TRY(sj_index_find(c->index, c->db, c->context, token, day->first, below, page));
    c->places_left -= page->count < c->places_left ? page->count : c->places_left;
    return SJ_DONE;
}

static sj_status count_one(struct compare *c, int64_t token, struct sj_day *day)
{
    struct sj_index_page page = {.has_more = true};
    uint64_t below = day->upto;
    while (page.has_more && c->places_left > 0) {
        TRY(next_page(c, token, day, below, &page));
        day->found += page.count;
        below = page.count > 0 ? page.indices[page.count - 1] : 0;
    }
    day->is_found = !page.has_more;
    return SJ_DONE;
}

/* One list of places, falling, page by page. */
struct places {
    int64_t token;
    struct sj_index_page page;
    size_t at;
    uint64_t below;
};

/* *ret_has: there is one; the list's place is then page.indices[at]. */
static sj_status look(
    struct compare *c, const struct sj_day *day, struct places *list, bool *ret_has)
{
    if (list->at == list->page.count && list->page.has_more) {
        TRY(next_page(c, list->token, day, list->below, &list->page));
        list->at = 0;
        list->below = list->page.count > 0 ? list->page.indices[list->page.count - 1] : 0;
    }
    *ret_has = list->at < list->page.count;
    return SJ_DONE;
}

/* Places that both terms have. */
static sj_status count_both(struct compare *c, int64_t first, int64_t second, struct sj_day *day)
{
    struct places a = {.token = first, .page = {.has_more = true}, .below = day->upto};
    struct places b = {.token = second, .page = {.has_more = true}, .below = day->upto};
    bool has_a = false;
    bool has_b = false;
    while (c->places_left > 0) {
        TRY(look(c, day, &a, &has_a));
        TRY(look(c, day, &b, &has_b));
        if (!has_a || !has_b) {
            day->is_found = true;
            return SJ_DONE;
        }
        const uint64_t at = a.page.indices[a.at];
        const uint64_t other = b.page.indices[b.at];
        day->found += at == other ? 1 : 0;
        a.at += at >= other ? 1 : 0;
        b.at += other >= at ? 1 : 0;
    }
    return SJ_DONE;
}

static sj_status count_places(struct compare *c, struct sj_day *day)
{
    const struct sj_days_question *asked = c->asked;
    int64_t unit = 0;
    int64_t action = 0;
    TRY(sj_index_token(
        c->index, SJ_INDEX_UNIT, sj_view_of(asked->tag.bytes, sizeof asked->tag.bytes), &unit));
    TRY(sj_index_token(c->index, SJ_INDEX_ACTION, sj_text_bytes(asked->action), &action));
    if (asked->action.len == 0) {
        return count_one(c, unit, day);
    }
    return sj_uuid_is_nil(asked->tag) ? count_one(c, action, day)
                                      : count_both(c, action, unit, day);
}

static void contradict(struct compare *c, const struct sj_day *day)
{
    struct sj_days_report *report = c->report;
    char date[11];
    if (!report->is_agreed) {
        return;
    }
    report->is_agreed = false;
    sj_date_format(sj_date_from_days(day->day), date);
    if (!day->is_signed) {
        (void)snprintf(report->gap, sizeof report->gap,
            "the counts that are kept of %s are not those that were signed", date);
        return;
    }
    (void)snprintf(report->gap, sizeof report->gap,
        "%llu entries of %s were signed, the index has %llu", (unsigned long long)day->expected,
        date, (unsigned long long)day->found);
}

static sj_status compare_day(struct compare *c, const struct sj_rows *rows, size_t row)
{
    struct sj_day day = {.day = sj_row_day(rows, row, 0),
        .first = (uint64_t)sj_row_i64(rows, row, 1),
        .upto = (uint64_t)sj_row_i64(rows, row, 2)};
    struct sj_heads_claim claim;
    struct sj_heads_claim kept;
    bool has_claim = false;
    TRY(read_claim(c, day.upto, &has_claim, &claim));
    if (!has_claim) {
        return SJ_DONE;
    }
    const bool is_read =
        !sj_failed(sum(c->asked, sj_row_bytes(rows, row, 3), &kept, &day.expected));
    day.is_signed = is_read && claim.day == day.day && claim.counts == kept.counts &&
                    sj_hash_equal(&claim.counts_root, &kept.counts_root);
    if (day.is_signed) {
        TRY(count_places(c, &day));
    }
    if (!day.is_signed || (day.is_found && day.found != day.expected)) {
        contradict(c, &day);
    }
    c->report->is_compared = c->report->is_compared || !day.is_signed || day.is_found;
    c->report->days[c->report->count++] = day;
    return SJ_DONE;
}

sj_status sj_days_compare(struct sj_index *index, struct sj_reading *reading, struct sj_db *db,
    const struct sj_context *context, const struct sj_days_question *question,
    struct sj_days_report *ret_report)
{
    const uint64_t size = sj_reading_size(reading);
    uint64_t minimum = 0; /* what was pruned the index has not */
    TRY(sj_record_minimum(db, context, &minimum));
    struct compare c = {index, reading, db, context, question, ret_report, question->places_max};
    const uint64_t from = question->from > minimum ? question->from : minimum;
    const struct sj_param params[] = {sj_p_i64((int64_t)from),
        sj_p_i64((int64_t)(question->below < size ? question->below : size)),
        sj_p_i64((int64_t)question->low),
        sj_p_i64((int64_t)(question->high < size ? question->high : size)), sj_p_i64(SJ_DAYS_MAX)};
    const struct sj_query query = {SJ_SQL_AUDIT_DAY_RANGE, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    *ret_report = (struct sj_days_report){.is_agreed = true};
    TRY(sj_record_read(db, context, &query, &rows));
    for (size_t i = 0; i < sj_rows_count(rows) && i < SJ_DAYS_MAX; i++) {
        TRY(compare_day(&c, rows, i));
    }
    return SJ_DONE;
}
