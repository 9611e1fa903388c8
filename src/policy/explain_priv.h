/* SPDX-License-Identifier: Apache-2.0
 *
 * What the parts of an explanation share: the traced decision, values that may be said, and the search for changes.
 */
#ifndef SJ_POLICY_EXPLAIN_PRIV_H
#define SJ_POLICY_EXPLAIN_PRIV_H

#include "engine_priv.h"
#include "sanjeh/json/write.h"
#include "sanjeh/policy/explain.h"

struct explaining {
    const struct sj_policy_set *set;
    const struct sj_policy_request *request;
    const struct sj_explain_options *options;
    const struct sj_policy *root;
    uint32_t type; /* of the action */
    struct decide_trace trace;
    struct sj_policy_decision decision;
};

/* A case of the trace, its policy and rule, and the world in which its conditions are asked. */
struct explained {
    const struct sj_policy *policy;
    const struct policy_case *one;
    const struct policy_rule *rule;
    enum trace_why why;
    uint32_t file;
    struct cond_world world;
};

/* The number-th case; false: of a file that does not hold here. */
bool explain_case(const struct explaining *with, uint32_t number, struct explained *ret);
/* Does a condition look at a value that the asker may not read? */
bool explain_hides(const struct explaining *with, const struct sj_policy *policy, uint32_t node);
/* Writes the member "would_allow". */
SJ_MUST_CHECK sj_status explain_changes(const struct explaining *with, struct sj_json *json);

/* A comparison that stood in the way. */
struct explain_leaf {
    const struct explained *in;
    uint32_t node;
    bool wanted; /* what it must become */
};
/* Up to two values for the attribute on that side (0 or 1) which make the comparison what is wanted; how many. *item backs the
 * element of a set. */
unsigned explain_values(const struct explaining *with, const struct explain_leaf *leaf,
    unsigned side, struct sj_attr_value *item, struct sj_attr_value found[2]);

/* A ready-made value: text of a scratch buffer, which is emptied. */
void explain_raw(struct sj_json *json, const char *name, struct sj_buf *scratch);

#endif
