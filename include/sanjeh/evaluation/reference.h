/* SPDX-License-Identifier: Apache-2.0
 *
 * Reference data in editions: provinces, case types, their time standards and weights, judicial grades and groups. A
 * new edition holds from its day on; none is ever changed, so a figure of last year keeps the standard of last year.
 */
#ifndef SJ_EVALUATION_REFERENCE_H
#define SJ_EVALUATION_REFERENCE_H

#include "sanjeh/evaluation/evaluation.h"

struct sj_reference {
    struct sj_uuid id;
    struct sj_text kind;
    struct sj_text code;
    int64_t version; /* of the code, from 1 */
    struct sj_text name_fa;
    struct sj_text name_en;
    struct sj_text amount; /* decimal: days of a standard, points of a weight; empty: none */
    int64_t valid_from;    /* days since 1970-01-01 */
    struct sj_uuid created_by;
    sj_time_us created_at;
};

struct sj_reference_query {
    struct sj_text kind;
    struct sj_text code;
    bool has_day; /* only what was in force on that day */
    int64_t day;
};

SJ_MUST_CHECK sj_status sj_reference_list(const struct sj_desk *desk,
    const struct sj_reference_query *query, struct sj_paging paging,
    struct sj_reference **ret_items, size_t *ret_count, struct sj_uuid *ret_last);
/* NULL when all is well, else a code, and *reterr_field the member. */
const char *sj_reference_check(const struct sj_reference *item, const char **reterr_field);
/* Adds a checked edition; id, version and created_at are set here. Errors: DUPLICATE (an edition of that day). */
SJ_MUST_CHECK sj_status sj_reference_create(const struct sj_desk *desk, struct sj_reference *item);

#endif
