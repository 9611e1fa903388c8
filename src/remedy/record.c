/* SPDX-License-Identifier: Apache-2.0
 *
 * How is a record of a file read and written, whatever its kind? One table says for each kind which statements it has and
 * which of the record's members they take; all their answers have the same columns. Body and answer are sealed
 * under the key of the evaluation and sealed again together at each change, so that one key version opens a whole row.
 * If a kind took another's statement, a text would be sealed for a place where it never opens again.
 */
#include "sanjeh/remedy/record.h"

#include "sanjeh/crypto/random.h"
#include "sanjeh/evaluation/desk_rows.h"

enum field {
    FIELD_END,
    FIELD_ROUND,
    FIELD_STATE,
    FIELD_KIND,
    FIELD_LABEL,
    FIELD_ANSWER,
    FIELD_IS_DONE,
    FIELD_ACTOR_IF_DONE,
    FIELD_NO,
    FIELD_PARENT,
    FIELD_SHA,
    FIELD_DAY,
    FIELD_PERSON
};
#define FIELDS_MAX 6

struct kind {
    uint32_t table;
    enum sj_sql list;
    enum sj_sql find;
    enum sj_sql insert;
    bool may_change;
    enum sj_sql update;
    uint8_t inserted
        [FIELDS_MAX]; /* after unit, id, scope, evaluation, judge, body, key version, actor */
    uint8_t updated[FIELDS_MAX]; /* after unit, id, version, body, key version */
};

