/* SPDX-License-Identifier: Apache-2.0
 *
 * FLE1, the field format: HKDF-SHA-256 key per value, 192-bit random nonce, 256-bit commitment to key
 * and context, AES-256-GCM, ISO 7816-4 padding in buckets (16 up to 64 bytes, 64 above). 77 bytes
 * overhead plus padding. The 66-byte context binds a value to unit, subject, table, column, row, key
 * version and type: moved anywhere else it does not open. Format: docs/FLE1.md; known answers:
 * tests/vectors/crypto/fle1_kat.json.
 */
#ifndef SJ_CRYPTO_FLE1_H
#define SJ_CRYPTO_FLE1_H

#include "sanjeh/base/buf.h"
#include "sanjeh/base/id.h"

#define SJ_KEY_SIZE      32
#define SJ_FLE1_OVERHEAD 77
#define SJ_FLE1_NONCE    24

enum sj_fle1_type { SJ_FLE1_TEXT = 0, SJ_FLE1_DECIMAL = 1, SJ_FLE1_BYTES = 2 };

/* Where a value lives. table and column are the numbers of keys/columns.h, never names. */
struct sj_fle1_place {
    struct sj_uuid unit;
    struct sj_uuid subject;
    uint32_t table;
    uint32_t column;
    struct sj_uuid row;
    uint32_t key_version;
    uint8_t type;
};

struct sj_key {
    uint8_t bytes[SJ_KEY_SIZE];
};
/* For CLEANUP on a key of one scope. */
void sj_key_wipe(struct sj_key *key);

/* Field key = HKDF-Expand(DEK, "fle1/field" || table || column). */
SJ_MUST_CHECK sj_status sj_fle1_field_key(
    const struct sj_key *dek, uint32_t table, uint32_t column, struct sj_key *ret_key);
/* Appends the blob to ret_blob. plaintext at most 64 KiB. */
SJ_MUST_CHECK sj_status sj_fle1_encrypt(const struct sj_key *field_key,
    const struct sj_fle1_place *place, struct sj_view plaintext, struct sj_buf *ret_blob);
/* The same with a given nonce, for known answers only. */
SJ_MUST_CHECK sj_status sj_fle1_encrypt_with_nonce(const struct sj_key *field_key,
    const struct sj_fle1_place *place, struct sj_view plaintext, const uint8_t nonce[SJ_FLE1_NONCE],
    size_t bucket, struct sj_buf *ret_blob);
/* Appends the plaintext. Unknown suite, version, length, commitment, tag or padding: DECRYPT, one
 * answer for all, nothing appended. */
SJ_MUST_CHECK sj_status sj_fle1_decrypt(const struct sj_key *field_key,
    const struct sj_fle1_place *place, struct sj_view blob, struct sj_buf *ret_plaintext);
/* The key version that a blob names, to choose the key. Errors: DECRYPT. */
SJ_MUST_CHECK sj_status sj_fle1_key_version(struct sj_view blob, uint32_t *ret_version);

#endif
