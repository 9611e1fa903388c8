/* SPDX-License-Identifier: Apache-2.0
 *
 * SHA-256 (FIPS 180-4), HMAC (FIPS 198-1), HKDF (RFC 5869). Algorithms are fetched once per
 * process; contexts are per thread, so calls neither allocate nor lock.
 */
#ifndef SJ_CRYPTO_HASH_H
#define SJ_CRYPTO_HASH_H

#include "sanjeh/base/view.h"

#define SJ_HASH_SIZE 32

struct sj_hash {
    uint8_t bytes[SJ_HASH_SIZE];
};

/* Call once at start, before threads. Errors: CRYPTO. */
SJ_MUST_CHECK sj_status sj_crypto_init(void);

/* The hash of the parts one after another. */
SJ_MUST_CHECK sj_status sj_sha256(
    const struct sj_view *parts, size_t count, struct sj_hash *ret_hash);
SJ_MUST_CHECK sj_status sj_sha256_one(struct sj_view bytes, struct sj_hash *ret_hash);
/* key: 1 byte or more; an empty key is CRYPTO. */
SJ_MUST_CHECK sj_status sj_hmac_sha256(
    struct sj_view key, const struct sj_view *parts, size_t count, struct sj_hash *ret_mac);
/* HKDF-Expand with SHA-256; info is the parts in order; out_len <= 255 * 32. */
SJ_MUST_CHECK sj_status sj_hkdf_expand(
    struct sj_view key, const struct sj_view *info, size_t count, uint8_t *out, size_t out_len);
SJ_MUST_CHECK sj_status sj_hkdf_extract(
    struct sj_view salt, struct sj_view secret, struct sj_hash *ret_key);
/* Constant time in len. */
bool sj_equal_ct(const void *a, const void *b, size_t len);
bool sj_hash_equal(const struct sj_hash *a, const struct sj_hash *b);

/* Streaming, for files. */
struct sj_sha256_stream;
SJ_MUST_CHECK sj_status sj_sha256_stream_new(struct sj_sha256_stream **ret_stream);
SJ_MUST_CHECK sj_status sj_sha256_stream_put(struct sj_sha256_stream *stream, struct sj_view bytes);
SJ_MUST_CHECK sj_status sj_sha256_stream_end(
    struct sj_sha256_stream *stream, struct sj_hash *ret_hash);
void sj_sha256_stream_free(struct sj_sha256_stream **stream);

#endif
