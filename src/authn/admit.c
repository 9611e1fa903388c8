/* SPDX-License-Identifier: Apache-2.0
 *
 * May this source try to sign in at all just now? A token bucket for each IPv4 address and IPv6 /64 in this process's
 * memory, asked before anything of an attempt is read: it costs a stranger's flood no statement, no Argon2id and,
 * because refusals share entries (server/flood.c), no room in the record. The lanes of the database behind it are shared
 * by all servers and count each factor; what the bucket lets through in five minutes is what those allow to an
 * office behind one address. The table is bounded: in a full set the source that has used least gives way,
 * and its next attempt starts with a full bucket, so that nobody is shut out by others' number.
 */
#include "authn_priv.h"

#include "sanjeh/crypto/random.h"

#define SETS     1024u
#define WAYS     8u
#define TOKEN    1000 /* of a bucket: thousandths, so that a millisecond's share is whole */
#define FULL     ((int64_t)ADMIT_BURST * TOKEN)
#define PER_MS   ((int64_t)ADMIT_PER_S * TOKEN / 1000)
#define FNV_MULT UINT64_C(1099511628211)

struct bucket {
    struct sj_uuid prefix;
    int64_t tokens; /* at at_ms */
    int64_t at_ms;
    bool used;
};

struct admission {
    pthread_mutex_t mutex;
    uint64_t seed; /* nobody outside can choose addresses that share a set */
    struct bucket sets[SETS][WAYS];
};

sj_status authn_admission_new(struct admission **ret_admission)
{
    uint64_t seed = 0;
    TRY(sj_random(&seed, sizeof seed));
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct admission), &memory));
    struct admission *admission = memory;
    admission->seed = seed;
    if (pthread_mutex_init(&admission->mutex, NULL) != 0) {
        sj_free(admission);
        FAIL(OUT_OF_MEMORY);
    }
    *ret_admission = admission;
    return SJ_DONE;
}

void authn_admission_free(struct admission **admission)
{
    if (*admission != NULL) {
        (void)pthread_mutex_destroy(&(*admission)->mutex);
        sj_free(*admission);
        *admission = NULL;
    }
}

struct sj_uuid sj_source_prefix(struct sj_uuid source)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (memcmp(source.bytes, mapped, sizeof mapped) != 0) {
        memset(source.bytes + 8, 0, 8);
    }
    return source;
}

static struct bucket *set_of(struct admission *admission, struct sj_uuid prefix)
{
    uint64_t hash = admission->seed;
    for (size_t i = 0; i < sizeof prefix.bytes; i++) {
        hash = (hash ^ prefix.bytes[i]) * FNV_MULT;
    }
    return admission->sets[(hash >> 32) % SETS];
}

static int64_t tokens_at(const struct bucket *bucket, int64_t now_ms)
{
    if (!bucket->used) {
        return FULL;
    }
    const int64_t passed = now_ms > bucket->at_ms ? now_ms - bucket->at_ms : 0;
    if (passed >= FULL / PER_MS) {
        return FULL;
    }
    const int64_t tokens = bucket->tokens + passed * PER_MS;
    return tokens < FULL ? tokens : FULL;
}

/* The source's own bucket, or the fullest of its set made its own. */
static struct bucket *bucket_of(struct admission *admission, struct sj_uuid prefix, int64_t now_ms)
{
    struct bucket *set = set_of(admission, prefix);
    struct bucket *fullest = &set[0];
    for (unsigned i = 0; i < WAYS; i++) {
        if (set[i].used && sj_uuid_equal(set[i].prefix, prefix)) {
            return &set[i];
        }
        if (tokens_at(&set[i], now_ms) > tokens_at(fullest, now_ms)) {
            fullest = &set[i];
        }
    }
    *fullest = (struct bucket){.prefix = prefix, .tokens = FULL, .at_ms = now_ms, .used = true};
    return fullest;
}

bool authn_admit(
    struct admission *admission, struct sj_uuid source, int64_t now_ms, int64_t *ret_retry_s)
{
    SJ_ASSERT(pthread_mutex_lock(&admission->mutex) == 0);
    struct bucket *bucket = bucket_of(admission, sj_source_prefix(source), now_ms);
    const int64_t tokens = tokens_at(bucket, now_ms);
    const bool admitted = tokens >= TOKEN;
    bucket->tokens = admitted ? tokens - TOKEN : tokens;
    bucket->at_ms = now_ms;
    SJ_ASSERT(pthread_mutex_unlock(&admission->mutex) == 0);
    if (!admitted) {
        *ret_retry_s = 1; /* the next token is nearer than that */
    }
    return admitted;
}

sj_status sj_login_admit(struct sj_authn_loop *loop, struct sj_uuid source, int64_t *ret_retry_s)
{
    ENSURE(authn_admit(loop->authn->admission, source, sj_time_monotonic_ms(), ret_retry_s),
        TOO_MANY_REQUESTS);
    return SJ_DONE;
}