static const struct kind kinds[SJ_RECORD_KIND_COUNT_] = {
    {SJ_TABLE_SELF_ASSESSMENT, SJ_SQL_SELF_ASSESSMENT_LIST, SJ_SQL_SELF_ASSESSMENT_FIND,
        SJ_SQL_SELF_ASSESSMENT_INSERT, true, SJ_SQL_SELF_ASSESSMENT_UPDATE, {FIELD_END},
        {FIELD_STATE, FIELD_IS_DONE, FIELD_END}},
    {SJ_TABLE_EVIDENCE_ITEM, SJ_SQL_EVIDENCE_ITEM_LIST, SJ_SQL_EVIDENCE_ITEM_FIND,
        SJ_SQL_EVIDENCE_ITEM_INSERT, true, SJ_SQL_EVIDENCE_ITEM_UPDATE,
        {FIELD_KIND, FIELD_SHA, FIELD_LABEL, FIELD_END},
        {FIELD_ANSWER, FIELD_STATE, FIELD_ACTOR_IF_DONE, FIELD_IS_DONE, FIELD_END}},
    {SJ_TABLE_DISCLOSURE, SJ_SQL_DISCLOSURE_LIST, SJ_SQL_DISCLOSURE_FIND, SJ_SQL_DISCLOSURE_INSERT,
        false, SJ_SQL_DISCLOSURE_FIND, {FIELD_ROUND, FIELD_SHA, FIELD_END}, {FIELD_END}},
    {SJ_TABLE_REPLY, SJ_SQL_REPLY_LIST, SJ_SQL_REPLY_FIND, SJ_SQL_REPLY_INSERT, true,
        SJ_SQL_REPLY_UPDATE, {FIELD_ROUND, FIELD_END}, {FIELD_STATE, FIELD_IS_DONE, FIELD_END}},
    {SJ_TABLE_REPLY_POINT, SJ_SQL_REPLY_POINT_LIST, SJ_SQL_REPLY_POINT_FIND,
        SJ_SQL_REPLY_POINT_INSERT, true, SJ_SQL_REPLY_POINT_UPDATE,
        {FIELD_ROUND, FIELD_NO, FIELD_PARENT, FIELD_END},
        {FIELD_ANSWER, FIELD_ACTOR_IF_DONE, FIELD_IS_DONE, FIELD_END}},
    {SJ_TABLE_INTERVIEW, SJ_SQL_INTERVIEW_LIST, SJ_SQL_INTERVIEW_FIND, SJ_SQL_INTERVIEW_INSERT,
        true, SJ_SQL_INTERVIEW_UPDATE, {FIELD_ROUND, FIELD_END},
        {FIELD_ANSWER, FIELD_STATE, FIELD_DAY, FIELD_ACTOR_IF_DONE, FIELD_IS_DONE, FIELD_END}},
    {SJ_TABLE_VERDICT, SJ_SQL_VERDICT_LIST, SJ_SQL_VERDICT_FIND, SJ_SQL_VERDICT_INSERT, false,
        SJ_SQL_VERDICT_FIND, {FIELD_ROUND, FIELD_END}, {FIELD_END}},
    {SJ_TABLE_ACKNOWLEDGEMENT, SJ_SQL_ACKNOWLEDGEMENT_LIST, SJ_SQL_ACKNOWLEDGEMENT_FIND,
        SJ_SQL_ACKNOWLEDGEMENT_INSERT, false, SJ_SQL_ACKNOWLEDGEMENT_FIND,
        {FIELD_ROUND, FIELD_KIND, FIELD_END}, {FIELD_END}},
    {SJ_TABLE_APPEAL, SJ_SQL_APPEAL_LIST, SJ_SQL_APPEAL_FIND, SJ_SQL_APPEAL_INSERT, true,
        SJ_SQL_APPEAL_UPDATE, {FIELD_ROUND, FIELD_END},
        {FIELD_ANSWER, FIELD_STATE, FIELD_KIND, FIELD_ACTOR_IF_DONE, FIELD_IS_DONE, FIELD_NO}},
    {SJ_TABLE_APPEAL_VOTE, SJ_SQL_APPEAL_VOTE_LIST, SJ_SQL_APPEAL_VOTE_FIND,
        SJ_SQL_APPEAL_VOTE_INSERT, false, SJ_SQL_APPEAL_VOTE_FIND,
        {FIELD_ROUND, FIELD_PARENT, FIELD_END}, {FIELD_END}},
    {SJ_TABLE_CORRECTION_ORDER, SJ_SQL_CORRECTION_ORDER_LIST, SJ_SQL_CORRECTION_ORDER_FIND,
        SJ_SQL_CORRECTION_ORDER_INSERT, false, SJ_SQL_CORRECTION_ORDER_FIND,
        {FIELD_ROUND, FIELD_END}, {FIELD_END}},
    {SJ_TABLE_IMPROVEMENT_PLAN, SJ_SQL_IMPROVEMENT_PLAN_LIST, SJ_SQL_IMPROVEMENT_PLAN_FIND,
        SJ_SQL_IMPROVEMENT_PLAN_INSERT, true, SJ_SQL_IMPROVEMENT_PLAN_UPDATE,
        {FIELD_ROUND, FIELD_END}, {FIELD_STATE, FIELD_END}},
    {SJ_TABLE_PLAN_ACTION, SJ_SQL_PLAN_ACTION_LIST, SJ_SQL_PLAN_ACTION_FIND,
        SJ_SQL_PLAN_ACTION_INSERT, true, SJ_SQL_PLAN_ACTION_UPDATE,
        {FIELD_ROUND, FIELD_NO, FIELD_PARENT, FIELD_DAY, FIELD_PERSON, FIELD_END},
        {FIELD_ANSWER, FIELD_STATE, FIELD_ACTOR_IF_DONE, FIELD_IS_DONE, FIELD_END}},
    {SJ_TABLE_JUDGE_STATEMENT, SJ_SQL_JUDGE_STATEMENT_LIST, SJ_SQL_JUDGE_STATEMENT_FIND,
        SJ_SQL_JUDGE_STATEMENT_INSERT, false, SJ_SQL_JUDGE_STATEMENT_FIND,
        {FIELD_ROUND, FIELD_KIND, FIELD_END}, {FIELD_END}},
};

enum {
    COLUMN_UNIT,
    COLUMN_ID,
    COLUMN_EVALUATION,
    COLUMN_JUDGE,
    COLUMN_ROUND,
    COLUMN_STATE,
    COLUMN_KIND,
    COLUMN_BODY,
    COLUMN_ANSWER,
    COLUMN_KEY_VERSION,
    COLUMN_WRAPPED,
    COLUMN_CREATED_BY,
    COLUMN_CREATED_AT,
    COLUMN_DONE_AT,
    COLUMN_OPENED_AT,
    COLUMN_VERSION,
    COLUMN_NO,
    COLUMN_PARENT,
    COLUMN_SHA256,
    COLUMN_DAY,
    COLUMN_PERSON,
    COLUMN_LABEL
};

#define FIRST_PARAMS 8

