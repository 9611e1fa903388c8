/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a draft get to the sequencer and its receipt back? On the sequencer's own loop by plain lists, without
 * a lock or a system call; from another loop through a list under a mutex and one post for all that queued
 * meanwhile, in both directions. Slots are reused, their bodies keep their memory: a steady load allocates
 * nothing. A waiter that gives up marks its slot; whoever holds the slot then frees it, so neither side ever
 * writes into the other's dead stack. Bounded: an attacker who floods the record gets BUSY, not memory.
 */
#include "state.h"

#include "sanjeh/base/log.h"

void sj_slot_push(struct sj_slot_list *list, struct sj_slot *slot)
{
    slot->next = NULL;
    if (list->last == NULL) {
        list->first = slot;
    } else {
        list->last->next = slot;
    }
    list->last = slot;
}

struct sj_slot *sj_slot_pop(struct sj_slot_list *list)
{
    struct sj_slot *slot = list->first;
    if (slot != NULL) {
        list->first = slot->next;
        if (list->first == NULL) {
            list->last = NULL;
        }
        slot->next = NULL;
    }
    return slot;
}

/* Last in, first out: the warmest memory. */
static void push_free(struct sj_slot_list *list, struct sj_slot *slot)
{
    slot->next = list->first;
    list->first = slot;
    if (list->last == NULL) {
        list->last = slot;
    }
}

static void lock(struct sj_sequencer *s)
{
    SJ_ASSERT(pthread_mutex_lock(&s->lock) == 0);
}

static void unlock(struct sj_sequencer *s)
{
    SJ_ASSERT(pthread_mutex_unlock(&s->lock) == 0);
}

static sj_status new_slot(struct sj_slot **ret_slot)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_slot), &memory));
    *ret_slot = memory;
    (*ret_slot)->body = SJ_BUF(SJ_BODY_MAX);
    (*ret_slot)->subjects = SJ_BUF(SJ_SUBJECTS_MAX * sizeof(struct sj_uuid));
    (*ret_slot)->payload = SJ_BUF(SJ_PAYLOAD_STORED);
    return SJ_DONE;
}

/* The home of the running loop, made at its first draft. Under lock. */
static struct sj_home *find_home(struct sj_sequencer *s)
{
    struct sj_loop *loop = sj_loop_current();
    for (size_t i = 0; i < s->home_count; i++) {
        if (s->homes[i].loop == loop) {
            return &s->homes[i];
        }
    }
    if (s->home_count == SJ_HOMES_MAX) {
        return NULL;
    }
    struct sj_home *home = &s->homes[s->home_count++];
    *home = (struct sj_home){.sequencer = s, .loop = loop};
    return home;
}

static sj_status take_remote(struct sj_sequencer *s, struct sj_slot **ret_slot)
{
    const bool has_waiter = sj_fiber_current() != NULL;
    lock(s);
    struct sj_home *home = has_waiter ? find_home(s) : NULL;
    struct sj_slot *slot = sj_slot_pop(&s->free_remote);
    s->remote_out += slot != NULL ? 1 : 0;
    unlock(s);
    if (slot == NULL) {
        TRY(new_slot(&slot));
        slot->remote = true;
        lock(s);
        s->remote_out++;
        unlock(s);
    }
    slot->home = home;
    *ret_slot = slot;
    if (has_waiter && home == NULL) {
        sj_queue_release(s, slot);
        FAIL(LIMIT_EXCEEDED);
    }
    return SJ_DONE;
}

static sj_status take_slot(struct sj_sequencer *s, struct sj_slot **ret_slot)
{
    if (sj_loop_current() != s->config.loop) {
        return take_remote(s, ret_slot);
    }
    *ret_slot = sj_slot_pop(&s->free_local);
    return *ret_slot != NULL ? SJ_DONE : new_slot(ret_slot);
}

