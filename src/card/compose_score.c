/* SPDX-License-Identifier: Apache-2.0
 *
 * What are the figures of a card, line by line, and what do they come to?
 * An indicator's line comes from the computed sheet of the round, a mark's line from the board's draft, or from the appeal that
 * varied it; the total is worked out
 * here again from the lines that are printed, so that the card can be recomputed from itself. A line without a sub-score has its
 * reason and counts as missing, not as zero; below the coverage of the cycle there is no score at all (method 7).
 */
#include "compose_score.h"

#include "sanjeh/analysis/score.h"
#include "sanjeh/json/decode.h"
#include <string.h>

#define ITEMS_MAX 99
#define BODY_MAX  ((size_t)256 * 1024)

/* ---- the sealed bodies ---- */

struct body {
    struct sj_json_doc *doc; /* NULL: there is none */
};

static void body_clear(struct body *body)
{
    sj_json_doc_free(&body->doc);
}

static const struct sj_json_value *member(const struct body *body, const char *name)
{
    return body->doc == NULL ? NULL : sj_json_get(sj_json_doc_root(body->doc), name);
}

/* The newest row of the round with its key: unit, id, key version, body, wrapped. */
static sj_status open_body(const struct sj_desk *desk, const struct sj_evaluation *evaluation,
    enum sj_sql sql, uint32_t table, uint32_t column, struct body *ret_body)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    CLEANUP(sj_subject_clear) struct sj_subject subject = {.version = 0};
    CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF(BODY_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf quoted = SJ_BUF(2 * BODY_MAX);
    const struct sj_param params[] = {
        sj_p_id(&evaluation->id), sj_p_i32((int32_t)evaluation->round)};
    TRY(sj_tx_query(desk->tx, sql, params, SJ_COUNT(params), &rows));
    if (sj_rows_count(rows) == 0 || sj_row_is_null(rows, 0, 4)) {
        return SJ_DONE;
    }
    const struct sj_wrapped_dek key = {.unit = sj_row_id(rows, 0, 0),
        .subject = evaluation->id,
        .version = (uint32_t)sj_row_i64(rows, 0, 2),
        .wrapped = sj_row_bytes(rows, 0, 4)};
    TRY(sj_fields_open(desk->fields, &key, 1, &subject));
    TRY(sj_field_open(&subject, table, column, sj_row_id(rows, 0, 1), SJ_FLE1_TEXT,
        sj_row_bytes(rows, 0, 3), &plain));
    TRY(sj_json_quote_reals(sj_buf_text(&plain), &quoted));
    struct sj_text detail;
    return sj_json_doc_parse(sj_buf_view(&quoted), &ret_body->doc, &detail, desk->arena);
}

/* ---- one line ---- */

static const struct sj_json_value *find_line(const struct sj_json_value *lines, int64_t no)
{
    const struct sj_json_value *line = NULL;
    struct sj_text none;
    size_t iterator = 0;
    int64_t found = 0;
    while (lines != NULL && sj_json_next(lines, &iterator, &none, &line)) {
        const struct sj_json_value *value = sj_json_get(line, "no");
        if (value != NULL && sj_json_as_int(value, &found) && found == no) {
            return line;
        }
    }
    return NULL;
}

/* A decimal as text, whether it was written as text or as an integer. False: missing or null. */
static bool as_decimal(
    const struct sj_json_value *object, const char *name, char ret_text[SJ_DECIMAL_TEXT_SIZE])
{
    struct sj_decimal decimal;
    struct sj_text text;
    int64_t integer = 0;
    const struct sj_json_value *value = object == NULL ? NULL : sj_json_get(object, name);
    if (value == NULL) {
        return false;
    }
    if (sj_json_as_int(value, &integer)) {
        (void)snprintf(ret_text, SJ_DECIMAL_TEXT_SIZE, "%lld", (long long)integer);
        return true;
    }
    if (!sj_json_as_text(value, &text) || sj_failed(sj_decimal_parse(text, &decimal))) {
        return false;
    }
    sj_decimal_format(decimal, ret_text);
    return true;
}

