/* SPDX-License-Identifier: Apache-2.0
 *
 * The record from outside: one entry, and the export that anyone can verify with public keys alone (CONTRACT 2, Audit).
 */
#include "../server.h"
#include "record_desk.h"
#include "routes.h"

#include "sanjeh/audit/bundle.h"
#include "sanjeh/audit/unit_record.h"
#include "sanjeh/base/parse.h"
#include "sanjeh/unit/unit.h"

#include <sys/mman.h>

#define ENTRY_S  60
#define EXPORT_S 1800 /* of a log that has to be read from its first entry */

/* Who reads the entries of the own unit learns of no other unit, nor of another compartment: the caller's own context has to show
 * whose deed it was. */
static sj_status of_own_unit(struct sj_exchange *x, const struct sj_draft *draft, bool *ret_is_own)
{
    const struct sj_actor *actor = &x->session.actor;
    *ret_is_own = false;
    if (sj_uuid_is_nil(actor->tenant_tag) || !sj_uuid_equal(draft->tenant_tag, actor->tenant_tag)) {
        return SJ_DONE;
    }
    const struct sj_param params[] = {sj_p_id(&draft->actor), sj_p_id_or_null(&actor->compartment)};
    const struct sj_query query = {SJ_SQL_ACCOUNT_BESIDE, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(x->worker->db, x->context, &query, 1, &rows));
    *ret_is_own = sj_rows_count(rows) == 1;
    return SJ_DONE;
}

static sj_status entry(struct sj_exchange *x)
{
    uint64_t index = 0;
    ENSURE(!sj_failed(sj_parse_u64(sj_request_param(x->request, "index"), 0, INT64_MAX, &index)),
        NOT_FOUND);
    struct sj_context context;
    struct sj_entry decoded;
    struct sj_hash leaf;
    TRY(sj_record_desk_context(x, ENTRY_S, &context));
    TRY(sj_sequencer_entry(
        x->worker->server->sequencer, x->worker->db, &context, index, &decoded, &leaf));
    bool is_own = x->decision.reach == SJ_REACH_ALL;
    TRY(is_own ? SJ_DONE : of_own_unit(x, &decoded.draft, &is_own));
    ENSURE(is_own, NOT_FOUND);
    struct sj_json json = sj_json_begin(&x->body);
    struct sj_record_payload payload;
    TRY(sj_record_desk_payload(x, &context, &decoded, &payload));
    sj_record_desk_write_whole(&json, &decoded, &leaf, &payload);
    return sj_json_end(&json);
}

#define TO_NEWEST INT64_MIN /* what null and absent leave; the member's limit forbids it */

struct export_body {
    int64_t from;
    int64_t to;
    struct sj_text unit;
    bool payloads;
};

static const struct sj_json_member export_members[] = {
    {"from", SJ_JSON_INT, offsetof(struct export_body, from), SJ_JSON_NO_PRESENT, false, true,
        INT64_MAX},
    {"to", SJ_JSON_INT, offsetof(struct export_body, to), SJ_JSON_NO_PRESENT, false, true,
        INT64_MAX},
    {"unit", SJ_JSON_TEXT, offsetof(struct export_body, unit), SJ_JSON_NO_PRESENT, false, true, 64},
    {"payloads", SJ_JSON_BOOL, offsetof(struct export_body, payloads), SJ_JSON_NO_PRESENT, false,
        false, 0},
};

static sj_status take_range(struct sj_exchange *x, struct export_body *body)
{
    TRY(sj_exchange_decode(x, export_members, SJ_COUNT(export_members), body));
    if (body->from != 0) {
        TRY(sj_json_fault_add(&x->faults, x->arena, SJ_TEXT("/from"), "RANGE",
            SJ_TEXT("an export starts at 0: the tree is only verifiable from its first entry")));
        FAIL(INVALID);
    }
    if (body->to != TO_NEWEST && body->to <= 0) {
        TRY(sj_json_fault_add(
            &x->faults, x->arena, SJ_TEXT("/to"), "RANGE", SJ_TEXT("must be above 0")));
        FAIL(INVALID);
    }
    return SJ_DONE;
}

#define PIECE ((size_t)64 * 1024)

static void file_free(void *ctx)
{
    int *fd = ctx;
    sj_closep(fd);
    sj_free(fd);
}

static sj_status send_file(struct sj_exchange *x, struct sj_feed *feed, void *ctx)
{
    const int *fd = ctx;
    CLEANUP(sj_freep) void *piece = NULL;
    (void)x;
    TRY(sj_alloc(1, PIECE, &piece));
    for (;;) {
        const ssize_t count = read(*fd, piece, PIECE);
        ENSURE(count >= 0, INTERNAL);
        if (count == 0) {
            return SJ_DONE;
        }
        TRY(sj_feed_write(feed, sj_view_of(piece, (size_t)count)));
    }
}

