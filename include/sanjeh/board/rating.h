/* SPDX-License-Identifier: Apache-2.0
 *
 * Marks of the members and the draft that the rapporteur makes of them. Marks are exact decimals.
 */
#ifndef SJ_BOARD_RATING_H
#define SJ_BOARD_RATING_H

#include "sanjeh/analysis/score.h"
#include "sanjeh/board/file.h"

#define SJ_MARKS_SEATS_MAX 20u /* of one file: as many as a board has members */

/* A criterion of the template. Texts in the desk's arena. */
struct sj_criterion {
    int64_t no;
    struct sj_text family;
    bool is_mark; /* else an indicator */
    struct sj_text weight;
    int64_t scale_min;
    int64_t scale_max;
};
SJ_MUST_CHECK sj_status sj_criteria_list(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_criterion **ret_items, size_t *ret_count);

/* ---- pure ---- */

/* A mark as a person writes it (Persian, Arabic or Latin digits, at most two decimals) within the scale. *ret_is_extreme: in
 * the first or last tenth of it. Errors: INVALID. */
SJ_MUST_CHECK sj_status sj_mark_parse(struct sj_text text, int64_t scale_min, int64_t scale_max,
    struct sj_decimal *ret_mark, bool *ret_is_extreme);
/* Mean of marks with at most two decimals, to 6 decimals. Errors: INVALID (no mark, more than SJ_MARKS_SEATS_MAX). */
SJ_MUST_CHECK sj_status sj_marks_mean(
    const struct sj_decimal *marks, size_t count, struct sj_decimal *ret_mean);
/* A mark or mean (at most 6 decimals) on its scale as sub-score 0..100, as the report card works it out. Errors: INVALID. */
SJ_MUST_CHECK sj_status sj_mark_score(
    struct sj_decimal mark, int64_t scale_min, int64_t scale_max, struct sj_decimal *ret_score);

/* ---- marks ---- */

struct sj_rating {
    struct sj_uuid id;
    struct sj_uuid account;
    int64_t round;
    int64_t item_no;
    struct sj_text mark; /* decimal; empty: the key is erased */
    struct sj_text reason;
    sj_time_us submitted_at; /* 0: a draft */
    int64_t version;
};
/* Row security chooses: own ones, all when all have submitted. round 0: of all. */
SJ_MUST_CHECK sj_status sj_rating_list(const struct sj_desk *desk, const struct sj_file *file,
    int64_t round, struct sj_rating **ret_items, size_t *ret_count);
/* The actor's mark of an item in the present round. */
SJ_MUST_CHECK sj_status sj_rating_find_own(const struct sj_desk *desk, const struct sj_file *file,
    int64_t item_no, bool *ret_found, struct sj_rating *ret_rating);
/* New when rating->version is 0, else a change of that version. Errors: FORBIDDEN (no seat of the board, oneself), INVALID
 * (UNKNOWN_ITEM, BAD_MARK, REASON_REQUIRED), CONFLICT (NOT_RATING, SUBMITTED), DUPLICATE, PRECONDITION_FAILED. */
SJ_MUST_CHECK sj_status sj_rating_put(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_rating *rating, struct sj_refusal *reterr_refusal);
/* All of the actor's marks of the round at once. Errors: GUARD_UNMET (ITEM_UNMARKED), CONFLICT (SUBMITTED, NOT_RATING). */
SJ_MUST_CHECK sj_status sj_rating_submit(
    const struct sj_desk *desk, const struct sj_file *file, struct sj_refusal *reterr_refusal);

/* ---- drafts ---- */

struct sj_draft_text {
    struct sj_text families[SJ_FAMILY_COUNT_];
    struct sj_text overall;
    struct sj_text minority; /* empty: none */
    bool is_final;
};
struct sj_draft_version {
    struct sj_uuid id;
    struct sj_uuid evaluation;
    int64_t round;
    int64_t no;
    struct sj_text state;
    struct sj_text body; /* JSON object; empty in lists, or when the key is erased */
    struct sj_uuid created_by;
    sj_time_us created_at;
};
/* Computes marks, sub-scores and total and seals them with the texts as a new version. Errors: FORBIDDEN (not rapporteur or
 * chair), GUARD_UNMET (MARKS_MISSING), CONFLICT (NOT_DRAFTING). */
SJ_MUST_CHECK sj_status sj_draft_create(const struct sj_desk *desk, const struct sj_file *file,
    const struct sj_draft_text *text, struct sj_draft_version *ret_draft,
    struct sj_refusal *reterr_refusal);
SJ_MUST_CHECK sj_status sj_draft_list(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_draft_version **ret_items, size_t *ret_count);
SJ_MUST_CHECK sj_status sj_draft_find(const struct sj_desk *desk, struct sj_uuid id,
    bool *ret_found, struct sj_draft_version *ret_draft);

#endif
