/* SPDX-License-Identifier: Apache-2.0
 *
 * /imports: a file of any length comes in parts, is checked and written in the background, and tells how far it is. A
 * client that was cut off reads `bytes` and sends on from there; every faulty row is kept for its error list.
 */
#include "../import_worker.h"
#include "../server.h"
#include "evaluation_desk.h"
#include "routes.h"

#include "sanjeh/base/parse.h"
#include "sanjeh/evaluation/bulk.h"

#include <sys/mman.h>
#include <unistd.h>

#define COMMENT_BYTES_MAX 2000
#define CYCLE_BYTES_MAX   64
#define ERRORS_A_READ     500u

static void write_progress(struct sj_json *json, const struct sj_bulk *job)
{
    const bool is_running = sj_text_is(job->state, "checking") || sj_text_is(job->state, "writing");
    sj_json_int(json, "bytes", job->bytes);
    sj_json_int(json, "bytes_done", job->at_byte);
    sj_json_int(json, "rows_read", job->rows_read);
    sj_json_int(json, "rows_ok", job->rows_ok);
    sj_json_int(json, "rows_rejected", job->rows_rejected);
    if (job->pass_ms > 0) {
        sj_json_int(json, "rows_per_s", job->rows_read * 1000 / job->pass_ms);
    } else {
        sj_json_null(json, "rows_per_s");
    }
    if (is_running && job->at_byte > 0) {
        const int64_t left = job->bytes - job->at_byte;
        sj_json_int(json, "eta_s", (left / 1024 * job->pass_ms / (job->at_byte / 1024 + 1)) / 1000);
    } else {
        sj_json_null(json, "eta_s");
    }
}

static void write_time(struct sj_json *json, const char *name, sj_time_us at)
{
    sj_json_time_or_null(json, name, at);
}

static void write_job(struct sj_json *json, const struct sj_bulk *job)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", job->id);
    sj_json_id(json, "unit_id", job->unit);
    sj_json_text(json, "kind", job->kind);
    sj_json_text(json, "format", job->format);
    sj_json_text(json, "accept", job->accept);
    if (job->has_period) {
        sj_json_period(json, "period", job->period.from_day, job->period.to_day);
    } else {
        sj_json_null(json, "period");
    }
    sj_json_text_or_null(json, "cycle", job->cycle);
    sj_json_bool(json, "dry_run", job->is_dry_run);
    sj_json_text(json, "state", job->state);
    sj_json_text_or_null(json, "failure", job->failure);
    write_progress(json, job);
    sj_json_bool(json, "hold", job->is_held);
    sj_json_id_or_null(json, "supersedes", job->supersedes);
    sj_json_id_or_null(json, "contribution_id", job->contribution);
    sj_json_id(json, "submitted_by", job->submitted_by);
    sj_json_time(json, "created_at", job->created_at);
    write_time(json, "started_at", job->started_at);
    write_time(json, "ended_at", job->ended_at);
    sj_json_int(json, "version", job->version);
    sj_json_object_end(json);
}

static sj_status find(struct sj_exchange *x, const struct sj_desk *desk, struct sj_bulk *ret_job)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    bool found = false;
    TRY(sj_bulk_find(desk, id, &found, ret_job));
    ENSURE(found, NOT_FOUND);
    x->draft.object = id;
    return SJ_DONE;
}

/* As it is now, also within this request's transaction. */
static sj_status answer_again(struct sj_exchange *x, const struct sj_desk *desk)
{
    struct sj_bulk job;
    TRY(find(x, desk, &job));
    struct sj_json json = sj_json_begin(&x->body);
    write_job(&json, &job);
    TRY(sj_exchange_etag(x, job.version));
    return sj_json_end(&json);
}

static sj_status list(struct sj_exchange *x)
{
    static const char *const allowed[] = {NULL};
    struct sj_page page;
    TRY(sj_exchange_page(x, allowed, &page));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_bulk *items = NULL;
    size_t count = 0;
    struct sj_uuid last;
    TRY(sj_bulk_list(&desk, sj_paging_of(page), &items, &count, &last));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        write_job(&json, &items[i]);
    }
    return sj_exchange_list_end(x, &json, last);
}

static sj_status read_one(struct sj_exchange *x)
{
    const struct sj_desk desk = sj_desk_of(x);
    return answer_again(x, &desk);
}

/* ---- create ---- */

struct body {
    struct sj_text kind;
    struct sj_text format;
    struct sj_text accept;
    struct sj_text period;
    struct sj_text cycle;
    struct sj_text comment;
    struct sj_uuid supersedes;
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
    TEXT_MEMBER(accept, false, 32),
    TEXT_MEMBER(period, false, 64),
    TEXT_MEMBER(cycle, false, CYCLE_BYTES_MAX),
    TEXT_MEMBER(comment, false, COMMENT_BYTES_MAX),
    {.name = "supersedes",
        .kind = SJ_JSON_ID,
        .offset = offsetof(struct body, supersedes),
        .present_offset = SJ_JSON_NO_PRESENT,
        .nullable = true},
    {.name = "hold",
        .kind = SJ_JSON_BOOL,
        .offset = offsetof(struct body, hold),
        .present_offset = SJ_JSON_NO_PRESENT},
};

