/* SPDX-License-Identifier: Apache-2.0
 *
 * /policies: the life of the policy. A draft is read strictly, tested and compared when it comes, signed by distinct persons over
 * its digests, checked once more and put into force on all servers at once. What fails leaves the policy in force as it is.
 */
#include "../policy_worker.h"
#include "approval_json.h"
#include "evaluation_desk.h"
#include "policy_drafts.h"
#include "routes.h"

#include "sanjeh/crypto/random.h"

#define PREFIX "/api/v1/policies"
#define KIND   "policy:activate"

static struct sj_approval_desk desk_in(struct sj_exchange *x, struct sj_arena *arena)
{
    struct sj_approval_desk desk = sj_approval_desk_of(x);
    desk.arena = arena;
    return desk;
}

/* ---- answers ---- */

static void write_head(struct sj_json *json, const struct sj_policy_version *version)
{
    sj_json_id(json, "id", version->id);
    sj_json_text(json, "policy", version->policy);
    sj_json_int(json, "number", version->number);
    sj_json_text_or_null(json, "owner_unit", version->owner_unit);
    sj_json_text(json, "origin", version->origin);
    sj_json_text(json, "state", version->state);
    sj_json_text(json, "digest", version->digest);
    sj_json_text_or_null(json, "previous", version->previous);
    sj_json_text(json, "report_digest", version->report_digest);
    sj_json_text(json, "diff_digest", version->diff_digest);
    sj_json_bool(json, "passed", version->passed);
    sj_json_bool(json, "widens", version->widens);
    sj_json_int(json, "need", version->need);
    sj_json_id_or_null(json, "author_id", version->author);
    sj_json_id_or_null(json, "approval_id", version->approval);
    sj_json_time(json, "created_at", version->created_at);
    sj_json_time_or_null(json, "activated_at", version->activated_at);
    sj_json_time_or_null(json, "ended_at", version->ended_at);
    if (version->activation == 0) {
        sj_json_null(json, "activation");
    } else {
        sj_json_int(json, "activation", version->activation);
    }
    sj_json_int(json, "version", version->version);
}

/* approval NULL: it has none. */
static sj_status answer_one(struct sj_exchange *x, const struct sj_policy_version *version,
    const struct sj_approval *approval)
{
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    write_head(&json, version);
    if (approval != NULL) {
        sj_json_votes(&json, "signatures", approval);
    } else {
        sj_json_array(&json, "signatures");
        sj_json_array_end(&json);
    }
    sj_json_text(&json, "document", version->document);
    sj_json_text(&json, "tests", version->tests);
    sj_json_raw(&json, "report", version->report);
    sj_json_object_end(&json);
    TRY(sj_json_end(&json));
    return sj_exchange_etag(x, version->version);
}

static sj_status list(struct sj_exchange *x)
{
    static const char *const allowed[] = {"state", NULL};
    struct sj_page page;
    struct sj_text state;
    TRY(sj_exchange_page(x, allowed, &page));
    TRY(sj_filter_text(x, "state", &state));
    TRY(sj_exchange_office(x));
    const struct sj_approval_desk desk = sj_approval_desk_of(x);
    struct sj_policy_version *items = NULL;
    size_t count = 0;
    TRY(sj_version_list(&desk, state, page.after, page.limit, &items, &count));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        sj_json_object(&json, NULL);
        write_head(&json, &items[i]);
        sj_json_object_end(&json);
    }
    return sj_exchange_list_end(
        x, &json, count == page.limit ? items[count - 1].id : (struct sj_uuid){{0}});
}

sj_status sj_policy_answer(struct sj_exchange *x, const struct sj_policy_found *found)
{
    return answer_one(x, &found->version, found->has_approval ? &found->approval : NULL);
}

sj_status sj_policy_find(struct sj_exchange *x, const struct sj_approval_desk *desk,
    struct sj_uuid id, struct sj_policy_found *ret_found)
{
    x->draft.object = id;
    bool found = false;
    sj_status status = sj_version_find(desk, id, &found, &ret_found->version);
    if (status.code == SJ_CONFLICT) {
        return sj_exchange_unmet(x, "SEAL_BROKEN", "this version is not what the server wrote");
    }
    TRY(status);
    ENSURE(found, NOT_FOUND);
    ret_found->has_approval = false;
    if (sj_uuid_is_nil(ret_found->version.approval)) {
        return SJ_DONE;
    }
    const char *why = "";
    status = sj_approval_find(
        desk, ret_found->version.approval, &ret_found->has_approval, &ret_found->approval, &why);
    if (status.code == SJ_CONFLICT && why[0] != '\0') {
        return sj_exchange_unmet(x, why, sj_approval_explain(why));
    }
    return status;
}

