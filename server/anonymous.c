/* SPDX-License-Identifier: Apache-2.0
 *
 * Who knocked without a session, and how often? An open-addressed table of prefixes under one mutex, emptied
 * every minute into the record. A flood from many addresses runs into the shared overflow count: the record
 * grows by at most 4,097 entries a minute whatever strangers do (CONTRACT 2).
 */
#include "anonymous.h"

#include "sanjeh/authn/authn.h"
#include "sanjeh/base/time.h"

#include <pthread.h>

#define SLOTS      8192u
#define SLOTS_FULL 4096u
#define NOTES_MAX  256u
#define MINUTE_MS  60000

struct slot {
    struct sj_uuid prefix;
    bool used;
    uint32_t requests;
    uint32_t by_class[6]; /* of the HTTP status: 1xx .. 5xx at 1 .. 5 */
};

struct sj_anonymous {
    pthread_mutex_t mutex;
    struct slot *slots; /* of this minute */
    struct slot *old;   /* of the minute before, leaving for the record */
    unsigned used;
    unsigned leaving;
    struct slot overflow;
    int64_t turned_ms;
    struct slot tables[2][SLOTS];
};

sj_status sj_anonymous_new(struct sj_anonymous **ret_anonymous)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_anonymous), &memory));
    struct sj_anonymous *anonymous = memory;
    if (pthread_mutex_init(&anonymous->mutex, NULL) != 0) {
        sj_free(anonymous);
        FAIL(OUT_OF_MEMORY);
    }
    anonymous->slots = anonymous->tables[0];
    anonymous->old = anonymous->tables[1];
    anonymous->turned_ms = sj_time_monotonic_ms();
    *ret_anonymous = anonymous;
    return SJ_DONE;
}

void sj_anonymous_free(struct sj_anonymous **anonymous)
{
    if (*anonymous != NULL) {
        (void)pthread_mutex_destroy(&(*anonymous)->mutex);
        sj_free(*anonymous);
        *anonymous = NULL;
    }
}

static struct slot *slot_of(struct sj_anonymous *anonymous, struct sj_uuid prefix)
{
    for (unsigned at = sj_uuid_hash(prefix) % SLOTS;; at = (at + 1) % SLOTS) {
        struct slot *slot = &anonymous->slots[at];
        if (slot->used && sj_uuid_equal(slot->prefix, prefix)) {
            return slot;
        }
        if (!slot->used) {
            if (anonymous->used >= SLOTS_FULL) {
                return &anonymous->overflow;
            }
            anonymous->used++;
            slot->used = true;
            slot->prefix = prefix;
            return slot;
        }
    }
}

void sj_anonymous_count(struct sj_anonymous *anonymous, struct sj_uuid peer, unsigned http_status)
{
    (void)pthread_mutex_lock(&anonymous->mutex);
    struct slot *slot = slot_of(anonymous, sj_source_prefix(peer));
    slot->requests++;
    slot->by_class[http_status / 100 < 6 ? http_status / 100 : 5]++;
    (void)pthread_mutex_unlock(&anonymous->mutex);
}

struct sink {
    sj_anonymous_sink *fn;
    void *ctx;
};

static void note_slot(const struct slot *slot, const struct sink *sink)
{
    struct sj_draft draft = {.kind = SJ_ENTRY_ANONYMOUS,
        .object = slot->prefix,
        .outcome = slot->by_class[2] == slot->requests ? SJ_OUTCOME_PERMITTED : SJ_OUTCOME_DENIED,
        .action = "anonymous:request",
        .object_type = "prefix"};
    (void)snprintf(draft.detail, sizeof draft.detail, "requests=%u;2xx=%u;3xx=%u;4xx=%u;5xx=%u%s",
        slot->requests, slot->by_class[2], slot->by_class[3], slot->by_class[4], slot->by_class[5],
        slot->used ? "" : ";overflow=1");
    sink->fn(sink->ctx, &draft);
}

/* Takes up to max prefixes out of the table. */
static void flush_some(struct sj_anonymous *anonymous, const struct sink *sink, unsigned max)
{
    unsigned noted = 0;
    for (unsigned at = 0; at < SLOTS && anonymous->leaving > 0 && noted < max; at++) {
        if (anonymous->old[at].used) {
            note_slot(&anonymous->old[at], sink);
            anonymous->old[at] = (struct slot){0};
            anonymous->leaving--;
            noted++;
        }
    }
}

/* The minute's table becomes the one that leaves; strangers are counted into the other. */
static void turn(struct sj_anonymous *anonymous, const struct sink *sink)
{
    struct slot *emptied = anonymous->old;
    anonymous->old = anonymous->slots;
    anonymous->slots = emptied;
    anonymous->leaving = anonymous->used;
    anonymous->used = 0;
    anonymous->turned_ms = sj_time_monotonic_ms();
    if (anonymous->overflow.requests > 0) {
        note_slot(&anonymous->overflow, sink);
        anonymous->overflow = (struct slot){0};
    }
}

void sj_anonymous_flush(
    struct sj_anonymous *anonymous, sj_anonymous_sink *fn, void *ctx, bool everything)
{
    const struct sink sink = {fn, ctx};
    (void)pthread_mutex_lock(&anonymous->mutex);
    flush_some(anonymous, &sink, everything ? UINT32_MAX : NOTES_MAX);
    const bool due = sj_time_monotonic_ms() - anonymous->turned_ms >= MINUTE_MS;
    if (anonymous->leaving == 0 && (due || everything)) {
        turn(anonymous, &sink);
        flush_some(anonymous, &sink, everything ? UINT32_MAX : NOTES_MAX);
    }
    (void)pthread_mutex_unlock(&anonymous->mutex);
}
