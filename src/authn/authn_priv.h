/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of src/authn share: the server-wide object, the session cache, throttling lanes and
 * the check of a code.
 */
#ifndef SJ_AUTHN_PRIV_H
#define SJ_AUTHN_PRIV_H

#include <stdatomic.h>

#include "sanjeh/authn/authn.h"
#include "sanjeh/crypto/hash.h"

#define SECOND_US         INT64_C(1000000)
#define TOKEN_BYTES       32
#define CONTEXT_S         600 /* a signed context is good for ten minutes */
#define CONTEXT_RENEW_S   120 /* and is signed again when less than this is left */
#define TOUCH_S           60  /* last_seen is written at most once a minute */
#define PEPPER_VERSION    1
#define CHALLENGE_TRIES   5
#define PASSWORD_BYTES    512 /* 128 code points */
#define USERNAME_BYTES    64
#define TOTP_SECRET_BYTES 20

/* ---- throttling (CRYPTO 5.2) ---- */

#define ADMIT_BURST       300 /* attempts of both factors at once, of one source and server */
#define ADMIT_PER_S       2   /* and from then on: what the source lanes of both factors let pass */
#define SOURCE_ATTEMPTS   300 /* each factor, each source, in: an office behind one address fits */
#define SOURCE_WINDOW_S   300
#define PASSWORD_FAILURES 10 /* consecutive, of one account and lane: then it is closed for */
#define PASSWORD_CLOSED_S 900
#define PASSWORD_MEMORY_S 86400 /* a run of failures is forgotten after a day */
#define TOTP_FAILURES     10    /* of one account within and closed for a quarter of an hour */
#define TOTP_WINDOW_S     900

struct admission; /* admit.c: any thread */
SJ_MUST_CHECK sj_status authn_admission_new(struct admission **ret_admission);
void authn_admission_free(struct admission **admission);
/* Takes one attempt of the source; false with *ret_retry_s when it has none left. */
bool authn_admit(
    struct admission *admission, struct sj_uuid source, int64_t now_ms, int64_t *ret_retry_s);

enum lane_kind {
    LANE_SOURCE_PASSWORD = 1,
    LANE_SOURCE_TOTP,
    LANE_ACCOUNT, /* unknown device */
    LANE_DEVICE,  /* one known device of an account: strangers cannot close it */
    LANE_UNKNOWN, /* names that no account has, in 4,096 lanes so that they cannot fill the table */
    LANE_TOTP
};

struct lane {
    struct sj_hash hash;
};
SJ_MUST_CHECK sj_status authn_lane(
    enum lane_kind kind, struct sj_view who, struct sj_view device, struct lane *ret_lane);
/* Counts an attempt of the source. Errors: TOO_MANY_REQUESTS with *ret_retry_s. */
SJ_MUST_CHECK sj_status authn_source_hit(
    struct sj_tx *tx, enum lane_kind kind, struct sj_uuid source, int64_t *ret_retry_s);
/* Judges an attempt whose proof has been checked: *ret_open false while the lane is closed. */
SJ_MUST_CHECK sj_status authn_lane_judge(
    struct sj_tx *tx, enum lane_kind kind, const struct lane *lane, bool right, bool *ret_open);

/* ---- one-time codes ---- */

/* Whether code (6 digits, any script's) is the secret's for the step of now or one of the window_back before.
 * Errors: CRYPTO. */
SJ_MUST_CHECK sj_status authn_totp_match(struct sj_view secret, struct sj_text code, int64_t now_s,
    unsigned window_back, bool *ret_match, int64_t *ret_step);

/* ---- tokens ---- */

/* 32 random bytes as text, and the hash that the database knows. */
SJ_MUST_CHECK sj_status authn_token_new(
    char ret_text[SJ_TOKEN_TEXT_SIZE], struct sj_hash *ret_hash);
/* *ret_valid false for anything that is not 43 characters of base64url. */
SJ_MUST_CHECK sj_status authn_token_hash(
    struct sj_text text, bool *ret_valid, struct sj_hash *ret_hash);
/* HMAC(token, "csrf"). */
SJ_MUST_CHECK sj_status authn_csrf_token(struct sj_text token, char ret_text[SJ_TOKEN_TEXT_SIZE]);

/* ---- passwords ---- */

/* How a password is checked: Argon2id on a worker, then the keeper's pepper. */
struct verifier {
    uint8_t salt[64];
    size_t salt_len;
    uint32_t memory_kib;
    uint32_t passes;
    uint32_t lanes;
    uint32_t pepper_version;
    struct sj_hash tag;
};
SJ_MUST_CHECK sj_status authn_password_tag(struct sj_work_pool *pool, struct sj_channel *channel,
    struct sj_text password, const struct verifier *verifier, struct sj_hash *ret_tag);
/* sj_credentials_set with the hashing on a pool; NULL: here. */
SJ_MUST_CHECK sj_status authn_credentials_set(struct sj_tx *tx, struct sj_work_pool *pool,
    struct sj_fields *fields, const struct sj_account *account, struct sj_text password,
    struct sj_view totp_secret);
/* On the block list: common, trivial or made of the account's own words. */
bool authn_password_is_common(struct sj_text password, struct sj_text username);

/* ---- seals (seal.c): what each covers, ready to be asked for ---- */

