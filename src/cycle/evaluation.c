/* SPDX-License-Identifier: Apache-2.0
 *
 * Which evaluations does the caller see, in which state, and what would each possible next move still need? Row
 * security chooses the rows: owner, issuer, seats, and the judge from the notification on.
 */
#include "cycle_priv.h"

#include "sanjeh/cycle/evaluations.h"

enum column {
    UNIT,
    ID,
    CYCLE,
    JUDGE_UNIT,
    JUDGE,
    ISSUER_UNIT,
    ISSUER_SCOPE,
    BOARD,
    APPEAL_BOARD,
    STATE,
    SUSPENDED_FROM,
    ROUND,
    COVERAGE,
    STATE_SINCE,
    NOTIFIED_AT,
    FROZEN_AT,
    MARKS_LOCKED_AT,
    DISCLOSED_AT,
    ISSUED_AT,
    APPEALED_AT,
    VERSION,
    NOW
};

static sj_time_us time_or_zero(const struct sj_rows *rows, size_t row, size_t column)
{
    return sj_row_is_null(rows, row, column) ? 0 : sj_row_time(rows, row, column);
}

sj_status evaluation_of_row(
    const struct sj_rows *rows, size_t row, struct sj_evaluation *ret_evaluation)
{
    *ret_evaluation = (struct sj_evaluation){.unit = sj_row_id(rows, row, UNIT),
        .id = sj_row_id(rows, row, ID),
        .cycle = sj_row_id(rows, row, CYCLE),
        .judge_unit = sj_row_id(rows, row, JUDGE_UNIT),
        .judge = sj_row_id(rows, row, JUDGE),
        .issuer_unit = sj_row_id(rows, row, ISSUER_UNIT),
        .issuer_scope = sj_row_id(rows, row, ISSUER_SCOPE),
        .board = sj_row_id(rows, row, BOARD),
        .appeal_board = sj_row_id(rows, row, APPEAL_BOARD),
        .round = sj_row_i64(rows, row, ROUND),
        .has_coverage = !sj_row_is_null(rows, row, COVERAGE),
        .coverage_hundredths = sj_row_i64(rows, row, COVERAGE),
        .state_since = sj_row_time(rows, row, STATE_SINCE),
        .notified_at = time_or_zero(rows, row, NOTIFIED_AT),
        .frozen_at = time_or_zero(rows, row, FROZEN_AT),
        .marks_locked_at = time_or_zero(rows, row, MARKS_LOCKED_AT),
        .disclosed_at = time_or_zero(rows, row, DISCLOSED_AT),
        .issued_at = time_or_zero(rows, row, ISSUED_AT),
        .appealed_at = time_or_zero(rows, row, APPEALED_AT),
        .version = sj_row_i64(rows, row, VERSION),
        .now = sj_row_time(rows, row, NOW)};
    ENSURE(
        sj_evaluation_state_find(sj_row_text(rows, row, STATE), &ret_evaluation->state), PROTOCOL);
    ENSURE(sj_row_is_null(rows, row, SUSPENDED_FROM) ||
               sj_evaluation_state_find(
                   sj_row_text(rows, row, SUSPENDED_FROM), &ret_evaluation->suspended_from),
        PROTOCOL);
    return SJ_DONE;
}

sj_status sj_evaluation_find(const struct sj_desk *desk, struct sj_uuid id, bool *ret_found,
    struct sj_evaluation *ret_evaluation)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_desk_query(desk, SJ_SQL_EVALUATION_FIND, params, SJ_COUNT(params), &rows));
    *ret_found = sj_rows_count(rows) == 1;
    return *ret_found ? evaluation_of_row(rows, 0, ret_evaluation) : SJ_DONE;
}

