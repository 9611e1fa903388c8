/* SPDX-License-Identifier: Apache-2.0
 *
 * How does an evaluation get from one state to the next? The row is locked, the version compared, the actor's part and
 * every guard asked of the database in one statement, so that all that is missing is named at once. The trigger of
 * migration 0015 then checks the same again; if this file let something through, it would still not happen.
 */
#include "cycle_priv.h"

#include "sanjeh/cycle/evaluations.h"

sj_status sj_evaluation_facts(
    const struct sj_desk *desk, struct sj_uuid id, struct sj_facts *ret_facts)
{
    *ret_facts = (struct sj_facts){.count = 0};
    const struct sj_param params[] = {sj_p_id(&id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_desk_query(desk, SJ_SQL_EVALUATION_FACTS, params, SJ_COUNT(params), &rows));
    for (size_t row = 0; row < sj_rows_count(rows); row++) {
        const struct sj_text code = sj_row_text(rows, row, 0);
        if (code.len == 0) {
            ret_facts->parts = sj_parts_parse(sj_row_text(rows, row, 2));
            continue;
        }
        const struct sj_guard *guard = sj_guard_find(code);
        ENSURE(guard != NULL && ret_facts->count < SJ_FACTS_MAX, PROTOCOL);
        ret_facts->items[ret_facts->count].guard = guard;
        ret_facts->items[ret_facts->count++].is_met =
            !sj_row_is_null(rows, row, 1) && sj_row_bool(rows, row, 1);
    }
    return SJ_DONE;
}

static bool is_met(const struct sj_facts *facts, const struct sj_guard *guard, bool has_reason)
{
    if (strcmp(guard->code, "REASON_GIVEN") == 0) {
        return has_reason;
    }
    if (strcmp(guard->code, "CALIBRATION_CLOSED") == 0 && has_reason) {
        return true; /* an explicit "no change" needs no session */
    }
    for (size_t i = 0; i < facts->count; i++) {
        if (facts->items[i].guard == guard) {
            return facts->items[i].is_met;
        }
    }
    return false;
}

void sj_move_unmet(const struct sj_move *move, const struct sj_facts *facts, bool has_reason,
    struct sj_unmet *ret_unmet)
{
    *ret_unmet = (struct sj_unmet){.count = 0};
    for (size_t i = 0; i < SJ_MOVE_GUARDS_MAX && move->guards[i] != NULL; i++) {
        const struct sj_guard *guard = sj_guard_find(sj_text_of(move->guards[i]));
        SJ_ASSERT(guard != NULL);
        if (!is_met(facts, guard, has_reason)) {
            ret_unmet->items[ret_unmet->count].code = guard->code;
            ret_unmet->items[ret_unmet->count++].detail = guard->detail;
        }
    }
}

/* The row as it is now, held until the end of the transaction. */
static sj_status lock(const struct sj_desk *desk, struct sj_evaluation *evaluation)
{
    const struct sj_param params[] = {sj_p_id(&evaluation->id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_EVALUATION_LOCK, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) == 1, FORBIDDEN);
    const int64_t version = evaluation->version;
    TRY(evaluation_of_row(rows, 0, evaluation));
    ENSURE(evaluation->version == version, PRECONDITION_FAILED);
    return SJ_DONE;
}

/* by nil: the system. */
static sj_status write_move(const struct sj_desk *desk, struct sj_evaluation *evaluation,
    enum sj_evaluation_state to, struct sj_uuid by, struct sj_text reason)
{
    const struct sj_param say[] = {sj_p_id_or_null(&by), sj_p_text_or_null(reason)};
    TRY(sj_tx_send(desk->tx, SJ_SQL_EVALUATION_MOVE_SAY, say, SJ_COUNT(say)));
    const struct sj_param params[] = {sj_p_id(&evaluation->id), sj_p_i64(evaluation->version),
        sj_p_text(sj_text_of(sj_evaluation_state_name(to)))};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_EVALUATION_MOVE, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) == 1, PRECONDITION_FAILED);
    return evaluation_of_row(rows, 0, evaluation);
}

static sj_status turn_clocks(
    const struct sj_desk *desk, const struct sj_evaluation *evaluation, const struct sj_move *move)
{
    const struct sj_param params[] = {sj_p_id(&evaluation->unit), sj_p_id(&evaluation->id)};
    if (move->to == SJ_EVALUATION_SUSPENDED) {
        return sj_tx_query(desk->tx, SJ_SQL_DEADLINE_STOP, params, SJ_COUNT(params), NULL);
    }
    if (move->from == SJ_EVALUATION_SUSPENDED) {
        return sj_tx_query(desk->tx, SJ_SQL_DEADLINE_RESUME, params, SJ_COUNT(params), NULL);
    }
    for (size_t i = 0; i < SJ_MOVE_CLOCKS_MAX && move->ends[i] != NULL; i++) {
        TRY(sj_deadline_meet(desk, evaluation, move->ends[i]));
    }
    for (size_t i = 0; i < SJ_MOVE_CLOCKS_MAX && move->starts[i] != NULL; i++) {
        TRY(sj_deadline_start(desk, evaluation, move->starts[i], (struct sj_uuid){{0}}));
    }
    return SJ_DONE;
}

/* Everything is there for the cut but enough data: the move that the system makes instead; NULL: none. */
static const struct sj_move *ends_short(
    const struct sj_move *move, const struct sj_facts *facts, const struct sj_unmet *unmet)
{
    if (move->from != SJ_EVALUATION_COLLECTING || move->to != SJ_EVALUATION_FROZEN ||
        unmet->count != 1 || strcmp(unmet->items[0].code, "COVERAGE_ENOUGH") != 0) {
        return NULL;
    }
    const struct sj_move *instead = sj_move_find(move->from, SJ_EVALUATION_INSUFFICIENT);
    struct sj_unmet missing;
    sj_move_unmet(instead, facts, false, &missing);
    return missing.count == 0 ? instead : NULL;
}

static sj_status end_short(
    const struct sj_desk *desk, struct sj_evaluation *evaluation, const struct sj_move *instead)
{
    const struct sj_uuid nobody = {{0}};
    TRY(write_move(desk, evaluation, instead->to, nobody, (struct sj_text){"", 0}));
    return turn_clocks(desk, evaluation, instead);
}

sj_status sj_evaluation_move(const struct sj_desk *desk, struct sj_evaluation *evaluation,
    enum sj_evaluation_state to, struct sj_text reason, struct sj_unmet *ret_unmet)
{
    SJ_ASSERT(desk->tx != NULL);
    *ret_unmet = (struct sj_unmet){.count = 0};
    TRY(lock(desk, evaluation));
    const struct sj_move *move = sj_move_find(evaluation->state, to);
    ENSURE(move != NULL, NO_SUCH_MOVE);
    ENSURE(evaluation->state != SJ_EVALUATION_SUSPENDED || to == evaluation->suspended_from,
        NO_SUCH_MOVE);
    struct sj_facts facts;
    TRY(sj_evaluation_facts(desk, evaluation->id, &facts));
    ENSURE((facts.parts & move->parts) != 0, FORBIDDEN);
    sj_move_unmet(move, &facts, reason.len > 0, ret_unmet);
    const struct sj_move *instead = ends_short(move, &facts, ret_unmet);
    if (instead != NULL) {
        ret_unmet->count = 0;
        return end_short(desk, evaluation, instead);
    }
    ENSURE(ret_unmet->count == 0, GUARD_UNMET);
    TRY(write_move(desk, evaluation, to, desk->actor->account, reason));
    return turn_clocks(desk, evaluation, move);
}
