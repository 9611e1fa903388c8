/* SPDX-License-Identifier: Apache-2.0
 *
 * Is this a mark, and what do marks come to? Pure and exact: hundredths in, one division out. If the mean were rounded
 * earlier, a judge could fall into another band.
 */
#include "sanjeh/board/rating.h"

#include "sanjeh/text/persian.h"

#define MARK_TEXT_MAX 64u
#define SCALE_MAX     1000000

/* At most two decimals, so this is exact. */
static int64_t hundredths(struct sj_decimal mark)
{
    int64_t units = mark.units;
    for (uint8_t scale = mark.scale; scale < 2; scale++) {
        units *= 10;
    }
    return units;
}

sj_status sj_mark_parse(struct sj_text text, int64_t scale_min, int64_t scale_max,
    struct sj_decimal *ret_mark, bool *ret_is_extreme)
{
    ENSURE(text.len > 0 && text.len <= MARK_TEXT_MAX, INVALID);
    ENSURE(scale_min < scale_max && scale_min >= -SCALE_MAX && scale_max <= SCALE_MAX, INVALID);
    CLEANUP(sj_buf_clear) struct sj_buf digits = SJ_BUF(4 * MARK_TEXT_MAX);
    TRY(sj_fa_digits(text, &digits));
    struct sj_decimal mark;
    ENSURE(!sj_failed(sj_decimal_parse(sj_buf_text(&digits), &mark)) && mark.scale <= 2, INVALID);
    ENSURE(sj_decimal_compare(mark, (struct sj_decimal){scale_min, 0}) >= 0 &&
               sj_decimal_compare(mark, (struct sj_decimal){scale_max, 0}) <= 0,
        INVALID);
    const int64_t units = hundredths(mark);
    const int64_t tenth = 10 * (scale_max - scale_min); /* in hundredths */
    *ret_is_extreme = units - 100 * scale_min <= tenth || 100 * scale_max - units <= tenth;
    *ret_mark = mark;
    return SJ_DONE;
}

sj_status sj_marks_mean(const struct sj_decimal *marks, size_t count, struct sj_decimal *ret_mean)
{
    ENSURE(count > 0 && count <= SJ_MARKS_SEATS_MAX, INVALID);
    int64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        ENSURE(marks[i].scale <= 2, INVALID);
        sum += hundredths(marks[i]);
    }
    return sj_decimal_ratio(sum, 1, 100 * (int64_t)count, ret_mean);
}

sj_status sj_mark_score(
    struct sj_decimal mark, int64_t scale_min, int64_t scale_max, struct sj_decimal *ret_score)
{
    ENSURE(scale_min < scale_max && scale_min >= -SCALE_MAX && scale_max <= SCALE_MAX, INVALID);
    ENSURE(mark.scale <= SJ_DECIMAL_SCALE, INVALID);
    int64_t power = 1;
    for (uint8_t i = 0; i < mark.scale; i++) {
        power *= 10;
    }
    const int64_t above = mark.units - scale_min * power;
    ENSURE(above >= 0 && above <= (scale_max - scale_min) * power, INVALID);
    return sj_decimal_ratio(above, 100, (scale_max - scale_min) * power, ret_score);
}
