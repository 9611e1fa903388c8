/* SPDX-License-Identifier: Apache-2.0
 *
 * What does the keeper say about keys of payloads? It makes and opens them for whoever serves; it wraps all of them anew, so that one
 * can be destroyed, for a command on this machine alone. The generation stands in each wrapped key.
 */
#include "answer_payload.h"

#include "sanjeh/base/memory.h"
#include "sanjeh/crypto/random.h"
#include "wire.h"

static sj_status read_end(const struct sj_reader *body)
{
    ENSURE(body->left == 0, PROTOCOL);
    return SJ_DONE;
}

static sj_status read_place(struct sj_reader *body, struct shred_place *ret_place)
{
    TRY(sj_read_bytes(body, ret_place->unit.bytes, sizeof ret_place->unit.bytes));
    TRY(sj_read_bytes(body, ret_place->subject.bytes, sizeof ret_place->subject.bytes));
    return sj_read_u32(body, &ret_place->number);
}

static sj_status read_count(struct sj_reader *body, uint16_t *ret_count)
{
    TRY(sj_read_u16(body, ret_count));
    ENSURE(*ret_count >= 1 && *ret_count <= SJ_UNWRAP_MAX, PROTOCOL);
    return SJ_DONE;
}

static sj_status put_status(struct answerer *answerer, struct sj_buf *answer)
{
    struct shred_status status;
    TRY(shred_look(answerer->shred, &status));
    TRY(sj_buf_put(answer, status.file.bytes, sizeof status.file.bytes));
    TRY(sj_buf_put_u32(answer, status.generation));
    return sj_buf_put_u32(answer, status.next);
}

sj_status answer_payload_file(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    TRY(read_end(body));
    ENSURE(answerer->shred != NULL, NOT_FOUND);
    return put_status(answerer, answer);
}

sj_status answer_payload_new_key(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    uint32_t generation = 0;
    struct shred_place place;
    CLEANUP(sj_key_wipe) struct sj_key dek;
    TRY(sj_read_u32(body, &generation));
    TRY(read_place(body, &place));
    TRY(read_end(body));
    ENSURE(answerer->shred != NULL, NOT_FOUND);
    TRY(sj_random(dek.bytes, SJ_KEY_SIZE));
    TRY(sj_buf_put(answer, dek.bytes, SJ_KEY_SIZE));
    return shred_wrap(answerer->shred, generation, &place, &dek, answer);
}

/* place 36, len 2, wrapped: opened. */
static sj_status open_one(struct answerer *answerer, struct sj_reader *body,
    struct shred_place *place, struct sj_key *ret_dek)
{
    struct sj_view wrapped;
    uint16_t len = 0;
    uint32_t generation = 0;
    TRY(read_place(body, place));
    TRY(sj_read_u16(body, &len));
    ENSURE(len <= WIRE_WRAPPED_MAX, PROTOCOL);
    TRY(sj_read_view(body, len, &wrapped));
    ENSURE(answerer->shred != NULL, NOT_FOUND);
    TRY(sj_fle1_key_version(wrapped, &generation));
    return shred_unwrap(answerer->shred, generation, place, wrapped, ret_dek);
}

sj_status answer_payload_open_keys(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    uint16_t count = 0;
    TRY(read_count(body, &count));
    for (size_t i = 0; i < count; i++) {
        struct shred_place place;
        CLEANUP(sj_key_wipe) struct sj_key dek;
        TRY(open_one(answerer, body, &place, &dek));
        TRY(sj_buf_put(answer, dek.bytes, SJ_KEY_SIZE));
    }
    return read_end(body);
}

sj_status answer_payload_prepare(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    TRY(read_end(body));
    ENSURE(answerer->shred != NULL, NOT_FOUND);
    TRY(shred_prepare(answerer->shred));
    return put_status(answerer, answer);
}

sj_status answer_payload_rewrap(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    uint32_t generation = 0;
    uint16_t count = 0;
    TRY(sj_read_u32(body, &generation));
    TRY(read_count(body, &count));
    for (size_t i = 0; i < count; i++) {
        struct shred_place place;
        CLEANUP(sj_key_wipe) struct sj_key dek;
        TRY(open_one(answerer, body, &place, &dek));
        TRY(shred_wrap(answerer->shred, generation, &place, &dek, answer));
    }
    return read_end(body);
}

sj_status answer_payload_finish(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    uint32_t keep = 0;
    TRY(sj_read_u32(body, &keep));
    TRY(read_end(body));
    ENSURE(answerer->shred != NULL, NOT_FOUND);
    TRY(shred_finish(answerer->shred, keep));
    return put_status(answerer, answer);
}
