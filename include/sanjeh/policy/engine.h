/* SPDX-License-Identifier: Apache-2.0
 *
 * May this subject do this action to this resource, which fields does he see and what must be done first? The generic
 * engine of policy/1 (POLICY 5): it knows no HTTP, no database and no type of Sanjeh. One file is a struct sj_policy; a
 * decision point is a struct sj_policy_set: one root file, unit files that only narrow, the tree of units. Both never
 * change after they are made, so any thread may ask; a decision allocates nothing and takes no lock.
 *
 * Semantics. Roles give the maximum, everything else narrows. permit: only a true condition permits. forbid and require: true
 * or error refuses (a require is true when one of "that" is not true). mask: applies unless its "unless" is true. A
 * missing attribute is an error. Kleene logic: "and" with a false operand is false, else with an error is an error; the
 * order of operands and rules never matters. A require is reported only where a permit stands behind it: nobody is sent
 * to step up for what he would not get. Unit files: a forbid, require or mask counts in the owner's subtree; where a
 * unit file has permits for an action, both they and the root must permit, and fields are what both give.
 * Break-glass: while such a grant covers the resource, the section's "do" and "fields" are permitted and every
 * narrowing rule that "cannot_override" does not name is set aside; the decision says so.
 */
#ifndef SJ_POLICY_ENGINE_H
#define SJ_POLICY_ENGINE_H

#include "sanjeh/base/arena.h"
#include "sanjeh/base/buf.h"
#include "sanjeh/policy/schema.h"

/* ---- loading ---- */

struct sj_policy_fault {
    uint32_t line;     /* from 1; 0: no place */
    uint32_t column;   /* bytes, from 1 */
    char pointer[256]; /* RFC 6901, "" is the whole document */
    char why[192];
};

struct sj_policy_options {
    const struct sj_policy *
        under; /* a unit file: takes schema, roles and constraints of this root; NULL: a root file */
    bool
        own; /* Sanjeh's own policy: every name is of catalogue.def, <= 64 roles, scopes self and file
               * (which row security answers) are known and every permit names its scope */
};

#define SJ_POLICY_BYTES_MAX (4u << 20)
#define SJ_POLICY_RULES_MAX 20000u

/* Reads one document. options NULL: a generic root file. Errors: BAD_CONFIG with the place in *reterr_fault;
 * OUT_OF_MEMORY. A unit file must be freed before the root that it was read under. */
SJ_MUST_CHECK sj_status sj_policy_read(struct sj_view json, const struct sj_policy_options *options,
    struct sj_policy **ret_policy, struct sj_policy_fault *reterr_fault);
void sj_policy_free(struct sj_policy **policy);
/* RFC 8785 form of any document of ours (policy, tests, diff): strict JSON, integers only.
 * Errors: BAD_CONFIG with the place. */
SJ_MUST_CHECK sj_status sj_policy_canonical(
    struct sj_view json, struct sj_buf *out, struct sj_policy_fault *reterr_fault);

/* ---- decision point ---- */

#define SJ_POLICY_UNITS 65536
#define SJ_POLICY_FILES 64 /* of a set */

struct sj_policy_unit {
    struct sj_text name;   /* what documents and requests call it */
    struct sj_text parent; /* "" for a root */
};

struct sj_policy_set;

/* files[0] is the root, the others are unit files read under it. Borrows the policies: they are freed after the set.
 * Errors: BAD_CONFIG (a unit twice, a parent that is not there, a circle, a literal or owner that names no unit). */
SJ_MUST_CHECK sj_status sj_policy_set_new(const struct sj_policy *const *files, size_t file_count,
    const struct sj_policy_unit *units, size_t unit_count, uint64_t assignments,
    struct sj_policy_set **ret_set, struct sj_policy_fault *reterr_fault);
