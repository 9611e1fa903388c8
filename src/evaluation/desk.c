/* SPDX-License-Identifier: Apache-2.0
 *
 * Which rows does a decision reach, and how do many encrypted rows become readable with one question? The
 * decision's reach becomes an explicit condition of every query (own unit or own judge); row security behind it
 * would give no more. Keys of a page are opened once each, however many rows a judge has on it.
 * If this were wrong, a wider reach than decided would be read, up to the limit that row security sets.
 */
#include "evaluation_priv.h"

#define ARRAY_BYTES_MAX (64u * 1024u * 1024u)

bool desk_reach(const struct sj_desk *desk, struct sj_uuid *ret_unit, struct sj_uuid *ret_judge)
{
    *ret_unit = (struct sj_uuid){{0}};
    *ret_judge = (struct sj_uuid){{0}};
    if (!desk->decision->permit) {
        return false;
    }
    switch (desk->decision->reach) {
    case SJ_REACH_NONE:
    case SJ_REACH_FILE: /* rows of a file are chosen by row security, not here */
        return false;
    case SJ_REACH_SELF:
        *ret_judge = desk->actor->judge;
        return !sj_uuid_is_nil(*ret_judge);
    case SJ_REACH_UNIT:
    case SJ_REACH_SUBTREE:
    case SJ_REACH_ALL: /* never evaluation data of other units */
        *ret_unit = desk->actor->unit;
        return !sj_uuid_is_nil(*ret_unit);
    }
    return false;
}

bool desk_sight(const struct sj_desk *desk, struct sight *ret_sight)
{
    const enum sj_reach reach = desk->decision->reach;
    *ret_sight = (struct sight){.is_wide = false};
    if (!desk->decision->permit) {
        return false;
    }
    if (reach == SJ_REACH_FILE || (desk->is_widened && reach != SJ_REACH_SELF)) {
        ret_sight->is_wide = true;
        ret_sight->is_everything = reach == SJ_REACH_ALL;
        ret_sight->unit = reach == SJ_REACH_UNIT || reach == SJ_REACH_SUBTREE
                              ? desk->actor->unit
                              : (struct sj_uuid){{0}};
        return true;
    }
    return desk_reach(desk, &ret_sight->unit, &ret_sight->judge);
}

bool desk_reads(const struct sj_desk *desk, enum sj_field field)
{
    return sj_may_read(desk->decision, field);
}

sj_status hex_text(const struct sj_desk *desk, struct sj_view bytes, struct sj_text *ret_text)
{
    CLEANUP(sj_buf_clear) struct sj_buf hex = SJ_BUF(FIELD_BYTES_MAX);
    TRY(sj_buf_put_hex(&hex, bytes));
    return sj_arena_text(desk->arena, sj_buf_text(&hex), ret_text);
}

/* ---- keys of a page ---- */

struct wanted {
    struct sj_wrapped_dek dek;
    size_t row;
};

static int compare_id(struct sj_uuid a, struct sj_uuid b)
{
    return memcmp(a.bytes, b.bytes, sizeof(a.bytes));
}

static int compare_wanted(const void *left, const void *right)
{
    const struct wanted *a = left;
    const struct wanted *b = right;
    const int by_unit = compare_id(a->dek.unit, b->dek.unit);
    const int by_subject = compare_id(a->dek.subject, b->dek.subject);
    if (by_unit != 0 || by_subject != 0) {
        return by_unit != 0 ? by_unit : by_subject;
    }
    return (a->dek.version > b->dek.version) - (a->dek.version < b->dek.version);
}

static size_t collect_wanted(const struct sj_wrapped_dek *rows, size_t count, struct wanted *wanted)
{
    size_t found = 0;
    for (size_t row = 0; row < count; row++) {
        if (rows[row].wrapped.len > 0) {
            wanted[found++] = (struct wanted){rows[row], row};
        }
    }
    qsort(wanted, found, sizeof(*wanted), compare_wanted);
    return found;
}

