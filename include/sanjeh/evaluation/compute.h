/* SPDX-License-Identifier: Apache-2.0
 *
 * The figures of a cycle: for each evaluation the indicator items of its template become sub-scores, line by line, with n,
 * peers, interval and reason. A sheet is part of the file (K3): sealed, seen by issuer, seats and, once disclosed, the judge.
 */
#ifndef SJ_EVALUATION_COMPUTE_H
#define SJ_EVALUATION_COMPUTE_H

#include "sanjeh/analysis/score.h"
#include "sanjeh/evaluation/evaluation.h"

#define SJ_SCORE_METHOD                                                                            \
    "score/2" /* 2: peers by grade and province; observers in S06; an interval of the total */
#define SJ_SCORE_ITEMS_MAX   99    /* of a template */
#define SJ_SCORE_SHEET_BYTES 65536 /* of one sheet's JSON */

struct sj_computation {
    struct sj_uuid unit;
    struct sj_uuid id;
    struct sj_uuid cycle;
    int64_t evaluations;
    int64_t
        sufficient; /* those whose weight with data or marks to come reaches the cycle's coverage */
    struct sj_text inputs_sha256; /* hex, over the inputs of all sheets */
    int64_t duration_ms;
    struct sj_uuid created_by;
    sj_time_us created_at;
};

/* The sheet of a superseded evaluation whose data were corrected under its order, anew and beside the former: its own data as they
 * stand, its peers as the former sheet has them from the freeze. Committed at once, in a transaction of its own; a second call
 * replaces it. *ret_done false: nothing was corrected under an order. Errors: GUARD_UNMET, DECRYPT. */
SJ_MUST_CHECK sj_status sj_correction_compute(
    const struct sj_desk *desk, struct sj_uuid evaluation, bool *ret_done);

/* Computes every evaluation of the cycle in the states collecting to frozen and writes its sheet and coverage, replacing that
 * of the same round; then notes the run in desk->tx. Reads and writes under the server's own scope (SJ_SCOPE_EVALUATION), in a
 * transaction of its own; the cycle must be visible to the caller.
 * Errors: NOT_FOUND (no such cycle), GUARD_UNMET (no evaluation to compute, or an indicator without definition). */
SJ_MUST_CHECK sj_status sj_computation_create(
    const struct sj_desk *desk, struct sj_uuid cycle, struct sj_computation *ret_computation);
SJ_MUST_CHECK sj_status sj_computation_list(const struct sj_desk *desk, struct sj_uuid cycle,
    struct sj_paging paging, struct sj_computation **ret_items, size_t *ret_count,
    struct sj_uuid *ret_last);
SJ_MUST_CHECK sj_status sj_computation_find(const struct sj_desk *desk, struct sj_uuid id,
    bool *ret_found, struct sj_computation *ret_computation);

/* One line of a sheet, as far as a total needs it. Texts in the desk's arena. */
struct sj_score_line {
    int64_t no; /* of the template item */
    struct sj_text code;
    enum sj_family family;
    struct sj_decimal weight;
    bool has_score;
    struct sj_decimal score; /* 0..100 */
    bool has_interval;       /* false in sheets of earlier versions, too */
    struct sj_interval interval;
    struct sj_text reason; /* when not has_score */
    bool is_contested;
};

struct sj_score_sheet {
    struct sj_uuid unit; /* issuer's */
    struct sj_uuid id;
    struct sj_uuid evaluation;
    int64_t round;
    bool is_readable;    /* the key is not erased */
    struct sj_text body; /* the whole worked computation, a JSON object */
    struct sj_score_line *lines;
    size_t line_count;
    struct sj_text coverage;      /* decimal: percent of the indicator items' weight */
    struct sj_text inputs_sha256; /* hex */
    sj_time_us computed_at;
    int64_t version;
};

/* The sheet of a round; round 0: the newest. Within desk->tx when there is one, else by itself. Row security chooses: invisible
 * is not found. Errors: DECRYPT. */
SJ_MUST_CHECK sj_status sj_score_sheet_find(const struct sj_desk *desk, struct sj_uuid evaluation,
    int64_t round, bool *ret_found, struct sj_score_sheet *ret_sheet);

#endif
