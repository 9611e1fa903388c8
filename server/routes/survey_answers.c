/* SPDX-License-Identifier: Apache-2.0
 *
 * /survey-questions and /survey-answers: for people with a token and no account. The token travels in a body, never in an
 * address. Neither is an entry of the record: they are counted in an aggregate that names no source (ADR-0017).
 * /surveys/{id}/comments: what the owner reads and blackens before a release.
 */
#include "evaluation_desk.h"
#include "routes.h"

#include "sanjeh/survey/survey.h"

#define ANSWER_BODY  ((size_t)8 * 1024)
#define COMMENT_JSON 4096 /* more than a comment may have: the domain says which limit was passed */

struct answer_body {
    struct sj_text token;
    struct sj_text comment;
    const struct sj_json_value *marks;
};
static const struct sj_json_member answer_members[] = {
    {"token", SJ_JSON_TEXT, offsetof(struct answer_body, token), SJ_JSON_NO_PRESENT, true, false,
        128},
    {"marks", SJ_JSON_TREE, offsetof(struct answer_body, marks), SJ_JSON_NO_PRESENT, true, false,
        0},
    {"comment", SJ_JSON_TEXT, offsetof(struct answer_body, comment), SJ_JSON_NO_PRESENT, false,
        true, COMMENT_JSON},
};

/* A transaction in the server's own context: nobody is signed in. */
static sj_status begin(struct sj_exchange *x, struct sj_context *context, struct sj_desk *ret_desk)
{
    TRY(sj_survey_context(x->worker->fields, context));
    TRY(sj_tx_begin(x->worker->db, context, &x->tx));
    *ret_desk = (struct sj_desk){.db = x->worker->db,
        .fields = x->worker->fields,
        .context = context,
        .arena = x->arena,
        .tx = x->tx};
    return SJ_DONE;
}

static sj_status post_answer(struct sj_exchange *x)
{
    struct answer_body body = {.comment = {"", 0}};
    TRY(sj_exchange_decode(x, answer_members, SJ_COUNT(answer_members), &body));
    struct sj_context context;
    struct sj_desk desk;
    TRY(begin(x, &context, &desk));
    TRY(sj_survey_answer(&desk, body.token, body.marks, body.comment, &x->faults));
    TRY(sj_tx_commit(&x->tx));
    x->status = 201;
    return sj_buf_put_str(&x->body, "{\"accepted\":true}");
}

struct token_body {
    struct sj_text token;
};
static const struct sj_json_member token_members[] = {
    {"token", SJ_JSON_TEXT, offsetof(struct token_body, token), SJ_JSON_NO_PRESENT, true, false,
        128},
};

static sj_status questions(struct sj_exchange *x)
{
    struct token_body body = {.token = {"", 0}};
    TRY(sj_exchange_decode(x, token_members, SJ_COUNT(token_members), &body));
    struct sj_context context;
    struct sj_desk desk;
    TRY(begin(x, &context, &desk));
    struct sj_survey survey;
    struct sj_survey_item *items;
    size_t count;
    TRY(sj_survey_questions(&desk, body.token, &survey, &items, &count));
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_text(&json, "title_fa", survey.title_fa);
    sj_json_text(&json, "title_en", survey.title_en);
    sj_json_period(&json, "period", survey.from_day, survey.to_day);
    sj_json_time(&json, "closes_at", survey.closes_at);
    sj_json_array(&json, "items");
    for (size_t i = 0; i < count; i++) {
        sj_json_object(&json, NULL);
        sj_json_text(&json, "criterion", items[i].criterion);
        sj_json_text(&json, "text_fa", items[i].text_fa);
        sj_json_text(&json, "text_en", items[i].text_en);
        sj_json_object_end(&json);
    }
    sj_json_array_end(&json);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

/* ---- the owner's comments ---- */

static sj_status find_own(
    struct sj_exchange *x, struct sj_desk *ret_desk, struct sj_survey *ret_survey)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    *ret_desk = sj_desk_of(x);
    bool found = false;
    TRY(sj_survey_find(ret_desk, id, &found, ret_survey));
    ENSURE(found && sj_uuid_equal(ret_survey->unit, x->session.actor.unit), NOT_FOUND);
    (void)snprintf(x->draft.object_type, sizeof x->draft.object_type, "survey");
    x->draft.object = id;
    return sj_exchange_subject(x, ret_survey->judge);
}

