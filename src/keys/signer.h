/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the keeper only: signs the record's tree and remembers what it signed.
 */
#ifndef SJ_KEYS_SIGNER_H
#define SJ_KEYS_SIGNER_H

#include "epochs.h"
#include "sanjeh/crypto/merkle.h"
#include "sanjeh/crypto/note.h"
#include "sanjeh/keys/epoch.h"

struct signer;

/* fd: the open, locked state file, taken. origin: NUL-terminated copy is kept. Errors: LOG_TAMPERED (the file was
 * edited or belongs to another root key or origin), BAD_CONFIG (origin is no key name), IO. */
SJ_MUST_CHECK sj_status signer_new(int *fd, struct sj_text origin, const struct sj_key *seed,
    const struct sj_key *state_key, struct signer **ret_signer);
/* Reads the state and changes nothing, beside a signer that may be running. *ret_found false: there is nothing yet. */
SJ_MUST_CHECK sj_status signer_look(int *fd, struct sj_text origin, const struct sj_key *seed,
    const struct sj_key *state_key, struct sj_epoch_status *ret_status, bool *ret_found);
void signer_free(struct signer **signer);
SJ_MUST_CHECK sj_status signer_head(
    const struct signer *signer, uint64_t *ret_size, struct sj_hash *ret_root);
SJ_MUST_CHECK sj_status signer_vkey(const struct signer *signer, struct sj_buf *ret_vkey);

/* One batch: count hashes of 32 bytes that follow one another. */
struct signer_batch {
    uint64_t old_size;
    struct sj_view leaves;
    struct sj_hash new_root;
    /* The newest entry, when it is the one that appoints the log's next key; else empty. */
    struct sj_view rotation;
};
/* Appends the note. The state is on disk before anything is signed. Errors: LOG_TAMPERED, nothing changed; IO. */
SJ_MUST_CHECK sj_status signer_extend(
    struct signer *signer, const struct signer_batch *batch, struct sj_buf *ret_note);
/* The keys of the epochs. Each step is on disk on return. Errors: IO; CONFLICT (finish: the next key has not signed yet). */
void signer_epochs(const struct signer *signer, struct sj_epoch_status *ret_status);
SJ_MUST_CHECK sj_status signer_prepare_epoch(struct signer *signer);
SJ_MUST_CHECK sj_status signer_finish_epoch(struct signer *signer);
/* The log has ended: the epochs' keys are destroyed in both slots, nothing is signed any more, by this process or a later one. Errors: IO. */
SJ_MUST_CHECK sj_status signer_end(struct signer *signer);
/* Signs again what was signed last. Appends the note. */
SJ_MUST_CHECK sj_status signer_note_again(const struct signer *signer, struct sj_buf *ret_note);
/* What was signed, or taken over, last; and the key. Borrowed, while the signer lives and is not changed. */
const struct sj_frontier *signer_frontier(const struct signer *signer);
const struct sj_note_key *signer_note_key(const struct signer *signer);
/* Takes a tree over that follow.c has found signed by another server. change: what in it appoints this keeper's next key, or NULL.
 * State on disk on return. Errors: IO. */
SJ_MUST_CHECK sj_status signer_adopt(
    struct signer *signer, const struct sj_frontier *next, const struct epochs_change *change);
/* Whether the leaf, the newest of a tree of this size, is the entry that appoints the prepared key. Errors: LOG_TAMPERED. */
SJ_MUST_CHECK sj_status signer_check_change(const struct signer *signer, struct sj_view entry,
    const struct sj_hash *leaf, uint64_t size, struct epochs_change *ret_change);
/* Signs the tree that ends in the entry which appoints the next key, however far the log has grown since: with the old
 * key, without which nobody believes the new one. Errors: NOT_FOUND (no such change is under way). */
SJ_MUST_CHECK sj_status signer_note_change(const struct signer *signer, struct sj_buf *ret_note);
/* Whether mac is what the emitter wrote for exactly this step from what was signed last. */
SJ_MUST_CHECK sj_status signer_batch_mac(const struct signer *signer,
    const struct signer_batch *batch, const struct sj_key *emitter_key, struct sj_hash *ret_mac);

#endif
