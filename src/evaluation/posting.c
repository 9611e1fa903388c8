/* SPDX-License-Identifier: Apache-2.0
 *
 * Where does a judge sit, and since when? Court, branch and days are in clear, because rules ask for them ("same
 * branch in the last 24 months"); the number of the order is sealed under the judge's key.
 */
#include "sanjeh/evaluation/posting.h"

#include "evaluation_priv.h"
#include "sanjeh/crypto/random.h"
#include "sanjeh/text/persian.h"

enum {
    COLUMN_UNIT,
    COLUMN_ID,
    COLUMN_JUDGE,
    COLUMN_COURT,
    COLUMN_COURT_CODE,
    COLUMN_BRANCH,
    COLUMN_TITLE,
    COLUMN_JOB_GROUP,
    COLUMN_BASE,
    COLUMN_SECONDMENT,
    COLUMN_FROM,
    COLUMN_TO,
    COLUMN_ORDER,
    COLUMN_KEY_VERSION,
    COLUMN_WRAPPED,
    COLUMN_CREATED_AT
};

static sj_status read_row(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    const struct sj_subject *subject, struct sj_posting *posting)
{
    *posting = (struct sj_posting){
        .unit = sj_row_id(rows, row, COLUMN_UNIT),
        .id = sj_row_id(rows, row, COLUMN_ID),
        .judge = sj_row_id(rows, row, COLUMN_JUDGE),
        .court = sj_row_id(rows, row, COLUMN_COURT),
        .judicial_base = sj_row_i64(rows, row, COLUMN_BASE),
        .from_day = sj_row_day(rows, row, COLUMN_FROM),
        .has_end = !sj_row_is_null(rows, row, COLUMN_TO),
        .order_number = {"", 0},
        .created_at = sj_row_time(rows, row, COLUMN_CREATED_AT),
    };
    if (posting->has_end) {
        posting->to_day = sj_row_day(rows, row, COLUMN_TO);
    }
    TRY(sj_desk_text(desk, rows, row, COLUMN_COURT_CODE, &posting->court_code));
    TRY(sj_desk_text(desk, rows, row, COLUMN_BRANCH, &posting->branch));
    TRY(sj_desk_text(desk, rows, row, COLUMN_TITLE, &posting->title));
    TRY(sj_desk_text(desk, rows, row, COLUMN_JOB_GROUP, &posting->job_group));
    TRY(sj_desk_text(desk, rows, row, COLUMN_SECONDMENT, &posting->secondment_body));
    if (subject == NULL || sj_row_is_null(rows, row, COLUMN_ORDER)) {
        return SJ_DONE;
    }
    return field_text(desk, subject, SJ_TABLE_POSTING, SJ_COLUMN_POSTING_ORDER_NUMBER, posting->id,
        SJ_FLE1_TEXT, sj_row_bytes(rows, row, COLUMN_ORDER), &posting->order_number);
}

static sj_status read_rows(const struct sj_desk *desk, const struct sj_rows *rows, size_t count,
    struct sj_posting *postings)
{
    void *memory;
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_wrapped_dek), &memory));
    struct sj_wrapped_dek *keys = memory;
    for (size_t row = 0; row < count; row++) {
        keys[row] = (struct sj_wrapped_dek){.wrapped = {NULL, 0}};
        if (!sj_row_is_null(rows, row, COLUMN_WRAPPED)) {
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
        TRY(read_row(desk, rows, row, keyring_of(&keyring, row), &postings[row]));
    }
    return SJ_DONE;
}

sj_status sj_posting_list(const struct sj_desk *desk, struct sj_uuid judge, struct sj_uuid court,
    struct sj_paging paging, struct sj_posting **ret_items, size_t *ret_count,
    struct sj_uuid *ret_last)
{
    *ret_items = NULL;
    *ret_count = 0;
    *ret_last = (struct sj_uuid){{0}};
    struct sight sight;
    if (!desk_sight(desk, &sight)) {
        return SJ_DONE;
    }
    const struct sj_param params[] = {sj_p_id_or_null(&sight.unit),
        sight.is_wide ? sj_p_bool(sight.is_everything) : sj_p_id_or_null(&sight.judge),
        sj_p_id(&paging.after), sj_p_i64((int64_t)paging.limit + 1), sj_p_id_or_null(&judge),
        sj_p_id_or_null(&court)};
    const struct sj_query sql = {
        sight.is_wide ? SJ_SQL_POSTING_LIST_SEEN : SJ_SQL_POSTING_LIST, params, SJ_COUNT(params)};
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
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_posting), &memory));
    TRY(read_rows(desk, rows, count, memory));
    *ret_items = memory;
    *ret_count = count;
    return SJ_DONE;
}

