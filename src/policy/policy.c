/* SPDX-License-Identifier: Apache-2.0
 *
 * What does the policy say? Decisions over the compiled tables (POLICY 5.3, the subset of policy/1 that
 * load.c accepts): forbids first, then permits, nothing matched is a refusal. Called on every request
 * before anything is read, so it allocates nothing and cannot fail.
 *
 * Reach and fields go together: only the rules that give the widest reach contribute fields. A union over all
 * rules would lend the fields of "my own file" to the objects of the whole unit; an attacker who got
 * that wrong here would read names that no single rule gives him.
 */
#include "policy_priv.h"

static const char *const action_types[SJ_ACTION_COUNT_] = {
    [SJ_ACTION_NONE] = "",
#define SJ_ACTION(name, type, action) [SJ_ACTION_##name] = type,
#include "sanjeh/policy/catalogue.def"
#undef SJ_ACTION
};

static const char *const action_verbs[SJ_ACTION_COUNT_] = {
    [SJ_ACTION_NONE] = "",
#define SJ_ACTION(name, type, action) [SJ_ACTION_##name] = action,
#include "sanjeh/policy/catalogue.def"
#undef SJ_ACTION
};

static const char *const action_names[SJ_ACTION_COUNT_] = {
    [SJ_ACTION_NONE] = "none",
#define SJ_ACTION(name, type, action) [SJ_ACTION_##name] = type ":" action,
#include "sanjeh/policy/catalogue.def"
#undef SJ_ACTION
};

static const char *const field_types[SJ_FIELD_COUNT_] = {
#define SJ_FIELD(name, type, field) [SJ_FIELD_##name] = type,
#include "sanjeh/policy/catalogue.def"
#undef SJ_FIELD
};

static const char *const field_names[SJ_FIELD_COUNT_] = {
#define SJ_FIELD(name, type, field) [SJ_FIELD_##name] = field,
#include "sanjeh/policy/catalogue.def"
#undef SJ_FIELD
};

const char *sj_action_name(enum sj_action action)
{
    return action < SJ_ACTION_COUNT_ ? action_names[action] : "none";
}

const char *sj_action_type(enum sj_action action)
{
    return action < SJ_ACTION_COUNT_ ? action_types[action] : "";
}

const char *policy_field_type(enum sj_field field)
{
    return field < SJ_FIELD_COUNT_ ? field_types[field] : "";
}

const char *sj_field_name(enum sj_field field)
{
    return field < SJ_FIELD_COUNT_ ? field_names[field] : "";
}

enum sj_field policy_field_find(const char *type, struct sj_text field)
{
    for (unsigned i = 0; i < SJ_FIELD_COUNT_; i++) {
        if (strcmp(field_types[i], type) == 0 && sj_text_is(field, field_names[i])) {
            return (enum sj_field)i;
        }
    }
    return SJ_FIELD_COUNT_;
}

enum sj_action policy_action_find(const char *type, struct sj_text action)
{
    for (unsigned i = 1; i < SJ_ACTION_COUNT_; i++) {
        if (strcmp(action_types[i], type) == 0 && sj_text_is(action, action_verbs[i])) {
            return (enum sj_action)i;
        }
    }
    return SJ_ACTION_NONE;
}

uint64_t policy_closure(const struct sj_policy *policy, uint64_t roles)
{
    uint64_t closure = 0;
    for (size_t bit = 0; bit < policy->role_count; bit++) {
        if ((roles >> bit & 1u) != 0) {
            closure |= policy->roles[bit].closure;
        }
    }
    return closure;
}

static void take_permit(
    struct sj_decision *decision, const struct policy_rule *rule, uint64_t type_fields)
{
    if (!decision->permit || rule->reach > decision->reach) {
        decision->permit = true;
        decision->reach = rule->reach;
        decision->rule = rule->id;
        decision->code = "";
        decision->read_fields = rule->read_fields & type_fields;
        decision->write_fields = rule->write_fields & type_fields;
    } else if (rule->reach == decision->reach) {
        decision->read_fields |= rule->read_fields & type_fields;
        decision->write_fields |= rule->write_fields & type_fields;
    }
}