static void put_decimal(
    struct sj_json *json, const char *as, const struct sj_json_value *object, const char *name)
{
    char text[SJ_DECIMAL_TEXT_SIZE];
    sj_json_str(json, as, as_decimal(object, name, text) ? text : NULL);
}

static void put_class(struct sj_json *json, const char *name, const struct sj_json_value *peers)
{
    int64_t number = 0;
    const struct sj_json_value *value = sj_json_get(peers, name);
    if (value != NULL && sj_json_as_int(value, &number)) {
        sj_json_int(json, name, number);
    } else {
        sj_json_null(json, name);
    }
}

/* Peers only as a distribution of ten and more, with the group that they are; else why not. */
static void put_peers(struct sj_json *json, const struct sj_json_value *line)
{
    int64_t n = 0;
    const struct sj_json_value *peers = line == NULL ? NULL : sj_json_get(line, "peers");
    const struct sj_json_value *count = peers == NULL ? NULL : sj_json_get(peers, "n");
    if (count == NULL || !sj_json_as_int(count, &n) || n < SJ_PEERS_MIN) {
        sj_json_null(json, "peers");
        sj_json_str(json, "peers_reason", peers == NULL ? "NOT_COMPARED" : "SMALL_PEER_GROUP");
        return;
    }
    sj_json_object(json, "peers");
    sj_json_int(json, "n", n);
    struct sj_text group = {"", 0};
    const struct sj_json_value *named = sj_json_get(peers, "group");
    if (named != NULL && sj_json_as_text(named, &group)) {
        sj_json_text(json, "group", group);
    }
    put_class(json, "grade_band", peers);
    put_class(json, "province_class", peers);
    put_decimal(json, "mean", peers, "mean");
    put_decimal(json, "median", peers, "median");
    put_decimal(json, "mad", peers, "mad");
    sj_json_object_end(json);
    sj_json_null(json, "peers_reason");
}

static void put_interval(struct sj_json *json, const struct sj_json_value *line)
{
    const struct sj_json_value *interval = line == NULL ? NULL : sj_json_get(line, "interval");
    if (interval == NULL || !sj_json_is_object(interval)) {
        sj_json_null(json, "interval");
        return;
    }
    sj_json_object(json, "interval");
    put_decimal(json, "low", interval, "low");
    put_decimal(json, "high", interval, "high");
    sj_json_object_end(json);
}

/* (mark - min) / (max - min) × 100; false when it is no mark of this scale. */
static bool scale_mark(const char *mark, int64_t min, int64_t max, struct sj_decimal *ret_score)
{
    struct sj_decimal decimal;
    if (sj_failed(sj_decimal_parse(sj_text_of(mark), &decimal)) || decimal.scale > 6 ||
        max <= min) {
        return false;
    }
    int64_t power = 1;
    for (uint8_t i = 0; i < decimal.scale; i++) {
        power *= 10;
    }
    const int64_t above = decimal.units - min * power;
    return above >= 0 && above <= (max - min) * power &&
           !sj_failed(sj_decimal_ratio(above, 100, (max - min) * power, ret_score));
}

struct figures {
    struct sj_score_item items[ITEMS_MAX];
    size_t count;
    const struct sj_appeal_result *appeal;
};

static enum sj_family family_of(struct sj_text name)
{
    for (int family = 0; family < SJ_FAMILY_COUNT_; family++) {
        if (sj_text_is(name, sj_family_name((enum sj_family)family))) {
            return (enum sj_family)family;
        }
    }
    return SJ_FAMILY_QUALITY;
}

