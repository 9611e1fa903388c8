/* SPDX-License-Identifier: Apache-2.0
 *
 * What does a start find in the recorder that the log does not have? It reads the frames of the lives before this one.
 * A draft that has neither entry nor void is appended, marked that its outcome is unknown: too much said is the safe
 * side. A number of such a life that stands nowhere never came to its commit, because the recorder comes before it: it
 * gets a void; then the life is closed in its place, so that nothing of it stays open. A log in the database that ends
 * before what was signed is completed from the batches that stand here.
 */
#include <stdio.h>

#include "sanjeh/base/log.h"
#include "sanjeh/base/reader.h"
#include "state.h"

#define FRAMES_MAX   1048576u
#define EMITTERS_MAX 100000

struct replay_frame {
    uint8_t kind;
    struct sj_uuid emitter; /* the life that wrote it */
    struct sj_view payload;
    struct sj_batch_frame batch; /* of a batch */
};

struct sj_replay {
    struct sj_buf regions[RECORDER_REGIONS];
    struct recorder_end end;
    struct replay_frame *frames;
    size_t count;
    size_t room;
    struct sj_uuid key_of; /* whose key is at hand */
    struct sj_key key;
    bool has_key;
};

static sj_status refuse(char *reason, size_t size, const char *what)
{
    if (size != 0) {
        (void)snprintf(reason, size, "%s", what);
    }
    FAIL(LOG_TAMPERED);
}

/* ---- reading ---- */

static sj_status read_batch(struct sj_view payload, struct sj_batch_frame *ret_batch)
{
    struct sj_reader reader = sj_reader_of(payload);
    uint16_t count = 0;
    TRY(sj_read_u64(&reader, &ret_batch->base_size));
    TRY(sj_read_bytes(&reader, ret_batch->base_root.bytes, SJ_HASH_SIZE));
    TRY(sj_read_u64(&reader, &ret_batch->size));
    TRY(sj_read_bytes(&reader, ret_batch->root.bytes, SJ_HASH_SIZE));
    TRY(sj_read_u16(&reader, &count));
    ENSURE(count >= 1 && count <= SJ_BATCH_ENTRIES, PROTOCOL);
    ENSURE(ret_batch->size - ret_batch->base_size == count, PROTOCOL);
    ret_batch->count = count;
    const struct sj_reader first = reader;
    for (size_t i = 0; i < count; i++) {
        uint32_t len = 0;
        struct sj_view entry;
        TRY(sj_read_u32(&reader, &len));
        TRY(sj_read_view(&reader, len, &entry));
    }
    ret_batch->entries = sj_view_of(first.ptr, first.left - reader.left);
    ret_batch->ids = sj_view_of(reader.ptr, reader.left);
    return SJ_DONE;
}

static sj_status add_frame(struct sj_replay *replay, const struct recorder_frame *frame)
{
    struct replay_frame added = {
        .kind = frame->kind, .emitter = frame->emitter, .payload = frame->payload};
    if (frame->kind == RECORDER_BATCH) {
        TRY(read_batch(frame->payload, &added.batch));
    }
    if (replay->count == replay->room) {
        const size_t more = replay->room == 0 ? 256 : replay->room * 2;
        void *memory = NULL;
        ENSURE(more <= FRAMES_MAX, LIMIT_EXCEEDED);
        TRY(sj_alloc(more, sizeof(struct replay_frame), &memory));
        TRY(sj_copy(memory, more * sizeof(struct replay_frame), replay->frames,
            replay->count * sizeof(struct replay_frame)));
        sj_free(replay->frames);
        replay->frames = memory;
        replay->room = more;
    }
    replay->frames[replay->count++] = added;
    return SJ_DONE;
}

static sj_status key_of(struct sj_sequencer *s, struct sj_replay *replay, struct sj_uuid emitter)
{
    if (!replay->has_key || !sj_uuid_equal(replay->key_of, emitter)) {
        replay->has_key = false;
        TRY(ask_emitter_key(s->config.channel, emitter, &replay->key));
        replay->key_of = emitter;
        replay->has_key = true;
    }
    return SJ_DONE;
}

