/* SPDX-License-Identifier: Apache-2.0
 *
 * Which surveyed and imported values does a judge have? Opened page by page with one question to the keeper, in memory
 * that is wiped after the page. Several values of one indicator are joined by their n; without n they are not joined.
 */
#include "compute_priv.h"

#include "sanjeh/base/parse.h"

#define PAGE_ARENA_BYTES ((size_t)64 * 1024 * 1024)

enum {
    VALUE_JUDGE,
    VALUE_INDICATOR,
    VALUE_UNIT,
    VALUE_ID,
    VALUE_VALUE,
    VALUE_N,
    VALUE_VALUE_CT,
    VALUE_N_CT,
    VALUE_KEY_VERSION,
    VALUE_WRAPPED
};

static sj_status open_value(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    const struct sj_subject *subject, struct reading *reading)
{
    const struct sj_uuid id = sj_row_id(rows, row, VALUE_ID);
    struct sj_text text;
    TRY(field_text(desk, subject, SJ_TABLE_INDICATOR_VALUE, SJ_COLUMN_VALUE, id, SJ_FLE1_DECIMAL,
        sj_row_bytes(rows, row, VALUE_VALUE_CT), &text));
    ENSURE(!sj_failed(sj_decimal_parse(text, &reading->value)), DECRYPT);
    reading->has_value = true;
    if (sj_row_is_null(rows, row, VALUE_N_CT)) {
        return SJ_DONE;
    }
    TRY(field_text(desk, subject, SJ_TABLE_INDICATOR_VALUE, SJ_COLUMN_VALUE_N, id, SJ_FLE1_DECIMAL,
        sj_row_bytes(rows, row, VALUE_N_CT), &text));
    ENSURE(!sj_failed(sj_parse_i64(text, 0, INT64_MAX, &reading->n)), DECRYPT);
    reading->has_n = true;
    return SJ_DONE;
}

/* has_value false: erased, or computed without result. */
static sj_status read_value(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    const struct sj_subject *subject, struct reading *ret_reading)
{
    *ret_reading = (struct reading){.has_value = false};
    if (!sj_row_is_null(rows, row, VALUE_VALUE_CT)) {
        return subject == NULL ? SJ_DONE : open_value(desk, rows, row, subject, ret_reading);
    }
    if (sj_row_is_null(rows, row, VALUE_VALUE)) {
        return SJ_DONE;
    }
    TRY(sj_decimal_parse(sj_row_text(rows, row, VALUE_VALUE), &ret_reading->value));
    ret_reading->has_value = true;
    ret_reading->has_n = !sj_row_is_null(rows, row, VALUE_N);
    ret_reading->n = sj_row_i64(rows, row, VALUE_N);
    return SJ_DONE;
}

sj_status reading_join(const struct reading *value, struct reading *reading)
{
    if (!value->has_value) {
        return SJ_DONE;
    }
    if (!reading->has_value && reading->reason != NULL &&
        sj_text_is(sj_text_of(reading->reason), "NO_DATA")) {
        *reading = *value;
        return SJ_DONE;
    }
    if (!reading->has_value || !reading->has_n || !value->has_n || value->n < 1) {
        *reading = (struct reading){.reason = "SEVERAL_VALUES"};
        return SJ_DONE;
    }
    TRY(sj_shrink(reading->value, reading->n, value->value, value->n, &reading->value));
    reading->n += value->n;
    return SJ_DONE;
}

static sj_status place_value(const struct plan *plan, struct sj_uuid indicator,
    const struct reading *value, struct target *target)
{
    for (size_t i = 0; i < plan->item_count; i++) {
        const struct plan_item *item = &plan->items[i];
        if (item->has_definition && !item->is_computed &&
            sj_uuid_equal(item->indicator, indicator)) {
            TRY(reading_join(value, &target->readings[i]));
        }
    }
    return SJ_DONE;
}

static sj_status place_rows(const struct sj_desk *desk, const struct plan *plan,
    const struct sj_rows *rows, struct target *targets, size_t count)
{
    const size_t row_count = sj_rows_count(rows);
    void *memory;
    TRY(sj_arena_alloc(desk->arena, row_count * sizeof(struct sj_wrapped_dek), &memory));
    struct sj_wrapped_dek *wrapped = memory;
    for (size_t row = 0; row < row_count; row++) {
        wrapped[row] = (struct sj_wrapped_dek){
            .unit = sj_row_id(rows, row, VALUE_UNIT),
            .subject = sj_row_id(rows, row, VALUE_JUDGE),
            .version = (uint32_t)sj_row_i64(rows, row, VALUE_KEY_VERSION),
            .wrapped = sj_row_is_null(rows, row, VALUE_WRAPPED)
                           ? (struct sj_view){NULL, 0}
                           : sj_row_bytes(rows, row, VALUE_WRAPPED),
        };
    }
    CLEANUP(keyring_clear) struct keyring keyring = {0};
    TRY(keyring_open(desk, wrapped, row_count, &keyring));
    for (size_t row = 0; row < row_count; row++) {
        struct target *target = target_find(targets, count, sj_row_id(rows, row, VALUE_JUDGE));
        struct reading value;
        TRY(read_value(desk, rows, row, keyring_of(&keyring, row), &value));
        if (target != NULL) {
            TRY(place_value(plan, sj_row_id(rows, row, VALUE_INDICATOR), &value, target));
        }
    }
    return SJ_DONE;
}

/* Empty when every item is computed or marked. */
static sj_status put_indicators(struct sj_array *array, const struct plan *plan)
{
    for (size_t i = 0; i < plan->item_count; i++) {
        const struct plan_item *item = &plan->items[i];
        if (item->has_definition && !item->is_computed) {
            TRY(put_id(array, item->indicator));
        }
    }
    return SJ_DONE;
}

static sj_status read_page(
    const struct sj_desk *desk, const struct plan *plan, struct target *targets, size_t count)
{
    CLEANUP(sj_array_clear) struct sj_array judges = {0};
    CLEANUP(sj_array_clear) struct sj_array indicators = {0};
    TRY(sj_array_init(&judges, SJ_OID_UUID, (COMPUTE_PAGE + 1) * 32u));
    TRY(sj_array_init(&indicators, SJ_OID_UUID, (SJ_SCORE_ITEMS_MAX + 1) * 32u));
    TRY(put_judges(&judges, targets, count));
    TRY(put_indicators(&indicators, plan));
    if (indicators.count == 0) {
        return SJ_DONE;
    }
    const struct sj_param params[] = {sj_p_array(&judges), sj_p_array(&indicators),
        sj_p_day(plan->from_day), sj_p_day(plan->to_day), plan_cut(plan)};
    const struct sj_query sql = {SJ_SQL_COMPUTE_VALUE_LIST, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    return sj_rows_count(rows) == 0 ? SJ_DONE : place_rows(desk, plan, rows, targets, count);
}

sj_status values_read(
    const struct sj_desk *desk, const struct plan *plan, struct target *targets, size_t count)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    TRY(sj_arena_new(PAGE_ARENA_BYTES, &arena));
    struct sj_desk page = *desk;
    page.arena = arena;
    return read_page(&page, plan, targets, count);
}
