/* SPDX-License-Identifier: Apache-2.0
 *
 * The details of the record's own entries (docs/AUDIT.md 2.1): key=value joined by ';', in the order of the kind. Readers take
 * item after item from a hostile text; each says false when the next item is not that one, and takes nothing.
 */
#ifndef SJ_BASE_DETAIL_H
#define SJ_BASE_DETAIL_H

#include "sanjeh/base/buf.h"

bool sj_detail_take(struct sj_text *rest, const char *key, struct sj_text *ret_value);
bool sj_detail_take_u64(struct sj_text *rest, const char *key, uint64_t *ret_value);
/* Exactly len bytes in lower-case hex. */
bool sj_detail_take_hex(struct sj_text *rest, const char *key, uint8_t *ret_bytes, size_t len);
/* Appends an item, with the ';' it needs. */
SJ_MUST_CHECK sj_status sj_detail_put(struct sj_buf *out, const char *key, struct sj_text value);
SJ_MUST_CHECK sj_status sj_detail_put_u64(struct sj_buf *out, const char *key, uint64_t value);
SJ_MUST_CHECK sj_status sj_detail_put_hex(
    struct sj_buf *out, const char *key, struct sj_view bytes);

#endif
