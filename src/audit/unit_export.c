/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a unit get its own record, so that it can check that nothing is missing? The newest heads of all tenants that are
 * in the signed tree say where its chain stood; the other tenants' ends at that moment are made again from the rows and from the
 * entries behind it, and must give the signed root: else nothing is written.
 */
#include "sanjeh/audit/unit_record.h"

#include "sanjeh/base/file.h"

#include "heads.h"
#include "state.h"

#define PAGE        65536u
#define TENANTS_MAX 1000000u
#define OUT_MAX     ((size_t)256 * 1024)

struct unit_export {
    struct sj_reading *reading;
    struct sj_db *db;
    const struct sj_context *context;
    struct sj_uuid tag;
    int fd;
    uint64_t heads_index;
    struct sj_buf heads_entry;
    struct sj_heads_claim claim;
    struct sj_tenants tenants; /* as they stood before heads_index */
    struct sj_heads_proof proof;
    uint64_t count;
    struct sj_buf out;
};

static void clear(struct unit_export *x)
{
    sj_buf_clear(&x->heads_entry);
    sj_buf_clear(&x->out);
    sj_tenants_clear(&x->tenants);
}

static sj_status flush(struct unit_export *x)
{
    TRY(sj_write_all(x->fd, sj_buf_view(&x->out)));
    sj_buf_reset(&x->out);
    return SJ_DONE;
}

static sj_status read_rows(struct unit_export *x, enum sj_sql sql, const struct sj_param *params,
    size_t count, struct sj_rows **ret_rows)
{
    const struct sj_query query = {sql, params, count};
    return sj_record_read(x->db, x->context, &query, ret_rows);
}

static sj_status find_heads(struct unit_export *x)
{
    uint64_t to = sj_reading_size(x->reading);
    while (to != 0) {
        const uint64_t from = to > PAGE ? to - PAGE : 0;
        const struct sj_param params[] = {sj_p_i64((int64_t)from), sj_p_i64((int64_t)to)};
        CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
        TRY(read_rows(x, SJ_SQL_AUDIT_ENTRY_HEADS_NEWEST, params, SJ_COUNT(params), &rows));
        if (sj_rows_count(rows) == 1) {
            struct sj_entry entry;
            x->heads_index = (uint64_t)sj_row_i64(rows, 0, 0);
            TRY(sj_buf_put_view(&x->heads_entry, sj_row_bytes(rows, 0, 1)));
            ENSURE(!sj_failed(sj_entry_decode(sj_row_bytes(rows, 0, 1), &entry)), LOG_TAMPERED);
            ENSURE(!sj_failed(sj_heads_parse(sj_text_of(entry.draft.detail), &x->claim)),
                LOG_TAMPERED);
            return SJ_DONE;
        }
        to = from;
    }
    FAIL(NOT_FOUND);
}

/* Where the chains stand now; *ret_end: behind the newest entry of any of them. */
static sj_status load_tenants(struct unit_export *x, uint64_t *ret_end)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(read_rows(x, SJ_SQL_AUDIT_TENANT_LIST, NULL, 0, &rows));
    *ret_end = 0;
    for (size_t i = 0; i < sj_rows_count(rows); i++) {
        struct sj_tenant *tenant = NULL;
        const struct sj_view leaf = sj_row_bytes(rows, i, 2);
        const int64_t index = sj_row_i64(rows, i, 3);
        ENSURE(leaf.len == SJ_HASH_SIZE && index >= 0, LOG_TAMPERED);
        TRY(sj_tenants_get(&x->tenants, sj_row_id(rows, i, 0), &tenant));
        tenant->seq = (uint64_t)sj_row_i64(rows, i, 1);
        TRY(sj_copy(tenant->leaf.bytes, SJ_HASH_SIZE, leaf.ptr, leaf.len));
        *ret_end = (uint64_t)index >= *ret_end ? (uint64_t)index + 1 : *ret_end;
    }
    return SJ_DONE;
}

/* The first entry of a tenant behind the heads says where it stood before. */
static sj_status take_back(struct unit_export *x, struct sj_view bytes)
{
    struct sj_entry entry;
    struct sj_tenant *tenant = NULL;
    ENSURE(!sj_failed(sj_entry_decode(bytes, &entry)), LOG_TAMPERED);
    TRY(sj_tenants_get(&x->tenants, entry.draft.tenant_tag, &tenant));
    if (tenant->mark == 0) {
        tenant->mark = 1;
        tenant->seq = entry.tenant_seq - 1;
        tenant->leaf = entry.tenant_prev;
    }
    return SJ_DONE;
}

