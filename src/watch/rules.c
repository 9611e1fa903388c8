/* SPDX-License-Identifier: Apache-2.0
 *
 * Which entries of the record are an alarm? Each rule counts for one account in windows of its length; what reaches the threshold is
 * told once for the window. Windows stand at fixed times, not behind the first entry: so nothing has to be remembered over a
 * restart but where the oldest open window begins. Who knows the border can spread his deeds over two windows and stay below the
 * threshold with nearly twice as many; a sliding window would need a state that somebody has to be believed about.
 */
#include "sanjeh/watch/rules.h"

#include <stdio.h>

#include "sanjeh/base/parse.h"

#define TEHRAN_S     INT64_C(12600) /* UTC+03:30, without summer time since 2022 */
#define SECOND_US    INT64_C(1000000)
#define DAY_S        INT64_C(86400)
#define SLOTS        4096u /* a power of two; half of them are used */
#define SLOTS_MAX    (SLOTS / 2)
#define SEEN_WORDS   4u
#define HOLIDAYS_MAX 400u

struct slot {
    struct sj_uuid account;
    bool is_used;
    bool is_told;
    uint64_t count;
    uint64_t first;
    uint64_t seen[SEEN_WORDS]; /* of objects, by a few bits of their id */
};

struct window {
    sj_time_us start;
    uint64_t first; /* index of the first entry in it */
    size_t used;
    bool is_open;
    bool is_full_told;
    struct slot *slots;
};

struct sj_rules {
    struct sj_alarm_settings settings;
    struct window windows[SJ_ALARM_ENTRY_RULES];
    int64_t holidays[HOLIDAYS_MAX];
    size_t holiday_count;
    uint64_t next; /* index behind the newest entry */
};

static const char *const names[SJ_ALARM_RULE_COUNT_] = {"failed-factors", "denials", "bulk-reads",
    "off-hours", "superuser", "superuser-session", "schema", "clock", "witness", "scrub",
    "break-glass", "sink", "watch"};

const char *sj_alarm_rule_name(enum sj_alarm_rule rule)
{
    return (size_t)rule < SJ_COUNT(names) ? names[rule] : NULL;
}

void sj_rules_free(struct sj_rules **rules)
{
    struct sj_rules *r = TAKE(*rules);
    if (r == NULL) {
        return;
    }
    for (size_t i = 0; i < SJ_ALARM_ENTRY_RULES; i++) {
        sj_free(r->windows[i].slots);
    }
    sj_free(r);
}

sj_status sj_rules_new(const struct sj_alarm_settings *settings, struct sj_rules **ret_rules)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_rules), &memory));
    CLEANUP(sj_rules_free) struct sj_rules *rules = memory;
    rules->settings = *settings;
    for (size_t i = 0; i < SJ_ALARM_ENTRY_RULES; i++) {
        ENSURE(settings->rules[i].window_s > 0 && settings->rules[i].threshold > 0, BAD_CONFIG);
        TRY(sj_alloc(SLOTS, sizeof(struct slot), &memory));
        rules->windows[i].slots = memory;
    }
    *ret_rules = TAKE(rules);
    return SJ_DONE;
}

sj_status sj_rules_set_holidays(struct sj_rules *rules, const int64_t *days, size_t count)
{
    TRY(sj_copy(rules->holidays, sizeof(rules->holidays), days, count * sizeof(days[0])));
    rules->holiday_count = count;
    return SJ_DONE;
}

sj_time_us sj_alarm_window(const struct sj_alarm_setting *setting, sj_time_us time)
{
    const int64_t window = setting->window_s > 0 ? setting->window_s : 1;
    const int64_t local = time / SECOND_US + TEHRAN_S;
    return (local - local % window - TEHRAN_S) * SECOND_US;
}

static bool is_office_time(const struct sj_rules *rules, sj_time_us time)
{
    const int64_t local = time / SECOND_US + TEHRAN_S;
    const int64_t day = local / DAY_S;
    const int64_t minute = local % DAY_S / 60;
    if (day % 7 == 1) { /* 1970-01-02 was a Friday */
        return false;
    }
    for (size_t i = 0; i < rules->holiday_count; i++) {
        if (rules->holidays[i] == day) {
            return false;
        }
    }
    return minute >= rules->settings.day_begins_min && minute < rules->settings.day_ends_min;
}

