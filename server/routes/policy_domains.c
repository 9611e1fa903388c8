/* SPDX-License-Identifier: Apache-2.0
 *
 * /policy-domains: decision points that administrators keep for other systems. A document is read whole before it replaces the
 * present one; what is wrong with it is told with its place, and the present one stays.
 */
#include "../server.h"
#include "routes.h"

#include "sanjeh/authzen/registry.h"
#include "sanjeh/base/parse.h"
#include "sanjeh/keys/scopes.h"

#define DOCUMENT_MAX                                                                               \
    ((size_t)4 * 1024 *                                                                            \
        1024) /* of an answer; a document may be larger, it is then read by its own route */

struct reading {
    struct sj_view document;
    int64_t version;
    struct sj_domain *domain;
    struct sj_policy_fault fault;
    sj_status status;
};

/* Megabytes of policy would stall the loop. */
static void read_now(void *ctx)
{
    struct reading *reading = ctx;
    reading->status =
        sj_domain_read(reading->document, reading->version, &reading->domain, &reading->fault);
}

static sj_status refuse_document(struct sj_exchange *x, const struct sj_policy_fault *fault)
{
    char detail[sizeof fault->why + 64];
    if (fault->line > 0) {
        (void)snprintf(detail, sizeof detail, "%s (line %u, column %u)", fault->why, fault->line,
            fault->column);
    } else {
        (void)snprintf(detail, sizeof detail, "%s", fault->why);
    }
    struct sj_text pointer;
    struct sj_text text;
    TRY(sj_arena_text(x->arena, sj_text_of(fault->pointer), &pointer));
    TRY(sj_arena_text(x->arena, sj_text_of(detail), &text));
    TRY(sj_json_fault_add(&x->faults, x->arena, pointer, "INVALID", text));
    FAIL(INVALID);
}

static void write_head(struct sj_json *json, const struct sj_domain_row *row)
{
    sj_json_text(json, "name", row->name);
    sj_json_int(json, "version", row->version);
    sj_json_id(json, "updated_by", row->updated_by);
    sj_json_time(json, "updated_at", row->updated_at);
}

static sj_status name_of(struct sj_exchange *x, struct sj_text *ret_name)
{
    *ret_name = sj_request_param(x->request, "name");
    ENSURE(sj_domain_name_is_valid(*ret_name), NOT_FOUND);
    (void)snprintf(
        x->draft.detail, sizeof x->draft.detail, "domain=%.*s", (int)ret_name->len, ret_name->ptr);
    return SJ_DONE;
}

