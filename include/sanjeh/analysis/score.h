/* SPDX-License-Identifier: Apache-2.0
 *
 * The scoring method (DOMAIN, method 1-9), pure and exact: raw values to sub-scores by anchors, shrinkage, coverage,
 * total, band. A number never stands alone: value, n, interval and reason travel with it.
 */
#ifndef SJ_ANALYSIS_SCORE_H
#define SJ_ANALYSIS_SCORE_H

#include "sanjeh/analysis/statistics.h"

enum sj_family {
    SJ_FAMILY_QUALITY,
    SJ_FAMILY_TIMELINESS,
    SJ_FAMILY_CONDUCT,
    SJ_FAMILY_DEVELOPMENT,
    SJ_FAMILY_COUNT_
};
const char *sj_family_name(enum sj_family family);

/* One criterion with its sub-score 0..100, or none and why not. */
struct sj_score_item {
    int64_t no;
    enum sj_family family;
    struct sj_decimal weight; /* > 0; all items sum to 100 */
    bool has_score;
    struct sj_decimal score;     /* 0..100 */
    bool has_interval;           /* when has_score: what the sample says is known only so far */
    struct sj_interval interval; /* 0..100, holds the score */
    const char *reason; /* when not has_score: "BELOW_MIN_N", "NO_DATA", "NOT_MARKED" … */
};

enum sj_band {
    SJ_BAND_POOR,
    SJ_BAND_FAIR,
    SJ_BAND_GOOD,
    SJ_BAND_VERY_GOOD,
    SJ_BAND_EXCELLENT,
    SJ_BAND_COUNT_
};
const char *sj_band_code(enum sj_band band);    /* "very_good" */
const char *sj_band_name_fa(enum sj_band band); /* "خیلی خوب" */

struct sj_score_total {
    struct sj_decimal coverage; /* percent of the weight that has a score */
    bool is_sufficient; /* coverage >= the minimum; else no score: «شواهد ناکافی» */
    struct sj_decimal
        score; /* unrounded (6 decimals): weighted mean over the items that have one */
    enum sj_band band;
    bool has_interval; /* at least one item has one */
    struct sj_interval interval;
    struct sj_decimal interval_weight; /* percent of the weight whose items have one */
};
/* The interval (95 %) is that of a weighted sum of independent parts, from the parts' own intervals: low = score −
 * √Σ (wᵢ (scoreᵢ − lowᵢ))² / Σ wᵢ, high likewise, within 0..100. Items without one (marks, counts) are taken as they are, so
 * interval_weight travels with it. @cite Newcombe 1998, Zou and Donner 2008 (square-and-add, MOVER). */
/* Bands are compared on the unrounded score, lower bound inclusive: 90, 80, 70, 50.
 * Errors: INVALID (weights do not sum to 100, a family above its cap: timeliness 40, conduct 25). */
SJ_MUST_CHECK sj_status sj_score_total(const struct sj_score_item *items, size_t count,
    int64_t coverage_min_percent, struct sj_score_total *ret_total);

#endif
