/* SPDX-License-Identifier: Apache-2.0
 *
 * How a compiled policy looks inside: flat tables that a decision only reads. load*.c fill them, compile.c orders them,
 * decide.c answers from them; nothing changes after the load, so any thread may ask.
 */
#ifndef SJ_POLICY_ENGINE_PRIV_H
#define SJ_POLICY_ENGINE_PRIV_H

#include "sanjeh/base/time.h"
#include "sanjeh/policy/engine.h"

#define POLICY_NAME_MAX    64 /* bytes of an id, a role, class, attribute or field name */
#define POLICY_TYPES_MAX   512
#define POLICY_CLASSES_MAX 64 /* of one type */
#define POLICY_SODS_MAX    256
#define POLICY_NODES_MAX   4000000u /* of all conditions, one for each type that a rule hits */
#define POLICY_ENTRIES_MAX 4000000u /* of all lists */
#define POLICY_CASES_MAX   1000000u
#define POLICY_DEPTH_MAX   16
#define POLICY_RULE_NODES  256
#define POLICY_KEYS        3 /* references of one list that rules are found by */

/* ---- conditions ---- */

enum truth { IS_FALSE = 0, IS_TRUE, IS_ERROR };

enum cond_op {
    COND_AND,
    COND_OR,
    COND_NOT, /* operands: conditions */
    COND_EQ,
    COND_NE,
    COND_LT,
    COND_LE,
    COND_GT,
    COND_GE,
    COND_IN,
    COND_HAS,
    COND_WITHIN,
    COND_BEFORE,
    COND_AFTER,
    COND_IP_IN, /* operands: values */
    COND_REF,
    COND_LITERAL
};

struct cond_node {
    uint8_t op;     /* enum cond_op */
    uint8_t place;  /* COND_REF: enum sj_attr_place */
    uint8_t kind;   /* of a value: enum sj_attr_kind */
    uint8_t bits;   /* literal range of addresses: leading bits */
    uint16_t count; /* operands */
    uint16_t slot;  /* COND_REF */
    uint32_t
        first; /* operands: nodes [first, first + count); literal unit: number of the literal */
    struct sj_attr_value value; /* COND_LITERAL */
    const struct sj_attr_type
        *type;        /* COND_REF: of the attribute; COND_LITERAL: what it was read as */
    const char *name; /* COND_REF: "resource.level" */
};

#define COND_NONE UINT32_MAX

struct unit_literal {
    struct sj_text name;
    uint32_t line;
    uint32_t column;
};

/* ---- schema ---- */

struct policy_class {
    const char *name;
    uint64_t fields;
};

struct policy_type {
    const char *name;
    struct sj_policy_attr attrs[SJ_POLICY_ATTRS];
    uint32_t attr_count;
    uint32_t unit_slot; /* attribute "unit" of type unit, or SJ_POLICY_NONE */
    const char *fields[SJ_POLICY_TYPE_FIELDS];
    uint32_t field_count;
    struct policy_class classes[POLICY_CLASSES_MAX];
    uint32_t class_count;
    uint32_t first_action;
    uint32_t action_count;
};

struct policy_action {
    const char *name;
    const char *verb;
    uint32_t type;
};

/* ---- rules ---- */

struct policy_rule {
    const char *id;
    const char *code; /* of a refusal, "" for the default */
    enum sj_effect effect;
    enum sj_reach reach; /* of a permit */
    bool everybody;      /* no roles named */
    bool break_glass;    /* the section of that name, as a permit */
    bool stands;         /* not set aside by break-glass */
    struct sj_role_set roles;
    const struct sj_obligation *oblige; /* or NULL */
    struct sj_text text;
};

/* A rule as it applies to one type. */
struct policy_case {
    uint32_t rule;
    uint32_t type;
    uint32_t purpose; /* COND_NONE */
    uint32_t when;    /* and, COND_NONE */
    uint32_t that;    /* require: "and" of them; mask: unless */
    uint64_t read;    /* mask: fields that it masks */
    uint64_t write;
    uint64_t sort;
    uint64_t filter;
    uint64_t aggregate;
    const uint8_t *how; /* mask: [SJ_POLICY_TYPE_FIELDS] */
    uint32_t key_node;  /* eq of a reference and a literal that the condition needs, or COND_NONE */
    bool key_swapped;
    uint64_t key_hash;
    uint32_t key_ref;
};

