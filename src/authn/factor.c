/* SPDX-License-Identifier: Apache-2.0
 *
 * The second factor: does this person hold the authenticator? The code is checked against the sealed secret, then one
 * transaction takes the challenge, advances the last step and makes the session: all three or none. Of two
 * requests with the same code the second finds the step used, of two with the same challenge it finds it gone
 * (NIST SP 800-63B-4 3.1.4: a code is accepted once). Failures count for the challenge (5) and for the account
 * (10 in a quarter of an hour); a right code does not forgive them, for whoever guesses codes knows the password.
 * A step-up is the same without a new session: password, code, throttling and all.
 */
#include "authn_priv.h"

#include "sanjeh/crypto/random.h"
#include "sanjeh/unit/unit.h"

/* Columns of login_challenge_find.sql. */
enum {
    COL_ACCOUNT,
    COL_UNIT,
    COL_COMPARTMENT,
    COL_JUDGE,
    COL_TAG,
    COL_SECRET,
    COL_KEY_VERSION,
    COL_WRAPPED,
    COL_SEAL
};

struct factor {
    struct sj_hash challenge;
    struct sj_actor actor;
    struct lane lane;
    bool match;
    int64_t step;
    struct sj_uuid session;
    struct sj_hash token;
    struct sj_hash device;
    bool step_up; /* the session is there already */
};

static sj_status match_code(struct sj_authn_loop *loop, const struct sj_rows *rows,
    struct sj_text code, struct factor *factor)
{
    const struct sj_uuid unit =
        sj_uuid_is_nil(factor->actor.unit) ? sj_platform_unit : factor->actor.unit;
    const struct sj_wrapped_dek dek = {.unit = unit,
        .subject = factor->actor.account,
        .version = (uint32_t)sj_row_i64(rows, 0, COL_KEY_VERSION),
        .wrapped = sj_row_bytes(rows, 0, COL_WRAPPED)};
    CLEANUP(sj_subject_clear) struct sj_subject subject = {.version = 0};
    TRY(sj_fields_open(loop->fields, &dek, 1, &subject));
    CLEANUP(sj_buf_clear) struct sj_buf secret = SJ_BUF(256);
    TRY(sj_field_open(&subject, SJ_TABLE_TOTP, SJ_COLUMN_TOTP_SECRET, factor->actor.account,
        SJ_FLE1_BYTES, sj_row_bytes(rows, 0, COL_SECRET), &secret));
    return authn_totp_match(sj_buf_view(&secret), code, sj_time_now() / SECOND_US,
        loop->authn->config.totp_window_back, &factor->match, &factor->step);
}

/* Counts the source and finds the live challenge; *ret_found false when there is none. */
static sj_status look_up(struct sj_authn_loop *loop, struct sj_uuid source, struct factor *factor,
    struct sj_rows **ret_rows, int64_t *ret_retry_s)
{
    const struct sj_context *context = NULL;
    TRY(authn_keys_context(loop, &context));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(loop->db, context, &tx));
    TRY(authn_source_hit(tx, LANE_SOURCE_TOTP, source, ret_retry_s));
    const struct sj_param params[] = {
        sj_p_bytes(sj_view_of(factor->challenge.bytes, sizeof factor->challenge.bytes)),
        sj_p_i32(CHALLENGE_TRIES)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_LOGIN_CHALLENGE_FIND, params, SJ_COUNT(params), &rows));
    TRY(sj_tx_commit(&tx));
    *ret_rows = TAKE(rows);
    return SJ_DONE;
}

static void take_actor(const struct sj_rows *rows, struct sj_actor *actor)
{
    actor->account = sj_row_id(rows, 0, COL_ACCOUNT);
    actor->unit = sj_row_id(rows, 0, COL_UNIT);
    actor->compartment = sj_row_id(rows, 0, COL_COMPARTMENT);
    actor->judge = sj_row_id(rows, 0, COL_JUDGE);
    actor->tenant_tag = sj_row_id(rows, 0, COL_TAG);
}

/* A statement that must give exactly one row for the sign-in to go on. */
static sj_status one_row(
    struct sj_tx *tx, enum sj_sql sql, const struct sj_param *params, size_t count, bool *ret_one)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, sql, params, count, &rows));
    *ret_one = sj_rows_count(rows) == 1;
    return SJ_DONE;
}