/* The line's sub-score, by its source. */
static void weigh(struct sj_score_item *item, bool is_mark, const struct sj_rows *criteria,
    size_t row, const struct sj_json_value *line, bool has_mark, const char *mark)
{
    char text[SJ_DECIMAL_TEXT_SIZE];
    if (is_mark) {
        item->has_score = has_mark && scale_mark(mark, sj_row_i64(criteria, row, 6),
                                          sj_row_i64(criteria, row, 7), &item->score);
        item->reason = item->has_score ? NULL : "NOT_MARKED";
        return;
    }
    item->has_score = as_decimal(line, "sub_score", text) &&
                      !sj_failed(sj_decimal_parse(sj_text_of(text), &item->score));
    item->reason = item->has_score ? NULL : "NO_DATA";
    char high[SJ_DECIMAL_TEXT_SIZE];
    item->has_interval = item->has_score && as_decimal(line, "score_low", text) &&
                         as_decimal(line, "score_high", high) &&
                         !sj_failed(sj_decimal_parse(sj_text_of(text), &item->interval.low)) &&
                         !sj_failed(sj_decimal_parse(sj_text_of(high), &item->interval.high));
}

static void put_reason(struct sj_json *json, const struct sj_score_item *item, bool is_mark,
    const struct sj_json_value *line)
{
    struct sj_text reason;
    const struct sj_json_value *value = line == NULL ? NULL : sj_json_get(line, "reason");
    if (item->has_score) {
        sj_json_null(json, "reason");
    } else if (!is_mark && value != NULL && sj_json_as_text(value, &reason)) {
        sj_json_text(json, "reason", reason);
    } else {
        sj_json_str(json, "reason", item->reason);
    }
}

/* The mark that holds: the appeal board's where it varied it, else the draft's. */
static bool find_mark(const struct figures *figures, int64_t no, const struct sj_json_value *marked,
    char ret_text[SJ_DECIMAL_TEXT_SIZE])
{
    const struct sj_variation *varied = sj_variation_of(figures->appeal, no);
    struct sj_decimal mark;
    if (varied == NULL) {
        return as_decimal(marked, "mark", ret_text);
    }
    if (sj_failed(sj_decimal_parse(varied->after, &mark))) {
        return false;
    }
    sj_decimal_format(mark, ret_text);
    return true;
}

static sj_status put_item(struct sj_json *json, const struct sj_rows *criteria, size_t row,
    const struct sj_json_value *sheet, const struct sj_json_value *marks, struct figures *figures)
{
    struct sj_score_item item = {
        .no = sj_row_i64(criteria, row, 0), .family = family_of(sj_row_text(criteria, row, 1))};
    const bool is_mark = sj_text_is(sj_row_text(criteria, row, 2), "mark");
    const struct sj_json_value *line = is_mark ? NULL : find_line(sheet, item.no);
    const struct sj_json_value *marked = is_mark ? find_line(marks, item.no) : NULL;
    char mark[SJ_DECIMAL_TEXT_SIZE] = {0};
    char score[SJ_DECIMAL_TEXT_SIZE];
    int64_t n = 0;
    const bool has_mark = is_mark && find_mark(figures, item.no, marked, mark);
    ENSURE(figures->count < ITEMS_MAX, LIMIT_EXCEEDED);
    TRY(sj_decimal_parse(sj_row_text(criteria, row, 5), &item.weight));
    weigh(&item, is_mark, criteria, row, line, has_mark, mark);
    sj_json_object(json, NULL);
    sj_json_int(json, "no", item.no);
    sj_json_text(json, "family", sj_row_text(criteria, row, 1));
    sj_json_text(json, "source", sj_row_text(criteria, row, 2));
    sj_json_text(json, "name_fa", sj_row_text(criteria, row, 3));
    sj_json_text(json, "name_en", sj_row_text(criteria, row, 4));
    sj_json_text(json, "weight", sj_row_text(criteria, row, 5));
    put_decimal(json, "value", line, "raw");
    const struct sj_json_value *number = line == NULL ? NULL : sj_json_get(line, "n");
    if (number != NULL && sj_json_as_int(number, &n)) {
        sj_json_int(json, "n", n);
    } else {
        sj_json_null(json, "n");
    }
    put_interval(json, line);
    put_peers(json, line);
    sj_decimal_format(item.score, score);
    sj_json_str(json, "sub_score", item.has_score ? score : NULL);
    put_decimal(json, "sub_score_low", line, "score_low");
    put_decimal(json, "sub_score_high", line, "score_high");
    sj_json_str(json, "mark", has_mark ? mark : NULL);
    put_reason(json, &item, is_mark, line);
    sj_json_object_end(json);
    figures->items[figures->count++] = item;
    return SJ_DONE;
}

