/* SPDX-License-Identifier: Apache-2.0
 *
 * /self-assessments and the evidence of a file. A draft is the judge's alone; submitting meets the judge's clock. Evidence is
 * offered by the judge or a seat, and the board admits it or refuses it with a reason.
 */
#include "remedy_desk.h"

#define MARKS_MAX 99

struct self_body {
    struct sj_uuid evaluation_id;
    struct sj_text achievements;
    struct sj_text constraints;
    struct sj_text training_needs;
    const struct sj_json_value *own_marks;
    bool has_achievements;
    bool has_constraints;
    bool has_training_needs;
    bool has_own_marks;
    struct sj_text own_marks_json; /* checked, canonical; empty: none */
};

#define SELF_TEXT(field)                                                                           \
    {                                                                                              \
        .name = #field, .kind = SJ_JSON_TEXT, .offset = offsetof(struct self_body, field),         \
        .present_offset = offsetof(struct self_body, has_##field), .nullable = true,               \
        .limit = 2 * REMEDY_TEXT_MAX                                                               \
    }
#define SELF_MEMBERS                                                                               \
    SELF_TEXT(achievements), SELF_TEXT(constraints), SELF_TEXT(training_needs),                    \
    {                                                                                              \
        .name = "own_marks", .kind = SJ_JSON_TREE,                                                 \
        .offset = offsetof(struct self_body, own_marks),                                           \
        .present_offset = offsetof(struct self_body, has_own_marks), .nullable = true              \
    }
static const struct sj_json_member members_of_new[] = {
    {.name = "evaluation_id",
        .kind = SJ_JSON_ID,
        .offset = offsetof(struct self_body, evaluation_id),
        .present_offset = SJ_JSON_NO_PRESENT,
        .required = true},
    SELF_MEMBERS,
};
static const struct sj_json_member members_of_change[] = {SELF_MEMBERS};

static sj_status refuse_marks(struct sj_exchange *x)
{
    return remedy_refuse(x, "own_marks", "FORMAT",
        "at most 99 of {item_no 1..99, mark \"0.00\"..\"100.00\", comment?}, an item once");
}

/* One of {item_no, mark, comment?}; false when it is anything else. */
static bool write_mark(struct sj_json *json, const struct sj_json_value *value, bool *seen)
{
    int64_t no = 0;
    struct sj_text mark = {"", 0};
    struct sj_text comment = {"", 0};
    size_t at = 0;
    struct sj_text name;
    const struct sj_json_value *member;
    char canonical[8];
    while (sj_json_is_object(value) && sj_json_next(value, &at, &name, &member)) {
        const bool is_good = (sj_text_is(name, "item_no") && sj_json_as_int(member, &no)) ||
                             (sj_text_is(name, "mark") && sj_json_as_text(member, &mark)) ||
                             (sj_text_is(name, "comment") && sj_json_as_text(member, &comment) &&
                                 sj_remedy_prose(&comment, 1000) == NULL);
        if (!is_good) {
            return false;
        }
    }
    if (no < 1 || no > MARKS_MAX || seen[no] || !sj_remedy_mark(mark, canonical)) {
        return false;
    }
    seen[no] = true;
    sj_json_object(json, NULL);
    sj_json_int(json, "item_no", no);
    sj_json_str(json, "mark", canonical);
    sj_json_text_or_null(json, "comment", comment);
    sj_json_object_end(json);
    return true;
}

static sj_status apply_marks(struct sj_exchange *x, struct self_body *body)
{
    if (body->own_marks == NULL) {
        body->own_marks_json = (struct sj_text){"", 0};
        return SJ_DONE;
    }
    CLEANUP(sj_buf_clear) struct sj_buf buf = SJ_BUF(SJ_RECORD_BODY_MAX);
    struct sj_json json = sj_json_begin(&buf);
    sj_json_array(&json, NULL);
    bool seen[MARKS_MAX + 1] = {false};
    size_t at = 0;
    struct sj_text name;
    const struct sj_json_value *item;
    if (!sj_json_is_array(body->own_marks)) {
        return refuse_marks(x);
    }
    while (sj_json_next(body->own_marks, &at, &name, &item)) {
        if (!write_mark(&json, item, seen)) {
            return refuse_marks(x);
        }
    }
    sj_json_array_end(&json);
    TRY(sj_json_end(&json));
    return sj_arena_text(x->arena, sj_buf_text(&buf), &body->own_marks_json);
}

/* What is stored now, for members that a change does not name. */
static sj_status keep_stored(
    struct sj_exchange *x, const struct sj_record *record, struct self_body *body)
{
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text detail;
    TRY(sj_json_doc_parse(sj_text_bytes(record->body), &doc, &detail, x->arena));
    const struct sj_json_value *root = sj_json_doc_root(doc);
    const struct {
        const char *name;
        bool is_sent;
        struct sj_text *text;
    } texts[] = {
        {"achievements", body->has_achievements, &body->achievements},
        {"constraints", body->has_constraints, &body->constraints},
        {"training_needs", body->has_training_needs, &body->training_needs},
    };
    for (size_t i = 0; i < SJ_COUNT(texts); i++) {
        struct sj_text text;
        if (!texts[i].is_sent && sj_json_as_text(sj_json_get(root, texts[i].name), &text)) {
            TRY(sj_arena_text(x->arena, text, texts[i].text));
        }
    }
    const struct sj_json_value *marks = sj_json_get(root, "own_marks");
    if (body->has_own_marks || marks == NULL || sj_json_is_null(marks)) {
        return SJ_DONE;
    }
    CLEANUP(sj_buf_clear) struct sj_buf buf = SJ_BUF(SJ_RECORD_BODY_MAX);
    struct sj_json json = sj_json_begin(&buf);
    sj_json_array(&json, NULL);
    size_t at = 0;
    const struct sj_json_value *item;
    while (sj_json_next(marks, &at, &detail, &item)) {
        struct sj_text comment = {"", 0};
        (void)sj_json_as_text(sj_json_get(item, "comment"), &comment);
        sj_json_object(&json, NULL);
        int64_t no = 0;
        struct sj_text mark = {"", 0};
        ENSURE(sj_json_as_int(sj_json_get(item, "item_no"), &no) &&
                   sj_json_as_text(sj_json_get(item, "mark"), &mark),
            DECRYPT);
        sj_json_int(&json, "item_no", no);
        sj_json_text(&json, "mark", mark);
        sj_json_text_or_null(&json, "comment", comment);
        sj_json_object_end(&json);
    }
    sj_json_array_end(&json);
    TRY(sj_json_end(&json));
    return sj_arena_text(x->arena, sj_buf_text(&buf), &body->own_marks_json);
}

static sj_status write_self(struct sj_exchange *x, struct self_body *body, struct sj_text *ret_body)
{
    TRY(remedy_prose(x, "achievements", &body->achievements, REMEDY_TEXT_MAX, false));
    TRY(remedy_prose(x, "constraints", &body->constraints, REMEDY_TEXT_MAX, false));
    TRY(remedy_prose(x, "training_needs", &body->training_needs, REMEDY_TEXT_MAX, false));
    CLEANUP(remedy_body_clear) struct remedy_body out;
    remedy_body_begin(&out);
    remedy_body_text(&out, "achievements", body->achievements);
    remedy_body_text(&out, "constraints", body->constraints);
    remedy_body_text(&out, "training_needs", body->training_needs);
    if (body->own_marks_json.len == 0) {
        sj_json_null(&out.json, "own_marks");
    } else {
        sj_json_raw(&out.json, "own_marks", body->own_marks_json);
    }
    return remedy_body_end(x, &out, ret_body);
}

static sj_status need_open(struct sj_exchange *x, const struct sj_evaluation *evaluation)
{
    TRY(remedy_need_judge(x, evaluation));
    if (evaluation->frozen_at != 0) {
        return remedy_unmet(x, "FROZEN", "the evidence of this evaluation is frozen");
    }
    return SJ_DONE;
}

static sj_status create(struct sj_exchange *x)
{
    struct self_body body = {.own_marks = NULL};
    TRY(sj_exchange_decode(x, members_of_new, SJ_COUNT(members_of_new), &body));
    TRY(apply_marks(x, &body));
    struct sj_evaluation evaluation;
    TRY(remedy_evaluation(x, body.evaluation_id, &evaluation));
    TRY(need_open(x, &evaluation));
    struct sj_record record = {.state = SJ_TEXT("draft")};
    TRY(write_self(x, &body, &record.body));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_record_add(&desk, SJ_RECORD_SELF_ASSESSMENT, &evaluation, &record));
    TRY(sj_exchange_created(x, "/api/v1/self-assessments", record.id));
    return remedy_answer(x, SJ_RECORD_SELF_ASSESSMENT, &record);
}

