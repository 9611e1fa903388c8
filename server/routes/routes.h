/* SPDX-License-Identifier: Apache-2.0
 *
 * The endpoints, one table per file of this folder. server/endpoints.c joins them.
 */
#ifndef SJ_SERVER_ROUTES_ROUTES_H
#define SJ_SERVER_ROUTES_ROUTES_H

#include "../exchange.h"

/* Body limits, bytes. */
#define SJ_BODY_NONE         ((size_t)0)
#define SJ_BODY_SMALL        ((size_t)64 * 1024)
#define SJ_BODY_CONTRIBUTION ((size_t)8 * 1024 * 1024)

#define SJ_ROUTES_TABLE(name)                                                                      \
    extern const struct sj_endpoint sj_routes_##name[];                                            \
    extern const size_t sj_routes_##name##_count;
#include "routes.def"
#undef SJ_ROUTES_TABLE

#endif
