/* SPDX-License-Identifier: Apache-2.0
 *
 * What does a rule mean for one type? Conditions get the slots of the type's attributes, classes become bits of its
 * fields. A class or an attribute that a type has not is refused where it would be silently nothing.
 */
#include "load_priv.h"

static uint64_t class_fields(const struct policy_type *type, struct sj_text name, bool *ret_found)
{
    uint64_t fields = 0;
    *ret_found = false;
    for (uint32_t i = 0; i < type->class_count; i++) {
        if (sj_text_is(name, "*") || sj_text_is(name, type->classes[i].name)) {
            fields |= type->classes[i].fields;
            *ret_found = true;
        }
    }
    return fields;
}

/* A class must be one of some type that the rule hits: others of its types may lack it. */
static sj_status read_class(struct loader *loader, const struct doc_node *node, const bool *types,
    uint32_t type, uint64_t *fields)
{
    struct sj_text name;
    TRY(load_text(loader, node, POLICY_NAME_MAX, &name));
    bool found = false;
    *fields |= class_fields(&loader->schema->types[type], name, &found);
    for (uint32_t i = 0; !found && i < loader->schema->type_count; i++) {
        if (types[i]) {
            class_fields(&loader->schema->types[i], name, &found);
        }
    }
    return found ? SJ_DONE
                 : load_refuse(loader, node, "the types of this rule have no such class of fields");
}

static sj_status read_classes(struct loader *loader, const struct doc_node *node, const bool *types,
    uint32_t type, uint64_t *fields)
{
    if (node->kind != DOC_ARRAY) {
        return load_refuse(loader, node, "must be an array");
    }
    for (const struct doc_node *child = node->first; child != NULL; child = child->next) {
        TRY(read_class(loader, child, types, type, fields));
    }
    return SJ_DONE;
}

static sj_status read_fields(
    struct loader *loader, const struct doc_node *node, const bool *types, struct policy_case *out)
{
    static const struct load_member members[] = {{"read", NULL, false}, {"write", NULL, false},
        {"sort", NULL, false}, {"filter", NULL, false}, {"aggregate", NULL, false},
        {NULL, NULL, false}};
    uint64_t *const targets[] = {
        &out->read, &out->write, &out->sort, &out->filter, &out->aggregate};
    TRY(load_object(loader, node, members, NULL));
    for (size_t i = 0; i < SJ_COUNT(targets); i++) {
        const struct doc_node *list = doc_get(node, members[i].name);
        if (list != NULL) {
            TRY(read_classes(loader, list, types, out->type, targets[i]));
        } else if (i >= 2) {
            *targets[i] =
                out->read; /* what is readable may be sorted and filtered, unless the file says less */
        }
        if (i >= 2) {
            *targets[i] &= out->read;
        }
    }
    return SJ_DONE;
}

static sj_status read_how_word(struct loader *loader, const struct doc_node *node, uint8_t *ret_how)
{
    for (unsigned how = SJ_HOW_INITIAL; node->kind == DOC_TEXT && how <= SJ_HOW_NULL; how++) {
        if (sj_text_is(node->text, sj_how_name((enum sj_how)how))) {
            *ret_how = (uint8_t)how;
            return SJ_DONE;
        }
    }
    return load_refuse(loader, node, "must be initial, last4, month, year, hash, redact or null");
}

static bool has_field(const struct loader *loader, const bool *types, struct sj_text name)
{
    for (uint32_t t = 0; t < loader->schema->type_count; t++) {
        const struct policy_type *type = &loader->schema->types[t];
        for (uint32_t i = 0; types[t] && i < type->field_count; i++) {
            if (sj_text_is(name, type->fields[i])) {
                return true;
            }
        }
    }
    return false;
}

