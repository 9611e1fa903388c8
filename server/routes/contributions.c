/* SPDX-License-Identifier: Apache-2.0
 *
 * /contributions: a unit sends its data as one file, in JSON or multipart. It goes in as a whole (201), is refused with
 * every row fault (422 ROWS_REJECTED, nothing changed), or is only checked (?dry_run=true, 200).
 */
#include "../server.h"
#include "cycle_answer.h"
#include "evaluation_desk.h"
#include "routes.h"

#include "sanjeh/evaluation/contribution.h"
#include "sanjeh/evaluation/import.h"

#define COMMENT_BYTES_MAX 2000
#define CYCLE_BYTES_MAX   64
#define ANSWER_BYTES_MAX  ((size_t)700 * 1024) /* 1,000 errors; the request's arena holds 1 MiB */
#define KEPT_BYTES_MAX    ((size_t)44 * 1024) /* an answer kept for a repeat is one field of 64 KiB */
#define BODY_ARENA_MAX    (3 * SJ_BODY_CONTRIBUTION) /* the file's text unescaped, once */

/* ---- lists and reads ---- */

static void write_contribution(struct sj_json *json, const struct sj_contribution *item)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", item->id);
    sj_json_id(json, "unit_id", item->unit);
    sj_json_id_or_null(json, "compartment_id", item->compartment);
    sj_json_text(json, "kind", item->kind);
    sj_json_text(json, "format", item->format);
    if (item->has_period) {
        sj_json_period(json, "period", item->from_day, item->to_day);
    } else {
        sj_json_null(json, "period");
    }
    sj_json_text_or_null(json, "cycle", item->cycle);
    sj_json_text_or_null(json, "comment", item->comment);
    sj_json_text(json, "state", item->state);
    sj_json_bool(json, "hold", item->is_held);
    sj_json_text_or_null(json, "reason", item->reason);
    sj_json_int(json, "rows_ok", item->rows_ok);
    sj_json_int(json, "rows_rejected", item->rows_rejected);
    sj_json_int(json, "byte_size", item->byte_size);
    sj_json_text_or_null(json, "file_sha256", item->file_sha256);
    sj_json_id(json, "submitted_by", item->submitted_by);
    sj_json_id_or_null(json, "accepted_by", item->accepted_by);
    sj_json_id_or_null(json, "supersedes", item->supersedes);
    sj_json_id_or_null(json, "superseded_by", item->superseded_by);
    sj_json_id_or_null(json, "correction_id", item->correction);
    sj_json_int(json, "version", item->version);
    sj_json_time(json, "created_at", item->created_at);
    sj_json_object_end(json);
}

static sj_status list(struct sj_exchange *x)
{
    static const char *const allowed[] = {"kind", "state", NULL};
    struct sj_page page;
    TRY(sj_exchange_page(x, allowed, &page));
    struct sj_contribution_query query;
    TRY(sj_filter_text(x, "kind", &query.kind));
    TRY(sj_filter_text(x, "state", &query.state));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_contribution *items = NULL;
    size_t count = 0;
    struct sj_uuid last;
    TRY(sj_contribution_list(&desk, &query, sj_paging_of(page), &items, &count, &last));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        write_contribution(&json, &items[i]);
    }
    return sj_exchange_list_end(x, &json, last);
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    struct sj_contribution item;
    TRY(sj_contribution_find(&desk, id, &found, &item));
    ENSURE(found, NOT_FOUND);
    struct sj_json json = sj_json_begin(&x->body);
    write_contribution(&json, &item);
    TRY(sj_exchange_etag(x, item.version));
    return sj_json_end(&json);
}

/* ---- the order ---- */

struct body {
    struct sj_text kind;
    struct sj_text format;
    struct sj_text period;
    struct sj_text cycle;
    struct sj_text comment;
    struct sj_text data;
    struct sj_uuid supersedes;
    struct sj_uuid correction;
    bool hold;
};

#define TEXT_MEMBER(field, is_required, bound)                                                     \
    {                                                                                              \
        .name = #field, .kind = SJ_JSON_TEXT, .offset = offsetof(struct body, field),              \
        .present_offset = SJ_JSON_NO_PRESENT, .required = (is_required),                           \
        .nullable = !(is_required), .limit = (bound)                                               \
    }