/* Frames of one generation from the region's beginning, up to its end or what is not ours. */
static sj_status read_region(
    struct sj_sequencer *s, struct sj_replay *replay, unsigned number, struct recorder_end *end)
{
    const struct sj_view region = sj_buf_view(&replay->regions[number]);
    struct recorder_frame frame;
    struct recorder_place place;
    struct sj_hash mac;
    bool is_there = false;
    *end = (struct recorder_end){.region = number};
    for (;;) {
        TRY(recorder_frame_take(region, (size_t)end->at, &frame, &place, &mac, &is_there));
        if (!is_there || (end->at != 0 && place.generation != end->generation)) {
            return SJ_DONE;
        }
        TRY(key_of(s, replay, frame.emitter));
        if (!recorder_frame_holds(&replay->key, &frame, &place, &mac) ||
            sj_failed(add_frame(replay, &frame))) {
            SJ_LOG(NOTICE, "audit.recorder.ends", sj_log_int("at", (int64_t)end->at),
                sj_log_int("generation", (int64_t)place.generation));
            return SJ_DONE;
        }
        end->generation = place.generation;
        end->at += RECORDER_HEAD_SIZE + frame.payload.len;
    }
}

static uint64_t generation_of(const struct sj_buf *region)
{
    struct recorder_frame frame;
    struct recorder_place place = {0, 0};
    struct sj_hash mac;
    bool is_there = false;
    sj_ignore(recorder_frame_take(sj_buf_view(region), 0, &frame, &place, &mac, &is_there),
        "is_there says it");
    return is_there ? place.generation : 0;
}

static sj_status read_file(struct sj_sequencer *s, struct sj_replay *replay)
{
    const struct recorder_file *file = recorder_file_of(s->config.recorder);
    struct recorder_end ends[RECORDER_REGIONS];
    for (unsigned i = 0; i < RECORDER_REGIONS; i++) {
        replay->regions[i] = SJ_BUF(file->region_bytes);
        TRY(recorder_file_load(file, i, &replay->regions[i]));
    }
    const unsigned older =
        generation_of(&replay->regions[0]) <= generation_of(&replay->regions[1]) ? 0 : 1;
    const unsigned newer = 1 - older;
    TRY(read_region(s, replay, older, &ends[older]));
    TRY(read_region(s, replay, newer, &ends[newer]));
    replay->end = ends[newer].generation != 0 ? ends[newer] : ends[older];
    if (replay->end.generation == 0) {
        replay->end = (struct recorder_end){.generation = 1};
    }
    return SJ_DONE;
}

static sj_status check_file(struct sj_sequencer *s, char *reason, size_t size)
{
    TRY(recorder_file_check(recorder_file_of(s->config.recorder)));
    const struct sj_uuid id = sj_recorder_id(s->config.recorder);
    if (s->instances.is_known && !sj_uuid_is_nil(s->instances.recorder) &&
        !sj_uuid_equal(id, s->instances.recorder)) {
        return refuse(reason, size,
            "the recorder beside the database is missing, or is not this server's: see "
            "docs/AUDIT.md, The recorder");
    }
    return SJ_DONE;
}

sj_status sj_replay_load(struct sj_sequencer *s, char *reterr_reason, size_t reason_size)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_replay), &memory));
    s->replay = memory;
    TRY(check_file(s, reterr_reason, reason_size));
    return read_file(s, s->replay);
}

void sj_replay_free(struct sj_sequencer *s)
{
    struct sj_replay *replay = TAKE(s->replay);
    if (replay != NULL) {
        for (unsigned i = 0; i < RECORDER_REGIONS; i++) {
            sj_buf_clear(&replay->regions[i]);
        }
        sj_free(replay->frames);
        sj_wipe(&replay->key, sizeof(replay->key));
        sj_free(replay);
    }
}

const struct recorder_end *sj_replay_end(const struct sj_sequencer *s)
{
    return &s->replay->end;
}

const struct sj_batch_frame *sj_replay_batch(
    const struct sj_sequencer *s, uint64_t base_size, const struct sj_hash *base_root)
{
    for (size_t i = s->replay == NULL ? 0 : s->replay->count; i > 0; i--) {
        const struct replay_frame *frame = &s->replay->frames[i - 1];
        if (frame->kind == RECORDER_BATCH && frame->batch.base_size == base_size &&
            sj_hash_equal(&frame->batch.base_root, base_root)) {
            return &frame->batch;
        }
    }
    return NULL;
}

