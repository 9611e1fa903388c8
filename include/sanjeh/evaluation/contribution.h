/* SPDX-License-Identifier: Apache-2.0
 *
 * Contributions: the batches that a unit sent, each with what came of it.
 */
#ifndef SJ_EVALUATION_CONTRIBUTION_H
#define SJ_EVALUATION_CONTRIBUTION_H

#include "sanjeh/evaluation/evaluation.h"

#define SJ_CONTRIBUTION_REASON_MAX 2000u

struct sj_contribution {
    struct sj_uuid id;
    struct sj_uuid unit;
    struct sj_uuid compartment; /* nil: none */
    struct sj_text kind;
    struct sj_text format;
    bool has_period;
    int64_t from_day;
    int64_t to_day;
    struct sj_text cycle;
    struct sj_text comment;
    struct sj_text file_sha256; /* hex; empty when the subject key is erased */
    int64_t byte_size;
    int64_t rows_ok;
    int64_t rows_rejected;
    struct sj_text state;
    bool is_held;          /* in force by the acceptance of another person alone */
    struct sj_text reason; /* why it was rejected; empty: it was not, or the key is erased */
    struct sj_uuid submitted_by;
    struct sj_uuid accepted_by; /* nil: by the rules alone, or not yet */
    struct sj_uuid supersedes;  /* nil: none */
    struct sj_uuid superseded_by;
    struct sj_uuid correction; /* order under which it was sent; nil: none */
    sj_time_us created_at;
    int64_t version;
};

struct sj_contribution_query {
    struct sj_text kind;
    struct sj_text state;
};

SJ_MUST_CHECK sj_status sj_contribution_list(const struct sj_desk *desk,
    const struct sj_contribution_query *query, struct sj_paging paging,
    struct sj_contribution **ret_items, size_t *ret_count, struct sj_uuid *ret_last);
SJ_MUST_CHECK sj_status sj_contribution_find(const struct sj_desk *desk, struct sj_uuid id,
    bool *ret_found, struct sj_contribution *ret_contribution);

/* The life of a batch: received -> validated -> accepted -> published; received or validated -> rejected; superseded by a
 * new batch alone. */
struct sj_contribution_move {
    struct sj_uuid id;
    struct sj_text to;
    struct sj_text
        reason;      /* of a rejection, at most SJ_CONTRIBUTION_REASON_MAX bytes; otherwise empty */
    int64_t version; /* that the caller has read */
};
/* Needs desk->tx. Rows of a held batch come into force when it is accepted, and those of the batch whose place it takes go
 * out of force. *ret_found false: no such batch of the own unit. *ret_unmet with GUARD_UNMET: DISTINCT_PERSON (who sent it
 * does not accept it) or IMPORT_RUNNING (its file is not at its end).
 * Errors: NO_SUCH_MOVE, GUARD_UNMET, FROZEN, PRECONDITION_FAILED, DUPLICATE (another batch has these rows in force),
 * CONFLICT (the batch whose place it takes is not in force any more). */
SJ_MUST_CHECK sj_status sj_contribution_move(const struct sj_desk *desk,
    const struct sj_contribution_move *move, bool *ret_found, const char **ret_unmet);

#endif
