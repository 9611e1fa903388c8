/* SPDX-License-Identifier: Apache-2.0
 *
 * What is measured? Reads the indicator catalogue, reference data that everybody signed in may see: a judge must know
 * what the numbers mean before they are about him.
 */
#include "sanjeh/evaluation/indicator.h"

#include "evaluation_priv.h"

static sj_status read_row(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    struct sj_indicator *indicator)
{
    *indicator = (struct sj_indicator){
        .id = sj_row_id(rows, row, 0),
        .min_n = sj_row_i64(rows, row, 12),
        .scale_min = sj_row_i64(rows, row, 13),
        .scale_max = sj_row_i64(rows, row, 14),
        .version = sj_row_i64(rows, row, 15),
    };
    struct sj_text *const texts[] = {&indicator->code, &indicator->kind, &indicator->name_fa,
        &indicator->name_en, &indicator->formula, &indicator->unit, &indicator->direction,
        &indicator->target, &indicator->level, &indicator->contributor_unit_code,
        &indicator->standard};
    for (size_t i = 0; i < SJ_COUNT(texts); i++) {
        TRY(sj_desk_text(desk, rows, row, 1 + i, texts[i]));
    }
    return SJ_DONE;
}

sj_status sj_indicator_list(const struct sj_desk *desk, const struct sj_indicator_query *query,
    struct sj_paging paging, struct sj_indicator **ret_items, size_t *ret_count,
    struct sj_uuid *ret_last)
{
    *ret_items = NULL;
    *ret_count = 0;
    *ret_last = (struct sj_uuid){{0}};
    const struct sj_param params[] = {sj_p_id(&paging.after), sj_p_i64((int64_t)paging.limit + 1),
        sj_p_text_or_null(query->code), sj_p_text_or_null(query->kind)};
    const struct sj_query sql = {SJ_SQL_INDICATOR_LIST, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    size_t count = sj_rows_count(rows);
    if (count == 0) {
        return SJ_DONE;
    }
    if (count > paging.limit) {
        count = paging.limit;
        *ret_last = sj_row_id(rows, count - 1, 0);
    }
    void *memory;
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_indicator), &memory));
    *ret_items = memory;
    for (size_t row = 0; row < count; row++) {
        TRY(read_row(desk, rows, row, &(*ret_items)[row]));
    }
    *ret_count = count;
    return SJ_DONE;
}

sj_status sj_indicator_find(const struct sj_desk *desk, struct sj_uuid id, bool *ret_found,
    struct sj_indicator *ret_indicator)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    const struct sj_query sql = {SJ_SQL_INDICATOR_FIND, params, 1};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    return *ret_found ? read_row(desk, rows, 0, ret_indicator) : SJ_DONE;
}
