/* SPDX-License-Identifier: Apache-2.0
 *
 * Which judges may the caller see, and which of their fields? Lists of the register: one query that brings the
 * wrapped keys along and one question to the keeper for those not cached. Single reads, the hottest of all, ask
 * for the wrapped key only when it is not cached. Then only the fields that the decision lets be read are opened.
 * Searches go through the blind indexes and are narrowed after decryption; they need the searched field to be
 * readable, or the answer would be an oracle for it.
 */
#include "judge_priv.h"

#include "sanjeh/text/persian.h"

enum {
    COLUMN_UNIT,
    COLUMN_ID,
    COLUMN_PERSONNEL_NUMBER,
    COLUMN_NATIONAL_NUMBER,
    COLUMN_NAME,
    COLUMN_KEY_VERSION,
    COLUMN_STATUS,
    COLUMN_SEX,
    COLUMN_BIRTH_YEAR,
    COLUMN_EDUCATION,
    COLUMN_FIRST_APPOINTMENT,
    COLUMN_JUDICIAL_BASE,
    COLUMN_VERSION,
    COLUMN_CREATED_AT,
    COLUMN_WRAPPED /* not in judge_read.sql */
};

static sj_status open_fields(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    const struct sj_subject *subject, bool everything, struct sj_judge *judge)
{
    static const struct {
        enum sj_field field;
        size_t column;
        uint32_t number;
        size_t offset;
    } fields[] = {
        {SJ_FIELD_JUDGE_PERSONNEL_NUMBER, COLUMN_PERSONNEL_NUMBER, SJ_COLUMN_JUDGE_PERSONNEL_NUMBER,
            offsetof(struct sj_judge, personnel_number)},
        {SJ_FIELD_JUDGE_NATIONAL_NUMBER, COLUMN_NATIONAL_NUMBER, SJ_COLUMN_JUDGE_NATIONAL_NUMBER,
            offsetof(struct sj_judge, national_number)},
        {SJ_FIELD_JUDGE_NAME, COLUMN_NAME, SJ_COLUMN_JUDGE_NAME, offsetof(struct sj_judge, name)},
    };
    for (size_t i = 0; i < SJ_COUNT(fields); i++) {
        struct sj_text text = {"", 0};
        if ((everything || desk_reads(desk, fields[i].field)) && subject != NULL &&
            !sj_row_is_null(rows, row, fields[i].column)) {
            TRY(field_text(desk, subject, SJ_TABLE_JUDGE, fields[i].number, judge->id, SJ_FLE1_TEXT,
                sj_row_bytes(rows, row, fields[i].column), &text));
        }
        /* @unsafe: offset of a struct sj_text member of struct sj_judge, from the table above */
        *(struct sj_text *)(void *)((char *)judge + fields[i].offset) = text;
    }
    return SJ_DONE;
}

static sj_status read_career(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    bool everything, struct sj_judge *judge)
{
    judge->sex = judge->education = (struct sj_text){"", 0};
    if (!everything && !desk_reads(desk, SJ_FIELD_JUDGE_CAREER)) {
        return SJ_DONE;
    }
    TRY(sj_desk_text(desk, rows, row, COLUMN_SEX, &judge->sex));
    TRY(sj_desk_text(desk, rows, row, COLUMN_EDUCATION, &judge->education));
    judge->birth_year = sj_row_i64(rows, row, COLUMN_BIRTH_YEAR);
    judge->judicial_base = sj_row_i64(rows, row, COLUMN_JUDICIAL_BASE);
    judge->has_first_appointment = !sj_row_is_null(rows, row, COLUMN_FIRST_APPOINTMENT);
    if (judge->has_first_appointment) {
        judge->first_appointment = sj_row_day(rows, row, COLUMN_FIRST_APPOINTMENT);
    }
    return SJ_DONE;
}

static sj_status read_row(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    const struct sj_subject *subject, bool everything, struct sj_judge *judge)
{
    *judge = (struct sj_judge){
        .unit = sj_row_id(rows, row, COLUMN_UNIT),
        .id = sj_row_id(rows, row, COLUMN_ID),
        .version = sj_row_i64(rows, row, COLUMN_VERSION),
        .created_at = sj_row_time(rows, row, COLUMN_CREATED_AT),
        .is_erased = subject == NULL,
        .status = {"", 0},
    };
    if (everything || desk_reads(desk, SJ_FIELD_JUDGE_STATUS)) {
        TRY(sj_desk_text(desk, rows, row, COLUMN_STATUS, &judge->status));
    }
    TRY(read_career(desk, rows, row, everything, judge));
    return open_fields(desk, rows, row, subject, everything, judge);
}

