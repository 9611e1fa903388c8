/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a judge get into the register, and how is an entry changed? Checked and canonical first, then sealed
 * under the judge's own key (FLE1: unit, judge, table, column, row), then written with its blind index values in
 * the same transaction. A change seals all fields again, so one key version opens a whole row.
 * If a field went in unsealed, every copy of the database would name the judges.
 */
#include "judge_priv.h"

#include "sanjeh/crypto/random.h"
#include "sanjeh/text/persian.h"

/* ---- checks ---- */

static bool is_one_of(struct sj_text text, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        if (sj_text_is(text, names[i])) {
            return true;
        }
    }
    return false;
}

static const char *check_enumerations(struct sj_judge *judge, const char **reterr_field)
{
    static const char *const statuses[] = {
        "active", "probationary", "seconded", "suspended", "retired", NULL};
    static const char *const sexes[] = {"female", "male", NULL};
    static const char *const educations[] = {"hawza", "university", "both", NULL};
    if (judge->status.len == 0) {
        judge->status = SJ_TEXT("active");
    }
    if (!is_one_of(judge->status, statuses)) {
        *reterr_field = "status";
        return "UNKNOWN_STATUS";
    }
    if (judge->sex.len > 0 && !is_one_of(judge->sex, sexes)) {
        *reterr_field = "sex";
        return "UNKNOWN_SEX";
    }
    if (judge->education.len > 0 && !is_one_of(judge->education, educations)) {
        *reterr_field = "education";
        return "UNKNOWN_EDUCATION";
    }
    return NULL;
}

static const char *check_career(const struct sj_judge *judge, const char **reterr_field)
{
    if (judge->birth_year != 0 && (judge->birth_year < 1250 || judge->birth_year > 2100)) {
        *reterr_field = "birth_year";
        return "OUT_OF_RANGE";
    }
    if (judge->judicial_base < 0 || judge->judicial_base > 12) {
        *reterr_field = "judicial_base";
        return "OUT_OF_RANGE";
    }
    return NULL;
}

static const char *canonical_numbers(
    struct sj_arena *arena, struct sj_judge *judge, const char **reterr_field)
{
    CLEANUP(sj_buf_clear) struct sj_buf number = SJ_BUF(FIELD_BYTES_MAX);
    *reterr_field = "personnel_number";
    if (sj_failed(sj_personnel_number_check(judge->personnel_number, &number)) ||
        sj_failed(sj_arena_text(arena, sj_buf_text(&number), &judge->personnel_number))) {
        return "BAD_PERSONNEL_NUMBER";
    }
    char national[11];
    *reterr_field = "national_number";
    if (judge->national_number.len > 0 &&
        (sj_failed(sj_national_number_check(judge->national_number, national)) ||
            sj_failed(sj_arena_text(arena, sj_text_of(national), &judge->national_number)))) {
        return "BAD_NATIONAL_NUMBER";
    }
    *reterr_field = "name";
    return sj_failed(sj_name_check(judge->name)) ? "BAD_NAME" : NULL;
}

const char *sj_judge_check(
    struct sj_arena *arena, struct sj_judge *judge, const char **reterr_field)
{
    const char *code = canonical_numbers(arena, judge, reterr_field);
    if (code == NULL) {
        code = check_enumerations(judge, reterr_field);
    }
    return code != NULL ? code : check_career(judge, reterr_field);
}

/* ---- sealing ---- */

struct sealed {
    struct sj_buf personnel_number;
    struct sj_buf national_number; /* empty: null */
    struct sj_buf name;
};

static void sealed_clear(struct sealed *sealed)
{
    sj_buf_clear(&sealed->personnel_number);
    sj_buf_clear(&sealed->national_number);
    sj_buf_clear(&sealed->name);
}

static sj_status seal(
    const struct sj_subject *subject, const struct sj_judge *judge, struct sealed *sealed)
{
    TRY(sj_field_seal(subject, SJ_TABLE_JUDGE, SJ_COLUMN_JUDGE_PERSONNEL_NUMBER, judge->id,
        SJ_FLE1_TEXT, sj_text_bytes(judge->personnel_number), &sealed->personnel_number));
    TRY(sj_field_seal(subject, SJ_TABLE_JUDGE, SJ_COLUMN_JUDGE_NAME, judge->id, SJ_FLE1_TEXT,
        sj_text_bytes(judge->name), &sealed->name));
    if (judge->national_number.len == 0) {
        return SJ_DONE;
    }
    return sj_field_seal(subject, SJ_TABLE_JUDGE, SJ_COLUMN_JUDGE_NATIONAL_NUMBER, judge->id,
        SJ_FLE1_TEXT, sj_text_bytes(judge->national_number), &sealed->national_number);
}