static sj_status find(
    struct sj_exchange *x, const struct sj_approval_desk *desk, struct sj_policy_found *ret_found)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    return sj_policy_find(x, desk, id, ret_found);
}

static sj_status read_one(struct sj_exchange *x)
{
    TRY(sj_exchange_office(x));
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    TRY(sj_arena_new(SJ_LIFE_ARENA_MAX, &arena));
    const struct sj_approval_desk desk = desk_in(x, arena);
    struct sj_policy_found found;
    TRY(find(x, &desk, &found));
    return sj_policy_answer(x, &found);
}

static sj_status read_diff(struct sj_exchange *x)
{
    TRY(sj_exchange_office(x));
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    TRY(sj_arena_new(SJ_LIFE_ARENA_MAX, &arena));
    const struct sj_approval_desk desk = desk_in(x, arena);
    struct sj_policy_found found;
    TRY(find(x, &desk, &found));
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_text(&json, "digest", found.version.digest);
    sj_json_text_or_null(&json, "previous", found.version.previous);
    sj_json_text(&json, "diff_digest", found.version.diff_digest);
    sj_json_bool(&json, "widens", found.version.widens);
    sj_json_raw(&json, "diff", found.version.diff);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

/* ---- drafts ---- */

static const struct sj_json_member draft_members[] = {
    {"policy", SJ_JSON_TEXT, offsetof(struct sj_policy_text, policy), SJ_JSON_NO_PRESENT, true,
        false, SJ_POLICY_DRAFT_MAX},
    {"tests", SJ_JSON_TEXT, offsetof(struct sj_policy_text, tests), SJ_JSON_NO_PRESENT, true, false,
        SJ_POLICY_DRAFT_MAX},
};

static sj_status keep_draft(struct sj_exchange *x, const struct sj_approval_desk *desk,
    const struct sj_policy_text *body, const struct sj_plan *plan, struct sj_approval *ret_approval,
    struct sj_policy_version *ret_version)
{
    const struct sj_policy *policy = sj_plan_file(plan);
    char report[SJ_DIGEST_TEXT_SIZE];
    char diff[SJ_DIGEST_TEXT_SIZE];
    TRY(sj_digest_of(sj_buf_view(&plan->life.report), report));
    TRY(sj_digest_of(sj_buf_view(&plan->life.diff), diff));
    struct sj_policy_version version = {.policy = sj_text_of(sj_policy_id(policy)),
        .number = sj_policy_version(policy),
        .owner_unit =
            plan->life.checked == 0 ? SJ_TEXT("") : sj_text_of(sj_policy_owner_unit(policy)),
        .document = body->policy,
        .tests = body->tests,
        .digest = sj_text_of(sj_policy_digest(policy)),
        .previous = plan->previous,
        .report_digest = sj_text_of(report),
        .diff_digest = sj_text_of(diff),
        .report = sj_buf_text(&plan->life.report),
        .diff = sj_buf_text(&plan->life.diff),
        .passed = plan->life.passed,
        .widens = plan->life.widens,
        .need = sj_plan_signatures(plan),
        .author = x->session.actor.account,
        .created_at = sj_time_now()};
    TRY(sj_uuid_new(&version.id));
    TRY(sj_arena_text(desk->arena, version.report_digest, &version.report_digest));
    TRY(sj_arena_text(desk->arena, version.diff_digest, &version.diff_digest));
    CLEANUP(sj_buf_clear) struct sj_buf parameters = SJ_BUF(SJ_APPROVAL_PARAMETERS_MAX);
    TRY(sj_version_parameters(&version, &parameters));
    char reason[128];
    (void)snprintf(
        reason, sizeof reason, "version %u of policy %.64s", version.number, sj_policy_id(policy));
    const struct sj_approval_ask ask = {.kind = sj_approval_kind_find(SJ_TEXT(KIND)),
        .object = version.id,
        .parameters = sj_buf_text(&parameters),
        .reason = sj_text_of(reason),
        .need = version.need};
    TRY(sj_approval_request(desk, &x->session.actor, &ask, ret_approval));
    version.approval = ret_approval->id;
    TRY(sj_version_insert(desk, &version));
    *ret_version = version;
    return SJ_DONE;
}

/* Documents do not fit into the request's own arena; what is wrong with the body outlives theirs. */
static sj_status read_draft(
    struct sj_exchange *x, struct sj_arena *arena, struct sj_policy_text *ret_body)
{
    struct sj_json_faults faults = {.count = 0};
    const sj_status status = sj_json_decode(sj_request_body(x->request), draft_members,
        SJ_COUNT(draft_members), arena, ret_body, &faults);
    for (size_t i = 0; i < faults.count; i++) {
        struct sj_json_fault kept = faults.items[i];
        TRY(sj_arena_text(x->arena, kept.pointer, &kept.pointer));
        TRY(sj_arena_text(x->arena, kept.detail, &kept.detail));
        x->faults.items[x->faults.count++] = kept;
    }
    return status;
}

sj_status sj_policy_draft(struct sj_exchange *x, const struct sj_approval_desk *desk,
    const struct sj_policy_text *text, struct sj_policy_found *ret_draft)
{
    CLEANUP(sj_plan_clear) struct sj_plan plan = {.count = 0};
    TRY(sj_plan_make(x, desk, text->policy, text->tests, &plan));
    const sj_status status = sj_life_make(x->worker, &plan.life);
    if (sj_failed(status) && plan.life.fault.code != NULL) {
        return sj_plan_tell(x, &plan.life.fault, SJ_INVALID);
    }
    TRY(status);
    TRY(sj_plan_check_place(x, desk, &plan, SJ_INVALID));
    struct sj_policy_version *version = &ret_draft->version;
    TRY(keep_draft(x, desk, text, &plan, &ret_draft->approval, version));
    ret_draft->has_approval = true;
    TRY(sj_arena_text(desk->arena, version->report, &version->report)); /* outlives the plan */
    TRY(sj_arena_text(desk->arena, version->policy, &version->policy));
    TRY(sj_arena_text(desk->arena, version->digest, &version->digest));
    TRY(sj_arena_text(desk->arena, version->owner_unit, &version->owner_unit));
    TRY(sj_exchange_created(x, PREFIX, version->id));
    (void)snprintf(x->draft.detail, sizeof x->draft.detail,
        "id=%.*s;version=%u;digest=%.*s;passed=%d;widens=%d", (int)version->policy.len,
        version->policy.ptr, version->number, (int)version->digest.len, version->digest.ptr,
        version->passed, version->widens);
    return SJ_DONE;
}

static sj_status create(struct sj_exchange *x)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    TRY(sj_arena_new(SJ_LIFE_ARENA_MAX, &arena));
    struct sj_policy_text body = {.policy = {"", 0}};
    struct sj_policy_found draft;
    TRY(read_draft(x, arena, &body));
    const struct sj_approval_desk desk = desk_in(x, arena);
    TRY(sj_policy_draft(x, &desk, &body, &draft));
    return sj_policy_answer(x, &draft);
}

