/* SPDX-License-Identifier: Apache-2.0
 *
 * How often did a unit's action happen on a day, as it was signed, and does the index show as many? The record commits each minute
 * to the counts of the day (docs/AUDIT.md 2.2); here they are kept, one row a day, and believed only when they give the signed
 * hash. Whoever edits the index, and could even make its MACs, cannot make it agree with them.
 */
#ifndef SJ_AUDIT_DAYS_H
#define SJ_AUDIT_DAYS_H

#include "sanjeh/audit/index.h"

struct sj_days; /* who counts: one of each server */

SJ_MUST_CHECK sj_status sj_days_new(struct sj_days **ret_days);
void sj_days_free(struct sj_days **days);
/* Counts one piece more of this view, and keeps it when a tenant-heads entry has committed to it. One fiber at a time. *ret_more:
 * call again at once. After an error it begins with what the database has. */
SJ_MUST_CHECK sj_status sj_days_step(struct sj_days *days, struct sj_reading *reading,
    struct sj_db *db, const struct sj_context *context, bool *ret_more);
/* Forgets all counts, in the database, too; the next step begins anew. */
SJ_MUST_CHECK sj_status sj_days_clear(
    struct sj_days *days, struct sj_db *db, const struct sj_context *context);

#define SJ_DAYS_MAX 31
struct sj_days_question {
    struct sj_uuid tag;    /* nil: of all units */
    struct sj_text action; /* empty: all; one of both is there */
    uint64_t from, below;  /* what was asked for: only days that lie in it are compared */
    uint64_t low, high;    /* what the answer shows: only days that have entries there */
    size_t places_max;     /* of the index that are looked at */
};
struct sj_day {
    int64_t day; /* since 1970-01-01 */
    uint64_t first;
    uint64_t upto;  /* exclusive: the entry that committed to the counts */
    bool is_signed; /* else: what is kept is not what was signed, expected says nothing */
    bool is_found;  /* the places of the whole day were looked at */
    uint64_t expected;
    uint64_t found;
};
struct sj_days_report {
    struct sj_day days[SJ_DAYS_MAX]; /* falling */
    size_t count;
    bool is_compared; /* at least one day was */
    bool is_agreed;   /* none that was contradicts */
    char gap[160];    /* else: which */
};
/* Holds the index against the signed counts. Any loop. Errors: BUSY (the index is not loaded). */
SJ_MUST_CHECK sj_status sj_days_compare(struct sj_index *index, struct sj_reading *reading,
    struct sj_db *db, const struct sj_context *context, const struct sj_days_question *question,
    struct sj_days_report *ret_report);

#endif