static sj_status make_order(
    struct sj_exchange *x, const struct body *body, struct sj_bulk_order *order)
{
    order->kind = sj_import_kind_of(body->kind);
    if (order->kind == SJ_IMPORT_NONE) {
        return sj_refuse_at(x, "/kind", "UNKNOWN", "survey_means, measures, workload or roster");
    }
    order->format = sj_import_format_of(body->format);
    if (order->format == SJ_FORMAT_NONE) {
        return sj_refuse_at(x, "/format", "UNKNOWN", "csv or ndjson");
    }
    order->is_whole = body->accept.len == 0 || sj_text_is(body->accept, "all_or_nothing");
    if (!order->is_whole && !sj_text_is(body->accept, "valid_rows")) {
        return sj_refuse_at(x, "/accept", "UNKNOWN", "all_or_nothing or valid_rows");
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
    order->is_held = body->hold;
    order->supersedes = body->supersedes;
    order->cycle = body->cycle;
    order->comment = body->comment;
    return SJ_DONE;
}

static sj_status create(struct sj_exchange *x)
{
    struct body body = {0};
    TRY(sj_exchange_decode(x, members, SJ_COUNT(members), &body));
    struct sj_bulk_order order = {.kind = SJ_IMPORT_NONE};
    TRY(make_order(x, &body, &order));
    ENSURE(sj_may_deliver(x, order.kind), FORBIDDEN);
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_uuid id;
    TRY(sj_bulk_create(&desk, &order, &id));
    TRY(sj_exchange_created(x, "/api/v1/imports", id));
    bool found = false;
    struct sj_bulk job;
    TRY(sj_bulk_find(&desk, id, &found, &job));
    ENSURE(found, INTERNAL);
    struct sj_json json = sj_json_begin(&x->body);
    write_job(&json, &job);
    TRY(sj_exchange_etag(x, job.version));
    return sj_json_end(&json);
}

/* ---- parts ---- */

static sj_status take_offset(struct sj_exchange *x, int64_t *ret_offset)
{
    struct sj_text text;
    if (sj_request_query_count(x->request) != 1 ||
        !sj_request_query_find(x->request, "offset", &text) ||
        sj_failed(sj_parse_i64(text, 0, SJ_BULK_FILE_MAX, ret_offset))) {
        return sj_filter_refuse(x, "offset", "FORMAT", "the only parameter here: a byte position");
    }
    return SJ_DONE;
}

static sj_status tell_offset(struct sj_exchange *x, const struct sj_bulk *job)
{
    char text[64];
    (void)snprintf(text, sizeof text, "\"expected_offset\":%lld", (long long)job->bytes);
    return sj_arena_text(x->arena, sj_text_of(text), &x->problem_extra);
}

static sj_status append(struct sj_exchange *x)
{
    int64_t offset = 0;
    TRY(take_offset(x, &offset));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_bulk job;
    TRY(find(x, &desk, &job));
    const struct sj_view bytes = sj_request_body(x->request);
    if (bytes.len == 0) {
        return sj_refuse_at(x, "", "REQUIRED", "a part has bytes");
    }
    const sj_status status = sj_bulk_append(&desk, &job, offset, bytes);
    if (status.code == SJ_WRONG_OFFSET) {
        TRY(tell_offset(x, &job));
    }
    TRY(status);
    (void)snprintf(x->draft.detail, sizeof x->draft.detail, "offset=%lld;bytes=%zu",
        (long long)offset, bytes.len);
    return answer_again(x, &desk);
}

/* ---- start and cancel ---- */

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

static sj_status start(struct sj_exchange *x)
{
    bool is_dry_run = false;
    TRY(take_dry_run(x, &is_dry_run));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_bulk job;
    TRY(find(x, &desk, &job));
    ENSURE(sj_may_deliver(x, sj_import_kind_of(job.kind)), FORBIDDEN);
    TRY(sj_bulk_start(&desk, &job, is_dry_run));
    sj_import_worker_wake(x->worker->server);
    (void)snprintf(x->draft.detail, sizeof x->draft.detail, "started=1;dry_run=%d;bytes=%lld",
        is_dry_run ? 1 : 0, (long long)job.bytes);
    return answer_again(x, &desk);
}

static sj_status cancel(struct sj_exchange *x)
{
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_bulk job;
    TRY(find(x, &desk, &job));
    TRY(sj_exchange_if_match(x, job.version));
    TRY(sj_bulk_cancel(&desk, &job));
    return answer_again(x, &desk);
}

/* ---- errors ---- */

/* The cursor of a list is an id: a number of an error stands in its last eight bytes. */
static int64_t number_of(struct sj_uuid id)
{
    uint64_t number = 0;
    for (size_t i = 8; i < sizeof(id.bytes); i++) {
        number = number << 8 | id.bytes[i];
    }
    return (int64_t)(number & INT64_MAX);
}

static struct sj_uuid id_of(int64_t number)
{
    struct sj_uuid id = {{0}};
    for (size_t i = 0; i < 8; i++) {
        id.bytes[15 - i] = (uint8_t)((uint64_t)number >> (8 * i) & 0xff);
    }
    return id;
}

static sj_status errors(struct sj_exchange *x)
{
    static const char *const allowed[] = {NULL};
    struct sj_page page;
    TRY(sj_exchange_page(x, allowed, &page));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_bulk job;
    TRY(find(x, &desk, &job));
    struct sj_bulk_error *items = NULL;
    size_t count = 0;
    bool more = false;
    TRY(sj_bulk_errors(&desk, job.id, number_of(page.after), page.limit, &items, &count, &more));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        sj_json_object(&json, NULL);
        sj_json_int(&json, "row", items[i].row);
        sj_json_text_or_null(&json, "column", items[i].column);
        sj_json_text(&json, "code", items[i].code);
        sj_json_str(&json, "detail", items[i].detail);
        sj_json_object_end(&json);
    }
    return sj_exchange_list_end(x, &json, more ? id_of(items[count - 1].no) : id_of(0));
}

