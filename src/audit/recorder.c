/* SPDX-License-Identifier: Apache-2.0
 *
 * How do drafts become durable beside the database without holding a loop up? A thread of its own writes what has queued
 * as frames and makes them durable with one fdatasync for all; each waiter is then woken on its own loop. A disk that
 * hangs holds nobody longer than its deadline, and new work is refused at once until the disk has come back. What failed
 * is not counted as written: the next flush writes over it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "recorder_priv.h"
#include "sanjeh/base/log.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/base/time.h"

#define PAYLOAD_MAX  ((size_t)3 * 1024 * 1024)
#define CLOSE_WAIT_S 2
#define NUMBERS_MAX  1048576u

struct recorder_job {
    struct recorder_job *next;
    struct sj_recorder *recorder;
    uint8_t kind;
    struct sj_buf payload;
    uint64_t size_after;
    uint64_t *numbers;
    size_t number_count;
    size_t number_room;
    struct sj_loop *loop;
    struct sj_fiber *fiber;
    bool is_sent;
    bool is_done;      /* on its loop */
    bool is_abandoned; /* on its loop */
    sj_status status;
};

/* What must be in the signed log before the region may be written over. */
struct region {
    uint64_t size_after;
    uint64_t *numbers;
    size_t number_count;
    size_t number_room;
    bool is_free;
};

struct sj_recorder {
    struct recorder_file file;
    struct sj_uuid emitter;
    struct sj_key key;
    pthread_t thread;
    bool has_thread;
    bool is_replaying;
    struct recorder_end end; /* the thread's */
    struct sj_buf staging;   /* the thread's */
    atomic_bool is_failing;
    atomic_bool is_stuck;

    pthread_mutex_t lock;
    pthread_cond_t wake;
    struct recorder_job *first; /* under lock, as everything below */
    struct recorder_job *last;
    struct recorder_job *spare;
    struct region regions[RECORDER_REGIONS];
    bool wants_room;
    bool is_stopping;
    bool has_ended;
};

static void lock(struct sj_recorder *r)
{
    SJ_ASSERT(pthread_mutex_lock(&r->lock) == 0);
}

static void unlock(struct sj_recorder *r)
{
    SJ_ASSERT(pthread_mutex_unlock(&r->lock) == 0);
}

/* ---- jobs ---- */

static sj_status add_number(uint64_t **numbers, size_t *count, size_t *room, uint64_t seq)
{
    if (*count == *room) {
        const size_t more = *room == 0 ? 8 : *room * 2;
        void *memory = NULL;
        ENSURE(more <= NUMBERS_MAX, LIMIT_EXCEEDED);
        TRY(sj_alloc(more, sizeof(uint64_t), &memory));
        TRY(sj_copy(memory, more * sizeof(uint64_t), *numbers, *count * sizeof(uint64_t)));
        sj_free(*numbers);
        *numbers = memory;
        *room = more;
    }
    (*numbers)[(*count)++] = seq;
    return SJ_DONE;
}

static void give_back(struct recorder_job *job)
{
    struct sj_recorder *r = job->recorder;
    lock(r);
    job->next = r->spare;
    r->spare = job;
    unlock(r);
}

sj_status recorder_job_new(struct sj_recorder *r, uint8_t kind, struct recorder_job **ret_job)
{
    ENSURE(!atomic_load(&r->is_stuck) || kind == RECORDER_PROBE, RECORD_UNAVAILABLE);
    lock(r);
    struct recorder_job *job = r->spare;
    if (job != NULL) {
        r->spare = job->next;
    }
    unlock(r);
    if (job == NULL) {
        void *memory = NULL;
        TRY(sj_alloc(1, sizeof(struct recorder_job), &memory));
        job = memory;
        job->recorder = r;
        job->payload = SJ_BUF(PAYLOAD_MAX);
    }
    job->next = NULL;
    job->kind = kind;
    job->size_after = 0;
    job->number_count = 0;
    job->loop = sj_loop_current();
    job->fiber = sj_fiber_current();
    job->is_sent = job->is_done = job->is_abandoned = false;
    sj_buf_reset(&job->payload);
    *ret_job = job;
    return SJ_DONE;
}

