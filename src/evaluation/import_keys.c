/* SPDX-License-Identifier: Apache-2.0
 *
 * Has it been said before? A row's natural key (who, where, what, when) may stand once in the file and once in force:
 * a month that is imported twice would count twice. Twins in the file are found by sorting, rows in force by one
 * query for some thousands of keys through the same expressions as the unique indexes, which remain the last word
 * when two imports meet. A roster's keys are the numbers of its people.
 */
#include "import_priv.h"

static int compare_u32(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int compare_i64(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* By natural key: who, where, what, when. */
static int compare_natural_key(const struct import_row *a, const struct import_row *b)
{
    const int parts[] = {compare_u32(a->judge_no, b->judge_no),
        compare_u32(a->court_no, b->court_no), compare_u32(a->indicator_no, b->indicator_no),
        compare_i64(a->period.from_day, b->period.from_day),
        compare_i64(a->period.to_day, b->period.to_day), compare_u32(a->case_no, b->case_no)};
    for (size_t i = 0; i < SJ_COUNT(parts); i++) {
        if (parts[i] != 0) {
            return parts[i];
        }
    }
    return 0;
}

static int compare_row(const void *left, const void *right)
{
    struct import_row *const *a = left;
    struct import_row *const *b = right;
    const int by_key = compare_natural_key(*a, *b);
    return by_key != 0 ? by_key : compare_u32((*a)->number, (*b)->number);
}

static sj_status refuse_twins_in_file(struct sj_import *import)
{
    size_t count;
    struct import_row *rows = import_rows(import, &count);
    if (count < 2) {
        return SJ_DONE;
    }
    void *memory;
    TRY(sj_arena_alloc(import->arena, count * sizeof(struct import_row *), &memory));
    struct import_row **order = memory;
    for (size_t i = 0; i < count; i++) {
        order[i] = &rows[i];
    }
    qsort(order, count, sizeof(*order), compare_row);
    import->sorted = order;
    for (size_t i = 1; i < count; i++) {
        if (compare_natural_key(order[i - 1], order[i]) == 0) {
            TRY(import_refuse(import, order[i], NULL, "DUPLICATE_ROW"));
        }
    }
    return SJ_DONE;
}

static sj_status put_key(
    const struct sj_import *import, const struct import_row *row, struct columns *columns)
{
    const bool has_values = sj_import_has_values(import->order->kind);
    const struct sj_uuid nil = {{0}};
    TRY(put_id(
        &columns->of[0], row->judge_no == NO_ENTRY ? nil : import->judges[row->judge_no].hit.id));
    const struct sj_uuid court = row->court_no == NO_ENTRY ? nil : import->courts[row->court_no].id;
    TRY(put_id(&columns->of[1], has_values ? import->indicators[row->indicator_no].id : court));
    TRY(put_day(&columns->of[2], row->period.from_day));
    TRY(put_day(&columns->of[3], row->period.to_day));
    return has_values ? put_id(&columns->of[4], court)
                      : put_text(&columns->of[4], case_type_of(import, row));
}

/* A row whose judge or court is new cannot have been said before. */
static bool is_key_known(const struct sj_import *import, const struct import_row *row)
{
    return !row->is_rejected &&
           (row->judge_no == NO_ENTRY || !sj_uuid_is_nil(import->judges[row->judge_no].hit.id)) &&
           (row->court_no == NO_ENTRY || !sj_uuid_is_nil(import->courts[row->court_no].id));
}

static sj_status refuse_known_rows(
    struct sj_import *import, struct columns *columns, struct import_row *const *asked)
{
    const struct sj_piece *piece = &import->order->piece;
    struct sj_param params[9] = {
        sj_p_id(&import->desk.actor->unit), sj_p_id(&import->desk.actor->compartment)};
    columns_params(columns, params + 2);
    params[2 + columns->count] =
        piece->lies_apart ? sj_p_id_or_null(&piece->contribution) : sj_p_null();
    params[3 + columns->count] = sj_p_id_or_null(&piece->supersedes);
    CLEANUP(sj_rows_free) struct sj_rows *found = NULL;
    TRY(sj_tx_query(import->desk.tx,
        sj_import_has_values(import->order->kind) ? SJ_SQL_VALUE_MATCH : SJ_SQL_FACT_MATCH, params,
        4 + columns->count, &found));
    for (size_t i = 0; i < sj_rows_count(found); i++) {
        const int64_t number = sj_row_i64(found, i, 0);
        SJ_ASSERT(number >= 0 && number < (int64_t)columns->of[0].count);
        TRY(import_refuse(import, asked[number], NULL, "DUPLICATE_ROW"));
    }
    return SJ_DONE;
}

/* A correction: what stands in force under these keys gives way and is kept. */
static sj_status replace_rows(struct sj_import *import, struct columns *columns)
{
    if (import->order->is_dry_run) {
        return SJ_DONE;
    }
    const bool has_values = sj_import_has_values(import->order->kind);
    struct sj_param params[7] = {
        sj_p_id(&import->desk.actor->unit), sj_p_id(&import->desk.actor->compartment)};
    columns_params(columns, params + 2);
    TRY(sj_tx_query(import->desk.tx,
        has_values ? SJ_SQL_VALUE_WITHDRAW_KEYS : SJ_SQL_FACT_WITHDRAW_KEYS, params,
        2 + columns->count, NULL));
    const struct sj_param of_judge[] = {
        sj_p_id(&import->desk.actor->unit), sj_p_id(&import->corrected)};
    return has_values ? SJ_DONE
                      : sj_tx_query(import->desk.tx, SJ_SQL_VALUE_WITHDRAW_DERIVED, of_judge,
                            SJ_COUNT(of_judge), NULL);
}

static sj_status refuse_rows_in_force(struct sj_import *import)
{
    const uint32_t oids[] = {SJ_OID_UUID, SJ_OID_UUID, SJ_OID_INT4, SJ_OID_INT4,
        sj_import_has_values(import->order->kind) ? SJ_OID_UUID : SJ_OID_TEXT};
    size_t count;
    struct import_row *rows = import_rows(import, &count);
    if (count == 0) {
        return SJ_DONE;
    }
    CLEANUP(columns_clear) struct columns columns = {.count = 0};
    TRY(columns_init(&columns, oids, SJ_COUNT(oids)));
    void *memory;
    TRY(sj_arena_alloc(import->arena, INSERT_ROWS_MAX * sizeof(struct import_row *), &memory));
    struct import_row **asked = memory;
    for (size_t i = 0; i < count; i++) {
        if (is_key_known(import, &rows[i])) {
            asked[columns.of[0].count] = &rows[i];
            TRY(put_key(import, &rows[i], &columns));
        }
        if (columns.of[0].count == INSERT_ROWS_MAX || (i + 1 == count && columns.of[0].count > 0)) {
            TRY(sj_uuid_is_nil(import->corrected) ? refuse_known_rows(import, &columns, asked)
                                                  : replace_rows(import, &columns));
            columns_reset(&columns);
        }
    }
    return SJ_DONE;
}

/* ---- the roster's own rules ---- */

static struct sj_text national_number_of(const struct import_row *row)
{
    return row->person->national_number;
}

static sj_status refuse_registered(struct sj_import *import)
{
    size_t count;
    struct import_row *rows = import_rows(import, &count);
    for (size_t i = 0; i < count; i++) {
        if (!sj_uuid_is_nil(import->judges[rows[i].judge_no].hit.id)) {
            TRY(import_refuse(import, &rows[i], "personnel_number", "DUPLICATE_ROW"));
        }
    }
    struct text_ref *refs;
    TRY(sorted_refs(import, national_number_of, &refs, &count));
    if (count == 0) {
        return SJ_DONE;
    }
    void *memory;
    TRY(sj_arena_alloc(import->arena, count * sizeof(struct sj_text), &memory));
    struct sj_text *numbers = memory;
    TRY(sj_arena_alloc(import->arena, count * sizeof(struct register_hit), &memory));
    struct register_hit *hits = memory;
    for (size_t i = 0; i < count; i++) {
        numbers[i] = refs[i].text;
    }
    TRY(register_match_own(&import->desk, SJ_INDEX_JUDGE_NATIONAL_NUMBER, numbers, count, hits));
    for (size_t i = 0; i < count; i++) {
        const bool is_twin = i > 0 && compare_text(refs[i - 1].text, refs[i].text) == 0;
        if (is_twin || !sj_uuid_is_nil(hits[i].id)) {
            TRY(import_refuse(import, refs[i].row, "national_number", "DUPLICATE_ROW"));
        }
    }
    return SJ_DONE;
}

sj_status import_keys(struct sj_import *import)
{
    TRY(refuse_twins_in_file(import));
    if (import->order->piece.trusts_index) {
        return SJ_DONE;
    }
    return import->order->kind == SJ_IMPORT_ROSTER ? refuse_registered(import)
                                                   : refuse_rows_in_force(import);
}
