/* SPDX-License-Identifier: Apache-2.0
 *
 * On which file does something hang, and how are its texts sealed and opened? The key is that of the evaluation in the
 * issuer's unit. If the wrong key were taken, a text could be moved from one judge's file to another's.
 */
#include "board_priv.h"

#include <string.h>

sj_status ask(const struct sj_desk *desk, enum sj_sql sql, const struct sj_param *params,
    size_t count, struct sj_rows **ret_rows)
{
    if (desk->tx != NULL) {
        return sj_tx_query(desk->tx, sql, params, count, ret_rows);
    }
    const struct sj_query query = {sql, params, count};
    return sj_db_read(desk->db, desk->context, &query, 1, ret_rows);
}

sj_status write_one(const struct sj_desk *desk, enum sj_sql sql, const struct sj_param *params,
    size_t count, enum sj_code missing_code)
{
    SJ_ASSERT(desk->tx != NULL);
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, sql, params, count, &rows));
    if (sj_rows_affected(rows) != 1) {
        return (sj_status){missing_code, SJ_FILE_ ":" SJ_STR(__LINE__)};
    }
    return SJ_DONE;
}

sj_status room_for(const struct sj_desk *desk, size_t count, size_t size, void **ret_memory)
{
    *ret_memory = NULL;
    return count == 0 ? SJ_DONE : sj_arena_alloc(desk->arena, count * size, ret_memory);
}

sj_time_us time_or_zero(const struct sj_rows *rows, size_t row, size_t column)
{
    return sj_row_is_null(rows, row, column) ? 0 : sj_row_time(rows, row, column);
}

sj_status ids_put(const struct sj_uuid *ids, size_t count, struct sj_array *array)
{
    TRY(sj_array_init(array, SJ_OID_UUID, 32 * (count + 2)));
    for (size_t i = 0; i < count; i++) {
        TRY(sj_array_put(array, ids[i].bytes, sizeof(ids[i].bytes)));
    }
    return SJ_DONE;
}

sj_status refuse(struct sj_refusal *refusal, enum sj_code status, const char *pointer,
    const char *code, const char *detail)
{
    *refusal = (struct sj_refusal){pointer, code, detail};
    return (sj_status){status, SJ_FILE_ ":" SJ_STR(__LINE__)};
}

static sj_status read_file(
    const struct sj_desk *desk, const struct sj_rows *rows, size_t row, struct sj_file *ret_file)
{
    *ret_file = (struct sj_file){
        .unit = sj_row_id(rows, row, 0),
        .id = sj_row_id(rows, row, 1),
        .cycle = sj_row_id(rows, row, 2),
        .judge = sj_row_id(rows, row, 3),
        .issuer_unit = sj_row_id(rows, row, 4),
        .issuer_scope = sj_row_id(rows, row, 5),
        .round = sj_row_i64(rows, row, 7),
        .version = sj_row_i64(rows, row, 8),
        .is_locked = sj_row_bool(rows, row, 9),
        .is_disclosed = sj_row_bool(rows, row, 10),
        .template_id = sj_row_id(rows, row, 11),
        .coverage_min = sj_row_i64(rows, row, 12),
        .board = sj_row_id(rows, row, 13),
    };
    return sj_desk_text(desk, rows, row, 6, &ret_file->state);
}

sj_status sj_file_find(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_file *ret_file)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_BOARD_FILE_FIND, params, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    return *ret_found ? read_file(desk, rows, 0, ret_file) : SJ_DONE;
}

sj_status sj_file_list(const struct sj_desk *desk, const struct sj_uuid *ids, size_t count,
    struct sj_file *ret_files, size_t *ret_missing)
{
    CLEANUP(sj_array_clear) struct sj_array wanted = {0};
    TRY(ids_put(ids, count, &wanted));
    const struct sj_param params[] = {sj_p_array(&wanted)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_BOARD_FILE_LIST, params, 1, &rows));
    for (size_t i = 0; i < count; i++) {
        *ret_missing = i;
        if (i >= sj_rows_count(rows) || !sj_uuid_equal(sj_row_id(rows, i, 1), ids[i])) {
            return SJ_DONE;
        }
        TRY(read_file(desk, rows, i, &ret_files[i]));
    }
    *ret_missing = count;
    return SJ_DONE;
}

