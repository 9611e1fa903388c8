/* SPDX-License-Identifier: Apache-2.0
 *
 * How much work is one guess at a password?
 * Argon2id version 1.3 (RFC 9106) through libargon2, which wipes its own memory. The tag is only half of a
 * verifier: the keeper's pepper is the other (keys/keeper.h), so a stolen table cannot be guessed at alone.
 */
#include "sanjeh/crypto/password.h"
#include <argon2.h>

sj_status sj_argon2id(struct sj_view password, const uint8_t *salt, size_t salt_len,
    struct sj_password_cost cost, struct sj_hash *ret_tag)
{
    struct sj_hash tag;
    const int result = argon2id_hash_raw(cost.passes, cost.memory_kib, cost.lanes, password.ptr,
        password.len, salt, salt_len, tag.bytes, sizeof(tag.bytes));
    ENSURE(result != ARGON2_MEMORY_ALLOCATION_ERROR, OUT_OF_MEMORY);
    ENSURE(result == ARGON2_OK, CRYPTO);
    *ret_tag = tag;
    return SJ_DONE;
}
