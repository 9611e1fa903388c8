/* SPDX-License-Identifier: Apache-2.0
 *
 * Courts: reference data shared by all units. A court that an import names first is registered as provisional.
 */
#ifndef SJ_EVALUATION_COURT_H
#define SJ_EVALUATION_COURT_H

#include "sanjeh/evaluation/evaluation.h"

#define SJ_COURT_CODE_MAX 64 /* bytes */

struct sj_court {
    struct sj_uuid id;
    struct sj_text code;
    struct sj_text name_fa;
    struct sj_text name_en;
    struct sj_text province; /* empty: unknown */
    struct sj_text status;   /* active, provisional */
    struct sj_text
        kind; /* supreme, appeal, first_instance, ...; empty: unknown, like the next three */
    struct sj_text specialisation;
    struct sj_text size_class; /* small, medium, large */
    struct sj_uuid parent;     /* the court above */
    int64_t version;
    sj_time_us created_at;
};

struct sj_court_query {
    struct sj_text status;
    struct sj_text province;
    struct sj_text code;
};

SJ_MUST_CHECK sj_status sj_court_list(const struct sj_desk *desk,
    const struct sj_court_query *query, struct sj_paging paging, struct sj_court **ret_items,
    size_t *ret_count, struct sj_uuid *ret_last);
SJ_MUST_CHECK sj_status sj_court_find(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_court *ret_court);
/* The search form by which two spellings of a code are one court; in arena.
 * Errors: INVALID for an overlong code or one that is no label (sj_label_check). */
SJ_MUST_CHECK sj_status sj_court_code_norm(
    struct sj_arena *arena, struct sj_text code, struct sj_text *ret_norm);
/* NULL when code, names, province and specialisation are fit to be shown to others, else the code, and *reterr_field the member. */
const char *sj_court_check(
    struct sj_arena *arena, const struct sj_court *court, const char **reterr_field);
/* Registers a checked court as active; id is set here. Needs desk->tx. Errors: INVALID, DUPLICATE. */
SJ_MUST_CHECK sj_status sj_court_create(const struct sj_desk *desk, struct sj_court *court);

#endif
