/* SPDX-License-Identifier: Apache-2.0
 *
 * /references: reference data in editions, read by all, added by the process owner. /postings and /availability: where
 * the judges of the own register sit and when they were away; a judge reads the own ones.
 */
#include "evaluation_desk.h"
#include "routes.h"

#include "sanjeh/evaluation/posting.h"
#include "sanjeh/evaluation/reference.h"

static sj_status refuse(struct sj_exchange *x, const char *field, const char *code)
{
    char pointer[48];
    (void)snprintf(pointer, sizeof pointer, "/%s", field);
    TRY(sj_json_fault_add(&x->faults, x->arena, sj_text_of(pointer), code,
        SJ_TEXT("this value is not acceptable here")));
    FAIL(INVALID);
}

static void write_day(struct sj_json *json, const char *name, int64_t day)
{
    char text[11];
    sj_date_format(sj_date_from_days(day), text);
    sj_json_str(json, name, text);
}

/* ---- references ---- */

static void write_reference(struct sj_json *json, const struct sj_reference *item)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", item->id);
    sj_json_text(json, "kind", item->kind);
    sj_json_text(json, "code", item->code);
    sj_json_int(json, "version", item->version);
    sj_json_text(json, "name_fa", item->name_fa);
    sj_json_text(json, "name_en", item->name_en);
    if (item->amount.len == 0) {
        sj_json_null(json, "amount");
    } else {
        sj_json_number(json, "amount", item->amount);
    }
    write_day(json, "valid_from", item->valid_from);
    sj_json_id_or_null(json, "created_by", item->created_by);
    sj_json_time(json, "created_at", item->created_at);
    sj_json_object_end(json);
}

static sj_status list_references(struct sj_exchange *x)
{
    static const char *const allowed[] = {"kind", "code", "day", NULL};
    struct sj_page page;
    struct sj_text day;
    struct sj_reference_query query = {.has_day = false};
    TRY(sj_exchange_page(x, allowed, &page));
    TRY(sj_filter_text(x, "kind", &query.kind));
    TRY(sj_filter_text(x, "code", &query.code));
    TRY(sj_filter_text(x, "day", &day));
    query.has_day = day.len > 0;
    if (query.has_day && (day.len > 32 || sj_failed(sj_day_parse(day, &query.day)))) {
        return sj_filter_refuse(x, "day", "FORMAT", "YYYY-MM-DD");
    }
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_reference *items = NULL;
    size_t count = 0;
    struct sj_uuid last;
    TRY(sj_reference_list(&desk, &query, sj_paging_of(page), &items, &count, &last));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        write_reference(&json, &items[i]);
    }
    return sj_exchange_list_end(x, &json, last);
}

struct reference_body {
    struct sj_text kind;
    struct sj_text code;
    struct sj_text name_fa;
    struct sj_text name_en;
    struct sj_text amount;
    struct sj_text valid_from;
};

#define MEMBER(holder, member, type, is_required, bound)                                           \
    {                                                                                              \
        .name = #member, .kind = (type), .offset = offsetof(struct holder, member),                \
        .present_offset = SJ_JSON_NO_PRESENT, .required = (is_required),                           \
        .nullable = !(is_required), .limit = (bound)                                               \
    }
static const struct sj_json_member reference_members[] = {
    MEMBER(reference_body, kind, SJ_JSON_TEXT, true, 32),
    MEMBER(reference_body, code, SJ_JSON_TEXT, true, 32),
    MEMBER(reference_body, name_fa, SJ_JSON_TEXT, true, SJ_LABEL_BYTES_MAX),
    MEMBER(reference_body, name_en, SJ_JSON_TEXT, true, SJ_LABEL_BYTES_MAX),
    MEMBER(reference_body, amount, SJ_JSON_DECIMAL, false, 16),
    MEMBER(reference_body, valid_from, SJ_JSON_TEXT, true, 32),
};

static sj_status create_reference(struct sj_exchange *x)
{
    struct reference_body body = {.kind = {"", 0}};
    TRY(sj_exchange_decode(x, reference_members, SJ_COUNT(reference_members), &body));
    struct sj_reference item = {.kind = body.kind,
        .code = body.code,
        .name_fa = body.name_fa,
        .name_en = body.name_en,
        .amount = body.amount};
    const char *field = "";
    const char *code = sj_reference_check(&item, &field);
    if (code != NULL) {
        return refuse(x, field, code);
    }
    if (sj_failed(sj_day_parse(body.valid_from, &item.valid_from))) {
        return refuse(x, "valid_from", "FORMAT");
    }
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_reference_create(&desk, &item));
    TRY(sj_exchange_created(x, "/api/v1/references", item.id));
    struct sj_json json = sj_json_begin(&x->body);
    write_reference(&json, &item);
    return sj_json_end(&json);
}

/* ---- postings ---- */

