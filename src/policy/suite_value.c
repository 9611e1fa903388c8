/* SPDX-License-Identifier: Apache-2.0
 *
 * Who asks, about what, and when? Fixtures and inline entities of a test, typed by the schema. {"$use": "ann", …}
 * takes a fixture and changes what stands beside it; null makes an attribute missing.
 */
#include "suite_priv.h"

sj_status suite_time(struct suite_loader *at, const struct doc_node *node, int64_t *ret_time)
{
    sj_time_us time = 0;
    if (node->kind != DOC_TEXT || sj_failed(sj_time_parse(node->text, &time))) {
        return load_refuse(&at->loader, node, "must be a time of RFC 3339");
    }
    *ret_time = time;
    return SJ_DONE;
}

sj_status suite_unit(struct suite_loader *at, const struct doc_node *node, uint32_t *ret_unit)
{
    struct sj_policy_suite *suite = at->suite;
    struct sj_text name;
    TRY(load_text(&at->loader, node, POLICY_NAME_MAX, &name));
    for (uint32_t i = 0; i < suite->unit_count; i++) {
        if (sj_text_equal(suite->units[i].name, name)) {
            *ret_unit = i;
            return SJ_DONE;
        }
    }
    if (suite->units_given) {
        return load_refuse(&at->loader, node, "\"units\" has no such unit");
    }
    TRY(policy_grow(suite->arena, &suite->units, suite->unit_count, &suite->unit_cap,
        sizeof(struct sj_policy_unit), SJ_POLICY_UNITS));
    *ret_unit = suite->unit_count;
    suite->units[suite->unit_count++] = (struct sj_policy_unit){name, SJ_TEXT("")};
    return SJ_DONE;
}

static sj_status read_value(struct suite_loader *at, const struct doc_node *node,
    const struct sj_attr_type *type, uint8_t kind, struct sj_attr_value *out)
{
    struct sj_attr_type one = *type;
    one.kind = kind;
    bool good = false;
    if (kind == SJ_ATTR_UNIT) {
        uint32_t unit = 0;
        TRY(suite_unit(at, node, &unit));
        *out = (struct sj_attr_value){.kind = SJ_ATTR_UNIT, .number = unit};
        return SJ_DONE;
    }
    if (node->kind == DOC_TEXT) {
        good = sj_attr_from_text(NULL, &one, node->text, out);
    } else if (node->kind == DOC_INT) {
        good = sj_attr_from_int(&one, node->number, out);
    } else if (node->kind == DOC_BOOL) {
        good = sj_attr_from_bool(&one, node->number != 0, out);
    }
    return good ? SJ_DONE : load_refuse(&at->loader, node, "is not of the attribute's type");
}

static sj_status read_set(struct suite_loader *at, const struct doc_node *node,
    const struct sj_attr_type *type, struct sj_attr_value *out)
{
    if (node->kind != DOC_ARRAY || node->count > SJ_ATTR_ITEMS_MAX) {
        return load_refuse(&at->loader, node, "must be an array of at most 256 values");
    }
    struct sj_attr_value *items = NULL;
    TRY(load_alloc(&at->loader, node->count, sizeof(struct sj_attr_value), &items));
    for (const struct doc_node *child = node->first; child != NULL; child = child->next) {
        TRY(read_value(at, child, type, type->of, &items[child->index]));
    }
    return sj_attr_from_items(type, items, node->count, out)
               ? SJ_DONE
               : load_refuse(&at->loader, node, "is not of the attribute's type");
}

static sj_status read_attribute(struct suite_loader *at, const struct doc_node *node,
    enum sj_attr_place place, uint32_t type, struct sj_attr_value *values)
{
    const uint32_t slot = sj_policy_attr_find(at->suite->root, place, type, node->name);
    if (slot == SJ_POLICY_NONE) {
        return load_refuse(&at->loader, node, "the schema has no such attribute here");
    }
    const struct sj_policy_attr *attr = sj_policy_attr_at(at->suite->root, place, type, slot);
    if (node->kind == DOC_NULL) {
        values[slot] = (struct sj_attr_value){0};
        return SJ_DONE;
    }
    return attr->type.kind == SJ_ATTR_SET
               ? read_set(at, node, &attr->type, &values[slot])
               : read_value(at, node, &attr->type, attr->type.kind, &values[slot]);
}