static const struct sj_json_member members[] = {
    TEXT_MEMBER(kind, true, 32),
    TEXT_MEMBER(format, true, 16),
    TEXT_MEMBER(period, false, 64),
    TEXT_MEMBER(cycle, false, CYCLE_BYTES_MAX),
    TEXT_MEMBER(comment, false, COMMENT_BYTES_MAX),
    TEXT_MEMBER(data, true, SJ_BODY_CONTRIBUTION),
    {.name = "supersedes",
        .kind = SJ_JSON_ID,
        .offset = offsetof(struct body, supersedes),
        .present_offset = SJ_JSON_NO_PRESENT,
        .nullable = true},
    {.name = "correction_id",
        .kind = SJ_JSON_ID,
        .offset = offsetof(struct body, correction),
        .present_offset = SJ_JSON_NO_PRESENT,
        .nullable = true},
    {.name = "hold",
        .kind = SJ_JSON_BOOL,
        .offset = offsetof(struct body, hold),
        .present_offset = SJ_JSON_NO_PRESENT},
};

/* The body is decoded in an arena of its own; what the answer says about it must outlive that. */
static sj_status decode_json(struct sj_exchange *x, struct sj_arena *arena, struct body *body)
{
    struct sj_json_faults faults = {.count = 0};
    const sj_status status = sj_json_decode(
        sj_request_body(x->request), members, SJ_COUNT(members), arena, body, &faults);
    for (size_t i = 0; i < faults.count; i++) {
        struct sj_text pointer;
        struct sj_text detail;
        TRY(sj_arena_text(x->arena, faults.items[i].pointer, &pointer));
        TRY(sj_arena_text(x->arena, faults.items[i].detail, &detail));
        TRY(sj_json_fault_add(&x->faults, x->arena, pointer, faults.items[i].code, detail));
    }
    return status;
}

static sj_status take_part(
    struct sj_exchange *x, const char *name, size_t max, bool is_required, struct sj_text *ret_text)
{
    struct sj_view content;
    char pointer[32];
    (void)snprintf(pointer, sizeof pointer, "/%s", name);
    if (!sj_request_part(x->request, name, &content)) {
        return is_required ? sj_refuse_at(x, pointer, "REQUIRED", "this part is missing") : SJ_DONE;
    }
    if (content.len > max) {
        return sj_refuse_at(x, pointer, "TOO_LONG", "this part is too long");
    }
    if (content.len > 0 && sj_failed(sj_text_check(content, max, ret_text))) {
        return sj_refuse_at(x, pointer, "FORMAT", "this part is not UTF-8 text");
    }
    return SJ_DONE;
}

/* As of JSON members: what nobody reads is refused. Names are the client's bytes, so the fault does not repeat them. */
static sj_status refuse_unknown_parts(struct sj_exchange *x)
{
    static const char *const known[] = {"kind", "format", "period", "cycle", "comment", "file"};
    struct sj_text name;
    for (size_t i = 0; sj_request_part_name(x->request, i, &name); i++) {
        bool is_known = false;
        for (size_t k = 0; k < SJ_COUNT(known); k++) {
            is_known = is_known || sj_text_is(name, known[k]);
        }
        if (!is_known) {
            TRY(sj_json_fault_add(&x->faults, x->arena, SJ_TEXT(""), "UNKNOWN",
                SJ_TEXT("the parts are kind, format, period, cycle, comment and file")));
            FAIL(UNKNOWN_MEMBER);
        }
    }
    return SJ_DONE;
}

static sj_status decode_multipart(
    struct sj_exchange *x, struct body *body, struct sj_view *ret_file)
{
    TRY(refuse_unknown_parts(x));
    TRY(take_part(x, "kind", 32, true, &body->kind));
    TRY(take_part(x, "format", 16, true, &body->format));
    TRY(take_part(x, "period", 64, false, &body->period));
    TRY(take_part(x, "cycle", CYCLE_BYTES_MAX, false, &body->cycle));
    TRY(take_part(x, "comment", COMMENT_BYTES_MAX, false, &body->comment));
    return sj_request_part(x->request, "file", ret_file)
               ? SJ_DONE
               : sj_refuse_at(x, "/file", "REQUIRED", "this part is missing");
}

