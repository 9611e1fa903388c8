/* SPDX-License-Identifier: Apache-2.0
 *
 * /judges: the register of the caller's unit, or the own entry of a judge. Members that the decision does not
 * let be read are left out; null means that the register does not know.
 */
#include "evaluation_desk.h"
#include "routes.h"

#include "sanjeh/evaluation/judge.h"

#define NAME_BYTES_MAX 400 /* decoding bound; the rule itself is sj_name_check */

static void write_career(struct sj_json *json, const struct sj_judge *judge)
{
    sj_json_text_or_null(json, "sex", judge->sex);
    sj_json_text_or_null(json, "education", judge->education);
    if (judge->birth_year == 0) {
        sj_json_null(json, "birth_year");
    } else {
        sj_json_int(json, "birth_year", judge->birth_year);
    }
    if (judge->judicial_base == 0) {
        sj_json_null(json, "judicial_base");
    } else {
        sj_json_int(json, "judicial_base", judge->judicial_base);
    }
    char date[11] = "";
    if (judge->has_first_appointment) {
        sj_date_format(sj_date_from_days(judge->first_appointment), date);
    }
    sj_json_text_or_null(json, "first_appointment", sj_text_of(date));
}

static void write_judge(
    struct sj_json *json, const struct sj_judge *judge, const struct sj_decision *decision)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", judge->id);
    sj_json_id(json, "unit_id", judge->unit);
    if (sj_may_read(decision, SJ_FIELD_JUDGE_PERSONNEL_NUMBER)) {
        sj_json_text_or_null(json, "personnel_number", judge->personnel_number);
    }
    if (sj_may_read(decision, SJ_FIELD_JUDGE_NATIONAL_NUMBER)) {
        sj_json_text_or_null(json, "national_number", judge->national_number);
    }
    if (sj_may_read(decision, SJ_FIELD_JUDGE_NAME)) {
        sj_json_text_or_null(json, "name", judge->name);
    }
    if (sj_may_read(decision, SJ_FIELD_JUDGE_STATUS)) {
        sj_json_text_or_null(json, "status", judge->status);
    }
    if (sj_may_read(decision, SJ_FIELD_JUDGE_CAREER)) {
        write_career(json, judge);
    }
    sj_json_bool(json, "erased", judge->is_erased);
    sj_json_int(json, "version", judge->version);
    sj_json_time(json, "created_at", judge->created_at);
    sj_json_object_end(json);
}

static sj_status list(struct sj_exchange *x)
{
    static const char *const allowed[] = {
        "q", "personnel_number", "national_number", "status", NULL};
    struct sj_page page;
    TRY(sj_exchange_page(x, allowed, &page));
    struct sj_judge_query query;
    TRY(sj_filter_text(x, "q", &query.q));
    TRY(sj_filter_text(x, "personnel_number", &query.personnel_number));
    TRY(sj_filter_text(x, "national_number", &query.national_number));
    TRY(sj_filter_text(x, "status", &query.status));
    const struct sj_desk desk = sj_desk_of(x);
    bool fits = false;
    TRY(sj_judge_words_fit(x->arena, query.q, &fits));
    if (!fits) {
        return sj_filter_refuse(x, "q", "TOO_LONG", "at most 8 words");
    }
    struct sj_judge *judges = NULL;
    size_t count = 0;
    struct sj_uuid last;
    TRY(sj_judge_list(&desk, &query, sj_paging_of(page), &judges, &count, &last));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        TRY(sj_exchange_subject(x, judges[i].id));
        write_judge(&json, &judges[i], &x->decision);
    }
    return sj_exchange_list_end(x, &json, last);
}

static sj_status answer_one(struct sj_exchange *x, const struct sj_judge *judge)
{
    struct sj_json json = sj_json_begin(&x->body);
    write_judge(&json, judge, &x->decision);
    TRY(sj_exchange_etag(x, judge->version));
    return sj_json_end(&json);
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    struct sj_judge judge;
    TRY(sj_judge_find(&desk, id, &found, &judge));
    ENSURE(found, NOT_FOUND);
    return answer_one(x, &judge);
}

/* ---- create and change ---- */

