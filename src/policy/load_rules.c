/* SPDX-License-Identifier: Apache-2.0
 *
 * What does each rule permit, forbid, require or mask? A rule becomes one case for each type that its actions
 * belong to: fields and attributes are those of the type.
 */
#include "load_priv.h"

#define RULE_READER(name, call)                                                                    \
    static sj_status name(struct loader *loader, const struct doc_node *node, void *target)        \
    {                                                                                              \
        struct policy_rule *rule = target;                                                         \
        return call;                                                                               \
    }

static sj_status read_id(struct loader *loader, const struct doc_node *node, void *target)
{
    struct policy_rule *rule = target;
    TRY(load_kept(loader, node, POLICY_NAME_MAX, &rule->id));
    if (strcmp(rule->id, "break_glass") == 0) {
        return load_refuse(loader, node, "is the name of a section");
    }
    return SJ_DONE;
}

static sj_status read_effect(struct loader *loader, const struct doc_node *node, void *target)
{
    static const char *const effects[] = {"permit", "forbid", "require", "mask"};
    struct policy_rule *rule = target;
    for (size_t i = 0; node->kind == DOC_TEXT && i < SJ_COUNT(effects); i++) {
        if (sj_text_is(node->text, effects[i])) {
            rule->effect = (enum sj_effect)i;
            return SJ_DONE;
        }
    }
    return load_refuse(loader, node, "must be permit, forbid, require or mask");
}

RULE_READER(read_roles, load_role_set(loader, node, &rule->roles))

static sj_status read_scope(struct loader *loader, const struct doc_node *node, void *target)
{
    static const char *const scopes[] = {"", "self", "file", "unit", "subtree", "all"};
    struct policy_rule *rule = target;
    const size_t first = loader->own ? 1 : SJ_REACH_UNIT;
    for (size_t i = first; node->kind == DOC_TEXT && i < SJ_COUNT(scopes); i++) {
        if (sj_text_is(node->text, scopes[i]) && !(loader->own && i == SJ_REACH_SUBTREE)) {
            rule->reach = (enum sj_reach)i;
            return SJ_DONE;
        }
    }
    return load_refuse(loader, node,
        loader->own ? "must be self, file, unit or all" : "must be unit, subtree or all");
}

static sj_status read_code(struct loader *loader, const struct doc_node *node, void *target)
{
    struct policy_rule *rule = target;
    struct sj_text code;
    TRY(load_text(loader, node, POLICY_NAME_MAX, &code));
    bool is_code = (rule->effect == SJ_EFFECT_FORBID || rule->effect == SJ_EFFECT_REQUIRE) &&
                   sj_text_starts(code, "E_");
    for (size_t i = 0; i < code.len; i++) {
        is_code = is_code && ((code.ptr[i] >= 'A' && code.ptr[i] <= 'Z') || code.ptr[i] == '_');
    }
    if (!is_code) {
        return load_refuse(loader, node, "a forbid or require may have a code like E_NAME");
    }
    return load_keep(loader, code, &rule->code);
}

/* ---- obligations ---- */

static sj_status read_oblige_kind(struct loader *loader, const struct doc_node *node, void *target)
{
    static const char *const kinds[] = {
        "step-up", "approval", "notification", "session_termination", "custom"};
    struct sj_obligation *oblige = target;
    for (size_t i = 0; node->kind == DOC_TEXT && i < SJ_COUNT(kinds); i++) {
        if (sj_text_is(node->text, kinds[i])) {
            oblige->kind = (enum sj_obligation_kind)i;
            return SJ_DONE;
        }
    }
    return load_refuse(
        loader, node, "must be step-up, approval, notification, session_termination or custom");
}

static sj_status read_acr_value(struct loader *loader, const struct doc_node *node, void *target)
{
    return load_kept(loader, node, 256, &((struct sj_obligation *)target)->acr_value);
}

static sj_status read_by_role(struct loader *loader, const struct doc_node *node, void *target)
{
    return load_role(loader, node, &((struct sj_obligation *)target)->by_role);
}

static sj_status read_distinct(struct loader *loader, const struct doc_node *node, void *target)
{
    struct sj_obligation *oblige = target;
    if (oblige->distinct_count == SJ_COUNT(oblige->distinct)) {
        return load_refuse(loader, node, "too many");
    }
    return load_kept(loader, node, POLICY_NAME_MAX, &oblige->distinct[oblige->distinct_count++]);
}

static sj_status read_distincts(struct loader *loader, const struct doc_node *node, void *target)
{
    return load_array(loader, node, read_distinct, target);
}

static sj_status read_ttl(struct loader *loader, const struct doc_node *node, void *target)
{
    return load_uint(loader, node, 1, 525600, &((struct sj_obligation *)target)->ttl_minutes);
}

