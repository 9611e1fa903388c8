/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers ids in the order in which they are first seen: 0, 1, 2 … Callers keep what they know about an id in
 * an array beside it. Safe against chosen ids: the hash is seeded per map.
 */
#ifndef SJ_AUDIT_IDMAP_H
#define SJ_AUDIT_IDMAP_H

#include "sanjeh/base/id.h"

struct sj_idmap {
    struct sj_idmap_slot *slots;
    size_t capacity; /* a power of two, or 0 */
    size_t count;
    size_t max;
    uint64_t seed;
};

SJ_MUST_CHECK sj_status sj_idmap_init(struct sj_idmap *map, size_t max);
/* Idempotent, safe on a zeroed map. */
void sj_idmap_clear(struct sj_idmap *map);
/* The id's number; a new one gets the next (then *ret_number == count - 1 and *ret_is_new).
 * Errors: LIMIT_EXCEEDED beyond max, OUT_OF_MEMORY. */
SJ_MUST_CHECK sj_status sj_idmap_get(
    struct sj_idmap *map, struct sj_uuid id, size_t *ret_number, bool *ret_is_new);
/* Looks only. */
bool sj_idmap_find(const struct sj_idmap *map, struct sj_uuid id, size_t *ret_number);

#endif
