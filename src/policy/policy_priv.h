/* SPDX-License-Identifier: Apache-2.0
 *
 * How a compiled policy looks inside: flat tables that a decision only reads. load.c fills them once,
 * policy.c answers from them; nothing changes after the load, so any thread may ask.
 */
#ifndef SJ_POLICY_PRIV_H
#define SJ_POLICY_PRIV_H

#include "sanjeh/policy/policy.h"

#define SJ_POLICY_ROLES_MAX       64  /* bits of sj_actor.roles */
#define SJ_POLICY_RULES_MAX       256 /* an action's rule list indexes them with 16 bits */
#define SJ_POLICY_CONSTRAINTS_MAX 128
#define SJ_POLICY_CLASSES_MAX     64
#define SJ_POLICY_ID_MAX          64         /* bytes of an id, a role or class name */
#define SJ_POLICY_FILE_MAX        (1u << 18) /* bytes of policy.json */

struct policy_role {
    const char *name;
    const char *title;
    uint64_t closure; /* its own bit and those of everything it inherits */
};

struct policy_rule {
    const char *id;
    const char *code; /* of a refusal; "" for permits */
    uint64_t roles;   /* UINT64_MAX: everybody (forbid only) */
    bool is_forbid;
    enum sj_reach reach;
    uint64_t read_fields;
    uint64_t write_fields;
    bool actions[SJ_ACTION_COUNT_];
};

/* No account holds n or more of roles (INCITS 359 static separation of duty, with the hierarchy). */
struct policy_constraint {
    const char *id;
    uint64_t roles;
    unsigned n;
};

struct policy_class {
    const char *type;
    const char *name;
    uint64_t fields;
};

/* Rules of one action: forbids first, then permits, each in file order. */
struct policy_rule_list {
    uint16_t *rules;
    size_t count;
    uint64_t type_fields; /* the fields of the action's type */
};

struct sj_policy {
    struct sj_arena *arena; /* every text and list below */
    uint32_t version;
    struct policy_role roles[SJ_POLICY_ROLES_MAX];
    size_t role_count;
    struct policy_rule rules[SJ_POLICY_RULES_MAX];
    size_t rule_count;
    struct policy_constraint constraints[SJ_POLICY_CONSTRAINTS_MAX];
    size_t constraint_count;
    struct policy_class classes[SJ_POLICY_CLASSES_MAX];
    size_t class_count;
    bool declared[SJ_ACTION_COUNT_]; /* the schema names the action */
    struct policy_rule_list by_action[SJ_ACTION_COUNT_];
};

_Static_assert(SJ_FIELD_COUNT_ <= 64, "fields fit the masks of a decision");

/* Everything that the held roles give, by inheritance. */
uint64_t policy_closure(const struct sj_policy *policy, uint64_t roles);
/* SJ_FIELD_COUNT_ when the type has no such field. */
enum sj_field policy_field_find(const char *type, struct sj_text field);
/* SJ_ACTION_NONE when the catalogue has no such action. */
enum sj_action policy_action_find(const char *type, struct sj_text action);
/* "judge" for SJ_FIELD_JUDGE_NAME. */
const char *policy_field_type(enum sj_field field);
/* Fills by_action from rules. */
SJ_MUST_CHECK sj_status policy_compile(struct sj_policy *policy);

#endif
