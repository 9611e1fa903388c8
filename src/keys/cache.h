/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside src/keys only: opened subject keys for a few minutes.
 */
#ifndef SJ_KEYS_CACHE_H
#define SJ_KEYS_CACHE_H

#include "sanjeh/keys/fields.h"

#define CACHE_TTL_MS   ((int64_t)10 * 60 * 1000)
#define CACHE_WAYS     8
#define CACHE_SETS     4096
#define CACHE_CAPACITY (CACHE_WAYS * CACHE_SETS)

struct cache;

SJ_MUST_CHECK sj_status cache_new(struct cache **ret_cache);
void cache_free(struct cache **cache);
/* now: sj_time_monotonic_ms. Copies the key out; false when there is none or it is too old. */
bool cache_find(struct cache *cache, struct sj_uuid unit, struct sj_uuid subject, uint32_t version,
    int64_t now, struct sj_subject *ret_subject);
/* The newest version that is here. */
bool cache_find_newest(struct cache *cache, struct sj_uuid unit, struct sj_uuid subject,
    int64_t now, struct sj_subject *ret_subject);
/* Displaces what was used longest ago. */
void cache_put(struct cache *cache, const struct sj_subject *subject, int64_t now);
void cache_forget(struct cache *cache, struct sj_uuid unit, struct sj_uuid subject);
void cache_clear(struct cache *cache);
/* Wipes what is too old. */
void cache_sweep(struct cache *cache, int64_t now);

#endif
