/* SPDX-License-Identifier: Apache-2.0
 *
 * Do fibers park, wake, sleep and end as promised: started at once, woken later in the same turn,
 * no wake lost, stacks kept apart and guarded, at most 4,096 alive?
 */
#include "sanjeh/base/loop.h"
#include "sanjeh/base/time.h"

#include "test.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WITH_TSAN 1
#endif
#endif

struct scene {
    struct sj_loop *loop;
    struct sj_fiber *fiber;
    struct sj_fiber *other;
    int steps;
    bool flag;
    int64_t took_ms;
};

static void remember_and_park(void *ctx)
{
    struct scene *scene = ctx;

    scene->fiber = sj_fiber_current();
    scene->steps = 1;
    sj_fiber_park();
    scene->steps = 2;
    sj_loop_stop(scene->loop);
}

static void wake_it(void *ctx)
{
    struct scene *scene = ctx;

    CHECK_OK(sj_fiber_spawn(scene->loop, remember_and_park, scene));
    CHECK(scene->steps == 1); /* started at once, back here when it parked */
    CHECK(sj_fiber_current() == NULL);
    sj_fiber_wake(scene->fiber);
    sj_fiber_wake(scene->fiber);
    CHECK(scene->steps == 1); /* never inside the call */
}

static void note_steps(void *ctx)
{
    struct scene *scene = ctx;
    scene->flag = scene->steps == 2;
}

TEST(fiber_starts_at_once_and_wakes_before_the_turn_ends)
{
    struct scene scene = {0};

    REQUIRE_OK(sj_loop_new(&scene.loop));
    REQUIRE_OK(sj_loop_on_turn(scene.loop, note_steps, &scene));
    REQUIRE_OK(sj_loop_post(scene.loop, wake_it, &scene));
    CHECK_OK(sj_loop_run(scene.loop));
    CHECK(scene.steps == 2);
    CHECK(scene.flag); /* the hook of that very turn saw it */
    CHECK(sj_loop_fiber_count(scene.loop) == 0);
    sj_loop_free(&scene.loop);
}

static void wake_self_then_park(void *ctx)
{
    struct scene *scene = ctx;

    sj_fiber_wake(sj_fiber_current());
    sj_fiber_park(); /* must come back: nobody else would wake it */
    scene->flag = !sj_fiber_park_for(5);
}

TEST(fiber_wake_before_park_is_not_lost_and_counts_once)
{
    struct scene scene = {0};

    sj_test_on_fiber(wake_self_then_park, &scene);
    CHECK(scene.flag);
}

static void sleep_through_a_wake(void *ctx)
{
    struct scene *scene = ctx;
    const int64_t start = sj_time_monotonic_ms();

    sj_fiber_wake(sj_fiber_current());
    sj_fiber_sleep_ms(20);
    scene->took_ms = sj_time_monotonic_ms() - start;
    sj_fiber_sleep_ms(0);
    scene->flag = sj_fiber_park_for(1000); /* the wake was kept */
}

TEST(fiber_sleep_lasts_and_keeps_a_wake)
{
    struct scene scene = {0};

    sj_test_on_fiber(sleep_through_a_wake, &scene);
    CHECK(scene.took_ms >= 20);
    CHECK(scene.flag);
}

static void park_until_woken_by_child(void *ctx)
{
    struct scene *scene = ctx;
    scene->flag = sj_fiber_park_for(10000);
}

static void wake_fiber_of_scene(void *ctx)
{
    struct scene *scene = ctx;
    sj_fiber_sleep_ms(5);
    sj_fiber_wake(scene->fiber);
}

static void parent(void *ctx)
{
    struct scene *scene = ctx;

    scene->fiber = sj_fiber_current();
    CHECK_OK(sj_fiber_spawn(sj_loop_current(), wake_fiber_of_scene, scene));
    CHECK(sj_fiber_current() == scene->fiber);
    park_until_woken_by_child(scene);
}

TEST(fiber_spawned_by_a_fiber_can_wake_it)
{
    struct scene scene = {0};
    const int64_t start = sj_time_monotonic_ms();

    sj_test_on_fiber(parent, &scene);
    CHECK(scene.flag);
    CHECK(sj_time_monotonic_ms() - start < 5000);
}

/* Each fiber fills its stack with its own number and looks whether others wrote into it. */
#define CROWD 300

struct crowd {
    struct sj_loop *loop;
    int next;
    int ended;
    int mixed_up;
};

static void keep_own_stack(void *ctx)
{
    struct crowd *crowd = ctx;
    const int number = crowd->next++;
    volatile int mine[512];

    for (int i = 0; i < 512; i++) {
        mine[i] = number;
    }
    for (int round = 0; round < 3; round++) {
        sj_fiber_sleep_ms(number % 5);
        for (int i = 0; i < 512; i++) {
            crowd->mixed_up += mine[i] == number ? 0 : 1;
        }
    }
    if (++crowd->ended == CROWD) {
        sj_loop_stop(crowd->loop);
    }
}

static void spawn_crowd(void *ctx)
{
    struct crowd *crowd = ctx;

    for (int i = 0; i < CROWD; i++) {
        CHECK_OK(sj_fiber_spawn(crowd->loop, keep_own_stack, crowd));
    }
}

