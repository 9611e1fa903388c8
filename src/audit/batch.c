/* SPDX-License-Identifier: Apache-2.0
 *
 * How do queued drafts become signed entries? Take what has queued, give each its place, write all in one
 * statement behind the head's compare-and-set (BEGIN, append and COMMIT travel together), have the keeper
 * extend and sign, wake the waiters. Signing comes after the commit, because a signed tree that does not exist
 * could never be repaired; answering comes after signing, because an unsigned entry can still be taken away.
 * Before anything is sent, leaves and root are recomputed from the very bytes that go out: one flipped bit in a
 * hash has ended whole logs.
 */
#include "recent.h"
#include "sanjeh/base/log.h"
#include "sanjeh/base/reader.h"
#include "state.h"

#define ARRAY_HEAD 20 /* PostgreSQL's binary array: dimensions, nulls, type, count, lower bound */

static bool is_own(const struct sj_sequencer *s, const struct sj_slot *slot)
{
    return sj_uuid_equal(slot->emitter, s->emitter);
}

/* The sweeper has put the same draft into this batch: its waiter comes late. */
static bool is_swept_now(const struct sj_sequencer *s, const struct sj_slot *slot)
{
    const struct sj_batch *b = &s->batch;
    bool found = false;
    for (size_t i = 0; i < b->swept_count && slot->sweep == NULL && is_own(s, slot); i++) {
        found = found || b->swept[i] == slot->emitter_seq;
    }
    return found;
}

/* Ends a slot that gets no place: its waiter has gone (nothing was answered, and a write's row stays in the outbox for
 * the sweeper), or its draft has a place already, which is never given twice. */
static bool end_early(struct sj_sequencer *s, struct sj_slot *slot, struct sj_slot_list *remote)
{
    struct sj_receipt receipt;
    if (atomic_load(&slot->abandoned)) {
        sj_queue_finish(s, slot, SJ_FAILURE(RECORD_UNAVAILABLE), NULL, remote);
        return true;
    }
    if (!slot->in_outbox || !sj_seen_has(s, slot->emitter, slot->emitter_seq)) {
        return false;
    }
    if (is_own(s, slot) && sj_sweep_find(s, slot->emitter_seq, &receipt)) {
        sj_queue_finish(s, slot, SJ_DONE, &receipt, remote);
    } else {
        sj_queue_finish(s, slot, SJ_FAILURE(RECORD_UNAVAILABLE), NULL, remote);
    }
    return true;
}

static void give_place(struct sj_sequencer *s, struct sj_slot *slot)
{
    struct sj_batch *b = &s->batch;
    if (slot->emitter_seq == 0) { /* numbered here, so that who gives up before takes none */
        slot->emitter_seq = sj_sequencer_next_seq(s);
        sj_body_number(&slot->body, slot->emitter_seq);
    }
    if (slot->sweep != NULL && is_own(s, slot) && b->swept_count < SJ_SWEPT_MAX) {
        b->swept[b->swept_count++] = slot->emitter_seq;
    }
    b->slots[b->count++] = slot;
}

/* The first entry of a day tells the counts of the whole day before. Without it the day's are told a minute earlier. */
static void take_new_day(struct sj_sequencer *s)
{
    struct sj_draft draft;
    struct sj_slot *slot = NULL;
    if (s->queue.first == NULL || sj_late_begins_batch(s->queue.first) || !sj_late_new_day(s) ||
        sj_failed(sj_sequencer_own_draft(SJ_ENTRY_TENANT_HEADS, "log:tenant-heads", "", &draft))) {
        return;
    }
    draft.emitter = s->emitter;
    draft.emitter_seq = sj_sequencer_next_seq(s);
    if (!sj_failed(sj_queue_slot(s, &draft, false, &slot))) {
        give_place(s, slot);
    }
}

