/* SPDX-License-Identifier: Apache-2.0
 *
 * Is what somebody sent as an attribute of the type that the schema says? A value of another type is never guessed at.
 */
#include "sanjeh/policy/request.h"

static bool read_scalar(const struct sj_policy_set *set, const struct sj_attr_type *type,
    const struct sj_json_value *json, struct sj_attr_value *ret_value)
{
    struct sj_text text;
    int64_t number = 0;
    bool flag = false;
    if (sj_json_as_text(json, &text)) {
        return sj_attr_from_text(set, type, text, ret_value);
    }
    if (sj_json_as_bool(json, &flag)) {
        return sj_attr_from_bool(type, flag, ret_value);
    }
    return sj_json_as_int(json, &number) && sj_attr_from_int(type, number, ret_value);
}

static size_t count_items(const struct sj_json_value *array)
{
    size_t iterator = 0;
    size_t count = 0;
    struct sj_text none;
    const struct sj_json_value *item = NULL;
    while (count <= SJ_ATTR_ITEMS_MAX && sj_json_next(array, &iterator, &none, &item)) {
        count++;
    }
    return count;
}

static sj_status read_set(const struct sj_policy_set *set, const struct sj_attr_type *type,
    const struct sj_json_value *json, struct sj_arena *arena, struct sj_attr_value *ret_value,
    bool *ret_good)
{
    *ret_good = false;
    if (!sj_json_is_array(json)) {
        return SJ_DONE;
    }
    const size_t count = count_items(json);
    if (count > SJ_ATTR_ITEMS_MAX) {
        return SJ_DONE;
    }
    void *memory = NULL;
    TRY(sj_arena_alloc(arena, (count + 1) * sizeof(struct sj_attr_value), &memory));
    struct sj_attr_value *items = memory;
    struct sj_attr_type of = *type;
    of.kind = type->of;
    size_t iterator = 0;
    struct sj_text none;
    const struct sj_json_value *item = NULL;
    for (size_t i = 0; i < count && sj_json_next(json, &iterator, &none, &item); i++) {
        if (!read_scalar(set, &of, item, &items[i])) {
            return SJ_DONE;
        }
    }
    *ret_good = sj_attr_from_items(type, items, count, ret_value);
    return SJ_DONE;
}

sj_status sj_policy_attrs_read(const struct sj_policy_set *set, enum sj_attr_place place,
    uint32_t type, const struct sj_json_value *object, struct sj_arena *arena,
    struct sj_attr_value **ret_values, const char **ret_wrong)
{
    const struct sj_policy *policy = sj_policy_set_root(set);
    const size_t count = sj_policy_attr_count(policy, place, type);
    struct sj_attr_value *values = NULL;
    const char *wrong = NULL;
    if (count > 0) {
        void *memory = NULL;
        TRY(sj_arena_alloc(arena, count * sizeof(struct sj_attr_value), &memory));
        values = memory;
    }
    for (size_t slot = 0; object != NULL && slot < count; slot++) {
        const struct sj_policy_attr *attr = sj_policy_attr_at(policy, place, type, slot);
        const struct sj_json_value *json = sj_json_get(object, attr->name);
        if (json == NULL || sj_json_is_null(json)) {
            continue;
        }
        bool good = false;
        if (attr->type.kind == SJ_ATTR_SET) {
            TRY(read_set(set, &attr->type, json, arena, &values[slot], &good));
        } else {
            good = read_scalar(set, &attr->type, json, &values[slot]);
        }
        if (!good) {
            values[slot] = (struct sj_attr_value){0};
            wrong = wrong == NULL ? attr->name : wrong;
        }
    }
    *ret_values = values;
    *ret_wrong = wrong;
    return SJ_DONE;
}
