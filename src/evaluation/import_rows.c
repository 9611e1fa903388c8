/* SPDX-License-Identifier: Apache-2.0
 *
 * What does a row say? Cells become canonical numbers, dates and counts of one struct, or faults with row and column.
 * Every fault of a row is told, not only the first. An empty cell is unknown and stays so. Persian and Arabic
 * digits and the Persian decimal point are read like the others.
 * If this were lax, a typing error would become somebody's mark.
 */
#include "import_priv.h"

#include "sanjeh/base/parse.h"

#include <strings.h>

struct parse {
    struct sj_import *import;
    const struct source *source;
    struct import_row *row;
    bool ok;
};

static sj_status refuse(struct parse *parse, size_t column, const char *code)
{
    parse->ok = false;
    return import_fault(parse->import, parse->source->row,
        column == SIZE_MAX ? (struct sj_text){"", 0}
                           : sj_text_of(parse->import->spec->columns[column].name),
        code);
}

/* U+066B, the Persian decimal point. */
static void fold_decimal_point(struct sj_buf *buf)
{
    size_t kept = 0;
    for (size_t i = 0; i < buf->len; i++) {
        if (buf->ptr[i] == 0xD9 && i + 1 < buf->len && buf->ptr[i + 1] == 0xAB) {
            buf->ptr[kept++] = '.';
            i++;
        } else {
            buf->ptr[kept++] = buf->ptr[i];
        }
    }
    buf->len = kept;
}

static bool is_ascii(struct sj_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (((uint8_t)text.ptr[i] & 0x80) != 0) {
            return false;
        }
    }
    return true;
}

/* The cell with Latin digits; *ret_there false when it is empty or refused. The text lives as long as the row. */
static sj_status cell_text(
    struct parse *parse, size_t column, bool is_required, struct sj_text *ret_text, bool *ret_there)
{
    const struct sj_cell *cell = &parse->source->cells[column];
    *ret_there = false;
    if (cell->fault != NULL) {
        return refuse(parse, column, cell->fault);
    }
    if (cell->text.len == 0) {
        return is_required ? refuse(parse, column, "REQUIRED") : SJ_DONE;
    }
    *ret_there = true;
    *ret_text = cell->text;
    return SJ_DONE;
}

static sj_status cell_digits(
    struct parse *parse, size_t column, bool is_required, struct sj_text *ret_text, bool *ret_there)
{
    TRY(cell_text(parse, column, is_required, ret_text, ret_there));
    if (!*ret_there || is_ascii(*ret_text)) {
        return SJ_DONE;
    }
    CLEANUP(sj_buf_clear) struct sj_buf latin = SJ_BUF(SJ_CELL_BYTES_MAX);
    TRY(sj_fa_digits(*ret_text, &latin));
    fold_decimal_point(&latin);
    return sj_arena_text(parse->import->arena, sj_buf_text(&latin), ret_text);
}

/* A cell whose text outlives the file's row buffer. */
static sj_status cell_kept(
    struct parse *parse, size_t column, bool is_required, struct sj_text *ret_text)
{
    bool there;
    *ret_text = (struct sj_text){"", 0};
    TRY(cell_text(parse, column, is_required, ret_text, &there));
    return there ? sj_arena_text(parse->import->arena, *ret_text, ret_text) : SJ_DONE;
}

/* Whole number, min..SJ_COUNT_MAX; an empty cell leaves SJ_COUNT_UNKNOWN. */
static sj_status cell_count(struct parse *parse, size_t column, int64_t min, int64_t *ret_count)
{
    struct sj_text text;
    bool there;
    *ret_count = SJ_COUNT_UNKNOWN;
    TRY(cell_digits(parse, column, false, &text, &there));
    if (!there || !sj_failed(sj_parse_i64(text, min, SJ_COUNT_MAX, ret_count))) {
        return SJ_DONE;
    }
    struct sj_decimal decimal;
    if (sj_failed(sj_decimal_parse(text, &decimal))) {
        return refuse(parse, column, "NOT_A_NUMBER");
    }
    return refuse(parse, column, decimal.scale > 0 ? "NOT_WHOLE" : "OUT_OF_RANGE");
}