static sj_status list(struct sj_exchange *x)
{
    struct sj_text cursor = {"", 0};
    struct sj_text text = {"", 0};
    int64_t limit = 50;
    for (size_t i = 0; i < sj_request_query_count(x->request); i++) {
        struct sj_text name;
        struct sj_text value;
        sj_request_query(x->request, i, &name, &value);
        const bool is_cursor = sj_text_is(name, "cursor");
        if (!is_cursor && !sj_text_is(name, "limit")) {
            return sj_exchange_bad_parameter(x, name, "UNKNOWN", "this list has no such parameter");
        }
        *(is_cursor ? &cursor : &text) = value;
    }
    if (text.len != 0 && sj_failed(sj_parse_i64(text, 1, 500, &limit))) {
        return sj_exchange_bad_parameter(x, SJ_TEXT("limit"), "RANGE", "a number from 1 to 500");
    }
    ENSURE(cursor.len == 0 || sj_domain_name_is_valid(cursor), BAD_CURSOR);
    struct sj_domain_row *rows = NULL;
    size_t count = 0;
    TRY(sj_exchange_widen(x, SJ_SCOPE_ADMIN));
    TRY(sj_domain_list(
        x->worker->db, x->context, cursor, (size_t)limit + 1, x->arena, &rows, &count));
    const size_t shown = count > (size_t)limit ? (size_t)limit : count;
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_array(&json, "items");
    for (size_t i = 0; i < shown; i++) {
        sj_json_object(&json, NULL);
        write_head(&json, &rows[i]);
        sj_json_object_end(&json);
    }
    sj_json_array_end(&json);
    if (count > shown) {
        sj_json_text(&json, "next", rows[shown - 1].name);
    } else {
        sj_json_null(&json, "next");
    }
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_text name;
    TRY(name_of(x, &name));
    CLEANUP(sj_buf_clear) struct sj_buf document = SJ_BUF(SJ_DOMAIN_BYTES_MAX);
    struct sj_domain_row row;
    bool found = false;
    TRY(sj_exchange_widen(x, SJ_SCOPE_ADMIN));
    TRY(sj_domain_find(x->worker->db, x->context, name, x->arena, &found, &row, &document));
    ENSURE(found, NOT_FOUND);
    TRY(sj_exchange_etag(x, row.version));
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    write_head(&json, &row);
    if (document.len <= DOCUMENT_MAX - 4096) {
        sj_json_raw(&json, "document", sj_buf_text(&document));
    } else {
        sj_json_null(&json, "document");
    }
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

static void forget(struct sj_exchange *x)
{
    sj_domains_drop(x->worker->server->domains, sj_request_param(x->request, "name"));
}

static sj_status put(struct sj_exchange *x)
{
    struct sj_text name;
    TRY(name_of(x, &name));
    struct reading reading = {.document = sj_request_body(x->request)};
    int64_t present = 0;
    TRY(sj_domain_version_for_change(x->tx, name, &present));
    struct sj_text condition;
    if (sj_request_header(x->request, "If-Match", &condition)) {
        TRY(sj_exchange_if_match(x, present));
    }
    reading.version = present + 1;
    TRY(sj_work_run(x->worker->server->work_pool, read_now, &reading));
    CLEANUP(sj_domain_release) struct sj_domain *domain = reading.domain;
    if (reading.status.code == SJ_BAD_CONFIG) {
        return refuse_document(x, &reading.fault);
    }
    TRY(reading.status);
    TRY(sj_domain_put(x->tx, x->worker->channel, name, reading.version, reading.document,
        x->session.actor.account));
    const struct sj_policy *policy = sj_policy_set_root(sj_domain_set(domain));
    const size_t used = strlen(x->draft.detail);
    (void)snprintf(x->draft.detail + used, sizeof x->draft.detail - used, ";version=%lld;digest=%s",
        (long long)reading.version, sj_policy_digest(policy));
    x->after = forget;
    x->status = present == 0 ? 201 : 200;
    TRY(sj_exchange_etag(x, reading.version));
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_text(&json, "name", name);
    sj_json_int(&json, "version", reading.version);
    sj_json_object(&json, "policy");
    sj_json_str(&json, "id", sj_policy_id(policy));
    sj_json_int(&json, "version", sj_policy_version(policy));
    sj_json_str(&json, "digest", sj_policy_digest(policy));
    sj_json_object_end(&json);
    sj_json_int(&json, "subjects", (int64_t)sj_domain_subject_count(domain));
    sj_json_int(&json, "resources", (int64_t)sj_domain_resource_count(domain));
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

static sj_status remove_one(struct sj_exchange *x)
{
    struct sj_text name;
    TRY(name_of(x, &name));
    int64_t present = 0;
    bool removed = false;
    TRY(sj_domain_version_for_change(x->tx, name, &present));
    ENSURE(present > 0, NOT_FOUND);
    TRY(sj_exchange_if_match(x, present));
    TRY(sj_domain_remove(x->tx, name, &removed));
    ENSURE(removed, NOT_FOUND);
    x->after = forget;
    x->status = 204;
    return SJ_DONE;
}

const struct sj_endpoint sj_routes_policy_domains[] = {
    {{SJ_GET, "/api/v1/policy-domains", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_POLICY_DOMAIN_LIST, list},
    {{SJ_GET, "/api/v1/policy-domains/{name}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_POLICY_DOMAIN_READ, read_one},
    {{SJ_PUT, "/api/v1/policy-domains/{name}", SJ_BODY_CONTRIBUTION, SJ_MEDIA_JSON, NULL},
        SJ_USE_ADMIN, SJ_ACTION_POLICY_DOMAIN_REPLACE, put},
    {{SJ_DELETE, "/api/v1/policy-domains/{name}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_ADMIN,
        SJ_ACTION_POLICY_DOMAIN_REMOVE, remove_one},
};
const size_t sj_routes_policy_domains_count = SJ_COUNT(sj_routes_policy_domains);
