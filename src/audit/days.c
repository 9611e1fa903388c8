/* SPDX-License-Identifier: Apache-2.0
 *
 * Who counts what the tenant-heads entries have committed to? The sequencer counts in memory and signs a hash; what was counted is
 * made again here from the entries, behind the log and never on the way of an append: a day's entries are summed by the database,
 * page by page, up to the entry that commits to them. Nothing that the database says is believed here, because nothing is told: a row
 * that does not give the signed hash is no count (day_compare.c).
 */
#include "sanjeh/audit/days.h"

#include "heads.h"
#include "sanjeh/audit/record.h"
#include "sanjeh/base/memory.h"

#define PAGE       65536u
#define COUNTS_MAX ((size_t)16 * 1024 * 1024)
#define DAY_US     INT64_C(86400000000)

struct sj_days {
    bool is_loaded;
    bool has_day;
    int64_t day;
    uint64_t first;
    uint64_t upto;    /* counted */
    uint64_t scanned; /* no tenant-heads entry of the day from upto up to here */
    struct sj_heads counts;
};

struct step {
    struct sj_days *days;
    struct sj_reading *reading;
    struct sj_db *db;
    const struct sj_context *context;
    uint64_t size;
    uint64_t minimum; /* entries before it were pruned */
};

sj_status sj_days_new(struct sj_days **ret_days)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_days), &memory));
    struct sj_days *days = memory;
    *days = (struct sj_days){.is_loaded = false};
    const sj_status status = sj_heads_init(&days->counts);
    if (sj_failed(status)) {
        sj_free(memory);
        return status;
    }
    *ret_days = days;
    return SJ_DONE;
}

void sj_days_free(struct sj_days **days)
{
    if (*days != NULL) {
        sj_heads_clear(&(*days)->counts);
        sj_free(*days);
        *days = NULL;
    }
}

static sj_status read_rows(const struct step *step, enum sj_sql sql, const struct sj_param *params,
    size_t count, struct sj_rows **ret_rows)
{
    const struct sj_query query = {sql, params, count};
    return sj_record_read(step->db, step->context, &query, ret_rows);
}

/* Counts of another day, or of the same once more. */
static sj_status begin_day(struct sj_days *days, int64_t day, uint64_t first)
{
    sj_heads_clear(&days->counts);
    days->has_day = true;
    days->day = day;
    days->first = first;
    days->upto = first;
    days->scanned = first;
    return sj_heads_init(&days->counts);
}

static sj_status take_counts(struct sj_days *days, struct sj_view bytes)
{
    struct sj_reader reader = sj_reader_of(bytes);
    while (reader.left > 0) {
        struct sj_heads_count count;
        TRY(sj_heads_take_count(&reader, &count));
        TRY(sj_heads_add(&days->counts, count.tag, count.action, days->day, count.count));
    }
    return SJ_DONE;
}

/* Goes on where the database says that counting ended; the day of a row that cannot be read is counted again. */
static sj_status load(const struct step *step)
{
    struct sj_days *days = step->days;
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(read_rows(step, SJ_SQL_AUDIT_DAY_NEWEST, NULL, 0, &rows));
    days->has_day = false;
    days->upto = 0;
    days->is_loaded = true;
    if (sj_rows_count(rows) == 0) {
        return SJ_DONE;
    }
    const int64_t day = sj_row_day(rows, 0, 0);
    const uint64_t first = (uint64_t)sj_row_i64(rows, 0, 1);
    const uint64_t upto = (uint64_t)sj_row_i64(rows, 0, 2);
    if (first > upto || upto > step->size) {
        return SJ_DONE; /* of no log of ours: from the first entry */
    }
    TRY(begin_day(days, day, first));
    if (sj_failed(take_counts(days, sj_row_bytes(rows, 0, 3)))) {
        return begin_day(days, day, first);
    }
    days->upto = upto;
    days->scanned = upto;
    return SJ_DONE;
}

static sj_status day_end(const struct step *step, uint64_t *ret_end);

/* Of a day whose beginning was pruned nobody can count all: the next one is begun. */
static sj_status skip_pruned(const struct step *step)
{
    struct sj_days *days = step->days;
    struct sj_hit hit = {.index = step->minimum};
    uint64_t bad = 0;
    TRY(sj_reading_entries(step->reading, &hit, 1, &bad));
    days->day = sj_heads_day(hit.entry.time);
    TRY(day_end(step, &days->upto));
    days->has_day = false;
    return SJ_DONE;
}

static sj_status find_day(const struct step *step)
{
    struct sj_days *days = step->days;
    struct sj_hit hit = {.index = days->upto};
    uint64_t bad = 0;
    TRY(sj_reading_entries(step->reading, &hit, 1, &bad));
    return begin_day(days, sj_heads_day(hit.entry.time), days->upto);
}

