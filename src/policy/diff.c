/* SPDX-License-Identifier: Apache-2.0
 *
 * What does a new version permit that the old one does not? Makes the two decision points over one tree of units and goes
 * through actions and limits; for a unit file, what its permits alone give and those above do not.
 */
#include "diff_priv.h"

sj_status diff_keep(struct sj_policy_diff *diff, const struct sj_buf *text, const char **ret_string)
{
    struct sj_text copy;
    TRY(sj_arena_text(diff->arena, sj_buf_text(text), &copy));
    *ret_string = copy.ptr;
    return SJ_DONE;
}

sj_status diff_add(struct sj_policy_diff *diff, const struct sj_diff_cell *cell)
{
    TRY(policy_grow(diff->arena, &diff->cells, diff->cell_count, &diff->cell_cap,
        sizeof(struct sj_diff_cell), DIFF_CELLS_MAX));
    diff->cells[diff->cell_count++] = *cell;
    diff->widens = diff->widens || cell->widened;
    return SJ_DONE;
}

/* ---- names and texts ---- */

static sj_status list_roles(struct sj_policy_diff *diff)
{
    void *memory = NULL;
    const size_t most = diff->roots[BEFORE]->role_count + (size_t)diff->roots[AFTER]->role_count;
    TRY(sj_arena_alloc(diff->arena, (most + 1) * sizeof(const char *), &memory));
    diff->roles = memory;
    for (unsigned side = 2; side > 0; side--) {
        const struct sj_policy *root = diff->roots[side - 1];
        for (uint32_t i = 0; i < root->role_count; i++) {
            bool known = false;
            for (uint32_t k = 0; k < diff->role_count; k++) {
                known = known || strcmp(diff->roles[k], root->roles[i].name) == 0;
            }
            if (!known) {
                diff->roles[diff->role_count++] = root->roles[i].name;
            }
        }
    }
    return SJ_DONE;
}

struct numbered {
    struct sj_text text;
    uint32_t *id;
};

static int compare_texts(const void *a, const void *b)
{
    const struct sj_text x = ((const struct numbered *)a)->text;
    const struct sj_text y = ((const struct numbered *)b)->text;
    const size_t len = x.len < y.len ? x.len : y.len;
    const int order = len == 0 ? 0 : memcmp(x.ptr, y.ptr, len);
    return order != 0 ? order : (x.len == y.len ? 0 : (x.len < y.len ? -1 : 1));
}

/* The section break_glass is a rule here, too. */
static sj_status number_texts(struct sj_policy_diff *diff)
{
    size_t total = 1;
    for (unsigned side = 0; side < 2; side++) {
        for (size_t f = 0; f < diff->sets[side]->file_count; f++) {
            total += diff->sets[side]->files[f].policy->rule_count;
        }
    }
    void *memory = NULL;
    CLEANUP(sj_freep) void *sorter = NULL;
    TRY(sj_alloc(total, sizeof(struct numbered), &sorter));
    struct numbered *sorted = sorter;
    size_t count = 0;
    for (unsigned side = 0; side < 2; side++) {
        for (size_t f = 0; f < diff->sets[side]->file_count; f++) {
            const struct sj_policy *file = diff->sets[side]->files[f].policy;
            TRY(sj_arena_alloc(diff->arena, (file->rule_count + 1u) * sizeof(uint32_t), &memory));
            diff->rule_ids[side][f] = memory;
            for (uint32_t i = 0; i < file->rule_count; i++) {
                sorted[count++] =
                    (struct numbered){file->rules[i].text, &diff->rule_ids[side][f][i]};
            }
        }
    }
    qsort(sorted, count, sizeof(struct numbered), compare_texts);
    uint32_t id = 0;
    for (size_t i = 0; i < count; i++) {
        const bool same =
            i > 0 && sorted[i].text.len > 0 && compare_texts(&sorted[i - 1], &sorted[i]) == 0;
        id += same ? 0 : 1;
        *sorted[i].id = id;
    }
    return SJ_DONE;
}

static int compare_ids(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a;
    const uint32_t y = *(const uint32_t *)b;
    return x == y ? 0 : (x < y ? -1 : 1);
}

static sj_status sort_ids(struct sj_policy_diff *diff)
{
    void *memory = NULL;
    for (unsigned side = 0; side < 2; side++) {
        for (size_t f = 0; f < diff->sets[side]->file_count; f++) {
            const uint32_t count = diff->sets[side]->files[f].policy->rule_count;
            TRY(sj_arena_alloc(diff->arena, (count + 1u) * sizeof(uint32_t), &memory));
            diff->sorted_ids[side][f] = memory;
            for (uint32_t i = 0; i < count; i++) {
                diff->sorted_ids[side][f][i] = diff->rule_ids[side][f][i];
            }
            qsort(diff->sorted_ids[side][f], count, sizeof(uint32_t), compare_ids);
        }
    }
    return SJ_DONE;
}

