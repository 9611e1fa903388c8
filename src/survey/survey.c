/* SPDX-License-Identifier: Apache-2.0
 *
 * Which surveys are there, what do they ask, and in which state are they? The owner's side: made, invited to, opened,
 * closed. Tokens leave here once and only their hashes stay; the box gets its places before anybody can answer.
 */
#include "survey_priv.h"

#include "sanjeh/crypto/hash.h"
#include "sanjeh/crypto/random.h"

#define TOKEN_BYTES 32u

static const char *const group_names[SJ_SURVEY_GROUPS] = {
    "lawyers", "judges", "staff", "court_users", "court_head"};

size_t sj_survey_group_of(struct sj_text name)
{
    size_t group = 0;
    while (group < SJ_SURVEY_GROUPS && !sj_text_is(name, group_names[group])) {
        group++;
    }
    return group;
}

const char *sj_survey_group_name(size_t group)
{
    SJ_ASSERT(group < SJ_SURVEY_GROUPS);
    return group_names[group];
}

sj_status survey_text(const struct sj_desk *desk, const struct sj_rows *rows, size_t row,
    size_t column, struct sj_text *ret_text)
{
    if (sj_row_is_null(rows, row, column)) {
        *ret_text = (struct sj_text){"", 0};
        return SJ_DONE;
    }
    return sj_arena_text(desk->arena, sj_row_text(rows, row, column), ret_text);
}

enum {
    COLUMN_UNIT,
    COLUMN_ID,
    COLUMN_CYCLE,
    COLUMN_JUDGE_UNIT,
    COLUMN_JUDGE,
    COLUMN_COURT,
    COLUMN_TITLE_FA,
    COLUMN_TITLE_EN,
    COLUMN_FROM,
    COLUMN_TO,
    COLUMN_OPENS,
    COLUMN_CLOSES,
    COLUMN_STATE,
    COLUMN_MIN_MEAN,
    COLUMN_MIN_DISTRIBUTION,
    COLUMN_MIN_COMMENTS,
    COLUMN_MIN_SCORE,
    COLUMN_INVITED,
    COLUMN_WEEK,
    COLUMN_VERSION,
    COLUMN_CREATED
};

static sj_status read_row(
    const struct sj_desk *desk, const struct sj_rows *rows, size_t row, struct sj_survey *survey)
{
    *survey = (struct sj_survey){
        .unit = sj_row_id(rows, row, COLUMN_UNIT),
        .id = sj_row_id(rows, row, COLUMN_ID),
        .cycle = sj_row_id(rows, row, COLUMN_CYCLE),
        .judge = sj_row_id(rows, row, COLUMN_JUDGE),
        .court = sj_row_id(rows, row, COLUMN_COURT),
        .from_day = sj_row_day(rows, row, COLUMN_FROM),
        .to_day = sj_row_day(rows, row, COLUMN_TO),
        .opens_at = sj_row_time(rows, row, COLUMN_OPENS),
        .closes_at = sj_row_time(rows, row, COLUMN_CLOSES),
        .min = {.mean = sj_row_i64(rows, row, COLUMN_MIN_MEAN),
            .distribution = sj_row_i64(rows, row, COLUMN_MIN_DISTRIBUTION),
            .comments = sj_row_i64(rows, row, COLUMN_MIN_COMMENTS),
            .score = sj_row_i64(rows, row, COLUMN_MIN_SCORE)},
        .invited = sj_row_i64(rows, row, COLUMN_INVITED),
        .version = sj_row_i64(rows, row, COLUMN_VERSION),
        .created_at = sj_row_time(rows, row, COLUMN_CREATED),
    };
    TRY(survey_text(desk, rows, row, COLUMN_TITLE_FA, &survey->title_fa));
    TRY(survey_text(desk, rows, row, COLUMN_TITLE_EN, &survey->title_en));
    TRY(survey_text(desk, rows, row, COLUMN_STATE, &survey->state));
    return survey_text(desk, rows, row, COLUMN_WEEK, &survey->closed_week);
}

