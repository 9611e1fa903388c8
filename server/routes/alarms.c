/* SPDX-License-Identifier: Apache-2.0
 *
 * /audit/alarms: what the watch has found, for the security officer: listed, read, acknowledged once with a reason.
 */
#include "evaluation_desk.h"
#include "routes.h"

#include "sanjeh/keys/scopes.h"
#include "sanjeh/remedy/prose.h"
#include "sanjeh/watch/alarm.h"

#define PREFIX "/api/v1/audit/alarms"

static void write_alarm(struct sj_json *json, const struct sj_alarm *alarm)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", alarm->id);
    sj_json_text(json, "rule", alarm->rule);
    sj_json_text(json, "cause", alarm->cause);
    sj_json_text(json, "detail", alarm->detail);
    sj_json_time(json, "window_start", alarm->window_start);
    sj_json_int(json, "window_s", alarm->window_s);
    sj_json_int(json, "count", alarm->hits);
    if (alarm->first < 0) {
        sj_json_null(json, "first_index");
        sj_json_null(json, "last_index");
    } else {
        sj_json_int(json, "first_index", alarm->first);
        sj_json_int(json, "last_index", alarm->last);
    }
    sj_json_time(json, "raised_at", alarm->raised_at);
    sj_json_time_or_null(json, "acknowledged_at", alarm->acknowledged_at);
    sj_json_id_or_null(json, "acknowledged_by", alarm->acknowledged_by);
    sj_json_text_or_null(json, "reason", alarm->reason);
    sj_json_int(json, "version", alarm->version);
    sj_json_object_end(json);
}

static bool is_rule(struct sj_text name)
{
    bool known = name.len == 0;
    for (size_t i = 0; i < SJ_ALARM_RULE_COUNT_; i++) {
        known = known || sj_text_is(name, sj_alarm_rule_name((enum sj_alarm_rule)i));
    }
    return known;
}

static sj_status list(struct sj_exchange *x)
{
    static const char *const allowed[] = {"rule", "acknowledged", NULL};
    struct sj_page page;
    struct sj_alarm_filter filter = {.open = false};
    struct sj_text acknowledged;
    TRY(sj_exchange_page(x, allowed, &page));
    TRY(sj_filter_text(x, "rule", &filter.rule));
    TRY(sj_filter_text(x, "acknowledged", &acknowledged));
    if (!is_rule(filter.rule)) {
        return sj_filter_refuse(x, "rule", "UNKNOWN", "no rule has this name");
    }
    if (acknowledged.len > 0 && !sj_text_is(acknowledged, "no")) {
        return sj_filter_refuse(x, "acknowledged", "UNKNOWN", "no");
    }
    filter.open = acknowledged.len > 0;
    TRY(sj_exchange_widen(x, SJ_SCOPE_RECORD));
    struct sj_alarm *items = NULL;
    size_t count = 0;
    TRY(sj_alarm_list(
        x->worker->db, x->context, x->arena, &filter, page.after, page.limit, &items, &count));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        write_alarm(&json, &items[i]);
    }
    return sj_exchange_list_end(
        x, &json, count == page.limit ? items[count - 1].id : (struct sj_uuid){{0}});
}

static sj_status find(struct sj_exchange *x, struct sj_alarm *ret_alarm)
{
    struct sj_uuid id;
    bool found = false;
    TRY(sj_exchange_id(x, &id));
    x->draft.object = id;
    TRY(sj_alarm_find(x->worker->db, x->context, x->arena, id, &found, ret_alarm));
    ENSURE(found, NOT_FOUND);
    return SJ_DONE;
}

static sj_status answer_one(struct sj_exchange *x, const struct sj_alarm *alarm)
{
    struct sj_json json = sj_json_begin(&x->body);
    write_alarm(&json, alarm);
    TRY(sj_json_end(&json));
    return sj_exchange_etag(x, alarm->version);
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_alarm alarm;
    TRY(sj_exchange_widen(x, SJ_SCOPE_RECORD));
    TRY(find(x, &alarm));
    return answer_one(x, &alarm);
}

struct body {
    struct sj_text reason;
};
static const struct sj_json_member members[] = {
    {"reason", SJ_JSON_TEXT, offsetof(struct body, reason), SJ_JSON_NO_PRESENT, true, false,
        SJ_ALARM_REASON_MAX},
};

static sj_status acknowledge(struct sj_exchange *x)
{
    struct body body = {.reason = {NULL, 0}};
    struct sj_alarm alarm;
    TRY(sj_exchange_decode(x, members, SJ_COUNT(members), &body));
    const char *wrong = sj_remedy_prose(&body.reason, SJ_ALARM_REASON_MAX);
    if (wrong == NULL && body.reason.len < 3) {
        wrong = "TOO_SHORT";
    }
    if (wrong != NULL) {
        return sj_refuse_at(x, "/reason", wrong, "a few words without control characters");
    }
    TRY(find(x, &alarm));
    TRY(sj_exchange_if_match(x, alarm.version));
    ENSURE(alarm.acknowledged_at == 0, CONFLICT);
    TRY(sj_alarm_acknowledge(x->tx, x->session.actor.account, body.reason, &alarm));
    (void)snprintf(
        x->draft.detail, sizeof x->draft.detail, "rule=%.*s", (int)alarm.rule.len, alarm.rule.ptr);
    return answer_one(x, &alarm);
}

const struct sj_endpoint sj_routes_alarms[] = {
    {{SJ_GET, PREFIX, SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ, SJ_ACTION_ALARM_LIST, list},
    {{SJ_GET, PREFIX "/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ, SJ_ACTION_ALARM_READ,
        read_one},
    {{SJ_POST, PREFIX "/{id}/acknowledge", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_RECORD,
        SJ_ACTION_ALARM_ACKNOWLEDGE, acknowledge},
};
const size_t sj_routes_alarms_count = SJ_COUNT(sj_routes_alarms);
