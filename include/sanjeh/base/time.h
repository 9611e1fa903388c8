/* SPDX-License-Identifier: Apache-2.0
 *
 * Instants are microseconds since 1970-01-01T00:00:00Z in int64; dates are days since the same.
 * Formatting RFC 3339 UTC; the Jalali calendar follows the rule (25*y+11) mod 33 < 8, which equals
 * ICU 72 for 1300..1599 (tests/unit/base/test_time.c).
 */
#ifndef SJ_BASE_TIME_H
#define SJ_BASE_TIME_H

#include "sanjeh/base/view.h"

typedef int64_t sj_time_us;

#define SJ_TIME_TEXT_SIZE 28 /* 2026-11-25T07:51:35.123456Z and NUL */

/* Wall clock, CLOCK_REALTIME. */
sj_time_us sj_time_now(void);
/* CLOCK_MONOTONIC in milliseconds: for deadlines, never stored. */
int64_t sj_time_monotonic_ms(void);
/* With 6 decimals; out holds SJ_TIME_TEXT_SIZE. Valid for years 0001..9999. */
void sj_time_format(sj_time_us time, char *out);
/* RFC 3339 with Z or offset, 0 to 6 decimals. Errors: BAD_REQUEST. */
SJ_MUST_CHECK sj_status sj_time_parse(struct sj_text text, sj_time_us *ret_time);

struct sj_date {
    int32_t year;
    uint8_t month; /* 1..12 */
    uint8_t day;   /* 1..31 */
};

/* Proleptic Gregorian. */
int64_t sj_date_to_days(struct sj_date date);
struct sj_date sj_date_from_days(int64_t days);
bool sj_date_is_valid(struct sj_date date);
/* Jalali, years 1300..1599. */
bool sj_jalali_is_leap(int32_t year);
bool sj_jalali_is_valid(struct sj_date date);
int64_t sj_jalali_to_days(struct sj_date date);
struct sj_date sj_jalali_from_days(int64_t days);
/* YYYY-MM-DD; out holds 11 bytes. */
void sj_date_format(struct sj_date date, char *out);
SJ_MUST_CHECK sj_status sj_date_parse(struct sj_text text, struct sj_date *ret_date);

#endif
