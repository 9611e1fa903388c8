/* SPDX-License-Identifier: Apache-2.0
 *
 * Which workload rows may the caller see? Those of the own unit, or of whichever unit about the judge that the caller
 * is. Counts stay unknown when they were not sent: null, never zero.
 */
#include "sanjeh/evaluation/fact.h"

#include "evaluation_priv.h"

enum {
    COLUMN_UNIT,
    COLUMN_ID,
    COLUMN_JUDGE,
    COLUMN_COURT,
    COLUMN_COURT_CODE,
    COLUMN_CONTRIBUTION,
    COLUMN_PERIOD_FROM,
    COLUMN_PERIOD_TO,
    COLUMN_FIRST_COUNT,
    COLUMN_CREATED_AT = COLUMN_FIRST_COUNT + SJ_COUNT_COUNT_,
    COLUMN_CASE_TYPE,
    COLUMN_FIRST_MORE,
    COLUMN_CONTESTED = COLUMN_FIRST_MORE + SJ_MORE_COUNT_
};

const char *sj_more_title(enum sj_more_name name)
{
    static const char *const titles[SJ_MORE_COUNT_] = {
        [SJ_MORE_ON_TIME] = "on_time",
        [SJ_MORE_HEARINGS] = "hearings",
        [SJ_MORE_FIRST_DATE_HELD] = "first_date_held",
        [SJ_MORE_ADJOURNED_NO_GROUND] = "adjourned_no_ground",
    };
    SJ_ASSERT((size_t)name < SJ_MORE_COUNT_);
    return titles[name];
}

static int64_t count_of(const struct sj_rows *rows, size_t row, size_t column, bool is_readable)
{
    return is_readable && !sj_row_is_null(rows, row, column) ? sj_row_i64(rows, row, column)
                                                             : SJ_COUNT_UNKNOWN;
}

static sj_status read_row(
    const struct sj_desk *desk, const struct sj_rows *rows, size_t row, struct sj_fact *fact)
{
    *fact = (struct sj_fact){
        .unit = sj_row_id(rows, row, COLUMN_UNIT),
        .id = sj_row_id(rows, row, COLUMN_ID),
        .court = sj_row_id(rows, row, COLUMN_COURT),
        .contribution = sj_row_id(rows, row, COLUMN_CONTRIBUTION),
        .from_day = sj_row_day(rows, row, COLUMN_PERIOD_FROM),
        .to_day = sj_row_day(rows, row, COLUMN_PERIOD_TO),
        .has_counts = desk_reads(desk, SJ_FIELD_FACT_COUNTS),
        .created_at = sj_row_time(rows, row, COLUMN_CREATED_AT),
        .is_contested = sj_row_bool(rows, row, COLUMN_CONTESTED),
    };
    if (desk_reads(desk, SJ_FIELD_FACT_SUBJECT)) {
        fact->judge = sj_row_id(rows, row, COLUMN_JUDGE);
    }
    for (size_t i = 0; i < SJ_COUNT_COUNT_; i++) {
        fact->counts.of[i] = count_of(rows, row, COLUMN_FIRST_COUNT + i, fact->has_counts);
    }
    for (size_t i = 0; i < SJ_MORE_COUNT_; i++) {
        fact->more.of[i] = count_of(rows, row, COLUMN_FIRST_MORE + i, fact->has_counts);
    }
    TRY(sj_desk_text(desk, rows, row, COLUMN_CASE_TYPE, &fact->case_type));
    return sj_desk_text(desk, rows, row, COLUMN_COURT_CODE, &fact->court_code);
}

/* The statement whose index serves the most selective filter that was given. */
static enum sj_sql list_statement(const struct sj_row_filter *filter, bool is_wide)
{
    if (is_wide) {
        return sj_uuid_is_nil(filter->judge) ? SJ_SQL_FACT_LIST_SEEN
                                             : SJ_SQL_FACT_LIST_SEEN_BY_JUDGE;
    }
    if (!sj_uuid_is_nil(filter->judge)) {
        return SJ_SQL_FACT_LIST_BY_JUDGE;
    }
    if (!sj_uuid_is_nil(filter->contribution)) {
        return SJ_SQL_FACT_LIST_BY_CONTRIBUTION;
    }
    if (!sj_uuid_is_nil(filter->court)) {
        return SJ_SQL_FACT_LIST_BY_COURT;
    }
    return SJ_SQL_FACT_LIST;
}

sj_status sj_fact_list(const struct sj_desk *desk, const struct sj_row_filter *filter,
    struct sj_paging paging, struct sj_fact **ret_items, size_t *ret_count,
    struct sj_uuid *ret_last)
{
    *ret_items = NULL;
    *ret_count = 0;
    *ret_last = (struct sj_uuid){{0}};
    ENSURE(sj_uuid_is_nil(filter->judge) || desk_reads(desk, SJ_FIELD_FACT_SUBJECT), FORBIDDEN);
    struct sight sight;
    if (!desk_sight(desk, &sight)) {
        return SJ_DONE;
    }
    struct sj_row_filter narrow = *filter;
    if (sj_uuid_is_nil(narrow.judge)) {
        narrow.judge = sight.judge;
    }
    const struct sj_param params[] = {sj_p_id_or_null(&sight.unit),
        sight.is_wide ? sj_p_bool(sight.is_everything) : sj_p_id_or_null(&sight.judge),
        sj_p_id(&paging.after), sj_p_i64((int64_t)paging.limit + 1), sj_p_id_or_null(&narrow.judge),
        sj_p_id_or_null(&narrow.court), sj_p_id_or_null(&narrow.contribution),
        narrow.has_period ? sj_p_day(narrow.from_day) : sj_p_null(),
        narrow.has_period ? sj_p_day(narrow.to_day) : sj_p_null()};
    const struct sj_query sql = {list_statement(&narrow, sight.is_wide), params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    size_t count = sj_rows_count(rows);
    if (count == 0) {
        return SJ_DONE;
    }
    if (count > paging.limit) {
        count = paging.limit;
        *ret_last = sj_row_id(rows, count - 1, COLUMN_ID);
    }
    void *memory;
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_fact), &memory));
    *ret_items = memory;
    for (size_t row = 0; row < count; row++) {
        TRY(read_row(desk, rows, row, &(*ret_items)[row]));
    }
    *ret_count = count;
    return SJ_DONE;
}

sj_status sj_fact_find(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_fact *ret_fact)
{
    *ret_found = false;
    struct sight sight;
    if (!desk_sight(desk, &sight)) {
        return SJ_DONE;
    }
    const bool is_self = !sj_uuid_is_nil(sight.judge);
    const struct sj_param params[] = {
        is_self ? sj_p_id(&sight.judge) : sj_p_id_or_null(&sight.unit), sj_p_id(&id),
        sj_p_bool(sight.is_everything)};
    const struct sj_query sql = {sight.is_wide ? SJ_SQL_FACT_FIND_SEEN
                                 : is_self     ? SJ_SQL_FACT_FIND_SELF
                                               : SJ_SQL_FACT_FIND,
        params, sight.is_wide ? 3 : 2};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    return *ret_found ? read_row(desk, rows, 0, ret_fact) : SJ_DONE;
}
