/* SPDX-License-Identifier: Apache-2.0
 *
 * Which number has this id? Open addressing with linear probing, at most half full. The ids of a hostile
 * bundle are the attacker's choice; a per-map random seed keeps him from making them collide and turning a
 * verification into hours.
 */
#include "idmap.h"

#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/random.h"

struct sj_idmap_slot {
    struct sj_uuid id;
    size_t number_plus_one; /* 0: free */
};

sj_status sj_idmap_init(struct sj_idmap *map, size_t max)
{
    *map = (struct sj_idmap){.max = max};
    return sj_random(&map->seed, sizeof(map->seed));
}

void sj_idmap_clear(struct sj_idmap *map)
{
    sj_free(map->slots);
    map->slots = NULL;
    map->capacity = 0;
    map->count = 0;
}

static uint64_t eight_bytes(const uint8_t *bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < 8; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

/* Unsigned wrap-around is meant: this mixes bits. */
static uint64_t mix(uint64_t value)
{
    value ^= value >> 33;
    value *= UINT64_C(0xFF51AFD7ED558CCD);
    value ^= value >> 33;
    value *= UINT64_C(0xC4CEB9FE1A85EC53);
    return value ^ value >> 33;
}

static size_t find_slot(const struct sj_idmap *map, struct sj_uuid id)
{
    const uint64_t low = mix(eight_bytes(id.bytes) ^ map->seed);
    size_t at = (size_t)mix(low ^ eight_bytes(id.bytes + 8)) & (map->capacity - 1);
    while (map->slots[at].number_plus_one != 0 && !sj_uuid_equal(map->slots[at].id, id)) {
        at = (at + 1) & (map->capacity - 1);
    }
    return at;
}

static sj_status grow(struct sj_idmap *map)
{
    struct sj_idmap bigger = *map;
    bigger.capacity = map->capacity == 0 ? 64 : map->capacity * 2;
    void *memory = NULL;
    TRY(sj_alloc(bigger.capacity, sizeof(struct sj_idmap_slot), &memory));
    bigger.slots = memory;
    for (size_t i = 0; i < map->capacity; i++) {
        if (map->slots[i].number_plus_one != 0) {
            bigger.slots[find_slot(&bigger, map->slots[i].id)] = map->slots[i];
        }
    }
    sj_free(map->slots);
    *map = bigger;
    return SJ_DONE;
}

sj_status sj_idmap_get(
    struct sj_idmap *map, struct sj_uuid id, size_t *ret_number, bool *ret_is_new)
{
    if (map->capacity == 0) {
        TRY(grow(map));
    }
    size_t at = find_slot(map, id);
    *ret_is_new = map->slots[at].number_plus_one == 0;
    if (*ret_is_new) {
        ENSURE(map->count < map->max, LIMIT_EXCEEDED);
        if ((map->count + 1) * 2 > map->capacity) {
            TRY(grow(map));
            at = find_slot(map, id);
        }
        map->count++;
        map->slots[at] = (struct sj_idmap_slot){.id = id, .number_plus_one = map->count};
    }
    *ret_number = map->slots[at].number_plus_one - 1;
    return SJ_DONE;
}

bool sj_idmap_find(const struct sj_idmap *map, struct sj_uuid id, size_t *ret_number)
{
    if (map->capacity == 0) {
        return false;
    }
    const struct sj_idmap_slot *slot = &map->slots[find_slot(map, id)];
    if (slot->number_plus_one == 0) {
        return false;
    }
    *ret_number = slot->number_plus_one - 1;
    return true;
}
