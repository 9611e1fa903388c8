/* SPDX-License-Identifier: Apache-2.0
 *
 * Which bytes may a header have, what does a Cookie or Content-Type header say? Strict readings of
 * RFC 9110 section 5 and RFC 6265: a header that two parsers could read in two ways is refused, not
 * repaired. libmicrohttpd's own cookie parser is not used (it was rewritten after 0.9.75).
 * If the cookie lookup matched by prefix or took the first of two, a neighbour on the same site
 * could plant a session.
 */
#include "fields.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool sj_http_text_equal_nocase(struct sj_text a, struct sj_text b)
{
    if (a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

static bool is_tchar(char c)
{
    return is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

bool sj_http_is_token(struct sj_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_tchar(text.ptr[i])) {
            return false;
        }
    }
    return text.len > 0;
}

bool sj_http_is_field_value(struct sj_text text)
{
    unsigned char all = 0;
    for (size_t i = 0; i < text.len; i++) {
        const unsigned char byte = (unsigned char)text.ptr[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f) {
            return false;
        }
        all |= byte;
    }
    struct sj_text proven;
    return all < 0x80 || !sj_failed(sj_text_check(sj_text_bytes(text), text.len, &proven));
}

struct sj_text sj_http_trim(struct sj_text text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t')) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t')) {
        text.len--;
    }
    return text;
}

static bool is_cookie_value(struct sj_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        if (c < 0x21 || c > 0x7e || c == '"' || c == ',' || c == '\\') {
            return false;
        }
    }
    return true;
}

bool sj_http_cookie_find(struct sj_text header, const char *name, struct sj_text *ret_value)
{
    const struct sj_text wanted = sj_text_of(name);
    struct sj_text value = SJ_TEXT("");
    struct sj_text pair;
    size_t found = 0;
    while (sj_text_split(&header, ';', &pair)) {
        pair = sj_http_trim(pair);
        if (pair.len > wanted.len && pair.ptr[wanted.len] == '=' &&
            sj_text_equal((struct sj_text){pair.ptr, wanted.len}, wanted)) {
            value = (struct sj_text){pair.ptr + wanted.len + 1, pair.len - wanted.len - 1};
            found++;
        }
    }
    if (found != 1 || !is_cookie_value(value)) {
        return false;
    }
    *ret_value = value;
    return true;
}

/* One of these types, without parameters but charset=utf-8. */
static bool is_utf8_type(struct sj_text content_type, struct sj_text one, struct sj_text other)
{
    struct sj_text type;
    if (!sj_text_split(&content_type, ';', &type) ||
        (!sj_http_text_equal_nocase(sj_http_trim(type), one) &&
            !sj_http_text_equal_nocase(sj_http_trim(type), other))) {
        return false;
    }
    const struct sj_text rest = sj_http_trim(content_type);
    return rest.len == 0 || sj_http_text_equal_nocase(rest, SJ_TEXT("charset=utf-8")) ||
           sj_http_text_equal_nocase(rest, SJ_TEXT("charset=\"utf-8\""));
}

bool sj_http_is_json(struct sj_text content_type)
{
    return is_utf8_type(content_type, SJ_TEXT("application/json"), SJ_TEXT("application/json"));
}

bool sj_http_is_rows(struct sj_text content_type)
{
    return is_utf8_type(content_type, SJ_TEXT("text/csv"), SJ_TEXT("application/x-ndjson"));
}

/* RFC 2046: bchars, the last one not a space. */
static bool is_boundary(struct sj_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        if (!is_alnum(c) && (c == '\0' || strchr("'()+_,-./:=? ", c) == NULL)) {
            return false;
        }
    }
    return text.len > 0 && text.len <= 70 && text.ptr[text.len - 1] != ' ';
}

static struct sj_text unquote(struct sj_text text)
{
    if (text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"') {
        return (struct sj_text){text.ptr + 1, text.len - 2};
    }
    return text;
}

bool sj_http_boundary(struct sj_text content_type, struct sj_text *ret_boundary)
{
    static const struct sj_text key = {"boundary=", 9};
    struct sj_text part;
    if (!sj_text_split(&content_type, ';', &part) ||
        !sj_http_text_equal_nocase(sj_http_trim(part), SJ_TEXT("multipart/form-data"))) {
        return false;
    }
    struct sj_text boundary = SJ_TEXT("");
    size_t found = 0;
    while (sj_text_split(&content_type, ';', &part)) {
        part = sj_http_trim(part);
        if (part.len > key.len &&
            sj_http_text_equal_nocase((struct sj_text){part.ptr, key.len}, key)) {
            boundary = unquote((struct sj_text){part.ptr + key.len, part.len - key.len});
            found++;
        }
    }
    if (found != 1 || !is_boundary(boundary)) {
        return false;
    }
    *ret_boundary = boundary;
    return true;
}
