/* SPDX-License-Identifier: Apache-2.0
 *
 * The first factor: does this person know the password? Unknown name, wrong password, disabled account, no
 * second factor enrolled and closed lane are one answer (LOGIN_FAILED) that costs the same: each makes
 * the same two transactions, one Argon2id of the same cost and two questions to the keeper. On success there is only
 * a challenge; no session comes of one factor (I5, NIST SP 800-63B-4 AAL2). Account and password are believed by their
 * seals alone: what a superuser of the database put there is no account.
 * An attacker who could tell these apart would learn who has an account here, and whom he has locked out.
 */
#include "authn_priv.h"

#include "sanjeh/crypto/password.h"

/* Columns of login_find.sql. */
enum {
    COL_ACCOUNT,
    COL_UNIT,
    COL_COMPARTMENT,
    COL_JUDGE,
    COL_TAG,
    COL_MAY_SIGN_IN,
    COL_SALT,
    COL_MEMORY,
    COL_PASSES,
    COL_LANES,
    COL_PEPPER,
    COL_VERIFIER,
    COL_DEVICE_KNOWN,
    COL_ACCOUNT_SEAL,
    COL_PASSWORD_SEAL,
    COL_PERSON,
    COL_FORM,
    COL_ASSIGNMENT
};

/* One question for all: what the two rows should carry, and what the challenge will. */
enum { SEAL_ACCOUNT, SEAL_PASSWORD, SEAL_CHALLENGE, SEALS };

struct attempt {
    char username[USERNAME_BYTES];
    size_t username_len; /* 0: not a name that anybody can have */
    struct sj_hash device;
    bool has_device;
    bool known;       /* the name is an account's */
    bool may_sign_in; /* active, with a second factor */
    struct sj_actor actor;
    struct verifier verifier;
    struct sj_seal_item seals[SEALS];
    struct sj_hash stored[SEAL_CHALLENGE]; /* in the rows */
    struct sj_hash right[SEALS];           /* the keeper's */
    char token[SJ_TOKEN_TEXT_SIZE];        /* of the challenge, if there will be one */
    struct sj_hash token_hash;
    enum lane_kind lane_kind;
    struct lane lane;
};

static void attempt_wipe(struct attempt *attempt)
{
    sj_wipe(attempt, sizeof *attempt);
}

