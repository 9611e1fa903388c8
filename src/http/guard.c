/* SPDX-License-Identifier: Apache-2.0
 *
 * Is this head one that every reader of HTTP/1.1 understands alike (RFC 9112)? libmicrohttpd 0.9.75
 * is lenient: it takes CL with TE, two lengths, bare LF, folded lines, NUL bytes, two Hosts. Its
 * first handler call comes before any body byte is read, so everything is decided here.
 *
 * libmicrohttpd hands out names and values by strlen, so what stands behind a NUL byte, a bare LF or
 * a folded line cannot be seen in them. It can be seen in where they lie: the head is parsed in
 * place, so each name must begin exactly two bytes (CR LF, overwritten by NULs) behind the value
 * before it, and the last value must end four bytes before the end of the head. Should a later
 * libmicrohttpd lay the head out differently, every request is refused (closed, and seen at once by the
 * tests), none is let through.
 * If the guard is wrong, a proxy before us and we may disagree where a request ends, and one caller
 * can speak in another's name.
 */
#include "http_priv.h"
#include "sanjeh/base/parse.h"

struct walk {
    struct sj_request *request;
    uintptr_t expected; /* where the next name must begin */
    unsigned host_count;
    unsigned length_count;
    bool has_transfer_encoding;
    bool is_broken;
};

/* Headers of which a second one would let two readers choose differently. */
static const char *const SINGLE[] = {"authorization", "content-length", "content-type", "cookie",
    "expect", "host", "idempotency-key", "if-match", "origin", "x-csrf-token"};

static bool is_single(struct sj_text name)
{
    for (size_t i = 0; i < SJ_COUNT(SINGLE); i++) {
        if (sj_http_text_equal_nocase(name, sj_text_of(SINGLE[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_name(struct sj_text name, const char *wanted)
{
    return sj_http_text_equal_nocase(name, sj_text_of(wanted));
}

/* RFC 9110 section 7.2: a host and port, no user, path or list. */
static bool is_host(struct sj_text host)
{
    for (size_t i = 0; i < host.len; i++) {
        const char c = host.ptr[i];
        if (c <= 0x20 || c > 0x7e || strchr("/@,\\?#\"<>", c) != NULL) {
            return false;
        }
    }
    return host.len > 0;
}

/* Only blanks between the colon and the value; the colon itself was overwritten by a NUL. */
static bool is_laid_out(const struct walk *walk, struct sj_text name, struct sj_text value)
{
    const uintptr_t name_end = (uintptr_t)name.ptr + name.len;
    const uintptr_t value_at = (uintptr_t)value.ptr;
    if ((uintptr_t)name.ptr != walk->expected || value_at <= name_end) {
        return false;
    }
    /* @unsafe: name and value lie in one buffer, value behind name, as just checked. */
    for (const char *at = name.ptr + name.len + 1; (uintptr_t)at < value_at; at++) {
        if (*at != ' ' && *at != '\t') {
            return false;
        }
    }
    return true;
}

static void note_special(struct walk *walk, struct sj_text name, struct sj_text value)
{
    struct sj_request *request = walk->request;
    if (is_name(name, "host")) {
        walk->host_count++;
        walk->is_broken |= !is_host(value);
    } else if (is_name(name, "content-length")) {
        walk->length_count++;
        walk->is_broken |= sj_failed(sj_parse_u64(value, 0, INT64_MAX, &request->content_length));
    } else if (is_name(name, "transfer-encoding")) {
        walk->has_transfer_encoding = true;
    } else if (is_name(name, "upgrade") || is_name(name, "http2-settings")) {
        walk->is_broken = true;
    } else if (is_name(name, "expect")) {
        request->expects_continue = sj_http_text_equal_nocase(value, SJ_TEXT("100-continue"));
        walk->is_broken |= !request->expects_continue;
    }
}

static void note_header(struct walk *walk, struct sj_text name, struct sj_text value)
{
    struct sj_request *request = walk->request;
    struct header header = {.name = name, .value = value};
    for (size_t i = 0; i < request->header_count; i++) {
        if (sj_http_text_equal_nocase(request->headers[i].name, name)) {
            request->headers[i].is_repeated = true;
            header.is_repeated = true;
        }
    }
    walk->is_broken |= header.is_repeated && is_single(name);
    request->headers[request->header_count++] = header;
}

static enum MHD_Result on_header(void *cls, enum MHD_ValueKind kind, const char *name,
    size_t name_len, const char *value, size_t value_len)
{
    struct walk *walk = cls;
    (void)kind;
    if (value == NULL || walk->request->header_count == SJ_HTTP_HEADERS_MAX) {
        walk->is_broken = true;
        return MHD_NO;
    }
    const struct sj_text name_text = {name, name_len};
    const struct sj_text value_text = {value, value_len};
    walk->is_broken |= !sj_http_is_token(name_text) || !sj_http_is_field_value(value_text) ||
                       !is_laid_out(walk, name_text, value_text);
    walk->expected = (uintptr_t)value + value_len + 2;
    note_special(walk, name_text, sj_http_trim(value_text));
    note_header(walk, name_text, sj_http_trim(value_text));
    return MHD_YES;
}

/* "METHOD\0target\0HTTP/1.1\0\0": nothing else between, so no NUL and no second blank. */
static bool is_line_laid_out(
    const struct sj_request *request, const char *method, const char *version)
{
    const char *target = request->raw_target;
    return target != NULL && (uintptr_t)target == (uintptr_t)method + strlen(method) + 1 &&
           (uintptr_t)version == (uintptr_t)target + request->raw_len + 1;
}

static enum sj_method method_of(const char *name)
{
    for (enum sj_method method = SJ_GET; method < SJ_METHOD_COUNT_; method++) {
        if (sj_text_is(sj_http_method_name(method), name)) {
            return method;
        }
    }
    return SJ_METHOD_COUNT_;
}

static bool head_ends_at(struct MHD_Connection *mhd, const char *method, uintptr_t expected)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    return info != NULL && (uintptr_t)method + info->header_size == expected + 2;
}

enum sj_code sj_http_guard(
    struct sj_request *request, struct MHD_Connection *mhd, const char *method, const char *version)
{
    struct walk walk = {.request = request, .expected = (uintptr_t)version + strlen(version) + 2};
    walk.is_broken = strcmp(version, "HTTP/1.1") != 0 ||
                     !is_line_laid_out(request, method, version) ||
                     !sj_http_is_token(sj_text_of(method));
    request->method = method_of(method);
    MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, on_header, &walk);
    walk.is_broken |= !head_ends_at(mhd, method, walk.expected);
    if (walk.has_transfer_encoding) {
        return SJ_LENGTH_REQUIRED;
    }
    const bool may_have_body = request->method != SJ_GET && request->method != SJ_HEAD;
    if (walk.is_broken || walk.host_count != 1 || walk.length_count > 1 ||
        (request->content_length > 0 && !may_have_body)) {
        return SJ_BAD_FRAMING;
    }
    return SJ_OK;
}