struct sj_decision sj_policy_decide(
    const struct sj_policy *policy, const struct sj_actor *actor, enum sj_action action)
{
    struct sj_decision decision = {
        .rule = "", .code = "E_NO_PERMIT", .policy_version = policy->version};
    if (action <= SJ_ACTION_NONE || action >= SJ_ACTION_COUNT_) {
        return decision;
    }
    const uint64_t roles = policy_closure(policy, actor->roles);
    const struct policy_rule_list *list = &policy->by_action[action];
    for (size_t i = 0; i < list->count; i++) {
        const struct policy_rule *rule = &policy->rules[list->rules[i]];
        const bool for_everybody = rule->roles == UINT64_MAX;
        if (!for_everybody && (rule->roles & roles) == 0) {
            continue;
        }
        if (rule->is_forbid) {
            decision.rule = rule->id;
            decision.code = rule->code;
            return decision;
        }
        take_permit(&decision, rule, list->type_fields);
    }
    return decision;
}

size_t sj_policy_role_count(const struct sj_policy *policy)
{
    return policy->role_count;
}

const char *sj_policy_role_name(const struct sj_policy *policy, size_t bit)
{
    SJ_ASSERT(bit < policy->role_count);
    return policy->roles[bit].name;
}

const char *sj_policy_role_title(const struct sj_policy *policy, size_t bit)
{
    SJ_ASSERT(bit < policy->role_count);
    return policy->roles[bit].title;
}

void sj_policy_role_find(
    const struct sj_policy *policy, struct sj_text name, bool *ret_found, size_t *ret_bit)
{
    *ret_found = false;
    for (size_t bit = 0; bit < policy->role_count; bit++) {
        if (sj_text_is(name, policy->roles[bit].name)) {
            *ret_found = true;
            *ret_bit = bit;
            return;
        }
    }
}

bool sj_policy_roles_allowed(
    const struct sj_policy *policy, uint64_t roles, const char **ret_constraint)
{
    const uint64_t closure = policy_closure(policy, roles);
    *ret_constraint = "";
    for (size_t i = 0; i < policy->constraint_count; i++) {
        const struct policy_constraint *constraint = &policy->constraints[i];
        const int held = __builtin_popcountll(closure & constraint->roles);
        if ((unsigned)held >= constraint->n) {
            *ret_constraint = constraint->id;
            return false;
        }
    }
    return true;
}

static void list_rules(struct sj_policy *policy, enum sj_action action, bool forbids)
{
    struct policy_rule_list *list = &policy->by_action[action];
    for (size_t i = 0; i < policy->rule_count; i++) {
        if (policy->rules[i].actions[action] && policy->rules[i].is_forbid == forbids) {
            list->rules[list->count++] = (uint16_t)i;
        }
    }
}

sj_status policy_compile(struct sj_policy *policy)
{
    for (unsigned action = 1; action < SJ_ACTION_COUNT_; action++) {
        struct policy_rule_list *list = &policy->by_action[action];
        void *memory = NULL;
        TRY(sj_arena_alloc(policy->arena, (policy->rule_count + 1) * sizeof(uint16_t), &memory));
        list->rules = memory;
        list_rules(policy, (enum sj_action)action, true);
        list_rules(policy, (enum sj_action)action, false);
        for (unsigned field = 0; field < SJ_FIELD_COUNT_; field++) {
            if (strcmp(field_types[field], action_types[action]) == 0) {
                list->type_fields |= UINT64_C(1) << field;
            }
        }
    }
    return SJ_DONE;
}

void sj_policy_free(struct sj_policy **policy)
{
    if (policy == NULL || *policy == NULL) {
        return;
    }
    sj_arena_free(&(*policy)->arena);
    sj_free(*policy);
    *policy = NULL;
}