static void prepare(struct sj_slot *slot, const struct sj_draft *draft, bool in_outbox)
{
    slot->fiber = NULL;
    slot->sweep = NULL;
    slot->done = false;
    slot->in_outbox = in_outbox;
    slot->kind = draft->kind;
    slot->emitter = draft->emitter;
    slot->emitter_seq = draft->emitter_seq;
    slot->tenant_tag = draft->tenant_tag;
    atomic_store_explicit(&slot->abandoned, false, memory_order_relaxed);
    sj_buf_reset(&slot->body);
    sj_buf_reset(&slot->subjects);
    sj_buf_clear(&slot->payload); /* rare and large: not kept */
}

static sj_status refuse(struct sj_sequencer *s, sj_status why)
{
    atomic_fetch_sub(&s->queued, 1);
    atomic_fetch_add(&s->refused, 1);
    return why;
}

static sj_status fill(struct sj_slot *slot, const struct sj_draft *draft)
{
    TRY(sj_body_encode(draft, &slot->body));
    TRY(sj_buf_put(
        &slot->subjects, draft->subjects, draft->subject_count * sizeof(struct sj_uuid)));
    ENSURE(draft->payload == NULL || draft->payload_len != 0, INTERNAL);
    return draft->payload != NULL ? sj_payload_encode(draft->payload, &slot->payload) : SJ_DONE;
}

sj_status sj_queue_slot(
    struct sj_sequencer *s, const struct sj_draft *draft, bool in_outbox, struct sj_slot **ret_slot)
{
    if (atomic_fetch_add(&s->queued, 1) >= s->config.queue_max) {
        return refuse(s, SJ_FAILURE(BUSY));
    }
    struct sj_slot *slot = NULL;
    const sj_status taken = take_slot(s, &slot);
    if (sj_failed(taken)) {
        return refuse(s, taken);
    }
    prepare(slot, draft, in_outbox);
    if (sj_failed(fill(slot, draft))) {
        sj_queue_release(s, slot);
        return refuse(s, SJ_FAILURE(INTERNAL));
    }
    *ret_slot = slot;
    return SJ_DONE;
}

void sj_queue_release(struct sj_sequencer *s, struct sj_slot *slot)
{
    if (!slot->remote) {
        push_free(&s->free_local, slot);
        return;
    }
    lock(s);
    push_free(&s->free_remote, slot);
    s->remote_out--;
    unlock(s);
}

static void wake_writer(void *ctx)
{
    struct sj_sequencer *s = ctx;
    s->wake_deferred = false;
    if (s->writer_idle) {
        s->writer_idle = false;
        sj_fiber_wake(s->writer);
    }
}

void sj_queue_wake_writer(struct sj_sequencer *s)
{
    if (!s->writer_idle || s->wake_deferred) {
        return;
    }
    s->wake_deferred = true;
    if (sj_failed(sj_loop_defer(s->config.loop, wake_writer, s))) {
        wake_writer(s);
    }
}

static void on_inbound(void *ctx)
{
    struct sj_sequencer *s = ctx;
    sj_queue_take_inbound(s);
    if (s->queue.first != NULL) {
        sj_queue_wake_writer(s);
    }
}

void sj_queue_push(struct sj_sequencer *s, struct sj_slot *slot)
{
    if (!slot->remote) {
        sj_slot_push(&s->queue, slot);
        sj_queue_wake_writer(s);
        return;
    }
    lock(s);
    sj_slot_push(&s->inbound, slot);
    const bool must_post = !s->inbound_posted;
    s->inbound_posted = true;
    unlock(s);
    if (must_post && sj_failed(sj_loop_post(s->config.loop, on_inbound, s))) {
        /* the next draft posts again; until then the writer's own turns take it along */
        lock(s);
        s->inbound_posted = false;
        unlock(s);
    }
}

void sj_queue_take_inbound(struct sj_sequencer *s)
{
    lock(s);
    struct sj_slot_list inbound = s->inbound;
    s->inbound = (struct sj_slot_list){NULL, NULL};
    s->inbound_posted = false;
    unlock(s);
    if (inbound.first == NULL) {
        return;
    }
    if (s->queue.last == NULL) {
        s->queue = inbound;
    } else {
        s->queue.last->next = inbound.first;
        s->queue.last = inbound.last;
    }
}