/* Fills b->slots from the queue. */
static void take(struct sj_sequencer *s, struct sj_slot_list *remote)
{
    struct sj_slot_list later = {NULL, NULL};
    size_t bytes = 0;
    bool is_closed = false;
    take_new_day(s);
    while (!is_closed && s->batch.count < SJ_BATCH_ENTRIES && s->queue.first != NULL) {
        const struct sj_slot *first = s->queue.first;
        const size_t more =
            SJ_ENTRY_HEAD_SIZE + first->body.len + first->subjects.len + first->payload.len;
        if (bytes + more > SJ_BATCH_BYTES || (sj_late_begins_batch(first) && s->batch.count != 0)) {
            break;
        }
        struct sj_slot *slot = sj_slot_pop(&s->queue);
        if (end_early(s, slot, remote)) {
            continue;
        }
        if (is_swept_now(s, slot)) {
            sj_slot_push(&later, slot); /* the next batch finds its receipt */
            continue;
        }
        bytes += more;
        give_place(s, slot);
        is_closed = sj_late_ends_batch(slot);
    }
    for (struct sj_slot *slot = sj_slot_pop(&later); slot != NULL; slot = sj_slot_pop(&later)) {
        sj_slot_push(&s->queue, slot);
    }
}

static sj_status on_tile(
    void *ctx, unsigned level, uint64_t n, const struct sj_hash hashes[SJ_TILE_WIDTH])
{
    struct sj_batch *b = ctx;
    TRY(sj_array_put_i32(&b->tile_levels, (int32_t)level));
    TRY(sj_array_put_i64(&b->tile_ns, (int64_t)n));
    return sj_array_put(&b->tile_hashes, hashes, SJ_TILE_BYTES);
}

static sj_status advance_tenant(struct sj_sequencer *s, const struct sj_slot *slot,
    struct sj_place *place, struct sj_tenant **ret_tenant)
{
    struct sj_batch *b = &s->batch;
    struct sj_tenant *tenant = NULL;
    TRY(sj_tenants_get(&s->head.tenants, slot->tenant_tag, &tenant));
    place->tenant_seq = tenant->seq + 1;
    place->tenant_prev = tenant->leaf;
    if (tenant->mark != b->number) {
        tenant->mark = b->number;
        b->touched[b->touched_count++] = (size_t)(tenant - s->head.tenants.list);
    }
    *ret_tenant = tenant;
    return SJ_DONE;
}

static sj_status put_openings(struct sj_batch *b, const struct sj_slot *slot, uint64_t index)
{
    for (size_t at = 0; at < slot->subjects.len; at += sizeof(struct sj_uuid)) {
        TRY(sj_array_put(&b->opening_subjects, slot->subjects.ptr + at, sizeof(struct sj_uuid)));
        TRY(sj_array_put_i64(&b->opening_idxs, (int64_t)index));
        b->opening_count++;
    }
    return SJ_DONE;
}

static sj_status put_payload(struct sj_batch *b, const struct sj_slot *slot, uint64_t index)
{
    if (slot->payload.len == 0) {
        return SJ_DONE;
    }
    b->payload_count++;
    TRY(sj_array_put_i64(&b->payload_idxs, (int64_t)index));
    return sj_array_put(&b->payload_contents, slot->payload.ptr, slot->payload.len);
}

static sj_status place_one(struct sj_sequencer *s, size_t i, sj_time_us time)
{
    struct sj_batch *b = &s->batch;
    struct sj_slot *slot = b->slots[i];
    struct sj_place place = {.log_id = s->head.log_id, .index = s->head.edge.size, .time = time};
    struct sj_tenant *tenant = NULL;
    TRY(sj_late_compose(s, slot, place.index, time));
    TRY(advance_tenant(s, slot, &place, &tenant));
    sj_buf_reset(&b->entry);
    TRY(sj_place_encode(&place, &b->entry));
    TRY(sj_buf_put_view(&b->entry, sj_buf_view(&slot->body)));
    TRY(sj_leaf_hash(sj_buf_view(&b->entry), &b->leaves[i]));
    TRY(sj_array_put(&b->entries, b->entry.ptr, b->entry.len));
    TRY(sj_array_put(&b->leaf_hashes, b->leaves[i].bytes, SJ_HASH_SIZE));
    TRY(sj_edge_grow(&s->head.edge, &s->head.frontier, &b->leaves[i], on_tile, b));
    *tenant = (struct sj_tenant){.tag = tenant->tag,
        .seq = place.tenant_seq,
        .leaf = b->leaves[i],
        .index = place.index,
        .mark = b->number};
    TRY(put_openings(b, slot, place.index));
    TRY(put_payload(b, slot, place.index));
    if (slot->in_outbox) {
        TRY(sj_array_put(&b->outbox_emitters, slot->emitter.bytes, 16));
        TRY(sj_array_put_i64(&b->outbox_seqs, (int64_t)slot->emitter_seq));
    }
    return SJ_DONE;
}

