/* SPDX-License-Identifier: Apache-2.0
 *
 * Goes through the requests of a space: one combination of values for each different vector of truth values of a group,
 * in every combination of groups and of places of the grants' units.
 */
#include "space_priv.h"

#define SOME_TIME INT64_C(1767225600000000) /* 2026-01-01 */

struct slots {
    struct sj_attr_value values[4][SJ_POLICY_ATTRS];
    bool fits;
};

/* One request on both sides. */
struct stage {
    const struct space *space;
    struct slots sides[2];
    int64_t now;
    uint32_t unit; /* of the resource */
};

static void stage_clear(struct stage *stage, const struct space *space)
{
    *stage = (struct stage){.space = space, .now = SOME_TIME, .unit = SJ_POLICY_NONE};
    stage->sides[0].fits = stage->sides[1].fits = true;
}

static void stage_put(struct stage *stage, const struct space_attr *attr, uint32_t choice)
{
    const struct space_value *value = &attr->values[choice];
    for (size_t side = 0; side < stage->space->question.side_count; side++) {
        if (attr->slot[side] != SJ_POLICY_NONE) {
            stage->sides[side].values[attr->place][attr->slot[side]] = value->by[side];
            stage->sides[side].fits = stage->sides[side].fits && value->fits[side];
            stage->now = attr->is_now ? value->by[side].number : stage->now;
            if (attr->is_unit) {
                stage->unit = value->by[side].kind == SJ_ATTR_UNIT
                                  ? (uint32_t)value->by[side].number
                                  : SJ_POLICY_NONE;
            }
        }
    }
}

static struct cond_world stage_world(struct stage *stage, size_t side, const struct set_file *file)
{
    const struct space_question *question = &stage->space->question;
    struct sj_attr_value(*values)[SJ_POLICY_ATTRS] = stage->sides[side].values;
    return (struct cond_world){.set = question->sides[side].set,
        .file = file,
        .slots = {values[SJ_OF_SUBJECT], question->reach_only ? NULL : values[SJ_OF_RESOURCE],
            values[SJ_OF_CONTEXT], values[SJ_OF_ACTION]},
        .now = {.kind = SJ_ATTR_TIME, .number = stage->now},
        .now_slot = space_root(stage->space, side)->now_slot};
}

/* ---- classes of a group ---- */

#define VECTOR (SPACE_COMPARISONS + 2 * SPACE_ATTRS + 2 * SJ_POLICY_FILES + 4)

static size_t add_unit_bits(const struct stage *stage, uint8_t *vector, size_t at)
{
    const struct space_question *question = &stage->space->question;
    const struct sj_policy_set *set = question->sides[0].set;
    const bool known = stage->unit != SJ_POLICY_NONE;
    vector[at++] = known ? 1 : 0;
    vector[at++] = known && set->units[stage->unit].parent != SJ_POLICY_NONE ? 1 : 0;
    for (size_t side = 0; side < question->side_count; side++) {
        const struct sj_policy_set *its = question->sides[side].set;
        for (size_t f = 1; f < its->file_count; f++) {
            vector[at++] = sj_policy_set_within(its, stage->unit, its->files[f].owner) ? 1 : 0;
        }
    }
    return at;
}

static size_t make_vector(struct stage *stage, uint32_t number, uint8_t vector[VECTOR])
{
    const struct space *space = stage->space;
    const struct space_group *group = &space->groups[number];
    size_t at = 0;
    for (uint32_t i = 0; i < space->comparison_count; i++) {
        const struct space_comparison *one = &space->comparisons[i];
        if (one->group == number) {
            const struct cond_world world =
                stage_world(stage, space_side_of(space, one), one->file);
            const enum truth truth = cond_decide(&world, one->node);
            vector[at++] = (uint8_t)truth;
        }
    }
    vector[at++] = stage->sides[0].fits ? 1 : 0;
    vector[at++] = stage->sides[1].fits ? 1 : 0;
    for (uint32_t i = 0; i < group->attr_count; i++) {
        at = space->attrs[group->attrs[i]].is_unit ? add_unit_bits(stage, vector, at) : at;
    }
    return at;
}