sj_status keyring_open(const struct sj_desk *desk, const struct sj_wrapped_dek *rows, size_t count,
    struct keyring *ret_keyring)
{
    *ret_keyring = (struct keyring){0};
    if (count == 0) {
        return SJ_DONE;
    }
    void *memory;
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct wanted), &memory));
    struct wanted *wanted = memory;
    const size_t found = collect_wanted(rows, count, wanted);
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_wrapped_dek), &memory));
    struct sj_wrapped_dek *distinct = memory;
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_subject), &memory));
    struct keyring keyring = {.subjects = memory};
    TRY(sj_arena_alloc(desk->arena, count * sizeof(size_t), &memory));
    keyring.of_row = memory;
    for (size_t i = 0; i < found; i++) {
        if (i == 0 || compare_wanted(&wanted[i - 1], &wanted[i]) != 0) {
            distinct[keyring.subject_count++] = wanted[i].dek;
        }
        keyring.of_row[wanted[i].row] = keyring.subject_count;
    }
    for (size_t from = 0; from < keyring.subject_count; from += SJ_UNWRAP_MAX) {
        const size_t left = keyring.subject_count - from;
        const sj_status status = sj_fields_open(desk->fields, distinct + from,
            left < SJ_UNWRAP_MAX ? left : SJ_UNWRAP_MAX, keyring.subjects + from);
        if (sj_failed(status)) {
            keyring_clear(&keyring);
            return status;
        }
    }
    *ret_keyring = keyring;
    return SJ_DONE;
}

const struct sj_subject *keyring_of(const struct keyring *keyring, size_t row)
{
    const size_t number = keyring->of_row == NULL ? 0 : keyring->of_row[row];
    return number == 0 ? NULL : &keyring->subjects[number - 1];
}

void keyring_clear(struct keyring *keyring)
{
    for (size_t i = 0; i < keyring->subject_count; i++) {
        sj_subject_clear(&keyring->subjects[i]);
    }
    *keyring = (struct keyring){0};
}

sj_status field_text(const struct sj_desk *desk, const struct sj_subject *subject, uint32_t table,
    uint32_t column, struct sj_uuid row, uint8_t type, struct sj_view blob,
    struct sj_text *ret_text)
{
    *ret_text = (struct sj_text){"", 0};
    if (blob.len == 0) {
        return SJ_DONE;
    }
    CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF(FIELD_BYTES_MAX);
    TRY(sj_field_open(subject, table, column, row, type, blob, &plain));
    struct sj_text text;
    ENSURE(!sj_failed(sj_text_check(sj_buf_view(&plain), FIELD_BYTES_MAX, &text)), DECRYPT);
    return sj_arena_text(desk->arena, text, ret_text);
}

/* ---- arrays ---- */

sj_status columns_init(struct columns *columns, const uint32_t *element_oids, size_t count)
{
    SJ_ASSERT(count <= COLUMNS_MAX);
    *columns = (struct columns){.count = count};
    for (size_t i = 0; i < count; i++) {
        TRY(sj_array_init(&columns->of[i], element_oids[i], ARRAY_BYTES_MAX));
    }
    return SJ_DONE;
}

void columns_reset(struct columns *columns)
{
    for (size_t i = 0; i < columns->count; i++) {
        sj_array_reset(&columns->of[i]);
    }
}

void columns_clear(struct columns *columns)
{
    for (size_t i = 0; i < columns->count; i++) {
        sj_array_clear(&columns->of[i]);
    }
    columns->count = 0;
}

void columns_params(struct columns *columns, struct sj_param *params)
{
    for (size_t i = 0; i < columns->count; i++) {
        params[i] = sj_p_array(&columns->of[i]);
    }
}

sj_status put_id(struct sj_array *array, struct sj_uuid id)
{
    return sj_array_put(array, sj_uuid_is_nil(id) ? NULL : id.bytes, sizeof(id.bytes));
}

sj_status put_text(struct sj_array *array, struct sj_text text)
{
    return put_blob(array, sj_text_bytes(text));
}

sj_status put_blob(struct sj_array *array, struct sj_view blob)
{
    return sj_array_put(array, blob.len == 0 ? NULL : blob.ptr, blob.len);
}

sj_status put_day(struct sj_array *array, int64_t day)
{
    return sj_array_put_i32(array, (int32_t)day);
}
