/* SPDX-License-Identifier: Apache-2.0
 *
 * One event loop (epoll) per thread and the fibers that run on it. A request's code reads from top
 * to bottom: where it waits for the database, the keeper or the sequencer it parks its fiber and
 * the loop goes on with others. Everything here but sj_loop_post and sj_loop_stop is for the
 * loop's own thread. Fibers are ucontext(3) stacks of SJ_FIBER_STACK bytes with a guard page, kept
 * for reuse; they are never moved between threads.
 */
#ifndef SJ_BASE_LOOP_H
#define SJ_BASE_LOOP_H

#include "sanjeh/base/memory.h"

struct sj_loop;
struct sj_fiber;
struct sj_watch;
struct sj_timer;

/* events: EPOLLIN, EPOLLOUT … as epoll gave them. */
typedef void sj_watch_fn(void *ctx, uint32_t events);
typedef void sj_loop_fn(void *ctx);

SJ_MUST_CHECK sj_status sj_loop_new(struct sj_loop **ret_loop);
/* No fiber may be alive. */
void sj_loop_free(struct sj_loop **loop);
/* Runs until sj_loop_stop; call from one thread only. */
SJ_MUST_CHECK sj_status sj_loop_run(struct sj_loop *loop);
/* Any thread, also a signal-fd handler. */
void sj_loop_stop(struct sj_loop *loop);
/* The loop that this thread is running, NULL outside sj_loop_run. */
struct sj_loop *sj_loop_current(void);
/* Any thread: fn(ctx) runs once on the loop's thread, soon. Errors: OUT_OF_MEMORY. */
SJ_MUST_CHECK sj_status sj_loop_post(struct sj_loop *loop, sj_loop_fn *fn, void *ctx);
/* fn(ctx) runs at the end of every turn, before epoll_wait: where buffers are flushed. At most 8,
 * for the life of the loop. */
SJ_MUST_CHECK sj_status sj_loop_on_turn(struct sj_loop *loop, sj_loop_fn *fn, void *ctx);
/* fn runs once at the end of this turn (coalescing flushes); cheap. */
SJ_MUST_CHECK sj_status sj_loop_defer(struct sj_loop *loop, sj_loop_fn *fn, void *ctx);

/* Level-triggered watch; the fd stays the caller's. */
SJ_MUST_CHECK sj_status sj_watch_new(struct sj_loop *loop, int fd, uint32_t events, sj_watch_fn *fn,
    void *ctx, struct sj_watch **ret_watch);
/* No system call when events are unchanged. */
SJ_MUST_CHECK sj_status sj_watch_set(struct sj_watch *watch, uint32_t events);
void sj_watch_free(struct sj_watch **watch);

/* One shot; re-arm with sj_timer_set. Accuracy about 1 ms. */
SJ_MUST_CHECK sj_status sj_timer_new(
    struct sj_loop *loop, sj_loop_fn *fn, void *ctx, struct sj_timer **ret_timer);
void sj_timer_set(struct sj_timer *timer, int64_t after_ms);
void sj_timer_cancel(struct sj_timer *timer);
void sj_timer_free(struct sj_timer **timer);

/* Starts fn(ctx) at once on a fiber of the running loop; returns when it first parks or ends. May be
 * called from a fiber. Errors: OUT_OF_MEMORY, BUSY (more than 4,096 fibers). */
SJ_MUST_CHECK sj_status sj_fiber_spawn(struct sj_loop *loop, sj_loop_fn *fn, void *ctx);
/* NULL outside a fiber: code that can wait uses this to choose parking or blocking. */
struct sj_fiber *sj_fiber_current(void);
/* Gives the thread back until sj_fiber_wake(this fiber). A wake before the park is not lost: the park
 * then returns at once. */
void sj_fiber_park(void);
/* Same thread. The fiber runs later in this turn, never inside the call. */
void sj_fiber_wake(struct sj_fiber *fiber);
void sj_fiber_sleep_ms(int64_t ms);
/* Parks for at most ms; false when the time ran out without a wake. */
bool sj_fiber_park_for(int64_t ms);
size_t sj_loop_fiber_count(const struct sj_loop *loop);

#endif
