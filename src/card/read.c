/* SPDX-License-Identifier: Apache-2.0
 *
 * Which cards may the caller see, and is what is stored what was signed?
 * Row security chooses the rows. The content is opened part by part and then hashed: parts that were exchanged, left out
 * or put in are found by the very hash that the note carries, so a changed card is never handed out as a true one.
 */
#include "sanjeh/card/card.h"

#include "sanjeh/crypto/hash.h"

enum {
    COLUMN_UNIT,
    COLUMN_ID,
    COLUMN_EVALUATION,
    COLUMN_JUDGE,
    COLUMN_ROUND,
    COLUMN_NO,
    COLUMN_PREV,
    COLUMN_SHA256,
    COLUMN_NOTE,
    COLUMN_TEST,
    COLUMN_SUPERSEDES,
    COLUMN_SUPERSEDED_BY,
    COLUMN_ISSUED_BY,
    COLUMN_ISSUED_AT,
    COLUMN_VERSION,
    COLUMN_BYTES,
    COLUMN_KEY_VERSION
};

static sj_status ask(const struct sj_desk *desk, enum sj_sql sql, const struct sj_param *params,
    size_t count, struct sj_rows **ret_rows)
{
    if (desk->tx != NULL) {
        return sj_tx_query(desk->tx, sql, params, count, ret_rows);
    }
    const struct sj_query query = {sql, params, count};
    return sj_db_read(desk->db, desk->context, &query, 1, ret_rows);
}

static sj_status read_row(
    const struct sj_desk *desk, const struct sj_rows *rows, size_t row, struct sj_card *card)
{
    *card = (struct sj_card){
        .unit = sj_row_id(rows, row, COLUMN_UNIT),
        .id = sj_row_id(rows, row, COLUMN_ID),
        .evaluation = sj_row_id(rows, row, COLUMN_EVALUATION),
        .judge = sj_row_id(rows, row, COLUMN_JUDGE),
        .round = sj_row_i64(rows, row, COLUMN_ROUND),
        .number = sj_row_i64(rows, row, COLUMN_NO),
        .is_test = sj_row_bool(rows, row, COLUMN_TEST),
        .supersedes = sj_row_id(rows, row, COLUMN_SUPERSEDES),
        .superseded_by = sj_row_id(rows, row, COLUMN_SUPERSEDED_BY),
        .issued_by = sj_row_id(rows, row, COLUMN_ISSUED_BY),
        .issued_at = sj_row_time(rows, row, COLUMN_ISSUED_AT),
        .version = sj_row_i64(rows, row, COLUMN_VERSION),
        .bytes = sj_row_i64(rows, row, COLUMN_BYTES),
        .key_version = sj_row_i64(rows, row, COLUMN_KEY_VERSION),
    };
    const struct sj_view former = sj_row_bytes(rows, row, COLUMN_PREV);
    const struct sj_view content = sj_row_bytes(rows, row, COLUMN_SHA256);
    TRY(sj_copy(card->former.bytes, SJ_HASH_SIZE, former.ptr, former.len));
    TRY(sj_copy(card->content.bytes, SJ_HASH_SIZE, content.ptr, content.len));
    return sj_arena_text(desk->arena, sj_row_text(rows, row, COLUMN_NOTE), &card->note);
}

sj_status sj_card_list(const struct sj_desk *desk, const struct sj_card_filter *filter,
    struct sj_paging paging, struct sj_card **ret_items, size_t *ret_count,
    struct sj_uuid *ret_last)
{
    *ret_items = NULL;
    *ret_count = 0;
    *ret_last = (struct sj_uuid){{0}};
    const struct sj_param params[] = {sj_p_id(&paging.after), sj_p_i64((int64_t)paging.limit + 1),
        sj_p_id_or_null(&filter->evaluation), sj_p_id_or_null(&filter->judge),
        sj_p_bool(filter->in_force)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_REPORT_CARD_LIST, params, SJ_COUNT(params), &rows));
    size_t count = sj_rows_count(rows);
    if (count == 0) {
        return SJ_DONE;
    }
    if (count > paging.limit) {
        count = paging.limit;
        *ret_last = sj_row_id(rows, count - 1, COLUMN_ID);
    }
    void *memory;
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_card), &memory));
    *ret_items = memory;
    for (size_t row = 0; row < count; row++) {
        TRY(read_row(desk, rows, row, &(*ret_items)[row]));
    }
    *ret_count = count;
    return SJ_DONE;
}

sj_status sj_card_find(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_card *ret_card)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_REPORT_CARD_FIND, params, SJ_COUNT(params), &rows));
    *ret_found = sj_rows_count(rows) == 1;
    return *ret_found ? read_row(desk, rows, 0, ret_card) : SJ_DONE;
}

static sj_status open_key(const struct sj_desk *desk, const struct sj_card *card,
    const struct sj_rows *rows, struct sj_subject *ret_subject)
{
    const struct sj_wrapped_dek key = {
        .unit = card->unit,
        .subject = card->evaluation,
        .version = (uint32_t)card->key_version,
        .wrapped = sj_row_bytes(rows, 0, 2),
    };
    return sj_fields_open(desk->fields, &key, 1, ret_subject);
}

sj_status sj_card_content(
    const struct sj_desk *desk, const struct sj_card *card, struct sj_buf *ret_json)
{
    const struct sj_param params[] = {sj_p_id(&card->id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_REPORT_CARD_PARTS, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) > 0 && !sj_row_is_null(rows, 0, 2), NOT_FOUND);
    CLEANUP(sj_subject_clear) struct sj_subject subject = {.version = 0};
    TRY(open_key(desk, card, rows, &subject));
    const size_t before = ret_json->len;
    for (size_t row = 0; row < sj_rows_count(rows); row++) {
        TRY(sj_field_open(&subject, SJ_TABLE_REPORT_CARD, SJ_COLUMN_REPORT_CARD_PART,
            sj_row_id(rows, row, 0), SJ_FLE1_BYTES, sj_row_bytes(rows, row, 1), ret_json));
    }
    struct sj_hash hash;
    TRY(sj_sha256_one(sj_view_of(ret_json->ptr + before, ret_json->len - before), &hash));
    ENSURE(sj_hash_equal(&hash, &card->content), DECRYPT);
    return SJ_DONE;
}