static sj_status cell_judge(struct parse *parse, size_t column, bool is_required)
{
    struct sj_text text;
    bool there;
    TRY(cell_text(parse, column, is_required, &text, &there));
    if (!there) {
        return SJ_DONE;
    }
    CLEANUP(sj_buf_clear) struct sj_buf number = SJ_BUF(FIELD_BYTES_MAX);
    if (sj_failed(sj_personnel_number_check(text, &number))) {
        return refuse(parse, column, "BAD_PERSONNEL_NUMBER");
    }
    return sj_arena_text(parse->import->arena, sj_buf_text(&number), &parse->row->judge);
}

/* ---- survey_means ---- */

static sj_status cell_criterion(struct parse *parse)
{
    struct sj_text text;
    bool there;
    TRY(cell_text(parse, SURVEY_CRITERION, true, &text, &there));
    if (!there) {
        return SJ_DONE;
    }
    char upper[16];
    size_t len = 0;
    while (len < text.len && len < sizeof(upper)) {
        const char c = text.ptr[len];
        upper[len++] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
    }
    for (size_t i = 0; len == text.len && i < parse->import->indicator_count; i++) {
        if (sj_text_equal(parse->import->indicators[i].code, (struct sj_text){upper, len})) {
            parse->row->indicator_no = (uint32_t)i;
            return parse->import->is_contributed == NULL || parse->import->is_contributed[i]
                       ? SJ_DONE
                       : refuse(parse, SURVEY_CRITERION, "NOT_CONTRIBUTOR");
        }
    }
    return refuse(parse, SURVEY_CRITERION, "UNKNOWN_CRITERION");
}

/* What a value of an indicator may be: the survey's scale, or what its measure can be at all. */
static void bounds_of(
    const struct sj_indicator *indicator, struct sj_decimal *low, struct sj_decimal *high)
{
    static const struct {
        const char *measure;
        int64_t high;
    } measures[] = {{"%", 100}, {"‰", 1000}, {"0–1", 1}, {"0–100", 100}, {"hours", 8784}};
    if (sj_text_is(indicator->kind, "survey")) {
        low->units = indicator->scale_min;
        high->units = indicator->scale_max;
        return;
    }
    *high = (struct sj_decimal){1000000, 0};
    for (size_t i = 0; i < SJ_COUNT(measures); i++) {
        if (sj_text_is(indicator->unit, measures[i].measure)) {
            high->units = measures[i].high;
        }
    }
}

static sj_status cell_mean(struct parse *parse)
{
    struct sj_text text;
    bool there;
    TRY(cell_digits(parse, SURVEY_MEAN, true, &text, &there));
    if (!there) {
        return SJ_DONE;
    }
    struct sj_decimal mean;
    if (sj_failed(sj_decimal_parse(text, &mean))) {
        return refuse(parse, SURVEY_MEAN, "NOT_A_NUMBER");
    }
    if (mean.scale > SJ_DECIMAL_SCALE) {
        return refuse(parse, SURVEY_MEAN, "TOO_PRECISE");
    }
    struct sj_decimal low = {0, 0};
    struct sj_decimal high = {100, 0};
    if (parse->row->indicator_no != NO_ENTRY) {
        bounds_of(&parse->import->indicators[parse->row->indicator_no], &low, &high);
    }
    if (sj_decimal_compare(mean, low) < 0 || sj_decimal_compare(mean, high) > 0) {
        return refuse(parse, SURVEY_MEAN, "OUT_OF_RANGE");
    }
    parse->row->mean = mean;
    return SJ_DONE;
}

static sj_status parse_survey(struct parse *parse)
{
    TRY(cell_judge(parse, SURVEY_JUDGE, true));
    TRY(cell_criterion(parse));
    TRY(cell_mean(parse));
    parse->row->period = parse->import->order->period;
    /* a mean of nobody's answers is none */
    return cell_count(parse, SURVEY_N, 1, &parse->row->n);
}

static sj_status cell_court(struct parse *parse, size_t column)
{
    TRY(cell_kept(parse, column, false, &parse->row->court));
    if (parse->row->court.len == 0) {
        return SJ_DONE;
    }
    if (sj_failed(
            sj_court_code_norm(parse->import->arena, parse->row->court, &parse->row->court_norm))) {
        return refuse(parse, column, "BAD_COURT");
    }
    return SJ_DONE;
}

/* ---- measures: of a judge or of a court, as the indicator's level has it ---- */

