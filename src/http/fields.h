/* SPDX-License-Identifier: Apache-2.0
 *
 * Small parsers over header values and bodies: pure functions of bytes, no connection, no memory.
 * They stand alone so that each has its fuzz target.
 */
#ifndef SJ_HTTP_FIELDS_H
#define SJ_HTTP_FIELDS_H

#include "sanjeh/base/memory.h"
#include "sanjeh/base/view.h"

/* ASCII case folded. */
bool sj_http_text_equal_nocase(struct sj_text a, struct sj_text b);
/* RFC 9110 section 5.6.2: one or more tchar. */
bool sj_http_is_token(struct sj_text text);
/* RFC 9110 section 5.5 without obs-text that is not UTF-8: no control bytes but HTAB. */
bool sj_http_is_field_value(struct sj_text text);
/* Without SP and HTAB at both ends. */
struct sj_text sj_http_trim(struct sj_text text);

/* The value of a cookie by exact name (RFC 6265 section 5.4 form); false when absent, when it stands
 * twice, or when the value has bytes outside cookie-octet. */
bool sj_http_cookie_find(struct sj_text header, const char *name, struct sj_text *ret_value);

/* True for application/json, without parameters or with charset=utf-8 alone. */
bool sj_http_is_json(struct sj_text content_type);
/* text/csv or application/x-ndjson, with charset=utf-8 or without. */
bool sj_http_is_rows(struct sj_text content_type);
/* The boundary of multipart/form-data (RFC 2046 section 5.1.1: 1..70 characters); false for another
 * type or a bad boundary. */
bool sj_http_boundary(struct sj_text content_type, struct sj_text *ret_boundary);

#define SJ_HTTP_PARTS_MAX 16

struct sj_http_part {
    struct sj_text name;
    struct sj_view content;
};

/* Parts of a complete multipart/form-data body (RFC 7578), borrowed from it. At most
 * SJ_HTTP_PARTS_MAX, all names different. Errors: BAD_REQUEST. */
SJ_MUST_CHECK sj_status sj_http_multipart_parse(struct sj_view body, struct sj_text boundary,
    struct sj_http_part *ret_parts, size_t *ret_count);

#endif
