/* SPDX-License-Identifier: Apache-2.0
 *
 * Whom does a new version give more, and whom less? Exact: for every role and action both versions are asked about one
 * representative of every class of requests that their conditions can tell apart. A cell with more than 2^16 of them is
 * "not proven" and counts as widened. Widening needs one more signer.
 */
#ifndef SJ_POLICY_DIFF_H
#define SJ_POLICY_DIFF_H

#include "sanjeh/policy/engine.h"

struct sj_policy_diff {
    size_t cells;   /* role and action */
    size_t widened; /* permission, field, looser mask, dropped requirement */
    size_t narrowed;
    size_t not_proven;
    bool widens;       /* widened + not_proven > 0 */
    uint64_t requests; /* that were decided on both sides */
};

/* Writes {"from":{id,version,digest},"to":…,"cells":[{"role","action","change":"widened"|"narrowed"|"not_proven",
 * "what":["permit","read:personal","mask:phone", …],"example":{…request…}}],"widened","narrowed","not_proven"}.
 * before NULL: nothing was permitted. Errors: OUT_OF_MEMORY, LIMIT_EXCEEDED of the buffer. */
SJ_MUST_CHECK sj_status sj_policy_diff(const struct sj_policy_set *before,
    const struct sj_policy_set *after, struct sj_buf *out, struct sj_policy_diff *ret_diff);

#endif
