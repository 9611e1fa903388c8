/* SPDX-License-Identifier: Apache-2.0
 *
 * Which files were opened in an emergency, for whom, until when, and what did the review say? Every row is proven by the keeper's
 * seal before anybody acts on it: a row that a superuser of the database wrote opens nothing and reviews nothing.
 */
#include "approval_priv.h"

#include "sanjeh/approval/break_glass.h"
#include "sanjeh/base/log.h"

/* Columns of break_glass_find.sql and break_glass_list.sql. */
enum {
    COL_ID,
    COL_EVALUATION,
    COL_JUDGE,
    COL_ACCOUNT,
    COL_PERSON,
    COL_UNIT,
    COL_REASON,
    COL_OPENED_AT,
    COL_ENDS_AT,
    COL_NOTICE_AT,
    COL_REVIEW_DUE,
    COL_CLOSED_AT,
    COL_CLOSED_BY,
    COL_REVIEWED_AT,
    COL_REVIEWED_BY,
    COL_OUTCOME,
    COL_REVIEW,
    COL_SEAL,
    COL_VERSION
};

bool sj_break_glass_is_open(const struct sj_break_glass *glass, sj_time_us now)
{
    return glass->closed_at == 0 && glass->reviewed_at == 0 && now >= glass->opened_at &&
           now < glass->ends_at;
}

static sj_status put_id(struct sj_buf *bytes, struct sj_uuid id)
{
    return sj_buf_put(bytes, id.bytes, sizeof id.bytes);
}

static sj_status put_text(struct sj_buf *bytes, struct sj_text text)
{
    TRY(sj_buf_put_u32(bytes, (uint32_t)text.len));
    return sj_buf_put_text(bytes, text);
}

/* What the row says at a version; the version itself counts, so that two rows never share a seal. */
static sj_status seal_item(
    const struct sj_break_glass *glass, int64_t version, struct sj_seal_item *ret_item)
{
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(16384);
    TRY(sj_buf_put_str(&bytes, "sanjeh/seal/break-glass/1"));
    const struct sj_uuid ids[] = {glass->id, glass->evaluation, glass->judge, glass->account,
        glass->person, glass->unit, glass->closed_by, glass->reviewed_by};
    for (size_t i = 0; i < SJ_COUNT(ids); i++) {
        TRY(put_id(&bytes, ids[i]));
    }
    const sj_time_us times[] = {glass->opened_at, glass->ends_at, glass->notice_at,
        glass->review_due, glass->closed_at, glass->reviewed_at, version};
    for (size_t i = 0; i < SJ_COUNT(times); i++) {
        TRY(sj_buf_put_u64(&bytes, (uint64_t)times[i]));
    }
    TRY(put_text(&bytes, glass->reason));
    TRY(put_text(&bytes, glass->outcome));
    TRY(put_text(&bytes, glass->review));
    ret_item->purpose = SJ_SEAL_BREAK_GLASS;
    return sj_sha256_one(sj_buf_view(&bytes), &ret_item->hash);
}

static sj_status make_seal(
    const struct sj_approval_desk *desk, struct sj_break_glass *glass, int64_t version)
{
    struct sj_seal_item item;
    TRY(seal_item(glass, version, &item));
    return ask_seals(desk->channel, &item, 1, &glass->seal);
}

static sj_status prove(const struct sj_approval_desk *desk, const struct sj_break_glass *glass)
{
    struct sj_seal_item item;
    struct sj_hash right;
    TRY(seal_item(glass, glass->version, &item));
    TRY(ask_seals(desk->channel, &item, 1, &right));
    if (!sj_hash_equal(&right, &glass->seal)) {
        SJ_LOG(ERROR, "break_glass.seal.broken", sj_log_id("break_glass.id", glass->id));
        FAIL(CONFLICT);
    }
    return SJ_DONE;
}

static sj_status query(const struct sj_approval_desk *desk, enum sj_sql sql,
    const struct sj_param *params, size_t count, struct sj_rows **ret_rows)
{
    if (desk->tx != NULL) {
        return sj_tx_query(desk->tx, sql, params, count, ret_rows);
    }
    const struct sj_query one = {sql, params, count};
    return sj_db_read(desk->db, desk->context, &one, 1, ret_rows);
}

/* What has another length fits nothing. */
static struct sj_hash hash_of(struct sj_view bytes)
{
    struct sj_hash hash = {{0}};
    if (bytes.len == SJ_HASH_SIZE) {
        sj_ignore(sj_copy(hash.bytes, SJ_HASH_SIZE, bytes.ptr, bytes.len), "equal lengths");
    }
    return hash;
}

