/* SPDX-License-Identifier: Apache-2.0
 *
 * Bulk imports that resume: a job, its file in sealed pieces, and steps. A step reads some thousand records behind
 * the cursor, writes them and moves the cursor in one transaction: whoever is killed between two steps goes on
 * where the last one ended. States: draft, uploading, checking, writing, then done, failed or cancelled.
 */
#ifndef SJ_EVALUATION_BULK_H
#define SJ_EVALUATION_BULK_H

#include "sanjeh/evaluation/import.h"

#define SJ_BULK_PART_MAX  ((size_t)8 * 1024 * 1024) /* bytes of one part as it is sent */
#define SJ_BULK_FILE_MAX  ((int64_t)4 * 1024 * 1024 * 1024)
#define SJ_BULK_ROWS_STEP 40000u
#define SJ_BULK_ROSTER_MAX                                                                         \
    ((int64_t)8 * 1024 * 1024) /* a roster that goes in as a whole, in one step */

struct sj_bulk {
    struct sj_uuid unit;
    struct sj_uuid id;
    struct sj_uuid compartment;
    struct sj_text kind;
    struct sj_text format;
    struct sj_text accept; /* all_or_nothing, valid_rows */
    bool has_period;
    struct sj_period period;
    struct sj_text cycle;
    bool is_dry_run;
    struct sj_text state;
    struct sj_text failure; /* code; empty: none */
    int64_t bytes;
    int64_t at_byte;
    int64_t at_row;
    int64_t rows_read;
    int64_t rows_ok;
    int64_t rows_rejected;
    struct sj_view header;
    struct sj_uuid contribution; /* nil: nothing was written yet */
    struct sj_uuid submitted_by;
    struct sj_uuid tenant_tag;
    sj_time_us created_at;
    sj_time_us started_at; /* 0: not yet */
    sj_time_us ended_at;   /* 0: not yet */
    int64_t version;       /* raised by each change of state, not by progress */
    struct sj_view comment_ct;
    bool is_held;              /* accepted by another person or rejected, once it is done */
    struct sj_uuid supersedes; /* batch whose place it takes; nil: none */
    int64_t pass_ms; /* how long the present pass over the file has taken; 0: none begun */
};

struct sj_bulk_order {
    enum sj_import_kind kind;
    enum sj_import_format format;
    bool is_whole; /* all_or_nothing */
    bool has_period;
    struct sj_period period;
    struct sj_text cycle;
    struct sj_text comment;
    bool is_held; /* not of a roster */
    struct sj_uuid
        supersedes; /* of the own unit and the same kind, in force; nil: none; not of a roster */
};

/* Needs desk->tx. Errors: INVALID (survey means without a period), FROZEN, NOT_FOUND and CONFLICT (supersedes). */
SJ_MUST_CHECK sj_status sj_bulk_create(
    const struct sj_desk *desk, const struct sj_bulk_order *order, struct sj_uuid *ret_id);
SJ_MUST_CHECK sj_status sj_bulk_list(const struct sj_desk *desk, struct sj_paging paging,
    struct sj_bulk **ret_items, size_t *ret_count, struct sj_uuid *ret_last);
/* In desk->tx when there is one: then the job is held until its end. */
SJ_MUST_CHECK sj_status sj_bulk_find(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_bulk *ret_bulk);
/* Appends bytes behind offset, which must be where the file ends so far; job as read in this transaction.
 * Errors: WRONG_OFFSET, NO_SUCH_MOVE (it has been started), BODY_TOO_LARGE (the file). */
SJ_MUST_CHECK sj_status sj_bulk_append(
    const struct sj_desk *desk, const struct sj_bulk *job, int64_t offset, struct sj_view bytes);
/* Errors: NO_SUCH_MOVE, GUARD_UNMET (empty file), FROZEN. */
SJ_MUST_CHECK sj_status sj_bulk_start(
    const struct sj_desk *desk, const struct sj_bulk *job, bool is_dry_run);
/* Removes the file; what has been written stays when rows were taken one by one, and is withdrawn otherwise.
 * Errors: NO_SUCH_MOVE (it has ended). */
SJ_MUST_CHECK sj_status sj_bulk_cancel(const struct sj_desk *desk, const struct sj_bulk *job);

struct sj_bulk_error {
    int64_t no; /* from 1, the order in which they were found */
    int64_t row;
    struct sj_text column; /* empty: the whole row */
    struct sj_text code;
    const char *detail;
};
SJ_MUST_CHECK sj_status sj_bulk_errors(const struct sj_desk *desk, struct sj_uuid id, int64_t after,
    size_t limit, struct sj_bulk_error **ret_items, size_t *ret_count, bool *ret_more);

/* ---- the server's own work ---- */

struct sj_bulk_running {
    struct sj_uuid unit;
    struct sj_uuid id;
    struct sj_uuid compartment;
    struct sj_uuid submitted_by;
    struct sj_uuid tenant_tag;
};
/* A job of any unit that is to go on, behind `after` in the order of ids; context of scope EVALUATION. */
SJ_MUST_CHECK sj_status sj_bulk_next(struct sj_db *db, const struct sj_context *context,
    struct sj_uuid after, bool *ret_found, struct sj_bulk_running *ret_running);
/* How a step goes to work. */
struct sj_bulk_way {
    struct sj_work_pool *pool;   /* NULL: parse here */
    struct sj_import_memo *memo; /* of this job alone; NULL: none */
    bool
        is_careful; /* ask for each row whether it is in force already; a step that met one needs it */
};
/* One step in desk->tx, desk as the submitter's unit. *ret_job is the job afterwards; *ret_moved false when it was
 * not to go on any more. Errors: as of sj_import_run; DUPLICATE from a step that is not careful wants a careful one.
 * Nothing has happened then. */
SJ_MUST_CHECK sj_status sj_bulk_step(const struct sj_desk *desk, const struct sj_bulk_way *way,
    struct sj_uuid id, bool *ret_moved, struct sj_bulk *ret_job);
/* Ends a job that no step can help, with the name of the code. */
SJ_MUST_CHECK sj_status sj_bulk_fail(
    const struct sj_desk *desk, struct sj_uuid id, const char *code);

#endif
