/* SPDX-License-Identifier: Apache-2.0
 *
 * /surveys: made, invited to, moved and released by their owner; results for whoever may see the release.
 */
#include "evaluation_desk.h"
#include "routes.h"

#include "sanjeh/analysis/decimal.h"
#include "sanjeh/survey/survey.h"

#define TITLE_BYTES_MAX 400

/* ---- reading ---- */

static void write_thresholds(struct sj_json *json, const struct sj_survey_thresholds *min)
{
    sj_json_object(json, "thresholds");
    sj_json_int(json, "mean", min->mean);
    sj_json_int(json, "distribution", min->distribution);
    sj_json_int(json, "comments", min->comments);
    sj_json_int(json, "score", min->score);
    sj_json_object_end(json);
}

static void write_survey(struct sj_json *json, const struct sj_survey *survey)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", survey->id);
    sj_json_id_or_null(json, "cycle_id", survey->cycle);
    sj_json_id_or_null(json, "judge_id", survey->judge);
    sj_json_id_or_null(json, "court_id", survey->court);
    sj_json_text(json, "title_fa", survey->title_fa);
    sj_json_text(json, "title_en", survey->title_en);
    sj_json_period(json, "period", survey->from_day, survey->to_day);
    sj_json_time(json, "opens_at", survey->opens_at);
    sj_json_time(json, "closes_at", survey->closes_at);
    sj_json_text(json, "state", survey->state);
    write_thresholds(json, &survey->min);
    sj_json_int(json, "invited", survey->invited);
    sj_json_text_or_null(json, "closed_week", survey->closed_week);
    sj_json_int(json, "version", survey->version);
    sj_json_time(json, "created_at", survey->created_at);
    sj_json_object_end(json);
}

static void note_object(struct sj_exchange *x, struct sj_uuid id)
{
    (void)snprintf(x->draft.object_type, sizeof x->draft.object_type, "survey");
    x->draft.object = id;
}

static sj_status answer_one(struct sj_exchange *x, const struct sj_survey *survey)
{
    note_object(x, survey->id);
    struct sj_json json = sj_json_begin(&x->body);
    write_survey(&json, survey);
    TRY(sj_exchange_etag(x, survey->version));
    return sj_json_end(&json);
}

static sj_status list(struct sj_exchange *x)
{
    static const char *const allowed[] = {"state", NULL};
    struct sj_page page;
    TRY(sj_exchange_page(x, allowed, &page));
    struct sj_text state;
    TRY(sj_filter_text(x, "state", &state));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_survey *surveys = NULL;
    size_t count = 0;
    struct sj_uuid last;
    TRY(sj_survey_list(&desk, state, sj_paging_of(page), &surveys, &count, &last));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        TRY(sj_exchange_subject(x, surveys[i].judge));
        write_survey(&json, &surveys[i]);
    }
    return sj_exchange_list_end(x, &json, last);
}

/* The survey of the path. */
static sj_status find(struct sj_exchange *x, struct sj_desk *ret_desk, struct sj_survey *ret_survey)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    *ret_desk = sj_desk_of(x);
    bool found = false;
    TRY(sj_survey_find(ret_desk, id, &found, ret_survey));
    ENSURE(found, NOT_FOUND);
    note_object(x, id);
    return sj_exchange_subject(x, ret_survey->judge);
}

/* The survey of the path for its owner: whoever only reads a release is told that there is none to change. */
static sj_status find_own(
    struct sj_exchange *x, struct sj_desk *ret_desk, struct sj_survey *ret_survey)
{
    TRY(find(x, ret_desk, ret_survey));
    ENSURE(sj_uuid_equal(ret_survey->unit, x->session.actor.unit), NOT_FOUND);
    return SJ_DONE;
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_desk desk;
    struct sj_survey survey;
    TRY(find(x, &desk, &survey));
    return answer_one(x, &survey);
}

/* ---- making ---- */

