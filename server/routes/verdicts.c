/* SPDX-License-Identifier: Apache-2.0
 *
 * /verdicts: the chair decides, with reasons, after every point of the reply has its written answer. A mark counts as changed
 * only when the draft was reopened and served again; score and band are those of the draft, never typed in here.
 */
#include "remedy_desk.h"

#include "sanjeh/remedy/disclosure.h"

#define ITEMS_MAX 99

struct verdict_body {
    const struct sj_json_value *items;
    struct sj_text narrative;
    struct sj_text minority_opinion;
};
static const struct sj_json_member verdict_members[] = {
    REMEDY_TREE(verdict_body, items, true),
    REMEDY_TEXT(verdict_body, narrative, true),
    REMEDY_TEXT(verdict_body, minority_opinion, false),
};

static sj_status refuse_items(struct sj_exchange *x)
{
    return remedy_refuse(x, "items", "FORMAT",
        "1 to 99 of {item_no, outcome unchanged|changed, reason}, an item once; changed needs a "
        "reason");
}

/* One {item_no, outcome, reason?}; notes whether it says changed. */
static sj_status write_item(struct sj_exchange *x, const struct sj_json_value *value, bool *seen,
    struct sj_json *json, bool *any_changed)
{
    int64_t no = 0;
    struct sj_text outcome = {"", 0};
    struct sj_text reason = {"", 0};
    size_t at = 0;
    struct sj_text name;
    const struct sj_json_value *member;
    bool is_good = sj_json_is_object(value);
    while (is_good && sj_json_next(value, &at, &name, &member)) {
        is_good = (sj_text_is(name, "item_no") && sj_json_as_int(member, &no)) ||
                  (sj_text_is(name, "outcome") && sj_json_as_text(member, &outcome)) ||
                  (sj_text_is(name, "reason") && sj_json_as_text(member, &reason) &&
                      sj_remedy_prose(&reason, REMEDY_TEXT_MAX) == NULL);
    }
    const bool is_changed = sj_text_is(outcome, "changed");
    if (!is_good || no < 1 || no > ITEMS_MAX || seen[no] ||
        (!is_changed && !sj_text_is(outcome, "unchanged")) || (is_changed && reason.len == 0)) {
        return refuse_items(x);
    }
    seen[no] = true;
    *any_changed = *any_changed || is_changed;
    sj_json_object(json, NULL);
    sj_json_int(json, "item_no", no);
    sj_json_text(json, "outcome", outcome);
    sj_json_text_or_null(json, "reason", reason);
    sj_json_object_end(json);
    return SJ_DONE;
}

static sj_status write_items(struct sj_exchange *x, const struct sj_json_value *items,
    struct sj_json *json, bool *any_changed)
{
    bool seen[ITEMS_MAX + 1] = {false};
    size_t at = 0;
    size_t count = 0;
    struct sj_text name;
    const struct sj_json_value *item;
    sj_json_array(json, "items");
    while (sj_json_is_array(items) && sj_json_next(items, &at, &name, &item)) {
        TRY(write_item(x, item, seen, json, any_changed));
        count++;
    }
    sj_json_array_end(json);
    return count == 0 ? refuse_items(x) : SJ_DONE;
}

/* Every submitted point of this round has its answer, whoever asks the machine later. */
static sj_status need_answers(struct sj_exchange *x, const struct sj_evaluation *evaluation)
{
    const struct sj_desk desk = sj_desk_of(x);
    const struct sj_record_filter filter = {.evaluation = evaluation->id};
    struct sj_record *points = NULL;
    size_t count = 0;
    struct sj_uuid last;
    TRY(sj_record_list(&desk, SJ_RECORD_REPLY_POINT, &filter, (struct sj_paging){{{0}}, 500},
        &points, &count, &last));
    for (size_t i = 0; i < count; i++) {
        if (points[i].round == evaluation->round && !points[i].is_done) {
            return remedy_unmet(
                x, "POINTS_ANSWERED", "every point of the reply needs a written answer");
        }
    }
    return SJ_DONE;
}

