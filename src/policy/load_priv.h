/* SPDX-License-Identifier: Apache-2.0
 *
 * The loader's own tools: where we are in the file (for the pointer of a refusal), tables of
 * members, and the readers of each section.
 */
#ifndef SJ_POLICY_LOAD_PRIV_H
#define SJ_POLICY_LOAD_PRIV_H

#include "policy_priv.h"
#include "sanjeh/json/decode.h"

struct loader {
    struct sj_policy *policy;
    char *detail;
    size_t detail_size;
};

/* A step of a JSON pointer; lives on the stack of the reader that made it. The root has no up. */
struct place {
    const struct place *up;
    struct sj_text name; /* ptr NULL: index */
    size_t index;
};

typedef sj_status load_fn(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target);

struct load_member {
    const char *name; /* NULL ends the table */
    load_fn *read;
    bool required;
};

/* BAD_CONFIG with "<pointer>: why" for the operator. */
SJ_MUST_CHECK sj_status load_refuse(
    struct loader *loader, const struct place *place, const char *why);
/* Reads the known members in the order of the table; unknown ones are refused. */
SJ_MUST_CHECK sj_status load_object(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, const struct load_member *members, void *target);
SJ_MUST_CHECK sj_status load_array(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, load_fn *read, void *target);
/* An object whose names are data. */
SJ_MUST_CHECK sj_status load_map(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, load_fn *read, void *target);
/* 1..max bytes; borrowed from the document. */
SJ_MUST_CHECK sj_status load_text(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, size_t max, struct sj_text *ret_text);
/* Copies into the policy's arena, NUL-terminated. */
SJ_MUST_CHECK sj_status load_keep(
    struct loader *loader, struct sj_text text, const char **ret_string);

load_fn load_schema;
load_fn load_roles;
load_fn load_constraints;
load_fn load_rules;
/* target: uint64_t of role bits; an array of names of roles that exist. */
load_fn load_role_set;
/* No role gives one action two reaches: fields of the narrower would be lost unsaid. */
SJ_MUST_CHECK sj_status load_check_reach(struct loader *loader);

#endif