struct classes {
    uint8_t *vectors;
    size_t size; /* of one */
};

static sj_status keep_class(struct space *space, struct space_group *group, struct classes *classes,
    const uint8_t vector[VECTOR], const uint32_t *choice)
{
    for (uint32_t i = 0; i < group->class_count; i++) {
        if (memcmp(classes->vectors + i * (size_t)VECTOR, vector, classes->size) == 0) {
            return SJ_DONE;
        }
    }
    if (group->class_count == SPACE_CLASSES) {
        space->proven = false;
        return SJ_DONE;
    }
    uint8_t *kept = classes->vectors + group->class_count * (size_t)VECTOR;
    for (size_t i = 0; i < classes->size; i++) {
        kept[i] = vector[i];
    }
    for (uint32_t i = 0; i < group->attr_count; i++) {
        group->choices[group->class_count * group->attr_count + i] = choice[i];
    }
    group->class_count++;
    return SJ_DONE;
}

static bool next_choice(
    const struct space *space, const struct space_group *group, uint32_t *choice)
{
    for (uint32_t i = 0; i < group->attr_count; i++) {
        if (++choice[i] < space->attrs[group->attrs[i]].value_count) {
            return true;
        }
        choice[i] = 0;
    }
    return false;
}

static bool looked_at(const struct stage *stage, bool has_unit)
{
    const uint32_t below = stage->space->question.below;
    return !has_unit || below == SJ_POLICY_NONE ||
           sj_policy_set_within(stage->space->question.sides[0].set, stage->unit, below);
}

sj_status space_classify(struct space *space, struct space_group *group)
{
    uint64_t tries = 1;
    bool has_unit = false;
    for (uint32_t i = 0; i < group->attr_count; i++) {
        tries *= space->attrs[group->attrs[i]].value_count;
        has_unit = has_unit || space->attrs[group->attrs[i]].is_unit;
        if (tries > SPACE_TRIES) {
            space->proven = false;
            return SJ_DONE;
        }
    }
    CLEANUP(sj_freep) void *vectors = NULL;
    CLEANUP(sj_freep) void *staged = NULL;
    void *memory = NULL;
    const size_t most = tries < SPACE_CLASSES ? (size_t)tries : SPACE_CLASSES;
    TRY(sj_alloc(most + 1, VECTOR, &vectors));
    TRY(sj_alloc(1, sizeof(struct stage), &staged));
    TRY(sj_arena_alloc(space->arena, (most + 1) * group->attr_count * sizeof(uint32_t), &memory));
    group->choices = memory;
    struct classes classes = {.vectors = vectors};
    struct stage *stage = staged;
    uint32_t choice[SPACE_ATTRS] = {0};
    do {
        stage_clear(stage, space);
        for (uint32_t i = 0; i < group->attr_count; i++) {
            stage_put(stage, &space->attrs[group->attrs[i]], choice[i]);
        }
        if (looked_at(stage, has_unit)) {
            uint8_t vector[VECTOR] = {0};
            classes.size = make_vector(stage, (uint32_t)(group - space->groups), vector);
            TRY(keep_class(space, group, &classes, vector, choice));
        }
    } while (space->proven && next_choice(space, group, choice));
    return SJ_DONE;
}

/* ---- all requests ---- */

struct walker {
    struct stage stage;
    struct space_point point;
    struct sj_policy_grant grants[2][SPACE_ROLES];
    uint32_t roles[2][SPACE_ROLES];
    uint32_t classes[SPACE_ATTRS];
    uint8_t places[SPACE_ROLES];
};

enum place { PLACE_NONE = 0, PLACE_SAME, PLACE_ABOVE, PLACE_COUNT };

static enum sj_policy_known nothing_done(void *history, uint32_t action)
{
    (void)history;
    (void)action;
    return SJ_KNOWN_NO;
}

