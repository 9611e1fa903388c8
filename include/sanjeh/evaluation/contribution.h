/* SPDX-License-Identifier: Apache-2.0
 *
 * Contributions: the batches that a unit sent, each with what came of it.
 */
#ifndef SJ_EVALUATION_CONTRIBUTION_H
#define SJ_EVALUATION_CONTRIBUTION_H

#include "sanjeh/evaluation/evaluation.h"

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
    struct sj_uuid submitted_by;
    struct sj_uuid accepted_by; /* nil: by the rules alone, or not yet */
    struct sj_uuid supersedes;  /* nil: none */
    struct sj_uuid superseded_by;
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

/* The life of a batch: received -> validated -> accepted -> published; superseded by a new batch alone. */
struct sj_contribution_move {
    struct sj_uuid id;
    struct sj_text to;
    int64_t version; /* that the caller has read */
};
/* Needs desk->tx. Rows of a held batch come into force when it is accepted. *ret_found false: no such batch of the own
 * unit. *ret_same_person: accepted by whoever sent it, under whatever account (allowed, and told: a unit
 * may be one person).
 * Errors: NO_SUCH_MOVE, FROZEN, PRECONDITION_FAILED, DUPLICATE (another batch has these rows in force). */
SJ_MUST_CHECK sj_status sj_contribution_move(const struct sj_desk *desk,
    const struct sj_contribution_move *move, bool *ret_found, bool *ret_same_person);

#endif
