/* SPDX-License-Identifier: Apache-2.0
 *
 * server/openapi.json, embedded when the server is built.
 */
#ifndef SJ_SERVER_ROUTES_OPENAPI_H
#define SJ_SERVER_ROUTES_OPENAPI_H

#include <stddef.h>

extern const unsigned char sj_openapi_json[];
extern const size_t sj_openapi_json_size;

#endif
