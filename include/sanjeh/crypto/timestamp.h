/* SPDX-License-Identifier: Apache-2.0
 *
 * Time-stamp tokens (RFC 3161) over a text that somebody signed: a third party's word that it was there at a time. SHA-256
 * imprints, a nonce, the authority's certificate in the answer.
 */
#ifndef SJ_CRYPTO_TIMESTAMP_H
#define SJ_CRYPTO_TIMESTAMP_H

#include "sanjeh/base/buf.h"

#define SJ_TIMESTAMP_MAX ((size_t)65535) /* bytes of an answer */

/* TimeStampReq, DER, appended. nonce: fresh and random. Errors: CRYPTO. */
SJ_MUST_CHECK sj_status sj_timestamp_request(
    struct sj_view text, uint64_t nonce, struct sj_buf *ret_request);
/* TimeStampResp, hostile bytes: granted, over this text, with this nonce (NULL: whatever it was), by an authority that ca_file (PEM)
 * vouches for, at the token's own time. *ret_valid false: it is not. Errors: BAD_CONFIG (ca_file), CRYPTO. */
SJ_MUST_CHECK sj_status sj_timestamp_verify(struct sj_view answer, struct sj_view text,
    const uint64_t *nonce, const char *ca_file, bool *ret_valid, int64_t *ret_time_s);

#endif
