/* SPDX-License-Identifier: Apache-2.0
 *
 * Is this text fit to stand in a file? Line ends and tabs are how people write paragraphs; every other control character, and
 * the marks that turn the direction of what follows, can make a text read differently from what it says.
 */
#include "sanjeh/remedy/prose.h"

#include <stdio.h>

static bool is_space(unsigned char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* The code point at *at of proven UTF-8; moves *at behind it. */
static uint32_t next_point(struct sj_text text, size_t *at)
{
    const unsigned char first = (unsigned char)text.ptr[*at];
    const size_t more = first < 0x80 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    uint32_t point = first < 0x80 ? first : first & (0x3Fu >> more);
    for (size_t i = 1; i <= more && *at + i < text.len; i++) {
        point = point << 6 | ((unsigned char)text.ptr[*at + i] & 0x3Fu);
    }
    *at += more + 1;
    return point;
}

static bool is_deceiving(uint32_t point)
{
    return (point < 0x20 && point != '\t' && point != '\n' && point != '\r') ||
           (point >= 0x7F && point <= 0x9F) || point == 0x061C || point == 0x200E ||
           point == 0x200F || (point >= 0x2028 && point <= 0x202E) ||
           (point >= 0x2066 && point <= 0x2069) || point == 0xFEFF;
}

const char *sj_remedy_prose(struct sj_text *text, size_t max)
{
    while (text->len > 0 && is_space((unsigned char)text->ptr[0])) {
        text->ptr++;
        text->len--;
    }
    while (text->len > 0 && is_space((unsigned char)text->ptr[text->len - 1])) {
        text->len--;
    }
    if (text->len == 0) {
        return "EMPTY";
    }
    if (text->len > max) {
        return "TOO_LONG";
    }
    for (size_t at = 0; at < text->len;) {
        if (is_deceiving(next_point(*text, &at))) {
            return "CONTROL_CHARACTER";
        }
    }
    return NULL;
}

size_t sj_remedy_words(struct sj_text text)
{
    size_t words = 0;
    bool is_apart = true;
    for (size_t i = 0; i < text.len; i++) {
        const bool space = is_space((unsigned char)text.ptr[i]);
        words += is_apart && !space;
        is_apart = space;
    }
    return words;
}

/* Persian and Arabic digits as ASCII; anything else as it is. */
static uint32_t fold_digit(uint32_t point)
{
    if (point >= 0x06F0 && point <= 0x06F9) {
        return point - 0x06F0 + '0';
    }
    if (point >= 0x0660 && point <= 0x0669) {
        return point - 0x0660 + '0';
    }
    return point == 0x066B ? '.' : point;
}

bool sj_remedy_mark(struct sj_text text, char ret_mark[8])
{
    uint32_t whole = 0;
    uint32_t hundredths = 0;
    int whole_digits = 0;
    int decimals = -1; /* before the point */
    for (size_t at = 0; at < text.len;) {
        const uint32_t c = fold_digit(next_point(text, &at));
        if (c == '.' && decimals < 0) {
            decimals = 0;
        } else if (c < '0' || c > '9' || decimals == 2 || (decimals < 0 && whole_digits == 3)) {
            return false;
        } else if (decimals < 0) {
            whole = whole * 10 + (c - '0');
            whole_digits++;
        } else {
            hundredths = hundredths * 10 + (c - '0');
            decimals++;
        }
    }
    if (whole_digits == 0 || decimals == 0) {
        return false;
    }
    hundredths *= decimals == 1 ? 10 : 1;
    if (whole > 100 || (whole == 100 && hundredths > 0)) {
        return false;
    }
    (void)snprintf(ret_mark, 8, "%u.%02u", (unsigned)whole, (unsigned)hundredths);
    return true;
}
