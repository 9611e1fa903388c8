/* SPDX-License-Identifier: Apache-2.0
 *
 * How is a question put into words?
 * The weak side: encodes what the front wants, checks the shape of what comes back (the keeper is trusted, a bug is
 * not). Bodies that hold keys are wiped with their buffers. Formats: docs/KEYS.md.
 */
#include "keeper_priv.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/base/reader.h"
#include <string.h>

static sj_status put_id(struct sj_buf *body, struct sj_uuid id)
{
    return sj_buf_put(body, id.bytes, sizeof(id.bytes));
}

static sj_status put_hash(struct sj_buf *body, const struct sj_hash *hash)
{
    return sj_buf_put(body, hash->bytes, sizeof(hash->bytes));
}

static sj_status put_wrapped(struct sj_buf *body, struct sj_view wrapped)
{
    /* longer than any wrapped key: not one of ours */
    ENSURE(wrapped.len <= WIRE_WRAPPED_MAX, DECRYPT);
    TRY(sj_buf_put_u16(body, (uint16_t)wrapped.len));
    return sj_buf_put_view(body, wrapped);
}

/* Asks for exactly len bytes. */
static sj_status ask_exactly(struct sj_channel *channel, enum wire_kind kind,
    const struct sj_buf *body, void *dst, size_t len)
{
    CLEANUP(sj_buf_clear) struct sj_buf answer = SJ_BUF(WIRE_MESSAGE_MAX);
    TRY(channel_ask(channel, kind, sj_buf_view(body), &answer));
    ENSURE(answer.len == len, PROTOCOL);
    return sj_copy(dst, len, answer.ptr, len);
}

/* Asks for bytes of any length and appends them. */
static sj_status ask_bytes(struct sj_channel *channel, enum wire_kind kind,
    const struct sj_buf *body, struct sj_buf *ret_bytes)
{
    CLEANUP(sj_buf_clear) struct sj_buf answer = SJ_BUF(WIRE_MESSAGE_MAX);
    TRY(channel_ask(channel, kind, sj_buf_view(body), &answer));
    ENSURE(answer.len > 0, PROTOCOL);
    return sj_buf_put_view(ret_bytes, sj_buf_view(&answer));
}

sj_status ask_new_unit_key(
    struct sj_channel *channel, struct sj_uuid unit, uint32_t epoch, struct sj_buf *ret_wrapped)
{
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(64);
    TRY(put_id(&body, unit));
    TRY(sj_buf_put_u32(&body, epoch));
    return ask_bytes(channel, WIRE_NEW_UNIT_KEY, &body, ret_wrapped);
}

