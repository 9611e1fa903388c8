/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a page of rows that the database writes as JSON get to the caller? Copied into the desk's arena.
 */
#include "cycle_priv.h"

sj_status sj_documents_of(const struct sj_desk *desk, const struct sj_rows *rows, size_t limit,
    struct sj_documents *ret_documents)
{
    *ret_documents = (struct sj_documents){.count = sj_rows_count(rows)};
    if (ret_documents->count > limit) {
        ret_documents->count = limit;
        ret_documents->last = sj_row_id(rows, limit - 1, 0);
    }
    void *memory;
    TRY(sj_arena_alloc(
        desk->arena, (ret_documents->count + 1) * sizeof(struct sj_document), &memory));
    ret_documents->items = memory;
    for (size_t row = 0; row < ret_documents->count; row++) {
        ret_documents->items[row] = (struct sj_document){
            .id = sj_row_id(rows, row, 0), .version = sj_row_i64(rows, row, 1)};
        TRY(sj_desk_text(desk, rows, row, 2, &ret_documents->items[row].json));
    }
    return SJ_DONE;
}
