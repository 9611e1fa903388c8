/* SPDX-License-Identifier: Apache-2.0
 *
 * Which types, attributes, actions and fields are there? Everything that rules may name is declared here, so a
 * misspelt forbid cannot be loaded.
 */
#include "load_priv.h"

static const struct {
    const char *name;
    enum sj_attr_kind kind;
} simple[] = {{"string", SJ_ATTR_STRING}, {"bool", SJ_ATTR_BOOL}, {"unit", SJ_ATTR_UNIT},
    {"ip", SJ_ATTR_IP}, {"time", SJ_ATTR_TIME}};

static sj_status read_bounds(struct loader *loader, const struct doc_node *node, void *target)
{
    struct sj_attr_type *type = target;
    const struct doc_node *lo = node->kind == DOC_ARRAY ? node->first : NULL;
    const struct doc_node *hi = lo == NULL ? NULL : lo->next;
    if (node->kind != DOC_ARRAY || node->count != 2 || lo->kind != DOC_INT || hi->kind != DOC_INT ||
        lo->number > hi->number) {
        return load_refuse(loader, node, "must be [lowest, highest]");
    }
    type->kind = SJ_ATTR_INT;
    type->lo = lo->number;
    type->hi = hi->number;
    return SJ_DONE;
}

static sj_status read_words(struct loader *loader, const struct doc_node *node, void *target)
{
    struct sj_attr_type *type = target;
    if (node->kind != DOC_ARRAY || node->count == 0 || node->count > 256) {
        return load_refuse(loader, node, "must be an array of 1 to 256 words");
    }
    const char **words = NULL;
    TRY(load_alloc(loader, node->count, sizeof(const char *), &words));
    uint32_t count = 0;
    for (const struct doc_node *child = node->first; child != NULL; child = child->next) {
        TRY(load_kept(loader, child, POLICY_NAME_MAX, &words[count]));
        for (uint32_t i = 0; i < count; i++) {
            if (strcmp(words[i], words[count]) == 0) {
                return load_refuse(loader, child, "word named twice");
            }
        }
        count++;
    }
    type->kind = SJ_ATTR_ENUM;
    type->words = words;
    type->word_count = count;
    return SJ_DONE;
}

static sj_status read_type(struct loader *loader, const struct doc_node *node, void *target);

static sj_status read_set(struct loader *loader, const struct doc_node *node, void *target)
{
    struct sj_attr_type *type = target;
    TRY(read_type(loader, node, type));
    if (type->kind == SJ_ATTR_SET) {
        return load_refuse(loader, node, "a set has no sets in it");
    }
    type->of = type->kind;
    type->kind = SJ_ATTR_SET;
    return SJ_DONE;
}

static sj_status read_type(struct loader *loader, const struct doc_node *node, void *target)
{
    static const struct load_member members[] = {{"int", read_bounds, false},
        {"enum", read_words, false}, {"set", read_set, false}, {NULL, NULL, false}};
    struct sj_attr_type *type = target;
    for (size_t i = 0; node->kind == DOC_TEXT && i < SJ_COUNT(simple); i++) {
        if (sj_text_is(node->text, simple[i].name)) {
            type->kind = (uint8_t)simple[i].kind;
            return SJ_DONE;
        }
    }
    if (node->kind != DOC_OBJECT || node->count != 1) {
        return load_refuse(loader, node,
            "must be string, bool, unit, ip, time, {\"int\":…}, {\"enum\":…} or {\"set\":…}");
    }
    return load_object(loader, node, members, type);
}

struct attr_list {
    struct sj_policy_attr *attrs;
    uint32_t *count;
};

static sj_status read_attr(struct loader *loader, const struct doc_node *node, void *target)
{
    struct attr_list *list = target;
    if (!load_is_name(node->name)) {
        return load_refuse(loader, node, "an attribute's name is 1 to 64 letters, digits, _ and -");
    }
    if (*list->count == SJ_POLICY_ATTRS) {
        return load_refuse(loader, node, "too many attributes");
    }
    struct sj_policy_attr *attr = &list->attrs[*list->count];
    TRY(load_keep(loader, node->name, &attr->name));
    TRY(read_type(loader, node, &attr->type));
    ++*list->count;
    return SJ_DONE;
}

static sj_status read_subject(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    struct attr_list list = {loader->policy->subject, &loader->policy->subject_count};
    return load_map(loader, node, read_attr, &list);
}

static sj_status read_context(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    struct sj_policy *policy = loader->policy;
    struct attr_list list = {policy->context, &policy->context_count};
    TRY(load_map(loader, node, read_attr, &list));
    for (uint32_t i = 0; i < policy->context_count; i++) {
        const struct sj_policy_attr *attr = &policy->context[i];
        if (strcmp(attr->name, "purpose") == 0 && attr->type.kind == SJ_ATTR_ENUM) {
            policy->purpose_slot = i;
        }
        if (strcmp(attr->name, "now") == 0 && attr->type.kind == SJ_ATTR_TIME) {
            policy->now_slot = i;
        }
    }
    return SJ_DONE;
}

static sj_status read_attributes(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    struct attr_list list = {loader->policy->attributes, &loader->policy->attributes_count};
    return load_map(loader, node, read_attr, &list);
}

