/* SPDX-License-Identifier: Apache-2.0
 *
 * Do the statistics give what a person computes by hand, and nothing where the sample is too small?
 */
#include "sanjeh/analysis/statistics.h"
#include "sanjeh/base/memory.h"
#include "test.h"

#include <string.h>

static struct sj_decimal dec(const char *text)
{
    struct sj_decimal decimal = {0, 0};
    CHECK_OK(sj_decimal_parse(sj_text_of(text), &decimal));
    return decimal;
}

static void check_is(struct sj_decimal decimal, const char *expected)
{
    char text[SJ_DECIMAL_TEXT_SIZE];
    sj_decimal_format(decimal, text);
    if (strcmp(text, expected) != 0) {
        sj_test_fail(expected, text);
    }
}

static void check_score(const struct sj_anchors *anchors, const char *value, const char *expected)
{
    struct sj_decimal score = {-1, 0};
    CHECK_OK(sj_anchors_score(anchors, dec(value), &score));
    check_is(score, expected);
}

TEST(anchors_rise_fall_and_keep_their_ends)
{
    const struct sj_anchors higher = {.direction = SJ_DIRECTION_HIGHER,
        .floor = dec("50"),
        .target = dec("90"),
        .cap = dec("100")};
    check_score(&higher, "-5", "0");
    check_score(&higher, "50", "0");
    check_score(&higher, "70", "40");
    check_score(&higher, "90", "80");
    check_score(&higher, "95", "90");
    check_score(&higher, "100", "100");
    check_score(&higher, "250", "100");
    const struct sj_anchors lower = {
        .direction = SJ_DIRECTION_LOWER, .floor = dec("40"), .target = dec("10"), .cap = dec("0")};
    check_score(&lower, "41", "0");
    check_score(&lower, "25", "40");
    check_score(&lower, "10", "80");
    check_score(&lower, "5", "90");
    check_score(&lower, "0", "100");
    check_score(&lower, "-1", "100");
    const struct sj_anchors thirds = {
        .direction = SJ_DIRECTION_HIGHER, .floor = dec("0"), .target = dec("3"), .cap = dec("6")};
    check_score(&thirds, "1", "26.666667");
}

TEST(anchors_of_a_band_fall_off_on_both_sides)
{
    const struct sj_anchors band = {.direction = SJ_DIRECTION_BAND,
        .floor = dec("60"),
        .low = dec("98"),
        .high = dec("115"),
        .cap = dec("150")};
    check_score(&band, "60", "0");
    check_score(&band, "79", "50");
    check_score(&band, "98", "100");
    check_score(&band, "106.5", "100");
    check_score(&band, "115", "100");
    check_score(&band, "132.5", "50");
    check_score(&band, "150", "0");
    check_score(&band, "900", "0");
}

TEST(anchors_where_target_is_cap_are_worth_the_cap)
{
    const struct sj_anchors higher = {.direction = SJ_DIRECTION_HIGHER,
        .floor = dec("0"),
        .target = dec("100"),
        .cap = dec("100")};
    check_score(&higher, "100", "100");
    check_score(&higher, "50", "40");
    const struct sj_anchors lower = {
        .direction = SJ_DIRECTION_LOWER, .floor = dec("10"), .target = dec("0"), .cap = dec("0")};
    check_score(&lower, "0", "100");
    check_score(&lower, "5", "40");
}

static void check_range(const struct sj_anchors *anchors, const char *low, const char *high,
    const char *least, const char *most)
{
    const struct sj_interval values = {dec(low), dec(high)};
    struct sj_interval scores;
    REQUIRE_OK(sj_anchors_range(anchors, &values, &scores));
    CHECK(sj_decimal_compare(scores.low, dec(least)) == 0);
    CHECK(sj_decimal_compare(scores.high, dec(most)) == 0);
}

TEST(anchors_range_of_an_interval_is_ordered_and_holds_the_top_of_a_band)
{
    const struct sj_anchors higher = {.direction = SJ_DIRECTION_HIGHER,
        .floor = dec("50"),
        .target = dec("90"),
        .cap = dec("100")};
    check_range(&higher, "70", "95", "40", "90");
    const struct sj_anchors lower = {
        .direction = SJ_DIRECTION_LOWER, .floor = dec("50"), .target = dec("10"), .cap = dec("0")};
    check_range(&lower, "5", "30", "40", "90");
    const struct sj_anchors band = {.direction = SJ_DIRECTION_BAND,
        .floor = dec("60"),
        .low = dec("98"),
        .high = dec("115"),
        .cap = dec("150")};
    check_range(&band, "79", "132.5", "50", "100"); /* both ends are worth 50, the middle 100 */
    check_range(&band, "60", "79", "0", "50");
    check_range(&band, "115", "150", "0", "100");
    check_range(&band, "120", "150", "0", "85.714286");
    const struct sj_interval turned = {dec("80"), dec("70")};
    struct sj_interval scores;
    CHECK_CODE(sj_anchors_range(&higher, &turned, &scores), INVALID);
}

