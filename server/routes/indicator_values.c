/* SPDX-License-Identifier: Apache-2.0
 *
 * /indicator-values: survey results and computed indicators. A number never travels alone: indicator, level, period,
 * n, method and inputs' hash go with it, and a missing value says why.
 */
#include "evaluation_desk.h"
#include "routes.h"

#include "sanjeh/evaluation/value.h"

static void write_number(struct sj_json *json, const struct sj_indicator_value *value)
{
    if (!value->is_readable) {
        return;
    }
    if (value->value.len == 0) {
        sj_json_null(json, "value");
    } else {
        sj_json_number(json, "value", value->value);
    }
    sj_json_text_or_null(json, "reason", value->reason);
    if (value->n < 0) {
        sj_json_null(json, "n");
    } else {
        sj_json_int(json, "n", value->n);
    }
    if (value->coverage.len == 0) {
        sj_json_null(json, "coverage");
    } else {
        sj_json_number(json, "coverage", value->coverage);
    }
}

static void write_value(struct sj_json *json, const struct sj_indicator_value *value,
    const struct sj_decision *decision)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", value->id);
    sj_json_id(json, "unit_id", value->unit);
    if (sj_may_read(decision, SJ_FIELD_VALUE_SUBJECT)) {
        sj_json_id_or_null(json, "judge_id", value->judge);
    }
    sj_json_id_or_null(json, "court_id", value->court);
    sj_json_text_or_null(json, "court", value->court_code);
    sj_json_text(json, "indicator", value->indicator);
    sj_json_period(json, "period", value->from_day, value->to_day);
    write_number(json, value);
    sj_json_text(json, "unit", value->measure);
    sj_json_text(json, "level", value->level);
    sj_json_text(json, "method_version", value->method_version);
    sj_json_text_or_null(json, "inputs_sha256", value->inputs_sha256);
    sj_json_id(json, "contribution_id", value->contribution);
    sj_json_id_or_null(json, "source_fact_id", value->source_fact);
    sj_json_bool(json, "contested", value->is_contested);
    sj_json_time(json, "computed_at", value->computed_at);
    sj_json_object_end(json);
}

static sj_status list(struct sj_exchange *x)
{
    static const char *const allowed[] = {
        "judge_id", "court_id", "contribution_id", "period", "indicator", NULL};
    struct sj_page page;
    struct sj_row_filter filter;
    TRY(sj_exchange_page(x, allowed, &page));
    TRY(sj_filter_rows(x, &filter));
    TRY(sj_exchange_subject(x, filter.judge));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_indicator_value *values = NULL;
    size_t count = 0;
    struct sj_uuid last;
    TRY(sj_value_list(&desk, &filter, sj_paging_of(page), &values, &count, &last));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        TRY(sj_exchange_subject(x, values[i].judge));
        write_value(&json, &values[i], &x->decision);
    }
    return sj_exchange_list_end(x, &json, last);
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    struct sj_indicator_value value;
    TRY(sj_value_find(&desk, id, &found, &value));
    ENSURE(found, NOT_FOUND);
    TRY(sj_exchange_subject(x, value.judge));
    struct sj_json json = sj_json_begin(&x->body);
    write_value(&json, &value, &x->decision);
    TRY(sj_exchange_etag(x, 1)); /* a value is never changed, only superseded */
    return sj_json_end(&json);
}

const struct sj_endpoint sj_routes_indicator_values[] = {
    {{SJ_GET, "/api/v1/indicator-values", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_VALUE_LIST, list},
    {{SJ_GET, "/api/v1/indicator-values/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_VALUE_READ, read_one},
};
const size_t sj_routes_indicator_values_count = SJ_COUNT(sj_routes_indicator_values);
