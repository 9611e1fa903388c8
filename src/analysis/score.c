/* SPDX-License-Identifier: Apache-2.0
 *
 * What is the score of an evaluation, and does the evidence carry one at all? Weights sum to exactly 100 and families
 * keep their caps (DOMAIN, method 6); what has no data has no part in score and coverage, missing is not zero (7); the
 * band's lower bound is inclusive on the number before it is shown with two decimals (8). The mean is cut, not rounded,
 * at six decimals: so nothing can reach a band by rounding.
 * If this were wrong, 89.9999996 would be excellent.
 */
#include "sanjeh/analysis/score.h"

#include "rational.h"

static const char *const family_names[SJ_FAMILY_COUNT_] = {
    [SJ_FAMILY_QUALITY] = "quality",
    [SJ_FAMILY_TIMELINESS] = "timeliness",
    [SJ_FAMILY_CONDUCT] = "conduct",
    [SJ_FAMILY_DEVELOPMENT] = "development",
};

/* Percent of the weight that a family may have at most. */
static const int64_t family_caps[SJ_FAMILY_COUNT_] = {
    [SJ_FAMILY_QUALITY] = 100,
    [SJ_FAMILY_TIMELINESS] = 40,
    [SJ_FAMILY_CONDUCT] = 25,
    [SJ_FAMILY_DEVELOPMENT] = 100,
};

/* @cite Results directive 1398-12-10: five bands. */
static const struct {
    const char *code;
    const char *name_fa;
    int64_t from;
} bands[SJ_BAND_COUNT_] = {
    [SJ_BAND_POOR] = {"poor", "ضعیف", 0},
    [SJ_BAND_FAIR] = {"fair", "متوسط", 50},
    [SJ_BAND_GOOD] = {"good", "خوب", 70},
    [SJ_BAND_VERY_GOOD] = {"very_good", "خیلی خوب", 80},
    [SJ_BAND_EXCELLENT] = {"excellent", "عالی", 90},
};

const char *sj_family_name(enum sj_family family)
{
    SJ_ASSERT((size_t)family < SJ_FAMILY_COUNT_);
    return family_names[family];
}

const char *sj_band_code(enum sj_band band)
{
    SJ_ASSERT((size_t)band < SJ_BAND_COUNT_);
    return bands[band].code;
}

const char *sj_band_name_fa(enum sj_band band)
{
    SJ_ASSERT((size_t)band < SJ_BAND_COUNT_);
    return bands[band].name_fa;
}

static bool is_within(struct sj_decimal value, int64_t low, int64_t high)
{
    return sj_decimal_compare(value, (struct sj_decimal){low, 0}) >= 0 &&
           sj_decimal_compare(value, (struct sj_decimal){high, 0}) <= 0;
}

struct sums {
    struct rational weight;
    struct rational covered;  /* weight of what has a score */
    struct rational weighted; /* Σ weight × score */
    struct rational of_family[SJ_FAMILY_COUNT_];
};

static sj_status sum_item(const struct sj_score_item *item, struct sums *sums)
{
    ENSURE((size_t)item->family < SJ_FAMILY_COUNT_, INVALID);
    ENSURE(item->weight.units > 0 && is_within(item->weight, 0, 100), INVALID);
    const struct rational weight = rational_of_decimal(item->weight);
    TRY(rational_add(sums->weight, weight, &sums->weight));
    TRY(rational_add(sums->of_family[item->family], weight, &sums->of_family[item->family]));
    if (!item->has_score) {
        return SJ_DONE;
    }
    ENSURE(is_within(item->score, 0, 100), INVALID);
    struct rational product;
    TRY(rational_multiply(weight, rational_of_decimal(item->score), &product));
    TRY(rational_add(sums->covered, weight, &sums->covered));
    return rational_add(sums->weighted, product, &sums->weighted);
}

static sj_status check_weights(const struct sums *sums)
{
    int order;
    TRY(rational_compare(sums->weight, rational_of(100), &order));
    ENSURE(order == 0, INVALID);
    for (size_t family = 0; family < SJ_FAMILY_COUNT_; family++) {
        TRY(rational_compare(sums->of_family[family], rational_of(family_caps[family]), &order));
        ENSURE(order <= 0, INVALID);
    }
    return SJ_DONE;
}

static enum sj_band band_of(struct sj_decimal score)
{
    size_t band = SJ_BAND_COUNT_ - 1;
    while (band > 0 && sj_decimal_compare(score, (struct sj_decimal){bands[band].from, 0}) < 0) {
        band--;
    }
    return (enum sj_band)band;
}

sj_status sj_score_total(const struct sj_score_item *items, size_t count,
    int64_t coverage_min_percent, struct sj_score_total *ret_total)
{
    struct sums sums = {{0, 1}, {0, 1}, {0, 1}, {{0, 1}, {0, 1}, {0, 1}, {0, 1}}};
    for (size_t i = 0; i < count; i++) {
        TRY(sum_item(&items[i], &sums));
    }
    TRY(check_weights(&sums));
    /* weights sum to 100: covered weight is a percentage already */
    struct sj_score_total total = {.is_sufficient = false};
    TRY(rational_floor(sums.covered, &total.coverage));
    int order;
    TRY(rational_compare(sums.covered, rational_of(coverage_min_percent), &order));
    if (order >= 0 && sums.covered.numerator > 0) {
        struct rational mean;
        TRY(rational_divide(sums.weighted, sums.covered, &mean));
        TRY(rational_floor(mean, &total.score));
        total.band = band_of(total.score);
        total.is_sufficient = true;
    }
    *ret_total = total;
    return SJ_DONE;
}
