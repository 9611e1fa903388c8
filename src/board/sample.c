/* SPDX-License-Identifier: Apache-2.0
 *
 * Which decisions of a judge are read, and by whom? The process owner names an office, the office lays down the frame, chance does
 * the rest. If a text named the judge, its readers would no longer be blind.
 */
#include "board_priv.h"

#include "sanjeh/base/memory.h"
#include "sanjeh/board/board.h"
#include "sanjeh/board/sample.h"
#include "sanjeh/crypto/random.h"
#include "sanjeh/evaluation/judge.h"
#include "sanjeh/json/write.h"

#define NAME_BLOB_MAX 4096u

sj_status sj_sample_order(
    const struct sj_desk *desk, const struct sj_file *file, struct sj_uuid office)
{
    ENSURE(sj_uuid_equal(file->unit, desk->actor->unit), FORBIDDEN);
    bool found = false;
    struct sj_judge judge;
    /* the name goes from one seal to the next; row security still says whether the actor's unit has it */
    struct sj_decision of_register = *desk->decision;
    of_register.reach = SJ_REACH_UNIT;
    struct sj_desk registry = *desk;
    registry.decision = &of_register;
    TRY(sj_judge_find_whole(&registry, file->judge, &found, &judge));
    ENSURE(found && judge.name.len > 0, NOT_FOUND);
    CLEANUP(sj_subject_clear) struct sj_subject key = {0};
    CLEANUP(sj_buf_clear) struct sj_buf name = SJ_BUF(NAME_BLOB_MAX);
    TRY(file_key(desk, file, &key));
    TRY(sj_field_seal(&key, SJ_TABLE_DECISION_SAMPLE, SJ_COLUMN_SAMPLE_JUDGE_NAME, file->id,
        SJ_FLE1_TEXT, sj_text_bytes(judge.name), &name));
    const struct sj_param params[] = {sj_p_id(&file->unit), sj_p_id(&file->id), sj_p_id(&office),
        sj_p_id(&file->issuer_scope), sj_p_id(&desk->actor->account),
        sj_p_bytes(sj_buf_view(&name)), sj_p_i32((int32_t)key.version)};
    return write_one(desk, SJ_SQL_SAMPLE_ORDER_INSERT, params, SJ_COUNT(params), SJ_CONFLICT);
}

/* ---- draw ---- */

/* Errors: FORBIDDEN (another office's, or nobody's); an erased key opens no name, so nothing can be drawn any more. */
static sj_status name_of(
    const struct sj_desk *desk, const struct sj_file *file, struct sj_text *ret_name)
{
    const struct sj_param params[] = {sj_p_id(&file->id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_SAMPLE_ORDER_FIND, params, 1, &rows));
    ENSURE(sj_rows_count(rows) == 1 && sj_uuid_equal(sj_row_id(rows, 0, 0), desk->actor->account),
        FORBIDDEN);
    CLEANUP(opener_clear) struct opener opener = {.version = 0};
    TRY(opener_turn(desk, file, &opener, rows, 0, 2, 3));
    TRY(open_text(desk, &opener, SJ_TABLE_DECISION_SAMPLE, SJ_COLUMN_SAMPLE_JUDGE_NAME, file->id,
        sj_row_bytes(rows, 0, 1), ret_name));
    ENSURE(ret_name->len > 0, FORBIDDEN);
    return SJ_DONE;
}

static sj_status check_anonymous(const struct sj_desk *desk, const struct sj_file *file,
    const struct sj_frame_item *items, size_t count, struct sj_refusal *refusal)
{
    struct sj_text name;
    TRY(name_of(desk, file, &name));
    for (size_t i = 0; i < count; i++) {
        const struct sj_text parts[] = {items[i].ref, items[i].stratum, items[i].text};
        for (size_t k = 0; k < SJ_COUNT(parts); k++) {
            bool names = false;
            TRY(sj_text_names(parts[k], name, &names));
            if (names) {
                return refuse(refusal, SJ_INVALID, "/frame", "NAMES_THE_JUDGE",
                    "a text of the frame holds a word of the judge's name");
            }
        }
    }
    return SJ_DONE;
}

