/* SPDX-License-Identifier: Apache-2.0
 *
 * 128-bit identifiers (RFC 9562). Outside they are lower-case text of 36 characters. Making new
 * ones needs randomness: sj_uuid_new in crypto/random.h.
 */
#ifndef SJ_BASE_ID_H
#define SJ_BASE_ID_H

#include "sanjeh/base/view.h"

struct sj_uuid {
    uint8_t bytes[16];
};

#define SJ_UUID_TEXT_SIZE 37 /* with NUL */

bool sj_uuid_equal(struct sj_uuid a, struct sj_uuid b);
bool sj_uuid_is_nil(struct sj_uuid id);
/* FNV-1a, unseeded: for bounded tables where chosen collisions cost only their maker. */
uint32_t sj_uuid_hash(struct sj_uuid id);
/* out holds SJ_UUID_TEXT_SIZE. */
void sj_uuid_format(struct sj_uuid id, char *out);
/* Lower-case canonical form only. Errors: BAD_REQUEST. */
SJ_MUST_CHECK sj_status sj_uuid_parse(struct sj_text text, struct sj_uuid *ret_id);

#endif
