/* SPDX-License-Identifier: Apache-2.0
 *
 * The log's next signing key, as an entry of the record says it (docs/AUDIT.md 2.3). Here, below record and keeper: the keeper
 * writes these words and signs nothing else for them, the verifier reads them.
 */
#ifndef SJ_CRYPTO_ROTATION_H
#define SJ_CRYPTO_ROTATION_H

#include "sanjeh/crypto/note.h"

#define SJ_ROTATION_DETAIL_MAX 512

struct sj_rotation {
    uint64_t epoch; /* of the new key; 1 for the first change */
    uint8_t old_key[SJ_ED25519_PUBLIC];
    uint8_t new_key[SJ_ED25519_PUBLIC];
    uint64_t first; /* the smallest size that only the new key signs */
    uint8_t pop[SJ_ED25519_SIGNATURE];
};

/* "epoch=…;old=…;new=…;first=…;pop=…" appended. */
SJ_MUST_CHECK sj_status sj_rotation_format(const struct sj_rotation *rotation, struct sj_buf *out);
/* Hostile text; exactly what sj_rotation_format writes. Errors: INVALID. */
SJ_MUST_CHECK sj_status sj_rotation_parse(struct sj_text detail, struct sj_rotation *ret_rotation);
/* Signs the proof of possession: secret is the new key's. */
SJ_MUST_CHECK sj_status sj_rotation_prove(
    struct sj_text origin, const struct sj_signing_key *secret, struct sj_rotation *rotation);
/* Whether the new key is one that may be trusted and its proof of possession holds. */
SJ_MUST_CHECK sj_status sj_rotation_check(
    struct sj_text origin, const struct sj_rotation *rotation, bool *ret_holds);

#endif
