/* SPDX-License-Identifier: Apache-2.0
 *
 * A reader's view of the signed tree, seen by reading.c and hits.c only.
 */
#ifndef SJ_AUDIT_READING_PRIV_H
#define SJ_AUDIT_READING_PRIV_H

#include "sanjeh/audit/reading.h"
#include "state.h"

#define SJ_READING_TILES 18 /* two a level of a proof over 2^63 leaves, and to spare */

struct sj_read_tile {
    unsigned level;
    uint64_t n;
    struct sj_hash *hashes; /* SJ_TILE_WIDTH of them */
};

struct sj_reading {
    struct sj_sequencer *sequencer;
    struct sj_db *db;
    const struct sj_context *context;
    struct sj_frontier frontier;
    struct sj_edge edge;
    struct sj_hash root;
    struct sj_buf note;
    bool is_planning; /* nodes are asked for to learn which tiles they need */
    size_t tile_count;
    struct sj_read_tile tiles[SJ_READING_TILES];
};

#endif
