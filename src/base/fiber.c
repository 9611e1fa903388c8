/* SPDX-License-Identifier: Apache-2.0
 *
 * How does code that waits give its thread to others? Each fiber has a stack of its own
 * (makecontext(3)); parking switches back to whoever resumed it. A stack is entered once through its
 * context and afterwards by sigsetjmp(3) and siglongjmp(3) without the signal mask, because
 * swapcontext(3) asks the kernel for that mask twice on every switch. Stacks carry a guard page below
 * and are pooled with their fiber, so a spawn costs two switches and no allocation. The address and
 * thread sanitizers are told of every switch; under them swapcontext is used. Without the guard page
 * a deep recursion on hostile input would write into the neighbour's stack.
 */
#include "loop_priv.h"

#include "sanjeh/base/time.h"

#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define WITH_TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(WITH_ASAN)
#define WITH_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__) && !defined(WITH_TSAN)
#define WITH_TSAN 1
#endif
#ifdef WITH_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef WITH_TSAN
#include <sanitizer/tsan_interface.h>
#endif

#if defined(WITH_ASAN) || defined(WITH_TSAN)
#define SJ_FIBER_STACK (512 * 1024) /* instrumented frames are several times larger */
#else
#define SJ_FIBER_STACK (128 * 1024)
#endif

/* A stack that can be switched to: a fiber's, or the thread's own. */
struct stack {
    ucontext_t context; /* where it begins; under a sanitizer also where it was left */
    sigjmp_buf left_at;
    bool has_begun;
    const void *bottom; /* known for the thread's own stack after the first switch away from it */
    size_t size;
    void *tsan_fiber;
};

enum fiber_state { FIBER_IDLE = 0, FIBER_RUNNING, FIBER_PARKED };

struct sj_fiber {
    struct stack stack;
    struct sj_loop *loop;
    struct sj_fiber *next;    /* in the ready list or the idle pool */
    struct sj_fiber *resumer; /* NULL: the thread's own stack */
    sj_loop_fn *fn;
    void *ctx;
    uint8_t *mapping;
    struct sj_timer timer; /* for parking with a limit */
    enum fiber_state state;
    bool is_woken;
    bool is_timed_out;
};

struct fiber_root {
    struct stack stack;
};

/* ---- switching ---- */

static void before_switch(struct stack *to, void **fake_stack)
{
#ifdef WITH_ASAN
    __sanitizer_start_switch_fiber(fake_stack, to->bottom, to->size);
#else
    (void)fake_stack;
#endif
#ifdef WITH_TSAN
    __tsan_switch_to_fiber(to->tsan_fiber, 0);
#endif
    (void)to;
}

/* root: the thread's own stack when it was left to come here, else NULL; learns its bounds. */
static void after_switch(void *fake_stack, struct stack *root)
{
#ifdef WITH_ASAN
    const void *bottom = NULL;
    size_t size = 0;
    __sanitizer_finish_switch_fiber(fake_stack, &bottom, &size);
    if (root != NULL) {
        root->bottom = bottom;
        root->size = size;
    }
#else
    (void)fake_stack;
    (void)root;
#endif
}

static struct stack *came_from_root(const struct sj_fiber *fiber)
{
    return fiber != NULL && fiber->resumer == NULL ? &fiber->loop->root->stack : NULL;
}

#if defined(WITH_ASAN) || defined(WITH_TSAN)
static void jump(struct stack *from, struct stack *to)
{
    const int result = swapcontext(&from->context, &to->context);
    SJ_ASSERT(result == 0);
}
#else
static void jump(struct stack *from, struct stack *to)
{
    if (sigsetjmp(from->left_at, /* savemask= */ 0) != 0) {
        return;
    }
    if (to->has_begun) {
        siglongjmp(to->left_at, 1);
    }
    to->has_begun = true;
    const int result = setcontext(&to->context);
    SJ_ASSERT(result == 0);
}
#endif

/* back_on: the fiber that goes on when this returns, NULL on the thread's own stack. */
static void switch_stack(struct stack *from, struct stack *to, const struct sj_fiber *back_on)
{
    void *fake_stack = NULL;

    before_switch(to, &fake_stack);
    jump(from, to);
    after_switch(fake_stack, came_from_root(back_on));
}

static struct stack *stack_of(struct sj_loop *loop, struct sj_fiber *fiber)
{
    return fiber == NULL ? &loop->root->stack : &fiber->stack;
}