SJ_MUST_CHECK sj_status authn_seal_password(
    struct sj_uuid account, const struct verifier *verifier, struct sj_seal_item *ret_item);
SJ_MUST_CHECK sj_status authn_seal_challenge(
    const struct sj_hash *token, struct sj_uuid account, struct sj_seal_item *ret_item);
struct session_facts {
    struct sj_uuid id;
    struct sj_hash token;
    struct sj_uuid account;
    sj_time_us created_at;
    sj_time_us expires_at;
};
SJ_MUST_CHECK sj_status authn_seal_session(
    const struct session_facts *facts, struct sj_seal_item *ret_item);
/* A column's bytes; what has another length becomes one that never fits. */
void authn_stored_seal(struct sj_view bytes, struct sj_hash *ret_seal);
/* Compares in constant time; a broken one is told to the log, for somebody wrote into the database past us. */
bool authn_seals_fit(const struct sj_seal_item *items, const struct sj_hash *right,
    const struct sj_hash *stored, size_t count, struct sj_uuid account);

/* ---- what a session has and chose (grant.c) ---- */

/* Seals that a session stands under besides those of its account and itself. */
#define GRANT_COLUMNS 10 /* of session_find.sql, between the account and the assignment */
struct grant_seals {
    struct sj_seal_item items[SJ_ASSIGNMENTS_MAX + 1];
    struct sj_hash stored[SJ_ASSIGNMENTS_MAX + 1];
    size_t count;
};
/* Fills grants and stepped_up_at of a session whose id is set, from columns of session_find.sql. */
SJ_MUST_CHECK sj_status authn_take_grants(const struct sj_rows *rows, size_t first,
    struct sj_session *session, struct grant_seals *seals);
/* What the seal of an account covers, with the assignments that the rows carry from column first on. */
SJ_MUST_CHECK sj_status authn_account_hash(const struct sj_rows *rows, size_t first,
    const struct sj_account *account, struct sj_hash *ret_hash);
SJ_MUST_CHECK sj_status authn_seal_choice(struct sj_uuid session, struct sj_uuid assignment,
    enum sj_role_choice choice, sj_time_us since, sj_time_us ends_at,
    struct sj_seal_item *ret_item);
SJ_MUST_CHECK sj_status authn_seal_step_up(
    struct sj_uuid session, sj_time_us at, struct sj_seal_item *ret_item);

/* ---- session cache (cache.c): any thread ---- */

/* person_judge: of an office account, nil when there is none. */
static inline void authn_name_person(struct sj_actor *actor, struct sj_uuid person_judge)
{
    const struct sj_uuid judge = sj_uuid_is_nil(actor->judge) ? person_judge : actor->judge;
    actor->is_judge_person = !sj_uuid_is_nil(judge);
    actor->person = actor->is_judge_person ? judge : actor->account;
}

struct cached_session {
    struct sj_session session;
    sj_time_us last_seen;
    sj_time_us written;       /* last_seen in the database, as far as we know */
    sj_time_us context_until; /* expiry of session.context */
};

struct session_cache;
SJ_MUST_CHECK sj_status authn_cache_new(struct session_cache **ret_cache);
void authn_cache_free(struct session_cache **cache);
/* Grows with every drop: what was read from the database before a drop must not be kept after it. */
uint64_t authn_cache_epoch(struct session_cache *cache);
/* Copies the live entry and moves its idle clock; *ret_touch says that the caller is the one to write last_seen. */
bool authn_cache_find(struct session_cache *cache, const struct sj_hash *token, sj_time_us now,
    const struct sj_authn_config *config, struct cached_session *ret_entry, bool *ret_touch);
/* Keeps an entry unless something was dropped since epoch. Out of memory: it is not kept. */
void authn_cache_keep(struct session_cache *cache, const struct sj_hash *token,
    const struct cached_session *entry, uint64_t epoch);
void authn_cache_context(struct session_cache *cache, const struct sj_hash *token,
    const struct sj_context *context, sj_time_us until);
void authn_cache_drop_session(struct session_cache *cache, struct sj_uuid session);
void authn_cache_drop_account(struct session_cache *cache, struct sj_uuid account);
void authn_cache_drop_all(struct session_cache *cache);

struct sj_authn {
    struct sj_authn_config config;
    struct sj_work_pool *pool;
    struct session_cache *cache;
    struct admission *admission;
    _Atomic int64_t swept_at_s;
};

/* Like sj_authn_context with the scope KEYS besides. */
SJ_MUST_CHECK sj_status authn_keys_context(
    struct sj_authn_loop *loop, const struct sj_context **ret_context);
/* Reads the session from the database, signs its context and keeps it in the cache. */
SJ_MUST_CHECK sj_status authn_session_load(struct sj_authn_loop *loop, struct sj_text token,
    const struct sj_hash *hash, bool *ret_found, struct sj_session *ret_session);
/* Rows that were dropped by the way, when it is time. */
SJ_MUST_CHECK sj_status authn_sweep_sometimes(struct sj_authn_loop *loop);

static inline int64_t authn_touch_s(const struct sj_authn_config *config)
{
    return config->idle_s >= 4 * TOUCH_S ? TOUCH_S : config->idle_s / 4;
}

#endif
