/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the keeper only: signs report cards, under a key that signs nothing else.
 */
#ifndef SJ_KEYS_CARD_SIGNER_H
#define SJ_KEYS_CARD_SIGNER_H

#include "sanjeh/crypto/note.h"
#include "sanjeh/keys/keeper.h"

struct card_signer;

/* "<origin>/report-card", appended. Errors: BAD_CONFIG (too long for a key name). */
SJ_MUST_CHECK sj_status card_signer_name(struct sj_text origin, struct sj_buf *ret_name);
/* Errors: BAD_CONFIG (name is no key name). */
SJ_MUST_CHECK sj_status card_signer_new(
    struct sj_text name, const struct sj_key *seed, struct card_signer **ret_signer);
void card_signer_free(struct card_signer **signer);
SJ_MUST_CHECK sj_status card_signer_vkey(const struct card_signer *signer, struct sj_buf *ret_vkey);
/* Appends the note. Errors: INVALID (number 0, or the first card with a former one, or a later one without). */
SJ_MUST_CHECK sj_status card_signer_sign(
    const struct card_signer *signer, const struct sj_card_claim *claim, struct sj_buf *ret_note);

#endif
