/* SPDX-License-Identifier: Apache-2.0
 *
 * Who looks after the record while requests are served? One fiber with connections of its own: it follows the signed entries, looks at
 * what guards them, and raises alarms. Nothing waits for it: a request is never slower because a rule is slow, and what it
 * has not seen yet it sees later, from where it stopped.
 */
#include "sink.h"
#include "watch_priv.h"
#include "worker.h"

#include "sanjeh/base/log.h"
#include "sanjeh/keys/scopes.h"

#define TICK_MS    250
#define COUNT_MS   1000
#define SECOND_US  INT64_C(1000000)
#define CONTEXT_US (INT64_C(30) * 60 * SECOND_US)
#define RENEW_US   (INT64_C(5) * 60 * SECOND_US)

/* ---- raising ---- */

sj_status sj_watch_raise_in(struct sj_server *server, struct sj_tx *tx, struct sj_alarm_news *news,
    bool *ret_raised, struct sj_draft *ret_draft)
{
    const struct sj_alarm_setting *setting = &server->config.alarms.rules[news->rule];
    *ret_raised = false;
    if (setting->on == 0) {
        return SJ_DONE;
    }
    news->window_s = setting->window_s;
    if (news->window_start == 0) {
        news->window_start = sj_alarm_window(setting, sj_time_now());
    }
    return sj_alarm_raise(tx, server->sequencer, news, ret_raised, ret_draft);
}

void sj_watch_raised(
    struct sj_server *server, enum sj_alarm_rule rule, const struct sj_draft *draft)
{
    struct sj_receipt receipt;
    (void)atomic_fetch_add(&server->alarms_raised[rule], 1);
    SJ_LOG(ERROR, "alarm.raised", sj_log_str("rule", sj_alarm_rule_name(rule)),
        sj_log_str("detail", draft->detail));
    sj_ignore(sj_sequencer_record(server->sequencer, draft, /* in_outbox= */ true, &receipt),
        "its row stands in the outbox: the sweeper brings it");
}

sj_status sj_watch_raise(struct sj_worker *worker, const struct sj_alarm_news *news)
{
    struct sj_server *server = worker->server;
    const struct sj_uuid scope = SJ_SCOPE_RECORD;
    struct sj_context context;
    struct sj_draft draft;
    bool raised = false;
    struct sj_alarm_news copy = *news;
    TRY(ask_context(worker->channel, &scope, 1, sj_time_now() + 60 * SECOND_US, &context));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(worker->db, &context, &tx));
    TRY(sj_watch_raise_in(server, tx, &copy, &raised, &draft));
    if (raised) {
        TRY(sj_tx_commit(&tx));
        sj_watch_raised(server, news->rule, &draft);
    }
    return SJ_DONE;
}

sj_status sj_watcher_raise(
    struct sj_watcher *w, struct sj_tx *tx, struct sj_alarm_news *news, struct sj_raised *raised)
{
    bool is_new = false;
    ENSURE(raised->count < SJ_WATCH_RAISED_MAX, LIMIT_EXCEEDED);
    TRY(sj_watch_raise_in(w->server, tx, news, &is_new, &w->drafts[raised->count]));
    if (is_new) {
        raised->rules[raised->count++] = news->rule;
    }
    return SJ_DONE;
}

sj_status sj_watcher_commit(struct sj_watcher *w, struct sj_tx **tx, struct sj_raised *raised)
{
    const sj_status status = sj_tx_commit(tx);
    for (size_t i = 0; !sj_failed(status) && i < raised->count; i++) {
        sj_watch_raised(w->server, raised->rules[i], &w->drafts[i]);
    }
    *raised = (struct sj_raised){.count = 0};
    return status;
}

/* ---- the fiber ---- */

sj_status sj_watcher_context(struct sj_watcher *w, struct sj_context *ret_context)
{
    const sj_time_us now = sj_time_now();
    const sj_time_us left = w->context_until - now;
    if (left < RENEW_US || left > CONTEXT_US) {
        const struct sj_uuid scope = SJ_SCOPE_RECORD;
        TRY(ask_context(w->server->workers[0].channel, &scope, 1, now + CONTEXT_US, &w->context));
        w->context_until = now + CONTEXT_US;
    }
    *ret_context = w->context;
    return SJ_DONE;
}

