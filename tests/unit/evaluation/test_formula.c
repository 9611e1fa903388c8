/* SPDX-License-Identifier: Apache-2.0
 *
 * Do the formulas give the published CEPEJ figures, and do their edges stay apart from zero?
 */
#include "sanjeh/base/memory.h"
#include "sanjeh/evaluation/formula.h"
#include "test.h"

#include <string.h>

#define UNKNOWN SJ_COUNT_UNKNOWN

static void check_value(
    const struct sj_counts *counts, enum sj_formula formula, const char *published)
{
    struct sj_computed computed;
    char text[SJ_DECIMAL_TEXT_SIZE];
    struct sj_decimal expected;
    REQUIRE_OK(sj_formula_compute(formula, counts, 365, &computed));
    REQUIRE(computed.is_known && computed.has_value);
    REQUIRE_OK(sj_decimal_parse(sj_text_of(published), &expected));
    const struct sj_decimal rounded = sj_decimal_round(computed.value, 2);
    sj_decimal_format(rounded, text);
    if (sj_decimal_compare(rounded, expected) != 0) {
        sj_test_fail(published, text);
    }
}

struct golden {
    int64_t pending_start, filed, returned, resolved, pending_end;
    const char *clearance, *change, *days;
};

/* tests/data/real/cepej_court_table.csv, the published figures */
static const struct golden golden_rows[] = {
    {240, 265, 7, 329, 183, "120.96", "-23.75", "203.02"},
    {862, 589, 18, 519, 950, "85.50", "10.21", "668.11"},
    {884, 576, 7, 637, 830, "109.26", "-6.11", "475.59"},
    {917, 590, 5, 643, 869, "108.07", "-5.23", "493.29"},
    {1087, 2695, 0, 2043, 1739, "75.81", "59.98", "310.69"},
    {384, 1416, 18, 1082, 736, "75.45", "91.67", "248.28"},
    {1471, 4111, 18, 3125, 2475, "75.68", "68.25", "289.08"},
};

TEST(formula_gives_the_published_figures)
{
    for (size_t i = 0; i < SJ_COUNT(golden_rows); i++) {
        const struct golden *g = &golden_rows[i];
        const struct sj_counts whole = {
            {g->pending_start, g->filed, g->returned, 0, 0, g->resolved, g->pending_end}};
        const struct sj_counts without_transfers = {{g->pending_start, g->filed, g->returned,
            UNKNOWN, UNKNOWN, g->resolved, g->pending_end}};
        CHECK(sj_counts_fault(&whole) == NULL && sj_counts_fault(&without_transfers) == NULL);
        check_value(&whole, SJ_FORMULA_T01, g->clearance);
        check_value(&without_transfers, SJ_FORMULA_T01, g->clearance);
        check_value(&whole, SJ_FORMULA_T09, g->change);
        check_value(&whole, SJ_FORMULA_T03, g->days);
    }
    const struct sj_counts first = {{240, 265, 7, 0, 0, 329, 183}};
    check_value(&first, SJ_FORMULA_T02, "1.80");
}

TEST(formula_uses_the_real_days_of_the_period)
{
    const struct sj_counts counts = {{0, 100, 0, 0, 0, 50, 50}};
    struct sj_computed computed;
    CHECK_OK(sj_formula_compute(SJ_FORMULA_T03, &counts, 31, &computed));
    CHECK(computed.value.units == 31 && computed.value.scale == 0);
}

static void check_reason(
    const struct sj_counts *counts, enum sj_formula formula, const char *reason)
{
    struct sj_computed computed;
    CHECK_OK(sj_formula_compute(formula, counts, 365, &computed));
    CHECK(computed.is_known && !computed.has_value && computed.n == 0);
    CHECK(computed.reason != NULL && strcmp(computed.reason, reason) == 0);
}

TEST(formula_of_a_zero_denominator_is_null_with_a_reason)
{
    const struct sj_counts idle = {{0, 0, 0, 0, 0, 0, 0}};
    check_reason(&idle, SJ_FORMULA_T01, "NO_INCOMING_CASES");
    check_reason(&idle, SJ_FORMULA_T02, "NO_PENDING_CASES");
    check_reason(&idle, SJ_FORMULA_T03, "NO_RESOLVED_CASES");
    check_reason(&idle, SJ_FORMULA_T09, "NO_PENDING_START");
}

TEST(formula_of_unknown_inputs_is_not_computed)
{
    const struct sj_counts only_resolved = {
        {UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, 463, UNKNOWN}};
    for (size_t formula = 0; formula < SJ_FORMULA_COUNT_; formula++) {
        struct sj_computed computed;
        CHECK_OK(sj_formula_compute((enum sj_formula)formula, &only_resolved, 365, &computed));
        CHECK(!computed.is_known && !computed.has_value && computed.reason == NULL);
        CHECK(computed.n == UNKNOWN);
    }
    CHECK(sj_counts_fault(&only_resolved) == NULL);
}

TEST(formula_counts_must_agree)
{
    const struct sj_counts broken = {{240, 265, 7, 0, 0, 329, 184}};
    const struct sj_counts negative = {{240, 1, 0, 0, 2, 0, 239}};
    const struct sj_counts negative_derived = {{240, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, 0, 239}};
    const struct sj_counts negative_alone = {{UNKNOWN, 1, 0, 0, 2, UNKNOWN, UNKNOWN}};
    const struct sj_counts transfers = {{10, 5, 1, 4, 2, 8, 10}};
    CHECK(strcmp(sj_counts_fault(&broken), "IDENTITY_BROKEN") == 0);
    CHECK(strcmp(sj_counts_fault(&negative), "NEGATIVE_INCOMING") == 0);
    CHECK(strcmp(sj_counts_fault(&negative_derived), "NEGATIVE_INCOMING") == 0);
    CHECK(strcmp(sj_counts_fault(&negative_alone), "NEGATIVE_INCOMING") == 0);
    CHECK(sj_counts_fault(&transfers) == NULL);
}

TEST(formula_keeps_court_figures_from_judges)
{
    CHECK(sj_formula_is_individual(SJ_FORMULA_T01) && sj_formula_is_individual(SJ_FORMULA_T03));
    CHECK(!sj_formula_is_individual(SJ_FORMULA_T02) && !sj_formula_is_individual(SJ_FORMULA_T09));
}

TEST(formula_of_the_largest_counts_fits)
{
    const struct sj_counts most = {{1, 0, 0, 0, 0, 1, SJ_COUNT_MAX}};
    struct sj_computed computed;
    CHECK_OK(sj_formula_compute(SJ_FORMULA_T09, &most, 365, &computed));
    CHECK_OK(sj_formula_compute(SJ_FORMULA_T03, &most, 366, &computed));
}
