/* SPDX-License-Identifier: Apache-2.0
 *
 * May a cell of a foreign file be used? It must be UTF-8, short, and not be run as a formula by the spreadsheet
 * in which somebody opens an export or an error list later (OWASP: CSV injection). Signed numbers are not
 * formulas. If this were wrong, a file would carry code from one unit's desk to another's.
 */
#include "sanjeh/evaluation/csv.h"

static bool is_blank(uint8_t byte)
{
    return byte == ' ';
}

static size_t digits_from(struct sj_text text, size_t at)
{
    size_t end = at;
    while (end < text.len && text.ptr[end] >= '0' && text.ptr[end] <= '9') {
        end++;
    }
    return end - at;
}

/* "-12.5", "+3", "-1e5": what follows the sign must be a number to its end. */
static bool is_signed_number(struct sj_text text)
{
    size_t at = 1 + digits_from(text, 1);
    if (at == 1) {
        return false;
    }
    if (at < text.len && text.ptr[at] == '.') {
        at += 1 + digits_from(text, at + 1);
    }
    if (at + 1 < text.len && (text.ptr[at] == 'e' || text.ptr[at] == 'E')) {
        at += text.ptr[at + 1] == '-' || text.ptr[at + 1] == '+' ? 2 : 1;
        const size_t exponent = digits_from(text, at);
        if (exponent == 0) {
            return false;
        }
        at += exponent;
    }
    return at == text.len;
}

static bool is_formula(struct sj_text text)
{
    if (text.len == 0) {
        return false;
    }
    switch (text.ptr[0]) {
    case '=':
    case '@':
    case '\t':
    case '\r':
        return true;
    case '+':
    case '-':
        return !is_signed_number(text);
    default:
        /* full-width = + - @, which some spreadsheets fold */
        return sj_text_starts(text, "\xEF\xBC\x9D") || sj_text_starts(text, "\xEF\xBC\x8B") ||
               sj_text_starts(text, "\xEF\xBC\x8D") || sj_text_starts(text, "\xEF\xBC\xA0");
    }
}

struct sj_cell sj_cell_of(struct sj_view bytes)
{
    while (bytes.len > 0 && is_blank(bytes.ptr[0])) {
        bytes.ptr++;
        bytes.len--;
    }
    while (bytes.len > 0 && is_blank(bytes.ptr[bytes.len - 1])) {
        bytes.len--;
    }
    struct sj_cell cell = {{"", 0}, NULL};
    if (bytes.len > SJ_CELL_BYTES_MAX) {
        cell.fault = "CELL_TOO_LONG";
    } else if (bytes.len > 0 && sj_failed(sj_text_check(bytes, SJ_CELL_BYTES_MAX, &cell.text))) {
        cell.fault = "BAD_UTF8";
    } else if (is_formula(cell.text)) {
        cell.fault = "FORMULA_CELL";
    }
    return cell;
}
