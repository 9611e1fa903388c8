/* SPDX-License-Identifier: Apache-2.0
 *
 * The workload counts of a period and the indicators that follow from them by formula: T01 clearance rate,
 * T02 case turnover, T03 disposition time, T09 change of the pending stock (CEPEJ). An unknown count is not
 * zero: what needs it is not computed. A denominator of zero gives no value and a reason.
 */
#ifndef SJ_EVALUATION_FORMULA_H
#define SJ_EVALUATION_FORMULA_H

#include "sanjeh/analysis/decimal.h"

#define SJ_COUNT_UNKNOWN ((int64_t)-1)
#define SJ_COUNT_MAX     ((int64_t)1000000000) /* cases of one row; keeps all products in 128 bits */

enum sj_count_name {
    SJ_COUNT_PENDING_START,
    SJ_COUNT_FILED,
    SJ_COUNT_RETURNED,
    SJ_COUNT_TRANSFERRED_IN,
    SJ_COUNT_TRANSFERRED_OUT,
    SJ_COUNT_RESOLVED,
    SJ_COUNT_PENDING_END,
    SJ_COUNT_COUNT_
};

/* Each 0..SJ_COUNT_MAX or SJ_COUNT_UNKNOWN. */
struct sj_counts {
    int64_t of[SJ_COUNT_COUNT_];
};

/* "pending_start"; static. */
const char *sj_count_title(enum sj_count_name name);
/* filed + returned + transferred_in - transferred_out, or where a part of that is unknown what the identity
 * leaves for it, pending_end + resolved - pending_start; false when that is unknown too. */
bool sj_counts_incoming(const struct sj_counts *counts, int64_t *ret_incoming);
/* NULL when the counts agree with one another, else NEGATIVE_INCOMING or IDENTITY_BROKEN
 * (pending_start + incoming - resolved = pending_end, when all parts are known). */
const char *sj_counts_fault(const struct sj_counts *counts);

enum sj_formula {
    SJ_FORMULA_T01,
    SJ_FORMULA_T02,
    SJ_FORMULA_T03,
    SJ_FORMULA_T09,
    SJ_FORMULA_COUNT_
};

struct sj_computed {
    bool is_known; /* all inputs were there */
    bool has_value;
    struct sj_decimal value; /* when has_value */
    int64_t n;               /* cases it rests on: the denominator; SJ_COUNT_UNKNOWN */
    const char *reason;      /* when is_known and not has_value: "NO_RESOLVED_CASES" … */
};

const char *sj_formula_code(enum sj_formula formula);   /* "T01" */
const char *sj_formula_method(enum sj_formula formula); /* "T01/1": formula and its version */
/* Whether it may be computed for one judge (level J/C), not only for a court (level C). */
bool sj_formula_is_individual(enum sj_formula formula);
/* days: real length of the period. Errors: INVALID when the result has more than 18 digits. */
SJ_MUST_CHECK sj_status sj_formula_compute(enum sj_formula formula, const struct sj_counts *counts,
    int64_t days, struct sj_computed *ret_computed);

#endif
