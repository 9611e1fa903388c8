/* SPDX-License-Identifier: Apache-2.0
 *
 * Which cell belongs to which column of the kind? A CSV says so once in its header, NDJSON in each row. Unknown,
 * missing and double columns are faults: a column that is silently ignored is a number that somebody thinks was
 * sent. A name has one form, small letters: with two, one row could be read in two ways.
 */
#include "import_priv.h"

static const struct kind_spec specs[] = {
    [SJ_IMPORT_SURVEY_MEANS] = {"survey_means",
        {{"judge", true}, {"criterion", true}, {"mean", true}, {"n", true}}, 4},
    [SJ_IMPORT_WORKLOAD] = {"workload",
        {{"judge", true}, {"court", true}, {"period", false}, {"pending_start", true},
            {"filed", true}, {"returned", true}, {"transferred_in", true},
            {"transferred_out", true}, {"resolved", true}, {"pending_end", true},
            {"case_type", false}, {"on_time", false}, {"hearings", false},
            {"first_date_held", false}, {"adjourned_no_ground", false}},
        15},
    [SJ_IMPORT_ROSTER] = {"roster",
        {{"personnel_number", true}, {"name", true}, {"national_number", false}, {"status", false},
            {"sex", false}, {"birth_year", false}, {"education", false},
            {"first_appointment", false}, {"judicial_base", false}},
        9},
    [SJ_IMPORT_MEASURES] = {"measures",
        {{"judge", false}, {"indicator", true}, {"value", true}, {"n", false}, {"court", false}},
        5},
};

const struct kind_spec *kind_spec_of(enum sj_import_kind kind)
{
    SJ_ASSERT(kind > SJ_IMPORT_NONE && (size_t)kind < SJ_COUNT(specs));
    return &specs[kind];
}

enum sj_import_kind sj_import_kind_of(struct sj_text name)
{
    for (size_t kind = 1; kind < SJ_COUNT(specs); kind++) {
        if (sj_text_is(name, specs[kind].name)) {
            return (enum sj_import_kind)kind;
        }
    }
    return SJ_IMPORT_NONE;
}

const char *format_name(enum sj_import_format format)
{
    return format == SJ_FORMAT_CSV ? "csv" : "ndjson";
}

enum sj_import_format sj_import_format_of(struct sj_text name)
{
    if (sj_text_is(name, "csv")) {
        return SJ_FORMAT_CSV;
    }
    return sj_text_is(name, "ndjson") ? SJ_FORMAT_NDJSON : SJ_FORMAT_NONE;
}

/* column_count when unknown. */
static size_t column_number(const struct kind_spec *spec, struct sj_text name)
{
    size_t number = 0;
    while (number < spec->column_count && !sj_text_is(name, spec->columns[number].name)) {
        number++;
    }
    return number;
}

static sj_status note_missing(struct source *source, bool *usable)
{
    const struct kind_spec *spec = source->import->spec;
    for (size_t i = 0; i < spec->column_count; i++) {
        if (spec->columns[i].is_required && source->cell_of[i] == SIZE_MAX) {
            *usable = false;
            TRY(import_fault(source->import, source->csv.row, sj_text_of(spec->columns[i].name),
                "MISSING_COLUMN"));
        }
    }
    return SJ_DONE;
}

static sj_status read_header(struct source *source, bool *ret_usable)
{
    struct sj_csv *csv = &source->csv;
    bool usable = csv->fault == NULL;
    if (!usable) {
        TRY(import_fault(source->import, csv->row, (struct sj_text){"", 0}, csv->fault));
    }
    for (size_t cell = 0; usable && cell < csv->cell_count; cell++) {
        const struct sj_text name = csv->cells[cell].text;
        const size_t column = column_number(source->import->spec, name);
        const char *code = csv->cells[cell].fault;
        if (code == NULL && column == source->import->spec->column_count) {
            code = "UNKNOWN_COLUMN";
        } else if (code == NULL && source->cell_of[column] != SIZE_MAX) {
            code = "DUPLICATE_COLUMN";
        }
        if (code != NULL) {
            *ret_usable = false;
            TRY(import_fault(source->import, csv->row, name, code));
        } else {
            source->cell_of[column] = cell;
        }
    }
    source->header_cells = csv->cell_count;
    *ret_usable = *ret_usable && usable;
    return usable ? note_missing(source, ret_usable) : SJ_DONE;
}

