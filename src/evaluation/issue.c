/* SPDX-License-Identifier: Apache-2.0
 *
 * What is said to be wrong with a row, and what did its owner answer? Text and answer are sealed under the judge's
 * key in the owner's unit (under the issue's own when the row names no judge): both sides read them, a dump does
 * not. Nothing is ever removed: a rejected issue stays beside its reason.
 */
#include "sanjeh/evaluation/issue.h"

#include "evaluation_priv.h"
#include "sanjeh/crypto/random.h"

enum {
    COLUMN_UNIT,
    COLUMN_ID,
    COLUMN_EVALUATION,
    COLUMN_FACT,
    COLUMN_VALUE,
    COLUMN_FIELD,
    COLUMN_JUDGE,
    COLUMN_SUBJECT,
    COLUMN_OPENED_BY,
    COLUMN_BY_JUDGE,
    COLUMN_TEXT,
    COLUMN_REASON,
    COLUMN_KEY_VERSION,
    COLUMN_WRAPPED,
    COLUMN_STATE,
    COLUMN_OPENED_AT,
    COLUMN_DUE_AT,
    COLUMN_ANSWERED_BY,
    COLUMN_ANSWERED_AT,
    COLUMN_VERSION
};

static sj_status open_text(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    const struct sj_subject *subject, const struct sj_issue *issue, size_t column, uint32_t number,
    struct sj_text *ret_text)
{
    *ret_text = (struct sj_text){"", 0};
    if (subject == NULL || sj_row_is_null(rows, row, column)) {
        return SJ_DONE;
    }
    return field_text(desk, subject, SJ_TABLE_DATA_ISSUE, number, issue->id, SJ_FLE1_TEXT,
        sj_row_bytes(rows, row, column), ret_text);
}

static sj_status read_row(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    const struct sj_subject *subject, struct sj_issue *issue)
{
    const bool is_answered = !sj_row_is_null(rows, row, COLUMN_ANSWERED_AT);
    *issue = (struct sj_issue){
        .unit = sj_row_id(rows, row, COLUMN_UNIT),
        .id = sj_row_id(rows, row, COLUMN_ID),
        .evaluation = sj_row_id(rows, row, COLUMN_EVALUATION),
        .fact = sj_row_id(rows, row, COLUMN_FACT),
        .value = sj_row_id(rows, row, COLUMN_VALUE),
        .judge = sj_row_id(rows, row, COLUMN_JUDGE),
        .opened_by = sj_row_id(rows, row, COLUMN_OPENED_BY),
        .is_by_judge = sj_row_bool(rows, row, COLUMN_BY_JUDGE),
        .opened_at = sj_row_time(rows, row, COLUMN_OPENED_AT),
        .due_at = sj_row_time(rows, row, COLUMN_DUE_AT),
        .answered_by = sj_row_id(rows, row, COLUMN_ANSWERED_BY),
        .answered_at = is_answered ? sj_row_time(rows, row, COLUMN_ANSWERED_AT) : 0,
        .version = sj_row_i64(rows, row, COLUMN_VERSION),
    };
    TRY(sj_desk_text(desk, rows, row, COLUMN_FIELD, &issue->field));
    TRY(sj_desk_text(desk, rows, row, COLUMN_STATE, &issue->state));
    TRY(open_text(
        desk, rows, row, subject, issue, COLUMN_TEXT, SJ_COLUMN_DATA_ISSUE_TEXT, &issue->text));
    return open_text(desk, rows, row, subject, issue, COLUMN_REASON, SJ_COLUMN_DATA_ISSUE_REASON,
        &issue->reason);
}

static sj_status read_rows(
    const struct sj_desk *desk, const struct sj_rows *rows, size_t count, struct sj_issue *issues)
{
    void *memory;
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_wrapped_dek), &memory));
    struct sj_wrapped_dek *keys = memory;
    for (size_t row = 0; row < count; row++) {
        keys[row] = (struct sj_wrapped_dek){
            .unit = sj_row_id(rows, row, COLUMN_UNIT),
            .subject = sj_row_id(rows, row, COLUMN_SUBJECT),
            .version = (uint32_t)sj_row_i64(rows, row, COLUMN_KEY_VERSION),
            .wrapped = {NULL, 0},
        };
        if (!sj_row_is_null(rows, row, COLUMN_WRAPPED)) {
            keys[row].wrapped = sj_row_bytes(rows, row, COLUMN_WRAPPED);
        }
    }
    CLEANUP(keyring_clear) struct keyring keyring = {0};
    TRY(keyring_open(desk, keys, count, &keyring));
    for (size_t row = 0; row < count; row++) {
        TRY(read_row(desk, rows, row, keyring_of(&keyring, row), &issues[row]));
    }
    return SJ_DONE;
}

sj_status sj_issue_list(const struct sj_desk *desk, struct sj_text state, struct sj_paging paging,
    struct sj_issue **ret_items, size_t *ret_count, struct sj_uuid *ret_last)
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
        sj_p_id(&paging.after), sj_p_i64((int64_t)paging.limit + 1), sj_p_text_or_null(state)};
    const struct sj_query sql = {SJ_SQL_ISSUE_LIST, params, SJ_COUNT(params)};
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
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_issue), &memory));
    TRY(read_rows(desk, rows, count, memory));
    *ret_items = memory;
    *ret_count = count;
    return SJ_DONE;
}

