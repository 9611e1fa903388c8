/* SPDX-License-Identifier: Apache-2.0
 *
 * Who acts when nobody does? One fiber sweeps the clocks of evaluations every few seconds (scope EVALUATION): what
 * is due lapses, and a move that a clock makes is made, one a transaction, with its entry of the record in it. Several
 * servers may sweep one database: rows are held with SKIP LOCKED. A sweep that fails is logged and tried again.
 */
#include "clock_worker.h"

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

static void fill_draft(
    struct sj_server *server, const struct sj_swept *swept, struct sj_draft *ret_draft)
{
    *ret_draft = (struct sj_draft){.kind = SJ_ENTRY_ACCESS,
        .emitter = sj_sequencer_emitter(server->sequencer),
        .emitter_seq = sj_sequencer_next_seq(server->sequencer),
        .outcome = SJ_OUTCOME_PERMITTED,
        .action = "evaluation:move",
        .object_type = "evaluation"};
    if (swept->moved) {
        ret_draft->object = swept->evaluation.id;
        (void)snprintf(ret_draft->detail, sizeof ret_draft->detail,
            "by=clock;from=%s;to=%s;lapsed=%llu", sj_evaluation_state_name(swept->from),
            sj_evaluation_state_name(swept->evaluation.state), (unsigned long long)swept->lapsed);
    } else {
        (void)snprintf(ret_draft->detail, sizeof ret_draft->detail, "by=clock;lapsed=%llu",
            (unsigned long long)swept->lapsed);
    }
}

/* Deed and draft are there together or not at all; then the entry gets its place. */
static sj_status commit(struct sj_server *server, const struct sj_swept *swept, struct sj_tx **tx)
{
    struct sj_draft draft;
    fill_draft(server, swept, &draft);
    TRY(sj_outbox_put(*tx, sj_sequencer_emitter_key(server->sequencer), &draft));
    TRY(sj_tx_commit(tx));
    struct sj_receipt receipt;
    return sj_sequencer_record(server->sequencer, &draft, /* in_outbox= */ true, &receipt);
}

static sj_status sweep(struct sj_server *server, bool *ret_goes_on)
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
    struct sj_swept swept;
    TRY(sj_cycle_sweep(&desk, &swept));
    *ret_goes_on = swept.moved || swept.lapsed > 0;
    return *ret_goes_on ? commit(server, &swept, &tx) : SJ_DONE;
}

static bool is_stopping(struct sj_server *server)
{
    return atomic_load(&server->stopping);
}

static void sweep_all(struct sj_server *server)
{
    bool goes_on = true;
    while (goes_on && !is_stopping(server)) {
        goes_on = false;
        const sj_status status = sweep(server, &goes_on);
        if (sj_failed(status)) {
            const struct sj_log_field fields[] = {sj_log_status(status)};
            sj_log(SJ_LEVEL_WARN, "clock.sweep.failed", fields, SJ_COUNT(fields));
            return;
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
        }
        sj_fiber_sleep_ms(TICK_MS);
    }
    (void)atomic_fetch_sub(&server->background, 1);
}

sj_status sj_clock_worker_start(struct sj_server *server)
{
    (void)atomic_fetch_add(&server->background, 1);
    const sj_status status = sj_fiber_spawn(server->workers[0].loop, run, server);
    if (sj_failed(status)) {
        (void)atomic_fetch_sub(&server->background, 1);
    }
    return status;
}
