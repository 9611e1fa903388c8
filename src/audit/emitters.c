/* SPDX-License-Identifier: Apache-2.0
 *
 * Has this emitter used this number before? Sorted intervals per emitter. At most INTERVALS_MAX of them: beyond
 * that the two lowest become one, so a number inside the oldest gaps would be called a repeat. A server that
 * refuses 65,536 drafts one by one in one life comes near; a hostile bundle cannot make the check quadratic.
 */
#include "emitters.h"

#include "sanjeh/base/memory.h"
#include "sanjeh/base/reader.h"

#define INTERVALS_MAX 65536u
#define FORM_VERSION  1

struct interval {
    uint64_t first;
    uint64_t last;
};

struct sj_emitter {
    struct sj_uuid id;
    struct interval *intervals; /* ascending, never adjacent */
    size_t count;
    size_t capacity;
    bool has_promised;
    uint64_t last; /* 0: it has not ended */
};

sj_status sj_emitters_init(struct sj_emitters *emitters, size_t max)
{
    *emitters = (struct sj_emitters){0};
    return sj_idmap_init(&emitters->map, max);
}

void sj_emitters_clear(struct sj_emitters *emitters)
{
    for (size_t i = 0; i < emitters->map.count && i < emitters->capacity; i++) {
        sj_free(emitters->list[i].intervals);
    }
    sj_idmap_clear(&emitters->map);
    sj_free(emitters->list);
    emitters->list = NULL;
    emitters->capacity = 0;
}

static sj_status find_emitter(
    struct sj_emitters *emitters, struct sj_uuid id, struct sj_emitter **ret_emitter)
{
    if (emitters->map.count == emitters->capacity) {
        const size_t capacity = emitters->capacity == 0 ? 16 : emitters->capacity * 2;
        void *memory = NULL;
        TRY(sj_alloc(capacity, sizeof(struct sj_emitter), &memory));
        struct sj_emitter *list = memory;
        for (size_t i = 0; i < emitters->capacity; i++) {
            list[i] = emitters->list[i];
        }
        sj_free(emitters->list);
        emitters->list = list;
        emitters->capacity = capacity;
    }
    size_t number = 0;
    bool is_new = false;
    TRY(sj_idmap_get(&emitters->map, id, &number, &is_new));
    *ret_emitter = &emitters->list[number];
    (*ret_emitter)->id = id;
    return SJ_DONE;
}

