/* SPDX-License-Identifier: Apache-2.0
 *
 * Which assignments are there, and what became of them? Reading, for those whom row security shows them: administration, the
 * account itself, whoever delegated. The history says who held what at which number, also of what is no more.
 */
#include "unit_priv.h"

/* Columns of an assignment, in every statement that ends with one. */
enum {
    COL_ID,
    COL_ROLE,
    COL_KIND,
    COL_DEPTH,
    COL_GRANTED_BY,
    COL_SOURCE,
    COL_FROM,
    COL_UNTIL,
    COL_LOCKED_FROM,
    COL_LOCKED_UNTIL,
    COL_CERTIFIED,
    COL_COUNT
};
_Static_assert(COL_COUNT == SJ_ASSIGNMENT_COLUMNS, "the header says how many");

/* Columns of role_assignment_list.sql and role_assignment_find.sql behind those. */
enum {
    COL_ACCOUNT = COL_COUNT,
    COL_USERNAME,
    COL_UNIT_CODE,
    COL_REASON,
    COL_CERTIFIED_BY,
    COL_GRANTED_AT,
    COL_REVOKED_AT,
    COL_REVOKED_BY,
    COL_CAUSE,
    COL_SEQ,
    COL_VERSION
};

static sj_status take_role(struct sj_text name, char ret_role[SJ_ROLE_NAME_SIZE])
{
    ENSURE(name.len < SJ_ROLE_NAME_SIZE, LIMIT_EXCEEDED);
    TRY(sj_copy(ret_role, SJ_ROLE_NAME_SIZE, name.ptr, name.len));
    ret_role[name.len] = '\0';
    return SJ_DONE;
}

static enum sj_assignment_kind kind_of(struct sj_text name)
{
    return sj_text_is(name, "delegated") ? SJ_DELEGATED : SJ_ASSIGNED;
}

sj_status unit_assignment_take(
    const struct sj_rows *rows, size_t row, size_t first, struct sj_assignment *assignment)
{
    *assignment = (struct sj_assignment){.id = sj_row_id(rows, row, first + COL_ID),
        .kind = kind_of(sj_row_text(rows, row, first + COL_KIND)),
        .depth = (uint32_t)sj_row_i64(rows, row, first + COL_DEPTH),
        .granted_by = sj_row_id(rows, row, first + COL_GRANTED_BY),
        .source = sj_row_id(rows, row, first + COL_SOURCE),
        .valid_from = sj_row_time(rows, row, first + COL_FROM),
        .valid_until = sj_row_time(rows, row, first + COL_UNTIL),
        .locked_from = sj_row_time(rows, row, first + COL_LOCKED_FROM),
        .locked_until = sj_row_time(rows, row, first + COL_LOCKED_UNTIL),
        .certified_at = sj_row_time(rows, row, first + COL_CERTIFIED)};
    return take_role(sj_row_text(rows, row, first + COL_ROLE), assignment->role);
}

sj_status sj_assignments_take(const struct sj_rows *rows, size_t first, struct sj_assignment *items,
    size_t max, size_t *ret_count)
{
    size_t count = 0;
    for (size_t i = 0; i < sj_rows_count(rows); i++) {
        if (sj_row_is_null(rows, i, first)) {
            continue;
        }
        ENSURE(count < max, LIMIT_EXCEEDED);
        TRY(unit_assignment_take(rows, i, first, &items[count++]));
    }
    *ret_count = count;
    return SJ_DONE;
}

static sj_status take_row(
    const struct sj_rows *rows, size_t row, struct sj_arena *arena, struct sj_assignment_row *item)
{
    TRY(unit_assignment_take(rows, row, 0, &item->held));
    item->account = sj_row_id(rows, row, COL_ACCOUNT);
    item->certified_by = sj_row_id(rows, row, COL_CERTIFIED_BY);
    item->granted_at = sj_row_time(rows, row, COL_GRANTED_AT);
    item->revoked_at = sj_row_time(rows, row, COL_REVOKED_AT);
    item->revoked_by = sj_row_id(rows, row, COL_REVOKED_BY);
    item->seq = sj_row_i64(rows, row, COL_SEQ);
    item->version = sj_row_i64(rows, row, COL_VERSION);
    TRY(unit_text_or_empty(rows, row, COL_USERNAME, arena, &item->username));
    TRY(unit_text_or_empty(rows, row, COL_UNIT_CODE, arena, &item->unit_code));
    TRY(unit_text_or_empty(rows, row, COL_REASON, arena, &item->reason));
    return unit_text_or_empty(rows, row, COL_CAUSE, arena, &item->revoke_cause);
}

sj_status sj_assignment_list(struct sj_db *db, const struct sj_context *context,
    const struct sj_assignment_query *query, struct sj_uuid after, size_t limit,
    struct sj_arena *arena, struct sj_assignment_row **ret_items, size_t *ret_count)
{
    const struct sj_param params[] = {sj_p_id(&after), sj_p_i64((int64_t)limit),
        sj_p_id_or_null(&query->account), sj_p_id_or_null(&query->unit),
        sj_p_id_or_null(&query->granted_by),
        query->role.len == 0 ? sj_p_null() : sj_p_text(query->role), sj_p_bool(query->revoked_too),
        sj_p_bool(query->delegated_only)};
    const struct sj_query sql = {SJ_SQL_ROLE_ASSIGNMENT_LIST, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(db, context, &sql, 1, &rows));
    const size_t count = sj_rows_count(rows);
    void *memory = NULL;
    TRY(sj_arena_alloc(arena, (count + 1) * sizeof(struct sj_assignment_row), &memory));
    struct sj_assignment_row *items = memory;
    for (size_t i = 0; i < count; i++) {
        TRY(take_row(rows, i, arena, &items[i]));
    }
    *ret_items = items;
    *ret_count = count;
    return SJ_DONE;
}

