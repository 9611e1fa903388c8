/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside src/card only: the document of a card.
 */
#ifndef COMPOSE_H
#define COMPOSE_H

#include "sanjeh/card/card.h"
#include "sanjeh/json/write.h"

/* Composes the canonical JSON of a card whose number, former hash and superseded card are known; sets issued_at and
 * is_test by the evaluation's clock. */
SJ_MUST_CHECK sj_status card_compose(const struct sj_desk *desk,
    const struct sj_evaluation *evaluation, struct sj_card *card, struct sj_buf *ret_json);

/* Sections (compose_file.c): what the file says, read with the issuer's own sight. */
SJ_MUST_CHECK sj_status card_put_reply(
    const struct sj_desk *desk, const struct sj_evaluation *evaluation, struct sj_json *json);
SJ_MUST_CHECK sj_status card_put_statement(
    const struct sj_desk *desk, const struct sj_evaluation *evaluation, struct sj_json *json);
SJ_MUST_CHECK sj_status card_put_gates(
    const struct sj_desk *desk, const struct sj_evaluation *evaluation, struct sj_json *json);

/* Sections (compose_decision.c): the board's decision, and the appeal's; found false: null. */
struct sj_appeal_result;
SJ_MUST_CHECK sj_status card_put_decision(
    const struct sj_desk *desk, const struct sj_evaluation *evaluation, struct sj_json *json);
void card_put_appeal(bool found, const struct sj_appeal_result *appeal, struct sj_json *json);

/* compose_changes.c: "changes" against the card before; now: the new document without it. Of card, the ids, supersedes and is_test. */
SJ_MUST_CHECK sj_status card_put_changes(const struct sj_desk *desk,
    const struct sj_evaluation *evaluation, const struct sj_card *card, struct sj_view now,
    struct sj_json *json);

/* "name": "2026-11-25" and "name_jalali": "1405-09-04". */
void card_put_day(struct sj_json *json, const char *name, int64_t day);
int64_t card_day_of(sj_time_us instant); /* in Asia/Tehran, fixed +03:30 since 2022 */

#endif
