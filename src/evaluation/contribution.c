/* SPDX-License-Identifier: Apache-2.0
 *
 * Which batches did a unit send, and what came of them? Comment and file hash are sealed under the batch's own key:
 * the hash of a file with one row would let a reader of the table try out its content.
 */
#include "sanjeh/evaluation/contribution.h"

#include "bulk_priv.h"
#include "contribution_priv.h"

enum {
    COLUMN_UNIT,
    COLUMN_ID,
    COLUMN_COMPARTMENT,
    COLUMN_KIND,
    COLUMN_FORMAT,
    COLUMN_PERIOD_FROM,
    COLUMN_PERIOD_TO,
    COLUMN_CYCLE,
    COLUMN_FILE_SHA256,
    COLUMN_COMMENT,
    COLUMN_KEY_VERSION,
    COLUMN_WRAPPED,
    COLUMN_BYTE_SIZE,
    COLUMN_ROWS_OK,
    COLUMN_ROWS_REJECTED,
    COLUMN_STATE,
    COLUMN_SUBMITTED_BY,
    COLUMN_CREATED_AT,
    COLUMN_SUPERSEDED_BY,
    COLUMN_VERSION,
    COLUMN_ACCEPTED_BY,
    COLUMN_SUPERSEDES,
    COLUMN_HELD,
    COLUMN_REASON,
    COLUMN_CORRECTION
};

static sj_status open_hash(const struct sj_desk *desk, const struct sj_subject *subject,
    struct sj_uuid id, struct sj_view blob, struct sj_text *ret_hex)
{
    CLEANUP(sj_buf_clear) struct sj_buf hash = SJ_BUF(FIELD_BYTES_MAX);
    TRY(sj_field_open(subject, SJ_TABLE_CONTRIBUTION, SJ_COLUMN_CONTRIBUTION_FILE_SHA256, id,
        SJ_FLE1_BYTES, blob, &hash));
    return hex_text(desk, sj_buf_view(&hash), ret_hex);
}

static sj_status open_fields(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    const struct sj_subject *subject, struct sj_contribution *item)
{
    item->comment = item->file_sha256 = item->reason = (struct sj_text){"", 0};
    if (subject == NULL) {
        return SJ_DONE;
    }
    TRY(open_hash(
        desk, subject, item->id, sj_row_bytes(rows, row, COLUMN_FILE_SHA256), &item->file_sha256));
    if (!sj_row_is_null(rows, row, COLUMN_REASON)) {
        TRY(field_text(desk, subject, SJ_TABLE_CONTRIBUTION, SJ_COLUMN_CONTRIBUTION_REASON,
            item->id, SJ_FLE1_TEXT, sj_row_bytes(rows, row, COLUMN_REASON), &item->reason));
    }
    if (sj_row_is_null(rows, row, COLUMN_COMMENT)) {
        return SJ_DONE;
    }
    return field_text(desk, subject, SJ_TABLE_CONTRIBUTION, SJ_COLUMN_CONTRIBUTION_COMMENT,
        item->id, SJ_FLE1_TEXT, sj_row_bytes(rows, row, COLUMN_COMMENT), &item->comment);
}

static sj_status read_row(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    const struct sj_subject *subject, struct sj_contribution *item)
{
    *item = (struct sj_contribution){
        .id = sj_row_id(rows, row, COLUMN_ID),
        .unit = sj_row_id(rows, row, COLUMN_UNIT),
        .compartment = sj_row_id(rows, row, COLUMN_COMPARTMENT),
        .has_period = !sj_row_is_null(rows, row, COLUMN_PERIOD_FROM),
        .byte_size = sj_row_i64(rows, row, COLUMN_BYTE_SIZE),
        .rows_ok = sj_row_i64(rows, row, COLUMN_ROWS_OK),
        .rows_rejected = sj_row_i64(rows, row, COLUMN_ROWS_REJECTED),
        .submitted_by = sj_row_id(rows, row, COLUMN_SUBMITTED_BY),
        .superseded_by = sj_row_id(rows, row, COLUMN_SUPERSEDED_BY),
        .accepted_by = sj_row_id(rows, row, COLUMN_ACCEPTED_BY),
        .supersedes = sj_row_id(rows, row, COLUMN_SUPERSEDES),
        .created_at = sj_row_time(rows, row, COLUMN_CREATED_AT),
        .is_held = sj_row_bool(rows, row, COLUMN_HELD),
        .correction = sj_row_id(rows, row, COLUMN_CORRECTION),
        .version = sj_row_i64(rows, row, COLUMN_VERSION),
    };
    if (item->has_period) {
        item->from_day = sj_row_day(rows, row, COLUMN_PERIOD_FROM);
        item->to_day = sj_row_day(rows, row, COLUMN_PERIOD_TO);
    }
    TRY(sj_desk_text(desk, rows, row, COLUMN_KIND, &item->kind));
    TRY(sj_desk_text(desk, rows, row, COLUMN_FORMAT, &item->format));
    TRY(sj_desk_text(desk, rows, row, COLUMN_CYCLE, &item->cycle));
    TRY(sj_desk_text(desk, rows, row, COLUMN_STATE, &item->state));
    return open_fields(desk, rows, row, subject, item);
}

