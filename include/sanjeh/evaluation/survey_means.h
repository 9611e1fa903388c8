/* SPDX-License-Identifier: Apache-2.0
 *
 * What was measured here, by a survey or by readers of decisions, becomes indicator values like those of an imported file: sealed under
 * the judge's key, with their n, under a contribution of their own.
 */
#ifndef SJ_EVALUATION_SURVEY_MEANS_H
#define SJ_EVALUATION_SURVEY_MEANS_H

#include "sanjeh/analysis/decimal.h"
#include "sanjeh/evaluation/evaluation.h"
#include "sanjeh/text/persian.h"

struct sj_survey_mean {
    struct sj_text criterion; /* code of an indicator of kind survey or reported */
    struct sj_decimal mean;
    int64_t n;
};

struct sj_survey_means {
    const char *kind;   /* of the contribution: "survey_means", "sample_quality" */
    const char *method; /* of the values, with its version */
    struct sj_uuid judge_unit;
    struct sj_uuid judge;
    struct sj_period period;
    struct sj_text cycle; /* code; empty: none */
    const struct sj_survey_mean *means;
    size_t count;
};

/* In desk->tx. Errors: INVALID (unknown criterion), DUPLICATE (values for this judge and period are in force). */
SJ_MUST_CHECK sj_status sj_survey_means_store(const struct sj_desk *desk,
    const struct sj_survey_means *means, struct sj_uuid *ret_contribution);

#endif
