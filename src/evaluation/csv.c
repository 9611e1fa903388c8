/* SPDX-License-Identifier: Apache-2.0
 *
 * Where do a CSV file's rows and cells begin and end? RFC 4180, streaming: the state is the rest of the file
 * and one row's room. A row that breaks the grammar is reported and skipped up to its line end, so that one
 * stray quote does not hide the faults of the other rows. Every byte is looked at a bounded number of times.
 * If this were wrong, a cell could be read as another column: a number would be booked on another person.
 */
#include "sanjeh/evaluation/csv.h"

static struct sj_view tail(struct sj_view view, size_t skip)
{
    return (struct sj_view){view.ptr + skip, view.len - skip};
}

/* The separator that the header uses more, outside quotes; ',' when there is neither. */
static char detect_separator(struct sj_view file)
{
    size_t commas = 0;
    size_t semicolons = 0;
    bool is_quoted = false;
    for (size_t i = 0; i < file.len && i < SJ_ROW_BYTES_MAX; i++) {
        const uint8_t byte = file.ptr[i];
        if (byte == '"') {
            is_quoted = !is_quoted;
        } else if (!is_quoted && byte == '\n') {
            break;
        }
        commas += !is_quoted && byte == ',';
        semicolons += !is_quoted && byte == ';';
    }
    return semicolons > commas ? ';' : ',';
}

sj_status sj_csv_init(struct sj_csv *csv, struct sj_view file)
{
    *csv = (struct sj_csv){.rest = file};
    if (file.len >= 3 && file.ptr[0] == 0xEF && file.ptr[1] == 0xBB && file.ptr[2] == 0xBF) {
        csv->rest = tail(file, 3);
    }
    csv->separator = detect_separator(csv->rest);
    void *room;
    TRY(sj_alloc(SJ_ROW_BYTES_MAX, 1, &room));
    csv->unquoted = room;
    return SJ_DONE;
}

void sj_csv_clear(struct sj_csv *csv)
{
    if (csv->unquoted != NULL) {
        sj_wipe(csv->unquoted, SJ_ROW_BYTES_MAX);
    }
    sj_free(csv->unquoted);
    *csv = (struct sj_csv){0};
}

/* Length of the line end at the start of view: CRLF or LF; 0 when there is none. */
static size_t line_end(struct sj_view view)
{
    if (view.len >= 1 && view.ptr[0] == '\n') {
        return 1;
    }
    return view.len >= 2 && view.ptr[0] == '\r' && view.ptr[1] == '\n' ? 2 : 0;
}

/* A cell in quotes; doubled quotes become one in the row's room. False when the quotes do not close or text
 * follows them. */
static bool take_quoted(struct sj_csv *csv, struct sj_view *ret_bytes)
{
    struct sj_view left = tail(csv->rest, 1);
    uint8_t *const start = csv->unquoted + csv->unquoted_len;
    size_t len = 0;
    for (;;) {
        if (left.len == 0 || csv->unquoted_len + len >= SJ_ROW_BYTES_MAX) {
            return false;
        }
        if (left.ptr[0] == '"') {
            if (left.len < 2 || left.ptr[1] != '"') {
                break;
            }
            left = tail(left, 1);
        }
        start[len++] = left.ptr[0];
        left = tail(left, 1);
    }
    left = tail(left, 1);
    if (left.len > 0 && left.ptr[0] != (uint8_t)csv->separator && line_end(left) == 0) {
        return false;
    }
    csv->unquoted_len += len;
    csv->rest = left;
    *ret_bytes = (struct sj_view){start, len};
    return true;
}

/* Up to the separator or the line end; a quote inside is a fault. */
static bool take_plain(struct sj_csv *csv, struct sj_view *ret_bytes)
{
    size_t len = 0;
    while (len < csv->rest.len && csv->rest.ptr[len] != (uint8_t)csv->separator &&
           line_end(tail(csv->rest, len)) == 0) {
        if (csv->rest.ptr[len] == '"') {
            return false;
        }
        len++;
    }
    *ret_bytes = (struct sj_view){csv->rest.ptr, len};
    csv->rest = tail(csv->rest, len);
    return true;
}

static bool take_cell(struct sj_csv *csv)
{
    struct sj_view bytes;
    const bool is_quoted = csv->rest.len > 0 && csv->rest.ptr[0] == '"';
    if (!(is_quoted ? take_quoted(csv, &bytes) : take_plain(csv, &bytes))) {
        csv->fault = "BAD_QUOTE";
        return false;
    }
    if (csv->cell_count == SJ_CELLS_MAX) {
        csv->fault = "TOO_MANY_CELLS";
        return false;
    }
    csv->cells[csv->cell_count++] = sj_cell_of(bytes);
    return true;
}

static void skip_line(struct sj_csv *csv)
{
    size_t len = 0;
    while (len < csv->rest.len && csv->rest.ptr[len] != '\n') {
        len++;
    }
    csv->rest = tail(csv->rest, len < csv->rest.len ? len + 1 : len);
}

static void take_row(struct sj_csv *csv)
{
    const struct sj_view start = csv->rest;
    while (take_cell(csv)) {
        const size_t end = line_end(csv->rest);
        if (csv->rest.len == 0 || end > 0) {
            csv->rest = tail(csv->rest, end);
            if (start.len - csv->rest.len > SJ_ROW_BYTES_MAX) {
                csv->fault = "ROW_TOO_LONG";
            }
            return;
        }
        csv->rest = tail(csv->rest, 1); /* the separator */
    }
    skip_line(csv);
}

bool sj_csv_next(struct sj_csv *csv)
{
    while (csv->rest.len > 0) {
        csv->row++;
        const size_t end = line_end(csv->rest);
        if (end > 0) {
            csv->rest = tail(csv->rest, end);
            continue;
        }
        csv->fault = NULL;
        csv->cell_count = 0;
        csv->unquoted_len = 0;
        take_row(csv);
        return true;
    }
    return false;
}
