/* SPDX-License-Identifier: Apache-2.0
 *
 * Which sessions did we see lately? A table by token hash, so that a request costs no database round trip to
 * know who asks. It holds nothing that the database would not answer with, and it forgets at once: a drop also
 * raises the epoch, so that an answer of the database that was on its way when the revocation came is used
 * for that one request and not kept. Entries hold a signed context and are wiped when they go.
 */
#include "authn_priv.h"

#define BUCKETS     1024
#define ENTRIES_MAX 8192 /* about 40 MB; more sessions than that are read from the database again */

struct entry {
    struct entry *next;
    struct sj_hash token;
    struct cached_session cached;
};

struct session_cache {
    pthread_mutex_t mutex;
    struct entry *buckets[BUCKETS];
    size_t count;
    size_t hand; /* the bucket that makes room next */
    uint64_t epoch;
};

sj_status authn_cache_new(struct session_cache **ret_cache)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct session_cache), &memory));
    struct session_cache *cache = memory;
    if (pthread_mutex_init(&cache->mutex, NULL) != 0) {
        sj_free(cache);
        FAIL(OUT_OF_MEMORY);
    }
    *ret_cache = cache;
    return SJ_DONE;
}

static void lock(struct session_cache *cache)
{
    SJ_ASSERT(pthread_mutex_lock(&cache->mutex) == 0);
}

static void unlock(struct session_cache *cache)
{
    SJ_ASSERT(pthread_mutex_unlock(&cache->mutex) == 0);
}

static size_t bucket_of(const struct sj_hash *token)
{
    /* The hash of a random token is uniform: two of its bytes will do. */
    return ((size_t)token->bytes[0] << 8 | token->bytes[1]) % BUCKETS;
}

static void remove_at(struct session_cache *cache, struct entry **at)
{
    struct entry *entry = *at;
    *at = entry->next;
    sj_wipe(entry, sizeof *entry);
    sj_free(entry);
    cache->count--;
}

typedef bool drop_fn(const struct sj_session *session, struct sj_uuid id);

static bool is_session(const struct sj_session *session, struct sj_uuid id)
{
    return sj_uuid_equal(session->id, id);
}

static bool is_account(const struct sj_session *session, struct sj_uuid id)
{
    return sj_uuid_equal(session->actor.account, id);
}

static bool is_any(const struct sj_session *session, struct sj_uuid id)
{
    (void)session;
    (void)id;
    return true;
}

static void drop(struct session_cache *cache, drop_fn *fits, struct sj_uuid id)
{
    lock(cache);
    cache->epoch++;
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct entry **at = &cache->buckets[i]; *at != NULL;) {
            if (fits(&(*at)->cached.session, id)) {
                remove_at(cache, at);
            } else {
                at = &(*at)->next;
            }
        }
    }
    unlock(cache);
}

void authn_cache_drop_session(struct session_cache *cache, struct sj_uuid session)
{
    drop(cache, is_session, session);
}

void authn_cache_drop_account(struct session_cache *cache, struct sj_uuid account)
{
    drop(cache, is_account, account);
}

void authn_cache_drop_all(struct session_cache *cache)
{
    drop(cache, is_any, (struct sj_uuid){{0}});
}

void authn_cache_free(struct session_cache **cache)
{
    if (cache == NULL || *cache == NULL) {
        return;
    }
    authn_cache_drop_all(*cache);
    (void)pthread_mutex_destroy(&(*cache)->mutex);
    sj_free(*cache);
    *cache = NULL;
}

uint64_t authn_cache_epoch(struct session_cache *cache)
{
    lock(cache);
    const uint64_t epoch = cache->epoch;
    unlock(cache);
    return epoch;
}

static struct entry **find(struct session_cache *cache, const struct sj_hash *token)
{
    struct entry **at = &cache->buckets[bucket_of(token)];
    while (*at != NULL && !sj_hash_equal(&(*at)->token, token)) {
        at = &(*at)->next;
    }
    return at;
}

bool authn_cache_find(struct session_cache *cache, const struct sj_hash *token, sj_time_us now,
    const struct sj_authn_config *config, struct cached_session *ret_entry, bool *ret_touch)
{
    lock(cache);
    struct entry **at = find(cache, token);
    bool found = false;
    if (*at != NULL) {
        struct cached_session *cached = &(*at)->cached;
        found = now < cached->session.expires_at &&
                now < cached->last_seen + config->idle_s * SECOND_US;
        if (found) {
            *ret_touch = now >= cached->written + authn_touch_s(config) * SECOND_US;
            cached->last_seen = now;
            cached->written = *ret_touch ? now : cached->written;
            cached->session.idle_expires_at = now + config->idle_s * SECOND_US;
            *ret_entry = *cached;
        } else {
            /* Another server may have seen the session since: the database decides. */
            remove_at(cache, at);
        }
    }
    unlock(cache);
    return found;
}

static void make_room(struct session_cache *cache)
{
    while (cache->count >= ENTRIES_MAX) {
        cache->hand = (cache->hand + 1) % BUCKETS;
        while (cache->buckets[cache->hand] != NULL) {
            remove_at(cache, &cache->buckets[cache->hand]);
        }
    }
}

void authn_cache_keep(struct session_cache *cache, const struct sj_hash *token,
    const struct cached_session *entry, uint64_t epoch)
{
    void *memory = NULL;
    if (sj_failed(sj_alloc(1, sizeof(struct entry), &memory))) {
        return;
    }
    struct entry *fresh = memory;
    fresh->token = *token;
    fresh->cached = *entry;
    lock(cache);
    if (cache->epoch == epoch) {
        make_room(cache);
        struct entry **at = find(cache, token);
        if (*at != NULL) {
            remove_at(cache, at);
        }
        struct entry **head = &cache->buckets[bucket_of(token)];
        fresh->next = *head;
        *head = fresh;
        cache->count++;
        fresh = NULL;
    }
    unlock(cache);
    if (fresh != NULL) {
        sj_wipe(fresh, sizeof *fresh);
        sj_free(fresh);
    }
}

void authn_cache_context(struct session_cache *cache, const struct sj_hash *token,
    const struct sj_context *context, sj_time_us until)
{
    lock(cache);
    struct entry **at = find(cache, token);
    if (*at != NULL && (*at)->cached.context_until < until) {
        (*at)->cached.session.context = *context;
        (*at)->cached.context_until = until;
    }
    unlock(cache);
}
