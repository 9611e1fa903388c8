/* SPDX-License-Identifier: Apache-2.0
 *
 * /gates: the issuer asks after the marks are locked, the unit that was asked answers once, and the answer may hold the use
 * of a result. The answering unit sees judge, gate and purpose and nothing else.
 */
#include "remedy_desk.h"

#include "sanjeh/remedy/gate.h"

static void write_gate(struct sj_json *json, const struct sj_gate *gate)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", gate->id);
    sj_json_id_or_null(json, "evaluation_id", gate->evaluation);
    sj_json_id(json, "judge_id", gate->judge);
    sj_json_text(json, "gate", gate->gate);
    sj_json_text(json, "purpose", gate->purpose);
    sj_json_text(json, "state", gate->state);
    sj_json_text_or_null(json, "value", gate->value);
    sj_json_text_or_null(json, "effect", gate->effect);
    sj_json_text_or_null(json, "authority", gate->authority);
    const struct sj_text none = {"", 0};
    if (gate->has_degree && gate->shows_grounds) {
        sj_json_int(json, "degree", gate->degree);
    } else {
        sj_json_null(json, "degree");
    }
    sj_json_text_or_null(json, "gist", gate->shows_grounds ? gate->gist : none);
    sj_json_text_or_null(
        json, "final_judgment_no", gate->shows_grounds ? gate->final_judgment_no : none);
    remedy_json_day(json, "expires_on", gate->has_expiry, gate->expires_on);
    sj_json_time(json, "created_at", gate->created_at);
    sj_json_int(json, "version", gate->version);
    sj_json_object_end(json);
}

static sj_status write_page(struct sj_exchange *x, struct sj_uuid evaluation, struct sj_page page)
{
    const struct sj_desk desk = sj_desk_of(x);
    struct sj_gate *gates = NULL;
    size_t count = 0;
    struct sj_uuid last;
    TRY(sj_gate_list(&desk, evaluation, sj_paging_of(page), &gates, &count, &last));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count; i++) {
        TRY(sj_exchange_subject(x, gates[i].judge));
        write_gate(&json, &gates[i]);
    }
    return sj_exchange_list_end(x, &json, last);
}

static sj_status list(struct sj_exchange *x)
{
    static const char *const allowed[] = {"evaluation_id", NULL};
    struct sj_page page;
    struct sj_uuid evaluation;
    TRY(sj_exchange_page(x, allowed, &page));
    TRY(sj_filter_id(x, "evaluation_id", &evaluation));
    return write_page(x, evaluation, page);
}

static sj_status answer_one(struct sj_exchange *x, const struct sj_gate *gate)
{
    TRY(sj_exchange_subject(x, gate->judge));
    struct sj_json json = sj_json_begin(&x->body);
    write_gate(&json, gate);
    TRY(sj_exchange_etag(x, gate->version));
    return sj_json_end(&json);
}

static sj_status read_one(struct sj_exchange *x)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    struct sj_gate gate;
    TRY(sj_gate_find(&desk, id, &found, &gate));
    ENSURE(found, NOT_FOUND);
    return answer_one(x, &gate);
}

struct ask_body {
    struct sj_text purpose;
    const struct sj_json_value *gates;
};
static const struct sj_json_member ask_members[] = {
    REMEDY_TEXT(ask_body, purpose, true), REMEDY_TREE(ask_body, gates, false)};

/* The gates that are named; none are named: all that answer for the purpose. */
static sj_status read_gates(struct sj_exchange *x, const struct sj_json_value *value,
    struct sj_text gates[SJ_GATES_MAX], size_t *ret_count)
{
    size_t at = 0;
    size_t count = 0;
    struct sj_text name;
    const struct sj_json_value *item;
    *ret_count = 0;
    if (value == NULL || sj_json_is_null(value)) {
        return SJ_DONE;
    }
    while (sj_json_is_array(value) && sj_json_next(value, &at, &name, &item)) {
        if (count == SJ_GATES_MAX || !sj_json_as_text(item, &gates[count++])) {
            return remedy_refuse(x, "gates", "FORMAT", "1 to 4 codes of gates");
        }
    }
    *ret_count = count;
    return count == 0 ? remedy_refuse(x, "gates", "FORMAT", "1 to 4 codes of gates") : SJ_DONE;
}

static sj_status ask_named(struct sj_exchange *x, const struct sj_evaluation *evaluation,
    struct sj_text purpose, const struct sj_text *gates, size_t count)
{
    const struct sj_desk desk = sj_desk_of(x);
    const char *code = NULL;
    size_t at = 0;
    TRY(sj_gates_ask(&desk, evaluation, purpose, gates, count, &code, &at));
    if (code == NULL) {
        return SJ_DONE;
    }
    char member[32];
    (void)snprintf(member, sizeof member, "gates/%zu", at);
    return remedy_refuse(x, member, code, "a gate answers for its own purposes alone");
}