sj_status sj_survey_list(const struct sj_desk *desk, struct sj_text state, struct sj_paging paging,
    struct sj_survey **ret_items, size_t *ret_count, struct sj_uuid *ret_last)
{
    *ret_items = NULL;
    *ret_count = 0;
    *ret_last = (struct sj_uuid){{0}};
    const struct sj_param params[] = {sj_p_id(&paging.after), sj_p_i64((int64_t)paging.limit + 1),
        state.len == 0 ? sj_p_null() : sj_p_text(state)};
    const struct sj_query sql = {SJ_SQL_SURVEY_LIST, params, SJ_COUNT(params)};
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
    TRY(sj_arena_alloc(desk->arena, count * sizeof(struct sj_survey), &memory));
    *ret_items = memory;
    for (size_t row = 0; row < count; row++) {
        TRY(read_row(desk, rows, row, &(*ret_items)[row]));
    }
    *ret_count = count;
    return SJ_DONE;
}

sj_status sj_survey_find(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_survey *ret_survey)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    const struct sj_query sql = {SJ_SQL_SURVEY_FIND, params, 1};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    return *ret_found ? read_row(desk, rows, 0, ret_survey) : SJ_DONE;
}

sj_status survey_find_in_tx(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_survey *ret_survey)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_SURVEY_FIND, params, 1, &rows));
    *ret_found = sj_rows_count(rows) == 1;
    return *ret_found ? read_row(desk, rows, 0, ret_survey) : SJ_DONE;
}

sj_status survey_items_read(const struct sj_desk *desk, const struct sj_rows *rows,
    struct sj_survey_item **ret_items, size_t *ret_count)
{
    const size_t count = sj_rows_count(rows);
    void *memory;
    TRY(sj_arena_alloc(desk->arena, (count + 1) * sizeof(struct sj_survey_item), &memory));
    struct sj_survey_item *items = memory;
    for (size_t row = 0; row < count; row++) {
        items[row].no = sj_row_i64(rows, row, 0);
        TRY(survey_text(desk, rows, row, 1, &items[row].criterion));
        TRY(survey_text(desk, rows, row, 2, &items[row].respondents));
        TRY(survey_text(desk, rows, row, 3, &items[row].text_fa));
        TRY(survey_text(desk, rows, row, 4, &items[row].text_en));
    }
    *ret_items = items;
    *ret_count = count;
    return SJ_DONE;
}

