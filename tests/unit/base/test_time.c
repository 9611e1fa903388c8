/* SPDX-License-Identifier: Apache-2.0
 *
 * Do both calendars agree with others' tables, and does every written time have one reading?
 */
#include "sanjeh/base/time.h"

#include "sanjeh/base/memory.h"

#include "test.h"

#include <time.h>

TEST(date_days_agree_with_the_known_ones)
{
    CHECK(sj_date_to_days((struct sj_date){1970, 1, 1}) == 0);
    CHECK(sj_date_to_days((struct sj_date){1969, 12, 31}) == -1);
    CHECK(sj_date_to_days((struct sj_date){2000, 3, 1}) == 11017);
    CHECK(sj_date_to_days((struct sj_date){1, 1, 1}) == -719162);
    CHECK(sj_date_to_days((struct sj_date){9999, 12, 31}) == 2932896);
}

/* Walks every day of the range: the next day is one further, and each reads back. */
TEST(date_every_day_reads_back)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t day = sj_date_to_days((struct sj_date){1, 1, 1});
    int wrong = 0;

    for (int32_t year = 1; year <= 9999; year++) {
        const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (int month = 1; month <= 12; month++) {
            const int length = lengths[month - 1] + (month == 2 && is_leap ? 1 : 0);
            for (int d = 1; d <= length; d++, day++) {
                const struct sj_date date = {year, (uint8_t)month, (uint8_t)d};
                const struct sj_date back = sj_date_from_days(day);
                wrong += sj_date_to_days(date) == day && sj_date_is_valid(date) ? 0 : 1;
                wrong += back.year == year && back.month == month && back.day == d ? 0 : 1;
            }
            const struct sj_date beyond = {year, (uint8_t)month, (uint8_t)(length + 1)};
            wrong += sj_date_is_valid(beyond) ? 1 : 0;
        }
    }
    CHECK(wrong == 0);
}

/* ICU's table of the first days of 1300 to 1600. */
TEST(jalali_years_begin_where_icu_says)
{
    const struct sj_view file = sj_test_vector("time/nowruz.tsv");
    struct sj_text rest = {(const char *)file.ptr, file.len};
    struct sj_text row = {NULL, 0};
    struct sj_text year_text = {NULL, 0};
    int32_t year = 1300;
    int64_t before = 0;

    while (sj_text_split(&rest, '\n', &row)) {
        struct sj_date date = {0, 0, 0};
        if (sj_text_starts(row, "#")) {
            continue;
        }
        CHECK(sj_text_split(&row, '\t', &year_text));
        REQUIRE_OK(sj_date_parse(row, &date));
        const int64_t day = sj_date_to_days(date);
        if (year > 1300) {
            CHECK(sj_jalali_is_leap(year - 1) == (day - before == 366));
        }
        if (year <= 1599) {
            CHECK(sj_jalali_to_days((struct sj_date){year, 1, 1}) == day);
        }
        before = day;
        year++;
    }
    CHECK(year == 1601);
}

TEST(jalali_every_day_reads_back)
{
    int64_t day = sj_jalali_to_days((struct sj_date){1300, 1, 1});
    int wrong = 0;

    for (int32_t year = 1300; year <= 1599; year++) {
        for (int month = 1; month <= 12; month++) {
            const int last = sj_jalali_is_leap(year) ? 30 : 29;
            const int length = month <= 6 ? 31 : (month <= 11 ? 30 : last);
            for (int d = 1; d <= length; d++, day++) {
                const struct sj_date date = {year, (uint8_t)month, (uint8_t)d};
                const struct sj_date back = sj_jalali_from_days(day);
                wrong += sj_jalali_is_valid(date) && sj_jalali_to_days(date) == day ? 0 : 1;
                wrong += back.year == year && back.month == month && back.day == d ? 0 : 1;
            }
            wrong +=
                sj_jalali_is_valid((struct sj_date){year, (uint8_t)month, (uint8_t)(length + 1)})
                    ? 1
                    : 0;
        }
    }
    CHECK(wrong == 0);
}

/* Borkowski's table of equinoxes (The Persian calendar for 3000 years, 1996), the piece 1210 to 1634: a rule of its own,
 * derived from astronomy and written with other counts than ours. */
static int64_t borkowski_nowruz(int32_t year, bool *ret_leap)
{
    enum { PIECE = 1210, LEAPS_BEFORE = -14 };
    static const int32_t breaks[] = {-61, 9, 38, 199, 426, 686, 756, 818, 1111, 1181, PIECE, 1635};
    int32_t leaps = LEAPS_BEFORE;

    for (size_t i = 1; breaks[i] <= year; i++) {
        const int32_t jump = breaks[i] - breaks[i - 1];
        leaps += jump / 33 * 8 + jump % 33 / 4;
    }
    const int32_t n = year - PIECE;
    const int32_t gregorian = year + 621;
    leaps += n / 33 * 8 + (n % 33 + 3) / 4;
    const int32_t gregorian_leaps = gregorian / 4 - (gregorian / 100 + 1) * 3 / 4 - 150;
    *ret_leap = ((n + 1) % 33 - 1) % 4 == 0;
    return sj_date_to_days((struct sj_date){gregorian, 3, (uint8_t)(20 + leaps - gregorian_leaps)});
}

