/* SPDX-License-Identifier: Apache-2.0
 *
 * What is a raw value worth, seen with its n and its peers? Below the least n it is worth nothing and says so; a small sample is
 * drawn towards the peers' mean (DOMAIN, method 2) where there are at least ten; a share gets Wilson's interval. Peers are
 * the judges of the same cycle and the same kind of court with enough n; where these are fewer than ten, those of the cycle.
 */
#include "compute_priv.h"
#include "sanjeh/evaluation/formula.h"

/* NULL: the reading may become a sub-score. */
static const char *hindrance(const struct plan_item *item, const struct reading *reading)
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

/* As the register of courts names them (migration 0011). */
static const char *const class_names[PEER_CLASSES] = {"cycle", "supreme", "appeal",
    "first_instance", "criminal_one", "revolutionary", "family", "military", "administrative",
    "peace", "prosecution", "other"};

const char *peer_class_name(size_t peer_class)
{
    SJ_ASSERT(peer_class < PEER_CLASSES);
    return class_names[peer_class];
}

size_t peer_class_find(struct sj_text court_kind)
{
    for (size_t i = 1; i < PEER_CLASSES; i++) {
        if (sj_text_is(court_kind, class_names[i])) {
            return i;
        }
    }
    return 0;
}

const struct sj_peer_group *peers_for(const struct sj_peer_group *groups, size_t item,
    const struct target *target, const char **ret_name)
{
    const struct sj_peer_group *of_item = groups + item * PEER_CLASSES;
    const size_t own = target->peer_class;
    const size_t peer_class = own != 0 && of_item[own].count >= SJ_PEERS_MIN ? own : 0;
    *ret_name = class_names[peer_class];
    return &of_item[peer_class];
}

/* peer_class 0: all. */
static sj_status peers_of(const struct plan *plan, const struct target *targets, size_t count,
    size_t item, size_t peer_class, struct sj_decimal *values, struct sj_peer_group *ret_group)
{
    size_t peers = 0;
    for (size_t i = 0; i < count; i++) {
        const struct reading *reading = &targets[i].readings[item];
        if ((peer_class == 0 || targets[i].peer_class == peer_class) &&
            hindrance(&plan->items[item], reading) == NULL) {
            values[peers++] = reading->value;
        }
    }
    return sj_peer_group_of(values, peers, ret_group);
}

sj_status peers_read(const struct plan *plan, const struct target *targets, size_t count,
    struct sj_peer_group *groups)
{
    CLEANUP(sj_freep) struct sj_decimal *values = NULL;
    void *memory;
    TRY(sj_alloc(count, sizeof(struct sj_decimal), &memory));
    values = memory;
    for (size_t item = 0; item < plan->item_count; item++) {
        for (size_t peer_class = 0; peer_class < PEER_CLASSES; peer_class++) {
            TRY(peers_of(plan, targets, count, item, peer_class, values,
                &groups[item * PEER_CLASSES + peer_class]));
        }
    }
    return SJ_DONE;
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

sj_status line_compute(const struct plan_item *item, const struct sj_peer_group *group,
    const struct reading *reading, struct line *ret_line)
{
    struct line line = {.reading = *reading, .reason = hindrance(item, reading)};
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
    }
    *ret_line = line;
    return SJ_DONE;
}
