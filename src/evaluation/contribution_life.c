/* SPDX-License-Identifier: Apache-2.0
 *
 * What becomes of a batch after it came? Who sent it stays for good; its rows are in force from its acceptance until
 * another batch takes its place, in the transaction that brings the new rows. Both end with the freeze of the cycle
 * that it names, or of an evaluation that rests on it: from then on only a correction order, which the judge sees, changes that.
 */
#include "bulk_priv.h"
#include "contribution_priv.h"

#include "sanjeh/evaluation/contribution.h"

#define PATIENCE_MS 120000 /* a million rows come into force in half a minute */

struct held {
    struct sj_text kind;
    struct sj_text state;
    struct sj_text cycle;
    struct sj_uuid sender; /* as a person */
    struct sj_uuid supersedes;
    bool is_running; /* its import has not come to its end */
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
    ret_held->supersedes = sj_row_id(rows, 0, 5);
    ret_held->is_running = sj_row_bool(rows, 0, 6);
    TRY(sj_desk_text(desk, rows, 0, 0, &ret_held->kind));
    TRY(sj_desk_text(desk, rows, 0, 1, &ret_held->state));
    return sj_desk_text(desk, rows, 0, 2, &ret_held->cycle);
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
    TRY(cycle_check_open(desk, held.cycle));
    const struct sj_param params[] = {sj_p_id(&desk->actor->unit), sj_p_id(&id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_CONTRIBUTION_FROZEN, params, SJ_COUNT(params), &rows));
    ENSURE(!sj_row_bool(rows, 0, 0), FROZEN);
    return SJ_DONE;
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

sj_status contribution_replace(
    const struct sj_desk *desk, struct sj_uuid successor, struct sj_uuid id, struct sj_text kind)
{
    TRY(contribution_check_successor(desk, id, kind));
    TRY(contribution_withdraw(desk, id));
    TRY(contribution_enforce(desk, successor));
    return contribution_succeed(desk, successor, id);
}

/* ---- moves ---- */

static bool is_move(struct sj_text from, struct sj_text to)
{
    static const char *const moves[][2] = {{"received", "validated"}, {"validated", "accepted"},
        {"accepted", "published"}, {"received", "rejected"}, {"validated", "rejected"}};
    for (size_t i = 0; i < SJ_COUNT(moves); i++) {
        if (sj_text_is(from, moves[i][0]) && sj_text_is(to, moves[i][1])) {
            return true;
        }
    }
    return false;
}

static sj_status take_in(
    const struct sj_desk *desk, struct sj_uuid id, const struct held *held, const char **ret_unmet)
{
    if (sj_uuid_equal(held->sender, desk->actor->person)) {
        *ret_unmet = "DISTINCT_PERSON";
        FAIL(GUARD_UNMET);
    }
    sj_tx_be_patient(desk->tx, PATIENCE_MS);
    TRY(sj_tx_query(desk->tx, SJ_SQL_CONTRIBUTION_TUNE, NULL, 0, NULL));
    return sj_uuid_is_nil(held->supersedes)
               ? contribution_enforce(desk, id)
               : contribution_replace(desk, id, held->supersedes, held->kind);
}

static sj_status seal_reason(
    const struct sj_desk *desk, const struct sj_contribution_move *move, struct sj_buf *ret_blob)
{
    if (move->reason.len == 0) {
        return SJ_DONE;
    }
    CLEANUP(sj_subject_clear) struct sj_subject subject = {0};
    TRY(sj_fields_subject_for_write(desk->fields, desk->tx, desk->actor->unit, move->id, &subject));
    return sj_field_seal(&subject, SJ_TABLE_CONTRIBUTION, SJ_COLUMN_CONTRIBUTION_REASON, move->id,
        SJ_FLE1_TEXT, sj_text_bytes(move->reason), ret_blob);
}

sj_status sj_contribution_move(const struct sj_desk *desk, const struct sj_contribution_move *move,
    bool *ret_found, const char **ret_unmet)
{
    SJ_ASSERT(desk->tx != NULL);
    *ret_unmet = "";
    struct held held;
    TRY(lock(desk, move->id, ret_found, &held));
    if (!*ret_found) {
        return SJ_DONE;
    }
    ENSURE(held.version == move->version, PRECONDITION_FAILED);
    ENSURE(is_move(held.state, move->to), NO_SUCH_MOVE);
    if (held.is_running) {
        *ret_unmet = "IMPORT_RUNNING";
        FAIL(GUARD_UNMET);
    }
    const bool is_acceptance = sj_text_is(move->to, "accepted");
    const bool is_rejection = sj_text_is(move->to, "rejected");
    if (!is_rejection) { /* what waits at a freeze can still be put aside */
        TRY(cycle_check_open(desk, held.cycle));
    }
    if (is_acceptance) {
        TRY(take_in(desk, move->id, &held, ret_unmet));
    }
    CLEANUP(sj_buf_clear) struct sj_buf reason = SJ_BUF(COMMENT_BLOB_MAX);
    TRY(seal_reason(desk, move, &reason));
    const struct sj_param params[] = {sj_p_id(&desk->actor->unit), sj_p_id(&move->id),
        sj_p_text(move->to), is_acceptance ? sj_p_id(&desk->actor->account) : sj_p_null(),
        is_rejection ? sj_p_bytes(sj_buf_view(&reason)) : sj_p_null()};
    return sj_tx_query(desk->tx, SJ_SQL_CONTRIBUTION_MOVE, params, SJ_COUNT(params), NULL);
}
