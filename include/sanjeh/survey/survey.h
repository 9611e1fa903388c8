/* SPDX-License-Identifier: Apache-2.0
 *
 * Surveys about a judge or a court: made and invited to by their owner, answered by whoever holds a token, released as
 * frozen results. Who answered what is nowhere (ADR-0017). Calls work on a desk; those that write need desk->tx with the
 * actor's context, answering needs one with sj_survey_context. Texts are borrowed from the desk's arena.
 */
#ifndef SJ_SURVEY_SURVEY_H
#define SJ_SURVEY_SURVEY_H

#include "sanjeh/evaluation/evaluation.h"
#include "sanjeh/json/decode.h"
#include "sanjeh/survey/tally.h"

#define SJ_SURVEY_INVITED_MAX 1000
#define SJ_SURVEY_COMMENT_MAX 960 /* bytes */
#define SJ_SURVEY_TOKEN_SIZE  65  /* 64 hexadecimal digits and NUL */

struct sj_survey {
    struct sj_uuid unit;
    struct sj_uuid id;
    struct sj_uuid cycle; /* nil: none */
    struct sj_uuid judge; /* nil: about a court */
    struct sj_uuid court; /* nil: about a judge */
    struct sj_text title_fa;
    struct sj_text title_en;
    int64_t from_day; /* the period that is asked about */
    int64_t to_day;
    sj_time_us opens_at;
    sj_time_us closes_at;
    struct sj_text state; /* draft, open, closed, released */
    struct sj_survey_thresholds min;
    int64_t invited;
    struct sj_text closed_week; /* empty: never closed */
    int64_t version;
    sj_time_us created_at;
};

struct sj_survey_item {
    int64_t no; /* of the criterion, 1..12 */
    struct sj_text criterion;
    struct sj_text respondents;
    struct sj_text text_fa;
    struct sj_text text_en;
};

/* Number 0..4 of a group's name; SJ_SURVEY_GROUPS when there is none of it. */
size_t sj_survey_group_of(struct sj_text name);
const char *sj_survey_group_name(size_t group);

SJ_MUST_CHECK sj_status sj_survey_list(const struct sj_desk *desk, struct sj_text state,
    struct sj_paging paging, struct sj_survey **ret_items, size_t *ret_count,
    struct sj_uuid *ret_last);
SJ_MUST_CHECK sj_status sj_survey_find(
    const struct sj_desk *desk, struct sj_uuid id, bool *ret_found, struct sj_survey *ret_survey);
SJ_MUST_CHECK sj_status sj_survey_items(const struct sj_desk *desk, const struct sj_survey *survey,
    struct sj_survey_item **ret_items, size_t *ret_count);
/* id, unit and state are set here; criteria: codes of reference data. Errors: INVALID (unknown judge, court, cycle or
 * criterion, a limit), CONSTRAINT. */
SJ_MUST_CHECK sj_status sj_survey_create(const struct sj_desk *desk, struct sj_survey *survey,
    const struct sj_text *criteria, size_t count);
/* draft -> open -> closed -> open (more answers), released -> open. Errors: NO_SUCH_MOVE, GUARD_UNMET (nobody is
 * invited), PRECONDITION_FAILED. */
SJ_MUST_CHECK sj_status sj_survey_move(
    const struct sj_desk *desk, struct sj_survey *survey, struct sj_text to);
/* Draws count tokens for a group, each SJ_SURVEY_TOKEN_SIZE, into the arena: given once, never stored.
 * Errors: INVALID (group without an item), GUARD_UNMET (closed, or more than SJ_SURVEY_INVITED_MAX). */
SJ_MUST_CHECK sj_status sj_survey_invite(const struct sj_desk *desk, const struct sj_survey *survey,
    size_t group, size_t count, char (**ret_tokens)[SJ_SURVEY_TOKEN_SIZE]);

/* ---- people with a token ---- */

/* A context for the server's own work on answers. Errors: KEEPER_UNAVAILABLE. */
SJ_MUST_CHECK sj_status sj_survey_context(struct sj_fields *fields, struct sj_context *ret_context);
/* What a token's holder is asked. Errors: SURVEY_CLOSED_OR_SPENT. */
SJ_MUST_CHECK sj_status sj_survey_questions(const struct sj_desk *desk, struct sj_text token,
    struct sj_survey *ret_survey, struct sj_survey_item **ret_items, size_t *ret_count);
/* Puts the answer into the box and spends the token, in desk->tx. marks: {criterion: 1..5 or null}; comment may be
 * empty. Errors: SURVEY_CLOSED_OR_SPENT; INVALID with faults, the token stays good. */
SJ_MUST_CHECK sj_status sj_survey_answer(const struct sj_desk *desk, struct sj_text token,
    const struct sj_json_value *marks, struct sj_text comment,
    struct sj_json_faults *reterr_faults);

/* ---- comments, before a release ---- */

struct sj_survey_comment {
    struct sj_uuid id; /* random, of no other use */
    size_t group;
    bool is_decided;
    bool is_refused;
    struct sj_text text;
};
struct sj_survey_span { /* of bytes, on the borders of characters */
    size_t from;
    size_t to;
};
#define SJ_SURVEY_SPANS_MAX 16
/* Comments of groups that reach the threshold, shuffled; none while the survey is open. */
SJ_MUST_CHECK sj_status sj_survey_comments(const struct sj_desk *desk,
    const struct sj_survey *survey, struct sj_survey_comment **ret_items, size_t *ret_count);
/* Blackens the spans for good and lets the comment be released, or refuses it. Errors: NOT_FOUND, INVALID (spans),
 * GUARD_UNMET (the survey is not closed). */
SJ_MUST_CHECK sj_status sj_survey_comment_decide(const struct sj_desk *desk,
    const struct sj_survey *survey, struct sj_uuid comment, bool refuse,
    const struct sj_survey_span *spans, size_t count);

/* ---- results ---- */

struct sj_survey_quote {
    size_t group;
    struct sj_text text;
};
struct sj_survey_results {
    struct sj_uuid release;
    int64_t no;
    sj_time_us released_at;
    bool counts;                  /* enough answers to enter a score */
    struct sj_survey_tally tally; /* show nothing but what its flags show */
    struct sj_survey_quote *comments;
    size_t comment_count;
};
/* Freezes the results; writes the judge's indicator values when there are enough answers. Errors: NO_SUCH_MOVE (not
 * closed), GUARD_UNMET (fewer than three new answers; comments that nobody decided on), PRECONDITION_FAILED. */
SJ_MUST_CHECK sj_status sj_survey_release(const struct sj_desk *desk, struct sj_survey *survey,
    const struct sj_survey_item *items, size_t item_count);
/* The newest release. */
SJ_MUST_CHECK sj_status sj_survey_results(const struct sj_desk *desk, struct sj_uuid survey,
    bool *ret_found, struct sj_survey_results *ret_results);

#endif