bool sj_replay_knows(const struct sj_sequencer *s, uint64_t size, const struct sj_hash *root)
{
    for (size_t i = 0; i < s->replay->count; i++) {
        const struct replay_frame *frame = &s->replay->frames[i];
        if (frame->kind == RECORDER_BATCH && frame->batch.size == size &&
            sj_hash_equal(&frame->batch.root, root)) {
            return true;
        }
    }
    return false;
}

/* ---- bringing back ---- */

struct bringing {
    struct sj_sequencer *s;
    struct sj_emitters met;    /* numbers of the frames */
    struct sj_emitters closed; /* 1: the life has its close in the log */
    struct sj_uuid lives[SJ_LIVES_MAX];
    size_t life_count;
    struct sj_sweep sweep;
    struct sj_replayed *counts;
};

static void add_life(struct bringing *x, struct sj_uuid emitter)
{
    for (size_t i = 0; i < x->life_count; i++) {
        if (sj_uuid_equal(x->lives[i], emitter)) {
            return;
        }
    }
    if (x->life_count < SJ_LIVES_MAX && !sj_uuid_equal(emitter, x->s->emitter)) {
        x->lives[x->life_count++] = emitter;
    }
}

static sj_status queue(struct bringing *x, const struct sj_draft *draft)
{
    struct sj_slot *slot = NULL;
    TRY(sj_queue_slot(x->s, draft, /* in_outbox= */ true, &slot));
    slot->sweep = &x->sweep;
    x->sweep.pending++;
    x->sweep.queued++;
    sj_queue_push(x->s, slot);
    if (x->sweep.pending >= SJ_BATCH_ENTRIES) {
        sj_sweep_wait(&x->sweep);
    }
    return SJ_DONE;
}

static bool is_about_emitters(enum sj_entry_kind kind)
{
    return kind == SJ_ENTRY_EMITTER_OPEN || kind == SJ_ENTRY_EMITTER_CLOSE ||
           kind == SJ_ENTRY_VOID || kind == SJ_ENTRY_RECOVERY;
}

/* What such an entry says holds at one place only, which it did not get. */
static bool is_bound_to_its_place(enum sj_entry_kind kind)
{
    return kind == SJ_ENTRY_TENANT_HEADS || kind == SJ_ENTRY_KEY_ROTATE;
}

static sj_status bring(struct bringing *x, struct sj_draft *draft, struct sj_view ids)
{
    bool is_repeat = false;
    const bool is_in_log = sj_seen_has(x->s, draft->emitter, draft->emitter_seq);
    if (is_in_log && draft->kind == SJ_ENTRY_EMITTER_CLOSE) {
        TRY(sj_emitters_see(&x->closed, draft->emitter, 1, &is_repeat));
    }
    TRY(sj_emitters_see(&x->met, draft->emitter, draft->emitter_seq, &is_repeat));
    if (is_in_log || is_repeat || is_bound_to_its_place(draft->kind)) {
        return SJ_DONE; /* the last get a void */
    }
    if (!is_about_emitters(draft->kind)) {
        sj_settle_mark(draft);
    }
    draft->subjects = (const struct sj_uuid *)(const void *)ids.ptr;
    draft->subject_count = ids.len / sizeof(struct sj_uuid);
    x->counts->recovered++;
    return queue(x, draft);
}

static sj_status read_ids(struct sj_reader *reader, struct sj_view *ret_ids)
{
    uint16_t count = 0;
    TRY(sj_read_u16(reader, &count));
    ENSURE(count <= SJ_SUBJECTS_MAX, PROTOCOL);
    return sj_read_view(reader, (size_t)count * sizeof(struct sj_uuid), ret_ids);
}

static sj_status bring_drafts(struct bringing *x, struct sj_view payload)
{
    struct sj_reader reader = sj_reader_of(payload);
    uint16_t count = 0;
    TRY(sj_read_u16(&reader, &count));
    for (size_t i = 0; i < count; i++) {
        uint16_t len = 0;
        struct sj_view bytes;
        struct sj_view ids;
        struct sj_draft draft;
        TRY(sj_read_u16(&reader, &len));
        TRY(sj_read_view(&reader, len, &bytes));
        TRY(read_ids(&reader, &ids));
        TRY(sj_draft_decode(bytes, &draft));
        TRY(bring(x, &draft, ids));
    }
    return SJ_DONE;
}