static sj_status check_subject(struct parse *parse)
{
    const struct import_row *row = parse->row;
    const struct sj_text level = parse->import->indicators[row->indicator_no].level;
    if (row->judge.len == 0 && row->court.len == 0) {
        return refuse(parse, SIZE_MAX, "NO_SUBJECT");
    }
    if (row->judge.len > 0 && row->court.len > 0) {
        return refuse(parse, SIZE_MAX, "TWO_SUBJECTS");
    }
    if (row->judge.len > 0 && sj_text_is(level, "C")) {
        return refuse(parse, SURVEY_CRITERION, "NOT_INDIVIDUAL");
    }
    const bool is_of_courts = sj_text_is(level, "C") || sj_text_is(level, "J/C");
    return row->court.len > 0 && !is_of_courts ? refuse(parse, SURVEY_CRITERION, "NOT_OF_COURTS")
                                               : SJ_DONE;
}

static sj_status parse_measure(struct parse *parse)
{
    TRY(cell_judge(parse, SURVEY_JUDGE, false));
    TRY(cell_court(parse, MEASURE_COURT));
    TRY(cell_criterion(parse));
    TRY(cell_mean(parse));
    TRY(cell_count(parse, SURVEY_N, 1, &parse->row->n));
    parse->row->period = parse->import->order->period;
    return parse->ok ? check_subject(parse) : SJ_DONE;
}

/* ---- workload ---- */

static sj_status cell_period(struct parse *parse)
{
    struct sj_text text;
    bool there;
    TRY(cell_text(parse, WORKLOAD_PERIOD, !parse->import->order->has_period, &text, &there));
    parse->row->period = parse->import->order->period;
    if (there && sj_failed(sj_period_parse(text, &parse->row->period))) {
        return refuse(parse, WORKLOAD_PERIOD, "BAD_PERIOD");
    }
    return SJ_DONE;
}

/* A code of the reference data, in any letter case and any digits. */
static sj_status cell_case_type(struct parse *parse)
{
    struct sj_text text;
    bool there;
    TRY(cell_digits(parse, WORKLOAD_CASE_TYPE, false, &text, &there));
    const struct sj_import *import = parse->import;
    for (size_t i = 0; there && i < import->case_type_count; i++) {
        const struct sj_text code = import->case_types[i];
        if (code.len == text.len && strncasecmp(code.ptr, text.ptr, text.len) == 0) {
            parse->row->case_no = (uint32_t)(i + 1);
            return SJ_DONE;
        }
    }
    return there ? refuse(parse, WORKLOAD_CASE_TYPE, "UNKNOWN_CASE_TYPE") : SJ_DONE;
}

static bool is_above(int64_t part, int64_t whole)
{
    return part != SJ_COUNT_UNKNOWN && whole != SJ_COUNT_UNKNOWN && part > whole;
}

static sj_status cell_more(struct parse *parse)
{
    struct import_row *row = parse->row;
    for (size_t i = 0; i < SJ_MORE_COUNT_; i++) {
        TRY(cell_count(parse, WORKLOAD_FIRST_MORE + i, 0, &row->more.of[i]));
    }
    if (parse->ok && is_above(row->more.of[SJ_MORE_ON_TIME], row->counts.of[SJ_COUNT_RESOLVED])) {
        return refuse(parse, WORKLOAD_FIRST_MORE + SJ_MORE_ON_TIME, "ABOVE_WHOLE");
    }
    return SJ_DONE;
}

static bool has_count(const struct import_row *row)
{
    for (size_t i = 0; i < SJ_COUNT_COUNT_; i++) {
        if (row->counts.of[i] != SJ_COUNT_UNKNOWN) {
            return true;
        }
    }
    for (size_t i = 0; i < SJ_MORE_COUNT_; i++) {
        if (row->more.of[i] != SJ_COUNT_UNKNOWN) {
            return true;
        }
    }
    return false;
}

