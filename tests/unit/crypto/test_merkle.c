/* SPDX-License-Identifier: Apache-2.0
 *
 * Do roots and proofs equal those of RFC 6962 (transparency-dev vectors)?
 */
#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/merkle.h"
#include "vector_json.h"
#include <dirent.h>
#include <ftw.h>
#include <string.h>

TEST(merkle_gives_the_roots_of_the_classic_tree)
{
    json_t *root = vector_load("audit/merkle/rfc6962-tree.json");
    const json_t *leaves = json_object_get(root, "leaf_inputs_hex");
    const json_t *roots = json_object_get(root, "roots_by_size_hex");
    struct sj_frontier frontier = {0};
    CHECK(json_array_size(leaves) == 8 && json_array_size(roots) == 9);
    for (size_t size = 0; size <= 8; size++) {
        struct sj_hash actual;
        struct sj_hash expected;
        CHECK_OK(sj_parse_hex(sj_text_of(json_string_value(json_array_get(roots, size))),
            expected.bytes, SJ_HASH_SIZE));
        CHECK_OK(sj_frontier_root(&frontier, &actual));
        CHECK(sj_hash_equal(&actual, &expected));
        if (size < 8) {
            const char *hex = json_string_value(json_array_get(leaves, size));
            uint8_t entry[16];
            struct sj_hash leaf;
            CHECK_OK(sj_parse_hex(sj_text_of(hex), entry, strlen(hex) / 2));
            CHECK_OK(sj_leaf_hash(sj_view_of(entry, strlen(hex) / 2), &leaf));
            CHECK_OK(sj_frontier_append(&frontier, &leaf));
        }
    }
    json_decref(root);
}

static size_t proof_cases;

/* Some roots are texts of other lengths: their digest stands in, as wrong and as equal as they are. */
static struct sj_hash read_hash(const json_t *object, const char *name)
{
    struct sj_hash hash = {{0}};
    CLEANUP(sj_buf_clear) struct sj_buf bytes = vector_base64(object, name);
    if (bytes.len == SJ_HASH_SIZE) {
        memcpy(hash.bytes, bytes.ptr, SJ_HASH_SIZE);
    } else {
        CHECK_OK(sj_sha256_one(sj_buf_view(&bytes), &hash));
    }
    return hash;
}

static bool read_proof(const json_t *object, struct sj_hash *proof, size_t *ret_count)
{
    const json_t *list = json_object_get(object, "proof");
    *ret_count = json_array_size(list);
    for (size_t i = 0; i < *ret_count && i < SJ_PROOF_MAX + 1; i++) {
        CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(128);
        const char *text = json_string_value(json_array_get(list, i));
        if (text[0] == '\0' || sj_failed(sj_parse_base64(sj_text_of(text), &bytes)) ||
            bytes.len != SJ_HASH_SIZE) {
            return false;
        }
        memcpy(proof[i].bytes, bytes.ptr, SJ_HASH_SIZE);
    }
    return true;
}

static uint64_t read_u64(const json_t *object, const char *name)
{
    return (uint64_t)json_integer_value(json_object_get(object, name));
}

static bool verify_case(const json_t *test)
{
    struct sj_hash proof[SJ_PROOF_MAX + 1];
    size_t count = 0;
    bool valid = false;
    if (!read_proof(test, proof, &count)) {
        return false;
    }
    if (json_object_get(test, "leafIdx") != NULL) {
        /* an empty leaf hash cannot be passed at all */
        if (vector_text(test, "leafHash").len == 0) {
            return false;
        }
        const struct sj_hash leaf = read_hash(test, "leafHash");
        const struct sj_hash root = read_hash(test, "root");
        CHECK_OK(sj_inclusion_verify(read_u64(test, "leafIdx"), read_u64(test, "treeSize"), &leaf,
            proof, count, &root, &valid));
        return valid;
    }
    const struct sj_hash root1 = read_hash(test, "root1");
    const struct sj_hash root2 = read_hash(test, "root2");
    CHECK_OK(sj_consistency_verify(
        read_u64(test, "size1"), read_u64(test, "size2"), &root1, &root2, proof, count, &valid));
    return valid;
}

static int visit(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info;
    (void)place;
    json_t *test = kind == FTW_F ? json_load_file(path, 0, NULL) : NULL;
    if (test != NULL) {
        const bool expected = json_is_false(json_object_get(test, "wantErr"));
        const bool actual = verify_case(test);
        CHECK(actual == expected);
        if (actual != expected) {
            (void)printf("    %s\n", path);
        }
        proof_cases++;
        json_decref(test);
    }
    return 0;
}

TEST(merkle_proofs_agree_with_the_vectors)
{
    CHECK(nftw(SJ_TEST_VECTORS "/audit/merkle/inclusion", visit, 16, FTW_PHYS) == 0);
    CHECK(nftw(SJ_TEST_VECTORS "/audit/merkle/consistency", visit, 16, FTW_PHYS) == 0);
    CHECK(proof_cases >= 90);
}

TEST(merkle_refuses_proofs_of_hostile_size)
{
    static struct sj_hash proof[SJ_PROOF_MAX + 1];
    struct sj_hash root = {{0}};
    bool valid = true;
    CHECK_OK(sj_inclusion_verify(0, UINT64_MAX, &root, proof, SJ_PROOF_MAX + 1, &root, &valid));
    CHECK(!valid);
    valid = true;
    CHECK_OK(sj_inclusion_verify(UINT64_MAX, UINT64_MAX, &root, proof, 1, &root, &valid));
    CHECK(!valid);
    valid = true;
    CHECK_OK(sj_consistency_verify(1, UINT64_MAX, &root, &root, proof, SJ_PROOF_MAX + 1, &valid));
    CHECK(!valid);
    valid = true;
    CHECK_OK(sj_consistency_verify(UINT64_MAX, UINT64_MAX, &root, &root, proof, 1, &valid));
    CHECK(!valid);
}

/* The definition, RFC 9162 2.1.1, on all leaves at once. */
static struct sj_hash root_by_definition(const struct sj_hash *leaves, size_t count)
{
    struct sj_hash root;
    if (count == 1) {
        return leaves[0];
    }
    size_t k = 1;
    while (k * 2 < count) {
        k *= 2;
    }
    const struct sj_hash left = root_by_definition(leaves, k);
    const struct sj_hash right = root_by_definition(leaves + k, count - k);
    CHECK_OK(sj_node_hash(&left, &right, &root));
    return root;
}

TEST(merkle_frontier_equals_the_definition)
{
    static struct sj_hash leaves[300];
    struct sj_frontier frontier = {0};
    for (size_t i = 0; i < SJ_COUNT(leaves); i++) {
        CHECK_OK(sj_leaf_hash(sj_view_of(&i, sizeof(i)), &leaves[i]));
        CHECK_OK(sj_frontier_append(&frontier, &leaves[i]));
        struct sj_hash actual;
        const struct sj_hash expected = root_by_definition(leaves, i + 1);
        CHECK_OK(sj_frontier_root(&frontier, &actual));
        CHECK(sj_hash_equal(&actual, &expected));
    }
}
