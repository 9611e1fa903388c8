/* SPDX-License-Identifier: Apache-2.0
 *
 * Argon2id (RFC 9106) through libargon2. Takes 20 ms and 19 MiB at the default cost: call it on a
 * worker, never on a loop.
 */
#ifndef SJ_CRYPTO_PASSWORD_H
#define SJ_CRYPTO_PASSWORD_H

#include "sanjeh/crypto/hash.h"

struct sj_password_cost {
    uint32_t memory_kib;
    uint32_t passes;
    uint32_t lanes;
};

#define SJ_PASSWORD_COST_DEFAULT ((struct sj_password_cost){19 * 1024, 2, 1})
#define SJ_PASSWORD_SALT         16

SJ_MUST_CHECK sj_status sj_argon2id(struct sj_view password, const uint8_t *salt, size_t salt_len,
    struct sj_password_cost cost, struct sj_hash *ret_tag);

#endif
