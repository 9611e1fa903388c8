/* SPDX-License-Identifier: Apache-2.0
 *
 * What can be decided about, and what do the rules say? The schema names the types, their actions and classes of
 * fields, all of which must be in the catalogue that the programs are built with; rules then speak
 * of roles, actions and classes only. A name that means nothing is refused: a misspelt class in a forbid would
 * forbid nothing.
 */
#include "load_priv.h"

/* ---- schema ---- */

struct type_at {
    const char *type;
    const char *class_name;
    uint64_t fields;
};

static sj_status read_declared_action(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    const struct type_at *at = target;
    struct sj_text verb;
    TRY(load_text(loader, place, value, SJ_POLICY_ID_MAX, &verb));
    const enum sj_action action = policy_action_find(at->type, verb);
    if (action == SJ_ACTION_NONE) {
        return load_refuse(loader, place, "the programs know no such action of this type");
    }
    if (loader->policy->declared[action]) {
        return load_refuse(loader, place, "action named twice");
    }
    loader->policy->declared[action] = true;
    return SJ_DONE;
}

static sj_status read_actions(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    return load_array(loader, place, value, read_declared_action, target);
}

static uint64_t classed_fields(const struct sj_policy *policy)
{
    uint64_t fields = 0;
    for (size_t i = 0; i < policy->class_count; i++) {
        fields |= policy->classes[i].fields;
    }
    return fields;
}

static sj_status read_class_field(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    struct type_at *at = target;
    struct sj_text name;
    TRY(load_text(loader, place, value, SJ_POLICY_ID_MAX, &name));
    const enum sj_field field = policy_field_find(at->type, name);
    if (field == SJ_FIELD_COUNT_) {
        return load_refuse(loader, place, "the programs know no such field of this type");
    }
    const uint64_t bit = UINT64_C(1) << field;
    if (((at->fields | classed_fields(loader->policy)) & bit) != 0) {
        return load_refuse(loader, place, "field classed twice");
    }
    at->fields |= bit;
    return SJ_DONE;
}

static sj_status read_class(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    const struct type_at *type = target;
    struct sj_policy *policy = loader->policy;
    if (place->name.len == 0 || place->name.len > SJ_POLICY_ID_MAX || place->name.ptr[0] == '*') {
        return load_refuse(loader, place, "not a name for a class");
    }
    if (policy->class_count == SJ_POLICY_CLASSES_MAX) {
        return load_refuse(loader, place, "too many classes");
    }
    struct type_at at = {type->type, NULL, 0};
    TRY(load_array(loader, place, value, read_class_field, &at));
    struct policy_class *class = &policy->classes[policy->class_count];
    class->type = type->type;
    class->fields = at.fields;
    TRY(load_keep(loader, place->name, &class->name));
    policy->class_count++;
    return SJ_DONE;
}

static sj_status read_classes(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    return load_map(loader, place, value, read_class, target);
}

/* The catalogue's own string of the type, NULL when it has no such type. */
static const char *find_type(struct sj_text name)
{
    for (unsigned i = 1; i < SJ_ACTION_COUNT_; i++) {
        const char *type = sj_action_type((enum sj_action)i);
        if (sj_text_is(name, type)) {
            return type;
        }
    }
    return NULL;
}

static sj_status read_type(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    (void)target;
    static const struct load_member members[] = {
        {"actions", read_actions, true},
        {"field_classes", read_classes, false},
        {NULL, NULL, false},
    };
    struct type_at at = {find_type(place->name), NULL, 0};
    if (at.type == NULL) {
        return load_refuse(loader, place, "the programs know no such type");
    }
    return load_object(loader, place, value, members, &at);
}

static sj_status read_types(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    return load_map(loader, place, value, read_type, target);
}

sj_status load_schema(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    static const struct load_member members[] = {
        {"types", read_types, true},
        {NULL, NULL, false},
    };
    return load_object(loader, place, value, members, target);
}

/* ---- rules ---- */

static sj_status read_rule_id(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    struct policy_rule *rule = target;
    struct sj_text id;
    TRY(load_text(loader, place, value, SJ_POLICY_ID_MAX, &id));
    for (size_t i = 0; i < loader->policy->rule_count; i++) {
        if (sj_text_is(id, loader->policy->rules[i].id)) {
            return load_refuse(loader, place, "id used twice");
        }
    }
    return load_keep(loader, id, &rule->id);
}

