/* SPDX-License-Identifier: Apache-2.0
 *
 * What does the board say of the judge, in numbers and words? Marks and indicator sub-scores become a total by the one method
 * of src/analysis; the rapporteur adds a text for each family and for the whole. Each draft is a new version under seal, none
 * is ever overwritten. If this were wrong, the judge would be told something other than what the members marked.
 */
#include "marks_priv.h"

#include "sanjeh/crypto/random.h"
#include "sanjeh/evaluation/compute.h"
#include "sanjeh/json/write.h"

struct lines {
    struct sj_score_item items[SJ_SCORE_ITEMS_MAX];
    struct sj_decimal marks[SJ_SCORE_ITEMS_MAX];
    bool has_mark[SJ_SCORE_ITEMS_MAX];
    size_t count;
};

static enum sj_family family_of(struct sj_text name)
{
    for (int family = 0; family < SJ_FAMILY_COUNT_; family++) {
        if (sj_text_is(name, sj_family_name((enum sj_family)family))) {
            return (enum sj_family)family;
        }
    }
    return SJ_FAMILY_COUNT_;
}

/* The sub-score of an indicator's line; without a sheet or a line it is not covered. */
static void from_sheet(
    const struct sj_score_sheet *sheet, bool has_sheet, struct sj_score_item *item)
{
    item->reason = "NO_DATA";
    for (size_t i = 0; has_sheet && i < sheet->line_count; i++) {
        if (sheet->lines[i].no == item->no) {
            item->has_score = sheet->lines[i].has_score;
            item->score = sheet->lines[i].score;
            item->has_interval = sheet->lines[i].has_interval;
            item->interval = sheet->lines[i].interval;
        }
    }
    if (item->has_score) {
        item->reason = NULL;
    }
}

static sj_status work_out(const struct sj_desk *desk, const struct sj_file *file,
    const struct item_marks *items, size_t count, struct lines *lines)
{
    bool has_sheet = false;
    struct sj_score_sheet sheet = {.line_count = 0};
    TRY(sj_score_sheet_find(desk, file->id, file->round, &has_sheet, &sheet));
    has_sheet = has_sheet && sheet.is_readable;
    ENSURE(count <= SJ_SCORE_ITEMS_MAX, LIMIT_EXCEEDED);
    for (size_t i = 0; i < count; i++) {
        const struct sj_criterion *criterion = &items[i].criterion;
        struct sj_score_item *item = &lines->items[i];
        *item = (struct sj_score_item){
            .no = criterion->no, .family = family_of(criterion->family), .reason = "NOT_MARKED"};
        TRY(sj_decimal_parse(criterion->weight, &item->weight));
        if (!criterion->is_mark) {
            from_sheet(&sheet, has_sheet, item);
            continue;
        }
        TRY(marks_result(&items[i], &lines->has_mark[i], &lines->marks[i]));
        if (lines->has_mark[i]) {
            item->has_score = true;
            item->reason = NULL;
            TRY(sj_mark_score(
                lines->marks[i], criterion->scale_min, criterion->scale_max, &item->score));
        }
    }
    lines->count = count;
    return SJ_DONE;
}

/* ---- the document ---- */

static void put_decimal(struct sj_json *json, const char *name, bool has, struct sj_decimal value)
{
    char text[SJ_DECIMAL_TEXT_SIZE];
    sj_decimal_format(value, text);
    sj_json_str(json, name, has ? text : NULL);
}

static void put_lines(
    struct sj_json *json, const struct item_marks *items, const struct lines *lines)
{
    sj_json_array(json, "items");
    for (size_t i = 0; i < lines->count; i++) {
        const struct sj_score_item *item = &lines->items[i];
        sj_json_object(json, NULL);
        sj_json_int(json, "no", item->no);
        sj_json_text(json, "family", items[i].criterion.family);
        sj_json_str(json, "source", items[i].criterion.is_mark ? "mark" : "indicator");
        put_decimal(json, "weight", true, item->weight);
        put_decimal(json, "mark", lines->has_mark[i], lines->marks[i]);
        put_decimal(json, "score", item->has_score, item->score);
        sj_json_str(json, "reason", item->reason);
        sj_json_object_end(json);
    }
    sj_json_array_end(json);
}

