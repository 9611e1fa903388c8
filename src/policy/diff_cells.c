/* SPDX-License-Identifier: Apache-2.0
 *
 * Which sets of roles must be compared for an action? Permits only add up and narrowing rules name roles, so a request that
 * more is given for can be made with one role for each file that must permit, and one more that a narrowing rule
 * names. Sets about which the same texts speak on both sides are skipped.
 */
#include "diff_priv.h"

struct action_diff {
    struct sj_policy_diff *diff;
    uint32_t actions[2];
    const struct policy_type *types[2];
    bool schema_changed;
    bool *narrows;            /* [role] some narrowing rule of the action concerns a holder */
    struct diff_found *found; /* [role] by itself */
    uint64_t *texts[2];       /* scratch: what speaks about a set */
    size_t depth;             /* roles that must permit together */
    uint32_t picked[SPACE_ROLES];
};

/* ---- is anything different? ---- */

static bool same_type(const struct sj_attr_type *a, const struct sj_attr_type *b)
{
    bool same = a->kind == b->kind && a->of == b->of && a->lo == b->lo && a->hi == b->hi &&
                a->word_count == b->word_count;
    for (uint32_t i = 0; same && i < a->word_count; i++) {
        same = strcmp(a->words[i], b->words[i]) == 0;
    }
    return same;
}

static bool same_attrs(const struct sj_policy_attr *a, uint32_t a_count,
    const struct sj_policy_attr *b, uint32_t b_count)
{
    bool same = a_count == b_count;
    for (uint32_t i = 0; same && i < a_count; i++) {
        same = strcmp(a[i].name, b[i].name) == 0 && same_type(&a[i].type, &b[i].type);
    }
    return same;
}

static bool same_fields(const struct policy_type *a, const struct policy_type *b)
{
    bool same = a->field_count == b->field_count && a->class_count == b->class_count;
    for (uint32_t i = 0; same && i < a->field_count; i++) {
        same = strcmp(a->fields[i], b->fields[i]) == 0;
    }
    for (uint32_t i = 0; same && i < a->class_count; i++) {
        same = strcmp(a->classes[i].name, b->classes[i].name) == 0 &&
               a->classes[i].fields == b->classes[i].fields;
    }
    return same;
}

static bool same_schema(const struct action_diff *its)
{
    const struct sj_policy *a = its->diff->roots[BEFORE];
    const struct sj_policy *b = its->diff->roots[AFTER];
    if (its->types[BEFORE] == NULL || its->types[AFTER] == NULL) {
        return false;
    }
    return a->own == b->own &&
           same_attrs(a->subject, a->subject_count, b->subject, b->subject_count) &&
           same_attrs(a->context, a->context_count, b->context, b->context_count) &&
           same_attrs(a->attributes, a->attributes_count, b->attributes, b->attributes_count) &&
           same_attrs(its->types[BEFORE]->attrs, its->types[BEFORE]->attr_count,
               its->types[AFTER]->attrs, its->types[AFTER]->attr_count) &&
           same_fields(its->types[BEFORE], its->types[AFTER]);
}

static int compare_numbers(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return x == y ? 0 : (x < y ? -1 : 1);
}

/* The rules of a side that speak about the action and a holder of the roles, as sorted numbers of texts. */
static size_t list_texts(
    const struct action_diff *its, const struct space_question *question, unsigned side)
{
    const struct sj_policy_diff *diff = its->diff;
    const struct sj_role_set closure = space_closure(question, side);
    size_t count = 0;
    for (size_t f = 0; its->actions[side] != SJ_POLICY_NONE && f < diff->sets[side]->file_count;
         f++) {
        const struct sj_policy *file = diff->sets[side]->files[f].policy;
        uint32_t i = 0;
        uint32_t end = 0;
        for (space_cases(file, its->actions[side], &i, &end); i < end; i++) {
            const uint32_t rule = file->cases[file->action_cases[2 * (size_t)i + 1]].rule;
            if (space_concerns(file, &file->rules[rule], &closure)) {
                its->texts[side][count++] = (uint64_t)f << 32 | diff->rule_ids[side][f][rule];
            }
        }
    }
    qsort(its->texts[side], count, sizeof(uint64_t), compare_numbers);
    return count;
}

static bool same_owners(const struct sj_policy_diff *diff)
{
    bool same = diff->sets[0]->file_count == diff->sets[1]->file_count;
    for (size_t f = 0; same && f < diff->sets[0]->file_count; f++) {
        same = diff->sets[0]->files[f].owner == diff->sets[1]->files[f].owner;
    }
    return same;
}

