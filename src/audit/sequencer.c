/* SPDX-License-Identifier: Apache-2.0
 *
 * Who drives the record? One fiber, the writer: while there are drafts it runs batch after batch, each made of
 * what queued during the one before (no timer: waiting only adds latency); when a batch's outcome is unknown it
 * reads the head again before the next; when the database contradicts what was signed it never writes again.
 * Callers park in sj_sequencer_record until their entry is signed or their deadline has passed. There is no
 * switch that lets an answer leave without its entry.
 */
#include "sanjeh/audit/sequencer.h"

#include <stdio.h>

#include "recent.h"
#include "sanjeh/base/log.h"
#include "sanjeh/crypto/random.h"
#include "state.h"

#define NOTE_FLUSH_MS 50
#define RETRY_MS      200
#define RETRY_MAX_MS  1000
#define TELL_MS       10000
#define STOP_WAIT_MS  5000
#define START_WAIT_MS 10000
#define SETTLE_ROUNDS 8
#define QUEUE_MAX     4096
#define DEADLINE_MS   2000
#define REASON_SIZE   256
#define NOTE_BUF_MAX  65535

/* ---- the writer ---- */

static void fail_queued(struct sj_sequencer *s, bool only_abandoned)
{
    struct sj_slot_list kept = {NULL, NULL};
    struct sj_slot_list remote = {NULL, NULL};
    sj_queue_take_inbound(s);
    for (struct sj_slot *slot = sj_slot_pop(&s->queue); slot != NULL;
         slot = sj_slot_pop(&s->queue)) {
        if (only_abandoned && !atomic_load(&slot->abandoned) && slot->sweep == NULL) {
            sj_slot_push(&kept, slot);
        } else {
            sj_queue_finish(s, slot, SJ_FAILURE(RECORD_UNAVAILABLE), NULL, &remote);
        }
    }
    s->queue = kept;
    sj_queue_send_home(s, &remote);
}

bool sj_sequencer_may_tell(int64_t *told_ms)
{
    const int64_t now = sj_time_monotonic_ms();
    if (*told_ms != 0 && now - *told_ms < TELL_MS) {
        return false;
    }
    *told_ms = now;
    return true;
}

/* Later each time; when the keeper is gone for good nobody is kept waiting for it. */
static void wait_to_retry(struct sj_sequencer *s, sj_status why, const char *reason)
{
    const bool gone = !sj_channel_is_open(s->config.channel);
    const unsigned tries = s->resyncs_failed++;
    const int64_t pause = RETRY_MS << (tries < 3 ? tries : 3);
    atomic_store(&s->keeper_gone, gone);
    if (sj_sequencer_may_tell(&s->resync_told_ms)) {
        SJ_LOG(WARN, "audit.head.unreadable", sj_log_status(why), sj_log_str("why", reason),
            sj_log_int("tries", (int64_t)s->resyncs_failed));
    }
    fail_queued(s, !gone);
    sj_fiber_sleep_ms(pause < RETRY_MAX_MS ? pause : RETRY_MAX_MS);
}

static void resync(struct sj_sequencer *s)
{
    char reason[REASON_SIZE] = "";
    struct sj_recovered recovered;
    const sj_status status = sj_recover(s, &recovered, reason, sizeof(reason));
    if (!sj_failed(status)) {
        s->phase = SJ_PHASE_RUNNING;
        s->resyncs_failed = 0;
        s->resync_told_ms = 0;
        atomic_store(&s->batch_started_ms, 0);
        atomic_store(&s->ready, true);
        SJ_LOG(NOTICE, "audit.head.resynced", sj_log_int("size", (int64_t)recovered.size),
            sj_log_int("was_unsigned", recovered.was_unsigned ? 1 : 0));
        return;
    }
    if (status.code == SJ_LOG_ROLLED_BACK || status.code == SJ_LOG_TAMPERED) {
        s->phase = SJ_PHASE_FAILED;
        SJ_LOG(ERROR, "audit.log.contradicted", sj_log_status(status), sj_log_str("why", reason));
        return;
    }
    wait_to_retry(s, status, reason);
}

static void idle(struct sj_sequencer *s)
{
    bool woken = true;
    s->writer_idle = true;
    if (s->note_store_size != 0 && s->phase == SJ_PHASE_RUNNING) {
        woken = sj_fiber_park_for(NOTE_FLUSH_MS);
    } else {
        sj_fiber_park();
    }
    s->writer_idle = false;
    if (woken) {
        return;
    }
    const sj_status status = sj_batch_store_note(s);
    if (sj_failed(status)) {
        SJ_LOG(WARN, "audit.note.unstored", sj_log_status(status));
        s->phase = SJ_PHASE_LOST;
        atomic_store(&s->ready, false);
    }
}