static void write_posting(struct sj_json *json, const struct sj_posting *posting)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", posting->id);
    sj_json_id(json, "unit_id", posting->unit);
    sj_json_id(json, "judge_id", posting->judge);
    sj_json_id(json, "court_id", posting->court);
    sj_json_text(json, "court", posting->court_code);
    sj_json_text_or_null(json, "branch", posting->branch);
    sj_json_text(json, "title", posting->title);
    sj_json_text_or_null(json, "job_group", posting->job_group);
    if (posting->judicial_base == 0) {
        sj_json_null(json, "judicial_base");
    } else {
        sj_json_int(json, "judicial_base", posting->judicial_base);
    }
    sj_json_text_or_null(json, "secondment_body", posting->secondment_body);
    write_day(json, "from", posting->from_day);
    if (posting->has_end) {
        write_day(json, "to", posting->to_day);
    } else {
        sj_json_null(json, "to");
    }
    sj_json_text_or_null(json, "order_number", posting->order_number);
    sj_json_time(json, "created_at", posting->created_at);
    sj_json_object_end(json);
}

static sj_status list_postings(struct sj_exchange *x)
{
    static const char *const allowed[] = {"judge_id", "court_id", NULL};
    struct sj_page page;
    struct sj_uuid judge;
    struct sj_uuid court;
    TRY(sj_exchange_page(x, allowed, &page));
    TRY(sj_filter_id(x, "judge_id", &judge));
    TRY(sj_filter_id(x, "court_id", &court));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_posting *items = NULL;
    size_t count = 0;
    struct sj_uuid last;
    TRY(sj_posting_list(&desk, judge, court, sj_paging_of(page), &items, &count, &last));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        TRY(sj_exchange_subject(x, items[i].judge));
        write_posting(&json, &items[i]);
    }
    return sj_exchange_list_end(x, &json, last);
}

static sj_status answer_posting(
    struct sj_exchange *x, const struct sj_desk *desk, struct sj_uuid id)
{
    bool found = false;
    struct sj_posting posting;
    TRY(sj_posting_find(desk, id, &found, &posting));
    ENSURE(found, NOT_FOUND);
    TRY(sj_exchange_subject(x, posting.judge));
    struct sj_json json = sj_json_begin(&x->body);
    write_posting(&json, &posting);
    TRY(sj_exchange_etag(x, 1)); /* never changed: an end or a correction is a row of its own */
    return sj_json_end(&json);
}

static sj_status read_posting(struct sj_exchange *x)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    const struct sj_desk desk = sj_desk_of(x);
    return answer_posting(x, &desk, id);
}

struct posting_body {
    struct sj_uuid judge_id;
    struct sj_uuid court_id;
    struct sj_text branch;
    struct sj_text title;
    struct sj_text job_group;
    int64_t judicial_base;
    struct sj_text secondment_body;
    struct sj_text from;
    struct sj_text to;
    struct sj_text order_number;
};

static const struct sj_json_member posting_members[] = {
    MEMBER(posting_body, judge_id, SJ_JSON_ID, true, 0),
    MEMBER(posting_body, court_id, SJ_JSON_ID, true, 0),
    MEMBER(posting_body, branch, SJ_JSON_TEXT, false, SJ_LABEL_BYTES_MAX),
    MEMBER(posting_body, title, SJ_JSON_TEXT, true, SJ_LABEL_BYTES_MAX),
    MEMBER(posting_body, job_group, SJ_JSON_TEXT, false, 32),
    MEMBER(posting_body, judicial_base, SJ_JSON_INT, false, 12),
    MEMBER(posting_body, secondment_body, SJ_JSON_TEXT, false, SJ_LABEL_BYTES_MAX),
    MEMBER(posting_body, from, SJ_JSON_TEXT, true, 32),
    MEMBER(posting_body, to, SJ_JSON_TEXT, false, 32),
    MEMBER(posting_body, order_number, SJ_JSON_TEXT, false, SJ_LABEL_BYTES_MAX),
};

static bool is_group(struct sj_text code)
{
    bool is_sound = code.len <= 32;
    for (size_t i = 0; i < code.len; i++) {
        const char c = code.ptr[i];
        const bool is_alnum = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        is_sound = is_sound && (is_alnum || (i > 0 && (c == '.' || c == '_' || c == '-')));
    }
    return is_sound;
}

static sj_status make_posting(
    struct sj_exchange *x, const struct posting_body *body, struct sj_posting *posting)
{
    *posting = (struct sj_posting){.judge = body->judge_id,
        .court = body->court_id,
        .branch = body->branch,
        .title = body->title,
        .job_group = body->job_group,
        .judicial_base = body->judicial_base,
        .secondment_body = body->secondment_body,
        .has_end = body->to.len > 0,
        .order_number = body->order_number};
    if (sj_failed(sj_day_parse(body->from, &posting->from_day))) {
        return refuse(x, "from", "FORMAT");
    }
    if (posting->has_end && sj_failed(sj_day_parse(body->to, &posting->to_day))) {
        return refuse(x, "to", "FORMAT");
    }
    if (!is_group(body->job_group)) {
        return refuse(x, "job_group", "FORMAT");
    }
    const char *field = "";
    const char *code = sj_posting_check(posting, &field);
    return code == NULL ? SJ_DONE : refuse(x, field, code);
}

