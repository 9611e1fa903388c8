/* SPDX-License-Identifier: Apache-2.0
 *
 * Are a million entries of ordinary work without an alarm, under the rules that the product ships? A false alarm hides a true one.
 * Twenty working days of 300 people: lists and files, now and then a wrong code, a refusal, an old bookmark; at night
 * and on Fridays the server's own entries alone. The same days with one burglar give his alarms and no other.
 */
#include "config.h"
#include "sanjeh/watch/rules.h"
#include "test.h"

#include <stdio.h>

#define SECOND        INT64_C(1000000)
#define DAY           (86400 * SECOND)
#define SATURDAY_8H   ((INT64_C(1795847400) - 7200) * SECOND) /* 2026-11-28, in Tehran */
#define DAYS          20
#define ENTRIES       1000000u
#define PEOPLE        300u
#define NIGHT_ENTRIES 960u /* each minute of 16 hours */
#define BURGLAR       (PEOPLE + 7)

struct days {
    struct sj_rules *rules;
    uint64_t next;
    uint64_t drawn;
    size_t found[SJ_ALARM_RULE_COUNT_];
};

static sj_status note(void *ctx, const struct sj_alarm_hit *hit)
{
    struct days *days = ctx;
    days->found[hit->rule]++;
    return SJ_DONE;
}

/* The same days in every run. */
static unsigned draw(struct days *days, unsigned below)
{
    days->drawn = days->drawn * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(days->drawn >> 33) % below;
}

static struct sj_uuid id_of(unsigned number)
{
    struct sj_uuid id = {{1}};
    id.bytes[13] = (uint8_t)(number >> 16);
    id.bytes[14] = (uint8_t)(number >> 8);
    id.bytes[15] = (uint8_t)number;
    return id;
}

static struct sj_draft access_of(unsigned actor, unsigned object, uint16_t http_status)
{
    return (struct sj_draft){.kind = SJ_ENTRY_ACCESS,
        .actor = id_of(actor),
        .object = id_of(object),
        .http_status = http_status,
        .outcome = http_status < 400 ? SJ_OUTCOME_PERMITTED : SJ_OUTCOME_DENIED,
        .action = "judge:read",
        .object_type = "judge"};
}

static void feed(struct days *days, sj_time_us time, const struct sj_draft *draft)
{
    const struct sj_entry entry = {.index = days->next++, .time = time, .draft = *draft};
    CHECK_OK(sj_rules_feed(days->rules, &entry, note, days));
}

static void one_deed(struct days *days, sj_time_us time)
{
    const unsigned actor = 1 + draw(days, PEOPLE);
    const unsigned what = draw(days, 1000);
    struct sj_draft draft = access_of(actor, draw(days, 15000), 200);
    unsigned opened = 1;
    if (what < 20) {
        opened = 50; /* a page of a list */
    } else if (what < 30) {
        draft = access_of(actor, draw(days, 15000), 404); /* mistyped */
    } else if (what < 35) {
        draft = access_of(actor, actor, 403); /* his bookmark of last year */
    } else if (what < 40) {
        draft.kind = SJ_ENTRY_SIGN_IN;
        draft.outcome = what == 39 ? SJ_OUTCOME_DENIED : SJ_OUTCOME_PERMITTED;
        (void)snprintf(draft.detail, sizeof draft.detail, "factor=totp");
    }
    if (draft.kind == SJ_ENTRY_ACCESS && draft.outcome == SJ_OUTCOME_PERMITTED) {
        (void)snprintf(draft.detail, sizeof draft.detail, "subjects=%u", opened);
    }
    feed(days, time, &draft);
}

