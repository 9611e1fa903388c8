/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside src/crypto only: AES-256-GCM with a 96-bit IV and a 128-bit tag, exactly. Not offered to others,
 * because a caller who picks IVs gets it wrong once in 2^32.
 */
#ifndef SJ_CRYPTO_GCM_H
#define SJ_CRYPTO_GCM_H

#include "engine.h"
#include "sanjeh/base/view.h"

#define SJ_GCM_IV  12
#define SJ_GCM_TAG 16

struct sj_gcm_job {
    const uint8_t *key; /* 32 bytes */
    const uint8_t *iv;  /* 12 bytes */
    struct sj_view aad;
};

/* Encrypts the parts one after another to out, which holds their sum and the tag behind it. */
SJ_MUST_CHECK sj_status sj_gcm_seal(struct sj_engine *engine, const struct sj_gcm_job *job,
    const struct sj_view *parts, size_t count, uint8_t *out);
/* sealed is ciphertext and tag. out holds sealed.len - 16 and is garbage unless the status is ok. Errors:
 * DECRYPT. */
SJ_MUST_CHECK sj_status sj_gcm_open(
    struct sj_engine *engine, const struct sj_gcm_job *job, struct sj_view sealed, uint8_t *out);

#endif
