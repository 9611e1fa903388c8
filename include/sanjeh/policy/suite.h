/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a policy do what its tests say? A document of format policy-tests/1 stands beside each policy: fixtures, a fixed
 * now, requests with what must come of them, combinations of roles, and invariants that are proven over every kind of
 * request (src/policy/space.h), not by example. What an expectation does not list must be refused.
 */
#ifndef SJ_POLICY_SUITE_H
#define SJ_POLICY_SUITE_H

#include "sanjeh/policy/engine.h"

struct sj_policy_suite;

/* files[0] is the root, the others are unit files under it; the document names one of them as "policy": its
 * rules are counted for coverage. Borrows the policies. Errors: BAD_CONFIG with the place; OUT_OF_MEMORY. */
SJ_MUST_CHECK sj_status sj_policy_suite_read(struct sj_view json,
    const struct sj_policy *const *files, size_t file_count, struct sj_policy_suite **ret_suite,
    struct sj_policy_fault *reterr_fault);
void sj_policy_suite_free(struct sj_policy_suite **suite);

enum sj_suite_verdict {
    SJ_SUITE_FAILED = 0,
    SJ_SUITE_NOT_PROVEN /* an invariant over more atoms or cases than are tried: counts as failed */
};

struct sj_suite_finding {
    const char *id; /* of the test; "" for coverage */
    enum sj_suite_verdict verdict;
    uint32_t line;
    uint32_t column;
    const char *pointer;
    const char *what;    /* a sentence */
    const char *example; /* an invariant's counterexample, as a test of this format; "" */
};

struct sj_suite_report {
    bool passed;      /* no finding */
    bool activatable; /* passed, and the policy's own min_rule_coverage is reached */
    uint32_t tests;   /* with invariants */
    uint32_t invariants;
    uint32_t failed; /* tests */
    uint32_t not_proven;
    uint64_t decisions; /* asked of the engine */
    uint32_t rules;
    uint32_t rules_covered;
    uint32_t constraints; /* separation of duty */
    uint32_t constraints_covered;
    uint32_t coverage; /* per cent of rules, rounded down */
    uint32_t needed;   /* per cent that the policy's activation asks for */
    const struct sj_suite_finding *findings;
    size_t finding_count;
};

/* Runs everything once; the report lives as long as the suite. Errors: OUT_OF_MEMORY, LIMIT_EXCEEDED. */
SJ_MUST_CHECK sj_status sj_policy_suite_run(
    struct sj_policy_suite *suite, const struct sj_suite_report **ret_report);
/* RFC 8785 text, the same for the same input: its digest can be recorded. */
SJ_MUST_CHECK sj_status sj_suite_report_json(
    const struct sj_suite_report *report, struct sj_buf *out);
/* For people; file is put before line and column. */
SJ_MUST_CHECK sj_status sj_suite_report_text(
    const struct sj_suite_report *report, const char *file, struct sj_buf *out);

#endif
