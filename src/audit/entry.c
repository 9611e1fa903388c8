/* SPDX-License-Identifier: Apache-2.0
 *
 * What are the bytes of an entry? One canonical form, written and read here and nowhere else: fixed big-endian
 * fields, three length-prefixed ASCII texts, nothing optional. The bytes are hashed and stored as they are
 * (DESIGN D11), so the decoder accepts exactly what the encoder writes: were there two encodings of one entry,
 * an attacker could swap them and both would read the same. Layout: docs/AUDIT.md 2.
 */
#include "sanjeh/audit/entry.h"

#include <string.h>

#include "codec.h"
#include "sanjeh/base/reader.h"

/* 9999-12-31T23:59:59.999999Z: later times have no text form. */
#define TIME_MAX INT64_C(253402300799999999)

static const char *const kind_names[SJ_ENTRY_KIND_COUNT_] = {NULL, "access", "sign-in", "anonymous",
    "emitter-open", "emitter-close", "void", "recovery", "config", "key", "tenant-heads",
    "key-rotate", "erase", "prune", "clock", "alarm", "stream-start", "stream-end", "scrub",
    "incarnation"};

const char *sj_entry_kind_name(enum sj_entry_kind kind)
{
    return (unsigned)kind < SJ_ENTRY_KIND_COUNT_ ? kind_names[kind] : NULL;
}

static bool is_printable(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] < 0x20 || text[i] > 0x7E) {
            return false;
        }
    }
    return true;
}

static bool is_zero(const struct sj_hash *hash)
{
    return sj_hash_equal(hash, &SJ_PAYLOAD_NONE);
}

/* The rules that hold for every draft, whether we made it or read it. */
static sj_status check_draft(const struct sj_draft *draft)
{
    ENSURE(draft->kind >= SJ_ENTRY_ACCESS && draft->kind < SJ_ENTRY_KIND_COUNT_, INVALID);
    ENSURE((unsigned)draft->outcome <= SJ_OUTCOME_FAILED, INVALID);
    ENSURE(draft->emitter_seq <= INT64_MAX, INVALID);
    ENSURE((draft->payload_len == 0) == is_zero(&draft->payload_commit), INVALID);
    const size_t action = strnlen(draft->action, sizeof(draft->action));
    const size_t type = strnlen(draft->object_type, sizeof(draft->object_type));
    const size_t detail = strnlen(draft->detail, sizeof(draft->detail));
    ENSURE(action >= 1 && action <= SJ_ENTRY_ACTION_MAX, INVALID);
    ENSURE(type <= SJ_ENTRY_TYPE_MAX && detail <= SJ_ENTRY_DETAIL_MAX, INVALID);
    ENSURE(is_printable(draft->action, action), INVALID);
    ENSURE(is_printable(draft->object_type, type), INVALID);
    ENSURE(is_printable(draft->detail, detail), INVALID);
    return SJ_DONE;
}

static sj_status put_text(struct sj_buf *out, const char *text)
{
    return sj_buf_put(out, text, strlen(text));
}

static sj_status put_body(const struct sj_draft *draft, struct sj_buf *out)
{
    TRY(sj_buf_put_byte(out, (uint8_t)draft->kind));
    TRY(sj_buf_put(out, draft->emitter.bytes, 16));
    TRY(sj_buf_put_u64(out, draft->emitter_seq));
    TRY(sj_buf_put(out, draft->tenant_tag.bytes, 16));
    TRY(sj_buf_put(out, draft->request_id.bytes, 16));
    TRY(sj_buf_put(out, draft->actor.bytes, 16));
    TRY(sj_buf_put(out, draft->object.bytes, 16));
    TRY(sj_buf_put_byte(out, (uint8_t)draft->outcome));
    TRY(sj_buf_put_u16(out, draft->http_status));
    TRY(sj_buf_put_u32(out, draft->policy_version));
    TRY(sj_buf_put_u32(out, draft->payload_len));
    TRY(sj_buf_put(out, draft->payload_commit.bytes, SJ_HASH_SIZE));
    TRY(sj_buf_put_byte(out, (uint8_t)strlen(draft->action)));
    TRY(put_text(out, draft->action));
    TRY(sj_buf_put_byte(out, (uint8_t)strlen(draft->object_type)));
    TRY(put_text(out, draft->object_type));
    TRY(sj_buf_put_u16(out, (uint16_t)strlen(draft->detail)));
    return put_text(out, draft->detail);
}

