/* SPDX-License-Identifier: Apache-2.0
 *
 * Exact quotients of whole numbers, so that a chain of operations is rounded once, at its end. Of this folder only.
 */
#ifndef ANALYSIS_RATIONAL_H
#define ANALYSIS_RATIONAL_H

#include "sanjeh/analysis/decimal.h"

__extension__ typedef __int128 sj_wide;

/* Lowest terms; denominator > 0. */
struct rational {
    sj_wide numerator;
    sj_wide denominator;
};

struct rational rational_of(int64_t whole);
struct rational rational_of_decimal(struct sj_decimal decimal);

/* Errors of these: INVALID, the terms do not fit into 127 bits; division by zero is INVALID too. */
SJ_MUST_CHECK sj_status rational_add(
    struct rational a, struct rational b, struct rational *ret_sum);
SJ_MUST_CHECK sj_status rational_subtract(
    struct rational a, struct rational b, struct rational *ret_difference);
SJ_MUST_CHECK sj_status rational_multiply(
    struct rational a, struct rational b, struct rational *ret_product);
SJ_MUST_CHECK sj_status rational_divide(
    struct rational a, struct rational b, struct rational *ret_quotient);
/* Negative, 0 or positive. */
SJ_MUST_CHECK sj_status rational_compare(struct rational a, struct rational b, int *ret_order);

/* √value with nine decimals. Errors: INVALID (negative, 10^18 and above). */
SJ_MUST_CHECK sj_status rational_root(struct rational value, struct rational *ret_root);

/* With SJ_DECIMAL_SCALE decimals: half away from zero, or towards minus infinity. Errors: INVALID, more than 18 digits. */
SJ_MUST_CHECK sj_status rational_round(struct rational value, struct sj_decimal *ret_decimal);
SJ_MUST_CHECK sj_status rational_floor(struct rational value, struct sj_decimal *ret_decimal);

#endif
