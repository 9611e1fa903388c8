/* SPDX-License-Identifier: Apache-2.0
 *
 * NDJSON rows: one flat JSON object (RFC 8259) a line, members are columns. Numbers keep their text, which a
 * general parser would turn into floating point. Nested values, duplicate members and anything but
 * texts, numbers and null are refused.
 */
#ifndef SJ_EVALUATION_NDJSON_H
#define SJ_EVALUATION_NDJSON_H

#include "sanjeh/evaluation/csv.h"

struct sj_ndjson {
    struct sj_view rest;
    uint8_t *room; /* unescaped texts of one row */
    size_t room_len;
    size_t row;        /* line number, from 1 */
    const char *fault; /* of the whole last row: BAD_JSON, ROW_TOO_LONG, TOO_MANY_CELLS; or NULL */
    size_t cell_count;
    struct sj_text names[SJ_CELLS_MAX];
    struct sj_cell cells[SJ_CELLS_MAX]; /* null is an empty text */
};

/* Errors: OUT_OF_MEMORY. sj_ndjson_clear in every case. */
SJ_MUST_CHECK sj_status sj_ndjson_init(struct sj_ndjson *ndjson, struct sj_view file);
void sj_ndjson_clear(struct sj_ndjson *ndjson);
/* The next line that is not blank; false at the end. */
bool sj_ndjson_next(struct sj_ndjson *ndjson);

#endif