static sj_status create_posting(struct sj_exchange *x)
{
    struct posting_body body = {.judicial_base = 0};
    TRY(sj_exchange_decode(x, posting_members, SJ_COUNT(posting_members), &body));
    struct sj_posting posting;
    TRY(make_posting(x, &body, &posting));
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    TRY(sj_posting_create(&desk, &posting, &found));
    if (!found) {
        return refuse(x, "judge_id", "UNKNOWN");
    }
    TRY(sj_exchange_created(x, "/api/v1/postings", posting.id));
    return answer_posting(x, &desk, posting.id);
}

/* ---- availability ---- */

static void write_known(struct sj_json *json, const char *name, int64_t number)
{
    if (number < 0) {
        sj_json_null(json, name);
    } else {
        sj_json_int(json, name, number);
    }
}

static void write_availability(struct sj_json *json, const struct sj_availability *item)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", item->id);
    sj_json_id(json, "unit_id", item->unit);
    sj_json_id(json, "judge_id", item->judge);
    sj_json_period(json, "period", item->from_day, item->to_day);
    write_known(json, "leave_days", item->leave_days);
    write_known(json, "other_duty_permille", item->other_duty_permille);
    sj_json_time(json, "created_at", item->created_at);
    sj_json_object_end(json);
}

static sj_status list_availability(struct sj_exchange *x)
{
    static const char *const allowed[] = {"judge_id", NULL};
    struct sj_page page;
    struct sj_uuid judge;
    TRY(sj_exchange_page(x, allowed, &page));
    TRY(sj_filter_id(x, "judge_id", &judge));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_availability *items = NULL;
    size_t count = 0;
    struct sj_uuid last;
    TRY(sj_availability_list(&desk, judge, sj_paging_of(page), &items, &count, &last));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        TRY(sj_exchange_subject(x, items[i].judge));
        write_availability(&json, &items[i]);
    }
    return sj_exchange_list_end(x, &json, last);
}

struct availability_body {
    struct sj_uuid judge_id;
    struct sj_text period;
    int64_t leave_days;
    int64_t other_duty_permille;
};

static const struct sj_json_member availability_members[] = {
    MEMBER(availability_body, judge_id, SJ_JSON_ID, true, 0),
    MEMBER(availability_body, period, SJ_JSON_TEXT, true, 64),
    MEMBER(availability_body, leave_days, SJ_JSON_INT, false, 400),
    MEMBER(availability_body, other_duty_permille, SJ_JSON_INT, false, 1000),
};

#define NOT_SENT INT64_MIN /* the limits let nobody send it */

static sj_status create_availability(struct sj_exchange *x)
{
    struct availability_body body = {.leave_days = NOT_SENT, .other_duty_permille = NOT_SENT};
    TRY(sj_exchange_decode(x, availability_members, SJ_COUNT(availability_members), &body));
    struct sj_availability item = {.judge = body.judge_id,
        .leave_days = body.leave_days == NOT_SENT ? -1 : body.leave_days,
        .other_duty_permille =
            body.other_duty_permille == NOT_SENT ? -1 : body.other_duty_permille};
    if ((body.leave_days != NOT_SENT && body.leave_days < 0) ||
        (body.leave_days == NOT_SENT && body.other_duty_permille == NOT_SENT)) {
        return refuse(x, "leave_days", "RANGE");
    }
    if (body.other_duty_permille != NOT_SENT && body.other_duty_permille < 0) {
        return refuse(x, "other_duty_permille", "RANGE");
    }
    struct sj_period period;
    if (sj_failed(sj_period_parse(body.period, &period))) {
        return refuse(x, "period", "FORMAT");
    }
    item.from_day = period.from_day;
    item.to_day = period.to_day;
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    TRY(sj_availability_create(&desk, &item, &found));
    if (!found) {
        return refuse(x, "judge_id", "UNKNOWN");
    }
    TRY(sj_exchange_created(x, "/api/v1/availability", item.id));
    TRY(sj_exchange_subject(x, item.judge));
    struct sj_json json = sj_json_begin(&x->body);
    write_availability(&json, &item);
    return sj_json_end(&json);
}

const struct sj_endpoint sj_routes_registry[] = {
    {{SJ_GET, "/api/v1/references", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_REFERENCE_LIST, list_references},
    {{SJ_POST, "/api/v1/references", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_REFERENCE_CREATE, create_reference},
    {{SJ_GET, "/api/v1/postings", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_POSTING_LIST, list_postings},
    {{SJ_POST, "/api/v1/postings", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_POSTING_CREATE, create_posting},
    {{SJ_GET, "/api/v1/postings/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_POSTING_READ, read_posting},
    {{SJ_GET, "/api/v1/availability", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_POSTING_LIST, list_availability},
    {{SJ_POST, "/api/v1/availability", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_POSTING_CREATE, create_availability},
};
const size_t sj_routes_registry_count = SJ_COUNT(sj_routes_registry);