struct sj_buf *recorder_job_payload(struct recorder_job *job)
{
    return &job->payload;
}

void recorder_job_size(struct recorder_job *job, uint64_t size_after)
{
    job->size_after = size_after;
}

sj_status recorder_job_number(struct recorder_job *job, uint64_t seq)
{
    return add_number(&job->numbers, &job->number_count, &job->number_room, seq);
}

void recorder_send(struct recorder_job *job)
{
    struct sj_recorder *r = job->recorder;
    job->is_sent = true;
    lock(r);
    if (r->last == NULL) {
        r->first = job;
    } else {
        r->last->next = job;
    }
    r->last = job;
    SJ_ASSERT(pthread_cond_signal(&r->wake) == 0);
    unlock(r);
}

void recorder_drop(struct recorder_job **job)
{
    struct recorder_job *gone = TAKE(*job);
    if (gone == NULL) {
        return;
    }
    if (gone->is_sent && !gone->is_done) {
        gone->is_abandoned = true; /* it is given back when it returns */
        return;
    }
    give_back(gone);
}

sj_status recorder_wait(struct recorder_job **job, int64_t wait_ms)
{
    struct recorder_job *own = *job;
    const int64_t until = sj_time_monotonic_ms() + wait_ms;
    while (!own->is_done) {
        const int64_t left = until - sj_time_monotonic_ms();
        if (left <= 0) {
            atomic_store(&own->recorder->is_stuck, true);
            recorder_drop(job);
            FAIL(RECORD_UNAVAILABLE);
        }
        (void)sj_fiber_park_for(left);
    }
    const sj_status status = own->status;
    recorder_drop(job);
    ENSURE(!sj_failed(status), RECORD_UNAVAILABLE);
    return SJ_DONE;
}

/* On the waiter's loop. */
static void on_done(void *ctx)
{
    struct recorder_job *job = ctx;
    if (job->is_abandoned) {
        give_back(job);
        return;
    }
    job->is_done = true;
    sj_fiber_wake(job->fiber);
}

static void finish_all(struct recorder_job *job)
{
    while (job != NULL) {
        struct recorder_job *next = job->next;
        if (sj_failed(sj_loop_post(job->loop, on_done, job))) {
            /* its waiter runs into its deadline */
            SJ_LOG(ERROR, "audit.recorder.wake", sj_log_str("why", "out of memory"));
        }
        job = next;
    }
}

/* ---- the thread ---- */

static size_t limit_of(const struct sj_recorder *r)
{
    return r->is_replaying ? r->file.region_bytes : r->file.region_bytes - RECORDER_SPARE;
}

/* Makes what is staged durable. On failure it counts as never written. */
static sj_status flush(struct sj_recorder *r)
{
    const sj_status status =
        recorder_file_flush(&r->file, r->end.region, (size_t)r->end.at, sj_buf_view(&r->staging));
    if (!sj_failed(status)) {
        r->end.at += r->staging.len;
    }
    sj_buf_reset(&r->staging);
    return status;
}

/* To the other region, when everything there has its place in the signed log. */
static sj_status change_region(struct sj_recorder *r)
{
    const unsigned other = (r->end.region + 1) % RECORDER_REGIONS;
    lock(r);
    struct region *region = &r->regions[other];
    const bool is_free = region->is_free && !r->is_replaying;
    if (is_free) {
        region->is_free = false;
        region->size_after = 0;
        region->number_count = 0;
        r->wants_room = false;
    }
    unlock(r);
    ENSURE(is_free, RECORD_UNAVAILABLE);
    r->end = (struct recorder_end){other, r->end.generation + 1, 0};
    return SJ_DONE;
}

