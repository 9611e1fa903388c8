/* SPDX-License-Identifier: Apache-2.0
 *
 * Lists of evaluations, their history, and what each possible next move still needs.
 */
#ifndef SJ_CYCLE_EVALUATIONS_H
#define SJ_CYCLE_EVALUATIONS_H

#include "sanjeh/cycle/moves.h"

struct sj_evaluation_query {
    struct sj_uuid cycle; /* nil and empty: any */
    struct sj_uuid judge;
    struct sj_text state;
};
/* Ordered by id; ret_last is the id to go on from when there may be more, nil otherwise. */
SJ_MUST_CHECK sj_status sj_evaluation_list(const struct sj_desk *desk,
    const struct sj_evaluation_query *query, struct sj_paging paging,
    struct sj_evaluation **ret_items, size_t *ret_count, struct sj_uuid *ret_last);

struct sj_evaluation_event {
    int64_t no; /* from 1 */
    struct sj_text from;
    struct sj_text to;
    struct sj_text reason; /* empty: none */
    struct sj_uuid by;     /* account; nil: a clock */
    sj_time_us at;
};
/* Oldest first, at most 500. */
SJ_MUST_CHECK sj_status sj_evaluation_events(const struct sj_desk *desk, struct sj_uuid id,
    struct sj_evaluation_event **ret_items, size_t *ret_count);

/* Whether it is an open board of this kind ("first", "appeal") in the evaluation's cycle. Within desk->tx. */
SJ_MUST_CHECK sj_status sj_evaluation_board_fits(const struct sj_desk *desk,
    const struct sj_evaluation *evaluation, struct sj_uuid board, const char *kind, bool *ret_fits);

/* Names the board or the appeal board (nil: as it is) of the version that the caller read. Within desk->tx.
 * Errors: PRECONDITION_FAILED. */
SJ_MUST_CHECK sj_status sj_evaluation_assign(const struct sj_desk *desk,
    struct sj_evaluation *evaluation, struct sj_uuid board, struct sj_uuid appeal_board);

/* The guards of one evaluation as the database sees them now, and the actor's parts in it. */
#define SJ_FACTS_MAX 48u
struct sj_facts {
    struct {
        const struct sj_guard *guard;
        bool is_met;
    } items[SJ_FACTS_MAX];
    size_t count;
    unsigned parts;
};
SJ_MUST_CHECK sj_status sj_evaluation_facts(
    const struct sj_desk *desk, struct sj_uuid id, struct sj_facts *ret_facts);
/* What the move would still need; an unknown fact counts as unmet. */
void sj_move_unmet(const struct sj_move *move, const struct sj_facts *facts, bool has_reason,
    struct sj_unmet *ret_unmet);

#endif
