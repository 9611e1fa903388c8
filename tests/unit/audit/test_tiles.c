/* SPDX-License-Identifier: Apache-2.0
 *
 * Do tiles and frontier describe the same tree at every size? And have tiles the names that C2SP gives them?
 */
#include "sanjeh/audit/tile_path.h"
#include "sanjeh/base/memory.h"
#include "test.h"
#include "tiles.h"

static sj_status count_tile(
    void *ctx, unsigned level, uint64_t n, const struct sj_hash hashes[SJ_TILE_WIDTH])
{
    uint64_t *counts = ctx;
    (void)hashes;
    SJ_ASSERT(n == counts[level]); /* tiles of a level become full in order */
    counts[level]++;
    return SJ_DONE;
}

static sj_status leaf_of(uint64_t number, struct sj_hash *ret_leaf)
{
    return sj_leaf_hash(sj_view_of(&number, sizeof(number)), ret_leaf);
}

static bool same(const struct sj_frontier *a, const struct sj_frontier *b)
{
    bool equal = a->size == b->size;
    for (unsigned bit = 0; bit < 64; bit++) {
        equal =
            equal && ((a->size >> bit & 1) == 0 || sj_hash_equal(&a->hashes[bit], &b->hashes[bit]));
    }
    return equal;
}

TEST(tiles_give_the_frontier_at_every_size)
{
    void *memory = NULL;
    uint64_t counts[SJ_TILE_LEVELS] = {0};
    struct sj_frontier frontier = {0};
    struct sj_frontier implied = {0};
    REQUIRE_OK(sj_crypto_init());
    REQUIRE_OK(sj_alloc(1, sizeof(struct sj_edge), &memory));
    struct sj_edge *edge = memory;
    for (uint64_t i = 0; i < 70000; i++) {
        struct sj_hash leaf;
        REQUIRE_OK(leaf_of(i, &leaf));
        REQUIRE_OK(sj_edge_append(edge, &leaf, count_tile, counts));
        REQUIRE_OK(sj_frontier_append(&frontier, &leaf));
        if (i < 600 || i % 997 == 0 || (i + 1) % 65536 < 3) {
            REQUIRE_OK(sj_edge_frontier(edge, &implied));
            REQUIRE(same(&frontier, &implied));
        }
    }
    CHECK(counts[0] == 273 && counts[1] == 1 && counts[2] == 0);
    sj_free(memory);
}

TEST(tiles_and_frontier_grown_together_are_those_grown_apart)
{
    void *memory = NULL;
    uint64_t counts[SJ_TILE_LEVELS] = {0};
    uint64_t counts_together[SJ_TILE_LEVELS] = {0};
    struct sj_frontier frontier = {0};
    struct sj_frontier together = {0};
    REQUIRE_OK(sj_crypto_init());
    REQUIRE_OK(sj_alloc(2, sizeof(struct sj_edge), &memory));
    struct sj_edge *edges = memory;
    for (uint64_t i = 0; i < 70000; i++) {
        struct sj_hash leaf;
        REQUIRE_OK(leaf_of(i, &leaf));
        REQUIRE_OK(sj_edge_append(&edges[0], &leaf, count_tile, counts));
        REQUIRE_OK(sj_frontier_append(&frontier, &leaf));
        REQUIRE_OK(sj_edge_grow(&edges[1], &together, &leaf, count_tile, counts_together));
        if (i < 600 || i % 997 == 0 || (i + 1) % 65536 < 3) {
            REQUIRE(same(&frontier, &together) && edges[0].size == edges[1].size);
            REQUIRE(sj_view_equal(sj_view_of(edges[0].hashes, sizeof edges[0].hashes),
                sj_view_of(edges[1].hashes, sizeof edges[1].hashes)));
        }
    }
    CHECK(counts_together[0] == counts[0] && counts_together[1] == 1);
    sj_free(memory);
}

TEST(tiles_of_size_70000_are_those_of_the_specification)
{
    CHECK(sj_tile_count(70000, 0, 272) == 256 && sj_tile_count(70000, 0, 273) == 112);
    CHECK(sj_tile_count(70000, 0, 274) == 0);
    CHECK(sj_tile_count(70000, 1, 0) == 256 && sj_tile_count(70000, 1, 1) == 17);
    CHECK(sj_tile_count(70000, 2, 0) == 1 && sj_tile_count(70000, 3, 0) == 0);
    CHECK(sj_tile_count(0, 0, 0) == 0);
}

TEST(tile_names_are_written_and_read)
{
    static const struct {
        const char *path;
        struct sj_tile_name name;
    } cases[] = {
        {"tile/0/000", {.level = 0, .width = 0, .n = 0}},
        {"tile/3/x001/x234/067", {.level = 3, .width = 0, .n = 1234067}},
        {"tile/63/005.p/255", {.level = 63, .width = 255, .n = 5}},
        {"tile/entries/x001/000.p/1", {.level = SJ_TILE_ENTRIES, .width = 1, .n = 1000}},
    };
    for (size_t i = 0; i < SJ_COUNT(cases); i++) {
        struct sj_tile_name name;
        CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(128);
        CHECK_OK(sj_tile_name_parse(sj_text_of(cases[i].path), &name));
        CHECK(name.level == cases[i].name.level && name.width == cases[i].name.width);
        CHECK(name.n == cases[i].name.n);
        CHECK_OK(sj_tile_name_format(&cases[i].name, &out));
        CHECK(sj_text_is(sj_buf_text(&out), cases[i].path));
    }
}

TEST(tile_names_have_one_spelling)
{
    static const char *const refused[] = {"tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/x000/000",
        "tile/64/000", "tile/00/000", "tile/0/001.p/0", "tile/0/001.p/256", "tile/0/001.p/01",
        "tile/0/x001", "tile/0/x001/", "tile/0/001/", "tile/0/../000", "/tile/0/000", "tile/0/000 ",
        "tile//000", "tile/0/", "tile/0", "", "tile/entries/", "tile/Entries/000", "tile/0/-01",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
        "tile/0/x999/x999/x999/x999/x999/x999/999"};
    for (size_t i = 0; i < SJ_COUNT(refused); i++) {
        struct sj_tile_name name;
        CHECK_CODE(sj_tile_name_parse(sj_text_of(refused[i]), &name), BAD_PARAMETER);
    }
}