/* The judge's own draft, read and held against If-Match. */
static sj_status find_draft(
    struct sj_exchange *x, struct sj_record *record, struct sj_evaluation *evaluation)
{
    TRY(remedy_record(x, SJ_RECORD_SELF_ASSESSMENT, record));
    TRY(remedy_evaluation(x, record->evaluation, evaluation));
    TRY(remedy_need_judge(x, evaluation));
    TRY(sj_exchange_if_match(x, record->version));
    if (!sj_text_is(record->state, "draft")) {
        return remedy_unmet(x, "SUBMITTED", "what is submitted is not edited");
    }
    return need_open(x, evaluation);
}

static sj_status change(struct sj_exchange *x)
{
    struct self_body body = {.own_marks = NULL};
    TRY(sj_exchange_decode(x, members_of_change, SJ_COUNT(members_of_change), &body));
    TRY(apply_marks(x, &body));
    struct sj_record record;
    struct sj_evaluation evaluation;
    TRY(find_draft(x, &record, &evaluation));
    TRY(keep_stored(x, &record, &body));
    TRY(write_self(x, &body, &record.body));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_record_change(&desk, SJ_RECORD_SELF_ASSESSMENT, &record));
    return remedy_answer(x, SJ_RECORD_SELF_ASSESSMENT, &record);
}

