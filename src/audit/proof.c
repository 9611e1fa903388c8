/* SPDX-License-Identifier: Apache-2.0
 *
 * Which hashes convince somebody that an entry is in a tree, or that one tree continues another? RFC 6962 2.1.1 and 2.1.2 say
 * it by recursion; here the recursion is walked from the root, noting the range of leaves that each hash stands for. A range
 * that is no complete subtree (the right edge) is folded out of several. Wrong hashes convince nobody: whoever gets a proof
 * checks it, and so does the reader of the tree before it leaves.
 */
#include "sanjeh/audit/proof.h"

struct range {
    uint64_t from;
    uint64_t to; /* exclusive */
};

struct ranges {
    struct range items[SJ_PROOF_MAX + 1];
    size_t count;
};

/* The largest power of two below n; n > 1. */
static uint64_t split_of(uint64_t n)
{
    uint64_t k = 1;
    while (k < n - k) {
        k *= 2;
    }
    return k;
}

static sj_status push(struct ranges *ranges, uint64_t from, uint64_t to)
{
    ENSURE(ranges->count < SJ_COUNT(ranges->items), LIMIT_EXCEEDED);
    ranges->items[ranges->count++] = (struct range){from, to};
    return SJ_DONE;
}

/* The leaves [from, to) as complete subtrees, the largest first, folded from the right. */
static sj_status range_root(
    const struct range *range, sj_node_fn *node, void *ctx, struct sj_hash *ret_hash)
{
    const uint64_t count = range->to - range->from;
    uint64_t end = range->to;
    bool has_hash = false;
    for (unsigned bit = 0; bit < 64; bit++) {
        struct sj_hash hash;
        if (((count >> bit) & 1) == 0) {
            continue;
        }
        end -= UINT64_C(1) << bit;
        TRY(node(ctx, bit, end >> bit, &hash));
        if (has_hash) {
            TRY(sj_node_hash(&hash, ret_hash, ret_hash));
        } else {
            *ret_hash = hash;
            has_hash = true;
        }
    }
    return SJ_DONE;
}

/* The walk goes from the root down, a proof from the leaf up. */
static sj_status hash_ranges(
    const struct ranges *ranges, sj_node_fn *node, void *ctx, struct sj_proof *ret_proof)
{
    ENSURE(ranges->count <= SJ_PROOF_MAX, LIMIT_EXCEEDED);
    ret_proof->count = 0;
    for (size_t i = ranges->count; i-- > 0;) {
        TRY(range_root(&ranges->items[i], node, ctx, &ret_proof->hashes[ret_proof->count]));
        ret_proof->count++;
    }
    return SJ_DONE;
}

sj_status sj_inclusion_prove(
    uint64_t index, uint64_t size, sj_node_fn *node, void *ctx, struct sj_proof *ret_proof)
{
    struct ranges ranges = {.count = 0};
    uint64_t from = 0;
    uint64_t to = size;
    ENSURE(index < size, NOT_FOUND);
    while (to - from > 1) {
        const uint64_t middle = from + split_of(to - from);
        if (index < middle) {
            TRY(push(&ranges, middle, to));
            to = middle;
        } else {
            TRY(push(&ranges, from, middle));
            from = middle;
        }
    }
    return hash_ranges(&ranges, node, ctx, ret_proof);
}

sj_status sj_consistency_prove(
    uint64_t old_size, uint64_t new_size, sj_node_fn *node, void *ctx, struct sj_proof *ret_proof)
{
    struct ranges ranges = {.count = 0};
    uint64_t from = 0;
    uint64_t to = new_size;
    bool is_old_tree = true; /* the subtree at hand is the whole old tree */
    ret_proof->count = 0;
    ENSURE(old_size <= new_size, BAD_PARAMETER);
    if (old_size == 0 || old_size == new_size) {
        return SJ_DONE;
    }
    while (to != old_size) {
        const uint64_t middle = from + split_of(to - from);
        if (old_size <= middle) {
            TRY(push(&ranges, middle, to));
            to = middle;
        } else {
            TRY(push(&ranges, from, middle));
            from = middle;
            is_old_tree = false;
        }
    }
    if (!is_old_tree) {
        TRY(push(&ranges, from, to));
    }
    return hash_ranges(&ranges, node, ctx, ret_proof);
}

sj_status sj_nodes_root(uint64_t size, sj_node_fn *node, void *ctx, struct sj_hash *ret_root)
{
    const struct range all = {0, size};
    return size == 0 ? sj_sha256(NULL, 0, ret_root) : range_root(&all, node, ctx, ret_root);
}

sj_status sj_proof_format(
    uint64_t index, const struct sj_proof *proof, struct sj_view checkpoint, struct sj_buf *out)
{
    TRY(sj_buf_put_str(out, "c2sp.org/tlog-proof@v1\nindex "));
    TRY(sj_buf_put_decimal(out, (int64_t)index));
    TRY(sj_buf_put_byte(out, '\n'));
    for (size_t i = 0; i < proof->count; i++) {
        TRY(sj_buf_put_base64(out, sj_view_of(proof->hashes[i].bytes, SJ_HASH_SIZE)));
        TRY(sj_buf_put_byte(out, '\n'));
    }
    TRY(sj_buf_put_byte(out, '\n'));
    return sj_buf_put_view(out, checkpoint);
}
