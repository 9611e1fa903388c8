/* SPDX-License-Identifier: Apache-2.0
 *
 * What is a raw value worth, seen with its n and its peers? Below the least n it is worth nothing and says so; a small sample is
 * drawn towards the peers' mean (DOMAIN, method 2) where there are at least ten; a share gets Wilson's interval.
 */
#include "compute_priv.h"
#include "sanjeh/evaluation/formula.h"

/* NULL: the reading may become a sub-score. */
const char *line_hindrance(const struct plan_item *item, const struct reading *reading)
{
    if (!item->has_definition) {
        return "NO_DEFINITION";
    }
    if (!item->is_individual) {
        return "NOT_INDIVIDUAL";
    }
    if (!reading->has_value) {
        return reading->reason == NULL ? "NO_DATA" : reading->reason;
    }
    if (item->min_n > 0 && !reading->has_n) {
        return "UNKNOWN_N";
    }
    if (item->min_n > 0 && reading->n < item->min_n) {
        return "BELOW_MIN_N";
    }
    return item->anchors.direction == SJ_DIRECTION_NONE ||
                   item->anchors.direction == SJ_DIRECTION_GATE
               ? "NO_ANCHORS"
               : NULL;
}

/* A percentage of n cases that cannot exceed 100: a share. Clearance and changes of stock can, so they are no shares. */
static sj_status interval_of(const struct plan_item *item, struct line *line)
{
    const struct reading *reading = &line->reading;
    const struct sj_decimal whole = {100, 0};
    if (item->is_computed || !sj_text_is(item->measure, "%") || !reading->has_n || reading->n < 1 ||
        reading->n > SJ_COUNT_MAX || reading->value.units < 0 ||
        sj_decimal_compare(reading->value, whole) > 0) {
        return SJ_DONE;
    }
    struct sj_decimal share = sj_decimal_round(reading->value, SJ_DECIMAL_SCALE);
    int64_t denominator = 100;
    for (unsigned i = 0; i < share.scale; i++) {
        denominator *= 10;
    }
    struct sj_decimal successes;
    TRY(sj_decimal_ratio(share.units, reading->n, denominator, &successes));
    successes = sj_decimal_round(successes, 0);
    TRY(sj_wilson(successes.units, reading->n, &line->interval));
    line->has_interval = true;
    return SJ_DONE;
}

static struct sj_decimal at_least(struct sj_decimal value, struct sj_decimal bound)
{
    return sj_decimal_compare(value, bound) < 0 ? bound : value;
}

static struct sj_decimal at_most(struct sj_decimal value, struct sj_decimal bound)
{
    return sj_decimal_compare(value, bound) > 0 ? bound : value;
}

/* The way of the value: as a percentage, drawn towards the peers, worth what the anchors say. */
static sj_status scores_of(
    const struct plan_item *item, const struct sj_peer_group *group, struct line *line)
{
    const struct sj_decimal *const ends[] = {&line->interval.low, &line->interval.high};
    struct sj_decimal values[2];
    for (size_t i = 0; i < SJ_COUNT(ends); i++) {
        int64_t power = 1;
        for (unsigned scale = ends[i]->scale; scale > 0; scale--) {
            power *= 10;
        }
        TRY(sj_decimal_ratio(ends[i]->units, 100, power, &values[i]));
        if (line->has_shrunk) {
            TRY(sj_shrink(values[i], line->reading.n, group->mean,
                item->is_survey ? SJ_SHRINK_RESPONSES : SJ_SHRINK_CASES, &values[i]));
        }
    }
    TRY(sj_anchors_range(
        &item->anchors, &(struct sj_interval){values[0], values[1]}, &line->scores));
    /* the share was rounded to whole cases for the interval, the score was not */
    line->scores.low = at_most(line->scores.low, line->score);
    line->scores.high = at_least(line->scores.high, line->score);
    return SJ_DONE;
}

sj_status line_compute(const struct plan_item *item, const struct sj_peer_group *group,
    const struct reading *reading, struct line *ret_line)
{
    struct line line = {.reading = *reading, .reason = line_hindrance(item, reading)};
    line.z = (struct sj_statistic){.reason = line.reason};
    if (line.reason == NULL) {
        struct sj_decimal value = reading->value;
        if (reading->has_n && group->count >= SJ_PEERS_MIN) {
            TRY(sj_shrink(value, reading->n, group->mean,
                item->is_survey ? SJ_SHRINK_RESPONSES : SJ_SHRINK_CASES, &line.shrunk));
            line.has_shrunk = true;
            value = line.shrunk;
        }
        TRY(sj_robust_z(group, reading->value, &line.z));
        TRY(interval_of(item, &line));
        TRY(sj_anchors_score(&item->anchors, value, &line.score));
        line.has_score = true;
        if (line.has_interval) {
            TRY(scores_of(item, group, &line));
        }
    }
    *ret_line = line;
    return SJ_DONE;
}
