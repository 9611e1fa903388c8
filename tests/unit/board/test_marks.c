/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a mark what its scale allows, when does it need a reason, and what do marks come to?
 */
#include "sanjeh/board/rating.h"
#include "test.h"

static struct sj_decimal dec(const char *text)
{
    struct sj_decimal decimal = {0, 0};
    CHECK_OK(sj_decimal_parse(sj_text_of(text), &decimal));
    return decimal;
}

static bool is(struct sj_decimal decimal, const char *expected)
{
    return sj_decimal_compare(decimal, dec(expected)) == 0;
}

TEST(marks_are_decimals_within_their_scale)
{
    static const char *const good[] = {"0", "100", "55.5", "99.99", "۵۵.۵", "٧٠"};
    static const char *const bad[] = {"", "-1", "100.01", "101", "1.234", "1e2", "+5", " 5", "5 ",
        "05", "abc", "۱۰۱", "5.", "NaN"};
    struct sj_decimal mark;
    bool extreme;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        CHECK_OK(sj_mark_parse(sj_text_of(good[i]), 0, 100, &mark, &extreme));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_CODE(sj_mark_parse(sj_text_of(bad[i]), 0, 100, &mark, &extreme), INVALID);
    }
    CHECK_OK(sj_mark_parse(sj_text_of("۵۵.۵"), 0, 100, &mark, &extreme));
    CHECK(is(mark, "55.5"));
    CHECK_CODE(sj_mark_parse(sj_text_of("1"), 5, 5, &mark, &extreme), INVALID);
}

TEST(marks_in_the_first_and_last_tenth_are_extreme)
{
    static const struct {
        const char *mark;
        int64_t min;
        int64_t max;
        bool is_extreme;
    } cases[] = {
        {"0", 0, 100, true},
        {"10", 0, 100, true},
        {"10.01", 0, 100, false},
        {"50", 0, 100, false},
        {"89.99", 0, 100, false},
        {"90", 0, 100, true},
        {"100", 0, 100, true},
        {"1", 1, 5, true},
        {"1.4", 1, 5, true},
        {"1.41", 1, 5, false},
        {"4.6", 1, 5, true},
        {"4.59", 1, 5, false},
        {"-4", -5, 5, true},
        {"-3.99", -5, 5, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sj_decimal mark;
        bool extreme = !cases[i].is_extreme;
        CHECK_OK(
            sj_mark_parse(sj_text_of(cases[i].mark), cases[i].min, cases[i].max, &mark, &extreme));
        CHECK(extreme == cases[i].is_extreme);
    }
}

TEST(marks_come_to_an_exact_mean)
{
    const struct sj_decimal three[] = {dec("70"), dec("80"), dec("80")};
    const struct sj_decimal fine[] = {dec("0.01"), dec("0.02")};
    struct sj_decimal mean;
    CHECK_OK(sj_marks_mean(three, 3, &mean));
    CHECK(is(mean, "76.666667"));
    CHECK_OK(sj_marks_mean(fine, 2, &mean));
    CHECK(is(mean, "0.015"));
    CHECK_OK(sj_marks_mean(fine, 1, &mean));
    CHECK(is(mean, "0.01"));
    CHECK_CODE(sj_marks_mean(fine, 0, &mean), INVALID); /* no mark is not a zero */
    const struct sj_decimal too_fine = dec("0.001");
    CHECK_CODE(sj_marks_mean(&too_fine, 1, &mean), INVALID);
}

TEST(marks_become_sub_scores_of_their_scale)
{
    struct sj_decimal score;
    CHECK_OK(sj_mark_score(dec("76.666667"), 0, 100, &score));
    CHECK(is(score, "76.666667"));
    CHECK_OK(sj_mark_score(dec("1"), 1, 5, &score));
    CHECK(is(score, "0"));
    CHECK_OK(sj_mark_score(dec("5"), 1, 5, &score));
    CHECK(is(score, "100"));
    CHECK_OK(sj_mark_score(dec("3.5"), 1, 5, &score));
    CHECK(is(score, "62.5"));
    CHECK_OK(sj_mark_score(dec("0"), -5, 5, &score));
    CHECK(is(score, "50"));
    CHECK_CODE(sj_mark_score(dec("5.01"), 1, 5, &score), INVALID);
    CHECK_CODE(sj_mark_score(dec("0.99"), 1, 5, &score), INVALID);
    CHECK_CODE(sj_mark_score(dec("1.0000001"), 1, 5, &score), INVALID);
}
