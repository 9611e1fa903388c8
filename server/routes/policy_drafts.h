/* SPDX-License-Identifier: Apache-2.0
 *
 * What routes share that make, find and take away drafts of the policy.
 */
#ifndef SJ_SERVER_ROUTES_POLICY_DRAFTS_H
#define SJ_SERVER_ROUTES_POLICY_DRAFTS_H

#include "../policy_plan.h"
#include "approval_json.h"

struct sj_policy_text {
    struct sj_text policy;
    struct sj_text tests;
};
struct sj_policy_found {
    struct sj_policy_version version;
    struct sj_approval approval;
    bool has_approval;
};

/* Reads strictly, tests, compares and keeps a draft with its request for signatures. Fills Location and the entry's detail; a fault of the
 * text is in the answer. Errors: INVALID. */
SJ_MUST_CHECK sj_status sj_policy_draft(struct sj_exchange *x, const struct sj_approval_desk *desk,
    const struct sj_policy_text *text, struct sj_policy_found *ret_draft);
/* A version with its approval, locked in a transaction; seals proven. Errors: NOT_FOUND, GUARD_UNMET (a broken seal). */
SJ_MUST_CHECK sj_status sj_policy_find(struct sj_exchange *x, const struct sj_approval_desk *desk,
    struct sj_uuid id, struct sj_policy_found *ret_found);
/* Takes the caller's own draft away with what was signed of it. Errors: FORBIDDEN, NO_SUCH_MOVE. */
SJ_MUST_CHECK sj_status sj_policy_withdraw(
    struct sj_exchange *x, const struct sj_approval_desk *desk, struct sj_policy_found *found);
/* The version with document, tests, report and signatures; its ETag. */
SJ_MUST_CHECK sj_status sj_policy_answer(
    struct sj_exchange *x, const struct sj_policy_found *found);

#endif
