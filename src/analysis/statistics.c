/* SPDX-License-Identifier: Apache-2.0
 *
 * How much does a small sample say, and how far is one from the peers? Shrinkage towards the peers' mean, Wilson's interval,
 * funnel limits, median and MAD (DOMAIN, method 2-5). Square roots are taken in whole numbers with nine decimals, comparisons
 * with a root are made on squares and so are exact.
 * If this were wrong, chance would look like a fault of the judge.
 */
#include "sanjeh/analysis/statistics.h"

#include "rational.h"

#include <stdlib.h>

#define N_MAX INT64_C(1000000000)

static const struct rational z_squared = {3841459, 1000000};
static const struct rational z_fourth_quarter = {3689202, 1000000}; /* z⁴ / 4 */

sj_status sj_shrink(struct sj_decimal value, int64_t n, struct sj_decimal peer_mean, int64_t k,
    struct sj_decimal *ret_shrunk)
{
    ENSURE(n >= 0 && n <= N_MAX && k > 0 && k <= N_MAX, INVALID);
    struct rational own;
    struct rational peers;
    struct rational sum;
    TRY(rational_multiply(rational_of_decimal(value), rational_of(n), &own));
    TRY(rational_multiply(rational_of_decimal(peer_mean), rational_of(k), &peers));
    TRY(rational_add(own, peers, &sum));
    TRY(rational_divide(sum, rational_of(n + k), &sum));
    return rational_round(sum, ret_shrunk);
}

sj_status sj_wilson(int64_t successes, int64_t n, struct sj_interval *ret_interval)
{
    ENSURE(n >= 1 && n <= N_MAX && successes >= 0 && successes <= n, INVALID);
    /* (x + z²/2 ± √(z² x (n − x) / n + z⁴/4)) / (n + z²) */
    struct rational spread = {(sj_wide)successes * (n - successes), n};
    TRY(rational_multiply(spread, z_squared, &spread));
    TRY(rational_add(spread, z_fourth_quarter, &spread));
    struct rational half;
    TRY(rational_root(spread, &half));
    const struct rational half_z = {z_squared.numerator, z_squared.denominator * 2};
    struct rational centre;
    struct rational whole;
    TRY(rational_add(rational_of(successes), half_z, &centre));
    TRY(rational_add(rational_of(n), z_squared, &whole));
    struct rational low;
    struct rational high;
    TRY(rational_subtract(centre, half, &low));
    TRY(rational_add(centre, half, &high));
    TRY(rational_divide(low, whole, &low));
    TRY(rational_divide(high, whole, &high));
    struct sj_interval interval;
    TRY(rational_round(successes == 0 ? rational_of(0) : low, &interval.low));
    TRY(rational_round(successes == n ? rational_of(1) : high, &interval.high));
    *ret_interval = interval;
    return SJ_DONE;
}

sj_status sj_funnel_flag(
    int64_t successes, int64_t n, struct sj_decimal p0, enum sj_funnel *ret_flag)
{
    ENSURE(n >= 1 && n <= N_MAX && successes >= 0 && successes <= n, INVALID);
    ENSURE(p0.units >= 0 && sj_decimal_compare(p0, (struct sj_decimal){1, 0}) <= 0, INVALID);
    /* (p − p0)² n > 9 p0 (1 − p0) */
    const struct rational p = rational_of_decimal(p0);
    struct rational distance;
    struct rational square;
    TRY(rational_divide(rational_of(successes), rational_of(n), &distance));
    TRY(rational_subtract(distance, p, &distance));
    TRY(rational_multiply(distance, distance, &square));
    TRY(rational_multiply(square, rational_of(n), &square));
    struct rational limit;
    TRY(rational_subtract(rational_of(1), p, &limit));
    TRY(rational_multiply(limit, p, &limit));
    TRY(rational_multiply(limit, rational_of(9), &limit));
    int order;
    TRY(rational_compare(square, limit, &order));
    *ret_flag = order <= 0               ? SJ_FUNNEL_WITHIN
                : distance.numerator < 0 ? SJ_FUNNEL_BELOW
                                         : SJ_FUNNEL_ABOVE;
    return SJ_DONE;
}

/* ---- peers ---- */

static int compare_decimals(const void *left, const void *right)
{
    const struct sj_decimal *a = left;
    const struct sj_decimal *b = right;
    return sj_decimal_compare(*a, *b);
}

/* Exact, though the middle of two may have one decimal more. */
static sj_status middle(struct sj_decimal *values, size_t count, struct rational *ret_middle)
{
    ENSURE(count > 0, INVALID);
    qsort(values, count, sizeof(*values), compare_decimals);
    const struct rational upper = rational_of_decimal(values[count / 2]);
    const struct rational lower = rational_of_decimal(values[(count - 1) / 2]);
    TRY(rational_add(lower, upper, ret_middle));
    return rational_divide(*ret_middle, rational_of(2), ret_middle);
}

