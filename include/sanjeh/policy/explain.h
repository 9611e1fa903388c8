/* SPDX-License-Identifier: Apache-2.0
 *
 * Why was this decided, and what would have to be different? The decision itself, made once more with a trace: there is no
 * second reading of the rules that could say something else. Explanations tell about policies and people: who asks for
 * one needs the permission policy:explain, and each one is recorded by whoever calls this.
 */
#ifndef SJ_POLICY_EXPLAIN_H
#define SJ_POLICY_EXPLAIN_H

#include "sanjeh/policy/engine.h"

struct sj_explain_options {
    const char *evaluation_id; /* of the decision that is explained; NULL: left out */
    /* By enum sj_attr_place: slots whose values the asker may not read. They are said as null with "hidden":true and no change
     * of them, or measured by them, is proposed. */
    uint64_t hidden[4];
    uint64_t assignments; /* number of the assignments that the grants are of; 0: the set's */
    bool without_changes; /* would_allow is left empty: nothing is searched */
};

#define SJ_EXPLAIN_BYTES    (1u << 20)
#define SJ_EXPLAIN_LITERALS 3 /* of one change set */
#define SJ_EXPLAIN_SETS     16
#define SJ_EXPLAIN_LISTED   256 /* rules that did not match; the others are counted */

/* Writes the object of POLICY 5.4: decision, code, evaluation_id, policy, assignments, at, roles, matched, blocked, not_matched, errors,
 * would_allow, fields. Beside it, where there is something to say: not_counted (grants that do not hold, and why),
 * overridden (rules that break-glass set aside), not_matched_more. Rules of a unit file carry its id as "file".
 * "fields" of a refusal that a permit stands behind are those that the permit would give.
 * would_allow: minimal sets of at most SJ_EXPLAIN_LITERALS changes, each found by deciding: a condition that must hold,
 * {"role":…}, {"activate":…}, {"renew":…}, {"approval":…}, {"step-up":…}, {"break_glass":…}, {"account":"active"},
 * {"session":"valid"}; empty when permitted, when no such set is found or nothing can help (object separation of
 * duty). At most some 6,000 decisions; has_done is asked each time, so it must answer from memory.
 * ret_decision may be NULL; it is exactly what sj_policy_set_decide says. Errors: OUT_OF_MEMORY, LIMIT_EXCEEDED of out. */
SJ_MUST_CHECK sj_status sj_policy_explain(const struct sj_policy_set *set,
    const struct sj_policy_request *request, const struct sj_explain_options *options,
    struct sj_policy_decision *ret_decision, struct sj_buf *out);

#endif
