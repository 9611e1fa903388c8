/* SPDX-License-Identifier: Apache-2.0
 *
 * /break-glass: a file is opened in an emergency, closed, reviewed. Asked for and approved at /approvals by two persons of two units;
 * opened here with both factors shown again; read by requests that name the opening (server/glass.c).
 */
#include "../payload_desk.h"
#include "glass.h"

#include "evaluation_desk.h"
#include "routes.h"

#include "sanjeh/cycle/evaluation.h"
#include "sanjeh/keys/scopes.h"
#include "sanjeh/remedy/prose.h"

#define PREFIX      "/api/v1/break-glass"
#define OWN_SIGHT_S 60
#define SECOND_US   INT64_C(1000000)

static const struct sj_policy_break_glass *section(const struct sj_exchange *x)
{
    return sj_policy_break_glass(x->active->policy);
}

sj_status sj_glass_desk(
    struct sj_exchange *x, struct sj_uuid scope, struct sj_approval_desk *ret_desk)
{
    void *memory = NULL;
    TRY(sj_arena_alloc(x->arena, sizeof(struct sj_context), &memory));
    struct sj_context *context = memory;
    TRY(ask_context(
        x->worker->channel, &scope, 1, sj_time_now() + OWN_SIGHT_S * SECOND_US, context));
    *ret_desk = sj_approval_desk_of(x);
    ret_desk->tx = NULL;
    ret_desk->context = context;
    return SJ_DONE;
}

/* The file, which whoever asks need not see. */
static sj_status find_file(
    struct sj_exchange *x, struct sj_uuid id, bool *ret_found, struct sj_evaluation *ret_evaluation)
{
    struct sj_approval_desk office;
    TRY(sj_glass_desk(x, SJ_SCOPE_EVALUATION, &office));
    struct sj_desk desk = sj_desk_of(x);
    desk.tx = NULL;
    desk.context = office.context;
    return sj_evaluation_find(&desk, id, ret_found, ret_evaluation);
}

static size_t characters(struct sj_text text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) {
        count += ((unsigned char)text.ptr[i] & 0xC0u) != 0x80u ? 1 : 0;
    }
    return count;
}

/* Text of people, of at least so many characters. */
static sj_status take_prose(
    struct sj_exchange *x, const char *pointer, struct sj_text *text, size_t least, size_t most)
{
    const char *wrong = sj_remedy_prose(text, most);
    if (wrong == NULL && characters(*text) < least) {
        wrong = "TOO_SHORT";
    }
    return wrong == NULL ? SJ_DONE
                         : sj_refuse_at(x, pointer, wrong, "at least 20 characters that say why");
}

/* ---- who may ask ---- */

static sj_status check_requester(struct sj_exchange *x)
{
    const struct sj_policy_break_glass *glass = section(x);
    const struct sj_role_set held = {{x->session.actor.roles}};
    const struct sj_role_set closed = sj_policy_roles_close(x->active->policy, &held);
    bool may = false;
    for (size_t w = 0; w < SJ_COUNT(closed.bits); w++) {
        may = may || (closed.bits[w] & glass->who.bits[w]) != 0;
    }
    ENSURE(glass->given && may, FORBIDDEN);
    if (sj_uuid_is_nil(x->session.actor.unit)) {
        return sj_exchange_unmet(x, "NO_UNIT", sj_approval_explain("NO_UNIT"));
    }
    const struct sj_approval_desk desk = sj_approval_desk_of(x);
    const struct sj_break_glass_filter filter = {
        .account = x->session.actor.account, .unreviewed = true};
    struct sj_break_glass *items = NULL;
    size_t count = 0;
    TRY(sj_break_glass_list(&desk, &filter, (struct sj_uuid){{0}}, 1, &items, &count));
    return count == 0
               ? SJ_DONE
               : sj_exchange_unmet(x, "REVIEW_OPEN", "the last opening has not been reviewed");
}

