/* SPDX-License-Identifier: Apache-2.0
 *
 * A growable byte buffer. Its maximum is mandatory; what it leaves behind when it grows, and when
 * it is cleared, is wiped. ptr is not NUL-terminated unless sj_buf_cstr is used.
 */
#ifndef SJ_BASE_BUF_H
#define SJ_BASE_BUF_H

#include "sanjeh/base/memory.h"
#include "sanjeh/base/view.h"

struct sj_buf {
    uint8_t *ptr;
    size_t len;
    size_t cap;
    size_t max;
};

#define SJ_BUF(max_bytes) ((struct sj_buf){NULL, 0, 0, (max_bytes)})

/* Idempotent, safe on a zeroed buffer; max stays. */
void sj_buf_clear(struct sj_buf *buf);
/* len = 0 without giving memory back (old content wiped). */
void sj_buf_reset(struct sj_buf *buf);
/* All appends: errors LIMIT_EXCEEDED (max), OUT_OF_MEMORY; the buffer is unchanged on failure. */
SJ_MUST_CHECK sj_status sj_buf_reserve(struct sj_buf *buf, size_t more);
SJ_MUST_CHECK sj_status sj_buf_put(struct sj_buf *buf, const void *bytes, size_t len);
SJ_MUST_CHECK sj_status sj_buf_put_view(struct sj_buf *buf, struct sj_view view);
SJ_MUST_CHECK sj_status sj_buf_put_text(struct sj_buf *buf, struct sj_text text);
SJ_MUST_CHECK sj_status sj_buf_put_str(struct sj_buf *buf, const char *string);
SJ_MUST_CHECK sj_status sj_buf_put_byte(struct sj_buf *buf, uint8_t byte);
SJ_MUST_CHECK sj_status sj_buf_put_u16(struct sj_buf *buf, uint16_t value); /* big endian */
SJ_MUST_CHECK sj_status sj_buf_put_u32(struct sj_buf *buf, uint32_t value);
SJ_MUST_CHECK sj_status sj_buf_put_u64(struct sj_buf *buf, uint64_t value);
SJ_MUST_CHECK sj_status sj_buf_put_decimal(struct sj_buf *buf, int64_t value);
SJ_MUST_CHECK sj_status sj_buf_put_hex(struct sj_buf *buf, struct sj_view bytes); /* lower case */
SJ_MUST_CHECK sj_status sj_buf_put_base64(
    struct sj_buf *buf, struct sj_view bytes); /* RFC 4648 4, padded */
/* Makes ptr[len] a NUL without counting it. */
SJ_MUST_CHECK sj_status sj_buf_cstr(struct sj_buf *buf, const char **ret_string);
struct sj_view sj_buf_view(const struct sj_buf *buf);
struct sj_text sj_buf_text(const struct sj_buf *buf);

#endif
