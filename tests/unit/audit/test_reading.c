/* SPDX-License-Identifier: Apache-2.0
 *
 * Do readers of the tree get exactly the tiles and proofs of what was signed, and never one that somebody has changed in the
 * database? A log with two levels of full tiles and a real keeper; every damage is made while the server runs.
 */
#include "sanjeh/audit/reading.h"

#include <stdio.h>

#include "fixture.h"
#include "sanjeh/base/memory.h"
#include "tiles.h"

#define ENTRIES 66100 /* 65,536 and some */

static void fill(struct rig *rig, uint64_t size)
{
    const struct sj_draft draft = rig_draft("judge:read");
    struct sj_receipt receipt;
    while (sj_sequencer_stats(rig->sequencer).size < size) {
        const uint64_t left = size - sj_sequencer_stats(rig->sequencer).size;
        for (uint64_t i = 1; i < left && i < 1000; i++) {
            sj_sequencer_note(rig->sequencer, &draft);
        }
        CHECK_OK(rig_record(rig, "judge:read", &receipt));
    }
}

static struct sj_reading *open_reading(struct rig *rig, struct sj_context *context)
{
    struct sj_reading *reading = NULL;
    rig_record_context(rig, context);
    CHECK_OK(sj_reading_open(rig->sequencer, rig->db, context, &reading));
    SJ_ASSERT(reading != NULL);
    return reading;
}

static sj_status read_tile(
    struct sj_reading *reading, uint8_t level, uint64_t n, uint8_t width, struct sj_buf *out)
{
    const struct sj_tile_name name = {.level = level, .width = width, .n = n};
    sj_buf_reset(out);
    return sj_reading_tile(reading, &name, out);
}

/* Every proof against roots that were made from the bundles of entries alone, as an outsider would. */
struct outsider {
    struct sj_hash *leaves;
    uint64_t size;
};

static void take_bundles(struct sj_reading *reading, struct outsider *outsider)
{
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF((size_t)2 * 1024 * 1024);
    void *memory = NULL;
    outsider->size = sj_reading_size(reading);
    REQUIRE_OK(sj_alloc((size_t)outsider->size, sizeof(struct sj_hash), &memory));
    outsider->leaves = memory;
    for (uint64_t n = 0; n * SJ_TILE_WIDTH < outsider->size; n++) {
        const unsigned count = sj_tile_count(outsider->size, 0, n);
        REQUIRE_OK(read_tile(reading, SJ_TILE_ENTRIES, n, (uint8_t)count, &bytes));
        size_t at = 0;
        for (unsigned i = 0; i < count; i++) {
            const size_t len = (size_t)(bytes.ptr[at] << 8 | bytes.ptr[at + 1]);
            REQUIRE(at + 2 + len <= bytes.len);
            REQUIRE_OK(sj_leaf_hash(
                sj_view_of(bytes.ptr + at + 2, len), &outsider->leaves[n * SJ_TILE_WIDTH + i]));
            at += 2 + len;
        }
        CHECK(at == bytes.len);
    }
}

static struct sj_hash root_of(const struct outsider *outsider, uint64_t size)
{
    struct sj_frontier frontier = {.size = 0};
    struct sj_hash root = {{0}};
    for (uint64_t i = 0; i < size; i++) {
        CHECK_OK(sj_frontier_append(&frontier, &outsider->leaves[i]));
    }
    CHECK_OK(sj_frontier_root(&frontier, &root));
    return root;
}

static void prove_some(struct sj_reading *reading, const struct outsider *outsider, uint64_t size)
{
    const struct sj_hash root = root_of(outsider, size);
    for (uint64_t index = 0; index < size; index = index * 3 + 1) {
        struct sj_hash leaf;
        struct sj_proof proof;
        bool is_valid = false;
        REQUIRE_OK(sj_reading_inclusion(reading, index, size, &leaf, &proof));
        CHECK(sj_hash_equal(&leaf, &outsider->leaves[index]));
        REQUIRE_OK(
            sj_inclusion_verify(index, size, &leaf, proof.hashes, proof.count, &root, &is_valid));
        CHECK(is_valid);
    }
}

