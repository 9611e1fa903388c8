/* SPDX-License-Identifier: Apache-2.0
 *
 * What happens next on this thread? One turn is: wait in epoll, run watches, posts and due timers,
 * then run woken fibers, deferred calls and turn hooks until nothing is ready, then wait again. So
 * everything that one batch of events caused is finished, and its output flushed, with one wait
 * (epoll(7), eventfd(2)). Nothing in a turn allocates. Whoever could make a turn endless would
 * stop the server: a fiber that keeps waking itself therefore only gets a bounded number of rounds
 * before the loop looks at its descriptors again.
 */
#include "loop_priv.h"

#include "sanjeh/base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define ROUNDS_PER_TURN 64

struct loop_here *sj_loop_here(void)
{
    static _Thread_local struct loop_here here;
    return &here;
}

/* ---- making and ending ---- */

sj_status sj_loop_new(struct sj_loop **ret_loop)
{
    CLEANUP(sj_loop_free) struct sj_loop *loop = NULL;
    void *memory = NULL;

    TRY(sj_alloc(1, sizeof(*loop), &memory));
    loop = memory;
    loop->epoll_fd = -1;
    loop->wake_fd = -1;
    /* Cannot fail with default attributes. */
    pthread_mutex_init(&loop->post_lock, NULL);
    TRY(sj_fiber_root_new(loop));
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    ENSURE(loop->epoll_fd >= 0, IO);
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    ENSURE(loop->wake_fd >= 0, IO);
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = NULL}};
    ENSURE(epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->wake_fd, &event) == 0, IO);
    *ret_loop = TAKE(loop);
    return SJ_DONE;
}

static void bury(struct sj_loop *loop)
{
    while (loop->graveyard != NULL) {
        struct sj_watch *watch = loop->graveyard;
        loop->graveyard = watch->next;
        free(watch);
    }
}

static struct loop_post *take_posts(struct sj_loop *loop)
{
    pthread_mutex_lock(&loop->post_lock);
    struct loop_post *first = loop->post_first;
    loop->post_first = NULL;
    loop->post_last = NULL;
    pthread_mutex_unlock(&loop->post_lock);
    return first;
}

void sj_loop_free(struct sj_loop **loop)
{
    struct sj_loop *self = *loop;

    if (self == NULL) {
        return;
    }
    SJ_ASSERT(!self->is_running && self->fiber_count == 0);
    struct loop_post *post = take_posts(self);
    while (post != NULL) {
        struct loop_post *next = post->next;
        if (post->is_heap) {
            free(post);
        }
        post = next;
    }
    bury(self);
    sj_fiber_root_free(self);
    pthread_mutex_destroy(&self->post_lock);
    free(self->deferred.items);
    free(self->running_deferred.items);
    free(self->heap);
    sj_closep(&self->wake_fd);
    sj_closep(&self->epoll_fd);
    free(self);
    *loop = NULL;
}

struct sj_loop *sj_loop_current(void)
{
    return sj_loop_here()->loop;
}

/* ---- from other threads ---- */

/* Only write(2) and atomics: also right in a signal handler. */
static void notify(struct sj_loop *loop)
{
    const uint64_t one = 1;

    if (!atomic_exchange(&loop->is_notified, true)) {
        /* Fails only when the counter is full, and then the loop is about to wake anyway. */
        const ssize_t written = write(loop->wake_fd, &one, sizeof(one));
        (void)written;
    }
}

void sj_loop_stop(struct sj_loop *loop)
{
    atomic_store(&loop->stop, true);
    notify(loop);
}

void sj_loop_post_node(struct sj_loop *loop, struct loop_post *post)
{
    post->next = NULL;
    pthread_mutex_lock(&loop->post_lock);
    if (loop->post_last == NULL) {
        loop->post_first = post;
    } else {
        loop->post_last->next = post;
    }
    loop->post_last = post;
    /* Under the lock: once it is released the loop may run the post and end. */
    notify(loop);
    pthread_mutex_unlock(&loop->post_lock);
}

sj_status sj_loop_post(struct sj_loop *loop, sj_loop_fn *fn, void *ctx)
{
    void *memory = NULL;

    TRY(sj_alloc(1, sizeof(struct loop_post), &memory));
    struct loop_post *post = memory;
    *post = (struct loop_post){.fn = fn, .ctx = ctx, .is_heap = true};
    sj_loop_post_node(loop, post);
    return SJ_DONE;
}

static void run_posts(struct sj_loop *loop)
{
    uint64_t count = 0;
    const ssize_t got = read(loop->wake_fd, &count, sizeof(count));

    (void)got; /* nothing to read is fine: the list below is the truth */
    /* Before the list is taken: a post that comes later writes again. */
    atomic_store(&loop->is_notified, false);
    struct loop_post *post = take_posts(loop);
    while (post != NULL) {
        const struct loop_post now = *post;
        if (now.is_heap) {
            free(post);
        }
        now.fn(now.ctx); /* an embedded post may be gone after this */
        post = now.next;
    }
}

/* ---- end of turn ---- */

sj_status sj_loop_on_turn(struct sj_loop *loop, sj_loop_fn *fn, void *ctx)
{
    ENSURE(loop->on_turn_count < ON_TURN_MAX, LIMIT_EXCEEDED);
    loop->on_turn[loop->on_turn_count++] = (struct loop_call){fn, ctx};
    return SJ_DONE;
}