/* Reviewers who sit and have no other part in the file; a person once. */
static sj_status reviewers_of(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_uuid *ret_accounts, size_t *ret_count)
{
    struct sj_seat *seats = NULL;
    size_t count = 0;
    TRY(sj_seat_list(desk, file->id, &seats, &count));
    *ret_count = 0;
    for (size_t i = 0; i < count && *ret_count < SJ_SAMPLE_REVIEWERS_MAX; i++) {
        bool fits = seats[i].ended_at == 0 && sj_text_is(seats[i].capacity, "reviewer");
        for (size_t k = 0; fits && k < count; k++) {
            fits = k == i || !sj_uuid_equal(seats[k].person, seats[i].person) ||
                   (k > i && sj_text_is(seats[k].capacity, "reviewer"));
        }
        if (fits) {
            ret_accounts[(*ret_count)++] = seats[i].account;
        }
    }
    return SJ_DONE;
}

struct drawing {
    struct sj_uuid id;
    struct sj_hash seed;
    struct sj_hash frame;
    size_t frame_size;
    struct sj_uuid reviewers[SJ_SAMPLE_REVIEWERS_MAX];
    size_t reviewer_count;
};

static sj_status store_sample(const struct sj_desk *desk, const struct sj_file *file,
    const struct sj_subject *key, const struct drawing *drawing, const struct sj_frame_item *item,
    int32_t no)
{
    struct sj_uuid id;
    struct sj_uuid one;
    struct sj_uuid two;
    TRY(sj_uuid_new(&id));
    TRY(sj_sample_pair(
        &drawing->seed, (uint32_t)no, drawing->reviewers, drawing->reviewer_count, &one, &two));
    CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF(DOCUMENT_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(DOCUMENT_MAX);
    struct sj_json json = sj_json_begin(&plain);
    sj_json_object(&json, NULL);
    sj_json_text(&json, "ref", item->ref);
    sj_json_text(&json, "text", item->text);
    sj_json_object_end(&json);
    TRY(sj_json_end(&json));
    TRY(sj_field_seal(key, SJ_TABLE_DECISION_SAMPLE, SJ_COLUMN_SAMPLE_BODY, id, SJ_FLE1_TEXT,
        sj_buf_view(&plain), &body));
    const struct sj_param params[] = {sj_p_id(&file->issuer_unit), sj_p_id(&id),
        sj_p_id(&file->issuer_scope), sj_p_id(&file->id), sj_p_id(&file->judge),
        sj_p_id(&desk->actor->unit), sj_p_id(&drawing->id), sj_p_i32(no),
        sj_p_bytes(sj_view_of(drawing->seed.bytes, SJ_HASH_SIZE)),
        sj_p_bytes(sj_view_of(drawing->frame.bytes, SJ_HASH_SIZE)),
        sj_p_i32((int32_t)drawing->frame_size), sj_p_text(item->stratum),
        sj_p_bytes(sj_buf_view(&body)), sj_p_i32((int32_t)key->version), sj_p_id(&one),
        sj_p_id(&two), sj_p_id(&desk->actor->account)};
    return write_one(desk, SJ_SQL_DECISION_SAMPLE_INSERT, params, SJ_COUNT(params), SJ_CONFLICT);
}

sj_status sj_sample_create(const struct sj_desk *desk, const struct sj_file *file,
    const struct sj_hash *seed, const struct sj_frame_item *items, size_t count, size_t size,
    struct sj_refusal *reterr_refusal)
{
    TRY(check_anonymous(desk, file, items, count, reterr_refusal));
    if (!sj_text_is(file->state, "notified") && !sj_text_is(file->state, "collecting") &&
        !sj_text_is(file->state, "frozen")) {
        return refuse(reterr_refusal, SJ_CONFLICT, "", "NOT_COLLECTING",
            "decisions are drawn before the rating begins");
    }
    struct drawing drawing = {.seed = *seed, .frame_size = count};
    TRY(reviewers_of(desk, file, drawing.reviewers, &drawing.reviewer_count));
    if (drawing.reviewer_count < 2) {
        return refuse(reterr_refusal, SJ_GUARD_UNMET, "", "TOO_FEW_REVIEWERS",
            "each decision is read by two reviewers without another part in the file");
    }
    size_t picks[SJ_SAMPLE_SIZE_MAX];
    if (sj_failed(sj_frame_hash(items, count, &drawing.frame)) ||
        sj_failed(sj_sample_draw(seed, items, count, size, picks))) {
        return refuse(reterr_refusal, SJ_INVALID, "/frame", "BAD_FRAME",
            "size decisions at least, each ref once, at most 50 strata");
    }
    CLEANUP(sj_subject_clear) struct sj_subject key = {0};
    TRY(sj_uuid_new(&drawing.id));
    TRY(file_key(desk, file, &key));
    for (size_t i = 0; i < size; i++) {
        TRY(store_sample(desk, file, &key, &drawing, &items[picks[i]], (int32_t)i + 1));
    }
    return SJ_DONE;
}

/* ---- read ---- */

static sj_status read_hash(struct sj_view view, struct sj_hash *ret_hash)
{
    ENSURE(view.len == SJ_HASH_SIZE, INTERNAL);
    return sj_copy(ret_hash->bytes, SJ_HASH_SIZE, view.ptr, SJ_HASH_SIZE);
}

static sj_status read_sample(const struct sj_desk *desk, const struct sj_file *file,
    struct opener *opener, const struct sj_rows *rows, size_t row, struct sj_sample *sample)
{
    *sample = (struct sj_sample){
        .id = sj_row_id(rows, row, 0),
        .draw = sj_row_id(rows, row, 2),
        .no = sj_row_i64(rows, row, 3),
        .frame_size = sj_row_i64(rows, row, 6),
        .reviewer_one = sj_row_id(rows, row, 11),
        .reviewer_two = sj_row_id(rows, row, 12),
        .reviewed = sj_row_i64(rows, row, 13),
    };
    TRY(read_hash(sj_row_bytes(rows, row, 4), &sample->seed));
    TRY(read_hash(sj_row_bytes(rows, row, 5), &sample->frame_sha256));
    TRY(sj_desk_text(desk, rows, row, 7, &sample->stratum));
    TRY(opener_turn(desk, file, opener, rows, row, 9, 10));
    return open_text(desk, opener, SJ_TABLE_DECISION_SAMPLE, SJ_COLUMN_SAMPLE_BODY, sample->id,
        sj_row_bytes(rows, row, 8), &sample->body);
}

sj_status sj_sample_list(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_sample **ret_items, size_t *ret_count)
{
    const struct sj_param params[] = {sj_p_id(&file->id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_DECISION_SAMPLE_LIST, params, 1, &rows));
    void *memory;
    TRY(room_for(desk, sj_rows_count(rows), sizeof(struct sj_sample), &memory));
    *ret_items = memory;
    *ret_count = sj_rows_count(rows);
    CLEANUP(opener_clear) struct opener opener = {.version = 0};
    for (size_t row = 0; row < *ret_count; row++) {
        TRY(read_sample(desk, file, &opener, rows, row, &(*ret_items)[row]));
    }
    return SJ_DONE;
}

sj_status sj_sample_find(const struct sj_desk *desk, struct sj_uuid id, bool *ret_found,
    struct sj_sample *ret_sample, struct sj_file *ret_file)
{
    const struct sj_param params[] = {sj_p_id(&id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_DECISION_SAMPLE_FIND, params, 1, &rows));
    *ret_found = false;
    if (sj_rows_count(rows) == 1) {
        TRY(sj_file_find(desk, sj_row_id(rows, 0, 1), ret_found, ret_file));
    }
    CLEANUP(opener_clear) struct opener opener = {.version = 0};
    return *ret_found ? read_sample(desk, ret_file, &opener, rows, 0, ret_sample) : SJ_DONE;
}