static sj_status read_rows(const struct sj_desk *desk, const struct sj_rows *rows, size_t count,
    struct sj_contribution *items)
{
    void *memory;
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_wrapped_dek), &memory));
    struct sj_wrapped_dek *keys = memory;
    for (size_t row = 0; row < count; row++) {
        keys[row] = (struct sj_wrapped_dek){
            .unit = sj_row_id(rows, row, COLUMN_UNIT),
            .subject = sj_row_id(rows, row, COLUMN_ID),
            .version = (uint32_t)sj_row_i64(rows, row, COLUMN_KEY_VERSION),
            .wrapped = {NULL, 0},
        };
        if (!sj_row_is_null(rows, row, COLUMN_WRAPPED)) {
            keys[row].wrapped = sj_row_bytes(rows, row, COLUMN_WRAPPED);
        }
    }
    CLEANUP(keyring_clear) struct keyring keyring = {0};
    TRY(keyring_open(desk, keys, count, &keyring));
    for (size_t row = 0; row < count; row++) {
        TRY(read_row(desk, rows, row, keyring_of(&keyring, row), &items[row]));
    }
    return SJ_DONE;
}

sj_status sj_contribution_list(const struct sj_desk *desk,
    const struct sj_contribution_query *query, struct sj_paging paging,
    struct sj_contribution **ret_items, size_t *ret_count, struct sj_uuid *ret_last)
{
    *ret_items = NULL;
    *ret_count = 0;
    *ret_last = (struct sj_uuid){{0}};
    struct sj_uuid unit;
    struct sj_uuid self;
    if (!desk_reach(desk, &unit, &self) || !sj_uuid_is_nil(self)) {
        return SJ_DONE;
    }
    const struct sj_param params[] = {sj_p_id(&unit), sj_p_id(&paging.after),
        sj_p_i64((int64_t)paging.limit + 1), sj_p_text_or_null(query->kind),
        sj_p_text_or_null(query->state)};
    const struct sj_query sql = {SJ_SQL_CONTRIBUTION_LIST, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    size_t count = sj_rows_count(rows);
    if (count == 0) {
        return SJ_DONE;
    }
    if (count > paging.limit) {
        count = paging.limit;
        *ret_last = sj_row_id(rows, count - 1, COLUMN_ID);
    }
    void *memory;
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_contribution), &memory));
    TRY(read_rows(desk, rows, count, memory));
    *ret_items = memory;
    *ret_count = count;
    return SJ_DONE;
}

sj_status sj_contribution_find(const struct sj_desk *desk, struct sj_uuid id, bool *ret_found,
    struct sj_contribution *ret_contribution)
{
    *ret_found = false;
    struct sj_uuid unit;
    struct sj_uuid self;
    if (!desk_reach(desk, &unit, &self) || !sj_uuid_is_nil(self)) {
        return SJ_DONE;
    }
    const struct sj_param params[] = {sj_p_id(&unit), sj_p_id(&id)};
    const struct sj_query sql = {SJ_SQL_CONTRIBUTION_FIND, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(desk->tx != NULL
            ? sj_tx_query(desk->tx, SJ_SQL_CONTRIBUTION_FIND, params, SJ_COUNT(params), &rows)
            : sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    return *ret_found ? read_rows(desk, rows, 1, ret_contribution) : SJ_DONE;
}

/* ---- imports ---- */

sj_status cycle_check_open(const struct sj_desk *desk, struct sj_text cycle)
{
    if (cycle.len == 0) {
        return SJ_DONE;
    }
    const struct sj_param params[] = {sj_p_text(cycle)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_CYCLE_FROZEN, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) == 0, FROZEN);
    return SJ_DONE;
}

sj_status contribution_insert(const struct sj_desk *desk, const struct new_contribution *item)
{
    CLEANUP(sj_subject_clear) struct sj_subject subject = {0};
    const struct sj_uuid unit = desk->actor->unit;
    TRY(sj_fields_subject_for_write(desk->fields, desk->tx, unit, item->id, &subject));
    CLEANUP(sj_buf_clear) struct sj_buf hash = SJ_BUF(FIELD_BYTES_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf comment = SJ_BUF(COMMENT_BLOB_MAX);
    TRY(sj_field_seal(&subject, SJ_TABLE_CONTRIBUTION, SJ_COLUMN_CONTRIBUTION_FILE_SHA256, item->id,
        SJ_FLE1_BYTES, sj_view_of(item->file_sha256.bytes, SJ_HASH_SIZE), &hash));
    if (item->comment.len > 0) {
        TRY(sj_field_seal(&subject, SJ_TABLE_CONTRIBUTION, SJ_COLUMN_CONTRIBUTION_COMMENT, item->id,
            SJ_FLE1_TEXT, sj_text_bytes(item->comment), &comment));
    }
    const struct sj_param params[] = {sj_p_id(&unit), sj_p_id(&item->id),
        sj_p_id_or_null(&desk->actor->compartment), sj_p_text(item->kind), sj_p_text(item->format),
        item->has_period ? sj_p_day(item->period.from_day) : sj_p_null(),
        item->has_period ? sj_p_day(item->period.to_day) : sj_p_null(),
        sj_p_text_or_null(item->cycle), sj_p_bytes(sj_buf_view(&hash)),
        item->comment.len > 0 ? sj_p_bytes(sj_buf_view(&comment)) : sj_p_null(),
        sj_p_i32((int32_t)subject.version), sj_p_i64((int64_t)item->byte_size),
        sj_p_i64((int64_t)item->rows),
        sj_p_text(sj_text_of(item->is_held || item->is_running ? "received" : "accepted")),
        sj_p_id(&desk->actor->account), sj_p_bool(item->is_held),
        sj_p_id_or_null(&item->supersedes), sj_p_id_or_null(&item->correction)};
    return sj_tx_query(desk->tx, SJ_SQL_CONTRIBUTION_INSERT, params, SJ_COUNT(params), NULL);
}
