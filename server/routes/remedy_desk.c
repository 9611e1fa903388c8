/* SPDX-License-Identifier: Apache-2.0
 *
 * How do the routes of remedies speak? Every refusal names the member or the guard; every record is written with the same
 * names wherever it appears; what was sealed comes out as members of the answer.
 */
#include "remedy_desk.h"

sj_status remedy_refuse(
    struct sj_exchange *x, const char *member, const char *code, const char *detail)
{
    char pointer[96];
    (void)snprintf(pointer, sizeof pointer, "/%s", member);
    TRY(sj_json_fault_add(&x->faults, x->arena, sj_text_of(pointer), code, sj_text_of(detail)));
    FAIL(INVALID);
}

sj_status remedy_unmet(struct sj_exchange *x, const char *code, const char *detail)
{
    TRY(sj_json_fault_add(&x->faults, x->arena, SJ_TEXT(""), code, sj_text_of(detail)));
    FAIL(GUARD_UNMET);
}

sj_status remedy_evaluation(
    struct sj_exchange *x, struct sj_uuid id, struct sj_evaluation *ret_evaluation)
{
    bool found = false;
    TRY(sj_exchange_evaluation(x, id, &found, ret_evaluation));
    ENSURE(found, NOT_FOUND);
    return sj_exchange_subject(x, ret_evaluation->judge);
}

sj_status remedy_evaluation_of_path(struct sj_exchange *x, struct sj_evaluation *ret_evaluation)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    return remedy_evaluation(x, id, ret_evaluation);
}

sj_status remedy_need_judge(struct sj_exchange *x, const struct sj_evaluation *evaluation)
{
    ENSURE(sj_uuid_equal(x->session.actor.judge, evaluation->judge), FORBIDDEN);
    return SJ_DONE;
}

sj_status remedy_need_seat(
    struct sj_exchange *x, const struct sj_evaluation *evaluation, const char *const *capacities)
{
    const struct sj_desk desk = sj_desk_of(x);
    bool held = false;
    TRY(sj_seat_is_held(&desk, evaluation, capacities, &held));
    ENSURE(held, FORBIDDEN);
    return SJ_DONE;
}

sj_status remedy_need_issuer(struct sj_exchange *x, const struct sj_evaluation *evaluation)
{
    const struct sj_actor *actor = &x->session.actor;
    ENSURE(sj_uuid_equal(actor->unit, evaluation->issuer_scope) ||
               sj_uuid_equal(actor->compartment, evaluation->issuer_scope),
        FORBIDDEN);
    return SJ_DONE;
}

sj_status remedy_record(
    struct sj_exchange *x, enum sj_record_kind kind, struct sj_record *ret_record)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    TRY(sj_record_find(&desk, kind, id, &found, ret_record));
    ENSURE(found, NOT_FOUND);
    return sj_exchange_subject(x, ret_record->judge);
}

sj_status remedy_prose(
    struct sj_exchange *x, const char *member, struct sj_text *text, size_t max, bool is_required)
{
    if (text->len == 0 && !is_required) {
        *text = (struct sj_text){"", 0};
        return SJ_DONE;
    }
    const char *code = sj_remedy_prose(text, max);
    return code == NULL ? SJ_DONE
                        : remedy_refuse(x, member, code,
                              "text without control characters, within its length, not empty");
}

sj_status remedy_one_of(
    struct sj_exchange *x, const char *member, struct sj_text value, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        if (sj_text_is(value, names[i])) {
            return SJ_DONE;
        }
    }
    return remedy_refuse(x, member, "UNKNOWN_VALUE", "not one of the values of this member");
}

sj_status remedy_day(
    struct sj_exchange *x, const char *member, struct sj_text text, int64_t *ret_day)
{
    CLEANUP(sj_buf_clear) struct sj_buf range = SJ_BUF(128);
    struct sj_period period;
    if (text.len > 32 || sj_failed(sj_buf_put_text(&range, text)) ||
        sj_failed(sj_buf_put_byte(&range, '/')) || sj_failed(sj_buf_put_text(&range, text)) ||
        sj_failed(sj_period_parse(sj_buf_text(&range), &period))) {
        return remedy_refuse(x, member, "BAD_DATE", "YYYY-MM-DD");
    }
    *ret_day = period.from_day;
    return SJ_DONE;
}

