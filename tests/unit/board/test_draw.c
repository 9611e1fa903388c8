/* SPDX-License-Identifier: Apache-2.0
 *
 * Do seed and frame alone choose the decisions, and is every stratum heard? And does a judge's name give itself away?
 */
#include "sanjeh/board/draw.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

#define FRAME 60u

static char refs[FRAME][16];
static struct sj_frame_item items[FRAME];

/* 40 civil, 17 criminal, 3 family. */
static void make_frame(void)
{
    for (size_t i = 0; i < FRAME; i++) {
        (void)snprintf(refs[i], sizeof refs[i], "D-%03zu", i * 37 % 1000);
        items[i] = (struct sj_frame_item){.ref = sj_text_of(refs[i]),
            .stratum = i < 40   ? SJ_TEXT("civil")
                       : i < 57 ? SJ_TEXT("criminal")
                                : SJ_TEXT("family"),
            .text = SJ_TEXT("رأی")};
    }
}

static struct sj_hash seed_of(uint8_t byte)
{
    struct sj_hash seed;
    memset(seed.bytes, byte, sizeof seed.bytes);
    return seed;
}

static size_t of_stratum(const size_t *picks, size_t count, const char *stratum)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        found += sj_text_is(items[picks[i]].stratum, stratum) ? 1 : 0;
    }
    return found;
}

TEST(draws_are_the_same_for_the_same_seed_and_frame)
{
    make_frame();
    const struct sj_hash seed = seed_of(7);
    size_t first[12];
    size_t again[12];
    CHECK_OK(sj_sample_draw(&seed, items, FRAME, 12, first));
    CHECK_OK(sj_sample_draw(&seed, items, FRAME, 12, again));
    CHECK(memcmp(first, again, sizeof first) == 0);
    struct sj_frame_item turned[FRAME];
    for (size_t i = 0; i < FRAME; i++) {
        turned[i] = items[FRAME - 1 - i];
    }
    CHECK_OK(sj_sample_draw(&seed, turned, FRAME, 12, again));
    for (size_t i = 0; i < 12; i++) {
        CHECK(sj_text_equal(items[first[i]].ref, turned[again[i]].ref));
    }
}

TEST(draws_differ_with_the_seed_and_with_any_change_of_the_frame)
{
    make_frame();
    const struct sj_hash one = seed_of(1);
    const struct sj_hash two = seed_of(2);
    size_t a[12];
    size_t b[12];
    struct sj_hash before;
    struct sj_hash after;
    CHECK_OK(sj_sample_draw(&one, items, FRAME, 12, a));
    CHECK_OK(sj_sample_draw(&two, items, FRAME, 12, b));
    CHECK(memcmp(a, b, sizeof a) != 0);
    CHECK_OK(sj_frame_hash(items, FRAME, &before));
    items[5].text = SJ_TEXT("رأی دیگر");
    CHECK_OK(sj_frame_hash(items, FRAME, &after));
    CHECK(!sj_hash_equal(&before, &after));
    CHECK_OK(sj_sample_draw(&one, items, FRAME, 12, b));
    CHECK(memcmp(a, b, sizeof a) != 0);
}

TEST(draws_give_each_stratum_its_share_and_at_least_one)
{
    make_frame();
    for (uint8_t byte = 0; byte < 50; byte++) {
        const struct sj_hash seed = seed_of(byte);
        size_t picks[12];
        CHECK_OK(sj_sample_draw(&seed, items, FRAME, 12, picks));
        CHECK(of_stratum(picks, 12, "civil") == 8);
        CHECK(of_stratum(picks, 12, "criminal") == 3);
        CHECK(of_stratum(picks, 12, "family") == 1);
        CHECK_OK(sj_sample_draw(&seed, items, FRAME, 8, picks));
        CHECK(of_stratum(picks, 8, "family") == 1); /* 0.4 of one, and yet heard */
        for (size_t i = 1; i < 8; i++) {
            CHECK(strcmp(items[picks[i - 1]].ref.ptr, items[picks[i]].ref.ptr) < 0);
        }
    }
}

TEST(draws_reach_every_decision)
{
    make_frame();
    bool seen[FRAME] = {false};
    for (unsigned byte = 0; byte < 200; byte++) {
        const struct sj_hash seed = seed_of((uint8_t)byte);
        size_t picks[12];
        CHECK_OK(sj_sample_draw(&seed, items, FRAME, 12, picks));
        for (size_t i = 0; i < 12; i++) {
            seen[picks[i]] = true;
        }
    }
    for (size_t i = 0; i < FRAME; i++) {
        CHECK(seen[i]);
    }
}

TEST(draws_refuse_what_is_no_frame)
{
    make_frame();
    const struct sj_hash seed = seed_of(3);
    size_t picks[64];
    CHECK_CODE(sj_sample_draw(&seed, items, FRAME, 7, picks), INVALID);
    CHECK_CODE(sj_sample_draw(&seed, items, FRAME, 51, picks), INVALID);
    CHECK_CODE(sj_sample_draw(&seed, items, 8, 9, picks), INVALID);
    CHECK_CODE(sj_sample_draw(&seed, items, 0, 8, picks), INVALID);
    CHECK_OK(sj_sample_draw(&seed, items, 8, 8, picks));
    items[3].ref = items[9].ref;
    CHECK_CODE(sj_sample_draw(&seed, items, FRAME, 12, picks), INVALID);
}

TEST(pairs_of_reviewers_are_two_and_spread)
{
    struct sj_uuid reviewers[4];
    size_t used[4] = {0};
    for (uint8_t i = 0; i < 4; i++) {
        reviewers[i] = (struct sj_uuid){{(uint8_t)(i + 1)}};
    }
    const struct sj_hash seed = seed_of(9);
    struct sj_uuid one;
    struct sj_uuid two;
    for (uint32_t no = 1; no <= 100; no++) {
        CHECK_OK(sj_sample_pair(&seed, no, reviewers, 4, &one, &two));
        CHECK(!sj_uuid_equal(one, two));
        for (size_t i = 0; i < 4; i++) {
            used[i] += sj_uuid_equal(one, reviewers[i]) || sj_uuid_equal(two, reviewers[i]) ? 1 : 0;
        }
    }
    for (size_t i = 0; i < 4; i++) {
        CHECK(used[i] > 25 && used[i] < 75);
    }
    CHECK_CODE(sj_sample_pair(&seed, 1, reviewers, 1, &one, &two), INVALID);
    reviewers[1] = reviewers[0];
    CHECK_CODE(sj_sample_pair(&seed, 1, reviewers, 2, &one, &two), INVALID);
}

TEST(names_in_a_text_are_found_by_whole_words)
{
    static const struct {
        const char *text;
        bool names;
    } cases[] = {
        {"به ریاست آقای رضایی صادر شد", true},
        {"قاضی: «رضایی»، شعبه ۳", true},
        {"رضايي", true},                 /* Arabic letters */
        {"رضایی‌نژاد", true}, /* a word beside a ZWNJ */
        {"Rezaei", false},
        {"با رضایت طرفین", false},
        {"حسین", true},
        {"محسن", false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool names = !cases[i].names;
        CHECK_OK(sj_text_names(sj_text_of(cases[i].text), SJ_TEXT("حسین رضایی"), &names));
        CHECK(names == cases[i].names);
    }
}
