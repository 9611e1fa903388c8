/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside src/card only: the figures of a card.
 */
#ifndef COMPOSE_SCORE_H
#define COMPOSE_SCORE_H

#include "compose.h"
#include "sanjeh/remedy/variation.h"

/* method, result, items and narrative. criteria: rows of report_card_items.sql. appeal: whose marks stand in the place of the
 * draft's; without changes they are the draft's. */
SJ_MUST_CHECK sj_status card_put_score(const struct sj_desk *desk,
    const struct sj_evaluation *evaluation, const struct sj_rows *criteria,
    const struct sj_appeal_result *appeal, int64_t coverage_min_percent, struct sj_json *json);

/* courts: the figures of the courts that the judge worked at, as they stand on the sheet of the round. */
SJ_MUST_CHECK sj_status card_put_courts(
    const struct sj_desk *desk, const struct sj_evaluation *evaluation, struct sj_json *json);

#endif
