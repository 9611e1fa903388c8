/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing in with two factors, and the sessions that come of it (NIST SP 800-63B-4 AAL2).
 *   password   Argon2id on a worker, then HMAC with the keeper's pepper; unknown users cost the same
 *   TOTP       RFC 6238 through liboath: 6 digits, step t or t-1, each step once (atomic last step)
 *   session    256 random bits, base64url; the database knows its SHA-256; idle 15 min, absolute 8 h
 * Every refusal of a sign-in is one answer: LOGIN_FAILED. Accounts, passwords, challenges and sessions are believed
 * under the keeper's seals alone: a row that was changed past the product is none (log event authn.seal.broken).
 */
#ifndef SJ_AUTHN_AUTHN_H
#define SJ_AUTHN_AUTHN_H

#include "sanjeh/base/arena.h"
#include "sanjeh/base/work.h"
#include "sanjeh/keys/fields.h"
#include "sanjeh/unit/account.h"
#include "sanjeh/unit/actor.h"
#include "sanjeh/unit/assignment.h"

#define SJ_TOKEN_TEXT_SIZE 44 /* 32 bytes base64url and NUL */

struct sj_authn; /* one per server: work pool, session cache */

struct sj_authn_config {
    unsigned hash_threads;     /* cores - 1, at least 1 */
    unsigned hash_queue_max;   /* 32 */
    int64_t idle_s;            /* 900 */
    int64_t absolute_s;        /* 28800 */
    int64_t challenge_s;       /* 300 */
    unsigned totp_window_back; /* 1; 0 is ASVS 6.5.5 strict */
};
SJ_MUST_CHECK sj_status sj_authn_new(
    const struct sj_authn_config *config, struct sj_authn **ret_authn);
void sj_authn_free(struct sj_authn **authn);

/* What a call works with: the loop's own pool, fields and channel. The caller sets the first four, the rest is
 * zero at first and authn's own. */
struct sj_authn_loop {
    struct sj_authn *authn;
    struct sj_db *db;
    struct sj_fields *fields;
    struct sj_channel *channel;
    struct sj_context context; /* scope AUTHN */
    sj_time_us context_until;
    struct sj_context keys_context; /* scopes AUTHN and KEYS: to open a second factor's secret */
    sj_time_us keys_context_until;
};

/* What counts as one source: an IPv4 address (mapped), an IPv6 /64, for whoever has one address of it has all. */
struct sj_uuid sj_source_prefix(struct sj_uuid source);
/* Before anything of an attempt is read: whether this source (IPv4 address, IPv6 /64) may try just now. In memory, any
 * loop; 300 attempts at once, two a second from then on. Errors: TOO_MANY_REQUESTS (*ret_retry_s). */
SJ_MUST_CHECK sj_status sj_login_admit(
    struct sj_authn_loop *loop, struct sj_uuid source, int64_t *ret_retry_s);

/* First factor. device: value of the device cookie, empty when there is none (a known device is not shut out
 * by strangers' failures). On success a challenge for the second. *ret_actor is set whenever the username
 * named an account, for the record; never answered.
 * Errors: LOGIN_FAILED, TOO_MANY_REQUESTS (*ret_retry_s), BUSY. */
struct sj_login_challenge {
    char token[SJ_TOKEN_TEXT_SIZE];
    sj_time_us expires_at;
    bool totp;
};
SJ_MUST_CHECK sj_status sj_login_password(struct sj_authn_loop *loop, struct sj_text username,
    struct sj_text password, struct sj_uuid source, struct sj_text device,
    struct sj_login_challenge *ret_challenge, struct sj_actor *ret_actor, int64_t *ret_retry_s);

/* What a session chose about one of its assignments (INCITS 359: AddActiveRole, DropActiveRole). */
enum sj_role_choice { SJ_CHOICE_NONE = 0, SJ_CHOICE_ACTIVE, SJ_CHOICE_DROPPED };

/* A role that the session's account has, with everything that decides whether it counts at a moment (sanjeh/rbac/active.h). */
struct sj_session_grant {
    struct sj_assignment held;
    bool source_ended; /* delegated: the delegator has it no more */
    sj_time_us source_locked_from;
    sj_time_us source_locked_until;
    sj_time_us source_certified_at;
    enum sj_role_choice choice;
    sj_time_us chosen_at;
    sj_time_us chosen_until; /* 0: as long as the session */
};

