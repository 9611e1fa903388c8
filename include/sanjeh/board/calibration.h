/* SPDX-License-Identifier: Apache-2.0
 *
 * Calibration: members of a calibration board look at the marks of many files together and change some, one by one, each with
 * a reason; before and after stay side by side. No curve is forced; a rater's severity is only suggested.
 */
#ifndef SJ_BOARD_CALIBRATION_H
#define SJ_BOARD_CALIBRATION_H

#include "sanjeh/analysis/statistics.h"
#include "sanjeh/board/board.h"

struct sj_calibration {
    struct sj_uuid unit;
    struct sj_uuid id;
    struct sj_uuid cycle;
    struct sj_uuid board;
    int64_t quorum;
    struct sj_uuid *present;
    size_t present_count;
    struct sj_text state; /* open, closed */
    sj_time_us closed_at; /* 0: open */
    int64_t version;
    sj_time_us created_at;
};
/* board, cycle, present and quorum (0: most of the members) given. Errors: INVALID (UNKNOWN_BOARD, NOT_A_MEMBER, BAD_QUORUM),
 * GUARD_UNMET (NO_QUORUM), FORBIDDEN (the actor does not sit on the board). */
SJ_MUST_CHECK sj_status sj_calibration_create(const struct sj_desk *desk,
    struct sj_calibration *calibration, struct sj_refusal *reterr_refusal);
SJ_MUST_CHECK sj_status sj_calibration_list(const struct sj_desk *desk, struct sj_uuid cycle,
    struct sj_paging paging, struct sj_calibration **ret_items, size_t *ret_count,
    struct sj_uuid *ret_last);
SJ_MUST_CHECK sj_status sj_calibration_find(const struct sj_desk *desk, struct sj_uuid id,
    bool *ret_found, struct sj_calibration *ret_calibration);
/* By the chair. Errors: FORBIDDEN, CONFLICT (closed already), PRECONDITION_FAILED. */
SJ_MUST_CHECK sj_status sj_calibration_close(
    const struct sj_desk *desk, struct sj_calibration *calibration);

struct sj_calibration_change {
    struct sj_uuid id;
    struct sj_uuid session;
    struct sj_uuid evaluation;
    struct sj_uuid account; /* whose mark; nil: the item's as a whole */
    int64_t item_no;
    int64_t round;
    struct sj_text before; /* decimals */
    struct sj_text after;
    struct sj_text reason;
    struct sj_uuid created_by;
    sj_time_us created_at;
};
/* Errors: FORBIDDEN (no calibrator of this file, oneself, not of this session), CONFLICT (RECUSED: same branch; NOT_DRAFTED;
 * CLOSED; BEFORE_DIFFERS), INVALID (UNKNOWN_ITEM, BAD_MARK, NOT_MARKED), DUPLICATE (changed in this session). */
SJ_MUST_CHECK sj_status sj_calibration_change(const struct sj_desk *desk,
    const struct sj_calibration *calibration, const struct sj_file *file,
    struct sj_calibration_change *change, struct sj_refusal *reterr_refusal);
SJ_MUST_CHECK sj_status sj_calibration_change_list(const struct sj_desk *desk,
    const struct sj_file *file, struct sj_calibration_change **ret_items, size_t *ret_count);

/* How severe a rater is against the others on the same subjects, in sub-score points (0..100), over the 200 newest files
 * of the cycle that the actor calibrates. */
#define SJ_SEVERITY_RATERS_MAX 64u
struct sj_rater_report {
    struct sj_uuid account;
    int64_t subjects; /* files in which others marked too */
    struct sj_severity severity;
};
SJ_MUST_CHECK sj_status sj_calibration_severity(const struct sj_desk *desk,
    const struct sj_calibration *calibration, struct sj_rater_report **ret_items,
    size_t *ret_count);

#endif
