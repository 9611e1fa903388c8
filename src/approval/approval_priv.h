/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside src/approval only.
 */
#ifndef SJ_APPROVAL_PRIV_H
#define SJ_APPROVAL_PRIV_H

#include "sanjeh/approval/approval.h"

#define SECOND_US INT64_C(1000000)

/* What each seal covers. */
SJ_MUST_CHECK sj_status approval_seal_item(
    const struct sj_approval *approval, struct sj_seal_item *ret_item);
SJ_MUST_CHECK sj_status approval_vote_seal_item(const struct sj_approval *approval,
    const struct sj_approval_vote *vote, struct sj_seal_item *ret_item);
/* Of the request and of all its votes, one question. */
SJ_MUST_CHECK sj_status approval_seals_prove(
    struct sj_channel *channel, const struct sj_approval *approval, bool *ret_genuine);

#endif
