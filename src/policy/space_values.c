/* SPDX-License-Identifier: Apache-2.0
 *
 * Which values of an attribute can make a difference? One of each class that the literals cut out: the literals
 * themselves, neighbours of numbers, times and ranges, words and texts that nobody names, units by their place among the
 * named ones. If a class were left out, a proof would say too much.
 */
#include "space_priv.h"

#define CANDIDATES 512

struct candidate {
    int64_t number;
    struct sj_text text; /* string, or word of an enum */
    uint8_t ip[16];
};

struct candidates {
    struct space *space;
    const struct space_group *group;
    uint8_t kind;     /* of values, or of elements of sets */
    uint32_t scalars; /* attributes of the group that are no sets */
    uint32_t sets;
    struct candidate items[CANDIDATES];
    uint32_t count;
};

static bool same(uint8_t kind, const struct candidate *a, const struct candidate *b)
{
    if (kind == SJ_ATTR_STRING || kind == SJ_ATTR_ENUM) {
        return sj_text_equal(a->text, b->text);
    }
    return kind == SJ_ATTR_IP ? memcmp(a->ip, b->ip, sizeof a->ip) == 0 : a->number == b->number;
}

static void add(struct candidates *all, const struct candidate *one)
{
    for (uint32_t i = 0; i < all->count; i++) {
        if (same(all->kind, &all->items[i], one)) {
            return;
        }
    }
    if (all->count == CANDIDATES) {
        all->space->proven = false;
        return;
    }
    all->items[all->count++] = *one;
}

static void add_number(struct candidates *all, int64_t number)
{
    const struct candidate one = {.number = number};
    add(all, &one);
}

/* A number and its neighbours, as many as there are attributes to stand between two literals. */
static void add_around(struct candidates *all, int64_t number)
{
    for (int64_t step = -(int64_t)all->scalars; step <= (int64_t)all->scalars; step++) {
        int64_t near = 0;
        if (!__builtin_add_overflow(number, step, &near)) {
            add_number(all, near);
        }
    }
}

/* ---- addresses ---- */

static bool step_ip(uint8_t ip[16], bool up)
{
    for (size_t i = 16; i > 0; i--) {
        ip[i - 1] = (uint8_t)(ip[i - 1] + (up ? 1 : 255));
        if (ip[i - 1] != (up ? 0 : 255)) {
            return true;
        }
    }
    return false;
}

/* First and last address of a range and those beside it: each class of nested ranges has one of them. */
static void add_range(struct candidates *all, const uint8_t ip[16], unsigned bits)
{
    struct candidate first = {0};
    struct candidate last = {0};
    for (unsigned i = 0; i < 16; i++) {
        const unsigned whole = bits / 8;
        const uint8_t mask = i < whole ? 0xff : (i == whole ? (uint8_t)(0xff00u >> (bits % 8)) : 0);
        first.ip[i] = ip[i] & mask;
        last.ip[i] = (uint8_t)(ip[i] | (uint8_t)~mask);
    }
    add(all, &first);
    add(all, &last);
    if (step_ip(first.ip, false)) {
        add(all, &first);
    }
    if (step_ip(last.ip, true)) {
        add(all, &last);
    }
}

/* ---- literals ---- */

static void add_literal(struct candidates *all, const struct space_comparison *one,
    const struct cond_node *node, const struct sj_attr_value *value)
{
    struct candidate item = {.number = value->number};
    switch ((enum sj_attr_kind)value->kind) {
    case SJ_ATTR_STRING:
        item.text = value->text;
        item.number = 0;
        add(all, &item);
        break;
    case SJ_ATTR_ENUM:
        item.text = sj_text_of(node->type->words[value->number]);
        add(all, &item);
        break;
    case SJ_ATTR_INT:
    case SJ_ATTR_TIME:
        add_around(all, value->number);
        break;
    case SJ_ATTR_IP: {
        const bool range = one->file->policy->nodes[one->node].op == COND_IP_IN;
        add_range(all, value->ip, range ? value->count : 128);
        break;
    }
    case SJ_ATTR_SET:
        for (uint32_t i = 0; i < value->count; i++) {
            add_literal(all, one, node, &value->items[i]);
        }
        break;
    case SJ_ATTR_NONE:
    case SJ_ATTR_BOOL:
    case SJ_ATTR_UNIT: /* see add_units */
        break;
    }
}

