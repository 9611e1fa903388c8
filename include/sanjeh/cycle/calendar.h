/* SPDX-License-Identifier: Apache-2.0
 *
 * Holidays, default clocks, running clocks, and the server's own work on them.
 */
#ifndef SJ_CYCLE_CALENDAR_H
#define SJ_CYCLE_CALENDAR_H

#include "sanjeh/cycle/document.h"
#include "sanjeh/cycle/evaluation.h"

struct sj_holiday {
    int64_t day; /* since 1970-01-01 */
    struct sj_text name_fa;
    struct sj_text name_en;
    struct sj_text source;
};
/* Both days included; at most 1000. Documents have no id. */
SJ_MUST_CHECK sj_status sj_holiday_list(
    const struct sj_desk *desk, int64_t from_day, int64_t to_day, struct sj_documents *ret_days);
SJ_MUST_CHECK sj_status sj_holiday_add(
    const struct sj_desk *desk, const struct sj_holiday *holiday);
/* *ret_removed false: there is none, or the day has come. */
SJ_MUST_CHECK sj_status sj_holiday_remove(
    const struct sj_desk *desk, int64_t day, bool *ret_removed);
/* {"now":…,"test_clock_ahead_s":…,"items":[…]} */
SJ_MUST_CHECK sj_status sj_clock_list(const struct sj_desk *desk, struct sj_text *ret_json);
/* When a clock of so many days that starts on a day ends. kind: "calendar", "working". */
SJ_MUST_CHECK sj_status sj_calendar_deadline(const struct sj_desk *desk, int64_t start_day,
    int64_t days, struct sj_text kind, sj_time_us *ret_due, int64_t *ret_due_day);
/* state empty, evaluation nil: any. */
SJ_MUST_CHECK sj_status sj_deadline_list(const struct sj_desk *desk, struct sj_text state,
    bool is_mine, struct sj_uuid evaluation, struct sj_paging paging,
    struct sj_documents *ret_deadlines);

/* Within desk->tx of scope EVALUATION: ends clocks whose day is over, at most 500, escalates those that escalate, then makes
 * at most `limit` moves that a clock makes, of evaluations behind `after`. Of what is refused meanwhile the others know nothing;
 * an error is the transaction's, and last names the evaluation it happened at. */
#define SJ_SWEEP_MAX 50u
struct sj_swept {
    uint64_t lapsed;
    size_t count; /* moves made */
    struct {
        struct sj_evaluation evaluation;
        enum sj_evaluation_state from;
    } moves[SJ_SWEEP_MAX];
    struct sj_uuid last; /* go on behind it; nil: nothing was due */
    bool has_more;
};
SJ_MUST_CHECK sj_status sj_cycle_sweep(
    const struct sj_desk *desk, struct sj_uuid after, size_t limit, struct sj_swept *ret_swept);

#endif
