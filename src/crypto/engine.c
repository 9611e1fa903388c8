/* SPDX-License-Identifier: Apache-2.0
 *
 * Where do the fetched algorithms and the contexts of a thread live?
 * EVP_*_fetch takes locks and searches providers, EVP_sha256() does so hidden in each use; both cost more
 * than the hash itself. So algorithms are fetched once per process and contexts made once per thread
 * (FIPS 180-4 SHA-256, FIPS 198-1 HMAC, SP 800-38D GCM). The process-wide part is written once under
 * pthread_once and only read afterwards: it is a constant that cannot be initialised statically, and the only
 * such state of this module. A thread's contexts still hold its last key until the next use: the whole process
 * is protected, not the buffer (docs/KEYS.md).
 */
#include "engine.h"
#include "sanjeh/crypto/hash.h"
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <sys/mman.h>

struct algorithms {
    EVP_MD *sha256;
    EVP_MAC *hmac;
    EVP_CIPHER *aes_256_gcm;
    pthread_key_t thread_key;
    bool ready;
};

static struct algorithms algorithms;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local struct sj_engine *thread_engine;

static void engine_free(void *memory)
{
    struct sj_engine *engine = memory;
    if (engine == NULL) {
        return;
    }
    EVP_MD_CTX_free(engine->digest);
    EVP_MAC_CTX_free(engine->mac);
    EVP_CIPHER_CTX_free(engine->seal);
    EVP_CIPHER_CTX_free(engine->open);
    EVP_MD_CTX_free(engine->signature);
    if (engine->pool != NULL) {
        sj_wipe(engine->pool, sizeof(*engine->pool));
        (void)munmap(engine->pool, sizeof(*engine->pool));
    }
    sj_free(engine);
    thread_engine = NULL;
}

static void engine_freep(struct sj_engine **engine)
{
    engine_free(*engine);
    *engine = NULL;
}

static void fetch_algorithms(void)
{
    /* no configuration file: an environment variable must not choose our providers */
    if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1 ||
        pthread_key_create(&algorithms.thread_key, engine_free) != 0) {
        return;
    }
    algorithms.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    algorithms.hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    algorithms.aes_256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
    algorithms.ready =
        algorithms.sha256 != NULL && algorithms.hmac != NULL && algorithms.aes_256_gcm != NULL;
    ERR_clear_error();
}

sj_status sj_crypto_init(void)
{
    ENSURE(pthread_once(&once, fetch_algorithms) == 0, CRYPTO);
    ENSURE(algorithms.ready, CRYPTO);
    struct sj_engine *engine = NULL;
    return sj_engine_get(&engine);
}

const EVP_MD *sj_engine_sha256(void)
{
    return algorithms.sha256;
}

sj_status sj_engine_check(int result)
{
    if (result == 1) {
        return SJ_DONE;
    }
    ERR_clear_error();
    FAIL(CRYPTO);
}

static sj_status pool_new(struct sj_random_pool **ret_pool)
{
    void *memory = mmap(NULL, sizeof(struct sj_random_pool), PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ENSURE(memory != MAP_FAILED, OUT_OF_MEMORY);
    /* a child that kept the parent's pool would hand out the same nonces */
    if (madvise(memory, sizeof(struct sj_random_pool), MADV_WIPEONFORK) != 0) {
        (void)munmap(memory, sizeof(struct sj_random_pool));
        FAIL(CRYPTO);
    }
    (void)madvise(memory, sizeof(struct sj_random_pool), MADV_DONTDUMP);
    (void)mlock(memory, sizeof(struct sj_random_pool));
    *ret_pool = memory;
    return SJ_DONE;
}

/* Binds digest and cipher once, so that later inits change key and IV only. */
static sj_status engine_bind(struct sj_engine *engine)
{
    static const uint8_t zero[32];
    char digest_name[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name, 0),
        OSSL_PARAM_construct_end()};
    TRY(sj_engine_check(EVP_MAC_init(engine->mac, zero, sizeof(zero), params)));
    TRY(sj_engine_check(
        EVP_EncryptInit_ex2(engine->seal, algorithms.aes_256_gcm, NULL, NULL, NULL)));
    TRY(sj_engine_check(
        EVP_DecryptInit_ex2(engine->open, algorithms.aes_256_gcm, NULL, NULL, NULL)));
    return sj_engine_check(EVP_DigestInit_ex2(engine->digest, algorithms.sha256, NULL));
}

static sj_status engine_new(struct sj_engine **ret_engine)
{
    ENSURE(pthread_once(&once, fetch_algorithms) == 0, CRYPTO);
    ENSURE(algorithms.ready, CRYPTO);
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_engine), &memory));
    CLEANUP(engine_freep) struct sj_engine *engine = memory;
    engine->digest = EVP_MD_CTX_new();
    engine->mac = EVP_MAC_CTX_new(algorithms.hmac);
    engine->seal = EVP_CIPHER_CTX_new();
    engine->open = EVP_CIPHER_CTX_new();
    engine->signature = EVP_MD_CTX_new();
    ENSURE(engine->digest != NULL && engine->mac != NULL && engine->seal != NULL &&
               engine->open != NULL && engine->signature != NULL,
        OUT_OF_MEMORY);
    TRY(pool_new(&engine->pool));
    TRY(engine_bind(engine));
    ENSURE(pthread_setspecific(algorithms.thread_key, engine) == 0, OUT_OF_MEMORY);
    *ret_engine = TAKE(engine);
    return SJ_DONE;
}

sj_status sj_engine_get(struct sj_engine **ret_engine)
{
    if (thread_engine == NULL) {
        TRY(engine_new(&thread_engine));
    }
    *ret_engine = thread_engine;
    return SJ_DONE;
}

sj_status sj_mac_begin(struct sj_engine *engine, const void *key, size_t key_len)
{
    return sj_engine_check(EVP_MAC_init(engine->mac, key, key_len, NULL));
}

sj_status sj_mac_put(struct sj_engine *engine, const void *bytes, size_t len)
{
    return sj_engine_check(EVP_MAC_update(engine->mac, bytes, len));
}

sj_status sj_mac_end(struct sj_engine *engine, uint8_t ret_mac[32])
{
    size_t len = 0;
    return sj_engine_check(EVP_MAC_final(engine->mac, ret_mac, &len, 32));
}
