/* SPDX-License-Identifier: Apache-2.0
 *
 * When are two Persian texts the same, and is this a name or a number as people write it? One
 * search form (NFKC of UAX #15, then the letters that keyboards confuse) is used for blind indexes
 * and uniqueness; it must equal fa_norm of the database letter by letter, so both are tested with
 * tests/vectors/text/fa_norm.tsv. libunistring enters here only. If a bidi control passed as part
 * of a name, one judge could be shown as another.
 */
#include "sanjeh/text/persian.h"

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#define ZWNJ 0x200C
#define ZWJ  0x200D

static bool in_range(ucs4_t c, ucs4_t first, ucs4_t last)
{
    return c >= first && c <= last;
}

/* ASCII digit of an Arabic-Indic or Persian one; other characters as they are. */
static ucs4_t fold_digit(ucs4_t c)
{
    if (in_range(c, 0x06F0, 0x06F9)) {
        return '0' + (c - 0x06F0);
    }
    if (in_range(c, 0x0660, 0x0669)) {
        return '0' + (c - 0x0660);
    }
    return c;
}

static ucs4_t fold_letter(ucs4_t c)
{
    switch (c) {
    case 0x064A: /* ي */
    case 0x0649: /* ى */
        return 0x06CC;
    case 0x0643: /* ك */
        return 0x06A9;
    case 0x0629: /* ة */
    case 0x06C0: /* ۀ */
    case 0x06BE: /* ھ */
    case 0x06C1: /* ہ */
        return 0x0647;
    default:
        return fold_digit(c);
    }
}

/* Harakat, tatweel and bidi controls. */
static bool is_dropped(ucs4_t c)
{
    return in_range(c, 0x064B, 0x065F) || c == 0x0670 || c == 0x0640 || c == 0x200E ||
           c == 0x200F || in_range(c, 0x202A, 0x202E) || in_range(c, 0x2066, 0x2069) || c == 0xFEFF;
}

/* White space as \s of PostgreSQL with ICU sees it. */
static bool is_blank(ucs4_t c)
{
    return c == ' ' || in_range(c, 0x09, 0x0D) || in_range(c, 0x1C, 0x1F) || c == 0x85 ||
           c == 0xA0 || c == 0x1680 || in_range(c, 0x2000, 0x200A) || c == 0x2028 || c == 0x2029 ||
           c == 0x202F || c == 0x205F || c == 0x3000;
}

static sj_status put_char(struct sj_buf *out, ucs4_t c)
{
    uint8_t bytes[6];
    const int len = u8_uctomb(bytes, c, (ptrdiff_t)sizeof(bytes));

    ENSURE(len > 0, INTERNAL);
    return sj_buf_put(out, bytes, (size_t)len);
}

/* One step over text that has been proven UTF-8. */
static size_t next_char(const uint8_t *bytes, size_t len, size_t at, ucs4_t *ret_char)
{
    const int step = u8_mbtouc(ret_char, bytes + at, len - at);

    SJ_ASSERT(step > 0);
    return at + (size_t)step;
}

static sj_status put_search_form(const uint8_t *bytes, size_t len, struct sj_buf *out)
{
    const size_t start = out->len;
    bool is_apart = false; /* white space was seen since the last character */
    ucs4_t c = 0;

    for (size_t at = 0; at < len;) {
        at = next_char(bytes, len, at, &c);
        c = fold_letter(c);
        if (is_dropped(c)) {
            continue;
        }
        if (is_blank(c) || c == ZWNJ || c == ZWJ) {
            is_apart = true;
            continue;
        }
        if (is_apart && out->len > start) {
            TRY(sj_buf_put_byte(out, ' '));
        }
        is_apart = false;
        TRY(put_char(out, uc_tolower(c)));
    }
    return SJ_DONE;
}

sj_status sj_fa_norm(struct sj_text text, struct sj_buf *out)
{
    const size_t start = out->len;
    size_t len = 0;

    if (text.len == 0) {
        return SJ_DONE;
    }
    uint8_t *normal = u8_normalize(
        UNINORM_NFKC, (const uint8_t *)text.ptr, text.len, /* resultbuf= */ NULL, &len);
    ENSURE(normal != NULL, OUT_OF_MEMORY);
    const sj_status status = put_search_form(normal, len, out);
    sj_wipe(normal, len);
    sj_free(normal);
    if (sj_failed(status)) {
        sj_wipe(out->ptr + start, out->len - start);
        out->len = start;
    }
    return status;
}

sj_status sj_fa_digits(struct sj_text text, struct sj_buf *out)
{
    const uint8_t *bytes = (const uint8_t *)text.ptr;
    ucs4_t c = 0;

    /* Never longer than before: each folded digit shrinks from two bytes to one. */
    TRY(sj_buf_reserve(out, text.len));
    for (size_t at = 0; at < text.len;) {
        at = next_char(bytes, text.len, at, &c);
        TRY(put_char(out, fold_digit(c)));
    }
    return SJ_DONE;
}

/* ---- names ---- */

static bool is_name_sign(ucs4_t c)
{
    switch (c) {
    case ' ':
    case ZWNJ:
    case '-':
    case 0x2010: /* hyphen */
    case '\'':
    case 0x2019: /* apostrophe as typeset */
    case ',':
    case 0x060C: /* Persian comma */
    case '.':
        return true;
    default:
        return false;
    }
}

