/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of tiles (C2SP tlog-tiles): `tile/<L>/<N>[.p/<W>]` and `tile/entries/<N>[.p/<W>]`, N in groups of three
 * digits, all but the last with an x before: 1234067 is x001/x234/067.
 */
#ifndef SJ_AUDIT_TILE_PATH_H
#define SJ_AUDIT_TILE_PATH_H

#include "sanjeh/base/buf.h"

#define SJ_TILE_ENTRIES 255 /* level of the bundles of entries */

struct sj_tile_name {
    uint8_t level; /* 0..63 or SJ_TILE_ENTRIES */
    uint8_t width; /* 0: full, else 1..255 */
    uint64_t n;
};

/* Canonical names only. Errors: BAD_PARAMETER. */
SJ_MUST_CHECK sj_status sj_tile_name_parse(struct sj_text path, struct sj_tile_name *ret_name);
SJ_MUST_CHECK sj_status sj_tile_name_format(const struct sj_tile_name *name, struct sj_buf *out);

#endif
