/* SPDX-License-Identifier: Apache-2.0
 *
 * What does sign-in keep for the whole server? The work pool that bounds password hashing, the session cache, and
 * the signed contexts of each loop. Revocations arrive here from the database and empty the cache at once (I5);
 * an event that is not understood empties all of it, because a session that outlives its revocation is
 * what an attacker with a stolen token would hope for.
 */
#include "authn_priv.h"

#include <liboath/oath.h>

#include "sanjeh/base/parse.h"
#include "sanjeh/crypto/random.h"
#include "sanjeh/keys/scopes.h"

#define SWEEP_EVERY_S 600

sj_status sj_authn_new(const struct sj_authn_config *config, struct sj_authn **ret_authn)
{
    ENSURE(config->hash_threads >= 1, BAD_CONFIG);
    ENSURE(config->idle_s > 0 && config->absolute_s > 0 && config->challenge_s > 0, BAD_CONFIG);
    ENSURE(config->totp_window_back <= 1, BAD_CONFIG);
    ENSURE(oath_init() == OATH_OK, CRYPTO);
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_authn), &memory));
    CLEANUP(sj_authn_free) struct sj_authn *authn = memory;
    authn->config = *config;
    TRY(sj_work_pool_new(config->hash_threads, config->hash_queue_max, &authn->pool));
    TRY(authn_cache_new(&authn->cache));
    TRY(authn_admission_new(&authn->admission));
    *ret_authn = TAKE(authn);
    return SJ_DONE;
}

void sj_authn_free(struct sj_authn **authn)
{
    if (authn == NULL || *authn == NULL) {
        return;
    }
    sj_work_pool_free(&(*authn)->pool);
    authn_cache_free(&(*authn)->cache);
    authn_admission_free(&(*authn)->admission);
    sj_free(*authn);
    *authn = NULL;
}

static sj_status fresh(struct sj_authn_loop *loop, const struct sj_uuid *scopes, size_t count,
    struct sj_context *context, sj_time_us *until)
{
    const sj_time_us now = sj_time_now();
    if (*until > now + CONTEXT_RENEW_S * SECOND_US) {
        return SJ_DONE;
    }
    const sj_time_us expires = now + CONTEXT_S * SECOND_US;
    struct sj_context signed_context;
    TRY(ask_context(loop->channel, scopes, count, expires, &signed_context));
    *context = signed_context;
    *until = expires;
    return SJ_DONE;
}

sj_status sj_authn_context(struct sj_authn_loop *loop, const struct sj_context **ret_context)
{
    const struct sj_uuid scopes[] = {SJ_SCOPE_AUTHN};
    TRY(fresh(loop, scopes, SJ_COUNT(scopes), &loop->context, &loop->context_until));
    *ret_context = &loop->context;
    return SJ_DONE;
}

sj_status authn_keys_context(struct sj_authn_loop *loop, const struct sj_context **ret_context)
{
    const struct sj_uuid scopes[] = {SJ_SCOPE_AUTHN, SJ_SCOPE_KEYS};
    TRY(fresh(loop, scopes, SJ_COUNT(scopes), &loop->keys_context, &loop->keys_context_until));
    *ret_context = &loop->keys_context;
    return SJ_DONE;
}

void sj_authn_on_notify(void *authn, struct sj_text channel, struct sj_text payload)
{
    struct session_cache *cache = ((struct sj_authn *)authn)->cache;
    (void)channel;
    struct sj_uuid id;
    struct sj_text kind;
    struct sj_text name = payload;
    if (payload.len > 2 && sj_text_split(&name, ':', &kind) && kind.len == 1 &&
        !sj_failed(sj_uuid_parse(name, &id))) {
        if (kind.ptr[0] == 's') {
            authn_cache_drop_session(cache, id);
            return;
        }
        if (kind.ptr[0] == 'a') {
            authn_cache_drop_account(cache, id);
            return;
        }
    }
    authn_cache_drop_all(cache);
}

void sj_session_dropped(struct sj_authn *authn, struct sj_uuid session_id)
{
    authn_cache_drop_session(authn->cache, session_id);
}

sj_status sj_authn_sweep(struct sj_authn_loop *loop)
{
    static const enum sj_sql sweeps[] = {SJ_SQL_LOGIN_CHALLENGE_SWEEP, SJ_SQL_LOGIN_THROTTLE_SWEEP,
        SJ_SQL_SESSION_SWEEP, SJ_SQL_IDEMPOTENCY_SWEEP};
    const struct sj_context *context = NULL;
    TRY(sj_authn_context(loop, &context));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(loop->db, context, &tx));
    for (size_t i = 0; i < SJ_COUNT(sweeps); i++) {
        TRY(sj_tx_send(tx, sweeps[i], NULL, 0));
    }
    return sj_tx_commit(&tx);
}

sj_status authn_sweep_sometimes(struct sj_authn_loop *loop)
{
    const int64_t now_s = sj_time_monotonic_ms() / 1000;
    int64_t last_s = atomic_load(&loop->authn->swept_at_s);
    if (last_s != 0 && now_s - last_s < SWEEP_EVERY_S) {
        return SJ_DONE;
    }
    if (!atomic_compare_exchange_strong(&loop->authn->swept_at_s, &last_s, now_s)) {
        return SJ_DONE; /* another loop does it */
    }
    return last_s == 0 ? SJ_DONE : sj_authn_sweep(loop);
}

/* ---- tokens ---- */

sj_status authn_token_new(char ret_text[SJ_TOKEN_TEXT_SIZE], struct sj_hash *ret_hash)
{
    uint8_t bytes[TOKEN_BYTES];
    TRY(sj_random(bytes, sizeof bytes));
    const sj_status status = sj_sha256_one(sj_view_of(bytes, sizeof bytes), ret_hash);
    sj_format_base64url(bytes, sizeof bytes, ret_text);
    sj_wipe(bytes, sizeof bytes);
    return status;
}

sj_status authn_token_hash(struct sj_text text, bool *ret_valid, struct sj_hash *ret_hash)
{
    uint8_t bytes[TOKEN_BYTES] = {0};
    struct sj_hash hash;
    const bool valid = !sj_failed(sj_parse_base64url(text, bytes, sizeof bytes));
    const sj_status status = sj_sha256_one(sj_view_of(bytes, sizeof bytes), &hash);
    sj_wipe(bytes, sizeof bytes);
    TRY(status);
    *ret_valid = valid;
    *ret_hash = hash;
    return SJ_DONE;
}

sj_status authn_csrf_token(struct sj_text token, char ret_text[SJ_TOKEN_TEXT_SIZE])
{
    struct sj_hash mac;
    const struct sj_view parts[] = {sj_view_of("csrf", 4)};
    TRY(sj_hmac_sha256(sj_text_bytes(token), parts, SJ_COUNT(parts), &mac));
    sj_format_base64url(mac.bytes, sizeof mac.bytes, ret_text);
    return SJ_DONE;
}
