/* SPDX-License-Identifier: Apache-2.0
 *
 * Where does slow work go so that a loop never stalls? To a fixed number of threads behind a
 * bounded queue; the asking fiber parks and is woken through its loop when the work has ended. The
 * job lives on the fiber's stack, so nothing is allocated on the way. Without the bound, a flood of
 * sign-in attempts (each one Argon2id) would fill memory instead of getting BUSY.
 */
#include "sanjeh/base/work.h"

#include "loop_priv.h"

#include <stdlib.h>

#define THREADS_MAX 64

struct job {
    struct job *next;
    sj_loop_fn *fn;
    void *ctx;
    struct sj_loop *loop;
    struct sj_fiber *fiber;
    struct loop_post post;
    bool is_done; /* only touched on the loop's thread */
};

struct sj_work_pool {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct job *first;
    struct job *last;
    size_t pending; /* waiting and running */
    size_t pending_max;
    bool is_ending;
    unsigned thread_count;
    pthread_t threads[THREADS_MAX];
};

/* On the loop's thread. */
static void on_done(void *ctx)
{
    struct job *job = ctx;

    job->is_done = true;
    sj_fiber_wake(job->fiber);
}

static struct job *next_job(struct sj_work_pool *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (pool->first == NULL && !pool->is_ending) {
        pthread_cond_wait(&pool->more, &pool->lock);
    }
    struct job *job = pool->first;
    if (job != NULL) {
        pool->first = job->next;
        if (pool->first == NULL) {
            pool->last = NULL;
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return job;
}

static void *work(void *argument)
{
    struct sj_work_pool *pool = argument;

    for (struct job *job = next_job(pool); job != NULL; job = next_job(pool)) {
        job->fn(job->ctx);
        pthread_mutex_lock(&pool->lock);
        pool->pending--;
        pthread_mutex_unlock(&pool->lock);
        /* The last touch: the job's stack frame may be gone as soon as the loop has seen it. */
        job->post = (struct loop_post){.fn = on_done, .ctx = job};
        sj_loop_post_node(job->loop, &job->post);
    }
    return NULL;
}

sj_status sj_work_pool_new(unsigned threads, unsigned queue_max, struct sj_work_pool **ret_pool)
{
    CLEANUP(sj_work_pool_free) struct sj_work_pool *pool = NULL;
    void *memory = NULL;

    ENSURE(threads >= 1 && threads <= THREADS_MAX, LIMIT_EXCEEDED);
    TRY(sj_alloc(1, sizeof(*pool), &memory));
    pool = memory;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->more, NULL);
    pool->pending_max = (size_t)threads + queue_max;
    for (unsigned i = 0; i < threads; i++) {
        ENSURE(pthread_create(&pool->threads[i], NULL, work, pool) == 0, OUT_OF_MEMORY);
        pool->thread_count++;
    }
    *ret_pool = TAKE(pool);
    return SJ_DONE;
}

void sj_work_pool_free(struct sj_work_pool **pool)
{
    struct sj_work_pool *self = *pool;

    if (self == NULL) {
        return;
    }
    pthread_mutex_lock(&self->lock);
    self->is_ending = true;
    pthread_cond_broadcast(&self->more);
    pthread_mutex_unlock(&self->lock);
    for (unsigned i = 0; i < self->thread_count; i++) {
        pthread_join(self->threads[i], NULL);
    }
    pthread_cond_destroy(&self->more);
    pthread_mutex_destroy(&self->lock);
    free(self);
    *pool = NULL;
}

static sj_status push(struct sj_work_pool *pool, struct job *job)
{
    pthread_mutex_lock(&pool->lock);
    const bool has_room = pool->pending < pool->pending_max && !pool->is_ending;
    if (has_room) {
        pool->pending++;
        if (pool->last == NULL) {
            pool->first = job;
        } else {
            pool->last->next = job;
        }
        pool->last = job;
        pthread_cond_signal(&pool->more);
    }
    pthread_mutex_unlock(&pool->lock);
    ENSURE(has_room, BUSY);
    return SJ_DONE;
}

sj_status sj_work_run(struct sj_work_pool *pool, sj_loop_fn *fn, void *ctx)
{
    struct sj_fiber *fiber = sj_fiber_current();

    if (fiber == NULL) {
        fn(ctx);
        return SJ_DONE;
    }
    struct job job = {.fn = fn, .ctx = ctx, .loop = sj_loop_current(), .fiber = fiber};
    TRY(push(pool, &job));
    while (!job.is_done) {
        sj_fiber_park();
    }
    return SJ_DONE;
}
