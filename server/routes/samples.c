/* SPDX-License-Identifier: Apache-2.0
 *
 * Decision samples: ordered by the process owner, drawn by the office, read blind by two reviewers.
 */
#include "board_desk.h"
#include "routes.h"

#include "sanjeh/base/parse.h"
#include "sanjeh/board/sample.h"
#include "sanjeh/crypto/random.h"

/* A reviewer learns neither the seed nor the other reader; who drew and the board do. */
static void write_sample(struct sj_json *json, const struct sj_sample *sample, bool is_office)
{
    char seed[2 * SJ_HASH_SIZE + 1];
    char frame[2 * SJ_HASH_SIZE + 1];
    for (size_t i = 0; i < SJ_HASH_SIZE; i++) {
        static const char digits[] = "0123456789abcdef";
        seed[2 * i] = digits[sample->seed.bytes[i] >> 4];
        seed[2 * i + 1] = digits[sample->seed.bytes[i] & 15];
        frame[2 * i] = digits[sample->frame_sha256.bytes[i] >> 4];
        frame[2 * i + 1] = digits[sample->frame_sha256.bytes[i] & 15];
    }
    seed[2 * SJ_HASH_SIZE] = frame[2 * SJ_HASH_SIZE] = '\0';
    sj_json_object(json, NULL);
    sj_json_id(json, "id", sample->id);
    sj_json_id(json, "draw_id", sample->draw);
    sj_json_int(json, "no", sample->no);
    sj_json_text(json, "stratum", sample->stratum);
    sj_json_str(json, "seed", is_office ? seed : NULL);
    sj_json_str(json, "frame_sha256", frame);
    sj_json_int(json, "frame_size", sample->frame_size);
    sj_json_int(json, "reviewed", sample->reviewed);
    sj_json_id_or_null(
        json, "reviewer_one", is_office ? sample->reviewer_one : (struct sj_uuid){{0}});
    sj_json_id_or_null(
        json, "reviewer_two", is_office ? sample->reviewer_two : (struct sj_uuid){{0}});
    if (sample->body.len > 0) {
        sj_json_raw(json, "body", sample->body);
    } else {
        sj_json_null(json, "body");
    }
    sj_json_object_end(json);
}

static sj_status answer_list(struct sj_exchange *x, const struct sj_file *file, bool is_office)
{
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_sample *items = NULL;
    size_t count = 0;
    TRY(sj_sample_list(&desk, file, &items, &count));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        write_sample(&json, &items[i], is_office);
    }
    return sj_exchange_list_end(x, &json, (struct sj_uuid){{0}});
}

static sj_status list(struct sj_exchange *x)
{
    struct sj_file file;
    TRY(sj_file_of(x, &file));
    return answer_list(x, &file, false);
}

/* ---- bodies ---- */

struct order_body {
    struct sj_uuid office_account_id;
};
struct draw_body {
    const struct sj_json_value *frame;
    int64_t size;
    struct sj_text seed;
};
struct review_body {
    const struct sj_json_value *marks;
    struct sj_text comments;
};
#define PLACE(target, field, json_kind, is_required, bound)                                        \
    {                                                                                              \
        .name = #field, .kind = (json_kind), .offset = offsetof(struct target, field),             \
        .present_offset = SJ_JSON_NO_PRESENT, .required = (is_required),                           \
        .nullable = !(is_required), .limit = (bound)                                               \
    }
static const struct sj_json_member members_of_order[] = {
    PLACE(order_body, office_account_id, SJ_JSON_ID, true, 0),
};
static const struct sj_json_member members_of_draw[] = {
    PLACE(draw_body, frame, SJ_JSON_TREE, true, 0),
    PLACE(draw_body, size, SJ_JSON_INT, true, SJ_SAMPLE_SIZE_MAX),
    PLACE(draw_body, seed, SJ_JSON_TEXT, false, 2 * (uint64_t)SJ_HASH_SIZE),
};
static const struct sj_json_member members_of_review[] = {
    PLACE(review_body, marks, SJ_JSON_TREE, true, 0),
    PLACE(review_body, comments, SJ_JSON_TEXT, false, SJ_BOARD_PROSE_MAX),
};

static sj_status bad(struct sj_exchange *x, const char *pointer, const char *detail)
{
    TRY(sj_json_fault_add(&x->faults, x->arena, sj_text_of(pointer), "FORMAT", sj_text_of(detail)));
    FAIL(INVALID);
}

