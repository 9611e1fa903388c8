/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules over entries: what counts, once a window and cause, the same again after a restart, bounded.
 */
#include "sanjeh/watch/rules.h"

#include <stdio.h>
#include <stdlib.h>

#include "test.h"

#define SECOND INT64_C(1000000)
#define HOUR   (3600 * SECOND)
#define DAY    (24 * HOUR)

/* Saturday 2026-11-28, 10:00 in Tehran. */
#define SATURDAY (INT64_C(1795847400) * SECOND)

struct log {
    struct sj_rules *rules;
    uint64_t next;
    size_t count;
    struct sj_alarm_hit hits[64];
};

static struct sj_alarm_settings settings(void)
{
    struct sj_alarm_settings all = {.day_begins_min = 420, .day_ends_min = 1140};
    for (size_t i = 0; i < SJ_ALARM_RULE_COUNT_; i++) {
        all.rules[i] = (struct sj_alarm_setting){.on = 1, .threshold = 3, .window_s = 600};
    }
    all.rules[SJ_ALARM_OFF_HOURS] = (struct sj_alarm_setting){1, 1, 86400};
    return all;
}

static struct log begin(const struct sj_alarm_settings *all)
{
    struct log log = {.rules = NULL};
    CHECK_OK(sj_rules_new(all, &log.rules));
    return log;
}

static sj_status found(void *ctx, const struct sj_alarm_hit *hit)
{
    struct log *log = ctx;
    ENSURE(log->count < SJ_COUNT(log->hits), LIMIT_EXCEEDED);
    log->hits[log->count++] = *hit;
    return SJ_DONE;
}

static struct sj_uuid id_of(unsigned number)
{
    struct sj_uuid id = {{1}};
    id.bytes[14] = (uint8_t)(number >> 8);
    id.bytes[15] = (uint8_t)number;
    return id;
}

static struct sj_entry access_by(unsigned actor, unsigned object, uint16_t http_status)
{
    struct sj_entry entry = {.time = SATURDAY};
    entry.draft = (struct sj_draft){.kind = SJ_ENTRY_ACCESS,
        .actor = id_of(actor),
        .object = id_of(object),
        .http_status = http_status,
        .outcome = http_status < 400 ? SJ_OUTCOME_PERMITTED : SJ_OUTCOME_DENIED,
        .action = "judge:read",
        .object_type = "judge"};
    return entry;
}

static void feed(struct log *log, struct sj_entry entry)
{
    entry.index = log->next++;
    CHECK_OK(sj_rules_feed(log->rules, &entry, found, log));
}

TEST(rules_count_denials_at_distinct_objects)
{
    const struct sj_alarm_settings all = settings();
    struct log log = begin(&all);
    for (unsigned i = 0; i < 50; i++) {
        feed(&log, access_by(1, 7, 404));
        feed(&log, access_by(2, i, 422)); /* a wrong input is no denial */
        feed(&log, access_by(0, 0, 200));
    }
    CHECK(log.count == 0);
    for (unsigned i = 0; i < 20; i++) {
        feed(&log, access_by(1, 100 + i, i % 2 == 0 ? 403 : 404));
    }
    REQUIRE(log.count == 1);
    CHECK(log.hits[0].rule == SJ_ALARM_DENIALS && log.hits[0].count == 3);
    CHECK(log.hits[0].first == 0 && log.hits[0].last == 151);
    CHECK(strcmp(log.hits[0].cause, "account=01000000-0000-0000-0000-000000000001") == 0);
    sj_rules_free(&log.rules);
}

TEST(rules_tell_again_in_the_next_window)
{
    const struct sj_alarm_settings all = settings();
    struct log log = begin(&all);
    for (unsigned i = 0; i < 9; i++) {
        struct sj_entry entry = access_by(1, i, 404);
        entry.time += i / 3 * 600 * SECOND;
        feed(&log, entry);
    }
    REQUIRE(log.count == 3);
    CHECK(log.hits[0].window_start + 600 * SECOND == log.hits[1].window_start);
    sj_rules_free(&log.rules);
}

TEST(rules_count_failed_second_factors)
{
    const struct sj_alarm_settings all = settings();
    struct log log = begin(&all);
    struct sj_entry entry = access_by(1, 1, 401);
    entry.draft.kind = SJ_ENTRY_SIGN_IN;
    (void)snprintf(entry.draft.detail, sizeof entry.draft.detail, "factor=password");
    for (unsigned i = 0; i < 5; i++) {
        feed(&log, entry);
    }
    CHECK(log.count == 0);
    (void)snprintf(entry.draft.detail, sizeof entry.draft.detail, "factor=totp;device=1");
    for (unsigned i = 0; i < 5; i++) {
        feed(&log, entry);
    }
    REQUIRE(log.count == 1);
    CHECK(log.hits[0].rule == SJ_ALARM_FAILED_FACTORS);
    entry.draft.outcome = SJ_OUTCOME_PERMITTED;
    entry.draft.actor = id_of(2);
    feed(&log, entry);
    feed(&log, entry);
    feed(&log, entry);
    CHECK(log.count == 1);
    sj_rules_free(&log.rules);
}

