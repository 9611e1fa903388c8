/* SPDX-License-Identifier: Apache-2.0
 *
 * What does the keeper do for whom?
 * The table below is the whole attack surface of the process: a question is answered when its kind has a row and
 * the row's phase is ours; everything else, and every message that is a byte too short or too long, closes the
 * channel (deny by default). The other side parses the outside world, so it is taken to be hostile: it may use
 * keys as far as the table goes, and never sees the root key, a unit key, the pepper or the signing key.
 */
#include "answer.h"
#include "answer_payload.h"
#include "sanjeh/base/memory.h"
#include "sanjeh/base/reader.h"
#include "wire.h"
#include <string.h>

#define FOR_PROVISION (1u << SJ_KEEPER_PROVISION)
#define FOR_SERVE     (1u << SJ_KEEPER_SERVE)
#define FOR_BOTH      (FOR_PROVISION | FOR_SERVE)

/* Reads the body to its end, does the work, appends the result. PROTOCOL means: malformed. */
typedef sj_status answer_fn(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer);

static sj_status read_id(struct sj_reader *body, struct sj_uuid *ret_id)
{
    return sj_read_bytes(body, ret_id->bytes, sizeof(ret_id->bytes));
}

static sj_status read_hash(struct sj_reader *body, struct sj_hash *ret_hash)
{
    return sj_read_bytes(body, ret_hash->bytes, sizeof(ret_hash->bytes));
}

static sj_status read_end(const struct sj_reader *body)
{
    ENSURE(body->left == 0, PROTOCOL);
    return SJ_DONE;
}

/* A count of 1 to max. */
static sj_status read_count(struct sj_reader *body, uint16_t max, uint16_t *ret_count)
{
    uint16_t count = 0;
    TRY(sj_read_u16(body, &count));
    ENSURE(count >= 1 && count <= max, PROTOCOL);
    *ret_count = count;
    return SJ_DONE;
}

static sj_status read_wrapped(struct sj_reader *body, struct sj_view *ret_wrapped)
{
    uint16_t len = 0;
    TRY(sj_read_u16(body, &len));
    ENSURE(len <= WIRE_WRAPPED_MAX, PROTOCOL);
    return sj_read_view(body, len, ret_wrapped);
}

static sj_status answer_new_unit_key(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    struct sj_uuid unit;
    uint32_t epoch = 0;
    TRY(read_id(body, &unit));
    TRY(sj_read_u32(body, &epoch));
    TRY(read_end(body));
    return vault_new_unit_key(answerer->vault, unit, epoch, answer);
}

static sj_status answer_load_unit_key(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    struct sj_uuid unit;
    uint32_t epoch = 0;
    struct sj_view wrapped;
    (void)answer;
    TRY(read_id(body, &unit));
    TRY(sj_read_u32(body, &epoch));
    TRY(read_wrapped(body, &wrapped));
    TRY(read_end(body));
    return vault_load_unit_key(answerer->vault, unit, epoch, wrapped);
}

static sj_status new_subject_key_one(struct answerer *answerer, struct sj_uuid unit,
    uint32_t version, struct sj_reader *body, struct sj_buf *answer)
{
    struct sj_uuid subject;
    TRY(read_id(body, &subject));
    CLEANUP(sj_key_wipe) struct sj_key dek;
    CLEANUP(sj_buf_clear) struct sj_buf wrapped = SJ_BUF(WIRE_WRAPPED_MAX);
    TRY(vault_new_subject_key(answerer->vault, unit, subject, version, &wrapped, &dek));
    TRY(sj_buf_put(answer, dek.bytes, SJ_KEY_SIZE));
    return sj_buf_put_view(answer, sj_buf_view(&wrapped));
}

static sj_status answer_new_subject_keys(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    struct sj_uuid unit;
    uint32_t version = 0;
    uint16_t count = 0;
    TRY(read_id(body, &unit));
    TRY(sj_read_u32(body, &version));
    TRY(read_count(body, SJ_UNWRAP_MAX, &count));
    for (size_t i = 0; i < count; i++) {
        TRY(new_subject_key_one(answerer, unit, version, body, answer));
    }
    return read_end(body);
}

static sj_status unwrap_one(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    struct sj_uuid unit;
    struct sj_uuid subject;
    uint32_t version = 0;
    struct sj_view wrapped;
    TRY(read_id(body, &unit));
    TRY(read_id(body, &subject));
    TRY(sj_read_u32(body, &version));
    TRY(read_wrapped(body, &wrapped));
    CLEANUP(sj_key_wipe) struct sj_key dek;
    TRY(vault_unwrap(answerer->vault, unit, subject, version, wrapped, &dek));
    return sj_buf_put(answer, dek.bytes, SJ_KEY_SIZE);
}

