/* SPDX-License-Identifier: Apache-2.0
 *
 * Data issues: somebody says that a row is wrong. A judge speaks of the own rows in any unit, a unit of its own; the
 * unit that owns the row answers before the clock issue_answer ends. While one is open, its row is marked contested.
 */
#ifndef SJ_EVALUATION_ISSUE_H
#define SJ_EVALUATION_ISSUE_H

#include "sanjeh/evaluation/evaluation.h"

#define SJ_ISSUE_TEXT_MAX 2000 /* bytes */

struct sj_issue {
    struct sj_uuid unit; /* owner of the row */
    struct sj_uuid id;
    struct sj_uuid evaluation; /* nil: none was collecting data */
    struct sj_uuid fact;       /* one of fact, value and field is given */
    struct sj_uuid value;
    struct sj_text field; /* of the register's entry of judge */
    struct sj_uuid judge; /* nil: the row names a court alone */
    struct sj_uuid opened_by;
    bool is_by_judge;
    struct sj_text text;   /* empty when the key was erased */
    struct sj_text reason; /* empty while open */
    struct sj_text state;  /* open, corrected, rejected, waived */
    sj_time_us opened_at;
    sj_time_us due_at;
    struct sj_uuid answered_by; /* nil: not yet */
    sj_time_us answered_at;     /* 0: not yet */
    int64_t version;
};

SJ_MUST_CHECK sj_status sj_issue_list(const struct sj_desk *desk, struct sj_text state,
    struct sj_paging paging, struct sj_issue **ret_items, size_t *ret_count,
    struct sj_uuid *ret_last);
/* In desk->tx when there is one. */
SJ_MUST_CHECK sj_status sj_issue_find(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_issue *ret_issue);
/* fact, value or field (with judge), and text of *issue are set; id is set here. *ret_found false when the caller
 * sees no such row in force. Errors: DUPLICATE (an issue of the caller about it is open). */
SJ_MUST_CHECK sj_status sj_issue_open(
    const struct sj_desk *desk, struct sj_issue *issue, bool *ret_found);
/* state: corrected, rejected or waived. Errors: NO_SUCH_MOVE when it is not open, PRECONDITION_FAILED. */
SJ_MUST_CHECK sj_status sj_issue_answer(const struct sj_desk *desk, const struct sj_issue *issue,
    struct sj_text state, struct sj_text reason);

#endif