struct sj_session {
    struct sj_uuid id;
    struct sj_actor actor; /* roles: 0, whoever knows the policy fills them in */
    struct sj_session_grant grants[SJ_ASSIGNMENTS_MAX];
    size_t grant_count;
    int64_t assignments; /* number of the last change of any assignment when this was read */
    sj_time_us
        clock_ahead; /* how far the clock of everything that ends runs ahead (test installations) */
    sj_time_us stepped_up_at; /* the second factor was shown again; 0: not since the sign-in */
    char username[65];
    char unit_code[17];        /* "" */
    char compartment_code[17]; /* "" */
    sj_time_us created_at;
    sj_time_us expires_at;
    sj_time_us idle_expires_at;
    struct sj_context context; /* signed for the actor's unit, compartment, judge and account */
    char csrf_token[SJ_TOKEN_TEXT_SIZE];
};
/* Second factor: consumes the challenge on success, after 5 failures kills it. Creates the session.
 * ret_session->actor is set whenever the challenge named an account, also on failure, for the record.
 * Errors: LOGIN_FAILED, TOO_MANY_REQUESTS. */
SJ_MUST_CHECK sj_status sj_login_totp(struct sj_authn_loop *loop, struct sj_text challenge,
    struct sj_text code, struct sj_uuid source, char ret_token[SJ_TOKEN_TEXT_SIZE],
    char ret_device[SJ_TOKEN_TEXT_SIZE], struct sj_session *ret_session, int64_t *ret_retry_s);

/* Both factors once more, by whoever holds the session, for one deed that is worth it: what a sign-in checks and counts, with no new
 * session. The caller does the deed in the same request. Errors: STEP_UP_FAILED, TOO_MANY_REQUESTS (*ret_retry_s), BUSY. */
struct sj_factor_proof {
    struct sj_text password;
    struct sj_text code; /* TOTP; a code works once */
    struct sj_uuid source;
    struct sj_text device; /* of the device cookie, or empty */
};
SJ_MUST_CHECK sj_status sj_step_up(struct sj_authn_loop *loop, const struct sj_session *session,
    const struct sj_factor_proof *proof, int64_t *ret_retry_s);

/* The live session of a token; *ret_found false for anything else (malformed, unknown, revoked, expired, account
 * disabled, a broken seal). Served from the cache when it can; a revocation anywhere empties it at once (LISTEN). Touches the
 * idle clock. */
SJ_MUST_CHECK sj_status sj_session_find(struct sj_authn_loop *loop, struct sj_text token,
    bool *ret_found, struct sj_session *ret_session);
/* A live session by its id, for reviews: what its holder has and chose, without context and CSRF token: nothing can be done with it. */
SJ_MUST_CHECK sj_status sj_session_inspect(
    struct sj_authn_loop *loop, struct sj_uuid id, bool *ret_found, struct sj_session *ret_session);
/* Display name of the session's own account, for /me. */
SJ_MUST_CHECK sj_status sj_session_display_name(
    struct sj_authn_loop *loop, const struct sj_session *session, struct sj_buf *ret_name);
/* Own sessions, newest first, at most 100. */
struct sj_session_info {
    struct sj_uuid id;
    sj_time_us created_at;
    sj_time_us last_seen_at;
    sj_time_us expires_at;
    bool is_current;
};
SJ_MUST_CHECK sj_status sj_session_list(struct sj_authn_loop *loop,
    const struct sj_session *session, struct sj_arena *arena, struct sj_session_info **ret_items,
    size_t *ret_count);
/* Ends one of the account's own sessions within tx (its context must be sj_authn_context); after the commit call
 * sj_session_dropped. *ret_found false when it is not there or not the account's. */
SJ_MUST_CHECK sj_status sj_session_end(
    struct sj_tx *tx, const struct sj_session *session, struct sj_uuid id, bool *ret_found);
void sj_session_dropped(struct sj_authn *authn, struct sj_uuid session_id);
/* Writes what the session chooses within tx (context sj_authn_context); afterwards sj_session_dropped. NONE takes the choice back.
 * ends_at 0: with the session. */
