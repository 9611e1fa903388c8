/* SPDX-License-Identifier: Apache-2.0
 *
 * Do refusals of one source share an entry, and of no other? The record itself is tested over the API
 * (tests/abuse/test_sign_in_flood.py).
 */
#include "flood.h"
#include "test.h"

static struct sj_uuid source_of(uint32_t number)
{
    struct sj_uuid source = {{0}};
    for (unsigned i = 0; i < 4; i++) {
        source.bytes[i] = (uint8_t)(number >> (8 * i));
    }
    return source;
}

TEST(flood_shares_the_first_receipt_within_the_window)
{
    struct sj_flood *flood = NULL;
    REQUIRE_OK(sj_flood_new(&flood));
    const struct sj_receipt first = {.index = 7, .leaf = {{1}}};
    struct sj_receipt got = {.index = 0};
    CHECK(sj_flood_turn(flood, source_of(1), 1000, &got) == SJ_FLOOD_FIRST);
    CHECK(sj_flood_turn(flood, source_of(1), 1001, &got) == SJ_FLOOD_WAIT);
    CHECK(sj_flood_turn(flood, source_of(2), 1001, &got) == SJ_FLOOD_FIRST);
    sj_flood_recorded(flood, source_of(1), &first);
    CHECK(sj_flood_turn(flood, source_of(2), 1002, &got) == SJ_FLOOD_WAIT);
    CHECK(got.index == 0);
    CHECK(sj_flood_turn(flood, source_of(1), 10999, &got) == SJ_FLOOD_SHARED);
    CHECK(got.index == 7 && sj_hash_equal(&got.leaf, &first.leaf));
    CHECK(sj_flood_turn(flood, source_of(1), 11000, &got) == SJ_FLOOD_FIRST);
    CHECK(sj_flood_turn(flood, source_of(1), 11001, &got) == SJ_FLOOD_WAIT);
    sj_flood_free(&flood);
    CHECK(flood == NULL);
}

TEST(flood_has_no_receipt_of_what_was_not_recorded)
{
    struct sj_flood *flood = NULL;
    REQUIRE_OK(sj_flood_new(&flood));
    struct sj_receipt got = {.index = 0};
    CHECK(sj_flood_turn(flood, source_of(1), 1000, &got) == SJ_FLOOD_FIRST);
    sj_flood_recorded(flood, source_of(1), NULL);
    CHECK(sj_flood_turn(flood, source_of(1), 1001, &got) == SJ_FLOOD_FIRST);
    sj_flood_recorded(flood, source_of(3), NULL); /* of a window that gave way */
    CHECK(sj_flood_turn(flood, source_of(1), 1002, &got) == SJ_FLOOD_WAIT);
    sj_flood_free(&flood);
}

TEST(flood_is_bounded_and_never_mixes_sources)
{
    struct sj_flood *flood = NULL;
    REQUIRE_OK(sj_flood_new(&flood));
    unsigned shared = 0;
    for (uint32_t i = 1; i <= 20000; i++) {
        struct sj_receipt got = {.index = 0};
        CHECK(sj_flood_turn(flood, source_of(i), 1000 + i / 100, &got) == SJ_FLOOD_FIRST);
        const struct sj_receipt mine = {.index = i};
        sj_flood_recorded(flood, source_of(i), &mine);
    }
    for (uint32_t i = 1; i <= 20000; i++) {
        struct sj_receipt got = {.index = i};
        shared += sj_flood_turn(flood, source_of(i), 1300, &got) == SJ_FLOOD_SHARED;
        CHECK(got.index == i);
    }
    CHECK(shared <= 1024);
    sj_flood_free(&flood);
}
