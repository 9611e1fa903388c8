/* SPDX-License-Identifier: Apache-2.0
 *
 * Versions of indicator definitions, and what is never measured. A definition is data: its formula is parsed, its unit and
 * anchors are checked against it, and one that measures the merits or the person is refused by name.
 */
#ifndef SJ_EVALUATION_DEFINITION_H
#define SJ_EVALUATION_DEFINITION_H

#include "sanjeh/evaluation/evaluation.h"

#define SJ_INDICATOR_CODE_MAX 16
#define SJ_METHOD_BYTES_MAX   1000
#define SJ_STANDARD_BYTES_MAX 400
#define SJ_ANCHOR_COUNT       5 /* floor, target, cap, low, high */

/* Texts borrowed or in the desk's arena; empty: none. */
struct sj_definition {
    struct sj_uuid indicator;
    int64_t version;
    struct sj_text code; /* these four: of a new definition only */
    struct sj_text kind; /* computed, survey, reported */
    struct sj_text name_fa;
    struct sj_text name_en;
    struct sj_text formula; /* when computed */
    struct sj_text method;  /* in words */
    struct sj_text unit;
    struct sj_text direction;
    struct sj_text anchors[SJ_ANCHOR_COUNT]; /* decimals */
    int64_t min_n;                           /* 0: none */
    int64_t scale_min;                       /* of a survey */
    int64_t scale_max;
    struct sj_text level;
    bool is_weight_locked;
    struct sj_text standard;
    struct sj_text contributor_unit_code;
    struct sj_text status;
    int64_t valid_from; /* day; set by create */
    sj_time_us created_at;
};

struct sj_refused {
    struct sj_text code;
    struct sj_text name_fa;
    struct sj_text name_en;
    struct sj_text reason_fa;
    struct sj_text reason_en;
    struct sj_text source;
};

/* NULL, or why the definition is none: REQUIRED, FORMAT, RANGE, a code of the formula's parser, UNIT_MISMATCH, BAD_ANCHORS;
 * reterr_field names the member. */
const char *sj_definition_check(const struct sj_definition *definition, const char **reterr_field);

/* Within desk->tx: a new indicator, or the next version of the one with this code; in force from today for cycles announced
 * from now on. *ret_is_refused: nothing was written, ret_refused says what it would have measured.
 * Errors: CONFLICT (the code is an indicator of another kind). */
SJ_MUST_CHECK sj_status sj_definition_create(const struct sj_desk *desk,
    struct sj_definition *definition, bool *ret_is_refused, struct sj_refused *ret_refused);
/* Newest first, at most 500. */
SJ_MUST_CHECK sj_status sj_definition_list(const struct sj_desk *desk, struct sj_uuid indicator,
    struct sj_definition **ret_items, size_t *ret_count);
SJ_MUST_CHECK sj_status sj_refused_list(
    const struct sj_desk *desk, struct sj_refused **ret_items, size_t *ret_count);

#endif
