/* SPDX-License-Identifier: Apache-2.0
 *
 * Where a judge sits and sat, and when he was away: what conflicts of interest and norms of work rest on. Rows are of
 * the unit whose register the judge is in; the judge sees the own ones.
 */
#ifndef SJ_EVALUATION_POSTING_H
#define SJ_EVALUATION_POSTING_H

#include "sanjeh/evaluation/evaluation.h"

struct sj_posting {
    struct sj_uuid unit;
    struct sj_uuid id;
    struct sj_uuid judge;
    struct sj_uuid court;
    struct sj_text court_code;
    struct sj_text branch; /* empty: the court as a whole */
    struct sj_text title;
    struct sj_text job_group;       /* code; empty: unknown */
    int64_t judicial_base;          /* 0: unknown */
    struct sj_text secondment_body; /* empty: not seconded */
    int64_t from_day;
    bool has_end;
    int64_t to_day;
    struct sj_text order_number; /* sealed; empty: none, or the key was erased */
    sj_time_us created_at;
};

struct sj_availability {
    struct sj_uuid unit;
    struct sj_uuid id;
    struct sj_uuid judge;
    int64_t from_day;
    int64_t to_day;
    int64_t leave_days;          /* -1: unknown */
    int64_t other_duty_permille; /* of the working time; -1: unknown */
    sj_time_us created_at;
};

/* judge and court may be nil: any. */
SJ_MUST_CHECK sj_status sj_posting_list(const struct sj_desk *desk, struct sj_uuid judge,
    struct sj_uuid court, struct sj_paging paging, struct sj_posting **ret_items, size_t *ret_count,
    struct sj_uuid *ret_last);
/* In desk->tx when there is one. */
SJ_MUST_CHECK sj_status sj_posting_find(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_posting *ret_posting);
/* NULL when texts and days are sound, else a code, and *reterr_field the member. */
const char *sj_posting_check(const struct sj_posting *posting, const char **reterr_field);
/* *ret_found false: no such judge in the own register, or no such court. Errors: DUPLICATE. */
SJ_MUST_CHECK sj_status sj_posting_create(
    const struct sj_desk *desk, struct sj_posting *posting, bool *ret_found);

SJ_MUST_CHECK sj_status sj_availability_list(const struct sj_desk *desk, struct sj_uuid judge,
    struct sj_paging paging, struct sj_availability **ret_items, size_t *ret_count,
    struct sj_uuid *ret_last);
/* As sj_posting_create. */
SJ_MUST_CHECK sj_status sj_availability_create(
    const struct sj_desk *desk, struct sj_availability *item, bool *ret_found);

#endif
