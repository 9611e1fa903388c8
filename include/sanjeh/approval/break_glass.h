/* SPDX-License-Identifier: Apache-2.0
 *
 * Break-glass (DOMAIN (d) rule 15): one account reads one file for a few hours after two persons of two units approved it. The
 * opening has the id of the approval that it used up; it is closed by hand or by time, reviewed once by somebody else, and the
 * judge is told at once or when a postponement ends. Believed under the keeper's seal alone. What it lets read is the policy's
 * and row security's (a context carries the opening's id as a scope).
 */
#ifndef SJ_APPROVAL_BREAK_GLASS_H
#define SJ_APPROVAL_BREAK_GLASS_H

#include "sanjeh/approval/approval.h"

#define SJ_BREAK_GLASS_ACTION      "break-glass:open"
#define SJ_BREAK_GLASS_MINUTES     240u /* whatever a policy says */
#define SJ_BREAK_GLASS_TEXT_MIN    20u  /* characters of a reason, a postponement, a review */
#define SJ_BREAK_GLASS_POSTPONED_S (30 * INT64_C(86400)) /* at most, from when it is said */

struct sj_break_glass {
    struct sj_uuid id; /* of the approval, too */
    struct sj_uuid evaluation;
    struct sj_uuid judge;
    struct sj_uuid account; /* that reads */
    struct sj_uuid person;
    struct sj_uuid unit;
    struct sj_text reason; /* as it was approved */
    sj_time_us opened_at;  /* these: of clock_now() */
    sj_time_us ends_at;
    sj_time_us notice_at; /* from here the judge knows */
    sj_time_us review_due;
    sj_time_us closed_at; /* 0: not by hand */
    struct sj_uuid closed_by;
    sj_time_us reviewed_at; /* 0: not yet */
    struct sj_uuid reviewed_by;
    struct sj_text outcome; /* justified, unjustified; "" */
    struct sj_text review;
    struct sj_hash seal;
    int64_t version;
};

/* Reading lasts: neither closed nor reviewed nor over at now (of clock_now()). */
bool sj_break_glass_is_open(const struct sj_break_glass *glass, sj_time_us now);

/* Seals and writes; everything but seal and version is the caller's, who has used the approval in the same transaction.
 * Errors: CONFLICT (an earlier one of this person has no review), CONSTRAINT. */
SJ_MUST_CHECK sj_status sj_break_glass_insert(
    const struct sj_approval_desk *desk, struct sj_break_glass *glass);
/* Seal proven: CONFLICT when it does not fit (log event break_glass.seal.broken). Locked when desk->tx is there. */
SJ_MUST_CHECK sj_status sj_break_glass_find(const struct sj_approval_desk *desk, struct sj_uuid id,
    bool *ret_found, struct sj_break_glass *ret_glass);
/* account, evaluation: nil for any. Seals proven. */
struct sj_break_glass_filter {
    struct sj_uuid account;
    struct sj_uuid evaluation;
    bool unreviewed;
};
SJ_MUST_CHECK sj_status sj_break_glass_list(const struct sj_approval_desk *desk,
    const struct sj_break_glass_filter *filter, struct sj_uuid after, size_t limit,
    struct sj_break_glass **ret_items, size_t *ret_count);
/* Writes what was closed or reviewed, sealed anew. Errors: CONFLICT when somebody was faster. */
SJ_MUST_CHECK sj_status sj_break_glass_change(
    const struct sj_approval_desk *desk, struct sj_break_glass *glass);

/* The notice to the judge, postponed before the opening. */
struct sj_break_glass_notice {
    struct sj_uuid approval;
    sj_time_us until;
    struct sj_text reason;
    struct sj_uuid by;
    sj_time_us at;
    struct sj_hash seal;
};
SJ_MUST_CHECK sj_status sj_break_glass_postpone(
    const struct sj_approval_desk *desk, struct sj_break_glass_notice *notice);
/* One that somebody else wrote is none: *ret_found false, and the log says so. */
SJ_MUST_CHECK sj_status sj_break_glass_notice_find(const struct sj_approval_desk *desk,
    struct sj_uuid approval, bool *ret_found, struct sj_break_glass_notice *ret_notice);

/* Reviews that are overdue, and of how many no alarm has been raised. Scope EVALUATION or APPROVAL. */
SJ_MUST_CHECK sj_status sj_break_glass_overdue(
    const struct sj_approval_desk *desk, uint64_t *ret_overdue, uint64_t *ret_silent);
/* Takes up to 16 of those for an alarm in desk->tx. */
#define SJ_BREAK_GLASS_ALARMS 16
SJ_MUST_CHECK sj_status sj_break_glass_alarm(const struct sj_approval_desk *desk,
    struct sj_uuid ret_ids[SJ_BREAK_GLASS_ALARMS], size_t *ret_count);

#endif