static sj_status answer_unwrap(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    uint16_t count = 0;
    TRY(read_count(body, SJ_UNWRAP_MAX, &count));
    for (size_t i = 0; i < count; i++) {
        TRY(unwrap_one(answerer, body, answer));
    }
    return read_end(body);
}

static sj_status blind_one(
    const struct sj_key *key, unsigned bits, struct sj_reader *body, struct sj_buf *answer)
{
    uint16_t len = 0;
    struct sj_view value;
    uint8_t blind[SJ_BLIND_SIZE];
    TRY(sj_read_u16(body, &len));
    TRY(sj_read_view(body, len, &value));
    TRY(sj_blind_value(key, value, bits, blind));
    return sj_buf_put(answer, blind, sizeof(blind));
}

static sj_status answer_blind_index(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    struct sj_uuid unit;
    struct sj_blind_place place = {0, 0, 0, 0};
    uint8_t bits = 0;
    uint16_t count = 0;
    TRY(read_id(body, &unit));
    TRY(sj_read_u32(body, &place.table));
    TRY(sj_read_u32(body, &place.index));
    TRY(sj_read_u32(body, &place.version));
    TRY(sj_read_u8(body, &bits));
    TRY(read_count(body, WIRE_BLIND_MAX, &count));
    ENSURE(bits >= SJ_BLIND_BITS_MIN && bits <= SJ_BLIND_BITS_MAX, PROTOCOL);
    CLEANUP(sj_key_wipe) struct sj_key key;
    TRY(vault_blind_key(answerer->vault, unit, &place, &key));
    for (size_t i = 0; i < count; i++) {
        TRY(blind_one(&key, bits, body, answer));
    }
    return read_end(body);
}

static sj_status answer_context(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    struct sj_uuid scopes[WIRE_SCOPES_MAX];
    uint16_t count = 0;
    uint64_t expires = 0;
    TRY(sj_read_u64(body, &expires));
    TRY(read_count(body, WIRE_SCOPES_MAX, &count));
    for (size_t i = 0; i < count; i++) {
        TRY(read_id(body, &scopes[i]));
    }
    TRY(read_end(body));
    ENSURE(expires <= INT64_MAX, INVALID);
    return vault_context(
        answerer->vault, scopes, count, sj_time_now(), (sj_time_us)expires, answer);
}

static sj_status answer_context_pads(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    uint8_t pads[128];
    TRY(read_end(body));
    vault_context_pads(answerer->vault, pads);
    const sj_status status = sj_buf_put(answer, pads, sizeof(pads));
    sj_wipe(pads, sizeof(pads));
    return status;
}

static sj_status answer_pepper(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    uint32_t version = 0;
    struct sj_hash tag;
    struct sj_hash mac;
    TRY(sj_read_u32(body, &version));
    TRY(read_hash(body, &tag));
    TRY(read_end(body));
    TRY(vault_pepper(answerer->vault, version, &tag, &mac));
    return sj_buf_put(answer, mac.bytes, SJ_HASH_SIZE);
}

static sj_status seal_one(struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    uint8_t purpose = 0;
    struct sj_hash hash;
    struct sj_hash mac;
    TRY(sj_read_u8(body, &purpose));
    TRY(read_hash(body, &hash));
    TRY(vault_seal(answerer->vault, purpose, &hash, &mac));
    return sj_buf_put(answer, mac.bytes, SJ_HASH_SIZE);
}

static sj_status answer_seal(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    uint16_t count = 0;
    TRY(read_count(body, SJ_SEALS_MAX, &count));
    for (size_t i = 0; i < count; i++) {
        TRY(seal_one(answerer, body, answer));
    }
    return read_end(body);
}

/* Empty without an origin. */
static struct sj_text log_of(const struct answerer *answerer)
{
    return sj_text_of(answerer->has_log_key ? answerer->log_key.name : "");
}

static sj_status answer_emitter_key(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    struct sj_uuid emitter;
    CLEANUP(sj_key_wipe) struct sj_key key;
    TRY(read_id(body, &emitter));
    TRY(read_end(body));
    TRY(vault_emitter_key(answerer->vault, log_of(answerer), emitter, &key));
    return sj_buf_put(answer, key.bytes, SJ_KEY_SIZE);
}

