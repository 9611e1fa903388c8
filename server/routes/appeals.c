/* SPDX-License-Identifier: Apache-2.0
 *
 * After the card is issued: the judge acknowledges it (read is not agreed) or appeals; the appeal board votes by person
 * and its chair decides with reasons; afterwards only a reasoned correction order changes anything.
 */
#include "approval_json.h"
#include "remedy_desk.h"

#include "sanjeh/remedy/variation.h"

#define STATEMENT_WORDS 100

struct kind_body {
    struct sj_text kind;
    struct sj_text statement;
};
static const struct sj_json_member kind_members[] = {
    REMEDY_TEXT(kind_body, kind, true),
    REMEDY_TEXT(kind_body, statement, false),
};

static sj_status acknowledge(struct sj_exchange *x)
{
    static const char *const known[] = {"agree", "read_but_disagree", NULL};
    struct kind_body body = {.kind = {"", 0}};
    TRY(sj_exchange_decode(x, kind_members, SJ_COUNT(kind_members), &body));
    TRY(remedy_one_of(x, "kind", body.kind, known));
    TRY(remedy_prose(x, "statement", &body.statement, 2000, false));
    if (sj_remedy_words(body.statement) > STATEMENT_WORDS) {
        return remedy_refuse(x, "statement", "TOO_LONG", "at most 100 words");
    }
    struct sj_evaluation evaluation;
    TRY(remedy_evaluation_of_path(x, &evaluation));
    TRY(remedy_need_judge(x, &evaluation));
    if (evaluation.issued_at == 0) {
        return remedy_unmet(x, "NOT_ISSUED", "there is no report card yet");
    }
    CLEANUP(remedy_body_clear) struct remedy_body out;
    remedy_body_begin(&out);
    remedy_body_text(&out, "statement", body.statement);
    struct sj_record record = {.kind = body.kind};
    TRY(remedy_body_end(x, &out, &record.body));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_record_add(&desk, SJ_RECORD_ACKNOWLEDGEMENT, &evaluation, &record));
    TRY(remedy_move(x, &evaluation, SJ_EVALUATION_ACKNOWLEDGED, (struct sj_text){"", 0}));
    TRY(sj_exchange_created(x, "/api/v1/acknowledgements", record.id));
    return remedy_answer(x, SJ_RECORD_ACKNOWLEDGEMENT, &record);
}

static sj_status list_acknowledgements(struct sj_exchange *x)
{
    return remedy_list(x, SJ_RECORD_ACKNOWLEDGEMENT);
}

/* ---- the judge's statement ---- */

struct statement_body {
    struct sj_text statement;
};
static const struct sj_json_member statement_members[] = {
    REMEDY_TEXT(statement_body, statement, true)};

/* One before the issue and one after it in a round; what comes after stands in the card that supersedes. */
static sj_status state(struct sj_exchange *x)
{
    struct statement_body body = {{"", 0}};
    TRY(sj_exchange_decode(x, statement_members, SJ_COUNT(statement_members), &body));
    TRY(remedy_prose(x, "statement", &body.statement, 2000, true));
    if (sj_remedy_words(body.statement) > STATEMENT_WORDS) {
        return remedy_refuse(x, "statement", "TOO_LONG", "at most 100 words");
    }
    struct sj_evaluation evaluation;
    TRY(remedy_evaluation_of_path(x, &evaluation));
    TRY(remedy_need_judge(x, &evaluation));
    if (evaluation.state == SJ_EVALUATION_ARCHIVED) {
        return remedy_unmet(x, "ARCHIVED", "the evaluation is over");
    }
    CLEANUP(remedy_body_clear) struct remedy_body out;
    remedy_body_begin(&out);
    remedy_body_text(&out, "statement", body.statement);
    struct sj_record record = {
        .kind = evaluation.issued_at == 0 ? SJ_TEXT("before_issue") : SJ_TEXT("after_issue")};
    TRY(remedy_body_end(x, &out, &record.body));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_record_add(&desk, SJ_RECORD_STATEMENT, &evaluation, &record));
    TRY(sj_exchange_created(x, "/api/v1/statements", record.id));
    return remedy_answer(x, SJ_RECORD_STATEMENT, &record);
}

static sj_status list_statements(struct sj_exchange *x)
{
    return remedy_list(x, SJ_RECORD_STATEMENT);
}

