/* SPDX-License-Identifier: Apache-2.0
 *
 * /data-issues: a judge contests an own row, a unit doubts one of its own; the owner of the row answers with a reason.
 */
#include "evaluation_desk.h"
#include "routes.h"

#include "sanjeh/evaluation/issue.h"
#include "sanjeh/remedy/prose.h"

static void write_issue(struct sj_json *json, const struct sj_issue *issue)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", issue->id);
    sj_json_id(json, "unit_id", issue->unit);
    sj_json_id_or_null(json, "evaluation_id", issue->evaluation);
    sj_json_id_or_null(json, "fact_id", issue->fact);
    sj_json_id_or_null(json, "value_id", issue->value);
    sj_json_text_or_null(json, "field", issue->field);
    sj_json_id_or_null(json, "judge_id", issue->judge);
    sj_json_text_or_null(json, "text", issue->text);
    sj_json_text(json, "state", issue->state);
    sj_json_id(json, "opened_by", issue->opened_by);
    sj_json_bool(json, "opened_by_judge", issue->is_by_judge);
    sj_json_time(json, "opened_at", issue->opened_at);
    sj_json_time(json, "due_at", issue->due_at);
    sj_json_text_or_null(json, "reason", issue->reason);
    sj_json_id_or_null(json, "answered_by", issue->answered_by);
    sj_json_time_or_null(json, "answered_at", issue->answered_at);
    sj_json_int(json, "version", issue->version);
    sj_json_object_end(json);
}

static sj_status list(struct sj_exchange *x)
{
    static const char *const allowed[] = {"state", NULL};
    struct sj_page page;
    struct sj_text state;
    TRY(sj_exchange_page(x, allowed, &page));
    TRY(sj_filter_text(x, "state", &state));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_issue *items = NULL;
    size_t count = 0;
    struct sj_uuid last;
    TRY(sj_issue_list(&desk, state, sj_paging_of(page), &items, &count, &last));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        TRY(sj_exchange_subject(x, items[i].judge));
        write_issue(&json, &items[i]);
    }
    return sj_exchange_list_end(x, &json, last);
}

static sj_status find(struct sj_exchange *x, const struct sj_desk *desk, struct sj_uuid id,
    struct sj_issue *ret_issue)
{
    bool found = false;
    TRY(sj_issue_find(desk, id, &found, ret_issue));
    ENSURE(found, NOT_FOUND);
    x->draft.object = id;
    return sj_exchange_subject(x, ret_issue->judge);
}

static sj_status answer_again(struct sj_exchange *x, const struct sj_desk *desk, struct sj_uuid id)
{
    struct sj_issue issue;
    TRY(find(x, desk, id, &issue));
    struct sj_json json = sj_json_begin(&x->body);
    write_issue(&json, &issue);
    TRY(sj_exchange_etag(x, issue.version));
    return sj_json_end(&json);
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    const struct sj_desk desk = sj_desk_of(x);
    return answer_again(x, &desk, id);
}

struct body {
    struct sj_uuid fact_id;
    struct sj_uuid value_id;
    struct sj_uuid judge_id;
    struct sj_text field;
    struct sj_text text;
    struct sj_text outcome;
    struct sj_text reason;
};

#define MEMBER(member, type, is_required, bound)                                                   \
    {                                                                                              \
        .name = #member, .kind = (type), .offset = offsetof(struct body, member),                  \
        .present_offset = SJ_JSON_NO_PRESENT, .required = (is_required),                           \
        .nullable = !(is_required), .limit = (bound)                                               \
    }
static const struct sj_json_member members_of_new[] = {
    MEMBER(fact_id, SJ_JSON_ID, false, 0),
    MEMBER(value_id, SJ_JSON_ID, false, 0),
    MEMBER(judge_id, SJ_JSON_ID, false, 0),
    MEMBER(field, SJ_JSON_TEXT, false, 32),
    MEMBER(text, SJ_JSON_TEXT, true, SJ_ISSUE_TEXT_MAX),
};
static const struct sj_json_member members_of_answer[] = {
    MEMBER(outcome, SJ_JSON_TEXT, true, 16),
    MEMBER(reason, SJ_JSON_TEXT, true, SJ_ISSUE_TEXT_MAX),
};