static sj_status remember(struct sj_recorder *r, const struct recorder_job *job)
{
    sj_status status = SJ_DONE;
    lock(r);
    struct region *region = &r->regions[r->end.region];
    region->size_after =
        job->size_after > region->size_after ? job->size_after : region->size_after;
    for (size_t i = 0; i < job->number_count && !sj_failed(status); i++) {
        status = add_number(
            &region->numbers, &region->number_count, &region->number_room, job->numbers[i]);
    }
    if (r->end.at + r->staging.len > limit_of(r) / 2) {
        r->wants_room = true;
    }
    unlock(r);
    return status;
}

static sj_status stage(struct sj_recorder *r, const struct recorder_job *job)
{
    const struct recorder_frame frame = {
        .kind = job->kind, .emitter = r->emitter, .payload = sj_buf_view(&job->payload)};
    const size_t more = RECORDER_HEAD_SIZE + job->payload.len;
    if (r->end.at + r->staging.len + more > limit_of(r)) {
        TRY(flush(r));
        TRY(change_region(r));
    }
    const struct recorder_place place = {r->end.generation, r->end.at + r->staging.len};
    TRY(recorder_frame_put(&r->key, &frame, &place, &r->staging));
    return remember(r, job);
}

static void tell(struct sj_recorder *r, sj_status status)
{
    const bool failed = sj_failed(status);
    if (failed && !atomic_load(&r->is_failing)) {
        SJ_LOG(ERROR, "audit.recorder.failed", sj_log_status(status));
    } else if (!failed && atomic_load(&r->is_failing)) {
        SJ_LOG(NOTICE, "audit.recorder.back", sj_log_int("at", (int64_t)r->end.at));
    }
    atomic_store(&r->is_failing, failed);
    atomic_store(&r->is_stuck, false);
}

static void write_jobs(struct sj_recorder *r, struct recorder_job *jobs)
{
    sj_status first_bad = SJ_DONE;
    for (struct recorder_job *job = jobs; job != NULL; job = job->next) {
        job->status = job->kind == RECORDER_PROBE ? SJ_DONE : stage(r, job);
        first_bad = sj_failed(job->status) ? job->status : first_bad;
    }
    const sj_status flushed = flush(r);
    for (struct recorder_job *job = jobs; job != NULL; job = job->next) {
        job->status = sj_failed(job->status) ? job->status : flushed;
    }
    tell(r, sj_failed(flushed) ? flushed : first_bad);
    finish_all(jobs);
}

static void *thread_main(void *ctx)
{
    struct sj_recorder *r = ctx;
    lock(r);
    while (!r->is_stopping || r->first != NULL) {
        if (r->first == NULL) {
            SJ_ASSERT(pthread_cond_wait(&r->wake, &r->lock) == 0);
            continue;
        }
        struct recorder_job *jobs = r->first;
        r->first = r->last = NULL;
        unlock(r);
        write_jobs(r, jobs);
        lock(r);
    }
    r->has_ended = true;
    SJ_ASSERT(pthread_cond_broadcast(&r->wake) == 0);
    unlock(r);
    return NULL;
}

/* ---- life ---- */

sj_status sj_recorder_open(const char *path, size_t region_bytes, struct sj_recorder **ret_recorder)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_recorder), &memory));
    CLEANUP(sj_recorder_close) struct sj_recorder *r = memory;
    r->file.fd = -1;
    SJ_ASSERT(pthread_mutex_init(&r->lock, /* attributes= */ NULL) == 0);
    pthread_condattr_t attributes;
    SJ_ASSERT(pthread_condattr_init(&attributes) == 0);
    SJ_ASSERT(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    SJ_ASSERT(pthread_cond_init(&r->wake, &attributes) == 0);
    SJ_ASSERT(pthread_condattr_destroy(&attributes) == 0);
    TRY(recorder_file_open(path, region_bytes, &r->file));
    r->staging = SJ_BUF(r->file.region_bytes);
    *ret_recorder = TAKE(r);
    return SJ_DONE;
}

