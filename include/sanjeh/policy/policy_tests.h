/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a policy say what its tests say? Runs a document of format policy-tests/1 against a policy: fixtures with $use,
 * a fixed now, expectations (what is not listed must be refused), invariants over every class of requests, and which
 * rules any test reached.
 */
#ifndef SJ_POLICY_POLICY_TESTS_H
#define SJ_POLICY_POLICY_TESTS_H

#include "sanjeh/policy/engine.h"

struct sj_policy_test_report {
    size_t checks;
    size_t failures;
    size_t tests;
    size_t invariants;
    size_t rules;
    size_t rules_reached; /* a test in which the rule permitted, refused or masked */
    unsigned coverage;    /* per cent, rounded down */
};

/* One line each; called while the tests run. */
typedef void sj_policy_test_failed(void *user, struct sj_text test, const char *what);

/* units: tree for the fixtures (NULL: every unit that a fixture names, none under another). failed may be NULL. A
 * failing test is not an error. Errors: BAD_CONFIG with the place (not a tests document for this policy). */
SJ_MUST_CHECK sj_status sj_policy_tests_run(const struct sj_policy *policy, struct sj_view tests,
    const struct sj_policy_unit *units, size_t unit_count, sj_policy_test_failed *failed,
    void *user, struct sj_policy_test_report *ret_report, struct sj_policy_fault *reterr_fault);

#endif