sj_status sj_assignment_find(struct sj_db *db, const struct sj_context *context, struct sj_uuid id,
    struct sj_arena *arena, bool *ret_found, struct sj_assignment_row *ret_row)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    const struct sj_query sql = {SJ_SQL_ROLE_ASSIGNMENT_FIND, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(db, context, &sql, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    return *ret_found ? take_row(rows, 0, arena, ret_row) : SJ_DONE;
}

sj_status sj_assignment_find_tx(struct sj_tx *tx, struct sj_uuid id, struct sj_arena *arena,
    bool *ret_found, struct sj_assignment_row *ret_row)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(tx, SJ_SQL_ROLE_ASSIGNMENT_FIND, params, SJ_COUNT(params), &rows));
    *ret_found = sj_rows_count(rows) == 1;
    return *ret_found ? take_row(rows, 0, arena, ret_row) : SJ_DONE;
}

sj_status sj_role_holders(struct sj_db *db, const struct sj_context *context,
    struct sj_arena *arena, struct sj_role_holders **ret_items, size_t *ret_count)
{
    const struct sj_query sql = {SJ_SQL_ROLE_HOLDERS, NULL, 0};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(db, context, &sql, 1, &rows));
    const size_t count = sj_rows_count(rows);
    void *memory = NULL;
    TRY(sj_arena_alloc(arena, (count + 1) * sizeof(struct sj_role_holders), &memory));
    struct sj_role_holders *items = memory;
    for (size_t i = 0; i < count; i++) {
        TRY(unit_text_or_empty(rows, i, 0, arena, &items[i].role));
        items[i].count = sj_row_i64(rows, i, 1);
    }
    *ret_items = items;
    *ret_count = count;
    return SJ_DONE;
}

static sj_status take_change(const struct sj_rows *rows, size_t row, struct sj_arena *arena,
    struct sj_assignment_change *item)
{
    *item = (struct sj_assignment_change){.seq = sj_row_i64(rows, row, 0),
        .changed_at = sj_row_time(rows, row, 1),
        .changed_by = sj_row_id(rows, row, 2),
        .account = sj_row_id(rows, row, 5),
        .held = {.id = sj_row_id(rows, row, 4),
            .kind = kind_of(sj_row_text(rows, row, 7)),
            .valid_from = sj_row_time(rows, row, 8),
            .valid_until = sj_row_time(rows, row, 9),
            .locked_from = sj_row_time(rows, row, 10),
            .locked_until = sj_row_time(rows, row, 11),
            .certified_at = sj_row_time(rows, row, 12)},
        .revoked_at = sj_row_time(rows, row, 13)};
    TRY(take_role(sj_row_text(rows, row, 6), item->held.role));
    return unit_text_or_empty(rows, row, 3, arena, &item->change);
}

sj_status sj_assignments_at(struct sj_db *db, const struct sj_context *context,
    struct sj_uuid account, sj_time_us at, struct sj_arena *arena, struct sj_assignment **ret_items,
    size_t *ret_count)
{
    const struct sj_param params[] = {sj_p_id(&account), sj_p_time(at)};
    const struct sj_query query = {SJ_SQL_ASSIGNMENT_AT, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(db, context, &query, 1, &rows));
    const size_t count = sj_rows_count(rows);
    void *memory = NULL;
    TRY(sj_arena_alloc(arena, (count + 1) * sizeof(struct sj_assignment), &memory));
    *ret_items = memory;
    return sj_assignments_take(rows, 0, memory, count, ret_count);
}

sj_status sj_assignment_seq_at(
    struct sj_db *db, const struct sj_context *context, sj_time_us at, int64_t *ret_seq)
{
    const struct sj_param params[] = {sj_p_time(at)};
    const struct sj_query query = {SJ_SQL_ASSIGNMENT_SEQ_AT, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(db, context, &query, 1, &rows));
    ENSURE(sj_rows_count(rows) == 1, INTERNAL);
    *ret_seq = sj_row_i64(rows, 0, 0);
    return SJ_DONE;
}

sj_status sj_assignment_changes(struct sj_db *db, const struct sj_context *context, int64_t after,
    struct sj_uuid account, size_t limit, struct sj_arena *arena,
    struct sj_assignment_change **ret_items, size_t *ret_count, int64_t *ret_seq)
{
    const struct sj_param params[] = {
        sj_p_i64(after), sj_p_i64((int64_t)limit), sj_p_id_or_null(&account)};
    const struct sj_query sql[] = {
        {SJ_SQL_ASSIGNMENT_SEQ, NULL, 0}, {SJ_SQL_ASSIGNMENT_CHANGES, params, SJ_COUNT(params)}};
    struct sj_rows *both[2] = {NULL, NULL};
    TRY(sj_db_read(db, context, sql, 2, both));
    CLEANUP(sj_rows_free) struct sj_rows *head = both[0];
    CLEANUP(sj_rows_free) struct sj_rows *rows = both[1];
    ENSURE(sj_rows_count(head) == 1, INTERNAL);
    const size_t count = sj_rows_count(rows);
    void *memory = NULL;
    TRY(sj_arena_alloc(arena, (count + 1) * sizeof(struct sj_assignment_change), &memory));
    struct sj_assignment_change *items = memory;
    for (size_t i = 0; i < count; i++) {
        TRY(take_change(rows, i, arena, &items[i]));
    }
    *ret_items = items;
    *ret_count = count;
    *ret_seq = sj_row_i64(head, 0, 0);
    return SJ_DONE;
}