/* Number of intervals that end before seq. */
static size_t place_of(const struct sj_emitter *emitter, uint64_t seq)
{
    size_t low = 0;
    size_t high = emitter->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (emitter->intervals[middle].last < seq) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool has(const struct sj_emitter *emitter, size_t place, uint64_t seq)
{
    return place < emitter->count && emitter->intervals[place].first <= seq;
}

static sj_status grow(struct sj_emitter *emitter)
{
    const size_t capacity = emitter->capacity == 0 ? 4 : emitter->capacity * 2;
    void *memory = NULL;
    TRY(sj_alloc(capacity, sizeof(struct interval), &memory));
    struct interval *intervals = memory;
    for (size_t i = 0; i < emitter->count; i++) {
        intervals[i] = emitter->intervals[i];
    }
    sj_free(emitter->intervals);
    emitter->intervals = intervals;
    emitter->capacity = capacity;
    return SJ_DONE;
}

static void remove_at(struct sj_emitter *emitter, size_t place)
{
    emitter->count--;
    for (size_t i = place; i < emitter->count; i++) {
        emitter->intervals[i] = emitter->intervals[i + 1];
    }
}

static sj_status insert_at(struct sj_emitter *emitter, size_t place, uint64_t seq)
{
    if (emitter->count == INTERVALS_MAX) {
        emitter->intervals[1].first = emitter->intervals[0].first;
        remove_at(emitter, 0);
        place = place == 0 ? 0 : place - 1;
        if (seq < emitter->intervals[0].last) {
            return SJ_DONE; /* swallowed by the joined interval */
        }
    }
    if (emitter->count == emitter->capacity) {
        TRY(grow(emitter));
    }
    for (size_t i = emitter->count; i > place; i--) {
        emitter->intervals[i] = emitter->intervals[i - 1];
    }
    emitter->intervals[place] = (struct interval){seq, seq};
    emitter->count++;
    return SJ_DONE;
}

static sj_status note(struct sj_emitter *emitter, size_t place, uint64_t seq)
{
    struct interval *before = place > 0 ? &emitter->intervals[place - 1] : NULL;
    struct interval *after = place < emitter->count ? &emitter->intervals[place] : NULL;
    const bool joins_before = before != NULL && before->last + 1 == seq;
    const bool joins_after = after != NULL && after->first == seq + 1;
    if (joins_before && joins_after) {
        before->last = after->last;
        remove_at(emitter, place);
        return SJ_DONE;
    }
    if (joins_before) {
        before->last = seq;
        return SJ_DONE;
    }
    if (joins_after) {
        after->first = seq;
        return SJ_DONE;
    }
    return insert_at(emitter, place, seq);
}

sj_status sj_emitters_see(
    struct sj_emitters *emitters, struct sj_uuid emitter_id, uint64_t seq, bool *ret_is_repeat)
{
    struct sj_emitter *emitter = NULL;
    TRY(find_emitter(emitters, emitter_id, &emitter));
    const size_t place = place_of(emitter, seq);
    *ret_is_repeat = has(emitter, place, seq);
    return *ret_is_repeat ? SJ_DONE : note(emitter, place, seq);
}

sj_status sj_emitters_promise(struct sj_emitters *emitters, struct sj_uuid emitter_id)
{
    struct sj_emitter *emitter = NULL;
    TRY(find_emitter(emitters, emitter_id, &emitter));
    emitter->has_promised = true;
    return SJ_DONE;
}

sj_status sj_emitters_end(struct sj_emitters *emitters, struct sj_uuid emitter_id, uint64_t last)
{
    struct sj_emitter *emitter = NULL;
    TRY(find_emitter(emitters, emitter_id, &emitter));
    emitter->last = last;
    return SJ_DONE;
}

bool sj_emitters_find_gap(
    const struct sj_emitters *emitters, struct sj_uuid *ret_emitter, uint64_t *ret_seq)
{
    for (size_t i = 0; i < emitters->map.count; i++) {
        const struct sj_emitter *emitter = &emitters->list[i];
        /* number 0 is never given */
        const size_t at = place_of(emitter, 1);
        const bool has_one = has(emitter, at, 1);
        if (!emitter->has_promised || emitter->last == 0 ||
            (has_one && emitter->intervals[at].last >= emitter->last)) {
            continue;
        }
        *ret_emitter = emitter->id;
        *ret_seq = has_one ? emitter->intervals[at].last + 1 : 1;
        return true;
    }
    return false;
}

bool sj_emitters_know(const struct sj_emitters *emitters, struct sj_uuid emitter_id)
{
    size_t number = 0;
    return sj_idmap_find(&emitters->map, emitter_id, &number);
}

bool sj_emitters_have(const struct sj_emitters *emitters, struct sj_uuid emitter_id, uint64_t seq)
{
    size_t number = 0;
    if (!sj_idmap_find(&emitters->map, emitter_id, &number)) {
        return false;
    }
    const struct sj_emitter *emitter = &emitters->list[number];
    return has(emitter, place_of(emitter, seq), seq);
}

void sj_emitters_gaps(const struct sj_emitters *emitters, struct sj_uuid emitter_id, uint64_t upto,
    uint64_t *ret_gaps, size_t max, size_t *ret_count)
{
    size_t number = 0;
    size_t place = 0;
    const struct sj_emitter *emitter =
        sj_idmap_find(&emitters->map, emitter_id, &number) ? &emitters->list[number] : NULL;
    *ret_count = 0;
    for (uint64_t seq = 1; seq < upto && *ret_count < max;) {
        if (emitter != NULL && place < emitter->count && emitter->intervals[place].first <= seq) {
            seq = emitter->intervals[place++].last + 1;
        } else {
            ret_gaps[(*ret_count)++] = seq++;
        }
    }
}

uint64_t sj_emitters_last(const struct sj_emitters *emitters, struct sj_uuid emitter_id)
{
    size_t number = 0;
    if (!sj_idmap_find(&emitters->map, emitter_id, &number) || emitters->list[number].count == 0) {
        return 0;
    }
    const struct sj_emitter *emitter = &emitters->list[number];
    return emitter->intervals[emitter->count - 1].last;
}

static sj_status put_intervals(const struct sj_emitter *emitter, struct sj_buf *out)
{
    TRY(sj_buf_put_u32(out, (uint32_t)emitter->count));
    for (size_t j = 0; j < emitter->count; j++) {
        TRY(sj_buf_put_u64(out, emitter->intervals[j].first));
        TRY(sj_buf_put_u64(out, emitter->intervals[j].last));
    }
    return SJ_DONE;
}

/* Version, then for each emitter: id, number of intervals, their ends. */
sj_status sj_emitters_encode(const struct sj_emitters *emitters, struct sj_buf *out)
{
    TRY(sj_buf_put_byte(out, FORM_VERSION));
    for (size_t i = 0; i < emitters->map.count; i++) {
        const struct sj_emitter *emitter = &emitters->list[i];
        TRY(sj_buf_put(out, emitter->id.bytes, sizeof(emitter->id.bytes)));
        TRY(put_intervals(emitter, out));
    }
    return SJ_DONE;
}

static sj_status decode_intervals(
    struct sj_reader *reader, uint32_t count, struct sj_emitter *emitter)
{
    ENSURE(emitter->count == 0 && count <= INTERVALS_MAX, PROTOCOL);
    for (uint32_t i = 0; i < count; i++) {
        struct interval interval = {0};
        TRY(sj_read_u64(reader, &interval.first));
        TRY(sj_read_u64(reader, &interval.last));
        const bool ascends = i == 0 || emitter->intervals[i - 1].last < interval.first;
        ENSURE(ascends && interval.first <= interval.last, PROTOCOL);
        if (emitter->count == emitter->capacity) {
            TRY(grow(emitter));
        }
        emitter->intervals[emitter->count++] = interval;
    }
    return SJ_DONE;
}

sj_status sj_emitters_decode(struct sj_view bytes, struct sj_emitters *emitters)
{
    struct sj_reader reader = sj_reader_of(bytes);
    uint8_t version = 0;
    TRY(sj_read_bytes(&reader, &version, 1));
    ENSURE(version == FORM_VERSION, PROTOCOL);
    while (reader.left != 0) {
        struct sj_uuid id;
        uint32_t count = 0;
        struct sj_emitter *emitter = NULL;
        TRY(sj_read_bytes(&reader, id.bytes, sizeof(id.bytes)));
        TRY(sj_read_u32(&reader, &count));
        TRY(find_emitter(emitters, id, &emitter));
        TRY(decode_intervals(&reader, count, emitter));
    }
    return SJ_DONE;
}

sj_status sj_emitters_put_one(const struct sj_emitters *emitters, size_t number, struct sj_buf *out)
{
    const struct sj_emitter *emitter = &emitters->list[number];
    TRY(sj_buf_put(out, emitter->id.bytes, sizeof(emitter->id.bytes)));
    TRY(sj_buf_put_byte(out, emitter->has_promised ? 1 : 0));
    TRY(sj_buf_put_u64(out, emitter->last));
    return put_intervals(emitter, out);
}

sj_status sj_emitters_intervals_of(const uint8_t head[SJ_EMITTER_HEAD], uint32_t *ret_count)
{
    struct sj_reader reader = sj_reader_of(sj_view_of(head + SJ_EMITTER_HEAD - 4, 4));
    TRY(sj_read_u32(&reader, ret_count));
    ENSURE(*ret_count <= INTERVALS_MAX, PROTOCOL);
    return SJ_DONE;
}

sj_status sj_emitters_take_one(struct sj_emitters *emitters, struct sj_view bytes)
{
    struct sj_reader reader = sj_reader_of(bytes);
    struct sj_emitter *emitter = NULL;
    struct sj_uuid id;
    uint8_t promised = 0;
    uint64_t last = 0;
    uint32_t count = 0;
    TRY(sj_read_bytes(&reader, id.bytes, sizeof(id.bytes)));
    TRY(sj_read_u8(&reader, &promised));
    TRY(sj_read_u64(&reader, &last));
    TRY(sj_read_u32(&reader, &count));
    ENSURE(promised <= 1 && !sj_emitters_know(emitters, id), PROTOCOL);
    TRY(find_emitter(emitters, id, &emitter));
    emitter->has_promised = promised == 1;
    emitter->last = last;
    TRY(decode_intervals(&reader, count, emitter));
    ENSURE(reader.left == 0, PROTOCOL);
    return SJ_DONE;
}