static void compare_some(struct sj_reading *reading, const struct outsider *outsider, uint64_t old)
{
    const struct sj_hash old_root = root_of(outsider, old);
    const struct sj_hash root = sj_reading_root(reading);
    struct sj_hash told_old;
    struct sj_hash told_new;
    struct sj_proof proof;
    bool is_valid = false;
    REQUIRE_OK(sj_reading_consistency(reading, old, outsider->size, &told_old, &told_new, &proof));
    CHECK(sj_hash_equal(&told_old, &old_root) && sj_hash_equal(&told_new, &root));
    REQUIRE_OK(sj_consistency_verify(
        old, outsider->size, &old_root, &root, proof.hashes, proof.count, &is_valid));
    CHECK(is_valid);
}

static void prove_all_sizes(void *ctx)
{
    static const uint64_t sizes[] = {1, 2, 255, 256, 257, 511, 65535, 65536, 65537, 65800, 66100};
    struct rig *rig = ctx;
    struct sj_context context;
    struct outsider outsider = {NULL, 0};
    REQUIRE_OK(rig_open(rig));
    fill(rig, ENTRIES);
    struct sj_reading *reading = open_reading(rig, &context);
    take_bundles(reading, &outsider);
    const struct sj_hash signed_root = sj_reading_root(reading);
    const struct sj_hash root = root_of(&outsider, outsider.size);
    CHECK(sj_hash_equal(&root, &signed_root));
    for (size_t i = 0; i < SJ_COUNT(sizes); i++) {
        prove_some(reading, &outsider, sizes[i]);
        compare_some(reading, &outsider, sizes[i]);
    }
    struct sj_hash leaf;
    struct sj_proof proof;
    CHECK_CODE(sj_reading_inclusion(reading, outsider.size, 0, &leaf, &proof), NOT_FOUND);
    CHECK_CODE(sj_reading_inclusion(reading, 0, outsider.size + 1, &leaf, &proof), NOT_FOUND);
    CHECK_CODE(sj_reading_inclusion(reading, 5, 5, &leaf, &proof), NOT_FOUND);
    sj_reading_close(&reading);
    sj_free(outsider.leaves);
    rig_close(rig);
}

TEST(reading_proves_entries_and_older_trees_at_every_size)
{
    struct rig rig;
    rig_fresh(&rig);
    rig.queue_max = 8192;
    sj_test_on_fiber(prove_all_sizes, &rig);
    rig_end(&rig);
}

static void read_tiles(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_context context;
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF((size_t)2 * 1024 * 1024);
    CLEANUP(sj_buf_clear) struct sj_buf full = SJ_BUF(SJ_TILE_BYTES);
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF((size_t)100 * 1024);
    REQUIRE_OK(rig_open(rig));
    fill(rig, 600);
    struct sj_reading *reading = open_reading(rig, &context);
    REQUIRE(sj_reading_size(reading) == 600);
    REQUIRE_OK(read_tile(reading, 0, 0, 0, &full));
    CHECK(full.len == SJ_TILE_BYTES);
    /* the partial one of a size that was signed long ago is the beginning of the full one */
    REQUIRE_OK(read_tile(reading, 0, 0, 17, &bytes));
    CHECK(bytes.len == 17 * SJ_HASH_SIZE && memcmp(bytes.ptr, full.ptr, bytes.len) == 0);
    REQUIRE_OK(read_tile(reading, 0, 2, 88, &bytes));
    CHECK(bytes.len == 88 * SJ_HASH_SIZE);
    struct sj_hash root;
    REQUIRE_OK(read_tile(reading, 1, 0, 2, &bytes));
    REQUIRE_OK(sj_tile_root((const struct sj_hash *)(const void *)full.ptr, SJ_TILE_WIDTH, &root));
    CHECK(bytes.len == 64 && memcmp(bytes.ptr, root.bytes, SJ_HASH_SIZE) == 0);
    CHECK_CODE(read_tile(reading, 0, 2, 89, &bytes), NOT_FOUND); /* beyond what was signed */
    CHECK_CODE(read_tile(reading, 0, 2, 0, &bytes), NOT_FOUND);  /* not full yet */
    CHECK_CODE(read_tile(reading, 0, 3, 1, &bytes), NOT_FOUND);
    CHECK_CODE(read_tile(reading, 1, 0, 3, &bytes), NOT_FOUND);
    CHECK_CODE(read_tile(reading, 2, 0, 1, &bytes), NOT_FOUND);
    CHECK_CODE(read_tile(reading, 63, 0, 1, &bytes), NOT_FOUND);
    CHECK_CODE(read_tile(reading, SJ_TILE_ENTRIES, 2, 0, &bytes), NOT_FOUND);
    CHECK_CODE(read_tile(reading, SJ_TILE_ENTRIES, UINT64_MAX / 512, 1, &bytes), NOT_FOUND);
    REQUIRE_OK(sj_reading_checkpoint(reading, 0, &note));
    CHECK_CODE(sj_reading_checkpoint(reading, 601, &note), NOT_FOUND);
    sj_reading_close(&reading);
    /* a view stays what it was while the log grows */
    reading = open_reading(rig, &context);
    fill(rig, 800);
    CHECK(sj_reading_size(reading) == 600);
    CHECK_CODE(read_tile(reading, 0, 2, 0, &bytes), NOT_FOUND);
    REQUIRE_OK(read_tile(reading, 0, 2, 88, &bytes));
    sj_reading_close(&reading);
    reading = open_reading(rig, &context);
    note.len = 0;
    REQUIRE_OK(sj_reading_checkpoint(reading, 600, &note));
    sj_reading_close(&reading);
    rig_close(rig);
}