static bool listed(struct sj_text name, const char *const *skip)
{
    for (; *skip != NULL; skip++) {
        if (sj_text_is(name, *skip)) {
            return true;
        }
    }
    return false;
}

sj_status suite_values(struct suite_loader *at, const struct doc_node *node,
    enum sj_attr_place place, uint32_t type, const char *const *skip,
    const struct sj_attr_value *start, const struct sj_attr_value **ret_values)
{
    if (node->kind != DOC_OBJECT) {
        return load_refuse(&at->loader, node, "must be an object");
    }
    const size_t count = sj_policy_attr_count(at->suite->root, place, type);
    struct sj_attr_value *values = NULL;
    TRY(load_alloc(&at->loader, count, sizeof(struct sj_attr_value), &values));
    for (size_t i = 0; start != NULL && i < count; i++) {
        values[i] = start[i];
    }
    for (const struct doc_node *child = node->first; child != NULL; child = child->next) {
        const bool is_id = sj_text_is(child->name, "id") && child->kind == DOC_TEXT &&
                           sj_policy_attr_find(at->suite->root, place, type, child->name) ==
                               SJ_POLICY_NONE; /* the entity's name, no attribute */
        if (!is_id && !listed(child->name, skip)) {
            TRY(read_attribute(at, child, place, type, values));
        }
    }
    *ret_values = values;
    return SJ_DONE;
}

static sj_status find_fixture(struct suite_loader *at, const struct doc_node *node,
    const struct suite_fixtures *fixtures, const struct suite_fixture **ret)
{
    struct sj_text name;
    TRY(load_text(&at->loader, node, 256, &name));
    for (uint32_t i = 0; i < fixtures->count; i++) {
        if (sj_text_equal(name, fixtures->items[i].name)) {
            *ret = &fixtures->items[i];
            return SJ_DONE;
        }
    }
    return load_refuse(&at->loader, node, "no such fixture");
}

/* ---- grants ---- */

static sj_status grant_times(
    struct suite_loader *at, const struct doc_node *node, struct sj_policy_grant *out)
{
    const struct doc_node *from = doc_get(node, "from");
    const struct doc_node *until = doc_get(node, "until");
    if (from != NULL) {
        TRY(suite_time(at, from, &out->from));
    }
    if (until != NULL) {
        TRY(suite_time(at, until, &out->until));
    }
    return SJ_DONE;
}

static sj_status grant_kind(
    struct suite_loader *at, const struct doc_node *node, struct sj_policy_grant *out)
{
    static const char *const kinds[] = {"assignment", "delegation", "break_glass"};
    for (size_t i = 0; node->kind == DOC_TEXT && i < SJ_COUNT(kinds); i++) {
        if (sj_text_is(node->text, kinds[i])) {
            out->kind = (uint8_t)i;
            return SJ_DONE;
        }
    }
    return load_refuse(&at->loader, node, "must be assignment, delegation or break_glass");
}

static sj_status read_grant(
    struct suite_loader *at, const struct doc_node *node, struct sj_policy_grant *out)
{
    static const struct load_member members[] = {{"role", NULL, true}, {"unit", NULL, false},
        {"from", NULL, false}, {"until", NULL, false}, {"via", NULL, false},
        {"active", NULL, false}, {"lapsed", NULL, false}, {NULL, NULL, false}};
    *out = (struct sj_policy_grant){.unit = SJ_POLICY_NONE, .via = "", .active = false};
    if (node->kind == DOC_TEXT) {
        return load_role(&at->loader, node, &out->role);
    }
    TRY(load_object(&at->loader, node, members, NULL));
    TRY(load_role(&at->loader, doc_get(node, "role"), &out->role));
    TRY(grant_times(at, node, out));
    const struct doc_node *unit = doc_get(node, "unit");
    const struct doc_node *via = doc_get(node, "via");
    const struct doc_node *active = doc_get(node, "active");
    const struct doc_node *lapsed = doc_get(node, "lapsed");
    if (unit != NULL) {
        TRY(suite_unit(at, unit, &out->unit));
    }
    if (via != NULL) {
        TRY(grant_kind(at, via, out));
    }
    if (active != NULL) {
        TRY(load_bool(&at->loader, active, &out->active));
    }
    return lapsed == NULL ? SJ_DONE : load_bool(&at->loader, lapsed, &out->lapsed);
}

