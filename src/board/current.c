/* SPDX-License-Identifier: Apache-2.0
 *
 * Which marks count now? Those of the members who sit (an ended seat's marks stay on paper and count no more), in the present
 * round, with every change of calibration in its order. If an ended seat's mark counted, an upheld challenge would be empty words.
 */
#include "marks_priv.h"

static bool counts(const struct sj_rows *raters, struct sj_uuid account)
{
    for (size_t row = 0; row < sj_rows_count(raters); row++) {
        if (sj_uuid_equal(sj_row_id(raters, row, 0), account)) {
            return true;
        }
    }
    return false;
}

struct item_marks *marks_find(struct item_marks *items, size_t count, int64_t no)
{
    for (size_t i = 0; i < count; i++) {
        if (items[i].criterion.no == no) {
            return &items[i];
        }
    }
    return NULL;
}

static sj_status collect(
    const struct sj_desk *desk, const struct sj_file *file, struct item_marks *items, size_t count)
{
    const struct sj_param params[] = {sj_p_id(&file->id)};
    CLEANUP(sj_rows_free) struct sj_rows *raters = NULL;
    struct sj_rating *ratings = NULL;
    size_t rating_count = 0;
    TRY(ask(desk, SJ_SQL_RATING_RATERS, params, 1, &raters));
    TRY(sj_rating_list(desk, file, file->round, &ratings, &rating_count));
    for (size_t i = 0; i < rating_count; i++) {
        struct item_marks *item = marks_find(items, count, ratings[i].item_no);
        if (item == NULL || ratings[i].submitted_at == 0 || ratings[i].mark.len == 0 ||
            !counts(raters, ratings[i].account)) {
            continue;
        }
        ENSURE(item->count < SJ_MARKS_SEATS_MAX, LIMIT_EXCEEDED);
        item->accounts[item->count] = ratings[i].account;
        ENSURE(!sj_failed(sj_decimal_parse(ratings[i].mark, &item->marks[item->count])), DECRYPT);
        item->count++;
    }
    return SJ_DONE;
}

static sj_status apply_change(const struct sj_desk *desk, const struct opener *opener,
    const struct sj_rows *rows, size_t row, struct item_marks *item)
{
    struct sj_text text;
    struct sj_decimal after;
    TRY(open_text(desk, opener, SJ_TABLE_CALIBRATION_CHANGE, SJ_COLUMN_CALIBRATION_AFTER,
        sj_row_id(rows, row, 0), sj_row_bytes(rows, row, 6), &text));
    ENSURE(!sj_failed(sj_decimal_parse(text, &after)), DECRYPT);
    if (sj_row_is_null(rows, row, 2)) {
        item->is_set = true;
        item->set = after;
        return SJ_DONE;
    }
    const struct sj_uuid account = sj_row_id(rows, row, 2);
    for (size_t i = 0; i < item->count; i++) {
        if (sj_uuid_equal(item->accounts[i], account)) {
            item->marks[i] = after;
            item->is_set = false; /* the later word counts: the mean of the marks again */
        }
    }
    return SJ_DONE;
}

static sj_status apply_changes(
    const struct sj_desk *desk, const struct sj_file *file, struct item_marks *items, size_t count)
{
    const struct sj_param params[] = {sj_p_id(&file->id), sj_p_null()};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_CALIBRATION_CHANGE_LIST, params, SJ_COUNT(params), &rows));
    CLEANUP(opener_clear) struct opener opener = {.version = 0};
    for (size_t row = 0; row < sj_rows_count(rows); row++) {
        struct item_marks *item = marks_find(items, count, sj_row_i64(rows, row, 3));
        if (item == NULL || sj_row_i64(rows, row, 4) != file->round) {
            continue;
        }
        TRY(opener_turn(desk, file, &opener, rows, row, 8, 9));
        TRY(apply_change(desk, &opener, rows, row, item));
    }
    return SJ_DONE;
}

sj_status marks_given(const struct sj_desk *desk, const struct sj_file *file,
    struct item_marks **ret_items, size_t *ret_count)
{
    struct sj_criterion *criteria = NULL;
    size_t count = 0;
    TRY(sj_criteria_list(desk, file, &criteria, &count));
    void *memory;
    TRY(room_for(desk, count, sizeof(struct item_marks), &memory));
    struct item_marks *items = memory;
    for (size_t i = 0; i < count; i++) {
        items[i].criterion = criteria[i];
    }
    TRY(collect(desk, file, items, count));
    *ret_items = items;
    *ret_count = count;
    return SJ_DONE;
}

sj_status marks_of(const struct sj_desk *desk, const struct sj_file *file,
    struct item_marks **ret_items, size_t *ret_count)
{
    TRY(marks_given(desk, file, ret_items, ret_count));
    return apply_changes(desk, file, *ret_items, *ret_count);
}

sj_status marks_result(const struct item_marks *item, bool *ret_has, struct sj_decimal *ret_mark)
{
    *ret_has = item->is_set || item->count > 0;
    if (item->is_set) {
        *ret_mark = item->set;
        return SJ_DONE;
    }
    return *ret_has ? sj_marks_mean(item->marks, item->count, ret_mark) : SJ_DONE;
}