static sj_status rewind_tenants(struct unit_export *x)
{
    uint64_t end = 0;
    TRY(load_tenants(x, &end));
    for (uint64_t at = x->heads_index; at < end; at += SJ_BATCH_ENTRIES) {
        const struct sj_param params[] = {
            sj_p_i64((int64_t)at), sj_p_i64((int64_t)(at + SJ_BATCH_ENTRIES))};
        CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
        TRY(read_rows(x, SJ_SQL_AUDIT_ENTRY_RANGE, params, SJ_COUNT(params), &rows));
        for (size_t i = 0; i < sj_rows_count(rows); i++) {
            TRY(take_back(x, sj_row_bytes(rows, i, 1)));
        }
    }
    return SJ_DONE;
}

static sj_status prove_head(struct unit_export *x)
{
    struct sj_tenant *tenant = NULL;
    struct sj_hash leaf;
    bool valid = false;
    TRY(sj_heads_prove(&x->tenants, x->tag, &x->proof));
    TRY(sj_tenants_get(&x->tenants, x->tag, &tenant));
    x->count = tenant->seq;
    TRY(sj_heads_leaf(tenant, &leaf));
    TRY(sj_inclusion_verify(x->proof.place, x->proof.tenants, &leaf, x->proof.proof.hashes,
        x->proof.proof.count, &x->claim.root, &valid));
    ENSURE(valid && x->proof.tenants == x->claim.tenants, LOG_TAMPERED);
    return SJ_DONE;
}

static sj_status put_hashes(struct unit_export *x, const struct sj_proof *proof)
{
    TRY(sj_buf_put_u16(&x->out, (uint16_t)proof->count));
    return sj_buf_put(&x->out, proof->hashes, proof->count * SJ_HASH_SIZE);
}

static sj_status put_entry(struct unit_export *x, uint64_t index, struct sj_view bytes)
{
    struct sj_hash leaf;
    struct sj_hash found;
    struct sj_proof proof;
    TRY(sj_reading_inclusion(x->reading, index, 0, &leaf, &proof));
    TRY(sj_leaf_hash(bytes, &found));
    ENSURE(sj_hash_equal(&leaf, &found) && bytes.len <= SJ_ENTRY_MAX, LOG_TAMPERED);
    TRY(sj_buf_put_u16(&x->out, (uint16_t)bytes.len));
    TRY(sj_buf_put_view(&x->out, bytes));
    TRY(put_hashes(x, &proof));
    return flush(x);
}

static sj_status put_head(struct unit_export *x)
{
    CLEANUP(sj_buf_clear) struct sj_buf note = SJ_BUF(SJ_NOTE_MAX);
    TRY(sj_reading_checkpoint(x->reading, 0, &note));
    TRY(sj_buf_put(&x->out, SJ_UNIT_RECORD_MAGIC, 8));
    TRY(sj_buf_put_u32(&x->out, (uint32_t)note.len));
    TRY(sj_buf_put_view(&x->out, sj_buf_view(&note)));
    TRY(sj_buf_put(&x->out, x->tag.bytes, sizeof(x->tag.bytes)));
    TRY(sj_buf_put_u64(&x->out, x->count));
    TRY(sj_buf_put_u64(&x->out, x->proof.place));
    TRY(put_hashes(x, &x->proof.proof));
    return put_entry(x, x->heads_index, sj_buf_view(&x->heads_entry));
}

static sj_status put_entries(struct unit_export *x)
{
    uint64_t written = 0;
    for (uint64_t at = 0; at < x->heads_index; at += PAGE) {
        const uint64_t end = x->heads_index - at < PAGE ? x->heads_index : at + PAGE;
        const struct sj_param params[] = {sj_p_i64((int64_t)at), sj_p_i64((int64_t)end),
            sj_p_bytes(sj_view_of(x->tag.bytes, sizeof(x->tag.bytes)))};
        CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
        TRY(read_rows(x, SJ_SQL_AUDIT_ENTRY_UNIT_RANGE, params, SJ_COUNT(params), &rows));
        for (size_t i = 0; i < sj_rows_count(rows); i++) {
            TRY(put_entry(x, (uint64_t)sj_row_i64(rows, i, 0), sj_row_bytes(rows, i, 1)));
            written++;
        }
    }
    /* an entry of the unit is not there */
    return written == x->count ? SJ_DONE : sj_record_missing(x->db, x->context, 0);
}

sj_status sj_unit_export(struct sj_reading *reading, struct sj_db *db,
    const struct sj_context *context, struct sj_uuid tag, int fd, uint64_t *ret_entries)
{
    CLEANUP(clear)
    struct unit_export x = {.reading = reading, .db = db, .context = context, .tag = tag, .fd = fd};
    x.heads_entry = SJ_BUF(SJ_ENTRY_MAX);
    x.out = SJ_BUF(OUT_MAX);
    TRY(sj_tenants_init(&x.tenants, TENANTS_MAX));
    TRY(find_heads(&x));
    TRY(rewind_tenants(&x));
    TRY(prove_head(&x));
    TRY(put_head(&x));
    TRY(put_entries(&x));
    *ret_entries = x.count;
    return SJ_DONE;
}
