/* SPDX-License-Identifier: Apache-2.0
 *
 * Which units are there, and how does a new one come about? A unit is made with its key in one transaction, so
 * that no unit exists whose fields could not be sealed. Reading is for everybody who is signed in; adding takes a
 * context with the scope KEYS (migrations/0002), which no request ever has.
 */
#include "unit_priv.h"

#include "sanjeh/crypto/random.h"

const struct sj_uuid sj_platform_unit = {{0, 0, 0, 0, 0, 0, 0x80, 0, 0x80, 0, 0, 0, 0, 0, 0, 0xff}};

static sj_status take_unit(
    const struct sj_rows *rows, size_t row, struct sj_arena *arena, struct sj_unit *unit)
{
    unit->id = sj_row_id(rows, row, 0);
    TRY(sj_arena_text(arena, sj_row_text(rows, row, 1), &unit->code));
    TRY(sj_arena_text(arena, sj_row_text(rows, row, 2), &unit->name_fa));
    TRY(sj_arena_text(arena, sj_row_text(rows, row, 3), &unit->name_en));
    unit->parent = sj_row_id(rows, row, 4);
    unit->tag = sj_row_id(rows, row, 5);
    unit->version = sj_row_i64(rows, row, 6);
    return SJ_DONE;
}

sj_status sj_unit_list(struct sj_db *db, const struct sj_context *context, struct sj_arena *arena,
    struct sj_unit **ret_items, size_t *ret_count)
{
    const struct sj_query query = {SJ_SQL_UNIT_LIST, NULL, 0};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(db, context, &query, 1, &rows));
    const size_t count = sj_rows_count(rows);
    void *memory = NULL;
    TRY(sj_arena_alloc(arena, (count + 1) * sizeof(struct sj_unit), &memory));
    struct sj_unit *items = memory;
    for (size_t i = 0; i < count; i++) {
        TRY(take_unit(rows, i, arena, &items[i]));
    }
    *ret_items = items;
    *ret_count = count;
    return SJ_DONE;
}

static sj_status find(struct sj_db *db, const struct sj_context *context, struct sj_query query,
    struct sj_arena *arena, bool *ret_found, struct sj_unit *ret_unit)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(db, context, &query, 1, &rows));
    struct sj_unit unit = {.version = 0};
    const bool found = sj_rows_count(rows) == 1;
    if (found) {
        TRY(take_unit(rows, 0, arena, &unit));
        *ret_unit = unit;
    }
    *ret_found = found;
    return SJ_DONE;
}

sj_status sj_unit_find(struct sj_db *db, const struct sj_context *context, struct sj_uuid id,
    struct sj_arena *arena, bool *ret_found, struct sj_unit *ret_unit)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    const struct sj_query query = {SJ_SQL_UNIT_FIND, params, SJ_COUNT(params)};
    return find(db, context, query, arena, ret_found, ret_unit);
}

sj_status sj_unit_find_code(struct sj_db *db, const struct sj_context *context, struct sj_text code,
    struct sj_arena *arena, bool *ret_found, struct sj_unit *ret_unit)
{
    const struct sj_param params[] = {sj_p_text(code)};
    const struct sj_query query = {SJ_SQL_UNIT_FIND_CODE, params, SJ_COUNT(params)};
    return find(db, context, query, arena, ret_found, ret_unit);
}

static bool is_code(struct sj_text code)
{
    if (code.len == 0 || code.len > SJ_UNIT_CODE_MAX || code.ptr[0] == '-') {
        return false;
    }
    for (size_t i = 0; i < code.len; i++) {
        const char c = code.ptr[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-')) {
            return false;
        }
    }
    return true;
}

bool unit_is_label(struct sj_text text, size_t max)
{
    struct sj_text checked;
    if (text.len == 0 || sj_failed(sj_text_check(sj_text_bytes(text), max, &checked))) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        const unsigned char c = (unsigned char)text.ptr[i];
        if (c < 0x20 || c == 0x7f) {
            return false;
        }
    }
    return text.ptr[0] != ' ' && text.ptr[text.len - 1] != ' ';
}

/* Makes and stores the first key of a unit. Nothing may be sealed under it before the commit. */
static sj_status make_key(struct sj_tx *tx, struct sj_channel *channel, struct sj_uuid unit)
{
    const int32_t epoch = 1;
    CLEANUP(sj_buf_clear) struct sj_buf wrapped = SJ_BUF(1024);
    TRY(ask_new_unit_key(channel, unit, (uint32_t)epoch, &wrapped));
    const struct sj_param params[] = {
        sj_p_id(&unit), sj_p_i32(epoch), sj_p_bytes(sj_buf_view(&wrapped))};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_UNIT_KEY_INSERT, params, SJ_COUNT(params), &rows));
    /* Somebody else stored another key meanwhile: what we hold must not be used. */
    ENSURE(sj_rows_count(rows) == 1, SERIALIZATION);
    return ask_load_unit_key(channel, unit, (uint32_t)epoch, sj_buf_view(&wrapped));
}

sj_status sj_unit_make_platform_key(struct sj_tx *tx, struct sj_channel *channel)
{
    const struct sj_param params[] = {sj_p_id(&sj_platform_unit)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_UNIT_KEY_COUNT, params, SJ_COUNT(params), &rows));
    if (sj_row_i64(rows, 0, 0) > 0) {
        return SJ_DONE;
    }
    return make_key(tx, channel, sj_platform_unit);
}

sj_status sj_unit_create(struct sj_tx *tx, struct sj_channel *channel, struct sj_unit *unit)
{
    ENSURE(is_code(unit->code), INVALID);
    ENSURE(unit_is_label(unit->name_fa, 400) && unit_is_label(unit->name_en, 400), INVALID);
    struct sj_uuid id;
    struct sj_uuid tag;
    TRY(sj_uuid_new(&id));
    TRY(sj_uuid_new(&tag));
    const struct sj_param params[] = {sj_p_id(&id), sj_p_text(unit->code), sj_p_text(unit->name_fa),
        sj_p_text(unit->name_en), sj_p_id_or_null(&unit->parent), sj_p_id(&tag)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_UNIT_INSERT, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) == 1, INVALID);
    if (sj_uuid_is_nil(unit->parent)) {
        TRY(make_key(tx, channel, id));
    }
    unit->id = id;
    unit->tag = tag;
    unit->version = sj_row_i64(rows, 0, 0);
    return SJ_DONE;
}
