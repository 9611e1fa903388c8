/* SPDX-License-Identifier: Apache-2.0
 *
 * Ed25519 (RFC 8032). Low-order and non-canonical public keys are refused when they are loaded.
 */
#ifndef SJ_CRYPTO_SIGNATURE_H
#define SJ_CRYPTO_SIGNATURE_H

#include "sanjeh/base/view.h"
#include "sanjeh/crypto/fle1.h"

#define SJ_ED25519_PUBLIC    32
#define SJ_ED25519_SIGNATURE 64

struct sj_signing_key;
struct sj_verify_key;

SJ_MUST_CHECK sj_status sj_signing_key_new(
    const struct sj_key *seed, struct sj_signing_key **ret_key);
void sj_signing_key_free(struct sj_signing_key **key);
void sj_signing_key_public(const struct sj_signing_key *key, uint8_t ret_public[SJ_ED25519_PUBLIC]);
SJ_MUST_CHECK sj_status sj_sign(const struct sj_signing_key *key, struct sj_view message,
    uint8_t ret_signature[SJ_ED25519_SIGNATURE]);
/* Errors: INVALID for a key that must not be trusted. */
SJ_MUST_CHECK sj_status sj_verify_key_new(
    const uint8_t public_key[SJ_ED25519_PUBLIC], struct sj_verify_key **ret_key);
void sj_verify_key_free(struct sj_verify_key **key);
/* *ret_valid says whether the signature holds; a status only for our own failures. */
SJ_MUST_CHECK sj_status sj_verify(const struct sj_verify_key *key, struct sj_view message,
    struct sj_view signature, bool *ret_valid);

#endif
