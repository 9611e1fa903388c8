/* SPDX-License-Identifier: Apache-2.0
 *
 * The signed tree as readers get it: tiles, checkpoints, proofs (C2SP tlog-tiles, tlog-checkpoint, tlog-proof). Full tiles are read
 * from the database, the right edge from memory as it was signed. A proof is checked against the newest signed root before it is
 * given: what somebody changed in the database is an error, never an answer.
 */
#ifndef SJ_AUDIT_READING_H
#define SJ_AUDIT_READING_H

#include "sanjeh/audit/proof.h"
#include "sanjeh/audit/sequencer.h"
#include "sanjeh/audit/tile_path.h"

struct sj_reading; /* one reader's view: the tree as signed at one moment */

/* db of the caller's loop, context of scope RECORD; borrowed. On a fiber or blocking. Any loop. */
SJ_MUST_CHECK sj_status sj_reading_open(struct sj_sequencer *sequencer, struct sj_db *db,
    const struct sj_context *context, struct sj_reading **ret_reading);
void sj_reading_close(struct sj_reading **reading);
/* Entries of this view. */
uint64_t sj_reading_size(const struct sj_reading *reading);
struct sj_hash sj_reading_root(const struct sj_reading *reading);

/* The signed note of exactly this size, appended; 0: the view's own. Errors: NOT_FOUND (none was signed, or it is not kept). */
SJ_MUST_CHECK sj_status sj_reading_checkpoint(
    struct sj_reading *reading, uint64_t size, struct sj_buf *ret_note);
/* Bytes of a tile or bundle of entries. A partial one is given also when the full one is there. A lost entry has length 0.
 * Errors: NOT_FOUND (the tree has no such tile), LOG_TAMPERED (it should be there). */
SJ_MUST_CHECK sj_status sj_reading_tile(
    struct sj_reading *reading, const struct sj_tile_name *name, struct sj_buf *ret_bytes);
/* That entry `index` is in the tree of this size (0: the view's own), and its leaf hash. Errors: NOT_FOUND, LOG_TAMPERED. */
SJ_MUST_CHECK sj_status sj_reading_inclusion(struct sj_reading *reading, uint64_t index,
    uint64_t size, struct sj_hash *ret_leaf, struct sj_proof *ret_proof);
/* That the tree of new_size continues the one of old_size, and both roots. Errors: NOT_FOUND (new_size beyond the view),
 * BAD_PARAMETER (old above new), LOG_TAMPERED. */
SJ_MUST_CHECK sj_status sj_reading_consistency(struct sj_reading *reading, uint64_t old_size,
    uint64_t new_size, struct sj_hash *ret_old, struct sj_hash *ret_new,
    struct sj_proof *ret_proof);

/* One entry, as it was signed. */
struct sj_hit {
    uint64_t index; /* set by the caller */
    struct sj_entry entry;
    struct sj_hash leaf;
};
#define SJ_HITS_MAX 256
/* Reads entries and proves them together: each tile is read and hashed once. Indices strictly rise or fall. Errors: NOT_FOUND (one
 * is beyond the view), LOG_TAMPERED (*reterr_index: which, as far as it is known), LIMIT_EXCEEDED (count). */
SJ_MUST_CHECK sj_status sj_reading_entries(
    struct sj_reading *reading, struct sj_hit *hits, size_t count, uint64_t *reterr_index);

#endif
