/* SPDX-License-Identifier: Apache-2.0
 *
 * The request target (RFC 9112 section 3.2.1, origin form only): path as sent, query decoded.
 */
#ifndef SJ_HTTP_TARGET_H
#define SJ_HTTP_TARGET_H

#include "sanjeh/base/arena.h"

#define SJ_HTTP_QUERY_MAX 32

struct sj_http_pair {
    struct sj_text name;
    struct sj_text value;
};

struct sj_http_target {
    struct sj_text path; /* as sent; its decoded form is proven UTF-8 without control bytes */
    struct sj_http_pair query[SJ_HTTP_QUERY_MAX];
    size_t query_count;
};

/* Copies what it keeps into the arena. Errors: BAD_REQUEST, LIMIT_EXCEEDED, OUT_OF_MEMORY. */
SJ_MUST_CHECK sj_status sj_http_target_parse(
    struct sj_view raw, struct sj_arena *arena, struct sj_http_target *ret_target);
/* Percent-decodes a piece of a path that sj_http_target_parse accepted. */
SJ_MUST_CHECK sj_status sj_http_path_decode(
    struct sj_text raw, struct sj_arena *arena, struct sj_text *ret_text);

#endif
