/* SPDX-License-Identifier: Apache-2.0
 *
 * Can any text break the reading of days and periods, Jalali or Gregorian in any digits? What is accepted is in order, comes back from its
 * shortest form, and a single day comes back from its own name.
 */
#include "sanjeh/base/time.h"
#include "sanjeh/text/persian.h"
#include <stdio.h>
#include <string.h>

#define DAY_BYTES_MAX 32u

static void check_day(int64_t day)
{
    char text[11];
    char range[22];
    struct sj_period period;
    sj_date_format(sj_date_from_days(day), text);
    SJ_ASSERT(snprintf(range, sizeof range, "%s/%s", text, text) == 21);
    SJ_ASSERT(!sj_failed(sj_period_parse(sj_text_of(range), &period)));
    SJ_ASSERT(period.from_day == day && period.to_day == day);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sj_text text = {(const char *)data, size};
    struct sj_period period;
    if (!sj_failed(sj_period_parse(text, &period))) {
        struct sj_period again;
        char shortest[22];
        SJ_ASSERT(period.from_day <= period.to_day);
        SJ_ASSERT(sj_period_days(period) == period.to_day - period.from_day + 1);
        sj_period_format(period, shortest);
        SJ_ASSERT(memchr(shortest, 0, sizeof shortest) != NULL);
        SJ_ASSERT(!sj_failed(sj_period_parse(sj_text_of(shortest), &again)));
        SJ_ASSERT(again.from_day == period.from_day && again.to_day == period.to_day);
        check_day(period.from_day);
        check_day(period.to_day);
    }
    /* a day alone is read as the range from itself to itself */
    char range[2 * DAY_BYTES_MAX + 2];
    if (size <= DAY_BYTES_MAX && memchr(data, 0, size) == NULL) {
        const int len =
            snprintf(range, sizeof range, "%.*s/%.*s", (int)size, text.ptr, (int)size, text.ptr);
        SJ_ASSERT(len == (int)(2 * size + 1));
        if (!sj_failed(sj_period_parse(sj_text_of(range), &period))) {
            SJ_ASSERT(period.from_day == period.to_day);
            check_day(period.from_day);
        }
    }
    return 0;
}