/* Does one side's role inherit, by name, what the other's does? */
static bool inherits_alike(const struct sj_policy *const roots[2], const uint32_t roles[2])
{
    for (unsigned side = 0; side < 2; side++) {
        const struct sj_role_set *mine = &roots[side]->roles[roles[side]].closure;
        const struct sj_role_set *other = &roots[1 - side]->roles[roles[1 - side]].closure;
        for (uint32_t i = 0; i < roots[side]->role_count; i++) {
            const uint32_t there =
                sj_policy_role_number(roots[1 - side], sj_text_of(roots[side]->roles[i].name));
            if (sj_role_set_has(mine, i) &&
                (there == SJ_POLICY_NONE || !sj_role_set_has(other, there))) {
                return false;
            }
        }
    }
    return true;
}

static const struct sj_text *glass_text(const struct sj_policy *root)
{
    static const struct sj_text none = {"", 0};
    return root->rule_count > root->written_rules ? &root->rules[root->written_rules].text : &none;
}

static sj_status find_changes(struct sj_policy_diff *diff)
{
    void *memory = NULL;
    TRY(sj_arena_alloc(diff->arena, diff->role_count + 1u, &memory));
    diff->role_changed = memory;
    for (uint32_t i = 0; i < diff->role_count; i++) {
        const struct sj_text name = sj_text_of(diff->roles[i]);
        const uint32_t roles[2] = {sj_policy_role_number(diff->roots[BEFORE], name),
            sj_policy_role_number(diff->roots[AFTER], name)};
        diff->role_changed[i] = roles[BEFORE] == SJ_POLICY_NONE || roles[AFTER] == SJ_POLICY_NONE ||
                                !inherits_alike(diff->roots, roles);
    }
    diff->glass_changed =
        !sj_text_equal(*glass_text(diff->roots[BEFORE]), *glass_text(diff->roots[AFTER]));
    return sort_ids(diff);
}

/* ---- the two points ---- */

static sj_status make_units(struct sj_policy_diff *diff, const struct sj_policy *const *files[2],
    const size_t counts[2], const struct sj_policy_unit *units, size_t unit_count)
{
    if (unit_count > 0) {
        void *memory = NULL;
        TRY(sj_arena_alloc(diff->arena, unit_count * sizeof(struct sj_policy_unit), &memory));
        diff->units = memory;
        for (size_t i = 0; i < unit_count; i++) {
            TRY(sj_arena_text(diff->arena, units[i].name, &diff->units[i].name));
            TRY(sj_arena_text(diff->arena, units[i].parent, &diff->units[i].parent));
        }
        diff->unit_count = unit_count;
        return SJ_DONE;
    }
    const struct sj_policy *all[2 * SJ_POLICY_FILES];
    size_t count = 0;
    for (unsigned side = 0; side < 2; side++) {
        for (size_t i = 0; i < counts[side]; i++) {
            all[count++] = files[side][i];
        }
    }
    diff->units_assumed = true;
    return space_units(all, count, NULL, 0, diff->arena, &diff->units, &diff->unit_count);
}

static sj_status make(struct sj_policy_diff *diff, const struct sj_policy *const *files[2],
    const size_t counts[2], const struct sj_policy_unit *units, size_t unit_count,
    struct sj_policy_fault *fault)
{
    TRY(make_units(diff, files, counts, units, unit_count));
    for (unsigned side = 0; side < 2; side++) {
        ENSURE(counts[side] > 0 && counts[side] <= SJ_POLICY_FILES, BAD_CONFIG);
        TRY(sj_policy_set_new(
            files[side], counts[side], diff->units, diff->unit_count, 0, &diff->sets[side], fault));
        diff->roots[side] = files[side][0];
    }
    TRY(list_roles(diff));
    TRY(number_texts(diff));
    return find_changes(diff);
}

static sj_status compare(struct sj_policy_diff *diff)
{
    const struct sj_policy *before = diff->roots[BEFORE];
    const struct sj_policy *after = diff->roots[AFTER];
    for (uint32_t i = 0; i < after->action_count; i++) {
        TRY(diff_action(diff, after->actions[i].name));
    }
    for (uint32_t i = 0; i < before->action_count; i++) {
        if (sj_policy_action_find(after, sj_text_of(before->actions[i].name)) == SJ_POLICY_NONE) {
            TRY(diff_action(diff, before->actions[i].name));
        }
    }
    return diff->ceiling ? SJ_DONE : diff_limits(diff);
}

static sj_status new_diff(struct sj_policy_diff **ret_diff)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_policy_diff), &memory));
    CLEANUP(sj_policy_diff_free) struct sj_policy_diff *diff = memory;
    TRY(sj_arena_new(512u << 20, &diff->arena));
    diff->below = SJ_POLICY_NONE;
    *ret_diff = TAKE(diff);
    return SJ_DONE;
}