/* Exactly these members of an object, all of them texts. */
struct wanted {
    const char *name;
    size_t max;
    struct sj_text *text;
};
static bool read_texts(
    const struct sj_json_value *object, const struct wanted *wanted, size_t count)
{
    size_t at = 0;
    size_t seen = 0;
    struct sj_text name;
    const struct sj_json_value *value = NULL;
    if (!sj_json_is_object(object)) {
        return false;
    }
    while (sj_json_next(object, &at, &name, &value)) {
        size_t i = 0;
        while (i < count && !sj_text_is(name, wanted[i].name)) {
            i++;
        }
        if (i == count || !sj_json_as_text(value, wanted[i].text) ||
            sj_failed(sj_board_text_check(*wanted[i].text, wanted[i].max, wanted[i].text))) {
            return false;
        }
        seen++;
    }
    return seen == count;
}

static sj_status decode_frame(struct sj_exchange *x, const struct sj_json_value *values,
    struct sj_frame_item **ret_items, size_t *ret_count)
{
    static const char detail[] = "at most 500 of {ref, stratum, text}, of 64, 64 and 8000 bytes";
    void *memory;
    TRY(sj_arena_alloc(x->arena, SJ_FRAME_ITEMS_MAX * sizeof(struct sj_frame_item), &memory));
    *ret_items = memory;
    *ret_count = 0;
    size_t at = 0;
    struct sj_text name;
    const struct sj_json_value *value = NULL;
    if (!sj_json_is_array(values)) {
        return bad(x, "/frame", detail);
    }
    while (sj_json_next(values, &at, &name, &value)) {
        if (*ret_count == SJ_FRAME_ITEMS_MAX) {
            return bad(x, "/frame", detail);
        }
        struct sj_frame_item *item = &(*ret_items)[(*ret_count)++];
        const struct wanted wanted[] = {{"ref", 64, &item->ref}, {"stratum", 64, &item->stratum},
            {"text", SJ_BOARD_PROSE_MAX, &item->text}};
        if (!read_texts(value, wanted, SJ_COUNT(wanted))) {
            return bad(x, "/frame", detail);
        }
    }
    return SJ_DONE;
}

static sj_status decode_marks(struct sj_exchange *x, const struct sj_json_value *values,
    struct sj_review_mark *marks, size_t *ret_count)
{
    size_t at = 0;
    struct sj_text name;
    const struct sj_json_value *value = NULL;
    *ret_count = 0;
    if (!sj_json_is_array(values)) {
        return bad(x, "/marks", "1 to 20 of {item, mark}");
    }
    while (sj_json_next(values, &at, &name, &value)) {
        if (*ret_count == SJ_REVIEW_MARKS_MAX) {
            return bad(x, "/marks", "1 to 20 of {item, mark}");
        }
        struct sj_review_mark *mark = &marks[(*ret_count)++];
        const struct wanted wanted[] = {{"item", 64, &mark->item}, {"mark", 64, &mark->mark}};
        if (!read_texts(value, wanted, SJ_COUNT(wanted))) {
            return bad(x, "/marks", "1 to 20 of {item, mark}");
        }
    }
    return *ret_count > 0 ? SJ_DONE : bad(x, "/marks", "1 to 20 of {item, mark}");
}

/* ---- order and draw ---- */

static sj_status order(struct sj_exchange *x)
{
    struct order_body body = {{{0}}};
    struct sj_file file;
    TRY(sj_exchange_decode(x, members_of_order, SJ_COUNT(members_of_order), &body));
    TRY(sj_file_of(x, &file));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_sample_order(&desk, &file, body.office_account_id));
    x->status = 201;
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_id(&json, "evaluation_id", file.id);
    sj_json_id(&json, "office_account_id", body.office_account_id);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

static sj_status draw(struct sj_exchange *x)
{
    struct draw_body body = {.size = 0};
    struct sj_file file;
    struct sj_frame_item *items = NULL;
    size_t count = 0;
    struct sj_hash seed;
    struct sj_refusal refusal = {0};
    TRY(sj_exchange_decode(x, members_of_draw, SJ_COUNT(members_of_draw), &body));
    TRY(decode_frame(x, body.frame, &items, &count));
    if (body.seed.len == 0) {
        TRY(sj_random(seed.bytes, SJ_HASH_SIZE));
    } else if (sj_failed(sj_parse_hex(body.seed, seed.bytes, SJ_HASH_SIZE))) {
        return bad(x, "/seed", "64 hex digits");
    }
    if (body.size < (int64_t)SJ_SAMPLE_SIZE_MIN) {
        return bad(x, "/size", "8 to 50");
    }
    TRY(sj_file_of(x, &file));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_refused(x,
        sj_sample_create(&desk, &file, &seed, items, count, (size_t)body.size, &refusal),
        &refusal));
    return answer_list(x, &file, true);
}

/* ---- reviews ---- */

static void write_review(struct sj_json *json, const struct sj_review *review, bool shows_account)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", review->id);
    sj_json_id(json, "sample_id", review->sample);
    sj_json_id_or_null(json, "account_id", shows_account ? review->account : (struct sj_uuid){{0}});
    if (review->body.len > 0) {
        sj_json_raw(json, "body", review->body);
    } else {
        sj_json_null(json, "body");
    }
    sj_json_object_end(json);
}

