/* SPDX-License-Identifier: Apache-2.0
 *
 * Which indicator values may the caller see, and may the number itself be opened? Survey results are ciphertext under
 * the judge's key and opened only when the decision gives the field; computed ones stand in clear. Whatever is
 * answered carries method, period, n and source (DESIGN I10).
 */
#include "sanjeh/evaluation/value.h"

#include "evaluation_priv.h"
#include "sanjeh/analysis/decimal.h"
#include "sanjeh/base/parse.h"

enum {
    COLUMN_UNIT,
    COLUMN_ID,
    COLUMN_JUDGE_UNIT,
    COLUMN_JUDGE,
    COLUMN_COURT,
    COLUMN_COURT_CODE,
    COLUMN_CONTRIBUTION,
    COLUMN_INDICATOR,
    COLUMN_MEASURE,
    COLUMN_LEVEL,
    COLUMN_PERIOD_FROM,
    COLUMN_PERIOD_TO,
    COLUMN_VALUE,
    COLUMN_REASON,
    COLUMN_N,
    COLUMN_VALUE_CT,
    COLUMN_N_CT,
    COLUMN_KEY_VERSION,
    COLUMN_WRAPPED,
    COLUMN_SOURCE_FACT,
    COLUMN_METHOD,
    COLUMN_INPUTS,
    COLUMN_COMPUTED_AT,
    COLUMN_CONTESTED,
    COLUMN_COVERAGE
};

/* What was sealed as a number must open as one before it is written into an answer as one. */
static sj_status open_sealed(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    const struct sj_subject *subject, struct sj_indicator_value *value)
{
    TRY(field_text(desk, subject, SJ_TABLE_INDICATOR_VALUE, SJ_COLUMN_VALUE, value->id,
        SJ_FLE1_DECIMAL, sj_row_bytes(rows, row, COLUMN_VALUE_CT), &value->value));
    struct sj_decimal decimal;
    ENSURE(!sj_failed(sj_decimal_parse(value->value, &decimal)), DECRYPT);
    if (sj_row_is_null(rows, row, COLUMN_N_CT)) {
        return SJ_DONE;
    }
    struct sj_text n;
    TRY(field_text(desk, subject, SJ_TABLE_INDICATOR_VALUE, SJ_COLUMN_VALUE_N, value->id,
        SJ_FLE1_DECIMAL, sj_row_bytes(rows, row, COLUMN_N_CT), &n));
    ENSURE(!sj_failed(sj_parse_i64(n, 0, INT64_MAX, &value->n)), DECRYPT);
    return SJ_DONE;
}

static sj_status read_number(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    const struct sj_subject *subject, struct sj_indicator_value *value)
{
    value->value = value->reason = value->coverage = (struct sj_text){"", 0};
    value->n = -1;
    const bool is_sealed = !sj_row_is_null(rows, row, COLUMN_VALUE_CT);
    value->is_readable = desk_reads(desk, SJ_FIELD_VALUE_VALUE) && (!is_sealed || subject != NULL);
    if (!value->is_readable) {
        return SJ_DONE;
    }
    if (is_sealed) {
        return open_sealed(desk, rows, row, subject, value);
    }
    if (!sj_row_is_null(rows, row, COLUMN_N)) {
        value->n = sj_row_i64(rows, row, COLUMN_N);
    }
    TRY(sj_desk_text(desk, rows, row, COLUMN_VALUE, &value->value));
    TRY(sj_desk_text(desk, rows, row, COLUMN_COVERAGE, &value->coverage));
    return sj_desk_text(desk, rows, row, COLUMN_REASON, &value->reason);
}

static sj_status read_row(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    const struct sj_subject *subject, struct sj_indicator_value *value)
{
    *value = (struct sj_indicator_value){
        .unit = sj_row_id(rows, row, COLUMN_UNIT),
        .id = sj_row_id(rows, row, COLUMN_ID),
        .court = sj_row_id(rows, row, COLUMN_COURT),
        .contribution = sj_row_id(rows, row, COLUMN_CONTRIBUTION),
        .from_day = sj_row_day(rows, row, COLUMN_PERIOD_FROM),
        .to_day = sj_row_day(rows, row, COLUMN_PERIOD_TO),
        .source_fact = sj_row_id(rows, row, COLUMN_SOURCE_FACT),
        .inputs_sha256 = {"", 0},
        .computed_at = sj_row_time(rows, row, COLUMN_COMPUTED_AT),
        .is_contested = sj_row_bool(rows, row, COLUMN_CONTESTED),
    };
    if (desk_reads(desk, SJ_FIELD_VALUE_SUBJECT)) {
        value->judge = sj_row_id(rows, row, COLUMN_JUDGE);
    }
    TRY(sj_desk_text(desk, rows, row, COLUMN_COURT_CODE, &value->court_code));
    TRY(sj_desk_text(desk, rows, row, COLUMN_INDICATOR, &value->indicator));
    TRY(sj_desk_text(desk, rows, row, COLUMN_MEASURE, &value->measure));
    TRY(sj_desk_text(desk, rows, row, COLUMN_LEVEL, &value->level));
    TRY(sj_desk_text(desk, rows, row, COLUMN_METHOD, &value->method_version));
    if (!sj_row_is_null(rows, row, COLUMN_INPUTS)) {
        TRY(hex_text(desk, sj_row_bytes(rows, row, COLUMN_INPUTS), &value->inputs_sha256));
    }
    return read_number(desk, rows, row, subject, value);
}

