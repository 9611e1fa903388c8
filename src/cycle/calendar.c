/* SPDX-License-Identifier: Apache-2.0
 *
 * Which days do not count, which clocks run, and what does the server do when one has run out? The sweep works in the
 * scope of evaluations, a bounded batch a transaction, so that several servers and a crash do no harm.
 */
#include "sanjeh/cycle/calendar.h"

#include "cycle_priv.h"

sj_status sj_holiday_list(
    const struct sj_desk *desk, int64_t from_day, int64_t to_day, struct sj_documents *ret_days)
{
    const struct sj_param params[] = {sj_p_day(from_day), sj_p_day(to_day)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_desk_query(desk, SJ_SQL_HOLIDAY_LIST, params, SJ_COUNT(params), &rows));
    void *memory;
    const size_t count = sj_rows_count(rows);
    TRY(sj_arena_alloc(desk->arena, (count + 1) * sizeof(struct sj_document), &memory));
    *ret_days = (struct sj_documents){.items = memory, .count = count};
    for (size_t row = 0; row < count; row++) {
        ret_days->items[row] = (struct sj_document){.version = 0};
        TRY(sj_desk_text(desk, rows, row, 0, &ret_days->items[row].json));
    }
    return SJ_DONE;
}

sj_status sj_holiday_add(const struct sj_desk *desk, const struct sj_holiday *holiday)
{
    SJ_ASSERT(desk->tx != NULL);
    const struct sj_param params[] = {sj_p_day(holiday->day), sj_p_text(holiday->name_fa),
        sj_p_text(holiday->name_en), sj_p_text(holiday->source)};
    return sj_tx_query(desk->tx, SJ_SQL_HOLIDAY_INSERT, params, SJ_COUNT(params), NULL);
}

sj_status sj_holiday_remove(const struct sj_desk *desk, int64_t day, bool *ret_removed)
{
    SJ_ASSERT(desk->tx != NULL);
    const struct sj_param params[] = {sj_p_day(day)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_HOLIDAY_DELETE, params, SJ_COUNT(params), &rows));
    *ret_removed = sj_rows_affected(rows) == 1;
    return SJ_DONE;
}

sj_status sj_clock_list(const struct sj_desk *desk, struct sj_text *ret_json)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_desk_query(desk, SJ_SQL_CLOCK_LIST, NULL, 0, &rows));
    return sj_desk_text(desk, rows, 0, 0, ret_json);
}

sj_status sj_calendar_deadline(const struct sj_desk *desk, int64_t start_day, int64_t days,
    struct sj_text kind, sj_time_us *ret_due, int64_t *ret_due_day)
{
    const struct sj_param params[] = {
        sj_p_day(start_day), sj_p_i32((int32_t)days), sj_p_text(kind)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_desk_query(desk, SJ_SQL_CALENDAR_DEADLINE, params, SJ_COUNT(params), &rows));
    *ret_due = sj_row_time(rows, 0, 0);
    *ret_due_day = sj_row_day(rows, 0, 1);
    return SJ_DONE;
}

sj_status sj_deadline_list(const struct sj_desk *desk, struct sj_text state, bool is_mine,
    struct sj_uuid evaluation, struct sj_paging paging, struct sj_documents *ret_deadlines)
{
    const struct sj_param params[] = {sj_p_id(&paging.after), sj_p_i64((int64_t)paging.limit + 1),
        sj_p_text_or_null(state), sj_p_bool(is_mine), sj_p_id_or_null(&evaluation)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_desk_query(desk, SJ_SQL_DEADLINE_LIST, params, SJ_COUNT(params), &rows));
    TRY(sj_documents_of(desk, rows, paging.limit, ret_deadlines));
    for (size_t row = 0; row < ret_deadlines->count; row++) {
        ret_deadlines->items[row].judge = sj_row_id(rows, row, 3);
    }
    return SJ_DONE;
}

/* Refused because somebody else was quicker: no failure, the next round sees it as it is then. */
static bool was_refused(sj_status status)
{
    return status.code == SJ_GUARD_UNMET || status.code == SJ_NO_SUCH_MOVE ||
           status.code == SJ_PRECONDITION_FAILED;
}

static sj_status sweep_one(
    const struct sj_desk *desk, const struct sj_rows *due, size_t row, struct sj_swept *swept)
{
    enum sj_evaluation_state to;
    ENSURE(sj_evaluation_state_find(sj_row_text(due, row, 1), &to), PROTOCOL);
    bool found = false;
    struct sj_evaluation evaluation;
    TRY(sj_evaluation_find(desk, sj_row_id(due, row, 0), &found, &evaluation));
    ENSURE(found, PROTOCOL);
    const enum sj_evaluation_state from = evaluation.state;
    struct sj_unmet unmet;
    const sj_status status =
        sj_evaluation_move(desk, &evaluation, to, (struct sj_text){"", 0}, &unmet);
    if (was_refused(status)) {
        return SJ_DONE;
    }
    TRY(status);
    swept->moves[swept->count].evaluation = evaluation;
    swept->moves[swept->count++].from = from;
    return SJ_DONE;
}

sj_status sj_cycle_sweep(
    const struct sj_desk *desk, struct sj_uuid after, size_t limit, struct sj_swept *ret_swept)
{
    SJ_ASSERT(desk->tx != NULL && limit > 0 && limit <= SJ_SWEEP_MAX);
    ret_swept->count = 0;
    ret_swept->last = (struct sj_uuid){{0}};
    CLEANUP(sj_rows_free) struct sj_rows *lapsed = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_DEADLINE_LAPSE, NULL, 0, &lapsed));
    ret_swept->lapsed = sj_rows_affected(lapsed);
    const struct sj_param params[] = {sj_p_id(&after), sj_p_i64((int64_t)limit)};
    CLEANUP(sj_rows_free) struct sj_rows *due = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_EVALUATION_DUE, params, SJ_COUNT(params), &due));
    ret_swept->has_more = sj_rows_count(due) == limit;
    for (size_t row = 0; row < sj_rows_count(due); row++) {
        ret_swept->last = sj_row_id(due, row, 0);
        TRY(sweep_one(desk, due, row, ret_swept));
    }
    return SJ_DONE;
}
