/* SPDX-License-Identifier: Apache-2.0
 *
 * How does somebody come to his factors whose account another person made? By an enrolment: 256 random bits that were shown once, of which
 * the database knows the hash under the keeper's seal. Whoever brings it sets the password and is shown the second factor's secret;
 * with that it is gone. It takes the part that the approver was told besides: neither maker nor approver can do it alone.
 */
#include "authn_priv.h"

#include "sanjeh/crypto/random.h"

#define ENROLMENT_US (INT64_C(72) * 3600 * SECOND_US)

/* Columns of enrolment_take.sql. */
enum { COL_ACCOUNT, COL_UNIT, COL_TAG, COL_EXPIRES_AT, COL_SEAL };

sj_status sj_enrolment_part(struct sj_channel *channel, struct sj_uuid approval,
    struct sj_uuid approver, char ret_part[SJ_ENROLMENT_PART_SIZE])
{
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(128);
    CLEANUP(sj_buf_clear) struct sj_buf hex = SJ_BUF(SJ_ENROLMENT_PART_SIZE);
    TRY(sj_buf_put_str(&bytes, "sanjeh/enrolment-part/1"));
    TRY(sj_buf_put(&bytes, approval.bytes, sizeof approval.bytes));
    TRY(sj_buf_put(&bytes, approver.bytes, sizeof approver.bytes));
    struct sj_seal_item item = {.purpose = SJ_SEAL_ENROLMENT};
    struct sj_hash secret;
    TRY(sj_sha256_one(sj_buf_view(&bytes), &item.hash));
    TRY(ask_seals(channel, &item, 1, &secret));
    TRY(sj_buf_put_hex(&hex, sj_view_of(secret.bytes, SJ_HASH_SIZE / 2)));
    (void)snprintf(ret_part, SJ_ENROLMENT_PART_SIZE, "%.*s", (int)hex.len, (const char *)hex.ptr);
    sj_wipe(&secret, sizeof secret);
    return SJ_DONE;
}

/* The approver's part is in the seal alone: who reads the row learns nothing of it. */
static sj_status seal_of(struct sj_uuid account, const struct sj_hash *token, struct sj_text part,
    sj_time_us expires_at, struct sj_seal_item *ret_item)
{
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(128);
    TRY(sj_buf_put_str(&bytes, "sanjeh/seal/enrolment/2"));
    TRY(sj_buf_put(&bytes, account.bytes, sizeof account.bytes));
    TRY(sj_buf_put(&bytes, token->bytes, sizeof token->bytes));
    TRY(sj_buf_put_u64(&bytes, (uint64_t)expires_at));
    TRY(sj_buf_put_text(&bytes, part));
    ret_item->purpose = SJ_SEAL_ENROLMENT;
    return sj_sha256_one(sj_buf_view(&bytes), &ret_item->hash);
}

sj_status sj_enrolment_make(struct sj_tx *tx, struct sj_channel *channel, struct sj_uuid account,
    struct sj_uuid made_by, const char *part, struct sj_enrolment *ret_enrolment)
{
    struct sj_hash hash;
    struct sj_hash seal;
    struct sj_seal_item item;
    const sj_time_us now = sj_time_now();
    ret_enrolment->expires_at = now + ENROLMENT_US;
    TRY(authn_token_new(ret_enrolment->token, &hash));
    TRY(seal_of(account, &hash, sj_text_of(part), ret_enrolment->expires_at, &item));
    TRY(ask_seals(channel, &item, 1, &seal));
    const struct sj_param params[] = {sj_p_id(&account),
        sj_p_bytes(sj_view_of(hash.bytes, sizeof hash.bytes)), sj_p_id(&made_by), sj_p_time(now),
        sj_p_time(ret_enrolment->expires_at),
        sj_p_bytes(sj_view_of(seal.bytes, sizeof seal.bytes))};
    return sj_tx_query(tx, SJ_SQL_ENROLMENT_INSERT, params, SJ_COUNT(params), NULL);
}

sj_status sj_enrolment_again(struct sj_tx *tx, struct sj_channel *channel, struct sj_uuid account,
    struct sj_uuid made_by, const char *part, struct sj_enrolment *ret_enrolment)
{
    static const enum sj_sql gone[] = {SJ_SQL_PASSWORD_DROP, SJ_SQL_TOTP_DROP,
        SJ_SQL_ACCOUNT_CLOSE_SESSIONS, SJ_SQL_LOGIN_CHALLENGES_DROP, SJ_SQL_ENROLMENT_DROP};
    const struct sj_param params[] = {sj_p_id(&account)};
    for (size_t i = 0; i < SJ_COUNT(gone); i++) {
        TRY(sj_tx_query(tx, gone[i], params, 1, NULL));
    }
    return sj_enrolment_make(tx, channel, account, made_by, part, ret_enrolment);
}

/* Takes the row. Errors: LOGIN_FAILED for everything that is no enrolment of this name. */
static sj_status take(struct sj_authn_loop *loop, struct sj_tx *tx, struct sj_text token,
    struct sj_text part, struct sj_text username, struct sj_account *ret_account,
    struct sj_uuid *ret_tag)
{
    bool valid = false;
    struct sj_hash hash;
    TRY(authn_token_hash(token, &valid, &hash));
    ENSURE(valid && part.len == SJ_ENROLMENT_PART_SIZE - 1 && sj_username_is_valid(username),
        LOGIN_FAILED);
    const struct sj_param params[] = {
        sj_p_bytes(sj_view_of(hash.bytes, sizeof hash.bytes)), sj_p_text(username)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_ENROLMENT_TAKE, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) == 1, LOGIN_FAILED);
    *ret_account = (struct sj_account){.id = sj_row_id(rows, 0, COL_ACCOUNT),
        .unit = sj_row_id(rows, 0, COL_UNIT),
        .username = username};
    *ret_tag = sj_row_id(rows, 0, COL_TAG);
    struct sj_seal_item item;
    struct sj_hash right;
    struct sj_hash stored;
    TRY(seal_of(ret_account->id, &hash, part, sj_row_time(rows, 0, COL_EXPIRES_AT), &item));
    TRY(ask_seals(loop->channel, &item, 1, &right));
    authn_stored_seal(sj_row_bytes(rows, 0, COL_SEAL), &stored);
    ENSURE(authn_seals_fit(&item, &right, &stored, 1, ret_account->id), LOGIN_FAILED);
    return SJ_DONE;
}

sj_status sj_enrol(struct sj_authn_loop *loop, const struct sj_enrolling *enrolling,
    struct sj_actor *ret_actor, uint8_t ret_secret[SJ_TOTP_SECRET_SIZE], int64_t *ret_retry_s)
{
    const struct sj_context *context = NULL;
    struct sj_account account;
    TRY(authn_keys_context(loop, &context));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(loop->db, context, &tx));
    TRY(authn_source_hit(tx, LANE_SOURCE_PASSWORD, enrolling->source, ret_retry_s));
    TRY(take(loop, tx, enrolling->token, enrolling->part, enrolling->username, &account,
        &ret_actor->tenant_tag));
    ret_actor->account = account.id;
    TRY(sj_random(ret_secret, SJ_TOTP_SECRET_SIZE));
    TRY(authn_credentials_set(tx, loop->authn->pool, loop->fields, &account, enrolling->password,
        sj_view_of(ret_secret, SJ_TOTP_SECRET_SIZE)));
    return sj_tx_commit(&tx);
}
