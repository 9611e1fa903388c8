/* SPDX-License-Identifier: Apache-2.0
 *
 * The check of report cards with a public key alone (docs/REPORT-CARD.md): the note's signature, the hash of the JSON,
 * what both say of evaluation, number and former card, and the chain between the cards that are there.
 */
#ifndef SJ_CARD_VERIFY_H
#define SJ_CARD_VERIFY_H

#include "sanjeh/audit/verify.h"
#include "sanjeh/card/canonical.h"
#include "sanjeh/crypto/note.h"
#include "sanjeh/keys/card_claim.h"

struct sj_card_report {
    enum sj_verdict verdict;
    uint64_t cards; /* that were checked */
    uint64_t first; /* lowest and highest number among them */
    uint64_t last;
    bool is_test;    /* a card says that it was issued under a test clock */
    char cause[256]; /* when not verified: what was found, for people */
};

/* Splits the five lines that the keeper signs. Hostile bytes. Errors: INVALID. */
SJ_MUST_CHECK sj_status sj_card_claim_parse(struct sj_text text, struct sj_card_claim *ret_claim);

/* One card. *ret_claim is what was signed, when the verdict is SJ_VERIFIED. A status only for our own failures. */
SJ_MUST_CHECK sj_status sj_card_verify(struct sj_view json, struct sj_view note,
    const struct sj_note_key *key, struct sj_card_claim *ret_claim,
    struct sj_card_report *ret_report);

/* Files: one card, or (note_path NULL) every NAME.json with its NAME.note of a folder, which must form one piece of one
 * chain: a number twice or a broken link is TAMPERED, a gap or a file without its pair INCOMPLETE. Errors: BAD_PARAMETER
 * (key, path or file cannot be read). */
SJ_MUST_CHECK sj_status sj_card_verify_files(const char *json_path, const char *note_path,
    const char *vkey_path, struct sj_card_report *ret_report);

#endif