SJ_MUST_CHECK sj_status sj_session_choose(struct sj_tx *tx, struct sj_channel *channel,
    const struct sj_session *session, struct sj_uuid assignment, enum sj_role_choice choice,
    sj_time_us ends_at, struct sj_text reason);
/* Shows the second factor again: checks a fresh code of the session's account, counts failures as a sign-in does, and on success
 * remembers the time. The cached session is dropped here; elsewhere by notification. *ret_at: the time.
 * Errors: LOGIN_FAILED, TOO_MANY_REQUESTS (*ret_retry_s). */
SJ_MUST_CHECK sj_status sj_session_step_up(struct sj_authn_loop *loop,
    const struct sj_session *session, struct sj_text code, struct sj_uuid source,
    sj_time_us *ret_at, int64_t *ret_retry_s);
/* Context with the scope SJ_SCOPE_AUTHN, kept fresh; borrowed until the next call on this loop. */
SJ_MUST_CHECK sj_status sj_authn_context(
    struct sj_authn_loop *loop, const struct sj_context **ret_context);
/* Removes what has had its time: challenges, throttling lanes, sessions, answers kept for Idempotency-Key. Sign-ins
 * do it by the way, at most every ten minutes. */
SJ_MUST_CHECK sj_status sj_authn_sweep(struct sj_authn_loop *loop);
/* Hook for sj_db_listen on channel "session_revoked"; ctx is the struct sj_authn. */
void sj_authn_on_notify(void *authn, struct sj_text channel, struct sj_text payload);

/* The other half of an enrolment: told to whoever approved the deed, in the answer to his vote. Neither he nor whoever did it can enrol
 * alone. Of the keeper's key, the approval and the approver; nothing of it is kept. */
#define SJ_ENROLMENT_PART_SIZE 33 /* 32 hex digits and NUL */
SJ_MUST_CHECK sj_status sj_enrolment_part(struct sj_channel *channel, struct sj_uuid approval,
    struct sj_uuid approver, char ret_part[SJ_ENROLMENT_PART_SIZE]);
/* The way to the factors of an account that another person made: shown once, good for three days and one use, with the approver's part. tx
 * in the scope AUTHN. Errors: CONSTRAINT (the account has factors). */
struct sj_enrolment {
    char token[SJ_TOKEN_TEXT_SIZE];
    sj_time_us expires_at;
};
SJ_MUST_CHECK sj_status sj_enrolment_make(struct sj_tx *tx, struct sj_channel *channel,
    struct sj_uuid account, struct sj_uuid made_by, const char *part,
    struct sj_enrolment *ret_enrolment);
/* The same for an account that has factors: they go, and its sessions, half-made sign-ins and an enrolment before. tx in the scopes AUTHN and ADMIN. */
SJ_MUST_CHECK sj_status sj_enrolment_again(struct sj_tx *tx, struct sj_channel *channel,
    struct sj_uuid account, struct sj_uuid made_by, const char *part,
    struct sj_enrolment *ret_enrolment);
/* Takes an enrolment, sets the password and makes the second factor's secret, all three or none. ret_actor: account and tag are set as soon
 * as they are known, for the record. Errors: LOGIN_FAILED (no such enrolment of this name), INVALID (the password), TOO_MANY_REQUESTS
 * (*ret_retry_s), BUSY. */
#define SJ_TOTP_SECRET_SIZE 20
struct sj_enrolling {
    struct sj_text token;
    struct sj_text part;
    struct sj_text username;
    struct sj_text password;
    struct sj_uuid source;
};
SJ_MUST_CHECK sj_status sj_enrol(struct sj_authn_loop *loop, const struct sj_enrolling *enrolling,
    struct sj_actor *ret_actor, uint8_t ret_secret[SJ_TOTP_SECRET_SIZE], int64_t *ret_retry_s);

/* Sets password and TOTP secret of a new account inside tx (local administration). The password must have 12 to
 * 128 code points and not be on the block list; secret 20 bytes. Errors: INVALID. */
SJ_MUST_CHECK sj_status sj_credentials_set(struct sj_tx *tx, struct sj_fields *fields,
    const struct sj_account *account, struct sj_text password, struct sj_view totp_secret);

#endif
