/* SPDX-License-Identifier: Apache-2.0
 *
 * Persian text: one normal form for search, indexes and uniqueness (the same table is tested in C and
 * in SQL's fa_norm: tests/vectors/text/fa_norm.tsv), digits, and checks of names and numbers.
 */
#ifndef SJ_TEXT_PERSIAN_H
#define SJ_TEXT_PERSIAN_H

#include "sanjeh/base/buf.h"
#include "sanjeh/base/time.h"
#include "sanjeh/base/view.h"

/* Search form: NFKC; ي ى to ی, ك to ک, ة ۀ ھ ہ to ه, all digits to ASCII, harakat, tatweel and bidi
 * controls removed, ZWNJ and white space to one space, trimmed; then simple lower case.
 * Appends to out. Errors: LIMIT_EXCEEDED. */
SJ_MUST_CHECK sj_status sj_fa_norm(struct sj_text text, struct sj_buf *out);
/* ۰-۹ and ٠-٩ to 0-9, all else as it is. */
SJ_MUST_CHECK sj_status sj_fa_digits(struct sj_text text, struct sj_buf *out);
/* A name as a person writes it: letters, marks, space, ZWNJ, hyphen, apostrophe, comma, full stop; no
 * digits-only, no control, no bidi control; 1..200 bytes after trimming. Errors: INVALID. */
SJ_MUST_CHECK sj_status sj_name_check(struct sj_text text);
/* A code or name of a thing, such as a court, that other people will read: letters, digits, marks, space, ZWNJ
 * between two of them, . , - _ / ( ) ' & : № + and the Persian comma, at least one letter or digit; no control,
 * bidi control or other format character, no blank at an end; 1..128 bytes. Errors: INVALID. */
#define SJ_LABEL_BYTES_MAX 128
SJ_MUST_CHECK sj_status sj_label_check(struct sj_text text);
/* Iranian national number: 10 digits (8 or 9 are left-padded), check digit, not all equal.
 * ret_number gets 10 ASCII digits and NUL. Errors: INVALID. */
SJ_MUST_CHECK sj_status sj_national_number_check(struct sj_text text, char ret_number[11]);
/* Personnel number: after digit folding and upper-casing of ASCII letters 1..32 of [A-Z0-9._-], starting
 * with a letter or digit. Appends the canonical form. Errors: INVALID. */
SJ_MUST_CHECK sj_status sj_personnel_number_check(struct sj_text text, struct sj_buf *out);

/* Period: "YYYY", "YYYY-MM" (Gregorian; Jalali when 1300..1599) or "YYYY-MM-DD/YYYY-MM-DD"; any digits.
 * from and to are days since 1970-01-01, both included. */
struct sj_period {
    int64_t from_day;
    int64_t to_day;
};
SJ_MUST_CHECK sj_status sj_period_parse(struct sj_text text, struct sj_period *ret_period);
/* Days in the period, 365 for a Gregorian common year. */
int64_t sj_period_days(struct sj_period period);
/* The shortest form that parses back: "1977", "1404-03", else the range. out holds 22 bytes. */
void sj_period_format(struct sj_period period, char *out);

#endif
