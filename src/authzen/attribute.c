/* SPDX-License-Identifier: Apache-2.0
 *
 * What does a property mean under this schema? JSON to the engine's typed values; nothing is converted silently: a number is
 * not a text and a real is not an integer.
 */
#include "authzen_priv.h"

enum reading { READ_VALUE, READ_NONE, READ_BAD };

static enum reading read_text(const struct sj_policy_set *set, const struct sj_attr_type *type,
    struct sj_text text, bool lenient, struct sj_attr_value *ret)
{
    if (sj_attr_from_text(set, type, text, ret)) {
        return READ_VALUE;
    }
    return type->kind == SJ_ATTR_UNIT && lenient ? READ_NONE : READ_BAD;
}

static enum reading read_scalar(const struct sj_policy_set *set, const struct sj_attr_type *type,
    const struct sj_json_value *value, bool lenient, struct sj_attr_value *ret)
{
    struct sj_text text;
    int64_t number = 0;
    bool flag = false;
    if (sj_json_is_null(value)) {
        return READ_NONE;
    }
    if (sj_json_as_text(value, &text)) {
        return read_text(set, type, text, lenient, ret);
    }
    if (sj_json_as_int(value, &number)) {
        return sj_attr_from_int(type, number, ret) ? READ_VALUE : READ_BAD;
    }
    if (sj_json_as_bool(value, &flag)) {
        return sj_attr_from_bool(type, flag, ret) ? READ_VALUE : READ_BAD;
    }
    return READ_BAD;
}

static size_t count_items(const struct sj_json_value *container)
{
    size_t count = 0;
    size_t iterator = 0;
    struct sj_text name;
    const struct sj_json_value *item = NULL;
    while (sj_json_next(container, &iterator, &name, &item)) {
        count++;
    }
    return count;
}

static sj_status read_set(const struct sj_policy_set *set, const struct sj_attr_type *type,
    const struct sj_json_value *array, bool lenient, struct sj_arena *arena,
    struct sj_attr_value *ret, enum reading *ret_reading)
{
    *ret_reading = READ_BAD;
    const size_t room = count_items(array);
    if (room > SJ_ATTR_ITEMS_MAX) {
        return SJ_DONE;
    }
    struct sj_attr_type of = *type;
    of.kind = type->of;
    void *memory = NULL;
    TRY(sj_arena_alloc(arena, (room + 1) * sizeof(struct sj_attr_value), &memory));
    struct sj_attr_value *items = memory;
    size_t count = 0;
    size_t iterator = 0;
    struct sj_text name;
    const struct sj_json_value *item = NULL;
    while (sj_json_next(array, &iterator, &name, &item)) {
        const enum reading one = read_scalar(set, &of, item, lenient, &items[count]);
        if (one == READ_BAD) {
            return SJ_DONE;
        }
        count += one == READ_VALUE ? 1 : 0;
    }
    *ret_reading = sj_attr_from_items(type, items, count, ret) ? READ_VALUE : READ_BAD;
    return SJ_DONE;
}

static sj_status read_value(const struct sj_policy_set *set, const struct sj_attr_type *type,
    const struct sj_json_value *value, bool lenient, struct sj_arena *arena,
    struct sj_attr_value *ret, enum reading *ret_reading)
{
    if (type->kind == SJ_ATTR_SET && sj_json_is_array(value)) {
        return read_set(set, type, value, lenient, arena, ret, ret_reading);
    }
    *ret_reading = type->kind == SJ_ATTR_SET && !sj_json_is_null(value)
                       ? READ_BAD
                       : read_scalar(set, type, value, lenient, ret);
    return SJ_DONE;
}

sj_status attributes_fill(const struct sj_policy_set *set, enum sj_attr_place place, uint32_t type,
    const struct sj_json_value *properties, bool lenient, struct sj_arena *arena,
    struct sj_attr_value *values, uint64_t *ret_given, struct attribute_fault *fault)
{
    const struct sj_policy *policy = sj_policy_set_root(set);
    uint64_t given = 0;
    size_t iterator = 0;
    struct sj_text name;
    const struct sj_json_value *value = NULL;
    while (properties != NULL && sj_json_next(properties, &iterator, &name, &value)) {
        const uint32_t slot = sj_policy_attr_find(policy, place, type, name);
        if (slot == SJ_POLICY_NONE) {
            continue;
        }
        const struct sj_policy_attr *attr = sj_policy_attr_at(policy, place, type, slot);
        enum reading reading = READ_BAD;
        TRY(read_value(set, &attr->type, value, lenient, arena, &values[slot], &reading));
        if (reading == READ_BAD) {
            *fault = (struct attribute_fault){name, "is not of the type that the schema gives it"};
            FAIL(INVALID);
        }
        given |= UINT64_C(1) << slot;
        if (reading == READ_NONE) {
            values[slot] = (struct sj_attr_value){.kind = SJ_ATTR_NONE};
        }
    }
    if (ret_given != NULL) {
        *ret_given = given;
    }
    return SJ_DONE;
}

