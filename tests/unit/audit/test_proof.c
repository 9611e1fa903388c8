/* SPDX-License-Identifier: Apache-2.0
 *
 * Are proofs made from tiles the ones that RFC 6962 defines, at every index and size, and is a proof file read only in its one
 * spelling? The definition is written down here a second time, over all leaves at once; generator and verifier must both agree with it.
 */
#include "../crypto/vector_json.h"
#include "sanjeh/audit/tlog_proof.h"
#include "sanjeh/base/memory.h"
#include "tiles.h"

#include <stdio.h>
#include <string.h>

#define LEAVES 66100u /* 65,536 and some: three levels, the upper ones partial */

/* All nodes of a log in memory, as tiles. */
struct forest {
    struct sj_hash *nodes[SJ_TILE_LEVELS];
    size_t reads;
    bool lies;
};

static sj_status keep_tile(
    void *ctx, unsigned level, uint64_t n, const struct sj_hash hashes[SJ_TILE_WIDTH])
{
    struct forest *forest = ctx;
    return level + 1 < 3 ? sj_tile_root(hashes, SJ_TILE_WIDTH, &forest->nodes[level + 1][n])
                         : SJ_DONE;
}

static void grow(struct forest *forest)
{
    static struct sj_edge edge;
    edge.size = 0;
    for (unsigned level = 0; level < 3; level++) {
        void *memory = NULL;
        SJ_ASSERT(!sj_failed(
            sj_alloc((LEAVES >> (8 * level)) + SJ_TILE_WIDTH, sizeof(struct sj_hash), &memory)));
        forest->nodes[level] = memory;
    }
    for (uint64_t i = 0; i < LEAVES; i++) {
        CHECK_OK(sj_leaf_hash(sj_view_of(&i, sizeof(i)), &forest->nodes[0][i]));
        CHECK_OK(sj_edge_append(&edge, &forest->nodes[0][i], keep_tile, forest));
    }
}

static void fell(struct forest *forest)
{
    for (unsigned level = 0; level < 3; level++) {
        sj_free(forest->nodes[level]);
    }
}

/* The perfect subtree over 2^level leaves. */
static sj_status read_node(void *ctx, unsigned level, uint64_t index, struct sj_hash *ret_hash)
{
    struct forest *forest = ctx;
    const unsigned tile_level = level / 8;
    const unsigned depth = level % 8;
    const uint64_t first = index << depth;
    forest->reads++;
    CHECK(level < 24 && (index + 1) << level <= LEAVES);
    TRY(sj_tile_root(forest->nodes[tile_level] + first, (size_t)1 << depth, ret_hash));
    ret_hash->bytes[0] ^= forest->lies ? 1 : 0;
    return SJ_DONE;
}

/* ---- the definition, RFC 9162 2.1 ---- */

static size_t half_of(size_t count)
{
    size_t k = 1;
    while (k * 2 < count) {
        k *= 2;
    }
    return k;
}

static struct sj_hash mth(const struct sj_hash *leaves, size_t count)
{
    struct sj_hash root;
    if (count == 1) {
        return leaves[0];
    }
    const size_t k = half_of(count);
    const struct sj_hash left = mth(leaves, k);
    const struct sj_hash right = mth(leaves + k, count - k);
    CHECK_OK(sj_node_hash(&left, &right, &root));
    return root;
}

static void put(struct sj_proof *proof, struct sj_hash hash)
{
    proof->hashes[proof->count++] = hash;
}

static void path(size_t m, const struct sj_hash *leaves, size_t count, struct sj_proof *proof)
{
    if (count == 1) {
        return;
    }
    const size_t k = half_of(count);
    if (m < k) {
        path(m, leaves, k, proof);
        put(proof, mth(leaves + k, count - k));
    } else {
        path(m - k, leaves + k, count - k, proof);
        put(proof, mth(leaves, k));
    }
}