static bool of_group(const struct candidates *all, const struct space_comparison *one)
{
    return one->group != SJ_POLICY_NONE && all->group == &all->space->groups[one->group];
}

static void add_literals(struct candidates *all)
{
    for (uint32_t i = 0; i < all->space->comparison_count; i++) {
        const struct space_comparison *one = &all->space->comparisons[i];
        const struct cond_node *nodes = one->file->policy->nodes;
        for (uint32_t k = 0; of_group(all, one) && k < 2; k++) {
            const struct cond_node *node = &nodes[nodes[one->node].first + k];
            if (node->op == COND_LITERAL) {
                add_literal(all, one, node, &node->value);
            }
        }
    }
}

/* ---- units ---- */

#define NAMED_UNITS 48

struct named_units {
    uint32_t units[NAMED_UNITS];
    uint32_t count;
};

static void name_unit(struct candidates *all, struct named_units *named, uint32_t unit)
{
    for (uint32_t i = 0; i < named->count; i++) {
        if (named->units[i] == unit) {
            return;
        }
    }
    if (named->count == NAMED_UNITS) {
        all->space->proven = false;
        return;
    }
    named->units[named->count++] = unit;
}

static void name_literal(struct candidates *all, struct named_units *named,
    const struct space_comparison *one, const struct sj_attr_value *value)
{
    if (value->kind == SJ_ATTR_UNIT) {
        name_unit(all, named, one->file->units[value->number]);
    }
    for (uint32_t i = 0;
         value->kind == SJ_ATTR_SET && value->of == SJ_ATTR_UNIT && i < value->count; i++) {
        name_unit(all, named, one->file->units[value->items[i].number]);
    }
}

static void name_units(struct candidates *all, struct named_units *named)
{
    const struct space *space = all->space;
    for (uint32_t i = 0; i < space->comparison_count; i++) {
        const struct space_comparison *one = &space->comparisons[i];
        const struct cond_node *nodes = one->file->policy->nodes;
        for (uint32_t k = 0; of_group(all, one) && k < 2; k++) {
            const struct cond_node *node = &nodes[nodes[one->node].first + k];
            if (node->op == COND_LITERAL) {
                name_literal(all, named, one, &node->value);
            }
        }
    }
    for (size_t side = 0; side < space->question.side_count; side++) {
        const struct sj_policy_set *set = space->question.sides[side].set;
        for (size_t f = 1; f < set->file_count; f++) {
            name_unit(all, named, set->files[f].owner);
        }
    }
    if (space->question.below != SJ_POLICY_NONE) {
        name_unit(all, named, space->question.below);
    }
}

static void place_unit(const struct sj_policy_set *set, const struct named_units *named,
    uint32_t unit, uint8_t out[NAMED_UNITS])
{
    for (uint32_t i = 0; i < named->count; i++) {
        const uint32_t other = named->units[i];
        out[i] = (uint8_t)(unit == other) |
                 (uint8_t)(sj_policy_set_within(set, unit, other) ? 2 : 0) |
                 (uint8_t)(sj_policy_set_within(set, other, unit) ? 4 : 0);
    }
}

/* Enough of a class already? One with a unit above it; where units are compared with each other two in each relation to
 * the first: below, above, beside. */
