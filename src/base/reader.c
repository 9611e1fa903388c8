/* SPDX-License-Identifier: Apache-2.0
 *
 * How are wire bytes taken apart without reading past their end? A cursor that checks what is left
 * before every step; integers are big endian. Used for keeper messages, FLE1 values and entries.
 * A missing check here is an over-read of key material by whoever wrote the bytes.
 */
#include "sanjeh/base/reader.h"

#include <string.h>

struct sj_reader sj_reader_of(struct sj_view view)
{
    return (struct sj_reader){view.ptr, view.len};
}

static sj_status take(struct sj_reader *reader, size_t len, const uint8_t **ret_bytes)
{
    ENSURE(len <= reader->left, PROTOCOL);
    *ret_bytes = reader->ptr;
    if (len > 0) {
        reader->ptr += len;
        reader->left -= len;
    }
    return SJ_DONE;
}

static sj_status take_number(struct sj_reader *reader, size_t width, uint64_t *ret_value)
{
    const uint8_t *bytes = NULL;
    uint64_t value = 0;

    TRY(take(reader, width, &bytes));
    for (size_t i = 0; i < width; i++) {
        value = value << 8 | bytes[i];
    }
    *ret_value = value;
    return SJ_DONE;
}

sj_status sj_read_u8(struct sj_reader *reader, uint8_t *ret_value)
{
    uint64_t value = 0;

    TRY(take_number(reader, 1, &value));
    *ret_value = (uint8_t)value;
    return SJ_DONE;
}

sj_status sj_read_u16(struct sj_reader *reader, uint16_t *ret_value)
{
    uint64_t value = 0;

    TRY(take_number(reader, 2, &value));
    *ret_value = (uint16_t)value;
    return SJ_DONE;
}

sj_status sj_read_u32(struct sj_reader *reader, uint32_t *ret_value)
{
    uint64_t value = 0;

    TRY(take_number(reader, 4, &value));
    *ret_value = (uint32_t)value;
    return SJ_DONE;
}

sj_status sj_read_u64(struct sj_reader *reader, uint64_t *ret_value)
{
    return take_number(reader, 8, ret_value);
}

sj_status sj_read_bytes(struct sj_reader *reader, void *dst, size_t len)
{
    const uint8_t *bytes = NULL;

    TRY(take(reader, len, &bytes));
    if (len > 0) {
        memcpy(dst, bytes, len);
    }
    return SJ_DONE;
}

sj_status sj_read_view(struct sj_reader *reader, size_t len, struct sj_view *ret_view)
{
    const uint8_t *bytes = NULL;

    TRY(take(reader, len, &bytes));
    *ret_view = (struct sj_view){bytes, len};
    return SJ_DONE;
}