static void subproof(
    size_t m, const struct sj_hash *leaves, size_t count, bool whole, struct sj_proof *proof)
{
    if (m == count) {
        if (!whole) {
            put(proof, mth(leaves, count));
        }
        return;
    }
    const size_t k = half_of(count);
    if (m <= k) {
        subproof(m, leaves, k, whole, proof);
        put(proof, mth(leaves + k, count - k));
    } else {
        subproof(m - k, leaves + k, count - k, false, proof);
        put(proof, mth(leaves, k));
    }
}

static bool is_same(const struct sj_proof *a, const struct sj_proof *b)
{
    return a->count == b->count &&
           memcmp(a->hashes, b->hashes, a->count * sizeof(a->hashes[0])) == 0;
}

/* ---- generator, verifier and definition ---- */

static void check_inclusion(struct forest *forest, uint64_t index, uint64_t size)
{
    struct sj_proof made;
    struct sj_proof defined = {.count = 0};
    struct sj_hash root;
    bool valid = false;
    CHECK_OK(sj_inclusion_prove(index, size, read_node, forest, &made));
    path((size_t)index, forest->nodes[0], (size_t)size, &defined);
    CHECK(is_same(&made, &defined));
    CHECK_OK(sj_nodes_root(size, read_node, forest, &root));
    CHECK_OK(sj_inclusion_verify(
        index, size, &forest->nodes[0][index], made.hashes, made.count, &root, &valid));
    CHECK(valid);
}

static void check_consistency(struct forest *forest, uint64_t old_size, uint64_t new_size)
{
    struct sj_proof made;
    struct sj_proof defined = {.count = 0};
    struct sj_hash old_root;
    struct sj_hash new_root;
    bool valid = false;
    CHECK_OK(sj_consistency_prove(old_size, new_size, read_node, forest, &made));
    subproof((size_t)old_size, forest->nodes[0], (size_t)new_size, true, &defined);
    CHECK(is_same(&made, &defined));
    CHECK_OK(sj_nodes_root(old_size, read_node, forest, &old_root));
    CHECK_OK(sj_nodes_root(new_size, read_node, forest, &new_root));
    CHECK_OK(sj_consistency_verify(
        old_size, new_size, &old_root, &new_root, made.hashes, made.count, &valid));
    CHECK(valid);
}

TEST(proof_of_every_small_tree_is_the_defined_one)
{
    struct forest forest = {.reads = 0};
    grow(&forest);
    for (uint64_t size = 1; size <= 66; size++) {
        for (uint64_t other = 0; other < size; other++) {
            check_inclusion(&forest, other, size);
            check_consistency(&forest, other + 1, size);
        }
    }
    fell(&forest);
}

TEST(proof_over_tile_boundaries_is_the_defined_one)
{
    static const uint64_t sizes[] = {255, 256, 257, 511, 512, 65535, 65536, 65537, 65792, LEAVES};
    struct forest forest = {.reads = 0};
    grow(&forest);
    for (size_t i = 0; i < SJ_COUNT(sizes); i++) {
        const uint64_t size = sizes[i];
        const uint64_t places[] = {0, 1, 127, 254, size / 2, size - 2, size - 1};
        for (size_t k = 0; k < SJ_COUNT(places); k++) {
            check_inclusion(&forest, places[k], size);
            check_consistency(&forest, places[k] + 1, size);
        }
        check_consistency(&forest, sizes[0], size);
    }
    fell(&forest);
}

TEST(proof_asks_for_few_nodes)
{
    struct forest forest = {.reads = 0};
    struct sj_proof proof;
    grow(&forest);
    CHECK_OK(sj_inclusion_prove(300, LEAVES, read_node, &forest, &proof));
    CHECK(proof.count == 17 && forest.reads <= 17 + 16);
    fell(&forest);
}

