/* SPDX-License-Identifier: Apache-2.0
 *
 * Workload facts: what came in, was resolved and is pending, of a judge, a court or both, in a period.
 */
#ifndef SJ_EVALUATION_FACT_H
#define SJ_EVALUATION_FACT_H

#include "sanjeh/evaluation/evaluation.h"
#include "sanjeh/evaluation/formula.h"

/* Counts that enter no identity; each 0..SJ_COUNT_MAX or SJ_COUNT_UNKNOWN. */
enum sj_more_name {
    SJ_MORE_ON_TIME, /* of the resolved: within the standard of the case type */
    SJ_MORE_HEARINGS,
    SJ_MORE_FIRST_DATE_HELD,
    SJ_MORE_ADJOURNED_NO_GROUND,
    SJ_MORE_COUNT_
};
struct sj_more_counts {
    int64_t of[SJ_MORE_COUNT_];
};
const char *sj_more_title(enum sj_more_name name); /* "on_time"; static */

struct sj_fact {
    struct sj_uuid unit;
    struct sj_uuid id;
    struct sj_uuid judge; /* nil: of the court as a whole, or hidden by the decision */
    struct sj_uuid court; /* nil: of the judge in all courts */
    struct sj_text court_code;
    struct sj_uuid contribution;
    int64_t from_day;
    int64_t to_day;
    bool has_counts; /* the decision lets them be read */
    struct sj_counts counts;
    struct sj_more_counts more;
    struct sj_text case_type; /* empty: all case types together */
    bool is_contested;        /* a data issue about it is open */
    sj_time_us created_at;
};

/* filter.indicator is not used. */
SJ_MUST_CHECK sj_status sj_fact_list(const struct sj_desk *desk, const struct sj_row_filter *filter,
    struct sj_paging paging, struct sj_fact **ret_items, size_t *ret_count,
    struct sj_uuid *ret_last);
SJ_MUST_CHECK sj_status sj_fact_find(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_fact *ret_fact);

#endif
