/* SPDX-License-Identifier: Apache-2.0
 *
 * Which bulk imports are there, and how does one begin and end? A job keeps its order, its state and its cursor; the
 * file is elsewhere (bulk_file.c), the work too (bulk_step.c). Who sends what stays on the row for good.
 */
#include "bulk_priv.h"
#include "contribution_priv.h"

#include "sanjeh/crypto/random.h"

enum {
    COLUMN_UNIT,
    COLUMN_ID,
    COLUMN_COMPARTMENT,
    COLUMN_KIND,
    COLUMN_FORMAT,
    COLUMN_ACCEPT,
    COLUMN_FROM,
    COLUMN_TO,
    COLUMN_CYCLE,
    COLUMN_DRY_RUN,
    COLUMN_STATE,
    COLUMN_FAILURE,
    COLUMN_BYTES,
    COLUMN_AT_BYTE,
    COLUMN_AT_ROW,
    COLUMN_ROWS_READ,
    COLUMN_ROWS_OK,
    COLUMN_ROWS_REJECTED,
    COLUMN_HEADER,
    COLUMN_CONTRIBUTION,
    COLUMN_SUBMITTED_BY,
    COLUMN_TENANT_TAG,
    COLUMN_CREATED_AT,
    COLUMN_STARTED_AT,
    COLUMN_ENDED_AT,
    COLUMN_VERSION,
    COLUMN_COMMENT,
    COLUMN_PASS_MS,
    COLUMN_HELD,
    COLUMN_SUPERSEDES
};

static sj_status row_blob(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    size_t column, struct sj_view *ret_blob)
{
    *ret_blob = (struct sj_view){NULL, 0};
    return sj_row_is_null(rows, row, column)
               ? SJ_DONE
               : sj_arena_copy(desk->arena, sj_row_bytes(rows, row, column), ret_blob);
}

static sj_time_us time_or_zero(const struct sj_rows *rows, size_t row, size_t column)
{
    return sj_row_is_null(rows, row, column) ? 0 : sj_row_time(rows, row, column);
}

static sj_status read_texts(
    const struct sj_desk *desk, const struct sj_rows *rows, size_t row, struct sj_bulk *job)
{
    TRY(sj_desk_text(desk, rows, row, COLUMN_KIND, &job->kind));
    TRY(sj_desk_text(desk, rows, row, COLUMN_FORMAT, &job->format));
    TRY(sj_desk_text(desk, rows, row, COLUMN_ACCEPT, &job->accept));
    TRY(sj_desk_text(desk, rows, row, COLUMN_CYCLE, &job->cycle));
    TRY(sj_desk_text(desk, rows, row, COLUMN_STATE, &job->state));
    TRY(sj_desk_text(desk, rows, row, COLUMN_FAILURE, &job->failure));
    TRY(row_blob(desk, rows, row, COLUMN_HEADER, &job->header));
    return row_blob(desk, rows, row, COLUMN_COMMENT, &job->comment_ct);
}

static sj_status read_row(
    const struct sj_desk *desk, const struct sj_rows *rows, size_t row, struct sj_bulk *job)
{
    *job = (struct sj_bulk){
        .unit = sj_row_id(rows, row, COLUMN_UNIT),
        .id = sj_row_id(rows, row, COLUMN_ID),
        .compartment = sj_row_id(rows, row, COLUMN_COMPARTMENT),
        .has_period = !sj_row_is_null(rows, row, COLUMN_FROM),
        .is_dry_run = sj_row_bool(rows, row, COLUMN_DRY_RUN),
        .bytes = sj_row_i64(rows, row, COLUMN_BYTES),
        .at_byte = sj_row_i64(rows, row, COLUMN_AT_BYTE),
        .at_row = sj_row_i64(rows, row, COLUMN_AT_ROW),
        .rows_read = sj_row_i64(rows, row, COLUMN_ROWS_READ),
        .rows_ok = sj_row_i64(rows, row, COLUMN_ROWS_OK),
        .rows_rejected = sj_row_i64(rows, row, COLUMN_ROWS_REJECTED),
        .contribution = sj_row_id(rows, row, COLUMN_CONTRIBUTION),
        .submitted_by = sj_row_id(rows, row, COLUMN_SUBMITTED_BY),
        .tenant_tag = sj_row_id(rows, row, COLUMN_TENANT_TAG),
        .created_at = sj_row_time(rows, row, COLUMN_CREATED_AT),
        .started_at = time_or_zero(rows, row, COLUMN_STARTED_AT),
        .ended_at = time_or_zero(rows, row, COLUMN_ENDED_AT),
        .version = sj_row_i64(rows, row, COLUMN_VERSION),
        .pass_ms = sj_row_i64(rows, row, COLUMN_PASS_MS),
        .is_held = sj_row_bool(rows, row, COLUMN_HELD),
        .supersedes = sj_row_id(rows, row, COLUMN_SUPERSEDES),
    };
    if (job->has_period) {
        job->period.from_day = sj_row_day(rows, row, COLUMN_FROM);
        job->period.to_day = sj_row_day(rows, row, COLUMN_TO);
    }
    return read_texts(desk, rows, row, job);
}

