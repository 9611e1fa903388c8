/* SPDX-License-Identifier: Apache-2.0
 *
 * Does the loop deliver events, posts, deferred calls and turn hooks, each as often as promised,
 * also when callbacks free or change watches under its feet?
 */
#include "sanjeh/base/loop.h"

#include "test.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct bench {
    struct sj_loop *loop;
    struct sj_watch *watch;
    struct sj_watch *other;
    int fds[2];
    int more[2];
    int count;
    int turns;
    uint32_t events;
};

static void open_bench(struct bench *bench)
{
    CHECK_OK(sj_loop_new(&bench->loop));
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, bench->fds) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, bench->more) == 0);
}

static void close_bench(struct bench *bench)
{
    sj_watch_free(&bench->watch);
    sj_watch_free(&bench->other);
    sj_loop_free(&bench->loop);
    CHECK(bench->loop == NULL);
    for (int i = 0; i < 2; i++) {
        sj_closep(&bench->fds[i]);
        sj_closep(&bench->more[i]);
    }
}

static void stop_later(void *ctx)
{
    struct bench *bench = ctx;
    sj_loop_stop(bench->loop);
}

static void count_and_stop(void *ctx)
{
    struct bench *bench = ctx;
    bench->count++;
    sj_loop_stop(bench->loop);
}

static void on_readable(void *ctx, uint32_t events)
{
    struct bench *bench = ctx;
    char byte = 0;

    bench->events = events;
    bench->count++;
    CHECK(read(bench->fds[0], &byte, 1) == 1);
    if (byte == 'q') {
        sj_loop_stop(bench->loop);
    }
}

TEST(loop_delivers_readable_events_level_triggered)
{
    struct bench bench = {0};

    open_bench(&bench);
    CHECK_OK(sj_watch_new(bench.loop, bench.fds[0], EPOLLIN, on_readable, &bench, &bench.watch));
    CHECK(write(bench.fds[1], "aaq", 3) == 3);
    CHECK_OK(sj_loop_run(bench.loop));
    CHECK(bench.count == 3); /* one byte read for each: the rest is reported again */
    CHECK((bench.events & EPOLLIN) != 0);
    close_bench(&bench);
}

TEST(loop_is_current_only_while_it_runs)
{
    struct bench bench = {0};

    open_bench(&bench);
    CHECK(sj_loop_current() == NULL);
    CHECK_OK(sj_loop_post(bench.loop, count_and_stop, &bench));
    CHECK_OK(sj_loop_run(bench.loop));
    CHECK(sj_loop_current() == NULL);
    CHECK(bench.count == 1);
    close_bench(&bench);
}

TEST(loop_can_run_again_after_stop)
{
    struct bench bench = {0};

    open_bench(&bench);
    for (int i = 0; i < 3; i++) {
        CHECK_OK(sj_loop_post(bench.loop, count_and_stop, &bench));
        CHECK_OK(sj_loop_run(bench.loop));
    }
    CHECK(bench.count == 3);
    close_bench(&bench);
}

TEST(loop_stopped_before_run_returns_at_once)
{
    struct bench bench = {0};

    open_bench(&bench);
    sj_loop_stop(bench.loop);
    CHECK_OK(sj_loop_run(bench.loop));
    close_bench(&bench);
}

/* Both pairs are readable in one batch: whichever comes first frees the other. */
static void free_the_other(void *ctx, uint32_t events)
{
    struct bench *bench = ctx;

    (void)events;
    bench->count++;
    sj_watch_free(&bench->watch);
    sj_watch_free(&bench->other);
    sj_loop_stop(bench->loop);
}

TEST(loop_drops_events_of_a_watch_freed_in_the_same_batch)
{
    struct bench bench = {0};

    open_bench(&bench);
    CHECK_OK(sj_watch_new(bench.loop, bench.fds[0], EPOLLIN, free_the_other, &bench, &bench.watch));
    CHECK_OK(
        sj_watch_new(bench.loop, bench.more[0], EPOLLIN, free_the_other, &bench, &bench.other));
    CHECK(write(bench.fds[1], "x", 1) == 1);
    CHECK(write(bench.more[1], "x", 1) == 1);
    CHECK_OK(sj_loop_run(bench.loop));
    CHECK(bench.count == 1);
    close_bench(&bench);
}

static void count_event(void *ctx, uint32_t events)
{
    struct bench *bench = ctx;

    (void)events;
    bench->count++;
}