/* ---- the total ---- */

static void put_band(struct sj_json *json, enum sj_band band)
{
    static const char *const names_en[SJ_BAND_COUNT_] = {
        "Poor", "Fair", "Good", "Very good", "Excellent"};
    sj_json_object(json, "band");
    sj_json_str(json, "code", sj_band_code(band));
    sj_json_str(json, "name_fa", sj_band_name_fa(band));
    sj_json_str(json, "name_en", names_en[band]);
    sj_json_object_end(json);
}

/* As people read it: always two decimals. Not negative. */
static void put_two_decimals(struct sj_json *json, const char *as, struct sj_decimal decimal)
{
    static const int64_t to_hundredths[] = {100, 10, 1};
    const struct sj_decimal rounded = sj_decimal_round(decimal, 2);
    SJ_ASSERT(rounded.scale <= 2 && rounded.units >= 0);
    const int64_t hundredths = rounded.units * to_hundredths[rounded.scale];
    char text[SJ_DECIMAL_TEXT_SIZE];
    (void)snprintf(text, sizeof text, "%lld.%02lld", (long long)(hundredths / 100),
        (long long)(hundredths % 100));
    sj_json_str(json, as, text);
}

static sj_status put_result(
    struct sj_json *json, const struct figures *figures, int64_t coverage_min)
{
    struct sj_score_total total;
    char text[SJ_DECIMAL_TEXT_SIZE];
    TRY(sj_score_total(figures->items, figures->count, coverage_min, &total));
    sj_json_object(json, "result");
    put_two_decimals(json, "coverage", total.coverage);
    sj_json_int(json, "coverage_min", coverage_min);
    sj_json_bool(json, "sufficient", total.is_sufficient);
    if (total.has_interval) {
        sj_json_object(json, "interval");
        put_two_decimals(json, "low", total.interval.low);
        put_two_decimals(json, "high", total.interval.high);
        put_two_decimals(json, "weight", total.interval_weight);
        sj_json_object_end(json);
        sj_json_null(json, "interval_reason");
    } else {
        sj_json_null(json, "interval");
        sj_json_str(json, "interval_reason",
            total.is_sufficient ? "NO_SHARE" : "INSUFFICIENT"); /* marks and counts have none */
    }
    if (total.is_sufficient) {
        put_two_decimals(json, "score", total.score);
        sj_decimal_format(total.score, text);
        sj_json_str(json, "score_unrounded", text);
        put_band(json, total.band);
    } else {
        sj_json_null(json, "score");
        sj_json_null(json, "score_unrounded");
        sj_json_null(json, "band");
    }
    sj_json_object_end(json);
    return SJ_DONE;
}

/* ---- the narrative ---- */

static void put_text(struct sj_json *json, const char *as, const struct sj_json_value *value)
{
    struct sj_text text;
    if (value != NULL && sj_json_as_text(value, &text) && text.len > 0) {
        sj_json_text(json, as, text);
    } else {
        sj_json_null(json, as);
    }
}

/* {"quality": "…", …} of the draft becomes one text a family, in the order of the families. */
static void put_narrative(struct sj_json *json, const struct body *draft)
{
    const struct sj_json_value *families = member(draft, "families");
    sj_json_object(json, "narrative");
    put_text(json, "overall", member(draft, "overall"));
    put_text(json, "minority", member(draft, "minority"));
    sj_json_array(json, "families");
    for (int family = 0; families != NULL && family < SJ_FAMILY_COUNT_; family++) {
        const char *name = sj_family_name((enum sj_family)family);
        const struct sj_json_value *text = sj_json_get(families, name);
        if (text != NULL) {
            sj_json_object(json, NULL);
            sj_json_str(json, "family", name);
            put_text(json, "text", text);
            sj_json_object_end(json);
        }
    }
    sj_json_array_end(json);
    sj_json_object_end(json);
}

