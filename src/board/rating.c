/* SPDX-License-Identifier: Apache-2.0
 *
 * What does each member say, before he knows what the others say? A mark is its member's draft until he submits all of them at
 * once; then nobody changes it. That the others' marks stay hidden until all have submitted is the work of row security.
 * If this were wrong, marks would follow the first or the most senior one.
 */
#include "board_priv.h"

#include "sanjeh/board/rating.h"
#include "sanjeh/crypto/random.h"

static const char *const raters[] = {"chair", "member", "rapporteur", NULL};

sj_status sj_criteria_list(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_criterion **ret_items, size_t *ret_count)
{
    const struct sj_param params[] = {sj_p_id(&file->unit), sj_p_id(&file->template_id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_TEMPLATE_ITEM_MARKED, params, SJ_COUNT(params), &rows));
    void *memory;
    TRY(room_for(desk, sj_rows_count(rows), sizeof(struct sj_criterion), &memory));
    *ret_items = memory;
    *ret_count = sj_rows_count(rows);
    for (size_t row = 0; row < *ret_count; row++) {
        struct sj_criterion *item = &(*ret_items)[row];
        *item = (struct sj_criterion){
            .no = sj_row_i64(rows, row, 0),
            .is_mark = sj_text_is(sj_row_text(rows, row, 2), "mark"),
            .scale_min = sj_row_i64(rows, row, 5),
            .scale_max = sj_row_i64(rows, row, 6),
        };
        TRY(sj_desk_text(desk, rows, row, 1, &item->family));
        TRY(sj_desk_text(desk, rows, row, 4, &item->weight));
    }
    return SJ_DONE;
}

sj_status sj_rating_list(const struct sj_desk *desk, const struct sj_file *file, int64_t round,
    struct sj_rating **ret_items, size_t *ret_count)
{
    const struct sj_param params[] = {
        sj_p_id(&file->id), round == 0 ? sj_p_null() : sj_p_i32((int32_t)round)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_RATING_LIST, params, SJ_COUNT(params), &rows));
    void *memory;
    TRY(room_for(desk, sj_rows_count(rows), sizeof(struct sj_rating), &memory));
    *ret_items = memory;
    *ret_count = sj_rows_count(rows);
    CLEANUP(opener_clear) struct opener opener = {.version = 0};
    for (size_t row = 0; row < *ret_count; row++) {
        struct sj_rating *rating = &(*ret_items)[row];
        *rating = (struct sj_rating){
            .id = sj_row_id(rows, row, 0),
            .account = sj_row_id(rows, row, 1),
            .round = sj_row_i64(rows, row, 2),
            .item_no = sj_row_i64(rows, row, 3),
            .reason = {"", 0},
            .submitted_at = time_or_zero(rows, row, 8),
            .version = sj_row_i64(rows, row, 9),
        };
        TRY(opener_turn(desk, file, &opener, rows, row, 6, 7));
        TRY(open_text(desk, &opener, SJ_TABLE_RATING, SJ_COLUMN_RATING_MARK, rating->id,
            sj_row_bytes(rows, row, 4), &rating->mark));
        if (!sj_row_is_null(rows, row, 5)) {
            TRY(open_text(desk, &opener, SJ_TABLE_RATING, SJ_COLUMN_RATING_REASON, rating->id,
                sj_row_bytes(rows, row, 5), &rating->reason));
        }
    }
    return SJ_DONE;
}

sj_status sj_rating_find_own(const struct sj_desk *desk, const struct sj_file *file,
    int64_t item_no, bool *ret_found, struct sj_rating *ret_rating)
{
    struct sj_rating *items = NULL;
    size_t count = 0;
    *ret_found = false;
    TRY(sj_rating_list(desk, file, file->round, &items, &count));
    for (size_t i = 0; i < count; i++) {
        if (items[i].item_no == item_no && sj_uuid_equal(items[i].account, desk->actor->account)) {
            *ret_found = true;
            *ret_rating = items[i];
        }
    }
    return SJ_DONE;
}

/* ---- put ---- */

static sj_status check_rater(
    const struct sj_desk *desk, const struct sj_file *file, struct sj_refusal *refusal)
{
    bool sits = false;
    TRY(actor_sits(desk, file, raters, &sits));
    ENSURE(sits && !sj_uuid_equal(desk->actor->person, file->judge), FORBIDDEN);
    return sj_text_is(file->state, "rating") && !file->is_locked
               ? SJ_DONE
               : refuse(refusal, SJ_CONFLICT, "", "NOT_RATING",
                     "marks are given while the evaluation is being rated");
}

