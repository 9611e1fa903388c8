/* SPDX-License-Identifier: Apache-2.0
 *
 * What approvals, the judge's access log and lists of readers ask about break-glass.
 */
#ifndef SJ_SERVER_ROUTES_GLASS_H
#define SJ_SERVER_ROUTES_GLASS_H

#include "approval_json.h"

#include "sanjeh/approval/break_glass.h"
#include "sanjeh/json/decode.h"

/* May this be asked for? who, reason, minutes, own file, an opening without review. Refuses with pointer or guard. */
SJ_MUST_CHECK sj_status sj_glass_check_ask(struct sj_exchange *x, struct sj_uuid evaluation,
    const struct sj_json_value *parameters, struct sj_text reason);
/* Nobody votes about his own file: GUARD_UNMET. */
SJ_MUST_CHECK sj_status sj_glass_check_vote(struct sj_exchange *x, struct sj_uuid evaluation);
/* The server's own sight, for an answer that the caller's row security does not give. ret_context lives with the arena. */
SJ_MUST_CHECK sj_status sj_glass_desk(
    struct sj_exchange *x, struct sj_uuid scope, struct sj_approval_desk *ret_desk);
static inline sj_time_us sj_glass_now(const struct sj_exchange *x)
{
    return sj_time_now() + x->session.clock_ahead;
}

#endif
