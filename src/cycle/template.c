/* SPDX-License-Identifier: Apache-2.0
 *
 * What are the criteria, and how do they become final? The database refuses a change of a published template and the
 * publication of one whose weights do not add up (migration 0016); here the same is read as "unmet" before.
 */
#include "sanjeh/cycle/template.h"

#include "cycle_priv.h"
#include "sanjeh/crypto/random.h"

sj_status sj_template_list(const struct sj_desk *desk, struct sj_text state,
    struct sj_paging paging, struct sj_documents *ret_templates)
{
    const struct sj_param params[] = {
        sj_p_id(&paging.after), sj_p_i64((int64_t)paging.limit + 1), sj_p_text_or_null(state)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_desk_query(desk, SJ_SQL_TEMPLATE_LIST, params, SJ_COUNT(params), &rows));
    return sj_documents_of(desk, rows, paging.limit, ret_templates);
}

sj_status sj_template_find(const struct sj_desk *desk, struct sj_uuid id, bool *ret_found,
    struct sj_document *ret_template, struct sj_text *ret_state)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_desk_query(desk, SJ_SQL_TEMPLATE_FIND, params, SJ_COUNT(params), &rows));
    *ret_found = sj_rows_count(rows) == 1;
    if (!*ret_found) {
        return SJ_DONE;
    }
    struct sj_documents one;
    TRY(sj_documents_of(desk, rows, 1, &one));
    *ret_template = one.items[0];
    return ret_state == NULL ? SJ_DONE : sj_desk_text(desk, rows, 0, 3, ret_state);
}

#define ITEM_COLUMNS 11u

static sj_status put_text(struct sj_array *array, struct sj_text text)
{
    return sj_array_put(array, text.len == 0 ? NULL : text.ptr, text.len);
}

static sj_status put_item(struct sj_array *columns, const struct sj_template_item *item)
{
    TRY(sj_array_put_i32(&columns[0], (int32_t)item->no));
    TRY(put_text(&columns[1], item->family));
    TRY(put_text(&columns[2], item->source));
    TRY(put_text(&columns[3], item->indicator));
    TRY(put_text(&columns[4], item->name_fa));
    TRY(put_text(&columns[5], item->name_en));
    TRY(sj_array_put_i32(&columns[6], (int32_t)item->weight_hundredths));
    TRY(sj_array_put_i32(&columns[7], (int32_t)item->scale_min));
    TRY(sj_array_put_i32(&columns[8], (int32_t)item->scale_max));
    TRY(put_text(&columns[9], item->guidance));
    return sj_array_put_i32(&columns[10], item->evidence_required ? 1 : 0);
}

struct item_columns {
    struct sj_array of[ITEM_COLUMNS];
};

static void item_columns_clear(struct item_columns *columns)
{
    for (size_t i = 0; i < ITEM_COLUMNS; i++) {
        sj_array_clear(&columns->of[i]);
    }
}

static sj_status put_items(const struct sj_desk *desk, struct sj_uuid unit, struct sj_uuid id,
    const struct sj_template_draft *draft)
{
    static const uint32_t oids[ITEM_COLUMNS] = {SJ_OID_INT4, SJ_OID_TEXT, SJ_OID_TEXT, SJ_OID_TEXT,
        SJ_OID_TEXT, SJ_OID_TEXT, SJ_OID_INT4, SJ_OID_INT4, SJ_OID_INT4, SJ_OID_TEXT, SJ_OID_INT4};
    CLEANUP(item_columns_clear) struct item_columns columns = {0};
    for (size_t i = 0; i < ITEM_COLUMNS; i++) {
        TRY(sj_array_init(&columns.of[i], oids[i], (size_t)512 * 1024));
    }
    for (size_t i = 0; i < draft->item_count; i++) {
        TRY(put_item(columns.of, &draft->items[i]));
    }
    struct sj_param params[2 + ITEM_COLUMNS] = {sj_p_id(&unit), sj_p_id(&id)};
    TRY(sj_tx_query(desk->tx, SJ_SQL_TEMPLATE_ITEMS_CLEAR, params, 2, NULL));
    for (size_t i = 0; i < ITEM_COLUMNS; i++) {
        params[2 + i] = sj_p_array(&columns.of[i]);
    }
    return sj_tx_query(desk->tx, SJ_SQL_TEMPLATE_ITEMS_INSERT, params, SJ_COUNT(params), NULL);
}

sj_status sj_template_create(
    const struct sj_desk *desk, const struct sj_template_draft *draft, struct sj_uuid *ret_id)
{
    SJ_ASSERT(desk->tx != NULL);
    TRY(sj_uuid_new(ret_id));
    const struct sj_param params[] = {sj_p_id(&desk->actor->unit), sj_p_id(ret_id),
        sj_p_text(draft->code), sj_p_text(draft->name_fa), sj_p_text(draft->name_en),
        sj_p_text(draft->population), sj_p_id(&desk->actor->account)};
    TRY(sj_tx_query(desk->tx, SJ_SQL_TEMPLATE_INSERT, params, SJ_COUNT(params), NULL));
    return put_items(desk, desk->actor->unit, *ret_id, draft);
}

sj_status sj_template_change(const struct sj_desk *desk, struct sj_uuid id, int64_t version,
    const struct sj_template_draft *draft)
{
    SJ_ASSERT(desk->tx != NULL);
    const struct sj_param params[] = {sj_p_id(&id), sj_p_i64(version),
        sj_p_text_or_null(draft->name_fa), sj_p_text_or_null(draft->name_en),
        sj_p_text_or_null(draft->population)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_TEMPLATE_CHANGE, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_affected(rows) == 1, PRECONDITION_FAILED);
    return draft->has_items ? put_items(desk, desk->actor->unit, id, draft) : SJ_DONE;
}

sj_status sj_template_consent(const struct sj_desk *desk, struct sj_uuid id, int64_t version)
{
    SJ_ASSERT(desk->tx != NULL);
    const struct sj_param params[] = {
        sj_p_id(&id), sj_p_i64(version), sj_p_id(&desk->actor->account)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_TEMPLATE_CONSENT, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_affected(rows) == 1, PRECONDITION_FAILED);
    return SJ_DONE;
}

sj_status sj_template_move(
    const struct sj_desk *desk, struct sj_uuid id, int64_t version, const char *to)
{
    SJ_ASSERT(desk->tx != NULL);
    const struct sj_param params[] = {sj_p_id(&id), sj_p_i64(version), sj_p_text(sj_text_of(to))};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_TEMPLATE_MOVE, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_affected(rows) == 1, PRECONDITION_FAILED);
    return SJ_DONE;
}
