/* SPDX-License-Identifier: Apache-2.0
 *
 * Who sequences a draft whose deed was committed and whose server died, or whose waiter gave up? The sweeper:
 * at start every outbox row, later those older than a second that nobody in memory waits for. A row without our
 * MAC is moved aside and logged, never sequenced: else a database superuser could put words into the record. So is
 * one whose number the log has already: a replay. The same second asks whether the keeper still answers.
 */
#include "sanjeh/audit/outbox.h"
#include "sanjeh/base/log.h"
#include "state.h"

#define SWEEP_PERIOD_MS 1000
#define SWEEP_PAGE      256
#define PEER_AGE_MS     5000 /* another server's draft is its own to bring that long */

bool sj_sweep_find(struct sj_sequencer *s, uint64_t seq, struct sj_receipt *ret_receipt)
{
    if (atomic_load(&s->swept_count) == 0) {
        return false;
    }
    bool found = false;
    SJ_ASSERT(pthread_mutex_lock(&s->lock) == 0);
    for (size_t i = 0; i < SJ_SWEPT_MAX && !found; i++) {
        if (s->swept[i].seq == seq) {
            *ret_receipt = s->swept[i].receipt;
            found = true;
        }
    }
    SJ_ASSERT(pthread_mutex_unlock(&s->lock) == 0);
    return found;
}

void sj_sweep_remember(struct sj_sequencer *s, uint64_t seq, const struct sj_receipt *receipt)
{
    SJ_ASSERT(pthread_mutex_lock(&s->lock) == 0);
    const unsigned place = atomic_fetch_add(&s->swept_count, 1) % SJ_SWEPT_MAX;
    s->swept[place] = (struct sj_swept){.seq = seq, .receipt = *receipt};
    SJ_ASSERT(pthread_mutex_unlock(&s->lock) == 0);
}

/* The ids beside the draft: those that its detail, which the MAC covers, commits to. */
static sj_status take_subjects(
    const struct sj_rows *rows, size_t row, struct sj_draft *draft, bool *ret_ours)
{
    const struct sj_view ids =
        sj_row_is_null(rows, row, 4) ? (struct sj_view){NULL, 0} : sj_row_bytes(rows, row, 4);
    TRY(sj_subjects_fit(draft->detail, ids, ret_ours));
    draft->subjects = (const struct sj_uuid *)(const void *)ids.ptr;
    draft->subject_count = ids.len / sizeof(struct sj_uuid);
    return SJ_DONE;
}

/* The payload beside the draft. A changed one is seen against the commitment when it is opened: the row's key may be gone. */
static void take_payload(
    const struct sj_rows *rows, size_t row, struct sj_payload *payload, struct sj_draft *draft)
{
    if (draft->payload_len != 0 && !sj_row_is_null(rows, row, 5) &&
        !sj_failed(sj_payload_decode(sj_row_bytes(rows, row, 5), payload))) {
        draft->payload = payload;
    }
}

/* *ret_ours: MAC, number, emitter and subjects of the row agree with the draft. */
static sj_status check_row(struct sj_sequencer *s, const struct sj_rows *rows, size_t row,
    struct sj_outbox_key *cache, struct sj_draft *draft, bool *ret_ours)
{
    TRY(sj_outbox_open(s->config.channel, rows, row, cache, draft, ret_ours));
    return *ret_ours ? take_subjects(rows, row, draft, ret_ours) : SJ_DONE;
}

static sj_status move_aside(
    struct sj_sequencer *s, const struct sj_uuid *emitter, int64_t seq, const char *why)
{
    const struct sj_param params[] = {sj_p_id(emitter), sj_p_i64(seq)};
    struct sj_context context;
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_record_context(s, &context));
    TRY(sj_tx_begin(s->config.db, &context, &tx));
    TRY(sj_tx_query(tx, SJ_SQL_AUDIT_OUTBOX_REFUSE, params, SJ_COUNT(params), &rows));
    TRY(sj_tx_commit(&tx));
    if (sj_rows_count(rows) == 1 && sj_row_i64(rows, 0, 0) != 0) {
        /* else it went with its entry since the page was read */
        SJ_LOG(ERROR, "audit.outbox.refused", sj_log_id("emitter", *emitter),
            sj_log_int("seq", seq), sj_log_str("why", why));
    }
    return SJ_DONE;
}

static bool is_in_memory(struct sj_sequencer *s, const struct sj_draft *draft)
{
    return sj_uuid_equal(draft->emitter, s->emitter) && sj_queue_holds(s, draft->emitter_seq);
}

static sj_status sweep_row(struct sj_sequencer *s, const struct sj_rows *rows, size_t row,
    struct sj_outbox_key *cache, struct sj_sweep *sweep)
{
    struct sj_draft draft;
    struct sj_payload payload;
    bool ours = false;
    const struct sj_uuid emitter = sj_row_id(rows, row, 0);
    if (sj_instances_is_peer(s, emitter) && !sj_row_bool(rows, row, 6)) {
        return SJ_DONE;
    }
    TRY(check_row(s, rows, row, cache, &draft, &ours));
    if (!ours) {
        return move_aside(s, &emitter, sj_row_i64(rows, row, 1), "the draft's MAC is not ours");
    }
    if (is_in_memory(s, &draft)) {
        return SJ_DONE;
    }
    if (sj_seen_has(s, emitter, draft.emitter_seq)) {
        return move_aside(
            s, &emitter, sj_row_i64(rows, row, 1), "the draft stands in the log already: a replay");
    }
    struct sj_slot *slot = NULL;
    take_payload(rows, row, &payload, &draft);
    TRY(sj_queue_slot(s, &draft, true, &slot));
    slot->sweep = sweep;
    sweep->pending++;
    sweep->queued++;
    sj_queue_push(s, slot);
    return SJ_DONE;
}

