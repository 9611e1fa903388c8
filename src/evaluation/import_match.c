/* SPDX-License-Identifier: Apache-2.0
 *
 * Whom and what do the rows speak of? Personnel numbers are looked up by blind index in
 * the own unit's register, then in the other units' (scope MATCH: blind values and row ids, nothing else), some
 * thousands a query and never row by row. Natural keys are the next file's (import_keys.c).
 * Everything is sorted, never hashed: no choice of input makes it slow.
 */
#include "import_priv.h"
#include "judge_priv.h"

#include "sanjeh/keys/scopes.h"

#define MATCH_NUMBERS_MAX 4096u

struct import_row *import_rows(const struct sj_import *import, size_t *ret_count)
{
    void *rows = import->row_bytes.ptr;
    *ret_count = import->row_bytes.len / sizeof(struct import_row);
    return rows;
}

/* ---- distinct texts ---- */

int compare_text(struct sj_text a, struct sj_text b)
{
    const size_t shorter = a.len < b.len ? a.len : b.len;
    const int by_bytes = shorter == 0 ? 0 : memcmp(a.ptr, b.ptr, shorter);
    return by_bytes != 0 ? by_bytes : (a.len > b.len) - (a.len < b.len);
}

static int compare_ref(const void *left, const void *right)
{
    const struct text_ref *a = left;
    const struct text_ref *b = right;
    const int by_text = compare_text(a->text, b->text);
    return by_text != 0 ? by_text
                        : (a->row->number > b->row->number) - (a->row->number < b->row->number);
}

static struct sj_text judge_of(const struct import_row *row)
{
    return row->judge;
}

static struct sj_text court_of(const struct import_row *row)
{
    return row->court_norm;
}

sj_status sorted_refs(const struct sj_import *import, text_of_row *text_of,
    struct text_ref **ret_refs, size_t *ret_count)
{
    size_t count;
    struct import_row *rows = import_rows(import, &count);
    *ret_refs = NULL;
    *ret_count = 0;
    if (count == 0) {
        return SJ_DONE;
    }
    void *memory;
    TRY(sj_arena_alloc(import->arena, count * sizeof(struct text_ref), &memory));
    *ret_refs = memory;
    for (size_t i = 0; i < count; i++) {
        const struct sj_text text = text_of(&rows[i]);
        if (text.len > 0) {
            (*ret_refs)[(*ret_count)++] = (struct text_ref){text, &rows[i]};
        }
    }
    qsort(*ret_refs, *ret_count, sizeof(struct text_ref), compare_ref);
    return SJ_DONE;
}

static sj_status number_judges(struct sj_import *import)
{
    struct text_ref *refs;
    size_t count;
    TRY(sorted_refs(import, judge_of, &refs, &count));
    if (count == 0) {
        return SJ_DONE;
    }
    void *memory;
    TRY(sj_arena_alloc(import->arena, count * sizeof(struct judge_key), &memory));
    import->judges = memory;
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || compare_text(refs[i - 1].text, refs[i].text) != 0) {
            import->judges[import->judge_count++].number = refs[i].text;
        }
        refs[i].row->judge_no = (uint32_t)(import->judge_count - 1);
    }
    return SJ_DONE;
}

static sj_status number_courts(struct sj_import *import)
{
    struct text_ref *refs;
    size_t count;
    TRY(sorted_refs(import, court_of, &refs, &count));
    if (count == 0) {
        return SJ_DONE;
    }
    void *memory;
    TRY(sj_arena_alloc(import->arena, count * sizeof(struct court_key), &memory));
    import->courts = memory;
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || compare_text(refs[i - 1].text, refs[i].text) != 0) {
            import->courts[import->court_count++] =
                (struct court_key){refs[i].row->court, refs[i].text,
                    { { 0 } }};
        }
        refs[i].row->court_no = (uint32_t)(import->court_count - 1);
    }
    /* the keys are sorted by their search form already, so courts_match leaves their numbers as they are */
    return courts_match(&import->desk, import->courts, import->court_count);
}