static sj_status need_reopened(struct sj_exchange *x, const struct sj_evaluation *evaluation)
{
    const struct sj_desk desk = sj_desk_of(x);
    const struct sj_record_filter filter = {.evaluation = evaluation->id};
    struct sj_record *served = NULL;
    size_t count = 0;
    struct sj_uuid last;
    TRY(sj_record_list(&desk, SJ_RECORD_DISCLOSURE, &filter, (struct sj_paging){{{0}}, 100},
        &served, &count, &last));
    size_t of_round = 0;
    for (size_t i = 0; i < count; i++) {
        of_round += served[i].round == evaluation->round;
    }
    return of_round >= 2
               ? SJ_DONE
               : remedy_unmet(x, "NOT_REOPENED", "a mark changes only in a reopened draft");
}

/* score and band as the draft states them; null where it states none. */
static sj_status write_result(
    struct sj_exchange *x, const struct sj_evaluation *evaluation, struct sj_json *json)
{
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    struct sj_text draft = {"", 0};
    TRY(sj_draft_body_find(&desk, evaluation, &found, &draft));
    if (!found) {
        return remedy_unmet(x, "NO_DRAFT", "there is no draft of this round");
    }
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text text;
    TRY(sj_json_doc_parse(sj_text_bytes(draft), &doc, &text, x->arena));
    static const char *const names[] = {"score", "band"};
    for (size_t i = 0; i < SJ_COUNT(names); i++) {
        if (sj_json_as_text(sj_json_get(sj_json_doc_root(doc), names[i]), &text)) {
            sj_json_text(json, names[i], text);
        } else {
            sj_json_null(json, names[i]);
        }
    }
    return SJ_DONE;
}

static sj_status create(struct sj_exchange *x)
{
    static const char *const chair[] = {"chair", NULL};
    struct verdict_body body = {.items = NULL};
    TRY(sj_exchange_decode(x, verdict_members, SJ_COUNT(verdict_members), &body));
    TRY(remedy_prose(x, "narrative", &body.narrative, 2 * REMEDY_TEXT_MAX, true));
    TRY(remedy_prose(x, "minority_opinion", &body.minority_opinion, REMEDY_TEXT_MAX, false));
    struct sj_evaluation evaluation;
    TRY(remedy_evaluation_of_path(x, &evaluation));
    TRY(remedy_need_seat(x, &evaluation, chair));
    ENSURE(
        evaluation.state == SJ_EVALUATION_REPLIED || evaluation.state == SJ_EVALUATION_REPLY_LAPSED,
        NO_SUCH_MOVE);
    CLEANUP(remedy_body_clear) struct remedy_body out;
    remedy_body_begin(&out);
    bool any_changed = false;
    TRY(write_items(x, body.items, &out.json, &any_changed));
    remedy_body_text(&out, "narrative", body.narrative);
    remedy_body_text(&out, "minority_opinion", body.minority_opinion);
    TRY(write_result(x, &evaluation, &out.json));
    TRY(need_answers(x, &evaluation));
    if (any_changed) {
        TRY(need_reopened(x, &evaluation));
    }
    struct sj_record record = {.done_at = evaluation.now};
    TRY(remedy_body_end(x, &out, &record.body));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_record_add(&desk, SJ_RECORD_VERDICT, &evaluation, &record));
    TRY(remedy_move(x, &evaluation, SJ_EVALUATION_DECIDED, (struct sj_text){"", 0}));
    TRY(sj_exchange_created(x, "/api/v1/verdicts", record.id));
    return remedy_answer(x, SJ_RECORD_VERDICT, &record);
}

static sj_status list(struct sj_exchange *x)
{
    return remedy_list(x, SJ_RECORD_VERDICT);
}

static sj_status read_one(struct sj_exchange *x)
{
    return remedy_read(x, SJ_RECORD_VERDICT);
}

const struct sj_endpoint sj_routes_verdicts[] = {
    {{SJ_GET, "/api/v1/verdicts", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_VERDICT_LIST, list},
    {{SJ_POST, "/api/v1/evaluations/{id}/verdicts", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL},
        SJ_USE_WRITE, SJ_ACTION_VERDICT_CREATE, create},
    {{SJ_GET, "/api/v1/verdicts/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_VERDICT_READ, read_one},
};
const size_t sj_routes_verdicts_count = SJ_COUNT(sj_routes_verdicts);
