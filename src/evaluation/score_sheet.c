/* SPDX-License-Identifier: Apache-2.0
 *
 * What do the figures of a file say? Finds the sheet of a round, opens it and reads back the lines that a total needs. Row security
 * chooses who finds it: issuer, seats, the judge once it is disclosed.
 */
#include "compute_priv.h"

enum {
    COLUMN_UNIT,
    COLUMN_ID,
    COLUMN_EVALUATION,
    COLUMN_ROUND,
    COLUMN_BODY,
    COLUMN_KEY_VERSION,
    COLUMN_WRAPPED,
    COLUMN_COVERAGE,
    COLUMN_INPUTS,
    COLUMN_COMPUTED_AT,
    COLUMN_VERSION
};

static sj_status open_body(const struct sj_desk *desk, const struct sj_rows *rows,
    const struct sj_score_sheet *sheet, bool *ret_is_open, struct sj_text *ret_body)
{
    *ret_is_open = !sj_row_is_null(rows, 0, COLUMN_WRAPPED);
    *ret_body = (struct sj_text){"", 0};
    if (!*ret_is_open) {
        return SJ_DONE;
    }
    const struct sj_wrapped_dek wrapped = {
        .unit = sheet->unit,
        .subject = sheet->evaluation,
        .version = (uint32_t)sj_row_i64(rows, 0, COLUMN_KEY_VERSION),
        .wrapped = sj_row_bytes(rows, 0, COLUMN_WRAPPED),
    };
    CLEANUP(sj_subject_clear) struct sj_subject subject = {.version = 0};
    TRY(sj_fields_open(desk->fields, &wrapped, 1, &subject));
    CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF(SJ_SCORE_SHEET_BYTES);
    TRY(sj_field_open(&subject, SJ_TABLE_EVALUATION_SCORE, SJ_COLUMN_EVALUATION_SCORE_BODY,
        sheet->id, SJ_FLE1_TEXT, sj_row_bytes(rows, 0, COLUMN_BODY), &plain));
    return sj_arena_text(desk->arena, sj_buf_text(&plain), ret_body);
}

/* ---- reading back ---- */

/* A number of our own writer, found in the text: jansson would read it as a float. */
static sj_status number_after(struct sj_text text, const char *name, size_t from, size_t to,
    bool *ret_is_there, struct sj_decimal *ret_decimal)
{
    char key[32];
    const int len = snprintf(key, sizeof key, "\"%s\":", name);
    ENSURE(len > 0 && (size_t)len < sizeof key, INTERNAL);
    for (size_t at = from; at + (size_t)len < to; at++) {
        if (memcmp(text.ptr + at, key, (size_t)len) != 0) {
            continue;
        }
        size_t end = at + (size_t)len;
        const size_t start = end;
        while (end < to && text.ptr[end] != ',' && text.ptr[end] != '}') {
            end++;
        }
        const struct sj_text number = {text.ptr + start, end - start};
        *ret_is_there = !sj_text_is(number, "null");
        return *ret_is_there ? sj_decimal_parse(number, ret_decimal) : SJ_DONE;
    }
    FAIL(DECRYPT);
}

/* A string member without escapes, or null. */
static sj_status string_after(
    struct sj_text text, const char *name, size_t from, size_t to, struct sj_text *ret_string)
{
    char key[32];
    const int len = snprintf(key, sizeof key, "\"%s\":", name);
    ENSURE(len > 0 && (size_t)len < sizeof key, INTERNAL);
    for (size_t at = from; at + (size_t)len < to; at++) {
        if (memcmp(text.ptr + at, key, (size_t)len) == 0) {
            const size_t start = at + (size_t)len + 1;
            size_t end = start;
            while (end < to && text.ptr[end] != '"') {
                end++;
            }
            *ret_string = text.ptr[start - 1] == '"'
                              ? (struct sj_text){text.ptr + start, end - start}
                              : (struct sj_text){"", 0};
            return SJ_DONE;
        }
    }
    FAIL(DECRYPT);
}

static sj_status find_family(struct sj_text name, enum sj_family *ret_family)
{
    for (size_t i = 0; i < SJ_FAMILY_COUNT_; i++) {
        if (sj_text_is(name, sj_family_name((enum sj_family)i))) {
            *ret_family = (enum sj_family)i;
            return SJ_DONE;
        }
    }
    FAIL(DECRYPT);
}

/* Sheets that were written before lines had one name neither end. */
static sj_status interval_after(
    struct sj_text body, size_t from, size_t to, struct sj_score_line *line)
{
    bool has_high = false;
    const sj_status status =
        number_after(body, "score_low", from, to, &line->has_interval, &line->interval.low);
    if (status.code == SJ_DECRYPT) {
        line->has_interval = false;
        return SJ_DONE;
    }
    TRY(status);
    TRY(number_after(body, "score_high", from, to, &has_high, &line->interval.high));
    ENSURE(has_high == line->has_interval, DECRYPT);
    return SJ_DONE;
}