/* Names are stored in lower case; people type as they like. */
static void fold_username(struct sj_text username, struct attempt *attempt)
{
    if (username.len > sizeof attempt->username) {
        return;
    }
    for (size_t i = 0; i < username.len; i++) {
        const char c = username.ptr[i];
        attempt->username[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    const struct sj_text folded = {attempt->username, username.len};
    attempt->username_len = sj_username_is_valid(folded) ? username.len : 0;
}

/* Stands in for an account that is not there: the same work, never the same tag. */
static struct verifier dummy_verifier(void)
{
    const struct sj_password_cost cost = SJ_PASSWORD_COST_DEFAULT;
    return (struct verifier){.salt_len = SJ_PASSWORD_SALT,
        .memory_kib = cost.memory_kib,
        .passes = cost.passes,
        .lanes = cost.lanes,
        .pepper_version = PEPPER_VERSION};
}

/* Whether the rows say what they said when the product wrote them is seen when the keeper has answered. */
static sj_status take_seals(const struct sj_rows *rows, struct attempt *attempt)
{
    const struct sj_account account = {.id = attempt->actor.account,
        .unit = attempt->actor.unit,
        .compartment = attempt->actor.compartment,
        .judge = attempt->actor.judge,
        .person_judge = sj_row_id(rows, 0, COL_PERSON),
        .username = {attempt->username, attempt->username_len},
        .status = SJ_TEXT("active")}; /* a disabled one is refused by itself */
    TRY(authn_account_hash(rows, COL_ASSIGNMENT, &account, &attempt->seals[SEAL_ACCOUNT].hash));
    authn_stored_seal(sj_row_bytes(rows, 0, COL_ACCOUNT_SEAL), &attempt->stored[SEAL_ACCOUNT]);
    authn_stored_seal(sj_row_bytes(rows, 0, COL_PASSWORD_SEAL), &attempt->stored[SEAL_PASSWORD]);
    return authn_seal_password(
        attempt->actor.account, &attempt->verifier, &attempt->seals[SEAL_PASSWORD]);
}

static sj_status take_account(const struct sj_rows *rows, struct attempt *attempt)
{
    attempt->known = true;
    attempt->actor.account = sj_row_id(rows, 0, COL_ACCOUNT);
    attempt->actor.unit = sj_row_id(rows, 0, COL_UNIT);
    attempt->actor.compartment = sj_row_id(rows, 0, COL_COMPARTMENT);
    attempt->actor.judge = sj_row_id(rows, 0, COL_JUDGE);
    attempt->actor.tenant_tag = sj_row_id(rows, 0, COL_TAG);
    authn_name_person(&attempt->actor, sj_row_id(rows, 0, COL_PERSON));
    attempt->may_sign_in =
        sj_row_bool(rows, 0, COL_MAY_SIGN_IN) && sj_row_i64(rows, 0, COL_FORM) == 2;
    attempt->has_device = attempt->has_device && sj_row_bool(rows, 0, COL_DEVICE_KNOWN);
    const struct sj_view salt = sj_row_bytes(rows, 0, COL_SALT);
    const struct sj_view tag = sj_row_bytes(rows, 0, COL_VERIFIER);
    struct verifier *verifier = &attempt->verifier;
    TRY(sj_copy(verifier->salt, sizeof verifier->salt, salt.ptr, salt.len));
    verifier->salt_len = salt.len;
    verifier->memory_kib = (uint32_t)sj_row_i64(rows, 0, COL_MEMORY);
    verifier->passes = (uint32_t)sj_row_i64(rows, 0, COL_PASSES);
    verifier->lanes = (uint32_t)sj_row_i64(rows, 0, COL_LANES);
    verifier->pepper_version = (uint32_t)sj_row_i64(rows, 0, COL_PEPPER);
    ENSURE(tag.len == sizeof verifier->tag.bytes, INTERNAL);
    TRY(sj_copy(verifier->tag.bytes, sizeof verifier->tag.bytes, tag.ptr, tag.len));
    return take_seals(rows, attempt);
}

static sj_status choose_lane(struct sj_text username, struct attempt *attempt)
{
    const struct sj_view account =
        sj_view_of(attempt->actor.account.bytes, sizeof attempt->actor.account.bytes);
    const struct sj_view device = sj_view_of(attempt->device.bytes, sizeof attempt->device.bytes);
    const struct sj_view none = sj_view_of(NULL, 0);
    if (!attempt->known) {
        attempt->lane_kind = LANE_UNKNOWN;
        return authn_lane(LANE_UNKNOWN, sj_text_bytes(username), none, &attempt->lane);
    }
    attempt->lane_kind = attempt->has_device ? LANE_DEVICE : LANE_ACCOUNT;
    return authn_lane(
        attempt->lane_kind, account, attempt->has_device ? device : none, &attempt->lane);
}

/* First transaction: counts the source, finds the account. */
static sj_status look_up(struct sj_authn_loop *loop, struct sj_uuid source, struct attempt *attempt,
    int64_t *ret_retry_s)
{
    const struct sj_context *context = NULL;
    TRY(sj_authn_context(loop, &context));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(loop->db, context, &tx));
    TRY(authn_source_hit(tx, LANE_SOURCE_PASSWORD, source, ret_retry_s));
    const struct sj_text username = {attempt->username, attempt->username_len};
    const struct sj_param params[] = {sj_p_text(username),
        sj_p_bytes(sj_view_of(attempt->device.bytes, sizeof attempt->device.bytes))};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_LOGIN_FIND, params, SJ_COUNT(params), &rows));
    if (sj_rows_count(rows) >= 1) {
        TRY(take_account(rows, attempt));
    }
    return sj_tx_commit(&tx);
}