static sj_status check_prose(struct sj_exchange *x, const char *pointer, struct sj_text *text)
{
    const char *code = sj_remedy_prose(text, SJ_ISSUE_TEXT_MAX);
    return code == NULL
               ? SJ_DONE
               : sj_refuse_at(x, pointer, code, "a text of people, without control characters");
}

static bool is_field(struct sj_text name)
{
    static const char *const fields[] = {"personnel_number", "national_number", "name", "status",
        "sex", "birth_year", "education", "first_appointment", "judicial_base"};
    for (size_t i = 0; i < SJ_COUNT(fields); i++) {
        if (sj_text_is(name, fields[i])) {
            return true;
        }
    }
    return false;
}

static sj_status check_target(struct sj_exchange *x, const struct body *body)
{
    const int targets = (sj_uuid_is_nil(body->fact_id) ? 0 : 1) +
                        (sj_uuid_is_nil(body->value_id) ? 0 : 1) + (body->field.len > 0 ? 1 : 0);
    if (targets != 1) {
        return sj_refuse_at(x, "", "REQUIRED", "one of fact_id, value_id and field");
    }
    if (body->field.len > 0 && !is_field(body->field)) {
        return sj_refuse_at(x, "/field", "UNKNOWN", "a member of the register's entry");
    }
    return SJ_DONE;
}

static sj_status create(struct sj_exchange *x)
{
    struct body body = {0};
    TRY(sj_exchange_decode(x, members_of_new, SJ_COUNT(members_of_new), &body));
    TRY(check_target(x, &body));
    TRY(check_prose(x, "/text", &body.text));
    struct sj_issue issue = {.fact = body.fact_id,
        .value = body.value_id,
        .field = body.field,
        .judge = x->decision.reach == SJ_REACH_SELF ? x->session.actor.judge : body.judge_id,
        .text = body.text};
    if (body.field.len > 0 && sj_uuid_is_nil(issue.judge)) {
        return sj_refuse_at(x, "/judge_id", "REQUIRED", "whose entry it is");
    }
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    TRY(sj_issue_open(&desk, &issue, &found));
    ENSURE(found, NOT_FOUND);
    TRY(sj_exchange_created(x, "/api/v1/data-issues", issue.id));
    return answer_again(x, &desk, issue.id);
}

static sj_status answer(struct sj_exchange *x)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    struct body body = {0};
    TRY(sj_exchange_decode(x, members_of_answer, SJ_COUNT(members_of_answer), &body));
    if (!sj_text_is(body.outcome, "corrected") && !sj_text_is(body.outcome, "rejected") &&
        !sj_text_is(body.outcome, "waived")) {
        return sj_refuse_at(x, "/outcome", "UNKNOWN", "corrected, rejected or waived");
    }
    TRY(check_prose(x, "/reason", &body.reason));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_issue issue;
    TRY(find(x, &desk, id, &issue));
    TRY(sj_exchange_if_match(x, issue.version));
    TRY(sj_issue_answer(&desk, &issue, body.outcome, body.reason));
    (void)snprintf(x->draft.detail, sizeof x->draft.detail, "outcome=%.*s", (int)body.outcome.len,
        body.outcome.ptr);
    return answer_again(x, &desk, id);
}

const struct sj_endpoint sj_routes_data_issues[] = {
    {{SJ_GET, "/api/v1/data-issues", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_DATA_ISSUE_LIST, list},
    {{SJ_POST, "/api/v1/data-issues", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_DATA_ISSUE_CREATE, create},
    {{SJ_GET, "/api/v1/data-issues/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_DATA_ISSUE_READ, read_one},
    {{SJ_POST, "/api/v1/data-issues/{id}/answer", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_DATA_ISSUE_UPDATE, answer},
};
const size_t sj_routes_data_issues_count = SJ_COUNT(sj_routes_data_issues);