static void run_batch(struct sj_sequencer *s)
{
    const sj_status status = sj_batch_run(s);
    if (sj_failed(status)) {
        s->phase = SJ_PHASE_LOST;
        atomic_store(&s->ready, false);
        SJ_LOG(ERROR, "audit.batch.failed", sj_log_status(status));
    }
}

static void follow(struct sj_sequencer *s)
{
    s->must_follow = false;
    const sj_status status = sj_share_follow(s);
    if (sj_failed(status) && status.code != SJ_BUSY) {
        s->phase = SJ_PHASE_LOST;
        SJ_LOG(WARN, "audit.follow.failed", sj_log_status(status));
    }
}

static void turn(struct sj_sequencer *s)
{
    if (s->phase == SJ_PHASE_LOST) {
        resync(s);
        return;
    }
    sj_queue_take_inbound(s);
    if (s->phase == SJ_PHASE_FAILED) {
        fail_queued(s, false);
    }
    if (s->queue.first != NULL) {
        run_batch(s);
    } else if (s->must_follow && s->phase == SJ_PHASE_RUNNING) {
        follow(s);
    } else if (!s->stopping) {
        idle(s);
    }
}

static void writer(void *ctx)
{
    struct sj_sequencer *s = ctx;
    s->writer = sj_fiber_current();
    while (!s->stopping || (s->phase == SJ_PHASE_RUNNING && s->queue.first != NULL)) {
        turn(s);
    }
    fail_queued(s, false);
    if (s->phase == SJ_PHASE_RUNNING && s->note_store_size != 0) {
        sj_ignore(sj_batch_store_note(s), "the next start has the head signed anew");
    }
    s->phase = SJ_PHASE_ENDED;
    if (s->stopper != NULL) {
        sj_fiber_wake(s->stopper);
    }
}

/* ---- records ---- */

static sj_status wait_for(struct sj_sequencer *s, struct sj_slot *slot, struct sj_receipt *receipt)
{
    const int64_t deadline = sj_time_monotonic_ms() + s->config.deadline_ms;
    while (!slot->done) {
        const int64_t left = deadline - sj_time_monotonic_ms();
        if (left <= 0) {
            atomic_store(&slot->abandoned, true); /* whoever holds it now gives it back */
            FAIL(RECORD_UNAVAILABLE);
        }
        sj_ignore((sj_status){SJ_OK, NULL}, "the loop looks at done and the clock");
        (void)sj_fiber_park_for(left);
    }
    const sj_status status = slot->status;
    *receipt = slot->receipt;
    sj_queue_release(s, slot);
    return status;
}

/* A draft without a number gets it with its place; until then its bytes have some number. */
static bool name_emitter(struct sj_sequencer *s, struct sj_draft *draft)
{
    if (draft->emitter_seq == 0) {
        draft->emitter_seq = 1;
        draft->emitter = s->emitter;
        return true;
    }
    if (sj_uuid_is_nil(draft->emitter)) {
        draft->emitter = s->emitter;
    }
    return false;
}

static sj_status record(struct sj_sequencer *s, const struct sj_draft *draft, bool in_outbox,
    struct sj_receipt *ret_receipt)
{
    struct sj_draft named = *draft;
    struct sj_slot *slot = NULL;
    const bool is_unnumbered = name_emitter(s, &named);
    TRY(sj_queue_slot(s, &named, in_outbox, &slot));
    slot->emitter_seq = is_unnumbered ? 0 : slot->emitter_seq;
    slot->fiber = sj_fiber_current();
    sj_queue_push(s, slot);
    return wait_for(s, slot, ret_receipt);
}

sj_status sj_sequencer_record(struct sj_sequencer *s, const struct sj_draft *draft, bool in_outbox,
    struct sj_receipt *ret_receipt)
{
    ENSURE(sj_fiber_current() != NULL, INTERNAL);
    ENSURE(!atomic_load(&s->refusing), SHUTTING_DOWN);
    ENSURE(!atomic_load(&s->keeper_gone), RECORD_UNAVAILABLE);
    if (in_outbox && sj_sweep_find(s, draft->emitter_seq, ret_receipt)) {
        return SJ_DONE;
    }
    return record(s, draft, in_outbox, ret_receipt);
}