static sj_status answer_signed_head(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    uint64_t size = 0;
    struct sj_hash root;
    TRY(read_end(body));
    TRY(signer_head(answerer->signer, &size, &root));
    TRY(sj_buf_put_u64(answer, size));
    TRY(sj_buf_put(answer, root.bytes, SJ_HASH_SIZE));
    return signer_vkey(answerer->signer, answer);
}

static sj_status answer_log_vkey(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    TRY(read_end(body));
    ENSURE(answerer->has_log_key, BAD_CONFIG);
    return sj_note_key_format(&answerer->log_key, answer);
}

static sj_status read_batch(struct sj_reader *body, struct signer_batch *ret_batch)
{
    uint16_t count = 0;
    TRY(sj_read_u64(body, &ret_batch->old_size));
    TRY(read_hash(body, &ret_batch->new_root));
    TRY(read_count(body, WIRE_LEAVES_MAX, &count));
    return sj_read_view(body, (size_t)count * SJ_HASH_SIZE, &ret_batch->leaves);
}

/* Nothing, or the newest entry itself. */
static sj_status read_rotation(struct sj_reader *body, struct signer_batch *batch)
{
    uint16_t len = 0;
    batch->rotation = sj_view_of(NULL, 0);
    if (body->left == 0) {
        return SJ_DONE;
    }
    TRY(sj_read_u16(body, &len));
    ENSURE(len >= 1 && len <= WIRE_ENTRY_MAX, PROTOCOL);
    TRY(sj_read_view(body, len, &batch->rotation));
    return read_end(body);
}

static sj_status put_epochs(const struct sj_epoch_status *status, struct sj_buf *answer)
{
    TRY(sj_buf_put_byte(answer, (uint8_t)status->phase));
    TRY(sj_buf_put_u64(answer, status->number));
    TRY(sj_buf_put_u64(answer, (uint64_t)status->since));
    TRY(sj_buf_put(answer, status->genesis, SJ_ED25519_PUBLIC));
    TRY(sj_buf_put(answer, status->now, SJ_ED25519_PUBLIC));
    TRY(sj_buf_put(answer, status->rotation.new_key, SJ_ED25519_PUBLIC));
    TRY(sj_buf_put_u64(answer, status->rotation.first));
    return sj_buf_put(answer, status->rotation.pop, SJ_ED25519_SIGNATURE);
}

static sj_status answer_epochs(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    struct sj_epoch_status status;
    TRY(read_end(body));
    if (answerer->signer == NULL) {
        ENSURE(answerer->has_epochs, NOT_FOUND);
        return put_epochs(&answerer->epochs, answer);
    }
    signer_epochs(answerer->signer, &status);
    return put_epochs(&status, answer);
}

static sj_status answer_epoch_prepare(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    struct sj_epoch_status status;
    TRY(read_end(body));
    TRY(signer_prepare_epoch(answerer->signer));
    signer_epochs(answerer->signer, &status);
    return put_epochs(&status, answer);
}

static sj_status answer_epoch_finish(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    struct sj_epoch_status status;
    TRY(read_end(body));
    TRY(signer_finish_epoch(answerer->signer));
    signer_epochs(answerer->signer, &status);
    return put_epochs(&status, answer);
}

static sj_status answer_extend(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    struct signer_batch batch;
    TRY(read_batch(body, &batch));
    TRY(read_rotation(body, &batch));
    return signer_extend(answerer->signer, &batch, answer);
}

static sj_status answer_recover(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    struct sj_uuid emitter;
    struct sj_hash mac;
    struct sj_hash expected;
    struct signer_batch batch;
    CLEANUP(sj_key_wipe) struct sj_key key;
    TRY(read_id(body, &emitter));
    TRY(read_hash(body, &mac));
    TRY(read_batch(body, &batch));
    TRY(read_rotation(body, &batch));
    TRY(vault_emitter_key(answerer->vault, log_of(answerer), emitter, &key));
    TRY(signer_batch_mac(answerer->signer, &batch, &key, &expected));
    ENSURE(sj_hash_equal(&mac, &expected), LOG_TAMPERED);
    return signer_extend(answerer->signer, &batch, answer);
}

static sj_status answer_note_again(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    TRY(read_end(body));
    ENSURE(signer_frontier(answerer->signer)->size > 0, NOT_FOUND);
    return signer_note_again(answerer->signer, answer);
}

