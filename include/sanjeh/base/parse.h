/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers and encodings from text, strictly: the whole text must be consumed, no sign, space or
 * leading zero that the form does not need.
 */
#ifndef SJ_BASE_PARSE_H
#define SJ_BASE_PARSE_H

#include "sanjeh/base/buf.h"
#include "sanjeh/base/view.h"

/* ASCII decimal in [min, max]. Errors: BAD_REQUEST. */
SJ_MUST_CHECK sj_status sj_parse_u64(
    struct sj_text text, uint64_t min, uint64_t max, uint64_t *ret_value);
SJ_MUST_CHECK sj_status sj_parse_i64(
    struct sj_text text, int64_t min, int64_t max, int64_t *ret_value);
/* Exactly len bytes from 2*len lower or upper case hex digits. Errors: BAD_REQUEST. */
SJ_MUST_CHECK sj_status sj_parse_hex(struct sj_text text, uint8_t *dst, size_t len);
/* RFC 4648 4 with padding, canonical (unused bits zero), no white space. Errors: BAD_REQUEST. */
SJ_MUST_CHECK sj_status sj_parse_base64(struct sj_text text, struct sj_buf *dst);
/* RFC 4648 5 without padding; used for tokens. dst_cap is exact: other lengths are BAD_REQUEST. */
SJ_MUST_CHECK sj_status sj_parse_base64url(struct sj_text text, uint8_t *dst, size_t dst_len);
/* out must hold (len*4+2)/3 + 1 bytes; NUL-terminated. */
void sj_format_base64url(const uint8_t *bytes, size_t len, char *out);
/* RFC 4648 6 (base32, no padding, upper case); out must hold (len*8+4)/5 + 1 bytes. */
void sj_format_base32(const uint8_t *bytes, size_t len, char *out);

#endif