#define SEALED_ROOM                                                                                \
    ((struct sealed){SJ_BUF(FIELD_BYTES_MAX), SJ_BUF(FIELD_BYTES_MAX), SJ_BUF(FIELD_BYTES_MAX)})

/* ---- blind index rows ---- */

/* Values to be blinded: one entry a value. */
struct entries {
    struct sj_text *texts;
    struct sj_uuid *rows;
    size_t count;
};

static sj_status entries_new(const struct sj_desk *desk, size_t max, struct entries *ret_entries)
{
    void *texts;
    void *rows;
    TRY(sj_arena_alloc(desk->arena, max * sizeof(struct sj_text), &texts));
    TRY(sj_arena_alloc(desk->arena, max * sizeof(struct sj_uuid), &rows));
    *ret_entries = (struct entries){texts, rows, 0};
    return SJ_DONE;
}

static sj_status gather(const struct sj_desk *desk, const struct sj_judge *judges, size_t count,
    enum sj_index_number index, struct entries *entries)
{
    for (size_t i = 0; i < count; i++) {
        struct name_tokens tokens = {.items = {judges[i].personnel_number}, .count = 1};
        if (index == SJ_INDEX_JUDGE_NATIONAL_NUMBER) {
            tokens.items[0] = judges[i].national_number;
            tokens.count = judges[i].national_number.len > 0 ? 1 : 0;
        } else if (index == SJ_INDEX_JUDGE_NAME_TOKEN) {
            TRY(name_tokens_of(desk->arena, judges[i].name, &tokens));
        }
        for (size_t t = 0; t < tokens.count; t++) {
            entries->texts[entries->count] = tokens.items[t];
            entries->rows[entries->count++] = judges[i].id;
        }
    }
    return SJ_DONE;
}

/* Words of one name may share a cut value; the row is written once. Entries of a judge are neighbours. */
static bool is_written(const struct entries *entries, const struct sj_blind *blinds, size_t number)
{
    for (size_t i = number; i > 0 && sj_uuid_equal(entries->rows[i - 1], entries->rows[number]);
         i--) {
        if (sj_view_equal(
                sj_view_of(blinds[i - 1].bytes, 16), sj_view_of(blinds[number].bytes, 16))) {
            return true;
        }
    }
    return false;
}

/* Rows of one statement, whatever the indexes. */
static sj_status index_rows_init(struct columns *columns)
{
    static const uint32_t oids[] = {SJ_OID_INT4, SJ_OID_BYTEA, SJ_OID_UUID, SJ_OID_INT4};
    return columns_init(columns, oids, SJ_COUNT(oids));
}

static sj_status put_entries(struct columns *columns, enum sj_index_number index,
    const struct entries *entries, const struct sj_blind *blinds)
{
    for (size_t i = 0; i < entries->count; i++) {
        if (is_written(entries, blinds, i)) {
            continue;
        }
        TRY(sj_array_put_i32(&columns->of[0], (int32_t)index));
        TRY(sj_array_put(&columns->of[1], blinds[i].bytes, judge_blind_size(index)));
        TRY(put_id(&columns->of[2], entries->rows[i]));
        TRY(sj_array_put_i32(&columns->of[3], index == SJ_INDEX_JUDGE_NAME_TOKEN ? 0 : 1));
    }
    return SJ_DONE;
}

static sj_status put_index(const struct sj_desk *desk, const struct sj_judge *judges, size_t count,
    enum sj_index_number index, struct columns *columns)
{
    struct entries entries;
    TRY(entries_new(
        desk, count * (index == SJ_INDEX_JUDGE_NAME_TOKEN ? NAME_TOKENS_MAX : 1), &entries));
    TRY(gather(desk, judges, count, index, &entries));
    if (entries.count == 0) {
        return SJ_DONE;
    }
    void *blinds;
    TRY(sj_arena_alloc(desk->arena, entries.count * sizeof(struct sj_blind), &blinds));
    TRY(judge_blinds(desk, desk->actor->unit, index, entries.texts, entries.count, blinds));
    return put_entries(columns, index, &entries, blinds);
}

/* Waits: what was queued before it has held when it has. */
static sj_status insert_index_rows(const struct sj_desk *desk, struct columns *columns)
{
    struct sj_param params[1 + COLUMNS_MAX] = {sj_p_id(&desk->actor->unit)};
    columns_params(columns, params + 1);
    return sj_tx_query(desk->tx, SJ_SQL_JUDGE_INDEX_INSERT_MANY, params, 1 + columns->count, NULL);
}