sj_status sj_issue_find(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_issue *ret_issue)
{
    *ret_found = false;
    struct sj_uuid unit;
    struct sj_uuid self;
    if (!desk_reach(desk, &unit, &self)) {
        return SJ_DONE;
    }
    const struct sj_param params[] = {sj_p_id_or_null(&unit), sj_p_id_or_null(&self), sj_p_id(&id)};
    const struct sj_query sql = {SJ_SQL_ISSUE_FIND, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(desk->tx != NULL ? sj_tx_query(desk->tx, SJ_SQL_ISSUE_FIND, params, SJ_COUNT(params), &rows)
                         : sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    return *ret_found ? read_rows(desk, rows, 1, ret_issue) : SJ_DONE;
}

/* ---- open ---- */

struct target {
    struct sj_uuid unit;
    struct sj_uuid compartment;
    struct sj_uuid judge_unit;
    struct sj_uuid judge;
};

static sj_status find_target(const struct sj_desk *desk, const struct sj_issue *issue,
    bool *ret_found, struct target *ret_target)
{
    *ret_found = false;
    struct sj_uuid unit;
    struct sj_uuid self;
    if (!desk_reach(desk, &unit, &self)) {
        return SJ_DONE;
    }
    enum sj_sql sql = SJ_SQL_ISSUE_TARGET_JUDGE;
    const struct sj_uuid *id = &issue->judge;
    if (!sj_uuid_is_nil(issue->fact)) {
        sql = SJ_SQL_ISSUE_TARGET_FACT;
        id = &issue->fact;
    } else if (!sj_uuid_is_nil(issue->value)) {
        sql = SJ_SQL_ISSUE_TARGET_VALUE;
        id = &issue->value;
    }
    const struct sj_param params[] = {sj_p_id(id), sj_p_id_or_null(&unit), sj_p_id_or_null(&self)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, sql, params, SJ_COUNT(params), &rows));
    *ret_found = sj_rows_count(rows) == 1;
    if (*ret_found) {
        *ret_target = (struct target){sj_row_id(rows, 0, 0), sj_row_id(rows, 0, 1),
            sj_row_id(rows, 0, 2), sj_row_id(rows, 0, 3)};
    }
    return SJ_DONE;
}

static sj_status insert(
    const struct sj_desk *desk, const struct sj_issue *issue, const struct target *target)
{
    const struct sj_uuid subject_id = sj_uuid_is_nil(target->judge) ? issue->id : target->judge;
    CLEANUP(sj_subject_clear) struct sj_subject subject = {0};
    TRY(sj_fields_subject_for_write(desk->fields, desk->tx, target->unit, subject_id, &subject));
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(FIELD_BYTES_MAX);
    TRY(sj_field_seal(&subject, SJ_TABLE_DATA_ISSUE, SJ_COLUMN_DATA_ISSUE_TEXT, issue->id,
        SJ_FLE1_TEXT, sj_text_bytes(issue->text), &text));
    const struct sj_param params[] = {sj_p_id(&target->unit), sj_p_id(&issue->id),
        sj_p_id_or_null(&target->compartment), sj_p_id_or_null(&issue->fact),
        sj_p_id_or_null(&issue->value), sj_p_text_or_null(issue->field),
        sj_p_id_or_null(&target->judge_unit), sj_p_id_or_null(&target->judge), sj_p_id(&subject_id),
        sj_p_id(&desk->actor->account), sj_p_bool(desk->decision->reach == SJ_REACH_SELF),
        sj_p_bytes(sj_buf_view(&text)), sj_p_i32((int32_t)subject.version)};
    return sj_tx_query(desk->tx, SJ_SQL_ISSUE_INSERT, params, SJ_COUNT(params), NULL);
}

sj_status sj_issue_open(const struct sj_desk *desk, struct sj_issue *issue, bool *ret_found)
{
    SJ_ASSERT(desk->tx != NULL);
    struct target target;
    TRY(find_target(desk, issue, ret_found, &target));
    if (!*ret_found) {
        return SJ_DONE;
    }
    TRY(sj_uuid_new_ordered(&issue->id));
    return insert(desk, issue, &target);
}

/* ---- answer ---- */

sj_status sj_issue_answer(const struct sj_desk *desk, const struct sj_issue *issue,
    struct sj_text state, struct sj_text reason)
{
    ENSURE(sj_text_is(issue->state, "open"), NO_SUCH_MOVE);
    const struct sj_uuid subject_id = sj_uuid_is_nil(issue->judge) ? issue->id : issue->judge;
    CLEANUP(sj_subject_clear) struct sj_subject subject = {0};
    TRY(sj_fields_subject_for_write(desk->fields, desk->tx, issue->unit, subject_id, &subject));
    CLEANUP(sj_buf_clear) struct sj_buf blob = SJ_BUF(FIELD_BYTES_MAX);
    TRY(sj_field_seal(&subject, SJ_TABLE_DATA_ISSUE, SJ_COLUMN_DATA_ISSUE_REASON, issue->id,
        SJ_FLE1_TEXT, sj_text_bytes(reason), &blob));
    const struct sj_param params[] = {sj_p_id(&issue->unit), sj_p_id(&issue->id),
        sj_p_i64(issue->version), sj_p_text(state), sj_p_bytes(sj_buf_view(&blob)),
        sj_p_id(&desk->actor->account)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_ISSUE_ANSWER, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_affected(rows) == 1, PRECONDITION_FAILED);
    return SJ_DONE;
}