static bool enough(const struct candidates *all, const struct sj_policy_set *set,
    const struct named_units *named, uint32_t unit)
{
    uint8_t place[NAMED_UNITS] = {0};
    uint8_t other[NAMED_UNITS] = {0};
    place_unit(set, named, unit, place);
    uint32_t first = SJ_POLICY_NONE;
    uint32_t alike = 0;
    bool parent = false;
    for (uint32_t i = 0; i < all->count; i++) {
        const uint32_t known = (uint32_t)all->items[i].number;
        place_unit(set, named, known, other);
        if (memcmp(place, other, sizeof place) != 0) {
            continue;
        }
        parent = parent || set->units[known].parent != SJ_POLICY_NONE;
        if (first == SJ_POLICY_NONE) {
            first = known;
            continue;
        }
        alike +=
            sj_policy_set_within(set, known, first) == sj_policy_set_within(set, unit, first) &&
                    sj_policy_set_within(set, first, known) ==
                        sj_policy_set_within(set, first, unit)
                ? 1
                : 0;
    }
    if (first == SJ_POLICY_NONE) {
        return false;
    }
    if (all->scalars + all->sets > 1) {
        return alike >= 2;
    }
    return parent || set->units[unit].parent == SJ_POLICY_NONE;
}

static void add_units(struct candidates *all)
{
    const struct sj_policy_set *set = all->space->question.sides[0].set;
    struct named_units named = {.count = 0};
    name_units(all, &named);
    for (uint32_t unit = 0; unit < set->unit_count && all->space->proven; unit++) {
        if (!enough(all, set, &named, unit)) {
            add_number(all, unit);
        }
    }
}

/* ---- what nobody names ---- */

static void add_words(struct candidates *all)
{
    uint32_t others = 0;
    for (uint32_t i = 0; i < all->group->attr_count; i++) {
        const struct space_attr *attr = &all->space->attrs[all->group->attrs[i]];
        for (size_t side = 0; side < 2; side++) {
            const struct sj_attr_type *type = attr->type[side];
            for (uint32_t w = 0; type != NULL && w < type->word_count; w++) {
                const uint32_t before = all->count;
                const struct candidate word = {.text = sj_text_of(type->words[w])};
                const struct sj_attr_type *other = attr->type[1 - side];
                bool shared = other != NULL || all->space->question.side_count == 1;
                for (uint32_t k = 0; other != NULL && k <= other->word_count; k++) {
                    shared = k < other->word_count;
                    if (shared && strcmp(other->words[k], type->words[w]) == 0) {
                        break;
                    }
                }
                if (others < all->scalars + all->sets || !shared) {
                    add(all, &word);
                    others += all->count > before && shared ? 1 : 0;
                }
            }
        }
    }
}

static void add_texts(struct candidates *all)
{
    static const char *const texts[] = {
        "other-1", "other-2", "other-3", "other-4", "other-5", "other-6", "other-7", "other-8"};
    uint32_t others = 0;
    for (size_t i = 0; i < SJ_COUNT(texts) && others < all->scalars + all->sets; i++) {
        const uint32_t before = all->count;
        const struct candidate one = {.text = sj_text_of(texts[i])};
        add(all, &one);
        others += all->count > before ? 1 : 0;
    }
    all->space->proven = all->space->proven && others == all->scalars + all->sets;
}

static void add_bounds(struct candidates *all)
{
    for (uint32_t i = 0; i < all->group->attr_count; i++) {
        const struct space_attr *attr = &all->space->attrs[all->group->attrs[i]];
        for (size_t side = 0; side < 2; side++) {
            const struct sj_attr_type *type = attr->type[side];
            if (type != NULL) {
                add_around(all, type->lo);
                add_around(all, type->hi);
            }
        }
    }
}

static void add_unnamed(struct candidates *all)
{
    static const int64_t some_time = INT64_C(1767225600000000); /* 2026-01-01 */
    switch ((enum sj_attr_kind)all->kind) {
    case SJ_ATTR_STRING:
        add_texts(all);
        break;
    case SJ_ATTR_ENUM:
        add_words(all);
        break;
    case SJ_ATTR_BOOL:
        add_number(all, 0);
        add_number(all, 1);
        break;
    case SJ_ATTR_INT:
        add_bounds(all);
        break;
    case SJ_ATTR_TIME:
        add_around(all, some_time);
        break;
    case SJ_ATTR_IP: {
        static const uint8_t documentation[16] = {0x20, 0x01, 0x0d, 0xb8};
        add_range(all, documentation, 127);
        break;
    }
    case SJ_ATTR_UNIT:
        add_units(all);
        break;
    case SJ_ATTR_NONE:
    case SJ_ATTR_SET:
        break;
    }
}

