/* SPDX-License-Identifier: Apache-2.0
 *
 * What does a policy talk about? Types with their attributes, actions, fields and field classes; roles with their
 * hierarchy and their limits; constraints; the administrative sections. All of it belongs to the loaded policy,
 * never changes and is found by name or walked by number. Numbers are those of this one policy.
 */
#ifndef SJ_POLICY_SCHEMA_H
#define SJ_POLICY_SCHEMA_H

#include "sanjeh/policy/value.h"

struct sj_policy;

#define SJ_POLICY_ROLES       256 /* of a generic file; 64 of Sanjeh's own (bits of sj_actor.roles) */
#define SJ_POLICY_TYPE_FIELDS 64 /* of one type */
#define SJ_POLICY_ATTRS       64 /* of one section or type */
#define SJ_POLICY_ACTIONS     4096
#define SJ_POLICY_NONE        UINT32_MAX /* no such name */

/* Where a reference looks: subject.x, resource.x, context.x, action.x. */
enum sj_attr_place { SJ_OF_SUBJECT = 0, SJ_OF_RESOURCE, SJ_OF_CONTEXT, SJ_OF_ACTION };

struct sj_policy_attr {
    const char *name;
    struct sj_attr_type type;
};

/* Attributes of a place, in schema order: the slot of an attribute in a request is its number here. type is looked at
 * for SJ_OF_RESOURCE only. */
size_t sj_policy_attr_count(
    const struct sj_policy *policy, enum sj_attr_place place, uint32_t type);
const struct sj_policy_attr *sj_policy_attr_at(
    const struct sj_policy *policy, enum sj_attr_place place, uint32_t type, size_t slot);
/* The slot, or SJ_POLICY_NONE. */
uint32_t sj_policy_attr_find(
    const struct sj_policy *policy, enum sj_attr_place place, uint32_t type, struct sj_text name);

size_t sj_policy_type_count(const struct sj_policy *policy);
const char *sj_policy_type_name(const struct sj_policy *policy, uint32_t type);
uint32_t sj_policy_type_find(const struct sj_policy *policy, struct sj_text name);

/* Actions are numbered over all types: an action belongs to one type. */
size_t sj_policy_action_count(const struct sj_policy *policy);
const char *sj_policy_action_name(
    const struct sj_policy *policy, uint32_t action); /* "case:read" */
const char *sj_policy_action_verb(const struct sj_policy *policy, uint32_t action); /* "read" */
uint32_t sj_policy_action_type(const struct sj_policy *policy, uint32_t action);
/* name "case:read"; or SJ_POLICY_NONE. */
uint32_t sj_policy_action_find(const struct sj_policy *policy, struct sj_text name);
uint32_t sj_policy_action_find_in(
    const struct sj_policy *policy, uint32_t type, struct sj_text verb);

/* Fields of a type: bit (1 << field) in every mask of a decision. A class of "*" makes one field named "*", which
 * stands for every field that no class names. */
size_t sj_policy_field_count(const struct sj_policy *policy, uint32_t type);
const char *sj_policy_field_name(const struct sj_policy *policy, uint32_t type, size_t field);
/* Falls back to the field "*" where the type has one; SJ_POLICY_NONE otherwise. */
uint32_t sj_policy_field_find(const struct sj_policy *policy, uint32_t type, struct sj_text name);
size_t sj_policy_class_count(const struct sj_policy *policy, uint32_t type);
const char *sj_policy_class_name(const struct sj_policy *policy, uint32_t type, size_t number);
uint64_t sj_policy_class_fields(const struct sj_policy *policy, uint32_t type, size_t number);

struct sj_role_set {
    uint64_t bits[SJ_POLICY_ROLES / 64];
};
static inline bool sj_role_set_has(const struct sj_role_set *set, uint32_t role)
{
    return (set->bits[role / 64] >> (role % 64) & 1u) != 0;
}
static inline void sj_role_set_add(struct sj_role_set *set, uint32_t role)
{
    set->bits[role / 64] |= UINT64_C(1) << (role % 64);
}

