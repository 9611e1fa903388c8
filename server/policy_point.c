/* SPDX-License-Identifier: Apache-2.0
 *
 * How does the decision point in force change without anybody waiting? Slots are never given back, so a reader that counted
 * itself into one too late has touched a counter and nothing else; it sees that the slot is not the current one (or is again, with
 * another point) before it looks at what stands there. Counting and looking are sequentially consistent: of a reader and the
 * writer that frees, at least one sees the other.
 * If this were wrong a request would be decided by freed memory.
 */
#include "policy_point.h"

#include "sanjeh/base/memory.h"

#include <pthread.h>
#include <stdatomic.h>

#define SLOTS 8u
#define LANES 64u

struct lane {
    _Atomic uint64_t readers;
    uint64_t apart[7]; /* a line of its own */
};

struct slot {
    struct lane lanes[LANES];
    struct sj_policy_active *active; /* written only while nobody reads */
};

struct sj_policy_point {
    struct slot slots[SLOTS];
    _Atomic unsigned current;
    _Atomic uint64_t generation;
    pthread_mutex_t writers;
};

void sj_policy_active_free(struct sj_policy_active **active)
{
    if (active == NULL || *active == NULL) {
        return;
    }
    struct sj_policy_active *old = *active;
    sj_policy_set_free(&old->set);
    for (size_t i = 0; i < old->file_count; i++) {
        sj_policy_free(&old->files[i]);
    }
    sj_policy_free(&old->policy);
    sj_free(old->units);
    sj_free(old);
    *active = NULL;
}

sj_status sj_policy_point_new(struct sj_policy_active **first, struct sj_policy_point **ret_point)
{
    CLEANUP(sj_policy_active_free) struct sj_policy_active *active = TAKE(*first);
    CLEANUP(sj_freep) void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_policy_point), &memory));
    struct sj_policy_point *point = memory;
    ENSURE(pthread_mutex_init(&point->writers, NULL) == 0, OUT_OF_MEMORY);
    memory = NULL;
    active->generation = 1;
    active->slot = 0;
    point->slots[0].active = TAKE(active);
    atomic_store(&point->generation, 1);
    *ret_point = point;
    return SJ_DONE;
}

void sj_policy_point_free(struct sj_policy_point **point)
{
    if (point == NULL || *point == NULL) {
        return;
    }
    for (unsigned i = 0; i < SLOTS; i++) {
        sj_policy_active_free(&(*point)->slots[i].active);
    }
    (void)pthread_mutex_destroy(&(*point)->writers);
    sj_free(*point);
    *point = NULL;
}

const struct sj_policy_active *sj_policy_pin(struct sj_policy_point *point, unsigned lane)
{
    for (;;) {
        const unsigned at = atomic_load(&point->current);
        struct slot *slot = &point->slots[at];
        (void)atomic_fetch_add(&slot->lanes[lane % LANES].readers, 1);
        if (atomic_load(&point->current) == at) {
            return slot->active;
        }
        (void)atomic_fetch_sub(&slot->lanes[lane % LANES].readers, 1);
    }
}

void sj_policy_unpin(
    struct sj_policy_point *point, unsigned lane, const struct sj_policy_active **active)
{
    if (*active == NULL) {
        return;
    }
    (void)atomic_fetch_sub(&point->slots[(*active)->slot].lanes[lane % LANES].readers, 1);
    *active = NULL;
}

uint64_t sj_policy_generation(const struct sj_policy_point *point)
{
    return atomic_load(&point->generation);
}

static bool is_read(struct slot *slot)
{
    for (unsigned i = 0; i < LANES; i++) {
        if (atomic_load(&slot->lanes[i].readers) != 0) {
            return true;
        }
    }
    return false;
}

/* Frees what nobody reads any more; a slot for the next point, or SLOTS. */
static unsigned sweep(struct sj_policy_point *point)
{
    unsigned free_slot = SLOTS;
    for (unsigned i = 0; i < SLOTS; i++) {
        if (i == atomic_load(&point->current) || is_read(&point->slots[i])) {
            continue;
        }
        sj_policy_active_free(&point->slots[i].active);
        free_slot = i;
    }
    return free_slot;
}

static sj_status swap(struct sj_policy_point *point, struct sj_policy_active **next)
{
    const struct sj_policy_active *now = point->slots[atomic_load(&point->current)].active;
    if ((*next)->activation != 0 && (*next)->activation <= now->activation) {
        sj_policy_active_free(next); /* somebody else was faster */
        return SJ_DONE;
    }
    const unsigned at = sweep(point);
    ENSURE(at < SLOTS, BUSY);
    const uint64_t generation = atomic_load(&point->generation) + 1;
    (*next)->generation = generation;
    (*next)->slot = at;
    point->slots[at].active = TAKE(*next);
    atomic_store(&point->current, at);
    atomic_store(&point->generation, generation);
    (void)sweep(point);
    return SJ_DONE;
}

sj_status sj_policy_swap(struct sj_policy_point *point, struct sj_policy_active **next)
{
    ENSURE(pthread_mutex_lock(&point->writers) == 0, INTERNAL);
    const sj_status status = swap(point, next);
    (void)pthread_mutex_unlock(&point->writers);
    return status;
}

/* ---- deciding ---- */

/* SJ_POLICY_NONE for nobody's unit and one that the set does not know. */
static uint32_t unit_of(const struct sj_policy_active *active, struct sj_uuid id)
{
    size_t low = 0;
    size_t high = active->unit_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = memcmp(active->units[middle].id.bytes, id.bytes, sizeof id.bytes);
        if (order == 0) {
            return active->units[middle].unit;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return SJ_POLICY_NONE;
}

uint32_t sj_active_unit(const struct sj_policy_active *active, const struct sj_actor *actor)
{
    const uint32_t compartment = unit_of(active, actor->compartment);
    return compartment == SJ_POLICY_NONE ? unit_of(active, actor->unit) : compartment;
}

struct sj_decision sj_active_decide(
    const struct sj_policy_active *active, const struct sj_actor *actor, enum sj_action action)
{
    if (active->set == NULL) {
        return sj_policy_decide(active->policy, actor, action);
    }
    return sj_policy_decide_in(active->set, sj_active_unit(active, actor), actor, action);
}

struct sj_decision sj_active_decide_glass(
    const struct sj_policy_active *active, const struct sj_actor *actor, enum sj_action action)
{
    return active->set == NULL
               ? sj_policy_decide_glass(
                     sj_policy_own_set(active->policy), SJ_POLICY_NONE, actor, action)
               : sj_policy_decide_glass(active->set, sj_active_unit(active, actor), actor, action);
}
