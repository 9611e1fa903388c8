/* SPDX-License-Identifier: Apache-2.0
 *
 * Who calibrates, when, and what is changed? A session needs a quorum of its board; a change needs a seat in that file, a reason
 * and the mark that it replaces; who comes from the judge's branch keeps out (DOMAIN b, drafted to calibrated).
 * If this were wrong, a mark could change without anybody knowing from what, by whom and why.
 */
#include "marks_priv.h"

#include "sanjeh/board/calibration.h"
#include "sanjeh/crypto/random.h"

/* ---- sessions ---- */

static sj_status read_present(
    const struct sj_desk *desk, struct sj_text list, struct sj_calibration *calibration)
{
    void *memory;
    TRY(room_for(desk, SJ_BOARD_MEMBERS_MAX, sizeof(struct sj_uuid), &memory));
    calibration->present = memory;
    struct sj_text one;
    while (sj_text_split(&list, ',', &one)) {
        ENSURE(calibration->present_count < SJ_BOARD_MEMBERS_MAX, LIMIT_EXCEEDED);
        TRY(sj_uuid_parse(one, &calibration->present[calibration->present_count++]));
    }
    return SJ_DONE;
}

static sj_status read_session(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    struct sj_calibration *calibration)
{
    *calibration = (struct sj_calibration){
        .unit = sj_row_id(rows, row, 0),
        .id = sj_row_id(rows, row, 1),
        .cycle = sj_row_id(rows, row, 2),
        .board = sj_row_id(rows, row, 3),
        .quorum = sj_row_i64(rows, row, 4),
        .closed_at = time_or_zero(rows, row, 7),
        .version = sj_row_i64(rows, row, 8),
        .created_at = sj_row_time(rows, row, 9),
    };
    TRY(sj_desk_text(desk, rows, row, 6, &calibration->state));
    return read_present(desk, sj_row_text(rows, row, 5), calibration);
}

sj_status sj_calibration_list(const struct sj_desk *desk, struct sj_uuid cycle,
    struct sj_paging paging, struct sj_calibration **ret_items, size_t *ret_count,
    struct sj_uuid *ret_last)
{
    *ret_last = (struct sj_uuid){{0}};
    const struct sj_param params[] = {
        sj_p_id(&paging.after), sj_p_i64((int64_t)paging.limit + 1), sj_p_id_or_null(&cycle)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_CALIBRATION_SESSION_LIST, params, SJ_COUNT(params), &rows));
    size_t count = sj_rows_count(rows);
    if (count > paging.limit) {
        count = paging.limit;
        *ret_last = sj_row_id(rows, count - 1, 1);
    }
    void *memory;
    TRY(room_for(desk, count, sizeof(struct sj_calibration), &memory));
    *ret_items = memory;
    *ret_count = count;
    for (size_t row = 0; row < count; row++) {
        TRY(read_session(desk, rows, row, &(*ret_items)[row]));
    }
    return SJ_DONE;
}

sj_status sj_calibration_find(const struct sj_desk *desk, struct sj_uuid id, bool *ret_found,
    struct sj_calibration *ret_calibration)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_CALIBRATION_SESSION_FIND, params, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    return *ret_found ? read_session(desk, rows, 0, ret_calibration) : SJ_DONE;
}

static const struct sj_board_member *member_of(const struct sj_board *board, struct sj_uuid account)
{
    for (size_t i = 0; i < board->member_count; i++) {
        if (sj_uuid_equal(board->members[i].account, account)) {
            return &board->members[i];
        }
    }
    return NULL;
}

static bool is_present(const struct sj_calibration *calibration, struct sj_uuid account)
{
    for (size_t i = 0; i < calibration->present_count; i++) {
        if (sj_uuid_equal(calibration->present[i], account)) {
            return true;
        }
    }
    return false;
}