sj_status sj_loop_defer(struct sj_loop *loop, sj_loop_fn *fn, void *ctx)
{
    struct loop_calls *calls = &loop->deferred;

    if (calls->count == calls->cap) {
        const size_t cap = calls->cap == 0 ? 32 : calls->cap * 2;
        struct loop_call *items = reallocarray(calls->items, cap, sizeof(*items));
        ENSURE(items != NULL, OUT_OF_MEMORY);
        calls->items = items;
        calls->cap = cap;
    }
    calls->items[calls->count++] = (struct loop_call){fn, ctx};
    return SJ_DONE;
}

/* The two arrays change places, so a call may defer again without disturbing this pass. */
static void run_deferred(struct sj_loop *loop)
{
    const struct loop_calls calls = loop->deferred;

    loop->deferred = loop->running_deferred;
    loop->deferred.count = 0;
    loop->running_deferred = calls;
    for (size_t i = 0; i < calls.count; i++) {
        calls.items[i].fn(calls.items[i].ctx);
    }
}

static bool has_more(const struct sj_loop *loop)
{
    return loop->ready.first != NULL || loop->deferred.count > 0;
}

static void end_turn(struct sj_loop *loop)
{
    int rounds = 0;

    do {
        sj_fiber_run_ready(loop);
        const bool may_go_on = ++rounds < ROUNDS_PER_TURN;
        if (may_go_on && loop->ready.first != NULL) {
            continue;
        }
        run_deferred(loop);
        if (may_go_on && has_more(loop)) {
            continue;
        }
        for (size_t i = 0; i < loop->on_turn_count; i++) {
            loop->on_turn[i].fn(loop->on_turn[i].ctx);
        }
    } while (has_more(loop) && rounds < ROUNDS_PER_TURN);
    bury(loop);
}

/* ---- waiting ---- */

static int wait_ms(const struct sj_loop *loop)
{
    if (has_more(loop) || atomic_load(&loop->stop)) {
        return 0;
    }
    if (loop->heap_count == 0) {
        return -1;
    }
    const int64_t left_us = loop->heap[0]->deadline_us - sj_loop_now_us();
    if (left_us <= 0) {
        return 0;
    }
    /* Rounded up: waking early would only spin. */
    const int64_t left_ms = (left_us + 999) / 1000;
    return left_ms > 60000 ? 60000 : (int)left_ms;
}

/* ---- watches ---- */

static sj_status control(struct sj_watch *watch, int operation, uint32_t events)
{
    struct epoll_event event = {.events = events, .data = {.ptr = watch}};

    ENSURE(epoll_ctl(watch->loop->epoll_fd, operation, watch->fd, &event) == 0, IO);
    return SJ_DONE;
}

sj_status sj_watch_new(struct sj_loop *loop, int fd, uint32_t events, sj_watch_fn *fn, void *ctx,
    struct sj_watch **ret_watch)
{
    CLEANUP(sj_freep) void *memory = NULL;

    TRY(sj_alloc(1, sizeof(struct sj_watch), &memory));
    struct sj_watch *watch = memory;
    *watch = (struct sj_watch){.loop = loop, .fn = fn, .ctx = ctx, .fd = fd};
    TRY(sj_watch_set(watch, events));
    memory = NULL;
    *ret_watch = watch;
    return SJ_DONE;
}

/* A watch for nothing is taken out of epoll: it would still report hang-ups, turn after turn. */
sj_status sj_watch_set(struct sj_watch *watch, uint32_t events)
{
    if (events == watch->events) {
        return SJ_DONE;
    }
    if (events == 0) {
        TRY(control(watch, EPOLL_CTL_DEL, 0));
    } else {
        TRY(control(watch, watch->events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, events));
    }
    watch->events = events;
    return SJ_DONE;
}

void sj_watch_free(struct sj_watch **watch)
{
    struct sj_watch *self = *watch;

    if (self == NULL) {
        return;
    }
    sj_ignore(sj_watch_set(self, 0), "the caller may have closed the descriptor, which removed it");
    self->fn = NULL;
    self->next = self->loop->graveyard;
    self->loop->graveyard = self;
    *watch = NULL;
}

static void dispatch(struct sj_loop *loop, int count)
{
    bool has_posts = false;

    for (int i = 0; i < count; i++) {
        struct sj_watch *watch = loop->events[i].data.ptr;
        if (watch == NULL) {
            has_posts = true;
            continue;
        }
        /* An earlier event of this batch may have freed or changed this watch. */
        const uint32_t wanted = watch->events == 0 ? 0 : watch->events | EPOLLERR | EPOLLHUP;
        const uint32_t events = loop->events[i].events & wanted;
        if (watch->fn != NULL && events != 0) {
            watch->fn(watch->ctx, events);
        }
    }
    if (has_posts) {
        run_posts(loop);
    }
}

/* ---- the loop ---- */

static sj_status turn(struct sj_loop *loop)
{
    const int count = epoll_wait(loop->epoll_fd, loop->events, EVENTS_PER_TURN, wait_ms(loop));

    ENSURE(count >= 0 || errno == EINTR, IO);
    dispatch(loop, count);
    sj_timer_run_due(loop);
    end_turn(loop);
    return SJ_DONE;
}

sj_status sj_loop_run(struct sj_loop *loop)
{
    struct loop_here *here = sj_loop_here();
    sj_status status = SJ_DONE;

    SJ_ASSERT(here->loop == NULL && !loop->is_running);
    here->loop = loop;
    loop->is_running = true;
    end_turn(loop); /* what was woken or deferred before the run */
    while (!sj_failed(status) && !atomic_exchange(&loop->stop, false)) {
        status = turn(loop);
    }
    loop->is_running = false;
    here->loop = NULL;
    return status;
}