struct body {
    struct sj_uuid cycle_id;
    struct sj_uuid judge_id;
    struct sj_uuid court_id;
    struct sj_text title_fa;
    struct sj_text title_en;
    struct sj_text period;
    struct sj_text opens_at;
    struct sj_text closes_at;
    const struct sj_json_value *criteria;
    const struct sj_json_value *thresholds;
};

#define MEMBER(field, member_kind, is_required, bound)                                             \
    {                                                                                              \
        .name = #field, .kind = (member_kind), .offset = offsetof(struct body, field),             \
        .present_offset = SJ_JSON_NO_PRESENT, .required = (is_required),                           \
        .nullable = !(is_required), .limit = (bound)                                               \
    }
static const struct sj_json_member members[] = {
    MEMBER(cycle_id, SJ_JSON_ID, false, 0),
    MEMBER(judge_id, SJ_JSON_ID, false, 0),
    MEMBER(court_id, SJ_JSON_ID, false, 0),
    MEMBER(title_fa, SJ_JSON_TEXT, true, TITLE_BYTES_MAX),
    MEMBER(title_en, SJ_JSON_TEXT, true, TITLE_BYTES_MAX),
    MEMBER(period, SJ_JSON_TEXT, true, 64),
    MEMBER(opens_at, SJ_JSON_TEXT, true, 64),
    MEMBER(closes_at, SJ_JSON_TEXT, true, 64),
    MEMBER(criteria, SJ_JSON_TREE, true, 0),
    MEMBER(thresholds, SJ_JSON_TREE, false, 0),
};

static sj_status read_criteria(struct sj_exchange *x, const struct sj_json_value *tree,
    struct sj_text *criteria, size_t *ret_count)
{
    size_t at = 0;
    struct sj_text name;
    const struct sj_json_value *value;
    *ret_count = 0;
    while (sj_json_is_array(tree) && sj_json_next(tree, &at, &name, &value)) {
        if (*ret_count == SJ_SURVEY_CRITERIA || !sj_json_as_text(value, &criteria[*ret_count])) {
            return sj_refuse_at(x, "/criteria", "FORMAT", "1 to 12 codes");
        }
        (*ret_count)++;
    }
    return *ret_count > 0 ? SJ_DONE : sj_refuse_at(x, "/criteria", "REQUIRED", "1 to 12 codes");
}

static sj_status read_thresholds(
    struct sj_exchange *x, const struct sj_json_value *tree, struct sj_survey_thresholds *min)
{
    *min = (struct sj_survey_thresholds){5, 8, 10, 15};
    if (tree == NULL || sj_json_is_null(tree)) {
        return SJ_DONE;
    }
    const struct {
        const char *name;
        int64_t *value;
        int64_t lowest;
        int64_t highest;
    } known[] = {{"mean", &min->mean, 5, 50}, {"distribution", &min->distribution, 8, 100},
        {"comments", &min->comments, 10, 200}, {"score", &min->score, 15, 500}};
    size_t at = 0;
    struct sj_text name;
    const struct sj_json_value *value;
    while (sj_json_is_object(tree) && sj_json_next(tree, &at, &name, &value)) {
        size_t i = 0;
        while (i < SJ_COUNT(known) && !sj_text_is(name, known[i].name)) {
            i++;
        }
        if (i == SJ_COUNT(known) || !sj_json_as_int(value, known[i].value) ||
            *known[i].value < known[i].lowest || *known[i].value > known[i].highest) {
            return sj_refuse_at(x, "/thresholds", "RANGE",
                "upward only: mean 5 to 50, distribution 8 to 100, comments 10 to 200, score 15 to "
                "500");
        }
    }
    return min->mean <= min->distribution && min->distribution <= min->comments
               ? SJ_DONE
               : sj_refuse_at(x, "/thresholds", "RANGE", "mean ≤ distribution ≤ comments");
}

