/* SPDX-License-Identifier: Apache-2.0
 *
 * Boards of a cycle and seats in files: who evaluates whom. Separation is by person. All calls that write need desk->tx.
 */
#ifndef SJ_BOARD_BOARD_H
#define SJ_BOARD_BOARD_H

#include "sanjeh/board/file.h"

#define SJ_BOARD_MEMBERS_MAX 20u
#define SJ_BOARD_MEMBERS_MIN 3u
#define SJ_SEAT_BATCH_MAX    200u

struct sj_board_member {
    struct sj_uuid account;
    struct sj_uuid person;
    struct sj_text capacity; /* chair, member, rapporteur */
    bool is_judge;
};

struct sj_board {
    struct sj_uuid unit;
    struct sj_uuid id;
    struct sj_uuid cycle;
    struct sj_text name;
    struct sj_text kind; /* first, appeal, calibration */
    struct sj_text state;
    sj_time_us used_at; /* 0: no seat was made from it yet */
    int64_t version;
    sj_time_us created_at;
    struct sj_board_member *members; /* read by sj_board_find only */
    size_t member_count;
};

/* Fails: INVALID with EXCLUDED_UNIT (JDP-D, PIC), UNKNOWN_ACCOUNT, SAME_PERSON, UNKNOWN_CAPACITY, UNKNOWN_CYCLE … */
SJ_MUST_CHECK sj_status sj_board_create(
    const struct sj_desk *desk, struct sj_board *board, struct sj_refusal *reterr_refusal);
/* has_members: replaces them. Errors: CONFLICT (in use), PRECONDITION_FAILED, and those of create. */
SJ_MUST_CHECK sj_status sj_board_update(const struct sj_desk *desk, const struct sj_board *before,
    struct sj_board *after, bool has_members, struct sj_refusal *reterr_refusal);
/* cycle nil: of all. */
SJ_MUST_CHECK sj_status sj_board_list(const struct sj_desk *desk, struct sj_uuid cycle,
    struct sj_paging paging, struct sj_board **ret_items, size_t *ret_count,
    struct sj_uuid *ret_last);
SJ_MUST_CHECK sj_status sj_board_find(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_board *ret_board);

struct sj_seat {
    struct sj_uuid account;
    struct sj_uuid person;
    struct sj_uuid board; /* nil: seated alone */
    struct sj_text capacity;
    bool is_judge;
    sj_time_us since;
    sj_time_us ended_at; /* 0: sits */
    struct sj_text ended_reason;
};
SJ_MUST_CHECK sj_status sj_seat_list(const struct sj_desk *desk, struct sj_uuid evaluation,
    struct sj_seat **ret_items, size_t *ret_count);
/* Seats of all members of a board; conflicts are looked for at once. Errors: GUARD_UNMET (TOO_FEW_MEMBERS,
 * NO_JUDGE_MAJORITY, NO_CHAIR, NO_RAPPORTEUR), CONFLICT (SELF, OVERLAP, OTHER_CYCLE, SEATED_ALREADY). */
SJ_MUST_CHECK sj_status sj_seat_board(const struct sj_desk *desk, const struct sj_file *file,
    const struct sj_board *board, struct sj_refusal *reterr_refusal);
/* The same in several files of one cycle, with as many statements as for one; all or none. Errors as above. */
SJ_MUST_CHECK sj_status sj_seat_board_all(const struct sj_desk *desk, const struct sj_file *files,
    size_t count, const struct sj_board *board, struct sj_refusal *reterr_refusal);
/* One person with any capacity of a seat. Errors as above and INVALID as sj_board_create. */
SJ_MUST_CHECK sj_status sj_seat_one(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_uuid account, struct sj_text capacity, struct sj_refusal *reterr_refusal);
/* Ends the account's seats and its open conflicts. Errors: NOT_FOUND (no seat). reason: recused, challenged, conflict,
 * replaced. */
SJ_MUST_CHECK sj_status sj_seat_end(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_uuid account, const char *reason);
/* The actor leaves, and says why. Errors: NOT_FOUND (no seat). */
SJ_MUST_CHECK sj_status sj_seat_recuse(
    const struct sj_desk *desk, const struct sj_file *file, struct sj_text reason);

#endif