void sj_sweep_wait(struct sj_sweep *sweep)
{
    while (sweep->pending != 0) {
        sweep->fiber = sj_fiber_current();
        sj_fiber_park();
    }
    sweep->fiber = NULL;
}

/* Where a sweep is in the outbox. */
struct page {
    struct sj_uuid emitter;
    int64_t seq;
    size_t rows;    /* of the newest page */
    uint64_t swept; /* queued, in all pages */
};

/* The page behind the one before. Every queued draft has its end on return. */
static sj_status sweep_page(struct sj_sequencer *s, int64_t age_ms, struct page *page)
{
    const struct sj_param params[] = {
        sj_p_i64(age_ms), sj_p_id(&page->emitter), sj_p_i64(page->seq), sj_p_i64(PEER_AGE_MS)};
    const struct sj_query query = {
        .sql = SJ_SQL_AUDIT_OUTBOX_LIST, .params = params, .param_count = SJ_COUNT(params)};
    struct sj_context context;
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_record_context(s, &context));
    TRY(sj_record_read(s->config.db, &context, &query, &rows));
    struct sj_outbox_key cache = {0};
    struct sj_sweep sweep = {0};
    sj_status status = SJ_DONE;
    for (size_t i = 0; i < sj_rows_count(rows) && !sj_failed(status); i++) {
        page->emitter = sj_row_id(rows, i, 0);
        page->seq = sj_row_i64(rows, i, 1);
        status = sweep_row(s, rows, i, &cache, &sweep);
    }
    sj_wipe(&cache, sizeof(cache));
    page->rows = sj_rows_count(rows);
    page->swept += sweep.queued;
    sj_sweep_wait(&sweep);
    return status;
}

sj_status sj_sweep_run(struct sj_sequencer *s, int64_t age_ms, uint64_t *ret_swept)
{
    struct page page = {.seq = INT64_MIN, .rows = SWEEP_PAGE};
    while (page.rows == SWEEP_PAGE) {
        TRY(sweep_page(s, age_ms, &page));
    }
    *ret_swept = page.swept;
    return SJ_DONE;
}

/* A keeper that hangs or died shows here, before a request has to fail. */
static void check_keeper(struct sj_sequencer *s)
{
    struct sj_signed_head head;
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
    const sj_status status = ask_signed_head(s->config.channel, &head, &vkey);
    const bool silent = sj_failed(status);
    if (!atomic_exchange(&s->keeper_silent, silent) && silent) {
        SJ_LOG(ERROR, "audit.keeper.silent", sj_log_status(status));
    }
    atomic_store(&s->keeper_gone, !sj_channel_is_open(s->config.channel));
}

/* What others wrote is followed within a second also by a server that has nothing to write. */
static sj_status look_at_head(struct sj_sequencer *s)
{
    const struct sj_query query = {.sql = SJ_SQL_AUDIT_HEAD_GET};
    struct sj_context context;
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_record_context(s, &context));
    TRY(sj_record_read(s->config.db, &context, &query, &rows));
    if (sj_rows_count(rows) == 1 && sj_row_i64(rows, 0, 1) > (int64_t)atomic_load(&s->size)) {
        s->must_follow = true;
        sj_queue_wake_writer(s);
    }
    return SJ_DONE;
}

static sj_status sweep(struct sj_sequencer *s)
{
    uint64_t swept = 0;
    TRY(sj_instances_load(s));
    if (s->instances.peer_count != 0) {
        TRY(look_at_head(s));
    }
    TRY(sj_settle_run(s));
    return sj_sweep_run(s, SWEEP_PERIOD_MS, &swept);
}

static void sweep_fiber(void *ctx)
{
    struct sj_sequencer *s = ctx;
    check_keeper(s);
    sj_keep_probe(s);
    sj_keep_make_room(s);
    if (s->phase == SJ_PHASE_RUNNING && !s->stopping) {
        const sj_status status = sweep(s);
        if (sj_failed(status) && sj_sequencer_may_tell(&s->sweep_told_ms)) {
            SJ_LOG(WARN, "audit.sweep.failed", sj_log_status(status));
        }
    }
    if (s->phase == SJ_PHASE_RUNNING && !s->stopping) {
        const sj_status status = sj_late_turn(s);
        if (sj_failed(status) && sj_sequencer_may_tell(&s->sweep_told_ms)) {
            SJ_LOG(WARN, "audit.late.failed", sj_log_status(status));
        }
    }
    s->sweeping = false;
    sj_timer_set(s->sweep_timer, SWEEP_PERIOD_MS);
    if (s->stopper != NULL) {
        sj_fiber_wake(s->stopper);
    }
}

void sj_sweep_tick(void *sequencer)
{
    struct sj_sequencer *s = sequencer;
    if (s->stopping) {
        sj_timer_set(s->sweep_timer, SWEEP_PERIOD_MS);
        return;
    }
    s->sweeping = true;
    if (sj_failed(sj_fiber_spawn(s->config.loop, sweep_fiber, s))) {
        s->sweeping = false;
        sj_timer_set(s->sweep_timer, SWEEP_PERIOD_MS);
    }
}
