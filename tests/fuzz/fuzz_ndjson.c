/* SPDX-License-Identifier: Apache-2.0
 *
 * Can any file break the NDJSON reader? It must end, and sound rows have UTF-8 names that differ.
 */
#include "sanjeh/evaluation/ndjson.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sj_ndjson rows;
    if (sj_failed(sj_ndjson_init(&rows, (struct sj_view){data, size}))) {
        return 0;
    }
    while (sj_ndjson_next(&rows)) {
        for (size_t i = 0; rows.fault == NULL && i < rows.cell_count; i++) {
            struct sj_text text;
            SJ_ASSERT(
                !sj_failed(sj_text_check(sj_text_bytes(rows.names[i]), SJ_CELL_BYTES_MAX, &text)));
            for (size_t other = 0; other < i; other++) {
                SJ_ASSERT(!sj_text_equal(rows.names[i], rows.names[other]));
            }
        }
    }
    SJ_ASSERT(rows.rest.len == 0);
    sj_ndjson_clear(&rows);
    return 0;
}