static sj_status comments(struct sj_exchange *x)
{
    struct sj_desk desk;
    struct sj_survey survey;
    TRY(find_own(x, &desk, &survey));
    TRY(sj_tx_begin(x->worker->db, x->context, &x->tx));
    desk.tx = x->tx;
    struct sj_survey_comment *items;
    size_t count;
    TRY(sj_survey_comments(&desk, &survey, &items, &count));
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_array(&json, "items");
    for (size_t i = 0; i < count; i++) {
        sj_json_object(&json, NULL);
        sj_json_id(&json, "id", items[i].id);
        sj_json_str(&json, "respondents", sj_survey_group_name(items[i].group));
        sj_json_str(&json, "decision",
            !items[i].is_decided ? NULL : (items[i].is_refused ? "refuse" : "release"));
        sj_json_text(&json, "text", items[i].text);
        sj_json_object_end(&json);
    }
    sj_json_array_end(&json);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

struct decision_body {
    struct sj_uuid comment_id;
    struct sj_text decision;
    const struct sj_json_value *spans;
};
static const struct sj_json_member decision_members[] = {
    {"comment_id", SJ_JSON_ID, offsetof(struct decision_body, comment_id), SJ_JSON_NO_PRESENT, true,
        false, 0},
    {"decision", SJ_JSON_TEXT, offsetof(struct decision_body, decision), SJ_JSON_NO_PRESENT, true,
        false, 16},
    {"spans", SJ_JSON_TREE, offsetof(struct decision_body, spans), SJ_JSON_NO_PRESENT, false, true,
        0},
};

static bool read_span(const struct sj_json_value *value, struct sj_survey_span *span)
{
    int64_t from = 0;
    int64_t to = 0;
    size_t members = 0;
    size_t at = 0;
    struct sj_text name;
    const struct sj_json_value *number;
    while (sj_json_is_object(value) && sj_json_next(value, &at, &name, &number)) {
        members++;
        if (!(sj_text_is(name, "from") && sj_json_as_int(number, &from)) &&
            !(sj_text_is(name, "to") && sj_json_as_int(number, &to))) {
            return false;
        }
    }
    *span = (struct sj_survey_span){(size_t)from, (size_t)to};
    return members == 2 && from >= 0 && to > from && to <= SJ_SURVEY_COMMENT_MAX;
}

static sj_status decide(struct sj_exchange *x)
{
    struct decision_body body = {.spans = NULL};
    TRY(sj_exchange_decode(x, decision_members, SJ_COUNT(decision_members), &body));
    const bool refuses = sj_text_is(body.decision, "refuse");
    if (!refuses && !sj_text_is(body.decision, "release")) {
        return sj_refuse_at(x, "/decision", "FORMAT", "release or refuse");
    }
    struct sj_survey_span spans[SJ_SURVEY_SPANS_MAX];
    size_t count = 0;
    size_t at = 0;
    struct sj_text name;
    const struct sj_json_value *value;
    while (body.spans != NULL && sj_json_is_array(body.spans) &&
           sj_json_next(body.spans, &at, &name, &value)) {
        if (count == SJ_SURVEY_SPANS_MAX || !read_span(value, &spans[count])) {
            return sj_refuse_at(
                x, "/spans", "FORMAT", "at most 16 of {from, to}, in bytes of the comment");
        }
        count++;
    }
    struct sj_desk desk;
    struct sj_survey survey;
    TRY(find_own(x, &desk, &survey));
    TRY(sj_survey_comment_decide(&desk, &survey, body.comment_id, refuses, spans, count));
    return sj_buf_put_str(&x->body, "{\"decided\":true}");
}

const struct sj_endpoint sj_routes_survey_answers[] = {
    {{SJ_POST, "/api/v1/survey-answers", ANSWER_BODY, SJ_MEDIA_JSON, NULL}, SJ_USE_ANONYMOUS,
        SJ_ACTION_NONE, post_answer},
    {{SJ_POST, "/api/v1/survey-questions", ANSWER_BODY, SJ_MEDIA_JSON, NULL}, SJ_USE_ANONYMOUS,
        SJ_ACTION_NONE, questions},
    {{SJ_GET, "/api/v1/surveys/{id}/comments", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_SURVEY_UPDATE, comments},
    {{SJ_POST, "/api/v1/surveys/{id}/comments", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_SURVEY_UPDATE, decide},
};
const size_t sj_routes_survey_answers_count = SJ_COUNT(sj_routes_survey_answers);
