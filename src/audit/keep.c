/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands in the recorder before it is committed? Of a batch the very entries that are sent, with sizes and roots, so
 * that a tail which the database has lost can be put back byte for byte; of a deed its draft, so that one whose row was
 * taken out of the outbox is not lost with the process that made it. The flush runs beside the database's own work: the
 * statements are on their way, and only COMMIT waits for it.
 */
#include "sanjeh/base/log.h"
#include "state.h"

#define ARRAY_HEAD 20

static sj_status put_ids(struct sj_buf *out, struct sj_view ids)
{
    TRY(sj_buf_put_u16(out, (uint16_t)(ids.len / sizeof(struct sj_uuid))));
    return sj_buf_put_view(out, ids);
}

/* u64 base size, base root, u64 new size, new root, u16 count; count times u32 length and entry; count times u16 number of
 * ids and the ids of those whose files it opened. */
sj_status sj_keep_batch(struct sj_sequencer *s, struct sj_view sent, struct recorder_job **ret_job)
{
    const struct sj_batch *b = &s->batch;
    CLEANUP(recorder_drop) struct recorder_job *job = NULL;
    TRY(recorder_job_new(s->config.recorder, RECORDER_BATCH, &job));
    struct sj_buf *out = recorder_job_payload(job);
    TRY(sj_buf_put_u64(out, b->base_size));
    TRY(sj_buf_put(out, b->base_root.bytes, SJ_HASH_SIZE));
    TRY(sj_buf_put_u64(out, s->head.frontier.size));
    TRY(sj_buf_put(out, s->head.root.bytes, SJ_HASH_SIZE));
    TRY(sj_buf_put_u16(out, (uint16_t)b->count));
    /* the array's elements have the same form */
    TRY(sj_buf_put(out, sent.ptr + ARRAY_HEAD, sent.len - ARRAY_HEAD));
    for (size_t i = 0; i < b->count; i++) {
        TRY(put_ids(out, sj_buf_view(&b->slots[i]->subjects)));
    }
    recorder_job_size(job, s->head.frontier.size);
    recorder_send(job);
    *ret_job = TAKE(job);
    return SJ_DONE;
}

/* u16 count; count times u16 length and draft, u16 number of ids, ids. */
static sj_status keep_drafts(struct sj_sequencer *s, const struct sj_draft *drafts, size_t count,
    struct recorder_job **ret_job)
{
    CLEANUP(recorder_drop) struct recorder_job *job = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf draft = SJ_BUF(1 + SJ_BODY_MAX);
    TRY(recorder_job_new(s->config.recorder, RECORDER_DRAFTS, &job));
    struct sj_buf *out = recorder_job_payload(job);
    TRY(sj_buf_put_u16(out, (uint16_t)count));
    for (size_t i = 0; i < count; i++) {
        sj_buf_reset(&draft);
        TRY(sj_draft_encode(&drafts[i], &draft));
        TRY(sj_buf_put_u16(out, (uint16_t)draft.len));
        TRY(sj_buf_put_view(out, sj_buf_view(&draft)));
        TRY(put_ids(
            out, sj_view_of(drafts[i].subjects, drafts[i].subject_count * sizeof(struct sj_uuid))));
        TRY(recorder_job_number(job, drafts[i].emitter_seq));
    }
    recorder_send(job);
    *ret_job = TAKE(job);
    return SJ_DONE;
}

static sj_status put_all(struct sj_sequencer *s, struct sj_tx *tx, struct sj_draft *drafts,
    size_t count, struct recorder_job **ret_job)
{
    ENSURE(count >= 1 && count <= UINT16_MAX, INTERNAL);
    for (size_t i = 0; i < count; i++) {
        drafts[i].emitter = s->emitter;
        drafts[i].emitter_seq = sj_sequencer_next_seq(s);
    }
    TRY(keep_drafts(s, drafts, count, ret_job));
    for (size_t i = 0; i < count; i++) {
        TRY(sj_outbox_put(tx, &s->emitter_key, &drafts[i]));
    }
    return sj_tx_push(tx);
}

sj_status sj_sequencer_put(
    struct sj_sequencer *s, struct sj_tx *tx, struct sj_draft *drafts, size_t count)
{
    CLEANUP(recorder_drop) struct recorder_job *job = NULL;
    TRY(put_all(s, tx, drafts, count, &job));
    for (size_t i = 0; i < count; i++) {
        sj_settle_doubt(s, &drafts[i]); /* until its entry is seen */
    }
    return recorder_wait(&job, s->config.deadline_ms);
}

sj_status sj_sequencer_commit(
    struct sj_sequencer *s, struct sj_tx **tx, struct sj_draft *drafts, size_t count)
{
    CLEANUP(sj_tx_rollback) struct sj_tx *own = TAKE(*tx);
    CLEANUP(recorder_drop) struct recorder_job *job = NULL;
    TRY(put_all(s, own, drafts, count, &job));
    TRY(recorder_wait(&job, s->config.deadline_ms));
    const sj_status status = sj_tx_commit(&own);
    if (status.code == SJ_DATABASE_UNAVAILABLE || status.code == SJ_DATABASE_TIMEOUT) {
        for (size_t i = 0; i < count; i++) {
            sj_settle_doubt(s, &drafts[i]);
            drafts[i].emitter_seq = 0; /* whoever records the failure takes another number */
        }
    }
    return status;
}

/* ---- what came of the recorder each second ---- */

static bool is_settled(void *ctx, uint64_t seq)
{
    const struct sj_sequencer *s = ctx;
    return sj_seen_has(s, s->emitter, seq);
}

void sj_keep_make_room(struct sj_sequencer *s)
{
    if (recorder_wants_room(s->config.recorder)) {
        recorder_make_room(s->config.recorder, s->head.frontier.size, is_settled, s);
    }
}

void sj_keep_probe(struct sj_sequencer *s)
{
    CLEANUP(recorder_drop) struct recorder_job *job = NULL;
    if (s->is_probing) {
        return; /* it has not come back yet */
    }
    s->is_probing = true;
    sj_status status = recorder_job_new(s->config.recorder, RECORDER_PROBE, &job);
    if (!sj_failed(status)) {
        recorder_send(job);
        status = recorder_wait(&job, s->config.deadline_ms);
    }
    s->is_probing = false;
    sj_ignore(status, "recorder_is_failing says it to readiness");
}