static uint32_t longest(const struct sj_exchange *x)
{
    const uint32_t minutes = section(x)->minutes;
    return minutes < SJ_BREAK_GLASS_MINUTES ? minutes : SJ_BREAK_GLASS_MINUTES;
}

/* {"minutes": n} and nothing else. */
static bool take_minutes(const struct sj_json_value *parameters, int64_t most, int64_t *ret_minutes)
{
    size_t at = 0;
    size_t members = 0;
    struct sj_text name;
    const struct sj_json_value *value;
    *ret_minutes = 0;
    while (sj_json_is_object(parameters) && sj_json_next(parameters, &at, &name, &value)) {
        if (!sj_text_is(name, "minutes") || !sj_json_as_int(value, ret_minutes)) {
            return false;
        }
        members++;
    }
    return members == 1 && *ret_minutes >= 1 && *ret_minutes <= most;
}

sj_status sj_glass_check_ask(struct sj_exchange *x, struct sj_uuid evaluation,
    const struct sj_json_value *parameters, struct sj_text reason)
{
    TRY(check_requester(x));
    const uint32_t least = section(x)->reason_min_chars > SJ_BREAK_GLASS_TEXT_MIN
                               ? section(x)->reason_min_chars
                               : SJ_BREAK_GLASS_TEXT_MIN;
    TRY(take_prose(x, "/reason", &reason, least, SJ_APPROVAL_REASON_MAX));
    int64_t minutes = 0;
    if (!take_minutes(parameters, longest(x), &minutes)) {
        return sj_refuse_at(
            x, "/parameters", "RANGE", "minutes, as many as the policy lets a file be open");
    }
    bool found = false;
    struct sj_evaluation file;
    TRY(find_file(x, evaluation, &found, &file));
    if (!found) {
        return sj_refuse_at(x, "/object", "UNKNOWN", "no evaluation has this id");
    }
    return sj_uuid_equal(file.judge, x->session.actor.person)
               ? sj_exchange_unmet(x, "ABOUT_ONESELF", sj_approval_explain("ABOUT_ONESELF"))
               : SJ_DONE;
}

sj_status sj_glass_check_vote(struct sj_exchange *x, struct sj_uuid evaluation)
{
    bool found = false;
    struct sj_evaluation file;
    TRY(find_file(x, evaluation, &found, &file));
    if (!found || sj_uuid_equal(file.judge, x->session.actor.person)) {
        return sj_exchange_unmet(x, "ABOUT_ONESELF", sj_approval_explain("ABOUT_ONESELF"));
    }
    return SJ_DONE;
}

/* ---- answers ---- */

static const char *state_of(const struct sj_break_glass *glass, sj_time_us now)
{
    if (glass->reviewed_at != 0) {
        return "reviewed";
    }
    if (sj_break_glass_is_open(glass, now)) {
        return "open";
    }
    return glass->closed_at != 0 ? "closed" : "ended";
}

static void write_members(struct sj_json *json, const struct sj_break_glass *glass, sj_time_us now)
{
    sj_json_id(json, "id", glass->id);
    sj_json_id(json, "evaluation_id", glass->evaluation);
    sj_json_id(json, "account_id", glass->account);
    sj_json_id(json, "unit_id", glass->unit);
    sj_json_text(json, "reason", glass->reason);
    sj_json_str(json, "state", state_of(glass, now));
    sj_json_time(json, "opened_at", glass->opened_at);
    sj_json_time(json, "ends_at", glass->ends_at);
    sj_json_time_or_null(json, "closed_at", glass->closed_at);
    sj_json_id_or_null(json, "closed_by", glass->closed_by);
    sj_json_time(json, "notice_at", glass->notice_at);
    sj_json_time(json, "review_due", glass->review_due);
    sj_json_bool(json, "review_overdue", glass->reviewed_at == 0 && now > glass->review_due);
    sj_json_time_or_null(json, "reviewed_at", glass->reviewed_at);
    sj_json_id_or_null(json, "reviewed_by", glass->reviewed_by);
    sj_json_text_or_null(json, "outcome", glass->outcome);
    sj_json_text_or_null(json, "review", glass->review);
    sj_json_int(json, "version", glass->version);
}

