/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a request target one that everybody reads alike, and what does it say? RFC 3986 and RFC 9112
 * section 3.2.1. Refused: anything but origin form, bytes that are no URI, broken percent-encoding,
 * encoded slashes, backslashes, control bytes and NUL, dot segments in any spelling, empty segments,
 * broken UTF-8. libmicrohttpd decodes nothing for us: it would turn %2e%2e%2f into ../ and cut at
 * %00. If this is wrong, a path could be routed, authorised and recorded as three different things.
 */
#include "target.h"

#include "sanjeh/base/view.h"

static int hex_digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    const uint8_t low = byte | 0x20;
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

/* Raw bytes that a target may have. Bytes from 0x80 on are checked as UTF-8 after decoding. */
static bool is_target_byte(uint8_t byte)
{
    return byte > 0x20 && byte != 0x7f && byte != '\\' && byte != '#';
}

static bool is_decoded_byte(uint8_t byte)
{
    return byte >= 0x20 && byte != 0x7f && byte != '\\';
}

/* Decodes raw into dst (as long as raw). */
static sj_status decode(struct sj_view raw, bool plus_is_space, uint8_t *dst, size_t *ret_len)
{
    size_t len = 0;
    for (size_t i = 0; i < raw.len; i++) {
        uint8_t byte = raw.ptr[i];
        ENSURE(is_target_byte(byte), BAD_REQUEST);
        if (byte == '%') {
            ENSURE(raw.len - i > 2, BAD_REQUEST);
            const int high = hex_digit(raw.ptr[i + 1]);
            const int low = hex_digit(raw.ptr[i + 2]);
            ENSURE(high >= 0 && low >= 0, BAD_REQUEST);
            byte = (uint8_t)(high * 16 + low);
            i += 2;
            ENSURE(is_decoded_byte(byte) || (plus_is_space && byte == '\\'), BAD_REQUEST);
            ENSURE(plus_is_space || byte != '/', BAD_REQUEST);
        } else if (plus_is_space && byte == '+') {
            byte = ' ';
        }
        dst[len++] = byte;
    }
    *ret_len = len;
    return SJ_DONE;
}

static sj_status decode_text(
    struct sj_view raw, bool plus_is_space, struct sj_arena *arena, struct sj_text *ret_text)
{
    if (raw.len == 0) {
        *ret_text = SJ_TEXT("");
        return SJ_DONE;
    }
    void *memory = NULL;
    size_t len = 0;
    TRY(sj_arena_alloc(arena, raw.len, &memory));
    TRY(decode(raw, plus_is_space, memory, &len));
    return sj_text_check(sj_view_of(memory, len), len, ret_text);
}

/* "." and "..", also with parameters (";…") that some servers strip. */
static bool is_dot_segment(struct sj_text segment)
{
    size_t dots = 0;
    while (dots < segment.len && segment.ptr[dots] == '.') {
        dots++;
    }
    return (dots == 1 || dots == 2) && (dots == segment.len || segment.ptr[dots] == ';');
}

static sj_status check_segments(struct sj_text decoded)
{
    struct sj_text rest = {decoded.ptr + 1, decoded.len - 1};
    while (rest.len > 0) {
        size_t len = 0;
        while (len < rest.len && rest.ptr[len] != '/') {
            len++;
        }
        const struct sj_text segment = {rest.ptr, len};
        ENSURE(len > 0 && !is_dot_segment(segment), BAD_REQUEST);
        const size_t step = len < rest.len ? len + 1 : len;
        rest = (struct sj_text){rest.ptr + step, rest.len - step};
    }
    return SJ_DONE;
}

static sj_status parse_path(struct sj_view raw, struct sj_arena *arena, struct sj_text *ret_path)
{
    ENSURE(raw.len > 0 && raw.ptr[0] == '/', BAD_REQUEST);
    struct sj_text decoded;
    TRY(decode_text(raw, false, arena, &decoded));
    TRY(check_segments(decoded));
    struct sj_view copy;
    TRY(sj_arena_copy(arena, raw, &copy));
    /* Also as sent: half a sequence raw and half encoded would be UTF-8 only when decoded. */
    return sj_text_check(copy, copy.len, ret_path);
}

static sj_status parse_pair(
    struct sj_view raw, struct sj_arena *arena, struct sj_http_target *target)
{
    ENSURE(target->query_count < SJ_HTTP_QUERY_MAX, BAD_REQUEST);
    const uint8_t *equals = memchr(raw.ptr, '=', raw.len);
    const size_t name_len = equals == NULL ? raw.len : (size_t)(equals - raw.ptr);
    const size_t value_at = equals == NULL ? raw.len : name_len + 1;
    struct sj_http_pair *pair = &target->query[target->query_count];
    TRY(decode_text(sj_view_of(raw.ptr, name_len), true, arena, &pair->name));
    TRY(decode_text(sj_view_of(raw.ptr + value_at, raw.len - value_at), true, arena, &pair->value));
    target->query_count++;
    return SJ_DONE;
}

static sj_status parse_query(
    struct sj_view raw, struct sj_arena *arena, struct sj_http_target *target)
{
    size_t start = 0;
    for (size_t i = 0; i <= raw.len; i++) {
        if (i < raw.len && raw.ptr[i] != '&') {
            continue;
        }
        if (i > start) {
            TRY(parse_pair(sj_view_of(raw.ptr + start, i - start), arena, target));
        }
        start = i + 1;
    }
    return SJ_DONE;
}

sj_status sj_http_target_parse(
    struct sj_view raw, struct sj_arena *arena, struct sj_http_target *ret_target)
{
    ret_target->query_count = 0;
    ret_target->path = SJ_TEXT("");
    ENSURE(raw.len > 0, BAD_REQUEST);
    const uint8_t *mark = memchr(raw.ptr, '?', raw.len);
    const size_t path_len = mark == NULL ? raw.len : (size_t)(mark - raw.ptr);
    TRY(parse_path(sj_view_of(raw.ptr, path_len), arena, &ret_target->path));
    if (mark == NULL) {
        return SJ_DONE;
    }
    return parse_query(sj_view_of(mark + 1, raw.len - path_len - 1), arena, ret_target);
}

sj_status sj_http_path_decode(struct sj_text raw, struct sj_arena *arena, struct sj_text *ret_text)
{
    if (raw.len == 0 || memchr(raw.ptr, '%', raw.len) == NULL) {
        *ret_text = raw;
        return SJ_DONE;
    }
    return decode_text(sj_text_bytes(raw), false, arena, ret_text);
}
