/* SPDX-License-Identifier: Apache-2.0
 *
 * /indicators: the catalogue of what is measured, readable before it is applied to anybody.
 */
#include "evaluation_desk.h"
#include "routes.h"

#include "sanjeh/evaluation/definition.h"
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

/* ---- definitions ---- */

static const char *const anchor_names[SJ_ANCHOR_COUNT] = {
    "anchor_floor", "anchor_target", "anchor_cap", "band_low", "band_high"};

static void write_definition(struct sj_json *json, const struct sj_definition *definition)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "indicator_id", definition->indicator);
    sj_json_int(json, "version", definition->version);
    sj_json_text_or_null(json, "formula", definition->formula);
    sj_json_text(json, "method", definition->method);
    sj_json_text(json, "unit", definition->unit);
    sj_json_text(json, "direction", definition->direction);
    for (size_t i = 0; i < SJ_ANCHOR_COUNT; i++) {
        if (definition->anchors[i].len == 0) {
            sj_json_null(json, anchor_names[i]);
        } else {
            sj_json_number(json, anchor_names[i], definition->anchors[i]);
        }
    }
    sj_json_int(json, "min_n", definition->min_n);
    sj_json_text(json, "level", definition->level);
    sj_json_bool(json, "weight_locked", definition->is_weight_locked);
    sj_json_text(json, "standard", definition->standard);
    sj_json_text(json, "contributor_unit", definition->contributor_unit_code);
    sj_json_text(json, "status", definition->status);
    char date[11];
    sj_date_format(sj_date_from_days(definition->valid_from), date);
    sj_json_str(json, "valid_from", date);
    sj_json_time(json, "created_at", definition->created_at);
    sj_json_object_end(json);
}

static sj_status list_versions(struct sj_exchange *x)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    struct sj_indicator indicator;
    TRY(sj_indicator_find(&desk, id, &found, &indicator));
    ENSURE(found, NOT_FOUND);
    struct sj_definition *items = NULL;
    size_t count = 0;
    TRY(sj_definition_list(&desk, id, &items, &count));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        write_definition(&json, &items[i]);
    }
    return sj_exchange_list_end(x, &json, (struct sj_uuid){{0}});
}

static sj_status list_refused(struct sj_exchange *x)
{
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_refused *items = NULL;
    size_t count = 0;
    TRY(sj_refused_list(&desk, &items, &count));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        sj_json_object(&json, NULL);
        sj_json_text(&json, "code", items[i].code);
        sj_json_text(&json, "name_fa", items[i].name_fa);
        sj_json_text(&json, "name_en", items[i].name_en);
        sj_json_text(&json, "reason_fa", items[i].reason_fa);
        sj_json_text(&json, "reason_en", items[i].reason_en);
        sj_json_text(&json, "source", items[i].source);
        sj_json_object_end(&json);
    }
    return sj_exchange_list_end(x, &json, (struct sj_uuid){{0}});
}

#define TEXT_MEMBER(json_name, field, is_required, bound)                                          \
    {                                                                                              \
        .name = (json_name), .kind = SJ_JSON_TEXT,                                                 \
        .offset = offsetof(struct sj_definition, field), .present_offset = SJ_JSON_NO_PRESENT,     \
        .required = (is_required), .nullable = !(is_required), .limit = (bound)                    \
    }
#define NUMBER_MEMBER(json_name, json_kind, field, bound)                                          \
    {                                                                                              \
        .name = (json_name), .kind = (json_kind), .offset = offsetof(struct sj_definition, field), \
        .present_offset = SJ_JSON_NO_PRESENT, .nullable = true, .limit = (bound)                   \
    }
