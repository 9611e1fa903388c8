/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a follower get the entries that were just signed without asking the database for them, and without a proof? From the bytes that
 * were hashed, sent and signed: a batch is kept until all who follow have gone behind it, at most four megabytes. Who comes later, or
 * follows what another server wrote, reads and proves it as before.
 */
#include "recent.h"

#include "sanjeh/base/reader.h"

#define BYTES_MAX ((size_t)4 * 1024 * 1024)

struct sj_recent_batch {
    struct sj_recent_batch *next;
    uint64_t first;
    uint64_t end;
    size_t len;
    unsigned readers;
    bool is_gone; /* by the last reader */
    uint8_t bytes[];
};

static void lock(struct sj_recent *r)
{
    SJ_ASSERT(pthread_mutex_lock(&r->lock) == 0);
}

static void unlock(struct sj_recent *r)
{
    SJ_ASSERT(pthread_mutex_unlock(&r->lock) == 0);
}

static void drop_first(struct sj_recent *r)
{
    struct sj_recent_batch *batch = r->first;
    r->first = batch->next;
    r->last = r->first == NULL ? NULL : r->last;
    r->bytes -= batch->len;
    batch->is_gone = true;
    if (batch->readers == 0) {
        sj_free(batch);
    }
}

/* Behind which all followers are. */
static uint64_t done_by_all(const struct sj_recent *r)
{
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < SJ_FOLLOWER_COUNT_; i++) {
        least = r->follows[i] && r->upto[i] < least ? r->upto[i] : least;
    }
    return least;
}

static void drop_done(struct sj_recent *r)
{
    const uint64_t done = done_by_all(r);
    while (r->first != NULL && (r->first->end <= done || r->bytes > BYTES_MAX)) {
        drop_first(r);
    }
}

void sj_recent_add(struct sj_recent *r, uint64_t first, size_t count, struct sj_view sent)
{
    void *memory = NULL;
    lock(r);
    const bool is_followed = done_by_all(r) != UINT64_MAX;
    unlock(r);
    if (!is_followed ||
        sj_failed(sj_alloc(1, sizeof(struct sj_recent_batch) + sent.len, &memory))) {
        return;
    }
    struct sj_recent_batch *batch = memory;
    batch->first = first;
    batch->end = first + count;
    batch->len = sent.len;
    sj_ignore(sj_copy(batch->bytes, sent.len, sent.ptr, sent.len), "it was made for them");
    lock(r);
    if (r->last == NULL) {
        r->first = batch;
    } else {
        r->last->next = batch;
    }
    r->last = batch;
    r->bytes += batch->len;
    drop_done(r);
    unlock(r);
}

void sj_recent_clear(struct sj_recent *r)
{
    while (r->first != NULL) {
        drop_first(r);
    }
}

void sj_recent_done(struct sj_sequencer *s, enum sj_follower follower, uint64_t upto)
{
    struct sj_recent *r = &s->recent;
    lock(r);
    r->follows[follower] = true;
    r->upto[follower] = upto;
    drop_done(r);
    unlock(r);
}

/* ---- reading ---- */

static struct sj_recent_batch *take(struct sj_recent *r, uint64_t from)
{
    lock(r);
    struct sj_recent_batch *batch = r->first;
    while (batch != NULL && (from < batch->first || from >= batch->end)) {
        batch = batch->next;
    }
    if (batch != NULL) {
        batch->readers++;
    }
    unlock(r);
    return batch;
}

static void give_back(struct sj_recent *r, struct sj_recent_batch *batch)
{
    lock(r);
    batch->readers--;
    const bool is_last = batch->is_gone && batch->readers == 0;
    unlock(r);
    if (is_last) {
        sj_free(batch);
    }
}

static sj_status read_batch(const struct sj_recent_batch *batch, uint64_t from, uint64_t to,
    sj_recent_fn fn, void *ctx, struct sj_entry *entry)
{
    struct sj_reader reader = sj_reader_of(sj_view_of(batch->bytes, batch->len));
    for (uint64_t at = batch->first; at < batch->end && at < to; at++) {
        uint32_t len = 0;
        struct sj_view bytes;
        TRY(sj_read_u32(&reader, &len));
        TRY(sj_read_view(&reader, len, &bytes));
        if (at >= from) {
            TRY(sj_entry_decode(bytes, entry));
            TRY(fn(ctx, entry));
        }
    }
    return SJ_DONE;
}

sj_status sj_recent_read(struct sj_sequencer *s, uint64_t from, uint64_t to, sj_recent_fn fn,
    void *ctx, uint64_t *ret_next)
{
    CLEANUP(sj_freep) void *memory = NULL;
    *ret_next = from;
    struct sj_recent_batch *batch = take(&s->recent, from);
    if (batch == NULL) {
        return SJ_DONE;
    }
    sj_status status = sj_alloc(1, sizeof(struct sj_entry), &memory);
    if (!sj_failed(status)) {
        status = read_batch(batch, from, to, fn, ctx, memory);
    }
    *ret_next = batch->end < to ? batch->end : to;
    give_back(&s->recent, batch);
    return status;
}