static sj_status write_index(
    const struct sj_desk *desk, const struct sj_judge *judge, enum sj_index_number index)
{
    CLEANUP(columns_clear) struct columns columns = {.count = 0};
    TRY(index_rows_init(&columns));
    TRY(put_index(desk, judge, 1, index, &columns));
    return columns.of[0].count == 0 ? SJ_DONE : insert_index_rows(desk, &columns);
}

static sj_status write_all_indexes(
    const struct sj_desk *desk, const struct sj_judge *judges, size_t count)
{
    CLEANUP(columns_clear) struct columns columns = {.count = 0};
    TRY(index_rows_init(&columns));
    TRY(put_index(desk, judges, count, SJ_INDEX_JUDGE_PERSONNEL_NUMBER, &columns));
    TRY(put_index(desk, judges, count, SJ_INDEX_JUDGE_NATIONAL_NUMBER, &columns));
    TRY(put_index(desk, judges, count, SJ_INDEX_JUDGE_NAME_TOKEN, &columns));
    return insert_index_rows(desk, &columns);
}

/* ---- create ---- */

enum {
    PUT_ID,
    PUT_PERSONNEL_NUMBER,
    PUT_NATIONAL_NUMBER,
    PUT_NAME,
    PUT_KEY_VERSION,
    PUT_STATUS,
    PUT_SEX,
    PUT_BIRTH_YEAR,
    PUT_EDUCATION,
    PUT_FIRST_APPOINTMENT,
    PUT_JUDICIAL_BASE,
    PUT_COUNT_
};

static sj_status put_number(struct sj_array *array, int64_t number)
{
    return number == 0 ? sj_array_put(array, NULL, 0) : sj_array_put_i32(array, (int32_t)number);
}

static sj_status put_judge(
    struct columns *columns, const struct sj_judge *judge, const struct sj_subject *subject)
{
    CLEANUP(sealed_clear) struct sealed sealed = SEALED_ROOM;
    TRY(seal(subject, judge, &sealed));
    TRY(put_id(&columns->of[PUT_ID], judge->id));
    TRY(put_blob(&columns->of[PUT_PERSONNEL_NUMBER], sj_buf_view(&sealed.personnel_number)));
    TRY(put_blob(&columns->of[PUT_NATIONAL_NUMBER], sj_buf_view(&sealed.national_number)));
    TRY(put_blob(&columns->of[PUT_NAME], sj_buf_view(&sealed.name)));
    TRY(sj_array_put_i32(&columns->of[PUT_KEY_VERSION], (int32_t)subject->version));
    TRY(put_text(&columns->of[PUT_STATUS], judge->status));
    TRY(put_text(&columns->of[PUT_SEX], judge->sex));
    TRY(put_number(&columns->of[PUT_BIRTH_YEAR], judge->birth_year));
    TRY(put_text(&columns->of[PUT_EDUCATION], judge->education));
    TRY(put_number(&columns->of[PUT_JUDICIAL_BASE], judge->judicial_base));
    return judge->has_first_appointment
               ? put_day(&columns->of[PUT_FIRST_APPOINTMENT], judge->first_appointment)
               : sj_array_put(&columns->of[PUT_FIRST_APPOINTMENT], NULL, 0);
}

static sj_status insert_judges(const struct sj_desk *desk, const struct sj_judge *judges,
    const struct sj_subject *subjects, size_t count)
{
    static const uint32_t oids[PUT_COUNT_] = {SJ_OID_UUID, SJ_OID_BYTEA, SJ_OID_BYTEA, SJ_OID_BYTEA,
        SJ_OID_INT4, SJ_OID_TEXT, SJ_OID_TEXT, SJ_OID_INT4, SJ_OID_TEXT, SJ_OID_INT4, SJ_OID_INT4};
    CLEANUP(columns_clear) struct columns columns = {.count = 0};
    TRY(columns_init(&columns, oids, PUT_COUNT_));
    for (size_t i = 0; i < count; i++) {
        TRY(put_judge(&columns, &judges[i], &subjects[i]));
    }
    struct sj_param params[2 + PUT_COUNT_ + 1] = {
        sj_p_id(&desk->actor->unit), sj_p_id(&desk->actor->account)};
    columns_params(&columns, params + 2);
    params[2 + PUT_COUNT_] = sj_p_id_or_null(&desk->actor->compartment);
    return sj_tx_send(desk->tx, SJ_SQL_JUDGE_INSERT_MANY, params, SJ_COUNT(params));
}

