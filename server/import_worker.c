/* SPDX-License-Identifier: Apache-2.0
 *
 * Who goes on with a bulk import when its request has long been answered? One fiber: it looks for jobs of any unit
 * (scope EVALUATION), then works as the unit of whoever sent the file, one step a transaction, with an entry of the
 * record in each. A step that fails is tried again with growing patience; a job that no step can help is ended.
 */
#include "import_worker.h"
#include "worker.h"

#include "sanjeh/base/log.h"
#include "sanjeh/evaluation/bulk.h"
#include "sanjeh/keys/scopes.h"

#define TICK_MS        100
#define TICKS_OF_WAKE  50u  /* 5 s: longer than a request's commit may take */
#define TICKS_OF_SLEEP 600u /* a minute: jobs of another server that died */
#define CONTEXT_US     (INT64_C(120) * 1000 * 1000)
#define STEP_ARENA_MAX ((size_t)16 * 1024 * 1024)
#define TRIES_MAX      8u
#define CAREFUL_MAX    64u

struct round {
    struct sj_server *server;
    struct sj_worker *worker;
    struct sj_bulk_running job;
    struct sj_actor actor;
    struct sj_context context;
    unsigned tries;
    struct sj_import_memo *memo;
    unsigned careful;      /* steps that still ask for each row */
    unsigned careful_next; /* after the next row that is there already */
};

void sj_import_worker_wake(struct sj_server *server)
{
    atomic_store(&server->import_wake, TICKS_OF_WAKE);
}

static sj_status sign_context(struct round *round)
{
    const struct sj_uuid scopes[] = {round->job.unit, round->job.compartment};
    const size_t count = sj_uuid_is_nil(round->job.compartment) ? 1 : 2;
    return ask_context(
        round->worker->channel, scopes, count, sj_time_now() + CONTEXT_US, &round->context);
}

static void fill_draft(
    const struct round *round, const struct sj_bulk *job, struct sj_draft *ret_draft)
{
    *ret_draft = (struct sj_draft){.kind = SJ_ENTRY_ACCESS,
        .tenant_tag = round->job.tenant_tag,
        .actor = round->job.submitted_by,
        .object = round->job.id,
        .outcome = SJ_OUTCOME_PERMITTED,
        .action = "import:update",
        .object_type = "import"};
    (void)snprintf(ret_draft->detail, sizeof ret_draft->detail,
        "state=%.*s;rows_read=%lld;rows_ok=%lld;rows_rejected=%lld;at_byte=%lld;bytes=%lld",
        (int)job->state.len, job->state.ptr, (long long)job->rows_read, (long long)job->rows_ok,
        (long long)job->rows_rejected, (long long)job->at_byte, (long long)job->bytes);
}

/* Deed and draft are there together or not at all; then the entry gets its place. */
static sj_status commit(struct round *round, const struct sj_bulk *job, struct sj_tx **tx)
{
    struct sj_draft draft;
    fill_draft(round, job, &draft);
    TRY(sj_sequencer_commit(round->server->sequencer, tx, &draft, 1));
    struct sj_receipt receipt;
    return sj_sequencer_record(round->server->sequencer, &draft, /* in_outbox= */ true, &receipt);
}

static struct sj_desk desk_of(struct round *round, const struct sj_decision *decision,
    struct sj_arena *arena, struct sj_tx *tx)
{
    return (struct sj_desk){.db = round->worker->db,
        .fields = round->worker->fields,
        .context = &round->context,
        .actor = &round->actor,
        .decision = decision,
        .arena = arena,
        .tx = tx};
}

static const struct sj_decision as_unit = {
    .permit = true, .reach = SJ_REACH_UNIT, .rule = "", .code = ""};

static sj_status step(struct round *round, bool *ret_goes_on)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    TRY(sj_arena_new(STEP_ARENA_MAX, &arena));
    TRY(sign_context(round));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(round->worker->db, &round->context, &tx));
    const struct sj_desk desk = desk_of(round, &as_unit, arena, tx);
    struct sj_bulk job;
    const struct sj_bulk_way way = {round->server->work_pool, round->memo, round->careful > 0};
    TRY(sj_bulk_step(&desk, &way, round->job.id, ret_goes_on, &job));
    if (!*ret_goes_on) {
        return SJ_DONE;
    }
    TRY(commit(round, &job, &tx));
    *ret_goes_on = sj_text_is(job.state, "checking") || sj_text_is(job.state, "writing");
    return SJ_DONE;
}

