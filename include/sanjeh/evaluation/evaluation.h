/* SPDX-License-Identifier: Apache-2.0
 *
 * What every call on evaluation data works with. The caller has decided already (policy); these calls honour
 * the decision: its reach chooses the rows (own judge or own unit), its field masks choose what is opened.
 * Row security stands behind both.
 */
#ifndef SJ_EVALUATION_EVALUATION_H
#define SJ_EVALUATION_EVALUATION_H

#include "sanjeh/base/arena.h"
#include "sanjeh/db/db.h"
#include "sanjeh/keys/fields.h"
#include "sanjeh/policy/policy.h"
#include "sanjeh/unit/actor.h"

/* All borrowed for the call. */
struct sj_desk {
    struct sj_db *db;
    struct sj_fields *fields;
    const struct sj_context *context; /* signed for the actor */
    const struct sj_actor *actor;
    const struct sj_decision *decision;
    struct sj_arena *arena; /* of the request: answers live here */
    struct sj_tx *tx;       /* NULL for reads; with the actor's context */
    bool
        is_widened; /* read scopes of the action's class are in the context: its rows are not of the own unit alone */
};

/* A page of a list ordered by id. */
struct sj_paging {
    struct sj_uuid after; /* nil: from the start */
    size_t limit;         /* 1..500 */
};

/* Filters of facts and indicator values; nil, empty and false mean "any". */
struct sj_row_filter {
    struct sj_uuid judge;
    struct sj_uuid court;
    struct sj_uuid contribution;
    struct sj_text indicator; /* code */
    bool has_period;
    int64_t from_day; /* rows whose period lies within */
    int64_t to_day;
};

#endif