static sj_status make_order(
    struct sj_exchange *x, const struct body *body, struct sj_import_order *order)
{
    order->kind = sj_import_kind_of(body->kind);
    if (order->kind == SJ_IMPORT_NONE) {
        return sj_refuse_at(x, "/kind", "UNKNOWN", "survey_means, measures, workload or roster");
    }
    order->format = sj_import_format_of(body->format);
    if (order->format == SJ_FORMAT_NONE) {
        return sj_refuse_at(x, "/format", "UNKNOWN", "csv or ndjson");
    }
    order->has_period = body->period.len > 0;
    if (order->has_period && sj_failed(sj_period_parse(body->period, &order->period))) {
        return sj_refuse_at(x, "/period", "FORMAT", "YYYY, YYYY-MM or YYYY-MM-DD/YYYY-MM-DD");
    }
    if (!order->has_period && sj_import_has_values(order->kind)) {
        return sj_refuse_at(x, "/period", "REQUIRED", "values have no period of their own");
    }
    if (order->kind == SJ_IMPORT_ROSTER && (body->hold || !sj_uuid_is_nil(body->supersedes))) {
        return sj_refuse_at(x, body->hold ? "/hold" : "/supersedes", "UNKNOWN",
            "a roster's people are in the register at once and are changed there");
    }
    const bool is_correction = !sj_uuid_is_nil(body->correction);
    if (is_correction &&
        (order->kind == SJ_IMPORT_ROSTER || body->hold || !sj_uuid_is_nil(body->supersedes))) {
        return sj_refuse_at(x, "/correction_id", "UNKNOWN",
            "a correction replaces rows of one judge at once: no roster, hold or supersedes");
    }
    order->correction = body->correction;
    order->supersedes = body->supersedes;
    order->is_held = body->hold;
    order->cycle = body->cycle;
    order->comment = body->comment;
    return SJ_DONE;
}

static sj_status take_dry_run(struct sj_exchange *x, bool *ret_dry_run)
{
    *ret_dry_run = false;
    for (size_t i = 0; i < sj_request_query_count(x->request); i++) {
        struct sj_text name = {"", 0};
        struct sj_text value = {"", 0};
        sj_request_query(x->request, i, &name, &value);
        const bool is_true = sj_text_is(value, "true");
        if (!sj_text_is(name, "dry_run") || !(is_true || sj_text_is(value, "false"))) {
            return sj_filter_refuse(
                x, "dry_run", "FORMAT", "the only parameter here, true or false");
        }
        *ret_dry_run = is_true;
    }
    return SJ_DONE;
}

/* ---- the answer ---- */

/* errors are listed up to max_bytes of answer; errors_total counts all. */
static void write_errors(
    struct sj_json *json, const struct sj_import_outcome *outcome, size_t max_bytes)
{
    sj_json_int(json, "rows_ok", (int64_t)outcome->rows_ok);
    sj_json_int(json, "rows_rejected", (int64_t)outcome->rows_rejected);
    sj_json_int(json, "errors_total", (int64_t)outcome->fault_total);
    sj_json_array(json, "errors");
    for (size_t i = 0; i < outcome->fault_count && json->out->len < max_bytes; i++) {
        const struct sj_row_fault *fault = &outcome->faults[i];
        char pointer[32];
        (void)snprintf(pointer, sizeof pointer, "/rows/%zu", fault->row);
        sj_json_object(json, NULL);
        sj_json_int(json, "row", (int64_t)fault->row);
        sj_json_text_or_null(json, "column", fault->column);
        sj_json_str(json, "code", fault->code);
        sj_json_str(json, "detail", fault->detail);
        sj_json_str(json, "pointer", pointer);
        sj_json_object_end(json);
    }
    sj_json_array_end(json);
    sj_json_array(json, "warnings");
    for (size_t i = 0; i < outcome->new_court_count; i++) {
        sj_json_object(json, NULL);
        sj_json_str(json, "code", "COURT_PROVISIONAL");
        sj_json_text(json, "court", outcome->new_courts[i]);
        sj_json_object_end(json);
    }
    sj_json_array_end(json);
    sj_json_int(json, "warnings_total", (int64_t)outcome->new_court_total);
}

