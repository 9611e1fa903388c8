/* SPDX-License-Identifier: Apache-2.0
 *
 * Exact decimal numbers of at most 18 digits. Everything that is said about a judge in numbers goes through
 * here: no floating point, so that two machines always give the same digits.
 */
#ifndef SJ_ANALYSIS_DECIMAL_H
#define SJ_ANALYSIS_DECIMAL_H

#include "sanjeh/base/view.h"

#define SJ_DECIMAL_DIGITS_MAX 18
#define SJ_DECIMAL_SCALE      6  /* of quotients */
#define SJ_DECIMAL_TEXT_SIZE  24 /* sign, digits, point, leading zero and NUL */

/* units / 10^scale; canonical: no trailing zero behind the point, scale 0..18. */
struct sj_decimal {
    int64_t units;
    uint8_t scale;
};

/* "-12.50": an optional minus, digits without a needless leading zero, optionally a point and digits.
 * No plus, exponent, separator or space. Errors: BAD_REQUEST. */
SJ_MUST_CHECK sj_status sj_decimal_parse(struct sj_text text, struct sj_decimal *ret_decimal);
/* Shortest form, a JSON number; out holds SJ_DECIMAL_TEXT_SIZE. */
void sj_decimal_format(struct sj_decimal decimal, char *out);
/* numerator * factor / denominator with SJ_DECIMAL_SCALE decimals, half away from zero.
 * Errors: INVALID when the denominator is 0 or the result has more than 18 digits. */
SJ_MUST_CHECK sj_status sj_decimal_ratio(
    int64_t numerator, int64_t factor, int64_t denominator, struct sj_decimal *ret_quotient);
/* To fewer decimals, half away from zero. */
struct sj_decimal sj_decimal_round(struct sj_decimal decimal, uint8_t scale);
/* Negative, 0 or positive, like memcmp. */
int sj_decimal_compare(struct sj_decimal a, struct sj_decimal b);

#endif