sj_status sj_survey_items(const struct sj_desk *desk, const struct sj_survey *survey,
    struct sj_survey_item **ret_items, size_t *ret_count)
{
    const struct sj_param params[] = {sj_p_id(&survey->unit), sj_p_id(&survey->id), sj_p_null()};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    if (desk->tx != NULL) {
        TRY(sj_tx_query(desk->tx, SJ_SQL_SURVEY_ITEM_LIST, params, SJ_COUNT(params), &rows));
    } else {
        const struct sj_query sql = {SJ_SQL_SURVEY_ITEM_LIST, params, SJ_COUNT(params)};
        TRY(sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    }
    return survey_items_read(desk, rows, ret_items, ret_count);
}

/* ---- make ---- */

static bool limits_are_good(const struct sj_survey *survey)
{
    const struct sj_survey_thresholds *min = &survey->min;
    return min->mean >= 5 && min->mean <= 50 && min->distribution >= 8 &&
           min->distribution <= 100 && min->comments >= 10 && min->comments <= 200 &&
           min->score >= 15 && min->score <= 500 && min->mean <= min->distribution &&
           min->distribution <= min->comments && survey->opens_at < survey->closes_at &&
           sj_uuid_is_nil(survey->judge) != sj_uuid_is_nil(survey->court);
}

static sj_status insert_items(const struct sj_desk *desk, const struct sj_survey *survey,
    const struct sj_text *criteria, size_t count)
{
    CLEANUP(sj_array_clear) struct sj_array codes = {0};
    TRY(sj_array_init(&codes, SJ_OID_TEXT, 4096));
    for (size_t i = 0; i < count; i++) {
        TRY(sj_array_put(&codes, criteria[i].ptr, criteria[i].len));
    }
    const struct sj_param params[] = {
        sj_p_id(&survey->unit), sj_p_id(&survey->id), sj_p_array(&codes)};
    TRY(sj_tx_query(desk->tx, SJ_SQL_SURVEY_ITEM_INSERT, params, SJ_COUNT(params), NULL));
    struct sj_survey_item *items;
    size_t item_count;
    TRY(sj_survey_items(desk, survey, &items, &item_count));
    /* each criterion is one that may be asked, and named once */
    ENSURE(item_count > 0 && items[item_count - 1].no == (int64_t)count, INVALID);
    return SJ_DONE;
}

sj_status sj_survey_create(const struct sj_desk *desk, struct sj_survey *survey,
    const struct sj_text *criteria, size_t count)
{
    SJ_ASSERT(desk->tx != NULL);
    ENSURE(limits_are_good(survey) && count >= 1 && count <= SJ_SURVEY_CRITERIA, INVALID);
    ENSURE(!sj_uuid_is_nil(desk->actor->unit), FORBIDDEN);
    survey->unit = desk->actor->unit;
    TRY(sj_uuid_new(&survey->id));
    const struct sj_param params[] = {sj_p_id(&survey->unit), sj_p_id(&survey->id),
        sj_p_id_or_null(&survey->cycle), sj_p_id_or_null(&survey->judge),
        sj_p_id_or_null(&survey->court), sj_p_text(survey->title_fa), sj_p_text(survey->title_en),
        sj_p_day(survey->from_day), sj_p_day(survey->to_day), sj_p_time(survey->opens_at),
        sj_p_time(survey->closes_at), sj_p_i32((int32_t)survey->min.mean),
        sj_p_i32((int32_t)survey->min.distribution), sj_p_i32((int32_t)survey->min.comments),
        sj_p_i32((int32_t)survey->min.score), sj_p_id(&desk->actor->account)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_SURVEY_INSERT, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_affected(rows) == 1, INVALID);
    TRY(insert_items(desk, survey, criteria, count));
    bool found = false;
    TRY(survey_find_in_tx(desk, survey->id, &found, survey));
    ENSURE(found, INTERNAL);
    return SJ_DONE;
}

/* ---- move ---- */

sj_status survey_lock(
    const struct sj_desk *desk, struct sj_uuid unit, struct sj_uuid survey, struct lock *ret_lock)
{
    const struct sj_param params[] = {sj_p_id(&unit), sj_p_id(&survey)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_SURVEY_LOCK, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) == 1, NOT_FOUND);
    TRY(survey_text(desk, rows, 0, 0, &ret_lock->state));
    ret_lock->invited = sj_row_i64(rows, 0, 1);
    ret_lock->version = sj_row_i64(rows, 0, 2);
    ret_lock->is_open = sj_row_bool(rows, 0, 3);
    return SJ_DONE;
}

sj_status sj_survey_move(const struct sj_desk *desk, struct sj_survey *survey, struct sj_text to)
{
    struct lock lock;
    TRY(survey_lock(desk, survey->unit, survey->id, &lock));
    ENSURE(lock.version == survey->version, PRECONDITION_FAILED);
    const bool opens = sj_text_is(to, "open") && !sj_text_is(lock.state, "open");
    const bool closes = sj_text_is(to, "closed") && sj_text_is(lock.state, "open");
    ENSURE(opens || closes, NO_SUCH_MOVE);
    ENSURE(lock.invited > 0, GUARD_UNMET);
    const struct sj_param params[] = {
        sj_p_id(&survey->unit), sj_p_id(&survey->id), sj_p_text(to), sj_p_i64(survey->version)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_SURVEY_MOVE, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_affected(rows) == 1, PRECONDITION_FAILED);
    bool found = false;
    TRY(survey_find_in_tx(desk, survey->id, &found, survey));
    ENSURE(found, NOT_FOUND);
    return SJ_DONE;
}