/* Asks the same for everybody, so that nobody learns from the time whom a name belongs to. */
static sj_status check_seals(struct sj_authn_loop *loop, struct attempt *attempt, bool *ret_genuine)
{
    attempt->seals[SEAL_ACCOUNT].purpose = SJ_SEAL_ACCOUNT;
    attempt->seals[SEAL_PASSWORD].purpose = SJ_SEAL_PASSWORD;
    TRY(authn_token_new(attempt->token, &attempt->token_hash));
    TRY(authn_seal_challenge(
        &attempt->token_hash, attempt->actor.account, &attempt->seals[SEAL_CHALLENGE]));
    TRY(ask_seals(loop->channel, attempt->seals, SEALS, attempt->right));
    *ret_genuine = attempt->known && authn_seals_fit(attempt->seals, attempt->right,
                                         attempt->stored, SEAL_CHALLENGE, attempt->actor.account);
    return SJ_DONE;
}

static sj_status check(
    struct sj_authn_loop *loop, struct sj_text password, struct attempt *attempt, bool *ret_right)
{
    bool genuine = false;
    TRY(check_seals(loop, attempt, &genuine));
    /* Longer than any password can be: the same work on other bytes. */
    const bool possible = password.len > 0 && password.len <= PASSWORD_BYTES;
    struct sj_hash tag;
    TRY(authn_password_tag(loop->authn->pool, loop->channel,
        possible ? password : SJ_TEXT("not a password"), &attempt->verifier, &tag));
    const bool equal = sj_hash_equal(&tag, &attempt->verifier.tag);
    *ret_right = equal && possible && genuine && attempt->may_sign_in;
    sj_wipe(&tag, sizeof tag);
    return SJ_DONE;
}

/* Second transaction: the lane decides under its lock, then the challenge is made. */
static sj_status judge(struct sj_authn_loop *loop, const struct attempt *attempt, bool right,
    struct sj_login_challenge *ret_challenge, bool *ret_accepted)
{
    const struct sj_context *context = NULL;
    TRY(sj_authn_context(loop, &context));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(loop->db, context, &tx));
    bool open = false;
    TRY(authn_lane_judge(tx, attempt->lane_kind, &attempt->lane, right, &open));
    struct sj_login_challenge challenge = {.totp = true};
    if (right && open) {
        const struct sj_hash *hash = &attempt->token_hash;
        const struct sj_hash *seal = &attempt->right[SEAL_CHALLENGE];
        const struct sj_param params[] = {sj_p_bytes(sj_view_of(hash->bytes, sizeof hash->bytes)),
            sj_p_id(&attempt->actor.account), sj_p_i64(loop->authn->config.challenge_s),
            sj_p_bytes(sj_view_of(seal->bytes, sizeof seal->bytes))};
        CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
        TRY(sj_tx_query(tx, SJ_SQL_LOGIN_CHALLENGE_INSERT, params, SJ_COUNT(params), &rows));
        challenge.expires_at = sj_row_time(rows, 0, 0);
        TRY(sj_copy(
            challenge.token, sizeof challenge.token, attempt->token, sizeof attempt->token));
    }
    TRY(sj_tx_commit(&tx));
    *ret_accepted = right && open;
    if (right && open) {
        *ret_challenge = challenge;
    }
    return SJ_DONE;
}

sj_status sj_login_password(struct sj_authn_loop *loop, struct sj_text username,
    struct sj_text password, struct sj_uuid source, struct sj_text device,
    struct sj_login_challenge *ret_challenge, struct sj_actor *ret_actor, int64_t *ret_retry_s)
{
    CLEANUP(attempt_wipe) struct attempt attempt = {.verifier = dummy_verifier()};
    *ret_actor = attempt.actor;
    fold_username(username, &attempt);
    TRY(authn_token_hash(device, &attempt.has_device, &attempt.device));
    TRY(look_up(loop, source, &attempt, ret_retry_s));
    *ret_actor = attempt.actor;
    TRY(choose_lane(username, &attempt));
    bool right = false;
    TRY(check(loop, password, &attempt, &right));
    bool accepted = false;
    TRY(judge(loop, &attempt, right, ret_challenge, &accepted));
    ENSURE(accepted, LOGIN_FAILED);
    return SJ_DONE;
}