sj_status sj_posting_find(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_posting *ret_posting)
{
    *ret_found = false;
    struct sight sight;
    if (!desk_sight(desk, &sight)) {
        return SJ_DONE;
    }
    const struct sj_param params[] = {sj_p_id_or_null(&sight.unit),
        sight.is_wide ? sj_p_bool(sight.is_everything) : sj_p_id_or_null(&sight.judge),
        sj_p_id(&id)};
    const struct sj_query sql = {
        sight.is_wide ? SJ_SQL_POSTING_FIND_SEEN : SJ_SQL_POSTING_FIND, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(desk->tx != NULL ? sj_tx_query(desk->tx, sql.sql, params, SJ_COUNT(params), &rows)
                         : sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    return *ret_found ? read_rows(desk, rows, 1, ret_posting) : SJ_DONE;
}

static bool is_label_or_empty(struct sj_text text)
{
    return text.len == 0 || !sj_failed(sj_label_check(text));
}

const char *sj_posting_check(const struct sj_posting *posting, const char **reterr_field)
{
    const struct {
        const char *name;
        bool is_sound;
    } members[] = {
        {"title", !sj_failed(sj_label_check(posting->title))},
        {"branch", is_label_or_empty(posting->branch)},
        {"secondment_body", is_label_or_empty(posting->secondment_body)},
        {"order_number", is_label_or_empty(posting->order_number)},
        {"to", !posting->has_end || posting->to_day >= posting->from_day},
        {"judicial_base", posting->judicial_base >= 0 && posting->judicial_base <= 12},
    };
    for (size_t i = 0; i < SJ_COUNT(members); i++) {
        if (!members[i].is_sound) {
            *reterr_field = members[i].name;
            return "FORMAT";
        }
    }
    return NULL;
}

static sj_status seal_order(const struct sj_desk *desk, const struct sj_posting *posting,
    struct sj_buf *ret_blob, uint32_t *ret_version)
{
    *ret_version = 0;
    if (posting->order_number.len == 0) {
        return SJ_DONE;
    }
    CLEANUP(sj_subject_clear) struct sj_subject subject = {0};
    TRY(sj_fields_subject_for_write(
        desk->fields, desk->tx, desk->actor->unit, posting->judge, &subject));
    *ret_version = subject.version;
    return sj_field_seal(&subject, SJ_TABLE_POSTING, SJ_COLUMN_POSTING_ORDER_NUMBER, posting->id,
        SJ_FLE1_TEXT, sj_text_bytes(posting->order_number), ret_blob);
}

/* A judge who is not in the register gets no key either: the key of nobody would stay behind. */
static sj_status is_registered(const struct sj_desk *desk, struct sj_uuid judge, bool *ret_is)
{
    const struct sj_param params[] = {sj_p_id(&judge), sj_p_id(&desk->actor->unit), sj_p_null()};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_ISSUE_TARGET_JUDGE, params, SJ_COUNT(params), &rows));
    *ret_is = sj_rows_count(rows) == 1;
    return SJ_DONE;
}

