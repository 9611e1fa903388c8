/* SPDX-License-Identifier: Apache-2.0
 *
 * What is a raw value worth? Linear between the anchors that stand with the indicator's version, flat outside (DOMAIN,
 * method 1); a band falls off on both sides, so that haste is worth as little as delay.
 * If this were wrong, the same figure would be worth more in one file than in another.
 */
#include "rational.h"
#include "sanjeh/analysis/statistics.h"
#include "sanjeh/base/memory.h"

static const char *const direction_names[SJ_DIRECTION_COUNT_] = {
    [SJ_DIRECTION_NONE] = "none",
    [SJ_DIRECTION_HIGHER] = "higher",
    [SJ_DIRECTION_LOWER] = "lower",
    [SJ_DIRECTION_BAND] = "band",
    [SJ_DIRECTION_GATE] = "gate",
};

const char *sj_direction_name(enum sj_direction direction)
{
    SJ_ASSERT((size_t)direction < SJ_DIRECTION_COUNT_);
    return direction_names[direction];
}

bool sj_direction_find(struct sj_text name, enum sj_direction *ret_direction)
{
    for (size_t i = 0; i < SJ_DIRECTION_COUNT_; i++) {
        if (sj_text_is(name, direction_names[i])) {
            *ret_direction = (enum sj_direction)i;
            return true;
        }
    }
    return false;
}

static bool is_below(struct sj_decimal a, struct sj_decimal b)
{
    return sj_decimal_compare(a, b) < 0;
}

bool sj_anchors_are_ordered(const struct sj_anchors *anchors)
{
    switch (anchors->direction) {
    case SJ_DIRECTION_HIGHER:
        return is_below(anchors->floor, anchors->target) &&
               !is_below(anchors->cap, anchors->target);
    case SJ_DIRECTION_LOWER:
        return is_below(anchors->target, anchors->floor) &&
               !is_below(anchors->target, anchors->cap);
    case SJ_DIRECTION_BAND:
        return is_below(anchors->floor, anchors->low) && !is_below(anchors->high, anchors->low) &&
               is_below(anchors->high, anchors->cap);
    case SJ_DIRECTION_NONE:
    case SJ_DIRECTION_GATE:
        return true;
    case SJ_DIRECTION_COUNT_:
        break;
    }
    return false;
}

/* A point of the line: what a value is worth there. */
struct point {
    struct sj_decimal value;
    int64_t worth;
};

/* value lies between the points, whose values differ. */
static sj_status between(
    struct point from, struct point to, struct sj_decimal value, struct sj_decimal *ret_score)
{
    const struct rational start = rational_of_decimal(from.value);
    struct rational way;
    struct rational whole;
    TRY(rational_subtract(rational_of_decimal(value), start, &way));
    TRY(rational_subtract(rational_of_decimal(to.value), start, &whole));
    TRY(rational_divide(way, whole, &way));
    TRY(rational_multiply(way, rational_of(to.worth - from.worth), &way));
    TRY(rational_add(way, rational_of(from.worth), &way));
    return rational_round(way, ret_score);
}

/* points in ascending order of value; of two with one value the later counts from there on. */
static sj_status along(
    const struct point *points, size_t count, struct sj_decimal value, struct sj_decimal *ret_score)
{
    size_t next = 0;
    while (next < count && !is_below(value, points[next].value)) {
        next++;
    }
    if (next == 0 || next == count) {
        *ret_score = (struct sj_decimal){points[next == 0 ? 0 : count - 1].worth, 0};
        return SJ_DONE;
    }
    return between(points[next - 1], points[next], value, ret_score);
}

sj_status sj_anchors_score(
    const struct sj_anchors *anchors, struct sj_decimal value, struct sj_decimal *ret_score)
{
    ENSURE(sj_anchors_are_ordered(anchors), INVALID);
    const struct point rising[] = {
        {anchors->floor, 0}, {anchors->target, SJ_TARGET_SCORE}, {anchors->cap, 100}};
    /* best first: where cap and target are one value, reaching it is worth the cap's 100 */
    const struct point falling[] = {
        {anchors->cap, 100}, {anchors->target, SJ_TARGET_SCORE}, {anchors->floor, 0}};
    const struct point band[] = {
        {anchors->floor, 0}, {anchors->low, 100}, {anchors->high, 100}, {anchors->cap, 0}};
    if (anchors->direction == SJ_DIRECTION_LOWER) {
        if (!is_below(anchors->cap, value)) {
            *ret_score = (struct sj_decimal){100, 0};
            return SJ_DONE;
        }
        return along(falling, SJ_COUNT(falling), value, ret_score);
    }
    ENSURE(anchors->direction == SJ_DIRECTION_HIGHER || anchors->direction == SJ_DIRECTION_BAND,
        INVALID);
    return anchors->direction == SJ_DIRECTION_BAND
               ? along(band, SJ_COUNT(band), value, ret_score)
               : along(rising, SJ_COUNT(rising), value, ret_score);
}

/* Between its ends a direction rises or falls all the way; a band has its top inside. */
sj_status sj_anchors_range(const struct sj_anchors *anchors, const struct sj_interval *values,
    struct sj_interval *ret_scores)
{
    struct sj_decimal first;
    struct sj_decimal last;
    ENSURE(!is_below(values->high, values->low), INVALID);
    TRY(sj_anchors_score(anchors, values->low, &first));
    TRY(sj_anchors_score(anchors, values->high, &last));
    *ret_scores = is_below(last, first) ? (struct sj_interval){last, first}
                                        : (struct sj_interval){first, last};
    if (anchors->direction == SJ_DIRECTION_BAND && !is_below(anchors->high, values->low) &&
        !is_below(values->high, anchors->low)) {
        ret_scores->high = (struct sj_decimal){100, 0};
    }
    return SJ_DONE;
}
