/* SPDX-License-Identifier: Apache-2.0
 *
 * /replies and /interviews: the judge answers the served file in points, the board answers each point in writing, and hears
 * the judge when asked to. A point that nobody answered keeps the verdict away (routes/verdicts.c).
 */
#include "remedy_desk.h"

#define POINTS_MAX 50

static const char *const board_seats[] = {"chair", "member", "rapporteur", NULL};

struct reply_body {
    const struct sj_json_value *points;
    struct sj_text statement;
};
static const struct sj_json_member reply_members[] = {
    REMEDY_TREE(reply_body, points, true),
    REMEDY_TEXT(reply_body, statement, false),
};

static sj_status write_points(
    struct sj_exchange *x, const struct sj_json_value *points, struct sj_json *json)
{
    size_t at = 0;
    size_t count = 0;
    struct sj_text name;
    const struct sj_json_value *item;
    while (sj_json_is_array(points) && sj_json_next(points, &at, &name, &item)) {
        struct sj_text text = {"", 0};
        if (!sj_json_as_text(item, &text) || ++count > POINTS_MAX) {
            return remedy_refuse(x, "points", "FORMAT", "1 to 50 texts");
        }
        TRY(remedy_prose(x, "points", &text, REMEDY_TEXT_MAX, true));
        sj_json_text(json, NULL, text);
    }
    return count == 0 ? remedy_refuse(x, "points", "FORMAT", "1 to 50 texts") : SJ_DONE;
}

static sj_status decode_reply(struct sj_exchange *x, struct sj_text *ret_body)
{
    struct reply_body body = {.points = NULL};
    TRY(sj_exchange_decode(x, reply_members, SJ_COUNT(reply_members), &body));
    TRY(remedy_prose(x, "statement", &body.statement, REMEDY_TEXT_MAX, false));
    CLEANUP(remedy_body_clear) struct remedy_body out;
    remedy_body_begin(&out);
    sj_json_array(&out.json, "points");
    TRY(write_points(x, body.points, &out.json));
    sj_json_array_end(&out.json);
    remedy_body_text(&out, "statement", body.statement);
    return remedy_body_end(x, &out, ret_body);
}

static sj_status need_disclosed(struct sj_exchange *x, const struct sj_evaluation *evaluation)
{
    TRY(remedy_need_judge(x, evaluation));
    if (evaluation->state != SJ_EVALUATION_DISCLOSED) {
        return remedy_unmet(x, "NOT_DISCLOSED", "a reply belongs to a file that is disclosed now");
    }
    return SJ_DONE;
}

static sj_status create(struct sj_exchange *x)
{
    struct sj_record record = {.state = SJ_TEXT("draft")};
    TRY(decode_reply(x, &record.body));
    struct sj_evaluation evaluation;
    TRY(remedy_evaluation_of_path(x, &evaluation));
    TRY(need_disclosed(x, &evaluation));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_record_add(&desk, SJ_RECORD_REPLY, &evaluation, &record));
    TRY(sj_exchange_created(x, "/api/v1/replies", record.id));
    return remedy_answer(x, SJ_RECORD_REPLY, &record);
}

static sj_status find_draft(
    struct sj_exchange *x, struct sj_record *record, struct sj_evaluation *evaluation)
{
    TRY(remedy_record(x, SJ_RECORD_REPLY, record));
    TRY(remedy_evaluation(x, record->evaluation, evaluation));
    TRY(remedy_need_judge(x, evaluation));
    TRY(sj_exchange_if_match(x, record->version));
    if (!sj_text_is(record->state, "draft")) {
        return remedy_unmet(x, "SUBMITTED", "what is submitted is not edited");
    }
    return need_disclosed(x, evaluation);
}

static sj_status change(struct sj_exchange *x)
{
    struct sj_text body;
    TRY(decode_reply(x, &body));
    struct sj_record record;
    struct sj_evaluation evaluation;
    TRY(find_draft(x, &record, &evaluation));
    record.body = body;
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_record_change(&desk, SJ_RECORD_REPLY, &record));
    return remedy_answer(x, SJ_RECORD_REPLY, &record);
}

/* One row a point, so that each is answered for itself. */
static sj_status add_points(
    struct sj_exchange *x, const struct sj_evaluation *evaluation, const struct sj_record *reply)
{
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text name;
    TRY(sj_json_doc_parse(sj_text_bytes(reply->body), &doc, &name, x->arena));
    const struct sj_json_value *points = sj_json_get(sj_json_doc_root(doc), "points");
    const struct sj_desk desk = sj_desk_of(x);
    size_t at = 0;
    int64_t no = 0;
    const struct sj_json_value *item;
    while (points != NULL && sj_json_next(points, &at, &name, &item)) {
        struct sj_text text = {"", 0};
        ENSURE(sj_json_as_text(item, &text), DECRYPT);
        CLEANUP(remedy_body_clear) struct remedy_body out;
        remedy_body_begin(&out);
        remedy_body_text(&out, "text", text);
        struct sj_record point = {.no = ++no, .parent = reply->id};
        TRY(remedy_body_end(x, &out, &point.body));
        TRY(sj_record_add(&desk, SJ_RECORD_REPLY_POINT, evaluation, &point));
    }
    return SJ_DONE;
}