static sj_status ask(const struct sj_desk *desk, enum sj_sql sql, const struct sj_param *params,
    size_t count, struct sj_rows **ret_rows)
{
    if (desk->tx != NULL) {
        return sj_tx_query(desk->tx, sql, params, count, ret_rows);
    }
    const struct sj_query query = {sql, params, count};
    return sj_db_read(desk->db, desk->context, &query, 1, ret_rows);
}

/* ---- reading ---- */

static sj_time_us time_of(const struct sj_rows *rows, size_t row, size_t column)
{
    return sj_row_is_null(rows, row, column) ? 0 : sj_row_time(rows, row, column);
}

/* Rows of one file share a key: the first opens it, the others find it in the cache. */
static sj_status open_key(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    struct sj_subject *ret_subject)
{
    const struct sj_wrapped_dek key = {
        .unit = sj_row_id(rows, row, COLUMN_UNIT),
        .subject = sj_row_id(rows, row, COLUMN_EVALUATION),
        .version = (uint32_t)sj_row_i64(rows, row, COLUMN_KEY_VERSION),
        .wrapped = sj_row_bytes(rows, row, COLUMN_WRAPPED),
    };
    if (sj_fields_find(desk->fields, key.unit, key.subject, key.version, ret_subject)) {
        return SJ_DONE;
    }
    return sj_fields_open(desk->fields, &key, 1, ret_subject);
}

static sj_status open_text(const struct sj_desk *desk, const struct sj_subject *subject,
    uint32_t table, uint32_t column, struct sj_uuid row, struct sj_view blob,
    struct sj_text *ret_text)
{
    CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF(SJ_RECORD_BODY_MAX);
    TRY(sj_field_open(subject, table, column, row, SJ_FLE1_TEXT, blob, &plain));
    struct sj_text text;
    ENSURE(!sj_failed(sj_text_check(sj_buf_view(&plain), SJ_RECORD_BODY_MAX, &text)), DECRYPT);
    return sj_arena_text(desk->arena, text, ret_text);
}

static sj_status open_texts(const struct sj_desk *desk, const struct kind *kind,
    const struct sj_rows *rows, size_t row, struct sj_record *record)
{
    record->body = record->answer = (struct sj_text){"", 0};
    record->is_erased = sj_row_is_null(rows, row, COLUMN_WRAPPED);
    if (record->is_erased) {
        return SJ_DONE;
    }
    CLEANUP(sj_subject_clear) struct sj_subject subject = {0};
    TRY(open_key(desk, rows, row, &subject));
    TRY(open_text(desk, &subject, kind->table, SJ_COLUMN_RECORD_BODY, record->id,
        sj_row_bytes(rows, row, COLUMN_BODY), &record->body));
    if (sj_row_is_null(rows, row, COLUMN_ANSWER)) {
        return SJ_DONE;
    }
    return open_text(desk, &subject, kind->table, SJ_COLUMN_RECORD_ANSWER, record->id,
        sj_row_bytes(rows, row, COLUMN_ANSWER), &record->answer);
}

static sj_status read_row(const struct sj_desk *desk, const struct kind *kind,
    const struct sj_rows *rows, size_t row, struct sj_record *record)
{
    *record = (struct sj_record){
        .unit = sj_row_id(rows, row, COLUMN_UNIT),
        .id = sj_row_id(rows, row, COLUMN_ID),
        .evaluation = sj_row_id(rows, row, COLUMN_EVALUATION),
        .judge = sj_row_id(rows, row, COLUMN_JUDGE),
        .round = sj_row_i64(rows, row, COLUMN_ROUND),
        .created_by = sj_row_id(rows, row, COLUMN_CREATED_BY),
        .created_at = sj_row_time(rows, row, COLUMN_CREATED_AT),
        .done_at = time_of(rows, row, COLUMN_DONE_AT),
        .opened_at = time_of(rows, row, COLUMN_OPENED_AT),
        .version = sj_row_i64(rows, row, COLUMN_VERSION),
        .no = sj_row_i64(rows, row, COLUMN_NO),
        .parent = sj_row_id(rows, row, COLUMN_PARENT),
        .has_day = !sj_row_is_null(rows, row, COLUMN_DAY),
        .person = sj_row_id(rows, row, COLUMN_PERSON),
    };
    record->is_done = record->done_at != 0;
    if (record->has_day) {
        record->day = sj_row_day(rows, row, COLUMN_DAY);
    }
    if (!sj_row_is_null(rows, row, COLUMN_SHA256)) {
        TRY(sj_arena_copy(desk->arena, sj_row_bytes(rows, row, COLUMN_SHA256), &record->sha256));
    }
    TRY(sj_desk_text(desk, rows, row, COLUMN_STATE, &record->state));
    TRY(sj_desk_text(desk, rows, row, COLUMN_KIND, &record->kind));
    TRY(sj_desk_text(desk, rows, row, COLUMN_LABEL, &record->label));
    return open_texts(desk, kind, rows, row, record);
}

