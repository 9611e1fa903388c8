/* SPDX-License-Identifier: Apache-2.0
 *
 * Report cards in the database: issuing one, and reading those that row security shows: the issuer's own, the process
 * owner's, the judge's and the board's from the issue on.
 */
#ifndef SJ_CARD_CARD_H
#define SJ_CARD_CARD_H

#include "sanjeh/card/canonical.h"
#include "sanjeh/cycle/evaluation.h"

/* Texts and views live in the desk's arena; ids nil when absent. */
struct sj_card {
    struct sj_uuid unit;
    struct sj_uuid id;
    struct sj_uuid evaluation;
    struct sj_uuid judge;
    int64_t round;
    int64_t number; /* in the issuer's chain */
    struct sj_hash former;
    struct sj_hash content;
    struct sj_text note; /* C2SP signed note */
    bool is_test;
    struct sj_uuid supersedes;
    struct sj_uuid superseded_by;
    struct sj_uuid issued_by;
    sj_time_us issued_at;
    int64_t version;
    int64_t bytes; /* of the JSON */
    int64_t key_version;
};

struct sj_card_filter {
    struct sj_uuid evaluation; /* nil: any */
    struct sj_uuid judge;      /* nil: any */
    bool in_force;             /* without those that gave way */
};

SJ_MUST_CHECK sj_status sj_card_list(const struct sj_desk *desk,
    const struct sj_card_filter *filter, struct sj_paging paging, struct sj_card **ret_items,
    size_t *ret_count, struct sj_uuid *ret_last);
SJ_MUST_CHECK sj_status sj_card_find(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_card *ret_card);
/* Appends the canonical JSON and checks it against the card's hash. Errors: NOT_FOUND (the key was erased), DECRYPT (what
 * is stored is not what was signed). */
SJ_MUST_CHECK sj_status sj_card_content(
    const struct sj_desk *desk, const struct sj_card *card, struct sj_buf *ret_json);

/* Makes, signs, seals and chains the card of the evaluation's round in desk->tx, and moves the evaluation: gated to issued, varied
 * to final. A card in force before gives way and stays. Two who issue at once stand in line.
 * Errors: NO_SUCH_MOVE (another state), DUPLICATE (issued already), GUARD_UNMET (ret_unmet), those of the move. */
SJ_MUST_CHECK sj_status sj_card_issue(const struct sj_desk *desk, struct sj_evaluation *evaluation,
    struct sj_unmet *ret_unmet, struct sj_card *ret_card);

#endif
