/* SPDX-License-Identifier: Apache-2.0
 *
 * /clocks and /calendar: default lengths of clocks, holidays, and when a clock that starts on a day would end.
 */
#include "cycle_answer.h"

#include "sanjeh/base/parse.h"
#include "sanjeh/cycle/calendar.h"

#define DAYS_AROUND 3650
#define US_PER_DAY  (INT64_C(86400) * 1000000)

/* A day in either calendar. */
static sj_status take_day(struct sj_text text, int64_t *ret_day)
{
    CLEANUP(sj_buf_clear) struct sj_buf range = SJ_BUF(128);
    TRY(sj_buf_put_text(&range, text));
    TRY(sj_buf_put_byte(&range, '/'));
    TRY(sj_buf_put_text(&range, text));
    struct sj_period period;
    TRY(sj_period_parse(sj_buf_text(&range), &period));
    *ret_day = period.from_day;
    return SJ_DONE;
}

static sj_status clocks(struct sj_exchange *x)
{
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_text document;
    TRY(sj_clock_list(&desk, &document));
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_raw(&json, NULL, document);
    return sj_json_end(&json);
}

/* The day of a filter; the fallback when it is not given. */
static sj_status take_filter_day(
    struct sj_exchange *x, const char *name, int64_t fallback, int64_t *ret_day)
{
    struct sj_text text;
    TRY(sj_filter_text(x, name, &text));
    *ret_day = fallback;
    if (text.len > 0 && sj_failed(take_day(text, ret_day))) {
        return sj_filter_refuse(x, name, "BAD_DATE", "YYYY-MM-DD");
    }
    return SJ_DONE;
}

static sj_status list(struct sj_exchange *x)
{
    const int64_t today = sj_time_now() / US_PER_DAY;
    int64_t from = 0;
    int64_t to = 0;
    TRY(take_filter_day(x, "from", today - DAYS_AROUND, &from));
    TRY(take_filter_day(x, "to", today + DAYS_AROUND, &to));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_documents days;
    TRY(sj_holiday_list(&desk, from, to, &days));
    return sj_answer_documents(x, &days);
}

/* A day that is none, is not there or has come is NOT_FOUND alike: there is nothing that could be removed. */
static sj_status remove_day(struct sj_exchange *x)
{
    int64_t day = 0;
    bool removed = false;
    ENSURE(!sj_failed(take_day(sj_request_param(x->request, "day"), &day)), NOT_FOUND);
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_holiday_remove(&desk, day, &removed));
    ENSURE(removed, NOT_FOUND);
    x->status = 204;
    return SJ_DONE;
}

struct body {
    struct sj_text day;
    struct sj_text name_fa;
    struct sj_text name_en;
    struct sj_text source;
};
#define MEMBER(field)                                                                              \
    {                                                                                              \
        .name = #field, .kind = SJ_JSON_TEXT, .offset = offsetof(struct body, field),              \
        .present_offset = SJ_JSON_NO_PRESENT, .required = true, .limit = SJ_LABEL_BYTES_MAX        \
    }
static const struct sj_json_member members[] = {
    MEMBER(day), MEMBER(name_fa), MEMBER(name_en), MEMBER(source)};

static sj_status create(struct sj_exchange *x)
{
    struct body body = {.day = {"", 0}};
    TRY(sj_exchange_decode(x, members, SJ_COUNT(members), &body));
    struct sj_holiday holiday = {
        .name_fa = body.name_fa, .name_en = body.name_en, .source = body.source};
    if (sj_failed(take_day(body.day, &holiday.day))) {
        return sj_refuse_at(x, "/day", "BAD_DATE", "YYYY-MM-DD");
    }
    if (sj_failed(sj_label_check(body.name_fa)) || sj_failed(sj_label_check(body.name_en)) ||
        sj_failed(sj_label_check(body.source))) {
        return sj_refuse_at(x, "/name_fa", "BAD_NAME", "labels of at most 128 bytes");
    }
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_holiday_add(&desk, &holiday));
    x->status = 201;
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    char text[16];
    sj_date_format(sj_date_from_days(holiday.day), text);
    sj_json_str(&json, "day", text);
    sj_json_text(&json, "name_fa", holiday.name_fa);
    sj_json_text(&json, "name_en", holiday.name_en);
    sj_json_text(&json, "source", holiday.source);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

static sj_status preview(struct sj_exchange *x)
{
    struct sj_text start;
    struct sj_text days_text;
    struct sj_text kind;
    TRY(sj_filter_text(x, "start", &start));
    TRY(sj_filter_text(x, "days", &days_text));
    TRY(sj_filter_text(x, "kind", &kind));
    int64_t start_day = 0;
    int64_t days = 0;
    if (sj_failed(take_day(start, &start_day))) {
        return sj_filter_refuse(x, "start", "BAD_DATE", "YYYY-MM-DD");
    }
    if (sj_failed(sj_parse_i64(days_text, 1, 400, &days))) {
        return sj_filter_refuse(x, "days", "RANGE", "1 to 400");
    }
    kind = kind.len == 0 ? SJ_TEXT("calendar") : kind;
    if (!sj_text_is(kind, "calendar") && !sj_text_is(kind, "working")) {
        return sj_filter_refuse(x, "kind", "UNKNOWN", "calendar or working");
    }
    const struct sj_desk desk = sj_desk_of(x);
    sj_time_us due = 0;
    int64_t due_day = 0;
    TRY(sj_calendar_deadline(&desk, start_day, days, kind, &due, &due_day));
    char gregorian[16];
    char jalali[16];
    sj_date_format(sj_date_from_days(due_day), gregorian);
    sj_date_format(sj_jalali_from_days(due_day), jalali);
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_time(&json, "due_at", due);
    sj_json_str(&json, "day", gregorian);
    sj_json_str(&json, "day_jalali", jalali);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

const struct sj_endpoint sj_routes_calendar[] = {
    {{SJ_GET, "/api/v1/clocks", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_CALENDAR_LIST, clocks},
    {{SJ_GET, "/api/v1/calendar/holidays", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_CALENDAR_LIST, list},
    {{SJ_POST, "/api/v1/calendar/holidays", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_CALENDAR_CREATE, create},
    {{SJ_DELETE, "/api/v1/calendar/holidays/{day}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL},
        SJ_USE_WRITE, SJ_ACTION_CALENDAR_REMOVE, remove_day},
    {{SJ_GET, "/api/v1/calendar/deadline", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_CALENDAR_LIST, preview},
};
const size_t sj_routes_calendar_count = SJ_COUNT(sj_routes_calendar);