sj_status sj_evaluation_list(const struct sj_desk *desk, const struct sj_evaluation_query *query,
    struct sj_paging paging, struct sj_evaluation **ret_items, size_t *ret_count,
    struct sj_uuid *ret_last)
{
    *ret_items = NULL;
    *ret_count = 0;
    *ret_last = (struct sj_uuid){{0}};
    const struct sj_param params[] = {sj_p_id(&paging.after), sj_p_i64((int64_t)paging.limit + 1),
        sj_p_id_or_null(&query->cycle), sj_p_id_or_null(&query->judge),
        sj_p_text_or_null(query->state)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_desk_query(desk, SJ_SQL_EVALUATION_LIST, params, SJ_COUNT(params), &rows));
    size_t count = sj_rows_count(rows);
    if (count > paging.limit) {
        count = paging.limit;
        *ret_last = sj_row_id(rows, count - 1, ID);
    }
    void *memory;
    TRY(sj_arena_alloc(desk->arena, (count + 1) * sizeof(struct sj_evaluation), &memory));
    *ret_items = memory;
    for (size_t row = 0; row < count; row++) {
        TRY(evaluation_of_row(rows, row, &(*ret_items)[row]));
    }
    *ret_count = count;
    return SJ_DONE;
}

sj_status sj_evaluation_events(const struct sj_desk *desk, struct sj_uuid id,
    struct sj_evaluation_event **ret_items, size_t *ret_count)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_desk_query(desk, SJ_SQL_EVALUATION_EVENT_LIST, params, SJ_COUNT(params), &rows));
    const size_t count = sj_rows_count(rows);
    void *memory;
    TRY(sj_arena_alloc(desk->arena, (count + 1) * sizeof(struct sj_evaluation_event), &memory));
    struct sj_evaluation_event *events = memory;
    for (size_t row = 0; row < count; row++) {
        events[row] = (struct sj_evaluation_event){.no = sj_row_i64(rows, row, 0),
            .by = sj_row_id(rows, row, 3),
            .at = sj_row_time(rows, row, 5)};
        TRY(sj_desk_text(desk, rows, row, 1, &events[row].from));
        TRY(sj_desk_text(desk, rows, row, 2, &events[row].to));
        TRY(sj_desk_text(desk, rows, row, 4, &events[row].reason));
    }
    *ret_items = events;
    *ret_count = count;
    return SJ_DONE;
}

sj_status sj_evaluation_board_fits(const struct sj_desk *desk,
    const struct sj_evaluation *evaluation, struct sj_uuid board, const char *kind, bool *ret_fits)
{
    SJ_ASSERT(desk->tx != NULL);
    const struct sj_param params[] = {sj_p_id(&board), sj_p_id(&evaluation->unit),
        sj_p_id(&evaluation->cycle), sj_p_text(sj_text_of(kind))};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_EVALUATION_BOARD_FITS, params, SJ_COUNT(params), &rows));
    *ret_fits = sj_rows_count(rows) == 1;
    return SJ_DONE;
}

sj_status sj_evaluation_assign(const struct sj_desk *desk, struct sj_evaluation *evaluation,
    struct sj_uuid board, struct sj_uuid appeal_board)
{
    SJ_ASSERT(desk->tx != NULL);
    const struct sj_param params[] = {sj_p_id(&evaluation->id), sj_p_i64(evaluation->version),
        sj_p_id_or_null(&board), sj_p_id_or_null(&appeal_board)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_EVALUATION_ASSIGN, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) == 1, PRECONDITION_FAILED);
    return evaluation_of_row(rows, 0, evaluation);
}

sj_status sj_issuer_is_apart(
    const struct sj_desk *desk, const struct sj_evaluation *evaluation, bool *ret_apart)
{
    const struct sj_param params[] = {
        sj_p_id(&evaluation->judge), sj_p_id(&evaluation->issuer_unit)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_desk_query(desk, SJ_SQL_ISSUER_APART, params, SJ_COUNT(params), &rows));
    *ret_apart = sj_row_bool(rows, 0, 0);
    return SJ_DONE;
}

sj_status sj_seat_is_held(const struct sj_desk *desk, const struct sj_evaluation *evaluation,
    const char *const *capacities, bool *ret_held)
{
    CLEANUP(sj_array_clear) struct sj_array names = {0};
    TRY(sj_array_init(&names, SJ_OID_TEXT, 1024));
    for (size_t i = 0; capacities[i] != NULL; i++) {
        TRY(sj_array_put(&names, capacities[i], strlen(capacities[i])));
    }
    const struct sj_param params[] = {
        sj_p_id(&evaluation->id), sj_p_id(&desk->actor->account), sj_p_array(&names)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_desk_query(desk, SJ_SQL_SEAT_HELD, params, SJ_COUNT(params), &rows));
    *ret_held = sj_row_bool(rows, 0, 0);
    return SJ_DONE;
}
