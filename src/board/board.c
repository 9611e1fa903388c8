/* SPDX-License-Identifier: Apache-2.0
 *
 * Which boards does a cycle have, and who may sit on one? Nobody of discipline or integrity, no person twice, and from its
 * first seat on the members stay. If this were wrong, a file could be decided by people whom the law keeps apart from it.
 */
#include "board_priv.h"

#include "sanjeh/crypto/random.h"

static sj_status read_board(
    const struct sj_desk *desk, const struct sj_rows *rows, size_t row, struct sj_board *board)
{
    *board = (struct sj_board){
        .unit = sj_row_id(rows, row, 0),
        .id = sj_row_id(rows, row, 1),
        .cycle = sj_row_id(rows, row, 2),
        .used_at = time_or_zero(rows, row, 6),
        .version = sj_row_i64(rows, row, 7),
        .created_at = sj_row_time(rows, row, 8),
    };
    TRY(sj_desk_text(desk, rows, row, 3, &board->name));
    TRY(sj_desk_text(desk, rows, row, 4, &board->kind));
    return sj_desk_text(desk, rows, row, 5, &board->state);
}

sj_status sj_board_list(const struct sj_desk *desk, struct sj_uuid cycle, struct sj_paging paging,
    struct sj_board **ret_items, size_t *ret_count, struct sj_uuid *ret_last)
{
    *ret_last = (struct sj_uuid){{0}};
    const struct sj_param params[] = {
        sj_p_id(&paging.after), sj_p_i64((int64_t)paging.limit + 1), sj_p_id_or_null(&cycle)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_BOARD_LIST, params, SJ_COUNT(params), &rows));
    size_t count = sj_rows_count(rows);
    if (count > paging.limit) {
        count = paging.limit;
        *ret_last = sj_row_id(rows, count - 1, 1);
    }
    void *memory;
    TRY(room_for(desk, count, sizeof(struct sj_board), &memory));
    *ret_items = memory;
    *ret_count = count;
    for (size_t row = 0; row < count; row++) {
        TRY(read_board(desk, rows, row, &(*ret_items)[row]));
    }
    return SJ_DONE;
}

static sj_status read_members(const struct sj_desk *desk, struct sj_board *board)
{
    const struct sj_param params[] = {sj_p_id(&board->id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_BOARD_MEMBER_LIST, params, 1, &rows));
    void *memory;
    TRY(room_for(desk, sj_rows_count(rows), sizeof(struct sj_board_member), &memory));
    board->members = memory;
    board->member_count = sj_rows_count(rows);
    for (size_t row = 0; row < board->member_count; row++) {
        board->members[row] = (struct sj_board_member){
            .account = sj_row_id(rows, row, 0),
            .person = sj_row_id(rows, row, 1),
            .is_judge = sj_row_bool(rows, row, 3),
        };
        TRY(sj_desk_text(desk, rows, row, 2, &board->members[row].capacity));
    }
    return SJ_DONE;
}

sj_status sj_board_find(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_board *ret_board)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_BOARD_FIND, params, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    if (!*ret_found) {
        return SJ_DONE;
    }
    TRY(read_board(desk, rows, 0, ret_board));
    return read_members(desk, ret_board);
}

/* ---- create and change ---- */

static sj_status check_members(
    const struct sj_desk *desk, struct sj_board *board, struct sj_refusal *refusal)
{
    struct sj_uuid accounts[SJ_BOARD_MEMBERS_MAX];
    struct person persons[SJ_BOARD_MEMBERS_MAX];
    if (board->member_count > SJ_BOARD_MEMBERS_MAX) {
        return refuse(refusal, SJ_INVALID, "/members", "TOO_MANY", "at most 20 members");
    }
    for (size_t i = 0; i < board->member_count; i++) {
        const struct sj_text capacity = board->members[i].capacity;
        if (!sj_text_is(capacity, "chair") && !sj_text_is(capacity, "member") &&
            !sj_text_is(capacity, "rapporteur")) {
            return refuse(
                refusal, SJ_INVALID, "/members", "UNKNOWN_CAPACITY", "chair, member or rapporteur");
        }
        accounts[i] = board->members[i].account;
    }
    TRY(persons_find(desk, accounts, board->member_count, persons, refusal));
    for (size_t i = 0; i < board->member_count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (sj_uuid_equal(persons[i].id, persons[k].id)) {
                return refuse(refusal, SJ_INVALID, "/members", "SAME_PERSON",
                    "a person sits on a board once, with whatever account");
            }
        }
        board->members[i].person = persons[i].id;
        board->members[i].is_judge = persons[i].is_judge;
    }
    return SJ_DONE;
}

