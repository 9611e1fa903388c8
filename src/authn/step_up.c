/* SPDX-License-Identifier: Apache-2.0
 *
 * Is it still the same person who sits there? A signed-in person shows a fresh code of the second factor again before something
 * that a stolen session must not reach: a role on demand, a signature. The same lanes, the same single use of each code and the
 * same one answer for every refusal as at the sign-in; what is remembered is the time, sealed to the session.
 */
#include "authn_priv.h"

#include "sanjeh/unit/unit.h"

struct step_up {
    struct lane lane;
    bool match;
    int64_t step;
};

static sj_status match_code(struct sj_authn_loop *loop, const struct sj_rows *rows,
    const struct sj_actor *actor, struct sj_text code, struct step_up *step_up)
{
    const struct sj_uuid unit = sj_uuid_is_nil(actor->unit) ? sj_platform_unit : actor->unit;
    const struct sj_wrapped_dek dek = {.unit = unit,
        .subject = actor->account,
        .version = (uint32_t)sj_row_i64(rows, 0, 1),
        .wrapped = sj_row_bytes(rows, 0, 2)};
    CLEANUP(sj_subject_clear) struct sj_subject subject = {.version = 0};
    TRY(sj_fields_open(loop->fields, &dek, 1, &subject));
    CLEANUP(sj_buf_clear) struct sj_buf secret = SJ_BUF(256);
    TRY(sj_field_open(&subject, SJ_TABLE_TOTP, SJ_COLUMN_TOTP_SECRET, actor->account, SJ_FLE1_BYTES,
        sj_row_bytes(rows, 0, 0), &secret));
    return authn_totp_match(sj_buf_view(&secret), code, sj_time_now() / SECOND_US,
        loop->authn->config.totp_window_back, &step_up->match, &step_up->step);
}

static sj_status look_up(struct sj_authn_loop *loop, const struct sj_session *session,
    struct sj_uuid source, struct sj_text code, struct step_up *step_up, int64_t *ret_retry_s)
{
    const struct sj_context *context = NULL;
    TRY(authn_keys_context(loop, &context));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(loop->db, context, &tx));
    TRY(authn_source_hit(tx, LANE_SOURCE_TOTP, source, ret_retry_s));
    const struct sj_param params[] = {sj_p_id(&session->id), sj_p_id(&session->actor.account)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_STEP_UP_FIND, params, SJ_COUNT(params), &rows));
    TRY(sj_tx_commit(&tx));
    ENSURE(sj_rows_count(rows) == 1, LOGIN_FAILED);
    return match_code(loop, rows, &session->actor, code, step_up);
}

static sj_status remember(
    struct sj_tx *tx, struct sj_channel *channel, const struct sj_session *session, sj_time_us at)
{
    struct sj_seal_item item;
    struct sj_hash seal;
    TRY(authn_seal_step_up(session->id, at, &item));
    TRY(ask_seals(channel, &item, 1, &seal));
    const struct sj_param params[] = {sj_p_id(&session->id), sj_p_time(at),
        sj_p_bytes(sj_view_of(seal.bytes, sizeof seal.bytes))};
    return sj_tx_query(tx, SJ_SQL_SESSION_STEP_UP_PUT, params, SJ_COUNT(params), NULL);
}

/* The lane decides under its lock; then the step is spent and the time kept, or the failure is counted. */
static sj_status judge(struct sj_authn_loop *loop, const struct sj_session *session,
    const struct step_up *step_up, sj_time_us at, bool *ret_accepted)
{
    const struct sj_context *context = NULL;
    TRY(sj_authn_context(loop, &context));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(loop->db, context, &tx));
    bool fresh = false;
    if (step_up->match) {
        const struct sj_param advance[] = {
            sj_p_id(&session->actor.account), sj_p_i64(step_up->step)};
        CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
        TRY(sj_tx_query(tx, SJ_SQL_TOTP_ADVANCE, advance, SJ_COUNT(advance), &rows));
        fresh = sj_rows_count(rows) == 1;
    }
    bool open = false;
    TRY(authn_lane_judge(tx, LANE_TOTP, &step_up->lane, fresh, &open));
    if (fresh && open) {
        TRY(remember(tx, loop->channel, session, at));
    }
    TRY(sj_tx_commit(&tx));
    *ret_accepted = fresh && open;
    return SJ_DONE;
}

sj_status sj_session_step_up(struct sj_authn_loop *loop, const struct sj_session *session,
    struct sj_text code, struct sj_uuid source, sj_time_us *ret_at, int64_t *ret_retry_s)
{
    struct step_up step_up = {.match = false};
    TRY(authn_lane(LANE_TOTP,
        sj_view_of(session->actor.account.bytes, sizeof session->actor.account.bytes),
        sj_view_of(NULL, 0), &step_up.lane));
    TRY(look_up(loop, session, source, code, &step_up, ret_retry_s));
    const sj_time_us at = sj_time_now();
    bool accepted = false;
    TRY(judge(loop, session, &step_up, at, &accepted));
    ENSURE(accepted, LOGIN_FAILED);
    authn_cache_drop_session(loop->authn->cache, session->id);
    *ret_at = at;
    return SJ_DONE;
}
