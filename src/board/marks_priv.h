/* SPDX-License-Identifier: Apache-2.0
 *
 * The marks of a file as they stand: those of the members who sit, with what calibration changed.
 */
#ifndef BOARD_MARKS_PRIV_H
#define BOARD_MARKS_PRIV_H

#include "board_priv.h"

#include "sanjeh/board/rating.h"

struct item_marks {
    struct sj_criterion criterion;
    struct sj_uuid accounts[SJ_MARKS_SEATS_MAX];
    struct sj_decimal marks[SJ_MARKS_SEATS_MAX];
    size_t count;
    bool is_set; /* calibration replaced the item's mark as a whole */
    struct sj_decimal set;
};
/* Of the present round; every criterion of the template, those without marks too. */
SJ_MUST_CHECK sj_status marks_of(const struct sj_desk *desk, const struct sj_file *file,
    struct item_marks **ret_items, size_t *ret_count);
/* The same as they were submitted, before calibration. */
SJ_MUST_CHECK sj_status marks_given(const struct sj_desk *desk, const struct sj_file *file,
    struct item_marks **ret_items, size_t *ret_count);
/* What the item comes to. *ret_has false: nobody marked it. */
SJ_MUST_CHECK sj_status marks_result(
    const struct item_marks *item, bool *ret_has, struct sj_decimal *ret_mark);
struct item_marks *marks_find(struct item_marks *items, size_t count, int64_t no);

#endif
