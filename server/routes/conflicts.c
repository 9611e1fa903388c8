/* SPDX-License-Identifier: Apache-2.0
 *
 * What speaks against an evaluator of a file: declarations, conflicts, challenges; /relations that units enter.
 */
#include "board_desk.h"
#include "routes.h"

#include "sanjeh/board/conflict.h"

#define PLACE(target, field, json_kind, is_required, bound)                                        \
    {                                                                                              \
        .name = #field, .kind = (json_kind), .offset = offsetof(struct target, field),             \
        .present_offset = SJ_JSON_NO_PRESENT, .required = (is_required), .limit = (bound)          \
    }

/* ---- declarations ---- */

static void write_coi(struct sj_json *json, const struct sj_coi *coi)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", coi->id);
    sj_json_id(json, "account_id", coi->account);
    sj_json_bool(json, "has_interest", coi->has_interest);
    sj_json_text(json, "state", coi->state);
    sj_json_text_or_null(json, "interests", coi->interests);
    sj_json_int(json, "version", coi->version);
    sj_json_object_end(json);
}

static sj_status list_coi(struct sj_exchange *x)
{
    struct sj_file file;
    TRY(sj_file_of(x, &file));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_coi *items = NULL;
    size_t count = 0;
    TRY(sj_coi_list(&desk, &file, &items, &count));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        write_coi(&json, &items[i]);
    }
    return sj_exchange_list_end(x, &json, (struct sj_uuid){{0}});
}

struct coi_body {
    bool has_interest;
    struct sj_text interests;
};
static const struct sj_json_member members_of_coi[] = {
    PLACE(coi_body, has_interest, SJ_JSON_BOOL, true, 0),
    PLACE(coi_body, interests, SJ_JSON_TEXT, false, SJ_BOARD_PROSE_MAX),
};

static sj_status create_coi(struct sj_exchange *x)
{
    struct sj_file file;
    struct coi_body body = {.has_interest = false};
    TRY(sj_exchange_decode(x, members_of_coi, SJ_COUNT(members_of_coi), &body));
    TRY(sj_file_of(x, &file));
    if (body.has_interest) {
        TRY(sj_prose_of(x, "/interests", &body.interests));
    } else if (body.interests.len > 0) {
        TRY(sj_json_fault_add(&x->faults, x->arena, SJ_TEXT("/interests"), "NOT_EXPECTED",
            SJ_TEXT("no interest, no text")));
        FAIL(INVALID);
    }
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_coi coi = {.has_interest = body.has_interest, .interests = body.interests};
    TRY(sj_coi_declare(&desk, &file, &coi));
    x->status = 201;
    struct sj_json json = sj_json_begin(&x->body);
    write_coi(&json, &coi);
    return sj_json_end(&json);
}

/* ---- conflicts ---- */

static void write_conflict(struct sj_json *json, const struct sj_conflict *conflict)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", conflict->id);
    sj_json_id(json, "account_id", conflict->account);
    sj_json_text(json, "rule", conflict->rule);
    sj_json_text(json, "state", conflict->state);
    sj_json_time(json, "found_at", conflict->found_at);
    sj_json_text_or_null(json, "resolution", conflict->resolution);
    sj_json_text_or_null(json, "reason", conflict->reason);
    sj_json_id_or_null(json, "resolved_by", conflict->resolved_by);
    sj_json_time_or_null(json, "resolved_at", conflict->resolved_at);
    sj_json_int(json, "version", conflict->version);
    sj_json_object_end(json);
}

static sj_status answer_conflicts(struct sj_exchange *x, struct sj_uuid evaluation)
{
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_conflict *items = NULL;
    size_t count = 0;
    TRY(sj_conflict_list(&desk, evaluation, &items, &count));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        write_conflict(&json, &items[i]);
    }
    return sj_exchange_list_end(x, &json, (struct sj_uuid){{0}});
}

static sj_status list_conflicts(struct sj_exchange *x)
{
    struct sj_file file;
    TRY(sj_file_of(x, &file));
    return answer_conflicts(x, file.id);
}

