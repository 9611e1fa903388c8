/* SPDX-License-Identifier: Apache-2.0
 *
 * Which entries has the watch seen? Pages of signed entries go through the rules in order; what they find is raised in the transaction that
 * moves on. A restart goes on where the oldest open window begins and counts it anew; an alarm that stands is not raised again.
 */
#include "watch_priv.h"

#include "sanjeh/audit/record.h"
#include "sanjeh/base/log.h"

#define FOLLOWER    "alarms"
#define PAGE        512u
#define ENTRIES_MAX 8192u /* at one tick; a long way is made in many */
#define SAVE_MS     5000
#define HOLIDAYS_MS (10 * 60 * 1000)
#define HOLIDAYS    400u
#define DAY_US      (INT64_C(86400) * 1000000)

static sj_status tell_forged(struct sj_watcher *w, const struct sj_context *context)
{
    struct sj_raised raised = {.count = 0};
    struct sj_alarm_news news = {
        .rule = SJ_ALARM_WATCH, .cause = "forged=" FOLLOWER, .detail = "begins=0", .count = 1};
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(w->db, context, &tx));
    TRY(sj_watcher_raise(w, tx, &news, &raised));
    return sj_watcher_commit(w, &tx, &raised);
}

static sj_status begin(struct sj_watcher *w, const struct sj_context *context)
{
    bool known = false;
    bool forged = false;
    TRY(sj_follower_load(w->db, context, &w->key, FOLLOWER, &known, &forged, &w->next, NULL));
    w->saved = w->next;
    if (forged) {
        TRY(tell_forged(w, context));
    }
    w->is_following = true;
    return SJ_DONE;
}

static sj_status learn_holidays(struct sj_watcher *w, const struct sj_context *context)
{
    const int64_t now_ms = sj_time_monotonic_ms();
    if (w->holidays_at_ms != 0 && now_ms - w->holidays_at_ms < HOLIDAYS_MS) {
        return SJ_DONE;
    }
    const struct sj_param param = sj_p_day(sj_time_now() / DAY_US);
    const struct sj_query query = {SJ_SQL_HOLIDAY_DAYS, &param, 1};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_record_read(w->db, context, &query, &rows));
    int64_t days[HOLIDAYS];
    const size_t count = sj_rows_count(rows) < HOLIDAYS ? sj_rows_count(rows) : HOLIDAYS;
    for (size_t i = 0; i < count; i++) {
        days[i] = sj_row_day(rows, i, 0);
    }
    TRY(sj_rules_set_holidays(w->rules, days, count));
    w->holidays_at_ms = now_ms;
    return SJ_DONE;
}

struct page {
    struct sj_watcher *w;
    const struct sj_context *context;
    struct sj_tx *tx; /* begun when something is found */
    struct sj_raised raised;
};

static sj_status found(void *ctx, const struct sj_alarm_hit *hit)
{
    struct page *page = ctx;
    if (page->tx == NULL) {
        TRY(sj_tx_begin(page->w->db, page->context, &page->tx));
    }
    if (page->raised.count == SJ_WATCH_RAISED_MAX) {
        TRY(sj_watcher_commit(page->w, &page->tx, &page->raised));
        TRY(sj_tx_begin(page->w->db, page->context, &page->tx));
    }
    struct sj_alarm_news news = {.rule = hit->rule,
        .cause = hit->cause,
        .detail = "",
        .window_start = hit->window_start,
        .count = hit->count,
        .has_entries = true,
        .first = hit->first,
        .last = hit->last};
    return sj_watcher_raise(page->w, page->tx, &news, &page->raised);
}

/* An entry that the database lost or bent is the scrubber's to tell; the rules go on behind it. */
static sj_status feed(struct page *page, const struct sj_rows *rows)
{
    CLEANUP(sj_freep) void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_entry), &memory));
    struct sj_entry *entry = memory;
    for (size_t i = 0; i < sj_rows_count(rows); i++) {
        if (!sj_failed(sj_entry_decode(sj_row_bytes(rows, i, 1), entry)) &&
            (int64_t)entry->index == sj_row_i64(rows, i, 0)) {
            TRY(sj_rules_feed(page->w->rules, entry, found, page));
        }
    }
    return SJ_DONE;
}

static sj_status feed_one(void *ctx, const struct sj_entry *entry)
{
    struct page *page = ctx;
    return sj_rules_feed(page->w->rules, entry, found, page);
}

/* From memory, as far as this server signed them; else what the database has. */
static sj_status feed_next(struct page *page, uint64_t *to)
{
    struct sj_watcher *w = page->w;
    uint64_t next = w->next;
    TRY(sj_recent_read(w->server->sequencer, w->next, *to, feed_one, page, &next));
    if (next > w->next) {
        *to = next;
        return SJ_DONE;
    }
    const struct sj_param params[] = {sj_p_i64((int64_t)w->next), sj_p_i64((int64_t)*to)};
    const struct sj_query query = {SJ_SQL_AUDIT_ENTRY_RANGE, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_record_read(w->db, page->context, &query, &rows));
    return feed(page, rows);
}

/* Alarms are committed before the place is saved: whoever dies between reads the entries again. */
static sj_status read_page(struct sj_watcher *w, const struct sj_context *context, uint64_t to)
{
    struct page page = {.w = w, .context = context};
    sj_status status = feed_next(&page, &to);
    if (!sj_failed(status) && page.tx != NULL) {
        status = sj_watcher_commit(w, &page.tx, &page.raised);
    }
    sj_tx_rollback(&page.tx);
    if (sj_failed(status)) {
        /* counted and not told: from the last saved place with empty windows */
        sj_rules_free(&w->rules);
        w->is_following = false;
        return status;
    }
    w->next = to;
    sj_recent_done(w->server->sequencer, SJ_FOLLOWER_ALARMS, to);
    return SJ_DONE;
}

static sj_status save(struct sj_watcher *w, const struct sj_context *context)
{
    const int64_t now_ms = sj_time_monotonic_ms();
    const uint64_t at = sj_rules_resume_at(w->rules);
    if (at <= w->saved || now_ms - w->saved_at_ms < SAVE_MS) {
        return SJ_DONE;
    }
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(w->db, context, &tx));
    TRY(sj_follower_save(tx, &w->key, FOLLOWER, at, sj_view_of("", 0)));
    TRY(sj_tx_commit(&tx));
    w->saved = at;
    w->saved_at_ms = now_ms;
    return SJ_DONE;
}

sj_status sj_watcher_follow(struct sj_watcher *w)
{
    struct sj_context context;
    TRY(sj_watcher_context(w, &context));
    if (!w->is_following) {
        TRY(begin(w, &context));
    }
    TRY(learn_holidays(w, &context));
    const uint64_t size = sj_sequencer_stats(w->server->sequencer).size;
    const uint64_t began = w->next;
    while (w->next < size && w->next - began < ENTRIES_MAX) {
        TRY(read_page(w, &context, size - w->next < PAGE ? size : w->next + PAGE));
    }
    atomic_store(&w->server->watch_lag, size > w->next ? size - w->next : 0);
    return save(w, &context);
}
