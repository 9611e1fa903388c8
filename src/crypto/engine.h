/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside src/crypto only: the algorithms fetched once and the contexts of this thread.
 */
#ifndef SJ_CRYPTO_ENGINE_H
#define SJ_CRYPTO_ENGINE_H

#include "sanjeh/base/memory.h"
#include <openssl/evp.h>

#define SJ_POOL_BYTES 2048

/* Random bytes drawn ahead. Lives in memory that the kernel wipes in a forked child, where left is then 0. */
struct sj_random_pool {
    size_t left;
    uint8_t bytes[SJ_POOL_BYTES];
};

/* One per thread, made at its first use, freed when the thread ends. No call keeps a context across a return
 * into foreign code, so fibers of one thread never meet in the middle of one. */
struct sj_engine {
    EVP_MD_CTX *digest;
    EVP_MAC_CTX *mac;
    EVP_CIPHER_CTX *seal;
    EVP_CIPHER_CTX *open;
    EVP_MD_CTX *signature;
    struct sj_random_pool *pool;
};

/* Errors: CRYPTO, OUT_OF_MEMORY. */
SJ_MUST_CHECK sj_status sj_engine_get(struct sj_engine **ret_engine);
const EVP_MD *sj_engine_sha256(void);
/* Turns an OpenSSL result into a status and drains its error queue: its texts never leave this folder. */
SJ_MUST_CHECK sj_status sj_engine_check(int result);
/* len <= 256. Cheap; each byte is handed out once and wiped from the pool. */
SJ_MUST_CHECK sj_status sj_random_pooled(void *dst, size_t len);

/* HMAC-SHA-256 on the thread's context: begin with a key (NULL: the last one again), put, end. */
SJ_MUST_CHECK sj_status sj_mac_begin(struct sj_engine *engine, const void *key, size_t key_len);
SJ_MUST_CHECK sj_status sj_mac_put(struct sj_engine *engine, const void *bytes, size_t len);
SJ_MUST_CHECK sj_status sj_mac_end(struct sj_engine *engine, uint8_t ret_mac[32]);

#endif
