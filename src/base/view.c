/* SPDX-License-Identifier: Apache-2.0
 *
 * Is this byte string text, and do two of them agree? Everything that came from outside becomes a
 * sj_text only through sj_text_check, so later code may rely on valid UTF-8 (RFC 3629 section 4).
 * If it let overlong forms or NUL through, two readers could see two different names.
 */
#include "sanjeh/base/view.h"

#include <string.h>

struct sj_view sj_view_of(const void *ptr, size_t len)
{
    return (struct sj_view){ptr, len};
}

struct sj_text sj_text_of(const char *string)
{
    return (struct sj_text){string, strlen(string)};
}

struct sj_view sj_text_bytes(struct sj_text text)
{
    return (struct sj_view){(const uint8_t *)text.ptr, text.len};
}

static bool bytes_equal(const void *a, const void *b, size_t len)
{
    return len == 0 || memcmp(a, b, len) == 0;
}

bool sj_view_equal(struct sj_view a, struct sj_view b)
{
    return a.len == b.len && bytes_equal(a.ptr, b.ptr, a.len);
}

bool sj_text_equal(struct sj_text a, struct sj_text b)
{
    return a.len == b.len && bytes_equal(a.ptr, b.ptr, a.len);
}

bool sj_text_is(struct sj_text text, const char *literal)
{
    return sj_text_equal(text, sj_text_of(literal));
}

bool sj_text_starts(struct sj_text text, const char *prefix)
{
    const size_t len = strlen(prefix);
    return text.len >= len && bytes_equal(text.ptr, prefix, len);
}

static bool is_tail(uint8_t byte)
{
    return (byte & 0xC0) == 0x80;
}

/* Length of the well-formed sequence at ptr, 0 when there is none.
 * @cite RFC 3629 section 4: the second byte is bounded for E0, ED, F0 and F4. */
static size_t sequence_length(const uint8_t *ptr, size_t left)
{
    const uint8_t first = ptr[0];

    if (first < 0x80) {
        return first == 0 ? 0 : 1;
    }
    if (first >= 0xC2 && first <= 0xDF) {
        return left >= 2 && is_tail(ptr[1]) ? 2 : 0;
    }
    if (first >= 0xE0 && first <= 0xEF) {
        const uint8_t low = first == 0xE0 ? 0xA0 : 0x80;
        const uint8_t high = first == 0xED ? 0x9F : 0xBF;
        const bool ok = left >= 3 && ptr[1] >= low && ptr[1] <= high && is_tail(ptr[2]);
        return ok ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        const uint8_t low = first == 0xF0 ? 0x90 : 0x80;
        const uint8_t high = first == 0xF4 ? 0x8F : 0xBF;
        const bool ok =
            left >= 4 && ptr[1] >= low && ptr[1] <= high && is_tail(ptr[2]) && is_tail(ptr[3]);
        return ok ? 4 : 0;
    }
    return 0;
}

sj_status sj_text_check(struct sj_view bytes, size_t max, struct sj_text *ret_text)
{
    size_t at = 0;

    ENSURE(bytes.len <= max, BAD_REQUEST);
    while (at < bytes.len) {
        const size_t step = sequence_length(bytes.ptr + at, bytes.len - at);
        ENSURE(step > 0, BAD_REQUEST);
        at += step;
    }
    *ret_text = (struct sj_text){(const char *)bytes.ptr, bytes.len};
    return SJ_DONE;
}

bool sj_text_split(struct sj_text *rest, char separator, struct sj_text *ret_head)
{
    if (rest->len == 0) {
        return false;
    }
    const char *found = memchr(rest->ptr, separator, rest->len);
    if (found == NULL) {
        *ret_head = *rest;
        *rest = (struct sj_text){rest->ptr + rest->len, 0};
        return true;
    }
    const size_t head_len = (size_t)(found - rest->ptr);
    *ret_head = (struct sj_text){rest->ptr, head_len};
    *rest = (struct sj_text){found + 1, rest->len - head_len - 1};
    return true;
}