sj_status sj_policy_diff_make(const struct sj_policy *const *before, size_t before_count,
    const struct sj_policy *const *after, size_t after_count, const struct sj_policy_unit *units,
    size_t unit_count, struct sj_policy_diff **ret_diff, struct sj_policy_fault *reterr_fault)
{
    *reterr_fault = (struct sj_policy_fault){0};
    CLEANUP(sj_policy_diff_free) struct sj_policy_diff *diff = NULL;
    TRY(new_diff(&diff));
    const struct sj_policy *const *files[2] = {before, after};
    const size_t counts[2] = {before_count, after_count};
    TRY(make(diff, files, counts, units, unit_count, reterr_fault));
    TRY(compare(diff));
    *ret_diff = TAKE(diff);
    return SJ_DONE;
}

/* ---- unit files ---- */

/* A file's permits alone: without what narrows and without break-glass. */
static sj_status permits_only(struct sj_arena *arena, const struct sj_policy *file,
    const struct sj_policy *as_root, struct sj_policy **ret_policy)
{
    void *memory = NULL;
    TRY(sj_arena_alloc(arena, sizeof(struct sj_policy), &memory));
    struct sj_policy *copy = memory;
    *copy = *file->root; /* schema and roles */
    copy->root = as_root == NULL ? copy : as_root;
    copy->rules = file->rules;
    copy->rule_count = copy->written_rules = file->written_rules;
    copy->cases = file->cases;
    copy->case_count = file->case_count;
    copy->nodes = file->nodes;
    copy->node_count = file->node_count;
    copy->unit_literals = file->unit_literals;
    copy->unit_literal_count = file->unit_literal_count;
    copy->owner_literal = file->owner_literal;
    copy->entries = file->entries;
    copy->hashes = file->hashes;
    copy->permits = file->permits;
    copy->states_permit = file->states_permit;
    copy->break_glass.given = false;
    copy->sod_count = 0;
    TRY(sj_arena_alloc(arena, (copy->action_count + 1u) * sizeof(struct policy_list), &memory));
    copy->narrows = copy->masks = copy->glass = memory;
    TRY(sj_arena_alloc(arena, (file->action_case_count + 1u) * 2 * sizeof(uint32_t), &memory));
    copy->action_cases = memory;
    copy->action_case_count = 0;
    for (uint32_t i = 0; i < file->action_case_count; i++) {
        const uint32_t *pair = &file->action_cases[2 * (size_t)i];
        const struct policy_rule *rule = &file->rules[file->cases[pair[1]].rule];
        if (rule->effect == SJ_EFFECT_PERMIT && !rule->break_glass) {
            uint32_t *kept = &copy->action_cases[2 * (size_t)copy->action_case_count++];
            kept[0] = pair[0];
            kept[1] = pair[1];
        }
    }
    *ret_policy = copy;
    return SJ_DONE;
}

sj_status sj_policy_diff_ceiling(const struct sj_policy *const *parents, size_t parent_count,
    const struct sj_policy *unit_file, const struct sj_policy_unit *units, size_t unit_count,
    struct sj_policy_diff **ret_diff, struct sj_policy_fault *reterr_fault)
{
    *reterr_fault = (struct sj_policy_fault){0};
    CLEANUP(sj_policy_diff_free) struct sj_policy_diff *diff = NULL;
    TRY(new_diff(&diff));
    diff->ceiling = true;
    ENSURE(parent_count > 0 && parent_count <= SJ_POLICY_FILES, BAD_CONFIG);
    const struct sj_policy *above[SJ_POLICY_FILES];
    struct sj_policy *copy = NULL;
    for (size_t i = 0; i < parent_count; i++) {
        TRY(permits_only(diff->arena, parents[i], i == 0 ? NULL : above[0], &copy));
        above[i] = copy;
    }
    TRY(permits_only(diff->arena, unit_file, NULL, &copy));
    const struct sj_policy *alone[1] = {copy};
    const struct sj_policy *const *files[2] = {above, alone};
    const size_t counts[2] = {parent_count, 1};
    TRY(make(diff, files, counts, units, unit_count, reterr_fault));
    diff->below = sj_policy_set_unit(diff->sets[AFTER], sj_text_of(unit_file->owner_unit));
    if (diff->below == SJ_POLICY_NONE) {
        snprintf(reterr_fault->why, sizeof reterr_fault->why, "%s",
            "the owner's unit is not in the tree of units");
        FAIL(BAD_CONFIG);
    }
    TRY(compare(diff));
    *ret_diff = TAKE(diff);
    return SJ_DONE;
}

void sj_policy_diff_free(struct sj_policy_diff **diff)
{
    if (diff == NULL || *diff == NULL) {
        return;
    }
    sj_policy_set_free(&(*diff)->sets[BEFORE]);
    sj_policy_set_free(&(*diff)->sets[AFTER]);
    sj_arena_free(&(*diff)->arena);
    sj_free(*diff);
    *diff = NULL;
}

bool sj_policy_diff_widens(const struct sj_policy_diff *diff)
{
    return diff->widens;
}

size_t sj_policy_diff_cell_count(const struct sj_policy_diff *diff)
{
    return diff->cell_count;
}

const struct sj_diff_cell *sj_policy_diff_cell_at(const struct sj_policy_diff *diff, size_t number)
{
    SJ_ASSERT(number < diff->cell_count);
    return &diff->cells[number];
}