void sj_policy_set_free(struct sj_policy_set **set);
const struct sj_policy *sj_policy_set_root(const struct sj_policy_set *set);
size_t sj_policy_set_file_count(const struct sj_policy_set *set);
const struct sj_policy *sj_policy_set_file(const struct sj_policy_set *set, size_t number);
/* Index of the unit, or SJ_POLICY_NONE. */
uint32_t sj_policy_set_unit(const struct sj_policy_set *set, struct sj_text name);
struct sj_text sj_policy_set_unit_name(const struct sj_policy_set *set, uint32_t unit);
size_t sj_policy_set_unit_count(const struct sj_policy_set *set);
/* inner is in the subtree of outer (a unit is in its own). */
bool sj_policy_set_within(const struct sj_policy_set *set, uint32_t inner, uint32_t outer);

/* ---- requests ---- */

enum sj_grant_kind { SJ_GRANT_ASSIGNED = 0, SJ_GRANT_DELEGATED, SJ_GRANT_BREAK_GLASS };

/* A role that the subject holds. Grants of an on-demand role count while active; delegated ones only for
 * roles that the delegation section names; a role "only_via break_glass" only by BREAK_GLASS. */
struct sj_policy_grant {
    uint32_t role;
    uint32_t unit;   /* index in the set; SJ_POLICY_NONE: no unit (covers scopes "all" only) */
    int64_t from;    /* microseconds, 0: no limit */
    int64_t until;   /* exclusive, 0: no limit */
    const char *via; /* "assignment:771"; for explanations, may be NULL */
    uint8_t kind;    /* enum sj_grant_kind */
    bool active;     /* activated now (on-demand roles) */
    bool lapsed;     /* not recertified in time, or locked: does not count */
};

#define SJ_POLICY_GRANTS 64

enum sj_policy_known { SJ_KNOWN_NO = 0, SJ_KNOWN_YES, SJ_KNOWN_NOT }; /* NOT: cannot be told */

struct sj_policy_request {
    uint32_t action;
    int64_t
        now; /* microseconds: grants' times; context.now when the schema has it and context gives none */
    const struct sj_policy_grant *grants;
    size_t grant_count; /* more than SJ_POLICY_GRANTS: E_BAD_REQUEST */
    /* Arrays of sj_policy_attr_count values, NULL: every attribute is missing. */
    const struct sj_attr_value *subject;
    const struct sj_attr_value *resource; /* of the action's type */
    const struct sj_attr_value *context;
    const struct sj_attr_value *attributes; /* of the action */
    bool malformed;                         /* a value was not of its type: E_BAD_REQUEST */
    bool inactive;                          /* the subject's account is not active: E_INACTIVE */
    bool session_ended;                     /* E_SESSION */
    bool
        reach_only; /* no resource yet: scopes are not checked but answered as reach; conditions on the
                         * resource are errors */
    bool
        binds; /* with reach_only: unit files hold whose subtree has binding_unit, whatever the type's attributes */
    bool
        covered; /* with reach_only: the caller has bound the request to what the grants of break-glass opened */
    uint32_t binding_unit; /* SJ_POLICY_NONE: no unit file holds */
    /* Object separation of duty: has the subject done that action to this resource? NULL: cannot be told, which
     * refuses actions under such a constraint. */
    enum sj_policy_known (*has_done)(void *history, uint32_t action);
    void *history;
};

/* A value of a request from text or number forms; ret_value borrows text. false: not of the type. */
bool sj_attr_from_text(const struct sj_policy_set *set, const struct sj_attr_type *type,
    struct sj_text text, struct sj_attr_value *ret_value); /* string, enum, unit, ip, time */
bool sj_attr_from_int(
    const struct sj_attr_type *type, int64_t number, struct sj_attr_value *ret_value);
bool sj_attr_from_bool(
    const struct sj_attr_type *type, bool value, struct sj_attr_value *ret_value);
/* items stay the caller's and must outlive the request. */
bool sj_attr_from_items(const struct sj_attr_type *type, const struct sj_attr_value *items,
    size_t count, struct sj_attr_value *ret_value);

/* ---- decisions ---- */

/* Whose objects a permission reaches. Wider last. */
enum sj_reach {
    SJ_REACH_NONE = 0,
    SJ_REACH_SELF, /* objects about the actor's own judge, or the actor's own account */
    SJ_REACH_FILE, /* files of an evaluation that the person has a part in: row security knows which */
    SJ_REACH_UNIT,    /* objects of the grant's unit */
    SJ_REACH_SUBTREE, /* objects of the grant's unit and those below */
    SJ_REACH_ALL      /* every unit */
};

