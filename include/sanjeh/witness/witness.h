/* SPDX-License-Identifier: Apache-2.0
 *
 * A witness of transparency logs (C2SP tlog-witness): cosigns a checkpoint only when it continues, by a consistency proof, the
 * last one that it cosigned for the same origin. One file for each origin is its memory. Protocol and state; HTTP is the
 * program's.
 */
#ifndef SJ_WITNESS_WITNESS_H
#define SJ_WITNESS_WITNESS_H

#include "sanjeh/crypto/merkle.h"
#include "sanjeh/crypto/note.h"

#define SJ_WITNESS_PROOF_MAX 63u
/* "old <size>", 63 hashes, a blank line, a checkpoint. */
#define SJ_WITNESS_BODY_MAX (32u + SJ_WITNESS_PROOF_MAX * 45u + 1u + SJ_NOTE_MAX)
#define SJ_WITNESS_REASON   256u

/* ---- the request, as bytes ---- */

struct sj_witness_request {
    uint64_t old_size;
    struct sj_hash proof[SJ_WITNESS_PROOF_MAX];
    size_t proof_count;
    struct sj_view checkpoint; /* the signed note; borrowed */
};
/* Hostile bytes; the checkpoint is not looked into. Errors: INVALID. */
SJ_MUST_CHECK sj_status sj_witness_request_parse(
    struct sj_view body, struct sj_witness_request *ret_request);
/* Appended, as the client of a witness sends it. */
SJ_MUST_CHECK sj_status sj_witness_request_format(uint64_t old_size, const struct sj_hash *proof,
    size_t proof_count, struct sj_view checkpoint, struct sj_buf *out);
/* "<size>\n", the body of a 409. Errors: INVALID. */
SJ_MUST_CHECK sj_status sj_witness_size_parse(struct sj_view body, uint64_t *ret_size);

/* ---- the key ---- */

/* One line "PRIVATE+KEY+<name>+<id>+<base64 of 04 and 32 bytes>" in a new file of mode 0600. Errors: DUPLICATE (the file is
 * there), INVALID (the name), IO, CRYPTO. */
SJ_MUST_CHECK sj_status sj_witness_key_create(
    const char *path, struct sj_text name, struct sj_note_key *ret_key);
/* Errors: BAD_CONFIG (absent, readable by others, or no such line). */
SJ_MUST_CHECK sj_status sj_witness_key_load(
    const char *path, struct sj_note_key *ret_key, struct sj_signing_key **ret_secret);

/* ---- the witness ---- */

struct sj_witness;

struct sj_witness_config {
    const char *folder;                  /* of the state; made when absent, mode 0700 */
    const struct sj_note_key *log_keys;  /* of type 1, named like their origins; copied */
    size_t log_key_count;                /* 1..SJ_NOTE_KEYS_MAX */
    struct sj_note_key key;              /* of type 4 */
    const struct sj_signing_key *secret; /* borrowed until the witness is closed */
};

/* Errors: BAD_CONFIG (keys, folder), CONFLICT (another process has the folder), LOG_TAMPERED (a state file that this key did not
 * sign), IO; reterr_reason says which. */
SJ_MUST_CHECK sj_status sj_witness_open(const struct sj_witness_config *config,
    struct sj_witness **ret_witness, char reterr_reason[SJ_WITNESS_REASON]);
void sj_witness_close(struct sj_witness **witness);
/* Replaces the logs' keys; what is remembered of an origin stays. Any thread. Errors: as of open. */
SJ_MUST_CHECK sj_status sj_witness_set_logs(struct sj_witness *witness,
    const struct sj_note_key *log_keys, size_t log_key_count,
    char reterr_reason[SJ_WITNESS_REASON]);

struct sj_witness_answer {
    unsigned http;     /* 200, 400, 403, 404, 409, 422, 500 */
    const char *media; /* static */
    struct sj_buf body;
    struct sj_text origin; /* borrowed from the request; empty when it could not be read */
};
/* POST add-checkpoint. now_s: seconds since 1970. A 200 leaves only when the checkpoint is on the disk; check and store are one
 * for each origin. Any thread. A status only when memory is exhausted. The caller clears body. */
SJ_MUST_CHECK sj_status sj_witness_add(struct sj_witness *witness, struct sj_view body,
    int64_t now_s, struct sj_witness_answer *ret_answer);
/* GET <hex sha256(origin)>/checkpoint: the latest cosigned checkpoint, appended. Any thread. Errors: NOT_FOUND. */
SJ_MUST_CHECK sj_status sj_witness_latest(
    struct sj_witness *witness, struct sj_text origin_hash, struct sj_buf *ret_note);

struct sj_witness_stats {
    uint64_t cosigned;
    uint64_t refused;
    uint64_t
        conflicts; /* checkpoints of a log that do not continue the recorded one, kept as evidence */
    uint64_t failures; /* the disk */
};
struct sj_witness_stats sj_witness_stats(const struct sj_witness *witness);

#endif