static sj_status answer_one(
    struct sj_exchange *x, const struct sj_break_glass *glass, const struct sj_approval *approval)
{
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    write_members(&json, glass, sj_glass_now(x));
    sj_json_votes(&json, "approved_by", approval);
    sj_json_object_end(&json);
    TRY(sj_json_end(&json));
    return sj_exchange_etag(x, glass->version);
}

/* The opening of the path with the approval behind it; who sees his own alone finds no other. */
static sj_status find(
    struct sj_exchange *x, struct sj_break_glass *ret_glass, struct sj_approval *ret_approval)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    x->draft.object = id;
    const struct sj_approval_desk desk = sj_approval_desk_of(x);
    bool found = false;
    const char *why = "";
    sj_status status = sj_approval_find(&desk, id, &found, ret_approval, &why);
    if (!sj_failed(status) && found) {
        status = sj_break_glass_find(&desk, id, &found, ret_glass);
    }
    if (status.code == SJ_CONFLICT) {
        return sj_exchange_unmet(x, "SEAL_BROKEN", sj_approval_explain("SEAL_BROKEN"));
    }
    TRY(status);
    ENSURE(found && (x->decision.reach == SJ_REACH_ALL ||
                        sj_uuid_equal(ret_glass->account, x->session.actor.account)),
        NOT_FOUND);
    return SJ_DONE;
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_break_glass glass;
    struct sj_approval approval;
    TRY(sj_exchange_office(x));
    TRY(find(x, &glass, &approval));
    return answer_one(x, &glass, &approval);
}

static sj_status list(struct sj_exchange *x)
{
    static const char *const allowed[] = {"review", NULL};
    struct sj_page page;
    struct sj_text review;
    TRY(sj_exchange_page(x, allowed, &page));
    TRY(sj_filter_text(x, "review", &review));
    if (review.len > 0 && !sj_text_is(review, "open")) {
        return sj_filter_refuse(x, "review", "UNKNOWN", "open");
    }
    const struct sj_break_glass_filter filter = {.account = x->decision.reach == SJ_REACH_ALL
                                                                ? (struct sj_uuid){{0}}
                                                                : x->session.actor.account,
        .unreviewed = review.len > 0};
    TRY(sj_exchange_office(x));
    const struct sj_approval_desk desk = sj_approval_desk_of(x);
    struct sj_break_glass *items = NULL;
    size_t count = 0;
    TRY(sj_break_glass_list(&desk, &filter, page.after, page.limit, &items, &count));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        sj_json_object(&json, NULL);
        write_members(&json, &items[i], sj_glass_now(x));
        sj_json_object_end(&json);
    }
    return sj_exchange_list_end(
        x, &json, count == page.limit ? items[count - 1].id : (struct sj_uuid){{0}});
}

/* ---- opening ---- */

static sj_status find_approval(
    struct sj_exchange *x, const struct sj_evaluation *file, struct sj_approval *ret_approval)
{
    const struct sj_approval_desk desk = sj_approval_desk_of(x);
    bool found = false;
    const char *why = "";
    const sj_status status =
        sj_approval_find(&desk, x->proven_approval, &found, ret_approval, &why);
    if (status.code == SJ_CONFLICT) {
        return sj_exchange_unmet(x, why, sj_approval_explain(why));
    }
    TRY(status);
    if (!found || !sj_text_is(ret_approval->action, SJ_BREAK_GLASS_ACTION) ||
        !sj_uuid_equal(ret_approval->requested_by, x->session.actor.account)) {
        return sj_exchange_unmet(x, "NO_APPROVAL", sj_approval_explain("NO_APPROVAL"));
    }
    /* from here the entry names it: the judge is told when the notice is out */
    x->glass = ret_approval->id;
    for (size_t i = 0; i < ret_approval->vote_count; i++) {
        if (sj_uuid_equal(ret_approval->votes[i].person, file->judge)) {
            return sj_exchange_unmet(x, "ABOUT_ONESELF", sj_approval_explain("ABOUT_ONESELF"));
        }
    }
    return SJ_DONE;
}

