/* SPDX-License-Identifier: Apache-2.0
 *
 * May this keeper take over what another server's keeper has signed?
 * Only up to a size for which there is the other's signed note, and only a tree whose root this keeper has computed
 * itself from the leaf hashes (AUDIT 4 line 26): what stands in the database and carries no such note may be a forgery
 * that was put between two batches. Whose key signed is not the database's word either: a key is believed when a keeper
 * of the same root vouches for it. A note of our own beyond our memory means that our memory was rolled back.
 */
#include "follow.h"
#include "sanjeh/base/memory.h"
#include <string.h>

#define VOUCH_LABEL "sanjeh/log-key"

sj_status follow_voucher(const struct sj_key *vouch_key, struct sj_text instance,
    struct sj_text vkey, struct sj_hash *ret_voucher)
{
    ENSURE(instance.len <= UINT16_MAX, INVALID);
    const uint8_t len[2] = {(uint8_t)(instance.len >> 8), (uint8_t)(instance.len & 0xFF)};
    const struct sj_view parts[] = {sj_view_of(VOUCH_LABEL, sizeof(VOUCH_LABEL) - 1),
        sj_view_of(len, sizeof(len)), sj_text_bytes(instance), sj_text_bytes(vkey)};
    return sj_hmac_sha256(
        sj_view_of(vouch_key->bytes, SJ_KEY_SIZE), parts, SJ_COUNT(parts), ret_voucher);
}

sj_status follow_append(
    struct follower *follower, const struct signer *signer, const struct signer_batch *batch)
{
    if (batch->old_size == signer_frontier(signer)->size) {
        follower->pending = *signer_frontier(signer);
        follower->is_open = true;
        follower->has_change = false;
    }
    ENSURE(follower->is_open && batch->old_size == follower->pending.size, LOG_TAMPERED);
    ENSURE(batch->leaves.len % SJ_HASH_SIZE == 0, LOG_TAMPERED);
    ENSURE(batch->old_size < INT64_MAX - batch->leaves.len / SJ_HASH_SIZE, LOG_TAMPERED);
    for (size_t at = 0; at < batch->leaves.len; at += SJ_HASH_SIZE) {
        struct sj_hash leaf;
        TRY(sj_copy(leaf.bytes, SJ_HASH_SIZE, batch->leaves.ptr + at, SJ_HASH_SIZE));
        TRY(sj_frontier_append(&follower->pending, &leaf));
    }
    return SJ_DONE;
}

sj_status follow_append_change(
    struct follower *follower, const struct signer *signer, const struct signer_batch *batch)
{
    struct sj_hash leaf;
    struct epochs_change change;
    ENSURE(batch->leaves.len >= SJ_HASH_SIZE, LOG_TAMPERED);
    TRY(follow_append(follower, signer, batch));
    TRY(sj_copy(leaf.bytes, SJ_HASH_SIZE, batch->leaves.ptr + batch->leaves.len - SJ_HASH_SIZE,
        SJ_HASH_SIZE));
    TRY(signer_check_change(signer, batch->rotation, &leaf, follower->pending.size, &change));
    TRY(sj_frontier_root(&follower->pending, &change.root));
    follower->change = change;
    follower->has_change = true;
    return SJ_DONE;
}

static sj_status check_note(const struct follower *follower, const struct signer *signer,
    const struct follow_key *key, struct sj_view bytes)
{
    struct sj_note_key note_key;
    struct sj_note note;
    struct sj_checkpoint checkpoint;
    struct sj_hash root;
    const struct sj_note_key *own = signer_note_key(signer);
    ENSURE(!sj_failed(sj_note_key_parse(key->vkey, &note_key)), LOG_TAMPERED);
    ENSURE(memcmp(note_key.public_key, own->public_key, sizeof(own->public_key)) != 0,
        LOG_ROLLED_BACK);
    ENSURE(!sj_failed(sj_note_open(bytes, &note_key, 1, &note)), LOG_TAMPERED);
    ENSURE(!sj_failed(sj_checkpoint_parse(note.text, &checkpoint)), LOG_TAMPERED);
    TRY(sj_frontier_root(&follower->pending, &root));
    ENSURE(sj_text_is(checkpoint.origin, own->name), LOG_TAMPERED);
    ENSURE(checkpoint.size == follower->pending.size, LOG_TAMPERED);
    ENSURE(sj_hash_equal(&checkpoint.root, &root), LOG_TAMPERED);
    return SJ_DONE;
}

sj_status follow_adopt(struct follower *follower, struct signer *signer,
    const struct sj_key *vouch_key, const struct follow_key *key, struct sj_view note)
{
    struct sj_hash expected;
    ENSURE(follower->is_open, LOG_TAMPERED);
    ENSURE(follower->pending.size > signer_frontier(signer)->size, LOG_TAMPERED);
    TRY(follow_voucher(vouch_key, key->instance, key->vkey, &expected));
    ENSURE(sj_hash_equal(&expected, &key->voucher), LOG_TAMPERED);
    TRY(check_note(follower, signer, key, note));
    follower->is_open = false;
    return signer_adopt(
        signer, &follower->pending, follower->has_change ? &follower->change : NULL);
}