void sj_sequencer_note(struct sj_sequencer *s, const struct sj_draft *draft)
{
    struct sj_draft named = *draft;
    struct sj_slot *slot = NULL;
    if (atomic_load(&s->refusing) || atomic_load(&s->keeper_gone)) {
        return;
    }
    const bool is_unnumbered = name_emitter(s, &named);
    if (sj_failed(sj_queue_slot(s, &named, false, &slot))) {
        return; /* counted in stats.refused */
    }
    slot->emitter_seq = is_unnumbered ? 0 : slot->emitter_seq;
    slot->home = NULL; /* nobody waits for it */
    sj_queue_push(s, slot);
}

/* ---- start and stop ---- */

sj_status sj_sequencer_own_draft(
    enum sj_entry_kind kind, const char *action, const char *detail, struct sj_draft *draft)
{
    *draft = (struct sj_draft){.kind = kind, .outcome = SJ_OUTCOME_PERMITTED};
    TRY(sj_copy(draft->action, SJ_ENTRY_ACTION_MAX, action, strlen(action)));
    TRY(sj_copy(draft->object_type, SJ_ENTRY_TYPE_MAX, "log", 3));
    return sj_copy(draft->detail, SJ_ENTRY_DETAIL_MAX, detail, strlen(detail));
}

sj_status sj_sequencer_record_own(
    struct sj_sequencer *s, enum sj_entry_kind kind, const char *action, const char *detail)
{
    struct sj_draft draft;
    struct sj_receipt receipt;
    TRY(sj_sequencer_own_draft(kind, action, detail, &draft));
    return record(s, &draft, false, &receipt);
}

/* Emitter-open first of what this process writes, so that its numbers start in the record; a recovery says
 * itself what was picked up. */
static sj_status open_emitter(struct sj_sequencer *s, const struct sj_recovered *recovered)
{
    uint64_t swept = 0;
    struct sj_replayed replayed;
    TRY(sj_sweep_run(s, 0, &swept));
    TRY(sj_replay_run(s, &replayed));
    char named[32 + SJ_INSTANCE_MAX];
    /* voids=1: no number of this process will be left without an entry or a void */
    (void)snprintf(named, sizeof(named), "%s%s%svoids=1",
        s->config.instance[0] == '\0' ? "" : "instance=", s->config.instance,
        s->config.instance[0] == '\0' ? "" : ";");
    TRY(sj_sequencer_record_own(s, SJ_ENTRY_EMITTER_OPEN, "log:open", named));
    if (recovered->was_unsigned || swept + recovered->put_back + replayed.closed != 0) {
        char detail[256];
        const int len = snprintf(detail, sizeof(detail),
            "unsigned_batch=%d;outbox_rows=%llu;recorder_drafts=%llu;voids=%llu;closed=%llu;"
            "put_back=%llu",
            recovered->was_unsigned ? 1 : 0, (unsigned long long)swept,
            (unsigned long long)replayed.recovered, (unsigned long long)replayed.voids,
            (unsigned long long)replayed.closed, (unsigned long long)recovered->put_back);
        ENSURE(len > 0 && (size_t)len < sizeof(detail), INTERNAL);
        TRY(sj_sequencer_record_own(s, SJ_ENTRY_RECOVERY, "log:recover", detail));
    }
    return SJ_DONE;
}

static sj_status make(const struct sj_sequencer_config *config, struct sj_sequencer **ret_s)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_sequencer), &memory));
    struct sj_sequencer *s = memory;
    s->config = *config;
    s->config.instance = config->instance != NULL ? config->instance : "";
    s->config.queue_max = config->queue_max != 0 ? config->queue_max : QUEUE_MAX;
    s->config.deadline_ms = config->deadline_ms != 0 ? config->deadline_ms : DEADLINE_MS;
    s->note = SJ_BUF(NOTE_BUF_MAX);
    s->note_store = SJ_BUF(NOTE_BUF_MAX);
    s->newest_note = SJ_BUF(NOTE_BUF_MAX);
    s->phase = SJ_PHASE_ENDED; /* no writer yet */
    atomic_store(&s->next_seq, 1);
    SJ_ASSERT(pthread_mutex_init(&s->lock, /* attributes= */ NULL) == 0);
    SJ_ASSERT(pthread_mutex_init(&s->recent.lock, /* attributes= */ NULL) == 0);
    *ret_s = s;
    return SJ_DONE;
}

