/* SPDX-License-Identifier: Apache-2.0
 *
 * Is the record's index what the entries say, and how is it made anew? The comparison reads and proves every entry: minutes for a long
 * record. Making it anew loses nothing, for it is derived; until it has caught up, searches say how far it goes.
 */
#include "../index_worker.h"
#include "record_desk.h"
#include "routes.h"

#include "sanjeh/audit/index.h"

static void write_report(struct sj_json *json, const struct sj_index_report *report)
{
    sj_json_object(json, "comparison");
    sj_json_int(json, "entries", (int64_t)report->entries);
    sj_json_int(json, "postings", (int64_t)report->postings);
    sj_json_int(json, "missing", (int64_t)report->missing);
    sj_json_int(json, "wrong", (int64_t)report->wrong);
    sj_json_bool(json, "counts_hold", report->counts_hold);
    if (report->has_index) {
        sj_json_int(json, "missing_entry", (int64_t)report->index);
    } else {
        sj_json_null(json, "missing_entry");
    }
    sj_json_object_end(json);
}

static sj_status compare(struct sj_exchange *x, struct sj_index_report *ret_report)
{
    CLEANUP(sj_reading_close) struct sj_reading *reading = NULL;
    struct sj_server *server = x->worker->server;
    struct sj_context context;
    TRY(sj_record_desk_context(x, 3500, &context));
    TRY(sj_reading_open(server->sequencer, x->worker->db, &context, &reading));
    ENSURE(sj_place_take(&server->exports, SJ_EXPORTS_MAX), BUSY);
    const sj_status status =
        sj_index_check(server->index, reading, x->worker->db, &context, ret_report);
    sj_place_leave(&server->exports);
    return status;
}

static const char *const index_query[] = {"compare", NULL};

static sj_status read_index(struct sj_exchange *x)
{
    struct sj_index_report report;
    struct sj_text text;
    ENSURE(x->decision.reach == SJ_REACH_ALL, FORBIDDEN);
    const bool is_compared = sj_request_query_find(x->request, "compare", &text);
    TRY(sj_exchange_query_only(x, index_query));
    if (is_compared && !sj_text_is(text, "true") && !sj_text_is(text, "false")) {
        return sj_exchange_bad_parameter(x, SJ_TEXT("compare"), "FORMAT", "true or false");
    }
    const bool wants = is_compared && sj_text_is(text, "true");
    TRY(wants ? compare(x, &report) : SJ_DONE);
    const struct sj_index_status status = sj_index_status(x->worker->server->index);
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_str(&json, "state",
        status.is_broken   ? "broken"
        : status.is_loaded ? "following"
                           : "loading");
    sj_json_text_or_null(&json, "reason", sj_text_of(status.reason));
    sj_json_int(&json, "indexed", (int64_t)status.upto);
    sj_json_int(&json, "size", (int64_t)sj_sequencer_stats(x->worker->server->sequencer).size);
    sj_json_int(&json, "runs", (int64_t)status.runs);
    if (wants) {
        write_report(&json, &report);
    } else {
        sj_json_null(&json, "comparison");
    }
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

/* The worker empties it and begins again: the index has one writer. */
static sj_status rebuild(struct sj_exchange *x)
{
    ENSURE(x->decision.reach == SJ_REACH_ALL, FORBIDDEN);
    atomic_store(&x->worker->server->index_rebuild, true);
    atomic_store(&x->worker->server->days_recount, true);
    x->status = 202;
    return sj_buf_put_str(&x->body, "{\"state\":\"loading\"}");
}

const struct sj_endpoint sj_routes_audit_index[] = {
    {{SJ_GET, "/api/v1/audit/index", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_AUDIT_READ, read_index},
    {{SJ_POST, "/api/v1/audit/index/rebuild", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_AUDIT_EXPORT, rebuild},
};
const size_t sj_routes_audit_index_count = SJ_COUNT(sj_routes_audit_index);