/* ---- appeals ---- */

struct grounds_body {
    struct sj_text grounds;
};
static const struct sj_json_member grounds_members[] = {REMEDY_TEXT(grounds_body, grounds, true)};

static sj_status file(struct sj_exchange *x)
{
    struct grounds_body body = {.grounds = {"", 0}};
    TRY(sj_exchange_decode(x, grounds_members, SJ_COUNT(grounds_members), &body));
    TRY(remedy_prose(x, "grounds", &body.grounds, 3 * REMEDY_TEXT_MAX, true));
    struct sj_evaluation evaluation;
    TRY(remedy_evaluation_of_path(x, &evaluation));
    TRY(remedy_need_judge(x, &evaluation));
    if (evaluation.issued_at == 0) {
        return remedy_unmet(x, "NOT_ISSUED", "there is no report card to appeal against");
    }
    ENSURE(
        evaluation.state == SJ_EVALUATION_ISSUED || evaluation.state == SJ_EVALUATION_ACKNOWLEDGED,
        NO_SUCH_MOVE);
    CLEANUP(remedy_body_clear) struct remedy_body out;
    remedy_body_begin(&out);
    remedy_body_text(&out, "grounds", body.grounds);
    struct sj_record record = {.state = SJ_TEXT("filed"), .opened_at = evaluation.now};
    TRY(remedy_body_end(x, &out, &record.body));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_record_add(&desk, SJ_RECORD_APPEAL, &evaluation, &record));
    TRY(remedy_move(x, &evaluation, SJ_EVALUATION_APPEALED, (struct sj_text){"", 0}));
    TRY(sj_exchange_created(x, "/api/v1/appeals", record.id));
    return remedy_answer(x, SJ_RECORD_APPEAL, &record);
}

/* The process owner follows the state of appeals; their texts are not for it, and row security shows it no row. */
static sj_status list(struct sj_exchange *x)
{
    return remedy_list(x, SJ_RECORD_APPEAL);
}

static sj_status read_one(struct sj_exchange *x)
{
    return remedy_read(x, SJ_RECORD_APPEAL);
}

static const char *const outcomes[] = {"upheld", "varied", "remanded", "rejected", NULL};

struct vote_body {
    struct sj_text outcome;
    struct sj_text reason;
};
static const struct sj_json_member vote_members[] = {
    REMEDY_TEXT(vote_body, outcome, true),
    REMEDY_TEXT(vote_body, reason, true),
};

static sj_status find_filed(struct sj_exchange *x, const char *const *seats,
    struct sj_record *appeal, struct sj_evaluation *evaluation)
{
    TRY(remedy_record(x, SJ_RECORD_APPEAL, appeal));
    TRY(remedy_evaluation(x, appeal->evaluation, evaluation));
    TRY(remedy_need_seat(x, evaluation, seats));
    ENSURE(sj_text_is(appeal->state, "filed"), CONFLICT);
    return SJ_DONE;
}

static sj_status vote(struct sj_exchange *x)
{
    static const char *const seats[] = {"appeal_chair", "appeal_member", NULL};
    struct vote_body body = {.outcome = {"", 0}};
    TRY(sj_exchange_decode(x, vote_members, SJ_COUNT(vote_members), &body));
    TRY(remedy_one_of(x, "outcome", body.outcome, outcomes));
    TRY(remedy_prose(x, "reason", &body.reason, REMEDY_TEXT_MAX, true));
    struct sj_record appeal;
    struct sj_evaluation evaluation;
    TRY(find_filed(x, seats, &appeal, &evaluation));
    CLEANUP(remedy_body_clear) struct remedy_body out;
    remedy_body_begin(&out);
    remedy_body_text(&out, "outcome", body.outcome);
    remedy_body_text(&out, "reason", body.reason);
    struct sj_record record = {.parent = appeal.id};
    TRY(remedy_body_end(x, &out, &record.body));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_record_add(&desk, SJ_RECORD_APPEAL_VOTE, &evaluation, &record));
    x->status = 201;
    return remedy_answer(x, SJ_RECORD_APPEAL_VOTE, &record);
}

