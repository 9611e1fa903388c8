/* SPDX-License-Identifier: Apache-2.0
 *
 * What is the digest, the MAC, the derived key of these bytes?
 * Everything above stands on this: the tree of the record, the context of row security, every key. FIPS 180-4,
 * FIPS 198-1, RFC 5869. Values pass through the thread's contexts (engine.h); nothing is allocated but by the
 * stream. If comparison leaked time or the expansion mixed labels, one key would give another away.
 */
#include "sanjeh/crypto/hash.h"
#include "engine.h"
#include <openssl/crypto.h>

sj_status sj_sha256(const struct sj_view *parts, size_t count, struct sj_hash *ret_hash)
{
    struct sj_engine *engine = NULL;
    TRY(sj_engine_get(&engine));
    TRY(sj_engine_check(EVP_DigestInit_ex2(engine->digest, NULL, NULL)));
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > 0) {
            TRY(sj_engine_check(EVP_DigestUpdate(engine->digest, parts[i].ptr, parts[i].len)));
        }
    }
    return sj_engine_check(EVP_DigestFinal_ex(engine->digest, ret_hash->bytes, NULL));
}

sj_status sj_sha256_one(struct sj_view bytes, struct sj_hash *ret_hash)
{
    return sj_sha256(&bytes, 1, ret_hash);
}

static sj_status mac_put_parts(struct sj_engine *engine, const struct sj_view *parts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > 0) {
            TRY(sj_mac_put(engine, parts[i].ptr, parts[i].len));
        }
    }
    return SJ_DONE;
}

sj_status sj_hmac_sha256(
    struct sj_view key, const struct sj_view *parts, size_t count, struct sj_hash *ret_mac)
{
    /* an empty key is always a mistake of the caller: a value that anybody can compute */
    ENSURE(key.len > 0, CRYPTO);
    struct sj_engine *engine = NULL;
    TRY(sj_engine_get(&engine));
    TRY(sj_mac_begin(engine, key.ptr, key.len));
    TRY(mac_put_parts(engine, parts, count));
    return sj_mac_end(engine, ret_mac->bytes);
}

static void hash_wipe(struct sj_hash *hash)
{
    sj_wipe(hash, sizeof(*hash));
}

sj_status sj_hkdf_expand(
    struct sj_view key, const struct sj_view *info, size_t count, uint8_t *out, size_t out_len)
{
    ENSURE(key.len > 0 && out_len <= (size_t)255 * SJ_HASH_SIZE, CRYPTO);
    struct sj_engine *engine = NULL;
    TRY(sj_engine_get(&engine));
    CLEANUP(hash_wipe) struct sj_hash block = {{0}};
    size_t done = 0;
    /* @cite RFC 5869 §2.3: T(i) = HMAC(PRK, T(i-1) || info || i) */
    for (unsigned i = 1; done < out_len; i++) {
        const uint8_t counter = (uint8_t)i;
        TRY(sj_mac_begin(engine, i == 1 ? key.ptr : NULL, i == 1 ? key.len : 0));
        if (i > 1) {
            TRY(sj_mac_put(engine, block.bytes, SJ_HASH_SIZE));
        }
        TRY(mac_put_parts(engine, info, count));
        TRY(sj_mac_put(engine, &counter, 1));
        TRY(sj_mac_end(engine, block.bytes));
        const size_t left = out_len - done;
        const size_t take = left < SJ_HASH_SIZE ? left : SJ_HASH_SIZE;
        TRY(sj_copy(out + done, left, block.bytes, take));
        done += take;
    }
    return SJ_DONE;
}

sj_status sj_hkdf_extract(struct sj_view salt, struct sj_view secret, struct sj_hash *ret_key)
{
    static const uint8_t zero_salt[SJ_HASH_SIZE];
    /* @cite RFC 5869 §2.2: no salt means HashLen zeros */
    const struct sj_view key = salt.len > 0 ? salt : sj_view_of(zero_salt, sizeof(zero_salt));
    return sj_hmac_sha256(key, &secret, 1, ret_key);
}

bool sj_equal_ct(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}

bool sj_hash_equal(const struct sj_hash *a, const struct sj_hash *b)
{
    return sj_equal_ct(a->bytes, b->bytes, SJ_HASH_SIZE);
}

struct sj_sha256_stream {
    EVP_MD_CTX *digest;
};

sj_status sj_sha256_stream_new(struct sj_sha256_stream **ret_stream)
{
    struct sj_engine *engine = NULL;
    TRY(sj_engine_get(&engine));
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_sha256_stream), &memory));
    CLEANUP(sj_sha256_stream_free) struct sj_sha256_stream *stream = memory;
    stream->digest = EVP_MD_CTX_new();
    ENSURE(stream->digest != NULL, OUT_OF_MEMORY);
    TRY(sj_engine_check(EVP_DigestInit_ex2(stream->digest, sj_engine_sha256(), NULL)));
    *ret_stream = TAKE(stream);
    return SJ_DONE;
}

sj_status sj_sha256_stream_put(struct sj_sha256_stream *stream, struct sj_view bytes)
{
    if (bytes.len == 0) {
        return SJ_DONE;
    }
    return sj_engine_check(EVP_DigestUpdate(stream->digest, bytes.ptr, bytes.len));
}

sj_status sj_sha256_stream_end(struct sj_sha256_stream *stream, struct sj_hash *ret_hash)
{
    return sj_engine_check(EVP_DigestFinal_ex(stream->digest, ret_hash->bytes, NULL));
}

void sj_sha256_stream_free(struct sj_sha256_stream **stream)
{
    if (*stream != NULL) {
        EVP_MD_CTX_free((*stream)->digest);
        sj_free(*stream);
        *stream = NULL;
    }
}
