/* SPDX-License-Identifier: Apache-2.0
 *
 * Does each written period name the right days in both calendars, and does its shortest form read
 * back as the same days?
 */
#include "sanjeh/text/persian.h"

#include "test.h"

struct reading {
    const char *text;
    const char *from;
    const char *to;
    const char *form;
};

static const struct reading readings[] = {
    {"1977", "1977-01-01", "1977-12-31", "1977"},
    {"1977-02", "1977-02-01", "1977-02-28", "1977-02"},
    {"2024-02", "2024-02-01", "2024-02-29", "2024-02"},
    {"2025-12", "2025-12-01", "2025-12-31", "2025-12"},
    {"1404", "2025-03-21", "2026-03-20", "1404"},
    {"1403", "2024-03-20", "2025-03-20", "1403"},
    {"1404-03", "2025-05-22", "2025-06-21", "1404-03"},
    {"1403-12", "2025-02-19", "2025-03-20", "1403-12"},
    {"1404-12", "2026-02-20", "2026-03-20", "1404-12"},
    {"1300", "1921-03-21", "1922-03-21", "1300"},
    {"1599-12", "2221-02-20", "2221-03-20", "1599-12"},
    {"۱۴۰۴-۰۳", "2025-05-22", "2025-06-21", "1404-03"},
    {"١٩٧٧", "1977-01-01", "1977-12-31", "1977"},
    {"2025-01-10/2025-02-03", "2025-01-10", "2025-02-03", "2025-01-10/2025-02-03"},
    {"2025-01-01/2025-12-31", "2025-01-01", "2025-12-31", "2025"},
    {"2025-03-21/2026-03-20", "2025-03-21", "2026-03-20", "1404"},
    {"1404-01-01/1404-06-31", "2025-03-21", "2025-09-22", "2025-03-21/2025-09-22"},
    {"2025-01-10/2025-01-10", "2025-01-10", "2025-01-10", "2025-01-10/2025-01-10"},
    {"2999", "2999-01-01", "2999-12-31", "2999"},
    {"1600-01", "1600-01-01", "1600-01-31", "1600-01"},
};

static int64_t day_of(const char *text)
{
    struct sj_date date = {0};

    CHECK_OK(sj_date_parse(sj_text_of(text), &date));
    return sj_date_to_days(date);
}

TEST(period_reads_and_writes_both_calendars)
{
    for (size_t i = 0; i < SJ_COUNT(readings); i++) {
        const struct reading *reading = &readings[i];
        struct sj_period period = {0, 0};
        char form[22] = "";
        CHECK_OK(sj_period_parse(sj_text_of(reading->text), &period));
        CHECK(period.from_day == day_of(reading->from));
        CHECK(period.to_day == day_of(reading->to));
        sj_period_format(period, form);
        if (strcmp(form, reading->form) != 0) {
            sj_test_fail(reading->text, form);
        }
    }
}

TEST(period_refuses_what_is_none)
{
    static const char *const texts[] = {"", "197", "19777", "0999", "1299", "3000", "1977-00",
        "1977-13", "1404-13", "1404-00", "1977/02", "1977-2", "1977-02-01", "1977-02-",
        "1977-02-30/1977-03-01", "1977-03-01/1977-02-01", "1977-02-01-1977-03-01",
        "1404-12-30/1405-01-01", "1404-07-31/1404-08-01", "abcd", "1977 ", " 1977", "+977",
        "1977-02-01/1977-03-0x", "۱۹۷", "-977", "1977-02-01/1977-03-011"};
    struct sj_period period = {-7, -7};

    for (size_t i = 0; i < SJ_COUNT(texts); i++) {
        CHECK_CODE(sj_period_parse(sj_text_of(texts[i]), &period), INVALID);
    }
    CHECK(period.from_day == -7 && period.to_day == -7);
}

TEST(period_days_count_both_ends)
{
    struct sj_period period = {0, 0};

    REQUIRE_OK(sj_period_parse(SJ_TEXT("1977"), &period));
    CHECK(sj_period_days(period) == 365);
    REQUIRE_OK(sj_period_parse(SJ_TEXT("1403"), &period));
    CHECK(sj_period_days(period) == 366);
    REQUIRE_OK(sj_period_parse(SJ_TEXT("2025-01-10/2025-01-10"), &period));
    CHECK(sj_period_days(period) == 1);
}

TEST(period_every_month_of_both_calendars_reads_back)
{
    char text[8] = "0000-00";
    char form[22] = "";

    for (int year = 1300; year < 2200; year++) {
        struct sj_period period = {0, 0};
        int64_t next = 0;
        for (int month = 1; month <= 12; month++) {
            snprintf(
                text, sizeof(text), "%04u-%02u", (unsigned)year % 10000, (unsigned)month % 100);
            CHECK_OK(sj_period_parse(sj_text_of(text), &period));
            CHECK(month == 1 || period.from_day == next);
            next = period.to_day + 1;
            sj_period_format(period, form);
            CHECK(strcmp(form, text) == 0);
        }
    }
}
