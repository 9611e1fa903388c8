/* SPDX-License-Identifier: Apache-2.0
 *
 * How is one message sealed with AES-256-GCM (SP 800-38D)?
 * The contexts are bound to the cipher once; here only key and IV change. No EVP_Cipher() (CVE-2026-75803), no
 * length parameters at init (CVE-2023-5363): the defaults of the cipher are the lengths we want. The tag is
 * always 16 bytes and always checked by Final before the caller may look at the output.
 */
#include "gcm.h"
#include <limits.h>
#include <openssl/err.h>

static sj_status seal_parts(
    EVP_CIPHER_CTX *ctx, const struct sj_view *parts, size_t count, uint8_t **out)
{
    int written = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len == 0) {
            continue;
        }
        ENSURE(parts[i].len <= INT_MAX, CRYPTO);
        TRY(sj_engine_check(
            EVP_EncryptUpdate(ctx, *out, &written, parts[i].ptr, (int)parts[i].len)));
        *out += written;
    }
    return SJ_DONE;
}

sj_status sj_gcm_seal(struct sj_engine *engine, const struct sj_gcm_job *job,
    const struct sj_view *parts, size_t count, uint8_t *out)
{
    EVP_CIPHER_CTX *ctx = engine->seal;
    int written = 0;
    ENSURE(job->aad.len <= INT_MAX, CRYPTO);
    TRY(sj_engine_check(EVP_EncryptInit_ex2(ctx, NULL, job->key, job->iv, NULL)));
    if (job->aad.len > 0) {
        TRY(sj_engine_check(
            EVP_EncryptUpdate(ctx, NULL, &written, job->aad.ptr, (int)job->aad.len)));
    }
    TRY(seal_parts(ctx, parts, count, &out));
    TRY(sj_engine_check(EVP_EncryptFinal_ex(ctx, out, &written)));
    return sj_engine_check(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, SJ_GCM_TAG, out));
}

sj_status sj_gcm_open(
    struct sj_engine *engine, const struct sj_gcm_job *job, struct sj_view sealed, uint8_t *out)
{
    EVP_CIPHER_CTX *ctx = engine->open;
    int written = 0;
    ENSURE(sealed.len >= SJ_GCM_TAG && sealed.len <= INT_MAX, DECRYPT);
    ENSURE(job->aad.len <= INT_MAX, CRYPTO);
    const size_t len = sealed.len - SJ_GCM_TAG;
    uint8_t tag[SJ_GCM_TAG];
    TRY(sj_copy(tag, sizeof(tag), sealed.ptr + len, SJ_GCM_TAG));
    TRY(sj_engine_check(EVP_DecryptInit_ex2(ctx, NULL, job->key, job->iv, NULL)));
    if (job->aad.len > 0) {
        TRY(sj_engine_check(
            EVP_DecryptUpdate(ctx, NULL, &written, job->aad.ptr, (int)job->aad.len)));
    }
    if (len > 0) {
        TRY(sj_engine_check(EVP_DecryptUpdate(ctx, out, &written, sealed.ptr, (int)len)));
    }
    TRY(sj_engine_check(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, SJ_GCM_TAG, tag)));
    if (EVP_DecryptFinal_ex(ctx, tag, &written) != 1) {
        ERR_clear_error();
        FAIL(DECRYPT);
    }
    return SJ_DONE;
}