static sj_status ask(struct sj_exchange *x)
{
    static const char *const purposes[] = {
        "appointment", "promotion", "secondment", "report_card", NULL};
    struct ask_body body = {.purpose = {"", 0}};
    struct sj_text gates[SJ_GATES_MAX];
    size_t count = 0;
    TRY(sj_exchange_decode(x, ask_members, SJ_COUNT(ask_members), &body));
    TRY(remedy_one_of(x, "purpose", body.purpose, purposes));
    TRY(read_gates(x, body.gates, gates, &count));
    struct sj_evaluation evaluation;
    TRY(remedy_evaluation_of_path(x, &evaluation));
    TRY(remedy_need_issuer(x, &evaluation));
    if (evaluation.marks_locked_at == 0 || evaluation.state != SJ_EVALUATION_DECIDED) {
        return remedy_unmet(x, "GATE_BEFORE_LOCK",
            "gates are asked after the marks are locked and the verdict is given");
    }
    TRY(ask_named(x, &evaluation, body.purpose, gates, count));
    x->status = 201;
    return write_page(x, evaluation.id, (struct sj_page){.limit = 50});
}

struct gate_body {
    struct sj_text value;
    struct sj_text gist;
    struct sj_text final_judgment_no;
    struct sj_text authority;
    int64_t degree;
    bool has_degree;
    struct sj_text expires_on;
};
static const struct sj_json_member gate_members[] = {
    REMEDY_TEXT(gate_body, value, true),
    REMEDY_TEXT(gate_body, gist, false),
    REMEDY_TEXT(gate_body, final_judgment_no, false),
    REMEDY_TEXT(gate_body, authority, false),
    {.name = "degree",
        .kind = SJ_JSON_INT,
        .offset = offsetof(struct gate_body, degree),
        .present_offset = offsetof(struct gate_body, has_degree),
        .limit = 99},
    REMEDY_TEXT(gate_body, expires_on, true),
};

static sj_status apply(struct sj_exchange *x, struct gate_body *body, struct sj_gate *gate)
{
    TRY(remedy_prose(x, "gist", &body->gist, SJ_GIST_MAX, false));
    TRY(remedy_prose(x, "final_judgment_no", &body->final_judgment_no, 64, false));
    TRY(remedy_day(x, "expires_on", body->expires_on, &gate->expires_on));
    gate->value = body->value;
    gate->gist = body->gist;
    gate->final_judgment_no = body->final_judgment_no;
    gate->authority = body->authority;
    gate->has_degree = body->has_degree;
    gate->degree = body->degree;
    gate->has_expiry = true;
    const char *member = "";
    const char *code = sj_gate_check(gate, &member);
    return code == NULL ? SJ_DONE
                        : remedy_refuse(x, member, code,
                              "only final decisions count, with a gist that is served or the "
                              "authority of art 44, for a limited time");
}

static sj_status answer(struct sj_exchange *x)
{
    struct gate_body body = {.value = {"", 0}};
    TRY(sj_exchange_decode(x, gate_members, SJ_COUNT(gate_members), &body));
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    const struct sj_desk desk = sj_desk_of(x);
    bool found = false;
    struct sj_gate gate;
    TRY(sj_gate_find(&desk, id, &found, &gate));
    ENSURE(found, NOT_FOUND);
    TRY(sj_exchange_subject(x, gate.judge));
    ENSURE(gate.is_mine, FORBIDDEN);
    TRY(sj_exchange_if_match(x, gate.version));
    ENSURE(sj_text_is(gate.state, "asked"), CONFLICT);
    TRY(apply(x, &body, &gate));
    TRY(sj_gate_answer(&desk, &gate));
    return answer_one(x, &gate);
}

const struct sj_endpoint sj_routes_gates[] = {
    {{SJ_GET, "/api/v1/gates", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ, SJ_ACTION_GATE_LIST,
        list},
    {{SJ_GET, "/api/v1/gates/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_GATE_LIST, read_one},
    {{SJ_POST, "/api/v1/evaluations/{id}/gates/ask", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL},
        SJ_USE_WRITE, SJ_ACTION_GATE_ASK, ask},
    {{SJ_POST, "/api/v1/gates/{id}/answer", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_WRITE,
        SJ_ACTION_GATE_CREATE, answer},
};
const size_t sj_routes_gates_count = SJ_COUNT(sj_routes_gates);
