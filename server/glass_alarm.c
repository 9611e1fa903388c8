/* SPDX-License-Identifier: Apache-2.0
 *
 * Who notices that nobody reviewed? The clock worker asks in each round how many reviews of break-glass are overdue, and raises an
 * alarm once for each: the entry of the record is committed with the note that it was raised.
 */
#include "glass_alarm.h"

#include "watch.h"

#include "sanjeh/approval/break_glass.h"
#include "sanjeh/base/log.h"
#include "sanjeh/keys/scopes.h"

#define CONTEXT_US      (INT64_C(60) * 1000 * 1000)
#define ALARM_ARENA_MAX ((size_t)256 * 1024)

static sj_status raise(struct sj_server *server, struct sj_tx *tx, struct sj_uuid opening,
    bool *ret_raised, struct sj_draft *ret_draft)
{
    char cause[SJ_ALARM_CAUSE_SIZE] = "review=";
    sj_uuid_format(opening, cause + strlen(cause));
    struct sj_alarm_news news = {.rule = SJ_ALARM_BREAK_GLASS,
        .cause = cause,
        .detail = "what=overdue",
        .object = opening,
        .count = 1};
    return sj_watch_raise_in(server, tx, &news, ret_raised, ret_draft);
}

static sj_status raise_alarms(struct sj_server *server, struct sj_approval_desk *desk)
{
    struct sj_uuid ids[SJ_BREAK_GLASS_ALARMS];
    struct sj_draft drafts[SJ_BREAK_GLASS_ALARMS];
    size_t count = 0;
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(desk->db, desk->context, &tx));
    desk->tx = tx;
    TRY(sj_break_glass_alarm(desk, ids, &count));
    size_t raised = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_new = false;
        TRY(raise(server, tx, ids[i], &is_new, &drafts[raised]));
        raised += is_new ? 1 : 0;
    }
    TRY(sj_tx_commit(&tx));
    for (size_t i = 0; i < raised; i++) {
        sj_watch_raised(server, SJ_ALARM_BREAK_GLASS, &drafts[i]);
    }
    return SJ_DONE;
}

static sj_status sweep(struct sj_server *server)
{
    struct sj_worker *worker = &server->workers[0];
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    TRY(sj_arena_new(ALARM_ARENA_MAX, &arena));
    const struct sj_uuid scopes[] = {SJ_SCOPE_EVALUATION, SJ_SCOPE_RECORD};
    struct sj_context context;
    TRY(ask_context(
        worker->channel, scopes, SJ_COUNT(scopes), sj_time_now() + CONTEXT_US, &context));
    struct sj_approval_desk desk = {
        .db = worker->db, .context = &context, .channel = worker->channel, .arena = arena};
    uint64_t overdue = 0;
    uint64_t silent = 0;
    TRY(sj_break_glass_overdue(&desk, &overdue, &silent));
    atomic_store(&server->glass_overdue, overdue);
    return silent == 0 ? SJ_DONE : raise_alarms(server, &desk);
}

void sj_glass_alarm_sweep(struct sj_server *server)
{
    const sj_status status = sweep(server);
    if (sj_failed(status)) {
        SJ_LOG(WARN, "break_glass.sweep.failed", sj_log_status(status));
    }
}
