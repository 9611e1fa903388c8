/* SPDX-License-Identifier: Apache-2.0
 *
 * What an appeal board puts in the place of what the first board said: marks, criterion by criterion, each with its reason.
 * They stand in the decision of the appeal, and the card that supersedes is made with them.
 */
#ifndef SJ_REMEDY_VARIATION_H
#define SJ_REMEDY_VARIATION_H

#include "sanjeh/cycle/evaluation.h"
#include "sanjeh/json/write.h"

#define SJ_VARIATIONS_MAX 99u

struct sj_variation {
    int64_t item_no;
    struct sj_text before; /* decimal; empty: nobody marked it */
    struct sj_text after;  /* decimal */
    struct sj_text text;   /* what the card says about the criterion now; empty: nothing */
    struct sj_text reason;
};

/* Why one of them is refused. */
struct sj_variation_fault {
    size_t at;
    const char *member;
    const char *code;
};

/* Sets before, from the draft that was decided on, and after in its plain form; item_no and after as somebody wrote them.
 * Errors: INVALID (UNKNOWN_ITEM: no criterion that a board marks, or twice; BAD_MARK: not on its scale; SAME_MARK). Needs desk->tx. */
SJ_MUST_CHECK sj_status sj_variations_check(const struct sj_desk *desk,
    const struct sj_evaluation *evaluation, struct sj_variation *items, size_t count,
    struct sj_variation_fault *reterr_fault);
/* "changes": [{item_no, before, after, text, reason}] */
void sj_variations_write(struct sj_json *json, const struct sj_variation *items, size_t count);

/* The decided appeal of the present round; texts in the desk's arena. */
struct sj_appeal_result {
    struct sj_text outcome;
    sj_time_us decided_at;
    struct sj_text reasons;
    struct sj_text minority; /* empty: none */
    struct sj_variation *items;
    size_t count; /* 0 unless varied */
};
/* *ret_found false: none is decided, none is visible, or its key is erased. */
SJ_MUST_CHECK sj_status sj_appeal_result_find(const struct sj_desk *desk,
    const struct sj_evaluation *evaluation, bool *ret_found, struct sj_appeal_result *ret_result);
/* NULL: this criterion stayed. */
const struct sj_variation *sj_variation_of(const struct sj_appeal_result *result, int64_t item_no);

#endif
