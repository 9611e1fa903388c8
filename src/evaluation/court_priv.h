/* SPDX-License-Identifier: Apache-2.0
 *
 * Courts as an import names them.
 */
#ifndef COURT_PRIV_H
#define COURT_PRIV_H

#include "evaluation_priv.h"
#include "sanjeh/evaluation/court.h"

#define COURT_NORM_MAX 256u

struct court_key {
    struct sj_text code; /* first spelling */
    struct sj_text norm;
    struct sj_uuid id; /* nil: not registered */
};

/* Sorts the keys by norm and fills the ids that are known. Needs desk->tx. */
SJ_MUST_CHECK sj_status courts_match(
    const struct sj_desk *desk, struct court_key *keys, size_t count);
/* Registers those without id as provisional; afterwards all have one. */
SJ_MUST_CHECK sj_status courts_register(
    const struct sj_desk *desk, struct court_key *keys, size_t count);

#endif
