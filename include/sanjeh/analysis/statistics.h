/* SPDX-License-Identifier: Apache-2.0
 *
 * The statistics of the scoring method (DOMAIN, method 1-5), exact: every function rounds once, to six decimals, half away from
 * zero. What a small sample cannot carry has no value and says why.
 */
#ifndef SJ_ANALYSIS_STATISTICS_H
#define SJ_ANALYSIS_STATISTICS_H

#include "sanjeh/analysis/decimal.h"

#define SJ_PEERS_MIN          10 /* of a peer group, for a robust z and a peer mean that shrinks */
#define SJ_RATER_SUBJECTS_MIN 8  /* for a severity that is said */
#define SJ_SHRINK_CASES       20 /* k of method 2: cases … */
#define SJ_SHRINK_RESPONSES   10 /* … or responses */

/* ---- sub-scores ---- */

enum sj_direction {
    SJ_DIRECTION_NONE, /* no sub-score */
    SJ_DIRECTION_HIGHER,
    SJ_DIRECTION_LOWER,
    SJ_DIRECTION_BAND,
    SJ_DIRECTION_GATE, /* no sub-score */
    SJ_DIRECTION_COUNT_
};
const char *sj_direction_name(enum sj_direction direction); /* "higher"; static */
bool sj_direction_find(struct sj_text name, enum sj_direction *ret_direction);

#define SJ_TARGET_SCORE                                                                            \
    80 /* what the target is worth, the lower bound of «خیلی خوب»; the cap is worth 100 */

/* In the indicator's unit. Higher: floor < target <= cap, worth 0, 80, 100. Lower: the same with > and >=. Band: floor <
 * low <= high < cap; 100 from low to high, falling to 0 at floor and at cap; target is not used. */
struct sj_anchors {
    enum sj_direction direction;
    struct sj_decimal floor;
    struct sj_decimal target;
    struct sj_decimal cap;
    struct sj_decimal low;
    struct sj_decimal high;
};
/* Whether they are in the order of their direction; NONE and GATE need none. */
bool sj_anchors_are_ordered(const struct sj_anchors *anchors);
/* 0..100, linear between anchors, flat outside. Errors: INVALID (not ordered, or a direction without sub-score). */
SJ_MUST_CHECK sj_status sj_anchors_score(
    const struct sj_anchors *anchors, struct sj_decimal value, struct sj_decimal *ret_score);

struct sj_interval {
    struct sj_decimal low;
    struct sj_decimal high;
};
/* The least and the most that values from low to high are worth. Errors: as above, INVALID when high < low. */
SJ_MUST_CHECK sj_status sj_anchors_range(const struct sj_anchors *anchors,
    const struct sj_interval *values, struct sj_interval *ret_scores);

/* ---- small samples ---- */

/* (n·value + k·peer_mean) / (n + k). Errors: INVALID (n < 0, k <= 0). */
SJ_MUST_CHECK sj_status sj_shrink(struct sj_decimal value, int64_t n, struct sj_decimal peer_mean,
    int64_t k, struct sj_decimal *ret_shrunk);

/* Wilson's 95 % interval of the proportion successes / n, both ends 0..1. z² = 3.841459 (chi-square, one degree).
 * @cite Wilson 1927. Errors: INVALID (n < 1 or above 10^9, successes not 0..n). */
SJ_MUST_CHECK sj_status sj_wilson(int64_t successes, int64_t n, struct sj_interval *ret_interval);

enum sj_funnel { SJ_FUNNEL_WITHIN, SJ_FUNNEL_BELOW, SJ_FUNNEL_ABOVE, SJ_FUNNEL_COUNT_ };
/* Whether successes / n lies outside p0 ± 3 √(p0 (1 − p0) / n); on a limit is within. p0: 0..1.
 * @cite Spiegelhalter 2005. Errors: INVALID. */
SJ_MUST_CHECK sj_status sj_funnel_flag(
    int64_t successes, int64_t n, struct sj_decimal p0, enum sj_funnel *ret_flag);

/* ---- peers ---- */

/* Of values in any order, which are sorted in place. Errors: INVALID (count 0). */
SJ_MUST_CHECK sj_status sj_median(
    struct sj_decimal *values, size_t count, struct sj_decimal *ret_median);
SJ_MUST_CHECK sj_status sj_mean(
    const struct sj_decimal *values, size_t count, struct sj_decimal *ret_mean);

/* A statistic that may have no value. */
struct sj_statistic {
    bool has_value;
    struct sj_decimal value;
    const char
        *reason; /* when not has_value: "SMALL_PEER_GROUP", "NO_SPREAD", "FEW_SUBJECTS"; static */
};
/* Of count peers, which are reordered and overwritten. */
struct sj_peer_group {
    size_t count;
    struct sj_decimal mean; /* these three: 0 without peers */
    struct sj_decimal median;
    struct sj_decimal mad; /* median of the distances from the median */
};
SJ_MUST_CHECK sj_status sj_peer_group_of(
    struct sj_decimal *peers, size_t count, struct sj_peer_group *ret_group);
/* 0.6745 (value − median) / MAD among at least SJ_PEERS_MIN. @cite Iglewicz and Hoaglin 1993. */
SJ_MUST_CHECK sj_status sj_robust_z(
    const struct sj_peer_group *group, struct sj_decimal value, struct sj_statistic *ret_z);

/* ---- raters ---- */

struct sj_mark_pair {
    struct sj_decimal own;    /* of the rater, or of the first reviewer */
    struct sj_decimal others; /* mean of the same subject by others, or of the second reviewer */
};
struct sj_severity {
    struct sj_statistic bias; /* mean(own) − mean(others), in marks; negative is severe */
    bool is_notable;          /* |bias| > 0.5 on a scale of 1-5: to suggest, never to correct */
};
/* scale_span: largest minus smallest mark, 4 for 1-5; the bound of 0.5 grows with it. Errors: INVALID (span <= 0). */
SJ_MUST_CHECK sj_status sj_rater_severity(const struct sj_mark_pair *pairs, size_t count,
    int64_t scale_span, struct sj_severity *ret_severity);

/* 1 − mean |own − others| / 100 of marks 0..100: 1 is full agreement (DOMAIN Q02). No pairs: FEW_SUBJECTS. */
SJ_MUST_CHECK sj_status sj_reviewer_agreement(
    const struct sj_mark_pair *pairs, size_t count, struct sj_statistic *ret_agreement);

#endif
