/* SPDX-License-Identifier: Apache-2.0
 *
 * What is a policy made of, by name and by number? Reads only; names of a unit file are those of its root.
 */
#include "engine_priv.h"

static const struct sj_policy_attr *attrs_of(
    const struct sj_policy *policy, enum sj_attr_place place, uint32_t type, uint32_t *ret_count)
{
    const struct sj_policy *root = policy->root;
    *ret_count = 0;
    switch (place) {
    case SJ_OF_SUBJECT:
        *ret_count = root->subject_count;
        return root->subject;
    case SJ_OF_CONTEXT:
        *ret_count = root->context_count;
        return root->context;
    case SJ_OF_ACTION:
        *ret_count = root->attributes_count;
        return root->attributes;
    case SJ_OF_RESOURCE:
        if (type < root->type_count) {
            *ret_count = root->types[type].attr_count;
            return root->types[type].attrs;
        }
        break;
    }
    return NULL;
}

size_t sj_policy_attr_count(const struct sj_policy *policy, enum sj_attr_place place, uint32_t type)
{
    uint32_t count = 0;
    (void)attrs_of(policy, place, type, &count);
    return count;
}

const struct sj_policy_attr *sj_policy_attr_at(
    const struct sj_policy *policy, enum sj_attr_place place, uint32_t type, size_t slot)
{
    uint32_t count = 0;
    const struct sj_policy_attr *attrs = attrs_of(policy, place, type, &count);
    SJ_ASSERT(slot < count);
    return &attrs[slot];
}

uint32_t sj_policy_attr_find(
    const struct sj_policy *policy, enum sj_attr_place place, uint32_t type, struct sj_text name)
{
    uint32_t count = 0;
    const struct sj_policy_attr *attrs = attrs_of(policy, place, type, &count);
    for (uint32_t i = 0; i < count; i++) {
        if (sj_text_is(name, attrs[i].name)) {
            return i;
        }
    }
    return SJ_POLICY_NONE;
}

size_t sj_policy_type_count(const struct sj_policy *policy)
{
    return policy->root->type_count;
}

const char *sj_policy_type_name(const struct sj_policy *policy, uint32_t type)
{
    SJ_ASSERT(type < policy->root->type_count);
    return policy->root->types[type].name;
}

uint32_t sj_policy_type_find(const struct sj_policy *policy, struct sj_text name)
{
    for (uint32_t i = 0; i < policy->root->type_count; i++) {
        if (sj_text_is(name, policy->root->types[i].name)) {
            return i;
        }
    }
    return SJ_POLICY_NONE;
}

size_t sj_policy_action_count(const struct sj_policy *policy)
{
    return policy->root->action_count;
}

static const struct policy_action *action_at(const struct sj_policy *policy, uint32_t action)
{
    SJ_ASSERT(action < policy->root->action_count);
    return &policy->root->actions[action];
}

const char *sj_policy_action_name(const struct sj_policy *policy, uint32_t action)
{
    return action_at(policy, action)->name;
}

const char *sj_policy_action_verb(const struct sj_policy *policy, uint32_t action)
{
    return action_at(policy, action)->verb;
}

uint32_t sj_policy_action_type(const struct sj_policy *policy, uint32_t action)
{
    return action_at(policy, action)->type;
}

uint32_t sj_policy_action_find(const struct sj_policy *policy, struct sj_text name)
{
    for (uint32_t i = 0; i < policy->root->action_count; i++) {
        if (sj_text_is(name, policy->root->actions[i].name)) {
            return i;
        }
    }
    return SJ_POLICY_NONE;
}

uint32_t sj_policy_action_find_in(
    const struct sj_policy *policy, uint32_t type, struct sj_text verb)
{
    if (type >= policy->root->type_count) {
        return SJ_POLICY_NONE;
    }
    const struct policy_type *of = &policy->root->types[type];
    for (uint32_t i = of->first_action; i < of->first_action + of->action_count; i++) {
        if (sj_text_is(verb, policy->root->actions[i].verb)) {
            return i;
        }
    }
    return SJ_POLICY_NONE;
}

static const struct policy_type *type_at(const struct sj_policy *policy, uint32_t type)
{
    SJ_ASSERT(type < policy->root->type_count);
    return &policy->root->types[type];
}

size_t sj_policy_field_count(const struct sj_policy *policy, uint32_t type)
{
    return type_at(policy, type)->field_count;
}

const char *sj_policy_field_name(const struct sj_policy *policy, uint32_t type, size_t field)
{
    SJ_ASSERT(field < type_at(policy, type)->field_count);
    return type_at(policy, type)->fields[field];
}

uint32_t sj_policy_field_find(const struct sj_policy *policy, uint32_t type, struct sj_text name)
{
    const struct policy_type *of = type_at(policy, type);
    uint32_t any = SJ_POLICY_NONE;
    for (uint32_t i = 0; i < of->field_count; i++) {
        if (sj_text_is(name, of->fields[i])) {
            return i;
        }
        any = strcmp(of->fields[i], "*") == 0 ? i : any;
    }
    return any;
}

size_t sj_policy_class_count(const struct sj_policy *policy, uint32_t type)
{
    return type_at(policy, type)->class_count;
}