static sj_status answer_vouch(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    struct sj_hash voucher;
    CLEANUP(sj_buf_clear) struct sj_buf vkey = SJ_BUF(1024);
    TRY(read_end(body));
    TRY(signer_vkey(answerer->signer, &vkey));
    TRY(follow_voucher(
        &answerer->vouch_key, sj_text_of(answerer->instance), sj_buf_text(&vkey), &voucher));
    TRY(sj_buf_put(answer, voucher.bytes, SJ_HASH_SIZE));
    return sj_buf_put_view(answer, sj_buf_view(&vkey));
}

static sj_status read_short(struct sj_reader *body, struct sj_view *ret_bytes)
{
    uint16_t len = 0;
    TRY(sj_read_u16(body, &len));
    ENSURE(len <= WIRE_NOTE_MAX, PROTOCOL);
    return sj_read_view(body, len, ret_bytes);
}

/* Whether a keeper of this root has vouched for the key. */
static sj_status answer_vouched(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    struct sj_hash voucher;
    struct sj_hash expected;
    struct sj_view bytes;
    struct sj_text instance;
    struct sj_text vkey;
    (void)answer;
    TRY(read_hash(body, &voucher));
    TRY(read_short(body, &bytes));
    ENSURE(!sj_failed(sj_text_check(bytes, SJ_INSTANCE_MAX, &instance)), LOG_TAMPERED);
    TRY(read_short(body, &bytes));
    TRY(read_end(body));
    ENSURE(!sj_failed(sj_text_check(bytes, 1024, &vkey)), LOG_TAMPERED);
    ENSURE(answerer->has_log_key, BAD_CONFIG);
    TRY(follow_voucher(&answerer->vouch_key, instance, vkey, &expected));
    ENSURE(sj_hash_equal(&voucher, &expected), LOG_TAMPERED);
    return SJ_DONE;
}

static sj_status adopt(struct answerer *answerer, struct sj_reader *body)
{
    struct follow_key key = {.instance = {NULL, 0}};
    struct sj_view instance;
    struct sj_view vkey;
    struct sj_view note;
    TRY(read_hash(body, &key.voucher));
    TRY(read_short(body, &instance));
    TRY(read_short(body, &vkey));
    TRY(read_short(body, &note));
    TRY(read_end(body));
    ENSURE(!sj_failed(sj_text_check(instance, SJ_INSTANCE_MAX, &key.instance)), LOG_TAMPERED);
    ENSURE(!sj_failed(sj_text_check(vkey, 1024, &key.vkey)), LOG_TAMPERED);
    return follow_adopt(&answerer->follower, answerer->signer, &answerer->vouch_key, &key, note);
}

static sj_status read_leaves(struct sj_reader *body, struct signer_batch *batch)
{
    uint16_t count = 0;
    *batch = (struct signer_batch){.old_size = 0};
    TRY(sj_read_u64(body, &batch->old_size));
    TRY(sj_read_u16(body, &count));
    ENSURE(count <= WIRE_LEAVES_MAX, PROTOCOL);
    return sj_read_view(body, (size_t)count * SJ_HASH_SIZE, &batch->leaves);
}

static sj_status answer_follow_change(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    struct signer_batch batch;
    (void)answer;
    TRY(read_leaves(body, &batch));
    TRY(read_rotation(body, &batch));
    ENSURE(batch.rotation.len != 0, PROTOCOL);
    return follow_append_change(&answerer->follower, answerer->signer, &batch);
}

static sj_status answer_log_end(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    (void)answer;
    TRY(read_end(body));
    return signer_end(answerer->signer);
}

static sj_status answer_note_change(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    TRY(read_end(body));
    return signer_note_change(answerer->signer, answer);
}

static sj_status answer_follow(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    struct signer_batch batch;
    (void)answer;
    TRY(read_leaves(body, &batch));
    TRY(follow_append(&answerer->follower, answerer->signer, &batch));
    return body->left == 0 ? SJ_DONE : adopt(answerer, body);
}

static sj_status answer_card_vkey(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    TRY(read_end(body));
    ENSURE(answerer->card_signer != NULL, BAD_CONFIG);
    return card_signer_vkey(answerer->card_signer, answer);
}

static sj_status answer_sign_card(
    struct answerer *answerer, struct sj_reader *body, struct sj_buf *answer)
{
    struct sj_card_claim claim = {.number = 0};
    TRY(read_id(body, &claim.evaluation));
    TRY(sj_read_u64(body, &claim.number));
    TRY(read_hash(body, &claim.former));
    TRY(read_hash(body, &claim.content));
    TRY(read_end(body));
    ENSURE(answerer->card_signer != NULL, BAD_CONFIG);
    return card_signer_sign(answerer->card_signer, &claim, answer);
}

