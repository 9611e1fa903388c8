/* SPDX-License-Identifier: Apache-2.0
 *
 * Why? /policies/explain says why somebody may or may not do something, now or at a moment that is past: under the policy that was in
 * force then, with the assignments and seats of then. For those who answer for the policy; each question is an entry of the record
 * that names whom it was about.
 */
#include "../policy_life.h"
#include "../server.h"
#include "account_json.h"
#include "asked_person.h"
#include "evaluation_desk.h"
#include "routes.h"

#include "sanjeh/cycle/evaluation.h"
#include "sanjeh/cycle/readers.h"
#include "sanjeh/policy/explain.h"
#include "sanjeh/rbac/active.h"

struct question {
    struct sj_uuid account;
    struct sj_text action;
    struct sj_text object_type;
    struct sj_uuid object;
    bool has_object;
    struct sj_text field;
    struct sj_text at;
    bool has_at;
    sj_time_us when; /* 0: now */
};

static const struct sj_json_member question_members[] = {
    {"account_id", SJ_JSON_ID, offsetof(struct question, account), SJ_JSON_NO_PRESENT, true, false,
        0},
    {"action", SJ_JSON_TEXT, offsetof(struct question, action), SJ_JSON_NO_PRESENT, true, false,
        96},
    {"object_type", SJ_JSON_TEXT, offsetof(struct question, object_type), SJ_JSON_NO_PRESENT, false,
        false, 64},
    {"object_id", SJ_JSON_ID, offsetof(struct question, object),
        offsetof(struct question, has_object), false, false, 0},
    {"field", SJ_JSON_TEXT, offsetof(struct question, field), SJ_JSON_NO_PRESENT, false, false, 64},
    {"at", SJ_JSON_TEXT, offsetof(struct question, at), offsetof(struct question, has_at), false,
        false, 40},
};

static sj_status read_question(struct sj_exchange *x, struct question *question)
{
    TRY(sj_exchange_decode(x, question_members, SJ_COUNT(question_members), question));
    if (question->has_object != (question->object_type.len > 0)) {
        return sj_refuse_at(x, "/object_id", "REQUIRED", "an object has a type and an id");
    }
    if (question->has_object && !sj_text_is(question->object_type, "evaluation")) {
        return sj_refuse_at(x, "/object_type", "UNKNOWN",
            "of an evaluation it is said whether the person sees it; elsewhere the reach says "
            "whose objects");
    }
    if (question->has_at && sj_failed(sj_time_parse(question->at, &question->when))) {
        return sj_refuse_at(x, "/at", "FORMAT", "a time of RFC 3339");
    }
    if (question->has_at && (question->when <= 0 || question->when > sj_time_now())) {
        return sj_refuse_at(x, "/at", "RANGE", "a moment that is past");
    }
    return SJ_DONE;
}

/* Action and field are words of the policy that is asked. */
static sj_status find_words(struct sj_exchange *x, const struct question *question,
    const struct sj_policy *policy, uint32_t *ret_action, uint32_t *ret_field)
{
    *ret_action = sj_policy_action_find(policy, question->action);
    if (*ret_action == SJ_POLICY_NONE) {
        return sj_refuse_at(x, "/action", "UNKNOWN", "the policy has no such action");
    }
    *ret_field = SJ_POLICY_NONE;
    if (question->field.len > 0) {
        *ret_field = sj_policy_field_find(
            policy, sj_policy_action_type(policy, *ret_action), question->field);
        if (*ret_field == SJ_POLICY_NONE) {
            return sj_refuse_at(x, "/field", "UNKNOWN", "the action's type has no such field");
        }
    }
    return SJ_DONE;
}

/* As what row security shows the person the file, now or by the seats of then; "" when it does not. */
static sj_status parts_of(struct sj_exchange *x, const struct sj_desk *desk,
    const struct question *question, struct sj_text *ret_parts)
{
    struct sj_reader *readers = NULL;
    size_t count = 0;
    if (question->when != 0) {
        return sj_reader_at(desk, question->object, question->account,
            question->when + x->session.clock_ahead, ret_parts);
    }
    TRY(sj_readers_list(
        desk, question->object, question->account, (struct sj_uuid){{0}}, 1, &readers, &count));
    *ret_parts = count > 0 ? readers[0].parts : SJ_TEXT("");
    return SJ_DONE;
}

