/* SPDX-License-Identifier: Apache-2.0
 *
 * When is the record hashed again? Once in [audit] scrub_cycle_s, spread over it: each tick does what is due by now. How far the walk is stands
 * under the watch's MAC, so a restart goes on there and nobody can skip what he has changed. The result is an entry of kind scrub;
 * the rules raise the alarm when they read one that found something.
 */
#include "watch_priv.h"

#include "sanjeh/audit/index.h"
#include "sanjeh/base/log.h"
#include "sanjeh/base/reader.h"

#define FOLLOWER  "scrub"
#define STEPS_MAX 16u /* of 256 entries, at one tick */
#define SAVE_MS   30000
#define SECOND_US INT64_C(1000000)
#define INDEX_MAX 2000000u /* entries whose index is compared as well */

/* {started, finished or 0, findings} and the walk. */
static sj_status put_state(struct sj_watcher *w, struct sj_buf *out)
{
    TRY(sj_buf_put_u64(out, (uint64_t)w->scrub_started));
    TRY(sj_buf_put_u64(out, (uint64_t)w->scrub_finished));
    TRY(sj_buf_put_u64(out, atomic_load(&w->server->scrub_findings)));
    return w->scrub == NULL ? SJ_DONE : sj_scrub_encode(w->scrub, out);
}

static sj_status save_in(struct sj_watcher *w, struct sj_tx *tx)
{
    CLEANUP(sj_buf_clear) struct sj_buf state = SJ_BUF(SJ_FOLLOWER_STATE_MAX);
    TRY(put_state(w, &state));
    w->scrub_saved_ms = sj_time_monotonic_ms();
    return sj_follower_save(tx, &w->key, FOLLOWER,
        w->scrub == NULL ? 0 : sj_scrub_position(w->scrub), sj_buf_view(&state));
}

static sj_status save(struct sj_watcher *w, const struct sj_context *context)
{
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(w->db, context, &tx));
    TRY(save_in(w, tx));
    return sj_tx_commit(&tx);
}

static sj_status take_state(struct sj_watcher *w, struct sj_view bytes)
{
    struct sj_reader reader = sj_reader_of(bytes);
    uint64_t started = 0;
    uint64_t finished = 0;
    uint64_t findings = 0;
    struct sj_scrub_target target;
    TRY(sj_read_u64(&reader, &started));
    TRY(sj_read_u64(&reader, &finished));
    TRY(sj_read_u64(&reader, &findings));
    w->scrub_started = (sj_time_us)started;
    w->scrub_finished = (sj_time_us)finished;
    atomic_store(&w->server->scrub_findings, findings);
    atomic_store(&w->server->scrub_finished, (int64_t)finished);
    if (reader.left == 0) {
        return SJ_DONE;
    }
    sj_sequencer_scrub_target(w->server->sequencer, &target);
    return sj_scrub_decode((struct sj_view){reader.ptr, reader.left}, &target, &w->scrub);
}

/* What cannot be believed or read is a walk from the first entry. */
static sj_status resume(struct sj_watcher *w, const struct sj_context *context)
{
    bool known = false;
    bool forged = false;
    uint64_t position = 0;
    CLEANUP(sj_buf_clear) struct sj_buf state = SJ_BUF(SJ_FOLLOWER_STATE_MAX);
    TRY(sj_follower_load(w->db, context, &w->key, FOLLOWER, &known, &forged, &position, &state));
    if (known && sj_failed(take_state(w, sj_buf_view(&state)))) {
        SJ_LOG(WARN, "scrub.state.unusable", sj_log_int("bytes", (int64_t)state.len));
        w->scrub_started = 0;
    }
    w->has_scrub_state = true;
    return SJ_DONE;
}

static sj_status begin(struct sj_watcher *w)
{
    struct sj_scrub_target target;
    sj_sequencer_scrub_target(w->server->sequencer, &target);
    TRY(sj_scrub_new(&target, &w->scrub));
    w->scrub_started = sj_time_now();
    w->scrub_finished = 0;
    return SJ_DONE;
}

