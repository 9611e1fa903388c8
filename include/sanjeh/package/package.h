/* SPDX-License-Identifier: Apache-2.0
 *
 * Aggregates and scientific packages (بسته‌های علمی). An aggregate is the mean of an indicator over groups of judges; a group of fewer than
 * ten is empty, and so is what would betray it. A package is a question with its method, its figures and their limits:
 * reviewed for the method and for the unit by others than its authors, released in editions, each the hash of what it shows.
 */
#ifndef SJ_PACKAGE_PACKAGE_H
#define SJ_PACKAGE_PACKAGE_H

#include "sanjeh/cycle/document.h"
#include "sanjeh/text/persian.h"

#define SJ_PACKAGE_INDICATORS_MAX 16u
#define SJ_PACKAGE_TEXT_MAX       8000u /* bytes of method, limits, recommendations; the question half */

/* all, sex, judicial_base, court_kind, province */
bool sj_aggregate_by_known(struct sj_text by);

struct sj_aggregate {
    struct sj_text group;
    bool is_shown;         /* false: fewer than ten judges, or empty beside such a group */
    int64_t n;             /* judges */
    struct sj_text mean;   /* decimal, four places */
    struct sj_text spread; /* standard deviation of the sample; empty: n is 1 */
};
/* By group. The context needs scope EVALUATION: values of all units are read, none is given out. Empty: no value of the period. */
SJ_MUST_CHECK sj_status sj_aggregate_list(const struct sj_desk *desk, struct sj_text indicator,
    struct sj_period period, struct sj_text by, struct sj_aggregate **ret_items, size_t *ret_count);

struct sj_package_draft {
    struct sj_text code; /* empty in a change, as is all that stays */
    struct sj_text title_fa;
    struct sj_text title_en;
    struct sj_text question;
    struct sj_text method;
    struct sj_text limits;
    struct sj_text recommendations;
    struct sj_text indicators[SJ_PACKAGE_INDICATORS_MAX];
    size_t indicator_count;
    bool has_period;
    struct sj_period period;
    struct sj_text grouped_by;
};

struct sj_package {
    struct sj_document document; /* with "unmet": what keeps it from being released */
    struct sj_text state;
    struct sj_uuid unit;
    int32_t round;
    bool is_author;   /* the actor has written in an edition of it, under any account */
    bool is_reviewer; /* and reviewed this round */
};

/* sees_reviews: those under review in other units, too (the context has scope EVALUATION). */
SJ_MUST_CHECK sj_status sj_package_list(const struct sj_desk *desk, bool sees_reviews,
    struct sj_text state, struct sj_paging paging, struct sj_documents *ret_packages);
SJ_MUST_CHECK sj_status sj_package_find(const struct sj_desk *desk, bool sees_reviews,
    struct sj_uuid id, bool *ret_found, struct sj_package *ret_package);

/* *ret_known false: an indicator is unknown, nothing was written. Errors: DUPLICATE (another edition at the same time). */
SJ_MUST_CHECK sj_status sj_package_create(const struct sj_desk *desk,
    const struct sj_package_draft *draft, bool *ret_known, struct sj_uuid *ret_id);
/* Errors: PRECONDITION_FAILED (changed meanwhile, no draft, or an unknown indicator). Figures are gone: compute again. */
SJ_MUST_CHECK sj_status sj_package_change(const struct sj_desk *desk,
    const struct sj_package *package, const struct sj_package_draft *draft);
/* Figures and checks of a subgroup's bias anew. The context has scope EVALUATION. Errors: PRECONDITION_FAILED. */
SJ_MUST_CHECK sj_status sj_package_compute(
    const struct sj_desk *desk, const struct sj_package *package);

/* to: methods_review, draft, released, withdrawn (with reason). The database has the same guards. Errors: PRECONDITION_FAILED. */
SJ_MUST_CHECK sj_status sj_package_move(const struct sj_desk *desk,
    const struct sj_package *package, const char *to, struct sj_text reason);
/* The review that the state asks for; it moves the package on, or back to its authors. The caller has seen that the actor is none. */
SJ_MUST_CHECK sj_status sj_package_review(const struct sj_desk *desk,
    const struct sj_package *package, bool approves, struct sj_text note);
/* *ret_open false: there is no open check of the indicator. */
SJ_MUST_CHECK sj_status sj_package_bias_review(const struct sj_desk *desk,
    const struct sj_package *package, struct sj_text indicator, struct sj_text note,
    bool *ret_open);

#endif