sj_status source_open(struct sj_import *import, struct source *source, bool *ret_usable)
{
    *source = (struct source){
        .import = import, .is_csv = import->order->format == SJ_FORMAT_CSV, .is_sound = true};
    *ret_usable = true;
    for (size_t i = 0; i < COLUMNS_OF_KIND_MAX; i++) {
        source->cell_of[i] = SIZE_MAX;
    }
    const struct sj_import_order *order = import->order;
    if (!source->is_csv) {
        TRY(sj_ndjson_init(&source->ndjson, order->file));
        source->ndjson.row = order->piece.row_before;
        return SJ_DONE;
    }
    const bool has_own = order->piece.header.len == 0;
    TRY(sj_csv_init(&source->csv, has_own ? order->file : order->piece.header));
    if (sj_csv_next(&source->csv)) {
        TRY(read_header(source, ret_usable));
    } /* an empty file is noted when no row comes */
    if (has_own) {
        import->outcome.header_bytes = order->file.len - source->csv.rest.len;
    } else {
        source->csv.rest = order->file;
        source->csv.row = order->piece.row_before;
    }
    return SJ_DONE;
}

size_t source_left(const struct source *source)
{
    return source->is_csv ? source->csv.rest.len : source->ndjson.rest.len;
}

void source_clear(struct source *source)
{
    sj_csv_clear(&source->csv);
    sj_ndjson_clear(&source->ndjson);
}

static sj_status fill_from_csv(struct source *source)
{
    const struct sj_csv *csv = &source->csv;
    source->row = csv->row;
    source->is_sound = csv->fault == NULL && csv->cell_count == source->header_cells;
    if (!source->is_sound) {
        return import_fault(source->import, csv->row, (struct sj_text){"", 0},
            csv->fault != NULL ? csv->fault : "WRONG_CELL_COUNT");
    }
    for (size_t i = 0; i < source->import->spec->column_count; i++) {
        if (source->cell_of[i] != SIZE_MAX) {
            source->cells[i] = csv->cells[source->cell_of[i]];
        }
    }
    return SJ_DONE;
}

static sj_status fill_from_ndjson(struct source *source)
{
    const struct sj_ndjson *ndjson = &source->ndjson;
    const struct kind_spec *spec = source->import->spec;
    source->row = ndjson->row;
    source->is_sound = ndjson->fault == NULL;
    if (!source->is_sound) {
        return import_fault(source->import, ndjson->row, (struct sj_text){"", 0}, ndjson->fault);
    }
    for (size_t i = 0; i < ndjson->cell_count; i++) {
        const size_t column = column_number(spec, ndjson->names[i]);
        if (column == spec->column_count) {
            source->is_sound = false;
            TRY(import_fault(source->import, ndjson->row, ndjson->names[i], "UNKNOWN_COLUMN"));
        } else {
            source->cells[column] = ndjson->cells[i];
        }
    }
    return SJ_DONE;
}

sj_status source_next(struct source *source, bool *ret_row)
{
    *ret_row = source->is_csv ? sj_csv_next(&source->csv) : sj_ndjson_next(&source->ndjson);
    if (!*ret_row) {
        return SJ_DONE;
    }
    for (size_t i = 0; i < COLUMNS_OF_KIND_MAX; i++) {
        source->cells[i] = (struct sj_cell){{"", 0}, NULL};
    }
    return source->is_csv ? fill_from_csv(source) : fill_from_ndjson(source);
}
