/* SPDX-License-Identifier: Apache-2.0
 *
 * Who acts when nobody does? One fiber sweeps the clocks of evaluations every few seconds (scope EVALUATION): what
 * is due lapses, and moves that a clock makes are made, a bounded batch a transaction, with their entries of the record in
 * it. A whole population may be due on one day. Several servers may sweep one database: rows are held with SKIP LOCKED. A
 * batch that fails is gone through one by one; the one that fails is logged and tried again in the next round.
 */
#include "clock_worker.h"
#include "worker.h"

#include "glass_alarm.h"

#include "sanjeh/base/log.h"
#include "sanjeh/cycle/calendar.h"
#include "sanjeh/keys/scopes.h"

#define TICK_MS         100
#define TICKS_OF_SWEEP  20u /* 2 s */
#define CONTEXT_US      (INT64_C(120) * 1000 * 1000)
#define SWEEP_ARENA_MAX ((size_t)1024 * 1024)

static const struct sj_decision as_system = {
    .permit = true, .reach = SJ_REACH_FILE, .rule = "", .code = ""};
static const struct sj_actor nobody = {.roles = 0};

static struct sj_draft blank_draft(void)
{
    return (struct sj_draft){.kind = SJ_ENTRY_ACCESS,
        .outcome = SJ_OUTCOME_PERMITTED,
        .action = "evaluation:move",
        .object_type = "evaluation"};
}

/* An entry for each move; one when clocks have lapsed and nothing moved. */
static size_t fill_drafts(const struct sj_swept *swept, struct sj_draft *drafts)
{
    for (size_t i = 0; i < swept->count; i++) {
        const struct sj_evaluation *evaluation = &swept->moves[i].evaluation;
        drafts[i] = blank_draft();
        drafts[i].object = evaluation->id;
        (void)snprintf(drafts[i].detail, sizeof drafts[i].detail,
            "by=clock;from=%s;to=%s;lapsed=%llu", sj_evaluation_state_name(swept->moves[i].from),
            sj_evaluation_state_name(evaluation->state),
            (unsigned long long)(i == 0 ? swept->lapsed : 0));
    }
    if (swept->count > 0) {
        return swept->count;
    }
    drafts[0] = blank_draft();
    (void)snprintf(drafts[0].detail, sizeof drafts[0].detail, "by=clock;lapsed=%llu",
        (unsigned long long)swept->lapsed);
    return 1;
}

/* Deeds and drafts are there together or not at all; then the entries get their places. */
static sj_status commit(struct sj_server *server, struct sj_arena *arena,
    const struct sj_swept *swept, struct sj_tx **tx)
{
    void *memory;
    TRY(sj_arena_alloc(arena, SJ_SWEEP_MAX * sizeof(struct sj_draft), &memory));
    struct sj_draft *drafts = memory;
    const size_t count = fill_drafts(swept, drafts);
    TRY(sj_sequencer_commit(server->sequencer, tx, drafts, count));
    for (size_t i = 0; i < count; i++) {
        struct sj_receipt receipt;
        TRY(sj_sequencer_record(server->sequencer, &drafts[i], /* in_outbox= */ true, &receipt));
    }
    return SJ_DONE;
}

/* How far a round has come. singles: so many one by one, because one of the batch failed. */
struct round {
    struct sj_uuid after;
    size_t singles;
    bool goes_on;
};

static sj_status sweep(struct sj_server *server, struct round *round, struct sj_uuid *reterr_at)
{
    struct sj_worker *worker = &server->workers[0];
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    TRY(sj_arena_new(SWEEP_ARENA_MAX, &arena));
    const struct sj_uuid scope = SJ_SCOPE_EVALUATION;
    struct sj_context context;
    TRY(ask_context(worker->channel, &scope, 1, sj_time_now() + CONTEXT_US, &context));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(worker->db, &context, &tx));
    const struct sj_desk desk = {.db = worker->db,
        .fields = worker->fields,
        .context = &context,
        .actor = &nobody,
        .decision = &as_system,
        .arena = arena,
        .tx = tx};
    void *memory;
    TRY(sj_arena_alloc(arena, sizeof(struct sj_swept), &memory));
    struct sj_swept *swept = memory;
    *swept = (struct sj_swept){.count = 0};
    const sj_status status =
        sj_cycle_sweep(&desk, round->after, round->singles > 0 ? 1 : SJ_SWEEP_MAX, swept);
    *reterr_at = swept->last;
    TRY(status);
    if (swept->has_more) {
        round->after = swept->last;
    }
    round->goes_on = swept->has_more || swept->lapsed > 0;
    return swept->count > 0 || swept->lapsed > 0 ? commit(server, arena, swept, &tx) : SJ_DONE;
}

static bool is_stopping(struct sj_server *server)
{
    return atomic_load(&server->stopping);
}

/* One that fails does not hold up the others: its batch goes one by one, and itself is left for the next round. */
static void after_failure(struct round *round, struct sj_uuid at, sj_status status)
{
    const struct sj_log_field fields[] = {sj_log_status(status), sj_log_id("evaluation", at)};
    sj_log(SJ_LEVEL_WARN, "clock.sweep.failed", fields, SJ_COUNT(fields));
    if (sj_uuid_is_nil(at)) {
        round->goes_on = false;
    } else if (round->singles > 0) {
        round->after = at;
    } else {
        round->singles = SJ_SWEEP_MAX;
    }
}

static void sweep_all(struct sj_server *server)
{
    struct round round = {.goes_on = true};
    while (round.goes_on && !is_stopping(server)) {
        struct sj_uuid at = {{0}};
        const sj_status status = sweep(server, &round, &at);
        if (sj_failed(status)) {
            after_failure(&round, at, status);
        } else if (round.singles > 0) {
            round.singles--;
        }
    }
}

static void run(void *ctx)
{
    struct sj_server *server = ctx;
    unsigned ticks = 0;
    while (!is_stopping(server)) {
        if (ticks++ % TICKS_OF_SWEEP == 0) {
            sweep_all(server);
            sj_glass_alarm_sweep(server);
        }
        sj_fiber_sleep_ms(TICK_MS);
    }
    sj_background_end(server);
}

sj_status sj_clock_worker_start(struct sj_server *server)
{
    return sj_background_start(server, run, server);
}
