/* SPDX-License-Identifier: Apache-2.0
 *
 * What are the parts of a multipart/form-data body (RFC 7578, RFC 2046 section 5.1)? Parsed over the
 * complete body, which the route's limit has bounded; nothing is copied. Only what browsers and curl
 * send is understood: CRLF line ends, one Content-Disposition with a quoted name per part. A file name is
 * ignored: nothing here may become a path.
 * If two parts could have one name, a check and a use could see different contents.
 */
#include "fields.h"

#define PART_HEAD_MAX 2048

struct cursor {
    const uint8_t *ptr;
    size_t left;
};

static void advance(struct cursor *cursor, size_t count)
{
    cursor->ptr += count; /* @unsafe: callers pass at most left */
    cursor->left -= count;
}

static bool take(struct cursor *cursor, struct sj_text literal)
{
    if (cursor->left < literal.len || memcmp(cursor->ptr, literal.ptr, literal.len) != 0) {
        return false;
    }
    advance(cursor, literal.len);
    return true;
}

/* Offset of needle in at most max bytes; SIZE_MAX when absent. */
static size_t find(const struct cursor *cursor, size_t max, const void *needle, size_t needle_len)
{
    const size_t len = cursor->left < max ? cursor->left : max;
    const uint8_t *at = len == 0 ? NULL : memmem(cursor->ptr, len, needle, needle_len);
    return at == NULL ? SIZE_MAX : (size_t)(at - cursor->ptr);
}

/* name="…" of Content-Disposition: form-data. Quotation marks inside arrive as %22 (RFC 7578 2). */
static bool disposition_name(struct sj_text value, struct sj_text *ret_name)
{
    static const struct sj_text key = {"name=\"", 6};
    struct sj_text part;
    size_t found = 0;
    if (!sj_text_split(&value, ';', &part) ||
        !sj_http_text_equal_nocase(sj_http_trim(part), SJ_TEXT("form-data"))) {
        return false;
    }
    while (sj_text_split(&value, ';', &part)) {
        part = sj_http_trim(part);
        if (part.len > key.len + 1 && part.ptr[part.len - 1] == '"' &&
            sj_http_text_equal_nocase((struct sj_text){part.ptr, key.len}, key)) {
            *ret_name = (struct sj_text){part.ptr + key.len, part.len - key.len - 1};
            found++;
        }
    }
    return found == 1 && memchr(ret_name->ptr, '"', ret_name->len) == NULL;
}

/* One header line of a part; *found counts Content-Disposition. */
static bool part_header(struct sj_text line, struct sj_text *ret_name, size_t *found)
{
    struct sj_text name;
    struct sj_text value = line;
    if (!sj_http_is_field_value(line) || !sj_text_split(&value, ':', &name) ||
        !sj_http_is_token(name)) {
        return false;
    }
    if (!sj_http_text_equal_nocase(name, SJ_TEXT("Content-Disposition"))) {
        return true;
    }
    (*found)++;
    return disposition_name(sj_http_trim(value), ret_name);
}

static bool part_head(struct cursor *cursor, struct sj_text *ret_name)
{
    size_t found = 0;
    for (size_t used = 0; used < PART_HEAD_MAX;) {
        const size_t len = find(cursor, PART_HEAD_MAX - used, "\r\n", 2);
        if (len == SIZE_MAX) {
            return false;
        }
        const struct sj_text line = {(const char *)cursor->ptr, len};
        advance(cursor, len + 2);
        used += len + 2;
        if (len == 0) {
            return found == 1;
        }
        if (!part_header(line, ret_name, &found)) {
            return false;
        }
    }
    return false;
}

static bool has_name(const struct sj_http_part *parts, size_t count, struct sj_text name)
{
    for (size_t i = 0; i < count; i++) {
        if (sj_text_equal(parts[i].name, name)) {
            return true;
        }
    }
    return false;
}

sj_status sj_http_multipart_parse(
    struct sj_view body, struct sj_text boundary, struct sj_http_part *ret_parts, size_t *ret_count)
{
    char mark[4 + 70]; /* CRLF, two hyphens, boundary */
    ENSURE(boundary.len > 0 && boundary.len <= 70, BAD_REQUEST);
    TRY(sj_copy(mark, sizeof(mark), "\r\n--", 4));
    TRY(sj_copy(mark + 4, sizeof(mark) - 4, boundary.ptr, boundary.len));
    const size_t mark_len = 4 + boundary.len;
    struct cursor cursor = {body.ptr, body.len};
    size_t count = 0;

    ENSURE(take(&cursor, (struct sj_text){mark + 2, mark_len - 2}), BAD_REQUEST);
    while (!take(&cursor, SJ_TEXT("--"))) {
        struct sj_http_part part = {.name = SJ_TEXT("")};
        ENSURE(count < SJ_HTTP_PARTS_MAX && take(&cursor, SJ_TEXT("\r\n")), BAD_REQUEST);
        ENSURE(part_head(&cursor, &part.name), BAD_REQUEST);
        ENSURE(!has_name(ret_parts, count, part.name), BAD_REQUEST);
        const size_t len = find(&cursor, cursor.left, mark, mark_len);
        ENSURE(len != SIZE_MAX, BAD_REQUEST);
        part.content = sj_view_of(cursor.ptr, len);
        advance(&cursor, len + mark_len);
        ret_parts[count++] = part;
    }
    ENSURE(cursor.left == 0 || (cursor.left == 2 && take(&cursor, SJ_TEXT("\r\n"))), BAD_REQUEST);
    *ret_count = count;
    return SJ_DONE;
}