/* How a masked field is shown. Stricter last: two masks on one field show the stricter. */
enum sj_how {
    SJ_HOW_NONE = 0,
    SJ_HOW_INITIAL, /* first letter */
    SJ_HOW_LAST4,   /* last four characters */
    SJ_HOW_MONTH,   /* year and month of a date */
    SJ_HOW_YEAR,
    SJ_HOW_HASH,   /* keyed, the same value gives the same text */
    SJ_HOW_REDACT, /* a fixed text */
    SJ_HOW_NULL    /* as if there were none */
};
const char *sj_how_name(enum sj_how how); /* "last4"; "" for NONE */

enum sj_obligation_kind {
    SJ_OBLIGE_STEP_UP = 0,
    SJ_OBLIGE_APPROVAL,
    SJ_OBLIGE_NOTIFICATION,
    SJ_OBLIGE_SESSION_TERMINATION,
    SJ_OBLIGE_CUSTOM
};

struct sj_obligation {
    enum sj_obligation_kind kind;
    const char *rule;        /* id of the require or mask */
    const char *acr_value;   /* step-up, "" */
    uint32_t by_role;        /* approval, SJ_POLICY_NONE */
    const char *distinct[8]; /* approval: "subject", "owner" … */
    size_t distinct_count;
    uint32_t ttl_minutes; /* approval */
    struct sj_text text;  /* the whole object in RFC 8785 form */
};

/* Why a request was refused, in the order of POLICY 5.3. */
enum sj_policy_refusal {
    SJ_REFUSAL_NONE = 0, /* permitted */
    SJ_REFUSAL_REQUEST,  /* E_BAD_REQUEST */
    SJ_REFUSAL_SUBJECT,  /* E_INACTIVE, E_SESSION */
    SJ_REFUSAL_FORBID,   /* E_FORBIDDEN or the rule's own code */
    SJ_REFUSAL_SOD,      /* E_SOD */
    SJ_REFUSAL_REQUIRE,  /* E_REQUIRE or the rule's own code; obligations say what to do */
    SJ_REFUSAL_CEILING,  /* E_CEILING: one file permits, another above or below does not */
    SJ_REFUSAL_DEFAULT   /* E_NO_PERMIT */
};

#define SJ_DECISION_RULES       16
#define SJ_DECISION_OBLIGATIONS 8

struct sj_policy_decision {
    bool permit;
    bool break_glass; /* permitted by it: notify, review */
    bool more;        /* more rules or obligations than fit */
    enum sj_policy_refusal refusal;
    enum sj_reach reach; /* the widest that a matching permit gave */
    const char *code;    /* "" when permitted */
    const char *
        rule; /* the rule that decided: first permit in file order, or what refused; "" by default */
    /* Bits of the fields of the action's type; all zero when refused. Masked fields are readable in their masked form
     * and never in sort, filter or aggregate. */
    uint64_t read;
    uint64_t write;
    uint64_t sort;
    uint64_t filter;
    uint64_t aggregate;
    uint64_t masked;
    uint8_t how
        [SJ_POLICY_TYPE_FIELDS]; /* enum sj_how; set where masked has the bit, elsewhere undefined */
    uint32_t by_count;
    const char *by
        [SJ_DECISION_RULES]; /* permits that matched, in file order; or every narrowing rule that refused */
    uint32_t obligation_count;
    const struct sj_obligation *obligations[SJ_DECISION_OBLIGATIONS];
    const char *digest; /* of the root file */
    uint32_t version;
    uint64_t assignments; /* sequence number that the set was made with */
};

/* Total: every request has a decision. */
void sj_policy_set_decide(const struct sj_policy_set *set, const struct sj_policy_request *request,
    struct sj_policy_decision *ret_decision);

/* A patch: are all these fields writable? The first that is not, in *ret_field. */
bool sj_policy_may_write(const struct sj_policy *policy, uint32_t type,
    const struct sj_policy_decision *decision, const struct sj_text *fields, size_t count,
    size_t *ret_field);

#endif
