/* SPDX-License-Identifier: Apache-2.0
 *
 * /cycles: who is evaluated by which criteria in which period; two signatures, moves, planning of evaluations, and one
 * move for many evaluations with a result for each.
 */
#include "cycle_answer.h"

#include "sanjeh/cycle/cycle.h"
#include "sanjeh/cycle/evaluations.h"

static sj_status list(struct sj_exchange *x)
{
    static const char *const allowed[] = {"state", NULL};
    struct sj_page page;
    TRY(sj_exchange_page(x, allowed, &page));
    struct sj_text state;
    TRY(sj_filter_text(x, "state", &state));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_documents cycles;
    TRY(sj_cycle_list(&desk, state, sj_paging_of(page), &cycles));
    return sj_answer_documents(x, &cycles);
}

static sj_status find(struct sj_exchange *x, struct sj_cycle_head *ret_cycle)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    TRY(sj_cycle_find(&desk, id, &found, ret_cycle));
    ENSURE(found, NOT_FOUND);
    x->draft.object = id;
    return SJ_DONE;
}

static sj_status answer_again(struct sj_exchange *x, struct sj_uuid id)
{
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    struct sj_cycle_head cycle;
    TRY(sj_cycle_find(&desk, id, &found, &cycle));
    ENSURE(found, NOT_FOUND);
    return sj_answer_document(x, &cycle.document);
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_cycle_head cycle;
    TRY(find(x, &cycle));
    return sj_answer_document(x, &cycle.document);
}

struct body {
    struct sj_text code;
    struct sj_text name_fa;
    struct sj_text name_en;
    struct sj_text kind;
    struct sj_text period;
    struct sj_text issuer;
    struct sj_uuid template_id;
    struct sj_uuid supersedes_id;
    const struct sj_json_value *population;
    const struct sj_json_value *clocks;
    int64_t coverage_min;
};

#define MEMBER(field, json_kind, is_required, bound)                                               \
    {                                                                                              \
        .name = #field, .kind = (json_kind), .offset = offsetof(struct body, field),               \
        .present_offset = SJ_JSON_NO_PRESENT, .required = (is_required), .limit = (bound)          \
    }
#define COMMON(is_required)                                                                        \
    MEMBER(name_fa, SJ_JSON_TEXT, is_required, SJ_LABEL_BYTES_MAX),                                \
        MEMBER(name_en, SJ_JSON_TEXT, is_required, SJ_LABEL_BYTES_MAX),                            \
        MEMBER(period, SJ_JSON_TEXT, is_required, 64),                                             \
        MEMBER(template_id, SJ_JSON_ID, is_required, 0),                                           \
        MEMBER(population, SJ_JSON_TREE, false, 0), MEMBER(clocks, SJ_JSON_TREE, false, 0),        \
        MEMBER(coverage_min, SJ_JSON_INT, false, 100)
static const struct sj_json_member members_of_new[] = {
    COMMON(true),
    MEMBER(code, SJ_JSON_TEXT, true, 32),
    MEMBER(kind, SJ_JSON_TEXT, true, 16),
    MEMBER(issuer, SJ_JSON_TEXT, true, 16),
    MEMBER(supersedes_id, SJ_JSON_ID, false, 0),
};
static const struct sj_json_member members_of_change[] = {COMMON(false)};