/* Whether the search index has what the entries give, once a walk; of a longer log that is the officer's to ask for. */
static sj_status compare_index(
    struct sj_watcher *w, const struct sj_context *context, struct sj_scrub_report *report)
{
    struct sj_server *server = w->server;
    struct sj_index_report index;
    CLEANUP(sj_reading_close) struct sj_reading *reading = NULL;
    if (report->size > INDEX_MAX) {
        return SJ_DONE;
    }
    TRY(sj_reading_open(server->sequencer, w->db, context, &reading));
    const sj_status status = sj_index_check(server->index, reading, w->db, context, &index);
    /* an entry that is not what was signed is the walk's own finding */
    TRY(status.code == SJ_LOG_TAMPERED ? SJ_DONE : status);
    if (sj_failed(status) || (index.missing == 0 && index.wrong == 0 && index.counts_hold)) {
        return SJ_DONE;
    }
    if (report->findings++ == 0) {
        report->has_index = index.has_index;
        report->index = index.index;
        (void)snprintf(report->cause, sizeof report->cause,
            "the search index is not what the entries give: %llu postings missing, %llu wrong",
            (unsigned long long)index.missing, (unsigned long long)index.wrong);
    }
    return SJ_DONE;
}

static sj_status finish(struct sj_watcher *w, const struct sj_context *context)
{
    struct sj_scrub_report report;
    struct sj_raised none = {.count = 0};
    struct sj_draft draft;
    sj_scrub_report(w->scrub, &report);
    TRY(compare_index(w, context, &report));
    sj_scrub_free(&w->scrub);
    w->scrub_finished = sj_time_now();
    sj_scrub_draft(&report, (w->scrub_finished - w->scrub_started) / SECOND_US, &draft);
    atomic_store(&w->server->scrub_findings, report.findings);
    atomic_store(&w->server->scrub_finished, w->scrub_finished);
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_tx_begin(w->db, context, &tx));
    TRY(sj_sequencer_put(w->server->sequencer, tx, &draft, 1));
    TRY(save_in(w, tx));
    TRY(sj_watcher_commit(w, &tx, &none));
    const struct sj_log_field fields[] = {sj_log_int("entries", (int64_t)report.entries),
        sj_log_int("findings", (int64_t)report.findings), sj_log_str("cause", report.cause)};
    sj_log(report.findings == 0 ? SJ_LEVEL_NOTICE : SJ_LEVEL_ERROR, "scrub.finished", fields,
        SJ_COUNT(fields));
    return SJ_DONE;
}

/* How many entries should be done by now. */
static uint64_t due(const struct sj_watcher *w, int64_t cycle_s)
{
    struct sj_scrub_report report;
    sj_scrub_report(w->scrub, &report);
    const int64_t spent_s = (sj_time_now() - w->scrub_started) / SECOND_US;
    if (spent_s < 0 || spent_s >= cycle_s) {
        return UINT64_MAX;
    }
    return (uint64_t)((double)report.size * (double)spent_s / (double)cycle_s);
}

static sj_status walk(struct sj_watcher *w, const struct sj_context *context, int64_t cycle_s)
{
    const uint64_t until = due(w, cycle_s);
    bool done = false;
    for (unsigned i = 0; i < STEPS_MAX && !done && sj_scrub_position(w->scrub) <= until; i++) {
        const sj_status status = sj_scrub_step(w->scrub, w->db, context, &done);
        if (sj_failed(status)) {
            sj_scrub_free(&w->scrub); /* from what was saved */
            w->has_scrub_state = false;
            return status;
        }
    }
    atomic_store(&w->server->scrub_position, sj_scrub_position(w->scrub));
    if (done) {
        return finish(w, context);
    }
    return sj_time_monotonic_ms() - w->scrub_saved_ms < SAVE_MS ? SJ_DONE : save(w, context);
}

sj_status sj_watcher_scrub(struct sj_watcher *w)
{
    const int64_t cycle_s = w->server->config.scrub_cycle_s;
    struct sj_context context;
    if (cycle_s == 0) {
        return SJ_DONE;
    }
    TRY(sj_watcher_context(w, &context));
    if (!w->has_scrub_state) {
        TRY(resume(w, &context));
    }
    if (w->scrub == NULL) {
        const sj_time_us next = w->scrub_started + cycle_s * SECOND_US;
        const sj_time_us now = sj_time_now();
        if (w->scrub_started != 0 && now < next && now >= w->scrub_started) {
            return SJ_DONE;
        }
        TRY(begin(w));
    }
    return walk(w, &context, cycle_s);
}