static sj_status submit(struct sj_exchange *x)
{
    struct sj_record record;
    struct sj_evaluation evaluation;
    TRY(find_draft(x, &record, &evaluation));
    record.state = SJ_TEXT("submitted");
    record.is_done = true;
    record.done_at = evaluation.now;
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_record_change(&desk, SJ_RECORD_SELF_ASSESSMENT, &record));
    TRY(sj_deadline_meet(&desk, &evaluation, "self_assessment"));
    return remedy_answer(x, SJ_RECORD_SELF_ASSESSMENT, &record);
}

static sj_status list(struct sj_exchange *x)
{
    return remedy_list(x, SJ_RECORD_SELF_ASSESSMENT);
}

static sj_status read_one(struct sj_exchange *x)
{
    return remedy_read(x, SJ_RECORD_SELF_ASSESSMENT);
}

/* ---- evidence ---- */

struct evidence_body {
    struct sj_text kind;
    struct sj_text title;
    struct sj_text text;
    struct sj_text sha256;
    struct sj_text period;
};
static const struct sj_json_member evidence_members[] = {
    REMEDY_TEXT(evidence_body, kind, true),
    REMEDY_TEXT(evidence_body, title, true),
    REMEDY_TEXT(evidence_body, text, false),
    REMEDY_TEXT(evidence_body, sha256, false),
    REMEDY_TEXT(evidence_body, period, false),
};

static const char *const board_seats[] = {"chair", "member", "rapporteur", NULL};
/* Speaks once and is no rater: an opinion is evidence that the board weighs, never a mark. */
static const char *const head_seats[] = {"court_head", NULL};

static sj_status parse_sha256(
    struct sj_exchange *x, struct sj_text text, struct sj_view *ret_sha256)
{
    *ret_sha256 = (struct sj_view){NULL, 0};
    if (text.len == 0) {
        return SJ_DONE;
    }
    uint8_t bytes[32];
    for (size_t i = 0; i < 64; i++) {
        const char c = i < text.len ? text.ptr[i] : ' ';
        const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (text.len != 64 || digit < 0) {
            return remedy_refuse(x, "sha256", "FORMAT", "64 lower-case hexadecimal digits");
        }
        bytes[i / 2] = (uint8_t)(i % 2 == 0 ? digit << 4 : (bytes[i / 2] | digit));
    }
    return sj_arena_copy(x->arena, sj_view_of(bytes, sizeof bytes), ret_sha256);
}

static sj_status check_evidence(
    struct sj_exchange *x, struct evidence_body *body, struct sj_record *record)
{
    static const char *const kinds[] = {
        "document", "decision", "training", "statistics", "other", "opinion", NULL};
    TRY(remedy_one_of(x, "kind", body->kind, kinds));
    TRY(remedy_prose(x, "title", &body->title, 400, true));
    TRY(remedy_prose(x, "text", &body->text, REMEDY_TEXT_MAX, false));
    TRY(parse_sha256(x, body->sha256, &record->sha256));
    if (body->text.len == 0 && record->sha256.len == 0) {
        return remedy_refuse(x, "text", "REQUIRED", "text or sha256 is required");
    }
    struct sj_period period;
    if (body->period.len > 0 && (body->period.len > SJ_FILTER_BYTES_MAX ||
                                    sj_failed(sj_period_parse(body->period, &period)))) {
        return remedy_refuse(x, "period", "FORMAT", "YYYY, YYYY-MM or YYYY-MM-DD/YYYY-MM-DD");
    }
    CLEANUP(remedy_body_clear) struct remedy_body out;
    remedy_body_begin(&out);
    remedy_body_text(&out, "title", body->title);
    remedy_body_text(&out, "text", body->text);
    remedy_body_text(&out, "period", body->period);
    record->kind = body->kind;
    record->state = SJ_TEXT("offered");
    return remedy_body_end(x, &out, &record->body);
}

