/* SPDX-License-Identifier: Apache-2.0
 *
 * What is kept of a password, and which ones are refused? Argon2id (19 MiB, 2 passes, 1 lane: OWASP) on a worker,
 * then HMAC with the keeper's pepper (NIST SP 800-63B-4 3.1.1.2): a stolen database cannot be guessed at without
 * the keeper. Every account has the same cost, so that the time of a refusal says nothing about who was asked for.
 * Twelve code points at least because a second factor always follows; no rules of composition; whole
 * passwords that everybody tries are refused.
 */
#include "authn_priv.h"

#include "sanjeh/crypto/password.h"
#include "sanjeh/crypto/random.h"
#include "sanjeh/unit/unit.h"

#define CODE_POINTS_MIN 12
#define CODE_POINTS_MAX 128

struct hash_job {
    struct sj_text password;
    const struct verifier *verifier;
    struct sj_hash tag;
    sj_status status;
};

static void run_hash(void *ctx)
{
    struct hash_job *job = ctx;
    const struct sj_password_cost cost = {
        job->verifier->memory_kib, job->verifier->passes, job->verifier->lanes};
    job->status = sj_argon2id(sj_text_bytes(job->password), job->verifier->salt,
        job->verifier->salt_len, cost, &job->tag);
}

static sj_status hash(struct sj_work_pool *pool, struct hash_job *job)
{
    if (pool == NULL) {
        run_hash(job);
        return job->status;
    }
    TRY(sj_work_run(pool, run_hash, job));
    return job->status;
}

sj_status authn_password_tag(struct sj_work_pool *pool, struct sj_channel *channel,
    struct sj_text password, const struct verifier *verifier, struct sj_hash *ret_tag)
{
    struct hash_job job = {.password = password, .verifier = verifier};
    sj_status status = hash(pool, &job);
    if (!sj_failed(status)) {
        status = ask_pepper(channel, verifier->pepper_version, &job.tag, ret_tag);
    }
    sj_wipe(&job, sizeof job);
    return status;
}

static size_t code_points(struct sj_text text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        count += ((unsigned char)text.ptr[i] & 0xc0u) != 0x80u;
    }
    return count;
}

/* The most used passwords of published lists that are long enough to pass, in lower case. */
static const char *const common[] = {"password1234", "password12345", "password123456",
    "passwordpassword", "password123!", "123456789012", "1234567890123", "12345678901234",
    "123456789123", "1234567891011", "123412341234", "123123123123", "qwertyuiop123",
    "qwertyuiop[]", "qwertyuiop12", "qwertyuiopasdfghjkl", "qwertyqwerty", "qwerty123456",
    "1q2w3e4r5t6y", "1qaz2wsx3edc", "1qaz2wsx3edc4rfv", "zaq12wsxcde3", "asdfghjkl123",
    "abcdefghijkl", "abcd12345678", "abc123456789", "administrator", "administrator1",
    "adminadmin123", "admin1234567", "changeme1234", "changemenow1", "letmein12345", "welcome12345",
    "welcome123456", "iloveyou1234", "iloveyouforever", "sunshine1234", "football1234",
    "princess1234", "superman1234", "trustno1trustno1", "correcthorsebatterystaple", "sanjeh123456",
    "sanjehsanjeh", "judiciary123", "judiciary1234", "iran12345678", "iraniraniran", "tehran123456",
    "p@ssw0rd1234", "passw0rd1234", "p@ssword1234"};

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool equals_ignoring_case(struct sj_text text, const char *word, size_t word_len)
{
    if (text.len != word_len) {
        return false;
    }
    for (size_t i = 0; i < word_len; i++) {
        if (lower(text.ptr[i]) != word[i]) {
            return false;
        }
    }
    return true;
}

/* One unit of at most four bytes over and over ("abababababab"), or a run ("abcdefghijkl", "987654321098"). */
static bool is_trivial(struct sj_text text)
{
    for (size_t period = 1; period <= 4; period++) {
        bool repeats = true;
        for (size_t i = period; repeats && i < text.len; i++) {
            repeats = text.ptr[i] == text.ptr[i - period];
        }
        if (repeats) {
            return true;
        }
    }
    size_t up = 0;
    size_t down = 0;
    for (size_t i = 1; i < text.len; i++) {
        up += text.ptr[i] == text.ptr[i - 1] + 1;
        down += text.ptr[i] == text.ptr[i - 1] - 1;
    }
    return up + 3 >= text.len || down + 3 >= text.len;
}

