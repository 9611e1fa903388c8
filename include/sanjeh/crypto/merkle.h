/* SPDX-License-Identifier: Apache-2.0
 *
 * RFC 6962 / RFC 9162 hashing, the compact range (frontier) that a writer needs, and the verification of
 * inclusion and consistency proofs. Pure; no I/O. Here, below the record, because the keeper keeps its own
 * frontier of what it signed.
 */
#ifndef SJ_CRYPTO_MERKLE_H
#define SJ_CRYPTO_MERKLE_H

#include "sanjeh/crypto/hash.h"

#define SJ_PROOF_MAX 64

SJ_MUST_CHECK sj_status sj_leaf_hash(struct sj_view entry, struct sj_hash *ret_hash);
SJ_MUST_CHECK sj_status sj_node_hash(
    const struct sj_hash *left, const struct sj_hash *right, struct sj_hash *ret_hash);

/* The whole writer state: one hash per set bit of size, by bit number. */
struct sj_frontier {
    uint64_t size;
    struct sj_hash hashes[64];
};
SJ_MUST_CHECK sj_status sj_frontier_append(
    struct sj_frontier *frontier, const struct sj_hash *leaf);
/* H("") for size 0. */
SJ_MUST_CHECK sj_status sj_frontier_root(
    const struct sj_frontier *frontier, struct sj_hash *ret_root);

/* *ret_valid: RFC 9162 2.1.3.2. */
SJ_MUST_CHECK sj_status sj_inclusion_verify(uint64_t index, uint64_t size,
    const struct sj_hash *leaf, const struct sj_hash *proof, size_t count,
    const struct sj_hash *root, bool *ret_valid);
/* RFC 9162 2.1.4.2; size1 0 is never valid here. */
SJ_MUST_CHECK sj_status sj_consistency_verify(uint64_t size1, uint64_t size2,
    const struct sj_hash *root1, const struct sj_hash *root2, const struct sj_hash *proof,
    size_t count, bool *ret_valid);

#endif