sj_status sj_policy_withdraw(
    struct sj_exchange *x, const struct sj_approval_desk *desk, struct sj_policy_found *found)
{
    ENSURE(found->has_approval &&
               sj_uuid_equal(found->approval.requested_person, x->session.actor.person),
        FORBIDDEN);
    ENSURE(sj_text_is(found->version.state, "draft"), NO_SUCH_MOVE);
    if (sj_text_is(found->approval.state, "open") ||
        sj_text_is(found->approval.state, "approved")) {
        TRY(sj_approval_cancel(desk, &x->session.actor, &found->approval));
    }
    return sj_version_delete(desk, &found->version);
}

static sj_status take_away(struct sj_exchange *x)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    TRY(sj_arena_new(SJ_LIFE_ARENA_MAX, &arena));
    const struct sj_approval_desk desk = desk_in(x, arena);
    struct sj_policy_found found;
    TRY(find(x, &desk, &found));
    TRY(sj_exchange_if_match(x, found.version.version));
    TRY(sj_policy_withdraw(x, &desk, &found));
    x->status = 204;
    return SJ_DONE;
}

/* ---- signatures ---- */

static sj_status vote(struct sj_exchange *x, bool signs)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    TRY(sj_arena_new(SJ_LIFE_ARENA_MAX, &arena));
    const struct sj_approval_desk desk = desk_in(x, arena);
    struct sj_policy_found found;
    TRY(find(x, &desk, &found));
    TRY(sj_exchange_if_match(x, found.version.version));
    ENSURE(found.has_approval && sj_text_is(found.version.state, "draft"), NO_SUCH_MOVE);
    ENSURE(sj_holds_role(x, found.approval.by_role), FORBIDDEN);
    if (signs && !sj_text_equal(x->proven_digest, found.version.digest)) {
        return sj_exchange_unmet(x, "OTHER_DIGEST",
            "\"digest\" must be the digest of this version: read it, then sign it");
    }
    if (signs && !found.version.passed) {
        return sj_exchange_unmet(
            x, "TESTS_FAILED", "its tests fail or cover too little: see \"report\"");
    }
    const char *why = "";
    const sj_status status = sj_approval_give(&desk, &x->session.actor, &found.approval, signs,
        signs ? "password+totp" : "session", &why);
    if (status.code == SJ_GUARD_UNMET) {
        return sj_exchange_unmet(x, why, sj_approval_explain(why));
    }
    TRY(status);
    if (!signs) {
        TRY(sj_version_refuse(&desk, &found.version));
    }
    (void)snprintf(x->draft.detail, sizeof x->draft.detail,
        "%s=%.*s@%u;digest=%.*s;diff_digest=%.*s;signatures=%zu", signs ? "sign" : "refuse",
        (int)found.version.policy.len, found.version.policy.ptr, found.version.number,
        (int)found.version.digest.len, found.version.digest.ptr, (int)found.version.diff_digest.len,
        found.version.diff_digest.ptr, sj_approval_count(&found.approval));
    return answer_one(x, &found.version, &found.approval);
}

