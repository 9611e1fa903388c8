/* SPDX-License-Identifier: Apache-2.0
 *
 * When must who have done what? Clocks of one evaluation: started with the days of the cycle's copy, ended by the deed
 * or by the day, extended once. The end of a clock is computed in the database (deadline_of), so that every
 * clock falls by one calendar.
 */
#include "cycle_priv.h"

#include "sanjeh/crypto/random.h"

sj_status sj_deadline_start(const struct sj_desk *desk, const struct sj_evaluation *evaluation,
    const char *code, struct sj_uuid holder)
{
    SJ_ASSERT(desk->tx != NULL);
    struct sj_uuid id;
    TRY(sj_uuid_new(&id));
    const struct sj_param params[] = {sj_p_id(&id), sj_p_id(&evaluation->id),
        sj_p_text(sj_text_of(code)), sj_p_id_or_null(&holder)};
    return sj_tx_query(desk->tx, SJ_SQL_DEADLINE_START, params, SJ_COUNT(params), NULL);
}

sj_status sj_deadline_meet(
    const struct sj_desk *desk, const struct sj_evaluation *evaluation, const char *code)
{
    SJ_ASSERT(desk->tx != NULL);
    const struct sj_param params[] = {
        sj_p_id(&evaluation->unit), sj_p_id(&evaluation->id), sj_p_text(sj_text_of(code))};
    return sj_tx_query(desk->tx, SJ_SQL_DEADLINE_END, params, SJ_COUNT(params), NULL);
}

sj_status sj_deadline_extend(const struct sj_desk *desk, const struct sj_evaluation *evaluation,
    const char *code, const char *code_extension)
{
    SJ_ASSERT(desk->tx != NULL);
    const struct sj_param params[] = {sj_p_id(&evaluation->id), sj_p_text(sj_text_of(code)),
        sj_p_text(sj_text_of(code_extension))};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_DEADLINE_EXTEND, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_affected(rows) > 0, CONFLICT);
    return SJ_DONE;
}

sj_status sj_deadline_find(const struct sj_desk *desk, const struct sj_evaluation *evaluation,
    const char *code, bool *ret_found, sj_time_us *ret_due)
{
    const struct sj_param params[] = {
        sj_p_id(&evaluation->unit), sj_p_id(&evaluation->id), sj_p_text(sj_text_of(code))};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_desk_query(desk, SJ_SQL_DEADLINE_FIND, params, SJ_COUNT(params), &rows));
    *ret_found = sj_rows_count(rows) == 1;
    *ret_due = *ret_found ? sj_row_time(rows, 0, 0) : 0;
    return SJ_DONE;
}