static sj_status read_window(
    struct sj_exchange *x, const struct body *body, struct sj_survey *survey)
{
    struct sj_period period;
    if (sj_failed(sj_period_parse(body->period, &period))) {
        return sj_refuse_at(x, "/period", "FORMAT", "YYYY, YYYY-MM or YYYY-MM-DD/YYYY-MM-DD");
    }
    survey->from_day = period.from_day;
    survey->to_day = period.to_day;
    if (sj_failed(sj_time_parse(body->opens_at, &survey->opens_at))) {
        return sj_refuse_at(x, "/opens_at", "FORMAT", "RFC 3339");
    }
    if (sj_failed(sj_time_parse(body->closes_at, &survey->closes_at)) ||
        survey->closes_at <= survey->opens_at) {
        return sj_refuse_at(x, "/closes_at", "FORMAT", "RFC 3339, after opens_at");
    }
    return SJ_DONE;
}

static sj_status check_titles(struct sj_exchange *x, const struct body *body)
{
    if (sj_failed(sj_label_check(body->title_fa))) {
        return sj_refuse_at(x, "/title_fa", "FORMAT", "letters, digits, blanks, plain punctuation");
    }
    return sj_failed(sj_label_check(body->title_en))
               ? sj_refuse_at(
                     x, "/title_en", "FORMAT", "letters, digits, blanks, plain punctuation")
               : SJ_DONE;
}

static sj_status create(struct sj_exchange *x)
{
    struct body body = {.criteria = NULL};
    TRY(sj_exchange_decode(x, members, SJ_COUNT(members), &body));
    struct sj_survey survey = {.cycle = body.cycle_id,
        .judge = body.judge_id,
        .court = body.court_id,
        .title_fa = body.title_fa,
        .title_en = body.title_en};
    struct sj_text criteria[SJ_SURVEY_CRITERIA];
    size_t count;
    TRY(check_titles(x, &body));
    TRY(read_window(x, &body, &survey));
    TRY(read_thresholds(x, body.thresholds, &survey.min));
    TRY(read_criteria(x, body.criteria, criteria, &count));
    if (sj_uuid_is_nil(survey.judge) == sj_uuid_is_nil(survey.court)) {
        return sj_refuse_at(x, "/judge_id", "REQUIRED", "a judge of the own register or a court");
    }
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_survey_create(&desk, &survey, criteria, count));
    TRY(sj_exchange_created(x, "/api/v1/surveys", survey.id));
    return answer_one(x, &survey);
}

struct move_body {
    struct sj_text to;
};
static const struct sj_json_member move_members[] = {
    {"to", SJ_JSON_TEXT, offsetof(struct move_body, to), SJ_JSON_NO_PRESENT, true, false, 16},
};

static sj_status move(struct sj_exchange *x)
{
    struct move_body body = {.to = {"", 0}};
    TRY(sj_exchange_decode(x, move_members, SJ_COUNT(move_members), &body));
    struct sj_desk desk;
    struct sj_survey survey;
    TRY(find_own(x, &desk, &survey));
    TRY(sj_exchange_if_match(x, survey.version));
    TRY(sj_survey_move(&desk, &survey, body.to));
    return answer_one(x, &survey);
}

struct invite_body {
    struct sj_text group;
    int64_t count;
};
static const struct sj_json_member invite_members[] = {
    {"group", SJ_JSON_TEXT, offsetof(struct invite_body, group), SJ_JSON_NO_PRESENT, true, false,
        32},
    {"count", SJ_JSON_INT, offsetof(struct invite_body, count), SJ_JSON_NO_PRESENT, true, false,
        SJ_SURVEY_INVITED_MAX},
};

