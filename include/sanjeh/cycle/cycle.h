/* SPDX-License-Identifier: Apache-2.0
 *
 * Cycles: a template applied to a population in a period. Two offices sign a draft; what they signed is announced and
 * from then on immutable, a correction is another cycle with supersedes.
 */
#ifndef SJ_CYCLE_CYCLE_H
#define SJ_CYCLE_CYCLE_H

#include "sanjeh/cycle/document.h"

#define SJ_CYCLE_CLOCKS_MAX 16u

struct sj_cycle_draft {
    struct sj_text code;
    struct sj_text name_fa; /* empty texts, nil, false: leave what is there (a change) */
    struct sj_text name_en;
    struct sj_text kind;
    struct sj_text issuer; /* code of a unit or compartment */
    bool has_period;
    int64_t from_day;
    int64_t to_day;
    struct sj_uuid template_id;
    struct sj_text population; /* JSON object, canonical */
    int64_t coverage_min;      /* negative: leave, or 70 */
    struct sj_uuid supersedes;
    struct {
        struct sj_text code;
        int64_t days;
        struct sj_text day_kind;
    } clocks[SJ_CYCLE_CLOCKS_MAX];
    size_t clock_count;
};

struct sj_cycle_head {
    struct sj_document document;
    struct sj_text state;
    struct sj_uuid unit;
    struct sj_uuid issuer_scope;
};

SJ_MUST_CHECK sj_status sj_cycle_list(const struct sj_desk *desk, struct sj_text state,
    struct sj_paging paging, struct sj_documents *ret_cycles);
SJ_MUST_CHECK sj_status sj_cycle_find(const struct sj_desk *desk, struct sj_uuid id,
    bool *ret_found, struct sj_cycle_head *ret_cycle);
/* *ret_known false: no such template or issuer. Errors: DUPLICATE (code), INVALID (unknown clock). */
SJ_MUST_CHECK sj_status sj_cycle_create(const struct sj_desk *desk,
    const struct sj_cycle_draft *draft, bool *ret_known, struct sj_uuid *ret_id);
/* Takes signatures back. Errors: PRECONDITION_FAILED, INVALID (unknown clock). */
SJ_MUST_CHECK sj_status sj_cycle_change(const struct sj_desk *desk, struct sj_uuid id,
    int64_t version, const struct sj_cycle_draft *draft);
/* As the owner or as the issuer, whichever the actor is. Errors: FORBIDDEN (neither), CONFLICT (signed already, the
 * same person, not a draft, template not published), PRECONDITION_FAILED. */
SJ_MUST_CHECK sj_status sj_cycle_sign(
    const struct sj_desk *desk, const struct sj_cycle_head *cycle, int64_t version);

#define SJ_CYCLE_UNMET_MAX 8u
struct sj_cycle_unmet {
    struct sj_text codes[SJ_CYCLE_UNMET_MAX];
    size_t count;
};
/* reason: kept when it cancels, which needs one and ends all clocks of the cycle; else it may be empty. Errors: NO_SUCH_MOVE, GUARD_UNMET, PRECONDITION_FAILED. */
SJ_MUST_CHECK sj_status sj_cycle_move(const struct sj_desk *desk, struct sj_uuid id,
    int64_t version, struct sj_text to, struct sj_text reason, struct sj_cycle_unmet *ret_unmet);

/* {"planned":n,"out_total":n,"out":[{judge_id,reason}]}: what a plan would do now, and the ids of those who are named (at most
 * 500), 16 bytes each, in the desk's arena. */
SJ_MUST_CHECK sj_status sj_cycle_population(const struct sj_desk *desk, struct sj_uuid id,
    struct sj_text *ret_json, struct sj_text *ret_named);
SJ_MUST_CHECK sj_status sj_cycle_plan(const struct sj_desk *desk, struct sj_uuid id);

#endif
