/* SPDX-License-Identifier: Apache-2.0
 *
 * How are the questions about keys of payloads put into words? Bodies that hold keys are wiped with their buffers.
 */
#include "sanjeh/keys/payload_keys.h"

#include "keeper_priv.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/base/reader.h"

static sj_status put_place(struct sj_buf *body, const struct sj_payload_key_place *place)
{
    TRY(sj_buf_put(body, place->unit.bytes, sizeof place->unit.bytes));
    TRY(sj_buf_put(body, place->subject.bytes, sizeof place->subject.bytes));
    return sj_buf_put_u32(body, place->number);
}

static sj_status put_items(
    struct sj_buf *body, const struct sj_wrapped_payload_key *items, size_t count)
{
    ENSURE(count >= 1 && count <= SJ_UNWRAP_MAX, LIMIT_EXCEEDED);
    TRY(sj_buf_put_u16(body, (uint16_t)count));
    for (size_t i = 0; i < count; i++) {
        ENSURE(items[i].wrapped.len <= WIRE_WRAPPED_MAX, DECRYPT);
        TRY(put_place(body, &items[i].place));
        TRY(sj_buf_put_u16(body, (uint16_t)items[i].wrapped.len));
        TRY(sj_buf_put_view(body, items[i].wrapped));
    }
    return SJ_DONE;
}

static sj_status ask_about_file(struct sj_channel *channel, enum wire_kind kind,
    const struct sj_buf *body, struct sj_payload_file *ret_file)
{
    CLEANUP(sj_buf_clear) struct sj_buf answer = SJ_BUF(64);
    struct sj_payload_file file = {.generation = 0};
    TRY(channel_ask(channel, kind, sj_buf_view(body), &answer));
    struct sj_reader reader = sj_reader_of(sj_buf_view(&answer));
    TRY(sj_read_bytes(&reader, file.id.bytes, sizeof file.id.bytes));
    TRY(sj_read_u32(&reader, &file.generation));
    TRY(sj_read_u32(&reader, &file.next));
    ENSURE(reader.left == 0, PROTOCOL);
    *ret_file = file;
    return SJ_DONE;
}

sj_status ask_payload_file(struct sj_channel *channel, struct sj_payload_file *ret_file)
{
    const struct sj_buf nothing = SJ_BUF(0);
    return ask_about_file(channel, WIRE_PAYLOAD_FILE, &nothing, ret_file);
}

sj_status ask_payload_prepare(struct sj_channel *channel, struct sj_payload_file *ret_file)
{
    const struct sj_buf nothing = SJ_BUF(0);
    return ask_about_file(channel, WIRE_PAYLOAD_PREPARE, &nothing, ret_file);
}

sj_status ask_payload_finish(
    struct sj_channel *channel, uint32_t keep, struct sj_payload_file *ret_file)
{
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(8);
    TRY(sj_buf_put_u32(&body, keep));
    return ask_about_file(channel, WIRE_PAYLOAD_FINISH, &body, ret_file);
}

sj_status ask_payload_new_key(struct sj_channel *channel, uint32_t generation,
    const struct sj_payload_key_place *place, struct sj_buf *ret_wrapped, struct sj_key *ret_dek)
{
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(64);
    CLEANUP(sj_buf_clear) struct sj_buf answer = SJ_BUF(SJ_KEY_SIZE + WIRE_WRAPPED_MAX);
    TRY(sj_buf_put_u32(&body, generation));
    TRY(put_place(&body, place));
    TRY(channel_ask(channel, WIRE_PAYLOAD_NEW_KEY, sj_buf_view(&body), &answer));
    struct sj_reader reader = sj_reader_of(sj_buf_view(&answer));
    TRY(sj_read_bytes(&reader, ret_dek->bytes, SJ_KEY_SIZE));
    return sj_buf_put(ret_wrapped, reader.ptr, reader.left);
}

sj_status ask_payload_open_keys(struct sj_channel *channel,
    const struct sj_wrapped_payload_key *items, size_t count, struct sj_key *ret_deks)
{
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(WIRE_MESSAGE_MAX - WIRE_QUESTION_HEAD);
    CLEANUP(sj_buf_clear) struct sj_buf answer = SJ_BUF(WIRE_MESSAGE_MAX);
    TRY(put_items(&body, items, count));
    TRY(channel_ask(channel, WIRE_PAYLOAD_OPEN_KEYS, sj_buf_view(&body), &answer));
    ENSURE(answer.len == count * SJ_KEY_SIZE, PROTOCOL);
    return sj_copy(ret_deks, count * sizeof ret_deks[0], answer.ptr, answer.len);
}

sj_status ask_payload_rewrap(struct sj_channel *channel, uint32_t generation,
    const struct sj_wrapped_payload_key *items, size_t count, size_t *ret_each,
    struct sj_buf *ret_wrapped)
{
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(WIRE_MESSAGE_MAX - WIRE_QUESTION_HEAD);
    CLEANUP(sj_buf_clear) struct sj_buf answer = SJ_BUF(WIRE_MESSAGE_MAX);
    TRY(sj_buf_put_u32(&body, generation));
    TRY(put_items(&body, items, count));
    TRY(channel_ask(channel, WIRE_PAYLOAD_REWRAP, sj_buf_view(&body), &answer));
    ENSURE(answer.len > 0 && answer.len % count == 0, PROTOCOL);
    *ret_each = answer.len / count;
    return sj_buf_put_view(ret_wrapped, sj_buf_view(&answer));
}
