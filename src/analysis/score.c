/* SPDX-License-Identifier: Apache-2.0
 *
 * What is the score of an evaluation, and does the evidence carry one at all? Weights sum to exactly 100 and families
 * keep their caps (DOMAIN, method 6); what has no data has no part in score and coverage, missing is not zero (7); the
 * band's lower bound is inclusive on the number before it is shown with two decimals (8). The mean is cut, not rounded,
 * at six decimals: so nothing can reach a band by rounding. DOMAIN asks for an interval beside the number (C-3) and names no method
 * for a total: the intervals of the shares are combined under the weights, square by square, as if the shares were independent.
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

/* Sums of squares have this many units to one: those of ten to the sixth, squared. */
#define SQUARED_ONE ((sj_wide)INT64_C(1000000000000))

struct sums {
    struct rational weight;
    struct rational covered;  /* weight of what has a score */
    struct rational weighted; /* Σ weight × score */
    struct rational of_family[SJ_FAMILY_COUNT_];
    struct rational with_interval; /* weight of what has an interval */
    sj_wide below;                 /* Σ (weight × (score − low))² in SQUARED_ONE */
    sj_wide above;
};

/* (weight × distance)², rounded once before it is squared; weight and distance are at most 100. */
static sj_status add_square(
    struct rational weight, struct sj_decimal from, struct sj_decimal to, sj_wide *sum)
{
    struct rational distance;
    struct sj_decimal part;
    TRY(rational_subtract(rational_of_decimal(to), rational_of_decimal(from), &distance));
    ENSURE(distance.numerator >= 0, INVALID);
    TRY(rational_multiply(distance, weight, &distance));
    TRY(rational_round(distance, &part));
    sj_wide units = part.units;
    for (unsigned scale = part.scale; scale < SJ_DECIMAL_SCALE; scale++) {
        units *= 10;
    }
    *sum += units * units;
    return SJ_DONE;
}

static sj_status sum_interval(
    const struct sj_score_item *item, struct rational weight, struct sums *sums)
{
    ENSURE(
        is_within(item->interval.low, 0, 100) && is_within(item->interval.high, 0, 100), INVALID);
    TRY(rational_add(sums->with_interval, weight, &sums->with_interval));
    TRY(add_square(weight, item->interval.low, item->score, &sums->below));
    return add_square(weight, item->score, item->interval.high, &sums->above);
}

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
    TRY(rational_add(sums->weighted, product, &sums->weighted));
    return item->has_interval ? sum_interval(item, weight, sums) : SJ_DONE;
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

static sj_status half_of(sj_wide squares, struct rational covered, struct rational *ret_half)
{
    TRY(rational_root((struct rational){squares, SQUARED_ONE}, ret_half));
    return rational_divide(*ret_half, covered, ret_half);
}

static sj_status bound(struct rational value, struct sj_decimal *ret_end)
{
    TRY(rational_round(value, ret_end));
    if (!is_within(*ret_end, 0, 100)) {
        *ret_end = (struct sj_decimal){ret_end->units < 0 ? 0 : 100, 0};
    }
    return SJ_DONE;
}

static sj_status total_interval(
    const struct sums *sums, struct rational mean, struct sj_score_total *total)
{
    struct rational half;
    struct rational end;
    TRY(half_of(sums->below, sums->covered, &half));
    TRY(rational_subtract(mean, half, &end));
    TRY(bound(end, &total->interval.low));
    TRY(half_of(sums->above, sums->covered, &half));
    TRY(rational_add(mean, half, &end));
    TRY(bound(end, &total->interval.high));
    TRY(rational_floor(sums->with_interval, &total->interval_weight));
    total->has_interval = true;
    return SJ_DONE;
}

sj_status sj_score_total(const struct sj_score_item *items, size_t count,
    int64_t coverage_min_percent, struct sj_score_total *ret_total)
{
    struct sums sums = {{0, 1}, {0, 1}, {0, 1}, {{0, 1}, {0, 1}, {0, 1}, {0, 1}}, {0, 1}, 0, 0};
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
        if (sums.with_interval.numerator > 0) {
            TRY(total_interval(&sums, mean, &total));
        }
    }
    *ret_total = total;
    return SJ_DONE;
}