TEST(proof_from_a_wrong_tile_convinces_nobody)
{
    struct forest forest = {.reads = 0};
    struct sj_proof proof;
    struct sj_hash root;
    bool valid = true;
    grow(&forest);
    CHECK_OK(sj_nodes_root(1000, read_node, &forest, &root));
    forest.lies = true;
    CHECK_OK(sj_inclusion_prove(999, 1000, read_node, &forest, &proof));
    CHECK_OK(sj_inclusion_verify(
        999, 1000, &forest.nodes[0][999], proof.hashes, proof.count, &root, &valid));
    CHECK(!valid);
    fell(&forest);
}

TEST(proof_of_what_is_not_there_is_refused)
{
    struct forest forest = {.reads = 0};
    struct sj_proof proof = {.count = 7};
    struct sj_hash root;
    struct sj_hash empty;
    CHECK_CODE(sj_inclusion_prove(5, 5, read_node, &forest, &proof), NOT_FOUND);
    CHECK_CODE(sj_inclusion_prove(0, 0, read_node, &forest, &proof), NOT_FOUND);
    CHECK_CODE(sj_consistency_prove(6, 5, read_node, &forest, &proof), BAD_PARAMETER);
    CHECK_OK(sj_consistency_prove(0, 5, read_node, &forest, &proof));
    CHECK(proof.count == 0);
    CHECK_OK(sj_consistency_prove(5, 5, read_node, &forest, &proof));
    CHECK(proof.count == 0 && forest.reads == 0);
    CHECK_OK(sj_nodes_root(0, read_node, &forest, &root));
    CHECK_OK(sj_sha256(NULL, 0, &empty));
    CHECK(sj_hash_equal(&root, &empty));
}

/* The classic tree's proofs (RFC 6962's example has the same shape). */
TEST(proof_of_the_classic_tree_leads_to_its_roots)
{
    json_t *root = vector_load("audit/merkle/rfc6962-tree.json");
    const json_t *leaves = json_object_get(root, "leaf_inputs_hex");
    const json_t *roots = json_object_get(root, "roots_by_size_hex");
    const json_t *levels = json_object_get(root, "level_hashes_hex");
    struct forest forest = {.reads = 0};
    grow(&forest);
    for (size_t i = 0; i < 8; i++) {
        uint8_t entry[16];
        struct sj_hash known;
        const char *hex = json_string_value(json_array_get(leaves, i));
        CHECK_OK(sj_parse_hex(sj_text_of(hex), entry, strlen(hex) / 2));
        CHECK_OK(sj_leaf_hash(sj_view_of(entry, strlen(hex) / 2), &forest.nodes[0][i]));
        CHECK_OK(sj_parse_hex(
            sj_text_of(json_string_value(json_array_get(json_array_get(levels, 0), i))),
            known.bytes, SJ_HASH_SIZE));
        CHECK(sj_hash_equal(&known, &forest.nodes[0][i]));
    }
    for (uint64_t size = 1; size <= 8; size++) {
        struct sj_hash expected;
        struct sj_hash actual;
        CHECK_OK(sj_parse_hex(sj_text_of(json_string_value(json_array_get(roots, (size_t)size))),
            expected.bytes, SJ_HASH_SIZE));
        CHECK_OK(sj_nodes_root(size, read_node, &forest, &actual));
        CHECK(sj_hash_equal(&expected, &actual));
        for (uint64_t i = 0; i < size; i++) {
            check_inclusion(&forest, i, size);
        }
    }
    fell(&forest);
    json_decref(root);
}

/* ---- the file ---- */

TEST(tlog_proof_syntax_agrees_with_the_vectors)
{
    json_t *root = vector_load("audit/tlog-proof/syntax.json");
    const json_t *cases = json_object_get(root, "cases");
    CHECK(json_array_size(cases) >= 8);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *vector = json_array_get(cases, i);
        struct sj_tlog_proof proof;
        const bool is_good = sj_text_starts(vector_text(vector, "expect"), "parses");
        CHECK(is_good || sj_text_is(vector_text(vector, "expect"), "reject"));
        const sj_status status =
            sj_tlog_proof_parse(sj_text_bytes(vector_text(vector, "proof")), &proof);
        CHECK(status.code == (is_good ? SJ_OK : SJ_INVALID));
    }
    json_decref(root);
}