static sj_status take_row(
    const struct sj_rows *rows, size_t row, struct sj_arena *arena, struct sj_break_glass *glass)
{
    *glass = (struct sj_break_glass){.id = sj_row_id(rows, row, COL_ID),
        .evaluation = sj_row_id(rows, row, COL_EVALUATION),
        .judge = sj_row_id(rows, row, COL_JUDGE),
        .account = sj_row_id(rows, row, COL_ACCOUNT),
        .person = sj_row_id(rows, row, COL_PERSON),
        .unit = sj_row_id(rows, row, COL_UNIT),
        .opened_at = sj_row_time(rows, row, COL_OPENED_AT),
        .ends_at = sj_row_time(rows, row, COL_ENDS_AT),
        .notice_at = sj_row_time(rows, row, COL_NOTICE_AT),
        .review_due = sj_row_time(rows, row, COL_REVIEW_DUE),
        .closed_at = sj_row_time(rows, row, COL_CLOSED_AT),
        .closed_by = sj_row_id(rows, row, COL_CLOSED_BY),
        .reviewed_at = sj_row_time(rows, row, COL_REVIEWED_AT),
        .reviewed_by = sj_row_id(rows, row, COL_REVIEWED_BY),
        .seal = hash_of(sj_row_bytes(rows, row, COL_SEAL)),
        .version = sj_row_i64(rows, row, COL_VERSION)};
    TRY(sj_arena_text(arena, sj_row_text(rows, row, COL_REASON), &glass->reason));
    TRY(sj_arena_text(arena, sj_row_text(rows, row, COL_OUTCOME), &glass->outcome));
    return sj_arena_text(arena, sj_row_text(rows, row, COL_REVIEW), &glass->review);
}

sj_status sj_break_glass_insert(const struct sj_approval_desk *desk, struct sj_break_glass *glass)
{
    glass->version = 1;
    TRY(make_seal(desk, glass, glass->version));
    const struct sj_param params[] = {sj_p_id(&glass->id), sj_p_id(&glass->evaluation),
        sj_p_id(&glass->judge), sj_p_id(&glass->account), sj_p_id(&glass->person),
        sj_p_id(&glass->unit), sj_p_text(glass->reason), sj_p_time(glass->opened_at),
        sj_p_time(glass->ends_at), sj_p_time(glass->notice_at), sj_p_time(glass->review_due),
        sj_p_bytes(sj_view_of(glass->seal.bytes, SJ_HASH_SIZE))};
    return sj_tx_query(desk->tx, SJ_SQL_BREAK_GLASS_INSERT, params, SJ_COUNT(params), NULL);
}

sj_status sj_break_glass_find(const struct sj_approval_desk *desk, struct sj_uuid id,
    bool *ret_found, struct sj_break_glass *ret_glass)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    if (desk->tx != NULL) {
        TRY(sj_tx_query(desk->tx, SJ_SQL_BREAK_GLASS_LOCK, params, SJ_COUNT(params), NULL));
    }
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(query(desk, SJ_SQL_BREAK_GLASS_FIND, params, SJ_COUNT(params), &rows));
    *ret_found = sj_rows_count(rows) == 1;
    if (!*ret_found) {
        return SJ_DONE;
    }
    TRY(take_row(rows, 0, desk->arena, ret_glass));
    return prove(desk, ret_glass);
}

sj_status sj_break_glass_list(const struct sj_approval_desk *desk,
    const struct sj_break_glass_filter *filter, struct sj_uuid after, size_t limit,
    struct sj_break_glass **ret_items, size_t *ret_count)
{
    const struct sj_param params[] = {sj_p_id(&after), sj_p_i64((int64_t)limit),
        sj_p_id(&filter->account), sj_p_id(&filter->evaluation), sj_p_bool(filter->unreviewed)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(query(desk, SJ_SQL_BREAK_GLASS_LIST, params, SJ_COUNT(params), &rows));
    const size_t count = sj_rows_count(rows);
    void *memory = NULL;
    TRY(sj_arena_alloc(desk->arena, (count + 1) * sizeof(struct sj_break_glass), &memory));
    struct sj_break_glass *items = memory;
    for (size_t row = 0; row < count; row++) {
        TRY(take_row(rows, row, desk->arena, &items[row]));
        TRY(prove(desk, &items[row]));
    }
    *ret_items = items;
    *ret_count = count;
    return SJ_DONE;
}

static struct sj_param time_or_null(sj_time_us time)
{
    return time == 0 ? sj_p_null() : sj_p_time(time);
}

sj_status sj_break_glass_change(const struct sj_approval_desk *desk, struct sj_break_glass *glass)
{
    TRY(make_seal(desk, glass, glass->version + 1));
    const struct sj_param params[] = {sj_p_id(&glass->id), sj_p_i64(glass->version),
        time_or_null(glass->closed_at), sj_p_id_or_null(&glass->closed_by),
        time_or_null(glass->reviewed_at), sj_p_id_or_null(&glass->reviewed_by),
        sj_p_text_or_null(glass->outcome), sj_p_text_or_null(glass->review),
        sj_p_bytes(sj_view_of(glass->seal.bytes, SJ_HASH_SIZE))};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_BREAK_GLASS_CHANGE, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_affected(rows) == 1, CONFLICT);
    glass->version++;
    return SJ_DONE;
}

