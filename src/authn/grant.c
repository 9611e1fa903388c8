/* SPDX-License-Identifier: Apache-2.0
 *
 * What does a session have, and what has it chosen of it? The assignments of its account, the roles that it activated or dropped,
 * the second factor that its holder showed again. Facts with their times and seals, no policy: which of them count at a moment
 * is for whoever knows the policy (rbac), at each request, so that nothing that ends is kept by a cache.
 */
#include "authn_priv.h"

/* Columns of session_find.sql from "first" on, before those of the assignment. */
enum {
    COL_SOURCE_STANDS,
    COL_SOURCE_LOCKED_FROM,
    COL_SOURCE_LOCKED_UNTIL,
    COL_SOURCE_CERTIFIED,
    COL_STATE,
    COL_SINCE,
    COL_ENDS,
    COL_CHOICE_SEAL,
    COL_STEP_UP_AT,
    COL_STEP_UP_SEAL,
    COL_ASSIGNMENT
};
_Static_assert(COL_ASSIGNMENT == GRANT_COLUMNS, "session.c counts them too");

static void put_view(struct sj_buf *bytes, struct sj_view view)
{
    sj_ignore(sj_buf_put_view(bytes, view), "the buffer has room for what is put here");
}

sj_status authn_seal_choice(struct sj_uuid session, struct sj_uuid assignment,
    enum sj_role_choice choice, sj_time_us since, sj_time_us ends_at, struct sj_seal_item *ret_item)
{
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(256);
    TRY(sj_buf_put_str(&bytes, "sanjeh/seal/session-role/1"));
    put_view(&bytes, sj_view_of(session.bytes, sizeof session.bytes));
    put_view(&bytes, sj_view_of(assignment.bytes, sizeof assignment.bytes));
    TRY(sj_buf_put_byte(&bytes, (uint8_t)choice));
    TRY(sj_buf_put_u64(&bytes, (uint64_t)since));
    TRY(sj_buf_put_u64(&bytes, (uint64_t)ends_at));
    ret_item->purpose = SJ_SEAL_SESSION_ROLE;
    return sj_sha256_one(sj_buf_view(&bytes), &ret_item->hash);
}

sj_status authn_seal_step_up(struct sj_uuid session, sj_time_us at, struct sj_seal_item *ret_item)
{
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(128);
    TRY(sj_buf_put_str(&bytes, "sanjeh/seal/step-up/1"));
    put_view(&bytes, sj_view_of(session.bytes, sizeof session.bytes));
    TRY(sj_buf_put_u64(&bytes, (uint64_t)at));
    ret_item->purpose = SJ_SEAL_STEP_UP;
    return sj_sha256_one(sj_buf_view(&bytes), &ret_item->hash);
}

static sj_status take_choice(const struct sj_rows *rows, size_t row, size_t first,
    struct sj_uuid session, struct sj_session_grant *grant, struct grant_seals *seals)
{
    if (sj_row_is_null(rows, row, first + COL_STATE)) {
        return SJ_DONE;
    }
    const bool is_active = sj_text_is(sj_row_text(rows, row, first + COL_STATE), "active");
    grant->choice = is_active ? SJ_CHOICE_ACTIVE : SJ_CHOICE_DROPPED;
    grant->chosen_at = sj_row_time(rows, row, first + COL_SINCE);
    grant->chosen_until = sj_row_time(rows, row, first + COL_ENDS);
    TRY(authn_seal_choice(session, grant->held.id, grant->choice, grant->chosen_at,
        grant->chosen_until, &seals->items[seals->count]));
    authn_stored_seal(
        sj_row_bytes(rows, row, first + COL_CHOICE_SEAL), &seals->stored[seals->count]);
    seals->count++;
    return SJ_DONE;
}

static sj_status take_step_up(
    const struct sj_rows *rows, size_t first, struct sj_session *session, struct grant_seals *seals)
{
    if (sj_row_is_null(rows, 0, first + COL_STEP_UP_AT)) {
        return SJ_DONE;
    }
    session->stepped_up_at = sj_row_time(rows, 0, first + COL_STEP_UP_AT);
    TRY(authn_seal_step_up(session->id, session->stepped_up_at, &seals->items[seals->count]));
    authn_stored_seal(
        sj_row_bytes(rows, 0, first + COL_STEP_UP_SEAL), &seals->stored[seals->count]);
    seals->count++;
    return SJ_DONE;
}

sj_status authn_take_grants(
    const struct sj_rows *rows, size_t first, struct sj_session *session, struct grant_seals *seals)
{
    struct sj_assignment held[SJ_ASSIGNMENTS_MAX];
    TRY(sj_assignments_take(
        rows, first + COL_ASSIGNMENT, held, SJ_COUNT(held), &session->grant_count));
    /* a row without an assignment is the only one, so rows and grants have the same numbers */
    for (size_t i = 0; i < session->grant_count; i++) {
        struct sj_session_grant *grant = &session->grants[i];
        *grant = (struct sj_session_grant){.held = held[i],
            .source_ended = held[i].kind == SJ_DELEGATED &&
                            (sj_row_is_null(rows, i, first + COL_SOURCE_STANDS) ||
                                !sj_row_bool(rows, i, first + COL_SOURCE_STANDS)),
            .source_locked_from = sj_row_time(rows, i, first + COL_SOURCE_LOCKED_FROM),
            .source_locked_until = sj_row_time(rows, i, first + COL_SOURCE_LOCKED_UNTIL),
            .source_certified_at = sj_row_time(rows, i, first + COL_SOURCE_CERTIFIED)};
        TRY(take_choice(rows, i, first, session->id, grant, seals));
    }
    return take_step_up(rows, first, session, seals);
}

sj_status authn_account_hash(const struct sj_rows *rows, size_t first,
    const struct sj_account *account, struct sj_hash *ret_hash)
{
    struct sj_assignment items[SJ_ASSIGNMENTS_MAX];
    size_t count = 0;
    TRY(sj_assignments_take(rows, first, items, SJ_COUNT(items), &count));
    return sj_account_seal_hash(account, items, count, ret_hash);
}

/* ---- what a session chooses ---- */

sj_status sj_session_choose(struct sj_tx *tx, struct sj_channel *channel,
    const struct sj_session *session, struct sj_uuid assignment, enum sj_role_choice choice,
    sj_time_us ends_at, struct sj_text reason)
{
    if (choice == SJ_CHOICE_NONE) {
        const struct sj_param params[] = {sj_p_id(&session->id), sj_p_id(&assignment)};
        return sj_tx_query(tx, SJ_SQL_SESSION_ROLE_REMOVE, params, SJ_COUNT(params), NULL);
    }
    const sj_time_us since = sj_time_now() + session->clock_ahead;
    struct sj_seal_item item;
    struct sj_hash seal;
    TRY(authn_seal_choice(session->id, assignment, choice, since, ends_at, &item));
    TRY(ask_seals(channel, &item, 1, &seal));
    const struct sj_param params[] = {sj_p_id(&session->id), sj_p_id(&assignment),
        sj_p_text(choice == SJ_CHOICE_ACTIVE ? SJ_TEXT("active") : SJ_TEXT("dropped")),
        sj_p_time(since), ends_at == 0 ? sj_p_null() : sj_p_time(ends_at),
        reason.len == 0 ? sj_p_null() : sj_p_text(reason),
        sj_p_bytes(sj_view_of(seal.bytes, sizeof seal.bytes))};
    return sj_tx_query(tx, SJ_SQL_SESSION_ROLE_PUT, params, SJ_COUNT(params), NULL);
}
