/* SPDX-License-Identifier: Apache-2.0
 *
 * Do timers fire once, in order of their deadlines, never early, and not at all when cancelled,
 * however many there are and whatever their callbacks do to each other?
 */
#include "sanjeh/base/loop.h"
#include "sanjeh/base/time.h"

#include "test.h"

#define MANY 400

struct tick {
    struct sj_timer *timer;
    struct wheel *wheel;
    int64_t after_ms;
    int fired;
};

struct wheel {
    struct sj_loop *loop;
    struct tick ticks[MANY];
    int64_t last_ms;
    int order_errors;
    int fired;
    int stop_at;
};

static void on_tick(void *ctx)
{
    struct tick *tick = ctx;
    struct wheel *wheel = tick->wheel;

    tick->fired++;
    wheel->order_errors += tick->after_ms < wheel->last_ms ? 1 : 0;
    wheel->last_ms = tick->after_ms;
    if (++wheel->fired == wheel->stop_at) {
        sj_loop_stop(wheel->loop);
    }
}

static void open_wheel(struct wheel *wheel)
{
    CHECK_OK(sj_loop_new(&wheel->loop));
    for (int i = 0; i < MANY; i++) {
        struct tick *tick = &wheel->ticks[i];
        tick->wheel = wheel;
        CHECK_OK(sj_timer_new(wheel->loop, on_tick, tick, &tick->timer));
    }
}

static void close_wheel(struct wheel *wheel)
{
    for (int i = 0; i < MANY; i++) {
        sj_timer_free(&wheel->ticks[i].timer);
    }
    sj_loop_free(&wheel->loop);
}

TEST(timer_many_fire_once_in_order)
{
    static struct wheel wheel;

    open_wheel(&wheel);
    wheel.stop_at = MANY;
    for (int i = 0; i < MANY; i++) {
        wheel.ticks[i].after_ms = i * 37 % 101; /* mixed, with equals */
        sj_timer_set(wheel.ticks[i].timer, wheel.ticks[i].after_ms);
    }
    CHECK_OK(sj_loop_run(wheel.loop));
    CHECK(wheel.order_errors == 0);
    for (int i = 0; i < MANY; i++) {
        CHECK(wheel.ticks[i].fired == 1);
    }
    close_wheel(&wheel);
}

TEST(timer_cancelled_and_reset_ones_do_not_fire_twice)
{
    static struct wheel wheel;

    open_wheel(&wheel);
    for (int i = 0; i < MANY; i++) {
        wheel.ticks[i].after_ms = i % 7;
        sj_timer_set(wheel.ticks[i].timer, 1000 - i);
        sj_timer_set(wheel.ticks[i].timer, wheel.ticks[i].after_ms);
    }
    for (int i = 0; i < MANY; i += 3) {
        sj_timer_cancel(wheel.ticks[i].timer);
        sj_timer_cancel(wheel.ticks[i].timer);
    }
    wheel.stop_at = MANY - (MANY + 2) / 3;
    CHECK_OK(sj_loop_run(wheel.loop));
    CHECK(wheel.order_errors == 0);
    for (int i = 0; i < MANY; i++) {
        CHECK(wheel.ticks[i].fired == (i % 3 == 0 ? 0 : 1));
    }
    close_wheel(&wheel);
}

struct single {
    struct sj_loop *loop;
    struct sj_timer *timer;
    int count;
};

static void stop_single(void *ctx)
{
    struct single *single = ctx;

    single->count++;
    sj_loop_stop(single->loop);
}

TEST(timer_is_not_early)
{
    struct single single = {0};

    REQUIRE_OK(sj_loop_new(&single.loop));
    REQUIRE_OK(sj_timer_new(single.loop, stop_single, &single, &single.timer));
    for (int i = 0; i < 10; i++) {
        const int64_t before_us = sj_time_monotonic_ms() * 1000;
        sj_timer_set(single.timer, 7);
        CHECK_OK(sj_loop_run(single.loop));
        const int64_t after_us = (sj_time_monotonic_ms() + 1) * 1000;
        CHECK(after_us - before_us >= 7000);
    }
    CHECK(single.count == 10);
    sj_timer_free(&single.timer);
    sj_loop_free(&single.loop);
}

static void rearm_or_free(void *ctx)
{
    struct single *single = ctx;

    if (++single->count < 50) {
        sj_timer_set(single->timer, 0);
        return;
    }
    sj_timer_free(&single->timer);
    sj_loop_stop(single->loop);
}

TEST(timer_may_rearm_and_free_itself_in_its_callback)
{
    struct single single = {0};

    REQUIRE_OK(sj_loop_new(&single.loop));
    REQUIRE_OK(sj_timer_new(single.loop, rearm_or_free, &single, &single.timer));
    sj_timer_set(single.timer, -5); /* a time that has passed: at once */
    CHECK_OK(sj_loop_run(single.loop));
    CHECK(single.count == 50);
    CHECK(single.timer == NULL);
    sj_loop_free(&single.loop);
}

TEST(timer_with_a_huge_delay_does_not_overflow)
{
    struct single single = {0};
    struct sj_timer *far = NULL;

    REQUIRE_OK(sj_loop_new(&single.loop));
    REQUIRE_OK(sj_timer_new(single.loop, stop_single, &single, &far));
    REQUIRE_OK(sj_timer_new(single.loop, stop_single, &single, &single.timer));
    sj_timer_set(far, INT64_MAX);
    sj_timer_set(single.timer, 2);
    CHECK_OK(sj_loop_run(single.loop));
    CHECK(single.count == 1);
    sj_timer_free(&far);
    sj_timer_free(&single.timer);
    sj_loop_free(&single.loop);
}