/* Cases [first, first + plain) always, then those with a key: sorted by reference and hash of the literal. */
struct policy_list {
    uint32_t first;
    uint32_t plain;
    uint32_t keyed;
    uint8_t key_count;
    uint32_t keys[POLICY_KEYS]; /* place << 16 | slot */
    uint32_t key_first[POLICY_KEYS + 1];
};

struct sj_policy {
    struct sj_arena *arena;
    const struct sj_policy *root; /* whose schema and roles these are: itself for a root file */
    bool own;
    /* head */
    const char *id;
    uint32_t version;
    const char *digest;
    const char *previous;
    const char *owner_unit;
    const char *review_by;
    uint32_t owner_literal; /* number of the unit literal, or SJ_POLICY_NONE */
    int64_t effective_from;
    int64_t effective_until;
    /* schema (root only) */
    struct sj_policy_attr subject[SJ_POLICY_ATTRS];
    struct sj_policy_attr context[SJ_POLICY_ATTRS];
    struct sj_policy_attr attributes[SJ_POLICY_ATTRS];
    uint32_t subject_count;
    uint32_t context_count;
    uint32_t attributes_count;
    uint32_t purpose_slot; /* context.purpose, or SJ_POLICY_NONE */
    uint32_t now_slot;     /* context.now */
    struct policy_type *types;
    uint32_t type_count;
    struct policy_action *actions;
    uint32_t action_count;
    struct sj_policy_role *roles;
    uint32_t role_count;
    struct sj_policy_sod *sods;
    uint32_t sod_count;
    struct sj_policy_break_glass break_glass;
    struct sj_policy_delegation delegation;
    struct sj_policy_activation activation;
    /* rules */
    struct policy_rule *rules;
    uint32_t rule_count;
    uint32_t written_rules; /* without the section break_glass */
    struct policy_case *cases;
    uint32_t case_count;
    uint32_t case_cap;
    struct cond_node *nodes;
    uint32_t node_count;
    uint32_t node_cap;
    struct unit_literal *unit_literals;
    uint32_t unit_literal_count;
    uint32_t unit_literal_cap;
    /* compiled */
    uint32_t *entries;
    uint64_t *hashes; /* beside entries; keyed ones only */
    uint32_t entry_count;
    uint32_t entry_cap;
    struct policy_list *permits; /* [action * roles + role], closure merged */
    struct policy_list *glass;   /* [action] break-glass permits */
    struct policy_list *narrows; /* [action] forbid and require */
    struct policy_list *masks;   /* [action] */
    bool *states_permit;         /* [action] some permit of this file is about it */
    uint32_t *action_cases;      /* loader: pairs (action, case) */
    uint32_t action_case_count;
    uint32_t action_case_cap;
    struct policy_own *binding; /* Sanjeh's own policy: numbers of the catalogue, filled by own.c */
};

struct policy_unit {
    struct sj_text name;
    uint32_t parent;
    uint32_t enter; /* preorder: b is within a when a.enter <= b.enter < a.leave */
    uint32_t leave;
};

struct set_file {
    const struct sj_policy *policy;
    uint32_t owner;        /* unit, or SJ_POLICY_NONE: everywhere */
    const uint32_t *units; /* unit literals of the file */
};

struct sj_policy_set {
    struct sj_arena *arena;
    struct policy_unit *units;
    uint32_t unit_count;
    uint32_t *unit_hash; /* open addressing, SJ_POLICY_NONE: free */
    uint32_t unit_hash_size;
    struct set_file files[SJ_POLICY_FILES];
    size_t file_count;
    uint64_t assignments;
};

/* Hashes of the request's values that rules are found by, made once a decision. */
struct key_cache {
    uint32_t count;
    uint32_t keys[POLICY_KEYS + 1]; /* place << 16 | slot */
    uint64_t hashes[POLICY_KEYS + 1];
};

