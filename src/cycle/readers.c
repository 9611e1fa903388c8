/* SPDX-License-Identifier: Apache-2.0
 *
 * Who can see this file? The conditions under which row security shows an evaluation, asked the other way round: for the file, which
 * accounts. tests/api/test_explain.py holds them against what each account is in fact shown.
 */
#include "sanjeh/cycle/readers.h"

#include "sanjeh/db/statements.h"

static sj_status take_text(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    size_t column, struct sj_text *ret)
{
    return sj_arena_text(desk->arena, sj_row_text(rows, row, column), ret);
}

sj_status sj_readers_list(const struct sj_desk *desk, struct sj_uuid evaluation,
    struct sj_uuid account, struct sj_uuid after, size_t limit, struct sj_reader **ret_items,
    size_t *ret_count)
{
    const struct sj_param params[] = {
        sj_p_id(&evaluation), sj_p_id(&after), sj_p_id(&account), sj_p_i64((int64_t)limit)};
    const struct sj_query query = {SJ_SQL_EVALUATION_READER_LIST, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &query, 1, &rows));
    const size_t count = sj_rows_count(rows);
    void *memory = NULL;
    TRY(sj_arena_alloc(desk->arena, (count + 1) * sizeof(struct sj_reader), &memory));
    struct sj_reader *items = memory;
    for (size_t i = 0; i < count; i++) {
        items[i].account = sj_row_id(rows, i, 0);
        items[i].unit = sj_row_id(rows, i, 1);
        items[i].compartment = sj_row_id(rows, i, 2);
        TRY(take_text(desk, rows, i, 3, &items[i].unit_code));
        TRY(take_text(desk, rows, i, 4, &items[i].compartment_code));
        TRY(take_text(desk, rows, i, 5, &items[i].roles));
        TRY(take_text(desk, rows, i, 6, &items[i].parts));
    }
    *ret_items = items;
    *ret_count = count;
    return SJ_DONE;
}

sj_status sj_reader_at(const struct sj_desk *desk, struct sj_uuid evaluation,
    struct sj_uuid account, sj_time_us at, struct sj_text *ret_parts)
{
    const struct sj_param params[] = {sj_p_id(&evaluation), sj_p_id(&account), sj_p_time(at)};
    const struct sj_query query = {SJ_SQL_EVALUATION_READER_AT, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &query, 1, &rows));
    return take_text(desk, rows, 0, 0, ret_parts);
}

sj_status sj_sittings_list(const struct sj_desk *desk, struct sj_uuid account,
    struct sj_uuid but_about, size_t limit, struct sj_sitting **ret_items, size_t *ret_count)
{
    const struct sj_param params[] = {
        sj_p_id(&account), sj_p_id(&but_about), sj_p_i64((int64_t)limit)};
    const struct sj_query query = {SJ_SQL_SEAT_OF_ACCOUNT, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &query, 1, &rows));
    const size_t count = sj_rows_count(rows);
    void *memory = NULL;
    TRY(sj_arena_alloc(desk->arena, (count + 1) * sizeof(struct sj_sitting), &memory));
    struct sj_sitting *items = memory;
    for (size_t i = 0; i < count; i++) {
        items[i].evaluation = sj_row_id(rows, i, 0);
        TRY(take_text(desk, rows, i, 1, &items[i].capacity));
    }
    *ret_items = items;
    *ret_count = count;
    return SJ_DONE;
}