/* {"status":[…],"judges":[…]} and nothing else, as canonical JSON. */
static sj_status write_population(
    struct sj_exchange *x, const struct sj_json_value *value, struct sj_text *ret_json)
{
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(1024 * 1024);
    struct sj_json json = sj_json_begin(&out);
    bool is_good = sj_json_is_object(value);
    sj_json_object(&json, NULL);
    size_t at = 0;
    struct sj_text name;
    const struct sj_json_value *items;
    while (is_good && sj_json_next(value, &at, &name, &items)) {
        const bool is_judges = sj_text_is(name, "judges");
        is_good = (is_judges || sj_text_is(name, "status")) && sj_json_is_array(items);
        sj_json_array(&json, is_judges ? "judges" : "status");
        size_t item_at = 0;
        struct sj_text none;
        const struct sj_json_value *item;
        while (is_good && sj_json_next(items, &item_at, &none, &item)) {
            struct sj_text text;
            struct sj_uuid id;
            is_good = sj_json_as_text(item, &text) && text.len <= 36 &&
                      (!is_judges || !sj_failed(sj_uuid_parse(text, &id))) &&
                      (is_judges || !sj_failed(sj_label_check(text)));
            if (is_good) {
                sj_json_text(&json, NULL, text);
            }
        }
        sj_json_array_end(&json);
    }
    sj_json_object_end(&json);
    TRY(sj_json_end(&json));
    if (!is_good) {
        return sj_refuse_at(x, "/population", "FORMAT", "status: states of judges; judges: ids");
    }
    return sj_arena_text(x->arena, sj_buf_text(&out), ret_json);
}

static sj_status take_clocks(
    struct sj_exchange *x, const struct sj_json_value *clocks, struct sj_cycle_draft *draft)
{
    size_t at = 0;
    struct sj_text none;
    const struct sj_json_value *item;
    bool is_good = sj_json_is_array(clocks);
    while (is_good && sj_json_next(clocks, &at, &none, &item)) {
        struct sj_text *code = &draft->clocks[draft->clock_count].code;
        int64_t *days = &draft->clocks[draft->clock_count].days;
        struct sj_text *kind = &draft->clocks[draft->clock_count].day_kind;
        const struct sj_json_value *sent = sj_json_get(item, "day_kind");
        is_good =
            draft->clock_count + 1 < SJ_CYCLE_CLOCKS_MAX &&
            sj_json_as_text(sj_json_get(item, "code"), code) &&
            sj_json_as_int(sj_json_get(item, "days"), days) && *days >= 1 && *days <= 36525 &&
            (sent == NULL || (sj_json_as_text(sent, kind) &&
                                 (sj_text_is(*kind, "calendar") || sj_text_is(*kind, "working"))));
        draft->clock_count++;
    }
    return is_good
               ? SJ_DONE
               : sj_refuse_at(x, "/clocks", "FORMAT", "code, days 1 to 36525, day_kind of each");
}

static sj_status take_period(
    struct sj_exchange *x, struct sj_text text, struct sj_cycle_draft *draft)
{
    struct sj_period period;
    if (sj_failed(sj_period_parse(text, &period))) {
        return sj_refuse_at(x, "/period", "BAD_PERIOD", "a year, a month or two days");
    }
    draft->has_period = true;
    draft->from_day = period.from_day;
    draft->to_day = period.to_day;
    return SJ_DONE;
}

static sj_status check_names(struct sj_exchange *x, const struct body *body, bool is_new)
{
    static const char *const kinds[] = {"annual", "periodic", "probation", "promotion", "interim"};
    if ((is_new || body->name_fa.len > 0) && sj_failed(sj_label_check(body->name_fa))) {
        return sj_refuse_at(x, "/name_fa", "BAD_NAME", "a label of at most 128 bytes");
    }
    if ((is_new || body->name_en.len > 0) && sj_failed(sj_label_check(body->name_en))) {
        return sj_refuse_at(x, "/name_en", "BAD_NAME", "a label of at most 128 bytes");
    }
    if (!is_new) {
        return SJ_DONE;
    }
    CLEANUP(sj_buf_clear) struct sj_buf code = SJ_BUF(64);
    if (sj_failed(sj_personnel_number_check(body->code, &code)) ||
        !sj_text_equal(sj_buf_text(&code), body->code)) {
        return sj_refuse_at(x, "/code", "BAD_CODE", "capital letters, digits and . _ - only");
    }
    for (size_t i = 0; i < SJ_COUNT(kinds); i++) {
        if (sj_text_is(body->kind, kinds[i])) {
            return SJ_DONE;
        }
    }
    return sj_refuse_at(x, "/kind", "UNKNOWN", "annual, periodic, probation, promotion, interim");
}

