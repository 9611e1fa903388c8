/* SPDX-License-Identifier: Apache-2.0
 *
 * What follows from a row of counts? The CEPEJ figures T01, T02, T03 and T09 (DOMAIN: indicator catalogue; the
 * published training table is the golden test), in integers until the last division. Three outcomes are kept
 * apart: not known (an input is missing), no value (the denominator is zero, with the reason), a value.
 * If they were mixed, a court without data would look like a court without work.
 */
#include "sanjeh/evaluation/formula.h"

static const char *const count_titles[SJ_COUNT_COUNT_] = {
    [SJ_COUNT_PENDING_START] = "pending_start",
    [SJ_COUNT_FILED] = "filed",
    [SJ_COUNT_RETURNED] = "returned",
    [SJ_COUNT_TRANSFERRED_IN] = "transferred_in",
    [SJ_COUNT_TRANSFERRED_OUT] = "transferred_out",
    [SJ_COUNT_RESOLVED] = "resolved",
    [SJ_COUNT_PENDING_END] = "pending_end",
};

const char *sj_count_title(enum sj_count_name name)
{
    SJ_ASSERT((size_t)name < SJ_COUNT_COUNT_);
    return count_titles[name];
}

static bool is_known(const struct sj_counts *counts, enum sj_count_name name)
{
    return counts->of[name] != SJ_COUNT_UNKNOWN;
}

static bool sum_incoming(const struct sj_counts *counts, int64_t *ret_incoming)
{
    if (!is_known(counts, SJ_COUNT_FILED) || !is_known(counts, SJ_COUNT_RETURNED) ||
        !is_known(counts, SJ_COUNT_TRANSFERRED_IN) || !is_known(counts, SJ_COUNT_TRANSFERRED_OUT)) {
        return false;
    }
    *ret_incoming = counts->of[SJ_COUNT_FILED] + counts->of[SJ_COUNT_RETURNED] +
                    counts->of[SJ_COUNT_TRANSFERRED_IN] - counts->of[SJ_COUNT_TRANSFERRED_OUT];
    return true;
}

/* pending_start + incoming - resolved = pending_end, solved for incoming: exact without the parts. */
static bool derive_incoming(const struct sj_counts *counts, int64_t *ret_incoming)
{
    if (!is_known(counts, SJ_COUNT_PENDING_START) || !is_known(counts, SJ_COUNT_RESOLVED) ||
        !is_known(counts, SJ_COUNT_PENDING_END)) {
        return false;
    }
    *ret_incoming = counts->of[SJ_COUNT_PENDING_END] + counts->of[SJ_COUNT_RESOLVED] -
                    counts->of[SJ_COUNT_PENDING_START];
    return true;
}

bool sj_counts_incoming(const struct sj_counts *counts, int64_t *ret_incoming)
{
    return sum_incoming(counts, ret_incoming) || derive_incoming(counts, ret_incoming);
}

const char *sj_counts_fault(const struct sj_counts *counts)
{
    int64_t incoming;
    if (sj_counts_incoming(counts, &incoming) && incoming < 0) {
        return "NEGATIVE_INCOMING";
    }
    int64_t summed;
    int64_t derived;
    if (!sum_incoming(counts, &summed) || !derive_incoming(counts, &derived)) {
        return NULL;
    }
    return summed == derived ? NULL : "IDENTITY_BROKEN";
}

/* A value is numerator * factor / denominator; the inputs of one formula. */
struct quotient {
    int64_t numerator;
    int64_t factor;
    int64_t denominator;
};

static bool inputs_of_t01(const struct sj_counts *counts, int64_t days, struct quotient *ret)
{
    (void)days;
    int64_t incoming;
    if (!sj_counts_incoming(counts, &incoming) || !is_known(counts, SJ_COUNT_RESOLVED)) {
        return false;
    }
    *ret = (struct quotient){counts->of[SJ_COUNT_RESOLVED], 100, incoming};
    return true;
}

static bool inputs_of_t02(const struct sj_counts *counts, int64_t days, struct quotient *ret)
{
    (void)days;
    *ret = (struct quotient){counts->of[SJ_COUNT_RESOLVED], 1, counts->of[SJ_COUNT_PENDING_END]};
    return is_known(counts, SJ_COUNT_RESOLVED) && is_known(counts, SJ_COUNT_PENDING_END);
}

static bool inputs_of_t03(const struct sj_counts *counts, int64_t days, struct quotient *ret)
{
    *ret = (struct quotient){counts->of[SJ_COUNT_PENDING_END], days, counts->of[SJ_COUNT_RESOLVED]};
    return is_known(counts, SJ_COUNT_RESOLVED) && is_known(counts, SJ_COUNT_PENDING_END);
}

static bool inputs_of_t09(const struct sj_counts *counts, int64_t days, struct quotient *ret)
{
    (void)days;
    const int64_t start = counts->of[SJ_COUNT_PENDING_START];
    *ret = (struct quotient){counts->of[SJ_COUNT_PENDING_END] - start, 100, start};
    return is_known(counts, SJ_COUNT_PENDING_START) && is_known(counts, SJ_COUNT_PENDING_END);
}

struct formula {
    const char *code;
    const char *method;
    const char *reason; /* when the denominator is zero */
    bool is_individual;
    bool (*inputs)(const struct sj_counts *counts, int64_t days, struct quotient *ret);
};

static const struct formula formulas[SJ_FORMULA_COUNT_] = {
    [SJ_FORMULA_T01] = {"T01", "T01/1", "NO_INCOMING_CASES", true, inputs_of_t01},
    [SJ_FORMULA_T02] = {"T02", "T02/1", "NO_PENDING_CASES", false, inputs_of_t02},
    [SJ_FORMULA_T03] = {"T03", "T03/1", "NO_RESOLVED_CASES", true, inputs_of_t03},
    [SJ_FORMULA_T09] = {"T09", "T09/1", "NO_PENDING_START", false, inputs_of_t09},
};

const char *sj_formula_code(enum sj_formula formula)
{
    SJ_ASSERT((size_t)formula < SJ_FORMULA_COUNT_);
    return formulas[formula].code;
}

const char *sj_formula_method(enum sj_formula formula)
{
    SJ_ASSERT((size_t)formula < SJ_FORMULA_COUNT_);
    return formulas[formula].method;
}

bool sj_formula_is_individual(enum sj_formula formula)
{
    SJ_ASSERT((size_t)formula < SJ_FORMULA_COUNT_);
    return formulas[formula].is_individual;
}

sj_status sj_formula_compute(enum sj_formula formula, const struct sj_counts *counts, int64_t days,
    struct sj_computed *ret_computed)
{
    SJ_ASSERT((size_t)formula < SJ_FORMULA_COUNT_);
    struct sj_computed computed = {0};
    struct quotient quotient;
    computed.is_known = formulas[formula].inputs(counts, days, &quotient);
    computed.n = computed.is_known ? quotient.denominator : SJ_COUNT_UNKNOWN;
    if (computed.is_known && quotient.denominator == 0) {
        computed.reason = formulas[formula].reason;
    } else if (computed.is_known) {
        TRY(sj_decimal_ratio(
            quotient.numerator, quotient.factor, quotient.denominator, &computed.value));
        computed.has_value = true;
    }
    *ret_computed = computed;
    return SJ_DONE;
}
