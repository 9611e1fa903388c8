/* SPDX-License-Identifier: Apache-2.0
 *
 * What do two readers think of a decision, each without knowing what the other thinks? That the first review stays hidden until the
 * second is written is the work of row security. Their mean and their agreement are said when all is read.
 */
#include "board_priv.h"

#include "sanjeh/board/rating.h"
#include "sanjeh/board/sample.h"
#include "sanjeh/crypto/random.h"
#include "sanjeh/evaluation/survey_means.h"
#include "sanjeh/json/decode.h"
#include "sanjeh/json/write.h"

static sj_status write_body(struct sj_buf *out, const struct sj_review_mark *marks, size_t count,
    struct sj_text comments, struct sj_refusal *refusal)
{
    struct sj_decimal parsed[SJ_REVIEW_MARKS_MAX];
    char text[SJ_DECIMAL_TEXT_SIZE];
    struct sj_json json = sj_json_begin(out);
    ENSURE(count > 0 && count <= SJ_REVIEW_MARKS_MAX, INVALID);
    sj_json_object(&json, NULL);
    sj_json_array(&json, "marks");
    for (size_t i = 0; i < count; i++) {
        bool is_extreme;
        if (sj_failed(sj_mark_parse(marks[i].mark, 0, 100, &parsed[i], &is_extreme))) {
            return refuse(refusal, SJ_INVALID, "/marks", "BAD_MARK",
                "a decimal from 0 to 100 of at most two places");
        }
        for (size_t k = 0; k < i; k++) {
            if (sj_text_equal(marks[k].item, marks[i].item)) {
                return refuse(refusal, SJ_INVALID, "/marks", "SAME_ITEM", "an item is marked once");
            }
        }
        sj_decimal_format(parsed[i], text);
        sj_json_object(&json, NULL);
        sj_json_text(&json, "item", marks[i].item);
        sj_json_str(&json, "mark", text);
        sj_json_object_end(&json);
    }
    sj_json_array_end(&json);
    struct sj_decimal mean;
    TRY(sj_marks_mean(parsed, count, &mean));
    sj_decimal_format(mean, text);
    sj_json_str(&json, "mean", text);
    if (comments.len > 0) {
        sj_json_text(&json, "comments", comments);
    } else {
        sj_json_null(&json, "comments");
    }
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

sj_status sj_review_create(const struct sj_desk *desk, const struct sj_file *file,
    const struct sj_sample *sample, const struct sj_review_mark *marks, size_t count,
    struct sj_text comments, struct sj_review *ret_review, struct sj_refusal *reterr_refusal)
{
    static const char *const reviewers[] = {"reviewer", NULL};
    const struct sj_uuid me = desk->actor->account;
    bool sits = false;
    TRY(actor_sits(desk, file, reviewers, &sits));
    ENSURE(sits &&
               (sj_uuid_equal(sample->reviewer_one, me) || sj_uuid_equal(sample->reviewer_two, me)),
        FORBIDDEN);
    if (file->is_locked) {
        return refuse(reterr_refusal, SJ_CONFLICT, "", "MARKS_LOCKED",
            "decisions are read before the marks of the board are locked");
    }
    CLEANUP(sj_subject_clear) struct sj_subject key = {0};
    CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF(DOCUMENT_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(DOCUMENT_MAX);
    *ret_review = (struct sj_review){.sample = sample->id, .account = me};
    TRY(write_body(&plain, marks, count, comments, reterr_refusal));
    TRY(sj_uuid_new(&ret_review->id));
    TRY(file_key(desk, file, &key));
    TRY(sj_field_seal(&key, SJ_TABLE_OPINION_REVIEW, SJ_COLUMN_REVIEW_BODY, ret_review->id,
        SJ_FLE1_TEXT, sj_buf_view(&plain), &body));
    const struct sj_param params[] = {sj_p_id(&file->issuer_unit), sj_p_id(&ret_review->id),
        sj_p_id(&file->issuer_scope), sj_p_id(&file->id), sj_p_id(&file->judge),
        sj_p_id(&sample->id), sj_p_id(&me), sj_p_bytes(sj_buf_view(&body)),
        sj_p_i32((int32_t)key.version)};
    TRY(write_one(desk, SJ_SQL_OPINION_REVIEW_INSERT, params, SJ_COUNT(params), SJ_CONFLICT));
    const struct sj_param counted[] = {sj_p_id(&file->issuer_unit), sj_p_id(&sample->id)};
    TRY(write_one(desk, SJ_SQL_DECISION_SAMPLE_COUNT, counted, SJ_COUNT(counted), SJ_CONFLICT));
    return sj_arena_text(desk->arena, sj_buf_text(&plain), &ret_review->body);
}

sj_status sj_review_list(const struct sj_desk *desk, const struct sj_file *file,
    const struct sj_uuid *sample, struct sj_review **ret_items, size_t *ret_count)
{
    const struct sj_param params[] = {
        sj_p_id(&file->id), sample == NULL ? sj_p_null() : sj_p_id(sample)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_OPINION_REVIEW_LIST, params, SJ_COUNT(params), &rows));
    void *memory;
    TRY(room_for(desk, sj_rows_count(rows), sizeof(struct sj_review), &memory));
    *ret_items = memory;
    *ret_count = sj_rows_count(rows);
    CLEANUP(opener_clear) struct opener opener = {.version = 0};
    for (size_t row = 0; row < *ret_count; row++) {
        struct sj_review *review = &(*ret_items)[row];
        *review = (struct sj_review){
            .id = sj_row_id(rows, row, 0),
            .sample = sj_row_id(rows, row, 1),
            .account = sj_row_id(rows, row, 2),
            .submitted_at = sj_row_time(rows, row, 6),
        };
        TRY(opener_turn(desk, file, &opener, rows, row, 4, 5));
        TRY(open_text(desk, &opener, SJ_TABLE_OPINION_REVIEW, SJ_COLUMN_REVIEW_BODY, review->id,
            sj_row_bytes(rows, row, 3), &review->body));
    }
    return SJ_DONE;
}

/* ---- quality ---- */

static sj_status mean_in(
    const struct sj_desk *desk, const struct sj_review *review, struct sj_decimal *ret_mean)
{
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text detail;
    struct sj_text text = {"", 0};
    TRY(sj_json_doc_parse(sj_text_bytes(review->body), &doc, &detail, desk->arena));
    const struct sj_json_value *mean = sj_json_get(sj_json_doc_root(doc), "mean");
    ENSURE(mean != NULL && sj_json_as_text(mean, &text), DECRYPT);
    ENSURE(!sj_failed(sj_decimal_parse(text, ret_mean)), DECRYPT);
    return SJ_DONE;
}

/* Reviews are in the order of samples: the two of one follow each other. */
static sj_status pairs_of(const struct sj_desk *desk, const struct sj_review *reviews, size_t count,
    struct sj_mark_pair *ret_pairs, size_t *ret_count)
{
    *ret_count = 0;
    for (size_t i = 0; i + 1 < count && *ret_count < SJ_SAMPLE_SIZE_MAX; i++) {
        if (!sj_uuid_equal(reviews[i].sample, reviews[i + 1].sample) || reviews[i].body.len == 0 ||
            reviews[i + 1].body.len == 0) {
            continue;
        }
        TRY(mean_in(desk, &reviews[i], &ret_pairs[*ret_count].own));
        TRY(mean_in(desk, &reviews[i + 1], &ret_pairs[*ret_count].others));
        (*ret_count)++;
    }
    return SJ_DONE;
}

/* Who sees no sample but keeps the process learns how many there are and how many were read, nothing of them. */
static sj_status progress_of(
    const struct sj_desk *desk, const struct sj_file *file, struct sj_quality *quality)
{
    const struct sj_param params[] = {sj_p_id(&file->id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_SAMPLE_PROGRESS, params, SJ_COUNT(params), &rows));
    quality->samples = (size_t)sj_row_i64(rows, 0, 0);
    quality->reviewed = (size_t)sj_row_i64(rows, 0, 1);
    return SJ_DONE;
}

sj_status sj_quality_of(
    const struct sj_desk *desk, const struct sj_file *file, struct sj_quality *ret_quality)
{
    struct sj_sample *samples = NULL;
    struct sj_review *reviews = NULL;
    size_t review_count = 0;
    *ret_quality = (struct sj_quality){
        .mean = {.reason = "FEW_SUBJECTS"}, .agreement = {.reason = "FEW_SUBJECTS"}};
    TRY(sj_sample_list(desk, file, &samples, &ret_quality->samples));
    if (ret_quality->samples == 0) {
        return progress_of(desk, file, ret_quality);
    }
    TRY(sj_review_list(desk, file, NULL, &reviews, &review_count));
    for (size_t i = 0; i < ret_quality->samples; i++) {
        ret_quality->reviewed += samples[i].reviewed == 2 ? 1 : 0;
    }
    struct sj_mark_pair pairs[SJ_SAMPLE_SIZE_MAX];
    size_t count = 0;
    TRY(pairs_of(desk, reviews, review_count, pairs, &count));
    if (count < SJ_SAMPLE_SIZE_MIN || count != ret_quality->samples) {
        return SJ_DONE;
    }
    struct sj_decimal means[2 * SJ_SAMPLE_SIZE_MAX];
    for (size_t i = 0; i < count; i++) {
        means[2 * i] = pairs[i].own;
        means[2 * i + 1] = pairs[i].others;
    }
    ret_quality->mean = (struct sj_statistic){.has_value = true};
    TRY(sj_mean(means, 2 * count, &ret_quality->mean.value));
    return sj_reviewer_agreement(pairs, count, &ret_quality->agreement);
}

static sj_status check_office(const struct sj_desk *desk, const struct sj_file *file)
{
    const struct sj_param params[] = {sj_p_id(&file->id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_SAMPLE_ORDER_FIND, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) == 1 && sj_uuid_equal(sj_row_id(rows, 0, 0), desk->actor->account),
        FORBIDDEN);
    return SJ_DONE;
}

static sj_status store_values(
    const struct sj_desk *desk, const struct sj_file *file, const struct sj_quality *quality)
{
    const int64_t n = (int64_t)quality->samples;
    const struct sj_survey_mean values[] = {
        {SJ_TEXT("Q01"), quality->mean.value, n}, {SJ_TEXT("Q02"), quality->agreement.value, n}};
    const struct sj_param params[] = {sj_p_id(&file->id)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(ask(desk, SJ_SQL_QUALITY_PLACE, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) == 1, NOT_FOUND);
    struct sj_survey_means order = {.kind = "sample_quality",
        .method = "sample-quality/1",
        .judge_unit = sj_row_id(rows, 0, 0),
        .judge = file->judge,
        .period = {sj_row_day(rows, 0, 1), sj_row_day(rows, 0, 2)},
        .means = values,
        .count = SJ_COUNT(values)};
    TRY(sj_desk_text(desk, rows, 0, 3, &order.cycle));
    struct sj_uuid contribution;
    return sj_survey_means_store(desk, &order, &contribution);
}

sj_status sj_quality_store(const struct sj_desk *desk, const struct sj_file *file,
    struct sj_quality *ret_quality, struct sj_refusal *reterr_refusal)
{
    SJ_ASSERT(desk->tx != NULL);
    TRY(check_office(desk, file));
    if (!sj_text_is(file->state, "collecting")) {
        return refuse(reterr_refusal, SJ_CONFLICT, "", "NOT_COLLECTING",
            "values are taken while the evaluation collects");
    }
    TRY(sj_quality_of(desk, file, ret_quality));
    if (!ret_quality->mean.has_value || !ret_quality->agreement.has_value) {
        return refuse(reterr_refusal, SJ_GUARD_UNMET, "", "NOT_ALL_READ",
            "every decision of the sample is read by both readers first");
    }
    return store_values(desk, file, ret_quality);
}
