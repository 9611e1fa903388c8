/* SPDX-License-Identifier: Apache-2.0
 *
 * Which number or which bytes does this text stand for? One text has one reading and one value has
 * one text: no signs, spaces, leading zeros, missing padding or stray bits (RFC 4648 sections 3.5,
 * 4, 5, 6). Cursors, tokens and limits pass through here; a lenient reader would give one token
 * many spellings and defeat comparison, revocation and caching by text.
 */
#include "sanjeh/base/parse.h"

static sj_status digits_value(struct sj_text text, uint64_t max, uint64_t *ret_value)
{
    uint64_t value = 0;

    ENSURE(text.len >= 1 && text.len <= 20, BAD_REQUEST);
    ENSURE(text.len == 1 || text.ptr[0] != '0', BAD_REQUEST);
    for (size_t i = 0; i < text.len; i++) {
        ENSURE(text.ptr[i] >= '0' && text.ptr[i] <= '9', BAD_REQUEST);
        ENSURE(!__builtin_mul_overflow(value, UINT64_C(10), &value), BAD_REQUEST);
        ENSURE(!__builtin_add_overflow(value, (uint64_t)(text.ptr[i] - '0'), &value), BAD_REQUEST);
    }
    ENSURE(value <= max, BAD_REQUEST);
    *ret_value = value;
    return SJ_DONE;
}

sj_status sj_parse_u64(struct sj_text text, uint64_t min, uint64_t max, uint64_t *ret_value)
{
    uint64_t value = 0;

    TRY(digits_value(text, max, &value));
    ENSURE(value >= min, BAD_REQUEST);
    *ret_value = value;
    return SJ_DONE;
}

sj_status sj_parse_i64(struct sj_text text, int64_t min, int64_t max, int64_t *ret_value)
{
    const bool negative = text.len > 0 && text.ptr[0] == '-';
    const uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    uint64_t size = 0;

    if (negative) {
        text = (struct sj_text){text.ptr + 1, text.len - 1};
    }
    TRY(digits_value(text, limit, &size));
    ENSURE(!negative || size != 0, BAD_REQUEST);
    /* size - 1 fits even for the smallest int64. */
    const int64_t value = negative ? -(int64_t)(size - 1) - 1 : (int64_t)size;
    ENSURE(value >= min && value <= max, BAD_REQUEST);
    *ret_value = value;
    return SJ_DONE;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

sj_status sj_parse_hex(struct sj_text text, uint8_t *dst, size_t len)
{
    ENSURE(text.len / 2 == len && text.len % 2 == 0, BAD_REQUEST);
    for (size_t i = 0; i < text.len; i++) {
        ENSURE(hex_value(text.ptr[i]) >= 0, BAD_REQUEST);
    }
    for (size_t i = 0; i < len; i++) {
        dst[i] = (uint8_t)(hex_value(text.ptr[2 * i]) * 16 + hex_value(text.ptr[2 * i + 1]));
    }
    return SJ_DONE;
}

/* Value of a base64 letter; the two last letters differ between RFC 4648 4 and 5. */
static int base64_value(char c, char letter_62, char letter_63)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    if (c == letter_62) {
        return 62;
    }
    return c == letter_63 ? 63 : -1;
}

/* Decodes letters without padding into dst of exactly len * 3 / 4 bytes; the unused low bits of the
 * last letter must be zero. @cite RFC 4648 section 3.5 */
static sj_status decode_letters(struct sj_text letters, bool url, uint8_t *dst)
{
    uint32_t bits = 0;
    unsigned count = 0;

    ENSURE(letters.len % 4 != 1, BAD_REQUEST);
    for (size_t i = 0; i < letters.len; i++) {
        const int value = base64_value(letters.ptr[i], url ? '-' : '+', url ? '_' : '/');
        ENSURE(value >= 0, BAD_REQUEST);
        bits = (bits << 6 | (uint32_t)value) & 0xFFFF;
        count += 6;
        if (count >= 8) {
            count -= 8;
            *dst++ = (uint8_t)(bits >> count & 0xFF);
        }
    }
    ENSURE((bits & ((1U << count) - 1)) == 0, BAD_REQUEST);
    return SJ_DONE;
}

sj_status sj_parse_base64(struct sj_text text, struct sj_buf *dst)
{
    ENSURE(text.len % 4 == 0, BAD_REQUEST);
    for (int i = 0; i < 2 && text.len > 0 && text.ptr[text.len - 1] == '='; i++) {
        text.len--;
    }
    const size_t len = text.len / 4 * 3 + text.len % 4 * 3 / 4;
    TRY(sj_buf_reserve(dst, len));
    const sj_status status = decode_letters(text, false, dst->ptr + dst->len);
    if (sj_failed(status)) {
        sj_wipe(dst->ptr + dst->len, len);
        return status;
    }
    dst->len += len;
    return SJ_DONE;
}

sj_status sj_parse_base64url(struct sj_text text, uint8_t *dst, size_t dst_len)
{
    ENSURE(text.len % 4 != 1, BAD_REQUEST);
    ENSURE(text.len / 4 * 3 + text.len % 4 * 3 / 4 == dst_len, BAD_REQUEST);
    return decode_letters(text, true, dst);
}

void sj_format_base64url(const uint8_t *bytes, size_t len, char *out)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t bits = 0;
    unsigned count = 0;

    for (size_t i = 0; i < len; i++) {
        bits = (bits << 8 | bytes[i]) & 0xFFFF;
        count += 8;
        while (count >= 6) {
            count -= 6;
            *out++ = letters[bits >> count & 63];
        }
    }
    if (count > 0) {
        *out++ = letters[bits << (6 - count) & 63];
    }
    *out = 0;
}

void sj_format_base32(const uint8_t *bytes, size_t len, char *out)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint32_t bits = 0;
    unsigned count = 0;

    for (size_t i = 0; i < len; i++) {
        bits = (bits << 8 | bytes[i]) & 0xFFFF;
        count += 8;
        while (count >= 5) {
            count -= 5;
            *out++ = letters[bits >> count & 31];
        }
    }
    if (count > 0) {
        *out++ = letters[bits << (5 - count) & 31];
    }
    *out = 0;
}
