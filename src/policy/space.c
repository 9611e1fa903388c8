/* SPDX-License-Identifier: Apache-2.0
 *
 * Which atoms and attributes matter to this action and these roles?
 */
#include "space_priv.h"

bool space_concerns(const struct sj_policy *policy, const struct policy_rule *rule,
    const struct sj_role_set *closure)
{
    (void)policy;
    uint64_t common = rule->everybody ? 1 : 0;
    for (size_t w = 0; w < SJ_POLICY_ROLES / 64; w++) {
        common |= rule->roles.bits[w] & closure->bits[w];
    }
    return common != 0;
}

void space_cases(
    const struct sj_policy *file, uint32_t action, uint32_t *ret_first, uint32_t *ret_end)
{
    uint32_t bounds[2] = {0, 0};
    for (uint32_t side = 0; side < 2; side++) {
        uint32_t lo = 0;
        uint32_t hi = file->action_case_count;
        while (lo < hi) {
            const uint32_t middle = lo + (hi - lo) / 2;
            if ((uint64_t)file->action_cases[2 * (size_t)middle] < (uint64_t)action + side) {
                lo = middle + 1;
            } else {
                hi = middle;
            }
        }
        bounds[side] = lo;
    }
    *ret_first = bounds[0];
    *ret_end = bounds[1];
}

struct sj_role_set space_closure(const struct space_question *question, size_t side)
{
    const struct sj_policy *root = question->sides[side].set->files[0].policy;
    struct sj_role_set held = {{0}};
    for (size_t i = 0; i < question->grant_count; i++) {
        const uint32_t role = sj_policy_role_number(root, sj_text_of(question->grants[i].role));
        if (role != SJ_POLICY_NONE) {
            sj_role_set_add(&held, role);
        }
    }
    return sj_policy_roles_close(root, &held);
}

static uint32_t find_attr(const struct space *space, uint8_t place, const char *name)
{
    for (uint32_t i = 0; i < space->attr_count; i++) {
        if (space->attrs[i].place == place && strcmp(space->attrs[i].name, name) == 0) {
            return i;
        }
    }
    return SJ_POLICY_NONE;
}

static const struct sj_policy_attr *attr_on(
    const struct space *space, size_t side, uint8_t place, const char *name, uint32_t *ret_slot)
{
    const struct sj_policy *root = space_root(space, side);
    const uint32_t action = space->question.sides[side].action;
    *ret_slot = SJ_POLICY_NONE;
    if (action == SJ_POLICY_NONE && place == SJ_OF_RESOURCE) {
        return NULL;
    }
    const uint32_t type = action == SJ_POLICY_NONE ? 0 : root->actions[action].type;
    *ret_slot = sj_policy_attr_find(root, place, type, sj_text_of(name));
    return *ret_slot == SJ_POLICY_NONE ? NULL : sj_policy_attr_at(root, place, type, *ret_slot);
}

/* Adds the attribute when it is new; false: no room. */
static bool add_attr(struct space *space, uint8_t place, const char *name)
{
    if (find_attr(space, place, name) != SJ_POLICY_NONE) {
        return true;
    }
    if (space->attr_count == SPACE_ATTRS) {
        return false;
    }
    struct space_attr *attr = &space->attrs[space->attr_count];
    *attr = (struct space_attr){.name = name, .place = place, .group = space->attr_count};
    for (size_t side = 0; side < space->question.side_count; side++) {
        const struct sj_policy_attr *its = attr_on(space, side, place, name, &attr->slot[side]);
        attr->type[side] = its == NULL ? NULL : &its->type;
        attr->is_now = attr->is_now || (place == SJ_OF_CONTEXT && its != NULL &&
                                           attr->slot[side] == space_root(space, side)->now_slot);
        attr->is_unit =
            attr->is_unit || (place == SJ_OF_RESOURCE && its != NULL && strcmp(name, "unit") == 0 &&
                                 its->type.kind == SJ_ATTR_UNIT);
    }
    if (space->question.side_count == 1) {
        attr->slot[1] = SJ_POLICY_NONE;
    }
    const bool both = attr->type[0] != NULL && attr->type[1] != NULL;
    if (both &&
        (attr->type[0]->kind != attr->type[1]->kind || attr->type[0]->of != attr->type[1]->of)) {
        space->proven = false;
    }
    space->attr_count++;
    return true;
}