static sj_status read_effect(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    struct policy_rule *rule = target;
    struct sj_text effect;
    TRY(load_text(loader, place, value, SJ_POLICY_ID_MAX, &effect));
    rule->is_forbid = sj_text_is(effect, "forbid");
    if (!rule->is_forbid && !sj_text_is(effect, "permit")) {
        return load_refuse(loader, place, "only permit and forbid are evaluated by this version");
    }
    rule->code = rule->is_forbid ? "E_FORBIDDEN" : "";
    return SJ_DONE;
}

static sj_status read_rule_roles(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    struct policy_rule *rule = target;
    return load_role_set(loader, place, value, &rule->roles);
}

/* "type:action", "type:*", "*:action" or "*:*", over the actions that the schema declares. */
static sj_status read_do(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    struct policy_rule *rule = target;
    struct sj_text verb;
    struct sj_text type;
    TRY(load_text(loader, place, value, 2 * SJ_POLICY_ID_MAX, &verb));
    const bool has_colon = memchr(verb.ptr, ':', verb.len) != NULL;
    if (!has_colon || !sj_text_split(&verb, ':', &type)) {
        return load_refuse(loader, place, "must be type:action");
    }
    bool matched = false;
    for (unsigned i = 1; i < SJ_ACTION_COUNT_; i++) {
        const char *action_type = sj_action_type((enum sj_action)i);
        const bool type_fits = sj_text_is(type, "*") || sj_text_is(type, action_type);
        const bool verb_fits = sj_text_is(verb, "*") || policy_action_find(action_type, verb) == i;
        if (loader->policy->declared[i] && type_fits && verb_fits) {
            rule->actions[i] = true;
            matched = true;
        }
    }
    if (!matched) {
        return load_refuse(loader, place, "the schema declares no such action");
    }
    return SJ_DONE;
}

static sj_status read_dos(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    const struct policy_rule *rule = target;
    TRY(load_array(loader, place, value, read_do, target));
    for (unsigned i = 1; i < SJ_ACTION_COUNT_; i++) {
        if (rule->actions[i]) {
            return SJ_DONE;
        }
    }
    return load_refuse(loader, place, "must name an action");
}

static sj_status read_scope(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    struct policy_rule *rule = target;
    struct sj_text scope;
    TRY(load_text(loader, place, value, SJ_POLICY_ID_MAX, &scope));
    if (sj_text_is(scope, "self")) {
        rule->reach = SJ_REACH_SELF;
    } else if (sj_text_is(scope, "file")) {
        rule->reach = SJ_REACH_FILE;
    } else if (sj_text_is(scope, "unit")) {
        rule->reach = SJ_REACH_UNIT;
    } else if (sj_text_is(scope, "all")) {
        rule->reach = SJ_REACH_ALL;
    } else {
        return load_refuse(
            loader, place, "only self, file, unit and all are evaluated by this version");
    }
    return SJ_DONE;
}

struct field_set {
    const struct policy_rule *rule;
    uint64_t fields;
};

static bool rule_has_type(const struct policy_rule *rule, const char *type)
{
    for (unsigned i = 1; i < SJ_ACTION_COUNT_; i++) {
        if (rule->actions[i] && strcmp(sj_action_type((enum sj_action)i), type) == 0) {
            return true;
        }
    }
    return false;
}

static sj_status read_field_class(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    struct field_set *set = target;
    struct sj_text name;
    TRY(load_text(loader, place, value, SJ_POLICY_ID_MAX, &name));
    bool matched = false;
    for (size_t i = 0; i < loader->policy->class_count; i++) {
        const struct policy_class *class = &loader->policy->classes[i];
        const bool named = sj_text_is(name, "*") || sj_text_is(name, class->name);
        if (named && rule_has_type(set->rule, class->type)) {
            set->fields |= class->fields;
            matched = true;
        }
    }
    if (!matched) {
        return load_refuse(loader, place, "the types of this rule have no such class of fields");
    }
    return SJ_DONE;
}

static sj_status read_readable(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    struct policy_rule *rule = target;
    struct field_set set = {rule, 0};
    TRY(load_array(loader, place, value, read_field_class, &set));
    rule->read_fields = set.fields;
    return SJ_DONE;
}