static sj_status read_oblige(struct loader *loader, const struct doc_node *node, void *target)
{
    static const struct load_member step_up[] = {{"type", NULL, true},
        {"acr_value", read_acr_value, true}, {"amr_values", load_ignore_text, false},
        {NULL, NULL, false}};
    static const struct load_member approval[] = {{"type", NULL, true},
        {"by_role", read_by_role, true}, {"distinct_from", read_distincts, true},
        {"ttl_minutes", read_ttl, true}, {NULL, NULL, false}};
    static const struct load_member notification[] = {{"type", NULL, true},
        {"to", load_ignore_text, true}, {"body", load_ignore_text, true},
        {"topic", load_ignore_text, false}, {NULL, NULL, false}};
    static const struct load_member termination[] = {
        {"type", NULL, true}, {"subject", load_ignore_text, false}, {NULL, NULL, false}};
    static const struct load_member custom[] = {{"type", NULL, true},
        {"name", load_ignore_text, true}, {"text", load_ignore_text, false}, {NULL, NULL, false}};
    static const struct load_member *const by_kind[] = {
        step_up, approval, notification, termination, custom};
    struct policy_rule *rule = target;
    struct sj_obligation *oblige = NULL;
    TRY(load_alloc(loader, 1, sizeof(struct sj_obligation), &oblige));
    const struct doc_node *type = doc_get(node, "type");
    if (type == NULL) {
        return load_refuse(loader, node, "must be an object with a type");
    }
    TRY(read_oblige_kind(loader, type, oblige));
    oblige->rule = rule->id;
    oblige->acr_value = "";
    oblige->by_role = SJ_POLICY_NONE;
    TRY(load_object(loader, node, by_kind[oblige->kind], oblige));
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(65536);
    TRY(doc_canonical(node, &text));
    TRY(sj_arena_text(loader->policy->arena, sj_buf_text(&text), &oblige->text));
    rule->oblige = oblige;
    return SJ_DONE;
}

/* ---- actions ---- */

static sj_status read_do(struct loader *loader, const struct doc_node *node, void *target)
{
    bool *actions = target;
    struct sj_text verb;
    TRY(load_text(loader, node, 2 * POLICY_NAME_MAX + 1, &verb));
    struct sj_text type;
    const bool parts = memchr(verb.ptr, ':', verb.len) != NULL && sj_text_split(&verb, ':', &type);
    if (!parts || type.len == 0 || verb.len == 0) {
        return load_refuse(loader, node, "must be type:action");
    }
    const struct sj_policy *schema = loader->schema;
    bool matched = false;
    for (uint32_t i = 0; i < schema->action_count; i++) {
        const struct policy_action *action = &schema->actions[i];
        if ((sj_text_is(type, "*") || sj_text_is(type, schema->types[action->type].name)) &&
            (sj_text_is(verb, "*") || sj_text_is(verb, action->verb))) {
            actions[i] = true;
            matched = true;
        }
    }
    return matched ? SJ_DONE : load_refuse(loader, node, "the schema declares no such action");
}

sj_status load_do(struct loader *loader, const struct doc_node *node, bool *ret_actions)
{
    TRY(load_array(loader, node, read_do, ret_actions));
    return node->count > 0 ? SJ_DONE : load_refuse(loader, node, "must name an action");
}

/* ---- rules ---- */

static sj_status check_permit(
    struct loader *loader, const struct doc_node *node, struct policy_rule *rule)
{
    static const char *const not_permit[] = {"classes", "how", "unless", "that", "oblige"};
    for (size_t i = 0; i < SJ_COUNT(not_permit); i++) {
        const struct doc_node *other = doc_get(node, not_permit[i]);
        if (other != NULL) {
            return load_refuse(loader, other, "a permit has no such member");
        }
    }
    if (doc_get(node, "roles") == NULL) {
        return load_refuse(loader, node, "a permit names its roles");
    }
    if (rule->reach == SJ_REACH_NONE && loader->own) {
        return load_refuse(loader, node, "a permit names its scope");
    }
    rule->reach = rule->reach == SJ_REACH_NONE ? SJ_REACH_ALL : rule->reach;
    return SJ_DONE;
}