TEST(loop_watch_for_nothing_is_silent_even_on_hang_up)
{
    struct bench bench = {0};
    struct sj_timer *timer = NULL;

    open_bench(&bench);
    CHECK_OK(sj_watch_new(bench.loop, bench.fds[0], EPOLLIN, count_event, &bench, &bench.watch));
    CHECK_OK(sj_watch_set(bench.watch, 0));
    sj_closep(&bench.fds[1]);
    CHECK_OK(sj_timer_new(bench.loop, stop_later, &bench, &timer));
    sj_timer_set(timer, 20);
    CHECK_OK(sj_loop_run(bench.loop));
    CHECK(bench.count == 0);
    CHECK_OK(sj_watch_set(bench.watch, EPOLLIN));
    sj_timer_set(timer, 5);
    CHECK_OK(sj_loop_run(bench.loop));
    CHECK(bench.count > 0);
    sj_timer_free(&timer);
    close_bench(&bench);
}

TEST(loop_watch_on_a_closed_descriptor_is_an_error)
{
    struct bench bench = {0};

    open_bench(&bench);
    CHECK_CODE(sj_watch_new(bench.loop, -1, EPOLLIN, count_event, &bench, &bench.watch), IO);
    CHECK(bench.watch == NULL);
    close_bench(&bench);
}

static void note_turn(void *ctx)
{
    struct bench *bench = ctx;
    bench->turns++;
}

static void defer_again(void *ctx)
{
    struct bench *bench = ctx;

    bench->count++;
    CHECK(bench->turns == 0); /* the hooks run when nothing is deferred any more */
    if (bench->count < 5) {
        CHECK_OK(sj_loop_defer(bench->loop, defer_again, bench));
    } else {
        sj_loop_stop(bench->loop);
    }
}

TEST(loop_runs_deferred_calls_once_and_hooks_after_them)
{
    struct bench bench = {0};

    open_bench(&bench);
    CHECK_OK(sj_loop_on_turn(bench.loop, note_turn, &bench));
    CHECK_OK(sj_loop_defer(bench.loop, defer_again, &bench));
    CHECK_OK(sj_loop_run(bench.loop));
    CHECK(bench.count == 5);
    CHECK(bench.turns >= 1);
    close_bench(&bench);
}

TEST(loop_takes_eight_turn_hooks)
{
    struct bench bench = {0};

    open_bench(&bench);
    for (int i = 0; i < 8; i++) {
        CHECK_OK(sj_loop_on_turn(bench.loop, note_turn, &bench));
    }
    CHECK_CODE(sj_loop_on_turn(bench.loop, note_turn, &bench), LIMIT_EXCEEDED);
    close_bench(&bench);
}

#define POSTS   2000
#define POSTERS 4

static void count_posts(void *ctx)
{
    struct bench *bench = ctx;
    if (++bench->count == POSTS * POSTERS) {
        sj_loop_stop(bench->loop);
    }
}

static void *post_many(void *argument)
{
    struct bench *bench = argument;

    for (int i = 0; i < POSTS; i++) {
        CHECK_OK(sj_loop_post(bench->loop, count_posts, bench));
    }
    return NULL;
}

TEST(loop_runs_every_post_of_other_threads)
{
    struct bench bench = {0};
    pthread_t threads[POSTERS];

    open_bench(&bench);
    for (int i = 0; i < POSTERS; i++) {
        REQUIRE(pthread_create(&threads[i], NULL, post_many, &bench) == 0);
    }
    CHECK_OK(sj_loop_run(bench.loop));
    for (int i = 0; i < POSTERS; i++) {
        pthread_join(threads[i], NULL);
    }
    CHECK(bench.count == POSTS * POSTERS);
    close_bench(&bench);
}

TEST(loop_free_drops_posts_that_never_ran)
{
    struct bench bench = {0};

    open_bench(&bench);
    CHECK_OK(sj_loop_post(bench.loop, count_and_stop, &bench));
    close_bench(&bench);
    CHECK(bench.count == 0);
}

static void *stop_soon(void *argument)
{
    struct bench *bench = argument;
    const struct timespec pause = {.tv_nsec = 20000000};

    nanosleep(&pause, NULL);
    sj_loop_stop(bench->loop);
    return NULL;
}

TEST(loop_stop_from_another_thread_ends_the_wait)
{
    struct bench bench = {0};
    pthread_t thread;

    open_bench(&bench);
    REQUIRE(pthread_create(&thread, NULL, stop_soon, &bench) == 0);
    CHECK_OK(sj_loop_run(bench.loop)); /* nothing else would ever wake it */
    pthread_join(thread, NULL);
    close_bench(&bench);
}