static const struct {
    unsigned phases;
    answer_fn *fn;
} permitted[WIRE_KIND_COUNT_] = {
    [WIRE_NEW_UNIT_KEY] = {FOR_BOTH, answer_new_unit_key},
    [WIRE_LOAD_UNIT_KEY] = {FOR_BOTH, answer_load_unit_key},
    [WIRE_NEW_SUBJECT_KEYS] = {FOR_BOTH, answer_new_subject_keys},
    [WIRE_UNWRAP] = {FOR_BOTH, answer_unwrap},
    [WIRE_BLIND_INDEX] = {FOR_BOTH, answer_blind_index},
    [WIRE_CONTEXT] = {FOR_BOTH, answer_context},
    [WIRE_CONTEXT_PADS] = {FOR_PROVISION, answer_context_pads},
    [WIRE_PEPPER] = {FOR_BOTH, answer_pepper},
    [WIRE_EMITTER_KEY] = {FOR_BOTH, answer_emitter_key},
    [WIRE_SIGNED_HEAD] = {FOR_SERVE, answer_signed_head},
    [WIRE_LOG_VKEY] = {FOR_BOTH, answer_log_vkey},
    [WIRE_EXTEND] = {FOR_SERVE, answer_extend},
    [WIRE_RECOVER] = {FOR_SERVE, answer_recover},
    [WIRE_SEAL] = {FOR_BOTH, answer_seal},
    [WIRE_CARD_VKEY] = {FOR_BOTH, answer_card_vkey},
    [WIRE_SIGN_CARD] = {FOR_SERVE, answer_sign_card},
    [WIRE_VOUCH] = {FOR_SERVE, answer_vouch},
    [WIRE_FOLLOW] = {FOR_SERVE, answer_follow},
    [WIRE_EPOCHS] = {FOR_BOTH, answer_epochs},
    [WIRE_EPOCH_PREPARE] = {FOR_SERVE, answer_epoch_prepare},
    [WIRE_EPOCH_FINISH] = {FOR_SERVE, answer_epoch_finish},
    [WIRE_NOTE_AGAIN] = {FOR_SERVE, answer_note_again},
    [WIRE_FOLLOW_CHANGE] = {FOR_SERVE, answer_follow_change},
    [WIRE_NOTE_CHANGE] = {FOR_SERVE, answer_note_change},
    [WIRE_PAYLOAD_FILE] = {FOR_BOTH, answer_payload_file},
    [WIRE_PAYLOAD_NEW_KEY] = {FOR_BOTH, answer_payload_new_key},
    [WIRE_PAYLOAD_OPEN_KEYS] = {FOR_BOTH, answer_payload_open_keys},
    [WIRE_PAYLOAD_PREPARE] = {FOR_PROVISION, answer_payload_prepare},
    [WIRE_PAYLOAD_REWRAP] = {FOR_PROVISION, answer_payload_rewrap},
    [WIRE_PAYLOAD_FINISH] = {FOR_BOTH, answer_payload_finish},
    [WIRE_VOUCHED] = {FOR_BOTH, answer_vouched},
    [WIRE_LOG_END] = {FOR_SERVE, answer_log_end},
};

static answer_fn *find_permitted(enum sj_keeper_use phase, uint8_t kind)
{
    if (kind >= WIRE_KIND_COUNT_ || (permitted[kind].phases & (1u << phase)) == 0) {
        return NULL;
    }
    return permitted[kind].fn;
}

static sj_status put_head(struct sj_buf *answer, uint32_t id, enum sj_code code)
{
    sj_buf_reset(answer);
    TRY(sj_buf_put_u32(answer, id));
    return sj_buf_put_u16(answer, (uint16_t)code);
}

sj_status answer_question(struct answerer *answerer, struct sj_view question, struct sj_buf *answer)
{
    struct sj_reader body = sj_reader_of(question);
    uint32_t id = 0;
    uint8_t kind = WIRE_NONE;
    TRY(sj_read_u32(&body, &id));
    TRY(sj_read_u8(&body, &kind));
    answer_fn *fn = find_permitted(answerer->phase, kind);
    ENSURE(fn != NULL, PROTOCOL);
    TRY(put_head(answer, id, SJ_OK));
    const sj_status status = fn(answerer, &body, answer);
    if (!sj_failed(status)) {
        return SJ_DONE;
    }
    ENSURE(status.code != SJ_PROTOCOL, PROTOCOL);
    return put_head(answer, id, status.code);
}
