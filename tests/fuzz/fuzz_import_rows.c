/* SPDX-License-Identifier: Apache-2.0
 *
 * Can the rows of an import, or of a piece of a bulk import, break the reading of them? The first byte chooses kind, format and whether
 * the rest is a whole file or a piece of one. Each record is taken or refused, and what is taken is within its bounds.
 */
#include "../../src/evaluation/import_priv.h"

#define ARENA_BYTES ((size_t)96 * 1024 * 1024)
#define PIECE_ROWS  500u

static const struct sj_text case_types[] = {{"CIVIL", 5}, {"CRIMINAL", 8}};

static const struct sj_indicator indicators[] = {
    {.code = {"INTG", 4}, .kind = {"survey", 6}, .unit = {"rating", 6}, .scale_max = 10},
    {.code = {"S01", 3}, .kind = {"survey", 6}, .unit = {"1–5", 5}, .scale_min = 1, .scale_max = 5},
    {.code = {"T05", 3}, .kind = {"reported", 8}, .unit = {"%", 1}},
    {.code = {"H01", 3}, .kind = {"reported", 8}, .unit = {"hours", 5}},
};

static void check_row(const struct sj_import *import, const struct import_row *row)
{
    const enum sj_import_kind kind = import->order->kind;
    SJ_ASSERT(row->number > 0 && !row->is_rejected);
    SJ_ASSERT(row->judge.len <= 32 && row->court.len <= SJ_LABEL_BYTES_MAX);
    if (kind == SJ_IMPORT_WORKLOAD) {
        SJ_ASSERT(row->period.from_day <= row->period.to_day);
        SJ_ASSERT(row->case_no <= SJ_COUNT(case_types));
        SJ_ASSERT(sj_counts_fault(&row->counts) == NULL);
        for (size_t i = 0; i < SJ_COUNT_COUNT_; i++) {
            SJ_ASSERT(row->counts.of[i] >= SJ_COUNT_UNKNOWN && row->counts.of[i] <= SJ_COUNT_MAX);
        }
    } else if (kind == SJ_IMPORT_ROSTER) {
        SJ_ASSERT(row->person != NULL);
    } else {
        SJ_ASSERT(row->judge.len > 0 && row->indicator_no < import->indicator_count);
        SJ_ASSERT(row->n >= SJ_COUNT_UNKNOWN && row->mean.scale <= 6);
    }
}

static void check(const struct sj_import *import)
{
    size_t count;
    const struct import_row *rows = import_rows(import, &count);
    const struct sj_import_outcome *outcome = &import->outcome;
    SJ_ASSERT(outcome->consumed <= import->order->file.len);
    SJ_ASSERT(outcome->fault_count <= outcome->fault_total);
    SJ_ASSERT(outcome->is_unreadable || count + import->rows_refused == import->rows_read);
    SJ_ASSERT(import->rows_refused == 0 || outcome->fault_total > 0);
    for (size_t i = 0; i < count; i++) {
        check_row(import, &rows[i]);
    }
    for (size_t i = 0; i < outcome->fault_count; i++) {
        SJ_ASSERT(outcome->faults[i].code != NULL && outcome->faults[i].detail != NULL);
    }
}

static void parse(const struct sj_import_order *order)
{
    bool contributed[SJ_COUNT(indicators)] = {true, true, true, false};
    struct sj_import import = {.order = order, .is_contributed = contributed};
    if (sj_failed(sj_arena_new(ARENA_BYTES, &import.arena))) {
        return;
    }
    import.desk = (struct sj_desk){.arena = import.arena};
    import.spec = kind_spec_of(order->kind);
    import.indicators = (struct sj_indicator *)(uintptr_t)indicators;
    import.indicator_count = order->kind == SJ_IMPORT_ROSTER ? 0 : SJ_COUNT(indicators);
    import.case_types = (struct sj_text *)(uintptr_t)case_types;
    import.case_type_count = SJ_COUNT(case_types);
    import.fault_max = order->piece.is_piece
                           ? COLUMNS_OF_KIND_MAX + order->piece.rows_max * PIECE_FAULTS_A_ROW
                           : SJ_IMPORT_ERRORS_MAX;
    import.row_bytes = SJ_BUF((size_t)SJ_IMPORT_ROWS_MAX * sizeof(struct import_row));
    import_parse(&import);
    if (!sj_failed(import.parse_status)) {
        check(&import);
    }
    sj_buf_clear(&import.row_bytes);
    sj_arena_free(&import.arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum sj_import_kind kinds[] = {
        SJ_IMPORT_SURVEY_MEANS, SJ_IMPORT_WORKLOAD, SJ_IMPORT_ROSTER, SJ_IMPORT_MEASURES};
    if (size == 0) {
        return 0;
    }
    struct sj_import_order order = {.kind = kinds[data[0] & 3u],
        .format = (data[0] & 4u) != 0 ? SJ_FORMAT_NDJSON : SJ_FORMAT_CSV,
        .has_period = true,
        .period = {14610, 14974},
        .file = {data + 1, size - 1}};
    if ((data[0] & 8u) != 0) {
        order.keeps_valid = true;
        order.piece = (struct sj_piece){
            .is_piece = true, .is_last = (data[0] & 16u) != 0, .rows_max = PIECE_ROWS};
    }
    parse(&order);
    return 0;
}
