/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside src/card only: the figures of a card.
 */
#ifndef COMPOSE_SCORE_H
#define COMPOSE_SCORE_H

#include "compose.h"

/* method, result, items and narrative. criteria: rows of report_card_items.sql. */
SJ_MUST_CHECK sj_status card_put_score(const struct sj_desk *desk,
    const struct sj_evaluation *evaluation, const struct sj_rows *criteria,
    int64_t coverage_min_percent, struct sj_json *json);

#endif