struct appeal_body {
    struct sj_text outcome;
    struct sj_text reasons;
    const struct sj_json_value *changes;
    struct sj_text minority_opinion;
};
static const struct sj_json_member appeal_members[] = {
    REMEDY_TEXT(appeal_body, outcome, true),
    REMEDY_TEXT(appeal_body, reasons, true),
    REMEDY_TREE(appeal_body, changes, false),
    REMEDY_TEXT(appeal_body, minority_opinion, false),
};

/* ---- what is varied ---- */

static sj_status refuse_change(
    struct sj_exchange *x, size_t at, const char *member, const char *code, const char *detail)
{
    char pointer[64];
    (void)snprintf(
        pointer, sizeof pointer, "changes/%zu%s%s", at, member[0] == '\0' ? "" : "/", member);
    return remedy_refuse(x, pointer, code, detail);
}

/* One {item_no, mark, text?, reason}. */
static sj_status decode_change(
    struct sj_exchange *x, const struct sj_json_value *value, size_t no, struct sj_variation *item)
{
    size_t at = 0;
    struct sj_text name;
    const struct sj_json_value *member;
    bool is_good = sj_json_is_object(value);
    *item = (struct sj_variation){.item_no = 0};
    while (is_good && sj_json_next(value, &at, &name, &member)) {
        is_good = (sj_text_is(name, "item_no") && sj_json_as_int(member, &item->item_no)) ||
                  (sj_text_is(name, "mark") && sj_json_as_text(member, &item->after)) ||
                  (sj_text_is(name, "reason") && sj_json_as_text(member, &item->reason)) ||
                  (sj_text_is(name, "text") &&
                      (sj_json_is_null(member) || sj_json_as_text(member, &item->text)));
    }
    if (!is_good) {
        return refuse_change(x, no, "", "FORMAT", "{item_no, mark, reason} and maybe text");
    }
    const char *code = sj_remedy_prose(&item->reason, REMEDY_TEXT_MAX);
    if (code != NULL) {
        return refuse_change(x, no, "reason", code, "the board says why, criterion by criterion");
    }
    code = item->text.len == 0 ? NULL : sj_remedy_prose(&item->text, REMEDY_TEXT_MAX);
    return code == NULL ? SJ_DONE : refuse_change(x, no, "text", code, "plain text");
}

/* Varied names at least one mark; no other outcome names any. */
static sj_status decode_changes(struct sj_exchange *x, const struct sj_json_value *changes,
    bool is_varied, struct sj_variation **ret_items, size_t *ret_count)
{
    struct sj_text name;
    const struct sj_json_value *value = NULL;
    size_t at = 0;
    void *memory;
    *ret_count = 0;
    TRY(sj_arena_alloc(x->arena, SJ_VARIATIONS_MAX * sizeof(**ret_items), &memory));
    *ret_items = memory;
    const bool is_given = changes != NULL && !sj_json_is_null(changes);
    while (is_given && sj_json_is_array(changes) && *ret_count < SJ_VARIATIONS_MAX &&
           sj_json_next(changes, &at, &name, &value)) {
        TRY(decode_change(x, value, *ret_count, &(*ret_items)[*ret_count]));
        (*ret_count)++;
    }
    if (is_varied ? *ret_count == 0 : is_given) {
        return remedy_refuse(x, "changes", is_varied ? "REQUIRED" : "NOT_OF_THIS_OUTCOME",
            "a list of {item_no, mark, text, reason} when the appeal is varied, and only then");
    }
    return SJ_DONE;
}

static sj_status check_changes(struct sj_exchange *x, const struct sj_evaluation *evaluation,
    struct sj_variation *items, size_t count)
{
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_variation_fault fault = {.code = NULL};
    if (count == 0) {
        return SJ_DONE;
    }
    const sj_status status = sj_variations_check(&desk, evaluation, items, count, &fault);
    return sj_failed(status) && fault.code != NULL
               ? refuse_change(x, fault.at, fault.member, fault.code,
                     "another mark than before, on its scale, of a criterion that a board marks, "
                     "once")
               : status;
}