/* ---- create, list, find ---- */

static sj_status seal_comment(const struct sj_subject *subject, struct sj_uuid id,
    struct sj_text comment, struct sj_buf *ret_blob)
{
    return comment.len == 0 ? SJ_DONE
                            : sj_field_seal(subject, SJ_TABLE_IMPORT_JOB, SJ_COLUMN_IMPORT_COMMENT,
                                  id, SJ_FLE1_TEXT, sj_text_bytes(comment), ret_blob);
}

sj_status sj_bulk_create(
    const struct sj_desk *desk, const struct sj_bulk_order *order, struct sj_uuid *ret_id)
{
    static const char *const kinds[] = {"", "survey_means", "workload", "roster", "measures"};
    SJ_ASSERT(desk->tx != NULL);
    const struct sj_actor *actor = desk->actor;
    ENSURE(!sj_uuid_is_nil(actor->unit), FORBIDDEN);
    ENSURE(order->has_period || !sj_import_has_values(order->kind), INVALID);
    TRY(cycle_check_open(desk, order->cycle));
    if (!sj_uuid_is_nil(order->supersedes)) {
        TRY(contribution_check_successor(desk, order->supersedes, sj_text_of(kinds[order->kind])));
    }
    TRY(sj_uuid_new_ordered(ret_id));
    CLEANUP(sj_subject_clear) struct sj_subject subject = {0};
    TRY(sj_fields_subject_for_write(desk->fields, desk->tx, actor->unit, *ret_id, &subject));
    CLEANUP(sj_buf_clear) struct sj_buf comment = SJ_BUF(2 * FIELD_BYTES_MAX);
    TRY(seal_comment(&subject, *ret_id, order->comment, &comment));
    const struct sj_param params[] = {sj_p_id(&actor->unit), sj_p_id(ret_id),
        sj_p_id_or_null(&actor->compartment), sj_p_text(sj_text_of(kinds[order->kind])),
        sj_p_text(sj_text_of(order->format == SJ_FORMAT_CSV ? "csv" : "ndjson")),
        sj_p_text(sj_text_of(order->is_whole ? "all_or_nothing" : "valid_rows")),
        order->has_period ? sj_p_day(order->period.from_day) : sj_p_null(),
        order->has_period ? sj_p_day(order->period.to_day) : sj_p_null(),
        sj_p_text_or_null(order->cycle),
        comment.len > 0 ? sj_p_bytes(sj_buf_view(&comment)) : sj_p_null(),
        sj_p_i32((int32_t)subject.version), sj_p_id(&actor->account), sj_p_id(&actor->tenant_tag),
        sj_p_bool(order->is_held), sj_p_id_or_null(&order->supersedes)};
    return sj_tx_query(desk->tx, SJ_SQL_IMPORT_JOB_INSERT, params, SJ_COUNT(params), NULL);
}

sj_status sj_bulk_list(const struct sj_desk *desk, struct sj_paging paging,
    struct sj_bulk **ret_items, size_t *ret_count, struct sj_uuid *ret_last)
{
    *ret_items = NULL;
    *ret_count = 0;
    *ret_last = (struct sj_uuid){{0}};
    struct sj_uuid unit;
    struct sj_uuid self;
    if (!desk_reach(desk, &unit, &self) || !sj_uuid_is_nil(self)) {
        return SJ_DONE;
    }
    const struct sj_param params[] = {
        sj_p_id(&unit), sj_p_id(&paging.after), sj_p_i64((int64_t)paging.limit + 1)};
    const struct sj_query sql = {SJ_SQL_IMPORT_JOB_LIST, params, SJ_COUNT(params)};
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
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_bulk), &memory));
    *ret_items = memory;
    for (size_t row = 0; row < count; row++) {
        TRY(read_row(desk, rows, row, &(*ret_items)[row]));
    }
    *ret_count = count;
    return SJ_DONE;
}

