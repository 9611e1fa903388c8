/* SPDX-License-Identifier: Apache-2.0
 *
 * Which tiles does a tree have, and what is in them? Tile (L, n) hash i is the root over 256^L leaves from
 * (n * 256 + i) * 256^L (C2SP tlog-tiles). A tile is hashed upward only when it is full. A wrong tile would
 * make every proof built from it fail, so the verifier recomputes all of them.
 */
#include "tiles.h"

static uint64_t complete_nodes(uint64_t size, unsigned level)
{
    return level >= SJ_TILE_LEVELS ? 0 : size >> (8 * level);
}

unsigned sj_tile_count(uint64_t size, unsigned level, uint64_t n)
{
    const uint64_t nodes = complete_nodes(size, level);
    const uint64_t full = nodes / SJ_TILE_WIDTH;
    if (n < full) {
        return SJ_TILE_WIDTH;
    }
    return n == full ? (unsigned)(nodes % SJ_TILE_WIDTH) : 0;
}

sj_status sj_tile_root(const struct sj_hash *hashes, size_t count, struct sj_hash *ret_root)
{
    struct sj_hash level[SJ_TILE_WIDTH];
    SJ_ASSERT(count >= 1 && count <= SJ_TILE_WIDTH && (count & (count - 1)) == 0);
    TRY(sj_copy(level, sizeof(level), hashes, count * sizeof(hashes[0])));
    for (size_t width = count; width > 1; width /= 2) {
        for (size_t i = 0; i < width / 2; i++) {
            /* level[i] is written after both of its children were read */
            struct sj_hash parent;
            TRY(sj_node_hash(&level[2 * i], &level[2 * i + 1], &parent));
            level[i] = parent;
        }
    }
    *ret_root = level[0];
    return SJ_DONE;
}

void sj_edge_copy(struct sj_edge *target, const struct sj_edge *source)
{
    target->size = source->size;
    for (unsigned level = 0; level < SJ_TILE_LEVELS; level++) {
        const size_t bytes =
            (size_t)((source->size >> (8 * level)) % SJ_TILE_WIDTH) * sizeof(struct sj_hash);
        sj_ignore(sj_copy(target->hashes[level], sizeof target->hashes[level],
                      source->hashes[level], bytes),
            "at most 255 of 256");
    }
}

sj_status sj_edge_append(
    struct sj_edge *edge, const struct sj_hash *leaf, sj_tile_fn *on_full, void *ctx)
{
    struct sj_hash hash = *leaf;
    uint64_t place = edge->size; /* of hash among its level's nodes */
    for (unsigned level = 0; level < SJ_TILE_LEVELS; level++) {
        edge->hashes[level][place % SJ_TILE_WIDTH] = hash;
        if (place % SJ_TILE_WIDTH != SJ_TILE_WIDTH - 1) {
            break;
        }
        TRY(on_full(ctx, level, place / SJ_TILE_WIDTH, edge->hashes[level]));
        TRY(sj_tile_root(edge->hashes[level], SJ_TILE_WIDTH, &hash));
        place /= SJ_TILE_WIDTH;
    }
    edge->size++;
    return SJ_DONE;
}

sj_status sj_edge_frontier(const struct sj_edge *edge, struct sj_frontier *ret_frontier)
{
    ret_frontier->size = edge->size;
    for (unsigned level = 0; level < SJ_TILE_LEVELS; level++) {
        const unsigned count = (unsigned)((edge->size >> (8 * level)) % SJ_TILE_WIDTH);
        unsigned done = 0;
        /* the set bits of count, highest first, cut the partial tile into perfect subtrees */
        for (unsigned bit = 8; bit-- > 0;) {
            const unsigned width = 1u << bit;
            if ((count & width) != 0) {
                TRY(sj_tile_root(
                    &edge->hashes[level][done], width, &ret_frontier->hashes[8 * level + bit]));
                done += width;
            }
        }
    }
    return SJ_DONE;
}

/* One hash for each new node: the frontier's way up passes every node that a tile above begins with. */
sj_status sj_edge_grow(struct sj_edge *edge, struct sj_frontier *frontier,
    const struct sj_hash *leaf, sj_tile_fn *on_full, void *ctx)
{
    struct sj_hash hash = *leaf;
    const uint64_t size = edge->size;
    unsigned bit = 0;
    ENSURE(size == frontier->size && size < UINT64_MAX, INTERNAL);
    edge->hashes[0][size % SJ_TILE_WIDTH] = hash;
    for (; (size >> bit) & 1; bit++) {
        TRY(sj_node_hash(&frontier->hashes[bit], &hash, &hash));
        const unsigned level = (bit + 1) / 8;
        if ((bit + 1) % 8 != 0) {
            continue;
        }
        TRY(on_full(ctx, level - 1, size >> (8 * level), edge->hashes[level - 1]));
        if (level < SJ_TILE_LEVELS) {
            edge->hashes[level][(size >> (8 * level)) % SJ_TILE_WIDTH] = hash;
        }
    }
    frontier->hashes[bit] = hash;
    frontier->size++;
    edge->size++;
    return SJ_DONE;
}
