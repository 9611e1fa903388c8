/* SPDX-License-Identifier: Apache-2.0
 *
 * What do the entries say that can only be written when their place is known? Two kinds: where every tenant's chain stands just
 * before the entry, and the change of the log's key, which names the size from which the new one counts. Their words are
 * made when the batch gives them their index. When they are due is asked each second; the first entry of a day is the
 * heads' in any case, so that it tells the whole day before.
 */
#include "sanjeh/base/log.h"
#include "sanjeh/base/reader.h"
#include "state.h"

#define HEADS_MS 60000
#define EPOCH_MS INT64_C(86400000)
#define PAGE     4096u
#define DAY_US   INT64_C(86400000000)

static int64_t or_default(int64_t given, int64_t otherwise)
{
    return given == 0 ? otherwise : given;
}

sj_status sj_late_init(struct sj_sequencer *s)
{
    s->late.next_heads_ms = sj_time_monotonic_ms() + or_default(s->config.heads_ms, HEADS_MS);
    return sj_heads_init(&s->late.heads);
}

void sj_late_clear(struct sj_sequencer *s)
{
    sj_heads_clear(&s->late.heads);
}

/* ---- counting ---- */

/* Counts serve searches; the record goes on without them. */
static void stop_counting(struct sj_sequencer *s, sj_status why)
{
    s->late.is_off = true;
    SJ_LOG(WARN, "audit.heads.off", sj_log_status(why));
}

void sj_late_see(struct sj_sequencer *s, struct sj_uuid tag, struct sj_text action, sj_time_us time)
{
    if (s->late.is_off) {
        return;
    }
    const sj_status status = sj_heads_see(&s->late.heads, tag, action, time);
    if (sj_failed(status)) {
        stop_counting(s, status);
    }
}

/* The action stands behind the fixed part of a body, its length in front. */
static struct sj_text action_of(const struct sj_slot *slot)
{
    const size_t at =
        SJ_BODY_FIXED_SIZE - 4; /* three lengths come behind the fixed fields: 1, 1, 2 */
    return (struct sj_text){(const char *)slot->body.ptr + at + 1, slot->body.ptr[at]};
}

void sj_late_batch(struct sj_sequencer *s)
{
    const struct sj_batch *b = &s->batch;
    for (size_t i = 0; i < b->count; i++) {
        sj_late_see(s, b->slots[i]->tenant_tag, action_of(b->slots[i]), s->head.last_time);
    }
    s->late.upto = s->head.frontier.size;
}

static sj_status count_row(struct sj_sequencer *s, const struct sj_rows *rows, size_t row)
{
    struct sj_reader time_bytes = sj_reader_of(sj_row_bytes(rows, row, 0));
    struct sj_reader tag_bytes = sj_reader_of(sj_row_bytes(rows, row, 1));
    const struct sj_view action = sj_row_bytes(rows, row, 2);
    struct sj_uuid tag;
    uint64_t time = 0;
    TRY(sj_read_u64(&time_bytes, &time));
    TRY(sj_read_bytes(&tag_bytes, tag.bytes, sizeof(tag.bytes)));
    sj_late_see(s, tag, (struct sj_text){(const char *)action.ptr, action.len}, (sj_time_us)time);
    return SJ_DONE;
}

static sj_status read_range(
    struct sj_sequencer *s, uint64_t from, uint64_t to, struct sj_rows **ret_rows)
{
    const struct sj_param params[] = {sj_p_i64((int64_t)from), sj_p_i64((int64_t)to)};
    const struct sj_query query = {SJ_SQL_AUDIT_ENTRY_COUNT_RANGE, params, SJ_COUNT(params)};
    struct sj_context context;
    TRY(sj_record_context(s, &context));
    return sj_record_read(s->config.db, &context, &query, ret_rows);
}

static sj_status time_at(struct sj_sequencer *s, uint64_t index, sj_time_us *ret_time)
{
    uint64_t time = 0;
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(read_range(s, index, index + 1, &rows));
    ENSURE(sj_rows_count(rows) == 1, LOG_TAMPERED);
    struct sj_reader reader = sj_reader_of(sj_row_bytes(rows, 0, 0));
    TRY(sj_read_u64(&reader, &time));
    *ret_time = (sj_time_us)time;
    return SJ_DONE;
}