static sj_status detect(struct sj_exchange *x)
{
    struct sj_file file;
    TRY(sj_file_of(x, &file));
    const struct sj_desk desk = sj_desk_of(x);
    ENSURE(sj_uuid_equal(file.unit, desk.actor->unit), FORBIDDEN);
    TRY(sj_conflict_detect(&desk, &file));
    return answer_conflicts(x, file.id);
}

static sj_status answer_conflict(struct sj_exchange *x, const struct sj_conflict *conflict)
{
    struct sj_json json = sj_json_begin(&x->body);
    write_conflict(&json, conflict);
    TRY(sj_exchange_etag(x, conflict->version));
    return sj_json_end(&json);
}

static sj_status conflict_of(struct sj_exchange *x, struct sj_conflict *ret_conflict)
{
    struct sj_uuid id;
    bool found = false;
    TRY(sj_exchange_id(x, &id));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_conflict_find(&desk, id, &found, ret_conflict));
    ENSURE(found, NOT_FOUND);
    return sj_exchange_subject_of_evaluation(x, ret_conflict->evaluation);
}

static sj_status read_conflict(struct sj_exchange *x)
{
    struct sj_conflict conflict;
    TRY(conflict_of(x, &conflict));
    return answer_conflict(x, &conflict);
}

struct decision_body {
    struct sj_text outcome;
    struct sj_text reason;
};
static const struct sj_json_member members_of_decision[] = {
    PLACE(decision_body, outcome, SJ_JSON_TEXT, true, 16),
    PLACE(decision_body, reason, SJ_JSON_TEXT, true, 2000),
};

static sj_status decode_decision(struct sj_exchange *x, const char *yes, const char *no,
    struct decision_body *body, bool *ret_yes)
{
    TRY(sj_exchange_decode(x, members_of_decision, SJ_COUNT(members_of_decision), body));
    TRY(sj_prose_of(x, "/reason", &body->reason));
    *ret_yes = sj_text_is(body->outcome, yes);
    if (!*ret_yes && !sj_text_is(body->outcome, no)) {
        TRY(sj_json_fault_add(&x->faults, x->arena, SJ_TEXT("/outcome"), "UNKNOWN_OUTCOME",
            SJ_TEXT("not an outcome of this decision")));
        FAIL(INVALID);
    }
    return SJ_DONE;
}

static sj_status resolve(struct sj_exchange *x)
{
    struct sj_file file;
    struct decision_body body = {.outcome = {NULL, 0}};
    bool ends_seat = false;
    TRY(decode_decision(x, "seat_ended", "no_conflict", &body, &ends_seat));
    struct sj_conflict conflict;
    TRY(conflict_of(x, &conflict));
    TRY(sj_exchange_if_match(x, conflict.version));
    TRY(sj_file_by_id(x, conflict.evaluation, &file));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_conflict_resolve(&desk, &file, &conflict, ends_seat, body.reason));
    return answer_conflict(x, &conflict);
}

/* ---- challenges ---- */

static void write_challenge(struct sj_json *json, const struct sj_challenge *challenge)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", challenge->id);
    sj_json_id(json, "evaluation_id", challenge->evaluation);
    sj_json_id(json, "account_id", challenge->account);
    sj_json_text(json, "state", challenge->state);
    sj_json_text_or_null(json, "grounds", challenge->grounds);
    sj_json_text_or_null(json, "decision", challenge->decision);
    sj_json_id_or_null(json, "decided_by", challenge->decided_by);
    sj_json_time_or_null(json, "decided_at", challenge->decided_at);
    sj_json_time(json, "created_at", challenge->created_at);
    sj_json_int(json, "version", challenge->version);
    sj_json_object_end(json);
}

static sj_status list_challenges(struct sj_exchange *x)
{
    struct sj_file file;
    TRY(sj_file_of(x, &file));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_challenge *items = NULL;
    size_t count = 0;
    TRY(sj_challenge_list(&desk, file.id, &items, &count));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        write_challenge(&json, &items[i]);
    }
    return sj_exchange_list_end(x, &json, (struct sj_uuid){{0}});
}

