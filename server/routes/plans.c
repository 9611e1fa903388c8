/* SPDX-License-Identifier: Apache-2.0
 *
 * /plans: what a judge and a mentor do about a finding. Kept out of discipline: neither the disciplinary branch nor the
 * integrity centre has a rule or a row here. The judge reports, the process owner or the mentor accepts.
 */
#include "remedy_desk.h"

#define ACTIONS_MAX 50

struct plan_body {
    struct sj_text goal;
    const struct sj_json_value *actions;
};
static const struct sj_json_member plan_members[] = {
    REMEDY_TEXT(plan_body, goal, true),
    REMEDY_TREE(plan_body, actions, true),
};

/* {text, due_on, mentor_account_id?} */
static sj_status read_action(
    struct sj_exchange *x, const struct sj_json_value *value, struct sj_record *action)
{
    struct sj_text text = {"", 0};
    struct sj_text due = {"", 0};
    struct sj_text mentor = {"", 0};
    size_t at = 0;
    struct sj_text name;
    const struct sj_json_value *member;
    bool is_good = sj_json_is_object(value);
    while (is_good && sj_json_next(value, &at, &name, &member)) {
        is_good = (sj_text_is(name, "text") && sj_json_as_text(member, &text)) ||
                  (sj_text_is(name, "due_on") && sj_json_as_text(member, &due)) ||
                  (sj_text_is(name, "mentor_account_id") && sj_json_as_text(member, &mentor));
    }
    if (!is_good || (mentor.len > 0 && sj_failed(sj_uuid_parse(mentor, &action->person)))) {
        return remedy_refuse(x, "actions", "FORMAT", "{text, due_on, mentor_account_id?} each");
    }
    TRY(remedy_prose(x, "actions", &text, REMEDY_TEXT_MAX, true));
    action->has_day = true;
    TRY(remedy_day(x, "actions", due, &action->day));
    CLEANUP(remedy_body_clear) struct remedy_body out;
    remedy_body_begin(&out);
    remedy_body_text(&out, "text", text);
    return remedy_body_end(x, &out, &action->body);
}

static sj_status add_actions(struct sj_exchange *x, const struct sj_evaluation *evaluation,
    const struct sj_json_value *actions, const struct sj_record *plan)
{
    const struct sj_desk desk = sj_desk_of(x);
    size_t at = 0;
    int64_t no = 0;
    struct sj_text name;
    const struct sj_json_value *item;
    while (sj_json_is_array(actions) && sj_json_next(actions, &at, &name, &item)) {
        struct sj_record action = {.state = SJ_TEXT("open"), .no = ++no, .parent = plan->id};
        if (no > ACTIONS_MAX) {
            break;
        }
        TRY(read_action(x, item, &action));
        TRY(sj_record_add(&desk, SJ_RECORD_PLAN_ACTION, evaluation, &action));
    }
    return no >= 1 && no <= ACTIONS_MAX ? SJ_DONE
                                        : remedy_refuse(x, "actions", "FORMAT", "1 to 50 actions");
}

/* Chair or rapporteur of the file, or the process owner. */
static sj_status need_keeper(struct sj_exchange *x, const struct sj_evaluation *evaluation)
{
    static const char *const seats[] = {"chair", "rapporteur", NULL};
    return sj_uuid_equal(x->session.actor.unit, evaluation->unit)
               ? SJ_DONE
               : remedy_need_seat(x, evaluation, seats);
}

static sj_status write_plan(struct sj_exchange *x, const struct sj_record *plan)
{
    const struct sj_desk desk = sj_desk_of(x);
    const struct sj_record_filter filter = {.parent = plan->id};
    struct sj_record *actions = NULL;
    size_t count = 0;
    struct sj_uuid last;
    TRY(sj_record_list(&desk, SJ_RECORD_PLAN_ACTION, &filter,
        (struct sj_paging){{{0}}, ACTIONS_MAX}, &actions, &count, &last));
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    remedy_write_members(&json, SJ_RECORD_PLAN, plan);
    sj_json_array(&json, "actions");
    for (int64_t no = 1; no <= ACTIONS_MAX; no++) {
        for (size_t i = 0; i < count; i++) {
            if (actions[i].no == no) {
                remedy_write(&json, SJ_RECORD_PLAN_ACTION, &actions[i]);
            }
        }
    }
    sj_json_array_end(&json);
    sj_json_object_end(&json);
    TRY(sj_exchange_etag(x, plan->version));
    return sj_json_end(&json);
}

static sj_status create(struct sj_exchange *x)
{
    struct plan_body body = {.goal = {"", 0}};
    TRY(sj_exchange_decode(x, plan_members, SJ_COUNT(plan_members), &body));
    TRY(remedy_prose(x, "goal", &body.goal, REMEDY_TEXT_MAX, true));
    struct sj_evaluation evaluation;
    TRY(remedy_evaluation_of_path(x, &evaluation));
    ENSURE(!sj_uuid_equal(x->session.actor.judge, evaluation.judge), FORBIDDEN);
    TRY(need_keeper(x, &evaluation));
    if (evaluation.issued_at == 0) {
        return remedy_unmet(x, "NOT_ISSUED", "a plan follows a report card");
    }
    CLEANUP(remedy_body_clear) struct remedy_body out;
    remedy_body_begin(&out);
    remedy_body_text(&out, "goal", body.goal);
    struct sj_record plan = {.state = SJ_TEXT("open")};
    TRY(remedy_body_end(x, &out, &plan.body));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_record_add(&desk, SJ_RECORD_PLAN, &evaluation, &plan));
    TRY(add_actions(x, &evaluation, body.actions, &plan));
    TRY(sj_exchange_created(x, "/api/v1/plans", plan.id));
    return write_plan(x, &plan);
}