static sj_status read_how(
    struct loader *loader, const struct doc_node *node, const bool *types, struct policy_case *out)
{
    if (node->kind != DOC_OBJECT || node->count == 0) {
        return load_refuse(loader, node, "must be an object of fields");
    }
    uint8_t *how = NULL;
    TRY(load_alloc(loader, SJ_POLICY_TYPE_FIELDS, 1, &how));
    uint8_t other = SJ_HOW_NONE;
    const struct policy_type *type = &loader->schema->types[out->type];
    for (const struct doc_node *child = node->first; child != NULL; child = child->next) {
        uint8_t word = SJ_HOW_NONE;
        TRY(read_how_word(loader, child, &word));
        if (sj_text_is(child->name, "*")) {
            other = word;
        } else if (!has_field(loader, types, child->name)) {
            return load_refuse(loader, child, "no such field");
        }
        for (uint32_t i = 0; i < type->field_count; i++) {
            how[i] = sj_text_is(child->name, type->fields[i]) ? word : how[i];
        }
    }
    for (uint32_t i = 0; i < type->field_count; i++) {
        how[i] = how[i] == SJ_HOW_NONE ? other : how[i];
        if (how[i] == SJ_HOW_NONE && (out->read >> i & 1u) != 0) {
            return load_refuse(
                loader, node, "says nothing about a field of the classes: give \"*\"");
        }
    }
    out->how = how;
    return SJ_DONE;
}

static sj_status read_that(struct loader *loader, const struct doc_node *node, uint32_t type,
    unsigned *budget, uint32_t *ret_node)
{
    struct sj_policy *policy = loader->policy;
    if (node->kind != DOC_ARRAY || node->count == 0 || node->first->kind != DOC_ARRAY) {
        return load_refuse(loader, node, "must be an array of conditions");
    }
    /* Each is read by itself, then copied side by side under an "and". */
    uint32_t index = 0;
    TRY(policy_grow(policy->arena, &policy->nodes, policy->node_count + node->count + 1,
        &policy->node_cap, sizeof(struct cond_node), POLICY_NODES_MAX));
    index = policy->node_count;
    policy->node_count += 1 + node->count;
    policy->nodes[index] =
        (struct cond_node){.op = COND_AND, .count = (uint16_t)node->count, .first = index + 1};
    for (const struct doc_node *child = node->first; child != NULL; child = child->next) {
        uint32_t part = 0;
        TRY(load_condition(loader, child, type, budget, &part));
        policy->nodes[index + 1 + child->index] = policy->nodes[part];
    }
    *ret_node = index;
    return SJ_DONE;
}

static sj_status read_conditions(
    struct loader *loader, const struct doc_node *node, struct policy_case *out)
{
    unsigned budget = POLICY_RULE_NODES;
    const struct doc_node *purpose = doc_get(node, "purpose");
    const struct doc_node *when = doc_get(node, "when");
    const struct doc_node *that = doc_get(node, "that");
    const struct doc_node *unless = doc_get(node, "unless");
    if (purpose != NULL) {
        TRY(load_purpose(loader, purpose, &out->purpose));
    }
    if (when != NULL) {
        TRY(load_condition(loader, when, out->type, &budget, &out->when));
    }
    if (unless != NULL) {
        TRY(load_condition(loader, unless, out->type, &budget, &out->that));
    }
    if (that != NULL) {
        if (that->count > POLICY_RULE_NODES) {
            return load_refuse(loader, that, "more than 256 parts in one rule");
        }
        TRY(read_that(loader, that, out->type, &budget, &out->that));
    }
    return SJ_DONE;
}

static sj_status check_permit_case(struct loader *loader, const struct doc_node *node,
    const struct policy_rule *rule, const struct policy_case *out, const bool *actions)
{
    const struct sj_policy *schema = loader->schema;
    const struct policy_type *type = &schema->types[out->type];
    const bool bound = rule->reach == SJ_REACH_UNIT || rule->reach == SJ_REACH_SUBTREE;
    if (bound && !loader->own && type->unit_slot == SJ_POLICY_NONE) {
        return load_refuse(loader, node, "a type of this rule has no attribute unit of type unit");
    }
    for (uint32_t i = 0; i < schema->role_count; i++) {
        const struct sj_policy_role *role = &schema->roles[i];
        bool given = false;
        for (size_t w = 0; w < SJ_POLICY_ROLES / 64; w++) {
            given = given || (role->closure.bits[w] & rule->roles.bits[w]) != 0;
        }
        if (!role->read_only || !given) {
            continue;
        }
        bool reads = out->write == 0;
        for (uint32_t a = type->first_action; a < type->first_action + type->action_count; a++) {
            const char *verb = schema->actions[a].verb;
            reads =
                reads && (!actions[a] || strcmp(verb, "read") == 0 || strcmp(verb, "list") == 0);
        }
        if (!reads) {
            return load_refuse(loader, node, "gives a read-only role more than read and list");
        }
    }
    return SJ_DONE;
}

