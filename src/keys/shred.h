/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the keeper only: the key that wraps the keys of payloads. It stands in one small file outside of the database, sealed under the
 * root; changing it makes whatever it wrapped before, in any copy of the database, unreadable for good.
 */
#ifndef SJ_KEYS_SHRED_H
#define SJ_KEYS_SHRED_H

#include "sanjeh/base/buf.h"
#include "sanjeh/base/id.h"
#include "sanjeh/crypto/fle1.h"
#include "sanjeh/crypto/hash.h"

struct shred;

struct shred_status {
    struct sj_uuid file;
    uint32_t generation; /* the older of those that are there */
    uint32_t next;       /* 0: no change has begun */
};

/* Takes the file over; an empty one gets a first key. Errors: LOG_TAMPERED (edited, or of another root), IO. */
SJ_MUST_CHECK sj_status shred_new(int *fd, const struct sj_key *state_key, struct shred **ret);
void shred_free(struct shred **shred);

/* Each of these reads the file anew: another process of this machine may have changed it. */
SJ_MUST_CHECK sj_status shred_look(struct shred *shred, struct shred_status *ret_status);
/* Whose key it is, and which. */
struct shred_place {
    struct sj_uuid unit;
    struct sj_uuid subject;
    uint32_t number;
};
/* Errors: NOT_FOUND (the generation is not there). */
SJ_MUST_CHECK sj_status shred_wrap(struct shred *shred, uint32_t generation,
    const struct shred_place *place, const struct sj_key *dek, struct sj_buf *ret_wrapped);
/* Errors: NOT_FOUND, DECRYPT. */
SJ_MUST_CHECK sj_status shred_unwrap(struct shred *shred, uint32_t generation,
    const struct shred_place *place, struct sj_view wrapped, struct sj_key *ret_dek);
/* A second generation beside the first; the one that is there when a change has begun. */
SJ_MUST_CHECK sj_status shred_prepare(struct shred *shred);
/* Keeps this generation and destroys the other. Errors: NOT_FOUND. */
SJ_MUST_CHECK sj_status shred_finish(struct shred *shred, uint32_t keep);

#endif