static sj_status list(struct sj_exchange *x)
{
    return remedy_list(x, SJ_RECORD_PLAN);
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_record plan;
    TRY(remedy_record(x, SJ_RECORD_PLAN, &plan));
    return write_plan(x, &plan);
}

/* {id} is the action's. */
static sj_status find_action(
    struct sj_exchange *x, struct sj_record *action, struct sj_evaluation *evaluation)
{
    TRY(remedy_record(x, SJ_RECORD_PLAN_ACTION, action));
    TRY(sj_exchange_if_match(x, action->version));
    return evaluation == NULL ? SJ_DONE : remedy_evaluation(x, action->evaluation, evaluation);
}

static sj_status read_one_action(struct sj_exchange *x)
{
    return remedy_read(x, SJ_RECORD_PLAN_ACTION);
}

struct progress_body {
    struct sj_text text;
    struct sj_text evidence;
};
static const struct sj_json_member progress_members[] = {
    REMEDY_TEXT(progress_body, text, true),
    REMEDY_TEXT(progress_body, evidence, true),
};

static sj_status report_progress(struct sj_exchange *x)
{
    struct progress_body body = {.text = {"", 0}};
    TRY(sj_exchange_decode(x, progress_members, SJ_COUNT(progress_members), &body));
    TRY(remedy_prose(x, "text", &body.text, REMEDY_TEXT_MAX, true));
    TRY(remedy_prose(x, "evidence", &body.evidence, REMEDY_TEXT_MAX, true));
    struct sj_record action;
    struct sj_evaluation evaluation;
    TRY(find_action(x, &action, &evaluation));
    TRY(remedy_need_judge(x, &evaluation));
    ENSURE(!sj_text_is(action.state, "accepted"), CONFLICT);
    CLEANUP(remedy_body_clear) struct remedy_body out;
    remedy_body_begin(&out);
    remedy_body_text(&out, "text", body.text);
    remedy_body_text(&out, "evidence", body.evidence);
    TRY(remedy_body_end(x, &out, &action.answer));
    action.state = SJ_TEXT("reported");
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_record_change(&desk, SJ_RECORD_PLAN_ACTION, &action));
    return remedy_answer(x, SJ_RECORD_PLAN_ACTION, &action);
}

struct acceptance_body {
    bool accepted;
};
static const struct sj_json_member acceptance_members[] = {
    {.name = "accepted",
        .kind = SJ_JSON_BOOL,
        .offset = offsetof(struct acceptance_body, accepted),
        .present_offset = SJ_JSON_NO_PRESENT,
        .required = true},
};

static sj_status accept_action(struct sj_exchange *x)
{
    struct acceptance_body body = {.accepted = false};
    TRY(sj_exchange_decode(x, acceptance_members, SJ_COUNT(acceptance_members), &body));
    struct sj_record action;
    TRY(find_action(x, &action, NULL));
    ENSURE(!sj_uuid_equal(x->session.actor.judge, action.judge), FORBIDDEN);
    if (!sj_uuid_equal(action.person, x->session.actor.account)) {
        struct sj_evaluation evaluation;
        TRY(remedy_evaluation(x, action.evaluation, &evaluation));
        ENSURE(sj_uuid_equal(x->session.actor.unit, evaluation.unit), FORBIDDEN);
    }
    ENSURE(sj_text_is(action.state, "reported"), CONFLICT);
    action.state = body.accepted ? SJ_TEXT("accepted") : SJ_TEXT("returned");
    action.is_done = body.accepted;
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_record_change(&desk, SJ_RECORD_PLAN_ACTION, &action));
    return remedy_answer(x, SJ_RECORD_PLAN_ACTION, &action);
}

const struct sj_endpoint sj_routes_plans[] = {
    {{SJ_GET, "/api/v1/plans", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ, SJ_ACTION_PLAN_LIST,
        list},
    {{SJ_POST, "/api/v1/evaluations/{id}/plans", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_PLAN_CREATE, create},
    {{SJ_GET, "/api/v1/plans/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_PLAN_READ, read_one},
    {{SJ_GET, "/api/v1/plan-actions/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_PLAN_READ, read_one_action},
    {{SJ_POST, "/api/v1/plan-actions/{id}/progress", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL},
        SJ_USE_WRITE, SJ_ACTION_PLAN_UPDATE, report_progress},
    {{SJ_POST, "/api/v1/plan-actions/{id}/acceptance", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL},
        SJ_USE_WRITE, SJ_ACTION_PLAN_ACCEPT, accept_action},
};
const size_t sj_routes_plans_count = SJ_COUNT(sj_routes_plans);
