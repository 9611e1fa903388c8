/* SPDX-License-Identifier: Apache-2.0
 *
 * What does one line of NDJSON say? A flat object of RFC 8259, scanned in place. Its own scanner because the
 * library keeps numbers as floating point, and because a row needs no tree: texts are unescaped into one
 * row's room, numbers stay as they were written. A faulty line is reported and skipped as a whole.
 * If this were lax (duplicate members, nested values), two readers could see two different rows.
 */
#include "sanjeh/evaluation/ndjson.h"

struct scan {
    struct sj_ndjson *row;
    struct sj_view left;
};

static struct sj_view tail(struct sj_view view, size_t skip)
{
    return (struct sj_view){view.ptr + skip, view.len - skip};
}

sj_status sj_ndjson_init(struct sj_ndjson *ndjson, struct sj_view file)
{
    *ndjson = (struct sj_ndjson){.rest = file};
    if (file.len >= 3 && file.ptr[0] == 0xEF && file.ptr[1] == 0xBB && file.ptr[2] == 0xBF) {
        ndjson->rest = tail(file, 3);
    }
    void *room;
    TRY(sj_alloc(SJ_ROW_BYTES_MAX, 1, &room));
    ndjson->room = room;
    return SJ_DONE;
}

void sj_ndjson_clear(struct sj_ndjson *ndjson)
{
    if (ndjson->room != NULL) {
        sj_wipe(ndjson->room, SJ_ROW_BYTES_MAX);
    }
    sj_free(ndjson->room);
    *ndjson = (struct sj_ndjson){0};
}

static void skip_blanks(struct scan *scan)
{
    while (scan->left.len > 0 &&
           (scan->left.ptr[0] == ' ' || scan->left.ptr[0] == '\t' || scan->left.ptr[0] == '\r')) {
        scan->left = tail(scan->left, 1);
    }
}

static bool take_char(struct scan *scan, char wanted)
{
    skip_blanks(scan);
    if (scan->left.len == 0 || scan->left.ptr[0] != (uint8_t)wanted) {
        return false;
    }
    scan->left = tail(scan->left, 1);
    return true;
}

/* Room is as large as the longest line, and unescaping never makes text longer. */
static void put(struct scan *scan, uint32_t byte)
{
    SJ_ASSERT(scan->row->room_len < SJ_ROW_BYTES_MAX);
    scan->row->room[scan->row->room_len++] = (uint8_t)byte;
}

static void put_code_point(struct scan *scan, uint32_t code)
{
    if (code < 0x80) {
        put(scan, code);
    } else if (code < 0x800) {
        put(scan, 0xC0 | code >> 6);
        put(scan, 0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        put(scan, 0xE0 | code >> 12);
        put(scan, 0x80 | (code >> 6 & 0x3F));
        put(scan, 0x80 | (code & 0x3F));
    } else {
        put(scan, 0xF0 | code >> 18);
        put(scan, 0x80 | (code >> 12 & 0x3F));
        put(scan, 0x80 | (code >> 6 & 0x3F));
        put(scan, 0x80 | (code & 0x3F));
    }
}

static bool take_hex4(struct scan *scan, uint32_t *ret_code)
{
    uint32_t code = 0;
    if (scan->left.len < 4) {
        return false;
    }
    for (size_t i = 0; i < 4; i++) {
        const uint8_t c = scan->left.ptr[i];
        uint32_t digit;
        if (c >= '0' && c <= '9') {
            digit = (uint32_t)(c - '0');
        } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
            digit = (uint32_t)((c | 0x20) - 'a' + 10);
        } else {
            return false;
        }
        code = code << 4 | digit;
    }
    scan->left = tail(scan->left, 4);
    *ret_code = code;
    return true;
}