/* Every seat has voted, and more than half for this outcome. */
static sj_status need_majority(struct sj_exchange *x, const struct sj_record *appeal,
    struct sj_text outcome, bool *ret_unanimous)
{
    const struct sj_desk desk = sj_desk_of(x);
    int64_t missing = 0;
    TRY(sj_appeal_votes_missing(&desk, appeal->id, &missing));
    if (missing > 0) {
        return remedy_unmet(x, "VOTES_MISSING", "not every member of the appeal board has voted");
    }
    const struct sj_record_filter filter = {.parent = appeal->id};
    struct sj_record *votes = NULL;
    size_t count = 0;
    struct sj_uuid last;
    TRY(sj_record_list(&desk, SJ_RECORD_APPEAL_VOTE, &filter, (struct sj_paging){{{0}}, 100},
        &votes, &count, &last));
    size_t agreed = 0;
    for (size_t i = 0; i < count; i++) {
        CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
        struct sj_text text = {"", 0};
        TRY(sj_json_doc_parse(sj_text_bytes(votes[i].body), &doc, &text, x->arena));
        agreed += sj_json_as_text(sj_json_get(sj_json_doc_root(doc), "outcome"), &text) &&
                  sj_text_equal(text, outcome);
    }
    if (2 * agreed <= count) {
        return remedy_unmet(x, "NO_MAJORITY", "the votes do not carry this outcome");
    }
    *ret_unanimous = agreed == count;
    return SJ_DONE;
}

/* Who was outvoted is heard on the card too. */
static sj_status need_minority(
    struct sj_exchange *x, bool is_unanimous, const struct appeal_body *body)
{
    return is_unanimous || body->minority_opinion.len > 0
               ? SJ_DONE
               : remedy_refuse(x, "minority_opinion", "REQUIRED",
                     "the votes differ: the view of the minority stands beside the decision");
}

/* Writes the decision of the board into the appeal. */
static sj_status write_decision(struct sj_exchange *x, const struct sj_evaluation *evaluation,
    const struct appeal_body *body, const struct sj_variation *items, size_t count,
    struct sj_record *appeal)
{
    CLEANUP(remedy_body_clear) struct remedy_body out;
    remedy_body_begin(&out);
    remedy_body_text(&out, "reasons", body->reasons);
    remedy_body_text(&out, "minority_opinion", body->minority_opinion);
    if (count > 0) {
        sj_variations_write(&out.json, items, count);
    } else {
        sj_json_null(&out.json, "changes");
    }
    TRY(remedy_body_end(x, &out, &appeal->answer));
    appeal->state = SJ_TEXT("decided");
    appeal->kind = body->outcome;
    appeal->no = (int64_t)count;
    appeal->is_done = true;
    appeal->done_at = evaluation->now;
    const struct sj_desk desk = sj_desk_of(x);
    return sj_record_change(&desk, SJ_RECORD_APPEAL, appeal);
}

static sj_status decide(struct sj_exchange *x)
{
    static const char *const seats[] = {"appeal_chair", NULL};
    struct appeal_body body = {.outcome = {"", 0}};
    TRY(sj_exchange_decode(x, appeal_members, SJ_COUNT(appeal_members), &body));
    TRY(remedy_one_of(x, "outcome", body.outcome, outcomes));
    TRY(remedy_prose(x, "reasons", &body.reasons, 2 * REMEDY_TEXT_MAX, true));
    TRY(remedy_prose(x, "minority_opinion", &body.minority_opinion, REMEDY_TEXT_MAX, false));
    const bool is_varied = sj_text_is(body.outcome, "varied");
    struct sj_variation *items = NULL;
    size_t count = 0;
    TRY(decode_changes(x, body.changes, is_varied, &items, &count));
    struct sj_record appeal;
    struct sj_evaluation evaluation;
    bool is_unanimous = false;
    TRY(find_filed(x, seats, &appeal, &evaluation));
    TRY(sj_exchange_if_match(x, appeal.version));
    TRY(need_majority(x, &appeal, body.outcome, &is_unanimous));
    TRY(need_minority(x, is_unanimous, &body));
    TRY(check_changes(x, &evaluation, items, count));
    TRY(write_decision(x, &evaluation, &body, items, count, &appeal));
    const bool is_remanded = sj_text_is(body.outcome, "remanded");
    TRY(remedy_move(x, &evaluation,
        is_varied     ? SJ_EVALUATION_VARIED
        : is_remanded ? SJ_EVALUATION_RATING
                      : SJ_EVALUATION_FINAL,
        body.outcome));
    return remedy_answer(x, SJ_RECORD_APPEAL, &appeal);
}

/* ---- corrections ---- */

