/* SPDX-License-Identifier: Apache-2.0
 *
 * What is known about each judge of a cycle in its period? Pages of evaluations by judge, for each page the
 * surveyed and imported values; then one aggregation of everybody's workload. Facts that overlap or come from several units are not added up:
 * whoever adds them would count cases twice.
 */
#include "compute_priv.h"

static int compare_judge(const void *key, const void *element)
{
    const struct sj_uuid *judge = key;
    const struct target *target = element;
    return memcmp(judge->bytes, target->judge.bytes, sizeof(judge->bytes));
}

struct target *target_find(struct target *targets, size_t count, struct sj_uuid judge)
{
    return bsearch(&judge, targets, count, sizeof(*targets), compare_judge);
}

sj_status put_judges(struct sj_array *array, const struct target *targets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        TRY(put_id(array, targets[i].judge));
    }
    return SJ_DONE;
}

/* ---- workload ---- */

#define PATIENCE_MS (INT64_C(600) * 1000)

enum { WORKLOAD_JUDGE, WORKLOAD_OVERLAPS, WORKLOAD_DAYS, WORKLOAD_FIRST };

/* In the order of the statement's columns. */
static const enum sj_workload_input workload_columns[] = {SJ_INPUT_PENDING_START, SJ_INPUT_INCOMING,
    SJ_INPUT_RESOLVED, SJ_INPUT_PENDING_END, SJ_INPUT_FILED, SJ_INPUT_RETURNED,
    SJ_INPUT_TRANSFERRED_IN, SJ_INPUT_TRANSFERRED_OUT};

static const char *workload_fault(const struct sj_rows *rows, size_t row)
{
    if (sj_row_bool(rows, row, WORKLOAD_OVERLAPS)) {
        return "OVERLAPPING_FACTS";
    }
    const size_t incoming = WORKLOAD_FIRST + 1;
    return !sj_row_is_null(rows, row, incoming) && sj_row_i64(rows, row, incoming) < 0
               ? "NEGATIVE_INCOMING"
               : NULL;
}

void target_add_court(struct target *target, struct sj_uuid court)
{
    for (size_t i = 0; i < target->court_count; i++) {
        if (sj_uuid_equal(target->courts[i], court)) {
            return;
        }
    }
    if (!sj_uuid_is_nil(court) && target->court_count < COURTS_OF_JUDGE_MAX) {
        target->courts[target->court_count++] = court;
    }
}

static void read_courts(struct sj_view ids, struct target *target)
{
    struct sj_uuid court;
    for (size_t i = 0; i < ids.len; i++) {
        const size_t at = i % sizeof(court.bytes);
        court.bytes[at] = ids.ptr[i];
        if (at + 1 == sizeof(court.bytes)) {
            target_add_court(target, court);
        }
    }
}

static void read_workload_row(const struct sj_rows *rows, size_t row, struct target *target)
{
    if (!sj_row_is_null(rows, row, WORKLOAD_FIRST + SJ_COUNT(workload_columns))) {
        read_courts(sj_row_bytes(rows, row, WORKLOAD_FIRST + SJ_COUNT(workload_columns)), target);
    }
    if (target->has_workload) {
        target->workload_fault = "SEVERAL_SOURCES";
        return;
    }
    target->has_workload = true;
    target->workload_fault = workload_fault(rows, row);
    target->inputs[SJ_INPUT_DAYS] =
        (struct sj_input_value){true, {sj_row_i64(rows, row, WORKLOAD_DAYS), 0}};
    for (size_t i = 0; i < SJ_COUNT(workload_columns); i++) {
        const size_t column = WORKLOAD_FIRST + i;
        target->inputs[workload_columns[i]] = (struct sj_input_value){
            !sj_row_is_null(rows, row, column), {sj_row_i64(rows, row, column), 0}};
    }
}

static void run_formulas(const struct plan *plan, struct target *target)
{
    for (size_t i = 0; i < plan->item_count; i++) {
        const struct plan_item *item = &plan->items[i];
        struct reading *reading = &target->readings[i];
        if (!item->is_computed) {
            continue;
        }
        if (target->workload_fault != NULL) {
            reading->reason = target->workload_fault;
            continue;
        }
        struct sj_result result;
        sj_expression_run(&item->formula, sj_workload_inputs, target->inputs, &result);
        *reading = (struct reading){.has_value = result.has_value,
            .has_n = result.has_n && result.n.scale == 0,
            .value = result.value,
            .n = result.n.units,
            .reason = result.reason};
    }
}

/* One question for all, in a transaction that plans for them: row by row the same takes twenty times as long. */
static sj_status workload_ask(const struct sj_desk *desk, const struct plan *plan,
    const struct target *targets, size_t count, struct sj_rows **ret_rows)
{
    CLEANUP(sj_array_clear) struct sj_array judges = {0};
    TRY(sj_array_init(&judges, SJ_OID_UUID, (count + 1) * 32u));
    TRY(put_judges(&judges, targets, count));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(desk->db, desk->context, &tx));
    sj_tx_be_patient(tx, PATIENCE_MS);
    TRY(sj_tx_query(tx, SJ_SQL_COMPUTE_TUNE, NULL, 0, NULL));
    const struct sj_param params[] = {
        sj_p_array(&judges), sj_p_day(plan->from_day), sj_p_day(plan->to_day), plan_cut(plan)};
    return sj_tx_query(tx, SJ_SQL_COMPUTE_WORKLOAD, params, SJ_COUNT(params), ret_rows);
}