static sj_status approved_minutes(
    struct sj_exchange *x, struct sj_text parameters, int64_t *ret_minutes)
{
    static const struct sj_json_member members[] = {
        {"minutes", SJ_JSON_INT, 0, SJ_JSON_NO_PRESENT, true, false, SJ_BREAK_GLASS_MINUTES}};
    struct sj_json_faults faults = {.count = 0};
    *ret_minutes = 0;
    const sj_status status = sj_json_decode(
        sj_text_bytes(parameters), members, SJ_COUNT(members), x->arena, ret_minutes, &faults);
    return !sj_failed(status) && *ret_minutes >= 1 && *ret_minutes <= longest(x)
               ? SJ_DONE
               : sj_exchange_unmet(x, "OTHER_OPERATION", sj_approval_explain("OTHER_OPERATION"));
}

static sj_status use_approval(
    struct sj_exchange *x, const struct sj_evaluation *file, struct sj_approval *approval)
{
    const struct sj_approval_use use = {
        .kind = sj_approval_kind_find(SJ_TEXT(SJ_BREAK_GLASS_ACTION)),
        .approval = approval->id,
        .object = file->id,
        .parameters = approval->parameters};
    return sj_use_approval(x, &use, approval);
}

static sj_status put(struct sj_exchange *x, struct sj_break_glass *glass)
{
    const struct sj_approval_desk desk = sj_approval_desk_of(x);
    const sj_status status = sj_break_glass_insert(&desk, glass);
    if (sj_failed(status) && strcmp(sj_tx_constraint(x->tx), "break_glass_one_unreviewed") == 0) {
        return sj_exchange_unmet(x, "REVIEW_OPEN", "the last opening has not been reviewed");
    }
    return status;
}

static sj_status open_file(struct sj_exchange *x)
{
    struct sj_uuid id;
    struct sj_evaluation file;
    struct sj_approval approval;
    bool found = false;
    int64_t minutes = 0;
    TRY(sj_exchange_id(x, &id));
    x->draft.object = id;
    TRY(find_file(x, id, &found, &file));
    ENSURE(found, NOT_FOUND);
    TRY(check_requester(x));
    if (sj_uuid_equal(file.judge, x->session.actor.person)) {
        return sj_exchange_unmet(x, "ABOUT_ONESELF", sj_approval_explain("ABOUT_ONESELF"));
    }
    TRY(find_approval(x, &file, &approval));
    TRY(approved_minutes(x, approval.parameters, &minutes));
    TRY(use_approval(x, &file, &approval));
    const struct sj_approval_desk desk = sj_approval_desk_of(x);
    struct sj_break_glass_notice notice;
    TRY(sj_break_glass_notice_find(&desk, approval.id, &found, &notice));
    const sj_time_us now = sj_glass_now(x);
    struct sj_break_glass glass = {.id = approval.id,
        .evaluation = id,
        .judge = file.judge,
        .account = x->session.actor.account,
        .person = x->session.actor.person,
        .unit = x->session.actor.unit,
        .reason = approval.reason,
        .opened_at = now,
        .ends_at = now + minutes * 60 * SECOND_US,
        .notice_at = found && notice.until > now ? notice.until : now,
        .review_due = now + (minutes * 60 + section(x)->review_hours * INT64_C(3600)) * SECOND_US};
    TRY(put(x, &glass));
    TRY(sj_exchange_keep_text(x, "reason", glass.reason));
    TRY(sj_exchange_subject(x, file.judge));
    TRY(sj_exchange_created(x, PREFIX, glass.id));
    return answer_one(x, &glass, &approval);
}

