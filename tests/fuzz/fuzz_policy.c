/* SPDX-License-Identifier: Apache-2.0
 *
 * Can any file break the policy loader? What is accepted must decide without reading outside its tables, never
 * permit somebody without a role, and never give an action fields of another type.
 */
#include "sanjeh/policy/policy.h"

static void check_decisions(const struct sj_policy *policy)
{
    for (unsigned action = 0; action <= SJ_ACTION_COUNT_; action++) {
        const struct sj_actor nobody = {.roles = 0};
        SJ_ASSERT(!sj_policy_decide(policy, &nobody, (enum sj_action)action).permit);
        const struct sj_actor everybody = {.roles = UINT64_MAX};
        const struct sj_decision decision =
            sj_policy_decide(policy, &everybody, (enum sj_action)action);
        SJ_ASSERT(decision.rule != NULL && decision.code != NULL);
        SJ_ASSERT(decision.permit == (decision.reach != SJ_REACH_NONE));
        SJ_ASSERT(decision.permit || (decision.read_fields | decision.write_fields) == 0);
        SJ_ASSERT(decision.permit == (decision.code[0] == '\0'));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(sj_policy_free) struct sj_policy *policy = NULL;
    char detail[256] = "";
    const sj_status status =
        sj_policy_parse(sj_view_of(data, size), &policy, detail, sizeof detail);
    if (sj_failed(status)) {
        SJ_ASSERT(policy == NULL);
        SJ_ASSERT(status.code != SJ_BAD_CONFIG || detail[0] != '\0');
        return 0;
    }
    SJ_ASSERT(sj_policy_role_count(policy) <= 64);
    for (size_t bit = 0; bit < sj_policy_role_count(policy); bit++) {
        const char *constraint = NULL;
        SJ_ASSERT(sj_policy_roles_allowed(policy, UINT64_C(1) << bit, &constraint));
    }
    check_decisions(policy);
    return 0;
}
