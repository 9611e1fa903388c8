/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of src/unit share.
 */
#ifndef SJ_UNIT_PRIV_H
#define SJ_UNIT_PRIV_H

#include "sanjeh/unit/account.h"
#include "sanjeh/unit/assignment.h"
#include "sanjeh/unit/unit.h"

/* A name that people read: UTF-8 of 1..max bytes, no controls, no space at its ends. */
bool unit_is_label(struct sj_text text, size_t max);
/* A text column in the arena; "" for null. */
SJ_MUST_CHECK sj_status unit_text_or_empty(const struct sj_rows *rows, size_t row, size_t column,
    struct sj_arena *arena, struct sj_text *ret_text);
/* Columns of sj_assignments_take of one row, whose id is not null. Errors: LIMIT_EXCEEDED. */
SJ_MUST_CHECK sj_status unit_assignment_take(
    const struct sj_rows *rows, size_t row, size_t first, struct sj_assignment *assignment);
/* The row alone; the seal is the caller's. */
SJ_MUST_CHECK sj_status unit_assignment_insert(struct sj_tx *tx, struct sj_uuid account,
    const struct sj_assignment *assignment, struct sj_text reason);

#endif