sj_status sj_record_list(const struct sj_desk *desk, enum sj_record_kind kind,
    const struct sj_record_filter *filter, struct sj_paging paging, struct sj_record **ret_items,
    size_t *ret_count, struct sj_uuid *ret_last)
{
    *ret_items = NULL;
    *ret_count = 0;
    *ret_last = (struct sj_uuid){{0}};
    const struct sj_param params[] = {sj_p_id(&paging.after), sj_p_i64((int64_t)paging.limit + 1),
        sj_p_id_or_null(&filter->evaluation), sj_p_id_or_null(&filter->parent)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, kinds[kind].list, params, SJ_COUNT(params), &rows));
    size_t count = sj_rows_count(rows);
    if (count == 0) {
        return SJ_DONE;
    }
    if (count > paging.limit) {
        count = paging.limit;
        *ret_last = sj_row_id(rows, count - 1, COLUMN_ID);
    }
    void *memory;
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_record), &memory));
    struct sj_record *items = memory;
    for (size_t row = 0; row < count; row++) {
        TRY(read_row(desk, &kinds[kind], rows, row, &items[row]));
    }
    *ret_items = items;
    *ret_count = count;
    return SJ_DONE;
}

sj_status sj_record_find(const struct sj_desk *desk, enum sj_record_kind kind, struct sj_uuid id,
    bool *ret_found, struct sj_record *ret_record)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, kinds[kind].find, params, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    return *ret_found ? read_row(desk, &kinds[kind], rows, 0, ret_record) : SJ_DONE;
}

/* ---- writing ---- */

struct sealed {
    struct sj_buf body;
    struct sj_buf answer;
};
#define SEALED_ROOM                                                                                \
    ((struct sealed){SJ_BUF(SJ_RECORD_BODY_MAX + 4096), SJ_BUF(SJ_RECORD_BODY_MAX + 4096)})

static void sealed_clear(struct sealed *sealed)
{
    sj_buf_clear(&sealed->body);
    sj_buf_clear(&sealed->answer);
}

static sj_status seal(const struct sj_subject *subject, const struct kind *kind,
    const struct sj_record *record, struct sealed *sealed)
{
    ENSURE(record->body.len <= SJ_RECORD_BODY_MAX && record->answer.len <= SJ_RECORD_BODY_MAX,
        LIMIT_EXCEEDED);
    TRY(sj_field_seal(subject, kind->table, SJ_COLUMN_RECORD_BODY, record->id, SJ_FLE1_TEXT,
        sj_text_bytes(record->body), &sealed->body));
    return record->answer.len == 0
               ? SJ_DONE
               : sj_field_seal(subject, kind->table, SJ_COLUMN_RECORD_ANSWER, record->id,
                     SJ_FLE1_TEXT, sj_text_bytes(record->answer), &sealed->answer);
}

static struct sj_param optional(struct sj_text text)
{
    return text.len == 0 ? sj_p_null() : sj_p_text(text);
}

static struct sj_param blob_or_null(const struct sj_buf *blob)
{
    return blob->len == 0 ? sj_p_null() : sj_p_bytes(sj_buf_view(blob));
}

static struct sj_param param_of(const struct sj_desk *desk, enum field field,
    const struct sj_record *record, const struct sealed *sealed)
{
    switch (field) {
    case FIELD_ROUND:
        return sj_p_i32((int32_t)record->round);
    case FIELD_STATE:
        return sj_p_text(record->state);
    case FIELD_KIND:
        return optional(record->kind);
    case FIELD_LABEL:
        return optional(record->label);
    case FIELD_ANSWER:
        return blob_or_null(&sealed->answer);
    case FIELD_IS_DONE:
        return sj_p_bool(record->is_done);
    case FIELD_ACTOR_IF_DONE:
        return record->is_done ? sj_p_id(&desk->actor->account) : sj_p_null();
    case FIELD_NO:
        return sj_p_i32((int32_t)record->no);
    case FIELD_PARENT:
        return sj_p_id_or_null(&record->parent);
    case FIELD_SHA:
        return record->sha256.len == 0 ? sj_p_null() : sj_p_bytes(record->sha256);
    case FIELD_DAY:
        return record->has_day ? sj_p_day(record->day) : sj_p_null();
    case FIELD_PERSON:
        return sj_p_id_or_null(&record->person);
    case FIELD_END:
        break;
    }
    return sj_p_null();
}

