/* SPDX-License-Identifier: Apache-2.0
 *
 * Gates (D01 to D04): after the marks are locked the issuer asks another unit one question about one judge for one purpose.
 * The answer may hold the use of a result for a stated reason; it never touches a number.
 */
#ifndef SJ_REMEDY_GATE_H
#define SJ_REMEDY_GATE_H

#include "sanjeh/cycle/evaluation.h"

#define SJ_GIST_MAX  2000 /* bytes */
#define SJ_GATES_MAX 4

/* Texts are empty and ids nil when absent or not the caller's to see. */
struct sj_gate {
    struct sj_uuid unit;
    struct sj_uuid id;
    struct sj_uuid evaluation; /* nil for the answering unit: it learns the judge alone */
    struct sj_uuid judge;
    int64_t round;
    struct sj_text gate;      /* D01… */
    struct sj_text purpose;   /* appointment, promotion, secondment, report_card */
    struct sj_text state;     /* asked, answered, expired, withdrawn */
    struct sj_text value;     /* clear, remark, referred */
    struct sj_text effect;    /* none, hold, referral */
    struct sj_text authority; /* of art 44, of a referral */
    bool has_degree;
    int64_t degree; /* 0..13, of a final judgment */
    struct sj_text gist;
    struct sj_text final_judgment_no;
    sj_time_us created_at;
    sj_time_us answered_at;
    bool has_expiry;
    int64_t expires_on; /* day */
    int64_t version;
    bool is_mine;       /* the caller's unit is the one asked */
    bool shows_grounds; /* to the caller: gist, judgment, degree; else value and effect alone */
    int64_t today;
    int64_t latest_expiry; /* day that an answer of today may not go beyond */
};

/* Asks these gates for the evaluation's round; count 0: every gate that answers for this purpose. Needs desk->tx. When one
 * of them does not answer for it, or is no gate, nothing is asked and *reterr_code says so of *reterr_index; else it is NULL.
 * Errors: DUPLICATE (asked already), FORBIDDEN (row security: not the issuer, marks not locked). */
SJ_MUST_CHECK sj_status sj_gates_ask(const struct sj_desk *desk,
    const struct sj_evaluation *evaluation, struct sj_text purpose, const struct sj_text *gates,
    size_t count, const char **reterr_code, size_t *reterr_index);
SJ_MUST_CHECK sj_status sj_gate_list(const struct sj_desk *desk, struct sj_uuid evaluation,
    struct sj_paging paging, struct sj_gate **ret_items, size_t *ret_count,
    struct sj_uuid *ret_last);
SJ_MUST_CHECK sj_status sj_gate_find(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_gate *ret_gate);
/* Checks value, degree, judgment, gist and expiry against the gate's rules and sets gate->effect. NULL when they hold, else
 * the code, and *reterr_member: only final decisions count, degree 1 is not entered, a remark has a gist that is served, a
 * referral names its authority. */
const char *sj_gate_check(struct sj_gate *gate, const char **reterr_member);
/* Writes a checked answer. Needs desk->tx. Errors: PRECONDITION_FAILED (answered meanwhile). */
SJ_MUST_CHECK sj_status sj_gate_answer(const struct sj_desk *desk, struct sj_gate *gate);

#endif
