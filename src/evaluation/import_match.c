/* SPDX-License-Identifier: Apache-2.0
 *
 * Whom and what do the rows speak of? Distinct personnel numbers are looked up in the own register, then in the
 * others' (register.c), courts by their search form. A number that several other registers have is nobody's: a
 * register could otherwise draw another unit's data to a judge of its own. Natural keys are the next file's
 * (import_keys.c). Everything is sorted, never hashed: no choice of input makes it slow.
 */
#include "import_priv.h"

struct import_row *import_rows(const struct sj_import *import, size_t *ret_count)
{
    void *rows = import->row_bytes.ptr;
    *ret_count = import->row_bytes.len / sizeof(struct import_row);
    return rows;
}

struct sj_text case_type_of(const struct sj_import *import, const struct import_row *row)
{
    return row->case_no == 0 ? (struct sj_text){"", 0} : import->case_types[row->case_no - 1];
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

static sj_status match_judges(struct sj_import *import)
{
    const size_t count = import->judge_count;
    if (count == 0) {
        return SJ_DONE;
    }
    void *memory;
    TRY(sj_arena_alloc(import->arena, count * sizeof(struct sj_text), &memory));
    struct sj_text *numbers = memory;
    TRY(sj_arena_alloc(import->arena, count * sizeof(struct register_hit), &memory));
    struct register_hit *hits = memory;
    for (size_t i = 0; i < count; i++) {
        numbers[i] = import->judges[i].number;
    }
    struct sj_import_memo *memo = import->order->piece.memo;
    const bool has_memo = memo != NULL && import->order->kind != SJ_IMPORT_ROSTER;
    if (has_memo) {
        memo_recall(memo, numbers, count, hits);
    }
    TRY(register_match_own(&import->desk, SJ_INDEX_JUDGE_PERSONNEL_NUMBER, numbers, count, hits));
    if (import->order->kind != SJ_IMPORT_ROSTER) {
        TRY(register_match_others(&import->desk, numbers, count, hits));
    }
    for (size_t i = 0; i < count; i++) {
        import->judges[i].hit = hits[i];
    }
    return has_memo ? memo_keep(memo, numbers, count, hits) : SJ_DONE;
}

static sj_status refuse_unknown_judges(struct sj_import *import)
{
    size_t count;
    struct import_row *rows = import_rows(import, &count);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].judge_no == NO_ENTRY) {
            if (!sj_uuid_is_nil(import->corrected)) {
                TRY(import_refuse(import, &rows[i], "judge", "OTHER_JUDGE"));
            }
            continue;
        }
        const struct register_hit *hit = &import->judges[rows[i].judge_no].hit;
        if (hit->is_ambiguous) {
            TRY(import_refuse(import, &rows[i], "judge", "AMBIGUOUS_JUDGE"));
        } else if (sj_uuid_is_nil(hit->id)) {
            TRY(import_refuse(import, &rows[i], "judge", "UNKNOWN_JUDGE"));
        } else if (!sj_uuid_is_nil(import->corrected) &&
                   !sj_uuid_equal(import->corrected, hit->id)) {
            TRY(import_refuse(import, &rows[i], "judge", "OTHER_JUDGE"));
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
