/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the keeper only: from one question's bytes to one answer's bytes.
 */
#ifndef SJ_KEYS_ANSWER_H
#define SJ_KEYS_ANSWER_H

#include "card_signer.h"
#include "follow.h"
#include "sanjeh/keys/keeper.h"
#include "shred.h"
#include "signer.h"
#include "vault.h"

struct answerer {
    enum sj_keeper_use phase;
    struct vault *vault;
    struct signer *signer; /* NULL in PROVISION */
    bool has_log_key;      /* an origin was configured */
    struct sj_note_key log_key;
    char instance[SJ_INSTANCE_MAX + 1];
    struct sj_key vouch_key;  /* holds when has_log_key */
    struct follower follower; /* what another server is said to have signed */
    bool has_epochs;          /* in PROVISION: what the signer's file says */
    struct sj_epoch_status epochs;
    struct card_signer *card_signer; /* NULL without an origin */
    struct shred *shred;             /* NULL: no file of payloads' keys */
};

/* Hostile bytes. Puts the whole answer into the emptied buffer. Errors: PROTOCOL when the question is malformed or
 * not permitted in this phase: there is no answer, the channel must be closed. */
SJ_MUST_CHECK sj_status answer_question(
    struct answerer *answerer, struct sj_view question, struct sj_buf *answer);

#endif
