/* SPDX-License-Identifier: Apache-2.0
 *
 * What did an observer see in the courtroom? One sheet of four marks for a day, sealed under the file's key and never changed. That
 * two observers do not see each other's sheets before the marks of the board are locked is the work of row security.
 */
#include "sanjeh/board/observation.h"

#include "board_priv.h"

#include "sanjeh/board/rating.h"
#include "sanjeh/crypto/random.h"
#include "sanjeh/json/write.h"

#define MARK_MIN    1
#define MARK_MAX    5
#define OLDEST_DAYS 366
#define US_OF_DAY   INT64_C(86400000000)
#define TEHRAN_US   INT64_C(12600000000) /* UTC+3:30 */

static const char *const names[SJ_RUBRIC_COUNT_] = {"voice", "neutrality", "respect", "trust"};

const char *sj_rubric_name(enum sj_rubric item)
{
    SJ_ASSERT(item < SJ_RUBRIC_COUNT_);
    return names[item];
}

static sj_status parse_marks(const struct sj_observation_text *text,
    struct sj_decimal marks[SJ_RUBRIC_COUNT_], struct sj_refusal *refusal)
{
    for (size_t i = 0; i < SJ_RUBRIC_COUNT_; i++) {
        bool is_extreme;
        if (sj_failed(sj_mark_parse(text->marks[i], MARK_MIN, MARK_MAX, &marks[i], &is_extreme))) {
            return refuse(refusal, SJ_INVALID, "", "BAD_MARK",
                "voice, neutrality, respect, trust: a decimal from 1 to 5 of at most two places");
        }
    }
    return SJ_DONE;
}

static sj_status write_body(
    const struct sj_decimal marks[SJ_RUBRIC_COUNT_], struct sj_text notes, struct sj_buf *out)
{
    char text[SJ_DECIMAL_TEXT_SIZE];
    struct sj_json json = sj_json_begin(out);
    sj_json_object(&json, NULL);
    for (size_t i = 0; i < SJ_RUBRIC_COUNT_; i++) {
        sj_decimal_format(marks[i], text);
        sj_json_str(&json, names[i], text);
    }
    struct sj_decimal mean;
    TRY(sj_marks_mean(marks, SJ_RUBRIC_COUNT_, &mean));
    sj_decimal_format(mean, text);
    sj_json_str(&json, "mean", text);
    if (notes.len > 0) {
        sj_json_text(&json, "notes", notes);
    } else {
        sj_json_null(&json, "notes");
    }
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

static sj_status check_day(int64_t day, struct sj_refusal *refusal)
{
    const int64_t today = (sj_time_now() + TEHRAN_US) / US_OF_DAY;
    if (day <= today && day >= today - OLDEST_DAYS) {
        return SJ_DONE;
    }
    return refuse(refusal, SJ_INVALID, "/observed_on", "BAD_DAY",
        "the day of the sitting, not to come and not more than a year ago");
}

static sj_status check_observer(
    const struct sj_desk *desk, const struct sj_file *file, struct sj_refusal *refusal)
{
    static const char *const observers[] = {"observer", NULL};
    bool sits = false;
    TRY(actor_sits(desk, file, observers, &sits));
    ENSURE(sits, FORBIDDEN);
    if (file->is_locked) {
        return refuse(refusal, SJ_CONFLICT, "", "MARKS_LOCKED",
            "observers write before the marks of the board are locked");
    }
    return SJ_DONE;
}

sj_status sj_observation_create(const struct sj_desk *desk, const struct sj_file *file, int64_t day,
    const struct sj_observation_text *text, struct sj_observation *ret_observation,
    struct sj_refusal *reterr_refusal)
{
    SJ_ASSERT(desk->tx != NULL);
    struct sj_decimal marks[SJ_RUBRIC_COUNT_];
    TRY(check_observer(desk, file, reterr_refusal));
    TRY(check_day(day, reterr_refusal));
    TRY(parse_marks(text, marks, reterr_refusal));
    CLEANUP(sj_subject_clear) struct sj_subject key = {0};
    CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF(DOCUMENT_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(DOCUMENT_MAX);
    *ret_observation = (struct sj_observation){
        .evaluation = file->id, .account = desk->actor->account, .day = day};
    TRY(write_body(marks, text->notes, &plain));
    TRY(sj_uuid_new(&ret_observation->id));
    TRY(file_key(desk, file, &key));
    TRY(sj_field_seal(&key, SJ_TABLE_OBSERVATION, SJ_COLUMN_OBSERVATION_BODY, ret_observation->id,
        SJ_FLE1_TEXT, sj_buf_view(&plain), &body));
    const struct sj_param params[] = {sj_p_id(&file->issuer_unit), sj_p_id(&ret_observation->id),
        sj_p_id(&file->issuer_scope), sj_p_id(&file->id), sj_p_id(&file->judge),
        sj_p_id(&desk->actor->account), sj_p_day(day), sj_p_bytes(sj_buf_view(&body)),
        sj_p_i32((int32_t)key.version)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_OBSERVATION_INSERT, params, SJ_COUNT(params), &rows));
    ret_observation->created_at = sj_row_time(rows, 0, 0);
    return sj_arena_text(desk->arena, sj_buf_text(&plain), &ret_observation->body);
}

static sj_status read_row(const struct sj_desk *desk, const struct sj_file *file,
    struct opener *opener, const struct sj_rows *rows, size_t row,
    struct sj_observation *observation)
{
    *observation = (struct sj_observation){
        .id = sj_row_id(rows, row, 0),
        .evaluation = file->id,
        .account = sj_row_id(rows, row, 1),
        .day = sj_row_day(rows, row, 2),
        .created_at = sj_row_time(rows, row, 6),
    };
    TRY(opener_turn(desk, file, opener, rows, row, 4, 5));
    return open_text(desk, opener, SJ_TABLE_OBSERVATION, SJ_COLUMN_OBSERVATION_BODY,
        observation->id, sj_row_bytes(rows, row, 3), &observation->body);
}

sj_status sj_observation_list(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_observation **ret_items, size_t *ret_count)
{
    const struct sj_param params[] = {sj_p_id(&file->id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_OBSERVATION_LIST, params, SJ_COUNT(params), &rows));
    void *memory;
    TRY(room_for(desk, sj_rows_count(rows), sizeof(struct sj_observation), &memory));
    *ret_items = memory;
    *ret_count = sj_rows_count(rows);
    CLEANUP(opener_clear) struct opener opener = {.version = 0};
    for (size_t row = 0; row < *ret_count; row++) {
        TRY(read_row(desk, file, &opener, rows, row, &(*ret_items)[row]));
    }
    return SJ_DONE;
}

sj_status sj_observation_find(const struct sj_desk *desk, struct sj_uuid id, bool *ret_found,
    struct sj_observation *ret_observation, struct sj_file *ret_file)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_OBSERVATION_FIND, params, SJ_COUNT(params), &rows));
    *ret_found = sj_rows_count(rows) == 1;
    if (!*ret_found) {
        return SJ_DONE;
    }
    TRY(sj_file_find(desk, sj_row_id(rows, 0, 7), ret_found, ret_file));
    CLEANUP(opener_clear) struct opener opener = {.version = 0};
    return *ret_found ? read_row(desk, ret_file, &opener, rows, 0, ret_observation) : SJ_DONE;
}