static sj_status sample_of(
    struct sj_exchange *x, struct sj_sample *ret_sample, struct sj_file *ret_file)
{
    struct sj_uuid id;
    bool found = false;
    TRY(sj_exchange_id(x, &id));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_sample_find(&desk, id, &found, ret_sample, ret_file));
    ENSURE(found, NOT_FOUND);
    return sj_exchange_subject(x, ret_file->judge);
}

static sj_status list_reviews(struct sj_exchange *x)
{
    struct sj_sample sample;
    struct sj_file file;
    TRY(sample_of(x, &sample, &file));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_review *items = NULL;
    size_t count = 0;
    TRY(sj_review_list(&desk, &file, &sample.id, &items, &count));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        write_review(&json, &items[i], sj_uuid_equal(items[i].account, desk.actor->account));
    }
    return sj_exchange_list_end(x, &json, (struct sj_uuid){{0}});
}

static sj_status review(struct sj_exchange *x)
{
    struct review_body body = {.marks = NULL};
    struct sj_review_mark marks[SJ_REVIEW_MARKS_MAX];
    size_t count = 0;
    struct sj_sample sample;
    struct sj_file file;
    struct sj_review item;
    struct sj_refusal refusal = {0};
    TRY(sj_exchange_decode(x, members_of_review, SJ_COUNT(members_of_review), &body));
    TRY(decode_marks(x, body.marks, marks, &count));
    if (body.comments.len > 0) {
        TRY(sj_prose_of(x, "/comments", &body.comments));
    }
    TRY(sample_of(x, &sample, &file));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_refused(x,
        sj_review_create(&desk, &file, &sample, marks, count, body.comments, &item, &refusal),
        &refusal));
    x->status = 201;
    struct sj_json json = sj_json_begin(&x->body);
    write_review(&json, &item, true);
    return sj_json_end(&json);
}

static void write_statistic(
    struct sj_json *json, const char *name, const struct sj_statistic *statistic)
{
    char text[SJ_DECIMAL_TEXT_SIZE];
    if (statistic->has_value) {
        sj_decimal_format(statistic->value, text);
    }
    sj_json_str(json, name, statistic->has_value ? text : NULL);
}

static sj_status answer_quality(struct sj_exchange *x, const struct sj_quality *said)
{
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_int(&json, "samples", (int64_t)said->samples);
    sj_json_int(&json, "reviewed", (int64_t)said->reviewed);
    write_statistic(&json, "mean", &said->mean);
    write_statistic(&json, "agreement", &said->agreement);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

static sj_status quality(struct sj_exchange *x)
{
    struct sj_file file;
    struct sj_quality said;
    TRY(sj_file_of(x, &file));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_quality_of(&desk, &file, &said));
    /* the judge learns of it with the file */
    ENSURE(said.samples > 0 || !sj_uuid_equal(desk.actor->judge, file.judge), NOT_FOUND);
    return answer_quality(x, &said);
}

static sj_status store_quality(struct sj_exchange *x)
{
    struct sj_file file;
    struct sj_quality said;
    struct sj_refusal refusal = {0};
    TRY(sj_file_of(x, &file));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_refused(x, sj_quality_store(&desk, &file, &said, &refusal), &refusal));
    x->status = 201;
    return answer_quality(x, &said);
}

#define GET(path, action, fn)                                                                      \
    {                                                                                              \
        {SJ_GET, "/api/v1" path, SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ, action, fn       \
    }
#define POST(path, action, fn)                                                                     \
    {                                                                                              \
        {SJ_POST, "/api/v1" path, SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE, action, fn    \
    }
const struct sj_endpoint sj_routes_samples[] = {
    GET("/evaluations/{id}/samples", SJ_ACTION_SAMPLE_LIST, list),
    POST("/evaluations/{id}/samples/order", SJ_ACTION_SEAT_CREATE, order),
    POST("/evaluations/{id}/samples/draw", SJ_ACTION_SAMPLE_DRAW, draw),
    GET("/evaluations/{id}/samples/quality", SJ_ACTION_REVIEW_LIST, quality),
    {{SJ_POST, "/api/v1/evaluations/{id}/samples/quality", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL},
        SJ_USE_WRITE, SJ_ACTION_SAMPLE_DRAW, store_quality},
    GET("/samples/{id}/reviews", SJ_ACTION_REVIEW_LIST, list_reviews),
    POST("/samples/{id}/reviews", SJ_ACTION_REVIEW_CREATE, review),
};
const size_t sj_routes_samples_count = SJ_COUNT(sj_routes_samples);
