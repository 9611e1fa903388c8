/* SPDX-License-Identifier: Apache-2.0
 *
 * Decisions of a judge that are drawn at random and read blind by two reviewers each.
 */
#ifndef SJ_BOARD_SAMPLE_H
#define SJ_BOARD_SAMPLE_H

#include "sanjeh/analysis/statistics.h"
#include "sanjeh/board/draw.h"
#include "sanjeh/board/file.h"

#define SJ_REVIEW_MARKS_MAX 20u

/* The process owner names the unit that draws. Errors: FORBIDDEN (not the owner's), DUPLICATE, NOT_FOUND (the judge). */
SJ_MUST_CHECK sj_status sj_sample_order(
    const struct sj_desk *desk, const struct sj_file *file, struct sj_uuid office);

struct sj_sample {
    struct sj_uuid id;
    struct sj_uuid draw;
    int64_t no;
    struct sj_hash seed;
    struct sj_hash frame_sha256;
    int64_t frame_size;
    struct sj_text stratum;
    struct sj_text body; /* JSON: ref, text; empty: the key is erased */
    struct sj_uuid reviewer_one;
    struct sj_uuid reviewer_two;
    int64_t reviewed; /* 0..2 */
};
/* Draws from the frame and gives each decision to two of the file's reviewers. Errors: FORBIDDEN (not the office of the order),
 * CONFLICT (NOT_COLLECTING), GUARD_UNMET (TOO_FEW_REVIEWERS), INVALID (BAD_FRAME, NAMES_THE_JUDGE), DUPLICATE (drawn already). */
SJ_MUST_CHECK sj_status sj_sample_create(const struct sj_desk *desk, const struct sj_file *file,
    const struct sj_hash *seed, const struct sj_frame_item *items, size_t count, size_t size,
    struct sj_refusal *reterr_refusal);
/* Row security chooses: a reviewer gets his own ones. */
SJ_MUST_CHECK sj_status sj_sample_list(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_sample **ret_items, size_t *ret_count);
/* With its file. */
SJ_MUST_CHECK sj_status sj_sample_find(const struct sj_desk *desk, struct sj_uuid id,
    bool *ret_found, struct sj_sample *ret_sample, struct sj_file *ret_file);

struct sj_review_mark {
    struct sj_text item;
    struct sj_text mark; /* decimal, 0..100, at most two places */
};
struct sj_review {
    struct sj_uuid id;
    struct sj_uuid sample;
    struct sj_uuid account;
    struct sj_text body; /* JSON: marks, mean, comments; empty: the key is erased */
    sj_time_us submitted_at;
};
/* Errors: FORBIDDEN (not his to read), INVALID (BAD_MARK, SAME_ITEM), CONFLICT (MARKS_LOCKED), DUPLICATE (written already). */
SJ_MUST_CHECK sj_status sj_review_create(const struct sj_desk *desk, const struct sj_file *file,
    const struct sj_sample *sample, const struct sj_review_mark *marks, size_t count,
    struct sj_text comments, struct sj_review *ret_review, struct sj_refusal *reterr_refusal);
/* sample NULL: of the file. Row security hides the other reviewer's until both are written. */
SJ_MUST_CHECK sj_status sj_review_list(const struct sj_desk *desk, const struct sj_file *file,
    const struct sj_uuid *sample, struct sj_review **ret_items, size_t *ret_count);

/* Q01 and Q02 of the file; without a value until every sample that the actor sees is read by both. */
struct sj_quality {
    size_t samples;
    size_t reviewed; /* by both */
    struct sj_statistic mean;
    struct sj_statistic agreement;
};
SJ_MUST_CHECK sj_status sj_quality_of(
    const struct sj_desk *desk, const struct sj_file *file, struct sj_quality *ret_quality);
/* Makes them values of the judge, Q01 and Q02 with n = samples, in desk->tx and once. Errors: FORBIDDEN (not the office of the
 * order), CONFLICT (NOT_COLLECTING), GUARD_UNMET (NOT_ALL_READ), DUPLICATE (they are values already). */
SJ_MUST_CHECK sj_status sj_quality_store(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_quality *ret_quality, struct sj_refusal *reterr_refusal);

#endif
