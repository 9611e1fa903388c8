/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of a batch after it came? Who sent it stays for good; its rows are in force from its acceptance until
 * another batch takes its place, in the transaction that brings the new rows. Both end with the freeze of the cycle
 * that it names: from then on only a correction order, which the judge sees, changes what an evaluation rests on.
 */
#include "bulk_priv.h"
#include "contribution_priv.h"

#include "sanjeh/evaluation/contribution.h"

struct held {
    struct sj_text kind;
    struct sj_text state;
    struct sj_text cycle;
    struct sj_uuid sender; /* as a person */
    int64_t version;
};

static sj_status lock(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct held *ret_held)
{
    const struct sj_param params[] = {sj_p_id(&desk->actor->unit), sj_p_id(&id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_CONTRIBUTION_LOCK, params, SJ_COUNT(params), &rows));
    *ret_found = sj_rows_count(rows) == 1;
    if (!*ret_found) {
        return SJ_DONE;
    }
    ret_held->sender = sj_row_id(rows, 0, 3);
    ret_held->version = sj_row_i64(rows, 0, 4);
    TRY(row_text(desk, rows, 0, 0, &ret_held->kind));
    TRY(row_text(desk, rows, 0, 1, &ret_held->state));
    return row_text(desk, rows, 0, 2, &ret_held->cycle);
}

/* ---- succession ---- */

sj_status contribution_check_successor(
    const struct sj_desk *desk, struct sj_uuid id, struct sj_text kind)
{
    bool found = false;
    struct held held;
    TRY(lock(desk, id, &found, &held));
    ENSURE(found, NOT_FOUND);
    ENSURE(sj_text_equal(held.kind, kind) &&
               (sj_text_is(held.state, "accepted") || sj_text_is(held.state, "published")),
        CONFLICT);
    return cycle_check_open(desk, held.cycle);
}

sj_status contribution_enforce(const struct sj_desk *desk, struct sj_uuid id)
{
    const struct sj_param params[] = {sj_p_id(&desk->actor->unit), sj_p_id(&id)};
    TRY(sj_tx_query(desk->tx, SJ_SQL_FACT_ENFORCE, params, SJ_COUNT(params), NULL));
    return sj_tx_query(desk->tx, SJ_SQL_VALUE_ENFORCE, params, SJ_COUNT(params), NULL);
}

sj_status contribution_succeed(
    const struct sj_desk *desk, struct sj_uuid successor, struct sj_uuid id)
{
    const struct sj_param params[] = {
        sj_p_id(&desk->actor->unit), sj_p_id(&successor), sj_p_id(&id)};
    return sj_tx_query(desk->tx, SJ_SQL_CONTRIBUTION_SUCCEED, params, SJ_COUNT(params), NULL);
}

/* ---- moves ---- */

static bool is_move(struct sj_text from, struct sj_text to)
{
    static const char *const moves[][2] = {
        {"received", "validated"}, {"validated", "accepted"}, {"accepted", "published"}};
    for (size_t i = 0; i < SJ_COUNT(moves); i++) {
        if (sj_text_is(from, moves[i][0]) && sj_text_is(to, moves[i][1])) {
            return true;
        }
    }
    return false;
}

sj_status sj_contribution_move(const struct sj_desk *desk, const struct sj_contribution_move *move,
    bool *ret_found, bool *ret_same_person)
{
    SJ_ASSERT(desk->tx != NULL);
    *ret_same_person = false;
    struct held held;
    TRY(lock(desk, move->id, ret_found, &held));
    if (!*ret_found) {
        return SJ_DONE;
    }
    ENSURE(held.version == move->version, PRECONDITION_FAILED);
    ENSURE(is_move(held.state, move->to), NO_SUCH_MOVE);
    TRY(cycle_check_open(desk, held.cycle));
    const bool is_acceptance = sj_text_is(move->to, "accepted");
    if (is_acceptance) {
        *ret_same_person = sj_uuid_equal(held.sender, desk->actor->person);
        TRY(contribution_enforce(desk, move->id));
    }
    const struct sj_param params[] = {sj_p_id(&desk->actor->unit), sj_p_id(&move->id),
        sj_p_text(move->to), is_acceptance ? sj_p_id(&desk->actor->account) : sj_p_null()};
    return sj_tx_query(desk->tx, SJ_SQL_CONTRIBUTION_MOVE, params, SJ_COUNT(params), NULL);
}