static sj_status check_session(const struct sj_desk *desk, const struct sj_board *board,
    struct sj_calibration *calibration, struct sj_refusal *refusal)
{
    if (!sj_text_is(board->kind, "calibration") ||
        !sj_uuid_equal(board->cycle, calibration->cycle)) {
        return refuse(refusal, SJ_INVALID, "/board_id", "UNKNOWN_BOARD",
            "no calibration board of this cycle has this id");
    }
    if (calibration->quorum == 0) {
        calibration->quorum = (int64_t)board->member_count / 2 + 1;
    }
    if (calibration->quorum < 2 || calibration->quorum > (int64_t)board->member_count) {
        return refuse(refusal, SJ_INVALID, "/quorum", "BAD_QUORUM",
            "at least 2 and at most as many as the board has members");
    }
    for (size_t i = 0; i < calibration->present_count; i++) {
        if (member_of(board, calibration->present[i]) == NULL) {
            return refuse(refusal, SJ_INVALID, "/present", "NOT_A_MEMBER",
                "only members of the board are present");
        }
        for (size_t k = 0; k < i; k++) {
            if (sj_uuid_equal(calibration->present[i], calibration->present[k])) {
                return refuse(refusal, SJ_INVALID, "/present", "TWICE", "a member counts once");
            }
        }
    }
    ENSURE(member_of(board, desk->actor->account) != NULL &&
               is_present(calibration, desk->actor->account),
        FORBIDDEN);
    return (int64_t)calibration->present_count >= calibration->quorum
               ? SJ_DONE
               : refuse(refusal, SJ_GUARD_UNMET, "/present", "NO_QUORUM",
                     "too few members of the board are present");
}

sj_status sj_calibration_create(const struct sj_desk *desk, struct sj_calibration *calibration,
    struct sj_refusal *reterr_refusal)
{
    bool found = false;
    struct sj_board board;
    TRY(sj_board_find(desk, calibration->board, &found, &board));
    if (!found) {
        return refuse(reterr_refusal, SJ_INVALID, "/board_id", "UNKNOWN_BOARD",
            "no calibration board of this cycle has this id");
    }
    TRY(check_session(desk, &board, calibration, reterr_refusal));
    CLEANUP(sj_array_clear) struct sj_array present = {0};
    TRY(sj_array_init(&present, SJ_OID_UUID, 32 * (SJ_BOARD_MEMBERS_MAX + 2)));
    for (size_t i = 0; i < calibration->present_count; i++) {
        TRY(sj_array_put(&present, calibration->present[i].bytes, 16));
    }
    TRY(sj_uuid_new(&calibration->id));
    const struct sj_param params[] = {sj_p_id(&calibration->id), sj_p_id(&calibration->board),
        sj_p_id(&calibration->cycle), sj_p_i32((int32_t)calibration->quorum), sj_p_array(&present),
        sj_p_id(&desk->actor->account)};
    TRY(write_one(desk, SJ_SQL_CALIBRATION_SESSION_INSERT, params, SJ_COUNT(params), SJ_CONFLICT));
    TRY(sj_calibration_find(desk, calibration->id, &found, calibration));
    ENSURE(found, INTERNAL);
    return SJ_DONE;
}

sj_status sj_calibration_close(const struct sj_desk *desk, struct sj_calibration *calibration)
{
    bool found = false;
    struct sj_board board;
    TRY(sj_board_find(desk, calibration->board, &found, &board));
    ENSURE(found, FORBIDDEN);
    const struct sj_board_member *member = member_of(&board, desk->actor->account);
    ENSURE(member != NULL && sj_text_is(member->capacity, "chair"), FORBIDDEN);
    ENSURE(sj_text_is(calibration->state, "open"), CONFLICT);
    const struct sj_param params[] = {
        sj_p_id(&calibration->unit), sj_p_id(&calibration->id), sj_p_i64(calibration->version)};
    TRY(write_one(
        desk, SJ_SQL_CALIBRATION_SESSION_CLOSE, params, SJ_COUNT(params), SJ_PRECONDITION_FAILED));
    TRY(sj_calibration_find(desk, calibration->id, &found, calibration));
    ENSURE(found, INTERNAL);
    return SJ_DONE;
}

/* ---- changes ---- */

static sj_status check_recusal(
    const struct sj_desk *desk, const struct sj_file *file, struct sj_refusal *refusal)
{
    struct sj_conflict *conflicts = NULL;
    size_t count = 0;
    TRY(sj_conflict_list(desk, file->id, &conflicts, &count));
    for (size_t i = 0; i < count; i++) {
        if (sj_uuid_equal(conflicts[i].account, desk->actor->account) &&
            (sj_text_is(conflicts[i].rule, "SAME_BRANCH") ||
                sj_text_is(conflicts[i].state, "open"))) {
            return refuse(refusal, SJ_CONFLICT, "", "RECUSED",
                "who comes from the judge's branch, or has an open conflict, keeps out");
        }
    }
    return SJ_DONE;
}

