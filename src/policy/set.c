/* SPDX-License-Identifier: Apache-2.0
 *
 * Where does each file hold, and which unit is below which? A decision point: root file, unit files, and the tree of units
 * as preorder intervals, so that "within" is two comparisons.
 */
#include "engine_priv.h"

static uint64_t hash_name(struct sj_text name)
{
    const struct sj_attr_value value = {.kind = SJ_ATTR_STRING, .text = name};
    return attr_hash(&value);
}

static sj_status refuse(struct sj_policy_fault *fault, struct sj_text name, const char *why)
{
    *fault = (struct sj_policy_fault){0};
    snprintf(fault->why, sizeof fault->why, "unit %.*s: %s", (int)(name.len < 64 ? name.len : 64),
        name.ptr == NULL ? "" : name.ptr, why);
    FAIL(BAD_CONFIG);
}

uint32_t sj_policy_set_unit(const struct sj_policy_set *set, struct sj_text name)
{
    if (set->unit_hash_size == 0) {
        return SJ_POLICY_NONE;
    }
    const uint32_t mask = set->unit_hash_size - 1;
    for (uint32_t at = (uint32_t)hash_name(name) & mask;; at = (at + 1) & mask) {
        const uint32_t unit = set->unit_hash[at];
        if (unit == SJ_POLICY_NONE || sj_text_equal(set->units[unit].name, name)) {
            return unit;
        }
    }
}

static sj_status name_units(struct sj_policy_set *set, const struct sj_policy_unit *units,
    size_t count, struct sj_policy_fault *fault)
{
    void *memory = NULL;
    set->unit_hash_size = 64;
    while (set->unit_hash_size < 2 * count) {
        set->unit_hash_size *= 2;
    }
    TRY(sj_arena_alloc(set->arena, set->unit_hash_size * sizeof(uint32_t), &memory));
    set->unit_hash = memory;
    for (uint32_t i = 0; i < set->unit_hash_size; i++) {
        set->unit_hash[i] = SJ_POLICY_NONE;
    }
    TRY(sj_arena_alloc(set->arena, (count + 1) * sizeof(struct policy_unit), &memory));
    set->units = memory;
    for (size_t i = 0; i < count; i++) {
        if (units[i].name.len == 0 || sj_policy_set_unit(set, units[i].name) != SJ_POLICY_NONE) {
            return refuse(fault, units[i].name, "is named twice, or not at all");
        }
        TRY(sj_arena_text(set->arena, units[i].name, &set->units[i].name));
        const uint32_t mask = set->unit_hash_size - 1;
        uint32_t at = (uint32_t)hash_name(units[i].name) & mask;
        while (set->unit_hash[at] != SJ_POLICY_NONE) {
            at = (at + 1) & mask;
        }
        set->unit_hash[at] = (uint32_t)i;
        set->unit_count++;
    }
    return SJ_DONE;
}

/* Preorder without recursion: sizes first, then places; a unit in a circle gets no place. */
static sj_status order_units(struct sj_policy_set *set, const struct sj_policy_unit *units,
    size_t count, struct sj_policy_fault *fault)
{
    CLEANUP(sj_freep) void *memory = NULL;
    TRY(sj_alloc(3 * count + 3, sizeof(uint32_t), &memory));
    uint32_t *first = memory;           /* first child */
    uint32_t *next = first + count + 1; /* sibling */
    uint32_t *stack = next + count + 1;
    for (size_t i = 0; i <= count; i++) {
        first[i] = SJ_POLICY_NONE;
    }
    for (size_t i = count; i > 0; i--) {
        const uint32_t unit = (uint32_t)(i - 1);
        const bool root = units[unit].parent.len == 0;
        const uint32_t parent =
            root ? (uint32_t)count : sj_policy_set_unit(set, units[unit].parent);
        if (parent == SJ_POLICY_NONE) {
            return refuse(fault, units[unit].name, "its parent is not there");
        }
        set->units[unit].parent = root ? SJ_POLICY_NONE : parent;
        next[unit] = first[parent];
        first[parent] = unit;
    }
    uint32_t place = 0;
    size_t depth = 0;
    uint32_t unit = first[count];
    while (unit != SJ_POLICY_NONE || depth > 0) {
        if (unit == SJ_POLICY_NONE) {
            unit = stack[--depth];
            set->units[unit].leave = place;
            unit = next[unit];
            continue;
        }
        set->units[unit].enter = place++;
        stack[depth++] = unit;
        unit = first[unit];
    }
    for (size_t i = 0; i < count; i++) {
        if (set->units[i].leave == 0) {
            return refuse(fault, units[i].name, "is below itself");
        }
    }
    return SJ_DONE;
}