sj_status sj_body_encode(const struct sj_draft *draft, struct sj_buf *out)
{
    TRY(check_draft(draft));
    TRY(sj_buf_reserve(out, SJ_BODY_MAX));
    return put_body(draft, out);
}

void sj_body_number(struct sj_buf *body, uint64_t seq)
{
    SJ_ASSERT(body->len >= SJ_BODY_FIXED_SIZE);
    for (size_t i = 0; i < 8; i++) {
        body->ptr[1 + 16 + i] = (uint8_t)(seq >> (56 - 8 * i) & 0xFF);
    }
}

static sj_status check_place(const struct sj_place *place)
{
    ENSURE(place->index <= INT64_MAX, INVALID);
    ENSURE(place->time >= 0 && place->time <= TIME_MAX, INVALID);
    ENSURE(place->tenant_seq >= 1 && place->tenant_seq <= INT64_MAX, INVALID);
    ENSURE((place->tenant_seq == 1) == is_zero(&place->tenant_prev), INVALID);
    return SJ_DONE;
}

sj_status sj_place_encode(const struct sj_place *place, struct sj_buf *out)
{
    TRY(check_place(place));
    TRY(sj_buf_reserve(out, SJ_ENTRY_HEAD_SIZE));
    TRY(sj_buf_put_byte(out, SJ_ENTRY_VERSION));
    TRY(sj_buf_put(out, place->log_id.bytes, 16));
    TRY(sj_buf_put_u64(out, place->index));
    TRY(sj_buf_put_u64(out, (uint64_t)place->time));
    TRY(sj_buf_put_u64(out, place->tenant_seq));
    return sj_buf_put(out, place->tenant_prev.bytes, SJ_HASH_SIZE);
}

sj_status sj_entry_encode(const struct sj_entry *entry, struct sj_buf *out)
{
    const struct sj_place place = {
        .log_id = entry->log_id,
        .index = entry->index,
        .time = entry->time,
        .tenant_seq = entry->tenant_seq,
        .tenant_prev = entry->tenant_prev,
    };
    TRY(check_place(&place));
    TRY(check_draft(&entry->draft));
    TRY(sj_buf_reserve(out, SJ_ENTRY_HEAD_SIZE + SJ_BODY_MAX));
    TRY(sj_place_encode(&place, out));
    return sj_body_encode(&entry->draft, out);
}

sj_status sj_draft_encode(const struct sj_draft *draft, struct sj_buf *out)
{
    TRY(check_draft(draft));
    TRY(sj_buf_reserve(out, 1 + SJ_BODY_MAX));
    TRY(sj_buf_put_byte(out, SJ_DRAFT_VERSION));
    return sj_body_encode(draft, out);
}

/* Hostile from here on: every violation is PROTOCOL. */

static sj_status read_text(struct sj_reader *reader, size_t len, size_t max, char *dst)
{
    ENSURE(len <= max, PROTOCOL);
    TRY(sj_read_bytes(reader, dst, len));
    dst[len] = '\0';
    /* a NUL inside would shorten the text and give it a second encoding */
    ENSURE(strlen(dst) == len, PROTOCOL);
    return SJ_DONE;
}