struct correction_body {
    struct sj_text reason;
    struct sj_uuid approval;
};
static const struct sj_json_member correction_members[] = {
    REMEDY_TEXT(correction_body, reason, true),
    {"approval", SJ_JSON_ID, offsetof(struct correction_body, approval), SJ_JSON_NO_PRESENT, false,
        false, 0},
};

/* After the freeze nobody corrects alone: somebody of another unit has approved this correction, for this reason. */
static sj_status need_approval(struct sj_exchange *x, const struct correction_body *body)
{
    struct sj_hash hash;
    TRY(sj_sha256_one(sj_text_bytes(body->reason), &hash));
    CLEANUP(sj_buf_clear) struct sj_buf parameters = SJ_BUF(128);
    struct sj_json json = sj_json_begin(&parameters);
    sj_json_object(&json, NULL);
    sj_json_hash(&json, "reason_sha256", &hash);
    sj_json_object_end(&json);
    TRY(sj_json_end(&json));
    struct sj_approval_use use = {.kind = sj_approval_kind_find(SJ_TEXT("correction:create")),
        .approval = body->approval,
        .parameters = sj_buf_text(&parameters)};
    TRY(sj_exchange_id(x, &use.object));
    struct sj_approval approval;
    return sj_use_approval(x, &use, &approval);
}

static sj_status correct(struct sj_exchange *x)
{
    struct correction_body body = {.reason = {"", 0}};
    TRY(sj_exchange_decode(x, correction_members, SJ_COUNT(correction_members), &body));
    TRY(remedy_prose(x, "reason", &body.reason, REMEDY_TEXT_MAX, true));
    struct sj_evaluation evaluation;
    TRY(remedy_evaluation_of_path(x, &evaluation));
    TRY(remedy_need_issuer(x, &evaluation));
    ENSURE(evaluation.state == SJ_EVALUATION_FINAL, NO_SUCH_MOVE);
    CLEANUP(remedy_body_clear) struct remedy_body out;
    remedy_body_begin(&out);
    remedy_body_text(&out, "reason", body.reason);
    struct sj_record record = {.version = 0};
    TRY(remedy_body_end(x, &out, &record.body));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_record_add(&desk, SJ_RECORD_CORRECTION, &evaluation, &record));
    TRY(need_approval(x, &body)); /* whoever has no part here was told so before */
    TRY(remedy_move(x, &evaluation, SJ_EVALUATION_SUPERSEDED, (struct sj_text){"", 0}));
    TRY(sj_exchange_created(x, "/api/v1/corrections", record.id));
    return remedy_answer(x, SJ_RECORD_CORRECTION, &record);
}

static sj_status list_corrections(struct sj_exchange *x)
{
    return remedy_list(x, SJ_RECORD_CORRECTION);
}

const struct sj_endpoint sj_routes_appeals[] = {
    {{SJ_GET, "/api/v1/acknowledgements", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_ACKNOWLEDGEMENT_LIST, list_acknowledgements},
    {{SJ_POST, "/api/v1/evaluations/{id}/acknowledgement", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL},
        SJ_USE_WRITE, SJ_ACTION_ACKNOWLEDGEMENT_CREATE, acknowledge},
    {{SJ_GET, "/api/v1/statements", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_ACKNOWLEDGEMENT_LIST, list_statements},
    {{SJ_POST, "/api/v1/evaluations/{id}/statements", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL},
        SJ_USE_WRITE, SJ_ACTION_ACKNOWLEDGEMENT_CREATE, state},
    {{SJ_GET, "/api/v1/appeals", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_APPEAL_LIST, list},
    {{SJ_POST, "/api/v1/evaluations/{id}/appeals", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL},
        SJ_USE_WRITE, SJ_ACTION_APPEAL_CREATE, file},
    {{SJ_GET, "/api/v1/appeals/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_APPEAL_READ, read_one},
    {{SJ_POST, "/api/v1/appeals/{id}/votes", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_APPEAL_DECIDE, vote},
    {{SJ_POST, "/api/v1/appeals/{id}/decision", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_APPEAL_DECIDE, decide},
    {{SJ_GET, "/api/v1/corrections", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_CORRECTION_LIST, list_corrections},
    {{SJ_POST, "/api/v1/evaluations/{id}/corrections", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL},
        SJ_USE_WRITE, SJ_ACTION_CORRECTION_CREATE, correct},
};
const size_t sj_routes_appeals_count = SJ_COUNT(sj_routes_appeals);
