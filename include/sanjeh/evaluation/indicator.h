/* SPDX-License-Identifier: Apache-2.0
 *
 * Indicator definitions: versioned reference data that every judge may read before a period starts.
 */
#ifndef SJ_EVALUATION_INDICATOR_H
#define SJ_EVALUATION_INDICATOR_H

#include "sanjeh/evaluation/evaluation.h"

struct sj_indicator {
    struct sj_uuid id;
    struct sj_text code;
    struct sj_text kind; /* computed (from workload), survey (a mean of ratings), reported */
    struct sj_text name_fa;
    struct sj_text name_en;
    struct sj_text formula;
    struct sj_text unit;
    struct sj_text direction; /* higher, lower, band, none, gate */
    struct sj_text target;
    struct sj_text level; /* J, C, J/C, X, G */
    struct sj_text contributor_unit_code;
    struct sj_text standard;
    int64_t min_n;     /* 0: none */
    int64_t scale_min; /* of surveys */
    int64_t scale_max;
    int64_t version;
};

struct sj_indicator_query {
    struct sj_text code;
    struct sj_text kind;
};

SJ_MUST_CHECK sj_status sj_indicator_list(const struct sj_desk *desk,
    const struct sj_indicator_query *query, struct sj_paging paging,
    struct sj_indicator **ret_items, size_t *ret_count, struct sj_uuid *ret_last);
SJ_MUST_CHECK sj_status sj_indicator_find(const struct sj_desk *desk, struct sj_uuid id,
    bool *ret_found, struct sj_indicator *ret_indicator);

#endif
