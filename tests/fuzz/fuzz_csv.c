/* SPDX-License-Identifier: Apache-2.0
 *
 * Can any file break the CSV reader? It must end, stay inside its bytes, and give only UTF-8 in usable cells.
 */
#include "sanjeh/evaluation/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sj_csv csv;
    if (sj_failed(sj_csv_init(&csv, (struct sj_view){data, size}))) {
        return 0;
    }
    size_t row = 0;
    while (sj_csv_next(&csv)) {
        SJ_ASSERT(csv.row > row && csv.cell_count <= SJ_CELLS_MAX);
        row = csv.row;
        for (size_t i = 0; csv.fault == NULL && i < csv.cell_count; i++) {
            struct sj_text text;
            const struct sj_cell *cell = &csv.cells[i];
            SJ_ASSERT(
                cell->fault != NULL || cell->text.len == 0 ||
                !sj_failed(sj_text_check(sj_text_bytes(cell->text), SJ_CELL_BYTES_MAX, &text)));
        }
    }
    SJ_ASSERT(csv.rest.len == 0);
    sj_csv_clear(&csv);
    return 0;
}