#define HASH_LINE "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
#define START     "c2sp.org/tlog-proof@v1\n"

TEST(attack_18_malformed_proof_files_are_refused)
{
    static const char *const bad[] = {"", "c2sp.org/tlog-proof@v1", START, START "index 0\n",
        START "index 0\n\n", START "index 0\n" HASH_LINE, START "index 0\n" HASH_LINE "\n",
        START "index 00\n\nc\n", START "index +1\n\nc\n", START "index  1\n\nc\n",
        START "index 9223372036854775807\n\nc\n", START "index 18446744073709551616\n\nc\n",
        START "Index 1\n\nc\n", START "index 1\r\n\r\nc\n",
        "c2sp.org/tlog-proof@v1\r\nindex 1\n\nc\n", "c2sp.org/tlog-proof@v2\nindex 1\n\nc\n",
        START "extra \nindex 1\n\nc\n", START "extra AAA\nindex 1\n\nc\n",
        START "extra AAAA\nextra AAAA\nindex 1\n\nc\n", START "index 1\nextra AAAA\n\nc\n",
        START "extra AAB=\nindex 1\n\nc\n" /* unused bits */,
        START "index 1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n\nc\n",
        START "index 1\n AAAA\n\nc\n",
        START "index 1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n\nc\n",
        START "index 1\n\n\xff\n"};
    struct sj_tlog_proof proof;
    for (size_t i = 0; i < SJ_COUNT(bad); i++) {
        const sj_status status = sj_tlog_proof_parse(sj_text_bytes(sj_text_of(bad[i])), &proof);
        CHECK(status.code == SJ_INVALID);
        if (status.code != SJ_INVALID) {
            (void)printf("    case %zu\n", i);
        }
    }
    CHECK_OK(
        sj_tlog_proof_parse(sj_text_bytes(SJ_TEXT(START "extra AAAA\nindex 1\n\nc\n")), &proof));
    CHECK(sj_text_is(proof.extra, "AAAA") && proof.index == 1);
}

TEST(attack_18_proof_file_has_at_most_63_hashes)
{
    for (size_t count = 62; count <= 65; count++) {
        CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(8192);
        struct sj_tlog_proof proof;
        CHECK_OK(sj_buf_put_str(&text, START "index 9223372036854775806\n"));
        for (size_t i = 0; i < count; i++) {
            CHECK_OK(sj_buf_put_str(&text, HASH_LINE));
        }
        CHECK_OK(sj_buf_put_str(&text, "\nc\n"));
        CHECK((sj_tlog_proof_parse(sj_buf_view(&text), &proof).code == SJ_OK) == (count <= 63));
    }
}

/* ---- a proof file against a policy ---- */

struct signer {
    struct sj_signing_key *secret;
    struct sj_note_key key;
};

static struct signer signer_of(const char *name, uint8_t type, uint8_t seed_byte)
{
    const struct sj_key seed = {{seed_byte}};
    struct signer signer;
    uint8_t public_key[SJ_ED25519_PUBLIC];
    CHECK_OK(sj_signing_key_new(&seed, &signer.secret));
    sj_signing_key_public(signer.secret, public_key);
    CHECK_OK(sj_note_key_make(sj_text_of(name), type, public_key, &signer.key));
    return signer;
}

static void put_key(struct sj_buf *text, const char *before, const struct signer *signer)
{
    CHECK_OK(sj_buf_put_str(text, before));
    CHECK_OK(sj_note_key_format(&signer->key, text));
    CHECK_OK(sj_buf_put_byte(text, '\n'));
}