struct body {
    struct sj_text personnel_number;
    struct sj_text national_number;
    struct sj_text name;
    struct sj_text status;
    struct sj_text sex;
    struct sj_text education;
    struct sj_text first_appointment;
    int64_t birth_year;
    int64_t judicial_base;
    bool has_personnel_number;
    bool has_national_number;
    bool has_name;
    bool has_status;
    bool has_sex;
    bool has_education;
    bool has_first_appointment;
    bool has_birth_year;
    bool has_judicial_base;
};

/* @cite RFC 7396: null removes, so what an entry cannot be without takes none. */
#define MEMBER(field, member_kind, is_required, is_nullable, bound)                                \
    {                                                                                              \
        .name = #field, .kind = (member_kind), .offset = offsetof(struct body, field),             \
        .present_offset = offsetof(struct body, has_##field), .required = (is_required),           \
        .nullable = (is_nullable), .limit = (bound)                                                \
    }
#define MEMBERS(is_required)                                                                       \
    {                                                                                              \
        MEMBER(personnel_number, SJ_JSON_TEXT, is_required, false, 64),                            \
            MEMBER(national_number, SJ_JSON_TEXT, false, true, 64),                                \
            MEMBER(name, SJ_JSON_TEXT, is_required, false, NAME_BYTES_MAX),                        \
            MEMBER(status, SJ_JSON_TEXT, false, false, 32),                                        \
            MEMBER(sex, SJ_JSON_TEXT, false, true, 32),                                            \
            MEMBER(education, SJ_JSON_TEXT, false, true, 32),                                      \
            MEMBER(first_appointment, SJ_JSON_TEXT, false, true, 32),                              \
            MEMBER(birth_year, SJ_JSON_INT, false, true, 9999),                                    \
            MEMBER(judicial_base, SJ_JSON_INT, false, true, 99)                                    \
    }
/* What null leaves in a number; no limit lets it be sent. */
#define REMOVED INT64_MIN
#define EMPTY_BODY                                                                                 \
    ((struct body){.has_name = false, .birth_year = REMOVED, .judicial_base = REMOVED})
static const struct sj_json_member members_of_new[] = MEMBERS(true);
static const struct sj_json_member members_of_change[] = MEMBERS(false);

static sj_status refuse_member(struct sj_exchange *x, const char *member, const char *code)
{
    char pointer[64];
    (void)snprintf(pointer, sizeof pointer, "/%s", member);
    TRY(sj_json_fault_add(&x->faults, x->arena, sj_text_of(pointer), code,
        SJ_TEXT("this value is not acceptable here")));
    FAIL(INVALID);
}

static bool may_write(const struct sj_decision *decision, const struct body *body)
{
    const bool has_career = body->has_sex || body->has_education || body->has_first_appointment ||
                            body->has_birth_year || body->has_judicial_base;
    return (!body->has_personnel_number ||
               sj_may_write(decision, SJ_FIELD_JUDGE_PERSONNEL_NUMBER)) &&
           (!body->has_national_number || sj_may_write(decision, SJ_FIELD_JUDGE_NATIONAL_NUMBER)) &&
           (!body->has_name || sj_may_write(decision, SJ_FIELD_JUDGE_NAME)) &&
           (!body->has_status || sj_may_write(decision, SJ_FIELD_JUDGE_STATUS)) &&
           (!has_career || sj_may_write(decision, SJ_FIELD_JUDGE_CAREER));
}

/* A day in either calendar, read by the rule of periods. */
static sj_status apply_appointment(
    struct sj_exchange *x, const struct body *body, struct sj_judge *judge)
{
    if (!body->has_first_appointment) {
        return SJ_DONE;
    }
    judge->has_first_appointment = body->first_appointment.ptr != NULL;
    if (!judge->has_first_appointment) {
        return SJ_DONE;
    }
    CLEANUP(sj_buf_clear) struct sj_buf range = SJ_BUF(128);
    TRY(sj_buf_put_text(&range, body->first_appointment));
    TRY(sj_buf_put_byte(&range, '/'));
    TRY(sj_buf_put_text(&range, body->first_appointment));
    struct sj_period period;
    if (sj_failed(sj_period_parse(sj_buf_text(&range), &period))) {
        return refuse_member(x, "first_appointment", "BAD_DATE");
    }
    judge->first_appointment = period.from_day;
    return SJ_DONE;
}

/* Only null removes. An empty text and a zero are values, and never good ones, but in struct sj_judge they would
 * mean "unknown". */
static sj_status refuse_empty(struct sj_exchange *x, const struct body *body)
{
    const struct {
        const char *name;
        bool is_bad;
    } members[] = {
        {"status", body->has_status && body->status.len == 0},
        {"national_number", body->national_number.ptr != NULL && body->national_number.len == 0},
        {"sex", body->sex.ptr != NULL && body->sex.len == 0},
        {"education", body->education.ptr != NULL && body->education.len == 0},
        {"birth_year", body->birth_year == 0},
        {"judicial_base", body->judicial_base == 0},
    };
    for (size_t i = 0; i < SJ_COUNT(members); i++) {
        if (members[i].is_bad) {
            return refuse_member(x, members[i].name, "EMPTY");
        }
    }
    return SJ_DONE;
}

static int64_t number_of(int64_t sent)
{
    return sent == REMOVED ? 0 : sent;
}

/* Members that were sent replace the judge's, null removes them. */
static sj_status apply(struct sj_exchange *x, const struct body *body, struct sj_judge *judge)
{
    TRY(refuse_empty(x, body));
    judge->personnel_number =
        body->has_personnel_number ? body->personnel_number : judge->personnel_number;
    judge->national_number =
        body->has_national_number ? body->national_number : judge->national_number;
    judge->name = body->has_name ? body->name : judge->name;
    judge->status = body->has_status ? body->status : judge->status;
    judge->sex = body->has_sex ? body->sex : judge->sex;
    judge->education = body->has_education ? body->education : judge->education;
    judge->birth_year = body->has_birth_year ? number_of(body->birth_year) : judge->birth_year;
    judge->judicial_base =
        body->has_judicial_base ? number_of(body->judicial_base) : judge->judicial_base;
    TRY(apply_appointment(x, body, judge));
    const char *field = "";
    const char *code = sj_judge_check(x->arena, judge, &field);
    return code == NULL ? SJ_DONE : refuse_member(x, field, code);
}

static sj_status create(struct sj_exchange *x)
{
    struct body body = EMPTY_BODY;
    TRY(sj_exchange_decode(x, members_of_new, SJ_COUNT(members_of_new), &body));
    ENSURE(may_write(&x->decision, &body), FORBIDDEN);
    struct sj_judge judge = {0};
    TRY(apply(x, &body, &judge));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_judge_create_many(&desk, &judge, 1));
    TRY(sj_exchange_subject(x, judge.id));
    TRY(sj_exchange_created(x, "/api/v1/judges", judge.id));
    return answer_one(x, &judge);
}