/* ---- registers ---- */

struct blind_ref {
    struct sj_blind blind;
    size_t number;
};

static int compare_blind(const void *left, const void *right)
{
    const struct blind_ref *a = left;
    const struct blind_ref *b = right;
    return memcmp(a->blind.bytes, b->blind.bytes, sizeof(a->blind.bytes));
}

static sj_status ask_register(const struct sj_desk *desk, struct sj_uuid unit,
    enum sj_index_number index, const struct sj_context *context, struct sj_array *values,
    struct sj_rows **ret_rows)
{
    const struct sj_param params[] = {sj_p_id(&unit), sj_p_i32((int32_t)index), sj_p_array(values)};
    if (context == NULL) {
        return sj_tx_query(desk->tx, SJ_SQL_JUDGE_MATCH, params, SJ_COUNT(params), ret_rows);
    }
    const struct sj_query query = {SJ_SQL_JUDGE_MATCH, params, SJ_COUNT(params)};
    return sj_db_read(desk->db, context, &query, 1, ret_rows);
}

static sj_status match_some(const struct sj_desk *desk, struct sj_uuid unit,
    enum sj_index_number index, const struct sj_context *context, const struct blind_ref *refs,
    size_t count, struct sj_uuid *ids)
{
    CLEANUP(sj_array_clear) struct sj_array values = {0};
    TRY(sj_array_init(&values, SJ_OID_BYTEA, (MATCH_NUMBERS_MAX + 1) * 32u));
    for (size_t i = 0; i < count; i++) {
        TRY(sj_array_put(&values, refs[i].blind.bytes, sizeof(refs[i].blind.bytes)));
    }
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask_register(desk, unit, index, context, &values, &rows));
    for (size_t row = 0; row < sj_rows_count(rows); row++) {
        struct blind_ref wanted = {.number = 0};
        const struct sj_view bi = sj_row_bytes(rows, row, 0);
        TRY(sj_copy(wanted.blind.bytes, sizeof(wanted.blind.bytes), bi.ptr, bi.len));
        const struct blind_ref *found = bsearch(&wanted, refs, count, sizeof(*refs), compare_blind);
        if (found != NULL) {
            ids[found->number] = sj_row_id(rows, row, 1);
        }
    }
    return SJ_DONE;
}

/* Blind values of the numbers that have no id yet, sorted. */
static sj_status blind_refs(const struct sj_desk *desk, struct sj_uuid unit,
    enum sj_index_number index, const struct sj_text *numbers, size_t count,
    const struct sj_uuid *ids, struct blind_ref **ret_refs, size_t *ret_count)
{
    void *memory;
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct blind_ref), &memory));
    struct blind_ref *refs = memory;
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_text), &memory));
    struct sj_text *texts = memory;
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_blind), &memory));
    struct sj_blind *blinds = memory;
    size_t wanted = 0;
    for (size_t i = 0; i < count; i++) {
        if (sj_uuid_is_nil(ids[i])) {
            refs[wanted].number = i;
            texts[wanted++] = numbers[i];
        }
    }
    TRY(judge_blinds(desk, unit, index, texts, wanted, blinds));
    for (size_t i = 0; i < wanted; i++) {
        refs[i].blind = blinds[i];
    }
    qsort(refs, wanted, sizeof(*refs), compare_blind);
    *ret_refs = refs;
    *ret_count = wanted;
    return SJ_DONE;
}

sj_status numbers_match(const struct sj_desk *desk, struct sj_uuid unit, enum sj_index_number index,
    const struct sj_context *context, const struct sj_text *numbers, size_t count,
    struct sj_uuid *ids)
{
    if (count == 0) {
        return SJ_DONE;
    }
    struct blind_ref *refs;
    size_t wanted;
    TRY(blind_refs(desk, unit, index, numbers, count, ids, &refs, &wanted));
    for (size_t from = 0; from < wanted; from += MATCH_NUMBERS_MAX) {
        const size_t left = wanted - from;
        TRY(match_some(desk, unit, index, context, refs + from,
            left < MATCH_NUMBERS_MAX ? left : MATCH_NUMBERS_MAX, ids));
    }
    return SJ_DONE;
}