sj_status card_put_score(const struct sj_desk *desk, const struct sj_evaluation *evaluation,
    const struct sj_rows *criteria, const struct sj_appeal_result *appeal,
    int64_t coverage_min_percent, struct sj_json *json)
{
    CLEANUP(body_clear) struct body sheet = {NULL};
    CLEANUP(body_clear) struct body draft = {NULL};
    struct figures figures = {.count = 0, .appeal = appeal};
    TRY(open_body(desk, evaluation, SJ_SQL_REPORT_CARD_SHEET, SJ_TABLE_EVALUATION_SCORE,
        SJ_COLUMN_EVALUATION_SCORE_BODY, &sheet));
    TRY(open_body(
        desk, evaluation, SJ_SQL_REPORT_CARD_DRAFT, SJ_TABLE_DRAFT, SJ_COLUMN_DRAFT_BODY, &draft));
    put_text(json, "method", member(&sheet, "method"));
    sj_json_array(json, "items");
    for (size_t row = 0; row < sj_rows_count(criteria); row++) {
        TRY(put_item(
            json, criteria, row, member(&sheet, "items"), member(&draft, "items"), &figures));
    }
    sj_json_array_end(json);
    TRY(put_result(json, &figures, coverage_min_percent));
    put_narrative(json, &draft);
    return SJ_DONE;
}

/* ---- the courts ---- */

static void put_texts(struct sj_json *json, const struct sj_json_value *object,
    const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        put_text(json, names[i], sj_json_get(object, names[i]));
    }
}

static void put_whole(struct sj_json *json, const struct sj_json_value *object, const char *name)
{
    int64_t number = 0;
    const struct sj_json_value *value = sj_json_get(object, name);
    if (value != NULL && sj_json_as_int(value, &number)) {
        sj_json_int(json, name, number);
    } else {
        sj_json_null(json, name);
    }
}

/* Lines of a court: those of its figures, and those that units reported. */
static void put_court_lines(struct sj_json *json, const struct sj_json_value *court,
    const char *list, const char *const *names, size_t count)
{
    const struct sj_json_value *lines = sj_json_get(court, list);
    const struct sj_json_value *line = NULL;
    struct sj_text none;
    size_t iterator = 0;
    sj_json_array(json, list);
    while (lines != NULL && sj_json_next(lines, &iterator, &none, &line)) {
        sj_json_object(json, NULL);
        put_texts(json, line, names, count);
        put_whole(json, line, "n");
        sj_json_object_end(json);
    }
    sj_json_array_end(json);
}

sj_status card_put_courts(
    const struct sj_desk *desk, const struct sj_evaluation *evaluation, struct sj_json *json)
{
    static const char *const of_court[] = {"code", "name_fa", "name_en", "coverage"};
    static const char *const of_figure[] = {"code", "value", "reason", "method", "inputs_sha256"};
    static const char *const of_report[] = {"code", "period", "value", "reason"};
    CLEANUP(body_clear) struct body sheet = {NULL};
    TRY(open_body(desk, evaluation, SJ_SQL_REPORT_CARD_SHEET, SJ_TABLE_EVALUATION_SCORE,
        SJ_COLUMN_EVALUATION_SCORE_BODY, &sheet));
    const struct sj_json_value *courts = member(&sheet, "courts");
    const struct sj_json_value *court = NULL;
    struct sj_text none;
    size_t iterator = 0;
    sj_json_array(json, "courts");
    while (courts != NULL && sj_json_next(courts, &iterator, &none, &court)) {
        sj_json_object(json, NULL);
        put_texts(json, court, of_court, SJ_COUNT(of_court));
        put_whole(json, court, "incoming");
        put_whole(json, court, "resolved");
        put_court_lines(json, court, "figures", of_figure, SJ_COUNT(of_figure));
        put_court_lines(json, court, "reported", of_report, SJ_COUNT(of_report));
        sj_json_object_end(json);
    }
    sj_json_array_end(json);
    return SJ_DONE;
}