static sj_status check_calibrator(const struct sj_desk *desk,
    const struct sj_calibration *calibration, const struct sj_file *file,
    struct sj_refusal *refusal)
{
    static const char *const calibrators[] = {"calibrator", NULL};
    bool sits = false;
    TRY(actor_sits(desk, file, calibrators, &sits));
    ENSURE(sits && is_present(calibration, desk->actor->account), FORBIDDEN);
    ENSURE(!sj_uuid_equal(desk->actor->person, file->judge), FORBIDDEN);
    if (!sj_uuid_equal(file->cycle, calibration->cycle)) {
        return refuse(refusal, SJ_CONFLICT, "/evaluation_id", "OTHER_CYCLE",
            "the evaluation belongs to another cycle");
    }
    if (!sj_text_is(calibration->state, "open")) {
        return refuse(refusal, SJ_CONFLICT, "", "CLOSED", "the session is closed");
    }
    if (!sj_text_is(file->state, "drafted")) {
        return refuse(refusal, SJ_CONFLICT, "/evaluation_id", "NOT_DRAFTED",
            "calibration comes after the draft and before the disclosure");
    }
    return check_recusal(desk, file, refusal);
}

/* The mark that is there now. */
static sj_status present_mark(const struct item_marks *item, struct sj_uuid account,
    struct sj_decimal *ret_mark, struct sj_refusal *refusal)
{
    bool has = false;
    if (sj_uuid_is_nil(account)) {
        TRY(marks_result(item, &has, ret_mark));
    }
    for (size_t i = 0; !sj_uuid_is_nil(account) && i < item->count; i++) {
        if (sj_uuid_equal(item->accounts[i], account)) {
            has = true;
            *ret_mark = item->marks[i];
        }
    }
    return has ? SJ_DONE
               : refuse(refusal, SJ_INVALID, "/item_no", "NOT_MARKED",
                     "there is no such mark to change");
}

static sj_status check_change(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_calibration_change *change, struct sj_refusal *refusal)
{
    struct item_marks *items = NULL;
    size_t count = 0;
    TRY(marks_of(desk, file, &items, &count));
    const struct item_marks *item = marks_find(items, count, change->item_no);
    if (item == NULL || !item->criterion.is_mark) {
        return refuse(refusal, SJ_INVALID, "/item_no", "UNKNOWN_ITEM",
            "not a criterion that the board marks");
    }
    struct sj_decimal now = {0};
    struct sj_decimal before;
    struct sj_decimal after;
    bool is_extreme;
    TRY(present_mark(item, change->account, &now, refusal));
    if (sj_failed(sj_mark_parse(change->after, item->criterion.scale_min, item->criterion.scale_max,
            &after, &is_extreme))) {
        return refuse(refusal, SJ_INVALID, "/after", "BAD_MARK",
            "a decimal of at most two places within the scale of the criterion");
    }
    if (sj_failed(sj_decimal_parse(change->before, &before)) ||
        sj_decimal_compare(before, now) != 0) {
        return refuse(refusal, SJ_CONFLICT, "/before", "BEFORE_DIFFERS",
            "the mark is another one now; read it again");
    }
    if (sj_decimal_compare(now, after) == 0) {
        return refuse(refusal, SJ_INVALID, "/after", "NO_CHANGE", "the mark stays the same");
    }
    char text[SJ_DECIMAL_TEXT_SIZE];
    sj_decimal_format(after, text);
    TRY(sj_arena_text(desk->arena, sj_text_of(text), &change->after));
    sj_decimal_format(now, text);
    return sj_arena_text(desk->arena, sj_text_of(text), &change->before);
}