/* An entry of a batch may be another emitter's: what was swept, a command's. */
static sj_status bring_batch(struct bringing *x, const struct sj_batch_frame *batch)
{
    struct sj_reader entries = sj_reader_of(batch->entries);
    struct sj_reader lists = sj_reader_of(batch->ids);
    for (size_t i = 0; i < batch->count; i++) {
        uint32_t len = 0;
        struct sj_view bytes;
        struct sj_view ids;
        struct sj_entry entry;
        TRY(sj_read_u32(&entries, &len));
        TRY(sj_read_view(&entries, len, &bytes));
        TRY(read_ids(&lists, &ids));
        TRY(sj_entry_decode(bytes, &entry));
        TRY(bring(x, &entry.draft, ids));
    }
    return SJ_DONE;
}

static sj_status bring_frames(struct bringing *x)
{
    const struct sj_replay *replay = x->s->replay;
    for (size_t i = 0; i < replay->count; i++) {
        const struct replay_frame *frame = &replay->frames[i];
        add_life(x, frame->emitter);
        if (frame->kind == RECORDER_BATCH) {
            TRY(bring_batch(x, &frame->batch));
        } else if (frame->kind == RECORDER_DRAFTS) {
            TRY(bring_drafts(x, frame->payload));
        }
    }
    sj_sweep_wait(&x->sweep);
    return SJ_DONE;
}

/* Voids for the numbers that stand nowhere, then the close that the life could not write. */
static sj_status close_life(struct bringing *x, struct sj_uuid emitter)
{
    uint64_t gaps[64];
    size_t count = 0;
    if (sj_emitters_have(&x->closed, emitter, 1)) {
        return SJ_DONE;
    }
    const uint64_t in_log = sj_emitters_last(&x->s->seen, emitter);
    const uint64_t in_file = sj_emitters_last(&x->met, emitter);
    const uint64_t last = in_log > in_file ? in_log : in_file;
    do {
        sj_emitters_gaps(&x->s->seen, emitter, last + 1, gaps, SJ_COUNT(gaps), &count);
        for (size_t i = 0; i < count; i++) {
            const struct sj_draft nothing = sj_settle_void(emitter, gaps[i]);
            TRY(queue(x, &nothing));
            x->counts->voids++;
        }
        sj_sweep_wait(&x->sweep);
        ENSURE(count == 0 || sj_seen_has(x->s, emitter, gaps[0]), RECORD_UNAVAILABLE);
    } while (count == SJ_COUNT(gaps));
    const struct sj_draft close = {.kind = SJ_ENTRY_EMITTER_CLOSE,
        .emitter = emitter,
        .emitter_seq = last + 1,
        .outcome = SJ_OUTCOME_FAILED,
        .action = "log:close",
        .object_type = "log",
        .detail = "by=recovery"};
    TRY(queue(x, &close));
    x->counts->closed++;
    sj_sweep_wait(&x->sweep);
    ENSURE(sj_seen_has(x->s, emitter, last + 1), RECORD_UNAVAILABLE);
    return SJ_DONE;
}

static sj_status run(struct bringing *x)
{
    TRY(sj_emitters_init(&x->met, EMITTERS_MAX));
    TRY(sj_emitters_init(&x->closed, EMITTERS_MAX));
    const sj_status brought = bring_frames(x);
    sj_sweep_wait(&x->sweep); /* its slots point here */
    TRY(brought);
    for (size_t i = 0; i < x->life_count; i++) {
        if (sj_emitters_last(&x->s->seen, x->lives[i]) == 0) {
            continue; /* it never wrote */
        }
        const sj_status closed = close_life(x, x->lives[i]);
        sj_sweep_wait(&x->sweep);
        TRY(closed);
    }
    return SJ_DONE;
}

sj_status sj_replay_run(struct sj_sequencer *s, struct sj_replayed *ret_counts)
{
    void *memory = NULL;
    *ret_counts = (struct sj_replayed){.recovered = 0};
    TRY(sj_alloc(1, sizeof(struct bringing), &memory));
    struct bringing *x = memory;
    x->s = s;
    x->counts = ret_counts;
    const sj_status status = run(x);
    sj_emitters_clear(&x->met);
    sj_emitters_clear(&x->closed);
    sj_free(x);
    TRY(status);
    recorder_all_settled(s->config.recorder);
    return SJ_DONE;
}
