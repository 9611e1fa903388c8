/* SPDX-License-Identifier: Apache-2.0
 *
 * What routes share that ask for, show or use approvals.
 */
#ifndef SJ_SERVER_ROUTES_APPROVAL_JSON_H
#define SJ_SERVER_ROUTES_APPROVAL_JSON_H

#include "../server.h"

#include "sanjeh/approval/approval.h"

static inline struct sj_approval_desk sj_approval_desk_of(struct sj_exchange *x)
{
    return (struct sj_approval_desk){.db = x->worker->db,
        .tx = x->tx,
        .context = x->context,
        .channel = x->worker->channel,
        .arena = x->arena};
}

/* The members of votes, as an array under name. */
void sj_json_votes(struct sj_json *json, const char *name, const struct sj_approval *approval);
void sj_json_hash(struct sj_json *json, const char *name, const struct sj_hash *hash);
/* The session holds the role, by inheritance too. */
bool sj_holds_role(const struct sj_exchange *x, struct sj_text role);
/* What keeps the deed from being done, in words. */
const char *sj_approval_explain(const char *why);
/* Uses the approval up in x->tx; 409 GUARD_UNMET says what is missing. */
SJ_MUST_CHECK sj_status sj_use_approval(
    struct sj_exchange *x, const struct sj_approval_use *use, struct sj_approval *ret_approval);

#endif
