/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a ciphertext that AES-GCM accepts under two keys refused by FLE1?
 * GCM does not commit to its key: whoever knows two keys can solve one block so that one tag fits both ("invisible
 * salamanders", Dodis, Grubbs, Ristenpart, Woodage 2018). This builds such a ciphertext for two real value keys.
 */
#include "gcm.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/fle1.h"
#include "sanjeh/crypto/hash.h"
#include "test.h"
#include <string.h>

#define BLOCK  16
#define BLOCKS 2 /* of ciphertext: the second one is solved for */
#define CTX    66

struct element {
    uint8_t bytes[BLOCK]; /* GF(2^128), bit order of SP 800-38D */
};

static struct element add(struct element a, struct element b)
{
    for (size_t i = 0; i < BLOCK; i++) {
        a.bytes[i] ^= b.bytes[i];
    }
    return a;
}

/* @cite SP 800-38D §6.3 algorithm 1 */
static struct element multiply(struct element x, struct element v)
{
    struct element z = {{0}};
    for (size_t bit = 0; bit < 128; bit++) {
        if ((x.bytes[bit / 8] >> (7 - bit % 8)) & 1) {
            z = add(z, v);
        }
        const uint8_t lost = v.bytes[BLOCK - 1] & 1;
        for (size_t i = BLOCK - 1; i > 0; i--) {
            v.bytes[i] = (uint8_t)((v.bytes[i] >> 1) | ((v.bytes[i - 1] & 1) << 7));
        }
        v.bytes[0] = (uint8_t)((v.bytes[0] >> 1) ^ (lost != 0 ? 0xe1 : 0));
    }
    return z;
}

/* a^(2^128 - 2) */
static struct element invert(struct element a)
{
    struct element result = {{0x80}};
    for (size_t i = 0; i < 127; i++) {
        a = multiply(a, a);
        result = multiply(result, a);
    }
    return result;
}

static struct element encrypt_block(const uint8_t *key, const uint8_t block[BLOCK])
{
    struct element out;
    int len = 0;
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-ECB", NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    CHECK(EVP_EncryptInit_ex2(ctx, cipher, key, NULL, NULL) == 1);
    CHECK(EVP_EncryptUpdate(ctx, out.bytes, &len, block, BLOCK) == 1 && len == BLOCK);
    EVP_CIPHER_CTX_free(ctx);
    EVP_CIPHER_free(cipher);
    return out;
}

struct side {
    const uint8_t *key;
    struct element h;
    struct element mask; /* E(J0) */
};

static struct side side_of(const uint8_t *key, const uint8_t iv[SJ_GCM_IV])
{
    static const uint8_t zero[BLOCK];
    uint8_t j0[BLOCK] = {0};
    memcpy(j0, iv, SJ_GCM_IV);
    j0[BLOCK - 1] = 1;
    return (struct side){key, encrypt_block(key, zero), encrypt_block(key, j0)};
}

static struct element absorb(
    struct element state, struct element h, const uint8_t *bytes, size_t len)
{
    for (size_t at = 0; at < len; at += BLOCK) {
        struct element block = {{0}};
        memcpy(block.bytes, bytes + at, len - at < BLOCK ? len - at : BLOCK);
        state = multiply(add(state, block), h);
    }
    return state;
}

static struct element tag_of(
    const struct side *side, const uint8_t context[CTX], const uint8_t sealed[BLOCKS * BLOCK])
{
    uint8_t lengths[BLOCK] = {0};
    lengths[6] = (CTX * 8) >> 8;
    lengths[7] = (CTX * 8) & 0xff;
    lengths[14] = (BLOCKS * BLOCK * 8) >> 8;
    lengths[15] = (BLOCKS * BLOCK * 8) & 0xff;
    struct element state = absorb((struct element){{0}}, side->h, context, CTX);
    state = absorb(state, side->h, sealed, BLOCKS * BLOCK);
    return add(absorb(state, side->h, lengths, BLOCK), side->mask);
}

/* Chooses the last block of sealed so that both keys give one tag; appends it. */
static void solve(const struct side *a, const struct side *b, const uint8_t context[CTX],
    uint8_t sealed[BLOCKS * BLOCK + SJ_GCM_TAG])
{
    uint8_t *last = sealed + (BLOCKS - 1) * BLOCK;
    memset(last, 0, BLOCK);
    const struct element difference = add(tag_of(a, context, sealed), tag_of(b, context, sealed));
    const struct element weight = add(multiply(a->h, a->h), multiply(b->h, b->h));
    const struct element solved = multiply(difference, invert(weight));
    memcpy(last, solved.bytes, BLOCK);
    const struct element tag = tag_of(a, context, sealed);
    memcpy(sealed + BLOCKS * BLOCK, tag.bytes, SJ_GCM_TAG);
}

struct value {
    struct sj_key field_key;
    uint8_t okm[64]; /* value key, commitment */
};

static struct value value_of(
    uint8_t seed, const uint8_t nonce[SJ_FLE1_NONCE], const uint8_t context[CTX])
{
    struct value value = {.field_key = {{seed}}};
    struct sj_hash hash;
    CHECK_OK(sj_sha256_one(sj_view_of(context, CTX), &hash));
    const struct sj_view info[] = {
        sj_view_of(nonce, SJ_FLE1_NONCE), sj_view_of(hash.bytes, SJ_HASH_SIZE)};
    CHECK_OK(sj_hkdf_expand(
        sj_view_of(value.field_key.bytes, SJ_KEY_SIZE), info, 2, value.okm, sizeof(value.okm)));
    return value;
}

static bool gcm_accepts(
    const struct value *value, const uint8_t *iv, const uint8_t context[CTX], const uint8_t *sealed)
{
    uint8_t out[BLOCKS * BLOCK];
    struct sj_engine *engine = NULL;
    CHECK_OK(sj_engine_get(&engine));
    const struct sj_gcm_job job = {value->okm, iv, sj_view_of(context, CTX)};
    return !sj_failed(
        sj_gcm_open(engine, &job, sj_view_of(sealed, BLOCKS * BLOCK + SJ_GCM_TAG), out));
}

TEST(fle1_refuses_what_gcm_accepts_under_two_keys)
{
    static const uint8_t nonce[SJ_FLE1_NONCE] = {5, 6, 7};
    const struct sj_fle1_place place = {.key_version = 1};
    uint8_t context[CTX] = "FLE1\x01\x00\x00\x00\x01";
    const struct value first = value_of(1, nonce, context);
    const struct value second = value_of(2, nonce, context);
    const uint8_t *iv = nonce + 12;
    uint8_t sealed[BLOCKS * BLOCK + SJ_GCM_TAG] = {42};
    const struct side a = side_of(first.okm, iv);
    const struct side b = side_of(second.okm, iv);
    solve(&a, &b, context, sealed);
    /* it is a salamander: bare GCM opens it with either key */
    REQUIRE(gcm_accepts(&first, iv, context, sealed));
    REQUIRE(gcm_accepts(&second, iv, context, sealed));
    CLEANUP(sj_buf_clear) struct sj_buf blob = SJ_BUF(512);
    CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF(512);
    CHECK_OK(sj_buf_put(&blob, "\x01\x00\x00\x00\x01", 5));
    CHECK_OK(sj_buf_put(&blob, nonce, sizeof(nonce)));
    CHECK_OK(sj_buf_put(&blob, first.okm + 32, 32));
    CHECK_OK(sj_buf_put(&blob, sealed, sizeof(sealed)));
    CHECK_CODE(sj_fle1_decrypt(&second.field_key, &place, sj_buf_view(&blob), &plain), DECRYPT);
    CHECK(plain.len == 0);
}
