/* SPDX-License-Identifier: Apache-2.0
 *
 * Which moves an evaluation has (DOMAIN b), as data: whose they are, what they need, which clocks they start and end.
 * The database says the same in evaluation_move (migration 0015).
 */
#ifndef SJ_CYCLE_MOVES_H
#define SJ_CYCLE_MOVES_H

#include "sanjeh/cycle/evaluation.h"

/* Whose a move can be: bits. */
enum sj_part {
    SJ_PART_OWNER = 1u << 0,
    SJ_PART_ISSUER = 1u << 1,
    SJ_PART_JUDGE = 1u << 2,
    SJ_PART_LEAD = 1u << 3,  /* chair or rapporteur of the board */
    SJ_PART_BOARD = 1u << 4, /* another member of it */
    SJ_PART_CALIBRATOR = 1u << 5,
    SJ_PART_APPEAL_BOARD = 1u << 6,
    SJ_PART_SYSTEM = 1u << 7
};
#define SJ_PART_COUNT 8u
const char *sj_part_name(unsigned bit); /* bit number; "appeal_board"; static */
/* Bits of "owner,lead"; unknown names give none. */
unsigned sj_parts_parse(struct sj_text names);

/* The guards: code and the sentence for whoever is stopped by it. */
struct sj_guard {
    const char *code;
    const char *detail;
};
/* NULL when there is none of this code. */
const struct sj_guard *sj_guard_find(struct sj_text code);
size_t sj_guard_count(void);

#define SJ_MOVE_GUARDS_MAX 7u
#define SJ_MOVE_CLOCKS_MAX 3u
struct sj_move {
    enum sj_evaluation_state from;
    enum sj_evaluation_state to;
    unsigned parts;
    const char *guards[SJ_MOVE_GUARDS_MAX]; /* NULL-ended unless full */
    const char *starts[SJ_MOVE_CLOCKS_MAX];
    const char *ends[SJ_MOVE_CLOCKS_MAX];
};

/* NULL when there is no such move. That a suspension ends in the state it began in is for the caller. */
const struct sj_move *sj_move_find(enum sj_evaluation_state from, enum sj_evaluation_state to);
const struct sj_move *sj_move_at(size_t number); /* NULL beyond the last */

#endif
