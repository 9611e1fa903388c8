/* SPDX-License-Identifier: Apache-2.0
 *
 * /cycles/{id}/computations and /evaluations/{id}/score: the figures of a cycle are computed for all its evaluations at once, and
 * read one file at a time, line by line, by whoever may see the file.
 */
#include "evaluation_desk.h"
#include "routes.h"

#include "sanjeh/evaluation/compute.h"

static void write_computation(struct sj_json *json, const struct sj_computation *computation)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", computation->id);
    sj_json_id(json, "cycle_id", computation->cycle);
    sj_json_str(json, "method", SJ_SCORE_METHOD);
    sj_json_int(json, "evaluations", computation->evaluations);
    sj_json_int(json, "sufficient", computation->sufficient);
    sj_json_text(json, "inputs_sha256", computation->inputs_sha256);
    sj_json_int(json, "duration_ms", computation->duration_ms);
    sj_json_id(json, "created_by", computation->created_by);
    sj_json_time(json, "created_at", computation->created_at);
    sj_json_object_end(json);
}

static sj_status list(struct sj_exchange *x)
{
    static const char *const allowed[] = {NULL};
    struct sj_page page;
    struct sj_uuid cycle;
    TRY(sj_exchange_id(x, &cycle));
    TRY(sj_exchange_page(x, allowed, &page));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_computation *items = NULL;
    size_t count = 0;
    struct sj_uuid last;
    TRY(sj_computation_list(&desk, cycle, sj_paging_of(page), &items, &count, &last));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        write_computation(&json, &items[i]);
    }
    return sj_exchange_list_end(x, &json, last);
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    struct sj_computation computation;
    TRY(sj_computation_find(&desk, id, &found, &computation));
    ENSURE(found, NOT_FOUND);
    struct sj_json json = sj_json_begin(&x->body);
    write_computation(&json, &computation);
    TRY(sj_exchange_etag(x, 1)); /* a run never changes */
    return sj_json_end(&json);
}

static sj_status create(struct sj_exchange *x)
{
    struct sj_uuid cycle;
    TRY(sj_exchange_id(x, &cycle));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_computation computation;
    TRY(sj_computation_create(&desk, cycle, &computation));
    TRY(sj_exchange_created(x, "/api/v1/computations", computation.id));
    struct sj_json json = sj_json_begin(&x->body);
    write_computation(&json, &computation);
    TRY(sj_exchange_etag(x, 1));
    return sj_json_end(&json);
}

static sj_status read_score(struct sj_exchange *x)
{
    struct sj_uuid evaluation;
    TRY(sj_exchange_id(x, &evaluation));
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    struct sj_score_sheet sheet;
    TRY(sj_score_sheet_find(&desk, evaluation, /* round: the newest= */ 0, &found, &sheet));
    ENSURE(found, NOT_FOUND);
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_id(&json, "id", sheet.id);
    sj_json_id(&json, "evaluation_id", sheet.evaluation);
    sj_json_int(&json, "round", sheet.round);
    sj_json_bool(&json, "erased", !sheet.is_readable);
    sj_json_number(&json, "coverage", sheet.coverage);
    sj_json_text(&json, "inputs_sha256", sheet.inputs_sha256);
    sj_json_time(&json, "computed_at", sheet.computed_at);
    sj_json_int(&json, "version", sheet.version);
    if (sheet.is_readable) {
        sj_json_raw(&json, "sheet", sheet.body);
    } else {
        sj_json_null(&json, "sheet");
    }
    sj_json_object_end(&json);
    TRY(sj_exchange_etag(x, sheet.version));
    return sj_json_end(&json);
}

const struct sj_endpoint sj_routes_computations[] = {
    {{SJ_GET, "/api/v1/cycles/{id}/computations", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_COMPUTATION_LIST, list},
    {{SJ_POST, "/api/v1/cycles/{id}/computations", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_WRITE,
        SJ_ACTION_COMPUTATION_CREATE, create},
    {{SJ_GET, "/api/v1/computations/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_COMPUTATION_READ, read_one},
    {{SJ_GET, "/api/v1/evaluations/{id}/score", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_SCORE_READ, read_score},
};
const size_t sj_routes_computations_count = SJ_COUNT(sj_routes_computations);
