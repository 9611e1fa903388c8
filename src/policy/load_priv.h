/* SPDX-License-Identifier: Apache-2.0
 *
 * The loader's own tools: tables of members, and the readers of each section.
 */
#ifndef SJ_POLICY_LOAD_PRIV_H
#define SJ_POLICY_LOAD_PRIV_H

#include "document.h"
#include "engine_priv.h"

struct loader {
    struct sj_policy *policy;
    const struct sj_policy *schema; /* whose names count: the root's */
    struct sj_policy_fault *fault;
    bool own;
    bool under;
};

typedef sj_status load_fn(struct loader *loader, const struct doc_node *node, void *target);

struct load_member {
    const char *name; /* NULL ends the table */
    load_fn *read;    /* NULL: read elsewhere */
    bool required;
};

SJ_MUST_CHECK sj_status load_refuse(
    struct loader *loader, const struct doc_node *node, const char *why);
/* Reads the known members in the order of the table; unknown ones are refused. */
SJ_MUST_CHECK sj_status load_object(struct loader *loader, const struct doc_node *node,
    const struct load_member *members, void *target);
SJ_MUST_CHECK sj_status load_array(
    struct loader *loader, const struct doc_node *node, load_fn *read, void *target);
/* An object whose names are data. */
SJ_MUST_CHECK sj_status load_map(
    struct loader *loader, const struct doc_node *node, load_fn *read, void *target);
/* 1..max bytes; borrowed from the document. */
SJ_MUST_CHECK sj_status load_text(
    struct loader *loader, const struct doc_node *node, size_t max, struct sj_text *ret_text);
SJ_MUST_CHECK sj_status load_uint(
    struct loader *loader, const struct doc_node *node, uint32_t lo, uint32_t hi, uint32_t *ret);
SJ_MUST_CHECK sj_status load_bool(struct loader *loader, const struct doc_node *node, bool *ret);
/* Copies into the policy's arena, NUL-terminated. */
SJ_MUST_CHECK sj_status load_keep(
    struct loader *loader, struct sj_text text, const char **ret_string);
/* Text that must be kept: 1..max bytes. target of the reader below: const char *. */
SJ_MUST_CHECK sj_status load_kept(
    struct loader *loader, const struct doc_node *node, size_t max, const char **ret_string);
SJ_MUST_CHECK sj_status load_alloc(struct loader *loader, size_t count, size_t size, void *ret);
/* a-z A-Z 0-9 _ - . and not empty, at most POLICY_NAME_MAX. */
bool load_is_name(struct sj_text name);

load_fn load_ignore_text; /* title, note */
load_fn load_schema;
load_fn load_roles;
load_fn load_constraints;
load_fn load_rules;
load_fn load_break_glass;
load_fn load_delegation;
load_fn load_activation;
/* target: struct sj_role_set; an array of names of roles that exist. */
load_fn load_role_set;
SJ_MUST_CHECK sj_status load_role(
    struct loader *loader, const struct doc_node *node, uint32_t *ret_role);

/* The bits of actions that "do" names; bytes[action]. */
SJ_MUST_CHECK sj_status load_do(
    struct loader *loader, const struct doc_node *node, bool *ret_actions);
/* Cases of a rule: one for each type that its actions belong to. */
SJ_MUST_CHECK sj_status load_rule_cases(
    struct loader *loader, const struct doc_node *node, uint32_t rule, const bool *actions);
/* A condition over one type; type SJ_POLICY_NONE: it may not name the resource. *budget: nodes left. */
SJ_MUST_CHECK sj_status load_condition(struct loader *loader, const struct doc_node *node,
    uint32_t type, unsigned *budget, uint32_t *ret_node);
/* ["a", "b"] of context.purpose as a condition. */
SJ_MUST_CHECK sj_status load_purpose(
    struct loader *loader, const struct doc_node *node, uint32_t *ret_node);
SJ_MUST_CHECK sj_status load_unit_literal(
    struct loader *loader, const struct doc_node *node, uint32_t *ret_number);
/* One role gives one action one reach (Sanjeh's own: row security knows only the widest). */
SJ_MUST_CHECK sj_status load_check_reach(struct loader *loader, const struct doc_node *rules);

/* Names of the catalogue (own.c). */
bool own_knows_type(struct sj_text type);
bool own_knows_action(const char *type, struct sj_text verb);
bool own_knows_field(const char *type, struct sj_text field);
SJ_MUST_CHECK sj_status own_bind(struct sj_policy *policy);
void own_unbind(struct sj_policy *policy);

#endif
