/* SPDX-License-Identifier: Apache-2.0
 *
 * /indicators: the catalogue of what is measured, readable before it is applied to anybody.
 */
#include "evaluation_desk.h"
#include "routes.h"

#include "sanjeh/evaluation/indicator.h"

static void write_scale(struct sj_json *json, const struct sj_indicator *indicator)
{
    if (indicator->scale_max == indicator->scale_min) {
        sj_json_null(json, "scale");
        return;
    }
    sj_json_object(json, "scale");
    sj_json_int(json, "min", indicator->scale_min);
    sj_json_int(json, "max", indicator->scale_max);
    sj_json_object_end(json);
}

static void write_indicator(struct sj_json *json, const struct sj_indicator *indicator)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", indicator->id);
    sj_json_text(json, "code", indicator->code);
    sj_json_text(json, "kind", indicator->kind);
    sj_json_text(json, "name_fa", indicator->name_fa);
    sj_json_text(json, "name_en", indicator->name_en);
    sj_json_text(json, "formula", indicator->formula);
    sj_json_text(json, "unit", indicator->unit);
    sj_json_text(json, "direction", indicator->direction);
    sj_json_text(json, "target", indicator->target);
    sj_json_text(json, "level", indicator->level);
    sj_json_text(json, "contributor_unit", indicator->contributor_unit_code);
    sj_json_text(json, "standard", indicator->standard);
    if (indicator->min_n == 0) {
        sj_json_null(json, "min_n");
    } else {
        sj_json_int(json, "min_n", indicator->min_n);
    }
    write_scale(json, indicator);
    sj_json_int(json, "version", indicator->version);
    sj_json_object_end(json);
}

static sj_status list(struct sj_exchange *x)
{
    static const char *const allowed[] = {"code", "kind", NULL};
    struct sj_page page;
    TRY(sj_exchange_page(x, allowed, &page));
    struct sj_indicator_query query;
    TRY(sj_filter_text(x, "code", &query.code));
    TRY(sj_filter_text(x, "kind", &query.kind));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_indicator *indicators = NULL;
    size_t count = 0;
    struct sj_uuid last;
    TRY(sj_indicator_list(&desk, &query, sj_paging_of(page), &indicators, &count, &last));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        write_indicator(&json, &indicators[i]);
    }
    return sj_exchange_list_end(x, &json, last);
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    struct sj_indicator indicator;
    TRY(sj_indicator_find(&desk, id, &found, &indicator));
    ENSURE(found, NOT_FOUND);
    struct sj_json json = sj_json_begin(&x->body);
    write_indicator(&json, &indicator);
    TRY(sj_exchange_etag(x, indicator.version));
    return sj_json_end(&json);
}

const struct sj_endpoint sj_routes_indicators[] = {
    {{SJ_GET, "/api/v1/indicators", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_INDICATOR_LIST, list},
    {{SJ_GET, "/api/v1/indicators/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_INDICATOR_READ, read_one},
};
const size_t sj_routes_indicators_count = SJ_COUNT(sj_routes_indicators);