/* ---- afterwards ---- */

static sj_status close_file(struct sj_exchange *x)
{
    struct sj_break_glass glass;
    struct sj_approval approval;
    TRY(find(x, &glass, &approval));
    TRY(sj_exchange_if_match(x, glass.version));
    const sj_time_us now = sj_glass_now(x);
    ENSURE(sj_break_glass_is_open(&glass, now), NO_SUCH_MOVE);
    glass.closed_at = now;
    glass.closed_by = x->session.actor.account;
    const struct sj_approval_desk desk = sj_approval_desk_of(x);
    TRY(sj_break_glass_change(&desk, &glass));
    return answer_one(x, &glass, &approval);
}

/* Who asked or voted has no say about it. */
static bool has_part(const struct sj_exchange *x, const struct sj_approval *approval)
{
    const struct sj_uuid person = x->session.actor.person;
    bool has = sj_uuid_equal(person, approval->requested_person);
    for (size_t i = 0; i < approval->vote_count; i++) {
        has = has || sj_uuid_equal(person, approval->votes[i].person);
    }
    return has;
}

struct review_body {
    struct sj_text outcome;
    struct sj_text review;
};
static const struct sj_json_member review_members[] = {
    {"outcome", SJ_JSON_TEXT, offsetof(struct review_body, outcome), SJ_JSON_NO_PRESENT, true,
        false, 32},
    {"review", SJ_JSON_TEXT, offsetof(struct review_body, review), SJ_JSON_NO_PRESENT, true, false,
        4000},
};

static sj_status review_opening(struct sj_exchange *x)
{
    struct review_body body = {.outcome = {"", 0}};
    struct sj_break_glass glass;
    struct sj_approval approval;
    TRY(sj_exchange_decode(x, review_members, SJ_COUNT(review_members), &body));
    if (!sj_text_is(body.outcome, "justified") && !sj_text_is(body.outcome, "unjustified")) {
        return sj_refuse_at(x, "/outcome", "UNKNOWN", "justified or unjustified");
    }
    TRY(take_prose(x, "/review", &body.review, SJ_BREAK_GLASS_TEXT_MIN, 4000));
    TRY(find(x, &glass, &approval));
    TRY(sj_exchange_if_match(x, glass.version));
    const sj_time_us now = sj_glass_now(x);
    ENSURE(glass.reviewed_at == 0, NO_SUCH_MOVE);
    if (sj_break_glass_is_open(&glass, now)) {
        return sj_exchange_unmet(x, "STILL_OPEN", "it is reviewed when it has ended");
    }
    if (has_part(x, &approval) || sj_uuid_equal(x->session.actor.person, glass.judge)) {
        return sj_exchange_unmet(x, "OWN_PART", "somebody reviews who neither read nor approved");
    }
    glass.reviewed_at = now;
    glass.reviewed_by = x->session.actor.account;
    glass.outcome = body.outcome;
    glass.review = body.review;
    const struct sj_approval_desk desk = sj_approval_desk_of(x);
    TRY(sj_break_glass_change(&desk, &glass));
    TRY(sj_exchange_keep_text(x, "review", glass.review));
    (void)snprintf(x->draft.detail, sizeof x->draft.detail, "outcome=%.*s", (int)glass.outcome.len,
        glass.outcome.ptr);
    return answer_one(x, &glass, &approval);
}

struct notice_body {
    struct sj_text until;
    struct sj_text reason;
};
static const struct sj_json_member notice_members[] = {
    {"until", SJ_JSON_TEXT, offsetof(struct notice_body, until), SJ_JSON_NO_PRESENT, true, false,
        40},
    {"reason", SJ_JSON_TEXT, offsetof(struct notice_body, reason), SJ_JSON_NO_PRESENT, true, false,
        4 * SJ_APPROVAL_REASON_MAX},
};

