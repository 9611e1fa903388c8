/* SPDX-License-Identifier: Apache-2.0
 *
 * What does a caller keep of a request of his own? Its index, leaf hash and a proof with the signed checkpoint, as JSON or as a
 * C2SP tlog-proof file: kept, it convicts whoever leaves the entry out later. For the caller of that request alone; for anybody
 * else there is no such request. Requests that the index has not reached yet are found among the newest entries.
 */
#include "../server.h"
#include "record_desk.h"
#include "routes.h"

#include "sanjeh/audit/index.h"
#include "sanjeh/crypto/note.h"

#define TAIL_MAX 20000 /* entries that the index may lag behind */

struct receipt {
    struct sj_hit hit;
    struct sj_proof proof;
    struct sj_hash leaf;
    struct sj_buf note;
};

static void receipt_clear(struct receipt *receipt)
{
    sj_buf_clear(&receipt->note);
}

/* The answer's own entry: the last of the request, but not the end of its stream, and the caller's. */
static sj_status take_place(struct sj_exchange *x, struct sj_reading *reading, struct sj_uuid id,
    uint64_t index, struct receipt *receipt, bool *found)
{
    struct sj_hit hit = {.index = index};
    uint64_t bad = 0;
    if (index >= sj_reading_size(reading)) {
        return SJ_DONE;
    }
    TRY(sj_reading_entries(reading, &hit, 1, &bad));
    const struct sj_draft *draft = &hit.entry.draft;
    if (sj_uuid_equal(draft->request_id, id) && draft->kind != SJ_ENTRY_STREAM_END &&
        sj_uuid_equal(draft->actor, x->session.actor.account) &&
        (!*found || index > receipt->hit.index)) {
        receipt->hit = hit;
        *found = true;
    }
    return SJ_DONE;
}

static sj_status find_indexed(struct sj_exchange *x, struct sj_reading *reading,
    const struct sj_context *context, struct sj_uuid id, struct receipt *receipt, bool *found)
{
    struct sj_index *index = x->worker->server->index;
    struct sj_index_page page;
    int64_t token = 0;
    TRY(sj_index_token(index, SJ_INDEX_REQUEST, sj_view_of(id.bytes, sizeof id.bytes), &token));
    TRY(sj_index_find(index, x->worker->db, context, token, 0, UINT64_MAX, &page));
    for (size_t i = 0; i < page.count && i < 16; i++) {
        TRY(take_place(x, reading, id, page.indices[i], receipt, found));
    }
    return SJ_DONE;
}

static sj_status find_newest(struct sj_exchange *x, struct sj_reading *reading,
    const struct sj_context *context, struct sj_uuid id, uint64_t from, struct receipt *receipt,
    bool *found)
{
    const uint64_t size = sj_reading_size(reading);
    ENSURE(size - from <= TAIL_MAX || *found, BUSY);
    const struct sj_param params[] = {sj_p_i64((int64_t)from), sj_p_i64((int64_t)size),
        sj_p_bytes(sj_view_of(id.bytes, sizeof id.bytes))};
    const struct sj_query query = {SJ_SQL_AUDIT_ENTRY_OF_REQUEST, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(x->worker->db, context, &query, 1, &rows));
    for (size_t row = 0; row < sj_rows_count(rows); row++) {
        TRY(take_place(x, reading, id, (uint64_t)sj_row_i64(rows, row, 0), receipt, found));
    }
    return SJ_DONE;
}

static sj_status find(struct sj_exchange *x, struct sj_reading *reading,
    const struct sj_context *context, struct sj_uuid id, struct receipt *receipt)
{
    bool found = false;
    const struct sj_index_status status = sj_index_status(x->worker->server->index);
    const uint64_t upto =
        status.upto < sj_reading_size(reading) ? status.upto : sj_reading_size(reading);
    if (status.is_loaded) {
        TRY(find_indexed(x, reading, context, id, receipt, &found));
    }
    if (!found) {
        TRY(find_newest(x, reading, context, id, upto, receipt, &found));
    }
    ENSURE(found, NOT_FOUND);
    return SJ_DONE;
}

static bool wants_text(const struct sj_exchange *x)
{
    struct sj_text accept;
    if (!sj_request_header(x->request, "Accept", &accept)) {
        return false;
    }
    const bool takes_json = memmem(accept.ptr, accept.len, "application/json", 16) != NULL ||
                            memmem(accept.ptr, accept.len, "*/*", 3) != NULL;
    return !takes_json && memmem(accept.ptr, accept.len, "text/plain", 10) != NULL;
}

static sj_status write_json(
    struct sj_exchange *x, const struct sj_reading *reading, const struct receipt *receipt)
{
    const struct sj_hash root = sj_reading_root(reading);
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_id(&json, "request_id", receipt->hit.entry.draft.request_id);
    sj_json_int(&json, "index", (int64_t)receipt->hit.index);
    sj_record_desk_write_hash(&json, "leaf", &receipt->leaf);
    sj_json_time(&json, "time", receipt->hit.entry.time);
    sj_json_int(&json, "size", (int64_t)sj_reading_size(reading));
    sj_record_desk_write_hash(&json, "root", &root);
    sj_json_array(&json, "proof");
    for (size_t i = 0; i < receipt->proof.count; i++) {
        sj_record_desk_write_hash(&json, NULL, &receipt->proof.hashes[i]);
    }
    sj_json_array_end(&json);
    sj_json_text(&json, "checkpoint", sj_buf_text(&receipt->note));
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

static sj_status receipt(struct sj_exchange *x)
{
    CLEANUP(sj_reading_close) struct sj_reading *reading = NULL;
    CLEANUP(receipt_clear) struct receipt receipt = {.note = SJ_BUF(SJ_NOTE_MAX)};
    struct sj_context context;
    struct sj_uuid id;
    ENSURE(!sj_failed(sj_uuid_parse(sj_request_param(x->request, "request_id"), &id)), NOT_FOUND);
    x->draft.object = id;
    TRY(sj_record_desk_context(x, 60, &context));
    TRY(sj_reading_open(x->worker->server->sequencer, x->worker->db, &context, &reading));
    TRY(find(x, reading, &context, id, &receipt));
    TRY(sj_reading_inclusion(reading, receipt.hit.index, 0, &receipt.leaf, &receipt.proof));
    TRY(sj_reading_checkpoint(reading, 0, &receipt.note));
    if (!wants_text(x)) {
        return write_json(x, reading, &receipt);
    }
    x->content_type = "text/plain; charset=utf-8";
    return sj_proof_format(receipt.hit.index, &receipt.proof, sj_buf_view(&receipt.note), &x->body);
}

const struct sj_endpoint sj_routes_audit_receipts[] = {
    {{SJ_GET, "/api/v1/audit/receipts/{request_id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL},
        SJ_USE_READ, SJ_ACTION_RECEIPT_READ, receipt},
};
const size_t sj_routes_audit_receipts_count = SJ_COUNT(sj_routes_audit_receipts);