sj_status suite_grants(struct suite_loader *at, const struct doc_node *node,
    const struct sj_policy_grant **ret_grants, size_t *ret_count)
{
    if (node->kind != DOC_ARRAY || node->count > SJ_POLICY_GRANTS) {
        return load_refuse(&at->loader, node, "must be an array of at most 64 roles");
    }
    struct sj_policy_grant *grants = NULL;
    TRY(load_alloc(&at->loader, node->count, sizeof(struct sj_policy_grant), &grants));
    for (const struct doc_node *child = node->first; child != NULL; child = child->next) {
        TRY(read_grant(at, child, &grants[child->index]));
    }
    *ret_grants = grants;
    *ret_count = node->count;
    return SJ_DONE;
}

/* ---- entities ---- */

static sj_status read_state(
    struct suite_loader *at, const struct doc_node *node, struct suite_subject *out)
{
    out->inactive = node->kind == DOC_TEXT && sj_text_is(node->text, "inactive");
    out->session_ended = node->kind == DOC_TEXT && sj_text_is(node->text, "session_ended");
    const bool active = node->kind == DOC_TEXT && sj_text_is(node->text, "active");
    return out->inactive || out->session_ended || active
               ? SJ_DONE
               : load_refuse(&at->loader, node, "must be active, inactive or session_ended");
}

sj_status suite_subject(
    struct suite_loader *at, const struct doc_node *node, struct suite_subject *out)
{
    static const char *const skip[] = {"$use", "$state", "roles", NULL};
    const struct suite_fixture *fixture = NULL;
    if (node->kind == DOC_TEXT) {
        TRY(find_fixture(at, node, &at->suite->subjects, &fixture));
        *out = fixture->subject;
        return SJ_DONE;
    }
    const struct doc_node *use = doc_get(node, "$use");
    const struct doc_node *state = doc_get(node, "$state");
    const struct doc_node *roles = doc_get(node, "roles");
    *out = (struct suite_subject){0};
    if (use != NULL) {
        TRY(find_fixture(at, use, &at->suite->subjects, &fixture));
        *out = fixture->subject;
    }
    if (state != NULL) {
        TRY(read_state(at, state, out));
    }
    if (roles != NULL) {
        TRY(suite_grants(at, roles, &out->grants, &out->grant_count));
    }
    return suite_values(at, node, SJ_OF_SUBJECT, 0, skip, out->values, &out->values);
}

sj_status suite_resource(
    struct suite_loader *at, const struct doc_node *node, struct suite_resource *out)
{
    static const char *const skip[] = {"$use", "type", NULL};
    const struct suite_fixture *fixture = NULL;
    if (node->kind == DOC_TEXT) {
        TRY(find_fixture(at, node, &at->suite->resources, &fixture));
        *out = fixture->resource;
        return SJ_DONE;
    }
    const struct doc_node *use = doc_get(node, "$use");
    const struct doc_node *type = doc_get(node, "type");
    *out = (struct suite_resource){.type = SJ_POLICY_NONE};
    if (use != NULL) {
        TRY(find_fixture(at, use, &at->suite->resources, &fixture));
        *out = fixture->resource;
    }
    if ((use == NULL) == (type == NULL)) {
        return load_refuse(&at->loader, node, "names a fixture (\"$use\") or a \"type\"");
    }
    if (type != NULL) {
        struct sj_text name;
        TRY(load_text(&at->loader, type, POLICY_NAME_MAX, &name));
        out->type = sj_policy_type_find(at->suite->root, name);
        if (out->type == SJ_POLICY_NONE) {
            return load_refuse(&at->loader, type, "the schema has no such type");
        }
    }
    return suite_values(at, node, SJ_OF_RESOURCE, out->type, skip, out->values, &out->values);
}