/* Proof of leaf 5 of 9 under a note of this origin by log, with the witness's line when there is one. */
static void make_file(struct forest *forest, const struct signer *log, const struct signer *witness,
    const char *origin, struct sj_buf *out)
{
    struct sj_tlog_proof file = {.index = 5};
    struct sj_hash root;
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(4096);
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(8192);
    CHECK_OK(sj_nodes_root(9, read_node, forest, &root));
    CHECK_OK(sj_checkpoint_format(sj_text_of(origin), 9, &root, &body));
    CHECK_OK(sj_note_sign(sj_buf_text(&body), &log->key, log->secret, &note));
    if (witness != NULL) {
        CHECK_OK(
            sj_note_cosign(sj_buf_text(&body), &witness->key, witness->secret, 1700000000, &note));
    }
    CHECK_OK(sj_inclusion_prove(5, 9, read_node, forest, &file.proof));
    file.checkpoint = sj_buf_view(&note);
    CHECK_OK(sj_proof_format(file.index, &file.proof, file.checkpoint, out));
}

static enum sj_tlog_proof_verdict verdict_of(
    const struct sj_buf *file, const struct sj_tlog_policy *policy, const struct sj_hash *leaf)
{
    enum sj_tlog_proof_verdict verdict = SJ_PROOF_HOLDS;
    CHECK_OK(sj_tlog_proof_verify(sj_buf_view(file), policy, leaf, &verdict));
    return verdict;
}

TEST(attack_16_proof_file_counts_only_for_the_log_and_the_witness_that_signed)
{
    struct forest forest = {.reads = 0};
    CLEANUP(sj_freep) struct sj_tlog_policy *policy = NULL;
    void *memory = NULL;
    size_t line = 0;
    struct signer log = signer_of("log.example/a", 1, 1);
    struct signer other = signer_of("log.example/b", 1, 2);
    struct signer stranger = signer_of("log.example/a", 1, 3);
    struct signer witness = signer_of("w.example", 4, 4);
    struct signer thief = signer_of("w.example", 4, 5);
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(4096);
    CLEANUP(sj_buf_clear) struct sj_buf file = SJ_BUF(16384);
    grow(&forest);
    REQUIRE_OK(sj_alloc(1, sizeof(*policy), &memory));
    policy = memory;
    put_key(&text, "log ", &log);
    put_key(&text, "log ", &other);
    put_key(&text, "witness w ", &witness);
    CHECK_OK(sj_buf_put_str(&text, "quorum w\n"));
    REQUIRE_OK(sj_tlog_policy_parse(sj_buf_view(&text), policy, &line));

    make_file(&forest, &log, &witness, "log.example/a", &file);
    CHECK(verdict_of(&file, policy, &forest.nodes[0][5]) == SJ_PROOF_HOLDS);
    CHECK(verdict_of(&file, policy, &forest.nodes[0][4]) == SJ_PROOF_WRONG);
    file.ptr[file.len - 10] ^= 1; /* the witness's line */
    CHECK(verdict_of(&file, policy, &forest.nodes[0][5]) != SJ_PROOF_HOLDS);
    sj_buf_reset(&file);
    make_file(&forest, &log, NULL, "log.example/a", &file);
    CHECK(verdict_of(&file, policy, &forest.nodes[0][5]) == SJ_PROOF_NO_QUORUM);
    sj_buf_reset(&file);
    make_file(&forest, &log, &thief, "log.example/a", &file);
    CHECK(verdict_of(&file, policy, &forest.nodes[0][5]) == SJ_PROOF_NO_QUORUM);
    sj_buf_reset(&file);
    make_file(&forest, &other, &witness, "log.example/a", &file);
    CHECK(verdict_of(&file, policy, &forest.nodes[0][5]) == SJ_PROOF_FORGED);
    sj_buf_reset(&file);
    make_file(&forest, &stranger, &witness, "log.example/a", &file);
    CHECK(verdict_of(&file, policy, &forest.nodes[0][5]) == SJ_PROOF_UNSIGNED);
    fell(&forest);
    struct signer *const all[] = {&log, &other, &stranger, &witness, &thief};
    for (size_t i = 0; i < SJ_COUNT(all); i++) {
        sj_signing_key_free(&all[i]->secret);
    }
}
