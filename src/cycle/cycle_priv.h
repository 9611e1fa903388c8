/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of this folder share: reading columns into the desk's arena.
 */
#ifndef CYCLE_PRIV_H
#define CYCLE_PRIV_H

#include "sanjeh/cycle/document.h"
#include "sanjeh/cycle/evaluation.h"

/* Columns of every statement that gives whole evaluations, in the order of evaluation_find.sql. */
SJ_MUST_CHECK sj_status evaluation_of_row(
    const struct sj_rows *rows, size_t row, struct sj_evaluation *ret_evaluation);

SJ_MUST_CHECK static inline sj_status cycle_text(const struct sj_desk *desk,
    const struct sj_rows *rows, size_t row, size_t column, struct sj_text *ret_text)
{
    *ret_text = (struct sj_text){"", 0};
    return sj_row_is_null(rows, row, column)
               ? SJ_DONE
               : sj_arena_text(desk->arena, sj_row_text(rows, row, column), ret_text);
}

static inline struct sj_param cycle_text_or_null(struct sj_text text)
{
    return text.len == 0 ? sj_p_null() : sj_p_text(text);
}

/* Within the desk's transaction when there is one, else by itself. ret_rows given. */
SJ_MUST_CHECK static inline sj_status cycle_query(const struct sj_desk *desk, enum sj_sql sql,
    const struct sj_param *params, size_t count, struct sj_rows **ret_rows)
{
    if (desk->tx != NULL) {
        return sj_tx_query(desk->tx, sql, params, count, ret_rows);
    }
    const struct sj_query query = {sql, params, count};
    return sj_db_read(desk->db, desk->context, &query, 1, ret_rows);
}

#endif
