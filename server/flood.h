/* SPDX-License-Identifier: Apache-2.0
 *
 * Refusals for too many attempts (429) of one source share one entry of the record in each window of ten
 * seconds: the first is recorded, the others carry its receipt and are counted in the aggregate.
 */
#ifndef SJ_SERVER_FLOOD_H
#define SJ_SERVER_FLOOD_H

#include "sanjeh/audit/sequencer.h"
#include "sanjeh/base/time.h"

#define SJ_FLOOD_WINDOW_MS 10000

struct sj_flood;

SJ_MUST_CHECK sj_status sj_flood_new(struct sj_flood **ret_flood);
void sj_flood_free(struct sj_flood **flood);

enum sj_flood_turn {
    SJ_FLOOD_FIRST,  /* record it, then sj_flood_recorded */
    SJ_FLOOD_SHARED, /* *ret_receipt is the window's */
    SJ_FLOOD_WAIT    /* the first is being recorded: ask again in a moment */
};
/* Any thread. source: sj_source_prefix of the peer; now_ms: sj_time_monotonic_ms. */
enum sj_flood_turn sj_flood_turn(
    struct sj_flood *flood, struct sj_uuid source, int64_t now_ms, struct sj_receipt *ret_receipt);
/* The receipt of the source's first refusal; NULL: it could not be recorded, the next one is the first. */
void sj_flood_recorded(
    struct sj_flood *flood, struct sj_uuid source, const struct sj_receipt *receipt);

#endif
