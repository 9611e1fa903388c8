/* SPDX-License-Identifier: Apache-2.0
 *
 * Blind indexes: equality search over encrypted values. The key is bound to table, column, index and version, so
 * that equal values in two places do not show. Keys stay in the keeper (keys/keeper.h); the arithmetic is here
 * for it and for known answers (tests/vectors/crypto/fle1_kat.json).
 */
#ifndef SJ_CRYPTO_BLIND_H
#define SJ_CRYPTO_BLIND_H

#include "sanjeh/crypto/fle1.h"

#define SJ_BLIND_SIZE     16
#define SJ_BLIND_BITS_MIN 8u
#define SJ_BLIND_BITS_MAX 128u

/* K_bi = HKDF-Expand(root, "bi1" || table || column || index || version), all numbers u32. */
struct sj_blind_place {
    uint32_t table;
    uint32_t column; /* 0: the index spans columns or is named by its number alone */
    uint32_t index;
    uint32_t version;
};
SJ_MUST_CHECK sj_status sj_blind_key(
    const struct sj_key *index_root, const struct sj_blind_place *place, struct sj_key *ret_key);
/* The leftmost bits of HMAC-SHA-256(key, value); the rest of the 16 bytes is zero. Errors: LIMIT_EXCEEDED when
 * bits is not 8..128. */
SJ_MUST_CHECK sj_status sj_blind_value(const struct sj_key *key, struct sj_view value,
    unsigned bits, uint8_t ret_blind[SJ_BLIND_SIZE]);

#endif