static void destroy(struct sj_sequencer *s)
{
    sj_timer_free(&s->sweep_timer);
    sj_queue_free(s);
    sj_batch_clear(&s->batch);
    sj_tenants_clear(&s->head.tenants);
    sj_emitters_clear(&s->seen);
    sj_late_clear(s);
    sj_rows_free(&s->signers);
    sj_replay_free(s);
    sj_settle_clear(s);
    sj_buf_clear(&s->note);
    sj_buf_clear(&s->note_store);
    sj_buf_clear(&s->newest_note);
    sj_wipe(&s->emitter_key, sizeof(s->emitter_key));
    sj_wipe(&s->seen_key, sizeof(s->seen_key));
    sj_wipe(&s->context, sizeof(s->context));
    sj_recent_clear(&s->recent);
    SJ_ASSERT(pthread_mutex_destroy(&s->recent.lock) == 0);
    SJ_ASSERT(pthread_mutex_destroy(&s->lock) == 0);
    sj_free(s);
}

/* Other loops have posts and slots in flight until their waiters have read them. */
static bool is_quiet(struct sj_sequencer *s)
{
    SJ_ASSERT(pthread_mutex_lock(&s->lock) == 0);
    bool quiet = s->remote_out == 0 && !s->inbound_posted;
    for (size_t i = 0; i < s->home_count; i++) {
        quiet = quiet && !s->homes[i].posted;
    }
    SJ_ASSERT(pthread_mutex_unlock(&s->lock) == 0);
    return quiet;
}

static void end_writer(struct sj_sequencer *s)
{
    s->stopping = true;
    s->stopper = sj_fiber_current();
    sj_queue_wake_writer(s);
    while (s->phase != SJ_PHASE_ENDED || s->sweeping) {
        sj_fiber_park();
    }
    s->stopper = NULL;
    const int64_t deadline = sj_time_monotonic_ms() + STOP_WAIT_MS;
    while (!is_quiet(s) && sj_time_monotonic_ms() < deadline) {
        fail_queued(s, false);
        sj_fiber_sleep_ms(1);
    }
}

/* Another server may hold the head for a moment. */
static sj_status recover_at_start(struct sj_sequencer *s, struct sj_recovered *ret_recovered,
    char *reterr_reason, size_t reason_size)
{
    const int64_t until = sj_time_monotonic_ms() + START_WAIT_MS;
    sj_status status = sj_recover(s, ret_recovered, reterr_reason, reason_size);
    while (status.code == SJ_BUSY && sj_time_monotonic_ms() < until) {
        status = sj_recover(s, ret_recovered, reterr_reason, reason_size);
    }
    return status;
}

/* The newest batch, if it was this server's, stood in its recorder before it was committed: else that is an older copy. */
static sj_status check_recorder(struct sj_sequencer *s, const struct sj_recovered *recovered,
    char *reterr_reason, size_t reason_size)
{
    const bool is_ours = s->instances.is_known && !sj_uuid_is_nil(s->instances.recorder) &&
                         sj_uuid_equal(recovered->emitter, s->instances.former);
    if (!is_ours || recovered->size == 0 || sj_replay_knows(s, recovered->size, &s->head.root)) {
        return SJ_DONE;
    }
    (void)snprintf(reterr_reason, reason_size,
        "the recorder beside the database does not have the newest batch (size %llu): it is "
        "damaged, or an "
        "older copy; see docs/AUDIT.md, The recorder",
        (unsigned long long)recovered->size);
    FAIL(LOG_TAMPERED);
}

static sj_status begin(struct sj_sequencer *s, char *reterr_reason, size_t reason_size)
{
    struct sj_recovered recovered;
    TRY(sj_uuid_new(&s->emitter));
    TRY(ask_emitter_key(s->config.channel, s->emitter, &s->emitter_key));
    TRY(sj_tenants_init(&s->head.tenants, SJ_TENANTS_MAX));
    TRY(sj_batch_init(&s->batch));
    TRY(sj_late_init(s));
    TRY(sj_timer_new(s->config.loop, sj_sweep_tick, s, &s->sweep_timer));
    ENSURE(s->config.recorder != NULL, INTERNAL);
    TRY(sj_instances_load(s));
    TRY(sj_incarnation_check(s, reterr_reason, reason_size));
    TRY(sj_replay_load(s, reterr_reason, reason_size));
    TRY(recover_at_start(s, &recovered, reterr_reason, reason_size));
    TRY(check_recorder(s, &recovered, reterr_reason, reason_size));
    TRY(sj_instances_put(s));
    TRY(recorder_begin(s->config.recorder, s->emitter, &s->emitter_key, sj_replay_end(s)));
    s->phase = SJ_PHASE_RUNNING;
    const sj_status spawned = sj_fiber_spawn(s->config.loop, writer, s);
    if (sj_failed(spawned)) {
        s->phase = SJ_PHASE_ENDED;
        return spawned;
    }
    TRY(sj_incarnation_begin(s));
    TRY(open_emitter(s, &recovered));
    sj_replay_free(s);
    sj_timer_set(s->sweep_timer, 1000);
    atomic_store(&s->ready, true);
    return SJ_DONE;
}