/* A change that changes nothing is none: it raises no version and seals nothing again. */
static bool is_same(const struct sj_judge *a, const struct sj_judge *b)
{
    return sj_text_equal(a->personnel_number, b->personnel_number) &&
           sj_text_equal(a->national_number, b->national_number) &&
           sj_text_equal(a->name, b->name) && sj_text_equal(a->status, b->status) &&
           sj_text_equal(a->sex, b->sex) && sj_text_equal(a->education, b->education) &&
           a->birth_year == b->birth_year && a->judicial_base == b->judicial_base &&
           a->has_first_appointment == b->has_first_appointment &&
           (!a->has_first_appointment || a->first_appointment == b->first_appointment);
}

static sj_status change(struct sj_exchange *x)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    struct body body = EMPTY_BODY;
    TRY(sj_exchange_decode(x, members_of_change, SJ_COUNT(members_of_change), &body));
    ENSURE(may_write(&x->decision, &body), FORBIDDEN);
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    struct sj_judge before;
    TRY(sj_judge_find_whole(&desk, id, &found, &before));
    ENSURE(found, NOT_FOUND);
    TRY(sj_exchange_if_match(x, before.version));
    struct sj_judge after = before;
    TRY(apply(x, &body, &after));
    if (!is_same(&before, &after)) {
        TRY(sj_judge_update(&desk, &before, &after));
    }
    return answer_one(x, &after);
}

const struct sj_endpoint sj_routes_judges[] = {
    {{SJ_GET, "/api/v1/judges", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_JUDGE_LIST, list},
    {{SJ_POST, "/api/v1/judges", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_JUDGE_CREATE, create},
    {{SJ_GET, "/api/v1/judges/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_JUDGE_READ, read_one},
    {{SJ_PATCH, "/api/v1/judges/{id}", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_JUDGE_UPDATE, change},
};
const size_t sj_routes_judges_count = SJ_COUNT(sj_routes_judges);