static sj_status take(
    struct sj_exchange *x, const struct body *body, bool is_new, struct sj_cycle_draft *ret_draft)
{
    TRY(check_names(x, body, is_new));
    *ret_draft = (struct sj_cycle_draft){.code = body->code,
        .name_fa = body->name_fa,
        .name_en = body->name_en,
        .kind = body->kind,
        .issuer = body->issuer,
        .template_id = body->template_id,
        .coverage_min = body->coverage_min,
        .supersedes = body->supersedes_id};
    if (is_new || body->period.len > 0) {
        TRY(take_period(x, body->period, ret_draft));
    }
    if (body->population != NULL) {
        TRY(write_population(x, body->population, &ret_draft->population));
    }
    return body->clocks == NULL ? SJ_DONE : take_clocks(x, body->clocks, ret_draft);
}

/* nil: a cycle that corrects no other. */
static sj_status check_former(struct sj_exchange *x, struct sj_uuid former)
{
    const struct sj_desk desk = sj_desk_of(x);
    bool found = sj_uuid_is_nil(former);
    if (!found) {
        struct sj_cycle_head cycle;
        TRY(sj_cycle_find(&desk, former, &found, &cycle));
        found = found && sj_uuid_equal(cycle.unit, desk.actor->unit);
    }
    return found ? SJ_DONE
                 : sj_refuse_at(x, "/supersedes_id", "UNKNOWN", "no such cycle of the own unit");
}

static sj_status create(struct sj_exchange *x)
{
    struct body body = {.coverage_min = -1};
    TRY(sj_exchange_decode(x, members_of_new, SJ_COUNT(members_of_new), &body));
    struct sj_cycle_draft draft;
    TRY(take(x, &body, true, &draft));
    const struct sj_desk desk = sj_desk_of(x);
    ENSURE(!sj_uuid_is_nil(desk.actor->unit), FORBIDDEN);
    TRY(check_former(x, body.supersedes_id));
    struct sj_uuid id;
    bool known = false;
    TRY(sj_cycle_create(&desk, &draft, &known, &id));
    if (!known) {
        return sj_refuse_at(x, "/template_id", "UNKNOWN", "no such template, or no such issuer");
    }
    TRY(sj_exchange_created(x, "/api/v1/cycles", id));
    return answer_again(x, id);
}

static sj_status change(struct sj_exchange *x)
{
    struct body body = {.coverage_min = -1};
    TRY(sj_exchange_decode(x, members_of_change, SJ_COUNT(members_of_change), &body));
    struct sj_cycle_head cycle;
    TRY(find(x, &cycle));
    TRY(sj_exchange_if_match(x, cycle.document.version));
    ENSURE(sj_text_is(cycle.state, "draft"), CONFLICT);
    struct sj_cycle_draft draft;
    TRY(take(x, &body, false, &draft));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_cycle_change(&desk, cycle.document.id, cycle.document.version, &draft));
    return answer_again(x, cycle.document.id);
}

static sj_status sign(struct sj_exchange *x)
{
    struct sj_cycle_head cycle;
    TRY(find(x, &cycle));
    TRY(sj_exchange_if_match(x, cycle.document.version));
    const struct sj_desk desk = sj_desk_of(x);
    TRY(sj_cycle_sign(&desk, &cycle, cycle.document.version));
    return answer_again(x, cycle.document.id);
}

struct move_body {
    struct sj_text from;
    struct sj_text to;
    struct sj_text reason;
    struct sj_uuid after;
};
#define MOVE_MEMBER(field, is_required, bound)                                                     \
    {                                                                                              \
        .name = #field, .kind = SJ_JSON_TEXT, .offset = offsetof(struct move_body, field),         \
        .present_offset = SJ_JSON_NO_PRESENT, .required = (is_required), .limit = (bound)          \
    }
static const struct sj_json_member move_members[] = {
    MOVE_MEMBER(to, true, 32), MOVE_MEMBER(reason, false, SJ_REASON_BYTES_MAX)};