sj_status recorder_begin(struct sj_recorder *r, struct sj_uuid emitter, const struct sj_key *key,
    const struct recorder_end *end)
{
    SJ_ASSERT(!r->has_thread);
    r->emitter = emitter;
    r->key = *key;
    r->end = *end;
    r->is_replaying = true;
    ENSURE(pthread_create(&r->thread, /* attributes= */ NULL, thread_main, r) == 0, OUT_OF_MEMORY);
    r->has_thread = true;
    return SJ_DONE;
}

void recorder_all_settled(struct sj_recorder *r)
{
    lock(r);
    r->is_replaying = false;
    for (unsigned i = 0; i < RECORDER_REGIONS; i++) {
        r->regions[i].is_free = i != r->end.region;
    }
    unlock(r);
}

bool recorder_wants_room(struct sj_recorder *r)
{
    lock(r);
    const bool wants = r->wants_room && !r->is_replaying;
    unlock(r);
    return wants;
}

void recorder_make_room(struct sj_recorder *r, uint64_t signed_size,
    bool (*is_settled)(void *ctx, uint64_t seq), void *ctx)
{
    lock(r);
    for (unsigned i = 0; i < RECORDER_REGIONS; i++) {
        struct region *region = &r->regions[i];
        if (i == r->end.region || region->is_free || region->size_after > signed_size) {
            continue;
        }
        while (region->number_count != 0 &&
               is_settled(ctx, region->numbers[region->number_count - 1])) {
            region->number_count--;
        }
        region->is_free = region->number_count == 0;
        r->wants_room = r->wants_room && !region->is_free;
    }
    unlock(r);
}

bool recorder_is_failing(const struct sj_recorder *r)
{
    return atomic_load(&r->is_failing) || atomic_load(&r->is_stuck);
}

const struct recorder_file *recorder_file_of(const struct sj_recorder *r)
{
    return &r->file;
}

struct sj_uuid sj_recorder_id(const struct sj_recorder *r)
{
    return r->file.id;
}

bool sj_recorder_is_new(const struct sj_recorder *r)
{
    return r->file.is_new;
}

/* False: it hangs in the kernel. Its memory stays, the process is about to end. */
static bool end_thread(struct sj_recorder *r)
{
    struct timespec until;
    SJ_ASSERT(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    until.tv_sec += CLOSE_WAIT_S;
    lock(r);
    r->is_stopping = true;
    SJ_ASSERT(pthread_cond_broadcast(&r->wake) == 0);
    int waited = 0;
    while (!r->has_ended && waited == 0) {
        waited = pthread_cond_timedwait(&r->wake, &r->lock, &until);
    }
    const bool has_ended = r->has_ended;
    unlock(r);
    if (has_ended) {
        SJ_ASSERT(pthread_join(r->thread, NULL) == 0);
    }
    return has_ended;
}

void sj_recorder_close(struct sj_recorder **recorder)
{
    struct sj_recorder *r = TAKE(*recorder);
    if (r == NULL || (r->has_thread && !end_thread(r))) {
        return;
    }
    while (r->spare != NULL) {
        struct recorder_job *job = r->spare;
        r->spare = job->next;
        sj_buf_clear(&job->payload);
        sj_free(job->numbers);
        sj_free(job);
    }
    for (unsigned i = 0; i < RECORDER_REGIONS; i++) {
        sj_free(r->regions[i].numbers);
    }
    recorder_file_close(&r->file);
    sj_buf_clear(&r->staging);
    sj_wipe(&r->key, sizeof(r->key));
    SJ_ASSERT(pthread_cond_destroy(&r->wake) == 0);
    SJ_ASSERT(pthread_mutex_destroy(&r->lock) == 0);
    sj_free(r);
}
