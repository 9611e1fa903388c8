/* SPDX-License-Identifier: Apache-2.0
 *
 * Which instant and which day is this? Instants are microseconds of UTC, days are counted from
 * 1970-01-01 (proleptic Gregorian), both written as in RFC 3339 section 5.6. Jalali years 1300 to
 * 1599 follow the 33-year rule (25*y + 11) mod 33 < 8, which equals ICU 72 in that range. No libc
 * calendar call is used: they depend on the zone database and on global state. A wrong day here
 * would put a fact into the wrong cycle or let an expired session live.
 */
#include "sanjeh/base/time.h"

#include <time.h>

#define US_PER_SECOND INT64_C(1000000)
#define DAY_SECONDS   INT64_C(86400)
#define FIRST_DAY     INT64_C(-719162) /* 0001-01-01 */
#define LAST_DAY      INT64_C(2932896) /* 9999-12-31 */

/* 1 Farvardin 1300 = 21 March 1921; JALALI_FIRST_LEAPS = leap years counted up to 1300. */
#define JALALI_FIRST_YEAR  1300
#define JALALI_LAST_YEAR   1599
#define JALALI_FIRST_DAY   INT64_C(-17818)
#define JALALI_FIRST_LEAPS ((8 * JALALI_FIRST_YEAR + 21) / 33)

sj_time_us sj_time_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * US_PER_SECOND + now.tv_nsec / 1000;
}

int64_t sj_time_monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

/* ---- Gregorian ---- */

