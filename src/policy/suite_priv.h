/* SPDX-License-Identifier: Apache-2.0
 *
 * How a loaded document of policy-tests/1 looks inside.
 */
#ifndef SJ_POLICY_SUITE_PRIV_H
#define SJ_POLICY_SUITE_PRIV_H

#include "load_priv.h"
#include "sanjeh/policy/suite.h"

#define SUITE_TESTS_MAX    20000u
#define SUITE_FIXTURES_MAX 4096u

struct suite_subject {
    const struct sj_attr_value *values;
    const struct sj_policy_grant *grants;
    size_t grant_count;
    bool inactive;
    bool session_ended;
};

struct suite_resource {
    uint32_t type; /* SJ_POLICY_NONE: the test has no resource */
    const struct sj_attr_value *values;
};

struct suite_fixture {
    struct sj_text name;
    struct suite_subject subject;
    struct suite_resource resource;
};

struct suite_fixtures {
    struct suite_fixture *items;
    uint32_t count;
};

/* A list that the document gives or leaves out. */
struct suite_fields {
    bool given;
    uint64_t bits;
};

struct suite_expect {
    uint32_t action;
    const struct doc_node *node; /* NULL: not listed, must be refused */
    bool decision;
    const struct doc_node *by; /* NULL: not said; else texts */
    const struct doc_node *errors;
    const struct doc_node *oblige;
    const char *code;  /* NULL: not said */
    const char *reach; /* NULL: not said */
    struct suite_fields read;
    struct suite_fields write;
    struct suite_fields sort;
    struct suite_fields filter;
    struct suite_fields aggregate;
    struct suite_fields mask;
    uint8_t how[SJ_POLICY_TYPE_FIELDS];
};

enum suite_kind { SUITE_DECIDE = 0, SUITE_HOLD, SUITE_ACTIVATE, SUITE_INVARIANT };
enum suite_invariant { INVARIANT_NO_PERMIT = 0, INVARIANT_ALWAYS_REQUIRES, INVARIANT_SAME_AS };

struct suite_test {
    const char *id;
    const struct doc_node *node;
    enum suite_kind kind;
    const bool *actions; /* that "do" names */
    int64_t now;
    /* SUITE_DECIDE */
    struct suite_subject subject;
    struct suite_resource resource;
    const struct sj_attr_value *context;
    const struct sj_attr_value *attributes;
    const bool *done; /* by the subject to the resource; NULL: cannot be told */
    struct suite_expect *expects;
    uint32_t expect_count;
    /* SUITE_HOLD, SUITE_ACTIVATE */
    const struct sj_policy_grant *held;
    size_t held_count;
    bool allowed;
    const char *by; /* constraint, "" */
    /* SUITE_INVARIANT */
    enum suite_invariant invariant;
    struct sj_role_set except; /* sets of roles with one of these are not looked at */
    struct sj_role_set only;   /* any: with one of these alone; empty: all */
    bool break_glass;          /* uses of it count */
    uint32_t same_action;
    struct suite_fields read; /* no_permit: given means these fields, not the action itself */
    struct suite_fields write;
    const char *reach;
    uint32_t when; /* nodes of scratch, COND_NONE */
    uint32_t that;
};

struct sj_policy_suite {
    struct sj_arena *arena;
    const struct sj_policy *files[SJ_POLICY_FILES];
    size_t file_count;
    const struct sj_policy *root;
    const struct sj_policy *about; /* whose rules are counted */
    size_t about_file;
    struct sj_policy scratch; /* conditions of invariants; its arena is this one */
    struct sj_policy_set *set;
    struct sj_policy_unit *units;
    uint32_t unit_count;
    uint32_t unit_cap;
    bool units_given;
    int64_t now;
    uint32_t min_rules; /* per cent; less is a finding */
    uint32_t min_constraints;
    struct suite_fixtures subjects;
    struct suite_fixtures resources;
    struct suite_test *tests;
    uint32_t test_count;
    const uint32_t *scratch_units; /* unit literals of scratch in the set */
    struct sj_suite_report report;
    struct sj_suite_finding *findings;
    uint32_t finding_cap;
    bool *rule_covered;
    bool *constraint_covered;
};

/* The loader of the document works on scratch. */
struct suite_loader {
    struct loader loader; /* first: load_* take it */
    struct sj_policy_suite *suite;
};

/* ---- suite_value.c ---- */
SJ_MUST_CHECK sj_status suite_unit(
    struct suite_loader *at, const struct doc_node *node, uint32_t *ret_unit);
/* Members of the object that are attributes of the place; names in skip (NULL-terminated) are read elsewhere. values:
 * what to start from. */
SJ_MUST_CHECK sj_status suite_values(struct suite_loader *at, const struct doc_node *node,
    enum sj_attr_place place, uint32_t type, const char *const *skip,
    const struct sj_attr_value *start, const struct sj_attr_value **ret_values);
SJ_MUST_CHECK sj_status suite_subject(
    struct suite_loader *at, const struct doc_node *node, struct suite_subject *out);
SJ_MUST_CHECK sj_status suite_resource(
    struct suite_loader *at, const struct doc_node *node, struct suite_resource *out);
SJ_MUST_CHECK sj_status suite_grants(struct suite_loader *at, const struct doc_node *node,
    const struct sj_policy_grant **ret_grants, size_t *ret_count);

/* ---- suite_test.c ---- */
SJ_MUST_CHECK sj_status suite_test(
    struct suite_loader *at, const struct doc_node *node, struct suite_test *out);
/* ---- suite_invariant.c ---- */
SJ_MUST_CHECK sj_status suite_invariant_read(
    struct suite_loader *at, const struct doc_node *node, struct suite_test *out);
SJ_MUST_CHECK sj_status suite_invariant_run(
    struct sj_policy_suite *suite, const struct suite_test *test);
/* Fields of an action's type by name or class; an array of texts. */
SJ_MUST_CHECK sj_status suite_field_list(struct suite_loader *at, const struct doc_node *node,
    uint32_t type, bool classes, struct suite_fields *out);
SJ_MUST_CHECK sj_status suite_time(
    struct suite_loader *at, const struct doc_node *node, int64_t *ret_time);

/* ---- suite_run.c ---- */
SJ_MUST_CHECK sj_status suite_find(struct sj_policy_suite *suite, const struct suite_test *test,
    enum sj_suite_verdict verdict, const char *what, struct sj_text example);

#endif