static sj_status put_tenants(struct sj_sequencer *s)
{
    struct sj_batch *b = &s->batch;
    for (size_t i = 0; i < b->touched_count; i++) {
        const struct sj_tenant *tenant = &s->head.tenants.list[b->touched[i]];
        TRY(sj_array_put(&b->tenant_tags, tenant->tag.bytes, 16));
        TRY(sj_array_put_i64(&b->tenant_seqs, (int64_t)tenant->seq));
        TRY(sj_array_put(&b->tenant_leaves, tenant->leaf.bytes, SJ_HASH_SIZE));
        TRY(sj_array_put_i64(&b->tenant_idxs, (int64_t)tenant->index));
    }
    return SJ_DONE;
}

static sj_status put_frontier(const struct sj_frontier *frontier, struct sj_buf *out)
{
    sj_buf_reset(out);
    for (unsigned bit = 0; bit < 64; bit++) {
        if ((frontier->size >> bit & 1) != 0) {
            TRY(sj_buf_put(out, frontier->hashes[bit].bytes, SJ_HASH_SIZE));
        }
    }
    return SJ_DONE;
}

/* Leaves and root a second time, from the bytes that are about to be sent; both must agree with those made on
 * the way (a flipped bit shows here). before: the frontier under the batch; used up. */
static sj_status recompute(struct sj_sequencer *s, struct sj_view sent, struct sj_frontier *before)
{
    struct sj_batch *b = &s->batch;
    struct sj_reader reader = sj_reader_of(sent);
    struct sj_view skipped;
    TRY(sj_read_view(&reader, ARRAY_HEAD, &skipped));
    for (size_t i = 0; i < b->count; i++) {
        uint32_t len = 0;
        struct sj_view entry;
        struct sj_hash leaf;
        TRY(sj_read_u32(&reader, &len));
        TRY(sj_read_view(&reader, len, &entry));
        TRY(sj_leaf_hash(entry, &leaf));
        ENSURE(sj_hash_equal(&leaf, &b->leaves[i]), INTERNAL);
        TRY(sj_frontier_append(before, &leaf));
    }
    ENSURE(reader.left == 0, INTERNAL);
    struct sj_hash root;
    TRY(sj_frontier_root(before, &root));
    TRY(sj_frontier_root(&s->head.frontier, &s->head.root));
    ENSURE(before->size == s->head.edge.size, INTERNAL);
    ENSURE(sj_hash_equal(&root, &s->head.root), INTERNAL);
    return SJ_DONE;
}

static sj_status build(struct sj_sequencer *s, sj_time_us now, struct sj_param *ret_entries)
{
    struct sj_batch *b = &s->batch;
    struct sj_frontier before = s->head.frontier;
    /* never backwards: a clock set back must not reorder the record */
    s->head.last_time = now > s->head.last_time ? now : s->head.last_time;
    b->base_size = s->head.frontier.size;
    b->base_root = s->head.root;
    for (size_t i = 0; i < b->count; i++) {
        TRY(place_one(s, i, s->head.last_time));
    }
    TRY(put_tenants(s));
    *ret_entries = sj_p_array(&b->entries);
    TRY(recompute(s, sj_view_of(ret_entries->ptr, (size_t)ret_entries->len), &before));
    TRY(put_frontier(&s->head.frontier, &b->frontier));
    return sj_batch_mac(&s->emitter_key, b->base_size, &b->base_root, s->head.frontier.size,
        &s->head.root, &b->mac);
}

/* Whose files the batch's entries opened: in the entries' own commit, without a round trip of its own. */
static sj_status send_openings(struct sj_batch *b, struct sj_tx *tx)
{
    if (b->opening_count == 0) {
        return SJ_DONE;
    }
    const struct sj_param params[] = {
        sj_p_array(&b->opening_subjects), sj_p_array(&b->opening_idxs)};
    return sj_tx_send(tx, SJ_SQL_AUDIT_OPENING_PUT, params, SJ_COUNT(params));
}