static void set_requests(struct walker *walker)
{
    const struct space *space = walker->stage.space;
    const struct space_question *question = &space->question;
    for (size_t side = 0; side < question->side_count; side++) {
        struct sj_attr_value(*values)[SJ_POLICY_ATTRS] = walker->stage.sides[side].values;
        for (size_t i = 0; i < question->grant_count; i++) {
            walker->roles[side][i] = sj_policy_role_number(
                space_root(space, side), sj_text_of(question->grants[i].role));
        }
        walker->point.request[side] =
            (struct sj_policy_request){.action = question->sides[side].action,
                .grants = walker->grants[side],
                .grant_count = question->grant_count,
                .subject = values[SJ_OF_SUBJECT],
                .resource = question->reach_only ? NULL : values[SJ_OF_RESOURCE],
                .context = values[SJ_OF_CONTEXT],
                .attributes = values[SJ_OF_ACTION],
                .reach_only = question->reach_only,
                .covered = question->reach_only,
                .has_done = nothing_done};
    }
}

static void stage_classes(struct walker *walker)
{
    struct stage *stage = &walker->stage;
    const struct space *space = stage->space;
    stage->sides[0].fits = stage->sides[1].fits = true;
    for (uint32_t g = 0; g < space->group_count; g++) {
        const struct space_group *group = &space->groups[g];
        for (uint32_t i = 0; i < group->attr_count; i++) {
            stage_put(stage, &space->attrs[group->attrs[i]],
                group->choices[walker->classes[g] * group->attr_count + i]);
        }
    }
    for (size_t side = 0; side < space->question.side_count; side++) {
        walker->point.request[side].now = stage->now;
        walker->point.request[side].malformed = !stage->sides[side].fits;
    }
}

/* false: a unit that does not exist. */
static bool stage_places(struct walker *walker)
{
    const struct space_question *question = &walker->stage.space->question;
    const struct sj_policy_set *set = question->sides[0].set;
    const uint32_t unit = walker->stage.unit;
    for (size_t i = 0; i < question->grant_count; i++) {
        uint32_t its = SJ_POLICY_NONE;
        if (walker->places[i] != PLACE_NONE) {
            its = unit == SJ_POLICY_NONE || walker->places[i] == PLACE_SAME
                      ? unit
                      : set->units[unit].parent;
            if (its == SJ_POLICY_NONE) {
                return false;
            }
        }
        for (size_t side = 0; side < question->side_count; side++) {
            walker->grants[side][i] = (struct sj_policy_grant){.role = walker->roles[side][i],
                .unit = its,
                .kind = question->grants[i].glass ? SJ_GRANT_BREAK_GLASS : SJ_GRANT_ASSIGNED,
                .active = true};
        }
    }
    return true;
}

static bool next_places(struct walker *walker)
{
    const struct space_question *question = &walker->stage.space->question;
    for (size_t i = 0; i < question->grant_count && !question->reach_only; i++) {
        if (question->grants[i].placed && ++walker->places[i] < PLACE_COUNT) {
            return true;
        }
        walker->places[i] = PLACE_NONE;
    }
    return false;
}

static bool next_classes(struct walker *walker)
{
    const struct space *space = walker->stage.space;
    for (uint32_t g = 0; g < space->group_count; g++) {
        if (++walker->classes[g] < space->groups[g].class_count) {
            return true;
        }
        walker->classes[g] = 0;
    }
    return false;
}

sj_status space_each(const struct space *space, space_fn *fn, void *user)
{
    for (uint32_t g = 0; g < space->group_count; g++) {
        if (space->groups[g].class_count == 0) {
            return SJ_DONE; /* no resource that is looked at */
        }
    }
    CLEANUP(sj_freep) void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct walker), &memory));
    struct walker *walker = memory;
    stage_clear(&walker->stage, space);
    walker->point.question = &space->question;
    walker->point.space = space;
    set_requests(walker);
    bool stop = false;
    do {
        stage_classes(walker);
        do {
            if (stage_places(walker)) {
                TRY(fn(user, &walker->point, &stop));
            }
        } while (!stop && next_places(walker));
    } while (!stop && next_classes(walker));
    return SJ_DONE;
}