static sj_status answer_outcome(struct sj_exchange *x, const struct body *body,
    const struct sj_import_order *order, const struct sj_import_outcome *outcome)
{
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_id_or_null(&json, "id", outcome->id);
    sj_json_str(
        &json, "state", order->is_dry_run ? "checked" : (order->is_held ? "received" : "accepted"));
    sj_json_text(&json, "kind", body->kind);
    sj_json_text(&json, "format", body->format);
    if (outcome->has_period) {
        sj_json_period(&json, "period", outcome->period.from_day, outcome->period.to_day);
    } else {
        sj_json_null(&json, "period");
    }
    sj_json_text_or_null(&json, "cycle", order->cycle);
    sj_json_int(&json, "byte_size", (int64_t)order->file.len);
    sj_json_str(&json, "file_sha256", outcome->file_sha256);
    struct sj_text key;
    const bool is_kept = sj_request_header(x->request, "Idempotency-Key", &key);
    write_errors(&json, outcome, is_kept ? KEPT_BYTES_MAX : ANSWER_BYTES_MAX);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

/* The members of the problem beside those that every problem has. */
static sj_status refuse_rows(struct sj_exchange *x, const struct sj_import_outcome *outcome)
{
    CLEANUP(sj_buf_clear) struct sj_buf extra = SJ_BUF(ANSWER_BYTES_MAX);
    struct sj_json json = sj_json_begin(&extra);
    sj_json_object(&json, NULL);
    write_errors(&json, outcome, ANSWER_BYTES_MAX);
    sj_json_object_end(&json);
    TRY(sj_json_end(&json));
    const struct sj_text inner = {sj_buf_text(&extra).ptr + 1, extra.len - 2}; /* without braces */
    TRY(sj_arena_text(x->arena, inner, &x->problem_extra));
    FAIL(ROWS_REJECTED);
}

static void note_draft(struct sj_exchange *x, const struct body *body, bool is_dry_run,
    const struct sj_import_outcome *outcome)
{
    (void)snprintf(x->draft.detail, sizeof x->draft.detail,
        "kind=%.*s;rows_ok=%zu;rows_rejected=%zu;dry_run=%d", (int)body->kind.len, body->kind.ptr,
        outcome->rows_ok, outcome->rows_rejected, is_dry_run ? 1 : 0);
}

static sj_status import(
    struct sj_exchange *x, const struct body *body, const struct sj_import_order *order)
{
    const struct sj_desk desk = sj_desk_of(x);
    CLEANUP(sj_import_free) struct sj_import *done = NULL;
    TRY(sj_import_run(&desk, x->worker->server->work_pool, order, &done));
    const struct sj_import_outcome *outcome = sj_import_outcome(done);
    note_draft(x, body, order->is_dry_run, outcome);
    if (order->is_dry_run) {
        return answer_outcome(x, body, order, outcome);
    }
    if (outcome->fault_total > 0) {
        return refuse_rows(x, outcome);
    }
    TRY(sj_exchange_created(x, "/api/v1/contributions", outcome->id));
    TRY(sj_exchange_etag(x, 1));
    return answer_outcome(x, body, order, outcome);
}

/* Only so many large files at a time: each holds memory and a connection for seconds. */
static sj_status admit(
    struct sj_exchange *x, const struct body *body, const struct sj_import_order *order)
{
    struct sj_server *server = x->worker->server;
    if (order->file.len <= SJ_IMPORT_WORKER_BYTES) {
        return import(x, body, order);
    }
    ENSURE(sj_place_take(&server->imports, SJ_IMPORTS_MAX), BUSY);
    const sj_status status = import(x, body, order);
    sj_place_leave(&server->imports);
    return status;
}

static sj_status create(struct sj_exchange *x)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    struct body body = {0};
    struct sj_import_order order = {.kind = SJ_IMPORT_NONE};
    TRY(take_dry_run(x, &order.is_dry_run));
    if (sj_request_media(x->request) == SJ_MEDIA_JSON) {
        TRY(sj_arena_new(BODY_ARENA_MAX, &arena));
        TRY(decode_json(x, arena, &body));
        order.file = sj_text_bytes(body.data);
    } else {
        TRY(decode_multipart(x, &body, &order.file));
    }
    TRY(make_order(x, &body, &order));
    ENSURE(sj_may_deliver(x, order.kind), FORBIDDEN);
    return admit(x, &body, &order);
}

/* ---- moves ---- */

struct move_body {
    struct sj_text to;
    struct sj_text reason;
};