sj_status sj_sequencer_start(const struct sj_sequencer_config *config,
    struct sj_sequencer **ret_sequencer, char *reterr_reason, size_t reason_size)
{
    if (reason_size != 0) {
        reterr_reason[0] = '\0';
    }
    ENSURE(sj_fiber_current() != NULL, INTERNAL);
    struct sj_sequencer *s = NULL;
    TRY(make(config, &s));
    const sj_status status = begin(s, reterr_reason, reason_size);
    if (sj_failed(status)) {
        if (s->phase != SJ_PHASE_ENDED) {
            end_writer(s);
        }
        destroy(s);
        return status;
    }
    *ret_sequencer = s;
    return SJ_DONE;
}

/* Nothing is under way any more: each number that was given out gets its entry before the close. */
static sj_status settle_for_good(struct sj_sequencer *s)
{
    uint64_t gap = 0;
    size_t count = 1;
    for (int round = 0; round < SETTLE_ROUNDS && count != 0 && s->phase == SJ_PHASE_RUNNING;
         round++) {
        uint64_t swept = 0;
        sj_emitters_gaps(&s->seen, s->emitter, atomic_load(&s->next_seq), &gap, 1, &count);
        if (count != 0) {
            TRY(sj_settle_all(s));
            TRY(sj_sweep_run(s, 0, &swept));
        }
    }
    return SJ_DONE;
}

void sj_sequencer_stop(struct sj_sequencer *s)
{
    atomic_store(&s->refusing, true);
    atomic_store(&s->ready, false);
    sj_ignore(settle_for_good(s), "the next start does it, from the recorder");
    sj_ignore(sj_sequencer_record_own(s, SJ_ENTRY_EMITTER_CLOSE, "log:close", ""),
        "without it the record shows an emitter that did not close, which is the truth");
    end_writer(s);
}

void sj_sequencer_free(struct sj_sequencer **sequencer)
{
    struct sj_sequencer *s = TAKE(*sequencer);
    if (s != NULL) {
        destroy(s);
    }
}

/* ---- questions ---- */

struct sj_uuid sj_sequencer_emitter(const struct sj_sequencer *s)
{
    return s->emitter;
}

const struct sj_key *sj_sequencer_record_key(const struct sj_sequencer *s)
{
    return &s->seen_key;
}

struct sj_uuid sj_sequencer_log_id(const struct sj_sequencer *s)
{
    return s->head.log_id;
}

const struct sj_key *sj_sequencer_emitter_key(const struct sj_sequencer *s)
{
    return &s->emitter_key;
}

uint64_t sj_sequencer_next_seq(struct sj_sequencer *s)
{
    return atomic_fetch_add(&s->next_seq, 1);
}

bool sj_sequencer_is_ready(const struct sj_sequencer *s)
{
    const int64_t started = atomic_load(&s->batch_started_ms);
    return atomic_load(&s->ready) && !atomic_load(&s->keeper_silent) &&
           !recorder_is_failing(s->config.recorder) &&
           (started == 0 || sj_time_monotonic_ms() - started <= s->config.deadline_ms);
}

sj_status sj_sequencer_checkpoint(struct sj_sequencer *s, struct sj_buf *ret_note)
{
    SJ_ASSERT(pthread_mutex_lock(&s->lock) == 0);
    const sj_status status = sj_buf_put_view(ret_note, sj_buf_view(&s->newest_note));
    SJ_ASSERT(pthread_mutex_unlock(&s->lock) == 0);
    return status;
}

struct sj_sequencer_stats sj_sequencer_stats(const struct sj_sequencer *s)
{
    return (struct sj_sequencer_stats){
        .size = atomic_load(&s->size),
        .batches = atomic_load(&s->batches),
        .refused = atomic_load(&s->refused),
        .queued = atomic_load(&s->queued),
        .last_batch_us = atomic_load(&s->last_batch_us),
    };
}
