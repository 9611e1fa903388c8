/* SPDX-License-Identifier: Apache-2.0
 *
 * What may be said about a survey, and when? A release counts the box once, decides what may be shown beside the
 * last release (tally.c) and freezes it, sealed under a key of its own. Everybody reads releases, nobody the box. With
 * enough answers the judge's means become indicator values of a contribution, where computing finds them.
 */
#include "survey_priv.h"

#include "sanjeh/base/reader.h"
#include "sanjeh/crypto/random.h"
#include "sanjeh/evaluation/survey_means.h"

#define BODY_MAX     ((size_t)8 * 1024)
#define COMMENTS_MAX ((size_t)60 * 1024)
#define BLOB_MAX     ((size_t)66 * 1024)

#define SHOWS_MEAN         1u
#define SHOWS_DISTRIBUTION 2u

/* ---- the frozen form ---- */

static sj_status write_cell(const struct sj_survey_cell *cell, struct sj_buf *out)
{
    TRY(sj_buf_put_byte(out, (uint8_t)((cell->shows_mean ? SHOWS_MEAN : 0) |
                                       (cell->shows_distribution ? SHOWS_DISTRIBUTION : 0))));
    for (size_t mark = 0; mark < SJ_SURVEY_MARKS; mark++) {
        TRY(sj_buf_put_u32(out, cell->marks[mark]));
    }
    return SJ_DONE;
}

static sj_status read_cell(struct sj_reader *in, struct sj_survey_cell *cell)
{
    uint8_t flags;
    TRY(sj_read_u8(in, &flags));
    cell->shows_mean = (flags & SHOWS_MEAN) != 0;
    cell->shows_distribution = (flags & SHOWS_DISTRIBUTION) != 0;
    for (size_t mark = 0; mark < SJ_SURVEY_MARKS; mark++) {
        TRY(sj_read_u32(in, &cell->marks[mark]));
    }
    return SJ_DONE;
}

static struct sj_survey_line *line_at(struct sj_survey_tally *tally, size_t at)
{
    return at == 0 ? &tally->answers : &tally->criteria[at - 1];
}

static sj_status write_tally(struct sj_survey_tally *tally, bool counts, struct sj_buf *out)
{
    TRY(sj_buf_put_byte(out, counts ? 1 : 0));
    for (size_t at = 0; at <= SJ_SURVEY_CRITERIA; at++) {
        const struct sj_survey_line *line = line_at(tally, at);
        TRY(write_cell(&line->all, out));
        for (size_t group = 0; group < SJ_SURVEY_GROUPS; group++) {
            TRY(write_cell(&line->groups[group], out));
        }
    }
    return SJ_DONE;
}

static sj_status read_tally(struct sj_view bytes, struct sj_survey_tally *ret_tally, bool *counts)
{
    struct sj_reader reader = sj_reader_of(bytes);
    uint8_t flag;
    TRY(sj_read_u8(&reader, &flag));
    *counts = flag != 0;
    for (size_t at = 0; at <= SJ_SURVEY_CRITERIA; at++) {
        struct sj_survey_line *line = line_at(ret_tally, at);
        TRY(read_cell(&reader, &line->all));
        for (size_t group = 0; group < SJ_SURVEY_GROUPS; group++) {
            TRY(read_cell(&reader, &line->groups[group]));
        }
    }
    return SJ_DONE;
}

static sj_status read_quotes(
    const struct sj_desk *desk, struct sj_view bytes, struct sj_survey_results *results)
{
    struct sj_reader reader = sj_reader_of(bytes);
    uint16_t count;
    TRY(sj_read_u16(&reader, &count));
    void *memory;
    TRY(sj_arena_alloc(desk->arena, ((size_t)count + 1) * sizeof(struct sj_survey_quote), &memory));
    results->comments = memory;
    results->comment_count = count;
    for (size_t i = 0; i < count; i++) {
        uint8_t group;
        uint16_t len;
        struct sj_view text;
        TRY(sj_read_u8(&reader, &group));
        TRY(sj_read_u16(&reader, &len));
        TRY(sj_read_view(&reader, len, &text));
        ENSURE(group < SJ_SURVEY_GROUPS, DECRYPT);
        results->comments[i].group = group;
        TRY(sj_arena_text(desk->arena, (struct sj_text){(const char *)text.ptr, text.len},
            &results->comments[i].text));
    }
    return SJ_DONE;
}

