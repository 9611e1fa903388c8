/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of this module share.
 */
#ifndef SJ_WITNESS_PRIV_H
#define SJ_WITNESS_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "sanjeh/base/memory.h"
#include "sanjeh/witness/witness.h"

#define WITNESS_HEX_SIZE 65u

/* What is remembered of one log. */
struct origin {
    char name[SJ_NOTE_NAME_MAX + 1];
    char
        hex[WITNESS_HEX_SIZE]; /* of sha256(name): its file and its place in the monitoring paths */
    pthread_mutex_t lock;      /* over all below, from the check to the rename */
    bool is_recorded;
    uint64_t size;
    struct sj_hash root;
    int64_t cosigned_s;
    struct sj_buf note; /* as it is on the disk */
};

struct sj_witness {
    struct sj_note_key key;
    const struct sj_signing_key *secret;
    int folder; /* descriptor */
    int lock;   /* of the file `lock` */
    pthread_rwlock_t logs;
    struct sj_note_key log_keys[SJ_NOTE_KEYS_MAX];
    size_t log_key_count;
    struct origin *origins[2 * SJ_NOTE_KEYS_MAX];
    size_t origin_count;
    atomic_uint_fast64_t cosigned;
    atomic_uint_fast64_t refused;
    atomic_uint_fast64_t conflicts;
    atomic_uint_fast64_t failures;
};

/* ---- state.c ---- */
SJ_MUST_CHECK sj_status witness_hex(struct sj_text origin, char ret_hex[WITNESS_HEX_SIZE]);
/* Reads the origin's file, if there is one, and believes it only under the witness's own signature. Errors: LOG_TAMPERED, IO. */
SJ_MUST_CHECK sj_status witness_load(const struct sj_witness *witness, struct origin *origin);
/* Durable when it returns: a new file is synchronised and renamed over the old one. Errors: IO. */
SJ_MUST_CHECK sj_status witness_store(
    const struct sj_witness *witness, const struct origin *origin, struct sj_view note);
/* Keeps a checkpoint that does not continue the recorded one, beside that one; at most 64 of each kind for an origin. kind:
 * "conflicting" (two trees of one size, which convict the log) or "unproven" (the proof may be wrong, which anybody can send: it
 * must not take the room of the others). */
SJ_MUST_CHECK sj_status witness_keep_evidence(const struct sj_witness *witness,
    const struct origin *origin, const char *kind, struct sj_view note);

#endif