/* The file of the answer becomes a stream: its end is recorded, too. */
static sj_status stream_file(struct sj_exchange *x, uint64_t size)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(int), &memory));
    int *fd = memory;
    *fd = x->fd;
    x->fd = -1;
    x->stream =
        (struct sj_exchange_stream){.fn = send_file, .ctx = fd, .free = file_free, .size = size};
    return SJ_DONE;
}

/* Code, id or tag. */
static sj_status find_tag(struct sj_exchange *x, struct sj_text unit, struct sj_uuid *ret_tag)
{
    struct sj_unit *units = NULL;
    struct sj_uuid id = {{0}};
    size_t count = 0;
    const bool is_id = !sj_failed(sj_uuid_parse(unit, &id));
    TRY(sj_unit_list(x->worker->db, x->context, x->arena, &units, &count));
    for (size_t i = 0; i < count; i++) {
        if (sj_text_equal(units[i].code, unit) ||
            (is_id && (sj_uuid_equal(units[i].id, id) || sj_uuid_equal(units[i].tag, id)))) {
            *ret_tag = units[i].tag;
            return SJ_DONE;
        }
    }
    TRY(sj_json_fault_add(&x->faults, x->arena, SJ_TEXT("/unit"), "UNKNOWN",
        SJ_TEXT("the code, id or tag of a unit")));
    FAIL(INVALID);
}

/* One unit's record, up to heads that are written for it just now. */
static sj_status write_unit(struct sj_exchange *x, struct sj_text unit, uint64_t *ret_entries)
{
    struct sj_uuid tag;
    struct sj_context context;
    CLEANUP(sj_reading_close) struct sj_reading *reading = NULL;
    TRY(find_tag(x, unit, &tag));
    TRY(sj_sequencer_note_heads(x->worker->server->sequencer));
    TRY(sj_record_desk_context(x, EXPORT_S, &context));
    TRY(sj_reading_open(x->worker->server->sequencer, x->worker->db, &context, &reading));
    x->content_type = "application/octet-stream";
    return sj_unit_export(reading, x->worker->db, &context, tag, x->fd, ret_entries);
}

static sj_status write_all(
    struct sj_exchange *x, const struct export_body *body, uint64_t *ret_size)
{
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
    struct sj_signed_head head;
    struct sj_context context;
    TRY(ask_signed_head(x->worker->channel, &head, &vkey));
    TRY(sj_record_desk_context(x, EXPORT_S, &context));
    const struct sj_bundle_trust trust = {.vkey = sj_buf_text(&vkey),
        .lines = sj_publisher_trust(x->worker->server->publisher),
        .payloads = body->payloads ? x->worker->payload_keys : NULL};
    x->content_type = "application/x-tar";
    return sj_bundle_export(x->worker->db, &context, &trust,
        body->to == TO_NEWEST ? 0 : (uint64_t)body->to, x->fd, ret_size);
}

/* The bundle is written to memory that is not on disk, then streamed: the entry about the export is signed
 * before its first byte leaves. */
static sj_status write_bundle(struct sj_exchange *x)
{
    struct export_body body = {.from = 0, .to = TO_NEWEST};
    uint64_t size = 0;
    TRY(take_range(x, &body));
    x->fd = memfd_create("audit-export", MFD_CLOEXEC);
    ENSURE(x->fd >= 0, IO);
    TRY(body.unit.len != 0 ? write_unit(x, body.unit, &size) : write_all(x, &body, &size));
    const off_t bytes = lseek(x->fd, 0, SEEK_END);
    ENSURE(bytes > 0 && lseek(x->fd, 0, SEEK_SET) == 0, IO);
    (void)snprintf(x->draft.detail, sizeof x->draft.detail, "entries=%llu;bytes=%lld",
        (unsigned long long)size, (long long)bytes);
    return stream_file(x, (uint64_t)bytes);
}

/* The start of the export is an entry of its own, signed before anything is read. A batch's note is stored with the
 * batch after it: so the bundle covers every entry that was answered before this request. */
static sj_status record_start(struct sj_exchange *x)
{
    struct sj_draft begun = x->draft;
    struct sj_receipt receipt;
    begun.outcome = SJ_OUTCOME_PERMITTED;
    (void)snprintf(begun.detail, sizeof begun.detail, "begun=1");
    return sj_sequencer_record(
        x->worker->server->sequencer, &begun, /* in_outbox= */ false, &receipt);
}

static sj_status export_bundle(struct sj_exchange *x)
{
    struct sj_server *server = x->worker->server;
    ENSURE(sj_place_take(&server->exports, SJ_EXPORTS_MAX), BUSY);
    sj_status status = record_start(x);
    if (!sj_failed(status)) {
        status = write_bundle(x);
    }
    sj_place_leave(&server->exports);
    return status;
}

const struct sj_endpoint sj_routes_audit[] = {
    {{SJ_GET, "/api/v1/audit/entries/{index}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_AUDIT_READ, entry},
    {{SJ_POST, "/api/v1/audit/exports", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_READ,
        SJ_ACTION_AUDIT_EXPORT, export_bundle},
};
const size_t sj_routes_audit_count = SJ_COUNT(sj_routes_audit);
