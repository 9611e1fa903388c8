/* SPDX-License-Identifier: Apache-2.0
 *
 * One pass over the rules for one request: what decide.c keeps while it decides.
 */
#ifndef SJ_POLICY_PASS_H
#define SJ_POLICY_PASS_H

#include "walk.h"

struct pass {
    const struct sj_policy_set *set;
    const struct sj_policy_request *request;
    struct sj_policy_decision *out;
    struct decide_trace *trace;
    struct cond_world world;
    struct sj_role_set held;
    uint64_t valid; /* grants */
    uint64_t bound; /* files that hold for the resource */
    uint32_t resource_unit;
    uint32_t by_rule[SJ_DECISION_RULES]; /* order of by[]: file << 16 | … see note_by */
    uint32_t by_file[SJ_DECISION_RULES];
    bool more_before; /* out->more before the file */
    const struct policy_rule *forbid;
    const struct policy_rule *require;
};

/* Marks the grants that count and closes their roles. */
void pass_take_grants(struct pass *pass);
/* Which files hold for the resource, and its unit. */
void pass_bind_files(struct pass *pass);
bool pass_covers(const struct pass *pass, enum sj_reach reach, const struct sj_policy_grant *grant);

#endif
