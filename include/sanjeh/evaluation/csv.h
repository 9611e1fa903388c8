/* SPDX-License-Identifier: Apache-2.0
 *
 * RFC 4180 over borrowed bytes, row by row. Hostile input: every cell says itself whether it may be used.
 * Tolerated: a byte order mark, LF for CRLF, ';' for ',' (chosen by the header), blank lines. Refused:
 * cells that a spreadsheet would run as a formula, broken UTF-8, stray quotes, oversized cells and rows.
 */
#ifndef SJ_EVALUATION_CSV_H
#define SJ_EVALUATION_CSV_H

#include "sanjeh/base/memory.h"
#include "sanjeh/base/view.h"

#define SJ_CELLS_MAX      64
#define SJ_CELL_BYTES_MAX 4096
#define SJ_ROW_BYTES_MAX  65536

/* text is valid when fault is NULL; else BAD_UTF8, FORMULA_CELL or CELL_TOO_LONG. Blanks are trimmed. */
struct sj_cell {
    struct sj_text text;
    const char *fault;
};

/* Trims and checks one cell's bytes; the text borrows from them. */
struct sj_cell sj_cell_of(struct sj_view bytes);

struct sj_csv {
    struct sj_view rest;
    uint8_t *unquoted; /* room for one row's cells that had doubled quotes */
    size_t unquoted_len;
    char separator;
    size_t row;        /* number of the last record, the header is 1 */
    const char *fault; /* of the whole last row: BAD_QUOTE, ROW_TOO_LONG, TOO_MANY_CELLS; or NULL */
    size_t cell_count;
    struct sj_cell cells[SJ_CELLS_MAX];
};

/* Errors: OUT_OF_MEMORY. sj_csv_clear in every case. */
SJ_MUST_CHECK sj_status sj_csv_init(struct sj_csv *csv, struct sj_view file);
void sj_csv_clear(struct sj_csv *csv);
/* The next record that is not blank into cells (borrowed until the next call); false at the end. */
bool sj_csv_next(struct sj_csv *csv);

#endif