sj_status sj_posting_create(const struct sj_desk *desk, struct sj_posting *posting, bool *ret_found)
{
    SJ_ASSERT(desk->tx != NULL);
    const struct sj_actor *actor = desk->actor;
    TRY(is_registered(desk, posting->judge, ret_found));
    if (!*ret_found) {
        return SJ_DONE;
    }
    TRY(sj_uuid_new_ordered(&posting->id));
    CLEANUP(sj_buf_clear) struct sj_buf order = SJ_BUF(FIELD_BYTES_MAX);
    uint32_t version = 0;
    TRY(seal_order(desk, posting, &order, &version));
    const struct sj_param params[] = {sj_p_id(&actor->unit), sj_p_id(&posting->id),
        sj_p_id_or_null(&actor->compartment), sj_p_id(&posting->judge), sj_p_id(&posting->court),
        sj_p_text_or_null(posting->branch), sj_p_text(posting->title),
        sj_p_text_or_null(posting->job_group),
        posting->judicial_base == 0 ? sj_p_null() : sj_p_i32((int32_t)posting->judicial_base),
        sj_p_text_or_null(posting->secondment_body), sj_p_day(posting->from_day),
        posting->has_end ? sj_p_day(posting->to_day) : sj_p_null(),
        order.len > 0 ? sj_p_bytes(sj_buf_view(&order)) : sj_p_null(),
        order.len > 0 ? sj_p_i32((int32_t)version) : sj_p_null(), sj_p_id(&actor->account)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_POSTING_INSERT, params, SJ_COUNT(params), &rows));
    *ret_found = sj_rows_affected(rows) == 1;
    return SJ_DONE;
}

/* ---- availability ---- */

sj_status sj_availability_list(const struct sj_desk *desk, struct sj_uuid judge,
    struct sj_paging paging, struct sj_availability **ret_items, size_t *ret_count,
    struct sj_uuid *ret_last)
{
    *ret_items = NULL;
    *ret_count = 0;
    *ret_last = (struct sj_uuid){{0}};
    struct sj_uuid unit;
    struct sj_uuid self;
    if (!desk_reach(desk, &unit, &self)) {
        return SJ_DONE;
    }
    const struct sj_param params[] = {sj_p_id_or_null(&unit), sj_p_id_or_null(&self),
        sj_p_id(&paging.after), sj_p_i64((int64_t)paging.limit + 1), sj_p_id_or_null(&judge)};
    const struct sj_query sql = {SJ_SQL_AVAILABILITY_LIST, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    size_t count = sj_rows_count(rows);
    if (count > paging.limit) {
        count = paging.limit;
        *ret_last = sj_row_id(rows, count - 1, 1);
    }
    void *memory;
    TRY(sj_arena_alloc(desk->arena, (count + 1) * sizeof(struct sj_availability), &memory));
    *ret_items = memory;
    for (size_t row = 0; row < count; row++) {
        (*ret_items)[row] = (struct sj_availability){
            .unit = sj_row_id(rows, row, 0),
            .id = sj_row_id(rows, row, 1),
            .judge = sj_row_id(rows, row, 2),
            .from_day = sj_row_day(rows, row, 3),
            .to_day = sj_row_day(rows, row, 4),
            .leave_days = sj_row_is_null(rows, row, 5) ? -1 : sj_row_i64(rows, row, 5),
            .other_duty_permille = sj_row_is_null(rows, row, 6) ? -1 : sj_row_i64(rows, row, 6),
            .created_at = sj_row_time(rows, row, 7),
        };
    }
    *ret_count = count;
    return SJ_DONE;
}

sj_status sj_availability_create(
    const struct sj_desk *desk, struct sj_availability *item, bool *ret_found)
{
    SJ_ASSERT(desk->tx != NULL);
    const struct sj_actor *actor = desk->actor;
    TRY(sj_uuid_new_ordered(&item->id));
    item->unit = actor->unit;
    item->created_at = sj_time_now();
    const struct sj_param params[] = {sj_p_id(&actor->unit), sj_p_id(&item->id),
        sj_p_id_or_null(&actor->compartment), sj_p_id(&item->judge), sj_p_day(item->from_day),
        sj_p_day(item->to_day),
        item->leave_days < 0 ? sj_p_null() : sj_p_i32((int32_t)item->leave_days),
        item->other_duty_permille < 0 ? sj_p_null() : sj_p_i32((int32_t)item->other_duty_permille),
        sj_p_id(&actor->account)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_AVAILABILITY_INSERT, params, SJ_COUNT(params), &rows));
    *ret_found = sj_rows_affected(rows) == 1;
    return SJ_DONE;
}