static const char *name_of(const struct cond_node *ref)
{
    return strchr(ref->name, '.') + 1;
}

uint32_t space_attr_of(
    const struct space *space, const struct space_comparison *one, const struct cond_node *ref)
{
    (void)one;
    return find_attr(space, ref->place, name_of(ref));
}

static void add_comparison(
    struct space *space, uint8_t side, const struct set_file *file, uint32_t index)
{
    const struct cond_node *nodes = file->policy->nodes;
    const struct cond_node *node = &nodes[index];
    if (node->op <= COND_NOT) {
        for (uint32_t i = 0; i < node->count; i++) {
            add_comparison(space, side, file, node->first + i);
        }
        return;
    }
    if (space->comparison_count == SPACE_COMPARISONS) {
        space->proven = false;
        return;
    }
    space->comparisons[space->comparison_count++] =
        (struct space_comparison){.side = side, .file = file, .node = index};
    for (uint32_t i = 0; i < 2; i++) {
        const struct cond_node *ref = &nodes[node->first + i];
        if (ref->op == COND_REF && !(space->question.reach_only && ref->place == SJ_OF_RESOURCE) &&
            !add_attr(space, ref->place, name_of(ref))) {
            space->proven = false;
        }
    }
}

static void add_case(
    struct space *space, uint8_t side, const struct set_file *file, const struct policy_case *one)
{
    const uint32_t roots[] = {one->purpose, one->when, one->that};
    for (size_t i = 0; i < SJ_COUNT(roots); i++) {
        if (roots[i] != COND_NONE) {
            add_comparison(space, side, file, roots[i]);
        }
    }
}

static void add_side(struct space *space, uint8_t side)
{
    const struct space_side *of = &space->question.sides[side];
    const struct sj_role_set closure = space_closure(&space->question, side);
    for (size_t f = 0; of->action != SJ_POLICY_NONE && f < of->set->file_count; f++) {
        const struct set_file *file = &of->set->files[f];
        const struct sj_policy *policy = file->policy;
        uint32_t i = 0;
        uint32_t end = 0;
        for (space_cases(policy, of->action, &i, &end); i < end && space->proven; i++) {
            const struct policy_case *one = &policy->cases[policy->action_cases[2 * (size_t)i + 1]];
            if (space_concerns(policy, &policy->rules[one->rule], &closure)) {
                add_case(space, side, file, one);
            }
        }
    }
}

/* Atoms are the same when they read the same. */
static sj_status count_atoms(struct space *space)
{
    CLEANUP(sj_buf_clear) struct sj_buf texts = SJ_BUF(16u << 20);
    size_t starts[SPACE_COMPARISONS + 1];
    size_t count = 0;
    for (uint32_t i = 0; i < space->comparison_count; i++) {
        const size_t start = texts.len;
        starts[count] = start;
        TRY(cond_write(space->comparisons[i].file->policy, space->comparisons[i].node, &texts));
        bool known = false;
        for (size_t k = 0; k < count && !known; k++) {
            known = starts[k + 1] - starts[k] == texts.len - start &&
                    memcmp(texts.ptr + starts[k], texts.ptr + start, texts.len - start) == 0;
        }
        if (known) {
            texts.len = start;
        } else {
            starts[++count] = texts.len;
        }
    }
    space->proven = space->proven && count <= SPACE_ATOMS;
    return SJ_DONE;
}

