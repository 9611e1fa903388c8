/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the formula language give the published CEPEJ figures, keep null apart from zero and refuse the rest?
 */
#include "sanjeh/analysis/expression.h"
#include "sanjeh/base/memory.h"
#include "test.h"

#include <string.h>

#define UNKNOWN (-1)

static struct sj_expression parsed(const char *text)
{
    struct sj_expression expression = {.count = 0};
    struct sj_expression_fault fault = {"", 0};
    if (sj_failed(sj_expression_parse(
            sj_text_of(text), sj_workload_inputs, SJ_INPUT_WORKLOAD_COUNT_, &expression, &fault))) {
        sj_test_fail(text, fault.code);
    }
    return expression;
}

static struct sj_result run(const char *text, const int64_t *values)
{
    const struct sj_expression expression = parsed(text);
    struct sj_input_value known[SJ_INPUT_WORKLOAD_COUNT_] = {{.is_known = false}};
    for (size_t i = 0; i < SJ_INPUT_WORKLOAD_COUNT_; i++) {
        known[i].is_known = values[i] != UNKNOWN;
        known[i].value = (struct sj_decimal){known[i].is_known ? values[i] : 0, 0};
    }
    struct sj_result result;
    sj_expression_run(&expression, sj_workload_inputs, known, &result);
    return result;
}

static void check_value(
    const char *text, const int64_t *values, uint8_t scale, const char *expected)
{
    const struct sj_result result = run(text, values);
    char got[SJ_DECIMAL_TEXT_SIZE];
    sj_decimal_format(sj_decimal_round(result.value, scale), got);
    CHECK(result.has_value && result.reason == NULL);
    if (strcmp(got, expected) != 0) {
        sj_test_fail(text, got);
    }
}

static void check_reason(const char *text, const int64_t *values, const char *reason)
{
    const struct sj_result result = run(text, values);
    CHECK(!result.has_value);
    if (result.reason == NULL || strcmp(result.reason, reason) != 0) {
        sj_test_fail(text, reason);
    }
}

/* The texts that the catalogue ships (migration 0012). */
#define T01 "R / I × 100"
#define T02 "R / P1"
#define T03 "d × P1 / R"
#define T09 "(P1 − P0) / P0 × 100"

TEST(expression_gives_the_published_figures)
{
    /* P0, filed, returned, R, P1; tests/data/real/cepej_court_table.csv */
    static const struct {
        int64_t p0, filed, returned, r, p1;
        const char *clearance, *of_incoming, *change, *days;
    } rows[] = {{240, 265, 7, 329, 183, "120.96", "67.28", "-23.75", "203.02"},
        {862, 589, 18, 519, 950, "85.5", "156.51", "10.21", "668.11"},
        {884, 576, 7, 637, 830, "109.26", "142.37", "-6.11", "475.59"},
        {917, 590, 5, 643, 869, "108.07", "146.05", "-5.23", "493.29"},
        {1087, 2695, 0, 2043, 1739, "75.81", "64.53", "59.98", "310.69"},
        {384, 1416, 18, 1082, 736, "75.45", "51.32", "91.67", "248.28"},
        {1471, 4111, 18, 3125, 2475, "75.68", "59.94", "68.25", "289.08"}};
    for (size_t i = 0; i < SJ_COUNT(rows); i++) {
        const int64_t values[] = {rows[i].p0, rows[i].filed + rows[i].returned, rows[i].r,
            rows[i].p1, 365, rows[i].filed, rows[i].returned, 0, 0};
        check_value(T01, values, 2, rows[i].clearance);
        check_value("R / (filed + returned + transferred_in - transferred_out) * 100", values, 2,
            rows[i].clearance);
        check_value("P1 / I * 100", values, 2, rows[i].of_incoming);
        check_value(T09, values, 2, rows[i].change);
        check_value(T03, values, 2, rows[i].days);
    }
    const int64_t first[] = {240, 272, 329, 183, 365, 265, 7, 0, 0};
    check_value(T02, first, 6, "1.797814");
}

TEST(expression_keeps_the_edges_of_the_indicators)
{
    const int64_t idle[] = {0, 0, 0, 0, 365, 0, 0, 0, 0};
    check_reason(T01, idle, "NO_INCOMING_CASES");
    check_reason(T02, idle, "NO_PENDING_CASES");
    check_reason(T03, idle, "NO_RESOLVED_CASES");
    check_reason(T09, idle, "NO_PENDING_START");
    check_reason("R / (I + R)", idle, "DIVISION_BY_ZERO");
    const int64_t only_resolved[] = {
        UNKNOWN, UNKNOWN, 463, UNKNOWN, 365, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN};
    check_reason(T01, only_resolved, "UNKNOWN_INPUT");
    check_reason("min(R, I)", only_resolved, "UNKNOWN_INPUT");
    check_value("R", only_resolved, 0, "463");
    const int64_t unknown_over_zero[] = {UNKNOWN, 0, UNKNOWN, 0, 365, 0, 0, 0, 0};
    check_reason(T01, unknown_over_zero, "UNKNOWN_INPUT");
    const struct sj_result result = run(T01, idle);
    CHECK(result.has_n && result.n.units == 0);
    CHECK(!run("R", idle).has_n);
}

