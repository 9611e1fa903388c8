/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a score follow from its items, and from nothing else?
 */
#include "sanjeh/analysis/score.h"
#include "sanjeh/base/memory.h"
#include "test.h"

#include <string.h>

static struct sj_decimal dec(const char *text)
{
    struct sj_decimal decimal = {0, 0};
    CHECK_OK(sj_decimal_parse(sj_text_of(text), &decimal));
    return decimal;
}

static struct sj_score_item item(enum sj_family family, const char *weight, const char *score)
{
    return (struct sj_score_item){.family = family,
        .weight = dec(weight),
        .has_score = score != NULL,
        .score = score == NULL ? (struct sj_decimal){0, 0} : dec(score)};
}

static bool is(struct sj_decimal decimal, const char *expected)
{
    return sj_decimal_compare(decimal, dec(expected)) == 0;
}

/* One item of quality alone: the score is that item's. */
static struct sj_score_total total_of(const char *score)
{
    const struct sj_score_item one = item(SJ_FAMILY_QUALITY, "100", score);
    struct sj_score_total total = {.is_sufficient = false};
    CHECK_OK(sj_score_total(&one, 1, 70, &total));
    return total;
}

TEST(score_bands_have_an_inclusive_lower_bound)
{
    static const struct {
        const char *score;
        const char *code;
        const char *name_fa;
    } rows[] = {{"100", "excellent", "عالی"}, {"90", "excellent", "عالی"},
        {"89.999999", "very_good", "خیلی خوب"}, {"89.9999999", "very_good", "خیلی خوب"},
        {"80", "very_good", "خیلی خوب"}, {"79.999999", "good", "خوب"}, {"70", "good", "خوب"},
        {"69.999999", "fair", "متوسط"}, {"50", "fair", "متوسط"}, {"49.999999", "poor", "ضعیف"},
        {"0", "poor", "ضعیف"}};
    for (size_t i = 0; i < SJ_COUNT(rows); i++) {
        const struct sj_score_total total = total_of(rows[i].score);
        CHECK(total.is_sufficient);
        CHECK(strcmp(sj_band_code(total.band), rows[i].code) == 0);
        CHECK(strcmp(sj_band_name_fa(total.band), rows[i].name_fa) == 0);
    }
}

TEST(score_does_not_reach_a_band_by_rounding)
{
    /* (90 × 2 + 89.999999) / 3 = 89.99999966…: six decimals would round to 90 */
    const struct sj_score_item items[] = {item(SJ_FAMILY_QUALITY, "40", "90"),
        item(SJ_FAMILY_DEVELOPMENT, "20", "89.999999"), item(SJ_FAMILY_TIMELINESS, "40", NULL)};
    struct sj_score_total total;
    REQUIRE_OK(sj_score_total(items, SJ_COUNT(items), 60, &total));
    CHECK(total.is_sufficient && is(total.score, "89.999999"));
    CHECK(total.band == SJ_BAND_VERY_GOOD);
}

TEST(score_takes_missing_for_missing_and_not_for_zero)
{
    const struct sj_score_item items[] = {item(SJ_FAMILY_QUALITY, "30", "80"),
        item(SJ_FAMILY_TIMELINESS, "30", NULL), item(SJ_FAMILY_CONDUCT, "25", "90"),
        item(SJ_FAMILY_DEVELOPMENT, "15", "70")};
    struct sj_score_total total;
    REQUIRE_OK(sj_score_total(items, SJ_COUNT(items), 70, &total));
    /* (30·80 + 25·90 + 15·70) / 70 = 5700 / 70 = 81.428571428… */
    CHECK(total.is_sufficient && is(total.coverage, "70") && is(total.score, "81.428571"));
    CHECK(total.band == SJ_BAND_VERY_GOOD);
}

TEST(score_needs_the_coverage)
{
    struct sj_score_item items[] = {
        item(SJ_FAMILY_QUALITY, "69.99", "80"), item(SJ_FAMILY_DEVELOPMENT, "30.01", NULL)};
    struct sj_score_total total;
    REQUIRE_OK(sj_score_total(items, SJ_COUNT(items), 70, &total));
    CHECK(!total.is_sufficient && is(total.coverage, "69.99") && total.score.units == 0);
    items[0].weight = dec("70");
    items[1].weight = dec("30");
    REQUIRE_OK(sj_score_total(items, SJ_COUNT(items), 70, &total));
    CHECK(total.is_sufficient && is(total.coverage, "70") && is(total.score, "80"));
    items[0].has_score = false;
    REQUIRE_OK(sj_score_total(items, SJ_COUNT(items), 0, &total));
    CHECK(!total.is_sufficient && is(total.coverage, "0"));
}

static void check_refused(const char *quality, const char *timeliness, const char *conduct)
{
    const struct sj_score_item items[] = {item(SJ_FAMILY_QUALITY, quality, "80"),
        item(SJ_FAMILY_TIMELINESS, timeliness, "80"), item(SJ_FAMILY_CONDUCT, conduct, "80")};
    struct sj_score_total total;
    CHECK_CODE(sj_score_total(items, SJ_COUNT(items), 70, &total), INVALID);
}