static bool same_role(const struct sj_policy_diff *diff, const char *name)
{
    const uint32_t a = sj_policy_role_number(diff->roots[BEFORE], sj_text_of(name));
    const uint32_t b = sj_policy_role_number(diff->roots[AFTER], sj_text_of(name));
    return a != SJ_POLICY_NONE && b != SJ_POLICY_NONE &&
           diff->roots[BEFORE]->roles[a].only_via_break_glass ==
               diff->roots[AFTER]->roles[b].only_via_break_glass;
}

static bool is_changed(const struct action_diff *its, const struct space_question *question)
{
    bool same = !its->schema_changed && same_owners(its->diff);
    for (size_t i = 0; same && i < question->grant_count; i++) {
        same = same_role(its->diff, question->grants[i].role);
    }
    if (!same) {
        return true;
    }
    const size_t before = list_texts(its, question, BEFORE);
    const size_t after = list_texts(its, question, AFTER);
    return before != after ||
           memcmp(its->texts[BEFORE], its->texts[AFTER], before * sizeof(uint64_t)) != 0;
}

/* ---- sets of roles ---- */

static void merge(struct diff_found *into, const struct diff_found *from)
{
    for (size_t w = 0; w < 2; w++) {
        for (size_t k = 0; k < DIFF_KINDS; k++) {
            into->bits[w][k] |= from->bits[w][k];
        }
    }
}

static sj_status look_at(struct action_diff *its, struct space_question *question)
{
    struct sj_policy_diff *diff = its->diff;
    if (!is_changed(its, question)) {
        return SJ_DONE;
    }
    ENSURE(diff->sets_looked_at < DIFF_SETS_MAX, LIMIT_EXCEEDED);
    diff->sets_looked_at++;
    struct diff_found known = {0};
    struct diff_found now = {0};
    const bool alone = question->grant_count == 1;
    for (size_t i = 0; i < question->grant_count && !alone; i++) {
        for (uint32_t role = 0; role < diff->role_count; role++) {
            if (strcmp(diff->roles[role], question->grants[i].role) == 0) {
                merge(&known, &its->found[role]);
            }
        }
    }
    TRY(diff_question(diff, question, &known, &now));
    if (alone) {
        merge(&its->found[its->picked[0]], &now);
    }
    return SJ_DONE;
}

static const char *glass_role(const struct sj_policy_diff *diff, unsigned side)
{
    const struct sj_policy *root = diff->roots[side];
    return root->break_glass.given ? root->roles[root->break_glass.grants_role].name : NULL;
}

static sj_status look_with_glass(struct action_diff *its, struct space_question *question)
{
    TRY(look_at(its, question));
    const char *was = glass_role(its->diff, BEFORE);
    for (unsigned side = 0; side < 2 && !question->reach_only; side++) {
        const char *role = glass_role(its->diff, side);
        if (role == NULL || (side == AFTER && was != NULL && strcmp(was, role) == 0)) {
            continue;
        }
        question->grants[question->grant_count++] = (struct space_grant){role, true, true};
        TRY(look_at(its, question));
        question->grant_count--;
    }
    return SJ_DONE;
}

static sj_status look_both_ways(struct action_diff *its, struct space_question *question)
{
    const bool own = its->diff->roots[AFTER]->own;
    const struct policy_type *type =
        its->types[AFTER] != NULL ? its->types[AFTER] : its->types[BEFORE];
    if (!own || type->attr_count > 0) {
        question->reach_only = false;
        TRY(look_with_glass(its, question));
    }
    question->reach_only = true;
    return own ? look_with_glass(its, question) : SJ_DONE;
}

static bool is_picked(const struct action_diff *its, size_t count, uint32_t role)
{
    for (size_t i = 0; i < count; i++) {
        if (its->picked[i] == role) {
            return true;
        }
    }
    return false;
}

static sj_status look_at_picked(struct action_diff *its, size_t count)
{
    struct sj_policy_diff *diff = its->diff;
    struct space_question question = {.sides = {{diff->sets[BEFORE], its->actions[BEFORE]},
                                          {diff->sets[AFTER], its->actions[AFTER]}},
        .side_count = 2,
        .grant_count = count,
        .below = diff->below,
        .extra = {COND_NONE, COND_NONE}};
    for (size_t i = 0; i < count; i++) {
        question.grants[i] = (struct space_grant){diff->roles[its->picked[i]], true, false};
    }
    TRY(look_both_ways(its, &question));
    for (uint32_t role = 0; role < diff->role_count; role++) {
        if (its->narrows[role] && !is_picked(its, count, role)) {
            question.grants[count] = (struct space_grant){diff->roles[role], false, false};
            question.grant_count = count + 1;
            TRY(look_both_ways(its, &question));
        }
    }
    return SJ_DONE;
}