/* ---- values of each attribute ---- */

static bool to_value(const struct sj_attr_type *type, uint8_t kind, const struct candidate *one,
    struct sj_attr_value *out)
{
    *out = (struct sj_attr_value){.kind = kind, .number = one->number};
    switch ((enum sj_attr_kind)kind) {
    case SJ_ATTR_STRING:
        out->text = one->text;
        return true;
    case SJ_ATTR_INT:
        return one->number >= type->lo && one->number <= type->hi;
    case SJ_ATTR_ENUM:
        for (uint32_t i = 0; i < type->word_count; i++) {
            if (sj_text_is(one->text, type->words[i])) {
                out->number = i;
                return true;
            }
        }
        return false;
    case SJ_ATTR_IP:
        for (size_t i = 0; i < sizeof out->ip; i++) {
            out->ip[i] = one->ip[i];
        }
        return true;
    case SJ_ATTR_NONE:
    case SJ_ATTR_BOOL:
    case SJ_ATTR_UNIT:
    case SJ_ATTR_TIME:
    case SJ_ATTR_SET:
        break;
    }
    return true;
}

/* Fits no side: nobody can ask it. */
static void push(struct space_attr *attr, const struct space_value *value)
{
    const bool fits =
        (attr->type[0] != NULL && value->fits[0]) || (attr->type[1] != NULL && value->fits[1]);
    if (fits) {
        attr->values[attr->value_count++] = *value;
    }
}

static sj_status fill_scalar(struct candidates *all, struct space_attr *attr)
{
    for (uint32_t i = 0; i < all->count; i++) {
        struct space_value value = {.fits = {true, true}};
        for (size_t side = 0; side < 2; side++) {
            if (attr->type[side] != NULL) {
                value.fits[side] = to_value(
                    attr->type[side], attr->type[side]->kind, &all->items[i], &value.by[side]);
            }
        }
        push(attr, &value);
    }
    return SJ_DONE;
}

static sj_status fill_set(struct candidates *all, struct space_attr *attr)
{
    if (all->count > SPACE_ELEMENTS) {
        all->space->proven = false;
        return SJ_DONE;
    }
    for (uint32_t subset = 0; subset < 1u << all->count; subset++) {
        struct space_value value = {.fits = {true, true}};
        for (size_t side = 0; side < 2; side++) {
            if (attr->type[side] == NULL) {
                continue;
            }
            void *memory = NULL;
            TRY(sj_arena_alloc(
                all->space->arena, (all->count + 1u) * sizeof(struct sj_attr_value), &memory));
            struct sj_attr_value *items = memory;
            uint32_t count = 0;
            for (uint32_t i = 0; i < all->count; i++) {
                if ((subset >> i & 1u) != 0) {
                    value.fits[side] = to_value(attr->type[side], attr->type[side]->of,
                                           &all->items[i], &items[count++]) &&
                                       value.fits[side];
                }
            }
            value.by[side] = (struct sj_attr_value){
                .kind = SJ_ATTR_SET, .of = attr->type[side]->of, .count = count, .items = items};
        }
        push(attr, &value);
    }
    return SJ_DONE;
}

static bool is_set(const struct space_attr *attr)
{
    return (attr->type[0] != NULL ? attr->type[0] : attr->type[1])->kind == SJ_ATTR_SET;
}

