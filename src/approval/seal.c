/* SPDX-License-Identifier: Apache-2.0
 *
 * Did the product write this request and these votes? The bytes that the keeper seals (docs/KEYS.md), each with its own label and
 * one reading: fixed widths, lengths before texts. Without the check, whoever may write to PostgreSQL approves what he likes.
 */
#include "approval_priv.h"

#include "sanjeh/base/log.h"

static sj_status put_id(struct sj_buf *bytes, struct sj_uuid id)
{
    return sj_buf_put(bytes, id.bytes, sizeof id.bytes);
}

static sj_status put_text(struct sj_buf *bytes, struct sj_text text)
{
    ENSURE(text.len <= UINT16_MAX, LIMIT_EXCEEDED);
    TRY(sj_buf_put_u16(bytes, (uint16_t)text.len));
    return sj_buf_put_text(bytes, text);
}

sj_status approval_seal_item(const struct sj_approval *approval, struct sj_seal_item *ret_item)
{
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(8192);
    TRY(sj_buf_put_str(&bytes, "sanjeh/seal/approval/1"));
    TRY(put_id(&bytes, approval->id));
    TRY(put_text(&bytes, approval->action));
    TRY(put_id(&bytes, approval->object));
    TRY(put_text(&bytes, approval->parameters));
    TRY(sj_buf_put(&bytes, approval->operation.bytes, SJ_HASH_SIZE));
    TRY(put_text(&bytes, approval->reason));
    TRY(sj_buf_put_u32(&bytes, approval->need));
    TRY(put_text(&bytes, approval->by_role));
    TRY(sj_buf_put_byte(&bytes, approval->other_unit ? 1 : 0));
    TRY(put_id(&bytes, approval->requested_by));
    TRY(put_id(&bytes, approval->requested_person));
    TRY(put_id(&bytes, approval->requested_unit));
    TRY(sj_buf_put_u64(&bytes, (uint64_t)approval->requested_at));
    TRY(sj_buf_put_u64(&bytes, (uint64_t)approval->expires_at));
    ret_item->purpose = SJ_SEAL_APPROVAL;
    return sj_sha256_one(sj_buf_view(&bytes), &ret_item->hash);
}

sj_status approval_vote_seal_item(const struct sj_approval *approval,
    const struct sj_approval_vote *vote, struct sj_seal_item *ret_item)
{
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(1024);
    TRY(sj_buf_put_str(&bytes, "sanjeh/seal/approval-vote/1"));
    TRY(put_id(&bytes, approval->id));
    TRY(sj_buf_put(&bytes, approval->operation.bytes, SJ_HASH_SIZE));
    TRY(put_id(&bytes, vote->person));
    TRY(put_id(&bytes, vote->account));
    TRY(put_id(&bytes, vote->unit));
    TRY(put_text(&bytes, vote->role));
    TRY(sj_buf_put_byte(&bytes, vote->approves ? 1 : 0));
    TRY(put_text(&bytes, vote->method));
    TRY(sj_buf_put_u64(&bytes, (uint64_t)vote->at));
    ret_item->purpose = SJ_SEAL_APPROVAL_VOTE;
    return sj_sha256_one(sj_buf_view(&bytes), &ret_item->hash);
}

sj_status approval_seals_prove(
    struct sj_channel *channel, const struct sj_approval *approval, bool *ret_genuine)
{
    struct sj_seal_item items[1 + SJ_APPROVAL_VOTES];
    struct sj_hash right[1 + SJ_APPROVAL_VOTES];
    TRY(approval_seal_item(approval, &items[0]));
    for (size_t i = 0; i < approval->vote_count; i++) {
        TRY(approval_vote_seal_item(approval, &approval->votes[i], &items[1 + i]));
    }
    TRY(ask_seals(channel, items, 1 + approval->vote_count, right));
    bool genuine = sj_hash_equal(&right[0], &approval->seal);
    for (size_t i = 0; i < approval->vote_count; i++) {
        genuine = sj_hash_equal(&right[1 + i], &approval->votes[i].seal) && genuine;
    }
    if (!genuine) {
        SJ_LOG(ERROR, "approval.seal.broken", sj_log_id("approval.id", approval->id));
    }
    *ret_genuine = genuine;
    return SJ_DONE;
}
