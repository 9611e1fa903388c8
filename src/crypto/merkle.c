/* SPDX-License-Identifier: Apache-2.0
 *
 * Which root does this list of leaves have, and does this proof hold?
 * The sequencer and the keeper both append with the compact range here, each to its own; verifiers walk the
 * proofs. RFC 6962 section 2.1, RFC 9162 sections 2.1.1 to 2.1.4 (the same for SHA-256).
 * If this is wrong, somebody shows two people two records under one signed root.
 */
#include "sanjeh/crypto/merkle.h"
#include "sanjeh/base/memory.h"

static const uint8_t leaf_prefix = 0x00;
static const uint8_t node_prefix = 0x01;

sj_status sj_leaf_hash(struct sj_view entry, struct sj_hash *ret_hash)
{
    /* @cite RFC 9162 §2.1.1: the prefixes keep a leaf from passing for a node */
    const struct sj_view parts[] = {sj_view_of(&leaf_prefix, 1), entry};
    return sj_sha256(parts, 2, ret_hash);
}

sj_status sj_node_hash(
    const struct sj_hash *left, const struct sj_hash *right, struct sj_hash *ret_hash)
{
    uint8_t
        bytes[1 +
              2 * SJ_HASH_SIZE]; /* in one piece: most of what a proof costs is calling the hash */
    bytes[0] = node_prefix;
    TRY(sj_copy(bytes + 1, SJ_HASH_SIZE, left->bytes, SJ_HASH_SIZE));
    TRY(sj_copy(bytes + 1 + SJ_HASH_SIZE, SJ_HASH_SIZE, right->bytes, SJ_HASH_SIZE));
    const struct sj_view whole = sj_view_of(bytes, sizeof bytes);
    return sj_sha256(&whole, 1, ret_hash);
}

sj_status sj_frontier_append(struct sj_frontier *frontier, const struct sj_hash *leaf)
{
    ENSURE(frontier->size < UINT64_MAX, LIMIT_EXCEEDED);
    struct sj_hash hash = *leaf;
    unsigned bit = 0;
    for (; (frontier->size >> bit) & 1; bit++) {
        TRY(sj_node_hash(&frontier->hashes[bit], &hash, &hash));
    }
    frontier->hashes[bit] = hash;
    frontier->size++;
    return SJ_DONE;
}

sj_status sj_frontier_root(const struct sj_frontier *frontier, struct sj_hash *ret_root)
{
    if (frontier->size == 0) {
        return sj_sha256(NULL, 0, ret_root);
    }
    struct sj_hash root = {{0}};
    bool has_root = false;
    for (unsigned bit = 0; bit < 64; bit++) {
        if (((frontier->size >> bit) & 1) == 0) {
            continue;
        }
        if (has_root) {
            TRY(sj_node_hash(&frontier->hashes[bit], &root, &root));
        } else {
            root = frontier->hashes[bit];
            has_root = true;
        }
    }
    *ret_root = root;
    return SJ_DONE;
}

/* A place on its way up: fn is the node's number, sn the last node's, both at the present level. */
struct climb {
    uint64_t fn;
    uint64_t sn;
};

static bool is_left_sibling_known(const struct climb *climb)
{
    return (climb->fn & 1) == 1 || climb->fn == climb->sn;
}

/* @cite RFC 9162 §2.1.3.2 step 4b: a right edge without sibling rises until it has one */
static void skip_edge(struct climb *climb)
{
    while ((climb->fn & 1) == 0 && climb->fn != 0) {
        climb->fn >>= 1;
        climb->sn >>= 1;
    }
}

static void rise(struct climb *climb)
{
    climb->fn >>= 1;
    climb->sn >>= 1;
}

sj_status sj_inclusion_verify(uint64_t index, uint64_t size, const struct sj_hash *leaf,
    const struct sj_hash *proof, size_t count, const struct sj_hash *root, bool *ret_valid)
{
    if (index >= size || count > SJ_PROOF_MAX) {
        *ret_valid = false;
        return SJ_DONE;
    }
    struct climb climb = {index, size - 1};
    struct sj_hash hash = *leaf;
    for (size_t i = 0; i < count; i++) {
        if (climb.sn == 0) {
            *ret_valid = false;
            return SJ_DONE;
        }
        if (is_left_sibling_known(&climb)) {
            TRY(sj_node_hash(&proof[i], &hash, &hash));
            skip_edge(&climb);
        } else {
            TRY(sj_node_hash(&hash, &proof[i], &hash));
        }
        rise(&climb);
    }
    *ret_valid = climb.sn == 0 && sj_hash_equal(&hash, root);
    return SJ_DONE;
}

/* @cite RFC 9162 §2.1.4.2 steps 3 to 7 */
static sj_status walk_consistency(struct climb climb, const struct sj_hash *root1,
    const struct sj_hash *root2, const struct sj_hash *first, const struct sj_hash *rest,
    size_t count, bool *ret_valid)
{
    struct sj_hash old_hash = *first;
    struct sj_hash new_hash = *first;
    for (size_t i = 0; i < count; i++) {
        if (climb.sn == 0) {
            *ret_valid = false;
            return SJ_DONE;
        }
        if (is_left_sibling_known(&climb)) {
            TRY(sj_node_hash(&rest[i], &old_hash, &old_hash));
            TRY(sj_node_hash(&rest[i], &new_hash, &new_hash));
            skip_edge(&climb);
        } else {
            TRY(sj_node_hash(&new_hash, &rest[i], &new_hash));
        }
        rise(&climb);
    }
    *ret_valid =
        climb.sn == 0 && sj_hash_equal(&old_hash, root1) && sj_hash_equal(&new_hash, root2);
    return SJ_DONE;
}

sj_status sj_consistency_verify(uint64_t size1, uint64_t size2, const struct sj_hash *root1,
    const struct sj_hash *root2, const struct sj_hash *proof, size_t count, bool *ret_valid)
{
    *ret_valid = false;
    if (size1 == 0 || size1 > size2 || count > SJ_PROOF_MAX) {
        return SJ_DONE;
    }
    if (size1 == size2) {
        *ret_valid = count == 0 && sj_hash_equal(root1, root2);
        return SJ_DONE;
    }
    if (count == 0) {
        return SJ_DONE;
    }
    struct climb climb = {size1 - 1, size2 - 1};
    while ((climb.fn & 1) == 1) {
        rise(&climb);
    }
    /* an old tree that is one full subtree is its own first node and is left out of the proof */
    if ((size1 & (size1 - 1)) == 0) {
        return walk_consistency(climb, root1, root2, root1, proof, count, ret_valid);
    }
    return walk_consistency(climb, root1, root2, proof, proof + 1, count - 1, ret_valid);
}
