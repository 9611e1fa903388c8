/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a deed's draft survive a crash between its commit and its place in the log? It is a row of the same
 * transaction, with a MAC under a key that the database never sees: a superuser can delete the row (the gap in
 * the emitter's numbers shows) but cannot plant or change one. The batch MAC is made with the same key and
 * another prefix: neither can stand for the other. Both keys are the log's own: a draft that somebody kept of the log before
 * has no MAC that holds in the one that goes on from it.
 */
#include "sanjeh/audit/outbox.h"

#include "sanjeh/base/log.h"
#include "state.h"

sj_status sj_outbox_mac(
    const struct sj_key *emitter_key, struct sj_view draft, struct sj_hash *ret_mac)
{
    const struct sj_view parts[] = {sj_view_of("sanjeh/outbox", 13), draft};
    return sj_hmac_sha256(
        sj_view_of(emitter_key->bytes, SJ_KEY_SIZE), parts, SJ_COUNT(parts), ret_mac);
}

static sj_status key_of(
    struct sj_channel *channel, struct sj_uuid emitter, struct sj_outbox_key *cache)
{
    if (!cache->holds || !sj_uuid_equal(cache->emitter, emitter)) {
        cache->holds = false;
        TRY(ask_emitter_key(channel, emitter, &cache->key));
        cache->emitter = emitter;
        cache->holds = true;
    }
    return SJ_DONE;
}

sj_status sj_outbox_open(struct sj_channel *channel, const struct sj_rows *rows, size_t row,
    struct sj_outbox_key *cache, struct sj_draft *ret_draft, bool *ret_ours)
{
    const struct sj_uuid emitter = sj_row_id(rows, row, 0);
    const struct sj_view bytes = sj_row_bytes(rows, row, 2);
    const struct sj_view mac = sj_row_bytes(rows, row, 3);
    struct sj_hash expected;
    TRY(key_of(channel, emitter, cache));
    TRY(sj_outbox_mac(&cache->key, bytes, &expected));
    *ret_ours = mac.len == SJ_HASH_SIZE && sj_equal_ct(mac.ptr, expected.bytes, SJ_HASH_SIZE) &&
                !sj_failed(sj_draft_decode(bytes, ret_draft)) &&
                sj_uuid_equal(ret_draft->emitter, emitter) &&
                ret_draft->emitter_seq == (uint64_t)sj_row_i64(rows, row, 1);
    return SJ_DONE;
}

static void put_u64(uint8_t dst[8], uint64_t value)
{
    for (size_t i = 0; i < 8; i++) {
        dst[i] = (uint8_t)(value >> (56 - 8 * i) & 0xFF);
    }
}

sj_status sj_batch_mac(const struct sj_key *emitter_key, uint64_t old_size,
    const struct sj_hash *old_root, uint64_t new_size, const struct sj_hash *new_root,
    struct sj_hash *ret_mac)
{
    uint8_t old_bytes[8];
    uint8_t new_bytes[8];
    put_u64(old_bytes, old_size);
    put_u64(new_bytes, new_size);
    const struct sj_view parts[] = {
        sj_view_of("sanjeh/batch", 12),
        sj_view_of(old_bytes, sizeof(old_bytes)),
        sj_view_of(old_root->bytes, SJ_HASH_SIZE),
        sj_view_of(new_bytes, sizeof(new_bytes)),
        sj_view_of(new_root->bytes, SJ_HASH_SIZE),
    };
    return sj_hmac_sha256(
        sj_view_of(emitter_key->bytes, SJ_KEY_SIZE), parts, SJ_COUNT(parts), ret_mac);
}

sj_status sj_outbox_put(
    struct sj_tx *tx, const struct sj_key *emitter_key, const struct sj_draft *draft)
{
    ENSURE(draft->emitter_seq >= 1 && !sj_uuid_is_nil(draft->emitter), INTERNAL);
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(1 + SJ_BODY_MAX);
    ENSURE(!sj_failed(sj_draft_encode(draft, &bytes)), INTERNAL);
    struct sj_hash mac;
    TRY(sj_outbox_mac(emitter_key, sj_buf_view(&bytes), &mac));
    CLEANUP(sj_buf_clear) struct sj_buf payload = SJ_BUF(SJ_PAYLOAD_STORED);
    TRY(draft->payload != NULL ? sj_payload_encode(draft->payload, &payload) : SJ_DONE);
    const struct sj_param params[] = {
        sj_p_id(&draft->emitter),
        sj_p_i64((int64_t)draft->emitter_seq),
        sj_p_bytes(sj_buf_view(&bytes)),
        sj_p_bytes(sj_view_of(mac.bytes, SJ_HASH_SIZE)),
        draft->subject_count == 0 ? sj_p_null()
                                  : sj_p_bytes(sj_view_of(draft->subjects,
                                        draft->subject_count * sizeof draft->subjects[0])),
        payload.len == 0 ? sj_p_null() : sj_p_bytes(sj_buf_view(&payload)),
    };
    /* no round trip of its own: it travels with the commit */
    return sj_tx_send(tx, SJ_SQL_AUDIT_OUTBOX_PUT, params, SJ_COUNT(params));
}