TEST(expression_is_exact_until_its_end)
{
    const int64_t values[] = {3, 7, 1, 2, 31, 0, 0, 0, 0};
    check_value("1 / 3 * 3", values, 6, "1");
    check_value("R / P0 × 3", values, 6, "1");
    check_value("2 / 3", values, 6, "0.666667");
    check_value("-2 / 3", values, 6, "-0.666667");
    check_value("1 - 2 - 3", values, 6, "-4");
    check_value("12 / 2 / 3", values, 6, "2");
    check_value("1 + 2 × 3", values, 6, "7");
    check_value("(1 + 2) × 3", values, 6, "9");
    check_value("max(P0, I, R)", values, 6, "7");
    check_value("min(P0, I, R)", values, 6, "1");
    check_value("− (1 ÷ 4)", values, 6, "-0.25");
    check_value("0.1 + 0.2", values, 17, "0.3");
}

TEST(expression_too_large_is_null_with_a_reason)
{
    const int64_t values[] = {3, 7, 1, 2, 31, 0, 0, 0, 0};
    check_reason("999999999999999999 * 10", values, "TOO_LARGE");
    check_reason(
        "999999999999999999 * 999999999999999999 * 999999999999999999", values, "TOO_LARGE");
}

static void check_fault(const char *text, const char *code)
{
    struct sj_expression expression;
    struct sj_expression_fault fault = {"", 0};
    CHECK_CODE(sj_expression_parse(sj_text_of(text), sj_workload_inputs, SJ_INPUT_WORKLOAD_COUNT_,
                   &expression, &fault),
        INVALID);
    if (strcmp(fault.code, code) != 0) {
        sj_test_fail(text, fault.code);
    }
}

TEST(expression_refuses_what_is_no_formula)
{
    static const char *const bad[] = {"", " ", "R /", "/ R", "R I", "(R", "R)", "R / I)", "min R",
        "min()", "R;", "R, I", "1..2 x", "R == I", "R ^ 2", "+R", "--R", "R\n/ I", "2R"};
    for (size_t i = 0; i < SJ_COUNT(bad); i++) {
        struct sj_expression expression;
        struct sj_expression_fault fault;
        CHECK_CODE(sj_expression_parse(sj_text_of(bad[i]), sj_workload_inputs,
                       SJ_INPUT_WORKLOAD_COUNT_, &expression, &fault),
            INVALID);
    }
    check_fault("acquitted / R", "UNKNOWN_INPUT");
    check_fault("system(1)", "UNKNOWN_INPUT");
    check_fault("1.5.2", "RANGE");
    check_fault("9999999999999999999", "RANGE");
    check_fault("R + d", "UNIT_MISMATCH");
    check_fault("min(R, d)", "UNIT_MISMATCH");
    check_fault("P0 + 5", "UNIT_MISMATCH");
    check_fault("R × R × R × R × R", "UNIT_MISMATCH");
    check_fault("((((((((((((((((1))))))))))))))))", "TOO_DEEP");
}

TEST(expression_bounds_its_length)
{
    char text[SJ_EXPRESSION_BYTES_MAX + 2];
    for (size_t i = 0; i + 1 < sizeof text; i++) {
        text[i] = i % 2 == 0 ? '1' : '+';
    }
    text[sizeof text - 1] = '\0';
    check_fault(text, "TOO_LONG"); /* bytes */
    text[SJ_EXPRESSION_BYTES_MAX - 1] = '\0';
    check_fault(text, "TOO_LONG"); /* steps */
}

TEST(expression_knows_its_unit)
{
    const struct sj_expression clearance = parsed(T01);
    CHECK(sj_expression_is_in(&clearance, SJ_TEXT("%")));
    CHECK(!sj_expression_is_in(&clearance, SJ_TEXT("ratio")));
    CHECK(!sj_expression_is_in(&clearance, SJ_TEXT("days")));
    const struct sj_expression turnover = parsed(T02);
    CHECK(sj_expression_is_in(&turnover, SJ_TEXT("ratio")));
    CHECK(!sj_expression_is_in(&turnover, SJ_TEXT("%")));
    const struct sj_expression duration = parsed(T03);
    CHECK(sj_expression_is_in(&duration, SJ_TEXT("days")));
    CHECK(!sj_expression_is_in(&duration, SJ_TEXT("cases")));
    const struct sj_expression rate = parsed("R / I * 1000");
    CHECK(sj_expression_is_in(&rate, SJ_TEXT("‰")) && !sj_expression_is_in(&rate, SJ_TEXT("%")));
    CHECK(!sj_expression_is_in(&rate, SJ_TEXT("parsec")));
}