/* How many persons' data an entry opened, from its detail ("…;subjects=3;…"). */
static uint64_t subjects_of(const struct sj_draft *draft)
{
    struct sj_text rest = sj_text_of(draft->detail);
    struct sj_text part = {NULL, 0};
    while (sj_text_split(&rest, ';', &part)) {
        uint64_t count = 0;
        if (sj_text_starts(part, "subjects=") &&
            !sj_failed(sj_parse_u64(
                (struct sj_text){part.ptr + 9, part.len - 9}, 0, SJ_SUBJECTS_MAX, &count))) {
            return count;
        }
    }
    return 0;
}

/* How much an entry counts for a rule; 0: not at all. */
static uint64_t weight(
    const struct sj_rules *rules, enum sj_alarm_rule rule, const struct sj_entry *entry)
{
    const struct sj_draft *draft = &entry->draft;
    const bool is_account = !sj_uuid_is_nil(draft->actor);
    const bool is_access = draft->kind == SJ_ENTRY_ACCESS && is_account;
    switch ((unsigned)rule) {
    case SJ_ALARM_FAILED_FACTORS: /* without an account, too: codes for challenges that nobody has */
        return draft->kind == SJ_ENTRY_SIGN_IN && draft->outcome == SJ_OUTCOME_DENIED &&
                       sj_text_starts(sj_text_of(draft->detail), "factor=totp")
                   ? 1
                   : 0;
    case SJ_ALARM_DENIALS:
        return is_access && draft->outcome == SJ_OUTCOME_DENIED &&
                       (draft->http_status == 403 || draft->http_status == 404)
                   ? 1
                   : 0;
    case SJ_ALARM_BULK_READS:
        return is_access && draft->outcome == SJ_OUTCOME_PERMITTED ? subjects_of(draft) : 0;
    case SJ_ALARM_OFF_HOURS:
        return is_access && draft->outcome == SJ_OUTCOME_PERMITTED &&
                       !is_office_time(rules, entry->time)
                   ? 1
                   : 0;
    default:
        return 0;
    }
}

/* NULL: no place. */
static struct slot *find_slot(struct window *window, struct sj_uuid account)
{
    size_t at = sj_uuid_hash(account) % SLOTS;
    while (window->slots[at].is_used && !sj_uuid_equal(window->slots[at].account, account)) {
        at = (at + 1) % SLOTS;
    }
    struct slot *slot = &window->slots[at];
    if (!slot->is_used) {
        if (window->used == SLOTS_MAX) {
            return NULL;
        }
        window->used++;
        slot->is_used = true;
        slot->account = account;
    }
    return slot;
}

/* Refusals at one object again and again are somebody's old bookmark; at many objects they are a search. */
static bool is_new_object(struct slot *slot, const struct sj_draft *draft)
{
    uint32_t hash = sj_uuid_hash(draft->object);
    for (const char *c = draft->object_type; *c != '\0' && sj_uuid_is_nil(draft->object); c++) {
        hash = hash * 31 + (unsigned char)*c; /* a collection */
    }
    const uint32_t bit = hash % (64 * SEEN_WORDS);
    uint64_t *word = &slot->seen[bit / 64];
    const uint64_t mask = UINT64_C(1) << bit % 64;
    const bool is_new = (*word & mask) == 0;
    *word |= mask;
    return is_new;
}

static void turn_window(
    struct window *window, const struct sj_alarm_setting *setting, const struct sj_entry *entry)
{
    const sj_time_us start = sj_alarm_window(setting, entry->time);
    if (window->is_open && window->start == start) {
        return;
    }
    if (window->used > 0) {
        struct slot *slots = window->slots;
        for (size_t i = 0; i < SLOTS; i++) {
            slots[i] = (struct slot){.is_used = false};
        }
    }
    *window = (struct window){
        .start = start, .first = entry->index, .is_open = true, .slots = window->slots};
}

