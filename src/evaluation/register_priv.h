/* SPDX-License-Identifier: Apache-2.0
 *
 * Numbers against the registers of judges.
 */
#ifndef REGISTER_PRIV_H
#define REGISTER_PRIV_H

#include "judge_priv.h"

struct register_hit {
    struct sj_uuid unit;
    struct sj_uuid id; /* nil: in none of the registers that were asked */
    bool
        is_ambiguous; /* several judges of other registers have the number: the id is not to be used */
};

/* Personnel or national numbers against the own unit's register as the caller sees it, in desk->tx. Numbers that have
 * a hit already are not asked for. */
SJ_MUST_CHECK sj_status register_match_own(const struct sj_desk *desk, enum sj_index_number index,
    const struct sj_text *numbers, size_t count, struct register_hit *hits);
/* Personnel numbers without a hit against the registers of all other units. */
SJ_MUST_CHECK sj_status register_match_others(const struct sj_desk *desk,
    const struct sj_text *numbers, size_t count, struct register_hit *hits);

#endif