/* Attributes that are compared with each other are of one group. */
static void join_groups(struct space *space)
{
    for (uint32_t i = 0; i < space->comparison_count; i++) {
        const struct space_comparison *one = &space->comparisons[i];
        const struct cond_node *nodes = one->file->policy->nodes;
        const struct cond_node *pair = &nodes[nodes[one->node].first];
        if (pair[0].op != COND_REF || pair[1].op != COND_REF) {
            continue;
        }
        const uint32_t a = space_attr_of(space, one, &pair[0]);
        const uint32_t b = space_attr_of(space, one, &pair[1]);
        if (a == SJ_POLICY_NONE || b == SJ_POLICY_NONE) {
            continue;
        }
        const uint32_t from = space->attrs[b].group;
        const uint32_t to = space->attrs[a].group;
        for (uint32_t k = 0; k < space->attr_count; k++) {
            space->attrs[k].group = space->attrs[k].group == from ? to : space->attrs[k].group;
        }
    }
}

static void number_groups(struct space *space)
{
    for (uint32_t g = 0; g < space->attr_count; g++) {
        struct space_group *group = &space->groups[space->group_count];
        *group = (struct space_group){.attr_count = 0};
        for (uint32_t i = 0; i < space->attr_count; i++) {
            if (space->attrs[i].group == g) {
                group->attrs[group->attr_count++] = i;
            }
        }
        space->group_count += group->attr_count > 0 ? 1 : 0;
    }
    for (uint32_t g = 0; g < space->group_count; g++) {
        for (uint32_t i = 0; i < space->groups[g].attr_count; i++) {
            space->attrs[space->groups[g].attrs[i]].group = g;
        }
    }
    for (uint32_t i = 0; i < space->comparison_count; i++) {
        struct space_comparison *one = &space->comparisons[i];
        const struct cond_node *nodes = one->file->policy->nodes;
        const struct cond_node *pair = &nodes[nodes[one->node].first];
        one->group = SJ_POLICY_NONE; /* of no attribute that is tried: always an error */
        for (uint32_t k = 0; k < 2; k++) {
            const uint32_t attr =
                pair[k].op == COND_REF ? space_attr_of(space, one, &pair[k]) : SJ_POLICY_NONE;
            one->group = attr == SJ_POLICY_NONE ? one->group : space->attrs[attr].group;
        }
    }
}

static sj_status fill(struct space *space)
{
    const struct space_question *question = &space->question;
    for (uint8_t side = 0; side < question->side_count; side++) {
        add_side(space, side);
    }
    for (size_t i = 0; i < SPACE_EXTRA && question->extra_file != NULL; i++) {
        if (question->extra[i] != COND_NONE) {
            add_comparison(space, 2, question->extra_file, question->extra[i]);
        }
    }
    for (size_t side = 0; side < question->side_count && !question->reach_only; side++) {
        uint32_t slot = 0;
        const struct sj_policy_attr *unit = attr_on(space, side, SJ_OF_RESOURCE, "unit", &slot);
        if (unit != NULL && unit->type.kind == SJ_ATTR_UNIT &&
            !add_attr(space, SJ_OF_RESOURCE, "unit")) {
            space->proven = false;
        }
    }
    TRY(count_atoms(space));
    join_groups(space);
    number_groups(space);
    space->size = 1;
    for (uint32_t g = 0; g < space->group_count && space->proven; g++) {
        TRY(space_fill_values(space, &space->groups[g]));
        if (space->proven) {
            TRY(space_classify(space, &space->groups[g]));
        }
        space->size *= space->groups[g].class_count;
        space->proven = space->proven && space->size <= SPACE_POINTS;
    }
    for (size_t i = 0; i < question->grant_count && !question->reach_only; i++) {
        space->size *= question->grants[i].placed ? 3 : 1;
    }
    space->proven = space->proven && space->size <= SPACE_POINTS;
    return SJ_DONE;
}

sj_status space_new(
    const struct space_question *question, struct space **ret_space, bool *ret_proven)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct space), &memory));
    CLEANUP(space_free) struct space *space = memory;
    TRY(sj_arena_new(256u << 20, &space->arena));
    space->question = *question;
    space->proven = true;
    TRY(fill(space));
    *ret_proven = space->proven;
    *ret_space = TAKE(space);
    return SJ_DONE;
}

void space_free(struct space **space)
{
    if (space == NULL || *space == NULL) {
        return;
    }
    sj_arena_free(&(*space)->arena);
    sj_free(*space);
    *space = NULL;
}

uint64_t space_size(const struct space *space)
{
    return space->size;
}
