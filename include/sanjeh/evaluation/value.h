/* SPDX-License-Identifier: Apache-2.0
 *
 * Indicator values: a number about a judge or a court, never alone: method, period, n, source go with it.
 * Survey results are encrypted under the judge's key; computed ones stand in clear beside their facts.
 */
#ifndef SJ_EVALUATION_VALUE_H
#define SJ_EVALUATION_VALUE_H

#include "sanjeh/evaluation/evaluation.h"

struct sj_indicator_value {
    struct sj_uuid unit;
    struct sj_uuid id;
    struct sj_uuid judge; /* nil: of a court, or hidden by the decision */
    struct sj_uuid court;
    struct sj_text court_code;
    struct sj_uuid contribution;
    struct sj_text indicator; /* code */
    struct sj_text measure;   /* the indicator's unit of measure */
    struct sj_text level;
    int64_t from_day;
    int64_t to_day;
    bool is_readable;      /* the decision lets value and n be read, and the key is not erased */
    struct sj_text value;  /* decimal text; empty: none, see reason */
    struct sj_text reason; /* NO_INCOMING_CASES, NO_RESOLVED_CASES, … */
    int64_t n;             /* negative: unknown */
    struct sj_text
        coverage; /* of a court's figure: percent of the period's days, "91.80"; empty: not said */
    struct sj_uuid source_fact;
    struct sj_text method_version;
    struct sj_text inputs_sha256; /* hex; empty for imported results */
    sj_time_us computed_at;
    bool is_contested; /* a data issue about it is open */
};

SJ_MUST_CHECK sj_status sj_value_list(const struct sj_desk *desk,
    const struct sj_row_filter *filter, struct sj_paging paging,
    struct sj_indicator_value **ret_items, size_t *ret_count, struct sj_uuid *ret_last);
SJ_MUST_CHECK sj_status sj_value_find(const struct sj_desk *desk, struct sj_uuid id,
    bool *ret_found, struct sj_indicator_value *ret_value);

#endif