static void name_one(const struct sj_policy_set *set, enum sj_attr_place place, uint32_t type,
    const char *name, struct sj_text text, struct sj_attr_value *values)
{
    const struct sj_policy *policy = sj_policy_set_root(set);
    const uint32_t slot = sj_policy_attr_find(policy, place, type, sj_text_of(name));
    if (slot == SJ_POLICY_NONE) {
        return;
    }
    struct sj_attr_value value;
    const struct sj_policy_attr *attr = sj_policy_attr_at(policy, place, type, slot);
    if (sj_attr_from_text(set, &attr->type, text, &value)) {
        values[slot] = value;
    }
}

void attributes_name(const struct sj_policy_set *set, enum sj_attr_place place, uint32_t type,
    struct sj_text entity_type, struct sj_text id, struct sj_attr_value *values)
{
    name_one(set, place, type, "id", id, values);
    name_one(set, place, type, "type", entity_type, values);
}

/* ---- roles ---- */

static bool read_moment(const struct sj_json_value *object, const char *name, int64_t *ret_moment)
{
    const struct sj_json_value *value = sj_json_get(object, name);
    struct sj_text text;
    *ret_moment = 0;
    if (value == NULL || sj_json_is_null(value)) {
        return true;
    }
    return sj_json_as_text(value, &text) && !sj_failed(sj_time_parse(text, ret_moment));
}

static bool only_role_members(const struct sj_json_value *object)
{
    static const char *const known[] = {"role", "unit", "from", "until", "active"};
    size_t iterator = 0;
    struct sj_text name;
    const struct sj_json_value *value = NULL;
    while (sj_json_next(object, &iterator, &name, &value)) {
        bool found = false;
        for (size_t i = 0; i < SJ_COUNT(known); i++) {
            found = found || sj_text_is(name, known[i]);
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

/* NULL: good. */
static const char *read_role(const struct sj_policy_set *set, const struct sj_json_value *value,
    uint32_t home, struct sj_policy_grant *ret_grant)
{
    *ret_grant = (struct sj_policy_grant){.unit = home};
    struct sj_text name;
    const bool plain = sj_json_as_text(value, &name);
    if (!plain && (!sj_json_is_object(value) || !only_role_members(value) ||
                      !sj_json_as_text(sj_json_get(value, "role"), &name))) {
        return "a role is a name or {\"role\", \"unit\", \"from\", \"until\", \"active\"}";
    }
    const struct sj_policy *policy = sj_policy_set_root(set);
    ret_grant->role = sj_policy_role_number(policy, name);
    if (ret_grant->role == SJ_POLICY_NONE) {
        return "names a role that the policy has not";
    }
    if (sj_policy_role_at(policy, ret_grant->role)->only_via_break_glass) {
        return "names a role that only break-glass gives";
    }
    if (plain) {
        return NULL;
    }
    const struct sj_json_value *unit = sj_json_get(value, "unit");
    struct sj_text text;
    if (unit != NULL && !sj_json_is_null(unit)) {
        ret_grant->unit =
            sj_json_as_text(unit, &text) ? sj_policy_set_unit(set, text) : SJ_POLICY_NONE;
        if (ret_grant->unit == SJ_POLICY_NONE) {
            return "holds a role in a unit that is not there";
        }
    }
    const struct sj_json_value *active = sj_json_get(value, "active");
    if (active != NULL && !sj_json_as_bool(active, &ret_grant->active)) {
        return "active is true or false";
    }
    if (!read_moment(value, "from", &ret_grant->from) ||
        !read_moment(value, "until", &ret_grant->until)) {
        return "from and until are RFC 3339 times";
    }
    return NULL;
}

sj_status roles_fill(const struct sj_policy_set *set, const struct sj_json_value *roles,
    uint32_t home, struct sj_arena *arena, const struct sj_policy_grant **ret_grants,
    uint32_t *ret_count, struct attribute_fault *fault)
{
    *ret_grants = NULL;
    *ret_count = 0;
    if (roles == NULL || sj_json_is_null(roles)) {
        return SJ_DONE;
    }
    fault->name = SJ_TEXT("roles");
    fault->why = "is a list of at most 64 roles";
    ENSURE(sj_json_is_array(roles), INVALID);
    const size_t room = count_items(roles);
    ENSURE(room <= SJ_POLICY_GRANTS, INVALID);
    void *memory = NULL;
    TRY(sj_arena_alloc(arena, (room + 1) * sizeof(struct sj_policy_grant), &memory));
    struct sj_policy_grant *grants = memory;
    size_t iterator = 0;
    struct sj_text name;
    const struct sj_json_value *item = NULL;
    while (sj_json_next(roles, &iterator, &name, &item)) {
        fault->why = read_role(set, item, home, &grants[*ret_count]);
        ENSURE(fault->why == NULL, INVALID);
        ++*ret_count;
    }
    *ret_grants = grants;
    return SJ_DONE;
}