/* The first entry of the day of the newest one; times never fall. */
static sj_status day_begin(struct sj_sequencer *s, uint64_t size, uint64_t *ret_index)
{
    const int64_t day = sj_heads_day(s->head.last_time);
    struct sj_context context;
    uint64_t minimum = 0;
    TRY(sj_record_context(s, &context));
    TRY(sj_record_minimum(s->config.db, &context, &minimum));
    uint64_t low = s->late.upto < minimum ? minimum : s->late.upto;
    uint64_t high = size;
    while (low < high) {
        const uint64_t middle = low + (high - low) / 2;
        sj_time_us time = 0;
        TRY(time_at(s, middle, &time));
        if (sj_heads_day(time) < day) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *ret_index = low;
    return SJ_DONE;
}

sj_status sj_late_catch_up(struct sj_sequencer *s, uint64_t size)
{
    uint64_t at = 0;
    if (s->late.upto >= size || s->late.is_off) {
        return SJ_DONE;
    }
    TRY(day_begin(s, size, &at));
    while (at < size) {
        const uint64_t end = size - at < PAGE ? size : at + PAGE;
        CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
        TRY(read_range(s, at, end, &rows));
        for (size_t i = 0; i < sj_rows_count(rows); i++) {
            TRY(count_row(s, rows, i));
        }
        at = end;
    }
    s->late.upto = size;
    return SJ_DONE;
}

/* ---- the words ---- */

static sj_status compose_heads(struct sj_sequencer *s, sj_time_us time, struct sj_buf *detail)
{
    s->late.next_heads_ms = sj_time_monotonic_ms() + or_default(s->config.heads_ms, HEADS_MS);
    return sj_heads_detail(&s->late.heads, &s->head.tenants, time, detail);
}

static sj_status compose_rotation(struct sj_sequencer *s, uint64_t index, struct sj_buf *detail)
{
    struct sj_rotation rotation = s->late.epoch.rotation;
    rotation.first = index + 2;
    return sj_rotation_format(&rotation, detail);
}

sj_status sj_late_compose(
    struct sj_sequencer *s, struct sj_slot *slot, uint64_t index, sj_time_us time)
{
    CLEANUP(sj_buf_clear) struct sj_buf detail = SJ_BUF(SJ_ENTRY_DETAIL_MAX);
    struct sj_draft draft;
    const char *text = NULL;
    if (slot->kind != SJ_ENTRY_TENANT_HEADS && slot->kind != SJ_ENTRY_KEY_ROTATE) {
        return SJ_DONE;
    }
    const bool is_heads = slot->kind == SJ_ENTRY_TENANT_HEADS;
    TRY(is_heads ? compose_heads(s, time, &detail) : compose_rotation(s, index, &detail));
    TRY(sj_buf_cstr(&detail, &text));
    TRY(sj_sequencer_own_draft(
        slot->kind, is_heads ? "log:tenant-heads" : "key:rotate", text, &draft));
    draft.emitter = slot->emitter;
    draft.emitter_seq = slot->emitter_seq;
    sj_buf_reset(&slot->body);
    return sj_body_encode(&draft, &slot->body);
}

bool sj_late_begins_batch(const struct sj_slot *slot)
{
    return slot->kind == SJ_ENTRY_TENANT_HEADS; /* what it counts is all before the batch */
}

bool sj_late_ends_batch(const struct sj_slot *slot)
{
    return slot->kind == SJ_ENTRY_KEY_ROTATE; /* the old key signs exactly up to it */
}

bool sj_late_new_day(const struct sj_sequencer *s)
{
    return s->config.heads_ms >= 0 && !s->late.is_off && s->head.frontier.size != 0 &&
           s->late.upto == s->head.frontier.size &&
           sj_heads_day(sj_time_now()) > sj_heads_day(s->head.last_time);
}

sj_status sj_late_rotation_at(struct sj_sequencer *s, uint64_t index, struct sj_buf *ret_entry)
{
    const struct sj_param param = sj_p_i64((int64_t)index);
    const struct sj_query query = {SJ_SQL_AUDIT_ENTRY_GET, &param, 1};
    struct sj_context context;
    struct sj_entry entry;
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_record_context(s, &context));
    TRY(sj_record_read(s->config.db, &context, &query, &rows));
    ENSURE(sj_rows_count(rows) == 1, LOG_TAMPERED);
    const struct sj_view bytes = sj_row_bytes(rows, 0, 0);
    if (!sj_failed(sj_entry_decode(bytes, &entry)) && sj_change_is_own(s, &entry)) {
        return sj_buf_put_view(ret_entry, bytes);
    }
    return SJ_DONE;
}