static sj_status check_rule(
    struct loader *loader, const struct doc_node *node, struct policy_rule *rule)
{
    rule->everybody = doc_get(node, "roles") == NULL;
    if (rule->effect == SJ_EFFECT_PERMIT) {
        return check_permit(loader, node, rule);
    }
    const struct doc_node *fields = doc_get(node, "fields");
    if (fields != NULL) {
        return load_refuse(loader, fields, "only a permit has fields");
    }
    if (rule->reach != SJ_REACH_NONE) {
        return load_refuse(loader, node,
            rule->effect == SJ_EFFECT_FORBID ? "a forbid has no scope: it forbids everywhere"
                                             : "only a permit has a scope");
    }
    static const struct {
        const char *name;
        enum sj_effect effect;
        bool required;
    } of_effect[] = {{"that", SJ_EFFECT_REQUIRE, true}, {"classes", SJ_EFFECT_MASK, true},
        {"how", SJ_EFFECT_MASK, true}, {"unless", SJ_EFFECT_MASK, false}};
    for (size_t i = 0; i < SJ_COUNT(of_effect); i++) {
        const struct doc_node *member = doc_get(node, of_effect[i].name);
        if (member != NULL && rule->effect != of_effect[i].effect) {
            return load_refuse(loader, member, "this effect has no such member");
        }
        if (member == NULL && rule->effect == of_effect[i].effect && of_effect[i].required) {
            return load_refuse(
                loader, node, "a require needs \"that\", a mask \"classes\" and \"how\"");
        }
    }
    if (rule->oblige != NULL && rule->effect == SJ_EFFECT_FORBID) {
        return load_refuse(loader, doc_get(node, "oblige"), "a forbid has no obligation");
    }
    return SJ_DONE;
}

static sj_status read_rule(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    static const struct load_member members[] = {{"id", read_id, true},
        {"effect", read_effect, true}, {"roles", read_roles, false}, {"do", NULL, true},
        {"scope", read_scope, false}, {"fields", NULL, false}, {"when", NULL, false},
        {"purpose", NULL, false}, {"classes", NULL, false}, {"how", NULL, false},
        {"unless", NULL, false}, {"that", NULL, false}, {"oblige", read_oblige, false},
        {"code", read_code, false}, {"title", load_ignore_text, false},
        {"note", load_ignore_text, false}, {NULL, NULL, false}};
    struct sj_policy *policy = loader->policy;
    struct policy_rule *rule = &policy->rules[policy->rule_count];
    rule->code = "";
    TRY(load_object(loader, node, members, rule));
    TRY(check_rule(loader, node, rule));
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(SJ_POLICY_BYTES_MAX);
    TRY(doc_canonical(node, &text));
    TRY(sj_arena_text(policy->arena, sj_buf_text(&text), &rule->text));
    CLEANUP(sj_freep) void *memory = NULL;
    TRY(sj_alloc(SJ_POLICY_ACTIONS, sizeof(bool), &memory));
    TRY(load_do(loader, doc_get(node, "do"), memory));
    TRY(load_rule_cases(loader, node, policy->rule_count, memory));
    policy->rule_count++;
    return SJ_DONE;
}

static int compare_ids(const void *a, const void *b)
{
    return strcmp(
        (*(const struct policy_rule *const *)a)->id, (*(const struct policy_rule *const *)b)->id);
}

static sj_status check_ids(struct loader *loader, const struct doc_node *node)
{
    struct sj_policy *policy = loader->policy;
    CLEANUP(sj_freep) void *memory = NULL;
    TRY(sj_alloc(policy->rule_count + 1u, sizeof(struct policy_rule *), &memory));
    const struct policy_rule **sorted = memory;
    for (uint32_t i = 0; i < policy->rule_count; i++) {
        sorted[i] = &policy->rules[i];
    }
    qsort(sorted, policy->rule_count, sizeof(struct policy_rule *), compare_ids);
    uint32_t twice = SJ_POLICY_NONE;
    for (uint32_t i = 1; i < policy->rule_count; i++) {
        if (strcmp(sorted[i - 1]->id, sorted[i]->id) == 0) {
            const struct policy_rule *later = sorted[i - 1] > sorted[i] ? sorted[i - 1] : sorted[i];
            const uint32_t number = (uint32_t)(later - policy->rules);
            twice = twice == SJ_POLICY_NONE || number < twice ? number : twice;
        }
    }
    for (const struct doc_node *child = node->first; child != NULL; child = child->next) {
        if (child->index == twice) {
            return load_refuse(loader, doc_get(child, "id"), "id used twice");
        }
    }
    return SJ_DONE;
}

sj_status load_rules(struct loader *loader, const struct doc_node *node, void *target)
{
    if (node->kind != DOC_ARRAY || node->count > SJ_POLICY_RULES_MAX) {
        return load_refuse(loader, node, "must be an array of at most 20000 rules");
    }
    TRY(load_alloc(loader, node->count + 1u, sizeof(struct policy_rule), &loader->policy->rules));
    TRY(load_array(loader, node, read_rule, target));
    loader->policy->written_rules = loader->policy->rule_count;
    return check_ids(loader, node);
}