TEST(anchors_out_of_order_are_refused)
{
    const struct sj_anchors wrong[] = {
        {.direction = SJ_DIRECTION_HIGHER, .floor = {9, 0}, .target = {9, 0}, .cap = {10, 0}},
        {.direction = SJ_DIRECTION_HIGHER, .floor = {1, 0}, .target = {9, 0}, .cap = {8, 0}},
        {.direction = SJ_DIRECTION_LOWER, .floor = {1, 0}, .target = {9, 0}, .cap = {0, 0}},
        {.direction = SJ_DIRECTION_BAND,
            .floor = {1, 0},
            .low = {5, 0},
            .high = {4, 0},
            .cap = {9, 0}},
        {.direction = SJ_DIRECTION_NONE}, {.direction = SJ_DIRECTION_GATE}};
    for (size_t i = 0; i < SJ_COUNT(wrong); i++) {
        struct sj_decimal score;
        CHECK_CODE(sj_anchors_score(&wrong[i], dec("5"), &score), INVALID);
    }
}

TEST(shrinkage_moves_small_samples_to_the_peers)
{
    struct sj_decimal shrunk;
    REQUIRE_OK(sj_shrink(dec("50"), 20, dec("90"), SJ_SHRINK_CASES, &shrunk));
    check_is(shrunk, "70");
    REQUIRE_OK(sj_shrink(dec("50"), 0, dec("90"), SJ_SHRINK_CASES, &shrunk));
    check_is(shrunk, "90");
    REQUIRE_OK(sj_shrink(dec("4"), 5, dec("3"), SJ_SHRINK_RESPONSES, &shrunk));
    check_is(shrunk, "3.333333"); /* (20 + 30) / 15 */
    CHECK_CODE(sj_shrink(dec("4"), -1, dec("3"), 10, &shrunk), INVALID);
    CHECK_CODE(sj_shrink(dec("4"), 1, dec("3"), 0, &shrunk), INVALID);
}

TEST(wilson_gives_the_published_intervals)
{
    /* Newcombe 1998, table I, method 3; the last row is the third one seen from the other side */
    static const struct {
        int64_t x, n;
        const char *low, *high;
    } rows[] = {{81, 263, "0.2553", "0.3662"}, {15, 148, "0.0624", "0.1605"},
        {0, 20, "0", "0.1611"}, {1, 29, "0.0061", "0.1718"}, {20, 20, "0.8389", "1"}};
    for (size_t i = 0; i < SJ_COUNT(rows); i++) {
        struct sj_interval interval;
        REQUIRE_OK(sj_wilson(rows[i].x, rows[i].n, &interval));
        check_is(sj_decimal_round(interval.low, 4), rows[i].low);
        check_is(sj_decimal_round(interval.high, 4), rows[i].high);
    }
    struct sj_interval interval;
    CHECK_OK(sj_wilson(500000000, 1000000000, &interval));
    CHECK_CODE(sj_wilson(0, 0, &interval), INVALID);
    CHECK_CODE(sj_wilson(3, 2, &interval), INVALID);
    CHECK_CODE(sj_wilson(-1, 2, &interval), INVALID);
}

static enum sj_funnel flag_of(int64_t x, int64_t n, const char *p0)
{
    enum sj_funnel flag = SJ_FUNNEL_COUNT_;
    CHECK_OK(sj_funnel_flag(x, n, dec(p0), &flag));
    return flag;
}