TEST(score_keeps_the_sum_and_the_caps_of_weights)
{
    const struct sj_score_item limits[] = {item(SJ_FAMILY_QUALITY, "35", "80"),
        item(SJ_FAMILY_TIMELINESS, "40", "80"), item(SJ_FAMILY_CONDUCT, "25", "80")};
    struct sj_score_total total;
    CHECK_OK(sj_score_total(limits, SJ_COUNT(limits), 70, &total));
    check_refused("34.99", "40.01", "25");
    check_refused("34.99", "40", "25.01");
    check_refused("35", "40", "24.99");
    check_refused("35.01", "40", "25");
    CHECK_CODE(sj_score_total(limits, 0, 70, &total), INVALID);
}

TEST(score_refuses_items_out_of_range)
{
    static const char *const bad[] = {"-0.000001", "100.000001"};
    for (size_t i = 0; i < SJ_COUNT(bad); i++) {
        const struct sj_score_item one = item(SJ_FAMILY_QUALITY, "100", bad[i]);
        struct sj_score_total total;
        CHECK_CODE(sj_score_total(&one, 1, 70, &total), INVALID);
    }
}

static struct sj_score_item sampled(
    enum sj_family family, const char *weight, const char *score, const char *low, const char *high)
{
    struct sj_score_item one = item(family, weight, score);
    one.has_interval = true;
    one.interval = (struct sj_interval){dec(low), dec(high)};
    return one;
}

static void check_interval(const struct sj_score_item *items, size_t count, const char *score,
    const char *low, const char *high, const char *weight)
{
    struct sj_score_total total;
    REQUIRE_OK(sj_score_total(items, count, 70, &total));
    CHECK(total.is_sufficient && is(total.score, score));
    CHECK(total.has_interval && is(total.interval.low, low) && is(total.interval.high, high));
    CHECK(is(total.interval_weight, weight));
}

/* Ends worked out in Python's decimal with 40 digits: score -+ sqrt(sum of (weight x distance)^2) / covered weight. */
TEST(score_interval_adds_the_parts_square_by_square)
{
    const struct sj_score_item whole[] = {item(SJ_FAMILY_QUALITY, "30", "80"),
        sampled(SJ_FAMILY_TIMELINESS, "30", "84", "70", "95"), item(SJ_FAMILY_CONDUCT, "25", "60"),
        sampled(SJ_FAMILY_DEVELOPMENT, "15", "50", "40", "62")};
    check_interval(whole, SJ_COUNT(whole), "71.7", "67.240179", "75.458989", "45");
    /* of what is covered, 80 of 100 */
    const struct sj_score_item part[] = {item(SJ_FAMILY_QUALITY, "40", "88.5"),
        sampled(SJ_FAMILY_TIMELINESS, "30", "97.25", "91.333333", "99.1"),
        item(SJ_FAMILY_CONDUCT, "20", NULL),
        sampled(SJ_FAMILY_DEVELOPMENT, "10", "33.3", "12.7", "61.9")};
    check_interval(part, SJ_COUNT(part), "84.88125", "81.482209", "88.522941", "40");
}

TEST(score_interval_of_one_part_is_its_own_and_stays_in_the_scale)
{
    const struct sj_score_item one = sampled(SJ_FAMILY_QUALITY, "100", "97.5", "90.25", "100");
    check_interval(&one, 1, "97.5", "90.25", "100", "100");
    const struct sj_score_item ends[] = {sampled(SJ_FAMILY_QUALITY, "60", "0", "0", "30"),
        sampled(SJ_FAMILY_DEVELOPMENT, "40", "0", "0", "40")};
    check_interval(ends, SJ_COUNT(ends), "0", "0", "24.083189", "100");
}

TEST(score_has_no_interval_of_marks_and_none_when_not_sufficient)
{
    const struct sj_score_item marks = item(SJ_FAMILY_QUALITY, "100", "80");
    struct sj_score_total total;
    REQUIRE_OK(sj_score_total(&marks, 1, 70, &total));
    CHECK(total.is_sufficient && !total.has_interval);
    const struct sj_score_item few[] = {sampled(SJ_FAMILY_QUALITY, "60", "50", "40", "60"),
        item(SJ_FAMILY_DEVELOPMENT, "40", NULL)};
    REQUIRE_OK(sj_score_total(few, SJ_COUNT(few), 70, &total));
    CHECK(!total.is_sufficient && !total.has_interval);
}

TEST(score_refuses_an_interval_without_its_score)
{
    static const char *const ends[][2] = {{"81", "90"}, {"70", "79"}, {"-1", "90"}, {"70", "101"}};
    for (size_t i = 0; i < SJ_COUNT(ends); i++) {
        const struct sj_score_item one =
            sampled(SJ_FAMILY_QUALITY, "100", "80", ends[i][0], ends[i][1]);
        struct sj_score_total total;
        CHECK_CODE(sj_score_total(&one, 1, 70, &total), INVALID);
    }
}
