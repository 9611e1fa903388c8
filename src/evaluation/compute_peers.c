/* SPDX-License-Identifier: Apache-2.0
 *
 * Beside whom is a judge seen? DOMAIN, method 4: judges of the same kind of court, grade band and class of province, at least ten. Where
 * these are fewer, the group widens: the class of the province is dropped first, then the grade band, then the kind of court. Who
 * has no known kind of court, band or class is seen in the group that does without it. If a group of nine were shown, its mean
 * would tell about persons.
 *
 * One pass an item: targets sorted once by kind, band and class have every group of every level in one stretch.
 */
#include "compute_priv.h"

#include <stdlib.h>

/* As the register of courts names them (migration 0011). */
static const char *const kind_names[PEER_KINDS] = {"cycle", "supreme", "appeal", "first_instance",
    "criminal_one", "revolutionary", "family", "military", "administrative", "peace", "prosecution",
    "other"};

const char *peer_kind_name(size_t court_kind)
{
    SJ_ASSERT(court_kind < PEER_KINDS);
    return kind_names[court_kind];
}

size_t peer_kind_find(struct sj_text court_kind)
{
    for (size_t i = 1; i < PEER_KINDS; i++) {
        if (sj_text_is(court_kind, kind_names[i])) {
            return i;
        }
    }
    return 0;
}

/* Levels from narrow to wide. A target's place at a level is its number divided by the level's width. */
#define LEVELS 4u
static const struct {
    size_t width;
    size_t first; /* of the level's groups */
} levels[LEVELS] = {
    {1, 0},
    {PEER_BANDS, PEER_KINDS *PEER_BANDS *PEER_BANDS},
    {PEER_BANDS * PEER_BANDS, PEER_KINDS *PEER_BANDS *PEER_BANDS + PEER_KINDS *PEER_BANDS},
    {PEER_KINDS * PEER_BANDS * PEER_BANDS, PEER_GROUPS - 1},
};

static size_t number_of(const struct peer_class *peers)
{
    return (peers->court_kind * PEER_BANDS + peers->grade_band) * PEER_BANDS +
           peers->province_class;
}

static size_t group_of(const struct peer_class *peers, size_t level)
{
    return levels[level].first + number_of(peers) / levels[level].width;
}

/* Whether all that the level narrows by is known. */
static bool is_known(const struct peer_class *peers, size_t level)
{
    return (level > 2 || peers->court_kind != 0) && (level > 1 || peers->grade_band != 0) &&
           (level > 0 || peers->province_class != 0);
}

const struct sj_peer_group *peers_for(const struct sj_peer_group *groups, size_t item,
    const struct target *target, struct peer_class *ret_class)
{
    const struct sj_peer_group *of_item = groups + item * PEER_GROUPS;
    size_t level = 0;
    while (
        level < LEVELS - 1 && (!is_known(&target->peers, level) ||
                                  of_item[group_of(&target->peers, level)].count < SJ_PEERS_MIN)) {
        level++;
    }
    *ret_class = (struct peer_class){
        .court_kind = level <= 2 ? target->peers.court_kind : 0,
        .grade_band = level <= 1 ? target->peers.grade_band : 0,
        .province_class = level == 0 ? target->peers.province_class : 0,
    };
    return &of_item[group_of(&target->peers, level)];
}

/* ---- the groups ---- */

struct place {
    size_t number;
    const struct target *target;
};

static int by_number(const void *left, const void *right)
{
    const struct place *a = left;
    const struct place *b = right;
    return (a->number > b->number) - (a->number < b->number);
}

struct peers_work {
    const struct plan *plan;
    const struct place *places;
    size_t count;
    struct sj_decimal *values; /* as many */
    struct sj_peer_group *groups;
};

/* The group that begins at a place; the place after it. */
static sj_status read_group(struct peers_work *work, size_t item, size_t level, size_t *at)
{
    const struct place *first = &work->places[*at];
    const size_t number = first->number / levels[level].width;
    const bool is_needed = is_known(&first->target->peers, level);
    size_t found = 0;
    for (; *at < work->count && work->places[*at].number / levels[level].width == number; (*at)++) {
        const struct reading *reading = &work->places[*at].target->readings[item];
        if (is_needed && line_hindrance(&work->plan->items[item], reading) == NULL) {
            work->values[found++] = reading->value;
        }
    }
    return sj_peer_group_of(work->values, found,
        &work->groups[item * PEER_GROUPS + group_of(&first->target->peers, level)]);
}

static sj_status read_groups(struct peers_work *work)
{
    for (size_t item = 0; item < work->plan->item_count; item++) {
        for (size_t level = 0; level < LEVELS; level++) {
            for (size_t at = 0; at < work->count;) {
                TRY(read_group(work, item, level, &at));
            }
        }
    }
    return SJ_DONE;
}

sj_status peers_read(const struct plan *plan, const struct target *targets, size_t count,
    struct sj_peer_group *groups)
{
    CLEANUP(sj_freep) struct sj_decimal *values = NULL;
    CLEANUP(sj_freep) struct place *places = NULL;
    void *memory;
    TRY(sj_alloc(count, sizeof(struct sj_decimal), &memory));
    values = memory;
    TRY(sj_alloc(count, sizeof(struct place), &memory));
    places = memory;
    for (size_t i = 0; i < count; i++) {
        places[i] = (struct place){number_of(&targets[i].peers), &targets[i]};
    }
    qsort(places, count, sizeof(struct place), by_number);
    for (size_t i = 0; i < plan->item_count * PEER_GROUPS; i++) {
        groups[i] = (struct sj_peer_group){.count = 0};
    }
    struct peers_work work = {plan, places, count, values, groups};
    return read_groups(&work);
}
