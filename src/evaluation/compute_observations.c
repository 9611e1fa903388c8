/* SPDX-License-Identifier: Apache-2.0
 *
 * What do trained observers add to procedural fairness? DOMAIN makes S06 of the items of the survey and the observers' rubric: a sheet of
 * voice, neutrality, respect and trust is one answer among those of the survey, so both are joined by their n. One observer alone is no
 * evidence: two make the number. What observers see without a survey stays below the least n, as a survey with few answers does.
 */
#include "compute_priv.h"

#include "sanjeh/json/decode.h"

#define PAGE_ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define OBSERVED         "S06"
#define MARKS_OF_SHEET   4
#define HUNDREDTHS       100

enum {
    OBSERVATION_EVALUATION,
    OBSERVATION_JUDGE,
    OBSERVATION_UNIT,
    OBSERVATION_ID,
    OBSERVATION_BODY_CT,
    OBSERVATION_KEY_VERSION,
    OBSERVATION_WRAPPED
};

static void doc_free(struct sj_json_doc **doc)
{
    sj_json_doc_free(doc);
}

/* Sum of the four marks in hundredths: they have two decimals at most, so that it is exact. */
static sj_status sheet_sum(const struct sj_desk *desk, struct sj_text body, int64_t *ret_sum)
{
    static const char *const names[MARKS_OF_SHEET] = {"voice", "neutrality", "respect", "trust"};
    CLEANUP(doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text text;
    TRY(sj_json_doc_parse(sj_text_bytes(body), &doc, &text, desk->arena));
    *ret_sum = 0;
    for (size_t i = 0; i < MARKS_OF_SHEET; i++) {
        struct sj_decimal mark;
        const struct sj_json_value *value = sj_json_get(sj_json_doc_root(doc), names[i]);
        ENSURE(value != NULL && sj_json_as_text(value, &text), DECRYPT);
        ENSURE(!sj_failed(sj_decimal_parse(text, &mark)) && mark.scale <= 2, DECRYPT);
        *ret_sum += mark.units * (mark.scale == 0 ? HUNDREDTHS : mark.scale == 1 ? 10 : 1);
    }
    return SJ_DONE;
}

/* Adds to the observed sum of its target; erased ones are nobody's. */
static sj_status add_sheet(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    const struct sj_subject *subject, struct target *target)
{
    struct sj_text body;
    int64_t sum;
    if (subject == NULL || target == NULL) {
        return SJ_DONE;
    }
    TRY(field_text(desk, subject, SJ_TABLE_OBSERVATION, SJ_COLUMN_OBSERVATION_BODY,
        sj_row_id(rows, row, OBSERVATION_ID), SJ_FLE1_TEXT,
        sj_row_bytes(rows, row, OBSERVATION_BODY_CT), &body));
    TRY(sheet_sum(desk, body, &sum));
    target->observed_sum += sum;
    target->observed++;
    return SJ_DONE;
}

static sj_status add_sheets(
    const struct sj_desk *desk, const struct sj_rows *rows, struct target *targets, size_t count)
{
    const size_t row_count = sj_rows_count(rows);
    void *memory;
    TRY(sj_arena_alloc(desk->arena, (row_count + 1) * sizeof(struct sj_wrapped_dek), &memory));
    struct sj_wrapped_dek *wrapped = memory;
    for (size_t row = 0; row < row_count; row++) {
        wrapped[row] = (struct sj_wrapped_dek){
            .unit = sj_row_id(rows, row, OBSERVATION_UNIT),
            .subject = sj_row_id(rows, row, OBSERVATION_EVALUATION),
            .version = (uint32_t)sj_row_i64(rows, row, OBSERVATION_KEY_VERSION),
            .wrapped = sj_row_is_null(rows, row, OBSERVATION_WRAPPED)
                           ? (struct sj_view){NULL, 0}
                           : sj_row_bytes(rows, row, OBSERVATION_WRAPPED),
        };
    }
    CLEANUP(keyring_clear) struct keyring keyring = {0};
    TRY(keyring_open(desk, wrapped, row_count, &keyring));
    for (size_t row = 0; row < row_count; row++) {
        TRY(add_sheet(desk, rows, row, keyring_of(&keyring, row),
            target_find(targets, count, sj_row_id(rows, row, OBSERVATION_JUDGE))));
    }
    return SJ_DONE;
}

/* The place of S06 in the plan; item_count: it is not asked for. */
static size_t observed_item(const struct plan *plan)
{
    size_t at = 0;
    while (
        at < plan->item_count && !(plan->items[at].has_definition && !plan->items[at].is_computed &&
                                     sj_text_is(plan->items[at].code, OBSERVED))) {
        at++;
    }
    return at;
}

static sj_status ask(const struct sj_desk *desk, struct target *targets, size_t count)
{
    CLEANUP(sj_array_clear) struct sj_array evaluations = {0};
    TRY(sj_array_init(&evaluations, SJ_OID_UUID, (COMPUTE_PAGE + 1) * 32u));
    for (size_t i = 0; i < count; i++) {
        TRY(put_id(&evaluations, targets[i].evaluation));
    }
    const struct sj_param params[] = {sj_p_array(&evaluations)};
    const struct sj_query sql = {SJ_SQL_COMPUTE_OBSERVATION_LIST, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    return sj_rows_count(rows) == 0 ? SJ_DONE : add_sheets(desk, rows, targets, count);
}

sj_status observations_read(
    const struct sj_desk *desk, const struct plan *plan, struct target *targets, size_t count)
{
    const size_t item = observed_item(plan);
    if (item == plan->item_count) {
        return SJ_DONE;
    }
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    TRY(sj_arena_new(PAGE_ARENA_BYTES, &arena));
    struct sj_desk page = *desk;
    page.arena = arena;
    TRY(ask(&page, targets, count));
    for (size_t i = 0; i < count; i++) {
        struct reading observed = {.has_value = true, .has_n = true, .n = targets[i].observed};
        if (targets[i].observed > 0) {
            TRY(sj_decimal_ratio(targets[i].observed_sum, 1,
                targets[i].observed * MARKS_OF_SHEET * HUNDREDTHS, &observed.value));
            TRY(reading_join(&observed, &targets[i].readings[item]));
            targets[i].readings[item].observations = targets[i].observed;
        }
    }
    return SJ_DONE;
}