/* A visitor opens a file that he may open, once. */
static void one_night(struct days *days, sj_time_us evening, bool with_visitor)
{
    const struct sj_draft visit = access_of(BURGLAR, 1, 200);
    const struct sj_draft heads = {.kind = SJ_ENTRY_TENANT_HEADS,
        .outcome = SJ_OUTCOME_PERMITTED,
        .action = "log:heads",
        .object_type = "log"};
    const struct sj_draft scrub = {.kind = SJ_ENTRY_SCRUB,
        .outcome = SJ_OUTCOME_PERMITTED,
        .action = "log:scrub",
        .object_type = "log",
        .detail = "entries=1000;findings=0"};
    for (unsigned i = 0; i < NIGHT_ENTRIES; i++) {
        feed(days, evening + i * 60 * SECOND, i == 500 ? &scrub : &heads);
        if (with_visitor && i == 300) {
            feed(days, evening + i * 60 * SECOND, &visit);
        }
    }
}

/* By day he tries doors, copies a register, and guesses codes. */
static void burglar(struct days *days, unsigned day, sj_time_us morning)
{
    struct sj_draft deed = access_of(BURGLAR, 1, 200);
    if (day == 5) {
        for (unsigned i = 0; i < 25; i++) {
            deed = access_of(BURGLAR, i * 7, 404);
            feed(days, morning + SECOND, &deed);
        }
    } else if (day == 9) {
        (void)snprintf(deed.detail, sizeof deed.detail, "subjects=100");
        for (unsigned i = 0; i < 25; i++) {
            feed(days, morning + SECOND, &deed);
        }
    } else if (day == 12) {
        deed = access_of(BURGLAR, 0, 401);
        deed.kind = SJ_ENTRY_SIGN_IN;
        (void)snprintf(deed.detail, sizeof deed.detail, "factor=totp");
        for (unsigned i = 0; i < 6; i++) {
            feed(days, morning + SECOND, &deed);
        }
    }
}

static void live(struct days *days, bool with_burglar)
{
    static const char minimal[] =
        "[server]\ncert_file = /c\nkey_file = /k\n[database]\nconninfo = host=/run\n"
        "[keeper]\nroot_key_file = /r\nsigner_state = /s\n[audit]\norigin = log.example/1\n"
        "[policy]\nfolder = /policy\n";
    char path[] = "/tmp/sanjeh-config-XXXXXX";
    char detail[SJ_CONFIG_DETAIL_SIZE];
    struct sj_config config;
    const int fd = mkstemp(path);
    REQUIRE(fd >= 0 && write(fd, minimal, strlen(minimal)) == (ssize_t)strlen(minimal));
    (void)close(fd);
    REQUIRE_OK(sj_config_load(path, &config, detail));
    (void)unlink(path);
    *days = (struct days){.drawn = 1404};
    REQUIRE_OK(sj_rules_new(&config.alarms, &days->rules));
    const unsigned a_day = ENTRIES / DAYS - NIGHT_ENTRIES;
    unsigned worked = 0;
    for (unsigned day = 0; worked < DAYS; day++) {
        const sj_time_us morning = SATURDAY_8H + day * DAY;
        if (day % 7 == 6) {
            continue; /* Friday */
        }
        if (with_burglar) {
            burglar(days, worked, morning);
        }
        for (unsigned i = 0; i < a_day; i++) {
            one_deed(days, morning + SECOND + (sj_time_us)i * (8 * 3600 * SECOND / a_day));
        }
        one_night(days, morning + 8 * 3600 * SECOND + SECOND, with_burglar && worked == 3);
        worked++;
    }
    sj_rules_free(&days->rules);
}

TEST(a_million_entries_of_ordinary_work_are_no_alarm)
{
    struct days days;
    live(&days, false);
    CHECK(days.next == ENTRIES);
    for (size_t rule = 0; rule < SJ_ALARM_RULE_COUNT_; rule++) {
        CHECK(days.found[rule] == 0);
    }
}

TEST(a_burglar_among_them_gives_his_alarms_and_no_other)
{
    struct days days;
    live(&days, true);
    for (size_t rule = 0; rule < SJ_ALARM_RULE_COUNT_; rule++) {
        CHECK(days.found[rule] == (rule < SJ_ALARM_ENTRY_RULES ? 1u : 0u));
    }
}
