/* SPDX-License-Identifier: Apache-2.0
 *
 * Courtroom observation: what a trained observer with a seat in the file saw on one day, by the four questions of procedural fairness
 * (DOMAIN S06: voice, neutrality, respect, trust), each 1 to 5. Two observers of one sitting write without seeing each other; what
 * is written is not changed.
 */
#ifndef SJ_BOARD_OBSERVATION_H
#define SJ_BOARD_OBSERVATION_H

#include "sanjeh/board/file.h"

enum sj_rubric {
    SJ_RUBRIC_VOICE,
    SJ_RUBRIC_NEUTRALITY,
    SJ_RUBRIC_RESPECT,
    SJ_RUBRIC_TRUST,
    SJ_RUBRIC_COUNT_
};
/* "voice"; static. */
const char *sj_rubric_name(enum sj_rubric item);

struct sj_observation {
    struct sj_uuid id;
    struct sj_uuid evaluation;
    struct sj_uuid account; /* the observer */
    int64_t day;            /* since 1970-01-01, of the sitting */
    struct sj_text body;    /* JSON: marks, mean, notes; empty: the key is erased */
    sj_time_us created_at;
};
struct sj_observation_text {
    struct sj_text marks[SJ_RUBRIC_COUNT_]; /* decimals, 1..5, at most two places */
    struct sj_text notes;                   /* checked; empty: none */
};

/* In desk->tx, as an observer of the file. Errors: FORBIDDEN (no observer), INVALID (BAD_MARK, BAD_DAY: in the future or more than a
 * year ago), CONFLICT (MARKS_LOCKED), DUPLICATE (this observer has written about that day). */
SJ_MUST_CHECK sj_status sj_observation_create(const struct sj_desk *desk,
    const struct sj_file *file, int64_t day, const struct sj_observation_text *text,
    struct sj_observation *ret_observation, struct sj_refusal *reterr_refusal);
/* Row security chooses: an observer has his own, the board all after the marks are locked, the judge all after disclosure. */
SJ_MUST_CHECK sj_status sj_observation_list(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_observation **ret_items, size_t *ret_count);
/* With its file. */
SJ_MUST_CHECK sj_status sj_observation_find(const struct sj_desk *desk, struct sj_uuid id,
    bool *ret_found, struct sj_observation *ret_observation, struct sj_file *ret_file);

#endif
