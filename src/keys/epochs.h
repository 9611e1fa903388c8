/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the keeper only: the log's signing keys, one after another (docs/KEYS.md, "Epochs"). Besides its lasting key, by which
 * witnesses and tools of others know a log, every tree is signed with the key of its epoch. That one is random, is kept
 * sealed in the signer's own file, and is destroyed when the next has taken over.
 */
#ifndef SJ_KEYS_EPOCHS_H
#define SJ_KEYS_EPOCHS_H

#include "sanjeh/crypto/fle1.h"
#include "sanjeh/crypto/rotation.h"
#include "sanjeh/keys/epoch.h"

#define EPOCHS_SIZE 512 /* in the signer's file */

struct epoch_key {
    struct sj_key seed;
    struct sj_signing_key *secret;
    struct sj_note_key note_key;
    uint8_t sealed[128]; /* the seed, as it is in the file */
};

struct epochs {
    enum sj_epoch_phase phase;
    bool has_ended;
    uint64_t number;  /* of the key in force */
    sj_time_us since; /* it is */
    uint8_t genesis[SJ_ED25519_PUBLIC];
    struct epoch_key now;
    struct epoch_key next;       /* but in phase STEADY */
    struct sj_rotation rotation; /* of next; first holds in phase OVERLAP */
    struct sj_hash appointed;    /* root of the tree that ends in the entry; in phase OVERLAP */
    struct sj_key seal_key;
    char origin[SJ_NOTE_NAME_MAX + 1];
};

/* Fresh, with a random key 0. state_key: the file's. Errors: BAD_CONFIG (origin is no key name). */
SJ_MUST_CHECK sj_status epochs_new(
    struct epochs *epochs, struct sj_text origin, const struct sj_key *state_key);
void epochs_clear(struct epochs *epochs);
/* To and from the file; the caller has checked its MAC. Errors: LOG_TAMPERED (also of a log that has ended: then has_ended is set). */
SJ_MUST_CHECK sj_status epochs_save(const struct epochs *epochs, uint8_t section[EPOCHS_SIZE]);
SJ_MUST_CHECK sj_status epochs_load(struct epochs *epochs, struct sj_text origin,
    const struct sj_key *state_key, const uint8_t section[EPOCHS_SIZE]);

/* Each changes the memory only; the caller saves before anything is signed or answered. */
/* Makes the next key when there is none yet. */
SJ_MUST_CHECK sj_status epochs_prepare(struct epochs *epochs);
/* A tree whose newest entry appoints the next key. */
struct epochs_change {
    struct sj_rotation rotation;
    struct sj_hash root;
};
/* Whether the entry is the last of the tree of this size and appoints the prepared key. Errors: LOG_TAMPERED (it is not that entry,
 * or nothing is prepared). */
SJ_MUST_CHECK sj_status epochs_check_change(const struct epochs *epochs, struct sj_view entry,
    const struct sj_hash *leaf, uint64_t size, struct epochs_change *ret_change);
/* That tree is signed next, by the old key. The caller sets the root. */
void epochs_begin_overlap(struct epochs *epochs, const struct epochs_change *change);
/* Destroys the old key. Errors: CONFLICT (no overlap, or no tree of the new key yet). */
SJ_MUST_CHECK sj_status epochs_finish(struct epochs *epochs, uint64_t size);

/* The log has ended: no key is left, and a file that is saved after this is never loaded again (LOG_TAMPERED). */
void epochs_end(struct epochs *epochs);

/* Appends the lines of the keys of a tree of this size to a note over text. */
SJ_MUST_CHECK sj_status epochs_sign(
    const struct epochs *epochs, uint64_t size, struct sj_text text, struct sj_buf *note);

#endif
