/* SPDX-License-Identifier: Apache-2.0
 *
 * Units and their compartments: reference data that everybody who is signed in may read.
 */
#include "../server.h"
#include "account_json.h"
#include "routes.h"

#include "sanjeh/unit/unit.h"

static void write_unit(
    struct sj_json *json, const struct sj_unit *unit, const struct sj_unit *all, size_t count)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", unit->id);
    sj_json_text(json, "code", unit->code);
    sj_json_text(json, "name_fa", unit->name_fa);
    sj_json_text(json, "name_en", unit->name_en);
    sj_json_str(json, "kind", sj_uuid_is_nil(unit->parent) ? "unit" : "compartment");
    struct sj_text parent = {NULL, 0};
    for (size_t i = 0; i < count; i++) {
        if (!sj_uuid_is_nil(unit->parent) && sj_uuid_equal(all[i].id, unit->parent)) {
            parent = all[i].code;
        }
    }
    sj_json_code_or_null(json, "parent", parent);
    sj_json_int(json, "version", unit->version);
    sj_json_object_end(json);
}

/* The list is small and sorted by code; the cursor names the last unit shown. */
static sj_status position_after(
    const struct sj_unit *units, size_t count, struct sj_uuid after, size_t *ret_position)
{
    if (sj_uuid_is_nil(after)) {
        *ret_position = 0;
        return SJ_DONE;
    }
    for (size_t i = 0; i < count; i++) {
        if (sj_uuid_equal(units[i].id, after)) {
            *ret_position = i + 1;
            return SJ_DONE;
        }
    }
    FAIL(BAD_CURSOR);
}

static sj_status list(struct sj_exchange *x)
{
    struct sj_page page;
    TRY(sj_exchange_page(x, NULL, &page));
    struct sj_unit *units = NULL;
    size_t count = 0;
    TRY(sj_unit_list(x->worker->db, x->context, x->arena, &units, &count));
    size_t start = 0;
    TRY(position_after(units, count, page.after, &start));
    const size_t end = count - start > page.limit ? start + page.limit : count;
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = start; i < end; i++) {
        write_unit(&json, &units[i], units, count);
    }
    return sj_exchange_list_end(x, &json, end < count ? units[end - 1].id : (struct sj_uuid){{0}});
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    struct sj_unit *units = NULL;
    size_t count = 0;
    TRY(sj_unit_list(x->worker->db, x->context, x->arena, &units, &count));
    for (size_t i = 0; i < count; i++) {
        if (sj_uuid_equal(units[i].id, id)) {
            struct sj_json json = sj_json_begin(&x->body);
            write_unit(&json, &units[i], units, count);
            TRY(sj_exchange_etag(x, units[i].version));
            return sj_json_end(&json);
        }
    }
    FAIL(NOT_FOUND);
}

const struct sj_endpoint sj_routes_units[] = {
    {{SJ_GET, "/api/v1/units", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ, SJ_ACTION_UNIT_LIST,
        list},
    {{SJ_GET, "/api/v1/units/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_UNIT_READ, read_one},
};
const size_t sj_routes_units_count = SJ_COUNT(sj_routes_units);