static sj_status bind_file(
    struct sj_policy_set *set, const struct sj_policy *policy, struct sj_policy_fault *fault)
{
    struct set_file *file = &set->files[set->file_count];
    void *memory = NULL;
    TRY(sj_arena_alloc(set->arena, (policy->unit_literal_count + 1u) * sizeof(uint32_t), &memory));
    uint32_t *units = memory;
    for (uint32_t i = 0; i < policy->unit_literal_count; i++) {
        const struct unit_literal *literal = &policy->unit_literals[i];
        units[i] = sj_policy_set_unit(set, literal->name);
        const bool of_root = set->file_count == 0 && i == policy->owner_literal;
        if (units[i] == SJ_POLICY_NONE && !of_root) {
            const sj_status status = refuse(fault, literal->name, "is not in the tree of units");
            fault->line = literal->line;
            fault->column = literal->column;
            return status;
        }
    }
    file->policy = policy;
    file->units = units;
    file->owner = set->file_count == 0 ? SJ_POLICY_NONE : units[policy->owner_literal];
    set->file_count++;
    return SJ_DONE;
}

static sj_status fill(struct sj_policy_set *set, const struct sj_policy *const *files,
    size_t file_count, const struct sj_policy_unit *units, size_t unit_count,
    struct sj_policy_fault *fault)
{
    const struct sj_text none = {"", 0};
    if (unit_count > SJ_POLICY_UNITS || file_count == 0 || file_count > SJ_POLICY_FILES) {
        return refuse(fault, none, "too many units or files");
    }
    TRY(name_units(set, units, unit_count, fault));
    TRY(order_units(set, units, unit_count, fault));
    for (size_t i = 0; i < file_count; i++) {
        if ((files[i]->root == files[i]) != (i == 0) || files[i]->root != files[0]) {
            return refuse(fault, none, "the first file is a root, the others are read under it");
        }
        TRY(bind_file(set, files[i], fault));
    }
    return SJ_DONE;
}

sj_status sj_policy_set_new(const struct sj_policy *const *files, size_t file_count,
    const struct sj_policy_unit *units, size_t unit_count, uint64_t assignments,
    struct sj_policy_set **ret_set, struct sj_policy_fault *reterr_fault)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_policy_set), &memory));
    CLEANUP(sj_policy_set_free) struct sj_policy_set *set = memory;
    TRY(sj_arena_new(256u << 20, &set->arena));
    set->assignments = assignments;
    TRY(fill(set, files, file_count, units, unit_count, reterr_fault));
    *ret_set = TAKE(set);
    return SJ_DONE;
}

void sj_policy_set_free(struct sj_policy_set **set)
{
    if (set == NULL || *set == NULL) {
        return;
    }
    sj_arena_free(&(*set)->arena);
    sj_free(*set);
    *set = NULL;
}

const struct sj_policy *sj_policy_set_root(const struct sj_policy_set *set)
{
    return set->files[0].policy;
}

size_t sj_policy_set_file_count(const struct sj_policy_set *set)
{
    return set->file_count;
}

const struct sj_policy *sj_policy_set_file(const struct sj_policy_set *set, size_t number)
{
    SJ_ASSERT(number < set->file_count);
    return set->files[number].policy;
}

struct sj_text sj_policy_set_unit_name(const struct sj_policy_set *set, uint32_t unit)
{
    return unit < set->unit_count ? set->units[unit].name : SJ_TEXT("");
}

size_t sj_policy_set_unit_count(const struct sj_policy_set *set)
{
    return set->unit_count;
}

bool sj_policy_set_within(const struct sj_policy_set *set, uint32_t inner, uint32_t outer)
{
    if (inner >= set->unit_count || outer >= set->unit_count) {
        return false;
    }
    const struct policy_unit *a = &set->units[inner];
    const struct policy_unit *b = &set->units[outer];
    return b->enter <= a->enter && a->enter < b->leave;
}