static sj_status give_up(struct round *round, enum sj_code code)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    TRY(sj_arena_new(STEP_ARENA_MAX, &arena));
    TRY(sign_context(round));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(round->worker->db, &round->context, &tx));
    const struct sj_desk desk = desk_of(round, &as_unit, arena, tx);
    TRY(sj_bulk_fail(&desk, round->job.id, sj_code_name(code)));
    struct sj_bulk job;
    bool found = false;
    TRY(sj_bulk_find(&desk, round->job.id, &found, &job));
    ENSURE(found, NOT_FOUND);
    return commit(round, &job, &tx);
}

static bool is_stopping(struct sj_server *server)
{
    return atomic_load(&server->stopping);
}

/* A row that is in force already stops a step that did not ask; the next ones ask, ever more of them in a file of such rows. */
static bool becomes_careful(struct round *round, sj_status status)
{
    if (status.code != SJ_DUPLICATE || round->careful > 0) {
        return false;
    }
    round->careful_next = round->careful_next == 0 ? 1 : 2 * round->careful_next;
    round->careful_next = round->careful_next > CAREFUL_MAX ? CAREFUL_MAX : round->careful_next;
    round->careful = round->careful_next;
    return true;
}

/* Another try would end as this one: the cycle was frozen, or the batch whose place it takes is not in force any more. */
static bool is_final(sj_status status)
{
    return status.code == SJ_FROZEN || status.code == SJ_CONFLICT || status.code == SJ_NOT_FOUND;
}

/* Until the job has ended, the server stops or the tries are used up. */
static void work(struct round *round)
{
    bool goes_on = true;
    while (goes_on && !is_stopping(round->server)) {
        const sj_status status = step(round, &goes_on);
        if (!sj_failed(status)) {
            round->tries = 0;
            round->careful -= round->careful > 0 ? 1 : 0;
            continue;
        }
        if (becomes_careful(round, status)) {
            goes_on = true;
            continue;
        }
        const struct sj_log_field fields[] = {
            sj_log_status(status), sj_log_id("import.id", round->job.id)};
        sj_log(SJ_LEVEL_WARN, "import.step.failed", fields, SJ_COUNT(fields));
        goes_on = true;
        if (++round->tries == TRIES_MAX || is_final(status)) {
            sj_ignore(give_up(round, status.code), "the next look finds the job again");
            return;
        }
        sj_fiber_sleep_ms((int64_t)TICK_MS << round->tries);
    }
}

static bool look(struct sj_server *server, struct sj_uuid *after)
{
    struct sj_worker *worker = &server->workers[0];
    struct round round = {.server = server, .worker = worker};
    const struct sj_uuid scope = SJ_SCOPE_EVALUATION;
    struct sj_context context;
    bool found = false;
    if (sj_failed(ask_context(worker->channel, &scope, 1, sj_time_now() + CONTEXT_US, &context)) ||
        sj_failed(sj_bulk_next(worker->db, &context, *after, &found, &round.job)) || !found) {
        *after = (struct sj_uuid){{0}};
        return false;
    }
    *after = round.job.id;
    round.actor = (struct sj_actor){.account = round.job.submitted_by,
        .unit = round.job.unit,
        .compartment = round.job.compartment,
        .tenant_tag = round.job.tenant_tag};
    const sj_status status = sj_import_memo_new(&round.memo);
    if (sj_failed(status)) {
        const struct sj_log_field fields[] = {sj_log_status(status)};
        sj_log(SJ_LEVEL_WARN, "import.step.failed", fields, SJ_COUNT(fields));
    }
    work(&round); /* without a memo it works more slowly */
    sj_import_memo_free(&round.memo);
    return true;
}

static bool is_due(struct sj_server *server, unsigned *ticks)
{
    unsigned wake = atomic_load(&server->import_wake);
    if (wake > 0) {
        (void)atomic_compare_exchange_strong(&server->import_wake, &wake, wake - 1);
        return true;
    }
    return (*ticks)++ % TICKS_OF_SLEEP == 0;
}

static void run(void *ctx)
{
    struct sj_server *server = ctx;
    struct sj_uuid after = {{0}};
    unsigned ticks = 0;
    while (!is_stopping(server)) {
        bool has_worked = is_due(server, &ticks);
        while (has_worked && !is_stopping(server)) {
            has_worked = look(server, &after);
        }
        sj_fiber_sleep_ms(TICK_MS);
    }
    sj_background_end(server);
}

sj_status sj_import_worker_start(struct sj_server *server)
{
    return sj_background_start(server, run, server);
}
