/* SPDX-License-Identifier: Apache-2.0
 *
 * Where do rows come from for whoever works at a desk, and how long does a text of them live?
 */
#include "sanjeh/evaluation/desk_rows.h"

sj_status sj_desk_query(const struct sj_desk *desk, enum sj_sql sql, const struct sj_param *params,
    size_t count, struct sj_rows **ret_rows)
{
    if (desk->tx != NULL) {
        return sj_tx_query(desk->tx, sql, params, count, ret_rows);
    }
    const struct sj_query query = {sql, params, count};
    return sj_db_read(desk->db, desk->context, &query, 1, ret_rows);
}

sj_status sj_desk_text(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    size_t column, struct sj_text *ret_text)
{
    *ret_text = (struct sj_text){"", 0};
    return sj_row_is_null(rows, row, column)
               ? SJ_DONE
               : sj_arena_text(desk->arena, sj_row_text(rows, row, column), ret_text);
}