/* Runs the fiber until it parks or ends. */
static void resume(struct sj_fiber *fiber)
{
    struct loop_here *here = sj_loop_here();
    const struct loop_here before = *here;

    fiber->resumer = before.fiber;
    fiber->state = FIBER_RUNNING;
    fiber->is_woken = false;
    *here = (struct loop_here){fiber->loop, fiber};
    if (before.fiber == NULL) {
#ifdef WITH_TSAN
        fiber->loop->root->stack.tsan_fiber = __tsan_get_current_fiber();
#endif
    }
    switch_stack(stack_of(fiber->loop, before.fiber), &fiber->stack, NULL);
    *here = before;
}

static void leave(struct sj_fiber *fiber)
{
    switch_stack(&fiber->stack, stack_of(fiber->loop, fiber->resumer), fiber);
}

/* ---- life of a fiber ---- */

static void free_fiber(struct sj_fiber *fiber)
{
#ifdef WITH_TSAN
    if (fiber->stack.tsan_fiber != NULL) {
        __tsan_destroy_fiber(fiber->stack.tsan_fiber);
    }
#endif
    if (fiber->mapping != NULL) {
        munmap(fiber->mapping, fiber->stack.size + (size_t)sysconf(_SC_PAGESIZE));
    }
    free(fiber);
}

static void retire(struct sj_fiber *fiber)
{
    struct sj_loop *loop = fiber->loop;

    fiber->state = FIBER_IDLE;
    fiber->next = loop->idle_fibers;
    loop->idle_fibers = fiber;
    loop->idle_fiber_count++;
    loop->fiber_count--;
}

/* A fiber never returns from here: between two jobs it waits in the pool, its context ready. */
static void fiber_main(unsigned high, unsigned low)
{
    /* @unsafe: makecontext passes ints only; the pointer comes in two halves. */
    struct sj_fiber *fiber = (struct sj_fiber *)((uintptr_t)high << 32 | (uintptr_t)low);

    after_switch(NULL, came_from_root(fiber));
    for (;;) {
        fiber->fn(fiber->ctx);
        retire(fiber);
        leave(fiber);
    }
}

static sj_status map_stack(struct sj_fiber *fiber)
{
    const size_t guard = (size_t)sysconf(_SC_PAGESIZE);
    const size_t size = SJ_FIBER_STACK;
    void *mapping = mmap(NULL, size + guard, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);

    ENSURE(mapping != MAP_FAILED, OUT_OF_MEMORY);
    fiber->mapping = mapping;
    fiber->stack.bottom = fiber->mapping + guard;
    fiber->stack.size = size;
    ENSURE(mprotect(mapping, guard, PROT_NONE) == 0, OUT_OF_MEMORY);
    return SJ_DONE;
}

static void on_time(void *ctx)
{
    struct sj_fiber *fiber = ctx;

    if (!fiber->is_woken) {
        sj_fiber_wake(fiber);
        fiber->is_timed_out = true;
    }
}

static void free_fiberp(struct sj_fiber **fiber)
{
    if (*fiber != NULL) {
        free_fiber(*fiber);
    }
}

static sj_status new_fiber(struct sj_loop *loop, struct sj_fiber **ret_fiber)
{
    CLEANUP(free_fiberp) struct sj_fiber *fiber = NULL;
    void *memory = NULL;

    TRY(sj_alloc(1, sizeof(*fiber), &memory));
    fiber = memory;
    fiber->loop = loop;
    fiber->timer = (struct sj_timer){.loop = loop, .fn = on_time, .ctx = fiber, .at = NOT_IN_HEAP};
    TRY(map_stack(fiber));
    ENSURE(getcontext(&fiber->stack.context) == 0, IO);
    fiber->stack.context.uc_stack.ss_sp = fiber->mapping + (size_t)sysconf(_SC_PAGESIZE);
    fiber->stack.context.uc_stack.ss_size = fiber->stack.size;
    fiber->stack.context.uc_link = NULL;
    const uintptr_t address = (uintptr_t)fiber;
    makecontext(&fiber->stack.context, (void (*)(void))fiber_main, 2, (unsigned)(address >> 32),
        (unsigned)(address & UINT32_MAX));
#ifdef WITH_TSAN
    fiber->stack.tsan_fiber = __tsan_create_fiber(0);
#endif
    TRY(sj_timer_reserve(loop));
    *ret_fiber = TAKE(fiber);
    return SJ_DONE;
}

/* Gives stacks beyond the kept number back. Never inside the fiber that ends: it still stands on
 * its stack until it has left. */