/* Keys are opened only when they are needed: no value readable, no key opened. */
static sj_status read_rows(const struct sj_desk *desk, const struct sj_rows *rows, size_t count,
    struct sj_indicator_value *values)
{
    void *memory;
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_wrapped_dek), &memory));
    struct sj_wrapped_dek *keys = memory;
    const bool is_readable = desk_reads(desk, SJ_FIELD_VALUE_VALUE);
    for (size_t row = 0; row < count; row++) {
        keys[row] = (struct sj_wrapped_dek){.wrapped = {NULL, 0}};
        if (is_readable && !sj_row_is_null(rows, row, COLUMN_VALUE_CT) &&
            !sj_row_is_null(rows, row, COLUMN_WRAPPED)) {
            keys[row] = (struct sj_wrapped_dek){
                .unit = sj_row_id(rows, row, COLUMN_UNIT),
                .subject = sj_row_id(rows, row, COLUMN_JUDGE),
                .version = (uint32_t)sj_row_i64(rows, row, COLUMN_KEY_VERSION),
                .wrapped = sj_row_bytes(rows, row, COLUMN_WRAPPED),
            };
        }
    }
    CLEANUP(keyring_clear) struct keyring keyring = {0};
    TRY(keyring_open(desk, keys, count, &keyring));
    for (size_t row = 0; row < count; row++) {
        TRY(read_row(desk, rows, row, keyring_of(&keyring, row), &values[row]));
    }
    return SJ_DONE;
}

/* The statement whose index serves the most selective filter that was given. */
static enum sj_sql list_statement(const struct sj_row_filter *filter)
{
    if (!sj_uuid_is_nil(filter->judge)) {
        return SJ_SQL_VALUE_LIST_BY_JUDGE;
    }
    if (!sj_uuid_is_nil(filter->contribution)) {
        return SJ_SQL_VALUE_LIST_BY_CONTRIBUTION;
    }
    if (!sj_uuid_is_nil(filter->court)) {
        return SJ_SQL_VALUE_LIST_BY_COURT;
    }
    if (filter->indicator.len > 0) {
        return SJ_SQL_VALUE_LIST_BY_INDICATOR;
    }
    return SJ_SQL_VALUE_LIST;
}

sj_status sj_value_list(const struct sj_desk *desk, const struct sj_row_filter *filter,
    struct sj_paging paging, struct sj_indicator_value **ret_items, size_t *ret_count,
    struct sj_uuid *ret_last)
{
    *ret_items = NULL;
    *ret_count = 0;
    *ret_last = (struct sj_uuid){{0}};
    ENSURE(sj_uuid_is_nil(filter->judge) || desk_reads(desk, SJ_FIELD_VALUE_SUBJECT), FORBIDDEN);
    struct sj_uuid unit;
    struct sj_uuid self;
    if (!desk_reach(desk, &unit, &self)) {
        return SJ_DONE;
    }
    struct sj_row_filter narrow = *filter;
    if (sj_uuid_is_nil(narrow.judge)) {
        narrow.judge = self;
    }
    const struct sj_param params[] = {sj_p_id_or_null(&unit), sj_p_id_or_null(&self),
        sj_p_id(&paging.after), sj_p_i64((int64_t)paging.limit + 1), sj_p_id_or_null(&narrow.judge),
        sj_p_id_or_null(&narrow.court), sj_p_id_or_null(&narrow.contribution),
        narrow.has_period ? sj_p_day(narrow.from_day) : sj_p_null(),
        narrow.has_period ? sj_p_day(narrow.to_day) : sj_p_null(),
        sj_p_text_or_null(narrow.indicator)};
    const struct sj_query sql = {list_statement(&narrow), params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    size_t count = sj_rows_count(rows);
    if (count == 0) {
        return SJ_DONE;
    }
    if (count > paging.limit) {
        count = paging.limit;
        *ret_last = sj_row_id(rows, count - 1, COLUMN_ID);
    }
    void *memory;
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_indicator_value), &memory));
    TRY(read_rows(desk, rows, count, memory));
    *ret_items = memory;
    *ret_count = count;
    return SJ_DONE;
}

sj_status sj_value_find(const struct sj_desk *desk, struct sj_uuid id, bool *ret_found,
    struct sj_indicator_value *ret_value)
{
    *ret_found = false;
    struct sj_uuid unit;
    struct sj_uuid self;
    if (!desk_reach(desk, &unit, &self)) {
        return SJ_DONE;
    }
    const bool is_self = !sj_uuid_is_nil(self);
    const struct sj_param params[] = {sj_p_id(is_self ? &self : &unit), sj_p_id(&id)};
    const struct sj_query sql = {
        is_self ? SJ_SQL_VALUE_FIND_SELF : SJ_SQL_VALUE_FIND, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    return *ret_found ? read_rows(desk, rows, 1, ret_value) : SJ_DONE;
}
