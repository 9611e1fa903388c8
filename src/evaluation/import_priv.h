/* SPDX-License-Identifier: Apache-2.0
 *
 * The stages of an import (README: life of a contribution): source -> rows -> match -> store. Everything of one
 * import lives in its own arena, because a file is larger than a request's.
 */
#ifndef IMPORT_PRIV_H
#define IMPORT_PRIV_H

#include "court_priv.h"
#include "evaluation_priv.h"
#include "register_priv.h"
#include "sanjeh/crypto/hash.h"
#include "sanjeh/evaluation/csv.h"
#include "sanjeh/evaluation/fact.h"
#include "sanjeh/evaluation/formula.h"
#include "sanjeh/evaluation/import.h"
#include "sanjeh/evaluation/indicator.h"
#include "sanjeh/evaluation/judge.h"
#include "sanjeh/evaluation/ndjson.h"

#define IMPORT_ARENA_MAX    ((size_t)96 * 1024 * 1024)
#define COLUMNS_OF_KIND_MAX 16u
#define PIECE_FAULTS_A_ROW  16u
#define PIECE_FAULTS_MAX    640000u
#define PIECE_MARGIN        ((size_t)4 * SJ_ROW_BYTES_MAX) /* no record is cut that far from the end */
#define NO_ENTRY            UINT32_MAX

/* ---- columns ---- */

struct column_spec {
    const char *name;
    bool is_required; /* the column; cells may still be empty */
};

struct kind_spec {
    const char *name;
    struct column_spec columns[COLUMNS_OF_KIND_MAX];
    size_t column_count;
};

const struct kind_spec *kind_spec_of(enum sj_import_kind kind);
const char *format_name(enum sj_import_format format);

enum { SURVEY_JUDGE, SURVEY_CRITERION, SURVEY_MEAN, SURVEY_N, MEASURE_COURT };
enum { WORKLOAD_JUDGE, WORKLOAD_COURT, WORKLOAD_PERIOD, WORKLOAD_FIRST_COUNT };
enum { WORKLOAD_CASE_TYPE = WORKLOAD_FIRST_COUNT + SJ_COUNT_COUNT_, WORKLOAD_FIRST_MORE };
enum {
    ROSTER_PERSONNEL_NUMBER,
    ROSTER_NAME,
    ROSTER_NATIONAL_NUMBER,
    ROSTER_STATUS,
    ROSTER_SEX,
    ROSTER_BIRTH_YEAR,
    ROSTER_EDUCATION,
    ROSTER_FIRST_APPOINTMENT,
    ROSTER_JUDICIAL_BASE
};

/* ---- one import ---- */

struct import_row {
    uint32_t number; /* of the record */
    bool is_rejected;
    uint32_t judge_no; /* NO_ENTRY: none */
    uint32_t court_no;
    uint32_t indicator_no;
    struct sj_text judge;      /* canonical personnel number; empty: none */
    struct sj_text court;      /* as spelled */
    struct sj_text court_norm; /* empty: none */
    struct sj_period period;
    struct sj_counts counts; /* workload */
    struct sj_more_counts more;
    uint32_t case_no;        /* workload: position in case_types + 1; 0: all case types together */
    struct sj_decimal mean;  /* survey_means */
    int64_t n;               /* SJ_COUNT_UNKNOWN */
    struct sj_judge *person; /* roster */
};

struct judge_key {
    struct sj_text number;
    struct register_hit hit;
};

struct sj_import {
    struct sj_arena *arena;
    struct sj_desk desk; /* the caller's, with this arena */
    const struct sj_import_order *order;
    const struct kind_spec *spec;
    struct sj_indicator *indicators; /* survey criteria or computed ones */
    size_t indicator_count;
    bool *is_contributed;       /* measures: one an indicator, whether it is this unit's to send */
    struct sj_text *case_types; /* codes in force, workload only */
    size_t case_type_count;
    size_t fault_max;
    size_t fault_room; /* of outcome.faults; grows up to fault_max */
    struct sj_buf row_bytes;
    struct import_row *
        *sorted;      /* all rows by natural key, from import_keys on; NULL: fewer than two */
    size_t rows_read; /* with those that were refused while parsing */
    size_t rows_refused;
    struct judge_key *judges;
    size_t judge_count;
    struct court_key *courts;
    size_t court_count;
    struct sj_hash file_hash;
    struct sj_text cycle;     /* of the order, or of the correction */
    struct sj_uuid corrected; /* judge of the correction; nil: there is none */
    sj_status parse_status;
    struct sj_import_outcome outcome;
};

struct import_row *import_rows(const struct sj_import *import, size_t *ret_count);

/* Notes a fault; column may be empty. */
SJ_MUST_CHECK sj_status import_fault(
    struct sj_import *import, size_t row, struct sj_text column, const char *code);
/* The same for a row that was parsed: it counts as refused once. */
SJ_MUST_CHECK sj_status import_refuse(
    struct sj_import *import, struct import_row *row, const char *column, const char *code);

/* ---- source: a file as rows of cells in the order of the kind's columns ---- */

struct source {
    struct sj_import *import;
    bool is_csv;
    struct sj_csv csv;
    struct sj_ndjson ndjson;
    size_t cell_of[COLUMNS_OF_KIND_MAX]; /* CSV: position in the row, SIZE_MAX: column not there */
    size_t header_cells;
    size_t row;
    bool is_sound; /* false: the row's faults are noted already */
    struct sj_cell cells[COLUMNS_OF_KIND_MAX];
};

/* Reads a CSV's header; *ret_usable false when its faults forbid to go on. source_clear in every case. */
SJ_MUST_CHECK sj_status source_open(
    struct sj_import *import, struct source *source, bool *ret_usable);
void source_clear(struct source *source);
/* Bytes of the file that no row has taken yet. */
size_t source_left(const struct source *source);
SJ_MUST_CHECK sj_status source_next(struct source *source, bool *ret_row);

/* Code of the row's case type; empty: none. */
struct sj_text case_type_of(const struct sj_import *import, const struct import_row *row);

/* ---- stages ---- */

/* Worker or loop: parses the whole file into rows. ctx is the import; the result is in parse_status. */
void import_parse(void *ctx);
/* One row of cells; false when it was refused. */
SJ_MUST_CHECK sj_status row_parse(
    struct sj_import *import, const struct source *source, struct import_row *row, bool *ret_ok);
/* Judges, courts, then import_keys. */
SJ_MUST_CHECK sj_status import_match(struct sj_import *import);
/* What the memo knows of these numbers, which are sorted; the others stay as they are. */
void memo_recall(const struct sj_import_memo *memo, const struct sj_text *numbers, size_t count,
    struct register_hit *hits);
/* Keeps those that are somebody's. */
SJ_MUST_CHECK sj_status memo_keep(struct sj_import_memo *memo, const struct sj_text *numbers,
    size_t count, const struct register_hit *hits);
SJ_MUST_CHECK sj_status import_keys(struct sj_import *import); /* its last step: natural keys */

/* A row by one of its texts. */
struct text_ref {
    struct sj_text text;
    struct import_row *row;
};
typedef struct sj_text text_of_row(const struct import_row *row);
int compare_text(struct sj_text a, struct sj_text b);
/* References to the rows that have such a text, sorted by it and then by row. */
SJ_MUST_CHECK sj_status sorted_refs(const struct sj_import *import, text_of_row *text_of,
    struct text_ref **ret_refs, size_t *ret_count);
SJ_MUST_CHECK sj_status import_store(struct sj_import *import, struct sj_work_pool *pool);

#endif
