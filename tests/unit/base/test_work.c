/* SPDX-License-Identifier: Apache-2.0
 *
 * Does slow work leave the loop free, come back to the right fiber, and refuse what does not fit?
 */
#include "sanjeh/base/work.h"

#include "sanjeh/base/time.h"

#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

struct task {
    struct sj_work_pool *pool;
    pthread_t loop_thread;
    pthread_t ran_on;
    atomic_int count;
    int ended;
    int busy;
    int ticks;
    bool is_over;
};

static void sleep_thread_ms(long ms)
{
    const struct timespec pause = {.tv_sec = 0, .tv_nsec = ms * 1000000};
    nanosleep(&pause, NULL);
}

static void note_thread(void *ctx)
{
    struct task *task = ctx;

    task->ran_on = pthread_self();
    sleep_thread_ms(30);
    atomic_fetch_add(&task->count, 1);
}

static void tick(void *ctx)
{
    struct task *task = ctx;

    while (!task->is_over) {
        task->ticks++;
        sj_fiber_sleep_ms(1);
    }
}

static void run_one(void *ctx)
{
    struct task *task = ctx;

    task->loop_thread = pthread_self();
    CHECK_OK(sj_fiber_spawn(sj_loop_current(), tick, task));
    CHECK_OK(sj_work_run(task->pool, note_thread, task));
    CHECK(pthread_equal(task->loop_thread, pthread_self()));
    CHECK(!pthread_equal(task->ran_on, task->loop_thread));
    CHECK(atomic_load(&task->count) == 1);
    task->is_over = true;
    sj_fiber_sleep_ms(5); /* lets the ticking fiber end */
}

TEST(work_runs_elsewhere_while_the_loop_goes_on)
{
    struct task task = {0};

    REQUIRE_OK(sj_work_pool_new(2, 4, &task.pool));
    sj_test_on_fiber(run_one, &task);
    CHECK(task.ticks > 3);
    sj_work_pool_free(&task.pool);
    CHECK(task.pool == NULL);
}

TEST(work_outside_a_fiber_runs_here)
{
    struct task task = {0};

    REQUIRE_OK(sj_work_pool_new(1, 0, &task.pool));
    CHECK_OK(sj_work_run(task.pool, note_thread, &task));
    CHECK(pthread_equal(task.ran_on, pthread_self()));
    sj_work_pool_free(&task.pool);
}

static void slow(void *ctx)
{
    struct task *task = ctx;

    sleep_thread_ms(20);
    atomic_fetch_add(&task->count, 1);
}

static void ask(void *ctx)
{
    struct task *task = ctx;
    const sj_status status = sj_work_run(task->pool, slow, task);

    if (sj_failed(status)) {
        CHECK_CODE(status, BUSY);
        task->busy++;
    }
    task->ended++;
}

static void ask_ten_times(void *ctx)
{
    struct task *task = ctx;

    for (int i = 0; i < 10; i++) {
        CHECK_OK(sj_fiber_spawn(sj_loop_current(), ask, task));
    }
    while (task->ended < 10) {
        sj_fiber_sleep_ms(2);
    }
}

TEST(work_beyond_threads_and_queue_is_busy_and_not_called)
{
    struct task task = {0};

    REQUIRE_OK(sj_work_pool_new(2, 3, &task.pool));
    sj_test_on_fiber(ask_ten_times, &task);
    CHECK(task.busy == 5);
    CHECK(atomic_load(&task.count) == 5);
    sj_work_pool_free(&task.pool);
}

TEST(work_pool_refuses_silly_sizes)
{
    struct sj_work_pool *pool = NULL;

    CHECK_CODE(sj_work_pool_new(0, 1, &pool), LIMIT_EXCEEDED);
    CHECK_CODE(sj_work_pool_new(65, 1, &pool), LIMIT_EXCEEDED);
    CHECK(pool == NULL);
    sj_work_pool_free(&pool);
}