sj_status judge_rows(const struct sj_desk *desk, const struct sj_rows *rows, bool everything,
    struct sj_judge *judges)
{
    const size_t count = sj_rows_count(rows);
    if (count == 0) {
        return SJ_DONE;
    }
    void *memory;
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_wrapped_dek), &memory));
    struct sj_wrapped_dek *keys = memory;
    for (size_t row = 0; row < count; row++) {
        keys[row] = (struct sj_wrapped_dek){
            .unit = sj_row_id(rows, row, COLUMN_UNIT),
            .subject = sj_row_id(rows, row, COLUMN_ID),
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
        TRY(read_row(desk, rows, row, keyring_of(&keyring, row), everything, &judges[row]));
    }
    return SJ_DONE;
}

/* ---- one ---- */

/* The key of a row's fields; *ret_open false when it was erased. */
static sj_status open_key(const struct sj_desk *desk, const struct sj_rows *rows, bool *ret_open,
    struct sj_subject *ret_subject)
{
    *ret_open = !sj_row_is_null(rows, 0, COLUMN_KEY_VERSION);
    if (!*ret_open) {
        return SJ_DONE;
    }
    struct sj_wrapped_dek key = {
        .unit = sj_row_id(rows, 0, COLUMN_UNIT),
        .subject = sj_row_id(rows, 0, COLUMN_ID),
        .version = (uint32_t)sj_row_i64(rows, 0, COLUMN_KEY_VERSION),
    };
    if (sj_fields_find(desk->fields, key.unit, key.subject, key.version, ret_subject)) {
        return SJ_DONE;
    }
    const struct sj_param params[] = {
        sj_p_id(&key.unit), sj_p_id(&key.subject), sj_p_i32((int32_t)key.version)};
    const struct sj_query query = {SJ_SQL_SUBJECT_KEY_GET, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *keys = NULL;
    TRY(sj_db_read(desk->db, desk->context, &query, 1, &keys));
    *ret_open = sj_rows_count(keys) == 1; /* it may have been erased since */
    if (!*ret_open) {
        return SJ_DONE;
    }
    key.wrapped = sj_row_bytes(keys, 0, 0);
    return sj_fields_open(desk->fields, &key, 1, ret_subject);
}

static sj_status find_in_unit(const struct sj_desk *desk, struct sj_uuid unit, struct sj_uuid id,
    bool *ret_found, struct sj_judge *ret_judge)
{
    const struct sj_param params[] = {sj_p_id(&unit), sj_p_id(&id)};
    const struct sj_query query = {SJ_SQL_JUDGE_READ, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &query, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    if (!*ret_found) {
        return SJ_DONE;
    }
    CLEANUP(sj_subject_clear) struct sj_subject subject = {.version = 0};
    bool is_open = false;
    TRY(open_key(desk, rows, &is_open, &subject));
    return read_row(desk, rows, 0, is_open ? &subject : NULL, false, ret_judge);
}

static sj_status find_self(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_judge *ret_judge)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    const struct sj_query query = {SJ_SQL_JUDGE_FIND_SELF, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &query, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    return *ret_found ? judge_rows(desk, rows, false, ret_judge) : SJ_DONE;
}

static sj_status find_seen(const struct sj_desk *desk, const struct sight *sight, struct sj_uuid id,
    bool *ret_found, struct sj_judge *ret_judge)
{
    const struct sj_param params[] = {
        sj_p_id(&id), sj_p_bool(sight->is_everything), sj_p_id_or_null(&sight->unit)};
    const struct sj_query query = {SJ_SQL_JUDGE_FIND_SEEN, params, SJ_COUNT(params)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &query, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    return *ret_found ? judge_rows(desk, rows, false, ret_judge) : SJ_DONE;
}

sj_status sj_judge_find(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_judge *ret_judge)
{
    struct sight sight;
    const bool is_reached = desk_sight(desk, &sight);
    const bool is_self = !sj_uuid_is_nil(sight.judge);
    if (!is_reached || (is_self && !sj_uuid_equal(sight.judge, id))) {
        *ret_found = false;
        return SJ_DONE;
    }
    if (sight.is_wide) {
        return find_seen(desk, &sight, id, ret_found, ret_judge);
    }
    return is_self ? find_self(desk, id, ret_found, ret_judge)
                   : find_in_unit(desk, sight.unit, id, ret_found, ret_judge);
}

sj_status sj_judge_find_whole(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_judge *ret_judge)
{
    struct sj_uuid unit;
    struct sj_uuid self;
    if (!desk_reach(desk, &unit, &self) || !sj_uuid_is_nil(self)) {
        *ret_found = false;
        return SJ_DONE;
    }
    const struct sj_param params[] = {sj_p_id(&unit), sj_p_id(&id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_JUDGE_FIND, params, 2, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    return *ret_found ? judge_rows(desk, rows, true, ret_judge) : SJ_DONE;
}

/* ---- many ---- */

/* A query made ready: what the blind index is asked for and what must hold after decryption. */
struct search {
    enum sj_index_number index;
    struct sj_text values[NAME_TOKENS_MAX];
    size_t value_count; /* 0: everybody */
    struct name_tokens name;
    struct sj_text personnel_number;
    struct sj_text national_number;
    struct sj_text status;
    bool is_hopeless; /* nothing can match, such as a number with a wrong check digit */
};

static sj_status prepare_number(
    const struct sj_desk *desk, const struct sj_judge_query *query, struct search *search)
{
    if (query->personnel_number.len > 0) {
        CLEANUP(sj_buf_clear) struct sj_buf number = SJ_BUF(FIELD_BYTES_MAX);
        search->is_hopeless =
            sj_failed(sj_personnel_number_check(query->personnel_number, &number));
        TRY(sj_arena_text(desk->arena, sj_buf_text(&number), &search->personnel_number));
        search->index = SJ_INDEX_JUDGE_PERSONNEL_NUMBER;
        search->values[search->value_count++] = search->personnel_number;
        return SJ_DONE;
    }
    char number[11] = "";
    search->is_hopeless = sj_failed(sj_national_number_check(query->national_number, number));
    TRY(sj_arena_text(desk->arena, sj_text_of(number), &search->national_number));
    search->index = SJ_INDEX_JUDGE_NATIONAL_NUMBER;
    search->values[search->value_count++] = search->national_number;
    return SJ_DONE;
}

static sj_status prepare_search(
    const struct sj_desk *desk, const struct sj_judge_query *query, struct search *search)
{
    *search = (struct search){.status = query->status};
    const int given =
        (query->q.len > 0) + (query->personnel_number.len > 0) + (query->national_number.len > 0);
    ENSURE(given <= 1, BAD_PARAMETER);
    ENSURE(query->q.len == 0 || desk_reads(desk, SJ_FIELD_JUDGE_NAME), FORBIDDEN);
    ENSURE(query->personnel_number.len == 0 || desk_reads(desk, SJ_FIELD_JUDGE_PERSONNEL_NUMBER),
        FORBIDDEN);
    ENSURE(query->national_number.len == 0 || desk_reads(desk, SJ_FIELD_JUDGE_NATIONAL_NUMBER),
        FORBIDDEN);
    ENSURE(query->status.len == 0 || desk_reads(desk, SJ_FIELD_JUDGE_STATUS), FORBIDDEN);
    if (given == 0) {
        return SJ_DONE;
    }
    if (query->q.len == 0) {
        return prepare_number(desk, query, search);
    }
    TRY(name_tokens_of(desk->arena, query->q, &search->name));
    ENSURE(search->name.count <= SJ_JUDGE_WORDS_MAX, BAD_PARAMETER);
    search->is_hopeless = search->name.count == 0;
    search->index = SJ_INDEX_JUDGE_NAME_TOKEN;
    search->value_count = search->name.count;
    for (size_t i = 0; i < search->name.count; i++) {
        search->values[i] = search->name.items[i];
    }
    return SJ_DONE;
}

/* A cut blind value is shared by many names, and a judge's own list is not searched in the database. */
static sj_status is_match(const struct sj_desk *desk, const struct search *search,
    const struct sj_judge *judge, bool *ret_match)
{
    struct name_tokens name;
    TRY(name_tokens_of(desk->arena, judge->name, &name));
    *ret_match = name_tokens_include(&name, &search->name) &&
                 (search->status.len == 0 || sj_text_equal(search->status, judge->status)) &&
                 (search->personnel_number.len == 0 ||
                     sj_text_equal(search->personnel_number, judge->personnel_number)) &&
                 (search->national_number.len == 0 ||
                     sj_text_equal(search->national_number, judge->national_number));
    return SJ_DONE;
}

static bool is_in(const struct sj_blind *blinds, size_t count, const struct sj_blind *one)
{
    for (size_t i = 0; i < count; i++) {
        if (sj_view_equal(sj_view_of(blinds[i].bytes, 16), sj_view_of(one->bytes, 16))) {
            return true;
        }
    }
    return false;
}

/* Two words may share a cut value: the database counts different ones. */
static sj_status blind_values(const struct sj_desk *desk, struct sj_uuid unit,
    const struct search *search, struct sj_array *values)
{
    struct sj_blind blinds[NAME_TOKENS_MAX];
    TRY(judge_blinds(desk, unit, search->index, search->values, search->value_count, blinds));
    for (size_t i = 0; i < search->value_count; i++) {
        if (!is_in(blinds, i, &blinds[i])) {
            TRY(sj_array_put(values, blinds[i].bytes, judge_blind_size(search->index)));
        }
    }
    return SJ_DONE;
}

static sj_status read_page(const struct sj_desk *desk, struct sj_uuid unit,
    const struct search *search, struct sj_paging paging, struct sj_rows **ret_rows)
{
    CLEANUP(sj_array_clear) struct sj_array values = {0};
    TRY(sj_array_init(&values, SJ_OID_BYTEA, FIELD_BYTES_MAX));
    if (search->value_count > 0) {
        TRY(blind_values(desk, unit, search, &values));
    }
    const struct sj_param params[] = {sj_p_id(&unit), sj_p_id(&paging.after),
        sj_p_i64((int64_t)paging.limit + 1), sj_p_text_or_null(search->status),
        sj_p_i32((int32_t)search->index), sj_p_i64(values.count), sj_p_array(&values)};
    const struct sj_query query = {
        search->value_count > 0 ? SJ_SQL_JUDGE_LIST_MATCHED : SJ_SQL_JUDGE_LIST, params,
        search->value_count > 0 ? 7 : 4};
    return sj_db_read(desk->db, desk->context, &query, 1, ret_rows);
}

/* Registers of several units have blind indexes under as many keys: here words are looked for after decryption alone. */
static sj_status read_seen(const struct sj_desk *desk, const struct sight *sight,
    const struct search *search, struct sj_paging paging, struct sj_rows **ret_rows)
{
    const struct sj_param params[] = {sj_p_id(&paging.after), sj_p_i64((int64_t)paging.limit + 1),
        sj_p_text_or_null(search->status), sj_p_bool(sight->is_everything),
        sj_p_id_or_null(&sight->unit)};
    const struct sj_query query = {SJ_SQL_JUDGE_LIST_SEEN, params, SJ_COUNT(params)};
    return sj_db_read(desk->db, desk->context, &query, 1, ret_rows);
}

static sj_status read_self(const struct sj_desk *desk, struct sj_uuid self, struct sj_paging paging,
    struct sj_rows **ret_rows)
{
    const bool is_before = memcmp(paging.after.bytes, self.bytes, sizeof(self.bytes)) < 0;
    const struct sj_uuid wanted = is_before ? self : (struct sj_uuid){{0}};
    const struct sj_param params[] = {sj_p_id(&wanted)};
    const struct sj_query query = {SJ_SQL_JUDGE_FIND_SELF, params, 1};
    return sj_db_read(desk->db, desk->context, &query, 1, ret_rows);
}

static sj_status keep_matches(
    const struct sj_desk *desk, const struct search *search, struct sj_judge *items, size_t *count)
{
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        bool matches = true;
        if (search->value_count > 0 || search->status.len > 0) {
            TRY(is_match(desk, search, &items[i], &matches));
        }
        if (matches) {
            items[kept++] = items[i];
        }
    }
    *count = kept;
    return SJ_DONE;
}

sj_status sj_judge_words_fit(struct sj_arena *arena, struct sj_text q, bool *ret_fits)
{
    struct name_tokens words;
    TRY(name_tokens_of(arena, q, &words));
    *ret_fits = words.count <= SJ_JUDGE_WORDS_MAX;
    return SJ_DONE;
}

sj_status sj_judge_list(const struct sj_desk *desk, const struct sj_judge_query *query,
    struct sj_paging paging, struct sj_judge **ret_items, size_t *ret_count,
    struct sj_uuid *ret_last)
{
    *ret_items = NULL;
    *ret_count = 0;
    *ret_last = (struct sj_uuid){{0}};
    struct sight sight;
    struct search search;
    TRY(prepare_search(desk, query, &search));
    if (!desk_sight(desk, &sight) || search.is_hopeless) {
        return SJ_DONE;
    }
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    if (sight.is_wide) {
        TRY(read_seen(desk, &sight, &search, paging, &rows));
    } else if (sj_uuid_is_nil(sight.judge)) {
        TRY(read_page(desk, sight.unit, &search, paging, &rows));
    } else {
        TRY(read_self(desk, sight.judge, paging, &rows));
    }
    size_t count = sj_rows_count(rows);
    if (count == 0) {
        return SJ_DONE;
    }
    void *memory;
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_judge), &memory));
    TRY(judge_rows(desk, rows, false, memory));
    *ret_items = memory;
    if (count > paging.limit) {
        count = paging.limit;
        *ret_last = (*ret_items)[count - 1].id;
    }
    TRY(keep_matches(desk, &search, *ret_items, &count));
    *ret_count = count;
    return SJ_DONE;
}