static void trim_idle(struct sj_loop *loop, size_t kept)
{
    while (loop->idle_fiber_count > kept) {
        struct sj_fiber *fiber = loop->idle_fibers;
        loop->idle_fibers = fiber->next;
        loop->idle_fiber_count--;
        sj_timer_unreserve(loop);
        free_fiber(fiber);
    }
}

sj_status sj_fiber_root_new(struct sj_loop *loop)
{
    void *memory = NULL;

    TRY(sj_alloc(1, sizeof(struct fiber_root), &memory));
    loop->root = memory;
    loop->root->stack.has_begun = true;
    return SJ_DONE;
}

void sj_fiber_root_free(struct sj_loop *loop)
{
    trim_idle(loop, 0);
    free(loop->root);
    loop->root = NULL;
}

sj_status sj_fiber_spawn(struct sj_loop *loop, sj_loop_fn *fn, void *ctx)
{
    const struct sj_loop *current = sj_loop_here()->loop;
    struct sj_fiber *fiber = loop->idle_fibers;

    SJ_ASSERT(current == loop || (current == NULL && !loop->is_running));
    ENSURE(loop->fiber_count < FIBERS_MAX, BUSY);
    if (fiber != NULL) {
        loop->idle_fibers = fiber->next;
        loop->idle_fiber_count--;
    } else {
        TRY(new_fiber(loop, &fiber));
    }
    loop->fiber_count++;
    fiber->next = NULL;
    fiber->fn = fn;
    fiber->ctx = ctx;
    resume(fiber);
    return SJ_DONE;
}

/* ---- parking and waking ---- */

struct sj_fiber *sj_fiber_current(void)
{
    return sj_loop_here()->fiber;
}

void sj_fiber_park(void)
{
    struct sj_fiber *fiber = sj_fiber_current();

    SJ_ASSERT(fiber != NULL);
    if (fiber->is_woken) {
        fiber->is_woken = false;
        return;
    }
    fiber->state = FIBER_PARKED;
    leave(fiber);
}

void sj_fiber_wake(struct sj_fiber *fiber)
{
    struct fiber_list *ready = &fiber->loop->ready;

    SJ_ASSERT(!fiber->loop->is_running || sj_loop_here()->loop == fiber->loop);
    fiber->is_timed_out = false;
    if (fiber->is_woken || fiber->state == FIBER_IDLE) {
        return;
    }
    fiber->is_woken = true;
    if (fiber->state != FIBER_PARKED) {
        return;
    }
    fiber->next = NULL;
    if (ready->last == NULL) {
        ready->first = fiber;
    } else {
        ready->last->next = fiber;
    }
    ready->last = fiber;
}

void sj_fiber_run_ready(struct sj_loop *loop)
{
    struct sj_fiber *fiber = loop->ready.first;

    /* Those woken meanwhile stand in a new list: the next round's. */
    loop->ready = (struct fiber_list){NULL, NULL};
    while (fiber != NULL) {
        struct sj_fiber *next = fiber->next;
        resume(fiber);
        fiber = next;
    }
    trim_idle(loop, IDLE_FIBERS_KEPT);
}

bool sj_fiber_park_for(int64_t ms)
{
    struct sj_fiber *fiber = sj_fiber_current();

    SJ_ASSERT(fiber != NULL);
    fiber->is_timed_out = false;
    if (!fiber->is_woken) {
        sj_timer_set(&fiber->timer, ms);
    }
    sj_fiber_park();
    sj_timer_cancel(&fiber->timer);
    return !fiber->is_timed_out;
}

static void sleep_thread(int64_t ms)
{
    struct timespec left = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    while (nanosleep(&left, &left) != 0 && errno == EINTR) {
    }
}

/* Wakes that come while it sleeps are kept for the next park. */
void sj_fiber_sleep_ms(int64_t ms)
{
    struct sj_fiber *fiber = sj_fiber_current();
    const int64_t end_ms = sj_time_monotonic_ms() + ms;
    bool was_woken = false;
    int64_t left_ms = ms;

    if (fiber == NULL) {
        sleep_thread(ms > 0 ? ms : 0);
        return;
    }
    while (left_ms > 0) {
        was_woken = sj_fiber_park_for(left_ms) || was_woken;
        left_ms = end_ms - sj_time_monotonic_ms();
    }
    fiber->is_woken = fiber->is_woken || was_woken;
}

size_t sj_loop_fiber_count(const struct sj_loop *loop)
{
    return loop->fiber_count;
}
