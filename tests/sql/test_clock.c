/* SPDX-License-Identifier: Apache-2.0
 *
 * When does a clock end, to the microsecond, and who may turn the evaluation's time? Days are days in Asia/Tehran: with the
 * summer time that was kept until 1401 and without it since; Fridays and holidays carry the end on.
 */
#include "session.h"

struct end {
    const char *what;
    const char *start;
    const char *days; /* and their kind */
    const char *end;
};

static const struct end ends[] = {
    {"half past eight in UTC is the next day in Tehran", "2023-06-10T20:30:00Z", "4, 'calendar'",
        "2023-06-15T20:29:59.999999Z"},
    {"a microsecond earlier is not", "2023-06-10T20:29:59.999999Z", "4, 'calendar'",
        "2023-06-14T20:29:59.999999Z"},
    {"in the summer time of 1401 the day began at half past seven", "2022-06-10T19:30:00Z",
        "4, 'calendar'", "2022-06-15T19:29:59.999999Z"},
    {"and not a microsecond earlier", "2022-06-11T19:29:59.999999Z", "4, 'calendar'",
        "2022-06-15T19:29:59.999999Z"},
    {"a clock across the last beginning of summer time", "2022-03-20T12:00:00Z", "2, 'calendar'",
        "2022-03-22T19:29:59.999999Z"},
    {"the day before a midnight that did not exist", "2022-03-17T12:00:00Z", "4, 'calendar'",
        "2022-03-21T20:29:59.999999Z"},
    {"the day of 25 hours at the last end of summer time", "2022-09-17T12:00:00Z", "4, 'calendar'",
        "2022-09-21T20:29:59.999999Z"},
    {"a Friday carries the end to Saturday", "2023-06-12T12:00:00Z", "4, 'calendar'",
        "2023-06-17T20:29:59.999999Z"},
    {"working days pass over Friday", "2023-06-12T12:00:00Z", "5, 'working'",
        "2023-06-18T20:29:59.999999Z"},
};

static void check_end(PGconn *session, const struct end *asked, const char *before)
{
    char sql[512];

    (void)snprintf(sql, sizeof(sql),
        "%s select to_char(sanjeh.deadline_of('%s', %s) at time zone 'UTC', "
        "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
        before, asked->start, asked->days);
    const struct outcome got = session_try(session, NULL, sql);
    if (strcmp(got.value, asked->end) != 0) {
        printf("    %s: %s '%s', not '%s'\n", asked->what, got.state, got.value, asked->end);
        CHECK(false);
    }
}

TEST(clocks_end_with_the_day_in_tehran)
{
    const struct sj_pg *pg = sj_pg_start((struct sj_view){NULL, 0});
    CLEANUP(session_close) PGconn *session = session_open(pg->app);

    for (size_t i = 0; i < SJ_COUNT(ends); i++) {
        check_end(session, &ends[i], "");
    }
}

TEST(clocks_pass_over_holidays)
{
    static const struct end carried[] = {
        {"a Friday and a holiday behind it", "2023-06-12T12:00:00Z", "4, 'calendar'",
            "2023-06-18T20:29:59.999999Z"},
        {"a holiday inside calendar days does not count", "2023-06-13T12:00:00Z", "5, 'calendar'",
            "2023-06-18T20:29:59.999999Z"},
        {"a holiday inside working days does", "2023-06-12T12:00:00Z", "5, 'working'",
            "2023-06-19T20:29:59.999999Z"},
    };
    const struct sj_pg *pg = sj_pg_start((struct sj_view){NULL, 0});
    CLEANUP(session_close) PGconn *admin = session_open(pg->admin);

    for (size_t i = 0; i < SJ_COUNT(carried); i++) {
        check_end(admin, &carried[i],
            "insert into sanjeh.holiday (day, name_fa, name_en, source)"
            " values ('2023-06-17', 'x', 'x', 'test');");
    }
}

TEST(clocks_are_not_turned_by_the_application)
{
    static const char *const attempts[] = {
        "insert into sanjeh.test_clock (ahead) values (interval '1 day')",
        "update sanjeh.test_clock set ahead = interval '1 day'",
        "delete from sanjeh.test_clock",
        "truncate sanjeh.test_clock",
        ("merge into sanjeh.test_clock t using (select 1) s on true when not matched then"
         " insert (ahead) values (interval '1 day')"),
    };
    const struct sj_pg *pg = sj_pg_start((struct sj_view){NULL, 0});
    CLEANUP(session_close) PGconn *session = session_open(pg->app);

    for (size_t i = 0; i < SJ_COUNT(attempts); i++) {
        CHECK(strcmp(session_try(session, NULL, attempts[i]).state, "42501") == 0);
    }
}
