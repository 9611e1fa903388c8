/* SPDX-License-Identifier: Apache-2.0
 *
 * How is a number kept exact from the file to the answer? As an integer and a power of ten. Parsing accepts
 * one spelling of JSON's number grammar (RFC 8259 section 6) without exponent; quotients are rounded half
 * away from zero at six decimals, which is what a person with a pocket calculator expects.
 * If this were wrong, a judge's mark could change by its representation alone.
 */
#include "sanjeh/analysis/decimal.h"

__extension__ typedef __int128 wide;

#define DECIMAL_BOUND INT64_C(1000000000000000000) /* 10^18: first number with 19 digits */

static int64_t power_of_ten(unsigned exponent)
{
    int64_t power = 1;
    for (unsigned i = 0; i < exponent; i++) {
        power *= 10;
    }
    return power;
}

static struct sj_decimal canonical(int64_t units, uint8_t scale)
{
    while (scale > 0 && units % 10 == 0) {
        units /= 10;
        scale--;
    }
    return (struct sj_decimal){units, scale};
}

/* Digits up to the point or the end; leading zeros only as "0". */
static bool is_whole_part(struct sj_text text, size_t from, size_t *ret_end)
{
    size_t end = from;
    while (end < text.len && text.ptr[end] >= '0' && text.ptr[end] <= '9') {
        end++;
    }
    *ret_end = end;
    return end > from && (text.ptr[from] != '0' || end == from + 1);
}

sj_status sj_decimal_parse(struct sj_text text, struct sj_decimal *ret_decimal)
{
    const bool is_negative = text.len > 0 && text.ptr[0] == '-';
    const size_t start = is_negative ? 1 : 0;
    ENSURE(text.len <= SJ_DECIMAL_DIGITS_MAX + 2, BAD_REQUEST);
    size_t point;
    ENSURE(is_whole_part(text, start, &point), BAD_REQUEST);
    ENSURE(point == text.len || (text.ptr[point] == '.' && point + 1 < text.len), BAD_REQUEST);
    int64_t units = 0;
    uint8_t digits = 0;
    for (size_t i = start; i < text.len; i++) {
        if (i == point) {
            continue;
        }
        ENSURE(text.ptr[i] >= '0' && text.ptr[i] <= '9', BAD_REQUEST);
        ENSURE(++digits <= SJ_DECIMAL_DIGITS_MAX, BAD_REQUEST);
        units = units * 10 + (text.ptr[i] - '0');
    }
    const size_t decimals = point == text.len ? 0 : text.len - point - 1;
    *ret_decimal = canonical(is_negative ? -units : units, (uint8_t)decimals);
    return SJ_DONE;
}

void sj_decimal_format(struct sj_decimal decimal, char *out)
{
    SJ_ASSERT(decimal.scale <= SJ_DECIMAL_DIGITS_MAX);
    SJ_ASSERT(decimal.units < DECIMAL_BOUND && decimal.units > -DECIMAL_BOUND);
    char reversed[SJ_DECIMAL_TEXT_SIZE];
    size_t len = 0;
    int64_t left = decimal.units < 0 ? -decimal.units : decimal.units;
    for (unsigned place = 0; left > 0 || place <= decimal.scale; place++) {
        if (place > 0 && place == decimal.scale) {
            reversed[len++] = '.';
        }
        reversed[len++] = (char)('0' + (int)(left % 10));
        left /= 10;
    }
    if (decimal.units < 0) {
        reversed[len++] = '-';
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = reversed[len - 1 - i];
    }
    out[len] = '\0';
}

static wide round_away(wide numerator, wide denominator)
{
    const bool is_negative = (numerator < 0) != (denominator < 0);
    const wide n = numerator < 0 ? -numerator : numerator;
    const wide d = denominator < 0 ? -denominator : denominator;
    const wide quotient = n / d + (2 * (n % d) >= d ? 1 : 0);
    return is_negative ? -quotient : quotient;
}

sj_status sj_decimal_ratio(
    int64_t numerator, int64_t factor, int64_t denominator, struct sj_decimal *ret_quotient)
{
    ENSURE(denominator != 0, INVALID);
    wide product;
    ENSURE(!__builtin_mul_overflow((wide)numerator, (wide)factor, &product), INVALID);
    ENSURE(
        !__builtin_mul_overflow(product, (wide)power_of_ten(SJ_DECIMAL_SCALE), &product), INVALID);
    const wide quotient = round_away(product, (wide)denominator);
    ENSURE(quotient < DECIMAL_BOUND && quotient > -DECIMAL_BOUND, INVALID);
    *ret_quotient = canonical((int64_t)quotient, SJ_DECIMAL_SCALE);
    return SJ_DONE;
}

struct sj_decimal sj_decimal_round(struct sj_decimal decimal, uint8_t scale)
{
    if (decimal.scale <= scale) {
        return decimal;
    }
    const wide step = power_of_ten((unsigned)(decimal.scale - scale));
    return canonical((int64_t)round_away(decimal.units, step), scale);
}

int sj_decimal_compare(struct sj_decimal a, struct sj_decimal b)
{
    const wide left = (wide)a.units * power_of_ten(b.scale);
    const wide right = (wide)b.units * power_of_ten(a.scale);
    return (left > right) - (left < right);
}
