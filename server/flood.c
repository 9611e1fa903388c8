/* SPDX-License-Identifier: Apache-2.0
 *
 * Which entry stands for this refusal? Every answer to a sign-in attempt is on the record (CONTRACT 2), and strangers must
 * not fill it: so one entry stands for all refusals of one source in a window. A bounded table under one mutex; in a
 * full set the window that ends first gives way, which costs an entry and nothing else. Whoever could make a
 * refusal carry another source's receipt would hide in its number: a window is found by the whole prefix.
 */
#include "flood.h"

#include "sanjeh/base/memory.h"

#include <pthread.h>

#define SETS 256u
#define WAYS 4u

struct window {
    struct sj_uuid source;
    int64_t until_ms; /* 0: never used */
    bool is_recorded;
    struct sj_receipt receipt;
};

struct sj_flood {
    pthread_mutex_t mutex;
    struct window sets[SETS][WAYS];
};

sj_status sj_flood_new(struct sj_flood **ret_flood)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_flood), &memory));
    struct sj_flood *flood = memory;
    if (pthread_mutex_init(&flood->mutex, NULL) != 0) {
        sj_free(flood);
        FAIL(OUT_OF_MEMORY);
    }
    *ret_flood = flood;
    return SJ_DONE;
}

void sj_flood_free(struct sj_flood **flood)
{
    if (*flood != NULL) {
        (void)pthread_mutex_destroy(&(*flood)->mutex);
        sj_free(*flood);
        *flood = NULL;
    }
}

static struct window *set_of(struct sj_flood *flood, struct sj_uuid source)
{
    return flood->sets[sj_uuid_hash(source) % SETS];
}

static struct window *find(struct sj_flood *flood, struct sj_uuid source)
{
    struct window *set = set_of(flood, source);
    for (unsigned i = 0; i < WAYS; i++) {
        if (set[i].until_ms != 0 && sj_uuid_equal(set[i].source, source)) {
            return &set[i];
        }
    }
    return NULL;
}

static void begin(struct sj_flood *flood, struct sj_uuid source, int64_t now_ms)
{
    struct window *window = find(flood, source);
    struct window *set = set_of(flood, source);
    for (unsigned i = 0; window == NULL && i < WAYS; i++) {
        if (set[i].until_ms == 0) {
            window = &set[i];
        }
    }
    if (window == NULL) {
        window = &set[0];
        for (unsigned i = 1; i < WAYS; i++) {
            window = set[i].until_ms < window->until_ms ? &set[i] : window;
        }
    }
    *window = (struct window){.source = source, .until_ms = now_ms + SJ_FLOOD_WINDOW_MS};
}

enum sj_flood_turn sj_flood_turn(
    struct sj_flood *flood, struct sj_uuid source, int64_t now_ms, struct sj_receipt *ret_receipt)
{
    enum sj_flood_turn turn = SJ_FLOOD_FIRST;
    SJ_ASSERT(pthread_mutex_lock(&flood->mutex) == 0);
    const struct window *window = find(flood, source);
    if (window == NULL || now_ms >= window->until_ms) {
        begin(flood, source, now_ms);
    } else if (window->is_recorded) {
        *ret_receipt = window->receipt;
        turn = SJ_FLOOD_SHARED;
    } else {
        turn = SJ_FLOOD_WAIT;
    }
    SJ_ASSERT(pthread_mutex_unlock(&flood->mutex) == 0);
    return turn;
}

void sj_flood_recorded(
    struct sj_flood *flood, struct sj_uuid source, const struct sj_receipt *receipt)
{
    SJ_ASSERT(pthread_mutex_lock(&flood->mutex) == 0);
    struct window *window = find(flood, source);
    if (window != NULL && receipt != NULL) {
        window->receipt = *receipt;
        window->is_recorded = true;
    } else if (window != NULL && !window->is_recorded) {
        *window = (struct window){.until_ms = 0};
    }
    SJ_ASSERT(pthread_mutex_unlock(&flood->mutex) == 0);
}
