/* SPDX-License-Identifier: Apache-2.0
 *
 * The router: routes compiled once at start, looked up without memory. Paths without parameters are
 * found by hash and win over paths with parameters.
 */
#ifndef SJ_HTTP_ROUTE_H
#define SJ_HTTP_ROUTE_H

#include "sanjeh/http/server.h"

#define SJ_HTTP_SEGMENTS_MAX 16

struct sj_http_segment {
    struct sj_text text; /* a literal, or the name of a parameter */
    bool is_param;
    bool takes_rest; /* "{name*}", last: this segment and all that follow, with their slashes */
};

struct sj_http_path {
    struct sj_text text;
    struct sj_http_segment segments[SJ_HTTP_SEGMENTS_MAX];
    size_t segment_count;
    size_t param_count;
    const struct sj_route *by_method[SJ_METHOD_COUNT_];
    char allow[64]; /* value of an Allow header */
};

struct sj_http_router;

/* routes must outlive the router. Errors: BAD_CONFIG (a malformed path, two routes alike). */
SJ_MUST_CHECK sj_status sj_http_router_new(
    const struct sj_route *routes, size_t count, struct sj_http_router **ret_router);
void sj_http_router_free(struct sj_http_router **router);
/* NULL when no path matches. segments (SJ_HTTP_SEGMENTS_MAX) receives the pieces of path. */
const struct sj_http_path *sj_http_router_find(const struct sj_http_router *router,
    struct sj_text path, struct sj_text *segments, size_t *ret_segment_count);
/* HEAD falls back to GET; NULL when the method is not offered. */
const struct sj_route *sj_http_path_route(const struct sj_http_path *path, enum sj_method method);
struct sj_text sj_http_method_name(enum sj_method method);

#endif
