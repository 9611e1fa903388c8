/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules of alarms over the record's entries, pure: entries go in by index, what a rule finds comes out, once for each
 * window and cause. Windows are aligned to the clock of Asia/Tehran, so the same entries always give the same alarms: whoever
 * begins again at sj_rules_resume_at finds what was found before, and what was missed.
 */
#ifndef SJ_WATCH_RULES_H
#define SJ_WATCH_RULES_H

#include "sanjeh/audit/entry.h"

/* The first four are found in entries; the others are told by whoever sees them. Numbers are the program's own, names are kept. */
enum sj_alarm_rule {
    SJ_ALARM_FAILED_FACTORS, /* refused second factors of one account */
    SJ_ALARM_DENIALS,        /* one account was refused at so many objects (of any unit) */
    SJ_ALARM_BULK_READS,     /* one account opened the data of so many persons */
    SJ_ALARM_OFF_HOURS,      /* one account at work outside of the office hours */
    SJ_ALARM_SUPERUSER,      /* a new superuser of the database */
    SJ_ALARM_SUPERUSER_SESSION,
    SJ_ALARM_SCHEMA, /* tables, triggers, functions or settings of the record are not as they were */
    SJ_ALARM_CLOCK,  /* the wall clock jumped */
    SJ_ALARM_WITNESS,     /* a witness lags behind */
    SJ_ALARM_SCRUB,       /* the scrubber found something */
    SJ_ALARM_BREAK_GLASS, /* a review of break-glass is overdue */
    SJ_ALARM_SINK,        /* an export lags behind */
    SJ_ALARM_WATCH,       /* the watch itself cannot see everything */
    SJ_ALARM_RULE_COUNT_
};
#define SJ_ALARM_ENTRY_RULES 4u

/* "failed-factors"; NULL for a number that is none. */
const char *sj_alarm_rule_name(enum sj_alarm_rule rule);

struct sj_alarm_setting {
    int64_t on;        /* 0 or 1 */
    int64_t threshold; /* entry rules: from so many on */
    int64_t window_s;  /* one alarm in this time for a cause */
};
struct sj_alarm_settings {
    struct sj_alarm_setting rules[SJ_ALARM_RULE_COUNT_];
    int64_t day_begins_min; /* office hours, minutes after midnight in Tehran */
    int64_t day_ends_min;
};

#define SJ_ALARM_CAUSE_SIZE 96
struct sj_alarm_hit {
    enum sj_alarm_rule rule;
    char cause[SJ_ALARM_CAUSE_SIZE]; /* "account=<id>" */
    sj_time_us window_start;
    uint64_t count;
    uint64_t
        first; /* indices of the first entry that counted and of the one that made it an alarm */
    uint64_t last;
};

struct sj_rules;
SJ_MUST_CHECK sj_status sj_rules_new(
    const struct sj_alarm_settings *settings, struct sj_rules **ret_rules);
void sj_rules_free(struct sj_rules **rules);
/* Days off beside Fridays, ascending, since 1970-01-01; copied. Errors: LIMIT_EXCEEDED (400). */
SJ_MUST_CHECK sj_status sj_rules_set_holidays(
    struct sj_rules *rules, const int64_t *days, size_t count);
/* The next entry; found is called for each rule that it completes. Errors: those of found, and LIMIT_EXCEEDED never: an account too
 * many in a window is itself found (rule WATCH). */
typedef sj_status sj_alarm_found_fn(void *ctx, const struct sj_alarm_hit *hit);
SJ_MUST_CHECK sj_status sj_rules_feed(
    struct sj_rules *rules, const struct sj_entry *entry, sj_alarm_found_fn *found, void *ctx);
/* The entries before this index belong to windows that are over. */
uint64_t sj_rules_resume_at(const struct sj_rules *rules);
/* When the window of a rule began that holds this time; for whoever tells alarms himself. */
sj_time_us sj_alarm_window(const struct sj_alarm_setting *setting, sj_time_us time);

#endif