static sj_status invite(struct sj_exchange *x)
{
    struct invite_body body = {.count = 0};
    TRY(sj_exchange_decode(x, invite_members, SJ_COUNT(invite_members), &body));
    const size_t group = sj_survey_group_of(body.group);
    if (group == SJ_SURVEY_GROUPS) {
        return sj_refuse_at(
            x, "/group", "UNKNOWN_GROUP", "lawyers, judges, staff, court_users, court_head");
    }
    if (body.count < 1) {
        return sj_refuse_at(x, "/count", "RANGE", "1 to 1000");
    }
    struct sj_text key;
    if (sj_request_header(x->request, "Idempotency-Key", &key)) {
        /* its answer would be kept for a day, and tokens are kept nowhere */
        FAIL(BAD_IDEMPOTENCY_KEY);
    }
    struct sj_desk desk;
    struct sj_survey survey;
    TRY(find_own(x, &desk, &survey));
    char(*tokens)[SJ_SURVEY_TOKEN_SIZE] = NULL;
    TRY(sj_survey_invite(&desk, &survey, group, (size_t)body.count, &tokens));
    (void)snprintf(x->draft.detail, sizeof x->draft.detail, "group=%s;count=%lld",
        sj_survey_group_name(group), (long long)body.count);
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_text(&json, "group", body.group);
    sj_json_array(&json, "tokens");
    for (int64_t i = 0; i < body.count; i++) {
        sj_json_str(&json, NULL, tokens[i]);
    }
    sj_json_array_end(&json);
    sj_json_object_end(&json);
    x->status = 201;
    return sj_json_end(&json);
}

/* ---- items and results ---- */

static void write_items(struct sj_json *json, const struct sj_survey_item *items, size_t count)
{
    sj_json_array(json, "items");
    for (size_t i = 0; i < count; i++) {
        sj_json_object(json, NULL);
        sj_json_text(json, "criterion", items[i].criterion);
        sj_json_text(json, "respondents", items[i].respondents);
        sj_json_text(json, "text_fa", items[i].text_fa);
        sj_json_text(json, "text_en", items[i].text_en);
        sj_json_object_end(json);
    }
    sj_json_array_end(json);
}

static sj_status items(struct sj_exchange *x)
{
    struct sj_desk desk;
    struct sj_survey survey;
    TRY(find(x, &desk, &survey));
    struct sj_survey_item *found;
    size_t count;
    TRY(sj_survey_items(&desk, &survey, &found, &count));
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    write_items(&json, found, count);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

static sj_status write_cell(struct sj_json *json, const struct sj_survey_cell *cell)
{
    if (!cell->shows_mean) {
        sj_json_null(json, "n");
        sj_json_null(json, "mean");
    } else {
        const int64_t n = sj_survey_cell_n(cell);
        struct sj_decimal mean;
        TRY(sj_decimal_ratio(sj_survey_cell_sum(cell), 1, n, &mean));
        char text[SJ_DECIMAL_TEXT_SIZE];
        sj_decimal_format(mean, text);
        sj_json_int(json, "n", n);
        sj_json_number(json, "mean", sj_text_of(text));
    }
    if (!cell->shows_distribution) {
        sj_json_null(json, "distribution");
        return SJ_DONE;
    }
    sj_json_array(json, "distribution");
    for (size_t mark = 0; mark < SJ_SURVEY_MARKS; mark++) {
        sj_json_int(json, NULL, cell->marks[mark]);
    }
    sj_json_array_end(json);
    return SJ_DONE;
}

/* What a group was not asked is not there: it is no suppressed cell. */
static bool is_asked(const struct sj_survey_item *found, size_t count, int64_t no, size_t group)
{
    for (size_t i = 0; i < count; i++) {
        if (found[i].no == no && sj_survey_group_of(found[i].respondents) == group) {
            return true;
        }
    }
    return false;
}

static sj_status write_criterion(struct sj_json *json, const struct sj_survey_line *line,
    const struct sj_survey_item *found, size_t count, size_t first)
{
    sj_json_object(json, NULL);
    sj_json_text(json, "criterion", found[first].criterion);
    sj_json_object(json, "all");
    TRY(write_cell(json, &line->all));
    sj_json_object_end(json);
    sj_json_array(json, "groups");
    for (size_t group = 0; group < SJ_SURVEY_GROUPS; group++) {
        if (!is_asked(found, count, found[first].no, group)) {
            continue;
        }
        sj_json_object(json, NULL);
        sj_json_str(json, "respondents", sj_survey_group_name(group));
        TRY(write_cell(json, &line->groups[group]));
        sj_json_object_end(json);
    }
    sj_json_array_end(json);
    sj_json_bool(json, "check_subgroup_gap", sj_survey_line_has_gap(line));
    sj_json_object_end(json);
    return SJ_DONE;
}

static void write_comments(struct sj_json *json, const struct sj_survey_results *found)
{
    sj_json_array(json, "comments");
    for (size_t i = 0; i < found->comment_count; i++) {
        sj_json_object(json, NULL);
        sj_json_str(json, "respondents", sj_survey_group_name(found->comments[i].group));
        sj_json_text(json, "text", found->comments[i].text);
        sj_json_object_end(json);
    }
    sj_json_array_end(json);
}

static sj_status write_results(struct sj_exchange *x, const struct sj_survey *survey,
    const struct sj_survey_results *found, const struct sj_survey_item *asked, size_t count)
{
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_id(&json, "survey_id", survey->id);
    sj_json_id(&json, "release_id", found->release);
    sj_json_int(&json, "no", found->no);
    sj_json_time(&json, "released_at", found->released_at);
    write_thresholds(&json, &survey->min);
    if (found->tally.answers.all.shows_mean) {
        sj_json_int(&json, "answers", sj_survey_cell_n(&found->tally.answers.all));
    } else {
        sj_json_null(&json, "answers");
    }
    sj_json_bool(&json, "counts_toward_score", found->counts);
    sj_json_array(&json, "criteria");
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || asked[i].no != asked[i - 1].no) {
            TRY(write_criterion(&json, &found->tally.criteria[asked[i].no - 1], asked, count, i));
        }
    }
    sj_json_array_end(&json);
    write_comments(&json, found);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

