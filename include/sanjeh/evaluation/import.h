/* SPDX-License-Identifier: Apache-2.0
 *
 * Import of a contribution: a whole file goes in or nothing does. Kinds and columns (CONTRACT 2):
 *   survey_means  judge, criterion, mean, n
 *   measures      judge, indicator, value, n: indicators of kind "reported" about judges, from the unit that contributes them
 *   workload      judge, court, period, pending_start, filed, returned, transferred_in, transferred_out,
 *                 resolved, pending_end; without the column period the contribution's period holds;
 *                 optional case_type (code of the reference data), on_time, hearings, first_date_held,
 *                 adjourned_no_ground
 *   roster        personnel_number, name; optional national_number, status, sex, birth_year, education,
 *                 first_appointment, judicial_base
 */
#ifndef SJ_EVALUATION_IMPORT_H
#define SJ_EVALUATION_IMPORT_H

#include "sanjeh/base/work.h"
#include "sanjeh/evaluation/evaluation.h"
#include "sanjeh/text/persian.h"

#define SJ_IMPORT_ROWS_MAX     100000u
#define SJ_IMPORT_FILE_MAX     (8u * 1024u * 1024u) /* bytes of a request's body */
#define SJ_IMPORT_ERRORS_MAX   1000u                /* listed; all are counted */
#define SJ_IMPORT_WARNINGS_MAX 100u
#define SJ_IMPORT_WORKER_BYTES (256u * 1024u) /* larger files are parsed on a worker */

enum sj_import_kind {
    SJ_IMPORT_NONE = 0,
    SJ_IMPORT_SURVEY_MEANS,
    SJ_IMPORT_WORKLOAD,
    SJ_IMPORT_ROSTER,
    SJ_IMPORT_MEASURES
};
/* Rows are values of indicators, sealed under the judge's key; the period is the contribution's. */
static inline bool sj_import_has_values(enum sj_import_kind kind)
{
    return kind == SJ_IMPORT_SURVEY_MEANS || kind == SJ_IMPORT_MEASURES;
}
enum sj_import_format { SJ_FORMAT_NONE = 0, SJ_FORMAT_CSV, SJ_FORMAT_NDJSON };

/* NONE for an unknown name. */
enum sj_import_kind sj_import_kind_of(struct sj_text name);
enum sj_import_format sj_import_format_of(struct sj_text name);

/* Which personnel numbers earlier pieces of the file found, and whom: each register is asked once. NULL: nothing is kept. */
struct sj_import_memo;
SJ_MUST_CHECK sj_status sj_import_memo_new(struct sj_import_memo **ret_memo);
void sj_import_memo_free(struct sj_import_memo **memo);

struct sj_import_order {
    enum sj_import_kind
        kind; /* survey_means needs the period, workload when it has no such column */
    enum sj_import_format format;
    bool has_period;
    struct sj_period period;
    struct sj_text cycle;   /* may be empty */
    struct sj_text comment; /* may be empty; encrypted */
    struct sj_view file;
    bool is_dry_run;
    struct sj_uuid supersedes; /* a batch of the own unit whose place this one takes; nil: none */
    struct sj_uuid
        correction; /* open order under which rows of its judge are replaced, after the freeze; nil: none */
    bool is_held;        /* rows come into force by a later acceptance */
    bool keeps_valid;    /* rows without fault go in beside refused ones */
    bool without_values; /* facts alone: whoever needs aggregates computes them */
    struct sj_piece {    /* of a larger file; all zero: the whole */
        bool is_piece;
        bool is_last;          /* the file ends with these bytes */
        struct sj_view header; /* CSV: the first record, when file does not begin with it */
        size_t row_before;     /* number of the last record before file */
        size_t rows_max;
        struct sj_uuid contribution; /* that the rows go to; exists */
        bool lies_apart;             /* rows come into force later, all of the batch at once */
        struct sj_uuid
            supersedes;    /* batch whose place it takes then: its rows are no twins; nil: none */
        bool trusts_index; /* rows in force are not looked up: DUPLICATE when one is met */
        struct sj_import_memo *memo; /* borrowed; may be NULL */
    } piece;
};

/* row: number of the record in the file, the header of a CSV is 1. */
struct sj_row_fault {
    size_t row;
    struct sj_text column; /* empty: the whole row */
    const char *code;
    const char *detail;
};

struct sj_import_outcome {
    struct sj_uuid id; /* nil when nothing was written */
    size_t rows_ok;
    size_t rows_rejected; /* above 0: nothing was written */
    struct sj_row_fault *faults;
    size_t fault_count;         /* listed */
    size_t fault_total;         /* found; all are listed of a piece */
    bool is_unreadable;         /* the header's faults: no row was looked at */
    size_t consumed;            /* bytes of file that the rows took, for a piece */
    size_t header_bytes;        /* CSV that begins with its header */
    size_t row_last;            /* number of the last record */
    struct sj_text *new_courts; /* codes registered as provisional */
    size_t new_court_count;     /* listed, at most SJ_IMPORT_WARNINGS_MAX */
    size_t new_court_total;
    bool has_period;
    struct sj_period period;
    char file_sha256[65];
};

struct sj_import;

/* Parses, matches, checks and, unless is_dry_run or a row is refused, writes within desk->tx. pool may be NULL:
 * parse here. The outcome lives in ret_import. Faults of rows are in the outcome, not a status.
 * Errors: TOO_MANY_ROWS, INVALID (no period where one is needed), NOT_FOUND and CONFLICT (correction: none, or closed), DUPLICATE (another import met this one). */
SJ_MUST_CHECK sj_status sj_import_run(const struct sj_desk *desk, struct sj_work_pool *pool,
    const struct sj_import_order *order, struct sj_import **ret_import);
const struct sj_import_outcome *sj_import_outcome(const struct sj_import *import);
void sj_import_free(struct sj_import **import);

#endif