void remedy_json_day(struct sj_json *json, const char *name, bool has_day, int64_t day)
{
    char text[16] = "";
    if (has_day) {
        sj_date_format(sj_date_from_days(day), text);
    }
    sj_json_text_or_null(json, name, sj_text_of(text));
}

sj_status remedy_move(struct sj_exchange *x, struct sj_evaluation *evaluation,
    enum sj_evaluation_state to, struct sj_text reason)
{
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_unmet unmet = {.count = 0};
    const sj_status status = sj_evaluation_move(&desk, evaluation, to, reason, &unmet);
    for (size_t i = 0; i < unmet.count && x->faults.count < SJ_JSON_FAULTS_MAX; i++) {
        TRY(sj_json_fault_add(&x->faults, x->arena, SJ_TEXT(""), unmet.items[i].code,
            sj_text_of(unmet.items[i].detail)));
    }
    return status;
}

/* ---- bodies ---- */

void remedy_body_begin(struct remedy_body *body)
{
    body->buf = SJ_BUF(SJ_RECORD_BODY_MAX);
    body->json = sj_json_begin(&body->buf);
    sj_json_object(&body->json, NULL);
}

void remedy_body_clear(struct remedy_body *body)
{
    sj_buf_clear(&body->buf);
}

void remedy_body_text(struct remedy_body *body, const char *name, struct sj_text text)
{
    sj_json_text_or_null(&body->json, name, text);
}

sj_status remedy_body_end(struct sj_exchange *x, struct remedy_body *body, struct sj_text *ret_text)
{
    sj_json_object_end(&body->json);
    const sj_status status = sj_json_end(&body->json);
    if (status.code == SJ_LIMIT_EXCEEDED) {
        return remedy_refuse(x, "", "TOO_LONG", "all texts together are too long");
    }
    TRY(status);
    return sj_arena_text(x->arena, sj_buf_text(&body->buf), ret_text);
}

/* ---- records as answers ---- */

/* NULL: the kind has no such member. */
struct names {
    bool has_round;
    bool has_state;
    const char *kind;
    const char *label;
    const char *done_at;
    const char *opened_at;
    const char *answer;
    const char *no;
    const char *parent;
    const char *day;
    const char *person;
};

static const struct names names_of[SJ_RECORD_KIND_COUNT_] = {
    [SJ_RECORD_SELF_ASSESSMENT] = {.has_state = true, .done_at = "submitted_at"},
    [SJ_RECORD_EVIDENCE] = {.has_state = true,
        .kind = "kind",
        .label = "offered_as",
        .done_at = "decided_at",
        .answer = "decision"},
    [SJ_RECORD_DISCLOSURE] = {.has_round = true, .done_at = "served_at", .opened_at = "opened_at"},
    [SJ_RECORD_REPLY] = {.has_round = true, .has_state = true, .done_at = "submitted_at"},
    [SJ_RECORD_REPLY_POINT] = {.done_at = "answered_at", .answer = "answer", .no = "no"},
    [SJ_RECORD_INTERVIEW] = {.has_round = true,
        .has_state = true,
        .done_at = "recorded_at",
        .answer = "minutes",
        .day = "held_on"},
    [SJ_RECORD_VERDICT] = {.has_round = true, .done_at = "decided_at"},
    [SJ_RECORD_ACKNOWLEDGEMENT] = {.has_round = true, .kind = "kind"},
    [SJ_RECORD_APPEAL] = {.has_round = true,
        .has_state = true,
        .kind = "outcome",
        .done_at = "decided_at",
        .opened_at = "filed_at",
        .answer = "decision"},
    [SJ_RECORD_APPEAL_VOTE] = {.has_round = true, .parent = "appeal_id", .person = "person_id"},
    [SJ_RECORD_CORRECTION] = {.has_round = true},
    [SJ_RECORD_PLAN] = {.has_round = true, .has_state = true},
    [SJ_RECORD_PLAN_ACTION] = {.has_state = true,
        .done_at = "accepted_at",
        .answer = "progress",
        .no = "no",
        .day = "due_on",
        .person = "mentor_account_id"},
    [SJ_RECORD_STATEMENT] = {.has_round = true, .kind = "kind"},
};

