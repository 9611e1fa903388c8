/* SPDX-License-Identifier: Apache-2.0
 *
 * Which days does a written period mean? Units report by Gregorian or Jalali years and months or by
 * two dates; inside there are only day numbers, both included, so that periods of both calendars
 * compare. Years 1300 to 1599 are Jalali, 1600 to 2999 Gregorian; a day outside both is refused. A
 * misread calendar would put a count 621 years away from the judge who earned it.
 */
#include "sanjeh/text/persian.h"

#define DATE_LEN        10
#define PERIOD_TEXT_MAX 21

static bool is_jalali_year(int32_t year)
{
    return year >= 1300 && year <= 1599;
}

static sj_status to_day(struct sj_date date, int64_t *ret_day)
{
    if (is_jalali_year(date.year)) {
        ENSURE(sj_jalali_is_valid(date), INVALID);
        *ret_day = sj_jalali_to_days(date);
        return SJ_DONE;
    }
    ENSURE(date.year >= 1600 && date.year <= 2999 && sj_date_is_valid(date), INVALID);
    *ret_day = sj_date_to_days(date);
    return SJ_DONE;
}

/* First day of the year or month after; may lie in the first year that is no longer accepted. */
static int64_t first_day(int32_t year, int month, bool is_jalali)
{
    const struct sj_date date = {year, (uint8_t)month, 1};
    return is_jalali ? sj_jalali_to_days(date) : sj_date_to_days(date);
}

static sj_status take_number(const char *digits, size_t len, int32_t *ret_value)
{
    int32_t value = 0;

    for (size_t i = 0; i < len; i++) {
        ENSURE(digits[i] >= '0' && digits[i] <= '9', INVALID);
        value = value * 10 + (digits[i] - '0');
    }
    *ret_value = value;
    return SJ_DONE;
}

/* "YYYY-MM-DD" */
static sj_status take_day(const char *text, int64_t *ret_day)
{
    int32_t year = 0;
    int32_t month = 0;
    int32_t day = 0;

    TRY(take_number(text, 4, &year));
    ENSURE(text[4] == '-' && text[7] == '-', INVALID);
    TRY(take_number(text + 5, 2, &month));
    TRY(take_number(text + 8, 2, &day));
    return to_day((struct sj_date){year, (uint8_t)month, (uint8_t)day}, ret_day);
}

static sj_status parse_year(const char *text, struct sj_period *ret_period)
{
    int32_t year = 0;
    int64_t from = 0;

    TRY(take_number(text, 4, &year));
    TRY(to_day((struct sj_date){year, 1, 1}, &from));
    *ret_period = (struct sj_period){from, first_day(year + 1, 1, is_jalali_year(year)) - 1};
    return SJ_DONE;
}

static sj_status parse_month(const char *text, struct sj_period *ret_period)
{
    int32_t year = 0;
    int32_t month = 0;
    int64_t from = 0;

    TRY(take_number(text, 4, &year));
    ENSURE(text[4] == '-', INVALID);
    TRY(take_number(text + 5, 2, &month));
    TRY(to_day((struct sj_date){year, (uint8_t)month, 1}, &from));
    const int32_t next_year = month == 12 ? year + 1 : year;
    const int next_month = month == 12 ? 1 : month + 1;
    *ret_period =
        (struct sj_period){from, first_day(next_year, next_month, is_jalali_year(year)) - 1};
    return SJ_DONE;
}

static sj_status parse_range(const char *text, struct sj_period *ret_period)
{
    struct sj_period period = {0, 0};

    TRY(take_day(text, &period.from_day));
    ENSURE(text[DATE_LEN] == '/', INVALID);
    TRY(take_day(text + DATE_LEN + 1, &period.to_day));
    ENSURE(period.from_day <= period.to_day, INVALID);
    *ret_period = period;
    return SJ_DONE;
}

sj_status sj_period_parse(struct sj_text text, struct sj_period *ret_period)
{
    CLEANUP(sj_buf_clear) struct sj_buf folded = SJ_BUF(2 * PERIOD_TEXT_MAX);

    ENSURE(text.len <= folded.max, INVALID);
    TRY(sj_fa_digits(text, &folded));
    const char *plain = (const char *)folded.ptr;
    switch (folded.len) {
    case 4:
        return parse_year(plain, ret_period);
    case 7:
        return parse_month(plain, ret_period);
    case PERIOD_TEXT_MAX:
        return parse_range(plain, ret_period);
    default:
        FAIL(INVALID);
    }
}

int64_t sj_period_days(struct sj_period period)
{
    return period.to_day - period.from_day + 1;
}

static bool period_equal(struct sj_period a, struct sj_period b)
{
    return a.from_day == b.from_day && a.to_day == b.to_day;
}

/* Writes the year or the month of date when that is exactly the period. */
static bool format_short(struct sj_period period, struct sj_date date, char *out)
{
    struct sj_period read_back = {0, 0};

    sj_date_format(date, out);
    for (size_t len = 4; len <= 7; len += 3) {
        const sj_status status = sj_period_parse((struct sj_text){out, len}, &read_back);
        if (!sj_failed(status) && period_equal(read_back, period)) {
            out[len] = 0;
            return true;
        }
    }
    return false;
}

void sj_period_format(struct sj_period period, char *out)
{
    const struct sj_date from = sj_date_from_days(period.from_day);
    const struct sj_date jalali = sj_jalali_from_days(period.from_day);

    if (format_short(period, from, out) ||
        (is_jalali_year(jalali.year) && format_short(period, jalali, out))) {
        return;
    }
    sj_date_format(from, out);
    out[DATE_LEN] = '/';
    sj_date_format(sj_date_from_days(period.to_day), out + DATE_LEN + 1);
}