static sj_status check_head(struct sj_board *board, struct sj_refusal *refusal)
{
    if (sj_failed(sj_board_text_check(board->name, 400, &board->name))) {
        return refuse(refusal, SJ_INVALID, "/name", "BAD_TEXT", "1 to 400 bytes, no controls");
    }
    if (!sj_text_is(board->kind, "first") && !sj_text_is(board->kind, "appeal") &&
        !sj_text_is(board->kind, "calibration")) {
        return refuse(refusal, SJ_INVALID, "/kind", "UNKNOWN_KIND", "first, appeal or calibration");
    }
    return SJ_DONE;
}

static sj_status write_members(const struct sj_desk *desk, const struct sj_board *board)
{
    for (size_t i = 0; i < board->member_count; i++) {
        const struct sj_board_member *member = &board->members[i];
        const struct sj_param params[] = {sj_p_id(&board->unit), sj_p_id(&board->id),
            sj_p_id(&member->account), sj_p_id(&member->person), sj_p_text(member->capacity),
            sj_p_bool(member->is_judge)};
        TRY(write_one(desk, SJ_SQL_BOARD_MEMBER_INSERT, params, SJ_COUNT(params), SJ_CONFLICT));
    }
    return SJ_DONE;
}

sj_status sj_board_create(
    const struct sj_desk *desk, struct sj_board *board, struct sj_refusal *reterr_refusal)
{
    ENSURE(!sj_uuid_is_nil(desk->actor->unit), FORBIDDEN);
    TRY(check_head(board, reterr_refusal));
    TRY(check_members(desk, board, reterr_refusal));
    TRY(sj_uuid_new(&board->id));
    board->unit = desk->actor->unit;
    const struct sj_param params[] = {sj_p_id(&board->unit), sj_p_id(&board->id),
        sj_p_id(&board->cycle), sj_p_text(board->name), sj_p_text(board->kind),
        sj_p_id(&desk->actor->account)};
    const sj_status written =
        write_one(desk, SJ_SQL_BOARD_INSERT, params, SJ_COUNT(params), SJ_NOT_FOUND);
    if (written.code == SJ_NOT_FOUND) {
        return refuse(reterr_refusal, SJ_INVALID, "/cycle_id", "UNKNOWN_CYCLE",
            "no cycle of your unit has this id");
    }
    TRY(written);
    TRY(write_members(desk, board));
    bool found = false;
    TRY(sj_board_find(desk, board->id, &found, board));
    ENSURE(found, INTERNAL);
    return SJ_DONE;
}

sj_status sj_board_update(const struct sj_desk *desk, const struct sj_board *before,
    struct sj_board *after, bool has_members, struct sj_refusal *reterr_refusal)
{
    ENSURE(sj_uuid_equal(before->unit, desk->actor->unit), FORBIDDEN);
    TRY(check_head(after, reterr_refusal));
    if (has_members && before->used_at != 0) {
        return refuse(reterr_refusal, SJ_CONFLICT, "/members", "IN_USE",
            "seats were made from this board; end a seat or make another board");
    }
    const struct sj_param params[] = {sj_p_id(&before->unit), sj_p_id(&before->id),
        sj_p_i64(before->version), sj_p_text(after->name)};
    TRY(write_one(desk, SJ_SQL_BOARD_UPDATE, params, SJ_COUNT(params), SJ_PRECONDITION_FAILED));
    if (has_members) {
        TRY(check_members(desk, after, reterr_refusal));
        TRY(sj_tx_query(desk->tx, SJ_SQL_BOARD_MEMBER_REMOVE, params, 2, NULL));
        TRY(write_members(desk, after));
    }
    bool found = false;
    TRY(sj_board_find(desk, before->id, &found, after));
    ENSURE(found, INTERNAL);
    return SJ_DONE;
}
