/* SPDX-License-Identifier: Apache-2.0
 *
 * The marks of a file. Who asks gets his own until the whole board has submitted; the process owner never any.
 */
#include "board_desk.h"
#include "routes.h"

#include "sanjeh/board/rating.h"

static void write_rating(struct sj_json *json, const struct sj_rating *rating)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", rating->id);
    sj_json_id(json, "account_id", rating->account);
    sj_json_int(json, "round", rating->round);
    sj_json_int(json, "item_no", rating->item_no);
    sj_json_text_or_null(json, "mark", rating->mark);
    sj_json_text_or_null(json, "reason", rating->reason);
    sj_json_time_or_null(json, "submitted_at", rating->submitted_at);
    sj_json_int(json, "version", rating->version);
    sj_json_object_end(json);
}

static sj_status answer_list(struct sj_exchange *x, const struct sj_file *file, int64_t round)
{
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_rating *items = NULL;
    size_t count = 0;
    TRY(sj_rating_list(&desk, file, round, &items, &count));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        write_rating(&json, &items[i]);
    }
    return sj_exchange_list_end(x, &json, (struct sj_uuid){{0}});
}

static sj_status list(struct sj_exchange *x)
{
    struct sj_file file;
    TRY(sj_file_of(x, &file));
    return answer_list(x, &file, 0);
}

/* The same as a collection of its own, of one evaluation. */
static sj_status list_of(struct sj_exchange *x)
{
    static const char *const allowed[] = {"evaluation_id", NULL};
    struct sj_page page;
    struct sj_uuid evaluation;
    struct sj_file file;
    TRY(sj_exchange_page(x, allowed, &page));
    TRY(sj_filter_id(x, "evaluation_id", &evaluation));
    if (sj_uuid_is_nil(evaluation)) {
        return sj_filter_refuse(x, "evaluation_id", "REQUIRED", "marks are read file by file");
    }
    TRY(sj_file_by_id(x, evaluation, &file));
    return answer_list(x, &file, 0);
}

struct body {
    int64_t item_no;
    struct sj_text mark;
    struct sj_text reason;
};
static const struct sj_json_member members[] = {
    {.name = "item_no",
        .kind = SJ_JSON_INT,
        .offset = offsetof(struct body, item_no),
        .present_offset = SJ_JSON_NO_PRESENT,
        .required = true,
        .limit = 99},
    {.name = "mark",
        .kind = SJ_JSON_TEXT,
        .offset = offsetof(struct body, mark),
        .present_offset = SJ_JSON_NO_PRESENT,
        .required = true,
        .limit = 64},
    {.name = "reason",
        .kind = SJ_JSON_TEXT,
        .offset = offsetof(struct body, reason),
        .present_offset = SJ_JSON_NO_PRESENT,
        .limit = SJ_BOARD_PROSE_MAX},
};

/* A first mark needs no If-Match; a mark that is there does: two tabs would overwrite each other. */
static sj_status put(struct sj_exchange *x)
{
    struct sj_file file;
    struct body body = {.item_no = 0};
    TRY(sj_exchange_decode(x, members, SJ_COUNT(members), &body));
    TRY(sj_file_of(x, &file));
    if (body.reason.len > 0) {
        TRY(sj_prose_of(x, "/reason", &body.reason));
    }
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    struct sj_rating rating = {.version = 0};
    TRY(sj_rating_find_own(&desk, &file, body.item_no, &found, &rating));
    if (found) {
        TRY(sj_exchange_if_match(x, rating.version));
    }
    rating.item_no = body.item_no;
    rating.mark = body.mark;
    rating.reason = body.reason;
    struct sj_refusal refusal = {0};
    TRY(sj_refused(x, sj_rating_put(&desk, &file, &rating, &refusal), &refusal));
    x->status = found ? 200 : 201;
    struct sj_json json = sj_json_begin(&x->body);
    write_rating(&json, &rating);
    TRY(sj_exchange_etag(x, rating.version));
    return sj_json_end(&json);
}

static sj_status submit(struct sj_exchange *x)
{
    struct sj_file file;
    TRY(sj_file_of(x, &file));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_refusal refusal = {0};
    TRY(sj_refused(x, sj_rating_submit(&desk, &file, &refusal), &refusal));
    return answer_list(x, &file, file.round);
}

const struct sj_endpoint sj_routes_ratings[] = {
    {{SJ_GET, "/api/v1/ratings", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_RATING_LIST, list_of},
    {{SJ_GET, "/api/v1/evaluations/{id}/ratings", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_RATING_LIST, list},
    {{SJ_POST, "/api/v1/evaluations/{id}/ratings", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL},
        SJ_USE_WRITE, SJ_ACTION_RATING_CREATE, put},
    {{SJ_POST, "/api/v1/evaluations/{id}/ratings/submit", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL},
        SJ_USE_WRITE, SJ_ACTION_RATING_CREATE, submit},
};
const size_t sj_routes_ratings_count = SJ_COUNT(sj_routes_ratings);