static sj_status answer_challenge(struct sj_exchange *x, const struct sj_challenge *challenge)
{
    struct sj_json json = sj_json_begin(&x->body);
    write_challenge(&json, challenge);
    TRY(sj_exchange_etag(x, challenge->version));
    return sj_json_end(&json);
}

static sj_status challenge_of(struct sj_exchange *x, struct sj_challenge *ret_challenge)
{
    struct sj_uuid id;
    bool found = false;
    TRY(sj_exchange_id(x, &id));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_challenge_find(&desk, id, &found, ret_challenge));
    ENSURE(found, NOT_FOUND);
    return sj_exchange_subject_of_evaluation(x, ret_challenge->evaluation);
}

static sj_status read_challenge(struct sj_exchange *x)
{
    struct sj_challenge challenge;
    TRY(challenge_of(x, &challenge));
    return answer_challenge(x, &challenge);
}

struct challenge_body {
    struct sj_uuid account_id;
    struct sj_text grounds;
};
static const struct sj_json_member members_of_challenge[] = {
    PLACE(challenge_body, account_id, SJ_JSON_ID, true, 0),
    PLACE(challenge_body, grounds, SJ_JSON_TEXT, true, SJ_BOARD_PROSE_MAX),
};

static sj_status create_challenge(struct sj_exchange *x)
{
    struct sj_file file;
    struct challenge_body body = {.grounds = {NULL, 0}};
    TRY(sj_exchange_decode(x, members_of_challenge, SJ_COUNT(members_of_challenge), &body));
    TRY(sj_prose_of(x, "/grounds", &body.grounds));
    TRY(sj_file_of(x, &file));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_challenge challenge = {.account = body.account_id, .grounds = body.grounds};
    struct sj_refusal refusal = {0};
    TRY(sj_refused(x, sj_challenge_create(&desk, &file, &challenge, &refusal), &refusal));
    TRY(sj_exchange_created(x, "/api/v1/challenges", challenge.id));
    return answer_challenge(x, &challenge);
}

static sj_status decide_challenge(struct sj_exchange *x)
{
    struct sj_challenge challenge;
    struct sj_file file;
    struct decision_body body = {.outcome = {NULL, 0}};
    bool is_upheld = false;
    TRY(decode_decision(x, "upheld", "rejected", &body, &is_upheld));
    TRY(challenge_of(x, &challenge));
    TRY(sj_exchange_if_match(x, challenge.version));
    TRY(sj_file_by_id(x, challenge.evaluation, &file));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_challenge_decide(&desk, &file, &challenge, is_upheld, body.reason));
    return answer_challenge(x, &challenge);
}

/* ---- relations ---- */

static void write_day(struct sj_json *json, const char *name, int64_t day)
{
    char date[11];
    sj_date_format(sj_date_from_days(day), date);
    sj_json_str(json, name, date);
}

static void write_relation(struct sj_json *json, const struct sj_relation *relation)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", relation->id);
    sj_json_id(json, "person_id", relation->person);
    sj_json_id(json, "judge_id", relation->judge);
    sj_json_text(json, "kind", relation->kind);
    write_day(json, "valid_from", relation->from_day);
    if (relation->has_to) {
        write_day(json, "valid_to", relation->to_day);
    } else {
        sj_json_null(json, "valid_to");
    }
    sj_json_time(json, "created_at", relation->created_at);
    sj_json_object_end(json);
}

static sj_status list_relations(struct sj_exchange *x)
{
    static const char *const allowed[] = {NULL};
    struct sj_page page;
    TRY(sj_exchange_page(x, allowed, &page));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_relation *items = NULL;
    size_t count = 0;
    struct sj_uuid last;
    TRY(sj_relation_list(&desk, sj_paging_of(page), &items, &count, &last));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        TRY(sj_exchange_subject(x, items[i].judge));
        write_relation(&json, &items[i]);
    }
    return sj_exchange_list_end(x, &json, last);
}