static sj_status offer(struct sj_exchange *x)
{
    struct evidence_body body = {.kind = {"", 0}};
    TRY(sj_exchange_decode(x, evidence_members, SJ_COUNT(evidence_members), &body));
    struct sj_record record = {.version = 0};
    TRY(check_evidence(x, &body, &record));
    struct sj_evaluation evaluation;
    TRY(remedy_evaluation_of_path(x, &evaluation));
    const bool by_judge = sj_uuid_equal(x->session.actor.judge, evaluation.judge);
    record.label = by_judge ? SJ_TEXT("judge") : SJ_TEXT("seat");
    const bool by_head = sj_text_is(record.kind, "opinion");
    if (!by_judge) {
        TRY(remedy_need_seat(x, &evaluation, by_head ? head_seats : board_seats));
    } else {
        ENSURE(!by_head, FORBIDDEN);
    }
    if ((by_judge || by_head) && evaluation.frozen_at != 0 &&
        evaluation.state != SJ_EVALUATION_DISCLOSED) {
        return remedy_unmet(x, "FROZEN", "evidence is offered before the freeze or with the reply");
    }
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_record_add(&desk, SJ_RECORD_EVIDENCE, &evaluation, &record));
    TRY(sj_exchange_created(x, "/api/v1/evidence", record.id));
    return remedy_answer(x, SJ_RECORD_EVIDENCE, &record);
}

static sj_status list_evidence(struct sj_exchange *x)
{
    return remedy_list(x, SJ_RECORD_EVIDENCE);
}

static sj_status read_evidence(struct sj_exchange *x)
{
    return remedy_read(x, SJ_RECORD_EVIDENCE);
}

struct decision_body {
    struct sj_text decision;
    struct sj_text reason;
};
static const struct sj_json_member decision_members[] = {
    REMEDY_TEXT(decision_body, decision, true),
    REMEDY_TEXT(decision_body, reason, false),
};

static sj_status decide(struct sj_exchange *x)
{
    static const char *const decisions[] = {"admitted", "refused", NULL};
    struct decision_body body = {.decision = {"", 0}};
    TRY(sj_exchange_decode(x, decision_members, SJ_COUNT(decision_members), &body));
    TRY(remedy_one_of(x, "decision", body.decision, decisions));
    TRY(remedy_prose(
        x, "reason", &body.reason, REMEDY_TEXT_MAX, sj_text_is(body.decision, "refused")));
    struct sj_record record;
    TRY(remedy_record(x, SJ_RECORD_EVIDENCE, &record));
    struct sj_evaluation evaluation;
    TRY(remedy_evaluation(x, record.evaluation, &evaluation));
    TRY(remedy_need_seat(x, &evaluation, board_seats));
    TRY(sj_exchange_if_match(x, record.version));
    ENSURE(sj_text_is(record.state, "offered"), CONFLICT);
    CLEANUP(remedy_body_clear) struct remedy_body out;
    remedy_body_begin(&out);
    remedy_body_text(&out, "reason", body.reason);
    TRY(remedy_body_end(x, &out, &record.answer));
    record.state = body.decision;
    record.is_done = true;
    record.done_at = evaluation.now;
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_record_change(&desk, SJ_RECORD_EVIDENCE, &record));
    return remedy_answer(x, SJ_RECORD_EVIDENCE, &record);
}

const struct sj_endpoint sj_routes_self_assessments[] = {
    {{SJ_GET, "/api/v1/self-assessments", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_SELF_ASSESSMENT_LIST, list},
    {{SJ_POST, "/api/v1/self-assessments", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_SELF_ASSESSMENT_CREATE, create},
    {{SJ_GET, "/api/v1/self-assessments/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_SELF_ASSESSMENT_READ, read_one},
    {{SJ_PATCH, "/api/v1/self-assessments/{id}", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_SELF_ASSESSMENT_UPDATE, change},
    {{SJ_POST, "/api/v1/self-assessments/{id}/submit", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL},
        SJ_USE_WRITE, SJ_ACTION_SELF_ASSESSMENT_UPDATE, submit},
    {{SJ_GET, "/api/v1/evidence", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_EVIDENCE_LIST, list_evidence},
    {{SJ_POST, "/api/v1/evaluations/{id}/evidence", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL},
        SJ_USE_WRITE, SJ_ACTION_EVIDENCE_CREATE, offer},
    {{SJ_GET, "/api/v1/evidence/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_EVIDENCE_LIST, read_evidence},
    {{SJ_POST, "/api/v1/evidence/{id}/decision", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_EVIDENCE_DECIDE, decide},
};
const size_t sj_routes_self_assessments_count = SJ_COUNT(sj_routes_self_assessments);