static sj_status parse_workload(struct parse *parse)
{
    struct import_row *row = parse->row;
    TRY(cell_judge(parse, WORKLOAD_JUDGE, false));
    TRY(cell_court(parse, WORKLOAD_COURT));
    TRY(cell_period(parse));
    for (size_t i = 0; i < SJ_COUNT_COUNT_; i++) {
        TRY(cell_count(parse, WORKLOAD_FIRST_COUNT + i, 0, &row->counts.of[i]));
    }
    TRY(cell_case_type(parse));
    TRY(cell_more(parse));
    if (!parse->ok) {
        return SJ_DONE;
    }
    if (row->judge.len == 0 && row->court.len == 0) {
        return refuse(parse, SIZE_MAX, "NO_SUBJECT");
    }
    if (!has_count(row)) {
        return refuse(parse, SIZE_MAX, "NO_DATA");
    }
    const char *fault = sj_counts_fault(&row->counts);
    return fault == NULL ? SJ_DONE : refuse(parse, SIZE_MAX, fault);
}

/* ---- roster ---- */

static sj_status cell_number(struct parse *parse, size_t column, int64_t *ret_number)
{
    TRY(cell_count(parse, column, 0, ret_number));
    *ret_number = *ret_number == SJ_COUNT_UNKNOWN ? 0 : *ret_number;
    return SJ_DONE;
}

static sj_status cell_appointment(struct parse *parse, struct sj_judge *person)
{
    struct sj_text text;
    bool there;
    TRY(cell_digits(parse, ROSTER_FIRST_APPOINTMENT, false, &text, &there));
    if (!there) {
        return SJ_DONE;
    }
    /* as a period of one day, so that Jalali dates are read by the same rule as everywhere */
    CLEANUP(sj_buf_clear) struct sj_buf day = SJ_BUF(2 * SJ_CELL_BYTES_MAX + 1);
    TRY(sj_buf_put_text(&day, text));
    TRY(sj_buf_put_byte(&day, '/'));
    TRY(sj_buf_put_text(&day, text));
    struct sj_period period;
    if (sj_failed(sj_period_parse(sj_buf_text(&day), &period))) {
        return refuse(parse, ROSTER_FIRST_APPOINTMENT, "BAD_DATE");
    }
    person->has_first_appointment = true;
    person->first_appointment = period.from_day;
    return SJ_DONE;
}

static sj_status parse_roster(struct parse *parse)
{
    void *memory;
    TRY(sj_arena_alloc(parse->import->arena, sizeof(struct sj_judge), &memory));
    struct sj_judge *person = memory;
    TRY(cell_kept(parse, ROSTER_PERSONNEL_NUMBER, true, &person->personnel_number));
    TRY(cell_kept(parse, ROSTER_NAME, true, &person->name));
    TRY(cell_kept(parse, ROSTER_NATIONAL_NUMBER, false, &person->national_number));
    TRY(cell_kept(parse, ROSTER_STATUS, false, &person->status));
    TRY(cell_kept(parse, ROSTER_SEX, false, &person->sex));
    TRY(cell_kept(parse, ROSTER_EDUCATION, false, &person->education));
    TRY(cell_number(parse, ROSTER_BIRTH_YEAR, &person->birth_year));
    TRY(cell_number(parse, ROSTER_JUDICIAL_BASE, &person->judicial_base));
    TRY(cell_appointment(parse, person));
    if (!parse->ok) {
        return SJ_DONE;
    }
    const char *field = "";
    const char *code = sj_judge_check(parse->import->arena, person, &field);
    if (code != NULL) {
        parse->ok = false;
        return import_fault(parse->import, parse->source->row, sj_text_of(field), code);
    }
    parse->row->person = person;
    parse->row->judge = person->personnel_number;
    return SJ_DONE;
}

sj_status row_parse(
    struct sj_import *import, const struct source *source, struct import_row *row, bool *ret_ok)
{
    *row = (struct import_row){.number = (uint32_t)source->row,
        .judge_no = NO_ENTRY,
        .court_no = NO_ENTRY,
        .indicator_no = NO_ENTRY,
        .n = SJ_COUNT_UNKNOWN};
    struct parse parse = {import, source, row, true};
    switch (import->order->kind) {
    case SJ_IMPORT_NONE:
        FAIL(INTERNAL);
    case SJ_IMPORT_SURVEY_MEANS:
        TRY(parse_survey(&parse));
        break;
    case SJ_IMPORT_MEASURES:
        TRY(parse_measure(&parse));
        break;
    case SJ_IMPORT_WORKLOAD:
        TRY(parse_workload(&parse));
        break;
    case SJ_IMPORT_ROSTER:
        TRY(parse_roster(&parse));
        break;
    }
    *ret_ok = parse.ok;
    return SJ_DONE;
}
