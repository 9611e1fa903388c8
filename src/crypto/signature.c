/* SPDX-License-Identifier: Apache-2.0
 *
 * Who signed these bytes?
 * Ed25519 (RFC 8032) of OpenSSL: cofactorless, S below the order. Keys are checked when they are loaded, since
 * a low-order public key "verifies" for signatures that nobody made, and a non-canonical one gives one key two
 * names. Checkpoints of the record and policy versions rest on this.
 */
#include "sanjeh/crypto/signature.h"
#include "engine.h"
#include "sanjeh/crypto/hash.h"
#include <string.h>

struct sj_signing_key {
    EVP_PKEY *key;
    uint8_t public_key[SJ_ED25519_PUBLIC];
};

struct sj_verify_key {
    EVP_PKEY *key;
};

sj_status sj_signing_key_new(const struct sj_key *seed, struct sj_signing_key **ret_key)
{
    struct sj_engine *engine = NULL;
    TRY(sj_engine_get(&engine));
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_signing_key), &memory));
    CLEANUP(sj_signing_key_free) struct sj_signing_key *key = memory;
    key->key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed->bytes, SJ_KEY_SIZE);
    TRY(sj_engine_check(key->key != NULL));
    size_t len = sizeof(key->public_key);
    TRY(sj_engine_check(EVP_PKEY_get_raw_public_key(key->key, key->public_key, &len)));
    *ret_key = TAKE(key);
    return SJ_DONE;
}

void sj_signing_key_free(struct sj_signing_key **key)
{
    if (*key != NULL) {
        EVP_PKEY_free((*key)->key);
        sj_free(*key);
        *key = NULL;
    }
}

void sj_signing_key_public(const struct sj_signing_key *key, uint8_t ret_public[SJ_ED25519_PUBLIC])
{
    memcpy(ret_public, key->public_key, SJ_ED25519_PUBLIC);
}

sj_status sj_sign(const struct sj_signing_key *key, struct sj_view message,
    uint8_t ret_signature[SJ_ED25519_SIGNATURE])
{
    struct sj_engine *engine = NULL;
    TRY(sj_engine_get(&engine));
    TRY(sj_engine_check(EVP_MD_CTX_reset(engine->signature)));
    TRY(sj_engine_check(EVP_DigestSignInit(engine->signature, NULL, NULL, NULL, key->key)));
    size_t len = SJ_ED25519_SIGNATURE;
    return sj_engine_check(
        EVP_DigestSign(engine->signature, ret_signature, &len, message.ptr, message.len));
}

/* y coordinates of the eight points of small order; -1 is p - 1 (draft-josefsson-eddsa-ed25519, and the tables
 * that every strict verifier carries). */
static const uint8_t low_order[][SJ_ED25519_PUBLIC] = {
    {0},
    {1},
    {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0x7f},
    {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
        0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc,
        0x05},
    {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
        0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03,
        0x7a},
};

/* y < 2^255 - 19, little endian */
static bool is_canonical(const uint8_t y[SJ_ED25519_PUBLIC])
{
    if (y[31] != 0x7f || y[0] < 0xed) {
        return true;
    }
    for (size_t i = 1; i < 31; i++) {
        if (y[i] != 0xff) {
            return true;
        }
    }
    return false;
}

static bool is_trustworthy(const uint8_t public_key[SJ_ED25519_PUBLIC])
{
    uint8_t y[SJ_ED25519_PUBLIC];
    memcpy(y, public_key, sizeof(y));
    y[31] &= 0x7f;
    for (size_t i = 0; i < SJ_COUNT(low_order); i++) {
        if (sj_equal_ct(y, low_order[i], sizeof(y))) {
            return false;
        }
    }
    return is_canonical(y);
}

sj_status sj_verify_key_new(
    const uint8_t public_key[SJ_ED25519_PUBLIC], struct sj_verify_key **ret_key)
{
    ENSURE(is_trustworthy(public_key), INVALID);
    struct sj_engine *engine = NULL;
    TRY(sj_engine_get(&engine));
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_verify_key), &memory));
    CLEANUP(sj_verify_key_free) struct sj_verify_key *key = memory;
    key->key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, SJ_ED25519_PUBLIC);
    TRY(sj_engine_check(key->key != NULL));
    *ret_key = TAKE(key);
    return SJ_DONE;
}

void sj_verify_key_free(struct sj_verify_key **key)
{
    if (*key != NULL) {
        EVP_PKEY_free((*key)->key);
        sj_free(*key);
        *key = NULL;
    }
}

sj_status sj_verify(const struct sj_verify_key *key, struct sj_view message,
    struct sj_view signature, bool *ret_valid)
{
    if (signature.len != SJ_ED25519_SIGNATURE) {
        *ret_valid = false;
        return SJ_DONE;
    }
    struct sj_engine *engine = NULL;
    TRY(sj_engine_get(&engine));
    TRY(sj_engine_check(EVP_MD_CTX_reset(engine->signature)));
    TRY(sj_engine_check(EVP_DigestVerifyInit(engine->signature, NULL, NULL, NULL, key->key)));
    const int result =
        EVP_DigestVerify(engine->signature, signature.ptr, signature.len, message.ptr, message.len);
    /* 0 and negative alike mean "does not hold": OpenSSL gives both for malformed R and S */
    *ret_valid = result == 1;
    if (result != 1) {
        sj_ignore(sj_engine_check(result), "the answer is in ret_valid");
    }
    return SJ_DONE;
}