/* The user name alone, repeated, or with a tail of at most four ("sit.analyst2024"). */
static bool is_own_name(struct sj_text password, struct sj_text username)
{
    if (username.len == 0 || password.len < username.len) {
        return false;
    }
    const struct sj_text head = {password.ptr, username.len};
    const struct sj_text rest = {password.ptr + username.len, password.len - username.len};
    return equals_ignoring_case(head, username.ptr, username.len) &&
           (rest.len <= 4 || equals_ignoring_case(rest, username.ptr, username.len));
}

bool authn_password_is_common(struct sj_text password, struct sj_text username)
{
    for (size_t i = 0; i < SJ_COUNT(common); i++) {
        if (equals_ignoring_case(password, common[i], strlen(common[i]))) {
            return true;
        }
    }
    return is_trivial(password) || is_own_name(password, username);
}

static sj_status set_password(struct sj_tx *tx, struct sj_work_pool *pool,
    struct sj_channel *channel, const struct sj_account *account, struct sj_text password)
{
    const struct sj_password_cost cost = SJ_PASSWORD_COST_DEFAULT;
    struct verifier verifier = {.salt_len = SJ_PASSWORD_SALT,
        .memory_kib = cost.memory_kib,
        .passes = cost.passes,
        .lanes = cost.lanes,
        .pepper_version = PEPPER_VERSION};
    TRY(sj_random(verifier.salt, verifier.salt_len));
    TRY(authn_password_tag(pool, channel, password, &verifier, &verifier.tag));
    struct sj_seal_item item;
    struct sj_hash seal;
    TRY(authn_seal_password(account->id, &verifier, &item));
    TRY(ask_seals(channel, &item, 1, &seal));
    const struct sj_param params[] = {sj_p_id(&account->id),
        sj_p_bytes(sj_view_of(verifier.salt, verifier.salt_len)),
        sj_p_i32((int32_t)verifier.memory_kib), sj_p_i32((int32_t)verifier.passes),
        sj_p_i32((int32_t)verifier.lanes), sj_p_i32((int32_t)verifier.pepper_version),
        sj_p_bytes(sj_view_of(verifier.tag.bytes, sizeof verifier.tag.bytes)),
        sj_p_bytes(sj_view_of(seal.bytes, sizeof seal.bytes))};
    return sj_tx_query(tx, SJ_SQL_PASSWORD_INSERT, params, SJ_COUNT(params), NULL);
}

static sj_status set_totp(struct sj_tx *tx, struct sj_fields *fields,
    const struct sj_account *account, struct sj_view secret)
{
    CLEANUP(sj_subject_clear) struct sj_subject subject = {.version = 0};
    const struct sj_uuid unit = sj_uuid_is_nil(account->unit) ? sj_platform_unit : account->unit;
    TRY(sj_fields_subject_for_write(fields, tx, unit, account->id, &subject));
    CLEANUP(sj_buf_clear) struct sj_buf blob = SJ_BUF(512);
    TRY(sj_field_seal(
        &subject, SJ_TABLE_TOTP, SJ_COLUMN_TOTP_SECRET, account->id, SJ_FLE1_BYTES, secret, &blob));
    const struct sj_param params[] = {
        sj_p_id(&account->id), sj_p_bytes(sj_buf_view(&blob)), sj_p_i32((int32_t)subject.version)};
    return sj_tx_query(tx, SJ_SQL_TOTP_INSERT, params, SJ_COUNT(params), NULL);
}

sj_status sj_credentials_set(struct sj_tx *tx, struct sj_fields *fields,
    const struct sj_account *account, struct sj_text password, struct sj_view totp_secret)
{
    return authn_credentials_set(tx, /* pool= */ NULL, fields, account, password, totp_secret);
}

sj_status authn_credentials_set(struct sj_tx *tx, struct sj_work_pool *pool,
    struct sj_fields *fields, const struct sj_account *account, struct sj_text password,
    struct sj_view totp_secret)
{
    struct sj_text checked;
    ENSURE(!sj_failed(sj_text_check(sj_text_bytes(password), PASSWORD_BYTES, &checked)), INVALID);
    const size_t length = code_points(password);
    ENSURE(length >= CODE_POINTS_MIN && length <= CODE_POINTS_MAX, INVALID);
    ENSURE(!authn_password_is_common(password, account->username), INVALID);
    ENSURE(totp_secret.len == TOTP_SECRET_BYTES, INVALID);
    TRY(set_password(tx, pool, sj_fields_channel(fields), account, password));
    return set_totp(tx, fields, account, totp_secret);
}
