/* SPDX-License-Identifier: Apache-2.0
 *
 * Are decimals exact, and is there one spelling of each?
 */
#include "sanjeh/analysis/decimal.h"
#include "test.h"

#include <string.h>

static void check_format(const char *in, const char *out)
{
    struct sj_decimal decimal;
    char text[SJ_DECIMAL_TEXT_SIZE];
    REQUIRE_OK(sj_decimal_parse(sj_text_of(in), &decimal));
    sj_decimal_format(decimal, text);
    CHECK(strcmp(text, out) == 0);
}

TEST(decimal_formats_the_shortest_spelling)
{
    check_format("0", "0");
    check_format("-0", "0");
    check_format("0.000", "0");
    check_format("7.90", "7.9");
    check_format("7", "7");
    check_format("100", "100");
    check_format("-23.750000", "-23.75");
    check_format("0.000001", "0.000001");
    check_format("-0.05", "-0.05");
    check_format("999999999999999999", "999999999999999999");
    check_format("0.99999999999999999", "0.99999999999999999");
    check_format("-99999999999999999.9", "-99999999999999999.9");
}

TEST(decimal_refuses_other_spellings)
{
    static const char *const bad[] = {"", "-", "+1", ".5", "5.", "1.2.3", "1e3", "0x1", " 1", "1 ",
        "1,5", "01", "-01", "00", "--1", "1-", "NaN", "1.-5", "9999999999999999999",
        "0.9999999999999999999", "1\n"};
    struct sj_decimal decimal = {42, 1};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        CHECK_CODE(sj_decimal_parse(sj_text_of(bad[i]), &decimal), BAD_REQUEST);
    }
    CHECK(decimal.units == 42 && decimal.scale == 1);
}

static void check_ratio(
    int64_t numerator, int64_t factor, int64_t denominator, const char *expected)
{
    struct sj_decimal quotient;
    char text[SJ_DECIMAL_TEXT_SIZE];
    REQUIRE_OK(sj_decimal_ratio(numerator, factor, denominator, &quotient));
    sj_decimal_format(quotient, text);
    CHECK(strcmp(text, expected) == 0);
}

TEST(decimal_ratio_rounds_half_away_from_zero)
{
    check_ratio(1, 1, 3, "0.333333");
    check_ratio(2, 1, 3, "0.666667");
    check_ratio(-2, 1, 3, "-0.666667");
    check_ratio(1, 1, 2000000, "0.000001");
    check_ratio(-1, 1, 2000000, "-0.000001");
    check_ratio(1, 1, 2000001, "0");
    check_ratio(5, 100, 5, "100");
    check_ratio(0, 100, 7, "0");
    check_ratio(7, 1, -2, "-3.5");
}

TEST(decimal_ratio_refuses_zero_and_what_does_not_fit)
{
    struct sj_decimal quotient;
    CHECK_CODE(sj_decimal_ratio(1, 1, 0, &quotient), INVALID);
    CHECK_CODE(sj_decimal_ratio(INT64_MAX, INT64_MAX, 1, &quotient), INVALID);
    CHECK_CODE(sj_decimal_ratio(INT64_C(1000000000000), 1, 1, &quotient), INVALID);
    CHECK_OK(sj_decimal_ratio(INT64_C(999999999999), 1, 1, &quotient));
}

TEST(decimal_rounds_and_compares)
{
    const struct sj_decimal value = {-23750001, 6};
    const struct sj_decimal rounded = sj_decimal_round(value, 2);
    CHECK(rounded.units == -2375 && rounded.scale == 2);
    CHECK(sj_decimal_round((struct sj_decimal){12965, 3}, 2).units == 1297);
    CHECK(sj_decimal_round((struct sj_decimal){-12965, 3}, 2).units == -1297);
    CHECK(sj_decimal_round((struct sj_decimal){5, 0}, 2).units == 5);
    CHECK(sj_decimal_compare((struct sj_decimal){79, 1}, (struct sj_decimal){8, 0}) < 0);
    CHECK(sj_decimal_compare((struct sj_decimal){100, 0}, (struct sj_decimal){1, 0}) > 0);
    CHECK(sj_decimal_compare(
              (struct sj_decimal){1, 18}, (struct sj_decimal){999999999999999999, 0}) < 0);
    CHECK(sj_decimal_compare((struct sj_decimal){-5, 1}, (struct sj_decimal){-5, 1}) == 0);
}
