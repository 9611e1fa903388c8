/* SPDX-License-Identifier: Apache-2.0
 *
 * What speaks against an evaluator: declared and detected conflicts, relations that units know, challenges by the judge.
 */
#ifndef SJ_BOARD_CONFLICT_H
#define SJ_BOARD_CONFLICT_H

#include "sanjeh/board/board.h"

struct sj_coi {
    struct sj_uuid id;
    struct sj_uuid account;
    bool has_interest;
    struct sj_text state;
    struct sj_text interests; /* empty: none, or not the reader's */
    sj_time_us created_at;
    int64_t version;
};
/* The actor's own declaration; an interest opens a conflict. Errors: NOT_FOUND (no seat), DUPLICATE. */
SJ_MUST_CHECK sj_status sj_coi_declare(
    const struct sj_desk *desk, const struct sj_file *file, struct sj_coi *coi);
SJ_MUST_CHECK sj_status sj_coi_list(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_coi **ret_items, size_t *ret_count);

struct sj_conflict {
    struct sj_uuid id;
    struct sj_uuid evaluation;
    struct sj_uuid account;
    struct sj_text
        rule; /* SAME_BRANCH, RECIPROCAL, SUPERIOR, NOT_HIGHER, OWN_UNIT, KIN, PARTY (in a matter of his, as whatever),
               CANDIDATE, DECLARED */
    struct sj_text state;
    sj_time_us found_at;
    struct sj_text resolution; /* empty: open */
    struct sj_text reason;
    struct sj_uuid resolved_by;
    sj_time_us resolved_at;
    int64_t version;
};
/* Looks again at every seat that is held. */
SJ_MUST_CHECK sj_status sj_conflict_detect(const struct sj_desk *desk, const struct sj_file *file);
SJ_MUST_CHECK sj_status sj_conflict_list(const struct sj_desk *desk, struct sj_uuid evaluation,
    struct sj_conflict **ret_items, size_t *ret_count);
SJ_MUST_CHECK sj_status sj_conflict_find(const struct sj_desk *desk, struct sj_uuid id,
    bool *ret_found, struct sj_conflict *ret_conflict);
/* Errors: CONFLICT (resolved already), FORBIDDEN (one's own), PRECONDITION_FAILED. */
SJ_MUST_CHECK sj_status sj_conflict_resolve(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_conflict *conflict, bool ends_seat, struct sj_text reason);

struct sj_challenge {
    struct sj_uuid id;
    struct sj_uuid evaluation;
    struct sj_uuid account;
    struct sj_text state; /* open, upheld, rejected */
    struct sj_text grounds;
    struct sj_text decision; /* empty: open */
    struct sj_uuid decided_by;
    sj_time_us decided_at;
    sj_time_us created_at;
    int64_t version;
};
/* Errors: FORBIDDEN (not the judge), GUARD_UNMET (CLOCK_OVER), INVALID (NOT_SEATED), DUPLICATE. */
SJ_MUST_CHECK sj_status sj_challenge_create(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_challenge *challenge, struct sj_refusal *reterr_refusal);
SJ_MUST_CHECK sj_status sj_challenge_list(const struct sj_desk *desk, struct sj_uuid evaluation,
    struct sj_challenge **ret_items, size_t *ret_count);
SJ_MUST_CHECK sj_status sj_challenge_find(const struct sj_desk *desk, struct sj_uuid id,
    bool *ret_found, struct sj_challenge *ret_challenge);
/* Upheld ends the seat. Errors: FORBIDDEN (the challenged person or the judge), CONFLICT (decided already),
 * PRECONDITION_FAILED. */
SJ_MUST_CHECK sj_status sj_challenge_decide(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_challenge *challenge, bool is_upheld, struct sj_text reason);

struct sj_relation {
    struct sj_uuid id;
    struct sj_uuid person; /* the judge that he is, else his account */
    struct sj_uuid judge;
    struct sj_text kind; /* kin, partner, party, candidate, superior, disciplinary */
    int64_t from_day;
    bool has_to;
    int64_t to_day;
    sj_time_us created_at;
};
/* In the actor's unit and compartment. Errors: INVALID. */
SJ_MUST_CHECK sj_status sj_relation_create(
    const struct sj_desk *desk, struct sj_relation *relation, struct sj_refusal *reterr_refusal);
SJ_MUST_CHECK sj_status sj_relation_list(const struct sj_desk *desk, struct sj_paging paging,
    struct sj_relation **ret_items, size_t *ret_count, struct sj_uuid *ret_last);

#endif