static const struct sj_json_member move_members[] = {
    {.name = "to",
        .kind = SJ_JSON_TEXT,
        .offset = offsetof(struct move_body, to),
        .present_offset = SJ_JSON_NO_PRESENT,
        .required = true,
        .limit = 16},
    {.name = "reason",
        .kind = SJ_JSON_TEXT,
        .offset = offsetof(struct move_body, reason),
        .present_offset = SJ_JSON_NO_PRESENT,
        .nullable = true,
        .limit = SJ_CONTRIBUTION_REASON_MAX},
};

static sj_status answer_move(struct sj_exchange *x, const struct sj_desk *desk, struct sj_uuid id)
{
    bool found = false;
    struct sj_contribution item;
    TRY(sj_contribution_find(desk, id, &found, &item));
    ENSURE(found, NOT_FOUND);
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_id(&json, "id", id);
    sj_json_text(&json, "state", item.state);
    sj_json_id_or_null(&json, "accepted_by", item.accepted_by);
    sj_json_int(&json, "version", item.version);
    sj_json_object_end(&json);
    TRY(sj_exchange_etag(x, item.version));
    return sj_json_end(&json);
}

/* Acceptance is the manager's, and so is the contrary: whoever may register a court for the unit may answer for its data. */
static bool may_accept(const struct sj_exchange *x)
{
    return sj_active_decide(x->active, &x->session.actor, SJ_ACTION_COURT_CREATE).permit;
}

static sj_status decode_move(struct sj_exchange *x, struct move_body *body)
{
    TRY(sj_exchange_decode(x, move_members, SJ_COUNT(move_members), body));
    TRY(sj_reason_check(x, "/reason", &body->reason));
    const bool is_rejection = sj_text_is(body->to, "rejected");
    if (is_rejection != (body->reason.len > 0)) {
        return sj_refuse_at(x, "/reason", is_rejection ? "REQUIRED" : "UNKNOWN",
            "a rejection has a reason, no other move has one");
    }
    ENSURE(!(is_rejection || sj_text_is(body->to, "accepted")) || may_accept(x), FORBIDDEN);
    return SJ_DONE;
}

static sj_status tell_unmet(struct sj_exchange *x, sj_status status, const char *unmet)
{
    if (status.code == SJ_GUARD_UNMET) {
        TRY(sj_json_fault_add(&x->faults, x->arena, SJ_TEXT("/to"), unmet,
            sj_text_of(unmet[0] == 'D' ? "a batch that was held is accepted by another person"
                                       : "its import has not come to its end")));
    }
    return status;
}

static sj_status move(struct sj_exchange *x)
{
    struct sj_contribution_move order = {.version = 0};
    struct move_body body = {{"", 0}, {"", 0}};
    TRY(sj_exchange_id(x, &order.id));
    TRY(decode_move(x, &body));
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    struct sj_contribution before;
    TRY(sj_contribution_find(&desk, order.id, &found, &before));
    ENSURE(found, NOT_FOUND);
    TRY(sj_exchange_if_match(x, before.version));
    order.to = body.to;
    order.reason = body.reason;
    order.version = before.version;
    const char *unmet = "";
    const sj_status status = sj_contribution_move(&desk, &order, &found, &unmet);
    TRY(tell_unmet(x, status, unmet));
    ENSURE(found, NOT_FOUND);
    x->draft.object = order.id;
    (void)snprintf(
        x->draft.detail, sizeof x->draft.detail, "to=%.*s", (int)body.to.len, body.to.ptr);
    return answer_move(x, &desk, order.id);
}

const struct sj_endpoint sj_routes_contributions[] = {
    {{SJ_GET, "/api/v1/contributions", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_CONTRIBUTION_LIST, list},
    {{SJ_POST, "/api/v1/contributions", SJ_BODY_CONTRIBUTION, SJ_MEDIA_JSON | SJ_MEDIA_MULTIPART,
         NULL},
        SJ_USE_WRITE, SJ_ACTION_CONTRIBUTION_CREATE, create},
    {{SJ_GET, "/api/v1/contributions/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_CONTRIBUTION_READ, read_one},
    {{SJ_POST, "/api/v1/contributions/{id}/moves", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL},
        SJ_USE_WRITE, SJ_ACTION_CONTRIBUTION_UPDATE, move},
};
const size_t sj_routes_contributions_count = SJ_COUNT(sj_routes_contributions);