/* ---- the newest release ---- */

struct newest {
    bool found;
    struct sj_uuid contribution;
    struct sj_survey_results results;
};

static sj_status open_release(
    const struct sj_desk *desk, const struct sj_rows *rows, struct newest *ret_newest)
{
    ENSURE(!sj_row_is_null(rows, 0, 5), DECRYPT);
    struct sj_survey_results *results = &ret_newest->results;
    results->release = sj_row_id(rows, 0, 0);
    results->no = sj_row_i64(rows, 0, 1);
    results->released_at = sj_row_time(rows, 0, 6);
    ret_newest->contribution = sj_row_id(rows, 0, 7);
    const struct sj_wrapped_dek key = {
        .unit = sj_row_id(rows, 0, 8),
        .subject = results->release,
        .version = (uint32_t)sj_row_i64(rows, 0, 4),
        .wrapped = sj_row_bytes(rows, 0, 5),
    };
    CLEANUP(sj_subject_clear) struct sj_subject subject = {.version = 0};
    TRY(sj_fields_open(desk->fields, &key, 1, &subject));
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(BLOB_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf comments = SJ_BUF(BLOB_MAX);
    TRY(sj_field_open(&subject, SJ_TABLE_SURVEY_RELEASE, SJ_COLUMN_SURVEY_RELEASE_BODY,
        results->release, SJ_FLE1_BYTES, sj_row_bytes(rows, 0, 2), &body));
    TRY(sj_field_open(&subject, SJ_TABLE_SURVEY_RELEASE, SJ_COLUMN_SURVEY_RELEASE_COMMENTS,
        results->release, SJ_FLE1_BYTES, sj_row_bytes(rows, 0, 3), &comments));
    TRY(read_tally(sj_buf_view(&body), &results->tally, &results->counts));
    TRY(read_quotes(desk, sj_buf_view(&comments), results));
    ret_newest->found = true;
    return SJ_DONE;
}

static sj_status read_newest(
    const struct sj_desk *desk, struct sj_uuid survey, struct newest *ret_newest)
{
    *ret_newest = (struct newest){.found = false};
    const struct sj_param params[] = {sj_p_id(&survey)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    if (desk->tx != NULL) {
        TRY(sj_tx_query(desk->tx, SJ_SQL_SURVEY_RELEASE_NEWEST, params, 1, &rows));
    } else {
        const struct sj_query sql = {SJ_SQL_SURVEY_RELEASE_NEWEST, params, 1};
        TRY(sj_db_read(desk->db, desk->context, &sql, 1, &rows));
    }
    return sj_rows_count(rows) == 0 ? SJ_DONE : open_release(desk, rows, ret_newest);
}

sj_status sj_survey_results(const struct sj_desk *desk, struct sj_uuid survey, bool *ret_found,
    struct sj_survey_results *ret_results)
{
    struct newest newest;
    TRY(read_newest(desk, survey, &newest));
    *ret_found = newest.found;
    *ret_results = newest.results;
    return SJ_DONE;
}

/* ---- a new one ---- */

struct making {
    const struct sj_survey *survey;
    struct box box;
    struct newest before;
    struct sj_survey_tally tally;
    bool counts;
    struct sj_uuid contribution;
};

static void making_clear(struct making *making)
{
    box_clear(&making->box);
}

/* New comments of a group come out only together with two others' answers at least, as its numbers do. */
static bool releases_comments(const struct making *making, size_t group)
{
    struct sj_survey_tally now;
    box_count(&making->box, &now);
    const int64_t n = sj_survey_cell_n(&now.answers.groups[group]);
    const int64_t n_before =
        making->before.found ? sj_survey_cell_n(&making->before.results.tally.answers.groups[group])
                             : 0;
    return making->tally.answers.groups[group].shows_mean && n >= making->survey->min.comments &&
           n - n_before >= SJ_SURVEY_GROWTH_MIN;
}

static sj_status write_quotes(struct making *making, struct sj_buf *out, bool *ret_undecided)
{
    bool fresh[SJ_SURVEY_GROUPS];
    for (size_t group = 0; group < SJ_SURVEY_GROUPS; group++) {
        fresh[group] = releases_comments(making, group);
    }
    CLEANUP(sj_buf_clear) struct sj_buf quotes = SJ_BUF(COMMENTS_MAX);
    uint16_t count = 0;
    *ret_undecided = false;
    for (size_t at = 0; at < box_places(&making->box); at++) {
        struct place *place = &making->box.places[at];
        if (place->group == NO_GROUP || (!place->comment_released && !fresh[place->group])) {
            continue;
        }
        *ret_undecided = *ret_undecided || place->comment_state == COMMENT_WAITING;
        /* what does not fit waits for nothing: the places are in random order, so it is a random choice */
        if (place->comment_state != COMMENT_FIT ||
            quotes.len + place->comment_len + 3u > COMMENTS_MAX) {
            continue;
        }
        place->comment_released = 1;
        TRY(sj_buf_put_byte(&quotes, place->group));
        TRY(sj_buf_put_u16(&quotes, place->comment_len));
        TRY(sj_buf_put(&quotes, place->comment, place->comment_len));
        count++;
    }
    TRY(sj_buf_put_u16(out, count));
    return sj_buf_put_view(out, sj_buf_view(&quotes));
}

static sj_status cycle_code(
    const struct sj_desk *desk, const struct sj_survey *survey, struct sj_text *ret_code)
{
    *ret_code = (struct sj_text){"", 0};
    if (sj_uuid_is_nil(survey->cycle)) {
        return SJ_DONE;
    }
    const struct sj_param params[] = {sj_p_id(&survey->unit), sj_p_id(&survey->cycle)};
    CLEANUP(sj_rows_free) struct sj_rows *rows = NULL;
    TRY(sj_tx_query(desk->tx, SJ_SQL_SURVEY_CYCLE_CODE, params, SJ_COUNT(params), &rows));
    ENSURE(sj_rows_count(rows) == 1, CONFLICT);
    return survey_text(desk, rows, 0, 0, ret_code);
}

static sj_status collect_means(const struct making *making, const struct sj_survey_item *items,
    size_t item_count, struct sj_survey_mean *means, size_t *ret_count)
{
    *ret_count = 0;
    for (size_t i = 0; i < item_count; i++) {
        const struct sj_survey_cell *all = &making->tally.criteria[items[i].no - 1].all;
        if ((i > 0 && items[i - 1].no == items[i].no) || !all->shows_mean) {
            continue;
        }
        struct sj_survey_mean *mean = &means[(*ret_count)++];
        mean->criterion = items[i].criterion;
        mean->n = sj_survey_cell_n(all);
        TRY(sj_decimal_ratio(sj_survey_cell_sum(all), 1, mean->n, &mean->mean));
    }
    return SJ_DONE;
}

/* The judge's means as values; those of an earlier release stand back. */
static sj_status write_values(const struct sj_desk *desk, struct making *making,
    const struct sj_survey_item *items, size_t item_count)
{
    const struct sj_survey *survey = making->survey;
    struct sj_survey_mean means[SJ_SURVEY_CRITERIA];
    size_t count;
    TRY(collect_means(making, items, item_count, means, &count));
    if (!making->counts || count == 0 || sj_uuid_is_nil(survey->judge)) {
        making->contribution = making->before.contribution;
        return SJ_DONE;
    }
    if (!sj_uuid_is_nil(making->before.contribution)) {
        const struct sj_param params[] = {
            sj_p_id(&survey->unit), sj_p_id(&making->before.contribution)};
        TRY(sj_tx_query(desk->tx, SJ_SQL_SURVEY_VALUE_RETIRE, params, SJ_COUNT(params), NULL));
    }
    struct sj_survey_means order = {.kind = "survey_means",
        .method = "survey-mean/1",
        .judge_unit = survey->unit,
        .judge = survey->judge,
        .period = {survey->from_day, survey->to_day},
        .means = means,
        .count = count};
    TRY(cycle_code(desk, survey, &order.cycle));
    return sj_survey_means_store(desk, &order, &making->contribution);
}

static sj_status insert(const struct sj_desk *desk, struct making *making, struct sj_view quotes)
{
    struct sj_uuid id;
    TRY(sj_uuid_new(&id));
    const struct sj_survey *survey = making->survey;
    CLEANUP(sj_subject_clear) struct sj_subject subject = {.version = 0};
    TRY(sj_fields_subject_for_write(desk->fields, desk->tx, survey->unit, id, &subject));
    CLEANUP(sj_buf_clear) struct sj_buf plain = SJ_BUF(BODY_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf body = SJ_BUF(BLOB_MAX);
    CLEANUP(sj_buf_clear) struct sj_buf comments = SJ_BUF(BLOB_MAX);
    TRY(write_tally(&making->tally, making->counts, &plain));
    TRY(sj_field_seal(&subject, SJ_TABLE_SURVEY_RELEASE, SJ_COLUMN_SURVEY_RELEASE_BODY, id,
        SJ_FLE1_BYTES, sj_buf_view(&plain), &body));
    TRY(sj_field_seal(&subject, SJ_TABLE_SURVEY_RELEASE, SJ_COLUMN_SURVEY_RELEASE_COMMENTS, id,
        SJ_FLE1_BYTES, quotes, &comments));
    const struct sj_param params[] = {sj_p_id(&survey->unit), sj_p_id(&id), sj_p_id(&survey->id),
        sj_p_i32((int32_t)(making->before.found ? making->before.results.no + 1 : 1)),
        sj_p_id_or_null(&survey->judge), sj_p_id_or_null(&survey->cycle),
        sj_p_bytes(sj_buf_view(&body)), sj_p_bytes(sj_buf_view(&comments)),
        sj_p_i32((int32_t)subject.version), sj_p_id_or_null(&making->contribution),
        sj_p_id(&desk->actor->account)};
    return sj_tx_query(desk->tx, SJ_SQL_SURVEY_RELEASE_INSERT, params, SJ_COUNT(params), NULL);
}

static sj_status count_box(const struct sj_desk *desk, struct making *making)
{
    const struct sj_survey *survey = making->survey;
    TRY(box_open(desk, survey->unit, survey->id, &making->box));
    TRY(read_newest(desk, survey->id, &making->before));
    const struct sj_survey_tally *before =
        making->before.found ? &making->before.results.tally : NULL;
    box_count(&making->box, &making->tally);
    ENSURE(sj_survey_tally_may_follow(&making->tally, before), GUARD_UNMET);
    sj_survey_tally_show(&making->tally, &survey->min, before);
    making->counts = sj_survey_cell_n(&making->tally.answers.all) >= survey->min.score;
    return SJ_DONE;
}

static sj_status move_to_released(const struct sj_desk *desk, struct sj_survey *survey)
{
    const struct sj_param params[] = {sj_p_id(&survey->unit), sj_p_id(&survey->id),
        sj_p_text(SJ_TEXT("released")), sj_p_i64(survey->version)};
    TRY(sj_tx_query(desk->tx, SJ_SQL_SURVEY_MOVE, params, SJ_COUNT(params), NULL));
    bool found = false;
    TRY(survey_find_in_tx(desk, survey->id, &found, survey));
    ENSURE(found, NOT_FOUND);
    return SJ_DONE;
}

sj_status sj_survey_release(const struct sj_desk *desk, struct sj_survey *survey,
    const struct sj_survey_item *items, size_t item_count)
{
    struct lock lock;
    TRY(survey_lock(desk, survey->unit, survey->id, &lock));
    ENSURE(lock.version == survey->version, PRECONDITION_FAILED);
    ENSURE(sj_text_is(lock.state, "closed"), NO_SUCH_MOVE);
    CLEANUP(making_clear) struct making making = {.survey = survey};
    TRY(count_box(desk, &making));
    CLEANUP(sj_buf_clear) struct sj_buf quotes = SJ_BUF(COMMENTS_MAX + 2);
    bool undecided = false;
    TRY(write_quotes(&making, &quotes, &undecided));
    ENSURE(!undecided, GUARD_UNMET);
    TRY(write_values(desk, &making, items, item_count));
    TRY(insert(desk, &making, sj_buf_view(&quotes)));
    TRY(box_close(desk, &making.box));
    return move_to_released(desk, survey);
}