static sj_status store_change(const struct sj_desk *desk, const struct sj_file *file,
    const struct sj_calibration_change *change)
{
    CLEANUP(sj_subject_clear) struct sj_subject key = {0};
    TRY(file_key(desk, file, &key));
    CLEANUP(sj_buf_clear) struct sj_buf before = SJ_BUF(DOCUMENT_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf after = SJ_BUF(DOCUMENT_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf reason = SJ_BUF(DOCUMENT_MAX);
    TRY(sj_field_seal(&key, SJ_TABLE_CALIBRATION_CHANGE, SJ_COLUMN_CALIBRATION_BEFORE, change->id,
        SJ_FLE1_TEXT, sj_text_bytes(change->before), &before));
    TRY(sj_field_seal(&key, SJ_TABLE_CALIBRATION_CHANGE, SJ_COLUMN_CALIBRATION_AFTER, change->id,
        SJ_FLE1_TEXT, sj_text_bytes(change->after), &after));
    TRY(sj_field_seal(&key, SJ_TABLE_CALIBRATION_CHANGE, SJ_COLUMN_CALIBRATION_REASON, change->id,
        SJ_FLE1_TEXT, sj_text_bytes(change->reason), &reason));
    const struct sj_param params[] = {sj_p_id(&file->issuer_unit), sj_p_id(&change->id),
        sj_p_id(&file->issuer_scope), sj_p_id(&file->id), sj_p_id(&file->judge),
        sj_p_id(&change->session), sj_p_id_or_null(&change->account),
        sj_p_i32((int32_t)change->item_no), sj_p_i32((int32_t)change->round),
        sj_p_bytes(sj_buf_view(&before)), sj_p_bytes(sj_buf_view(&after)),
        sj_p_bytes(sj_buf_view(&reason)), sj_p_i32((int32_t)key.version),
        sj_p_id(&desk->actor->account)};
    return write_one(desk, SJ_SQL_CALIBRATION_CHANGE_INSERT, params, SJ_COUNT(params), SJ_CONFLICT);
}

sj_status sj_calibration_change(const struct sj_desk *desk,
    const struct sj_calibration *calibration, const struct sj_file *file,
    struct sj_calibration_change *change, struct sj_refusal *reterr_refusal)
{
    TRY(check_calibrator(desk, calibration, file, reterr_refusal));
    TRY(check_change(desk, file, change, reterr_refusal));
    TRY(sj_uuid_new(&change->id));
    change->session = calibration->id;
    change->evaluation = file->id;
    change->round = file->round;
    change->created_by = desk->actor->account;
    return store_change(desk, file, change);
}

sj_status sj_calibration_change_list(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_calibration_change **ret_items, size_t *ret_count)
{
    const struct sj_param params[] = {sj_p_id(&file->id), sj_p_null()};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_CALIBRATION_CHANGE_LIST, params, SJ_COUNT(params), &rows));
    void *memory;
    TRY(room_for(desk, sj_rows_count(rows), sizeof(struct sj_calibration_change), &memory));
    *ret_items = memory;
    *ret_count = sj_rows_count(rows);
    CLEANUP(opener_clear) struct opener opener = {.version = 0};
    for (size_t row = 0; row < *ret_count; row++) {
        struct sj_calibration_change *change = &(*ret_items)[row];
        *change = (struct sj_calibration_change){
            .id = sj_row_id(rows, row, 0),
            .session = sj_row_id(rows, row, 1),
            .evaluation = file->id,
            .account = sj_row_id(rows, row, 2),
            .item_no = sj_row_i64(rows, row, 3),
            .round = sj_row_i64(rows, row, 4),
            .created_by = sj_row_id(rows, row, 10),
            .created_at = sj_row_time(rows, row, 11),
        };
        TRY(opener_turn(desk, file, &opener, rows, row, 8, 9));
        TRY(open_text(desk, &opener, SJ_TABLE_CALIBRATION_CHANGE, SJ_COLUMN_CALIBRATION_BEFORE,
            change->id, sj_row_bytes(rows, row, 5), &change->before));
        TRY(open_text(desk, &opener, SJ_TABLE_CALIBRATION_CHANGE, SJ_COLUMN_CALIBRATION_AFTER,
            change->id, sj_row_bytes(rows, row, 6), &change->after));
        TRY(open_text(desk, &opener, SJ_TABLE_CALIBRATION_CHANGE, SJ_COLUMN_CALIBRATION_REASON,
            change->id, sj_row_bytes(rows, row, 7), &change->reason));
    }
    return SJ_DONE;
}