/* Whoever deletes the challenge has it. *ret_now: the transaction's time. */
static sj_status take_challenge(
    struct sj_tx *tx, const struct factor *factor, bool *ret_taken, sj_time_us *ret_now)
{
    const struct sj_param params[] = {
        sj_p_bytes(sj_view_of(factor->challenge.bytes, sizeof factor->challenge.bytes)),
        sj_p_i32(CHALLENGE_TRIES)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_LOGIN_CHALLENGE_TAKE, params, SJ_COUNT(params), &rows));
    *ret_taken = sj_rows_count(rows) == 1;
    if (*ret_taken) {
        *ret_now = sj_row_time(rows, 0, 1);
    }
    return SJ_DONE;
}

static sj_status make_session(struct sj_authn_loop *loop, struct sj_tx *tx,
    const struct factor *factor, sj_time_us now, bool *ret_made)
{
    const struct session_facts facts = {.id = factor->session,
        .token = factor->token,
        .account = factor->actor.account,
        .created_at = now,
        .expires_at = now + loop->authn->config.absolute_s * SECOND_US};
    struct sj_seal_item item;
    struct sj_hash seal;
    TRY(authn_seal_session(&facts, &item));
    TRY(ask_seals(loop->channel, &item, 1, &seal));
    const struct sj_param session[] = {sj_p_id(&factor->session),
        sj_p_bytes(sj_view_of(factor->token.bytes, sizeof factor->token.bytes)),
        sj_p_id(&factor->actor.account), sj_p_time(facts.created_at), sj_p_time(facts.expires_at),
        sj_p_bytes(sj_view_of(seal.bytes, sizeof seal.bytes))};
    TRY(one_row(tx, SJ_SQL_SESSION_INSERT, session, SJ_COUNT(session), ret_made));
    const struct sj_param device[] = {sj_p_id(&factor->actor.account),
        sj_p_bytes(sj_view_of(factor->device.bytes, sizeof factor->device.bytes))};
    TRY(sj_tx_send(tx, SJ_SQL_DEVICE_INSERT, device, 2));
    return sj_tx_send(tx, SJ_SQL_DEVICE_PRUNE, device, 1);
}

/* *ret_accepted false: nothing was changed. */
static sj_status take_all(
    struct sj_authn_loop *loop, const struct factor *factor, bool *ret_accepted)
{
    *ret_accepted = false;
    const struct sj_context *context = NULL;
    TRY(sj_authn_context(loop, &context));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(loop->db, context, &tx));
    bool good = false;
    sj_time_us now = 0;
    TRY(take_challenge(tx, factor, &good, &now));
    if (!good) {
        return SJ_DONE;
    }
    const struct sj_param advance[] = {sj_p_id(&factor->actor.account), sj_p_i64(factor->step)};
    TRY(one_row(tx, SJ_SQL_TOTP_ADVANCE, advance, SJ_COUNT(advance), &good));
    if (!good) {
        return SJ_DONE;
    }
    TRY(authn_lane_judge(tx, LANE_TOTP, &factor->lane, /* right= */ true, &good));
    if (!good) {
        return SJ_DONE;
    }
    if (!factor->step_up) {
        TRY(make_session(loop, tx, factor, now, &good));
    }
    if (!good) {
        return SJ_DONE;
    }
    TRY(sj_tx_commit(&tx));
    *ret_accepted = true;
    return SJ_DONE;
}

static sj_status count_failure(struct sj_authn_loop *loop, const struct factor *factor)
{
    const struct sj_context *context = NULL;
    TRY(sj_authn_context(loop, &context));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(loop->db, context, &tx));
    const struct sj_param params[] = {
        sj_p_bytes(sj_view_of(factor->challenge.bytes, sizeof factor->challenge.bytes))};
    TRY(sj_tx_send(tx, SJ_SQL_LOGIN_CHALLENGE_FAIL, params, SJ_COUNT(params)));
    bool open = false;
    TRY(authn_lane_judge(tx, LANE_TOTP, &factor->lane, /* right= */ false, &open));
    return sj_tx_commit(&tx);
}

/* A challenge that the first factor did not write is none: who put it there passed no password. */
static sj_status check_challenge(
    struct sj_authn_loop *loop, const struct sj_rows *rows, const struct factor *factor)
{
    struct sj_seal_item item;
    struct sj_hash right;
    struct sj_hash stored;
    TRY(authn_seal_challenge(&factor->challenge, factor->actor.account, &item));
    TRY(ask_seals(loop->channel, &item, 1, &right));
    authn_stored_seal(sj_row_bytes(rows, 0, COL_SEAL), &stored);
    ENSURE(authn_seals_fit(&item, &right, &stored, 1, factor->actor.account), LOGIN_FAILED);
    return SJ_DONE;
}