static size_t append(const struct sj_desk *desk, const uint8_t *fields,
    const struct sj_record *record, const struct sealed *sealed, struct sj_param *params,
    size_t count)
{
    for (size_t i = 0; i < FIELDS_MAX && fields[i] != FIELD_END; i++) {
        params[count++] = param_of(desk, (enum field)fields[i], record, sealed);
    }
    return count;
}

sj_status sj_record_add(const struct sj_desk *desk, enum sj_record_kind kind,
    const struct sj_evaluation *evaluation, struct sj_record *record)
{
    SJ_ASSERT(desk->tx != NULL);
    TRY(sj_uuid_new(&record->id));
    record->unit = evaluation->issuer_unit;
    record->evaluation = evaluation->id;
    record->judge = evaluation->judge;
    record->round = evaluation->round;
    record->created_by = desk->actor->account;
    record->created_at = evaluation->now;
    record->version = 1;
    CLEANUP(sj_subject_clear) struct sj_subject subject = {0};
    TRY(sj_fields_subject_for_write(
        desk->fields, desk->tx, record->unit, record->evaluation, &subject));
    CLEANUP(sealed_clear) struct sealed sealed = SEALED_ROOM;
    TRY(seal(&subject, &kinds[kind], record, &sealed));
    struct sj_param params[FIRST_PARAMS + FIELDS_MAX] = {sj_p_id(&record->unit),
        sj_p_id(&record->id), sj_p_id(&evaluation->issuer_scope), sj_p_id(&record->evaluation),
        sj_p_id(&record->judge), sj_p_bytes(sj_buf_view(&sealed.body)),
        sj_p_i32((int32_t)subject.version), sj_p_id(&desk->actor->account)};
    const size_t count = append(desk, kinds[kind].inserted, record, &sealed, params, FIRST_PARAMS);
    return sj_tx_query(desk->tx, kinds[kind].insert, params, count, NULL);
}

sj_status sj_record_change(
    const struct sj_desk *desk, enum sj_record_kind kind, struct sj_record *record)
{
    SJ_ASSERT(desk->tx != NULL && kinds[kind].may_change);
    ENSURE(!record->is_erased, CONFLICT);
    CLEANUP(sj_subject_clear) struct sj_subject subject = {0};
    TRY(sj_fields_subject_for_write(
        desk->fields, desk->tx, record->unit, record->evaluation, &subject));
    CLEANUP(sealed_clear) struct sealed sealed = SEALED_ROOM;
    TRY(seal(&subject, &kinds[kind], record, &sealed));
    struct sj_param params[FIRST_PARAMS + FIELDS_MAX] = {sj_p_id(&record->unit),
        sj_p_id(&record->id), sj_p_i64(record->version), sj_p_bytes(sj_buf_view(&sealed.body)),
        sj_p_i32((int32_t)subject.version)};
    const size_t count = append(desk, kinds[kind].updated, record, &sealed, params, 5);
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, kinds[kind].update, params, count, &rows));
    ENSURE(sj_rows_affected(rows) == 1, PRECONDITION_FAILED);
    record->version++;
    return SJ_DONE;
}

sj_status sj_disclosure_open(const struct sj_desk *desk, const struct sj_record *disclosure)
{
    const struct sj_param params[] = {sj_p_id(&disclosure->unit), sj_p_id(&disclosure->id)};
    return sj_tx_query(desk->tx, SJ_SQL_DISCLOSURE_OPEN, params, SJ_COUNT(params), NULL);
}

sj_status sj_appeal_votes_missing(
    const struct sj_desk *desk, struct sj_uuid appeal, int64_t *ret_missing)
{
    const struct sj_param params[] = {sj_p_id(&appeal)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_APPEAL_VOTES_MISSING, params, 1, &rows));
    *ret_missing = sj_row_i64(rows, 0, 0);
    return SJ_DONE;
}
