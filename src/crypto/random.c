/* SPDX-License-Identifier: Apache-2.0
 *
 * Where does unpredictability come from?
 * RAND_bytes of OpenSSL (CTR-DRBG, SP 800-90A, seeded by getrandom) and nothing else. Keys ask it directly;
 * ids and nonces come from a pool of the thread that is filled in one call, hands out each byte once, wipes
 * what it gave and is emptied by the kernel in a forked child. Repeated nonces under one key would open the
 * fields; guessable ids would let strangers walk the objects.
 */
#include "sanjeh/crypto/random.h"
#include "engine.h"
#include "sanjeh/base/time.h"
#include <limits.h>
#include <openssl/rand.h>
#include <string.h>

sj_status sj_random(void *dst, size_t len)
{
    ENSURE(len <= INT_MAX, CRYPTO);
    return sj_engine_check(RAND_bytes(dst, (int)len));
}

sj_status sj_random_pooled(void *dst, size_t len)
{
    struct sj_engine *engine = NULL;
    TRY(sj_engine_get(&engine));
    struct sj_random_pool *pool = engine->pool;
    ENSURE(len <= sizeof(pool->bytes), CRYPTO);
    if (pool->left < len) {
        pool->left = 0;
        TRY(sj_random(pool->bytes, sizeof(pool->bytes)));
        pool->left = sizeof(pool->bytes);
    }
    pool->left -= len;
    memcpy(dst, pool->bytes + pool->left, len);
    sj_wipe(pool->bytes + pool->left, len);
    return SJ_DONE;
}

sj_status sj_uuid_new(struct sj_uuid *ret_id)
{
    struct sj_uuid id;
    TRY(sj_random_pooled(id.bytes, sizeof(id.bytes)));
    /* @cite RFC 9562 §5.4: version 4, variant 10 */
    id.bytes[6] = (uint8_t)((id.bytes[6] & 0x0f) | 0x40);
    id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3f) | 0x80);
    *ret_id = id;
    return SJ_DONE;
}

sj_status sj_uuid_new_ordered(struct sj_uuid *ret_id)
{
    struct sj_uuid id;
    TRY(sj_random_pooled(id.bytes, sizeof(id.bytes)));
    /* @cite RFC 9562 §5.7: 48 bits of Unix milliseconds, version 7, variant 10 */
    const uint64_t us = (uint64_t)sj_time_now();
    const uint64_t ms = us / 1000;
    for (size_t i = 0; i < 6; i++) {
        id.bytes[i] = (uint8_t)(ms >> (40 - 8 * i) & 0xff);
    }
    /* @cite RFC 9562 §6.2 method 3: 12 more bits of the clock, so that a thousand rows of one millisecond are in order
     * too and an index takes them at its end */
    const uint64_t fraction = us % 1000 * 4096 / 1000;
    id.bytes[6] = (uint8_t)(0x70 | fraction >> 8);
    id.bytes[7] = (uint8_t)(fraction & 0xff);
    id.bytes[8] = (uint8_t)((id.bytes[8] & 0x3f) | 0x80);
    *ret_id = id;
    return SJ_DONE;
}