static sj_status prepare(struct sj_authn_loop *loop, struct sj_text challenge, struct sj_text code,
    struct sj_uuid source, struct factor *factor, int64_t *ret_retry_s)
{
    bool valid = false;
    TRY(authn_token_hash(challenge, &valid, &factor->challenge));
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(look_up(loop, source, factor, &rows, ret_retry_s));
    ENSURE(valid && sj_rows_count(rows) == 1, LOGIN_FAILED);
    take_actor(rows, &factor->actor);
    TRY(check_challenge(loop, rows, factor));
    TRY(authn_lane(LANE_TOTP,
        sj_view_of(factor->actor.account.bytes, sizeof factor->actor.account.bytes),
        sj_view_of(NULL, 0), &factor->lane));
    return match_code(loop, rows, code, factor);
}

/* Takes what was matched; whatever is not taken is a failure that counts. */
static sj_status take_or_count(struct sj_authn_loop *loop, struct factor *factor)
{
    bool accepted = false;
    if (factor->match) {
        TRY(take_all(loop, factor, &accepted));
    }
    if (!accepted) {
        TRY(count_failure(loop, factor));
        FAIL(LOGIN_FAILED);
    }
    return SJ_DONE;
}

/* Tokens are made before the transaction and handed out only after it. */
static sj_status sign_in(struct sj_authn_loop *loop, struct factor *factor,
    char token[SJ_TOKEN_TEXT_SIZE], char device[SJ_TOKEN_TEXT_SIZE])
{
    TRY(sj_uuid_new(&factor->session));
    TRY(authn_token_new(token, &factor->token));
    TRY(authn_token_new(device, &factor->device));
    return take_or_count(loop, factor);
}

static sj_status hand_out(struct sj_authn_loop *loop, const struct factor *factor,
    const char token[SJ_TOKEN_TEXT_SIZE], struct sj_session *ret_session)
{
    bool found = false;
    TRY(authn_session_load(loop, sj_text_of(token), &factor->token, &found, ret_session));
    ENSURE(found, LOGIN_FAILED); /* revoked in the same moment, or its account is not genuine */
    return SJ_DONE;
}

sj_status sj_login_totp(struct sj_authn_loop *loop, struct sj_text challenge, struct sj_text code,
    struct sj_uuid source, char ret_token[SJ_TOKEN_TEXT_SIZE], char ret_device[SJ_TOKEN_TEXT_SIZE],
    struct sj_session *ret_session, int64_t *ret_retry_s)
{
    struct factor factor = {.match = false};
    char token[SJ_TOKEN_TEXT_SIZE] = {0};
    char device[SJ_TOKEN_TEXT_SIZE] = {0};
    sj_status status = prepare(loop, challenge, code, source, &factor, ret_retry_s);
    ret_session->actor = factor.actor;
    if (!sj_failed(status)) {
        status = sign_in(loop, &factor, token, device);
    }
    if (!sj_failed(status)) {
        status = hand_out(loop, &factor, token, ret_session);
    }
    if (!sj_failed(status)) {
        status = sj_copy(ret_token, SJ_TOKEN_TEXT_SIZE, token, sizeof token);
    }
    if (!sj_failed(status)) {
        status = sj_copy(ret_device, SJ_TOKEN_TEXT_SIZE, device, sizeof device);
        sj_ignore(authn_sweep_sometimes(loop), "the next sign-in tries again");
    }
    sj_wipe(token, sizeof token);
    sj_wipe(device, sizeof device);
    sj_wipe(&factor, sizeof factor);
    return status;
}

/* ---- showing both factors again ---- */

static sj_status take_code(struct sj_authn_loop *loop, const struct sj_session *session,
    const struct sj_factor_proof *proof, struct factor *factor, int64_t *ret_retry_s)
{
    struct sj_login_challenge challenge;
    struct sj_actor actor = {.roles = 0};
    TRY(sj_login_password(loop, sj_text_of(session->username), proof->password, proof->source,
        proof->device, &challenge, &actor, ret_retry_s));
    const sj_status status =
        prepare(loop, sj_text_of(challenge.token), proof->code, proof->source, factor, ret_retry_s);
    sj_wipe(&challenge, sizeof challenge);
    TRY(status);
    ENSURE(sj_uuid_equal(factor->actor.account, session->actor.account), LOGIN_FAILED);
    return take_or_count(loop, factor);
}

sj_status sj_step_up(struct sj_authn_loop *loop, const struct sj_session *session,
    const struct sj_factor_proof *proof, int64_t *ret_retry_s)
{
    struct factor factor = {.step_up = true};
    const sj_status status = take_code(loop, session, proof, &factor, ret_retry_s);
    sj_wipe(&factor, sizeof factor);
    if (status.code == SJ_LOGIN_FAILED) {
        return (sj_status){SJ_STEP_UP_FAILED, status.where};
    }
    return status;
}
