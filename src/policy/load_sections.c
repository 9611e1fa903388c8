/* SPDX-License-Identifier: Apache-2.0
 *
 * What does the file say about break-glass, delegation and its own activation? Break-glass is a permit with a
 * condition on the grant; the other two are limits that the life of assignments and policies keeps.
 */
#include "load_priv.h"

static struct sj_policy_break_glass *glass_of(struct loader *loader)
{
    return &loader->policy->break_glass;
}

#define READER(name, call)                                                                         \
    static sj_status name(struct loader *loader, const struct doc_node *node, void *target)        \
    {                                                                                              \
        (void)target;                                                                              \
        return call;                                                                               \
    }
READER(read_who, load_role_set(loader, node, &glass_of(loader)->who))
READER(read_notify, load_role_set(loader, node, &glass_of(loader)->notify))
READER(read_minutes, load_uint(loader, node, 1, 1440, &glass_of(loader)->minutes))
READER(read_review, load_uint(loader, node, 1, 8760, &glass_of(loader)->review_hours))
READER(read_acr, load_uint(loader, node, 0, 9, &glass_of(loader)->acr))
READER(read_reason, load_uint(loader, node, 1, 4000, &glass_of(loader)->reason_min_chars))

static sj_status read_grants_role(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    struct sj_policy_break_glass *glass = glass_of(loader);
    TRY(load_role(loader, node, &glass->grants_role));
    if (!loader->policy->roles[glass->grants_role].only_via_break_glass) {
        return load_refuse(loader, node, "must be a role with \"only_via\": \"break_glass\"");
    }
    return SJ_DONE;
}

static sj_status read_needs(struct loader *loader, const struct doc_node *node, void *target)
{
    static const struct load_member members[] = {
        {"acr", read_acr, true}, {"reason_min_chars", read_reason, true}, {NULL, NULL, false}};
    return load_object(loader, node, members, target);
}

static sj_status read_stands(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    struct sj_policy *policy = loader->policy;
    struct sj_text id;
    TRY(load_text(loader, node, POLICY_NAME_MAX, &id));
    for (uint32_t i = 0; i < policy->rule_count; i++) {
        if (sj_text_is(id, policy->rules[i].id) && policy->rules[i].effect != SJ_EFFECT_PERMIT) {
            policy->rules[i].stands = true;
            return SJ_DONE;
        }
    }
    return load_refuse(loader, node, "no forbid, require or mask has this id");
}

READER(read_cannot, load_array(loader, node, read_stands, NULL))

sj_status load_break_glass(struct loader *loader, const struct doc_node *node, void *target)
{
    static const struct load_member members[] = {{"who", read_who, true},
        {"grants_role", read_grants_role, true}, {"scope", NULL, true}, {"do", NULL, true},
        {"fields", NULL, true}, {"minutes", read_minutes, true}, {"needs", read_needs, true},
        {"notify", read_notify, true}, {"review_hours", read_review, true},
        {"cannot_override", read_cannot, true}, {NULL, NULL, false}};
    struct sj_policy *policy = loader->policy;
    policy->break_glass.given = true;
    TRY(load_object(loader, node, members, target));
    struct policy_rule *rule = &policy->rules[policy->rule_count];
    rule->id = "break_glass";
    rule->code = "";
    rule->break_glass = true;
    sj_role_set_add(&rule->roles, policy->break_glass.grants_role);
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(SJ_POLICY_BYTES_MAX);
    TRY(doc_canonical(node, &text));
    TRY(sj_arena_text(policy->arena, sj_buf_text(&text), &rule->text));
    const struct doc_node *scope = doc_get(node, "scope");
    if (scope->kind == DOC_TEXT && sj_text_is(scope->text, "unit")) {
        rule->reach = SJ_REACH_UNIT;
    } else if (scope->kind == DOC_TEXT && sj_text_is(scope->text, "subtree")) {
        rule->reach = SJ_REACH_SUBTREE;
    } else {
        return load_refuse(loader, scope, "must be unit or subtree");
    }
    CLEANUP(sj_freep) void *memory = NULL;
    TRY(sj_alloc(SJ_POLICY_ACTIONS, sizeof(bool), &memory));
    TRY(load_do(loader, doc_get(node, "do"), memory));
    TRY(load_rule_cases(loader, node, policy->rule_count, memory));
    policy->rule_count++;
    return SJ_DONE;
}

READER(read_delegation_roles, load_role_set(loader, node, &loader->policy->delegation.roles))
READER(read_delegation_days, load_uint(loader, node, 1, 366, &loader->policy->delegation.max_days))
READER(read_depth, load_uint(loader, node, 1, 4, &loader->policy->delegation.depth))
READER(read_applies, load_bool(loader, node, &loader->policy->delegation.sod_applies))

sj_status load_delegation(struct loader *loader, const struct doc_node *node, void *target)
{
    static const struct load_member members[] = {{"roles", read_delegation_roles, true},
        {"max_days", read_delegation_days, true}, {"depth", read_depth, true},
        {"sod_applies", read_applies, true}, {NULL, NULL, false}};
    loader->policy->delegation.given = true;
    return load_object(loader, node, members, target);
}

READER(read_need, load_uint(loader, node, 1, 16, &loader->policy->activation.need))
READER(read_need_wide, load_uint(loader, node, 1, 16, &loader->policy->activation.need_if_widening))
READER(read_from_role, load_role(loader, node, &loader->policy->activation.from_role))
READER(read_distinct, load_bool(loader, node, &loader->policy->activation.distinct_from_author))
READER(read_tests, load_kept(loader, node, 128, &loader->policy->activation.tests))
READER(
    read_coverage, load_uint(loader, node, 0, 100, &loader->policy->activation.min_rule_coverage))
READER(read_shadow, load_uint(loader, node, 0, 10080, &loader->policy->activation.shadow_minutes))

static sj_status read_signatures(struct loader *loader, const struct doc_node *node, void *target)
{
    static const struct load_member members[] = {{"need", read_need, true},
        {"from_role", read_from_role, false}, {"distinct_from_author", read_distinct, true},
        {NULL, NULL, false}};
    return load_object(loader, node, members, target);
}

static sj_status read_widening(struct loader *loader, const struct doc_node *node, void *target)
{
    static const struct load_member members[] = {
        {"need", read_need_wide, true}, {NULL, NULL, false}};
    TRY(load_object(loader, node, members, target));
    const struct sj_policy_activation *activation = &loader->policy->activation;
    if (activation->need_if_widening <= activation->need) {
        return load_refuse(loader, node, "widening needs more signatures than the rest");
    }
    return SJ_DONE;
}

sj_status load_activation(struct loader *loader, const struct doc_node *node, void *target)
{
    static const struct load_member members[] = {{"signatures", read_signatures, true},
        {"if_widening", read_widening, true}, {"tests", read_tests, false},
        {"min_rule_coverage", read_coverage, false}, {"shadow_minutes", read_shadow, false},
        {NULL, NULL, false}};
    loader->policy->activation.given = true;
    loader->policy->activation.tests = "";
    return load_object(loader, node, members, target);
}