static bool is_letter(ucs4_t c)
{
    return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_L) &&
           !uc_is_property_default_ignorable_code_point(c);
}

/* Marks that show nothing could make two names look alike. */
static bool is_mark_or_digit(ucs4_t c)
{
    return uc_is_general_category_withtable(c, UC_CATEGORY_MASK_M | UC_CATEGORY_MASK_Nd) &&
           !uc_is_property_default_ignorable_code_point(c);
}

sj_status sj_name_check(struct sj_text text)
{
    const uint8_t *bytes = (const uint8_t *)text.ptr;
    size_t first = 0;
    size_t end = text.len;
    bool has_letter = false;
    ucs4_t c = 0;

    while (first < end && bytes[first] == ' ') {
        first++;
    }
    while (end > first && bytes[end - 1] == ' ') {
        end--;
    }
    ENSURE(end - first >= 1 && end - first <= 200, INVALID);
    for (size_t at = first; at < end;) {
        at = next_char(bytes, end, at, &c);
        const bool is_of_letters = is_letter(c);
        ENSURE(is_of_letters || is_mark_or_digit(c) || is_name_sign(c), INVALID);
        has_letter = has_letter || is_of_letters;
    }
    ENSURE(has_letter, INVALID);
    return SJ_DONE;
}

/* ---- labels ---- */

static bool is_label_sign(ucs4_t c)
{
    static const char signs[] = " .,-_/()'&:+";
    return c == 0x060C /* Persian comma */ || c == 0x2116 /* numero sign */ ||
           (c > 0 && c < 0x80 && strchr(signs, (int)c) != NULL);
}

static bool is_of_word(ucs4_t c)
{
    return is_letter(c) || is_mark_or_digit(c);
}

/* A ZWNJ shows only inside a word; anywhere else it would make two labels look alike. */
sj_status sj_label_check(struct sj_text text)
{
    const uint8_t *bytes = (const uint8_t *)text.ptr;
    ucs4_t before = ' '; /* a ZWNJ needs something to stand behind */
    ucs4_t c = 0;
    bool has_word = false;

    ENSURE(text.len >= 1 && text.len <= SJ_LABEL_BYTES_MAX, INVALID);
    ENSURE(bytes[0] != ' ' && bytes[text.len - 1] != ' ', INVALID);
    for (size_t at = 0; at < text.len;) {
        at = next_char(bytes, text.len, at, &c);
        const bool is_word = is_of_word(c);
        ENSURE(is_word || c == ZWNJ || is_label_sign(c), INVALID);
        ENSURE(before != ZWNJ || is_word, INVALID);
        ENSURE(c != ZWNJ || is_of_word(before), INVALID);
        has_word =
            has_word || is_letter(c) || uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Nd);
        before = c;
    }
    ENSURE(has_word && c != ZWNJ, INVALID);
    return SJ_DONE;
}

/* ---- numbers ---- */

/* ASCII digits of any digits; refuses everything else and more than max of them. */
static sj_status fold_number(struct sj_text text, size_t max, char *out, size_t *ret_len)
{
    const uint8_t *bytes = (const uint8_t *)text.ptr;
    size_t len = 0;
    ucs4_t c = 0;

    for (size_t at = 0; at < text.len;) {
        at = next_char(bytes, text.len, at, &c);
        c = fold_digit(c);
        ENSURE(in_range(c, '0', '9') && len < max, INVALID);
        out[len++] = (char)c;
    }
    *ret_len = len;
    return SJ_DONE;
}

/* Sum of d[i] * (10 - i) over the first nine digits; r = sum mod 11; the tenth digit is r when
 * r < 2, else 11 - r. Ten equal digits satisfy that but are never issued. */
sj_status sj_national_number_check(struct sj_text text, char ret_number[11])
{
    char digits[10] = {0};
    char number[11] = "0000000000";
    size_t len = 0;
    int sum = 0;
    bool is_all_equal = true;

    TRY(fold_number(text, sizeof(digits), digits, &len));
    ENSURE(len >= 8, INVALID);
    TRY(sj_copy(number + 10 - len, len, digits, len));
    for (int i = 0; i < 9; i++) {
        sum += (number[i] - '0') * (10 - i);
        is_all_equal = is_all_equal && number[i] == number[9];
    }
    const int rest = sum % 11;
    ENSURE(!is_all_equal && number[9] - '0' == (rest < 2 ? rest : 11 - rest), INVALID);
    return sj_copy(ret_number, 11, number, sizeof(number));
}

static bool is_personnel_char(ucs4_t c, bool is_first)
{
    const bool is_plain = in_range(c, 'A', 'Z') || in_range(c, '0', '9');
    return is_plain || (!is_first && (c == '.' || c == '_' || c == '-'));
}

sj_status sj_personnel_number_check(struct sj_text text, struct sj_buf *out)
{
    const uint8_t *bytes = (const uint8_t *)text.ptr;
    char number[32];
    size_t len = 0;
    ucs4_t c = 0;

    for (size_t at = 0; at < text.len;) {
        at = next_char(bytes, text.len, at, &c);
        c = fold_digit(c);
        c = in_range(c, 'a', 'z') ? c - 'a' + 'A' : c;
        ENSURE(len < sizeof(number) && is_personnel_char(c, len == 0), INVALID);
        number[len++] = (char)c;
    }
    ENSURE(len > 0, INVALID);
    return sj_buf_put(out, number, len);
}
