/* SPDX-License-Identifier: Apache-2.0
 *
 * A cursor over borrowed bytes for wire formats; all integers big endian.
 * Every take fails with PROTOCOL when too few bytes are left, and moves only on success.
 */
#ifndef SJ_BASE_READER_H
#define SJ_BASE_READER_H

#include "sanjeh/base/view.h"

struct sj_reader {
    const uint8_t *ptr;
    size_t left;
};

struct sj_reader sj_reader_of(struct sj_view view);
SJ_MUST_CHECK sj_status sj_read_u8(struct sj_reader *reader, uint8_t *ret_value);
SJ_MUST_CHECK sj_status sj_read_u16(struct sj_reader *reader, uint16_t *ret_value);
SJ_MUST_CHECK sj_status sj_read_u32(struct sj_reader *reader, uint32_t *ret_value);
SJ_MUST_CHECK sj_status sj_read_u64(struct sj_reader *reader, uint64_t *ret_value);
/* Copies exactly len bytes out. */
SJ_MUST_CHECK sj_status sj_read_bytes(struct sj_reader *reader, void *dst, size_t len);
/* Borrows len bytes. */
SJ_MUST_CHECK sj_status sj_read_view(
    struct sj_reader *reader, size_t len, struct sj_view *ret_view);

#endif