/* Does row security show the person the object? */
static sj_status write_object(struct sj_exchange *x, const struct sj_desk *desk,
    const struct question *question, struct sj_json *json, bool *allowed)
{
    if (!question->has_object) {
        sj_json_null(json, "object");
        return SJ_DONE;
    }
    struct sj_evaluation evaluation;
    bool found = false;
    TRY(sj_evaluation_find(desk, question->object, &found, &evaluation));
    if (!found) {
        return sj_refuse_at(x, "/object_id", "UNKNOWN", "there is no such evaluation");
    }
    ENSURE(!sj_asked_about_asker(x, evaluation.judge), FORBIDDEN);
    TRY(sj_exchange_subject(x, evaluation.judge));
    struct sj_text parts;
    TRY(parts_of(x, desk, question, &parts));
    *allowed = *allowed && parts.len > 0;
    sj_json_object(json, "object");
    sj_json_text(json, "type", question->object_type);
    sj_json_id(json, "id", question->object);
    sj_json_bool(json, "visible", parts.len > 0);
    sj_json_words(json, "as", parts);
    sj_json_object_end(json);
    return SJ_DONE;
}

static void write_field(const struct sj_policy *policy, const struct sj_policy_decision *decision,
    uint32_t type, uint32_t field, struct sj_json *json)
{
    if (field == SJ_POLICY_NONE) {
        sj_json_null(json, "field");
        return;
    }
    const uint64_t bit = UINT64_C(1) << field;
    sj_json_object(json, "field");
    sj_json_str(json, "name", sj_policy_field_name(policy, type, field));
    sj_json_bool(json, "readable", (decision->read & bit) != 0);
    sj_json_bool(json, "writable", (decision->write & bit) != 0);
    if ((decision->masked & bit) != 0) {
        sj_json_str(json, "mask", sj_how_name((enum sj_how)decision->how[field]));
    } else {
        sj_json_null(json, "mask");
    }
    sj_json_object_end(json);
}

static sj_status answer(struct sj_exchange *x, const struct sj_desk *desk,
    const struct question *question, const struct sj_asked *person, uint32_t action, uint32_t field)
{
    const struct sj_policy *policy = person->point->policy;
    /* Values of the object are not the asker's to read. */
    const struct sj_explain_options options = {
        .hidden = {0, UINT64_MAX, 0, 0}, .assignments = (uint64_t)person->assignments};
    const struct sj_policy_request request = sj_asked_request(person, action);
    struct sj_policy_decision decision;
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(SJ_EXPLAIN_BYTES);
    TRY(sj_policy_explain(person->set, &request, &options, &decision, &text));
    bool allowed =
        decision.permit && (field == SJ_POLICY_NONE || (decision.read >> field & 1u) != 0);
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_asked_write(&json, person);
    sj_json_time_or_null(&json, "at", question->when);
    sj_json_text(&json, "action", question->action);
    TRY(write_object(x, desk, question, &json, &allowed));
    write_field(policy, &decision, sj_policy_action_type(policy, action), field, &json);
    sj_json_bool(&json, "allowed", allowed);
    sj_json_str(&json, "reach", sj_reach_names[decision.reach]);
    sj_json_raw(&json, "explanation", sj_buf_text(&text));
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

static sj_status ask(
    struct sj_exchange *x, const struct question *question, const struct sj_policy_active *point)
{
    struct sj_desk desk;
    uint32_t action = 0;
    uint32_t field = 0;
    bool found = false;
    TRY(find_words(x, question, point->policy, &action, &field));
    x->draft.object = question->account;
    (void)snprintf(x->draft.detail, sizeof x->draft.detail, "asked=%s%s%.*s",
        sj_policy_action_name(point->policy, action), question->has_at ? " at=" : "",
        (int)question->at.len, question->at.ptr);
    TRY(sj_asked_desk(x, &desk));
    void *memory = NULL;
    TRY(sj_arena_alloc(x->arena, sizeof(struct sj_asked), &memory));
    struct sj_asked *person = memory;
    TRY(sj_asked_find(x, &desk, question->account, question->when, point, &found, person));
    if (!found) {
        return sj_refuse_at(x, "/account_id", "UNKNOWN", "there is no such account");
    }
    return answer(x, &desk, question, person, action, field);
}

static sj_status explain(struct sj_exchange *x)
{
    struct question question = {
        .action = {"", 0}, .object_type = {"", 0}, .field = {"", 0}, .at = {"", 0}};
    TRY(read_question(x, &question));
    if (question.when == 0) {
        return ask(x, &question, x->active);
    }
    CLEANUP(sj_policy_active_free) struct sj_policy_active *then = NULL;
    bool found = false;
    TRY(sj_policy_at(x->worker, question.when, &found, &then));
    if (!found) {
        return sj_refuse_at(x, "/at", "BEFORE", "no version of the policy was in force then");
    }
    return ask(x, &question, then);
}

const struct sj_endpoint sj_routes_explain[] = {
    {{SJ_POST, "/api/v1/policies/explain", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_READ,
        SJ_ACTION_POLICY_EXPLAIN, explain},
};
const size_t sj_routes_explain_count = SJ_COUNT(sj_routes_explain);
