/* SPDX-License-Identifier: Apache-2.0
 *
 * One judge's evaluation in one cycle: its state machine (DOMAIN b), its clocks and who has a seat in its file. Boards,
 * remedies and report cards change state only through sj_evaluation_move: it checks every guard of the move and says
 * which are not met; a trigger of the database checks them again (migration 0015).
 */
#ifndef SJ_CYCLE_EVALUATION_H
#define SJ_CYCLE_EVALUATION_H

#include "sanjeh/evaluation/evaluation.h"

enum sj_evaluation_state {
    SJ_EVALUATION_PLANNED,
    SJ_EVALUATION_NOTIFIED,
    SJ_EVALUATION_COLLECTING,
    SJ_EVALUATION_FROZEN,
    SJ_EVALUATION_INSUFFICIENT,
    SJ_EVALUATION_RATING,
    SJ_EVALUATION_DRAFTED,
    SJ_EVALUATION_CALIBRATED,
    SJ_EVALUATION_DISCLOSED,
    SJ_EVALUATION_REPLIED,
    SJ_EVALUATION_REPLY_LAPSED,
    SJ_EVALUATION_DECIDED,
    SJ_EVALUATION_GATED,
    SJ_EVALUATION_ISSUED,
    SJ_EVALUATION_ACKNOWLEDGED,
    SJ_EVALUATION_APPEALED,
    SJ_EVALUATION_VARIED,
    SJ_EVALUATION_FINAL,
    SJ_EVALUATION_SUPERSEDED,
    SJ_EVALUATION_ARCHIVED,
    SJ_EVALUATION_SUSPENDED,
    SJ_EVALUATION_STATE_COUNT_
};

const char *sj_evaluation_state_name(enum sj_evaluation_state state); /* "reply_lapsed"; static */
bool sj_evaluation_state_find(struct sj_text name, enum sj_evaluation_state *ret_state);

struct sj_evaluation {
    struct sj_uuid unit; /* process owner */
    struct sj_uuid id;
    struct sj_uuid cycle;
    struct sj_uuid judge_unit; /* whose register the judge stands in */
    struct sj_uuid judge;
    struct sj_uuid issuer_unit;  /* unit_id of the file's tables, unit of its key */
    struct sj_uuid issuer_scope; /* issuer_scope_id of the file's tables */
    struct sj_uuid board;        /* nil: none yet */
    struct sj_uuid appeal_board;
    enum sj_evaluation_state state;
    enum sj_evaluation_state suspended_from; /* when SUSPENDED */
    int64_t round;
    bool has_coverage;
    int64_t coverage_hundredths; /* percent × 100 */
    sj_time_us state_since;
    sj_time_us notified_at; /* these: 0 when not yet */
    sj_time_us frozen_at;
    sj_time_us marks_locked_at;
    sj_time_us disclosed_at;
    sj_time_us issued_at;
    sj_time_us appealed_at;
    int64_t version;
    sj_time_us now; /* of the evaluation's clock (sanjeh.clock_now), when it was read */
};

/* Reads one within desk->tx when there is one, else by itself. Invisible is not found. */
SJ_MUST_CHECK sj_status sj_evaluation_find(const struct sj_desk *desk, struct sj_uuid id,
    bool *ret_found, struct sj_evaluation *ret_evaluation);

/* Why a move is refused: stable codes with a sentence each. */
#define SJ_UNMET_MAX 16
struct sj_unmet {
    struct {
        const char *code; /* "CHALLENGE_OPEN"; static */
        const char *detail;
    } items[SJ_UNMET_MAX];
    size_t count;
};

/* Moves it within desk->tx. Locks the row, checks the version that the caller read, the actor's part (owner, issuer, judge,
 * seat, system), that the move exists and every guard; writes state, time stamps and history, ends and starts
 * the clocks that belong to the move. Updates *evaluation. A cut (collecting → frozen) that wants nothing but enough data is
 * made by the system into insufficient instead: look at evaluation->state.
 * Errors: GUARD_UNMET (ret_unmet says which), NO_SUCH_MOVE, FORBIDDEN (not the actor of this move),
 * PRECONDITION_FAILED (somebody was faster). */
SJ_MUST_CHECK sj_status sj_evaluation_move(const struct sj_desk *desk,
    struct sj_evaluation *evaluation, enum sj_evaluation_state to, struct sj_text reason,
    struct sj_unmet *ret_unmet);

/* Clocks. holder nil: everybody who has the clock's part. Days come from the cycle's copy. */
SJ_MUST_CHECK sj_status sj_deadline_start(const struct sj_desk *desk,
    const struct sj_evaluation *evaluation, const char *code, struct sj_uuid holder);
/* The open one becomes met; nothing open is no error. */
SJ_MUST_CHECK sj_status sj_deadline_meet(
    const struct sj_desk *desk, const struct sj_evaluation *evaluation, const char *code);
/* Once, by the days of the clock with code_extension. Errors: CONFLICT (extended already, or not open). */
SJ_MUST_CHECK sj_status sj_deadline_extend(const struct sj_desk *desk,
    const struct sj_evaluation *evaluation, const char *code, const char *code_extension);
/* *ret_found false: there is none that is open. */
SJ_MUST_CHECK sj_status sj_deadline_find(const struct sj_desk *desk,
    const struct sj_evaluation *evaluation, const char *code, bool *ret_found, sj_time_us *ret_due);

/* Whether the issuer is another unit than those in which the judge holds an office (DOMAIN d, rule 12). */
SJ_MUST_CHECK sj_status sj_issuer_is_apart(
    const struct sj_desk *desk, const struct sj_evaluation *evaluation, bool *ret_apart);

/* Whether the actor has a seat of one of these capacities (NULL-ended) now. */
SJ_MUST_CHECK sj_status sj_seat_is_held(const struct sj_desk *desk,
    const struct sj_evaluation *evaluation, const char *const *capacities, bool *ret_held);

#endif