static sj_status match_other_registers(struct sj_import *import, const struct sj_text *numbers,
    struct sj_uuid *ids, struct sj_uuid *units)
{
    const struct sj_uuid scope = SJ_SCOPE_MATCH;
    struct sj_context context;
    TRY(ask_context(sj_fields_channel(import->desk.fields), &scope, 1,
        sj_time_now() + INT64_C(60) * 1000 * 1000, &context));
    const struct sj_param params[] = {sj_p_i32(SJ_INDEX_JUDGE_PERSONNEL_NUMBER)};
    const struct sj_query query = {SJ_SQL_JUDGE_MATCH_UNITS, params, 1};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(import->desk.db, &context, &query, 1, &rows));
    size_t unknown = import->judge_count;
    for (size_t row = 0; row < sj_rows_count(rows) && unknown > 0; row++) {
        const struct sj_uuid unit = sj_row_id(rows, row, 0);
        if (sj_uuid_equal(unit, import->desk.actor->unit)) {
            continue;
        }
        TRY(numbers_match(&import->desk, unit, SJ_INDEX_JUDGE_PERSONNEL_NUMBER, &context, numbers,
            import->judge_count, ids));
        unknown = 0;
        for (size_t i = 0; i < import->judge_count; i++) {
            if (sj_uuid_is_nil(ids[i])) {
                unknown++;
            } else if (sj_uuid_is_nil(units[i])) {
                units[i] = unit;
            }
        }
    }
    return SJ_DONE;
}

static bool is_all_known(const struct sj_uuid *ids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (sj_uuid_is_nil(ids[i])) {
            return false;
        }
    }
    return true;
}

static sj_status match_judges(struct sj_import *import)
{
    const size_t count = import->judge_count;
    if (count == 0) {
        return SJ_DONE;
    }
    void *memory;
    TRY(sj_arena_alloc(import->arena, count * sizeof(struct sj_text), &memory));
    struct sj_text *numbers = memory;
    TRY(sj_arena_alloc(import->arena, count * sizeof(struct sj_uuid), &memory));
    struct sj_uuid *ids = memory;
    TRY(sj_arena_alloc(import->arena, count * sizeof(struct sj_uuid), &memory));
    struct sj_uuid *units = memory;
    for (size_t i = 0; i < count; i++) {
        numbers[i] = import->judges[i].number;
    }
    TRY(numbers_match(&import->desk, import->desk.actor->unit, SJ_INDEX_JUDGE_PERSONNEL_NUMBER,
        /* context= */ NULL, numbers, count, ids));
    for (size_t i = 0; i < count; i++) {
        units[i] = sj_uuid_is_nil(ids[i]) ? units[i] : import->desk.actor->unit;
    }
    if (import->order->kind != SJ_IMPORT_ROSTER && !is_all_known(ids, count)) {
        TRY(match_other_registers(import, numbers, ids, units));
    }
    for (size_t i = 0; i < count; i++) {
        import->judges[i].id = ids[i];
        import->judges[i].unit = units[i];
    }
    return SJ_DONE;
}

static sj_status refuse_unknown_judges(struct sj_import *import)
{
    size_t count;
    struct import_row *rows = import_rows(import, &count);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].judge_no != NO_ENTRY && sj_uuid_is_nil(import->judges[rows[i].judge_no].id)) {
            TRY(import_refuse(import, &rows[i], "judge", "UNKNOWN_JUDGE"));
        }
    }
    return SJ_DONE;
}

sj_status import_match(struct sj_import *import)
{
    TRY(number_judges(import));
    TRY(number_courts(import));
    TRY(match_judges(import));
    if (import->order->kind != SJ_IMPORT_ROSTER) {
        TRY(refuse_unknown_judges(import));
    }
    return import_keys(import);
}