static const struct sj_json_member many_members[] = {MOVE_MEMBER(from, true, 32),
    MOVE_MEMBER(to, true, 32), MOVE_MEMBER(reason, false, SJ_REASON_BYTES_MAX),
    {.name = "after",
        .kind = SJ_JSON_ID,
        .offset = offsetof(struct move_body, after),
        .present_offset = SJ_JSON_NO_PRESENT}};

static sj_status move(struct sj_exchange *x)
{
    struct move_body body = {.reason = {"", 0}};
    TRY(sj_exchange_decode(x, move_members, SJ_COUNT(move_members), &body));
    TRY(sj_reason_check(x, "/reason", &body.reason));
    struct sj_cycle_head cycle;
    TRY(find(x, &cycle));
    TRY(sj_exchange_if_match(x, cycle.document.version));
    ENSURE(!sj_text_is(body.to, "approved"), NO_SUCH_MOVE); /* the second signature does that */
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_cycle_unmet unmet;
    const sj_status status = sj_cycle_move(
        &desk, cycle.document.id, cycle.document.version, body.to, body.reason, &unmet);
    for (size_t i = 0; status.code == SJ_GUARD_UNMET && i < unmet.count; i++) {
        TRY(sj_json_fault_add(&x->faults, x->arena, SJ_TEXT("/to"), "UNMET", unmet.codes[i]));
    }
    TRY(status);
    (void)snprintf(
        x->draft.detail, sizeof x->draft.detail, "to=%.*s", (int)body.to.len, body.to.ptr);
    return answer_again(x, cycle.document.id);
}

static sj_status plan(struct sj_exchange *x)
{
    struct sj_cycle_head cycle;
    TRY(find(x, &cycle));
    ENSURE(sj_text_is(cycle.state, "approved") || sj_text_is(cycle.state, "announced") ||
               sj_text_is(cycle.state, "open") || sj_text_is(cycle.state, "collecting"),
        CONFLICT);
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_text population;
    struct sj_text named;
    TRY(sj_cycle_population(&desk, cycle.document.id, &population, &named));
    for (size_t at = 0; at + sizeof(struct sj_uuid) <= named.len; at += sizeof(struct sj_uuid)) {
        struct sj_uuid judge;
        TRY(sj_copy(judge.bytes, sizeof judge.bytes, named.ptr + at, sizeof judge.bytes));
        TRY(sj_exchange_subject(x, judge));
    }
    struct sj_text dry_run;
    TRY(sj_filter_text(x, "dry_run", &dry_run));
    if (!sj_text_is(dry_run, "true")) {
        TRY(sj_cycle_plan(&desk, cycle.document.id));
    }
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_raw(&json, NULL, population);
    return sj_json_end(&json);
}

struct tally {
    int64_t moved;
    int64_t insufficient; /* the system ended them at the cut */
};

/* One of many: a refusal is a result, not a failure of the others. */
static sj_status move_one(const struct sj_desk *desk, struct sj_evaluation *evaluation,
    const struct move_body *body, enum sj_evaluation_state to, struct sj_json *json,
    struct tally *tally)
{
    struct sj_unmet unmet;
    const sj_status status = sj_evaluation_move(desk, evaluation, to, body->reason, &unmet);
    if (!sj_failed(status)) {
        *(evaluation->state == to ? &tally->moved : &tally->insufficient) += 1;
        return SJ_DONE;
    }
    const bool is_changed = status.code == SJ_PRECONDITION_FAILED || status.code == SJ_NO_SUCH_MOVE;
    if (status.code != SJ_GUARD_UNMET && status.code != SJ_FORBIDDEN && !is_changed) {
        return status;
    }
    sj_json_object(json, NULL);
    sj_json_id(json, "evaluation_id", evaluation->id);
    sj_json_str(json, "code",
        is_changed                    ? "CHANGED_MEANWHILE"
        : status.code == SJ_FORBIDDEN ? "FORBIDDEN"
                                      : "GUARD_UNMET");
    sj_json_array(json, "unmet");
    for (size_t i = 0; i < unmet.count; i++) {
        sj_json_str(json, NULL, unmet.items[i].code);
    }
    sj_json_array_end(json);
    sj_json_object_end(json);
    return SJ_DONE;
}