/* ---- texts ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Controls but line breaks; U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069, U+0080 to U+009F. */
static bool deceives(struct sj_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        const unsigned char a = (unsigned char)text.ptr[i];
        const unsigned char b = i + 1 < text.len ? (unsigned char)text.ptr[i + 1] : 0;
        const unsigned char c = i + 2 < text.len ? (unsigned char)text.ptr[i + 2] : 0;
        const bool is_control = (a < 0x20 && a != '\n' && a != '\r' && a != '\t') || a == 0x7f;
        const bool is_c1 = a == 0xc2 && b >= 0x80 && b <= 0x9f;
        const bool is_mark = a == 0xd8 && b == 0x9c;
        const bool is_bidi =
            a == 0xe2 && ((b == 0x80 && (c == 0x8e || c == 0x8f || (c >= 0xaa && c <= 0xae))) ||
                             (b == 0x81 && c >= 0xa6 && c <= 0xa9));
        if (is_control || is_c1 || is_mark || is_bidi) {
            return true;
        }
    }
    return false;
}

sj_status sj_board_text_check(struct sj_text text, size_t max, struct sj_text *ret_text)
{
    while (text.len > 0 && is_blank(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.ptr[text.len - 1])) {
        text.len--;
    }
    ENSURE(text.len > 0 && text.len <= max && !deceives(text), INVALID);
    *ret_text = text;
    return SJ_DONE;
}

/* ---- keys ---- */

sj_status file_key(
    const struct sj_desk *desk, const struct sj_file *file, struct sj_subject *ret_key)
{
    return sj_fields_subject_for_write(
        desk->fields, desk->tx, file->issuer_unit, file->id, ret_key);
}

void opener_clear(struct opener *opener)
{
    sj_subject_clear(&opener->key);
    *opener = (struct opener){.version = 0};
}

sj_status opener_turn(const struct sj_desk *desk, const struct sj_file *file, struct opener *opener,
    const struct sj_rows *rows, size_t row, size_t version_column, size_t wrapped_column)
{
    const bool has_key =
        !sj_row_is_null(rows, row, version_column) && !sj_row_is_null(rows, row, wrapped_column);
    if (!has_key) {
        opener_clear(opener);
        return SJ_DONE;
    }
    const int64_t version = sj_row_i64(rows, row, version_column);
    if (opener->is_open && opener->version == version) {
        return SJ_DONE;
    }
    opener_clear(opener);
    const struct sj_wrapped_dek wrapped = {
        .unit = file->issuer_unit,
        .subject = file->id,
        .version = (uint32_t)version,
        .wrapped = sj_row_bytes(rows, row, wrapped_column),
    };
    TRY(sj_fields_open(desk->fields, &wrapped, 1, &opener->key));
    opener->version = version;
    opener->is_open = true;
    return SJ_DONE;
}

sj_status open_text(const struct sj_desk *desk, const struct opener *opener, uint32_t table,
    uint32_t column, struct sj_uuid id, struct sj_view blob, struct sj_text *ret_text)
{
    *ret_text = (struct sj_text){"", 0};
    if (blob.len == 0 || !opener->is_open) {
        return SJ_DONE;
    }
    CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF(DOCUMENT_MAX);
    TRY(sj_field_open(&opener->key, table, column, id, SJ_FLE1_TEXT, blob, &plain));
    struct sj_text text;
    ENSURE(!sj_failed(sj_text_check(sj_buf_view(&plain), DOCUMENT_MAX, &text)), DECRYPT);
    return sj_arena_text(desk->arena, text, ret_text);
}

/* ---- persons ---- */

static bool find_row(const struct sj_rows *rows, struct sj_uuid account, size_t *ret_row)
{
    for (size_t row = 0; row < sj_rows_count(rows); row++) {
        if (sj_uuid_equal(sj_row_id(rows, row, 0), account)) {
            *ret_row = row;
            return true;
        }
    }
    return false;
}

static bool column_is(const struct sj_rows *rows, size_t row, size_t column, const char *code)
{
    return !sj_row_is_null(rows, row, column) && sj_text_is(sj_row_text(rows, row, column), code);
}

sj_status persons_find(const struct sj_desk *desk, const struct sj_uuid *accounts, size_t count,
    struct person *ret_persons, struct sj_refusal *refusal)
{
    CLEANUP(sj_array_clear) struct sj_array ids = {0};
    TRY(ids_put(accounts, count, &ids));
    const struct sj_param params[] = {sj_p_array(&ids)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_BOARD_PERSON_LIST, params, 1, &rows));
    for (size_t i = 0; i < count; i++) {
        size_t row = 0;
        if (!find_row(rows, accounts[i], &row)) {
            return refuse(refusal, SJ_INVALID, "/account_id", "UNKNOWN_ACCOUNT",
                "no active account has this id");
        }
        if (column_is(rows, row, 1, "PIC") || column_is(rows, row, 2, "JDP-D")) {
            return refuse(refusal, SJ_INVALID, "/account_id", "EXCLUDED_UNIT",
                "who works on discipline or integrity never sits on a board");
        }
        ret_persons[i] =
            (struct person){accounts[i], sj_row_id(rows, row, 3), sj_row_bool(rows, row, 4)};
    }
    return SJ_DONE;
}
