/* SPDX-License-Identifier: Apache-2.0
 *
 * A contribution as the import writes it.
 */
#ifndef CONTRIBUTION_PRIV_H
#define CONTRIBUTION_PRIV_H

#include "evaluation_priv.h"
#include "sanjeh/crypto/hash.h"
#include "sanjeh/evaluation/import.h"

#define COMMENT_BLOB_MAX 8192u

struct new_contribution {
    struct sj_uuid id;
    struct sj_text kind;
    struct sj_text format;
    bool has_period;
    struct sj_period period;
    struct sj_text cycle;
    struct sj_text comment;
    struct sj_hash file_sha256;
    size_t byte_size;
    size_t rows;
    bool is_held;              /* its rows come into force later, by acceptance */
    struct sj_uuid correction; /* nil: none */
    bool is_running;           /* rows come in by steps: received until the last one */
    struct sj_uuid
        supersedes; /* whose place it will take when it is accepted; nil: none, or at once */
};

/* A batch that a new one of the same kind may follow. Errors: NOT_FOUND, CONFLICT (another kind, or not in force),
 * FROZEN. */
SJ_MUST_CHECK sj_status contribution_check_successor(
    const struct sj_desk *desk, struct sj_uuid id, struct sj_text kind);
/* successor takes the place of id, which has to be in force still: out of force goes the one, into force the other.
 * Errors: as of contribution_check_successor, DUPLICATE (another batch has these rows in force). */
SJ_MUST_CHECK sj_status contribution_replace(
    const struct sj_desk *desk, struct sj_uuid successor, struct sj_uuid id, struct sj_text kind);
/* The rows of id come into force (again). */
SJ_MUST_CHECK sj_status contribution_enforce(const struct sj_desk *desk, struct sj_uuid id);
/* successor takes the place of id, whose rows are withdrawn already. */
SJ_MUST_CHECK sj_status contribution_succeed(
    const struct sj_desk *desk, struct sj_uuid successor, struct sj_uuid id);
SJ_MUST_CHECK sj_status contribution_insert(
    const struct sj_desk *desk, const struct new_contribution *item);

#endif