static sj_status read_action(struct loader *loader, const struct doc_node *node, void *target)
{
    struct policy_type *type = target;
    struct sj_policy *policy = loader->policy;
    struct sj_text verb;
    TRY(load_text(loader, node, POLICY_NAME_MAX, &verb));
    if (!load_is_name(verb)) {
        return load_refuse(loader, node, "an action's name is 1 to 64 letters, digits, _ and -");
    }
    if (loader->own && !own_knows_action(type->name, verb)) {
        return load_refuse(loader, node, "the programs have no such action");
    }
    for (uint32_t i = type->first_action; i < policy->action_count; i++) {
        if (sj_text_is(verb, policy->actions[i].verb)) {
            return load_refuse(loader, node, "action named twice");
        }
    }
    if (policy->action_count == SJ_POLICY_ACTIONS) {
        return load_refuse(loader, node, "too many actions");
    }
    struct policy_action *action = &policy->actions[policy->action_count];
    char name[2 * POLICY_NAME_MAX + 2];
    snprintf(name, sizeof name, "%s:%.*s", type->name, (int)verb.len, verb.ptr);
    TRY(load_keep(loader, sj_text_of(name), &action->name));
    action->verb = action->name + strlen(type->name) + 1;
    action->type = (uint32_t)(type - policy->types);
    policy->action_count++;
    type->action_count++;
    return SJ_DONE;
}

static sj_status read_actions(struct loader *loader, const struct doc_node *node, void *target)
{
    struct policy_type *type = target;
    type->first_action = loader->policy->action_count;
    return load_array(loader, node, read_action, type);
}

static sj_status read_attrs(struct loader *loader, const struct doc_node *node, void *target)
{
    struct policy_type *type = target;
    struct attr_list list = {type->attrs, &type->attr_count};
    TRY(load_map(loader, node, read_attr, &list));
    for (uint32_t i = 0; i < type->attr_count; i++) {
        if (strcmp(type->attrs[i].name, "unit") == 0 && type->attrs[i].type.kind == SJ_ATTR_UNIT) {
            type->unit_slot = i;
        }
    }
    return SJ_DONE;
}

static sj_status read_field(struct loader *loader, const struct doc_node *node, void *target)
{
    struct policy_type *type = target;
    struct sj_text name;
    TRY(load_text(loader, node, POLICY_NAME_MAX, &name));
    const bool any = sj_text_is(name, "*");
    if (!any && !load_is_name(name)) {
        return load_refuse(loader, node, "a field's name is 1 to 64 letters, digits, _ and -");
    }
    if (loader->own && !own_knows_field(type->name, name)) {
        return load_refuse(loader, node, "the programs have no such field");
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        if (sj_text_is(name, type->fields[i])) {
            return load_refuse(loader, node, "field named twice");
        }
    }
    if (type->field_count == SJ_POLICY_TYPE_FIELDS) {
        return load_refuse(loader, node, "too many fields");
    }
    TRY(load_keep(loader, name, &type->fields[type->field_count]));
    type->classes[type->class_count].fields |= UINT64_C(1) << type->field_count;
    type->field_count++;
    return SJ_DONE;
}

static sj_status read_class(struct loader *loader, const struct doc_node *node, void *target)
{
    struct policy_type *type = target;
    if (!load_is_name(node->name)) {
        return load_refuse(loader, node, "a class's name is 1 to 64 letters, digits, _ and -");
    }
    if (type->class_count == POLICY_CLASSES_MAX) {
        return load_refuse(loader, node, "too many classes");
    }
    TRY(load_keep(loader, node->name, &type->classes[type->class_count].name));
    TRY(load_array(loader, node, read_field, type));
    if (node->count == 0) {
        return load_refuse(loader, node, "must name a field");
    }
    type->class_count++;
    return SJ_DONE;
}

static sj_status read_classes(struct loader *loader, const struct doc_node *node, void *target)
{
    return load_map(loader, node, read_class, target);
}

static sj_status read_object_type(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    static const struct load_member members[] = {{"actions", read_actions, true},
        {"attrs", read_attrs, false}, {"field_classes", read_classes, false}, {NULL, NULL, false}};
    struct sj_policy *policy = loader->policy;
    if (!load_is_name(node->name)) {
        return load_refuse(loader, node, "a type's name is 1 to 64 letters, digits, _ and -");
    }
    if (loader->own && !own_knows_type(node->name)) {
        return load_refuse(loader, node, "the programs have no such type");
    }
    struct policy_type *type = &policy->types[policy->type_count++];
    type->unit_slot = SJ_POLICY_NONE;
    TRY(load_keep(loader, node->name, &type->name));
    return load_object(loader, node, members, type);
}

static sj_status read_types(struct loader *loader, const struct doc_node *node, void *target)
{
    struct sj_policy *policy = loader->policy;
    if (node->kind != DOC_OBJECT || node->count == 0 || node->count > POLICY_TYPES_MAX) {
        return load_refuse(loader, node, "must be an object of 1 to 512 types");
    }
    TRY(load_alloc(loader, node->count, sizeof(struct policy_type), &policy->types));
    TRY(load_alloc(loader, SJ_POLICY_ACTIONS, sizeof(struct policy_action), &policy->actions));
    return load_map(loader, node, read_object_type, target);
}

sj_status load_schema(struct loader *loader, const struct doc_node *node, void *target)
{
    static const struct load_member members[] = {{"subject", read_subject, false},
        {"context", read_context, false}, {"action", read_attributes, false},
        {"types", read_types, true}, {NULL, NULL, false}};
    return load_object(loader, node, members, target);
}