static void write_time(struct sj_json *json, const char *name, sj_time_us time)
{
    if (name == NULL) {
        return;
    }
    sj_json_time_or_null(json, name, time);
}

static void write_texts(
    struct sj_json *json, const struct names *names, const struct sj_record *record)
{
    if (names->kind != NULL) {
        sj_json_text_or_null(json, names->kind, record->kind);
    }
    if (names->label != NULL) {
        sj_json_text_or_null(json, names->label, record->label);
    }
    if (record->sha256.len > 0) {
        CLEANUP(sj_buf_clear) struct sj_buf hex = SJ_BUF(128);
        sj_ignore(sj_buf_put_hex(&hex, record->sha256), "64 characters have room");
        sj_json_text(json, "sha256", sj_buf_text(&hex));
    }
    if (record->body.len > 2) { /* an object with members: they become the answer's */
        sj_json_raw(json, NULL, (struct sj_text){record->body.ptr + 1, record->body.len - 2});
    }
    if (names->answer != NULL && record->answer.len > 0) {
        sj_json_raw(json, names->answer, record->answer);
    } else if (names->answer != NULL) {
        sj_json_null(json, names->answer);
    }
}

void remedy_write_members(
    struct sj_json *json, enum sj_record_kind kind, const struct sj_record *record)
{
    const struct names *names = &names_of[kind];
    sj_json_id(json, "id", record->id);
    sj_json_id(json, "evaluation_id", record->evaluation);
    if (names->has_round) {
        sj_json_int(json, "round", record->round);
    }
    if (names->has_state) {
        sj_json_text(json, "state", record->state);
    }
    if (names->no != NULL) {
        sj_json_int(json, names->no, record->no);
    }
    if (names->parent != NULL) {
        sj_json_id(json, names->parent, record->parent);
    }
    if (names->day != NULL) {
        remedy_json_day(json, names->day, record->has_day, record->day);
    }
    if (names->person != NULL) {
        sj_json_id_or_null(json, names->person, record->person);
    }
    write_texts(json, names, record);
    sj_json_time(json, "created_at", record->created_at);
    write_time(json, names->opened_at, record->opened_at);
    write_time(json, names->done_at, record->done_at);
    sj_json_int(json, "version", record->version);
}

void remedy_write(struct sj_json *json, enum sj_record_kind kind, const struct sj_record *record)
{
    sj_json_object(json, NULL);
    remedy_write_members(json, kind, record);
    sj_json_object_end(json);
}

sj_status remedy_answer(
    struct sj_exchange *x, enum sj_record_kind kind, const struct sj_record *record)
{
    struct sj_json json = sj_json_begin(&x->body);
    remedy_write(&json, kind, record);
    TRY(sj_exchange_etag(x, record->version));
    return sj_json_end(&json);
}

sj_status remedy_list(struct sj_exchange *x, enum sj_record_kind kind)
{
    static const char *const allowed[] = {"evaluation_id", NULL};
    struct sj_page page;
    TRY(sj_exchange_page(x, allowed, &page));
    struct sj_record_filter filter = {.parent = {{0}}};
    TRY(sj_filter_id(x, "evaluation_id", &filter.evaluation));
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_record *items = NULL;
    size_t count = 0;
    struct sj_uuid last;
    TRY(sj_record_list(&desk, kind, &filter, sj_paging_of(page), &items, &count, &last));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        TRY(sj_exchange_subject(x, items[i].judge));
        remedy_write(&json, kind, &items[i]);
    }
    return sj_exchange_list_end(x, &json, last);
}

sj_status remedy_read(struct sj_exchange *x, enum sj_record_kind kind)
{
    struct sj_record record;
    TRY(remedy_record(x, kind, &record));
    return remedy_answer(x, kind, &record);
}