static sj_status results(struct sj_exchange *x)
{
    struct sj_desk desk;
    struct sj_survey survey;
    TRY(find(x, &desk, &survey));
    struct sj_survey_results found;
    bool is_there = false;
    TRY(sj_survey_results(&desk, survey.id, &is_there, &found));
    ENSURE(is_there, NOT_FOUND);
    struct sj_survey_item *asked;
    size_t count;
    TRY(sj_survey_items(&desk, &survey, &asked, &count));
    return write_results(x, &survey, &found, asked, count);
}

static sj_status release(struct sj_exchange *x)
{
    struct sj_desk desk;
    struct sj_survey survey;
    TRY(find_own(x, &desk, &survey));
    TRY(sj_exchange_if_match(x, survey.version));
    struct sj_survey_item *asked;
    size_t count;
    TRY(sj_survey_items(&desk, &survey, &asked, &count));
    TRY(sj_survey_release(&desk, &survey, asked, count));
    x->status = 201;
    return answer_one(x, &survey);
}

const struct sj_endpoint sj_routes_surveys[] = {
    {{SJ_GET, "/api/v1/surveys", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_SURVEY_LIST, list},
    {{SJ_POST, "/api/v1/surveys", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_SURVEY_CREATE, create},
    {{SJ_GET, "/api/v1/surveys/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_SURVEY_READ, read_one},
    {{SJ_GET, "/api/v1/surveys/{id}/items", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_SURVEY_READ, items},
    {{SJ_GET, "/api/v1/surveys/{id}/results", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_SURVEY_READ, results},
    {{SJ_POST, "/api/v1/surveys/{id}/moves", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_SURVEY_MOVE, move},
    {{SJ_POST, "/api/v1/surveys/{id}/invitations", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL},
        SJ_USE_WRITE, SJ_ACTION_SURVEY_UPDATE, invite},
    {{SJ_POST, "/api/v1/surveys/{id}/releases", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_WRITE,
        SJ_ACTION_SURVEY_RELEASE, release},
};
const size_t sj_routes_surveys_count = SJ_COUNT(sj_routes_surveys);