static sj_status create_some(const struct sj_desk *desk, struct sj_judge *judges, size_t count)
{
    void *memory;
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_uuid), &memory));
    struct sj_uuid *ids = memory;
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_subject), &memory));
    struct sj_subject *subjects = memory;
    for (size_t i = 0; i < count; i++) {
        TRY(sj_uuid_new(&judges[i].id));
        judges[i].unit = desk->actor->unit;
        judges[i].version = 1;
        judges[i].created_at = sj_time_now();
        ids[i] = judges[i].id;
    }
    TRY(sj_fields_subjects_new(desk->fields, desk->tx, desk->actor->unit, ids, count, subjects));
    const sj_status status = insert_judges(desk, judges, subjects, count);
    for (size_t i = 0; i < count; i++) {
        sj_subject_clear(&subjects[i]);
    }
    TRY(status);
    return write_all_indexes(desk, judges, count);
}

sj_status sj_judge_create_many(const struct sj_desk *desk, struct sj_judge *judges, size_t count)
{
    SJ_ASSERT(desk->tx != NULL);
    ENSURE(!sj_uuid_is_nil(desk->actor->unit), FORBIDDEN);
    for (size_t from = 0; from < count; from += INSERT_ROWS_MAX) {
        const size_t left = count - from;
        TRY(create_some(desk, judges + from, left < INSERT_ROWS_MAX ? left : INSERT_ROWS_MAX));
    }
    return SJ_DONE;
}

/* ---- change ---- */

static sj_status rewrite_index(const struct sj_desk *desk, const struct sj_judge *after,
    struct sj_text old_value, struct sj_text new_value, enum sj_index_number index)
{
    if (sj_text_equal(old_value, new_value)) {
        return SJ_DONE;
    }
    const struct sj_param params[] = {
        sj_p_id(&after->unit), sj_p_id(&after->id), sj_p_i32((int32_t)index)};
    TRY(sj_tx_query(desk->tx, SJ_SQL_JUDGE_INDEX_DELETE, params, SJ_COUNT(params), NULL));
    return write_index(desk, after, index);
}

static struct sj_param number_or_null(int64_t number)
{
    return number == 0 ? sj_p_null() : sj_p_i32((int32_t)number);
}

static sj_status write_update(const struct sj_desk *desk, const struct sj_judge *before,
    const struct sj_judge *after, const struct sj_subject *subject, uint64_t *ret_changed)
{
    CLEANUP(sealed_clear) struct sealed sealed = SEALED_ROOM;
    TRY(seal(subject, after, &sealed));
    const struct sj_param params[] = {sj_p_id(&before->unit), sj_p_id(&before->id),
        sj_p_i64(before->version), sj_p_bytes(sj_buf_view(&sealed.personnel_number)),
        after->national_number.len == 0 ? sj_p_null()
                                        : sj_p_bytes(sj_buf_view(&sealed.national_number)),
        sj_p_bytes(sj_buf_view(&sealed.name)), sj_p_i32((int32_t)subject->version),
        sj_p_text_or_null(after->status), sj_p_text_or_null(after->sex),
        number_or_null(after->birth_year), sj_p_text_or_null(after->education),
        after->has_first_appointment ? sj_p_day(after->first_appointment) : sj_p_null(),
        number_or_null(after->judicial_base)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_JUDGE_UPDATE, params, SJ_COUNT(params), &rows));
    *ret_changed = sj_rows_affected(rows);
    return SJ_DONE;
}

sj_status sj_judge_update(
    const struct sj_desk *desk, const struct sj_judge *before, struct sj_judge *after)
{
    SJ_ASSERT(desk->tx != NULL);
    ENSURE(!before->is_erased, CONFLICT);
    after->unit = before->unit;
    after->id = before->id;
    CLEANUP(sj_subject_clear) struct sj_subject subject = {0};
    TRY(sj_fields_subject_for_write(desk->fields, desk->tx, before->unit, before->id, &subject));
    uint64_t changed;
    TRY(write_update(desk, before, after, &subject, &changed));
    ENSURE(changed == 1, PRECONDITION_FAILED);
    after->version = before->version + 1;
    TRY(rewrite_index(desk, after, before->personnel_number, after->personnel_number,
        SJ_INDEX_JUDGE_PERSONNEL_NUMBER));
    TRY(rewrite_index(desk, after, before->national_number, after->national_number,
        SJ_INDEX_JUDGE_NATIONAL_NUMBER));
    return rewrite_index(desk, after, before->name, after->name, SJ_INDEX_JUDGE_NAME_TOKEN);
}
