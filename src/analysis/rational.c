/* SPDX-License-Identifier: Apache-2.0
 *
 * How is R / I × 100 exact, though R / I has no end? As a quotient in lowest terms, in 128 bits; what does not fit is
 * refused, never cut. Terms are reduced crosswise before they are multiplied, so that intermediate numbers stay small.
 * If this were wrong, a figure would depend on the order in which its formula was written.
 */
#include "rational.h"

#define DIGITS_BOUND                                                                               \
    ((sj_wide)INT64_C(1000000000000000000)) /* 10^18: first number with 19 digits */
#define ONE_AT_SCALE ((sj_wide)1000000)     /* 10^SJ_DECIMAL_SCALE */

static sj_wide divisor_of(sj_wide a, sj_wide b)
{
    a = a < 0 ? -a : a;
    b = b < 0 ? -b : b;
    while (b != 0) {
        const sj_wide left = a % b;
        a = b;
        b = left;
    }
    return a == 0 ? 1 : a;
}

/* Largest size of a term: its negative fits as well. */
static bool fits(sj_wide value)
{
    const sj_wide bound = ((sj_wide)1 << 126) - 1 + ((sj_wide)1 << 126);
    return value >= -bound;
}

struct rational rational_of(int64_t whole)
{
    return (struct rational){whole, 1};
}

struct rational rational_of_decimal(struct sj_decimal decimal)
{
    sj_wide denominator = 1;
    for (unsigned i = 0; i < decimal.scale; i++) {
        denominator *= 10;
    }
    const sj_wide common = divisor_of(decimal.units, denominator);
    return (struct rational){decimal.units / common, denominator / common};
}

sj_status rational_multiply(struct rational a, struct rational b, struct rational *ret_product)
{
    const sj_wide left = divisor_of(a.numerator, b.denominator);
    const sj_wide right = divisor_of(b.numerator, a.denominator);
    struct rational product;
    ENSURE(!__builtin_mul_overflow(a.numerator / left, b.numerator / right, &product.numerator) &&
               !__builtin_mul_overflow(
                   a.denominator / right, b.denominator / left, &product.denominator) &&
               fits(product.numerator),
        INVALID);
    *ret_product = product;
    return SJ_DONE;
}

sj_status rational_divide(struct rational a, struct rational b, struct rational *ret_quotient)
{
    ENSURE(b.numerator != 0, INVALID);
    const bool is_negative = b.numerator < 0;
    const struct rational inverse = {
        is_negative ? -b.denominator : b.denominator, is_negative ? -b.numerator : b.numerator};
    return rational_multiply(a, inverse, ret_quotient);
}

sj_status rational_add(struct rational a, struct rational b, struct rational *ret_sum)
{
    const sj_wide common = divisor_of(a.denominator, b.denominator);
    sj_wide left;
    sj_wide right;
    struct rational sum;
    ENSURE(!__builtin_mul_overflow(a.numerator, b.denominator / common, &left) &&
               !__builtin_mul_overflow(b.numerator, a.denominator / common, &right) &&
               !__builtin_add_overflow(left, right, &sum.numerator) &&
               !__builtin_mul_overflow(a.denominator, b.denominator / common, &sum.denominator) &&
               fits(sum.numerator),
        INVALID);
    const sj_wide divisor = divisor_of(sum.numerator, sum.denominator);
    *ret_sum = (struct rational){sum.numerator / divisor, sum.denominator / divisor};
    return SJ_DONE;
}

sj_status rational_subtract(struct rational a, struct rational b, struct rational *ret_difference)
{
    const struct rational negative = {-b.numerator, b.denominator};
    return rational_add(a, negative, ret_difference);
}

sj_status rational_compare(struct rational a, struct rational b, int *ret_order)
{
    struct rational difference;
    TRY(rational_subtract(a, b, &difference));
    *ret_order = (difference.numerator > 0) - (difference.numerator < 0);
    return SJ_DONE;
}

static sj_status fit(sj_wide units, struct sj_decimal *ret_decimal)
{
    ENSURE(units < DIGITS_BOUND && units > -DIGITS_BOUND, INVALID);
    uint8_t scale = SJ_DECIMAL_SCALE;
    while (scale > 0 && units % 10 == 0) {
        units /= 10;
        scale--;
    }
    *ret_decimal = (struct sj_decimal){(int64_t)units, scale};
    return SJ_DONE;
}

/* Units at the scale and what is left over of the denominator, both towards zero. */
static sj_status split(struct rational value, sj_wide *ret_units, sj_wide *ret_left)
{
    sj_wide scaled;
    const sj_wide whole = value.numerator / value.denominator;
    ENSURE(whole < DIGITS_BOUND && whole > -DIGITS_BOUND, INVALID);
    ENSURE(!__builtin_mul_overflow(value.numerator % value.denominator, ONE_AT_SCALE, &scaled),
        INVALID);
    *ret_units = whole * ONE_AT_SCALE + scaled / value.denominator;
    *ret_left = scaled % value.denominator;
    return SJ_DONE;
}

sj_status rational_round(struct rational value, struct sj_decimal *ret_decimal)
{
    sj_wide units;
    sj_wide left;
    TRY(split(value, &units, &left));
    const sj_wide size = left < 0 ? -left : left;
    if (size >= value.denominator - size) {
        units += value.numerator < 0 ? -1 : 1;
    }
    return fit(units, ret_decimal);
}

sj_status rational_floor(struct rational value, struct sj_decimal *ret_decimal)
{
    sj_wide units;
    sj_wide left;
    TRY(split(value, &units, &left));
    return fit(left < 0 ? units - 1 : units, ret_decimal);
}

/* ---- roots ---- */

/* The largest whole number whose square is not above value. */
static sj_wide root_of(sj_wide value)
{
    sj_wide low = 0;
    sj_wide high = (sj_wide)1 << 62;
    while (low < high) {
        const sj_wide middle = low + (high - low + 1) / 2;
        if (middle * middle <= value) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return low;
}

sj_status rational_root(struct rational value, struct rational *ret_root)
{
    const sj_wide scale = (sj_wide)INT64_C(1000000000000000000);
    sj_wide left;
    ENSURE(value.numerator >= 0 && value.numerator / value.denominator < scale, INVALID);
    ENSURE(!__builtin_mul_overflow(value.numerator % value.denominator, scale, &left), INVALID);
    const sj_wide scaled = value.numerator / value.denominator * scale + left / value.denominator;
    *ret_root = (struct rational){root_of(scaled), 1000000000};
    return SJ_DONE;
}