static sj_status check_mark(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_rating *rating, struct sj_refusal *refusal)
{
    struct sj_criterion *items = NULL;
    size_t count = 0;
    TRY(sj_criteria_list(desk, file, &items, &count));
    for (size_t i = 0; i < count; i++) {
        if (items[i].no != rating->item_no || !items[i].is_mark) {
            continue;
        }
        struct sj_decimal mark;
        bool is_extreme = false;
        if (sj_failed(sj_mark_parse(
                rating->mark, items[i].scale_min, items[i].scale_max, &mark, &is_extreme))) {
            return refuse(refusal, SJ_INVALID, "/mark", "BAD_MARK",
                "a decimal of at most two places within the scale of the criterion");
        }
        if (is_extreme && rating->reason.len == 0) {
            return refuse(refusal, SJ_INVALID, "/reason", "REASON_REQUIRED",
                "a mark in the first or last tenth of the scale needs a reason");
        }
        char text[SJ_DECIMAL_TEXT_SIZE];
        sj_decimal_format(mark, text);
        return sj_arena_text(desk->arena, sj_text_of(text), &rating->mark);
    }
    return refuse(
        refusal, SJ_INVALID, "/item_no", "UNKNOWN_ITEM", "not a criterion that the board marks");
}

static sj_status write_rating(const struct sj_desk *desk, const struct sj_file *file,
    const struct sj_rating *rating, bool is_new)
{
    CLEANUP(sj_subject_clear) struct sj_subject key = {0};
    TRY(file_key(desk, file, &key));
    CLEANUP(sj_buf_clear) struct sj_buf mark = SJ_BUF(DOCUMENT_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf reason = SJ_BUF(DOCUMENT_MAX);
    TRY(sj_field_seal(&key, SJ_TABLE_RATING, SJ_COLUMN_RATING_MARK, rating->id, SJ_FLE1_TEXT,
        sj_text_bytes(rating->mark), &mark));
    if (rating->reason.len > 0) {
        TRY(sj_field_seal(&key, SJ_TABLE_RATING, SJ_COLUMN_RATING_REASON, rating->id, SJ_FLE1_TEXT,
            sj_text_bytes(rating->reason), &reason));
    }
    const struct sj_param sealed_reason =
        rating->reason.len > 0 ? sj_p_bytes(sj_buf_view(&reason)) : sj_p_null();
    if (!is_new) {
        const struct sj_param params[] = {sj_p_id(&file->issuer_unit), sj_p_id(&rating->id),
            sj_p_i64(rating->version), sj_p_bytes(sj_buf_view(&mark)), sealed_reason,
            sj_p_i32((int32_t)key.version)};
        return write_one(
            desk, SJ_SQL_RATING_UPDATE, params, SJ_COUNT(params), SJ_PRECONDITION_FAILED);
    }
    const struct sj_param params[] = {sj_p_id(&file->issuer_unit), sj_p_id(&rating->id),
        sj_p_id(&file->issuer_scope), sj_p_id(&file->id), sj_p_id(&file->judge),
        sj_p_id(&desk->actor->account), sj_p_i32((int32_t)file->round),
        sj_p_i32((int32_t)rating->item_no), sj_p_bytes(sj_buf_view(&mark)), sealed_reason,
        sj_p_i32((int32_t)key.version)};
    return write_one(desk, SJ_SQL_RATING_INSERT, params, SJ_COUNT(params), SJ_CONFLICT);
}

sj_status sj_rating_put(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_rating *rating, struct sj_refusal *reterr_refusal)
{
    TRY(check_rater(desk, file, reterr_refusal));
    if (rating->submitted_at != 0) {
        return refuse(
            reterr_refusal, SJ_CONFLICT, "", "SUBMITTED", "your marks of this round are submitted");
    }
    TRY(check_mark(desk, file, rating, reterr_refusal));
    const bool is_new = rating->version == 0;
    if (is_new) {
        TRY(sj_uuid_new(&rating->id));
    }
    rating->account = desk->actor->account;
    rating->round = file->round;
    TRY(write_rating(desk, file, rating, is_new));
    rating->version++;
    return SJ_DONE;
}

/* ---- submit ---- */

static bool is_marked(
    const struct sj_rating *own, size_t count, int64_t item_no, struct sj_uuid account)
{
    for (size_t i = 0; i < count; i++) {
        if (own[i].item_no == item_no && sj_uuid_equal(own[i].account, account)) {
            return true;
        }
    }
    return false;
}

sj_status sj_rating_submit(
    const struct sj_desk *desk, const struct sj_file *file, struct sj_refusal *reterr_refusal)
{
    TRY(check_rater(desk, file, reterr_refusal));
    struct sj_criterion *items = NULL;
    struct sj_rating *marks = NULL;
    size_t item_count = 0;
    size_t mark_count = 0;
    TRY(sj_criteria_list(desk, file, &items, &item_count));
    TRY(sj_rating_list(desk, file, file->round, &marks, &mark_count));
    for (size_t i = 0; i < item_count; i++) {
        if (items[i].is_mark && !is_marked(marks, mark_count, items[i].no, desk->actor->account)) {
            return refuse(reterr_refusal, SJ_GUARD_UNMET, "", "ITEM_UNMARKED",
                "every criterion that the board marks needs your mark");
        }
    }
    const struct sj_param params[] = {sj_p_id(&file->issuer_unit), sj_p_id(&file->id),
        sj_p_id(&desk->actor->account), sj_p_i32((int32_t)file->round)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_RATING_SUBMIT, params, SJ_COUNT(params), &rows));
    return sj_rows_affected(rows) > 0 ? SJ_DONE
                                      : refuse(reterr_refusal, SJ_CONFLICT, "", "SUBMITTED",
                                            "your marks of this round are submitted");
}
