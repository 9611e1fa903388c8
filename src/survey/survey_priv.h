/* SPDX-License-Identifier: Apache-2.0
 *
 * The ballot box, and what the files of this folder share.
 */
#ifndef SURVEY_PRIV_H
#define SURVEY_PRIV_H

#include "sanjeh/survey/survey.h"

#define PLACE_BYTES    1024u
#define PLACES_OF_PART 32u
#define PART_BYTES     (PLACE_BYTES * PLACES_OF_PART)
#define PART_BLOB_MAX  (PART_BYTES + 1024u)
#define NO_GROUP       UINT8_MAX
#define PARTS_MAX      ((SJ_SURVEY_INVITED_MAX + PLACES_OF_PART - 1) / PLACES_OF_PART)

enum comment_state { COMMENT_NONE, COMMENT_WAITING, COMMENT_FIT, COMMENT_REFUSED };

/* A place of the box, blank or with one answer. Nothing in it says when or by whom. */
struct place {
    struct sj_uuid id;
    uint8_t group;                     /* NO_GROUP: blank */
    uint8_t marks[SJ_SURVEY_CRITERIA]; /* 0: not rated */
    uint8_t comment_state;
    uint8_t comment_released;
    uint16_t comment_len;
    char comment[SJ_SURVEY_COMMENT_MAX];
};

struct box {
    struct sj_uuid unit;
    struct sj_uuid survey;
    struct sj_uuid parts[PARTS_MAX];
    size_t part_count;
    struct place *places; /* part_count * PLACES_OF_PART */
};

void box_clear(struct box *box);
/* Within desk->tx, after survey_lock. Errors: DECRYPT. */
SJ_MUST_CHECK sj_status box_open(
    const struct sj_desk *desk, struct sj_uuid unit, struct sj_uuid survey, struct box *ret_box);
/* Shuffles all places and seals all parts again. */
SJ_MUST_CHECK sj_status box_close(const struct sj_desk *desk, struct box *box);
/* Adds blank parts until there are places for as many. */
SJ_MUST_CHECK sj_status box_widen(const struct sj_desk *desk, struct sj_uuid unit,
    struct sj_uuid survey, size_t invited_before, size_t invited);
size_t box_places(const struct box *box);
/* What is in it, without sums and without what may be shown. */
void box_count(const struct box *box, struct sj_survey_tally *ret_tally);

/* What somebody with a token sent, into a place that is blank but for its group; only the desk's arena is used.
 * Errors: INVALID with a fault. */
SJ_MUST_CHECK sj_status answer_read(const struct sj_desk *desk, const struct sj_json_value *marks,
    struct sj_text comment, const struct sj_survey_item *items, size_t item_count,
    struct place *place, struct sj_json_faults *faults);

/* An unbiased number below bound. */
SJ_MUST_CHECK sj_status random_below(uint32_t bound, uint32_t *ret_number);

struct lock {
    struct sj_text state;
    int64_t invited;
    int64_t version;
    bool is_open; /* state and window */
};
/* Errors: NOT_FOUND. */
SJ_MUST_CHECK sj_status survey_lock(
    const struct sj_desk *desk, struct sj_uuid unit, struct sj_uuid survey, struct lock *ret_lock);
SJ_MUST_CHECK sj_status survey_find_in_tx(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_survey *ret_survey);
SJ_MUST_CHECK sj_status survey_text(const struct sj_desk *desk, const struct sj_rows *rows,
    size_t row, size_t column, struct sj_text *ret_text);
SJ_MUST_CHECK sj_status survey_items_read(const struct sj_desk *desk, const struct sj_rows *rows,
    struct sj_survey_item **ret_items, size_t *ret_count);

#endif