TEST(rules_add_up_whose_data_were_opened)
{
    struct sj_alarm_settings all = settings();
    all.rules[SJ_ALARM_BULK_READS].threshold = 500;
    struct log log = begin(&all);
    struct sj_entry entry = access_by(1, 1, 200);
    (void)snprintf(
        entry.draft.detail, sizeof entry.draft.detail, "x=1;subjects=249;subjects_sha256=00");
    feed(&log, entry);
    feed(&log, entry);
    CHECK(log.count == 0);
    (void)snprintf(entry.draft.detail, sizeof entry.draft.detail, "subjects=2");
    feed(&log, entry);
    REQUIRE(log.count == 1);
    CHECK(log.hits[0].rule == SJ_ALARM_BULK_READS && log.hits[0].count == 500);
    sj_rules_free(&log.rules);
}

TEST(rules_know_office_hours_fridays_and_holidays)
{
    static const struct {
        int64_t at;
        bool is_alarm;
    } cases[] = {{0, false}, {-3 * HOUR, false}, {-3 * HOUR - SECOND, true},
        {9 * HOUR - SECOND, false}, {9 * HOUR, true}, {6 * DAY, true /* Friday */},
        {5 * DAY, false}, {DAY, true /* holiday */}};
    const int64_t holiday = (SATURDAY + DAY) / DAY;
    for (size_t i = 0; i < SJ_COUNT(cases); i++) {
        const struct sj_alarm_settings all = settings();
        struct log log = begin(&all);
        CHECK_OK(sj_rules_set_holidays(log.rules, &holiday, 1));
        struct sj_entry entry = access_by(1, 1, 200);
        entry.time += cases[i].at;
        feed(&log, entry);
        feed(&log, entry);
        if (log.count != (cases[i].is_alarm ? 1u : 0u)) {
            printf("    case %zu\n", i);
            CHECK(false);
        }
        sj_rules_free(&log.rules);
    }
}

TEST(rules_find_the_same_again_from_where_they_resume)
{
    struct sj_alarm_settings all = settings();
    all.rules[SJ_ALARM_OFF_HOURS].on = 0; /* its window is the day */
    struct log whole = begin(&all);
    struct sj_entry entries[300];
    for (unsigned i = 0; i < SJ_COUNT(entries); i++) {
        entries[i] = access_by(i % 3, i, 404);
        entries[i].time += (int64_t)i * 97 * SECOND;
    }
    struct log first = begin(&all);
    for (unsigned i = 0; i < SJ_COUNT(entries); i++) {
        feed(&whole, entries[i]);
    }
    for (unsigned cut = 1; cut < SJ_COUNT(entries); cut += 13) {
        sj_rules_free(&first.rules);
        first = begin(&all);
        for (unsigned i = 0; i < cut; i++) {
            feed(&first, entries[i]);
        }
        const uint64_t at = sj_rules_resume_at(first.rules);
        CHECK(at <= cut && (cut < 20 || at > 0));
        struct log second = begin(&all);
        second.next = at;
        for (uint64_t i = at; i < SJ_COUNT(entries); i++) {
            feed(&second, entries[i]);
        }
        /* what the second found is the end of the whole, and together they miss nothing */
        REQUIRE(second.count <= whole.count && first.count + second.count >= whole.count);
        for (size_t i = 0; i < second.count; i++) {
            const struct sj_alarm_hit *a = &second.hits[i];
            const struct sj_alarm_hit *b = &whole.hits[whole.count - second.count + i];
            CHECK(a->rule == b->rule && a->window_start == b->window_start &&
                  strcmp(a->cause, b->cause) == 0 && a->last == b->last);
        }
        sj_rules_free(&second.rules);
    }
    sj_rules_free(&first.rules);
    sj_rules_free(&whole.rules);
}

TEST(rules_say_so_when_there_are_too_many_accounts)
{
    struct sj_alarm_settings all = settings();
    all.rules[SJ_ALARM_OFF_HOURS].on = 0;
    struct log log = begin(&all);
    for (unsigned i = 1; i <= 2200; i++) {
        feed(&log, access_by(i, 1, 403));
    }
    REQUIRE(log.count == 1);
    CHECK(log.hits[0].rule == SJ_ALARM_WATCH);
    CHECK(strcmp(log.hits[0].cause, "accounts=too-many;of=denials") == 0);
    sj_rules_free(&log.rules);
}

TEST(rules_that_are_off_find_nothing)
{
    struct sj_alarm_settings all = settings();
    for (size_t i = 0; i < SJ_ALARM_ENTRY_RULES; i++) {
        all.rules[i].on = 0;
    }
    struct log log = begin(&all);
    for (unsigned i = 0; i < 30; i++) {
        feed(&log, access_by(1, i, 404));
    }
    CHECK(log.count == 0 && sj_rules_resume_at(log.rules) == 30);
    sj_rules_free(&log.rules);
}

TEST(rules_have_names)
{
    for (size_t i = 0; i < SJ_ALARM_RULE_COUNT_; i++) {
        CHECK(sj_alarm_rule_name((enum sj_alarm_rule)i) != NULL);
    }
    CHECK(sj_alarm_rule_name(SJ_ALARM_RULE_COUNT_) == NULL);
}