static sj_status submit(struct sj_exchange *x)
{
    struct sj_record record;
    struct sj_evaluation evaluation;
    TRY(find_draft(x, &record, &evaluation));
    TRY(add_points(x, &evaluation, &record));
    record.state = SJ_TEXT("submitted");
    record.is_done = true;
    record.done_at = evaluation.now;
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_record_change(&desk, SJ_RECORD_REPLY, &record));
    TRY(remedy_move(x, &evaluation, SJ_EVALUATION_REPLIED, (struct sj_text){"", 0}));
    return remedy_answer(x, SJ_RECORD_REPLY, &record);
}

static sj_status list(struct sj_exchange *x)
{
    return remedy_list(x, SJ_RECORD_REPLY);
}

static sj_status points_of(struct sj_exchange *x, const struct sj_record *reply,
    struct sj_record **ret_points, size_t *ret_count)
{
    const struct sj_desk desk = sj_desk_of(x);
    const struct sj_record_filter filter = {.parent = reply->id};
    struct sj_uuid last;
    return sj_record_list(&desk, SJ_RECORD_REPLY_POINT, &filter,
        (struct sj_paging){{{0}}, POINTS_MAX}, ret_points, ret_count, &last);
}

/* Ids are random: points are shown by their numbers. */
static void write_in_order(struct sj_json *json, const struct sj_record *points, size_t count)
{
    for (int64_t no = 1; no <= POINTS_MAX; no++) {
        for (size_t i = 0; i < count; i++) {
            if (points[i].no == no) {
                remedy_write(json, SJ_RECORD_REPLY_POINT, &points[i]);
            }
        }
    }
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_record reply;
    TRY(remedy_record(x, SJ_RECORD_REPLY, &reply));
    struct sj_record *points = NULL;
    size_t count = 0;
    TRY(points_of(x, &reply, &points, &count));
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    remedy_write_members(&json, SJ_RECORD_REPLY, &reply);
    sj_json_array(&json, "answers");
    write_in_order(&json, points, count);
    sj_json_array_end(&json);
    sj_json_object_end(&json);
    TRY(sj_exchange_etag(x, reply.version));
    return sj_json_end(&json);
}

struct text_body {
    struct sj_text text;
};
static const struct sj_json_member text_members[] = {REMEDY_TEXT(text_body, text, true)};

static sj_status find_point(
    struct sj_exchange *x, const struct sj_record *reply, struct sj_record *ret_point)
{
    struct sj_record *points = NULL;
    size_t count = 0;
    TRY(points_of(x, reply, &points, &count));
    for (size_t i = 0; i < count; i++) {
        char no[8];
        (void)snprintf(no, sizeof no, "%d", (int)points[i].no);
        if (sj_text_is(sj_request_param(x->request, "no"), no)) {
            *ret_point = points[i];
            return SJ_DONE;
        }
    }
    FAIL(NOT_FOUND);
}

/* From the reply until the verdict, also in a draft that it reopened: what is open then may not wait for another reply. */
static bool is_answerable(enum sj_evaluation_state state)
{
    return state == SJ_EVALUATION_REPLIED || state == SJ_EVALUATION_DRAFTED ||
           state == SJ_EVALUATION_CALIBRATED || state == SJ_EVALUATION_DISCLOSED ||
           state == SJ_EVALUATION_REPLY_LAPSED;
}

static sj_status answer_point(struct sj_exchange *x)
{
    struct text_body body = {.text = {"", 0}};
    TRY(sj_exchange_decode(x, text_members, SJ_COUNT(text_members), &body));
    TRY(remedy_prose(x, "text", &body.text, REMEDY_TEXT_MAX, true));
    struct sj_record reply;
    struct sj_record point;
    struct sj_evaluation evaluation;
    TRY(remedy_record(x, SJ_RECORD_REPLY, &reply));
    TRY(remedy_evaluation(x, reply.evaluation, &evaluation));
    TRY(remedy_need_seat(x, &evaluation, board_seats));
    TRY(find_point(x, &reply, &point));
    if (!is_answerable(evaluation.state)) {
        return remedy_unmet(x, "NOT_REPLIED", "points are answered before the verdict");
    }
    ENSURE(!point.is_done, CONFLICT);
    CLEANUP(remedy_body_clear) struct remedy_body out;
    remedy_body_begin(&out);
    remedy_body_text(&out, "text", body.text);
    TRY(remedy_body_end(x, &out, &point.answer));
    point.is_done = true;
    point.done_at = evaluation.now;
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_record_change(&desk, SJ_RECORD_REPLY_POINT, &point));
    return remedy_answer(x, SJ_RECORD_REPLY_POINT, &point);
}

/* ---- interviews ---- */