static sj_status day_end(const struct step *step, uint64_t *ret_end)
{
    const struct sj_param params[] = {
        sj_p_i64((step->days->day + 1) * DAY_US), sj_p_i64((int64_t)step->size)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(read_rows(step, SJ_SQL_AUDIT_ENTRY_AT_TIME, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) == 1 && sj_row_i64(rows, 0, 0) >= 0, LOG_TAMPERED);
    *ret_end = (uint64_t)sj_row_i64(rows, 0, 0);
    return SJ_DONE;
}

/* Up to where the day is committed to: a day that is over by the first entry of the next one, else by its newest heads. */
static sj_status find_target(const struct step *step, uint64_t end, uint64_t *ret_target)
{
    struct sj_days *days = step->days;
    *ret_target = end;
    if (end < step->size) {
        return SJ_DONE;
    }
    const uint64_t from = days->scanned > days->upto ? days->scanned : days->upto + 1;
    const struct sj_param params[] = {sj_p_i64((int64_t)from), sj_p_i64((int64_t)step->size)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(read_rows(step, SJ_SQL_AUDIT_ENTRY_HEADS_NEWEST, params, SJ_COUNT(params), &rows));
    const bool has_heads = sj_rows_count(rows) == 1;
    *ret_target = has_heads ? (uint64_t)sj_row_i64(rows, 0, 0) : days->upto;
    if (!has_heads) {
        days->scanned = step->size;
    }
    return SJ_DONE;
}

static sj_status count_page(const struct step *step, uint64_t to)
{
    struct sj_days *days = step->days;
    const struct sj_param params[] = {sj_p_i64((int64_t)days->upto), sj_p_i64((int64_t)to)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(read_rows(step, SJ_SQL_AUDIT_ENTRY_COUNT_SUM, params, SJ_COUNT(params), &rows));
    for (size_t i = 0; i < sj_rows_count(rows); i++) {
        const struct sj_view action = sj_row_bytes(rows, i, 1);
        struct sj_reader tag_bytes = sj_reader_of(sj_row_bytes(rows, i, 0));
        struct sj_uuid tag;
        TRY(sj_read_bytes(&tag_bytes, tag.bytes, sizeof tag.bytes));
        TRY(sj_heads_add(&days->counts, tag, (struct sj_text){(const char *)action.ptr, action.len},
            days->day, (uint64_t)sj_row_i64(rows, i, 2)));
    }
    days->upto = to;
    return SJ_DONE;
}

static sj_status put(
    const struct step *step, enum sj_sql sql, const struct sj_param *params, size_t count)
{
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(step->db, step->context, &tx));
    TRY(sj_tx_query(tx, sql, params, count, NULL));
    return sj_tx_commit(&tx);
}

static sj_status keep_day(const struct step *step)
{
    const struct sj_days *days = step->days;
    CLEANUP(sj_buf_clear) struct sj_buf counts = SJ_BUF(COUNTS_MAX);
    TRY(sj_heads_put_counts(&days->counts, &counts));
    const struct sj_param params[] = {sj_p_day(days->day), sj_p_i64((int64_t)days->first),
        sj_p_i64((int64_t)days->upto), sj_p_bytes(sj_buf_view(&counts))};
    return put(step, SJ_SQL_AUDIT_DAY_PUT, params, SJ_COUNT(params));
}

static sj_status advance(const struct step *step, bool *ret_more)
{
    struct sj_days *days = step->days;
    uint64_t end = 0;
    uint64_t target = 0;
    *ret_more = false;
    if (!days->is_loaded) {
        TRY(load(step));
    }
    if (days->upto < step->minimum && step->minimum < step->size) {
        TRY(skip_pruned(step));
    }
    if (days->upto >= step->size) {
        return SJ_DONE;
    }
    if (!days->has_day) {
        TRY(find_day(step));
    }
    TRY(day_end(step, &end));
    ENSURE(end >= days->upto, LOG_TAMPERED);
    TRY(find_target(step, end, &target));
    if (target > days->upto) {
        TRY(count_page(step, target - days->upto < PAGE ? target : days->upto + PAGE));
        if (days->upto == target) {
            TRY(keep_day(step));
            days->scanned = 0;
        }
    }
    const bool is_over = end < step->size && days->upto == end;
    days->has_day = !is_over;
    *ret_more = is_over || days->upto < target;
    return SJ_DONE;
}

sj_status sj_days_step(struct sj_days *days, struct sj_reading *reading, struct sj_db *db,
    const struct sj_context *context, bool *ret_more)
{
    struct step step = {days, reading, db, context, sj_reading_size(reading), 0};
    TRY(sj_record_minimum(db, context, &step.minimum));
    const sj_status status = advance(&step, ret_more);
    days->is_loaded = days->is_loaded && !sj_failed(status);
    return status;
}

sj_status sj_days_clear(struct sj_days *days, struct sj_db *db, const struct sj_context *context)
{
    const struct step step = {.days = days, .db = db, .context = context};
    days->is_loaded = false;
    return put(&step, SJ_SQL_AUDIT_DAY_CLEAR, NULL, 0);
}
