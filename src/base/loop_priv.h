/* SPDX-License-Identifier: Apache-2.0
 *
 * What loop.c, fiber.c and work.c share: the loop's parts and the one piece of thread-local state
 * of the tree, "which loop and which fiber is this thread running".
 */
#ifndef SJ_BASE_LOOP_PRIV_H
#define SJ_BASE_LOOP_PRIV_H

#include "sanjeh/base/loop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>

#define ON_TURN_MAX      8
#define EVENTS_PER_TURN  128
#define NOT_IN_HEAP      SIZE_MAX
#define FIBERS_MAX       4096
#define IDLE_FIBERS_KEPT 256

/* Work handed over from any thread; work.c embeds it where it must not allocate. */
struct loop_post {
    struct loop_post *next;
    sj_loop_fn *fn;
    void *ctx;
    bool is_heap; /* the loop frees it after fn */
};

struct loop_call {
    sj_loop_fn *fn;
    void *ctx;
};

struct loop_calls {
    struct loop_call *items;
    size_t count;
    size_t cap;
};

struct sj_watch {
    struct sj_loop *loop;
    struct sj_watch *next; /* in the graveyard */
    sj_watch_fn *fn;       /* NULL once freed */
    void *ctx;
    uint32_t events;
    int fd;
};

struct sj_timer {
    struct sj_loop *loop;
    sj_loop_fn *fn;
    void *ctx;
    int64_t deadline_us;
    size_t at; /* index in the heap or NOT_IN_HEAP */
};

struct fiber_list {
    struct sj_fiber *first;
    struct sj_fiber *last;
};

struct sj_loop {
    int epoll_fd;
    int wake_fd; /* eventfd: posts and stop */
    bool is_running;

    atomic_bool stop;
    pthread_mutex_t post_lock;
    struct loop_post *post_first; /* under post_lock */
    struct loop_post *post_last;
    atomic_bool is_notified; /* wake_fd has been written since it was last read */

    struct loop_call on_turn[ON_TURN_MAX];
    size_t on_turn_count;
    struct loop_calls deferred;
    struct loop_calls running_deferred;

    struct sj_timer **heap; /* smallest deadline first */
    size_t heap_count;
    size_t heap_cap;
    size_t timer_count; /* all that exist: each can be armed without allocating */

    struct sj_watch *graveyard; /* freed in this turn, may still stand in its events */
    struct epoll_event events[EVENTS_PER_TURN];

    struct fiber_list ready;
    struct sj_fiber *idle_fibers;
    size_t idle_fiber_count;
    size_t fiber_count;
    struct fiber_root *root; /* the thread's own stack, kept by fiber.c */
};

struct loop_here {
    struct sj_loop *loop;
    struct sj_fiber *fiber;
};

/* The one allowed thread-local: defined in loop.c. */
struct loop_here *sj_loop_here(void);

/* Any thread, cannot fail; post stays borrowed until its fn runs. */
void sj_loop_post_node(struct sj_loop *loop, struct loop_post *post);

/* CLOCK_MONOTONIC in microseconds. */
int64_t sj_loop_now_us(void);
/* Fires what is due; a timer that re-arms itself with 0 waits for the next turn. */
void sj_timer_run_due(struct sj_loop *loop);
/* Makes room so that arming one more timer cannot fail. */
sj_status sj_timer_reserve(struct sj_loop *loop);
void sj_timer_unreserve(struct sj_loop *loop);

sj_status sj_fiber_root_new(struct sj_loop *loop);
void sj_fiber_root_free(struct sj_loop *loop);
/* Runs every fiber that is ready now, each once. */
void sj_fiber_run_ready(struct sj_loop *loop);

#endif
