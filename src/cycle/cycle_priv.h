/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of this folder share: an evaluation as its row says it.
 */
#ifndef CYCLE_PRIV_H
#define CYCLE_PRIV_H

#include "sanjeh/cycle/document.h"
#include "sanjeh/cycle/evaluation.h"
#include "sanjeh/evaluation/desk_rows.h"

/* Columns of every statement that gives whole evaluations, in the order of evaluation_find.sql. */
SJ_MUST_CHECK sj_status evaluation_of_row(
    const struct sj_rows *rows, size_t row, struct sj_evaluation *ret_evaluation);

#endif
