/* SPDX-License-Identifier: Apache-2.0
 *
 * What has to be computed for a cycle? The items of its template, each with the definition that was in force on the day of
 * the announcement: a definition that changes later does not change a running cycle. Formulas come from the database as
 * text and are parsed here once a run.
 */
#include "compute_priv.h"

enum {
    COLUMN_UNIT,
    COLUMN_FROM,
    COLUMN_TO,
    COLUMN_COVERAGE_MIN,
    COLUMN_NO,
    COLUMN_FAMILY,
    COLUMN_IS_MARK,
    COLUMN_WEIGHT,
    COLUMN_CODE,
    COLUMN_INDICATOR,
    COLUMN_KIND,
    COLUMN_VERSION,
    COLUMN_FORMULA,
    COLUMN_MEASURE,
    COLUMN_DIRECTION,
    COLUMN_FLOOR,
    COLUMN_TARGET,
    COLUMN_CAP,
    COLUMN_LOW,
    COLUMN_HIGH,
    COLUMN_MIN_N,
    COLUMN_IS_INDIVIDUAL,
    COLUMN_TARGET_COUNT
};

static sj_status read_decimal(const struct sj_rows *rows, size_t row, size_t column,
    bool *ret_is_there, struct sj_decimal *ret_decimal)
{
    *ret_decimal = (struct sj_decimal){0, 0};
    *ret_is_there = !sj_row_is_null(rows, row, column);
    return *ret_is_there ? sj_decimal_parse(sj_row_text(rows, row, column), ret_decimal) : SJ_DONE;
}

static sj_status read_anchors(const struct sj_rows *rows, size_t row, struct sj_anchors *anchors)
{
    bool has_floor;
    bool has_other;
    ENSURE(
        sj_direction_find(sj_row_text(rows, row, COLUMN_DIRECTION), &anchors->direction), INTERNAL);
    TRY(read_decimal(rows, row, COLUMN_FLOOR, &has_floor, &anchors->floor));
    TRY(read_decimal(rows, row, COLUMN_TARGET, &has_other, &anchors->target));
    TRY(read_decimal(rows, row, COLUMN_CAP, &has_other, &anchors->cap));
    TRY(read_decimal(rows, row, COLUMN_LOW, &has_other, &anchors->low));
    TRY(read_decimal(rows, row, COLUMN_HIGH, &has_other, &anchors->high));
    if (!has_floor || !sj_anchors_are_ordered(anchors)) {
        anchors->direction = SJ_DIRECTION_NONE;
    }
    return SJ_DONE;
}

static sj_status find_family(struct sj_text name, enum sj_family *ret_family)
{
    for (size_t i = 0; i < SJ_FAMILY_COUNT_; i++) {
        if (sj_text_is(name, sj_family_name((enum sj_family)i))) {
            *ret_family = (enum sj_family)i;
            return SJ_DONE;
        }
    }
    FAIL(INTERNAL);
}

static sj_status read_definition(
    const struct sj_desk *desk, const struct sj_rows *rows, size_t row, struct plan_item *item)
{
    item->has_definition = true;
    item->version = sj_row_i64(rows, row, COLUMN_VERSION);
    item->indicator = sj_row_id(rows, row, COLUMN_INDICATOR);
    item->is_survey = sj_text_is(sj_row_text(rows, row, COLUMN_KIND), "survey");
    item->is_individual = sj_row_bool(rows, row, COLUMN_IS_INDIVIDUAL);
    item->min_n = sj_row_i64(rows, row, COLUMN_MIN_N);
    TRY(sj_desk_text(desk, rows, row, COLUMN_MEASURE, &item->measure));
    TRY(sj_desk_text(desk, rows, row, COLUMN_FORMULA, &item->formula_text));
    TRY(read_anchors(rows, row, &item->anchors));
    item->is_computed = item->formula_text.len > 0;
    if (item->is_computed) {
        struct sj_expression_fault fault;
        ENSURE(!sj_failed(sj_expression_parse(item->formula_text, sj_workload_inputs,
                   SJ_INPUT_WORKLOAD_COUNT_, &item->formula, &fault)),
            GUARD_UNMET);
    }
    return SJ_DONE;
}

static sj_status read_item(
    const struct sj_desk *desk, const struct sj_rows *rows, size_t row, struct plan_item *item)
{
    *item = (struct plan_item){
        .no = sj_row_i64(rows, row, COLUMN_NO), .is_mark = sj_row_bool(rows, row, COLUMN_IS_MARK)};
    TRY(find_family(sj_row_text(rows, row, COLUMN_FAMILY), &item->family));
    TRY(sj_decimal_parse(sj_row_text(rows, row, COLUMN_WEIGHT), &item->weight));
    TRY(sj_desk_text(desk, rows, row, COLUMN_CODE, &item->code));
    return sj_row_is_null(rows, row, COLUMN_VERSION) ? SJ_DONE
                                                     : read_definition(desk, rows, row, item);
}

sj_status plan_read(const struct sj_desk *desk, struct sj_uuid cycle, struct plan *ret_plan)
{
    const struct sj_param params[] = {sj_p_id(&cycle)};
    const struct sj_query sql = {SJ_SQL_COMPUTE_PLAN, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    const size_t count = sj_rows_count(rows);
    ENSURE(count > 0 && count <= SJ_SCORE_ITEMS_MAX, NOT_FOUND);
    struct plan plan = {
        .unit = sj_row_id(rows, 0, COLUMN_UNIT),
        .cycle = cycle,
        .from_day = sj_row_day(rows, 0, COLUMN_FROM),
        .to_day = sj_row_day(rows, 0, COLUMN_TO),
        .coverage_min = sj_row_i64(rows, 0, COLUMN_COVERAGE_MIN),
        .item_count = count,
        .target_count = (size_t)sj_row_i64(rows, 0, COLUMN_TARGET_COUNT),
    };
    void *memory;
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct plan_item), &memory));
    plan.items = memory;
    for (size_t row = 0; row < count; row++) {
        TRY(read_item(desk, rows, row, &plan.items[row]));
    }
    *ret_plan = plan;
    return SJ_DONE;
}
