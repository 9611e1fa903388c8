/* SPDX-License-Identifier: Apache-2.0
 *
 * What the routes of src/remedy share: finding the evaluation of a path, refusing with a pointer, checking what people
 * wrote, moving the evaluation, and writing a record as an answer.
 */
#ifndef SJ_SERVER_ROUTES_REMEDY_DESK_H
#define SJ_SERVER_ROUTES_REMEDY_DESK_H

#include "evaluation_desk.h"
#include "routes.h"

#include "sanjeh/remedy/prose.h"
#include "sanjeh/remedy/record.h"

#define REMEDY_TEXT_MAX 8000 /* bytes of one text */

/* 422 with a fault; a pointer without its leading slash. */
SJ_MUST_CHECK sj_status remedy_refuse(
    struct sj_exchange *x, const char *member, const char *code, const char *detail);
/* 409 GUARD_UNMET with a fault that names what is missing. */
SJ_MUST_CHECK sj_status remedy_unmet(struct sj_exchange *x, const char *code, const char *detail);
/* The evaluation of {id}, or of an id that is known. Errors: NOT_FOUND. */
SJ_MUST_CHECK sj_status remedy_evaluation(
    struct sj_exchange *x, struct sj_uuid id, struct sj_evaluation *ret_evaluation);
SJ_MUST_CHECK sj_status remedy_evaluation_of_path(
    struct sj_exchange *x, struct sj_evaluation *ret_evaluation);
/* Errors: FORBIDDEN. */
SJ_MUST_CHECK sj_status remedy_need_judge(
    struct sj_exchange *x, const struct sj_evaluation *evaluation);
SJ_MUST_CHECK sj_status remedy_need_seat(
    struct sj_exchange *x, const struct sj_evaluation *evaluation, const char *const *capacities);
SJ_MUST_CHECK sj_status remedy_need_issuer(
    struct sj_exchange *x, const struct sj_evaluation *evaluation);
/* The record of {id}. Errors: NOT_FOUND. */
SJ_MUST_CHECK sj_status remedy_record(
    struct sj_exchange *x, enum sj_record_kind kind, struct sj_record *ret_record);
/* Trims and checks; an optional text may be absent (empty afterwards). Errors: INVALID with a fault. */
SJ_MUST_CHECK sj_status remedy_prose(
    struct sj_exchange *x, const char *member, struct sj_text *text, size_t max, bool is_required);
/* One of the NULL-ended names. */
SJ_MUST_CHECK sj_status remedy_one_of(
    struct sj_exchange *x, const char *member, struct sj_text value, const char *const *names);
/* A day, in either calendar and any digits. */
SJ_MUST_CHECK sj_status remedy_day(
    struct sj_exchange *x, const char *member, struct sj_text text, int64_t *ret_day);
void remedy_json_day(struct sj_json *json, const char *name, bool has_day, int64_t day);
/* Moves it and says which guards are not met. */
SJ_MUST_CHECK sj_status remedy_move(struct sj_exchange *x, struct sj_evaluation *evaluation,
    enum sj_evaluation_state to, struct sj_text reason);

/* An object being written for a body or an answer; kept in the arena at the end. */
struct remedy_body {
    struct sj_buf buf;
    struct sj_json json;
};
void remedy_body_begin(struct remedy_body *body);
void remedy_body_clear(struct remedy_body *body);
void remedy_body_text(
    struct remedy_body *body, const char *name, struct sj_text text); /* empty: null */
SJ_MUST_CHECK sj_status remedy_body_end(
    struct sj_exchange *x, struct remedy_body *body, struct sj_text *ret_text);

/* Members of the record, without the braces around them. */
void remedy_write_members(
    struct sj_json *json, enum sj_record_kind kind, const struct sj_record *record);
void remedy_write(struct sj_json *json, enum sj_record_kind kind, const struct sj_record *record);
/* The record as the answer, with its ETag. */
SJ_MUST_CHECK sj_status remedy_answer(
    struct sj_exchange *x, enum sj_record_kind kind, const struct sj_record *record);
/* A page of the records that the caller may see: ?evaluation_id=. */
SJ_MUST_CHECK sj_status remedy_list(struct sj_exchange *x, enum sj_record_kind kind);
SJ_MUST_CHECK sj_status remedy_read(struct sj_exchange *x, enum sj_record_kind kind);

#define REMEDY_TEXT(struct_name, field, is_required)                                               \
    {                                                                                              \
        .name = #field, .kind = SJ_JSON_TEXT, .offset = offsetof(struct struct_name, field),       \
        .present_offset = SJ_JSON_NO_PRESENT, .required = (is_required),                           \
        .nullable = !(is_required), .limit = 2 * REMEDY_TEXT_MAX                                   \
    }
#define REMEDY_TREE(struct_name, field, is_required)                                               \
    {                                                                                              \
        .name = #field, .kind = SJ_JSON_TREE, .offset = offsetof(struct struct_name, field),       \
        .present_offset = SJ_JSON_NO_PRESENT, .required = (is_required),                           \
        .nullable = !(is_required), .limit = 0                                                     \
    }

#endif