const char *sj_policy_class_name(const struct sj_policy *policy, uint32_t type, size_t number)
{
    SJ_ASSERT(number < type_at(policy, type)->class_count);
    return type_at(policy, type)->classes[number].name;
}

uint64_t sj_policy_class_fields(const struct sj_policy *policy, uint32_t type, size_t number)
{
    SJ_ASSERT(number < type_at(policy, type)->class_count);
    return type_at(policy, type)->classes[number].fields;
}

const struct sj_policy_role *sj_policy_role_at(const struct sj_policy *policy, size_t role)
{
    SJ_ASSERT(role < policy->root->role_count);
    return &policy->root->roles[role];
}

uint32_t sj_policy_role_number(const struct sj_policy *policy, struct sj_text name)
{
    for (uint32_t i = 0; i < policy->root->role_count; i++) {
        if (policy->root->roles[i].name != NULL && sj_text_is(name, policy->root->roles[i].name)) {
            return i;
        }
    }
    return SJ_POLICY_NONE;
}

struct sj_role_set sj_policy_roles_close(
    const struct sj_policy *policy, const struct sj_role_set *held)
{
    struct sj_role_set closed = {{0}};
    for (uint32_t i = 0; i < policy->root->role_count; i++) {
        for (size_t w = 0; sj_role_set_has(held, i) && w < SJ_POLICY_ROLES / 64; w++) {
            closed.bits[w] |= policy->root->roles[i].closure.bits[w];
        }
    }
    return closed;
}

size_t sj_policy_sod_count(const struct sj_policy *policy)
{
    return policy->root->sod_count;
}

const struct sj_policy_sod *sj_policy_sod_at(const struct sj_policy *policy, size_t number)
{
    SJ_ASSERT(number < policy->root->sod_count);
    return &policy->root->sods[number];
}

const struct sj_policy_sod *sj_policy_sod_broken(const struct sj_policy *policy,
    enum sj_sod_kind kind, enum sj_sod_span span, const struct sj_role_set *held)
{
    const struct sj_role_set closed = sj_policy_roles_close(policy, held);
    for (uint32_t i = 0; i < policy->root->sod_count; i++) {
        const struct sj_policy_sod *sod = &policy->root->sods[i];
        uint32_t count = 0;
        for (size_t w = 0; w < SJ_POLICY_ROLES / 64; w++) {
            count += (uint32_t)__builtin_popcountll(closed.bits[w] & sod->roles.bits[w]);
        }
        const bool same_span = kind != SJ_SOD_STATIC || sod->span == span;
        if (sod->kind == kind && kind != SJ_SOD_OBJECT && same_span && count >= sod->n) {
            return sod;
        }
    }
    return NULL;
}

const struct sj_policy_break_glass *sj_policy_break_glass(const struct sj_policy *policy)
{
    return &policy->root->break_glass;
}

const struct sj_policy_delegation *sj_policy_delegation(const struct sj_policy *policy)
{
    return &policy->root->delegation;
}

const struct sj_policy_activation *sj_policy_activation(const struct sj_policy *policy)
{
    return &policy->root->activation;
}

const char *sj_policy_id(const struct sj_policy *policy)
{
    return policy->id;
}

uint32_t sj_policy_version(const struct sj_policy *policy)
{
    return policy->version;
}

const char *sj_policy_digest(const struct sj_policy *policy)
{
    return policy->digest;
}

const char *sj_policy_previous(const struct sj_policy *policy)
{
    return policy->previous;
}

const char *sj_policy_owner_unit(const struct sj_policy *policy)
{
    return policy->owner_unit;
}

const char *sj_policy_review_by(const struct sj_policy *policy)
{
    return policy->review_by;
}

int64_t sj_policy_effective_from(const struct sj_policy *policy)
{
    return policy->effective_from;
}

int64_t sj_policy_effective_until(const struct sj_policy *policy)
{
    return policy->effective_until;
}

size_t sj_policy_rule_count(const struct sj_policy *policy)
{
    return policy->written_rules;
}

const char *sj_policy_rule_id(const struct sj_policy *policy, size_t rule)
{
    SJ_ASSERT(rule < policy->written_rules);
    return policy->rules[rule].id;
}

enum sj_effect sj_policy_rule_effect(const struct sj_policy *policy, size_t rule)
{
    SJ_ASSERT(rule < policy->written_rules);
    return policy->rules[rule].effect;
}

struct sj_text sj_policy_rule_text(const struct sj_policy *policy, size_t rule)
{
    SJ_ASSERT(rule < policy->written_rules);
    return policy->rules[rule].text;
}

const char *sj_how_name(enum sj_how how)
{
    static const char *const names[] = {
        "", "initial", "last4", "month", "year", "hash", "redact", "null"};
    return (size_t)how < SJ_COUNT(names) ? names[how] : "";
}

bool sj_policy_may_write(const struct sj_policy *policy, uint32_t type,
    const struct sj_policy_decision *decision, const struct sj_text *fields, size_t count,
    size_t *ret_field)
{
    for (size_t i = 0; i < count; i++) {
        const uint32_t field = sj_policy_field_find(policy, type, fields[i]);
        if (!decision->permit || field == SJ_POLICY_NONE || (decision->write >> field & 1u) == 0) {
            *ret_field = i;
            return false;
        }
    }
    return true;
}