static void finish_sweep(struct sj_sweep *sweep)
{
    sweep->pending--;
    if (sweep->pending == 0 && sweep->fiber != NULL) {
        sj_fiber_wake(TAKE(sweep->fiber));
    }
}

void sj_queue_finish(struct sj_sequencer *s, struct sj_slot *slot, sj_status status,
    const struct sj_receipt *receipt, struct sj_slot_list *remote)
{
    atomic_fetch_sub(&s->queued, 1);
    if (sj_failed(status)) {
        atomic_fetch_add(&s->refused, 1);
    }
    slot->status = status;
    slot->receipt = receipt != NULL ? *receipt : (struct sj_receipt){0};
    if (slot->sweep != NULL) {
        finish_sweep(TAKE(slot->sweep));
    }
    if (slot->remote) {
        sj_slot_push(remote, slot);
    } else if (slot->fiber != NULL && !atomic_load(&slot->abandoned)) {
        slot->done = true;
        sj_fiber_wake(slot->fiber);
    } else {
        sj_queue_release(s, slot);
    }
}

/* On the waiter's loop. */
static void on_home(void *ctx)
{
    struct sj_home *home = ctx;
    struct sj_sequencer *s = home->sequencer;
    lock(s);
    struct sj_slot_list done = home->done;
    home->done = (struct sj_slot_list){NULL, NULL};
    home->posted = false;
    unlock(s);
    for (struct sj_slot *slot = sj_slot_pop(&done); slot != NULL; slot = sj_slot_pop(&done)) {
        if (atomic_load(&slot->abandoned)) {
            sj_queue_release(s, slot);
        } else {
            slot->done = true;
            sj_fiber_wake(slot->fiber);
        }
    }
}

static void post_home(struct sj_sequencer *s, struct sj_home *home)
{
    if (!sj_failed(sj_loop_post(home->loop, on_home, home))) {
        return;
    }
    /* the next batch posts again; until then these waiters run into their deadline */
    lock(s);
    home->posted = false;
    unlock(s);
}

void sj_queue_send_home(struct sj_sequencer *s, struct sj_slot_list *remote)
{
    if (remote->first == NULL) {
        return;
    }
    uint64_t to_post = 0;
    lock(s);
    for (struct sj_slot *slot = sj_slot_pop(remote); slot != NULL; slot = sj_slot_pop(remote)) {
        struct sj_home *home = slot->home;
        if (home == NULL) {
            push_free(&s->free_remote, slot);
            s->remote_out--;
            continue;
        }
        sj_slot_push(&home->done, slot);
        if (!home->posted) {
            home->posted = true;
            to_post |= UINT64_C(1) << (home - s->homes);
        }
    }
    unlock(s);
    for (size_t i = 0; i < SJ_HOMES_MAX; i++) {
        if ((to_post >> i & 1) != 0) {
            post_home(s, &s->homes[i]);
        }
    }
}

static bool is_own(const struct sj_sequencer *s, const struct sj_slot *slot, uint64_t emitter_seq)
{
    return slot->emitter_seq == emitter_seq && sj_uuid_equal(slot->emitter, s->emitter);
}

bool sj_queue_holds(struct sj_sequencer *s, uint64_t emitter_seq)
{
    sj_queue_take_inbound(s);
    for (const struct sj_slot *slot = s->queue.first; slot != NULL; slot = slot->next) {
        if (is_own(s, slot, emitter_seq) && !atomic_load(&slot->abandoned)) {
            return true;
        }
    }
    for (size_t i = 0; i < s->batch.count; i++) {
        if (is_own(s, s->batch.slots[i], emitter_seq)) {
            return true;
        }
    }
    return false;
}

static void free_list(struct sj_slot_list *list)
{
    for (struct sj_slot *slot = sj_slot_pop(list); slot != NULL; slot = sj_slot_pop(list)) {
        sj_buf_clear(&slot->body);
        sj_buf_clear(&slot->subjects);
        sj_buf_clear(&slot->payload);
        sj_free(slot);
    }
}

void sj_queue_free(struct sj_sequencer *s)
{
    free_list(&s->free_local);
    free_list(&s->free_remote);
    free_list(&s->queue);
    free_list(&s->inbound);
}
