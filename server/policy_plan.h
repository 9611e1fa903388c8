/* SPDX-License-Identifier: Apache-2.0
 *
 * What would be in force if this document were: it in the place of its former version, everything else as it is.
 */
#ifndef SJ_SERVER_POLICY_PLAN_H
#define SJ_SERVER_POLICY_PLAN_H

#include "exchange.h"
#include "policy_life.h"

struct sj_plan {
    struct sj_policy_version *in_force;
    size_t count;
    int64_t activation;      /* of what is in force */
    struct sj_text previous; /* digest of the version that this one would supersede, "" */
    struct sj_life life;
};

void sj_plan_clear(struct sj_plan *plan);
/* Fills plan->life for sj_life_make. document and tests outlive the plan. Errors: SERIALIZATION (this server follows just now). */
SJ_MUST_CHECK sj_status sj_plan_make(struct sj_exchange *x, const struct sj_approval_desk *desk,
    struct sj_text document, struct sj_text tests, struct sj_plan *plan);
/* The new file, once it was made. */
const struct sj_policy *sj_plan_file(const struct sj_plan *plan);
/* How many persons sign: never fewer than the constants of version.h. */
uint32_t sj_plan_signatures(const struct sj_plan *plan);
/* Numbers grow; what the document says came before it is what is in force. Fails with code and the place. */
SJ_MUST_CHECK sj_status sj_plan_check_place(struct sj_exchange *x,
    const struct sj_approval_desk *desk, const struct sj_plan *plan, enum sj_code code);
/* The fault as a member of "errors"; fails with code. */
SJ_MUST_CHECK sj_status sj_plan_tell(
    struct sj_exchange *x, const struct sj_life_fault *fault, enum sj_code code);

#endif
