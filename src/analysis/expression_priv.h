/* SPDX-License-Identifier: Apache-2.0
 *
 * What parsing and running of a formula share.
 */
#ifndef ANALYSIS_EXPRESSION_PRIV_H
#define ANALYSIS_EXPRESSION_PRIV_H

#include "sanjeh/analysis/expression.h"

enum step_kind {
    STEP_NUMBER,
    STEP_INPUT,
    STEP_NEGATE,
    STEP_ADD,
    STEP_SUBTRACT,
    STEP_MULTIPLY,
    STEP_DIVIDE,
    STEP_MIN,
    STEP_MAX,
    STEP_COUNT_
};

static inline bool dimension_is_same(struct sj_dimension a, struct sj_dimension b)
{
    return a.cases == b.cases && a.days == b.days && a.hours == b.hours && a.points == b.points;
}

#endif
