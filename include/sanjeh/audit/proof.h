/* SPDX-License-Identifier: Apache-2.0
 *
 * Making proofs about a tree (RFC 6962 2.1.1, 2.1.2) out of its complete nodes, wherever they are kept, and the text in which a
 * proof of inclusion is handed out (C2SP tlog-proof). Checking them: sanjeh/crypto/merkle.h. Pure; no I/O.
 */
#ifndef SJ_AUDIT_PROOF_H
#define SJ_AUDIT_PROOF_H

#include "sanjeh/base/buf.h"
#include "sanjeh/crypto/merkle.h"

struct sj_proof {
    struct sj_hash hashes[SJ_PROOF_MAX]; /* leaf side first */
    size_t count;
};

/* The root over the 2^level leaves from index * 2^level; asked for complete nodes of the tree only. */
typedef sj_status sj_node_fn(void *ctx, unsigned level, uint64_t index, struct sj_hash *ret_hash);

/* PATH(index, D[size]). Errors: NOT_FOUND (index is not below size), those of node. */
SJ_MUST_CHECK sj_status sj_inclusion_prove(
    uint64_t index, uint64_t size, sj_node_fn *node, void *ctx, struct sj_proof *ret_proof);
/* PROOF(old, D[new]); empty for old == new and for old 0. Errors: BAD_PARAMETER (old above new), those of node. */
SJ_MUST_CHECK sj_status sj_consistency_prove(
    uint64_t old_size, uint64_t new_size, sj_node_fn *node, void *ctx, struct sj_proof *ret_proof);
/* MTH(D[size]); H("") for 0. */
SJ_MUST_CHECK sj_status sj_nodes_root(
    uint64_t size, sj_node_fn *node, void *ctx, struct sj_hash *ret_root);
/* "c2sp.org/tlog-proof@v1", index, hashes, blank line, the signed checkpoint as it is; appended. */
SJ_MUST_CHECK sj_status sj_proof_format(
    uint64_t index, const struct sj_proof *proof, struct sj_view checkpoint, struct sj_buf *out);

#endif
