/* SPDX-License-Identifier: Apache-2.0
 *
 * Can the answer of a stranger with a token break the reading of it? The input is the body that came; what is accepted has a mark at
 * least, marks from 1 to 5 for criteria that were asked, and a comment within its place.
 */
#include "../../src/survey/survey_priv.h"
#include "sanjeh/json/decode.h"

#define ARENA_BYTES ((size_t)64 * 1024 * 1024)

static const struct sj_survey_item items[] = {
    {.no = 1, .criterion = {"S01", 3}, .respondents = {"lawyers", 7}},
    {.no = 2, .criterion = {"S02", 3}, .respondents = {"lawyers", 7}},
    {.no = SJ_SURVEY_CRITERIA, .criterion = {"S06", 3}, .respondents = {"lawyers", 7}},
};

static void check(const struct place *place)
{
    size_t given = 0;
    for (size_t i = 0; i < SJ_SURVEY_CRITERIA; i++) {
        const bool is_asked = i < 2 || i == SJ_SURVEY_CRITERIA - 1;
        SJ_ASSERT(place->marks[i] <= SJ_SURVEY_MARKS && (is_asked || place->marks[i] == 0));
        given += place->marks[i] > 0;
    }
    SJ_ASSERT(given > 0 && place->group == 0 && place->comment_released == 0);
    SJ_ASSERT(place->comment_len <= SJ_SURVEY_COMMENT_MAX);
    SJ_ASSERT((place->comment_len > 0) == (place->comment_state == COMMENT_WAITING));
    struct sj_text text;
    SJ_ASSERT(!sj_failed(sj_text_check(
        sj_view_of(place->comment, place->comment_len), SJ_SURVEY_COMMENT_MAX, &text)));
    for (size_t i = 0; i < text.len; i++) {
        SJ_ASSERT((uint8_t)text.ptr[i] >= 0x20 || text.ptr[i] == '\n');
    }
}

static void read_body(struct sj_view body, struct sj_arena *arena)
{
    struct sj_json_doc *doc = NULL;
    struct sj_text detail;
    if (!sj_failed(sj_json_doc_parse(body, &doc, &detail, arena))) {
        const struct sj_json_value *root = sj_json_doc_root(doc);
        const struct sj_json_value *marks = sj_json_get(root, "marks");
        const struct sj_json_value *said = sj_json_get(root, "comment");
        struct sj_text comment = {"", 0};
        if (marks != NULL && (said == NULL || sj_json_as_text(said, &comment))) {
            const struct sj_desk desk = {.arena = arena};
            struct sj_json_faults faults = {0};
            struct place place = {.group = 0};
            const sj_status status =
                answer_read(&desk, marks, comment, items, SJ_COUNT(items), &place, &faults);
            if (!sj_failed(status)) {
                check(&place);
            } else {
                SJ_ASSERT(status.code != SJ_INVALID || faults.count == 1);
            }
        }
    }
    sj_json_doc_free(&doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    if (!sj_failed(sj_arena_new(ARENA_BYTES, &arena))) {
        read_body(sj_view_of(data, size), arena);
    }
    return 0;
}