TEST(jalali_years_agree_with_borkowski)
{
    int wrong = 0;

    for (int32_t year = 1300; year <= 1500; year++) {
        bool leap = false;
        const int64_t day = borkowski_nowruz(year, &leap);
        wrong += sj_jalali_to_days((struct sj_date){year, 1, 1}) == day ? 0 : 1;
        wrong += sj_jalali_is_leap(year) == leap ? 0 : 1;
    }
    CHECK(wrong == 0);
}

TEST(jalali_known_dates)
{
    const struct sj_date last = sj_jalali_from_days(sj_date_to_days((struct sj_date){2025, 3, 20}));

    CHECK(last.year == 1403 && last.month == 12 && last.day == 30);
    CHECK(sj_jalali_is_leap(1403) && sj_jalali_is_leap(1408) && !sj_jalali_is_leap(1404));
    CHECK(!sj_jalali_is_valid((struct sj_date){1299, 1, 1}));
    CHECK(!sj_jalali_is_valid((struct sj_date){1600, 1, 1}));
    CHECK(!sj_jalali_is_valid((struct sj_date){1404, 0, 1}));
    CHECK(!sj_jalali_is_valid((struct sj_date){1404, 13, 1}));
    CHECK(!sj_jalali_is_valid((struct sj_date){1404, 1, 0}));
    CHECK(!sj_jalali_is_valid((struct sj_date){1404, 12, 30}));
}

struct written {
    const char *text;
    const char *form;
};

TEST(time_reads_rfc3339_and_writes_one_form)
{
    static const struct written times[] = {
        {"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z"},
        {"2026-11-25T07:51:35.123456Z", "2026-11-25T07:51:35.123456Z"},
        {"2026-11-25T07:51:35.1Z", "2026-11-25T07:51:35.100000Z"},
        {"2026-11-25T11:21:35+03:30", "2026-11-25T07:51:35.000000Z"},
        {"2026-11-24T20:00:00-05:00", "2026-11-25T01:00:00.000000Z"},
        {"2026-11-25T07:51:35-00:00", "2026-11-25T07:51:35.000000Z"},
        {"1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"},
        {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"},
        {"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},
        {"2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000000Z"},
    };

    for (size_t i = 0; i < SJ_COUNT(times); i++) {
        sj_time_us time = 0;
        char form[SJ_TIME_TEXT_SIZE] = "";
        CHECK_OK(sj_time_parse(sj_text_of(times[i].text), &time));
        sj_time_format(time, form);
        CHECK(strcmp(form, times[i].form) == 0);
    }
}

TEST(time_refuses_what_is_none)
{
    static const char *const texts[] = {"", "2026-11-25", "2026-11-25T07:51:35",
        "2026-11-25 07:51:35Z", "2026-11-25t07:51:35z", "2026-11-25T07:51Z", "2026-11-25T24:00:00Z",
        "2026-11-25T07:60:00Z", "2026-11-25T07:51:60Z", "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-11-25T07:51:35.Z",
        "2026-11-25T07:51:35.1234567Z", "2026-11-25T07:51:35+0330", "2026-11-25T07:51:35+24:00",
        "2026-11-25T07:51:35+03:60", "2026-11-25T07:51:35ZZ", "02026-11-25T07:51:35Z",
        "-026-11-25T07:51:35Z", "2026-11-25T07:51:35Z ", "0000-01-01T00:00:00Z",
        "2026-11-31T00:00:00Z"};
    sj_time_us time = 42;

    for (size_t i = 0; i < SJ_COUNT(texts); i++) {
        CHECK_CODE(sj_time_parse(sj_text_of(texts[i]), &time), BAD_REQUEST);
    }
    CHECK(time == 42);
}

TEST(time_date_parse_is_exact)
{
    struct sj_date date = {7, 7, 7};

    CHECK_CODE(sj_date_parse(SJ_TEXT("2026-11-25T"), &date), BAD_REQUEST);
    CHECK_CODE(sj_date_parse(SJ_TEXT("2026-1-25"), &date), BAD_REQUEST);
    CHECK_CODE(sj_date_parse(SJ_TEXT("2026/11/25"), &date), BAD_REQUEST);
    CHECK(date.year == 7);
    CHECK_OK(sj_date_parse(SJ_TEXT("2024-02-29"), &date));
    CHECK(date.year == 2024 && date.month == 2 && date.day == 29);
}

TEST(time_clocks_agree_with_the_system)
{
    const int64_t seconds = (int64_t)time(NULL);
    const sj_time_us now = sj_time_now();
    const int64_t first = sj_time_monotonic_ms();

    CHECK(now / 1000000 - seconds >= -1 && now / 1000000 - seconds <= 5);
    CHECK(sj_time_monotonic_ms() >= first);
}