static sj_status sign(struct sj_exchange *x)
{
    return vote(x, true);
}

static sj_status reject(struct sj_exchange *x)
{
    return vote(x, false);
}

/* ---- coming into force ---- */

static void publish(struct sj_exchange *x)
{
    sj_policy_publish(x->worker->server, &x->next_policy);
}

/* What was signed is what would come into force now: tests and difference give the same again. */
static sj_status check_signed(
    struct sj_exchange *x, const struct sj_policy_version *version, const struct sj_plan *plan)
{
    char report[SJ_DIGEST_TEXT_SIZE];
    char diff[SJ_DIGEST_TEXT_SIZE];
    TRY(sj_digest_of(sj_buf_view(&plan->life.report), report));
    TRY(sj_digest_of(sj_buf_view(&plan->life.diff), diff));
    if (!plan->life.passed) {
        return sj_exchange_unmet(
            x, "TESTS_FAILED", "its tests fail or cover too little: see \"report\"");
    }
    if (!sj_text_is(version->digest, sj_policy_digest(sj_plan_file(plan))) ||
        !sj_text_equal(version->previous, plan->previous) ||
        !sj_text_is(version->report_digest, report) || !sj_text_is(version->diff_digest, diff) ||
        version->widens != plan->life.widens) {
        return sj_exchange_unmet(
            x, "STALE", "another policy came into force since this was drafted: draft it anew");
    }
    if (sj_policy_effective_from(sj_plan_file(plan)) > sj_time_now()) {
        return sj_exchange_unmet(x, "NOT_YET", "its effective.from is to come");
    }
    return SJ_DONE;
}

static void put_signers(struct sj_draft *draft, const struct sj_approval *approval)
{
    for (size_t i = 0; i < approval->vote_count; i++) {
        char id[SJ_UUID_TEXT_SIZE];
        sj_uuid_format(approval->votes[i].account, id);
        const size_t used = strlen(draft->detail);
        (void)snprintf(draft->detail + used, sizeof draft->detail - used, "%s%s",
            i == 0 ? ";signers=" : ",", id);
    }
}

/* The record that POLICY 5.5 asks for. */
static void record(struct sj_exchange *x, const struct sj_policy_version *version,
    const struct sj_approval *approval, int64_t effective_from)
{
    char from[40] = "null";
    if (effective_from != 0) {
        (void)snprintf(from, sizeof from, "%lld", (long long)(effective_from / 1000000));
    }
    (void)snprintf(x->draft.detail, sizeof x->draft.detail,
        "id=%.*s;version=%u;digest=%.*s;previous=%.*s;effective_from=%s;test_report_digest=%.*s;"
        "diff_digest=%.*s;activation=%lld",
        (int)version->policy.len, version->policy.ptr, version->number, (int)version->digest.len,
        version->digest.ptr, (int)version->previous.len, version->previous.ptr, from,
        (int)version->report_digest.len, version->report_digest.ptr, (int)version->diff_digest.len,
        version->diff_digest.ptr, (long long)version->activation);
    put_signers(&x->draft, approval);
}