/* ---- the notice ---- */

static sj_status notice_seal(const struct sj_approval_desk *desk,
    const struct sj_break_glass_notice *notice, struct sj_hash *ret_seal)
{
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(4096);
    TRY(sj_buf_put_str(&bytes, "sanjeh/seal/break-glass-notice/1"));
    TRY(put_id(&bytes, notice->approval));
    TRY(sj_buf_put_u64(&bytes, (uint64_t)notice->until));
    TRY(put_text(&bytes, notice->reason));
    TRY(put_id(&bytes, notice->by));
    TRY(sj_buf_put_u64(&bytes, (uint64_t)notice->at));
    struct sj_seal_item item = {.purpose = SJ_SEAL_BREAK_GLASS};
    TRY(sj_sha256_one(sj_buf_view(&bytes), &item.hash));
    return ask_seals(desk->channel, &item, 1, ret_seal);
}

sj_status sj_break_glass_postpone(
    const struct sj_approval_desk *desk, struct sj_break_glass_notice *notice)
{
    TRY(notice_seal(desk, notice, &notice->seal));
    const struct sj_param params[] = {sj_p_id(&notice->approval), sj_p_time(notice->until),
        sj_p_text(notice->reason), sj_p_id(&notice->by), sj_p_time(notice->at),
        sj_p_bytes(sj_view_of(notice->seal.bytes, SJ_HASH_SIZE))};
    return sj_tx_query(desk->tx, SJ_SQL_BREAK_GLASS_NOTICE_INSERT, params, SJ_COUNT(params), NULL);
}

sj_status sj_break_glass_notice_find(const struct sj_approval_desk *desk, struct sj_uuid approval,
    bool *ret_found, struct sj_break_glass_notice *ret_notice)
{
    const struct sj_param params[] = {sj_p_id(&approval)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(query(desk, SJ_SQL_BREAK_GLASS_NOTICE_FIND, params, SJ_COUNT(params), &rows));
    *ret_found = false;
    if (sj_rows_count(rows) != 1) {
        return SJ_DONE;
    }
    *ret_notice = (struct sj_break_glass_notice){.approval = sj_row_id(rows, 0, 0),
        .until = sj_row_time(rows, 0, 1),
        .by = sj_row_id(rows, 0, 3),
        .at = sj_row_time(rows, 0, 4),
        .seal = hash_of(sj_row_bytes(rows, 0, 5))};
    TRY(sj_arena_text(desk->arena, sj_row_text(rows, 0, 2), &ret_notice->reason));
    struct sj_hash right;
    TRY(notice_seal(desk, ret_notice, &right));
    *ret_found = sj_hash_equal(&right, &ret_notice->seal);
    if (!*ret_found) {
        SJ_LOG(ERROR, "break_glass.seal.broken", sj_log_id("approval.id", approval));
    }
    return SJ_DONE;
}

/* ---- reviews that do not come ---- */

sj_status sj_break_glass_overdue(
    const struct sj_approval_desk *desk, uint64_t *ret_overdue, uint64_t *ret_silent)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(query(desk, SJ_SQL_BREAK_GLASS_OVERDUE, NULL, 0, &rows));
    *ret_overdue = (uint64_t)sj_row_i64(rows, 0, 0);
    *ret_silent = (uint64_t)sj_row_i64(rows, 0, 1);
    return SJ_DONE;
}

sj_status sj_break_glass_alarm(const struct sj_approval_desk *desk,
    struct sj_uuid ret_ids[SJ_BREAK_GLASS_ALARMS], size_t *ret_count)
{
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_BREAK_GLASS_ALARM, NULL, 0, &rows));
    *ret_count = sj_rows_count(rows);
    ENSURE(*ret_count <= SJ_BREAK_GLASS_ALARMS, INTERNAL);
    for (size_t i = 0; i < *ret_count; i++) {
        ret_ids[i] = sj_row_id(rows, i, 0);
    }
    return SJ_DONE;
}