struct relation_body {
    struct sj_uuid person_id;
    struct sj_uuid judge_id;
    struct sj_text kind;
    struct sj_text valid_from;
    struct sj_text valid_to;
};
static const struct sj_json_member members_of_relation[] = {
    PLACE(relation_body, person_id, SJ_JSON_ID, true, 0),
    PLACE(relation_body, judge_id, SJ_JSON_ID, true, 0),
    PLACE(relation_body, kind, SJ_JSON_TEXT, true, 16),
    PLACE(relation_body, valid_from, SJ_JSON_TEXT, true, 32),
    PLACE(relation_body, valid_to, SJ_JSON_TEXT, false, 32),
};

/* A day in either calendar, read by the rule of periods. */
static sj_status read_day(
    struct sj_exchange *x, const char *pointer, struct sj_text day, int64_t *ret_day)
{
    CLEANUP(sj_buf_clear) struct sj_buf range = SJ_BUF(128);
    TRY(sj_buf_put_text(&range, day));
    TRY(sj_buf_put_byte(&range, '/'));
    TRY(sj_buf_put_text(&range, day));
    struct sj_period period;
    if (sj_failed(sj_period_parse(sj_buf_text(&range), &period))) {
        TRY(sj_json_fault_add(&x->faults, x->arena, sj_text_of(pointer), "BAD_DATE",
            SJ_TEXT("YYYY-MM-DD in either calendar")));
        FAIL(INVALID);
    }
    *ret_day = period.from_day;
    return SJ_DONE;
}

static sj_status create_relation(struct sj_exchange *x)
{
    struct relation_body body = {.kind = {NULL, 0}};
    TRY(sj_exchange_decode(x, members_of_relation, SJ_COUNT(members_of_relation), &body));
    struct sj_relation relation = {
        .person = body.person_id, .judge = body.judge_id, .kind = body.kind};
    TRY(read_day(x, "/valid_from", body.valid_from, &relation.from_day));
    relation.has_to = body.valid_to.len > 0;
    if (relation.has_to) {
        TRY(read_day(x, "/valid_to", body.valid_to, &relation.to_day));
    }
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_refusal refusal = {0};
    TRY(sj_refused(x, sj_relation_create(&desk, &relation, &refusal), &refusal));
    x->status = 201;
    struct sj_json json = sj_json_begin(&x->body);
    write_relation(&json, &relation);
    return sj_json_end(&json);
}

#define GET(path, action, fn)                                                                      \
    {                                                                                              \
        {SJ_GET, "/api/v1" path, SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ, action, fn       \
    }
#define POST(path, action, fn)                                                                     \
    {                                                                                              \
        {SJ_POST, "/api/v1" path, SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE, action, fn    \
    }

const struct sj_endpoint sj_routes_conflicts[] = {
    GET("/evaluations/{id}/coi-declarations", SJ_ACTION_COI_LIST, list_coi),
    POST("/evaluations/{id}/coi-declarations", SJ_ACTION_COI_CREATE, create_coi),
    GET("/evaluations/{id}/conflicts", SJ_ACTION_SEAT_LIST, list_conflicts),
    POST("/evaluations/{id}/conflicts/detection", SJ_ACTION_SEAT_CREATE, detect),
    GET("/conflicts/{id}", SJ_ACTION_SEAT_LIST, read_conflict),
    POST("/conflicts/{id}/decision", SJ_ACTION_CHALLENGE_DECIDE, resolve),
    GET("/evaluations/{id}/challenges", SJ_ACTION_CHALLENGE_LIST, list_challenges),
    POST("/evaluations/{id}/challenges", SJ_ACTION_CHALLENGE_CREATE, create_challenge),
    GET("/challenges/{id}", SJ_ACTION_CHALLENGE_READ, read_challenge),
    POST("/challenges/{id}/decision", SJ_ACTION_CHALLENGE_DECIDE, decide_challenge),
    GET("/relations", SJ_ACTION_CONTRIBUTION_LIST, list_relations),
    POST("/relations", SJ_ACTION_CONTRIBUTION_CREATE, create_relation),
};
const size_t sj_routes_conflicts_count = SJ_COUNT(sj_routes_conflicts);
