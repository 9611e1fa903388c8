/* SPDX-License-Identifier: Apache-2.0
 *
 * How do bytes of unknown number grow without running away? A buffer has a maximum from the start,
 * doubles up to it, and wipes whatever memory it leaves. Bodies, JSON answers and wire messages are
 * built here. Without the maximum one request could take the memory of all; without the wiping
 * decrypted fields would stay in the heap.
 */
#include "sanjeh/base/buf.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 64

void sj_buf_clear(struct sj_buf *buf)
{
    if (buf->ptr != NULL) {
        sj_wipe(buf->ptr, buf->cap + 1);
        free(buf->ptr);
    }
    *buf = SJ_BUF(buf->max);
}

void sj_buf_reset(struct sj_buf *buf)
{
    if (buf->ptr != NULL) {
        sj_wipe(buf->ptr, buf->len);
    }
    buf->len = 0;
}

/* One byte beyond cap is always there: room for the NUL of sj_buf_cstr. */
static sj_status grow(struct sj_buf *buf, size_t need)
{
    size_t cap = buf->cap < FIRST_CAP ? FIRST_CAP : buf->cap;
    size_t bytes = 0;
    void *memory = NULL;

    while (cap < need) {
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    }
    cap = cap > buf->max ? buf->max : cap;
    TRY(sj_size_add(cap, 1, &bytes));
    TRY(sj_alloc(1, bytes, &memory));
    if (buf->len > 0) {
        memcpy(memory, buf->ptr, buf->len);
    }
    if (buf->ptr != NULL) {
        sj_wipe(buf->ptr, buf->len);
        free(buf->ptr);
    }
    buf->ptr = memory;
    buf->cap = cap;
    return SJ_DONE;
}

sj_status sj_buf_reserve(struct sj_buf *buf, size_t more)
{
    ENSURE(buf->len <= buf->max && more <= buf->max - buf->len, LIMIT_EXCEEDED);
    if (buf->ptr == NULL || more > buf->cap - buf->len) {
        TRY(grow(buf, buf->len + more));
    }
    return SJ_DONE;
}

sj_status sj_buf_put(struct sj_buf *buf, const void *bytes, size_t len)
{
    if (len == 0) {
        return SJ_DONE;
    }
    TRY(sj_buf_reserve(buf, len));
    memcpy(buf->ptr + buf->len, bytes, len);
    buf->len += len;
    return SJ_DONE;
}

sj_status sj_buf_put_view(struct sj_buf *buf, struct sj_view view)
{
    return sj_buf_put(buf, view.ptr, view.len);
}

sj_status sj_buf_put_text(struct sj_buf *buf, struct sj_text text)
{
    return sj_buf_put(buf, text.ptr, text.len);
}

sj_status sj_buf_put_str(struct sj_buf *buf, const char *string)
{
    return sj_buf_put(buf, string, strlen(string));
}

sj_status sj_buf_put_byte(struct sj_buf *buf, uint8_t byte)
{
    return sj_buf_put(buf, &byte, 1);
}

static sj_status put_big_endian(struct sj_buf *buf, uint64_t value, size_t width)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < width; i++) {
        bytes[i] = (uint8_t)(value >> (8 * (width - 1 - i)) & 0xFF);
    }
    return sj_buf_put(buf, bytes, width);
}

sj_status sj_buf_put_u16(struct sj_buf *buf, uint16_t value)
{
    return put_big_endian(buf, value, 2);
}

sj_status sj_buf_put_u32(struct sj_buf *buf, uint32_t value)
{
    return put_big_endian(buf, value, 4);
}

sj_status sj_buf_put_u64(struct sj_buf *buf, uint64_t value)
{
    return put_big_endian(buf, value, 8);
}

sj_status sj_buf_put_decimal(struct sj_buf *buf, int64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);
    /* Negated in unsigned arithmetic: the smallest int64 has no positive twin. */
    uint64_t rest = value < 0 ? UINT64_C(0) - (uint64_t)value : (uint64_t)value;

    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0) {
        digits[--at] = '-';
    }
    return sj_buf_put(buf, digits + at, sizeof(digits) - at);
}

sj_status sj_buf_put_hex(struct sj_buf *buf, struct sj_view bytes)
{
    static const char digits[] = "0123456789abcdef";
    size_t len = 0;

    TRY(sj_size_mul(bytes.len, 2, &len));
    TRY(sj_buf_reserve(buf, len));
    uint8_t *out = buf->ptr + buf->len;
    for (size_t i = 0; i < bytes.len; i++) {
        *out++ = (uint8_t)digits[bytes.ptr[i] >> 4];
        *out++ = (uint8_t)digits[bytes.ptr[i] & 15];
    }
    buf->len += len;
    return SJ_DONE;
}

sj_status sj_buf_put_base64(struct sj_buf *buf, struct sj_view bytes)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t len = 0;

    TRY(sj_size_mul(bytes.len / 3 + (bytes.len % 3 != 0 ? 1 : 0), 4, &len));
    TRY(sj_buf_reserve(buf, len));
    uint8_t *out = buf->ptr + buf->len;
    for (size_t i = 0; i < bytes.len; i += 3) {
        const size_t left = bytes.len - i;
        const unsigned a = bytes.ptr[i];
        const unsigned b = left > 1 ? bytes.ptr[i + 1] : 0;
        const unsigned c = left > 2 ? bytes.ptr[i + 2] : 0;
        *out++ = (uint8_t)letters[a >> 2];
        *out++ = (uint8_t)letters[(a & 3) << 4 | b >> 4];
        *out++ = left > 1 ? (uint8_t)letters[(b & 15) << 2 | c >> 6] : '=';
        *out++ = left > 2 ? (uint8_t)letters[c & 63] : '=';
    }
    buf->len += len;
    return SJ_DONE;
}

sj_status sj_buf_cstr(struct sj_buf *buf, const char **ret_string)
{
    TRY(sj_buf_reserve(buf, 0));
    buf->ptr[buf->len] = 0;
    *ret_string = (const char *)buf->ptr;
    return SJ_DONE;
}

struct sj_view sj_buf_view(const struct sj_buf *buf)
{
    return (struct sj_view){buf->ptr, buf->len};
}

struct sj_text sj_buf_text(const struct sj_buf *buf)
{
    return (struct sj_text){(const char *)buf->ptr, buf->len};
}
