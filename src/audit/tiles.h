/* SPDX-License-Identifier: Apache-2.0
 *
 * The right edge of the tree in tiles (C2SP tlog-tiles): at each level the hashes of the tile that is not full
 * yet. Whoever appends leaves in order learns here which tiles became full; sequencer and verifier share it.
 */
#ifndef SJ_AUDIT_TILES_H
#define SJ_AUDIT_TILES_H

#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/merkle.h"

#define SJ_TILE_WIDTH  256u
#define SJ_TILE_BYTES  ((size_t)SJ_TILE_WIDTH * SJ_HASH_SIZE)
#define SJ_TILE_LEVELS 8u

struct sj_edge {
    uint64_t size; /* leaves */
    /* hashes[level][i], i < (size >> 8 * level) & 255 */
    struct sj_hash hashes[SJ_TILE_LEVELS][SJ_TILE_WIDTH];
};

/* Copies what a tree of that size has of it: a few kilobytes instead of all 64. */
void sj_edge_copy(struct sj_edge *target, const struct sj_edge *source);

/* A tile that has just become full. */
typedef sj_status sj_tile_fn(
    void *ctx, unsigned level, uint64_t n, const struct sj_hash hashes[SJ_TILE_WIDTH]);

/* Calls on_full for every tile that this leaf completes, lowest level first. A failure leaves the edge unusable. */
SJ_MUST_CHECK sj_status sj_edge_append(
    struct sj_edge *edge, const struct sj_hash *leaf, sj_tile_fn *on_full, void *ctx);
/* The same for edge and frontier of one tree at once, with half the hashing. A failure leaves both unusable. */
SJ_MUST_CHECK sj_status sj_edge_grow(struct sj_edge *edge, struct sj_frontier *frontier,
    const struct sj_hash *leaf, sj_tile_fn *on_full, void *ctx);
/* The frontier that these tiles imply: what a stored edge must agree with before it is trusted. */
SJ_MUST_CHECK sj_status sj_edge_frontier(
    const struct sj_edge *edge, struct sj_frontier *ret_frontier);
/* Root of count hashes, count a power of two up to 256. */
SJ_MUST_CHECK sj_status sj_tile_root(
    const struct sj_hash *hashes, size_t count, struct sj_hash *ret_root);
/* Number of hashes in tile n of a level in a tree of size leaves: 0 when there is none, 256 when it is full. */
unsigned sj_tile_count(uint64_t size, unsigned level, uint64_t n);

#endif