/* INCITS 359 role with the limits of POLICY 5.2. */
struct sj_policy_role {
    const char *name;
    const char *title;             /* the name when the file gives none */
    struct sj_role_set juniors;    /* direct edges, as written */
    struct sj_role_set closure;    /* itself and everything it inherits */
    struct sj_role_set assignable; /* roles that a holder may assign; empty: none */
    uint32_t max_days;             /* of an assignment; 0 no limit */
    uint32_t recertify_days;       /* 0: not recertified */
    uint32_t max_holders;          /* 0 no limit */
    uint32_t max_minutes;          /* of an activation */
    uint32_t activation_acr;       /* at least, when the role is activated */
    bool on_demand;                /* counts only while activated */
    bool never_self;               /* a holder may not assign anything to himself */
    bool read_only;                /* no rule may give it more than read and list */
    bool only_via_break_glass;     /* never assigned */
};
const struct sj_policy_role *sj_policy_role_at(const struct sj_policy *policy, size_t role);
uint32_t sj_policy_role_number(const struct sj_policy *policy, struct sj_text name);
/* What the held roles give by inheritance. */
struct sj_role_set sj_policy_roles_close(
    const struct sj_policy *policy, const struct sj_role_set *held);

enum sj_sod_kind { SJ_SOD_STATIC = 0, SJ_SOD_DYNAMIC, SJ_SOD_OBJECT };
enum sj_sod_span { SJ_SOD_ALL_UNITS = 0, SJ_SOD_SAME_UNIT };

struct sj_policy_sod {
    const char *id;
    const char *note; /* "" */
    enum sj_sod_kind kind;
    enum sj_sod_span span;    /* of a static one */
    uint32_t n;               /* nobody has n or more */
    struct sj_role_set roles; /* static, dynamic */
    const uint32_t *actions;  /* object */
    uint32_t action_count;
};
size_t sj_policy_sod_count(const struct sj_policy *policy);
const struct sj_policy_sod *sj_policy_sod_at(const struct sj_policy *policy, size_t number);
/* The first constraint of the kind that the set (inheritance counted) breaks, or NULL. For a static one of span
 * SAME_UNIT the caller passes the roles of one unit. */
const struct sj_policy_sod *sj_policy_sod_broken(const struct sj_policy *policy,
    enum sj_sod_kind kind, enum sj_sod_span span, const struct sj_role_set *held);

struct sj_policy_break_glass {
    bool given;
    struct sj_role_set who;
    uint32_t grants_role;
    uint32_t minutes;
    uint32_t acr;
    uint32_t reason_min_chars;
    struct sj_role_set notify;
    uint32_t review_hours;
};
struct sj_policy_delegation {
    bool given;
    struct sj_role_set roles;
    uint32_t max_days;
    uint32_t depth;
    bool sod_applies;
};
struct sj_policy_activation {
    bool given;
    uint32_t need; /* signatures */
    uint32_t need_if_widening;
    uint32_t from_role; /* SJ_POLICY_NONE: anybody whom the action policy:sign is permitted */
    bool distinct_from_author;
    const char *tests;          /* file name beside the policy, "" */
    uint32_t min_rule_coverage; /* per cent */
    uint32_t shadow_minutes;
};
const struct sj_policy_break_glass *sj_policy_break_glass(const struct sj_policy *policy);
const struct sj_policy_delegation *sj_policy_delegation(const struct sj_policy *policy);
const struct sj_policy_activation *sj_policy_activation(const struct sj_policy *policy);

/* Head of the document. */
const char *sj_policy_id(const struct sj_policy *policy);
uint32_t sj_policy_version(const struct sj_policy *policy);
const char *sj_policy_digest(const struct sj_policy *policy); /* "sha256:…" of the RFC 8785 form */
const char *sj_policy_previous(const struct sj_policy *policy);   /* digest or "" */
const char *sj_policy_owner_unit(const struct sj_policy *policy); /* "" */
const char *sj_policy_review_by(const struct sj_policy *policy);  /* "2027-06-01" or "" */
/* Microseconds; 0: no limit. */
int64_t sj_policy_effective_from(const struct sj_policy *policy);
int64_t sj_policy_effective_until(const struct sj_policy *policy);

enum sj_effect { SJ_EFFECT_PERMIT = 0, SJ_EFFECT_FORBID, SJ_EFFECT_REQUIRE, SJ_EFFECT_MASK };
size_t sj_policy_rule_count(const struct sj_policy *policy);
const char *sj_policy_rule_id(const struct sj_policy *policy, size_t rule);
enum sj_effect sj_policy_rule_effect(const struct sj_policy *policy, size_t rule);
/* The rule as RFC 8785 text; lives as long as the policy. */
struct sj_text sj_policy_rule_text(const struct sj_policy *policy, size_t rule);

#endif
