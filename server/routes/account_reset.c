/* SPDX-License-Identifier: Apache-2.0
 *
 * /accounts/{id}/reset: somebody has lost a factor. Two administrators take both away, his sessions end, and an enrolment, shown once, is his
 * way to new ones, together with the part that the approver was told: neither of them can take it alone.
 */
#include <inttypes.h>

#include "rbac_desk.h"
#include "routes.h"

struct body {
    struct sj_uuid approval_id;
};
static const struct sj_json_member members[] = {{.name = "approval_id",
    .kind = SJ_JSON_ID,
    .offset = offsetof(struct body, approval_id),
    .present_offset = SJ_JSON_NO_PRESENT,
    .required = true}};

static sj_status reset(struct sj_exchange *x)
{
    struct body body = {{{0}}};
    struct sj_uuid id;
    TRY(sj_exchange_decode(x, members, SJ_COUNT(members), &body));
    TRY(sj_exchange_id(x, &id));
    struct sj_holding holding;
    bool found = false;
    TRY(sj_holding_take(x->tx, x->worker->channel, id, x->arena, &found, &holding));
    ENSURE(found && sj_text_is(holding.account.status, "active"), NOT_FOUND);
    TRY(sj_rbac_may_close(x, &holding));
    char parameters[48]; /* the account as it is: with another role it is another deed */
    (void)snprintf(
        parameters, sizeof parameters, "{\"version\":%" PRId64 "}", holding.account.version);
    const struct sj_approval_use use = {.kind = sj_approval_kind_find(SJ_TEXT("account:reset")),
        .approval = body.approval_id,
        .object = id,
        .parameters = sj_text_of(parameters),
        .min_need = 1};
    struct sj_approval approval;
    TRY(sj_use_approval(x, &use, &approval));
    struct sj_enrolment enrolment;
    char part[SJ_ENROLMENT_PART_SIZE];
    TRY(sj_enrolment_part(x->worker->channel, approval.id, approval.votes[0].account, part));
    TRY(sj_enrolment_again(
        x->tx, x->worker->channel, id, x->session.actor.account, part, &enrolment));
    sj_wipe(part, sizeof part);
    return sj_rbac_tell_enrolment(x, &holding.account, &enrolment);
}

const struct sj_endpoint sj_routes_account_reset[] = {
    {{SJ_POST, "/api/v1/accounts/{id}/reset", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_ACCOUNTS,
        SJ_ACTION_ACCOUNT_RESET, reset},
};
const size_t sj_routes_account_reset_count = SJ_COUNT(sj_routes_account_reset);
