/* SPDX-License-Identifier: Apache-2.0
 *
 * Who has the counts of the days ready when a search wants to be held against them? One fiber on the first loop looks every two seconds
 * whether a tenant-heads entry has come since, and sums the entries before it: behind the log, in pages between which requests have
 * their turn. What is not counted yet a search does not compare, and says so.
 */
#include "count_worker.h"
#include "worker.h"

#include "sanjeh/audit/days.h"
#include "sanjeh/base/log.h"
#include "sanjeh/keys/scopes.h"

#define TICK_MS    100
#define TICKS      20u
#define CONTEXT_US (INT64_C(120) * 1000 * 1000)

static bool is_stopping(struct sj_server *server)
{
    return atomic_load(&server->stopping);
}

static sj_status follow(struct sj_server *server, struct sj_days *days)
{
    struct sj_worker *worker = &server->workers[0];
    const struct sj_uuid scope = SJ_SCOPE_RECORD;
    struct sj_context context;
    CLEANUP(sj_reading_close) struct sj_reading *reading = NULL;
    TRY(ask_context(worker->channel, &scope, 1, sj_time_now() + CONTEXT_US, &context));
    TRY(sj_reading_open(server->sequencer, worker->db, &context, &reading));
    if (atomic_exchange(&server->days_recount, false)) {
        TRY(sj_days_clear(days, worker->db, &context));
    }
    const sj_time_us until = sj_time_now() + CONTEXT_US / 2;
    for (bool more = true; more && !is_stopping(server) && sj_time_now() < until;) {
        TRY(sj_days_step(days, reading, worker->db, &context, &more));
    }
    return SJ_DONE;
}

static void run_with(struct sj_server *server, struct sj_days *days)
{
    unsigned ticks = 0;
    bool was_failing = false;
    uint64_t size = 0;
    while (!is_stopping(server)) {
        const uint64_t now = sj_sequencer_stats(server->sequencer).size;
        const bool is_due = ticks++ % TICKS == 0;
        if (is_due && (now != size || was_failing || atomic_load(&server->days_recount))) {
            const sj_status status = follow(server, days);
            if (sj_failed(status) && !was_failing) {
                SJ_LOG(WARN, "audit.days.behind", sj_log_status(status));
            }
            was_failing = sj_failed(status);
            size = now;
        }
        sj_fiber_sleep_ms(TICK_MS);
    }
}

static void run(void *ctx)
{
    struct sj_server *server = ctx;
    CLEANUP(sj_days_free) struct sj_days *days = NULL;
    const sj_status status = sj_days_new(&days);
    if (sj_failed(status)) {
        SJ_LOG(ERROR, "audit.days.off", sj_log_status(status));
    } else {
        run_with(server, days);
    }
    sj_background_end(server);
}

sj_status sj_count_worker_start(struct sj_server *server)
{
    return sj_background_start(server, run, server);
}