TEST(reading_gives_tiles_of_every_signed_size_and_no_other)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(read_tiles, &rig);
    rig_end(&rig);
}

static void damage_and_prove(void *ctx)
{
    struct rig *rig = ctx;
    struct sj_context context;
    struct sj_hash leaf;
    struct sj_hash other;
    struct sj_proof proof;
    REQUIRE_OK(rig_open(rig));
    fill(rig, 700);
    struct sj_reading *reading = open_reading(rig, &context);
    CHECK_OK(sj_reading_inclusion(reading, 300, 0, &leaf, &proof));
    CHECK(rig_forge(rig, "create table public.t as table sanjeh.audit_tile;"
                         "update sanjeh.audit_tile set hashes = set_byte(hashes, 1500,"
                         " get_byte(hashes, 1500) # 1) where level = 0 and n = 1"));
    CHECK_CODE(sj_reading_inclusion(reading, 300, 0, &leaf, &proof), LOG_TAMPERED);
    CHECK_CODE(sj_reading_inclusion(reading, 300, 400, &leaf, &proof), LOG_TAMPERED);
    CHECK_CODE(sj_reading_consistency(reading, 400, 700, &leaf, &other, &proof), LOG_TAMPERED);
    CHECK_CODE(sj_reading_consistency(reading, 400, 450, &leaf, &other, &proof), LOG_TAMPERED);
    CHECK_OK(sj_reading_inclusion(reading, 3, 256, &leaf, &proof)); /* that tile is whole */
    CHECK(rig_forge(rig, "delete from sanjeh.audit_tile where level = 0 and n = 1"));
    CHECK_CODE(sj_reading_inclusion(reading, 300, 0, &leaf, &proof), LOG_TAMPERED);
    CHECK(rig_forge(rig, "truncate sanjeh.audit_tile; insert into sanjeh.audit_tile table public.t;"
                         "drop table public.t"));
    CHECK_OK(sj_reading_inclusion(reading, 300, 0, &leaf, &proof));
    sj_reading_close(&reading);
    rig_deed_context(rig, &context);
    REQUIRE_OK(sj_reading_open(rig->sequencer, rig->db, &context, &reading));
    CHECK_CODE(sj_reading_inclusion(reading, 300, 0, &leaf, &proof), FORBIDDEN);
    sj_reading_close(&reading);
    rig_close(rig);
}

TEST(reading_of_a_changed_tile_is_an_error_never_a_proof)
{
    struct rig rig;
    rig_fresh(&rig);
    sj_test_on_fiber(damage_and_prove, &rig);
    rig_end(&rig);
}