static sj_status put_line(int fd, const struct sj_bulk_error *item)
{
    char line[512];
    /* a column's name may be the file's own text: what a spreadsheet would run or split on is not repeated */
    bool is_plain = true;
    for (size_t i = 0; i < item->column.len; i++) {
        const char c = item->column.ptr[i];
        is_plain = is_plain && (c == '_' || (c >= 'a' && c <= 'z'));
    }
    const int len = snprintf(line, sizeof line, "%lld,%.*s,%.*s,\"%s\"\r\n", (long long)item->row,
        is_plain ? (int)item->column.len : 0, item->column.ptr, (int)item->code.len, item->code.ptr,
        item->detail);
    ENSURE(len > 0 && (size_t)len < sizeof line && write(fd, line, (size_t)len) == len, IO);
    return SJ_DONE;
}

static sj_status write_lines(
    const struct sj_exchange *x, const struct sj_desk *desk, struct sj_uuid id)
{
    static const char head[] = "row,column,code,detail\r\n";
    ENSURE(write(x->fd, head, sizeof head - 1) == (ssize_t)(sizeof head - 1), IO);
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    TRY(sj_arena_new((size_t)4 * 1024 * 1024, &arena));
    struct sj_desk page = *desk;
    page.arena = arena;
    bool more = true;
    for (int64_t after = 0; more;) {
        struct sj_bulk_error *items = NULL;
        size_t count = 0;
        TRY(sj_bulk_errors(&page, id, after, ERRORS_A_READ, &items, &count, &more));
        for (size_t i = 0; i < count; i++) {
            TRY(put_line(x->fd, &items[i]));
            after = items[i].no;
        }
        sj_arena_reset(arena);
    }
    return SJ_DONE;
}

static sj_status errors_csv(struct sj_exchange *x)
{
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_bulk job;
    TRY(find(x, &desk, &job));
    x->fd = memfd_create("import-errors", MFD_CLOEXEC);
    ENSURE(x->fd >= 0, IO);
    TRY(write_lines(x, &desk, job.id));
    const off_t bytes = lseek(x->fd, 0, SEEK_END);
    ENSURE(bytes > 0 && lseek(x->fd, 0, SEEK_SET) == 0, IO);
    x->fd_size = (uint64_t)bytes;
    x->content_type = "text/csv; charset=utf-8";
    return SJ_DONE;
}

const struct sj_endpoint sj_routes_imports[] = {
    {{SJ_GET, "/api/v1/imports", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_IMPORT_LIST, list},
    {{SJ_POST, "/api/v1/imports", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_IMPORT_CREATE, create},
    {{SJ_GET, "/api/v1/imports/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_IMPORT_READ, read_one},
    {{SJ_DELETE, "/api/v1/imports/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_WRITE,
        SJ_ACTION_IMPORT_UPDATE, cancel},
    {{SJ_POST, "/api/v1/imports/{id}/parts", SJ_BODY_CONTRIBUTION, SJ_MEDIA_ROWS, NULL},
        SJ_USE_WRITE, SJ_ACTION_IMPORT_UPDATE, append},
    {{SJ_POST, "/api/v1/imports/{id}/start", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_WRITE,
        SJ_ACTION_IMPORT_UPDATE, start},
    {{SJ_GET, "/api/v1/imports/{id}/errors", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_IMPORT_READ, errors},
    {{SJ_GET, "/api/v1/imports/{id}/errors.csv", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_IMPORT_READ, errors_csv},
};
const size_t sj_routes_imports_count = SJ_COUNT(sj_routes_imports);
