/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the keeper only: several servers on one log. Each has a keeper with a key and a memory of its own; this is how
 * one learns what another has signed.
 */
#ifndef SJ_KEYS_FOLLOW_H
#define SJ_KEYS_FOLLOW_H

#include "sanjeh/crypto/merkle.h"
#include "signer.h"

/* Leaves that follow the signed tree and nobody's signature covers yet. Memory only. */
struct follower {
    bool is_open;
    struct sj_frontier pending;
    bool has_change; /* one of the leaves appoints this keeper's next key */
    struct epochs_change change;
};

/* A server's log key as another keeper of the same root vouches for it. */
struct follow_key {
    struct sj_text instance;
    struct sj_text vkey;
    struct sj_hash voucher;
};

/* HMAC(vouch key, "sanjeh/log-key" || u16 length, instance || vkey). */
SJ_MUST_CHECK sj_status follow_voucher(const struct sj_key *vouch_key, struct sj_text instance,
    struct sj_text vkey, struct sj_hash *ret_voucher);
/* Leaves behind the signed tree, or behind those given before. Errors: LOG_TAMPERED (they do not continue it). */
SJ_MUST_CHECK sj_status follow_append(
    struct follower *follower, const struct signer *signer, const struct signer_batch *batch);
/* The same, where the last leaf is the entry `batch->rotation`, which appoints this keeper's next key: another server has signed it
 * before this keeper could. Counts from follow_adopt on. Errors: LOG_TAMPERED. */
SJ_MUST_CHECK sj_status follow_append_change(
    struct follower *follower, const struct signer *signer, const struct signer_batch *batch);
/* Takes the pending tree over when the note says exactly that tree and is signed by the vouched key of another instance.
 * Errors: LOG_TAMPERED, nothing changed; LOG_ROLLED_BACK (the note is our own, beyond our memory); IO. */
SJ_MUST_CHECK sj_status follow_adopt(struct follower *follower, struct signer *signer,
    const struct sj_key *vouch_key, const struct follow_key *key, struct sj_view note);

#endif