static sj_status workload_read(
    const struct sj_desk *desk, const struct plan *plan, struct target *targets, size_t count)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(workload_ask(desk, plan, targets, count, &rows));
    for (size_t row = 0; row < sj_rows_count(rows); row++) {
        struct target *target = target_find(targets, count, sj_row_id(rows, row, WORKLOAD_JUDGE));
        if (target != NULL) {
            read_workload_row(rows, row, target);
        }
    }
    for (size_t i = 0; i < count; i++) {
        run_formulas(plan, &targets[i]);
    }
    return SJ_DONE;
}

/* ---- pages ---- */

enum {
    TARGET_EVALUATION,
    TARGET_JUDGE,
    TARGET_ISSUER_UNIT,
    TARGET_ISSUER_SCOPE,
    TARGET_ROUND,
    TARGET_SHEET,
    TARGET_CONTESTED,
    TARGET_COURT_KIND,
    TARGET_GRADE_BAND,
    TARGET_PROVINCE_CLASS,
    TARGET_COURT
};

/* 0 for none and for a number that no band has. */
static size_t class_of(const struct sj_rows *rows, size_t row, size_t column)
{
    const int64_t number = sj_row_is_null(rows, row, column) ? 0 : sj_row_i64(rows, row, column);
    return number > 0 && number < (int64_t)PEER_BANDS ? (size_t)number : 0;
}

static void read_target(const struct plan *plan, const struct sj_rows *rows, size_t row,
    struct reading *readings, struct target *target)
{
    *target = (struct target){
        .evaluation = sj_row_id(rows, row, TARGET_EVALUATION),
        .judge = sj_row_id(rows, row, TARGET_JUDGE),
        .issuer_unit = sj_row_id(rows, row, TARGET_ISSUER_UNIT),
        .issuer_scope = sj_row_id(rows, row, TARGET_ISSUER_SCOPE),
        .round = sj_row_i64(rows, row, TARGET_ROUND),
        .sheet = sj_row_id(rows, row, TARGET_SHEET),
        .is_contested = sj_row_bool(rows, row, TARGET_CONTESTED),
        .peers = {.court_kind = sj_row_is_null(rows, row, TARGET_COURT_KIND)
                                    ? 0
                                    : peer_kind_find(sj_row_text(rows, row, TARGET_COURT_KIND)),
            .grade_band = class_of(rows, row, TARGET_GRADE_BAND),
            .province_class = class_of(rows, row, TARGET_PROVINCE_CLASS)},
        .workload_fault = "NO_DATA",
        .readings = readings,
    };
    target_add_court(target, sj_row_id(rows, row, TARGET_COURT));
    for (size_t i = 0; i < plan->item_count; i++) {
        readings[i] =
            (struct reading){.reason = plan->items[i].has_definition ? "NO_DATA" : "NO_DEFINITION"};
    }
}

static sj_status page_read(const struct sj_desk *desk, const struct plan *plan,
    struct sj_uuid after, size_t limit, struct target *targets, struct reading *readings,
    size_t *ret_count)
{
    const struct sj_param params[] = {sj_p_id(&plan->unit), sj_p_id(&plan->cycle), sj_p_id(&after),
        sj_p_i64((int64_t)limit), sj_p_day(plan->from_day), sj_p_day(plan->to_day),
        sj_p_id_or_null(&plan->again.evaluation), sj_p_id_or_null(&plan->again.correction)};
    const struct sj_query sql = {SJ_SQL_COMPUTE_TARGET_LIST, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    const size_t count = sj_rows_count(rows);
    for (size_t row = 0; row < count; row++) {
        read_target(plan, rows, row, readings + row * plan->item_count, &targets[row]);
    }
    if (count > 0) {
        TRY(values_read(desk, plan, targets, count));
        TRY(observations_read(desk, plan, targets, count));
    }
    *ret_count = count;
    return SJ_DONE;
}

sj_status targets_read(const struct sj_desk *desk, const struct plan *plan, struct target *targets,
    struct reading *readings, size_t *ret_count)
{
    size_t total = 0;
    struct sj_uuid after = {{0}};
    while (total < plan->target_count) {
        const size_t left = plan->target_count - total;
        const size_t limit = left < COMPUTE_PAGE ? left : COMPUTE_PAGE;
        size_t count = 0;
        TRY(page_read(desk, plan, after, limit, targets + total,
            readings + total * plan->item_count, &count));
        if (count == 0) {
            break;
        }
        total += count;
        after = targets[total - 1].judge;
    }
    *ret_count = total;
    return total == 0 ? SJ_DONE : workload_read(desk, plan, targets, total);
}