static sj_status read_texts(struct sj_reader *reader, struct sj_draft *draft)
{
    uint8_t short_len = 0;
    uint16_t long_len = 0;
    TRY(sj_read_u8(reader, &short_len));
    TRY(read_text(reader, short_len, SJ_ENTRY_ACTION_MAX, draft->action));
    TRY(sj_read_u8(reader, &short_len));
    TRY(read_text(reader, short_len, SJ_ENTRY_TYPE_MAX, draft->object_type));
    TRY(sj_read_u16(reader, &long_len));
    return read_text(reader, long_len, SJ_ENTRY_DETAIL_MAX, draft->detail);
}

static sj_status read_body(struct sj_reader *reader, struct sj_draft *draft)
{
    uint8_t kind = 0;
    uint8_t outcome = 0;
    TRY(sj_read_u8(reader, &kind));
    ENSURE(kind >= SJ_ENTRY_ACCESS && kind < SJ_ENTRY_KIND_COUNT_, PROTOCOL);
    draft->kind = (enum sj_entry_kind)kind;
    TRY(sj_read_bytes(reader, draft->emitter.bytes, 16));
    TRY(sj_read_u64(reader, &draft->emitter_seq));
    TRY(sj_read_bytes(reader, draft->tenant_tag.bytes, 16));
    TRY(sj_read_bytes(reader, draft->request_id.bytes, 16));
    TRY(sj_read_bytes(reader, draft->actor.bytes, 16));
    TRY(sj_read_bytes(reader, draft->object.bytes, 16));
    TRY(sj_read_u8(reader, &outcome));
    ENSURE(outcome <= SJ_OUTCOME_FAILED, PROTOCOL);
    draft->outcome = (enum sj_outcome)outcome;
    TRY(sj_read_u16(reader, &draft->http_status));
    TRY(sj_read_u32(reader, &draft->policy_version));
    TRY(sj_read_u32(reader, &draft->payload_len));
    TRY(sj_read_bytes(reader, draft->payload_commit.bytes, SJ_HASH_SIZE));
    TRY(read_texts(reader, draft));
    ENSURE(reader->left == 0, PROTOCOL);
    ENSURE(!sj_failed(check_draft(draft)), PROTOCOL);
    return SJ_DONE;
}

static sj_status read_place(struct sj_reader *reader, struct sj_entry *entry)
{
    uint8_t version = 0;
    uint64_t time = 0;
    TRY(sj_read_u8(reader, &version));
    ENSURE(version == SJ_ENTRY_VERSION, PROTOCOL);
    TRY(sj_read_bytes(reader, entry->log_id.bytes, 16));
    TRY(sj_read_u64(reader, &entry->index));
    TRY(sj_read_u64(reader, &time));
    ENSURE(time <= TIME_MAX, PROTOCOL);
    entry->time = (sj_time_us)time;
    TRY(sj_read_u64(reader, &entry->tenant_seq));
    TRY(sj_read_bytes(reader, entry->tenant_prev.bytes, SJ_HASH_SIZE));
    const struct sj_place place = {
        .index = entry->index,
        .time = entry->time,
        .tenant_seq = entry->tenant_seq,
        .tenant_prev = entry->tenant_prev,
    };
    ENSURE(!sj_failed(check_place(&place)), PROTOCOL);
    return SJ_DONE;
}

sj_status sj_entry_decode(struct sj_view bytes, struct sj_entry *ret_entry)
{
    struct sj_reader reader = sj_reader_of(bytes);
    struct sj_entry entry = {.index = 0};
    TRY(read_place(&reader, &entry));
    TRY(read_body(&reader, &entry.draft));
    *ret_entry = entry;
    return SJ_DONE;
}

sj_status sj_draft_decode(struct sj_view bytes, struct sj_draft *ret_draft)
{
    struct sj_reader reader = sj_reader_of(bytes);
    struct sj_draft draft = {.emitter_seq = 0};
    uint8_t version = 0;
    TRY(sj_read_u8(&reader, &version));
    ENSURE(version == SJ_DRAFT_VERSION, PROTOCOL);
    TRY(read_body(&reader, &draft));
    *ret_draft = draft;
    return SJ_DONE;
}