static sj_status read_line(
    struct sj_text body, size_t from, size_t to, struct sj_score_line *ret_line)
{
    struct sj_score_line line = {.has_score = false};
    struct sj_decimal no;
    bool is_there;
    struct sj_text family;
    TRY(number_after(body, "no", from, to, &is_there, &no));
    ENSURE(is_there && no.scale == 0, DECRYPT);
    line.no = no.units;
    TRY(string_after(body, "code", from, to, &line.code));
    TRY(string_after(body, "family", from, to, &family));
    TRY(find_family(family, &line.family));
    TRY(number_after(body, "weight", from, to, &is_there, &line.weight));
    TRY(number_after(body, "sub_score", from, to, &line.has_score, &line.score));
    TRY(interval_after(body, from, to, &line));
    TRY(string_after(body, "reason", from, to, &line.reason));
    const struct sj_text contested = SJ_TEXT("\"contested\":true");
    line.is_contested = to - from >= contested.len + 1 && memcmp(body.ptr + to - contested.len - 1,
                                                              contested.ptr, contested.len) == 0;
    *ret_line = line;
    return SJ_DONE;
}

/* The end of the object that begins at from; our own writer's text, so every brace outside strings counts. */
static size_t object_end(struct sj_text body, size_t from)
{
    size_t depth = 0;
    bool is_string = false;
    for (size_t at = from; at < body.len; at++) {
        const char c = body.ptr[at];
        if (c == '"' && (at == 0 || body.ptr[at - 1] != '\\')) {
            is_string = !is_string;
        } else if (!is_string && c == '{') {
            depth++;
        } else if (!is_string && c == '}' && --depth == 0) {
            return at + 1;
        }
    }
    return body.len;
}

static sj_status read_lines(const struct sj_desk *desk, struct sj_score_sheet *sheet)
{
    const struct sj_text start = SJ_TEXT("\"items\":[");
    size_t at = 0;
    while (at + start.len < sheet->body.len &&
           memcmp(sheet->body.ptr + at, start.ptr, start.len) != 0) {
        at++;
    }
    at += start.len;
    void *memory;
    TRY(sj_arena_alloc(desk->arena, SJ_SCORE_ITEMS_MAX * sizeof(struct sj_score_line), &memory));
    sheet->lines = memory;
    while (at < sheet->body.len && sheet->body.ptr[at] == '{') {
        ENSURE(sheet->line_count < SJ_SCORE_ITEMS_MAX, DECRYPT);
        const size_t end = object_end(sheet->body, at);
        TRY(read_line(sheet->body, at, end, &sheet->lines[sheet->line_count++]));
        at = end + (end < sheet->body.len && sheet->body.ptr[end] == ',' ? 1 : 0);
    }
    return SJ_DONE;
}

sj_status sj_score_sheet_find(const struct sj_desk *desk, struct sj_uuid evaluation, int64_t round,
    bool *ret_found, struct sj_score_sheet *ret_sheet)
{
    const struct sj_param params[] = {
        sj_p_id(&evaluation), round == 0 ? sj_p_null() : sj_p_i32((int32_t)round)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    if (desk->tx != NULL) {
        TRY(sj_tx_query(desk->tx, SJ_SQL_EVALUATION_SCORE_FIND, params, SJ_COUNT(params), &rows));
    } else {
        const struct sj_query sql = {SJ_SQL_EVALUATION_SCORE_FIND, params, SJ_COUNT(params)};
        TRY(sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    }
    *ret_found = sj_rows_count(rows) == 1;
    if (!*ret_found) {
        return SJ_DONE;
    }
    struct sj_score_sheet sheet = {
        .unit = sj_row_id(rows, 0, COLUMN_UNIT),
        .id = sj_row_id(rows, 0, COLUMN_ID),
        .evaluation = sj_row_id(rows, 0, COLUMN_EVALUATION),
        .round = sj_row_i64(rows, 0, COLUMN_ROUND),
        .computed_at = sj_row_time(rows, 0, COLUMN_COMPUTED_AT),
        .version = sj_row_i64(rows, 0, COLUMN_VERSION),
    };
    TRY(sj_desk_text(desk, rows, 0, COLUMN_COVERAGE, &sheet.coverage));
    TRY(hex_text(desk, sj_row_bytes(rows, 0, COLUMN_INPUTS), &sheet.inputs_sha256));
    TRY(open_body(desk, rows, &sheet, &sheet.is_readable, &sheet.body));
    if (sheet.is_readable) {
        TRY(read_lines(desk, &sheet));
    }
    *ret_sheet = sheet;
    return SJ_DONE;
}