sj_status ask_load_unit_key(
    struct sj_channel *channel, struct sj_uuid unit, uint32_t epoch, struct sj_view wrapped)
{
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(64 + WIRE_WRAPPED_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf answer = SJ_BUF(64);
    TRY(put_id(&body, unit));
    TRY(sj_buf_put_u32(&body, epoch));
    TRY(put_wrapped(&body, wrapped));
    return channel_ask(channel, WIRE_LOAD_UNIT_KEY, sj_buf_view(&body), &answer);
}

/* Splits "dek wrapped dek wrapped …"; every wrapped key is as long as the next. */
static sj_status take_new_keys(const struct sj_buf *answer, size_t count, size_t *ret_wrapped_len,
    struct sj_buf *ret_wrapped, struct sj_key *ret_deks)
{
    ENSURE(answer->len % count == 0 && answer->len / count > SJ_KEY_SIZE, PROTOCOL);
    const size_t each = answer->len / count;
    TRY(sj_buf_reserve(ret_wrapped, (each - SJ_KEY_SIZE) * count));
    struct sj_reader reader = sj_reader_of(sj_buf_view(answer));
    for (size_t i = 0; i < count; i++) {
        struct sj_view wrapped;
        TRY(sj_read_bytes(&reader, ret_deks[i].bytes, SJ_KEY_SIZE));
        TRY(sj_read_view(&reader, each - SJ_KEY_SIZE, &wrapped));
        TRY(sj_buf_put_view(ret_wrapped, wrapped));
    }
    *ret_wrapped_len = each - SJ_KEY_SIZE;
    return SJ_DONE;
}

sj_status ask_new_subject_keys(struct sj_channel *channel, struct sj_uuid unit,
    const struct sj_uuid *subjects, size_t count, uint32_t version, size_t *ret_wrapped_len,
    struct sj_buf *ret_wrapped, struct sj_key *ret_deks)
{
    ENSURE(count >= 1 && count <= SJ_UNWRAP_MAX, LIMIT_EXCEEDED);
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(WIRE_MESSAGE_MAX - WIRE_QUESTION_HEAD);
    CLEANUP(sj_buf_clear) struct sj_buf answer = SJ_BUF(WIRE_MESSAGE_MAX);
    TRY(put_id(&body, unit));
    TRY(sj_buf_put_u32(&body, version));
    TRY(sj_buf_put_u16(&body, (uint16_t)count));
    for (size_t i = 0; i < count; i++) {
        TRY(put_id(&body, subjects[i]));
    }
    TRY(channel_ask(channel, WIRE_NEW_SUBJECT_KEYS, sj_buf_view(&body), &answer));
    return take_new_keys(&answer, count, ret_wrapped_len, ret_wrapped, ret_deks);
}

sj_status ask_new_subject_key(struct sj_channel *channel, struct sj_uuid unit,
    struct sj_uuid subject, uint32_t version, struct sj_buf *ret_wrapped, struct sj_key *ret_dek)
{
    size_t len = 0;
    return ask_new_subject_keys(channel, unit, &subject, 1, version, &len, ret_wrapped, ret_dek);
}

static sj_status put_wrapped_dek(struct sj_buf *body, const struct sj_wrapped_dek *item)
{
    TRY(put_id(body, item->unit));
    TRY(put_id(body, item->subject));
    TRY(sj_buf_put_u32(body, item->version));
    return put_wrapped(body, item->wrapped);
}

sj_status ask_unwrap(struct sj_channel *channel, const struct sj_wrapped_dek *items, size_t count,
    struct sj_key *ret_deks)
{
    ENSURE(count <= SJ_UNWRAP_MAX, LIMIT_EXCEEDED);
    if (count == 0) {
        return SJ_DONE;
    }
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(WIRE_MESSAGE_MAX - WIRE_QUESTION_HEAD);
    TRY(sj_buf_put_u16(&body, (uint16_t)count));
    for (size_t i = 0; i < count; i++) {
        TRY(put_wrapped_dek(&body, &items[i]));
    }
    return ask_exactly(channel, WIRE_UNWRAP, &body, ret_deks, count * sizeof(ret_deks[0]));
}

sj_status ask_blind_index(struct sj_channel *channel, struct sj_uuid unit, uint32_t table,
    uint32_t index, uint32_t version, unsigned bits, const struct sj_text *values, size_t count,
    struct sj_blind *ret_blinds)
{
    ENSURE(count <= WIRE_BLIND_MAX && bits >= 8 && bits <= 128, LIMIT_EXCEEDED);
    if (count == 0) {
        return SJ_DONE;
    }
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(WIRE_MESSAGE_MAX - WIRE_QUESTION_HEAD);
    TRY(put_id(&body, unit));
    TRY(sj_buf_put_u32(&body, table));
    TRY(sj_buf_put_u32(&body, index));
    TRY(sj_buf_put_u32(&body, version));
    TRY(sj_buf_put_byte(&body, (uint8_t)bits));
    TRY(sj_buf_put_u16(&body, (uint16_t)count));
    for (size_t i = 0; i < count; i++) {
        ENSURE(values[i].len <= UINT16_MAX, LIMIT_EXCEEDED);
        TRY(sj_buf_put_u16(&body, (uint16_t)values[i].len));
        TRY(sj_buf_put_text(&body, values[i]));
    }
    return ask_exactly(channel, WIRE_BLIND_INDEX, &body, ret_blinds, count * sizeof(ret_blinds[0]));
}

sj_status ask_context(struct sj_channel *channel, const struct sj_uuid *scopes, size_t count,
    sj_time_us expires, struct sj_context *ret_context)
{
    ENSURE(count >= 1 && count <= WIRE_SCOPES_MAX && expires >= 0, INVALID);
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(256);
    CLEANUP(sj_buf_clear) struct sj_buf answer = SJ_BUF(sizeof(ret_context->text));
    TRY(sj_buf_put_u64(&body, (uint64_t)expires));
    TRY(sj_buf_put_u16(&body, (uint16_t)count));
    for (size_t i = 0; i < count; i++) {
        TRY(put_id(&body, scopes[i]));
    }
    TRY(channel_ask(channel, WIRE_CONTEXT, sj_buf_view(&body), &answer));
    ENSURE(answer.len > 0 && answer.len < sizeof(ret_context->text), PROTOCOL);
    memcpy(ret_context->text, answer.ptr, answer.len);
    ret_context->text[answer.len] = '\0';
    return SJ_DONE;
}

sj_status ask_context_pads(struct sj_channel *channel, uint8_t ret_pads[128])
{
    const struct sj_buf body = SJ_BUF(0);
    return ask_exactly(channel, WIRE_CONTEXT_PADS, &body, ret_pads, 128);
}

sj_status ask_pepper(struct sj_channel *channel, uint32_t version, const struct sj_hash *tag,
    struct sj_hash *ret_mac)
{
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(64);
    TRY(sj_buf_put_u32(&body, version));
    TRY(put_hash(&body, tag));
    return ask_exactly(channel, WIRE_PEPPER, &body, ret_mac->bytes, SJ_HASH_SIZE);
}

sj_status ask_seals(struct sj_channel *channel, const struct sj_seal_item *items, size_t count,
    struct sj_hash *ret_macs)
{
    ENSURE(count >= 1 && count <= SJ_SEALS_MAX, LIMIT_EXCEEDED);
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(1024);
    TRY(sj_buf_put_u16(&body, (uint16_t)count));
    for (size_t i = 0; i < count; i++) {
        TRY(sj_buf_put_byte(&body, (uint8_t)items[i].purpose));
        TRY(put_hash(&body, &items[i].hash));
    }
    return ask_exactly(channel, WIRE_SEAL, &body, ret_macs, count * sizeof(ret_macs[0]));
}

sj_status ask_seal(struct sj_channel *channel, enum sj_seal_purpose purpose,
    const struct sj_hash *hash, struct sj_hash *ret_mac)
{
    const struct sj_seal_item item = {purpose, *hash};
    return ask_seals(channel, &item, 1, ret_mac);
}

sj_status ask_emitter_key(
    struct sj_channel *channel, struct sj_uuid emitter, struct sj_key *ret_key)
{
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(64);
    TRY(put_id(&body, emitter));
    return ask_exactly(channel, WIRE_EMITTER_KEY, &body, ret_key->bytes, SJ_KEY_SIZE);
}

sj_status ask_signed_head(
    struct sj_channel *channel, struct sj_signed_head *ret_head, struct sj_buf *ret_vkey)
{
    CLEANUP(sj_buf_clear) struct sj_buf answer = SJ_BUF(1024);
    struct sj_signed_head head;
    TRY(channel_ask(channel, WIRE_SIGNED_HEAD, sj_view_of(NULL, 0), &answer));
    struct sj_reader reader = sj_reader_of(sj_buf_view(&answer));
    TRY(sj_read_u64(&reader, &head.size));
    TRY(sj_read_bytes(&reader, head.root.bytes, SJ_HASH_SIZE));
    TRY(sj_buf_put(ret_vkey, reader.ptr, reader.left));
    *ret_head = head;
    return SJ_DONE;
}

sj_status ask_log_vkey(struct sj_channel *channel, struct sj_buf *ret_vkey)
{
    const struct sj_buf nothing = SJ_BUF(0);
    return ask_bytes(channel, WIRE_LOG_VKEY, &nothing, ret_vkey);
}

static sj_status put_batch(struct sj_buf *body, uint64_t old_size, const struct sj_hash *leaves,
    size_t count, const struct sj_hash *new_root)
{
    ENSURE(count >= 1 && count <= WIRE_LEAVES_MAX, LIMIT_EXCEEDED);
    TRY(sj_buf_put_u64(body, old_size));
    TRY(put_hash(body, new_root));
    TRY(sj_buf_put_u16(body, (uint16_t)count));
    return sj_buf_put(body, leaves, count * sizeof(leaves[0]));
}

static sj_status put_rotation(struct sj_buf *body, struct sj_view rotation)
{
    if (rotation.len == 0) {
        return SJ_DONE;
    }
    ENSURE(rotation.len <= WIRE_ENTRY_MAX, LIMIT_EXCEEDED);
    TRY(sj_buf_put_u16(body, (uint16_t)rotation.len));
    return sj_buf_put_view(body, rotation);
}

sj_status ask_extend_rotating(struct sj_channel *channel, uint64_t old_size,
    const struct sj_hash *leaves, size_t count, const struct sj_hash *new_root,
    struct sj_view rotation, struct sj_buf *ret_note)
{
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(WIRE_MESSAGE_MAX - WIRE_QUESTION_HEAD);
    TRY(put_batch(&body, old_size, leaves, count, new_root));
    TRY(put_rotation(&body, rotation));
    return ask_bytes(channel, WIRE_EXTEND, &body, ret_note);
}

sj_status ask_extend(struct sj_channel *channel, uint64_t old_size, const struct sj_hash *leaves,
    size_t count, const struct sj_hash *new_root, struct sj_buf *ret_note)
{
    return ask_extend_rotating(
        channel, old_size, leaves, count, new_root, sj_view_of(NULL, 0), ret_note);
}

sj_status ask_recover(struct sj_channel *channel, struct sj_uuid emitter, uint64_t old_size,
    const struct sj_hash *leaves, size_t count, const struct sj_hash *new_root, struct sj_view mac,
    struct sj_buf *ret_note)
{
    return ask_recover_rotating(
        channel, emitter, old_size, leaves, count, new_root, mac, sj_view_of(NULL, 0), ret_note);
}

sj_status ask_recover_rotating(struct sj_channel *channel, struct sj_uuid emitter,
    uint64_t old_size, const struct sj_hash *leaves, size_t count, const struct sj_hash *new_root,
    struct sj_view mac, struct sj_view rotation, struct sj_buf *ret_note)
{
    ENSURE(mac.len == SJ_HASH_SIZE, LOG_TAMPERED);
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(WIRE_MESSAGE_MAX - WIRE_QUESTION_HEAD);
    TRY(put_id(&body, emitter));
    TRY(sj_buf_put_view(&body, mac));
    TRY(put_batch(&body, old_size, leaves, count, new_root));
    TRY(put_rotation(&body, rotation));
    return ask_bytes(channel, WIRE_RECOVER, &body, ret_note);
}

static sj_status ask_about_epochs(
    struct sj_channel *channel, enum wire_kind kind, struct sj_epoch_status *ret_status)
{
    CLEANUP(sj_buf_clear) struct sj_buf answer = SJ_BUF(1024);
    struct sj_epoch_status status = {.number = 0};
    uint8_t phase = 0;
    uint64_t since = 0;
    TRY(channel_ask(channel, kind, sj_view_of(NULL, 0), &answer));
    struct sj_reader reader = sj_reader_of(sj_buf_view(&answer));
    TRY(sj_read_u8(&reader, &phase));
    ENSURE(phase <= SJ_EPOCH_OVERLAP, PROTOCOL);
    status.phase = (enum sj_epoch_phase)phase;
    TRY(sj_read_u64(&reader, &status.number));
    TRY(sj_read_u64(&reader, &since));
    ENSURE(since <= INT64_MAX, PROTOCOL);
    status.since = (sj_time_us)since;
    TRY(sj_read_bytes(&reader, status.genesis, SJ_ED25519_PUBLIC));
    TRY(sj_read_bytes(&reader, status.now, SJ_ED25519_PUBLIC));
    TRY(sj_read_bytes(&reader, status.rotation.new_key, SJ_ED25519_PUBLIC));
    TRY(sj_read_u64(&reader, &status.rotation.first));
    TRY(sj_read_bytes(&reader, status.rotation.pop, SJ_ED25519_SIGNATURE));
    ENSURE(reader.left == 0, PROTOCOL);
    status.rotation.epoch = status.number + 1;
    TRY(sj_copy(status.rotation.old_key, SJ_ED25519_PUBLIC, status.now, SJ_ED25519_PUBLIC));
    *ret_status = status;
    return SJ_DONE;
}

sj_status ask_epochs(struct sj_channel *channel, struct sj_epoch_status *ret_status)
{
    return ask_about_epochs(channel, WIRE_EPOCHS, ret_status);
}

sj_status ask_prepare_epoch(struct sj_channel *channel, struct sj_epoch_status *ret_status)
{
    return ask_about_epochs(channel, WIRE_EPOCH_PREPARE, ret_status);
}

sj_status ask_finish_epoch(struct sj_channel *channel, struct sj_epoch_status *ret_status)
{
    return ask_about_epochs(channel, WIRE_EPOCH_FINISH, ret_status);
}

sj_status ask_note_again(struct sj_channel *channel, struct sj_buf *ret_note)
{
    const struct sj_buf nothing = SJ_BUF(0);
    return ask_bytes(channel, WIRE_NOTE_AGAIN, &nothing, ret_note);
}

sj_status ask_voucher(
    struct sj_channel *channel, struct sj_hash *ret_voucher, struct sj_buf *ret_vkey)
{
    CLEANUP(sj_buf_clear) struct sj_buf answer = SJ_BUF(1024);
    TRY(channel_ask(channel, WIRE_VOUCH, sj_view_of(NULL, 0), &answer));
    struct sj_reader reader = sj_reader_of(sj_buf_view(&answer));
    TRY(sj_read_bytes(&reader, ret_voucher->bytes, SJ_HASH_SIZE));
    return sj_buf_put(ret_vkey, reader.ptr, reader.left);
}

static sj_status put_short(struct sj_buf *body, struct sj_view bytes)
{
    ENSURE(bytes.len <= WIRE_NOTE_MAX, LOG_TAMPERED);
    TRY(sj_buf_put_u16(body, (uint16_t)bytes.len));
    return sj_buf_put_view(body, bytes);
}

static sj_status put_leaves(
    struct sj_buf *body, uint64_t old_size, const struct sj_hash *leaves, size_t count)
{
    ENSURE(count <= WIRE_LEAVES_MAX, LIMIT_EXCEEDED);
    TRY(sj_buf_put_u64(body, old_size));
    TRY(sj_buf_put_u16(body, (uint16_t)count));
    return sj_buf_put(body, leaves, count * sizeof(leaves[0]));
}

sj_status ask_follow_change(struct sj_channel *channel, uint64_t old_size,
    const struct sj_hash *leaves, size_t count, struct sj_view entry)
{
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(WIRE_MESSAGE_MAX - WIRE_QUESTION_HEAD);
    TRY(put_leaves(&body, old_size, leaves, count));
    TRY(put_rotation(&body, entry));
    return ask_exactly(channel, WIRE_FOLLOW_CHANGE, &body, NULL, 0);
}

sj_status ask_log_end(struct sj_channel *channel)
{
    const struct sj_buf nothing = SJ_BUF(0);
    return ask_exactly(channel, WIRE_LOG_END, &nothing, NULL, 0);
}

sj_status ask_note_change(struct sj_channel *channel, struct sj_buf *ret_note)
{
    const struct sj_buf nothing = SJ_BUF(0);
    return ask_bytes(channel, WIRE_NOTE_CHANGE, &nothing, ret_note);
}

sj_status ask_follow(struct sj_channel *channel, uint64_t old_size, const struct sj_hash *leaves,
    size_t count, const struct sj_peer_note *note)
{
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(WIRE_MESSAGE_MAX - WIRE_QUESTION_HEAD);
    TRY(put_leaves(&body, old_size, leaves, count));
    if (note != NULL) {
        TRY(put_hash(&body, &note->voucher));
        TRY(put_short(&body, sj_text_bytes(note->instance)));
        TRY(put_short(&body, sj_text_bytes(note->vkey)));
        TRY(put_short(&body, note->note));
    }
    return ask_exactly(channel, WIRE_FOLLOW, &body, NULL, 0);
}

sj_status ask_vouched(struct sj_channel *channel, struct sj_text instance, struct sj_text vkey,
    const struct sj_hash *voucher)
{
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(4096);
    TRY(put_hash(&body, voucher));
    TRY(put_short(&body, sj_text_bytes(instance)));
    TRY(put_short(&body, sj_text_bytes(vkey)));
    return ask_exactly(channel, WIRE_VOUCHED, &body, NULL, 0);
}

sj_status ask_card_vkey(struct sj_channel *channel, struct sj_buf *ret_vkey)
{
    const struct sj_buf nothing = SJ_BUF(0);
    return ask_bytes(channel, WIRE_CARD_VKEY, &nothing, ret_vkey);
}

sj_status ask_sign_card(
    struct sj_channel *channel, const struct sj_card_claim *claim, struct sj_buf *ret_note)
{
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(128);
    TRY(put_id(&body, claim->evaluation));
    TRY(sj_buf_put_u64(&body, claim->number));
    TRY(put_hash(&body, &claim->former));
    TRY(put_hash(&body, &claim->content));
    return ask_bytes(channel, WIRE_SIGN_CARD, &body, ret_note);
}
