/* SPDX-License-Identifier: Apache-2.0
 *
 * Which words may leave the box? Comments of groups with enough answers are shown to the survey's owner after the
 * closing, in random order, to blacken what would identify a writer, or to refuse all of it. Blackening replaces the
 * letters in the box itself: nothing of them is kept.
 */
#include "survey_priv.h"

static bool may_be_read(
    const struct place *place, const struct sj_survey_tally *tally, int64_t threshold)
{
    return place->group != NO_GROUP && place->comment_state != COMMENT_NONE &&
           sj_survey_cell_n(&tally->answers.groups[place->group]) >= threshold;
}

sj_status sj_survey_comments(const struct sj_desk *desk, const struct sj_survey *survey,
    struct sj_survey_comment **ret_items, size_t *ret_count)
{
    *ret_items = NULL;
    *ret_count = 0;
    struct lock lock;
    TRY(survey_lock(desk, survey->unit, survey->id, &lock));
    if (!sj_text_is(lock.state, "closed") && !sj_text_is(lock.state, "released")) {
        return SJ_DONE;
    }
    CLEANUP(box_clear) struct box box = {.part_count = 0};
    TRY(box_open(desk, survey->unit, survey->id, &box));
    struct sj_survey_tally tally;
    box_count(&box, &tally);
    void *memory;
    TRY(sj_arena_alloc(desk->arena, box_places(&box) * sizeof(struct sj_survey_comment), &memory));
    struct sj_survey_comment *items = memory;
    size_t count = 0;
    for (size_t at = 0; at < box_places(&box); at++) {
        const struct place *place = &box.places[at];
        if (!may_be_read(place, &tally, survey->min.comments)) {
            continue;
        }
        struct sj_survey_comment *item = &items[count++];
        *item = (struct sj_survey_comment){.id = place->id,
            .group = place->group,
            .is_decided = place->comment_state != COMMENT_WAITING,
            .is_refused = place->comment_state == COMMENT_REFUSED};
        TRY(sj_arena_text(
            desk->arena, (struct sj_text){place->comment, place->comment_len}, &item->text));
    }
    *ret_items = items;
    *ret_count = count;
    return SJ_DONE;
}

static bool is_border(const struct place *place, size_t at)
{
    return at == place->comment_len || ((uint8_t)place->comment[at] & 0xc0) != 0x80;
}

static sj_status blacken(struct place *place, const struct sj_survey_span *spans, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct sj_survey_span span = spans[i];
        ENSURE(span.from < span.to && span.to <= place->comment_len, INVALID);
        ENSURE(is_border(place, span.from) && is_border(place, span.to), INVALID);
    }
    for (size_t i = 0; i < count; i++) {
        memset(place->comment + spans[i].from, '*', spans[i].to - spans[i].from);
    }
    return SJ_DONE;
}

sj_status sj_survey_comment_decide(const struct sj_desk *desk, const struct sj_survey *survey,
    struct sj_uuid comment, bool refuse, const struct sj_survey_span *spans, size_t count)
{
    struct lock lock;
    TRY(survey_lock(desk, survey->unit, survey->id, &lock));
    ENSURE(sj_text_is(lock.state, "closed"), GUARD_UNMET);
    CLEANUP(box_clear) struct box box = {.part_count = 0};
    TRY(box_open(desk, survey->unit, survey->id, &box));
    struct sj_survey_tally tally;
    box_count(&box, &tally);
    for (size_t at = 0; at < box_places(&box); at++) {
        struct place *place = &box.places[at];
        if (!sj_uuid_equal(place->id, comment) ||
            !may_be_read(place, &tally, survey->min.comments)) {
            continue;
        }
        TRY(blacken(place, spans, count));
        place->comment_state = refuse ? COMMENT_REFUSED : COMMENT_FIT;
        return box_close(desk, &box);
    }
    FAIL(NOT_FOUND);
}