/* Years begin in March here, so that the leap day is the last day of a year. */
int64_t sj_date_to_days(struct sj_date date)
{
    const int64_t year = (int64_t)date.year - (date.month <= 2 ? 1 : 0);
    const int64_t era = floor_div(year, 400);
    const int64_t year_of_era = year - era * 400;
    const int64_t month = (date.month + 9) % 12;
    const int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
    const int64_t day_of_era =
        year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

struct sj_date sj_date_from_days(int64_t days)
{
    const int64_t shifted = days + 719468;
    const int64_t era = floor_div(shifted, 146097);
    const int64_t day_of_era = shifted - era * 146097;
    const int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    const int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int64_t month = (5 * day_of_year + 2) / 153;
    const int64_t civil_month = month < 10 ? month + 3 : month - 9;

    return (struct sj_date){
        .year = (int32_t)(year_of_era + era * 400 + (civil_month <= 2 ? 1 : 0)),
        .month = (uint8_t)civil_month,
        .day = (uint8_t)(day_of_year - (153 * month + 2) / 5 + 1),
    };
}

static bool is_leap(int32_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

bool sj_date_is_valid(struct sj_date date)
{
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (date.year < 1 || date.year > 9999 || date.month < 1 || date.month > 12 || date.day < 1) {
        return false;
    }
    const int leap_day = date.month == 2 && is_leap(date.year) ? 1 : 0;
    return date.day <= lengths[date.month - 1] + leap_day;
}

/* ---- Jalali ---- */

bool sj_jalali_is_leap(int32_t year)
{
    return (25 * (int64_t)year + 11) % 33 < 8;
}

static int jalali_month_length(int32_t year, int month)
{
    if (month <= 6) {
        return 31;
    }
    return month <= 11 || sj_jalali_is_leap(year) ? 30 : 29;
}

bool sj_jalali_is_valid(struct sj_date date)
{
    return date.year >= JALALI_FIRST_YEAR && date.year <= JALALI_LAST_YEAR && date.month >= 1 &&
           date.month <= 12 && date.day >= 1 &&
           date.day <= jalali_month_length(date.year, date.month);
}

/* First day of a Jalali year: (8*y + 21) / 33 counts the leap years before y. */
static int64_t nowruz(int64_t year)
{
    return JALALI_FIRST_DAY + 365 * (year - JALALI_FIRST_YEAR) +
           (floor_div(8 * year + 21, 33) - JALALI_FIRST_LEAPS);
}

int64_t sj_jalali_to_days(struct sj_date date)
{
    const int64_t before = date.month - 1;
    const int64_t month_days = before <= 6 ? 31 * before : 186 + 30 * (before - 6);

    return nowruz(date.year) + month_days + date.day - 1;
}

struct sj_date sj_jalali_from_days(int64_t days)
{
    int64_t year = JALALI_FIRST_YEAR + floor_div(days - JALALI_FIRST_DAY, 366);

    /* The division by 366 is close for the years that are offered, and these correct it. */
    while (nowruz(year + 1) <= days) {
        year++;
    }
    while (nowruz(year) > days) {
        year--;
    }
    const int64_t in_year = days - nowruz(year);
    const int64_t month = in_year < 186 ? in_year / 31 : 6 + (in_year - 186) / 30;
    const int64_t day = in_year < 186 ? in_year % 31 : (in_year - 186) % 30;

    return (struct sj_date){(int32_t)year, (uint8_t)(month + 1), (uint8_t)(day + 1)};
}

/* ---- text ---- */

static char *put_digits(char *out, int64_t value, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return out + width;
}

void sj_date_format(struct sj_date date, char *out)
{
    SJ_ASSERT(date.year >= 0 && date.year <= 9999);
    out = put_digits(out, date.year, 4);
    *out++ = '-';
    out = put_digits(out, date.month, 2);
    *out++ = '-';
    out = put_digits(out, date.day, 2);
    *out = 0;
}

void sj_time_format(sj_time_us time, char *out)
{
    const int64_t seconds = floor_div(time, US_PER_SECOND);
    const int64_t days = floor_div(seconds, DAY_SECONDS);
    const int64_t in_day = seconds - days * DAY_SECONDS;

    sj_date_format(sj_date_from_days(days), out);
    out += 10;
    *out++ = 'T';
    out = put_digits(out, in_day / 3600, 2);
    *out++ = ':';
    out = put_digits(out, in_day / 60 % 60, 2);
    *out++ = ':';
    out = put_digits(out, in_day % 60, 2);
    *out++ = '.';
    out = put_digits(out, time - seconds * US_PER_SECOND, 6);
    *out++ = 'Z';
    *out = 0;
}

static sj_status take_digits(struct sj_text *text, size_t width, int64_t *ret_value)
{
    int64_t value = 0;

    ENSURE(text->len >= width, BAD_REQUEST);
    for (size_t i = 0; i < width; i++) {
        ENSURE(text->ptr[i] >= '0' && text->ptr[i] <= '9', BAD_REQUEST);
        value = value * 10 + (text->ptr[i] - '0');
    }
    *text = (struct sj_text){text->ptr + width, text->len - width};
    *ret_value = value;
    return SJ_DONE;
}

static sj_status take_char(struct sj_text *text, char wanted)
{
    ENSURE(text->len >= 1 && text->ptr[0] == wanted, BAD_REQUEST);
    *text = (struct sj_text){text->ptr + 1, text->len - 1};
    return SJ_DONE;
}

static sj_status take_date(struct sj_text *text, struct sj_date *ret_date)
{
    int64_t year = 0;
    int64_t month = 0;
    int64_t day = 0;

    TRY(take_digits(text, 4, &year));
    TRY(take_char(text, '-'));
    TRY(take_digits(text, 2, &month));
    TRY(take_char(text, '-'));
    TRY(take_digits(text, 2, &day));
    const struct sj_date date = {(int32_t)year, (uint8_t)month, (uint8_t)day};
    ENSURE(sj_date_is_valid(date), BAD_REQUEST);
    *ret_date = date;
    return SJ_DONE;
}

sj_status sj_date_parse(struct sj_text text, struct sj_date *ret_date)
{
    ENSURE(text.len == 10, BAD_REQUEST);
    return take_date(&text, ret_date);
}

/* "hh:mm:ss" with 0 to 6 decimals. Second 60 is refused: instants are POSIX seconds, which have no
 * leap seconds. */
static sj_status take_clock(struct sj_text *text, int64_t *ret_us)
{
    int64_t hour = 0;
    int64_t minute = 0;
    int64_t second = 0;
    int64_t fraction = 0;
    int64_t scale = US_PER_SECOND;

    TRY(take_digits(text, 2, &hour));
    TRY(take_char(text, ':'));
    TRY(take_digits(text, 2, &minute));
    TRY(take_char(text, ':'));
    TRY(take_digits(text, 2, &second));
    ENSURE(hour <= 23 && minute <= 59 && second <= 59, BAD_REQUEST);
    if (text->len > 0 && text->ptr[0] == '.') {
        int64_t digit = 0;
        TRY(take_char(text, '.'));
        do {
            TRY(take_digits(text, 1, &digit));
            scale /= 10;
            ENSURE(scale > 0, BAD_REQUEST);
            fraction += digit * scale;
        } while (text->len > 0 && text->ptr[0] >= '0' && text->ptr[0] <= '9');
    }
    *ret_us = (hour * 3600 + minute * 60 + second) * US_PER_SECOND + fraction;
    return SJ_DONE;
}

/* "Z" or "+hh:mm" or "-hh:mm", as microseconds to subtract. */
static sj_status take_offset(struct sj_text *text, int64_t *ret_us)
{
    int64_t hour = 0;
    int64_t minute = 0;

    ENSURE(text->len >= 1, BAD_REQUEST);
    const char sign = text->ptr[0];
    if (sign == 'Z') {
        *ret_us = 0;
        return take_char(text, 'Z');
    }
    TRY(take_char(text, sign == '-' ? '-' : '+'));
    TRY(take_digits(text, 2, &hour));
    TRY(take_char(text, ':'));
    TRY(take_digits(text, 2, &minute));
    ENSURE(hour <= 23 && minute <= 59, BAD_REQUEST);
    const int64_t offset = (hour * 3600 + minute * 60) * US_PER_SECOND;
    *ret_us = sign == '-' ? -offset : offset;
    return SJ_DONE;
}

/* @cite RFC 3339 section 5.6: date-time with an upper-case T and Z only. An offset may not carry the
 * instant out of the years that can be written. */
sj_status sj_time_parse(struct sj_text text, sj_time_us *ret_time)
{
    struct sj_date date;
    int64_t clock_us = 0;
    int64_t offset_us = 0;

    TRY(take_date(&text, &date));
    TRY(take_char(&text, 'T'));
    TRY(take_clock(&text, &clock_us));
    TRY(take_offset(&text, &offset_us));
    ENSURE(text.len == 0, BAD_REQUEST);
    const sj_time_us time =
        sj_date_to_days(date) * DAY_SECONDS * US_PER_SECOND + clock_us - offset_us;
    ENSURE(time >= FIRST_DAY * DAY_SECONDS * US_PER_SECOND &&
               time < (LAST_DAY + 1) * DAY_SECONDS * US_PER_SECOND,
        BAD_REQUEST);
    *ret_time = time;
    return SJ_DONE;
}