static sj_status send_payloads(struct sj_batch *b, struct sj_tx *tx)
{
    if (b->payload_count == 0) {
        return SJ_DONE;
    }
    const struct sj_param params[] = {
        sj_p_array(&b->payload_idxs), sj_p_array(&b->payload_contents)};
    return sj_tx_send(tx, SJ_SQL_AUDIT_PAYLOAD_PUT, params, SJ_COUNT(params));
}

/* Everything but COMMIT. */
static sj_status send_all(struct sj_sequencer *s, struct sj_tx *tx, struct sj_param entries)
{
    struct sj_batch *b = &s->batch;
    const bool has_note = s->note_store_size != 0;
    const struct sj_param params[] = {
        sj_p_id(&s->head.log_id),
        sj_p_i64((int64_t)b->base_size),
        sj_p_bytes(sj_view_of(b->base_root.bytes, SJ_HASH_SIZE)),
        sj_p_i64((int64_t)s->head.frontier.size),
        sj_p_bytes(sj_view_of(s->head.root.bytes, SJ_HASH_SIZE)),
        sj_p_bytes(sj_buf_view(&b->frontier)),
        sj_p_i64(s->head.last_time),
        sj_p_id(&s->emitter),
        sj_p_bytes(sj_view_of(b->mac.bytes, SJ_HASH_SIZE)),
        entries,
        sj_p_array(&b->leaf_hashes),
        sj_p_array(&b->outbox_emitters),
        sj_p_array(&b->outbox_seqs),
        sj_p_array(&b->tile_levels),
        sj_p_array(&b->tile_ns),
        sj_p_array(&b->tile_hashes),
        sj_p_array(&b->tenant_tags),
        sj_p_array(&b->tenant_seqs),
        sj_p_array(&b->tenant_leaves),
        sj_p_array(&b->tenant_idxs),
        sj_p_i64((int64_t)s->note_store_size),
        has_note ? sj_p_bytes(sj_buf_view(&s->note_store)) : sj_p_null(),
    };
    TRY(sj_tx_send(tx, SJ_SQL_AUDIT_APPEND, params, SJ_COUNT(params)));
    TRY(send_openings(b, tx));
    return send_payloads(b, tx);
}

/* The database works while the recorder's disk does; COMMIT waits for both. */
static sj_status append(struct sj_sequencer *s, struct sj_tx **tx, struct sj_param entries)
{
    CLEANUP(recorder_drop) struct recorder_job *job = NULL;
    TRY(sj_keep_batch(s, sj_view_of(entries.ptr, (size_t)entries.len), &job));
    TRY(send_all(s, *tx, entries));
    TRY(sj_seen_save(s, *tx));
    TRY(sj_tx_push(*tx));
    TRY(recorder_wait(&job, s->config.deadline_ms));
    TRY(sj_tx_commit(tx));
    s->note_store_size = 0;
    return SJ_DONE;
}

sj_status sj_batch_publish_note(
    struct sj_sequencer *s, struct sj_view note, uint64_t size, bool to_store)
{
    SJ_ASSERT(pthread_mutex_lock(&s->lock) == 0);
    sj_buf_reset(&s->newest_note);
    const sj_status published = sj_buf_put_view(&s->newest_note, note);
    SJ_ASSERT(pthread_mutex_unlock(&s->lock) == 0);
    TRY(published);
    if (to_store) {
        s->note_store_size = 0;
        sj_buf_reset(&s->note_store);
        TRY(sj_buf_put_view(&s->note_store, note));
        s->note_store_size = size;
    }
    return SJ_DONE;
}

void sj_batch_publish_head(struct sj_sequencer *s)
{
    SJ_ASSERT(pthread_mutex_lock(&s->lock) == 0);
    s->signed_frontier = s->head.frontier;
    sj_edge_copy(&s->signed_edge, &s->head.edge);
    SJ_ASSERT(pthread_mutex_unlock(&s->lock) == 0);
}