sj_status space_fill_values(struct space *space, const struct space_group *group)
{
    CLEANUP(sj_freep) void *candidates = NULL;
    TRY(sj_alloc(1, sizeof(struct candidates), &candidates));
    struct candidates *all = candidates;
    all->space = space;
    all->group = group;
    for (uint32_t i = 0; i < group->attr_count; i++) {
        const struct space_attr *attr = &space->attrs[group->attrs[i]];
        const struct sj_attr_type *type = attr->type[0] != NULL ? attr->type[0] : attr->type[1];
        all->kind = type->kind == SJ_ATTR_SET ? type->of : type->kind;
        all->sets += is_set(attr) ? 1 : 0;
        all->scalars += is_set(attr) ? 0 : 1;
    }
    add_literals(all);
    add_unnamed(all);
    for (uint32_t i = 0; i < group->attr_count && space->proven; i++) {
        struct space_attr *attr = &space->attrs[group->attrs[i]];
        void *memory = NULL;
        TRY(sj_arena_alloc(space->arena, (CANDIDATES + 1) * sizeof(struct space_value), &memory));
        attr->values = memory;
        if (!attr->is_now) {
            attr->values[attr->value_count++] = (struct space_value){.fits = {true, true}};
        }
        TRY(is_set(attr) ? fill_set(all, attr) : fill_scalar(all, attr));
    }
    return SJ_DONE;
}

/* ---- a tree of units ---- */

static bool has_name(const struct sj_policy_unit *units, size_t count, struct sj_text name)
{
    for (size_t i = 0; i < count; i++) {
        if (sj_text_equal(units[i].name, name)) {
            return true;
        }
    }
    return false;
}

static sj_status put_unit(struct sj_arena *arena, struct sj_policy_unit *units, size_t *count,
    const char *prefix, struct sj_text base, struct sj_text parent)
{
    char name[2 * POLICY_NAME_MAX + 16];
    for (unsigned n = 0;; n++) {
        if (n == 0) {
            snprintf(name, sizeof name, "%s%.*s", prefix, (int)base.len, base.ptr);
        } else {
            snprintf(name, sizeof name, "%s%.*s-%u", prefix, (int)base.len, base.ptr, n);
        }
        if (!has_name(units, *count, sj_text_of(name))) {
            break;
        }
    }
    TRY(sj_arena_text(arena, sj_text_of(name), &units[*count].name));
    units[(*count)++].parent = parent;
    return SJ_DONE;
}

sj_status space_units(const struct sj_policy *const *files, size_t file_count,
    const struct sj_policy_unit *given, size_t count, struct sj_arena *arena,
    struct sj_policy_unit **ret_units, size_t *ret_count)
{
    size_t room = 3 * count + 8;
    for (size_t f = 0; f < file_count; f++) {
        room += 2u * files[f]->unit_literal_count;
    }
    void *memory = NULL;
    TRY(sj_arena_alloc(arena, room * sizeof(struct sj_policy_unit), &memory));
    struct sj_policy_unit *units = memory;
    size_t made = 0;
    for (size_t i = 0; i < count; i++) {
        units[made++] = given[i];
    }
    for (size_t f = 0; f < file_count; f++) {
        for (uint32_t i = 0; i < files[f]->unit_literal_count; i++) {
            const struct sj_text name = files[f]->unit_literals[i].name;
            if (!has_name(units, made, name)) {
                units[made++] = (struct sj_policy_unit){name, SJ_TEXT("")};
            }
        }
    }
    const size_t named = made;
    TRY(put_unit(arena, units, &made, "top", SJ_TEXT(""), SJ_TEXT("")));
    const struct sj_text top = units[named].name;
    for (size_t i = 0; i < named; i++) {
        units[i].parent = units[i].parent.len == 0 ? top : units[i].parent;
        TRY(put_unit(arena, units, &made, "in-", units[i].name, units[i].name));
    }
    TRY(put_unit(arena, units, &made, "other", SJ_TEXT(""), top));
    TRY(put_unit(arena, units, &made, "in-", units[made - 1].name, units[made - 1].name));
    *ret_units = units;
    *ret_count = made;
    return SJ_DONE;
}