/* A bounded batch a request and a transaction; the caller goes on behind `next`, so that what is refused is not met again. */
#define MANY_MAX 500u

static sj_status move_many(struct sj_exchange *x)
{
    struct move_body body = {.reason = {"", 0}};
    TRY(sj_exchange_decode(x, many_members, SJ_COUNT(many_members), &body));
    TRY(sj_reason_check(x, "/reason", &body.reason));
    enum sj_evaluation_state to = SJ_EVALUATION_PLANNED;
    enum sj_evaluation_state from = SJ_EVALUATION_PLANNED;
    ENSURE(sj_evaluation_state_find(body.to, &to) && sj_evaluation_state_find(body.from, &from),
        INVALID);
    const struct sj_move *step = sj_move_find(from, to);
    ENSURE(step != NULL, NO_SUCH_MOVE);
    ENSURE((step->parts & SJ_PART_OWNER) != 0, FORBIDDEN);
    struct sj_cycle_head cycle;
    TRY(find(x, &cycle));
    const struct sj_desk desk = sj_desk_of(x);
    ENSURE(sj_uuid_equal(desk.actor->unit, cycle.unit), FORBIDDEN);
    const struct sj_evaluation_query query = {.cycle = cycle.document.id, .state = body.from};
    struct sj_evaluation *items = NULL;
    size_t count = 0;
    struct sj_uuid last;
    TRY(sj_evaluation_list(
        &desk, &query, (struct sj_paging){body.after, MANY_MAX}, &items, &count, &last));
    struct sj_json json = sj_json_begin(&x->body);
    struct tally tally = {0, 0};
    sj_json_object(&json, NULL);
    sj_json_array(&json, "refused");
    for (size_t i = 0; i < count; i++) {
        TRY(sj_exchange_subject(x, items[i].judge));
        TRY(move_one(&desk, &items[i], &body, to, &json, &tally));
    }
    sj_json_array_end(&json);
    (void)snprintf(x->draft.detail, sizeof x->draft.detail,
        "from=%s;to=%s;moved=%lld;insufficient=%lld;refused=%lld", sj_evaluation_state_name(from),
        sj_evaluation_state_name(to), (long long)tally.moved, (long long)tally.insufficient,
        (long long)((int64_t)count - tally.moved - tally.insufficient));
    sj_json_int(&json, "moved", tally.moved);
    sj_json_int(&json, "insufficient", tally.insufficient);
    sj_json_bool(&json, "has_more", !sj_uuid_is_nil(last));
    sj_json_id_or_null(&json, "next", last);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

const struct sj_endpoint sj_routes_cycles[] = {
    {{SJ_GET, "/api/v1/cycles", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_CYCLE_LIST, list},
    {{SJ_POST, "/api/v1/cycles", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_CYCLE_CREATE, create},
    {{SJ_GET, "/api/v1/cycles/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_CYCLE_READ, read_one},
    {{SJ_PATCH, "/api/v1/cycles/{id}", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_CYCLE_UPDATE, change},
    {{SJ_POST, "/api/v1/cycles/{id}/signatures", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_CYCLE_SIGN, sign},
    {{SJ_POST, "/api/v1/cycles/{id}/moves", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_CYCLE_MOVE, move},
    {{SJ_POST, "/api/v1/cycles/{id}/evaluations", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_EVALUATION_PLAN, plan},
    {{SJ_POST, "/api/v1/cycles/{id}/evaluation-moves", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL},
        SJ_USE_WRITE, SJ_ACTION_EVALUATION_PLAN, move_many},
};
const size_t sj_routes_cycles_count = SJ_COUNT(sj_routes_cycles);
