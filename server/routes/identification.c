/* SPDX-License-Identifier: Apache-2.0
 *
 * /judges/{id}/identification: who is behind a pseudonym. An analyst works on ids; that one of them gets a name takes two approvers of two
 * other units, once, and the judge sees it among those who opened his file.
 */
#include "approval_json.h"
#include "evaluation_desk.h"
#include "routes.h"

#include "sanjeh/evaluation/judge.h"
#include "sanjeh/keys/scopes.h"

struct body {
    struct sj_uuid approval_id;
};
static const struct sj_json_member members[] = {{.name = "approval_id",
    .kind = SJ_JSON_ID,
    .offset = offsetof(struct body, approval_id),
    .present_offset = SJ_JSON_NO_PRESENT,
    .required = true}};

/* The register is not the analyst's: for this one reading its scope joins the request's, after the approval was used. */
static sj_status find(struct sj_exchange *x, struct sj_uuid id, struct sj_judge *ret_judge)
{
    TRY(sj_exchange_widen(x, SJ_SCOPE_READ(SJ_READ_ALL, SJ_READ_ROSTER)));
    struct sj_desk desk = sj_desk_of(x);
    desk.tx = NULL;
    desk.is_widened = true;
    bool found = false;
    TRY(sj_judge_find(&desk, id, &found, ret_judge));
    ENSURE(found, NOT_FOUND);
    return SJ_DONE;
}

static sj_status identify(struct sj_exchange *x)
{
    struct body body = {{{0}}};
    struct sj_uuid id;
    TRY(sj_exchange_decode(x, members, SJ_COUNT(members), &body));
    TRY(sj_exchange_id(x, &id));
    const struct sj_approval_use use = {.kind = sj_approval_kind_find(SJ_TEXT("judge:reidentify")),
        .approval = body.approval_id,
        .object = id,
        .parameters = SJ_TEXT("{}"),
        .min_need = 2};
    struct sj_approval approval;
    TRY(sj_use_approval(x, &use, &approval));
    struct sj_judge judge;
    TRY(find(x, id, &judge));
    TRY(sj_exchange_subject(x, id));
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_id(&json, "id", judge.id);
    sj_json_text_or_null(&json, "personnel_number", judge.personnel_number);
    sj_json_text_or_null(&json, "name", judge.name);
    sj_json_bool(&json, "erased", judge.is_erased);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

const struct sj_endpoint sj_routes_identification[] = {
    {{SJ_POST, "/api/v1/judges/{id}/identification", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL},
        SJ_USE_APPROVAL_ONCE, SJ_ACTION_JUDGE_REIDENTIFY, identify},
};
const size_t sj_routes_identification_count = SJ_COUNT(sj_routes_identification);
