/* SPDX-License-Identifier: Apache-2.0
 *
 * How do several servers write one record? Alone, a server needs no lock of its own: the append compares and sets the
 * head in one round trip. When that finds that another server was there, nothing was committed; the drafts go back to
 * the front of the queue and for a while each batch first locks the head row, follows what the others have committed and
 * signed since, and only then takes its drafts. Waiters of the lock queue up in the database, so servers take turns. On
 * top of a batch that nobody has signed nothing is ever written.
 */
#include "sanjeh/base/log.h"
#include "state.h"

#define SHARED_MS 10000 /* after the last sign of another server */

void sj_share_begin(struct sj_sequencer *s)
{
    s->shared_until_ms = sj_time_monotonic_ms() + SHARED_MS;
}

bool sj_share_is_on(const struct sj_sequencer *s)
{
    return sj_time_monotonic_ms() < s->shared_until_ms;
}

/* The batch before was committed by another server and its signature never came: when its MAC is ours, by our keeper. */
static sj_status sign_unsigned(struct sj_sequencer *s, const struct sj_head_row *row)
{
    const uint64_t count = row->size - row->base_size;
    ENSURE(row->base_size == s->head.frontier.size && count <= SJ_BATCH_ENTRIES && row->has_mac,
        LOG_TAMPERED);
    CLEANUP(sj_stretch_free) struct sj_stretch *stretch = NULL;
    TRY(sj_stretch_new(&stretch));
    TRY(sj_follow_entries(s, row->base_size, row->size, true, stretch));
    sj_buf_reset(&s->note);
    TRY(ask_recover(s->config.channel, row->emitter, row->base_size, stretch->leaves, (size_t)count,
        &row->root, sj_view_of(row->mac.bytes, SJ_HASH_SIZE), &s->note));
    SJ_LOG(WARN, "audit.batch.signed_for_another", sj_log_id("emitter", row->emitter),
        sj_log_int("size", (int64_t)row->size));
    return sj_batch_publish_note(s, sj_buf_view(&s->note), row->size, true);
}

/* Under the lock. Anything but growth that can be followed is left to a full look at the head. */
static sj_status catch_up(struct sj_sequencer *s, const struct sj_head_row *row)
{
    uint64_t size = s->head.frontier.size;
    if (row->size == size && sj_hash_equal(&row->root, &s->head.root)) {
        return SJ_DONE;
    }
    ENSURE(row->size > size, LOG_ROLLED_BACK);
    sj_share_begin(s);
    TRY(sj_follow_patiently(s, row, size, true, &size));
    if (size < row->size) {
        TRY(sign_unsigned(s, row));
    }
    TRY(sj_frontier_root(&s->head.frontier, &s->head.root));
    ENSURE(s->head.frontier.size == row->size && sj_hash_equal(&s->head.root, &row->root),
        LOG_TAMPERED);
    sj_batch_publish_head(s);
    atomic_store(&s->size, row->size);
    return SJ_DONE;
}

static sj_status lock_and_follow(struct sj_sequencer *s, struct sj_tx *tx)
{
    struct sj_head_row row;
    TRY(sj_head_lock(tx, &row));
    return catch_up(s, &row);
}

sj_status sj_share_open(struct sj_sequencer *s, struct sj_tx **ret_tx)
{
    struct sj_context context;
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_record_context(s, &context));
    TRY(sj_tx_begin(s->config.db, &context, &tx));
    if (sj_share_is_on(s)) {
        TRY(lock_and_follow(s, tx));
    }
    *ret_tx = TAKE(tx);
    return SJ_DONE;
}

sj_status sj_share_follow(struct sj_sequencer *s)
{
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    sj_share_begin(s);
    return sj_share_open(s, &tx);
}

/* To the front of the queue, in their order. */
void sj_share_give_back(struct sj_sequencer *s)
{
    struct sj_batch *b = &s->batch;
    while (b->count != 0) {
        struct sj_slot *slot = b->slots[--b->count];
        slot->next = s->queue.first;
        s->queue.first = slot;
        if (s->queue.last == NULL) {
            s->queue.last = slot;
        }
    }
}
