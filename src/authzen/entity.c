/* SPDX-License-Identifier: Apache-2.0
 *
 * Whom and what does a domain know? Subjects with their roles and resources, typed by the policy's schema when the domain is
 * read; a mistake in one of them refuses the whole document with its place.
 */
#include "authzen_priv.h"

#include <stdlib.h>

sj_status entity_refuse(struct sj_policy_fault *fault, const char *list, size_t index,
    const char *rest, const char *why)
{
    *fault = (struct sj_policy_fault){0};
    (void)snprintf(fault->pointer, sizeof fault->pointer, "/entities/%s/%zu%s%s", list, index,
        rest[0] == '\0' ? "" : "/", rest);
    (void)snprintf(fault->why, sizeof fault->why, "%s", why);
    FAIL(BAD_CONFIG);
}

/* The property of one entity. */
static sj_status refuse_property(struct sj_policy_fault *fault, const char *list, size_t index,
    const struct attribute_fault *why)
{
    char rest[128];
    (void)snprintf(rest, sizeof rest, "properties/%.*s",
        (int)(why->name.len < 96 ? why->name.len : 96), why->name.ptr);
    return entity_refuse(fault, list, index, rest, why->why);
}

/* ---- finding ---- */

static int compare_text(struct sj_text a, struct sj_text b)
{
    const size_t len = a.len < b.len ? a.len : b.len;
    const int order = len == 0 ? 0 : memcmp(a.ptr, b.ptr, len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare(const void *a, const void *b)
{
    const struct entity *x = a;
    const struct entity *y = b;
    const int order = compare_text(x->type, y->type);
    return order != 0 ? order : compare_text(x->id, y->id);
}

void entity_sort(struct entity_list *list)
{
    if (list->count > 1) {
        qsort(list->items, list->count, sizeof *list->items, compare);
    }
}

const struct entity *entity_find(
    const struct entity_list *list, struct sj_text type, struct sj_text id)
{
    const struct entity wanted = {.type = type, .id = id};
    return list->count == 0 ? NULL
                            : bsearch(&wanted, list->items, list->count, sizeof wanted, compare);
}

void entity_range(
    const struct entity_list *list, struct sj_text type, size_t *ret_first, size_t *ret_end)
{
    size_t at = 0;
    size_t end = list->count;
    while (at < end) {
        const size_t middle = at + (end - at) / 2;
        if (compare_text(list->items[middle].type, type) < 0) {
            at = middle + 1;
        } else {
            end = middle;
        }
    }
    *ret_first = at;
    while (end < list->count && sj_text_equal(list->items[end].type, type)) {
        end++;
    }
    *ret_end = end;
}

/* ---- units ---- */

struct unit_names {
    struct sj_policy_unit *items;
    size_t count;
    size_t room;
};

static void add_unit(struct unit_names *names, const struct sj_json_value *value)
{
    struct sj_text text;
    if (value == NULL || !sj_json_as_text(value, &text) || text.len == 0 ||
        names->count == names->room) {
        return;
    }
    names->items[names->count++] = (struct sj_policy_unit){.name = text, .parent = {"", 0}};
}

static void add_units_of(struct unit_names *names, const struct sj_policy *policy,
    enum sj_attr_place place, uint32_t type, const struct sj_json_value *entity)
{
    const struct sj_json_value *properties = sj_json_get(entity, "properties");
    const size_t count = sj_policy_attr_count(policy, place, type);
    for (size_t slot = 0; slot < count; slot++) {
        const struct sj_policy_attr *attr = sj_policy_attr_at(policy, place, type, slot);
        const struct sj_json_value *value = sj_json_get(properties, attr->name);
        if (attr->type.kind == SJ_ATTR_UNIT) {
            add_unit(names, value);
        }
        size_t iterator = 0;
        struct sj_text name;
        const struct sj_json_value *item = NULL;
        while (attr->type.kind == SJ_ATTR_SET && attr->type.of == SJ_ATTR_UNIT && value != NULL &&
               sj_json_next(value, &iterator, &name, &item)) {
            add_unit(names, item);
        }
    }
}

static const struct sj_json_value *roles_of(const struct sj_json_value *entity)
{
    const struct sj_json_value *roles = sj_json_get(entity, "roles");
    return roles != NULL ? roles : sj_json_get(sj_json_get(entity, "properties"), "roles");
}

static void add_units_of_roles(struct unit_names *names, const struct sj_json_value *entity)
{
    size_t iterator = 0;
    struct sj_text name;
    const struct sj_json_value *item = NULL;
    const struct sj_json_value *roles = roles_of(entity);
    while (roles != NULL && sj_json_next(roles, &iterator, &name, &item)) {
        add_unit(names, sj_json_get(item, "unit"));
    }
}

static int compare_units(const void *a, const void *b)
{
    return compare_text(
        ((const struct sj_policy_unit *)a)->name, ((const struct sj_policy_unit *)b)->name);
}

static void sort_units(struct unit_names *names)
{
    if (names->count > 1) {
        qsort(names->items, names->count, sizeof *names->items, compare_units);
    }
    size_t kept = 0;
    for (size_t i = 0; i < names->count; i++) {
        if (kept == 0 || !sj_text_equal(names->items[kept - 1].name, names->items[i].name)) {
            names->items[kept++] = names->items[i];
        }
    }
    names->count = kept;
}

static void spoken_units(
    struct unit_names *names, const struct sj_policy *policy, const struct sj_json_value *entities)
{
    size_t iterator = 0;
    struct sj_text name;
    const struct sj_json_value *entity = NULL;
    const struct sj_json_value *list = sj_json_get(entities, "subjects");
    while (list != NULL && sj_json_next(list, &iterator, &name, &entity)) {
        add_units_of(names, policy, SJ_OF_SUBJECT, 0, entity);
        add_units_of_roles(names, entity);
    }
    list = sj_json_get(entities, "resources");
    iterator = 0;
    while (list != NULL && sj_json_next(list, &iterator, &name, &entity)) {
        struct sj_text type;
        if (!sj_json_as_text(sj_json_get(entity, "type"), &type)) {
            continue;
        }
        const uint32_t number = sj_policy_type_find(policy, type);
        if (number != SJ_POLICY_NONE) {
            add_units_of(names, policy, SJ_OF_RESOURCE, number, entity);
        }
    }
}

static sj_status declared_units(
    struct unit_names *names, const struct sj_json_value *list, struct sj_policy_fault *fault)
{
    size_t iterator = 0;
    struct sj_text name;
    const struct sj_json_value *unit = NULL;
    while (sj_json_next(list, &iterator, &name, &unit)) {
        struct sj_policy_unit one = {.parent = {"", 0}};
        const struct sj_json_value *parent = sj_json_get(unit, "parent");
        const bool good =
            sj_json_as_text(sj_json_get(unit, "id"), &one.name) &&
            (parent == NULL || sj_json_is_null(parent) || sj_json_as_text(parent, &one.parent));
        if (!good || names->count == names->room) {
            return entity_refuse(fault, "units", names->count, "",
                good ? "too many units" : "is {\"id\", \"parent\"}");
        }
        names->items[names->count++] = one;
    }
    return SJ_DONE;
}

sj_status entity_units(const struct sj_policy *policy, const struct sj_json_value *entities,
    struct sj_arena *arena, struct sj_policy_unit **ret_units, size_t *ret_count,
    struct sj_policy_fault *fault)
{
    struct unit_names names = {.room = SJ_POLICY_UNITS};
    void *memory = NULL;
    TRY(sj_arena_alloc(arena, names.room * sizeof(struct sj_policy_unit), &memory));
    names.items = memory;
    const struct sj_json_value *list = sj_json_get(entities, "units");
    if (list != NULL) {
        TRY(declared_units(&names, list, fault));
    } else {
        spoken_units(&names, policy, entities);
        sort_units(&names);
    }
    *ret_units = names.items;
    *ret_count = names.count;
    return SJ_DONE;
}

/* ---- reading ---- */

static bool only_members(const struct sj_json_value *entity, bool subject)
{
    size_t iterator = 0;
    struct sj_text name;
    const struct sj_json_value *value = NULL;
    while (sj_json_next(entity, &iterator, &name, &value)) {
        if (!sj_text_is(name, "type") && !sj_text_is(name, "id") &&
            !sj_text_is(name, "properties") && !(subject && sj_text_is(name, "roles"))) {
            return false;
        }
    }
    return true;
}

static const char *read_head(const struct sj_json_value *value, bool subject, struct entity *entity)
{
    if (!sj_json_is_object(value) || !only_members(value, subject)) {
        return subject ? "is {\"type\", \"id\", \"properties\", \"roles\"}"
                       : "is {\"type\", \"id\", \"properties\"}";
    }
    if (!sj_json_as_text(sj_json_get(value, "type"), &entity->type) || entity->type.len == 0 ||
        !sj_json_as_text(sj_json_get(value, "id"), &entity->id) || entity->id.len == 0) {
        return "needs a type and an id, both texts";
    }
    const struct sj_json_value *properties = sj_json_get(value, "properties");
    return properties == NULL || sj_json_is_object(properties) ? NULL : "properties is an object";
}

static sj_status new_values(struct sj_domain *domain, enum sj_attr_place place, uint32_t type,
    struct sj_attr_value **ret_values)
{
    void *memory = NULL;
    const size_t count = sj_policy_attr_count(domain->policy, place, type);
    TRY(sj_arena_alloc(domain->arena, (count + 1) * sizeof(struct sj_attr_value), &memory));
    *ret_values = memory;
    return SJ_DONE;
}

/* Nobody may be given what a static constraint keeps apart. */
static bool is_separate(const struct sj_domain *domain, const struct entity *subject)
{
    struct sj_role_set all = {{0}};
    for (uint32_t i = 0; i < subject->grant_count; i++) {
        struct sj_role_set here = {{0}};
        for (uint32_t j = 0; j < subject->grant_count; j++) {
            if (subject->grants[j].unit == subject->grants[i].unit) {
                sj_role_set_add(&here, subject->grants[j].role);
            }
        }
        if (sj_policy_sod_broken(domain->policy, SJ_SOD_STATIC, SJ_SOD_SAME_UNIT, &here) != NULL) {
            return false;
        }
        sj_role_set_add(&all, subject->grants[i].role);
    }
    return sj_policy_sod_broken(domain->policy, SJ_SOD_STATIC, SJ_SOD_ALL_UNITS, &all) == NULL;
}

static sj_status read_subject(struct sj_domain *domain, const struct sj_json_value *value,
    struct entity *entity, struct sj_policy_fault *fault)
{
    const char *why = read_head(value, /* subject= */ true, entity);
    if (why != NULL) {
        return entity_refuse(fault, "subjects", entity->place, "", why);
    }
    struct attribute_fault bad = {{"", 0}, ""};
    struct sj_attr_value *attrs = NULL;
    TRY(new_values(domain, SJ_OF_SUBJECT, 0, &attrs));
    const sj_status filled = attributes_fill(domain->set, SJ_OF_SUBJECT, 0,
        sj_json_get(value, "properties"), /* lenient= */ false, domain->arena, attrs, NULL, &bad);
    if (filled.code == SJ_INVALID) {
        return refuse_property(fault, "subjects", entity->place, &bad);
    }
    TRY(filled);
    attributes_name(domain->set, SJ_OF_SUBJECT, 0, entity->type, entity->id, attrs);
    entity->attrs = attrs;
    const uint32_t slot = sj_policy_attr_find(domain->policy, SJ_OF_SUBJECT, 0, sj_text_of("unit"));
    const bool has_home = slot != SJ_POLICY_NONE && attrs[slot].kind == SJ_ATTR_UNIT;
    const sj_status roles = roles_fill(domain->set, roles_of(value),
        has_home ? (uint32_t)attrs[slot].number : SJ_POLICY_NONE, domain->arena, &entity->grants,
        &entity->grant_count, &bad);
    if (roles.code == SJ_INVALID) {
        return entity_refuse(fault, "subjects", entity->place, "roles", bad.why);
    }
    TRY(roles);
    return is_separate(domain, entity) ? SJ_DONE
                                       : entity_refuse(fault, "subjects", entity->place, "roles",
                                             "holds what separation of duty keeps apart");
}

static sj_status read_resource(struct sj_domain *domain, const struct sj_json_value *value,
    struct entity *entity, struct sj_policy_fault *fault)
{
    const char *why = read_head(value, /* subject= */ false, entity);
    if (why != NULL) {
        return entity_refuse(fault, "resources", entity->place, "", why);
    }
    entity->number = sj_policy_type_find(domain->policy, entity->type);
    if (entity->number == SJ_POLICY_NONE) {
        return entity_refuse(
            fault, "resources", entity->place, "type", "the policy has no such type");
    }
    struct attribute_fault bad = {{"", 0}, ""};
    struct sj_attr_value *attrs = NULL;
    TRY(new_values(domain, SJ_OF_RESOURCE, entity->number, &attrs));
    const sj_status filled = attributes_fill(domain->set, SJ_OF_RESOURCE, entity->number,
        sj_json_get(value, "properties"), /* lenient= */ false, domain->arena, attrs, NULL, &bad);
    if (filled.code == SJ_INVALID) {
        return refuse_property(fault, "resources", entity->place, &bad);
    }
    TRY(filled);
    attributes_name(domain->set, SJ_OF_RESOURCE, entity->number, entity->type, entity->id, attrs);
    entity->attrs = attrs;
    return SJ_DONE;
}

typedef sj_status reader(struct sj_domain *domain, const struct sj_json_value *value,
    struct entity *entity, struct sj_policy_fault *fault);

static sj_status read_list(struct sj_domain *domain, const struct sj_json_value *array,
    const char *name, reader *read, struct entity_list *list, struct sj_policy_fault *fault)
{
    size_t iterator = 0;
    struct sj_text none;
    const struct sj_json_value *item = NULL;
    size_t count = 0;
    while (array != NULL && sj_json_next(array, &iterator, &none, &item)) {
        count++;
    }
    if (count > SJ_DOMAIN_ENTITIES_MAX) {
        return entity_refuse(fault, name, SJ_DOMAIN_ENTITIES_MAX, "", "too many");
    }
    void *memory = NULL;
    TRY(sj_arena_alloc(domain->arena, (count + 1) * sizeof(struct entity), &memory));
    list->items = memory;
    iterator = 0;
    while (array != NULL && sj_json_next(array, &iterator, &none, &item)) {
        struct entity *entity = &list->items[list->count];
        entity->place = (uint32_t)list->count;
        TRY(read(domain, item, entity, fault));
        list->count++;
    }
    entity_sort(list);
    for (size_t i = 1; i < list->count; i++) {
        if (compare(&list->items[i - 1], &list->items[i]) == 0) {
            const uint32_t a = list->items[i - 1].place;
            const uint32_t b = list->items[i].place;
            return entity_refuse(fault, name, a > b ? a : b, "", "is there twice");
        }
    }
    return SJ_DONE;
}

sj_status entity_read(
    struct sj_domain *domain, const struct sj_json_value *entities, struct sj_policy_fault *fault)
{
    TRY(read_list(domain, sj_json_get(entities, "subjects"), "subjects", read_subject,
        &domain->subjects, fault));
    return read_list(domain, sj_json_get(entities, "resources"), "resources", read_resource,
        &domain->resources, fault);
}
