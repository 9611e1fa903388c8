/* SPDX-License-Identifier: Apache-2.0
 *
 * Why was it decided so, and what is the least that would allow it? The same evaluation as a decision, with a trace: what
 * it says is what decided. Only for holders of the permission to ask (the caller checks and audits); the plain user
 * gets the code. Attribute values of the resource are shown only where the asker may read them.
 */
#ifndef SJ_POLICY_EXPLAIN_H
#define SJ_POLICY_EXPLAIN_H

#include "sanjeh/policy/engine.h"

struct sj_policy_explain_options {
    struct sj_text evaluation_id; /* "ev_01…"; "" leaves it out */
    struct sj_text at;            /* RFC 3339; "" leaves it out */
    bool show_values;             /* had: values of attributes; false writes null */
    size_t would_allow_max;       /* change sets, <= 8; 0: none are looked for */
};

/* Writes one JSON object in the form of POLICY 5.4: decision, code, policy, assignments, roles, matched, blocked,
 * not_matched (why: "role", "scope", "purpose", "when", "grant"), errors, overridden, would_allow (sets of <= 3 literals,
 * smallest first, no set contains another), fields {read, write, sort, filter, aggregate, mask, hidden_by}.
 * *ret_decision may be NULL. Errors: OUT_OF_MEMORY, LIMIT_EXCEEDED of the buffer. */
SJ_MUST_CHECK sj_status sj_policy_explain(const struct sj_policy_set *set,
    const struct sj_policy_request *request, const struct sj_policy_explain_options *options,
    struct sj_buf *out, struct sj_policy_decision *ret_decision);

#endif