/* Behind "\u": a code point, with its second half when it is a surrogate pair. */
static bool take_unicode(struct scan *scan)
{
    uint32_t code;
    if (!take_hex4(scan, &code) || code == 0 || (code >= 0xDC00 && code <= 0xDFFF)) {
        return false;
    }
    if (code >= 0xD800 && code <= 0xDBFF) {
        uint32_t low;
        if (scan->left.len < 2 || scan->left.ptr[0] != '\\' || scan->left.ptr[1] != 'u') {
            return false;
        }
        scan->left = tail(scan->left, 2);
        if (!take_hex4(scan, &low) || low < 0xDC00 || low > 0xDFFF) {
            return false;
        }
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    put_code_point(scan, code);
    return true;
}

static bool take_escape(struct scan *scan)
{
    static const char names[] = "\"\\/bfnrt";
    static const uint8_t bytes[] = {'"', '\\', '/', '\b', '\f', '\n', '\r', '\t'};
    if (scan->left.len == 0) {
        return false;
    }
    const uint8_t name = scan->left.ptr[0];
    scan->left = tail(scan->left, 1);
    if (name == 'u') {
        return take_unicode(scan);
    }
    for (size_t i = 0; i < sizeof(bytes); i++) {
        if ((uint8_t)names[i] == name) {
            put(scan, bytes[i]);
            return true;
        }
    }
    return false;
}

/* Behind the opening quote, up to and with the closing one. */
static bool take_string(struct scan *scan, struct sj_view *ret_bytes)
{
    const size_t start = scan->row->room_len;
    while (scan->left.len > 0) {
        const uint8_t byte = scan->left.ptr[0];
        scan->left = tail(scan->left, 1);
        if (byte == '"') {
            *ret_bytes = (struct sj_view){scan->row->room + start, scan->row->room_len - start};
            return true;
        }
        if (byte == '\\') {
            if (!take_escape(scan)) {
                return false;
            }
        } else if (byte < 0x20) {
            return false;
        } else {
            put(scan, byte);
        }
    }
    return false;
}

static size_t digits_at(struct sj_view view, size_t from)
{
    size_t end = from;
    while (end < view.len && view.ptr[end] >= '0' && view.ptr[end] <= '9') {
        end++;
    }
    return end - from;
}

/* RFC 8259 section 6, kept as text. */
static bool take_number(struct scan *scan, struct sj_view *ret_bytes)
{
    const struct sj_view view = scan->left;
    size_t at = view.len > 0 && view.ptr[0] == '-' ? 1 : 0;
    const size_t whole = digits_at(view, at);
    if (whole == 0 || (whole > 1 && view.ptr[at] == '0')) {
        return false;
    }
    at += whole;
    if (at < view.len && view.ptr[at] == '.') {
        const size_t decimals = digits_at(view, at + 1);
        if (decimals == 0) {
            return false;
        }
        at += 1 + decimals;
    }
    if (at < view.len && (view.ptr[at] | 0x20) == 'e') {
        at++;
        at += at < view.len && (view.ptr[at] == '+' || view.ptr[at] == '-') ? 1 : 0;
        const size_t exponent = digits_at(view, at);
        if (exponent == 0) {
            return false;
        }
        at += exponent;
    }
    *ret_bytes = (struct sj_view){view.ptr, at};
    scan->left = tail(view, at);
    return true;
}

static bool take_value(struct scan *scan, struct sj_view *ret_bytes)
{
    skip_blanks(scan);
    if (take_char(scan, '"')) {
        return take_string(scan, ret_bytes);
    }
    if (scan->left.len >= 4 &&
        sj_view_equal((struct sj_view){scan->left.ptr, 4}, sj_view_of("null", 4))) {
        scan->left = tail(scan->left, 4);
        *ret_bytes = (struct sj_view){(const uint8_t *)"", 0};
        return true;
    }
    return take_number(scan, ret_bytes);
}

static bool has_name(const struct sj_ndjson *row, struct sj_text name)
{
    for (size_t i = 0; i < row->cell_count; i++) {
        if (sj_text_equal(row->names[i], name)) {
            return true;
        }
    }
    return false;
}

/* NULL or the fault of the row. */
static const char *take_member(struct scan *scan)
{
    struct sj_view name_bytes;
    struct sj_view value;
    struct sj_text name;
    if (!take_char(scan, '"') || !take_string(scan, &name_bytes) || !take_char(scan, ':') ||
        !take_value(scan, &value)) {
        return "BAD_JSON";
    }
    if (sj_failed(sj_text_check(name_bytes, SJ_CELL_BYTES_MAX, &name))) {
        return "BAD_UTF8";
    }
    if (has_name(scan->row, name)) {
        return "DUPLICATE_COLUMN";
    }
    if (scan->row->cell_count == SJ_CELLS_MAX) {
        return "TOO_MANY_CELLS";
    }
    scan->row->names[scan->row->cell_count] = name;
    scan->row->cells[scan->row->cell_count] = sj_cell_of(value);
    scan->row->cell_count++;
    return NULL;
}

static const char *take_object(struct scan *scan)
{
    if (!take_char(scan, '{')) {
        return "BAD_JSON";
    }
    if (!take_char(scan, '}')) {
        do {
            const char *fault = take_member(scan);
            if (fault != NULL) {
                return fault;
            }
        } while (take_char(scan, ','));
        if (!take_char(scan, '}')) {
            return "BAD_JSON";
        }
    }
    skip_blanks(scan);
    return scan->left.len == 0 ? NULL : "BAD_JSON";
}

bool sj_ndjson_next(struct sj_ndjson *ndjson)
{
    while (ndjson->rest.len > 0) {
        size_t len = 0;
        while (len < ndjson->rest.len && ndjson->rest.ptr[len] != '\n') {
            len++;
        }
        struct scan scan = {ndjson, {ndjson->rest.ptr, len}};
        ndjson->rest = tail(ndjson->rest, len < ndjson->rest.len ? len + 1 : len);
        ndjson->row++;
        ndjson->cell_count = 0;
        ndjson->room_len = 0;
        ndjson->fault = NULL;
        skip_blanks(&scan);
        if (scan.left.len == 0) {
            continue;
        }
        ndjson->fault = len > SJ_ROW_BYTES_MAX ? "ROW_TOO_LONG" : take_object(&scan);
        return true;
    }
    return false;
}