static sj_status read_writable(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    struct policy_rule *rule = target;
    struct field_set set = {rule, 0};
    TRY(load_array(loader, place, value, read_field_class, &set));
    rule->write_fields = set.fields;
    return SJ_DONE;
}

static sj_status read_fields(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    static const struct load_member members[] = {
        {"read", read_readable, false},
        {"write", read_writable, false},
        {NULL, NULL, false},
    };
    const struct policy_rule *rule = target;
    if (rule->is_forbid) {
        return load_refuse(loader, place, "a forbid has no fields");
    }
    return load_object(loader, place, value, members, target);
}

static sj_status read_code(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    struct policy_rule *rule = target;
    struct sj_text code;
    TRY(load_text(loader, place, value, SJ_POLICY_ID_MAX, &code));
    bool is_code = rule->is_forbid && sj_text_starts(code, "E_");
    for (size_t i = 0; i < code.len; i++) {
        is_code = is_code && ((code.ptr[i] >= 'A' && code.ptr[i] <= 'Z') || code.ptr[i] == '_');
    }
    if (!is_code) {
        return load_refuse(loader, place, "a forbid may have a code like E_NAME");
    }
    return load_keep(loader, code, &rule->code);
}

static sj_status read_note(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    (void)target;
    struct sj_text note;
    return load_text(loader, place, value, 1024, &note);
}

static sj_status check_rule(
    struct loader *loader, const struct place *place, struct policy_rule *rule)
{
    if (rule->is_forbid) {
        if (rule->reach != SJ_REACH_NONE) {
            return load_refuse(loader, place, "a forbid has no scope: it forbids everywhere");
        }
        rule->roles = rule->roles == 0 ? UINT64_MAX : rule->roles;
        return SJ_DONE;
    }
    if (rule->roles == 0) {
        return load_refuse(loader, place, "a permit names its roles");
    }
    if (rule->reach == SJ_REACH_NONE) {
        return load_refuse(loader, place, "a permit names its scope");
    }
    return SJ_DONE;
}

static sj_status read_rule(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    (void)target;
    static const struct load_member members[] = {
        {"id", read_rule_id, true},
        {"effect", read_effect, true},
        {"roles", read_rule_roles, false},
        {"do", read_dos, true},
        {"scope", read_scope, false},
        {"fields", read_fields, false},
        {"code", read_code, false},
        {"note", read_note, false},
        {NULL, NULL, false},
    };
    struct sj_policy *policy = loader->policy;
    if (policy->rule_count == SJ_POLICY_RULES_MAX) {
        return load_refuse(loader, place, "too many rules");
    }
    struct policy_rule *rule = &policy->rules[policy->rule_count];
    TRY(load_object(loader, place, value, members, rule));
    TRY(check_rule(loader, place, rule));
    policy->rule_count++;
    return SJ_DONE;
}

sj_status load_rules(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    return load_array(loader, place, value, read_rule, target);
}

static bool reaches_differ(
    const struct sj_policy *policy, uint64_t closure, unsigned action, size_t *ret_rule)
{
    enum sj_reach reach = SJ_REACH_NONE;
    for (size_t i = 0; i < policy->rule_count; i++) {
        const struct policy_rule *rule = &policy->rules[i];
        if (rule->is_forbid || !rule->actions[action] || (rule->roles & closure) == 0) {
            continue;
        }
        if (reach != SJ_REACH_NONE && rule->reach != reach) {
            *ret_rule = i;
            return true;
        }
        reach = rule->reach;
    }
    return false;
}

sj_status load_check_reach(struct loader *loader)
{
    const struct sj_policy *policy = loader->policy;
    for (size_t bit = 0; bit < policy->role_count; bit++) {
        for (unsigned action = 1; action < SJ_ACTION_COUNT_; action++) {
            size_t rule = 0;
            if (reaches_differ(policy, policy->roles[bit].closure, action, &rule)) {
                const struct place top = {NULL, {NULL, 0}, 0};
                const struct place rules = {&top, SJ_TEXT("rules"), 0};
                const struct place at = {&rules, {NULL, 0}, rule};
                return load_refuse(
                    loader, &at, "gives a role another scope than an earlier rule for the action");
            }
        }
    }
    return SJ_DONE;
}