static sj_status request_interview(struct sj_exchange *x)
{
    struct text_body body = {.text = {"", 0}};
    TRY(sj_exchange_decode(x, text_members, SJ_COUNT(text_members), &body));
    TRY(remedy_prose(x, "text", &body.text, REMEDY_TEXT_MAX, true));
    struct sj_evaluation evaluation;
    TRY(remedy_evaluation_of_path(x, &evaluation));
    TRY(remedy_need_judge(x, &evaluation));
    if (evaluation.state != SJ_EVALUATION_DISCLOSED && evaluation.state != SJ_EVALUATION_REPLIED &&
        evaluation.state != SJ_EVALUATION_REPLY_LAPSED) {
        return remedy_unmet(x, "NOT_DISCLOSED", "an interview is asked for after the disclosure");
    }
    CLEANUP(remedy_body_clear) struct remedy_body out;
    remedy_body_begin(&out);
    remedy_body_text(&out, "text", body.text);
    struct sj_record record = {.state = SJ_TEXT("requested")};
    TRY(remedy_body_end(x, &out, &record.body));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_record_add(&desk, SJ_RECORD_INTERVIEW, &evaluation, &record));
    TRY(sj_exchange_created(x, "/api/v1/interviews", record.id));
    return remedy_answer(x, SJ_RECORD_INTERVIEW, &record);
}

static sj_status list_interviews(struct sj_exchange *x)
{
    return remedy_list(x, SJ_RECORD_INTERVIEW);
}

static sj_status read_interview(struct sj_exchange *x)
{
    return remedy_read(x, SJ_RECORD_INTERVIEW);
}

struct minutes_body {
    struct sj_text held_on;
    bool attended;
    struct sj_text attendance;
    struct sj_text text;
};
static const struct sj_json_member minutes_members[] = {
    REMEDY_TEXT(minutes_body, held_on, true),
    {.name = "attended",
        .kind = SJ_JSON_BOOL,
        .offset = offsetof(struct minutes_body, attended),
        .present_offset = SJ_JSON_NO_PRESENT,
        .required = true},
    REMEDY_TEXT(minutes_body, attendance, true),
    REMEDY_TEXT(minutes_body, text, true),
};

static sj_status record_interview(struct sj_exchange *x)
{
    struct minutes_body body = {.attended = false};
    TRY(sj_exchange_decode(x, minutes_members, SJ_COUNT(minutes_members), &body));
    TRY(remedy_prose(x, "attendance", &body.attendance, 1000, true));
    TRY(remedy_prose(x, "text", &body.text, REMEDY_TEXT_MAX, true));
    struct sj_record record;
    struct sj_evaluation evaluation;
    TRY(remedy_record(x, SJ_RECORD_INTERVIEW, &record));
    TRY(remedy_evaluation(x, record.evaluation, &evaluation));
    TRY(remedy_need_seat(x, &evaluation, board_seats));
    TRY(sj_exchange_if_match(x, record.version));
    ENSURE(!record.is_done, CONFLICT);
    record.has_day = true;
    TRY(remedy_day(x, "held_on", body.held_on, &record.day));
    CLEANUP(remedy_body_clear) struct remedy_body out;
    remedy_body_begin(&out);
    remedy_body_text(&out, "attendance", body.attendance);
    remedy_body_text(&out, "text", body.text);
    TRY(remedy_body_end(x, &out, &record.answer));
    record.state = body.attended ? SJ_TEXT("held") : SJ_TEXT("not_attended");
    record.is_done = true;
    record.done_at = evaluation.now;
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_record_change(&desk, SJ_RECORD_INTERVIEW, &record));
    return remedy_answer(x, SJ_RECORD_INTERVIEW, &record);
}

const struct sj_endpoint sj_routes_replies[] = {
    {{SJ_GET, "/api/v1/replies", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_REPLY_LIST, list},
    {{SJ_POST, "/api/v1/evaluations/{id}/replies", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL},
        SJ_USE_WRITE, SJ_ACTION_REPLY_CREATE, create},
    {{SJ_GET, "/api/v1/replies/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_REPLY_READ, read_one},
    {{SJ_PATCH, "/api/v1/replies/{id}", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_REPLY_CREATE, change},
    {{SJ_POST, "/api/v1/replies/{id}/submit", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_WRITE,
        SJ_ACTION_REPLY_CREATE, submit},
    {{SJ_POST, "/api/v1/replies/{id}/points/{no}/answer", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL},
        SJ_USE_WRITE, SJ_ACTION_REPLY_ANSWER, answer_point},
    {{SJ_GET, "/api/v1/interviews", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_INTERVIEW_LIST, list_interviews},
    {{SJ_POST, "/api/v1/evaluations/{id}/interviews", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL},
        SJ_USE_WRITE, SJ_ACTION_INTERVIEW_REQUEST, request_interview},
    {{SJ_GET, "/api/v1/interviews/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_INTERVIEW_LIST, read_interview},
    {{SJ_POST, "/api/v1/interviews/{id}/record", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_INTERVIEW_RECORD, record_interview},
};
const size_t sj_routes_replies_count = SJ_COUNT(sj_routes_replies);