static sj_status answer_notice(struct sj_exchange *x, const struct sj_break_glass_notice *notice)
{
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_id(&json, "approval_id", notice->approval);
    sj_json_time(&json, "postponed_until", notice->until);
    sj_json_text(&json, "reason", notice->reason);
    sj_json_id(&json, "postponed_by", notice->by);
    sj_json_time(&json, "postponed_at", notice->at);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

/* Before the opening: a notice that is out is not taken back. */
static sj_status check_postponable(struct sj_exchange *x, struct sj_uuid id)
{
    const struct sj_approval_desk desk = sj_approval_desk_of(x);
    struct sj_approval approval;
    struct sj_break_glass_notice notice;
    bool found = false;
    const char *why = "";
    const sj_status status = sj_approval_find(&desk, id, &found, &approval, &why);
    if (status.code == SJ_CONFLICT) {
        return sj_exchange_unmet(x, why, sj_approval_explain(why));
    }
    TRY(status);
    ENSURE(found && sj_text_is(approval.action, SJ_BREAK_GLASS_ACTION), NOT_FOUND);
    if (!sj_text_is(approval.state, "open") && !sj_text_is(approval.state, "approved")) {
        return sj_exchange_unmet(x, "NOTICE_OUT", "the file was opened, or never will be");
    }
    if (has_part(x, &approval)) {
        return sj_exchange_unmet(x, "OWN_PART", "somebody postpones who neither asked nor voted");
    }
    TRY(sj_break_glass_notice_find(&desk, id, &found, &notice));
    ENSURE(!found, CONFLICT);
    return SJ_DONE;
}

static sj_status postpone(struct sj_exchange *x)
{
    struct notice_body body = {.until = {"", 0}};
    struct sj_break_glass_notice notice = {.by = x->session.actor.account};
    TRY(sj_exchange_decode(x, notice_members, SJ_COUNT(notice_members), &body));
    TRY(sj_exchange_id(x, &notice.approval));
    x->draft.object = notice.approval;
    TRY(take_prose(x, "/reason", &body.reason, SJ_BREAK_GLASS_TEXT_MIN, SJ_APPROVAL_REASON_MAX));
    notice.at = sj_glass_now(x);
    notice.reason = body.reason;
    if (sj_failed(sj_time_parse(body.until, &notice.until)) || notice.until <= notice.at ||
        notice.until > notice.at + SJ_BREAK_GLASS_POSTPONED_S * SECOND_US) {
        return sj_refuse_at(x, "/until", "RANGE", "a time within thirty days");
    }
    TRY(check_postponable(x, notice.approval));
    TRY(sj_exchange_keep_text(x, "reason", notice.reason));
    const struct sj_approval_desk desk = sj_approval_desk_of(x);
    TRY(sj_break_glass_postpone(&desk, &notice));
    x->status = 201;
    return answer_notice(x, &notice);
}

const struct sj_endpoint sj_routes_break_glass[] = {
    {{SJ_POST, "/api/v1/evaluations/{id}/break-glass", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL},
        SJ_USE_STEP_UP, SJ_ACTION_BREAK_GLASS_OPEN, open_file},
    {{SJ_GET, PREFIX, SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ, SJ_ACTION_BREAK_GLASS_LIST,
        list},
    {{SJ_GET, PREFIX "/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_BREAK_GLASS_READ, read_one},
    {{SJ_POST, PREFIX "/{id}/close", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_APPROVAL,
        SJ_ACTION_BREAK_GLASS_CLOSE, close_file},
    {{SJ_POST, PREFIX "/{id}/review", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_APPROVAL,
        SJ_ACTION_BREAK_GLASS_REVIEW, review_opening},
    {{SJ_POST, PREFIX "/{id}/postpone-notice", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_APPROVAL,
        SJ_ACTION_BREAK_GLASS_POSTPONE, postpone},
};
const size_t sj_routes_break_glass_count = SJ_COUNT(sj_routes_break_glass);
