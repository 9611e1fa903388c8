/* SPDX-License-Identifier: Apache-2.0
 *
 * Which timer is due next? A binary heap by deadline in which each timer knows its place, so that
 * setting and cancelling cost O(log n) and never allocate: room for every existing timer is made
 * when it is created. Deadlines of requests, idle sessions and retries hang here; a lost timer would
 * let a slow client hold a connection for ever.
 */
#include "loop_priv.h"

#include <stdlib.h>
#include <time.h>

int64_t sj_loop_now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void place(struct sj_loop *loop, size_t at, struct sj_timer *timer)
{
    loop->heap[at] = timer;
    timer->at = at;
}

static void sift_up(struct sj_loop *loop, size_t at, struct sj_timer *timer)
{
    while (at > 0) {
        const size_t parent = (at - 1) / 2;
        if (loop->heap[parent]->deadline_us <= timer->deadline_us) {
            break;
        }
        place(loop, at, loop->heap[parent]);
        at = parent;
    }
    place(loop, at, timer);
}

static void sift_down(struct sj_loop *loop, size_t at, struct sj_timer *timer)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= loop->heap_count) {
            break;
        }
        if (child + 1 < loop->heap_count &&
            loop->heap[child + 1]->deadline_us < loop->heap[child]->deadline_us) {
            child++;
        }
        if (timer->deadline_us <= loop->heap[child]->deadline_us) {
            break;
        }
        place(loop, at, loop->heap[child]);
        at = child;
    }
    place(loop, at, timer);
}

void sj_timer_cancel(struct sj_timer *timer)
{
    struct sj_loop *loop = timer->loop;
    const size_t at = timer->at;

    if (at == NOT_IN_HEAP) {
        return;
    }
    timer->at = NOT_IN_HEAP;
    struct sj_timer *last = loop->heap[--loop->heap_count];
    if (last == timer) {
        return;
    }
    if (at > 0 && loop->heap[(at - 1) / 2]->deadline_us > last->deadline_us) {
        sift_up(loop, at, last);
    } else {
        sift_down(loop, at, last);
    }
}

void sj_timer_set(struct sj_timer *timer, int64_t after_ms)
{
    const int64_t longest_ms = INT64_C(1000) * 60 * 60 * 24 * 366;
    struct sj_loop *loop = timer->loop;

    sj_timer_cancel(timer);
    after_ms = after_ms < 0 ? 0 : after_ms;
    after_ms = after_ms > longest_ms ? longest_ms : after_ms;
    timer->deadline_us = sj_loop_now_us() + after_ms * 1000;
    sift_up(loop, loop->heap_count++, timer);
}

sj_status sj_timer_reserve(struct sj_loop *loop)
{
    if (loop->timer_count == loop->heap_cap) {
        const size_t cap = loop->heap_cap == 0 ? 64 : loop->heap_cap * 2;
        struct sj_timer **heap = reallocarray(loop->heap, cap, sizeof(struct sj_timer *));
        ENSURE(heap != NULL, OUT_OF_MEMORY);
        loop->heap = heap;
        loop->heap_cap = cap;
    }
    loop->timer_count++;
    return SJ_DONE;
}

void sj_timer_unreserve(struct sj_loop *loop)
{
    loop->timer_count--;
}

sj_status sj_timer_new(struct sj_loop *loop, sj_loop_fn *fn, void *ctx, struct sj_timer **ret_timer)
{
    CLEANUP(sj_freep) void *memory = NULL;

    TRY(sj_alloc(1, sizeof(struct sj_timer), &memory));
    TRY(sj_timer_reserve(loop));
    struct sj_timer *timer = memory;
    *timer = (struct sj_timer){.loop = loop, .fn = fn, .ctx = ctx, .at = NOT_IN_HEAP};
    memory = NULL;
    *ret_timer = timer;
    return SJ_DONE;
}

void sj_timer_free(struct sj_timer **timer)
{
    if (*timer == NULL) {
        return;
    }
    sj_timer_cancel(*timer);
    sj_timer_unreserve((*timer)->loop);
    free(*timer);
    *timer = NULL;
}

void sj_timer_run_due(struct sj_loop *loop)
{
    if (loop->heap_count == 0) {
        return;
    }
    const int64_t now = sj_loop_now_us();
    /* A timer that re-arms itself with 0 waits for the next turn. */
    size_t allowed = loop->heap_count;
    while (allowed-- > 0 && loop->heap_count > 0 && loop->heap[0]->deadline_us <= now) {
        struct sj_timer *timer = loop->heap[0];
        sj_timer_cancel(timer);
        timer->fn(timer->ctx);
    }
}