static void put_words(struct sj_json *json, const struct sj_draft_text *text)
{
    sj_json_object(json, "families");
    for (int family = 0; family < SJ_FAMILY_COUNT_; family++) {
        sj_json_text(json, sj_family_name((enum sj_family)family), text->families[family]);
    }
    sj_json_object_end(json);
    sj_json_text(json, "overall", text->overall);
    if (text->minority.len > 0) {
        sj_json_text(json, "minority", text->minority);
    } else {
        sj_json_null(json, "minority");
    }
}

static sj_status write_body(const struct sj_file *file, const struct item_marks *items,
    const struct lines *lines, const struct sj_draft_text *text, struct sj_buf *out)
{
    struct sj_score_total total;
    TRY(sj_score_total(lines->items, lines->count, file->coverage_min, &total));
    struct sj_json json = sj_json_begin(out);
    sj_json_object(&json, NULL);
    sj_json_str(&json, "format", "draft/1");
    sj_json_int(&json, "round", file->round);
    put_lines(&json, items, lines);
    put_words(&json, text);
    put_decimal(&json, "coverage", true, total.coverage);
    sj_json_bool(&json, "is_sufficient", total.is_sufficient);
    put_decimal(&json, "score", total.is_sufficient, total.score);
    if (total.has_interval) {
        sj_json_object(&json, "interval");
        put_decimal(&json, "low", true, total.interval.low);
        put_decimal(&json, "high", true, total.interval.high);
        put_decimal(&json, "weight", true, total.interval_weight);
        sj_json_object_end(&json);
    } else {
        sj_json_null(&json, "interval");
    }
    sj_json_str(&json, "band", total.is_sufficient ? sj_band_code(total.band) : NULL);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

/* ---- create ---- */

static sj_status check_drafting(
    const struct sj_desk *desk, const struct sj_file *file, struct sj_refusal *refusal)
{
    static const char *const drafters[] = {"rapporteur", "chair", NULL};
    static const char *const states[] = {
        "rating", "drafted", "calibrated", "replied", "reply_lapsed"};
    bool sits = false;
    TRY(actor_sits(desk, file, drafters, &sits));
    ENSURE(sits && !sj_uuid_equal(desk->actor->person, file->judge), FORBIDDEN);
    bool fits = false;
    for (size_t i = 0; i < SJ_COUNT(states); i++) {
        fits = fits || sj_text_is(file->state, states[i]);
    }
    if (!fits) {
        return refuse(refusal, SJ_CONFLICT, "", "NOT_DRAFTING",
            "the evaluation is not in a state in which the board drafts");
    }
    const struct sj_param params[] = {sj_p_id(&file->id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_RATING_MISSING, params, 1, &rows));
    return sj_row_i64(rows, 0, 0) == 0
               ? SJ_DONE
               : refuse(refusal, SJ_GUARD_UNMET, "", "MARKS_MISSING",
                     "every member submits his marks before the draft is made of them");
}

static sj_status store(const struct sj_desk *desk, const struct sj_file *file,
    const struct sj_buf *body, bool is_final, struct sj_uuid id)
{
    CLEANUP(sj_subject_clear) struct sj_subject key = {0};
    TRY(file_key(desk, file, &key));
    CLEANUP(sj_buf_clear) struct sj_buf sealed = SJ_BUF(2 * DOCUMENT_MAX);
    TRY(sj_field_seal(
        &key, SJ_TABLE_DRAFT, SJ_COLUMN_DRAFT_BODY, id, SJ_FLE1_TEXT, sj_buf_view(body), &sealed));
    const struct sj_param params[] = {sj_p_id(&file->issuer_unit), sj_p_id(&id),
        sj_p_id(&file->issuer_scope), sj_p_id(&file->id), sj_p_id(&file->judge),
        sj_p_i32((int32_t)file->round), sj_p_text(is_final ? SJ_TEXT("final") : SJ_TEXT("working")),
        sj_p_bytes(sj_buf_view(&sealed)), sj_p_i32((int32_t)key.version),
        sj_p_id(&desk->actor->account)};
    return write_one(desk, SJ_SQL_DRAFT_INSERT, params, SJ_COUNT(params), SJ_CONFLICT);
}

sj_status sj_draft_create(const struct sj_desk *desk, const struct sj_file *file,
    const struct sj_draft_text *text, struct sj_draft_version *ret_draft,
    struct sj_refusal *reterr_refusal)
{
    TRY(check_drafting(desk, file, reterr_refusal));
    struct item_marks *items = NULL;
    size_t count = 0;
    TRY(marks_of(desk, file, &items, &count));
    void *memory;
    TRY(sj_arena_alloc(desk->arena, sizeof(struct lines), &memory));
    struct lines *lines = memory;
    TRY(work_out(desk, file, items, count, lines));
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(DOCUMENT_MAX);
    const sj_status written = write_body(file, items, lines, text, &body);
    if (written.code == SJ_LIMIT_EXCEEDED) {
        return refuse(
            reterr_refusal, SJ_INVALID, "", "TOO_LONG", "a draft is at most 64 KiB of text");
    }
    TRY(written);
    struct sj_uuid id;
    TRY(sj_uuid_new(&id));
    TRY(store(desk, file, &body, text->is_final, id));
    bool found = false;
    TRY(sj_draft_find(desk, id, &found, ret_draft));
    ENSURE(found, INTERNAL);
    return SJ_DONE;
}

/* ---- read ---- */

static sj_status read_head(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    struct sj_draft_version *draft)
{
    *draft = (struct sj_draft_version){
        .id = sj_row_id(rows, row, 0),
        .evaluation = sj_row_id(rows, row, 1),
        .round = sj_row_i64(rows, row, 2),
        .no = sj_row_i64(rows, row, 3),
        .created_by = sj_row_id(rows, row, 8),
        .created_at = sj_row_time(rows, row, 9),
    };
    return sj_desk_text(desk, rows, row, 4, &draft->state);
}

sj_status sj_draft_list(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_draft_version **ret_items, size_t *ret_count)
{
    const struct sj_param params[] = {sj_p_id(&file->id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_DRAFT_LIST, params, 1, &rows));
    void *memory;
    TRY(room_for(desk, sj_rows_count(rows), sizeof(struct sj_draft_version), &memory));
    *ret_items = memory;
    *ret_count = sj_rows_count(rows);
    for (size_t row = 0; row < *ret_count; row++) {
        TRY(read_head(desk, rows, row, &(*ret_items)[row]));
    }
    return SJ_DONE;
}

sj_status sj_draft_find(const struct sj_desk *desk, struct sj_uuid id, bool *ret_found,
    struct sj_draft_version *ret_draft)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_DRAFT_FIND, params, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    if (!*ret_found) {
        return SJ_DONE;
    }
    struct sj_file file;
    TRY(sj_file_find(desk, sj_row_id(rows, 0, 1), ret_found, &file));
    if (!*ret_found) {
        return SJ_DONE;
    }
    TRY(read_head(desk, rows, 0, ret_draft));
    CLEANUP(opener_clear) struct opener opener = {.version = 0};
    TRY(opener_turn(desk, &file, &opener, rows, 0, 6, 7));
    return open_text(desk, &opener, SJ_TABLE_DRAFT, SJ_COLUMN_DRAFT_BODY, ret_draft->id,
        sj_row_bytes(rows, 0, 5), &ret_draft->body);
}