static const struct sj_json_member members[] = {
    TEXT_MEMBER("code", code, true, SJ_INDICATOR_CODE_MAX),
    TEXT_MEMBER("kind", kind, true, 16),
    TEXT_MEMBER("name_fa", name_fa, true, 400),
    TEXT_MEMBER("name_en", name_en, true, 400),
    TEXT_MEMBER("formula", formula, false, 400),
    TEXT_MEMBER("method", method, true, SJ_METHOD_BYTES_MAX),
    TEXT_MEMBER("unit", unit, true, 40),
    TEXT_MEMBER("direction", direction, true, 16),
    TEXT_MEMBER("level", level, true, 8),
    TEXT_MEMBER("standard", standard, true, SJ_STANDARD_BYTES_MAX),
    TEXT_MEMBER("contributor_unit", contributor_unit_code, true, 32),
    NUMBER_MEMBER("anchor_floor", SJ_JSON_DECIMAL, anchors[0], 24),
    NUMBER_MEMBER("anchor_target", SJ_JSON_DECIMAL, anchors[1], 24),
    NUMBER_MEMBER("anchor_cap", SJ_JSON_DECIMAL, anchors[2], 24),
    NUMBER_MEMBER("band_low", SJ_JSON_DECIMAL, anchors[3], 24),
    NUMBER_MEMBER("band_high", SJ_JSON_DECIMAL, anchors[4], 24),
    NUMBER_MEMBER("min_n", SJ_JSON_INT, min_n, 100000),
    NUMBER_MEMBER("scale_min", SJ_JSON_INT, scale_min, 1000),
    NUMBER_MEMBER("scale_max", SJ_JSON_INT, scale_max, 1000),
};

static sj_status refuse(
    struct sj_exchange *x, const char *field, const char *code, struct sj_text detail)
{
    char pointer[32];
    (void)snprintf(pointer, sizeof pointer, "/%s", field);
    TRY(sj_json_fault_add(&x->faults, x->arena, sj_text_of(pointer), code, detail));
    FAIL(INVALID);
}

/* Named, with the reason: whoever asks for it learns why it is not measured. */
static sj_status refuse_definition(struct sj_exchange *x, const struct sj_refused *refused)
{
    CLEANUP(sj_buf_clear) struct sj_buf detail = SJ_BUF(1024);
    TRY(sj_buf_put_text(&detail, refused->name_en));
    TRY(sj_buf_put_str(&detail, ": "));
    TRY(sj_buf_put_text(&detail, refused->reason_en));
    TRY(sj_buf_put_str(&detail, " («"));
    TRY(sj_buf_put_text(&detail, refused->name_fa));
    TRY(sj_buf_put_str(&detail, "»: "));
    TRY(sj_buf_put_text(&detail, refused->reason_fa));
    TRY(sj_buf_put_byte(&detail, ')'));
    struct sj_text text;
    TRY(sj_arena_text(x->arena, sj_buf_text(&detail), &text));
    return refuse(x, "name_en", "REFUSED_DEFINITION", text);
}

static sj_status create(struct sj_exchange *x)
{
    struct sj_definition definition = {.version = 0};
    TRY(sj_exchange_decode(x, members, SJ_COUNT(members), &definition));
    const char *field = "";
    const char *code = sj_definition_check(&definition, &field);
    if (code != NULL) {
        return refuse(x, field, code, SJ_TEXT("this value is not acceptable here"));
    }
    const struct sj_desk desk = sj_desk_of(x);
    bool is_refused = false;
    struct sj_refused refused;
    TRY(sj_definition_create(&desk, &definition, &is_refused, &refused));
    if (is_refused) {
        return refuse_definition(x, &refused);
    }
    TRY(sj_exchange_created(x, "/api/v1/indicators", definition.indicator));
    struct sj_json json = sj_json_begin(&x->body);
    write_definition(&json, &definition);
    TRY(sj_exchange_etag(x, definition.version));
    return sj_json_end(&json);
}

const struct sj_endpoint sj_routes_indicators[] = {
    {{SJ_GET, "/api/v1/indicators", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_INDICATOR_LIST, list},
    {{SJ_GET, "/api/v1/indicators/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_INDICATOR_READ, read_one},
    {{SJ_POST, "/api/v1/indicators", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_INDICATOR_CREATE, create},
    {{SJ_GET, "/api/v1/indicators/{id}/versions", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_INDICATOR_READ, list_versions},
    {{SJ_GET, "/api/v1/refused-indicators", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_INDICATOR_LIST, list_refused},
};
const size_t sj_routes_indicators_count = SJ_COUNT(sj_routes_indicators);