TEST(funnel_flags_only_beyond_three_deviations)
{
    /* p0 = 0.5, n = 100: 0.5 ± 0.15 exactly */
    CHECK(flag_of(35, 100, "0.5") == SJ_FUNNEL_WITHIN);
    CHECK(flag_of(34, 100, "0.5") == SJ_FUNNEL_BELOW);
    CHECK(flag_of(65, 100, "0.5") == SJ_FUNNEL_WITHIN);
    CHECK(flag_of(66, 100, "0.5") == SJ_FUNNEL_ABOVE);
    CHECK(flag_of(0, 5, "0.5") == SJ_FUNNEL_WITHIN); /* few cases flag nobody */
    enum sj_funnel flag;
    CHECK_CODE(sj_funnel_flag(1, 2, dec("1.1"), &flag), INVALID);
    CHECK_CODE(sj_funnel_flag(1, 0, dec("0.5"), &flag), INVALID);
}

TEST(median_and_mean_are_exact)
{
    struct sj_decimal values[] = {dec("9"), dec("1"), dec("2.5"), dec("4")};
    struct sj_decimal result;
    REQUIRE_OK(sj_mean(values, 4, &result));
    check_is(result, "4.125");
    REQUIRE_OK(sj_median(values, 4, &result));
    check_is(result, "3.25");
    REQUIRE_OK(sj_median(values, 3, &result));
    check_is(result, "2.5");
    CHECK_CODE(sj_median(values, 0, &result), INVALID);
    CHECK_CODE(sj_mean(values, 0, &result), INVALID);
}

TEST(robust_z_needs_peers_and_spread)
{
    struct sj_statistic z;
    struct sj_decimal peers[10];
    for (int64_t i = 0; i < 10; i++) {
        peers[i] = (struct sj_decimal){i + 1, 0};
    }
    /* median 5.5, deviations .5 .5 1.5 1.5 2.5 2.5 3.5 3.5 4.5 4.5: MAD 2.5; 0.6745 × 10 / 2.5 */
    struct sj_peer_group group;
    REQUIRE_OK(sj_peer_group_of(peers, 10, &group));
    check_is(group.mean, "5.5");
    check_is(group.median, "5.5");
    check_is(group.mad, "2.5");
    REQUIRE_OK(sj_robust_z(&group, dec("15.5"), &z));
    CHECK(z.has_value);
    check_is(z.value, "2.698");
    group.count = 9;
    REQUIRE_OK(sj_robust_z(&group, dec("15.5"), &z));
    CHECK(!z.has_value && strcmp(z.reason, "SMALL_PEER_GROUP") == 0);
    for (size_t i = 0; i < 10; i++) {
        peers[i] = dec("7");
    }
    REQUIRE_OK(sj_peer_group_of(peers, 10, &group));
    REQUIRE_OK(sj_robust_z(&group, dec("8"), &z));
    CHECK(!z.has_value && strcmp(z.reason, "NO_SPREAD") == 0);
    CHECK_OK(sj_peer_group_of(peers, 0, &group));
    CHECK(group.count == 0);
}

TEST(severity_is_said_from_eight_subjects_on)
{
    struct sj_mark_pair pairs[8];
    for (size_t i = 0; i < 8; i++) {
        pairs[i] = (struct sj_mark_pair){dec("3"), dec("3.5")};
    }
    struct sj_severity severity;
    REQUIRE_OK(sj_rater_severity(pairs, 8, 4, &severity));
    CHECK(severity.bias.has_value && !severity.is_notable);
    check_is(severity.bias.value, "-0.5");
    pairs[0].own = dec("2.9");
    REQUIRE_OK(sj_rater_severity(pairs, 8, 4, &severity));
    check_is(severity.bias.value, "-0.5125");
    CHECK(severity.is_notable);
    REQUIRE_OK(sj_rater_severity(pairs, 7, 4, &severity));
    CHECK(!severity.bias.has_value && !severity.is_notable);
    CHECK(strcmp(severity.bias.reason, "FEW_SUBJECTS") == 0);
    CHECK_CODE(sj_rater_severity(pairs, 8, 0, &severity), INVALID);
}

TEST(agreement_of_reviewers_is_one_without_differences)
{
    const struct sj_mark_pair pairs[] = {
        {dec("80"), dec("80")}, {dec("70"), dec("90")}, {dec("60"), dec("50")}};
    struct sj_statistic agreement;
    REQUIRE_OK(sj_reviewer_agreement(pairs, 3, &agreement));
    check_is(agreement.value, "0.9");
    REQUIRE_OK(sj_reviewer_agreement(pairs, 1, &agreement));
    check_is(agreement.value, "1");
    REQUIRE_OK(sj_reviewer_agreement(pairs, 0, &agreement));
    CHECK(!agreement.has_value && strcmp(agreement.reason, "FEW_SUBJECTS") == 0);
}