static sj_status take_signatures(
    struct sj_exchange *x, const struct sj_policy_found *found, struct sj_approval *ret_approval)
{
    CLEANUP(sj_buf_clear) struct sj_buf parameters = SJ_BUF(SJ_APPROVAL_PARAMETERS_MAX);
    TRY(sj_version_parameters(&found->version, &parameters));
    const struct sj_approval_use use = {.kind = sj_approval_kind_find(SJ_TEXT(KIND)),
        .approval = found->version.approval,
        .object = found->version.id,
        .parameters = sj_buf_text(&parameters),
        .min_need = found->version.need,
        .by_anybody = true};
    return sj_use_approval(x, &use, ret_approval);
}

static sj_status put_into_force(struct sj_exchange *x, const struct sj_approval_desk *desk,
    struct sj_policy_found *found, struct sj_plan *plan)
{
    int64_t last = 0;
    TRY(sj_version_head(desk, &last)); /* whoever else activates waits here */
    TRY(sj_plan_make(x, desk, found->version.document, found->version.tests, plan));
    const sj_status status = sj_life_make(x->worker, &plan->life);
    if (sj_failed(status) && plan->life.fault.code != NULL) {
        return sj_plan_tell(x, &plan->life.fault, SJ_GUARD_UNMET);
    }
    TRY(status);
    TRY(sj_plan_check_place(x, desk, plan, SJ_GUARD_UNMET));
    TRY(check_signed(x, &found->version, plan));
    struct sj_approval approval;
    TRY(take_signatures(x, found, &approval));
    TRY(sj_version_activate(desk, &found->version, last + 1));
    plan->life.active->activation = last + 1;
    record(x, &found->version, &approval, sj_policy_effective_from(sj_plan_file(plan)));
    TRY(answer_one(x, &found->version, &approval));
    x->next_policy = TAKE(plan->life.active);
    x->after = publish;
    return SJ_DONE;
}

static sj_status try_activate(struct sj_exchange *x)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    TRY(sj_arena_new(SJ_LIFE_ARENA_MAX, &arena));
    const struct sj_approval_desk desk = desk_in(x, arena);
    struct sj_policy_found found;
    TRY(find(x, &desk, &found));
    TRY(sj_exchange_if_match(x, found.version.version));
    ENSURE(found.has_approval && sj_text_is(found.version.state, "draft"), NO_SUCH_MOVE);
    sj_tx_be_patient(x->tx, 30000);
    CLEANUP(sj_plan_clear) struct sj_plan plan = {.count = 0};
    return put_into_force(x, &desk, &found, &plan);
}

static sj_status activate(struct sj_exchange *x)
{
    const sj_status status = try_activate(x);
    if (sj_failed(status)) {
        sj_policy_alarm(
            x->worker->server, status, x->faults.count > 0 ? x->faults.items[0].code : "activate");
    }
    return status;
}

const struct sj_endpoint sj_routes_policies[] = {
    {{SJ_GET, PREFIX, SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ, SJ_ACTION_POLICY_LIST, list},
    {{SJ_POST, PREFIX, SJ_BODY_CONTRIBUTION, SJ_MEDIA_JSON, NULL}, SJ_USE_APPROVAL,
        SJ_ACTION_POLICY_DRAFT, create},
    {{SJ_GET, PREFIX "/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_POLICY_READ, read_one},
    {{SJ_DELETE, PREFIX "/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_APPROVAL,
        SJ_ACTION_POLICY_DRAFT, take_away},
    {{SJ_GET, PREFIX "/{id}/diff", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_POLICY_READ, read_diff},
    {{SJ_POST, PREFIX "/{id}/sign", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_STEP_UP,
        SJ_ACTION_POLICY_SIGN, sign},
    {{SJ_POST, PREFIX "/{id}/reject", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_APPROVAL,
        SJ_ACTION_POLICY_SIGN, reject},
    {{SJ_POST, PREFIX "/{id}/activate", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_APPROVAL,
        SJ_ACTION_POLICY_ACTIVATE, activate},
};
const size_t sj_routes_policies_count = SJ_COUNT(sj_routes_policies);