TEST(fiber_stacks_are_apart_and_reused)
{
    struct crowd crowd = {0};

    REQUIRE_OK(sj_loop_new(&crowd.loop));
    for (int wave = 0; wave < 3; wave++) {
        crowd.next = 0;
        crowd.ended = 0;
        REQUIRE_OK(sj_loop_post(crowd.loop, spawn_crowd, &crowd));
        CHECK_OK(sj_loop_run(crowd.loop));
        CHECK(crowd.ended == CROWD);
        CHECK(crowd.mixed_up == 0);
    }
    CHECK(sj_loop_fiber_count(crowd.loop) == 0);
    sj_loop_free(&crowd.loop);
}

#ifndef WITH_TSAN /* it keeps a state for every fiber, and has no room for so many */
static void fill_up(void *ctx)
{
    struct scene *scene = ctx;
    sj_status status = SJ_DONE;
    int alive = 1; /* this one */

    while (!sj_failed(status)) {
        scene->other = NULL;
        status = sj_fiber_spawn(sj_loop_current(), park_until_woken_by_child, scene);
        alive += sj_failed(status) ? 0 : 1;
    }
    CHECK_CODE(status, BUSY);
    scene->steps = alive;
    _exit(alive == 4096 && sj_loop_fiber_count(sj_loop_current()) == 4096 ? 0 : 1);
}

/* In a child: the parked fibers are never ended there. */
TEST(fiber_number_is_limited)
{
    const pid_t child = fork();
    int state = 0;

    if (child == 0) {
        struct scene scene = {0};
        sj_test_on_fiber(fill_up, &scene);
        _exit(2);
    }
    CHECK(waitpid(child, &state, 0) == child);
    CHECK(WIFEXITED(state) && WEXITSTATUS(state) == 0);
}
#endif

static int recurse(volatile char *above, int depth)
{
    volatile char frame[1024];

    frame[0] = *above;
    return depth == 0 ? frame[0] : recurse(frame, depth - 1) + frame[0];
}

static void run_off_the_stack(void *ctx)
{
    struct scene *scene = ctx;
    volatile char top = 1;
    scene->steps = recurse(&top, 1 << 20);
}

TEST(fiber_that_overflows_its_stack_dies_on_the_guard_page)
{
    const pid_t child = fork();
    int state = 0;

    if (child == 0) {
        const struct rlimit none = {0, 0};
        struct scene scene = {0};
        setrlimit(RLIMIT_CORE, &none);
        close(STDERR_FILENO); /* sanitizers report it at length */
        sj_test_on_fiber(run_off_the_stack, &scene);
        _exit(0);
    }
    CHECK(waitpid(child, &state, 0) == child);
    /* A signal, or the sanitizer's exit after it saw the signal. */
    CHECK(WIFSIGNALED(state) || (WIFEXITED(state) && WEXITSTATUS(state) != 0));
}

static void ping(void *ctx)
{
    struct scene *scene = ctx;

    scene->other = sj_fiber_current();
    while (!scene->flag) {
        sj_fiber_wake(scene->fiber);
        sj_fiber_park();
    }
    sj_fiber_wake(scene->fiber);
}

/* The two only ever wake each other: one of them is ready in every round of every turn. */
static void busy_pair(void *ctx)
{
    struct scene *scene = ctx;

    scene->fiber = sj_fiber_current();
    CHECK_OK(sj_fiber_spawn(scene->loop, ping, scene));
    while (!scene->flag) {
        scene->steps++;
        sj_fiber_wake(scene->other);
        sj_fiber_park();
    }
    sj_fiber_wake(scene->other);
    sj_fiber_sleep_ms(1);
    sj_loop_stop(scene->loop);
}

static void spawn_busy_pair(void *ctx)
{
    struct scene *scene = ctx;
    CHECK_OK(sj_fiber_spawn(scene->loop, busy_pair, scene));
}

static void set_flag(void *ctx)
{
    struct scene *scene = ctx;
    scene->flag = true;
}

TEST(fiber_pair_that_never_rests_does_not_starve_timers)
{
    struct scene scene = {0};
    struct sj_timer *timer = NULL;

    REQUIRE_OK(sj_loop_new(&scene.loop));
    REQUIRE_OK(sj_timer_new(scene.loop, set_flag, &scene, &timer));
    sj_timer_set(timer, 10);
    REQUIRE_OK(sj_loop_post(scene.loop, spawn_busy_pair, &scene));
    CHECK_OK(sj_loop_run(scene.loop));
    CHECK(scene.flag);
    CHECK(scene.steps > 0); /* how often they met says only how busy the machine was */
    CHECK(sj_loop_fiber_count(scene.loop) == 0);
    sj_timer_free(&timer);
    sj_loop_free(&scene.loop);
}

TEST(fiber_is_none_outside_and_sleep_blocks_there)
{
    const int64_t start = sj_time_monotonic_ms();

    CHECK(sj_fiber_current() == NULL);
    sj_fiber_sleep_ms(10);
    CHECK(sj_time_monotonic_ms() - start >= 9);
}

static void stop_at_once(void *ctx)
{
    struct scene *scene = ctx;
    scene->steps++;
    sj_loop_stop(scene->loop);
}

TEST(fiber_may_start_before_the_loop_runs)
{
    struct scene scene = {0};

    REQUIRE_OK(sj_loop_new(&scene.loop));
    REQUIRE_OK(sj_fiber_spawn(scene.loop, stop_at_once, &scene));
    CHECK(scene.steps == 1);
    CHECK(sj_loop_current() == NULL);
    CHECK_OK(sj_loop_run(scene.loop));
    sj_loop_free(&scene.loop);
}
