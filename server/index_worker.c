/* SPDX-License-Identifier: Apache-2.0
 *
 * Who keeps the record's index up with the record? One fiber on the first loop: twice a second whatever was signed since goes in, in
 * batches, between which requests have their turn. Never on the way of an append: a record whose index lags is still whole, and
 * each search says how far the index goes.
 */
#include "index_worker.h"
#include "worker.h"

#include "sanjeh/audit/index.h"
#include "sanjeh/base/log.h"
#include "sanjeh/keys/scopes.h"

#define TICK_MS 100
#define TICKS   5u
/* One step may merge runs of millions of entries, all of it under the context that it began with: the keeper grants an hour. */
#define CONTEXT_US (INT64_C(3540) * 1000 * 1000)
#define STEPS_US   (INT64_C(60) * 1000 * 1000)

static bool is_stopping(struct sj_server *server)
{
    return atomic_load(&server->stopping);
}

static sj_status follow(struct sj_server *server)
{
    struct sj_worker *worker = &server->workers[0];
    const struct sj_uuid scope = SJ_SCOPE_RECORD;
    struct sj_context context;
    CLEANUP(sj_reading_close) struct sj_reading *reading = NULL;
    TRY(ask_context(worker->channel, &scope, 1, sj_time_now() + CONTEXT_US, &context));
    TRY(sj_reading_open(server->sequencer, worker->db, &context, &reading));
    if (atomic_exchange(&server->index_rebuild, false)) {
        SJ_LOG(
            NOTICE, "audit.index.rebuilt", sj_log_int("size", (int64_t)sj_reading_size(reading)));
        TRY(sj_index_clear(worker->db, &context));
        sj_index_forget(server->index);
    }
    const sj_time_us until = sj_time_now() + STEPS_US;
    for (bool more = true; more && !is_stopping(server) && sj_time_now() < until;) {
        TRY(sj_index_step(server->index, reading, worker->db, &context, &more));
        sj_recent_done(server->sequencer, SJ_FOLLOWER_INDEX, sj_index_status(server->index).upto);
    }
    return SJ_DONE;
}

static void run(void *ctx)
{
    struct sj_server *server = ctx;
    unsigned ticks = 0;
    bool was_failing = false;
    uint64_t size = 0;
    while (!is_stopping(server)) {
        const uint64_t now = sj_sequencer_stats(server->sequencer).size;
        if (ticks++ % TICKS == 0 &&
            (now != size || was_failing || ticks == 1 || atomic_load(&server->index_rebuild))) {
            const sj_status status = follow(server);
            if (sj_failed(status) && !was_failing) {
                SJ_LOG(WARN, "audit.index.behind", sj_log_status(status));
            }
            was_failing = sj_failed(status);
            size = now;
        }
        sj_fiber_sleep_ms(TICK_MS);
    }
    sj_background_end(server);
}

sj_status sj_index_worker_start(struct sj_server *server)
{
    return sj_background_start(server, run, server);
}