static sj_status prepare(struct sj_watcher *w)
{
    if (w->db == NULL) {
        const struct sj_db_config db = sj_worker_db_config(&w->server->config, 1, 2);
        TRY(sj_db_open(&db, w->server->workers[0].loop, &w->db));
    }
    if (!w->has_key) {
        TRY(sj_sequencer_log_key(w->server->sequencer, &w->key));
        w->has_key = true;
    }
    return w->rules != NULL ? SJ_DONE : sj_rules_new(&w->server->config.alarms, &w->rules);
}

/* Each part on its own: one that fails does not silence the others. */
static sj_status count_open(struct sj_watcher *w)
{
    const int64_t now_ms = sj_time_monotonic_ms();
    uint64_t open[SJ_ALARM_RULE_COUNT_];
    struct sj_context context;
    if (w->counted_at_ms != 0 && now_ms - w->counted_at_ms < COUNT_MS) {
        return SJ_DONE;
    }
    TRY(sj_watcher_context(w, &context));
    TRY(sj_alarm_open(w->db, &context, open));
    for (size_t i = 0; i < SJ_ALARM_RULE_COUNT_; i++) {
        atomic_store(&w->server->alarms_open[i], open[i]);
    }
    w->counted_at_ms = now_ms;
    return SJ_DONE;
}

/* The threads read by the watch's right; what they have not delivered for too long is an alarm. */
static sj_status look_after_sinks(struct sj_watcher *w)
{
    struct sj_sink_state state;
    struct sj_context context;
    TRY(sj_watcher_context(w, &context));
    sj_sinks_give(w->server, &context, &w->key, sj_sequencer_stats(w->server->sequencer).size);
    for (unsigned i = 0; sj_sink_state(w->server, i, &state); i++) {
        char cause[SJ_ALARM_CAUSE_SIZE];
        char detail[SJ_ALARM_DETAIL_SIZE];
        const int64_t most_s = w->server->config.alarms.rules[SJ_ALARM_SINK].threshold;
        if (state.behind_ms < most_s * 1000) {
            continue;
        }
        (void)snprintf(cause, sizeof cause, "sink=%s", state.name);
        (void)snprintf(detail, sizeof detail, "position=%llu;behind_s=%lld",
            (unsigned long long)state.position, (long long)(state.behind_ms / 1000));
        const struct sj_alarm_news news = {
            .rule = SJ_ALARM_SINK, .cause = cause, .detail = detail, .count = state.lag};
        TRY(sj_watch_raise(&w->server->workers[0], &news));
    }
    return SJ_DONE;
}

static void tick(struct sj_watcher *w)
{
    sj_status status = prepare(w);
    if (!sj_failed(status)) {
        static sj_status (*const parts[])(struct sj_watcher *) = {sj_watcher_check_clock,
            sj_watcher_look, sj_watcher_follow, sj_watcher_scrub, count_open, look_after_sinks};
        for (size_t i = 0; i < SJ_COUNT(parts); i++) {
            const sj_status part = parts[i](w);
            status = sj_failed(part) ? part : status;
        }
    }
    atomic_store(&w->server->watch_failing, sj_failed(status));
    if (sj_failed(status) && sj_failed(w->told) != sj_failed(status)) {
        SJ_LOG(WARN, "watch.failed", sj_log_status(status));
    }
    w->told = status;
}

static void run(void *ctx)
{
    struct sj_watcher *w = ctx;
    while (!atomic_load(&w->server->stopping)) {
        tick(w);
        sj_fiber_sleep_ms(TICK_MS);
    }
    sj_background_end(w->server);
}

sj_status sj_watch_start(struct sj_server *server)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_watcher), &memory));
    struct sj_watcher *w = memory;
    *w = (struct sj_watcher){.server = server,
        .told = SJ_DONE,
        .scenery = SJ_BUF(SJ_SCENERY_MAX),
        .superusers = SJ_BUF(SJ_SCENERY_MAX)};
    server->watcher = w;
    return sj_background_start(server, run, w);
}

void sj_watch_free_all(struct sj_server *server)
{
    struct sj_watcher *w = TAKE(server->watcher);
    if (w == NULL) {
        return;
    }
    sj_rules_free(&w->rules);
    sj_scrub_free(&w->scrub);
    sj_db_close(&w->db);
    sj_buf_clear(&w->scenery);
    sj_buf_clear(&w->superusers);
    sj_wipe(&w->key, sizeof w->key);
    sj_wipe(&w->context, sizeof w->context);
    sj_free(w);
}
