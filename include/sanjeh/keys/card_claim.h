/* SPDX-License-Identifier: Apache-2.0
 *
 * What the signature of one report card says: which evaluation, which number in the issuer's chain, after which card, which
 * content. Apart from keeper.h, because whoever only verifies needs nothing else of the keeper.
 */
#ifndef SJ_KEYS_CARD_CLAIM_H
#define SJ_KEYS_CARD_CLAIM_H

#include "sanjeh/base/id.h"
#include "sanjeh/crypto/hash.h"

#define SJ_CARD_NOTE_FORMAT "sanjeh/report-card/1"

struct sj_card_claim {
    struct sj_uuid evaluation;
    uint64_t number;       /* from 1 */
    struct sj_hash former; /* SHA-256 of the card before; zeros for the first */
    struct sj_hash content;
};

#endif