/* ---- what is due ---- */

static bool epoch_is_over(const struct sj_sequencer *s)
{
    const int64_t length_us = or_default(s->config.key_epoch_ms, EPOCH_MS) * 1000;
    return length_us > 0 && sj_time_now() / length_us > s->late.epoch.since / length_us;
}

static sj_status begin_rotation(struct sj_sequencer *s)
{
    TRY(ask_prepare_epoch(s->config.channel, &s->late.epoch));
    TRY(sj_sequencer_record_own(s, SJ_ENTRY_KEY_ROTATE, "key:rotate", ""));
    atomic_store(&s->late.rotate_asked, false);
    SJ_LOG(NOTICE, "audit.key.appointed", sj_log_int("epoch", (int64_t)s->late.epoch.number + 1));
    return SJ_DONE;
}

/* Both keys sign; the old one may go when the new has signed and witnesses hold a tree with the change in it. */
static sj_status end_rotation(struct sj_sequencer *s)
{
    const uint64_t first = s->late.epoch.rotation.first;
    if (atomic_load(&s->size) < first) {
        /* nobody is about: an entry of our own, so that the new key signs */
        return sj_sequencer_record_own(s, SJ_ENTRY_TENANT_HEADS, "log:tenant-heads", "");
    }
    if (s->config.is_cosigned != NULL &&
        !s->config.is_cosigned(s->config.cosigned_ctx, first - 1)) {
        return SJ_DONE;
    }
    TRY(sj_change_cover(s)); /* nobody can sign that tree with the old key afterwards */
    TRY(ask_finish_epoch(s->config.channel, &s->late.epoch));
    SJ_LOG(NOTICE, "audit.key.changed", sj_log_int("epoch", (int64_t)s->late.epoch.number));
    return SJ_DONE;
}

static sj_status turn_epoch(struct sj_sequencer *s)
{
    TRY(ask_epochs(s->config.channel, &s->late.epoch));
    switch (s->late.epoch.phase) {
    case SJ_EPOCH_STEADY:
        return atomic_load(&s->late.rotate_asked) || epoch_is_over(s) ? begin_rotation(s) : SJ_DONE;
    case SJ_EPOCH_PREPARED:
        return begin_rotation(s);
    case SJ_EPOCH_OVERLAP:
        return end_rotation(s);
    }
    return SJ_DONE;
}

sj_status sj_late_turn(struct sj_sequencer *s)
{
    TRY(turn_epoch(s));
    if (s->config.heads_ms < 0 || s->late.is_off ||
        sj_time_monotonic_ms() < s->late.next_heads_ms) {
        return SJ_DONE;
    }
    return sj_sequencer_record_own(s, SJ_ENTRY_TENANT_HEADS, "log:tenant-heads", "");
}

sj_status sj_sequencer_note_heads(struct sj_sequencer *s)
{
    ENSURE(!atomic_load(&s->refusing), SHUTTING_DOWN);
    return sj_sequencer_record_own(s, SJ_ENTRY_TENANT_HEADS, "log:tenant-heads", "");
}

void sj_sequencer_rotate_key(struct sj_sequencer *s)
{
    atomic_store(&s->late.rotate_asked, true);
}