static sj_status sign(struct sj_sequencer *s)
{
    struct sj_batch *b = &s->batch;
    sj_buf_reset(&s->note);
    /* b->entry still holds the newest entry */
    const bool appoints = sj_late_ends_batch(b->slots[b->count - 1]);
    const struct sj_view rotation = appoints ? sj_buf_view(&b->entry) : sj_view_of(NULL, 0);
    TRY(ask_extend_rotating(
        s->config.channel, b->base_size, b->leaves, b->count, &s->head.root, rotation, &s->note));
    return sj_batch_publish_note(s, sj_buf_view(&s->note), s->head.frontier.size, true);
}

/* Each u32 length and bytes. */
static struct sj_view sent_entries(struct sj_param entries)
{
    return sj_view_of((const uint8_t *)entries.ptr + ARRAY_HEAD, (size_t)entries.len - ARRAY_HEAD);
}

/* *ret_nothing_written: the batch failed, and the database itself said that it was not committed. */
static sj_status write_and_sign(
    struct sj_sequencer *s, struct sj_tx **tx, bool *ret_nothing_written)
{
    struct sj_param entries;
    TRY(build(s, sj_time_now(), &entries));
    const sj_status written = append(s, tx, entries);
    *ret_nothing_written = written.code == SJ_CONFLICT || written.code == SJ_BUSY;
    TRY(written);
    TRY(sign(s));
    sj_batch_publish_head(s);
    sj_recent_add(&s->recent, s->batch.base_size, s->batch.count, sent_entries(entries));
    sj_late_batch(s);
    TRY(sj_seen_batch(s));
    sj_keep_make_room(s);
    return SJ_DONE;
}

static void finish(struct sj_sequencer *s, sj_status status, struct sj_slot_list *remote)
{
    struct sj_batch *b = &s->batch;
    const size_t count = b->count;
    b->count = 0; /* the slots are the waiters' again */
    for (size_t i = 0; i < count; i++) {
        struct sj_slot *slot = b->slots[i];
        const struct sj_receipt receipt = {.index = b->base_size + i, .leaf = b->leaves[i]};
        if (sj_failed(status)) {
            sj_queue_finish(s, slot, SJ_FAILURE(RECORD_UNAVAILABLE), NULL, remote);
            continue;
        }
        if (slot->sweep != NULL && sj_uuid_equal(slot->emitter, s->emitter)) {
            sj_sweep_remember(s, slot->emitter_seq, &receipt);
        }
        sj_queue_finish(s, slot, SJ_DONE, &receipt, remote);
    }
    sj_queue_send_home(s, remote);
}

/* ---- a batch that stood here once ---- */

static sj_status slots_of(
    struct sj_sequencer *s, const struct sj_batch_frame *frame, sj_time_us *ret_time)
{
    struct sj_reader entries = sj_reader_of(frame->entries);
    struct sj_reader lists = sj_reader_of(frame->ids);
    for (size_t i = 0; i < frame->count; i++) {
        uint32_t len = 0;
        uint16_t count = 0;
        struct sj_view bytes;
        struct sj_view ids;
        struct sj_entry entry;
        TRY(sj_read_u32(&entries, &len));
        TRY(sj_read_view(&entries, len, &bytes));
        TRY(sj_read_u16(&lists, &count));
        TRY(sj_read_view(&lists, (size_t)count * sizeof(struct sj_uuid), &ids));
        TRY(sj_entry_decode(bytes, &entry));
        entry.draft.subjects = (const struct sj_uuid *)(const void *)ids.ptr;
        entry.draft.subject_count = count;
        /* its outbox row has come back with the older database */
        TRY(sj_queue_slot(s, &entry.draft, /* in_outbox= */ true, &s->batch.slots[i]));
        s->batch.slots[i]->kind =
            SJ_ENTRY_ACCESS; /* its words are made: late.c has nothing to add */
        s->batch.count = i + 1;
        *ret_time = entry.time;
    }
    return SJ_DONE;
}

