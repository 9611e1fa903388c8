/* SPDX-License-Identifier: Apache-2.0
 *
 * Under which token is this value found without being read?
 * HMAC-SHA-256 (FIPS 198-1), cut to as many bits as the column may leak: 128 for numbers that are unique anyway,
 * few for names, where many share one token and the reader decrypts and filters. One key for two columns would
 * tell an owner of the table which person appears in both.
 */
#include "sanjeh/crypto/blind.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/hash.h"
#include <string.h>

#define LABEL "bi1"

sj_status sj_blind_key(
    const struct sj_key *index_root, const struct sj_blind_place *place, struct sj_key *ret_key)
{
    const uint32_t numbers[] = {place->table, place->column, place->index, place->version};
    uint8_t info[sizeof(LABEL) - 1 + sizeof(numbers)];
    size_t at = sizeof(LABEL) - 1;
    memcpy(info, LABEL, at);
    for (size_t i = 0; i < SJ_COUNT(numbers); i++) {
        for (unsigned shift = 32; shift > 0; shift -= 8) {
            info[at++] = (uint8_t)(numbers[i] >> (shift - 8));
        }
    }
    const struct sj_view view = sj_view_of(info, sizeof(info));
    return sj_hkdf_expand(
        sj_view_of(index_root->bytes, SJ_KEY_SIZE), &view, 1, ret_key->bytes, SJ_KEY_SIZE);
}

sj_status sj_blind_value(
    const struct sj_key *key, struct sj_view value, unsigned bits, uint8_t ret_blind[SJ_BLIND_SIZE])
{
    ENSURE(bits >= SJ_BLIND_BITS_MIN && bits <= SJ_BLIND_BITS_MAX, LIMIT_EXCEEDED);
    struct sj_hash mac;
    TRY(sj_hmac_sha256(sj_view_of(key->bytes, SJ_KEY_SIZE), &value, 1, &mac));
    const size_t whole = bits / 8;
    memset(ret_blind, 0, SJ_BLIND_SIZE);
    memcpy(ret_blind, mac.bytes, whole);
    if (bits % 8 != 0) {
        ret_blind[whole] = (uint8_t)(mac.bytes[whole] & (0xff00u >> (bits % 8)));
    }
    return SJ_DONE;
}
