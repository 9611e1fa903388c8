/* SPDX-License-Identifier: Apache-2.0
 *
 * Which standard held on which day? Editions of shared reference data, added by the process owner and read by all. If
 * an edition could be changed in place, figures that were computed with it would lose what they rest on.
 */
#include "sanjeh/evaluation/reference.h"

#include "evaluation_priv.h"
#include "sanjeh/analysis/decimal.h"
#include "sanjeh/crypto/random.h"
#include "sanjeh/text/persian.h"

#define CODE_MAX 32u

static const struct {
    const char *name;
    bool has_amount;
} kinds[] = {{"province", false}, {"case_type", false}, {"time_standard", true},
    {"case_weight", true}, {"judicial_grade", false}, {"judicial_group", false},
    {"grade_band", true}, {"province_class", true}};

static sj_status read_row(
    const struct sj_desk *desk, const struct sj_rows *rows, size_t row, struct sj_reference *item)
{
    *item = (struct sj_reference){
        .id = sj_row_id(rows, row, 0),
        .version = sj_row_i64(rows, row, 3),
        .valid_from = sj_row_day(rows, row, 7),
        .created_by = sj_row_id(rows, row, 8),
        .created_at = sj_row_time(rows, row, 9),
    };
    TRY(sj_desk_text(desk, rows, row, 1, &item->kind));
    TRY(sj_desk_text(desk, rows, row, 2, &item->code));
    TRY(sj_desk_text(desk, rows, row, 4, &item->name_fa));
    TRY(sj_desk_text(desk, rows, row, 5, &item->name_en));
    return sj_desk_text(desk, rows, row, 6, &item->amount);
}

sj_status sj_reference_list(const struct sj_desk *desk, const struct sj_reference_query *query,
    struct sj_paging paging, struct sj_reference **ret_items, size_t *ret_count,
    struct sj_uuid *ret_last)
{
    *ret_items = NULL;
    *ret_count = 0;
    *ret_last = (struct sj_uuid){{0}};
    const struct sj_param params[] = {sj_p_id(&paging.after), sj_p_i64((int64_t)paging.limit + 1),
        sj_p_text_or_null(query->kind), sj_p_text_or_null(query->code),
        query->has_day ? sj_p_day(query->day) : sj_p_null()};
    const struct sj_query sql = {SJ_SQL_REFERENCE_LIST, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    size_t count = sj_rows_count(rows);
    if (count == 0) {
        return SJ_DONE;
    }
    if (count > paging.limit) {
        count = paging.limit;
        *ret_last = sj_row_id(rows, count - 1, 0);
    }
    void *memory;
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_reference), &memory));
    *ret_items = memory;
    for (size_t row = 0; row < count; row++) {
        TRY(read_row(desk, rows, row, &(*ret_items)[row]));
    }
    *ret_count = count;
    return SJ_DONE;
}

static bool is_code(struct sj_text code)
{
    if (code.len == 0 || code.len > CODE_MAX) {
        return false;
    }
    for (size_t i = 0; i < code.len; i++) {
        const char c = code.ptr[i];
        const bool is_alnum = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_alnum && (i == 0 || (c != '.' && c != '_' && c != '-'))) {
            return false;
        }
    }
    return true;
}

static bool is_amount(struct sj_text text)
{
    struct sj_decimal amount;
    const struct sj_decimal zero = {0, 0};
    const struct sj_decimal most = {100000000, 0};
    return !sj_failed(sj_decimal_parse(text, &amount)) && amount.scale <= 3 &&
           sj_decimal_compare(amount, zero) > 0 && sj_decimal_compare(amount, most) < 0;
}

const char *sj_reference_check(const struct sj_reference *item, const char **reterr_field)
{
    size_t kind = 0;
    while (kind < SJ_COUNT(kinds) && !sj_text_is(item->kind, kinds[kind].name)) {
        kind++;
    }
    *reterr_field = "kind";
    if (kind == SJ_COUNT(kinds)) {
        return "UNKNOWN";
    }
    *reterr_field = "code";
    if (!is_code(item->code)) {
        return "FORMAT";
    }
    *reterr_field = "name_fa";
    if (sj_failed(sj_label_check(item->name_fa))) {
        return "FORMAT";
    }
    *reterr_field = "name_en";
    if (sj_failed(sj_label_check(item->name_en))) {
        return "FORMAT";
    }
    *reterr_field = "amount";
    if (kinds[kind].has_amount != (item->amount.len > 0)) {
        return kinds[kind].has_amount ? "REQUIRED" : "UNKNOWN";
    }
    if (sj_text_is(item->kind, "grade_band") || sj_text_is(item->kind, "province_class")) {
        return item->amount.len == 1 && item->amount.ptr[0] >= '1' && item->amount.ptr[0] <= '9'
                   ? NULL
                   : "RANGE";
    }
    return item->amount.len == 0 || is_amount(item->amount) ? NULL : "RANGE";
}

sj_status sj_reference_create(const struct sj_desk *desk, struct sj_reference *item)
{
    SJ_ASSERT(desk->tx != NULL);
    TRY(sj_uuid_new_ordered(&item->id));
    item->created_by = desk->actor->account;
    const struct sj_param params[] = {sj_p_id(&item->id), sj_p_text(item->kind),
        sj_p_text(item->code), sj_p_text(item->name_fa), sj_p_text(item->name_en),
        sj_p_text_or_null(item->amount), sj_p_day(item->valid_from), sj_p_id(&item->created_by)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_REFERENCE_INSERT, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) == 1, INTERNAL);
    item->version = sj_row_i64(rows, 0, 0);
    item->created_at = sj_row_time(rows, 0, 1);
    return SJ_DONE;
}