static sj_status put_back(
    struct sj_sequencer *s, struct sj_tx *tx, const struct sj_batch_frame *frame)
{
    struct sj_param entries;
    sj_time_us time = 0;
    TRY(slots_of(s, frame, &time));
    TRY(build(s, time, &entries));
    ENSURE(
        (size_t)entries.len == ARRAY_HEAD + frame->entries.len &&
            sj_view_equal(sj_view_of((const uint8_t *)entries.ptr + ARRAY_HEAD, frame->entries.len),
                frame->entries) &&
            sj_hash_equal(&s->head.root, &frame->root),
        LOG_ROLLED_BACK);
    TRY(send_all(s, tx, entries));
    return sj_seen_batch(s);
}

sj_status sj_batch_put_back(
    struct sj_sequencer *s, struct sj_tx *tx, const struct sj_batch_frame *frame)
{
    struct sj_slot_list remote = {NULL, NULL};
    sj_batch_reset(&s->batch);
    const sj_status status = put_back(s, tx, frame);
    for (size_t i = 0; i < s->batch.count; i++) {
        sj_queue_finish(s, s->batch.slots[i], status, NULL, &remote);
    }
    s->batch.count = 0;
    return status;
}

/* Another server was at the head: nothing was committed, the drafts wait for the next batch. */
static void give_way(struct sj_sequencer *s, struct sj_slot_list *remote)
{
    sj_share_begin(s);
    sj_share_give_back(s);
    sj_queue_send_home(s, remote);
    s->phase = SJ_PHASE_LOST; /* what was built on the way is forgotten */
    if (s->note_store_size != 0) {
        /* the other one waits for this signature */
        sj_ignore(sj_batch_store_note(s), "the keeper says it again when the head is read");
    }
}

static sj_status run_taken(struct sj_sequencer *s, struct sj_tx **tx, struct sj_slot_list *remote)
{
    bool nothing_written = false;
    const sj_time_us started = sj_time_now();
    const sj_status status = write_and_sign(s, tx, &nothing_written);
    if (nothing_written) {
        sj_tx_rollback(tx);
        give_way(s, remote);
        return SJ_DONE;
    }
    if (sj_failed(status)) {
        s->phase = SJ_PHASE_LOST;
        atomic_store(&s->ready, false);
    } else {
        atomic_store(&s->size, s->head.frontier.size);
        atomic_fetch_add(&s->batches, 1);
        atomic_store(&s->last_batch_us, sj_time_now() - started);
        atomic_store(&s->batch_started_ms, 0);
    }
    finish(s, status, remote);
    return status;
}

sj_status sj_batch_run(struct sj_sequencer *s)
{
    struct sj_slot_list remote = {NULL, NULL};
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    if (atomic_load(&s->batch_started_ms) == 0) {
        atomic_store(&s->batch_started_ms, sj_time_monotonic_ms());
    }
    const sj_status opened = sj_share_open(s, &tx);
    if (opened.code == SJ_BUSY) {
        return SJ_DONE; /* nothing was taken; the waiters have deadlines of their own */
    }
    if (sj_failed(opened)) {
        s->phase = SJ_PHASE_LOST;
        atomic_store(&s->ready, false);
        return opened;
    }
    sj_batch_reset(&s->batch);
    take(s, &remote);
    if (s->batch.count == 0) {
        atomic_store(&s->batch_started_ms, 0);
        sj_queue_send_home(s, &remote);
        return SJ_DONE;
    }
    TRY(run_taken(s, &tx, &remote));
    if (s->phase == SJ_PHASE_RUNNING && sj_share_is_on(s)) {
        return sj_batch_store_note(s); /* another server may wait for it */
    }
    return SJ_DONE;
}

sj_status sj_batch_store_note(struct sj_sequencer *s)
{
    const struct sj_param params[] = {
        sj_p_i64((int64_t)s->note_store_size),
        sj_p_bytes(sj_buf_view(&s->note_store)),
    };
    struct sj_context context;
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    TRY(sj_record_context(s, &context));
    TRY(sj_tx_begin(s->config.db, &context, &tx));
    TRY(sj_tx_send(tx, SJ_SQL_AUDIT_CHECKPOINT_PUT, params, SJ_COUNT(params)));
    TRY(sj_tx_commit(&tx));
    s->note_store_size = 0;
    return SJ_DONE;
}