static sj_status read_case(struct loader *loader, const struct doc_node *node, uint32_t number,
    const bool *actions, const bool *types, struct policy_case *out)
{
    const struct policy_rule *rule = &loader->policy->rules[number];
    const struct doc_node *fields = doc_get(node, "fields");
    TRY(read_conditions(loader, node, out));
    if (fields != NULL) {
        TRY(read_fields(loader, fields, types, out));
    }
    if (rule->effect == SJ_EFFECT_MASK) {
        TRY(read_classes(loader, doc_get(node, "classes"), types, out->type, &out->read));
        TRY(read_how(loader, doc_get(node, "how"), types, out));
    }
    return rule->effect == SJ_EFFECT_PERMIT ? check_permit_case(loader, node, rule, out, actions)
                                            : SJ_DONE;
}

static sj_status note_action(struct loader *loader, uint32_t action, uint32_t number)
{
    struct sj_policy *policy = loader->policy;
    TRY(policy_grow(policy->arena, &policy->action_cases, policy->action_case_count,
        &policy->action_case_cap, 2 * sizeof(uint32_t), POLICY_ENTRIES_MAX));
    policy->action_cases[2 * (size_t)policy->action_case_count] = action;
    policy->action_cases[2 * (size_t)policy->action_case_count + 1] = number;
    policy->action_case_count++;
    return SJ_DONE;
}

sj_status load_rule_cases(
    struct loader *loader, const struct doc_node *node, uint32_t rule, const bool *actions)
{
    struct sj_policy *policy = loader->policy;
    const struct sj_policy *schema = loader->schema;
    bool types[POLICY_TYPES_MAX] = {false};
    for (uint32_t a = 0; a < schema->action_count; a++) {
        types[schema->actions[a].type] = types[schema->actions[a].type] || actions[a];
    }
    for (uint32_t t = 0; t < schema->type_count; t++) {
        if (!types[t]) {
            continue;
        }
        TRY(policy_grow(policy->arena, &policy->cases, policy->case_count, &policy->case_cap,
            sizeof(struct policy_case), POLICY_CASES_MAX));
        struct policy_case one = {.rule = rule,
            .type = t,
            .purpose = COND_NONE,
            .when = COND_NONE,
            .that = COND_NONE,
            .key_node = COND_NONE};
        TRY(read_case(loader, node, rule, actions, types, &one));
        const struct policy_type *type = &schema->types[t];
        for (uint32_t a = type->first_action; a < type->first_action + type->action_count; a++) {
            if (actions[a]) {
                TRY(note_action(loader, a, policy->case_count));
            }
        }
        policy->cases[policy->case_count++] = one;
    }
    return SJ_DONE;
}

sj_status load_check_reach(struct loader *loader, const struct doc_node *rules)
{
    const struct sj_policy *policy = loader->policy;
    CLEANUP(sj_freep) void *memory = NULL;
    TRY(sj_alloc((size_t)policy->role_count * policy->action_count + 1, 1, &memory));
    uint8_t *reaches = memory;
    for (uint32_t i = 0; i < policy->action_case_count; i++) {
        const uint32_t action = policy->action_cases[2 * (size_t)i];
        const struct policy_case *one = &policy->cases[policy->action_cases[2 * (size_t)i + 1]];
        const struct policy_rule *rule = &policy->rules[one->rule];
        for (uint32_t role = 0; rule->effect == SJ_EFFECT_PERMIT && role < policy->role_count;
             role++) {
            if ((policy->roles[role].closure.bits[0] & rule->roles.bits[0]) == 0) {
                continue;
            }
            uint8_t *reach = &reaches[(size_t)role * policy->action_count + action];
            if (*reach != 0 && *reach != rule->reach && one->rule < rules->count) {
                const struct doc_node at = {.up = rules, .index = one->rule, .line = rules->line};
                return load_refuse(
                    loader, &at, "gives a role another scope than an earlier rule for the action");
            }
            *reach = (uint8_t)rule->reach;
        }
    }
    return SJ_DONE;
}
