/* SPDX-License-Identifier: Apache-2.0
 *
 * C2SP signed-note v1.0.0 and tlog-checkpoint v1.0.0: making, parsing, verifying. Parsers take hostile
 * bytes; lines of unknown keys are ignored, a known key that fails refuses the whole note. Here, below the
 * record, because the keeper signs notes itself.
 */
#ifndef SJ_CRYPTO_NOTE_H
#define SJ_CRYPTO_NOTE_H

#include "sanjeh/base/buf.h"
#include "sanjeh/crypto/hash.h"
#include "sanjeh/crypto/signature.h"

#define SJ_NOTE_MAX      (100 * 1024)
#define SJ_NOTE_NAME_MAX 255
#define SJ_NOTE_KEYS_MAX 64

struct sj_note_key {
    char name[SJ_NOTE_NAME_MAX + 1];
    uint8_t id[4];
    uint8_t type; /* 1 Ed25519, 4 timestamped cosignature */
    uint8_t public_key[SJ_ED25519_PUBLIC];
};

/* Parses "name+hash+base64". Errors: INVALID (syntax, id mismatch, low-order key, unknown type). */
SJ_MUST_CHECK sj_status sj_note_key_parse(struct sj_text vkey, struct sj_note_key *ret_key);
SJ_MUST_CHECK sj_status sj_note_key_make(struct sj_text name, uint8_t type,
    const uint8_t public_key[SJ_ED25519_PUBLIC], struct sj_note_key *ret_key);
SJ_MUST_CHECK sj_status sj_note_key_format(const struct sj_note_key *key, struct sj_buf *out);

struct sj_checkpoint {
    struct sj_text origin; /* borrowed from the note */
    uint64_t size;
    struct sj_hash root;
};

/* "<origin>\n<size>\n<base64 root>\n" appended. */
SJ_MUST_CHECK sj_status sj_checkpoint_format(
    struct sj_text origin, uint64_t size, const struct sj_hash *root, struct sj_buf *out);
SJ_MUST_CHECK sj_status sj_checkpoint_parse(
    struct sj_text body, struct sj_checkpoint *ret_checkpoint);

/* Appends text, blank line and one signature line. text must end in a newline, key be of type 1. Errors:
 * INVALID. */
SJ_MUST_CHECK sj_status sj_note_sign(struct sj_text text, const struct sj_note_key *key,
    const struct sj_signing_key *secret, struct sj_buf *out);
/* Appends one cosignature line alone (C2SP tlog-cosignature v1.0.1): text is the note's text with its last
 * newline, key of type 4, time in seconds since 1970, 0 and more. Errors: INVALID. */
SJ_MUST_CHECK sj_status sj_note_cosign(struct sj_text text, const struct sj_note_key *key,
    const struct sj_signing_key *secret, int64_t time_s, struct sj_buf *out);

/* What follows the key id in a line of type 4: seconds since 1970 and the signature (borrowed). Errors: INVALID. */
SJ_MUST_CHECK sj_status sj_cosignature_split(
    struct sj_view blob, int64_t *ret_time_s, struct sj_view *ret_signature);

struct sj_note {
    struct sj_text text;                  /* what was signed, with its last newline; borrowed */
    bool verified[SJ_NOTE_KEYS_MAX];      /* which of the given keys signed */
    int64_t cosigned_s[SJ_NOTE_KEYS_MAX]; /* when, for verified keys of type 4; otherwise 0 */
    size_t verified_count;
};
/* Splits and verifies against keys. Errors: INVALID (syntax, or a known key's signature fails, or none
 * verifies). */
SJ_MUST_CHECK sj_status sj_note_open(struct sj_view bytes, const struct sj_note_key *keys,
    size_t key_count, struct sj_note *ret_note);

/* Whether it is a signed note at all, by whomever: what INVALID above does not tell. */
bool sj_note_is_well_formed(struct sj_view bytes);

/* The origin of the first log of a succession: what stands before "/<uuid>/<number from 2>", or all of it. Borrows. */
struct sj_text sj_origin_stem(struct sj_text origin);

#endif