sj_status sj_median(struct sj_decimal *values, size_t count, struct sj_decimal *ret_median)
{
    struct rational median;
    TRY(middle(values, count, &median));
    return rational_round(median, ret_median);
}

sj_status sj_mean(const struct sj_decimal *values, size_t count, struct sj_decimal *ret_mean)
{
    ENSURE(count > 0, INVALID);
    struct rational sum = rational_of(0);
    for (size_t i = 0; i < count; i++) {
        TRY(rational_add(sum, rational_of_decimal(values[i]), &sum));
    }
    TRY(rational_divide(sum, rational_of((int64_t)count), &sum));
    return rational_round(sum, ret_mean);
}

static struct sj_statistic without(const char *reason)
{
    return (struct sj_statistic){.reason = reason};
}

static struct rational size_of(struct rational value)
{
    return (struct rational){
        value.numerator < 0 ? -value.numerator : value.numerator, value.denominator};
}

sj_status sj_peer_group_of(struct sj_decimal *peers, size_t count, struct sj_peer_group *ret_group)
{
    struct sj_peer_group group = {.count = count};
    if (count > 0) {
        TRY(sj_mean(peers, count, &group.mean));
        TRY(sj_median(peers, count, &group.median));
        const struct rational median = rational_of_decimal(group.median);
        for (size_t i = 0; i < count; i++) {
            struct rational distance;
            TRY(rational_subtract(rational_of_decimal(peers[i]), median, &distance));
            TRY(rational_round(size_of(distance), &peers[i]));
        }
        TRY(sj_median(peers, count, &group.mad));
    }
    *ret_group = group;
    return SJ_DONE;
}

sj_status sj_robust_z(
    const struct sj_peer_group *group, struct sj_decimal value, struct sj_statistic *ret_z)
{
    if (group->count < SJ_PEERS_MIN || group->mad.units == 0) {
        *ret_z = without(group->count < SJ_PEERS_MIN ? "SMALL_PEER_GROUP" : "NO_SPREAD");
        return SJ_DONE;
    }
    struct rational z;
    TRY(rational_subtract(rational_of_decimal(value), rational_of_decimal(group->median), &z));
    TRY(rational_multiply(z, (struct rational){1349, 2000}, &z)); /* 0.6745 */
    TRY(rational_divide(z, rational_of_decimal(group->mad), &z));
    struct sj_statistic statistic = {.has_value = true};
    TRY(rational_round(z, &statistic.value));
    *ret_z = statistic;
    return SJ_DONE;
}

/* ---- raters ---- */

static sj_status mean_difference(
    const struct sj_mark_pair *pairs, size_t count, bool is_absolute, struct rational *ret_mean)
{
    struct rational sum = rational_of(0);
    for (size_t i = 0; i < count; i++) {
        struct rational difference;
        TRY(rational_subtract(
            rational_of_decimal(pairs[i].own), rational_of_decimal(pairs[i].others), &difference));
        TRY(rational_add(sum, is_absolute ? size_of(difference) : difference, &sum));
    }
    return rational_divide(sum, rational_of((int64_t)count), ret_mean);
}

sj_status sj_rater_severity(const struct sj_mark_pair *pairs, size_t count, int64_t scale_span,
    struct sj_severity *ret_severity)
{
    ENSURE(scale_span > 0, INVALID);
    struct sj_severity severity = {.bias = without("FEW_SUBJECTS")};
    if (count >= SJ_RATER_SUBJECTS_MIN) {
        struct rational bias;
        int order;
        TRY(mean_difference(pairs, count, /* is_absolute= */ false, &bias));
        /* 0.5 on a span of 4 */
        TRY(rational_compare(size_of(bias), (struct rational){scale_span, 8}, &order));
        TRY(rational_round(bias, &severity.bias.value));
        severity.bias.has_value = true;
        severity.bias.reason = NULL;
        severity.is_notable = order > 0;
    }
    *ret_severity = severity;
    return SJ_DONE;
}

sj_status sj_reviewer_agreement(
    const struct sj_mark_pair *pairs, size_t count, struct sj_statistic *ret_agreement)
{
    if (count == 0) {
        *ret_agreement = without("FEW_SUBJECTS");
        return SJ_DONE;
    }
    struct rational mean;
    TRY(mean_difference(pairs, count, /* is_absolute= */ true, &mean));
    TRY(rational_divide(mean, rational_of(100), &mean));
    TRY(rational_subtract(rational_of(1), mean, &mean));
    struct sj_statistic statistic = {.has_value = true};
    TRY(rational_round(mean, &statistic.value));
    *ret_agreement = statistic;
    return SJ_DONE;
}