/* What a condition is asked about. */
struct cond_world {
    const struct sj_policy_set *set;
    const struct set_file *file;
    const struct sj_attr_value *slots[4]; /* by enum sj_attr_place; NULL: all missing */
    struct sj_attr_value now;             /* stands in for context.now */
    uint32_t now_slot;      /* context slot that now stands in for, or SJ_POLICY_NONE */
    struct key_cache *keys; /* NULL: none is kept */
};

enum truth cond_decide(const struct cond_world *world, uint32_t node);
/* The value of a reference or literal; NULL: missing. */
const struct sj_attr_value *cond_value(
    const struct cond_world *world, const struct cond_node *node, struct sj_attr_value *scratch);
uint64_t attr_hash(const struct sj_attr_value *value);
bool attr_equal(const struct sj_attr_value *a, const struct sj_attr_value *b);
static inline enum truth truth_and(enum truth a, enum truth b)
{
    if (a == IS_FALSE || b == IS_FALSE) {
        return IS_FALSE;
    }
    return a == IS_ERROR || b == IS_ERROR ? IS_ERROR : IS_TRUE;
}

SJ_MUST_CHECK sj_status policy_compile(struct sj_policy *policy, struct sj_policy_fault *fault);
/* Grows an array of the loader: *array has *cap elements of size bytes. Errors: LIMIT_EXCEEDED above max. */
SJ_MUST_CHECK sj_status policy_grow(struct sj_arena *arena, void *address_of_array, uint32_t count,
    uint32_t *cap, size_t size, uint32_t max);
/* Writes a condition the way a file does: ["le","resource.level",3]. */
SJ_MUST_CHECK sj_status cond_write(
    const struct sj_policy *policy, uint32_t node, struct sj_buf *out);

/* set NULL: numbers of units are those of the policy's literals. */
SJ_MUST_CHECK sj_status attr_write(const struct sj_policy *policy, const struct sj_policy_set *set,
    const struct sj_attr_type *type, const struct sj_attr_value *value, struct sj_buf *out);
/* A string of JSON, escaped as RFC 8785 says. */
SJ_MUST_CHECK sj_status policy_put_text(struct sj_buf *out, struct sj_text text);
/* 64 bytes are enough. */
void attr_ip_text(const uint8_t ip[16], char *out);

/* ---- trace of one decision (explain) ---- */

enum trace_why {
    WHY_MATCHED = 0,
    WHY_ROLE,
    WHY_GRANT,
    WHY_SCOPE,
    WHY_PURPOSE,
    WHY_WHEN,
    WHY_ERROR,
    WHY_BLOCKED,
    WHY_QUIET,
    WHY_OVERRIDDEN
};

struct trace_case {
    const struct sj_policy *policy;
    uint32_t number; /* of the case */
    uint8_t why;     /* enum trace_why; permits keep the best of all grants */
    uint32_t file;
};

struct decide_trace {
    struct trace_case *cases;
    uint32_t count;
    uint32_t cap;
    struct cond_world world; /* of the root; file is set for each case */
    struct sj_role_set held;
    bool grant_valid[SJ_POLICY_GRANTS];
    const struct sj_policy_sod *sod;
    uint64_t bound;                  /* files that hold for the resource */
    bool would_permit;               /* permits would stand if nothing refused */
    struct sj_policy_decision would; /* what they would give */
};

/* The decision. With a trace every case of the action is asked, without one only those that can matter; the answer is
 * the same. */
void policy_decide(const struct sj_policy_set *set, const struct sj_policy_request *request,
    struct sj_policy_decision *out, struct decide_trace *trace);
/* Cases of the action over all files: the size a trace needs. */
uint32_t policy_trace_size(const struct sj_policy_set *set, uint32_t action);
/* Fills in the cases of the action, in the order of the files; count is the size. */
void policy_trace_begin(
    const struct sj_policy_set *set, uint32_t action, struct decide_trace *trace);

#endif
