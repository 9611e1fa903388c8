/* SPDX-License-Identifier: Apache-2.0
 *
 * Which numbers of a survey may be shown? Pure: counts and thresholds in, what may be shown out. Never shown: a group
 * below its threshold, what subtraction of the shown from a total would give for such a group, and what the difference
 * between two releases would say about fewer than three new answers.
 */
#ifndef SJ_SURVEY_TALLY_H
#define SJ_SURVEY_TALLY_H

#include "sanjeh/base/status.h"

#define SJ_SURVEY_GROUPS     5  /* lawyers, judges, staff, court_users, court_head */
#define SJ_SURVEY_CRITERIA   12 /* of one survey at most */
#define SJ_SURVEY_MARKS      5  /* 1 to 5 */
#define SJ_SURVEY_GROWTH_MIN 3  /* new answers that a difference must be made of */

struct sj_survey_thresholds {
    int64_t mean;
    int64_t distribution;
    int64_t comments;
    int64_t score;
};

/* Counts of marks 1..5. */
struct sj_survey_cell {
    uint32_t marks[SJ_SURVEY_MARKS];
    bool shows_mean;
    bool shows_distribution;
};

/* One criterion, or (marks[0] as the only mark) the number of answers itself. */
struct sj_survey_line {
    struct sj_survey_cell groups[SJ_SURVEY_GROUPS];
    struct sj_survey_cell all; /* the sum of the groups */
};

struct sj_survey_tally {
    struct sj_survey_line answers;
    struct sj_survey_line criteria[SJ_SURVEY_CRITERIA];
};

int64_t sj_survey_cell_n(const struct sj_survey_cell *cell);
/* Sum of the marks as numbers. */
int64_t sj_survey_cell_sum(const struct sj_survey_cell *cell);
/* Sets the sums and what may be shown; before (the last release) may be NULL. A line whose growth since then is
 * one or two answers in any group stays as it was released; else it is shown as wide as it was, with new counts. */
void sj_survey_tally_show(struct sj_survey_tally *tally,
    const struct sj_survey_thresholds *thresholds, const struct sj_survey_tally *before);
/* Whether a release may follow before (NULL: none yet). */
bool sj_survey_tally_may_follow(
    const struct sj_survey_tally *tally, const struct sj_survey_tally *before);
/* Whether shown group means of one criterion lie a whole mark or more apart: a hint to look for bias. */
bool sj_survey_line_has_gap(const struct sj_survey_line *line);

#endif