sj_status sj_bulk_find(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_bulk *ret_bulk)
{
    *ret_found = false;
    struct sj_uuid unit;
    struct sj_uuid self;
    if (!desk_reach(desk, &unit, &self) || !sj_uuid_is_nil(self)) {
        return SJ_DONE;
    }
    const struct sj_param params[] = {sj_p_id(&unit), sj_p_id(&id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    if (desk->tx != NULL) {
        TRY(sj_tx_query(desk->tx, SJ_SQL_IMPORT_JOB_LOCK, params, SJ_COUNT(params), &rows));
    } else {
        const struct sj_query sql = {SJ_SQL_IMPORT_JOB_FIND, params, SJ_COUNT(params)};
        TRY(sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    }
    *ret_found = sj_rows_count(rows) == 1;
    return *ret_found ? read_row(desk, rows, 0, ret_bulk) : SJ_DONE;
}

/* ---- start and cancel ---- */

static bool is_state(const struct sj_bulk *job, const char *state)
{
    return sj_text_is(job->state, state);
}

static sj_status clear_errors(const struct sj_desk *desk, const struct sj_bulk *job)
{
    const struct sj_param params[] = {sj_p_id(&job->unit), sj_p_id(&job->id)};
    return sj_tx_query(desk->tx, SJ_SQL_IMPORT_ERROR_DELETE, params, SJ_COUNT(params), NULL);
}

sj_status sj_bulk_start(const struct sj_desk *desk, const struct sj_bulk *job, bool is_dry_run)
{
    ENSURE(is_state(job, "uploading") || is_state(job, "draft") ||
               (is_state(job, "done") && job->is_dry_run),
        NO_SUCH_MOVE);
    ENSURE(job->bytes > 0, GUARD_UNMET);
    TRY(cycle_check_open(desk, job->cycle));
    TRY(clear_errors(desk, job));
    const bool is_check = is_dry_run || sj_text_is(job->accept, "all_or_nothing");
    const struct sj_param params[] = {sj_p_id(&job->unit), sj_p_id(&job->id),
        sj_p_text(sj_text_of(is_check ? "checking" : "writing")), sj_p_bool(is_dry_run),
        sj_p_i64(job->version)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_IMPORT_JOB_START, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_affected(rows) == 1, SERIALIZATION);
    return SJ_DONE;
}

static sj_status remove_parts(const struct sj_desk *desk, const struct sj_bulk *job)
{
    const struct sj_param params[] = {sj_p_id(&job->unit), sj_p_id(&job->id)};
    return sj_tx_query(desk->tx, SJ_SQL_IMPORT_PART_DELETE, params, SJ_COUNT(params), NULL);
}

sj_status sj_bulk_cancel(const struct sj_desk *desk, const struct sj_bulk *job)
{
    ENSURE(!is_state(job, "cancelled") && !is_state(job, "failed") &&
               (!is_state(job, "done") || job->is_dry_run),
        NO_SUCH_MOVE);
    TRY(remove_parts(desk, job));
    if (!sj_uuid_is_nil(job->contribution)) {
        TRY(bulk_abandon(desk, job));
    }
    const struct sj_param params[] = {
        sj_p_id(&job->unit), sj_p_id(&job->id), sj_p_i64(job->version)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_IMPORT_JOB_CANCEL, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_affected(rows) == 1, SERIALIZATION);
    return SJ_DONE;
}

/* ---- what was wrong ---- */

sj_status sj_bulk_errors(const struct sj_desk *desk, struct sj_uuid id, int64_t after, size_t limit,
    struct sj_bulk_error **ret_items, size_t *ret_count, bool *ret_more)
{
    const struct sj_param params[] = {
        sj_p_id(&desk->actor->unit), sj_p_id(&id), sj_p_i64(after), sj_p_i64((int64_t)limit + 1)};
    const struct sj_query sql = {SJ_SQL_IMPORT_ERROR_LIST, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    size_t count = sj_rows_count(rows);
    *ret_more = count > limit;
    count = *ret_more ? limit : count;
    void *memory;
    TRY(sj_arena_alloc(desk->arena, (count + 1) * sizeof(struct sj_bulk_error), &memory));
    struct sj_bulk_error *items = memory;
    for (size_t row = 0; row < count; row++) {
        items[row].no = sj_row_i64(rows, row, 0);
        items[row].row = sj_row_i64(rows, row, 1);
        TRY(sj_desk_text(desk, rows, row, 2, &items[row].column));
        TRY(sj_desk_text(desk, rows, row, 3, &items[row].code));
        items[row].detail = import_detail(items[row].code.ptr);
    }
    *ret_items = items;
    *ret_count = count;
    return SJ_DONE;
}

/* ---- the server's own work ---- */

sj_status sj_bulk_next(struct sj_db *db, const struct sj_context *context, struct sj_uuid after,
    bool *ret_found, struct sj_bulk_running *ret_running)
{
    const struct sj_param params[] = {sj_p_id(&after)};
    const struct sj_query sql = {SJ_SQL_IMPORT_JOB_RUNNING, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(db, context, &sql, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    if (*ret_found) {
        *ret_running = (struct sj_bulk_running){sj_row_id(rows, 0, 0), sj_row_id(rows, 0, 1),
            sj_row_id(rows, 0, 2), sj_row_id(rows, 0, 3), sj_row_id(rows, 0, 4)};
    }
    return SJ_DONE;
}
