/* SPDX-License-Identifier: Apache-2.0
 *
 * Was this id here before? Open addressing in 64 shards that grow apart, by half, so that growing costs a little of the memory and not as much again.
 * The bytes are a hash under a key that is drawn for each set: whoever chooses ids cannot make two of them meet.
 */
#include "singles.h"

#include <string.h>

#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/hash.h"
#include "sanjeh/crypto/random.h"

sj_status sj_singles_init(struct sj_singles *singles, size_t max)
{
    *singles = (struct sj_singles){.max = max};
    return sj_random(singles->key, sizeof(singles->key));
}

void sj_singles_clear(struct sj_singles *singles)
{
    for (unsigned i = 0; i < SJ_SINGLES_SHARDS; i++) {
        sj_free(singles->shards[i].slots);
        singles->shards[i] = (struct sj_singles_shard){NULL, 0, 0};
    }
    singles->count = 0;
}

static bool is_free(const struct sj_single *slot)
{
    return slot->bytes[SJ_SINGLE_SIZE - 1] == 0; /* of a mark it is odd */
}

static bool same(const struct sj_single *a, const struct sj_single *b)
{
    return memcmp(a->bytes, b->bytes, SJ_SINGLE_SIZE) == 0;
}

/* The slot of these bytes, or the free one where they belong. Some slot is always free. */
static struct sj_single *find_slot(
    const struct sj_singles_shard *shard, const struct sj_single *mark)
{
    const uint8_t *bytes = mark->bytes;
    const uint64_t spread =
        (uint64_t)bytes[1] << 24 | (uint64_t)bytes[2] << 16 | (uint64_t)bytes[3] << 8 | bytes[4];
    size_t at = (size_t)((spread * shard->capacity) >> 32);
    while (!is_free(&shard->slots[at]) && !same(&shard->slots[at], mark)) {
        at = at + 1 == shard->capacity ? 0 : at + 1;
    }
    return &shard->slots[at];
}

static sj_status grow(struct sj_singles_shard *shard)
{
    struct sj_singles_shard bigger = {.count = shard->count};
    void *memory = NULL;
    bigger.capacity = shard->capacity == 0 ? 16 : shard->capacity + shard->capacity / 2;
    ENSURE(bigger.capacity <= UINT32_MAX, LIMIT_EXCEEDED);
    TRY(sj_alloc(bigger.capacity, sizeof(struct sj_single), &memory));
    bigger.slots = memory;
    for (size_t i = 0; i < shard->capacity; i++) {
        if (!is_free(&shard->slots[i])) {
            *find_slot(&bigger, &shard->slots[i]) = shard->slots[i];
        }
    }
    sj_free(shard->slots);
    *shard = bigger;
    return SJ_DONE;
}

static sj_status put_mark(
    struct sj_singles *singles, const struct sj_single *mark, bool *ret_was_there)
{
    struct sj_singles_shard *shard = &singles->shards[mark->bytes[0] % SJ_SINGLES_SHARDS];
    if (shard->count * 8 >= shard->capacity * 7) {
        TRY(grow(shard));
    }
    struct sj_single *slot = find_slot(shard, mark);
    *ret_was_there = !is_free(slot);
    if (!*ret_was_there) {
        ENSURE(singles->count < singles->max, LIMIT_EXCEEDED);
        *slot = *mark;
        shard->count++;
        singles->count++;
    }
    return SJ_DONE;
}

static sj_status mark_of(
    const struct sj_singles *singles, struct sj_uuid id, struct sj_single *ret_mark)
{
    struct sj_hash hash;
    const struct sj_view parts[] = {
        sj_view_of(singles->key, sizeof(singles->key)), sj_view_of(id.bytes, sizeof(id.bytes))};
    TRY(sj_sha256(parts, SJ_COUNT(parts), &hash));
    TRY(sj_copy(ret_mark->bytes, SJ_SINGLE_SIZE, hash.bytes, SJ_SINGLE_SIZE));
    ret_mark->bytes[SJ_SINGLE_SIZE - 1] |= 1;
    return SJ_DONE;
}

sj_status sj_singles_add(struct sj_singles *singles, struct sj_uuid id, bool *ret_was_there)
{
    struct sj_single mark;
    TRY(mark_of(singles, id, &mark));
    return put_mark(singles, &mark, ret_was_there);
}

sj_status sj_singles_has(const struct sj_singles *singles, struct sj_uuid id, bool *ret_has)
{
    struct sj_single mark;
    *ret_has = false;
    if (singles->count == 0) {
        return SJ_DONE;
    }
    TRY(mark_of(singles, id, &mark));
    const struct sj_singles_shard *shard = &singles->shards[mark.bytes[0] % SJ_SINGLES_SHARDS];
    *ret_has = shard->capacity != 0 && !is_free(find_slot(shard, &mark));
    return SJ_DONE;
}

sj_status sj_singles_next(
    const struct sj_singles *singles, struct sj_singles_walk *walk, size_t most, struct sj_buf *out)
{
    size_t given = 0;
    while (walk->shard < SJ_SINGLES_SHARDS && given < most) {
        const struct sj_singles_shard *shard = &singles->shards[walk->shard];
        if (walk->slot == shard->capacity) {
            *walk = (struct sj_singles_walk){.shard = walk->shard + 1};
            continue;
        }
        const struct sj_single *mark = &shard->slots[walk->slot++];
        if (!is_free(mark)) {
            TRY(sj_buf_put(out, mark->bytes, SJ_SINGLE_SIZE));
            given++;
        }
    }
    return SJ_DONE;
}

sj_status sj_singles_put_back(struct sj_singles *singles, struct sj_view pieces)
{
    ENSURE(pieces.len % SJ_SINGLE_SIZE == 0, PROTOCOL);
    for (size_t at = 0; at < pieces.len; at += SJ_SINGLE_SIZE) {
        struct sj_single mark;
        bool was_there = false;
        TRY(sj_copy(mark.bytes, SJ_SINGLE_SIZE, pieces.ptr + at, SJ_SINGLE_SIZE));
        ENSURE((mark.bytes[SJ_SINGLE_SIZE - 1] & 1) == 1, PROTOCOL);
        TRY(put_mark(singles, &mark, &was_there));
        ENSURE(!was_there, PROTOCOL);
    }
    return SJ_DONE;
}