/* ---- invite ---- */

static sj_status draw_token(char *ret_token, struct sj_hash *ret_hash)
{
    uint8_t bytes[TOKEN_BYTES];
    TRY(sj_random(bytes, sizeof bytes));
    CLEANUP(sj_buf_clear) struct sj_buf hex = SJ_BUF(SJ_SURVEY_TOKEN_SIZE);
    const sj_status status = sj_buf_put_hex(&hex, sj_view_of(bytes, sizeof bytes));
    sj_wipe(bytes, sizeof bytes);
    TRY(status);
    TRY(sj_copy(ret_token, SJ_SURVEY_TOKEN_SIZE, hex.ptr, hex.len));
    return sj_sha256_one(sj_buf_view(&hex), ret_hash);
}

static sj_status insert_invitations(const struct sj_desk *desk, const struct sj_survey *survey,
    size_t group, size_t count, char (*tokens)[SJ_SURVEY_TOKEN_SIZE])
{
    CLEANUP(sj_array_clear) struct sj_array hashes = {0};
    TRY(sj_array_init(&hashes, SJ_OID_BYTEA, 64 * 1024));
    for (size_t i = 0; i < count; i++) {
        struct sj_hash hash;
        TRY(draw_token(tokens[i], &hash));
        TRY(sj_array_put(&hashes, hash.bytes, sizeof hash.bytes));
    }
    const struct sj_param params[] = {sj_p_id(&survey->unit), sj_p_id(&survey->id),
        sj_p_text(sj_text_of(sj_survey_group_name(group))), sj_p_array(&hashes)};
    TRY(sj_tx_query(desk->tx, SJ_SQL_SURVEY_INVITE_INSERT, params, SJ_COUNT(params), NULL));
    const struct sj_param more[] = {
        sj_p_id(&survey->unit), sj_p_id(&survey->id), sj_p_i32((int32_t)count)};
    return sj_tx_query(desk->tx, SJ_SQL_SURVEY_INVITED, more, SJ_COUNT(more), NULL);
}

sj_status sj_survey_invite(const struct sj_desk *desk, const struct sj_survey *survey, size_t group,
    size_t count, char (**ret_tokens)[SJ_SURVEY_TOKEN_SIZE])
{
    SJ_ASSERT(group < SJ_SURVEY_GROUPS);
    struct lock lock;
    TRY(survey_lock(desk, survey->unit, survey->id, &lock));
    ENSURE(sj_text_is(lock.state, "draft") || sj_text_is(lock.state, "open"), GUARD_UNMET);
    ENSURE(count >= 1 && count <= SJ_SURVEY_INVITED_MAX, INVALID);
    const size_t before = (size_t)lock.invited;
    ENSURE(before + count <= SJ_SURVEY_INVITED_MAX, GUARD_UNMET);
    struct sj_survey_item *items;
    size_t item_count;
    bool is_asked = false;
    TRY(sj_survey_items(desk, survey, &items, &item_count));
    for (size_t i = 0; i < item_count; i++) {
        is_asked = is_asked || sj_survey_group_of(items[i].respondents) == group;
    }
    ENSURE(is_asked, INVALID);
    void *memory;
    TRY(sj_arena_alloc(desk->arena, count * SJ_SURVEY_TOKEN_SIZE, &memory));
    *ret_tokens = memory;
    TRY(insert_invitations(desk, survey, group, count, *ret_tokens));
    return box_widen(desk, survey->unit, survey->id, before, before + count);
}