/* Sets of 1 to depth roles, smaller ones first. Recursion is as deep as files are many. */
static sj_status pick(struct action_diff *its, size_t size, size_t have, uint32_t from)
{
    if (have == size) {
        return look_at_picked(its, size);
    }
    for (uint32_t role = from; role < its->diff->role_count; role++) {
        its->picked[have] = role;
        TRY(pick(its, size, have + 1, role + 1));
    }
    return SJ_DONE;
}

/* ---- one action ---- */

static int compare_ids(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a;
    const uint32_t y = *(const uint32_t *)b;
    return x == y ? 0 : (x < y ? -1 : 1);
}

/* The other side's same file has a rule of the same text. */
static bool is_on_both(const struct action_diff *its, unsigned side, size_t f, uint32_t rule)
{
    const struct sj_policy_diff *diff = its->diff;
    if (its->schema_changed || diff->glass_changed || f >= diff->sets[1 - side]->file_count ||
        diff->sets[0]->files[f].owner != diff->sets[1]->files[f].owner) {
        return false;
    }
    return bsearch(&diff->rule_ids[side][f][rule], diff->sorted_ids[1 - side][f],
               diff->sets[1 - side]->files[f].policy->rule_count, sizeof(uint32_t),
               compare_ids) != NULL;
}

static void find_narrowing_of(struct action_diff *its, unsigned side, size_t f)
{
    const struct sj_policy_diff *diff = its->diff;
    const struct sj_policy *root = diff->roots[side];
    const struct sj_policy *file = diff->sets[side]->files[f].policy;
    uint32_t i = 0;
    uint32_t end = 0;
    for (space_cases(file, its->actions[side], &i, &end); i < end; i++) {
        const uint32_t number = file->cases[file->action_cases[2 * (size_t)i + 1]].rule;
        const struct policy_rule *rule = &file->rules[number];
        if (rule->effect == SJ_EFFECT_PERMIT || rule->everybody) {
            continue;
        }
        const bool both = is_on_both(its, side, f, number);
        for (uint32_t r = 0; r < diff->role_count; r++) {
            const uint32_t role = sj_policy_role_number(root, sj_text_of(diff->roles[r]));
            its->narrows[r] =
                its->narrows[r] || ((!both || diff->role_changed[r]) && role != SJ_POLICY_NONE &&
                                       space_concerns(file, rule, &root->roles[role].closure));
        }
    }
}

static void find_narrowing(struct action_diff *its)
{
    for (unsigned side = 0; side < 2; side++) {
        const struct sj_policy_set *set = its->diff->sets[side];
        for (size_t f = 0; its->actions[side] != SJ_POLICY_NONE && f < set->file_count; f++) {
            find_narrowing_of(its, side, f);
        }
    }
}

/* In a reach alone (Sanjeh's own) a wider permit takes a narrower one's fields away: pairs matter, too. */
static size_t depth_of(const struct action_diff *its)
{
    size_t most = its->diff->roots[AFTER]->own ? 2 : 1;
    for (unsigned side = 0; side < 2; side++) {
        size_t files = 0;
        for (size_t f = 0; f < its->diff->sets[side]->file_count; f++) {
            const struct sj_policy *file = its->diff->sets[side]->files[f].policy;
            files += its->actions[side] != SJ_POLICY_NONE && file->states_permit[its->actions[side]]
                         ? 1
                         : 0;
        }
        most = files > most ? files : most;
    }
    return most;
}

static sj_status make_room(struct action_diff *its)
{
    struct sj_policy_diff *diff = its->diff;
    void *memory = NULL;
    TRY(sj_arena_alloc(diff->arena, diff->role_count + 1u, &memory));
    its->narrows = memory;
    TRY(sj_arena_alloc(diff->arena, (diff->role_count + 1u) * sizeof(struct diff_found), &memory));
    its->found = memory;
    for (unsigned side = 0; side < 2; side++) {
        size_t most = 1;
        for (size_t f = 0; f < diff->sets[side]->file_count; f++) {
            most += diff->sets[side]->files[f].policy->case_count;
        }
        TRY(sj_arena_alloc(diff->arena, most * sizeof(uint64_t), &memory));
        its->texts[side] = memory;
    }
    return SJ_DONE;
}

sj_status diff_action(struct sj_policy_diff *diff, const char *name)
{
    struct action_diff its = {.diff = diff};
    for (unsigned side = 0; side < 2; side++) {
        its.actions[side] = sj_policy_action_find(diff->roots[side], sj_text_of(name));
        if (its.actions[side] != SJ_POLICY_NONE) {
            const struct sj_policy *root = diff->roots[side];
            its.types[side] = &root->types[root->actions[its.actions[side]].type];
        }
    }
    its.schema_changed = !same_schema(&its);
    TRY(make_room(&its));
    find_narrowing(&its);
    its.depth = depth_of(&its);
    for (size_t size = 1; size <= its.depth; size++) {
        TRY(pick(&its, size, 0, 0));
    }
    return SJ_DONE;
}
