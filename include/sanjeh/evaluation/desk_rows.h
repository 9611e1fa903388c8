/* SPDX-License-Identifier: Apache-2.0
 *
 * How whoever works at a desk asks the database, and keeps what it answers for as long as the request lives.
 */
#ifndef SJ_EVALUATION_DESK_ROWS_H
#define SJ_EVALUATION_DESK_ROWS_H

#include "sanjeh/evaluation/evaluation.h"

/* Within the desk's transaction when there is one, else by itself. ret_rows is the caller's: sj_rows_free. Errors: the database's. */
SJ_MUST_CHECK sj_status sj_desk_query(const struct sj_desk *desk, enum sj_sql sql,
    const struct sj_param *params, size_t count, struct sj_rows **ret_rows);
/* A column's text in the desk's arena; null is "". Errors: LIMIT_EXCEEDED, OUT_OF_MEMORY of the arena. */
SJ_MUST_CHECK sj_status sj_desk_text(const struct sj_desk *desk, const struct sj_rows *rows,
    size_t row, size_t column, struct sj_text *ret_text);

#endif