static sj_status tell_full(struct window *window, enum sj_alarm_rule rule,
    const struct sj_entry *entry, sj_alarm_found_fn *found, void *ctx)
{
    struct sj_alarm_hit hit = {.rule = SJ_ALARM_WATCH,
        .window_start = window->start,
        .count = window->used,
        .first = window->first,
        .last = entry->index};
    if (window->is_full_told) {
        return SJ_DONE;
    }
    (void)snprintf(hit.cause, sizeof hit.cause, "accounts=too-many;of=%s", names[rule]);
    window->is_full_told = true;
    return found(ctx, &hit);
}

static sj_status count(struct sj_rules *rules, enum sj_alarm_rule rule,
    const struct sj_entry *entry, sj_alarm_found_fn *found, void *ctx)
{
    const struct sj_alarm_setting *setting = &rules->settings.rules[rule];
    struct window *window = &rules->windows[rule];
    turn_window(window, setting, entry);
    const uint64_t more = weight(rules, rule, entry);
    if (more == 0) {
        return SJ_DONE;
    }
    struct slot *slot = find_slot(window, entry->draft.actor);
    if (slot == NULL) {
        return tell_full(window, rule, entry, found, ctx);
    }
    if (rule == SJ_ALARM_DENIALS && !is_new_object(slot, &entry->draft)) {
        return SJ_DONE;
    }
    slot->first = slot->count == 0 ? entry->index : slot->first;
    slot->count += more;
    if (slot->is_told || slot->count < (uint64_t)setting->threshold) {
        return SJ_DONE;
    }
    slot->is_told = true;
    struct sj_alarm_hit hit = {.rule = rule,
        .window_start = window->start,
        .count = slot->count,
        .first = slot->first,
        .last = entry->index};
    char id[SJ_UUID_TEXT_SIZE] = "none";
    if (!sj_uuid_is_nil(slot->account)) {
        sj_uuid_format(slot->account, id);
    }
    (void)snprintf(hit.cause, sizeof hit.cause, "account=%s", id);
    return found(ctx, &hit);
}

/* Whoever scrubbed, the server or somebody at the command line: his entry says what he found. */
static sj_status tell_scrub(
    const struct sj_rules *rules, const struct sj_entry *entry, sj_alarm_found_fn *found, void *ctx)
{
    const struct sj_alarm_setting *setting = &rules->settings.rules[SJ_ALARM_SCRUB];
    const char *cause = strstr(entry->draft.detail, "cause=");
    struct sj_alarm_hit hit = {.rule = SJ_ALARM_SCRUB,
        .window_start = sj_alarm_window(setting, entry->time),
        .count = 1,
        .first = entry->index,
        .last = entry->index};
    (void)snprintf(hit.cause, sizeof hit.cause, "what=%.80s", cause == NULL ? "" : cause + 6);
    return found(ctx, &hit);
}

sj_status sj_rules_feed(
    struct sj_rules *rules, const struct sj_entry *entry, sj_alarm_found_fn *found, void *ctx)
{
    for (size_t i = 0; i < SJ_ALARM_ENTRY_RULES; i++) {
        if (rules->settings.rules[i].on) {
            TRY(count(rules, (enum sj_alarm_rule)i, entry, found, ctx));
        }
    }
    if (entry->draft.kind == SJ_ENTRY_SCRUB && entry->draft.outcome == SJ_OUTCOME_FAILED &&
        rules->settings.rules[SJ_ALARM_SCRUB].on) {
        TRY(tell_scrub(rules, entry, found, ctx));
    }
    rules->next = entry->index + 1;
    return SJ_DONE;
}

uint64_t sj_rules_resume_at(const struct sj_rules *rules)
{
    uint64_t at = rules->next;
    for (size_t i = 0; i < SJ_ALARM_ENTRY_RULES; i++) {
        const struct window *window = &rules->windows[i];
        if (window->is_open && rules->settings.rules[i].on && window->first < at) {
            at = window->first;
        }
    }
    return at;
}
