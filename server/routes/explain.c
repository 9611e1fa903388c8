/* SPDX-License-Identifier: Apache-2.0
 *
 * Why, and who? /policies/explain says why somebody may or may not do something, /accounts/{id}/permissions what a person may do,
 * /evaluations/{id}/readers who can see a file. For those who answer for the policy; each question is an entry of the record
 * that names whom it was about. Whoever is judged learns nothing here about who judges him.
 */
#include "../server.h"
#include "account_json.h"
#include "approval_json.h"
#include "evaluation_desk.h"
#include "routes.h"

#include "sanjeh/approval/version.h"
#include "sanjeh/cycle/evaluation.h"
#include "sanjeh/cycle/readers.h"
#include "sanjeh/keys/scopes.h"
#include "sanjeh/policy/explain.h"
#include "sanjeh/rbac/active.h"
#include "sanjeh/unit/account.h"

#define CONTEXT_S     60
#define SITTINGS_MAX  200u
#define VERSIONS_PAGE 100u

static const char *const reaches[] = {"none", "self", "file", "unit", "subtree", "all"};

/* ---- who is asked about ---- */

struct person {
    struct sj_account account;
    struct sj_policy_grant grants[SJ_POLICY_GRANTS];
    char via[SJ_POLICY_GRANTS][SJ_GRANT_VIA_SIZE];
    size_t grant_count;
    sj_time_us now; /* of the clock that assignments end by */
    struct sj_actor actor;
    const struct sj_policy_set *set;
};

static sj_status desk_of(struct sj_exchange *x, struct sj_desk *ret_desk)
{
    const struct sj_uuid scopes[] = {SJ_SCOPE_ADMIN, SJ_SCOPE_EVALUATION};
    void *memory = NULL;
    TRY(sj_arena_alloc(x->arena, sizeof(struct sj_context), &memory));
    TRY(ask_context(x->worker->channel, scopes, SJ_COUNT(scopes),
        sj_time_now() + CONTEXT_S * INT64_C(1000000), memory));
    *ret_desk = sj_desk_of(x);
    ret_desk->context = memory;
    return SJ_DONE;
}

/* Roles by name, as if activated. */
static void grant_roles(const struct sj_policy *policy, struct sj_text roles, struct person *person)
{
    struct sj_text rest = roles;
    struct sj_text role = {NULL, 0};
    while (rest.len > 0 && sj_text_split(&rest, ',', &role)) {
        const uint32_t number = sj_policy_role_number(policy, role);
        if (number == SJ_POLICY_NONE || person->grant_count == SJ_POLICY_GRANTS) {
            continue; /* of an older policy: counts for nothing */
        }
        person->grants[person->grant_count++] =
            (struct sj_policy_grant){.role = number, .unit = SJ_POLICY_NONE, .active = true};
    }
}

/* One assignment with its times; a role on demand is not active, because no session is looked at. */
static void grant_row(
    const struct sj_policy *policy, const struct sj_assignment *held, struct person *person)
{
    const uint32_t number = sj_policy_role_number(policy, sj_text_of(held->role));
    if (number == SJ_POLICY_NONE || person->grant_count == SJ_POLICY_GRANTS) {
        return;
    }
    char text[SJ_UUID_TEXT_SIZE];
    sj_uuid_format(held->id, text);
    char *via = person->via[person->grant_count];
    (void)snprintf(via, SJ_GRANT_VIA_SIZE, "%s:%s",
        held->kind == SJ_DELEGATED ? "delegation" : "assignment", text);
    sj_time_us until = 0;
    const enum sj_grant_state state = sj_assignment_state(policy, held, person->now, &until);
    person->grants[person->grant_count++] = (struct sj_policy_grant){.role = number,
        .unit = SJ_POLICY_NONE,
        .from = held->valid_from,
        .until = held->valid_until,
        .via = via,
        .kind = held->kind == SJ_DELEGATED ? SJ_GRANT_DELEGATED : SJ_GRANT_ASSIGNED,
        .lapsed = state == SJ_GRANT_LOCKED || state == SJ_GRANT_LAPSED};
}

static sj_status grant_assignments(
    struct sj_exchange *x, const struct sj_desk *desk, struct person *person)
{
    const struct sj_assignment_query query = {.account = person->account.id};
    struct sj_assignment_row *rows = NULL;
    size_t count = 0;
    TRY(sj_assignment_list(x->worker->db, desk->context, &query, (struct sj_uuid){{0}},
        SJ_POLICY_GRANTS, x->arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        grant_row(x->active->policy, &rows[i].held, person);
    }
    return SJ_DONE;
}

static sj_status find_person(struct sj_exchange *x, const struct sj_desk *desk, struct sj_uuid id,
    bool *ret_found, struct person *person)
{
    *person = (struct person){.grant_count = 0};
    TRY(sj_account_find(x->worker->db, x->worker->fields, desk->context, id,
        /* with_names= */ false, x->arena, ret_found, &person->account));
    if (!*ret_found) {
        return SJ_DONE;
    }
    const struct sj_policy *policy = x->active->policy;
    person->set = x->active->set != NULL ? x->active->set : sj_policy_own_set(policy);
    person->actor = (struct sj_actor){.account = id,
        .unit = person->account.unit,
        .compartment = person->account.compartment,
        .judge = person->account.judge};
    person->now = sj_time_now() + x->session.clock_ahead;
    return grant_assignments(x, desk, person);
}

static struct sj_policy_request request_of(
    const struct sj_exchange *x, const struct person *person, uint32_t action)
{
    return (struct sj_policy_request){.action = action,
        .now = person->now,
        .grants = person->grants,
        .grant_count = person->grant_count,
        .inactive = !sj_text_is(person->account.status, "active"),
        .reach_only = true,
        .binds = true,
        .binding_unit = sj_active_unit(x->active, &person->actor)};
}

static void write_person(struct sj_json *json, const struct person *person)
{
    sj_json_id(json, "account_id", person->account.id);
    sj_json_code_or_null(json, "unit", person->account.unit_code);
    sj_json_code_or_null(json, "compartment", person->account.compartment_code);
}

static void write_words(struct sj_json *json, const char *name, struct sj_text words)
{
    sj_json_array(json, name);
    struct sj_text rest = words;
    struct sj_text word = {NULL, 0};
    while (rest.len > 0 && sj_text_split(&rest, ',', &word)) {
        sj_json_text(json, NULL, word);
    }
    sj_json_array_end(json);
}

/* The judge that the asker is: of files about him nothing is said. */
static bool is_about_asker(const struct sj_exchange *x, struct sj_uuid judge)
{
    return x->session.actor.is_judge_person && sj_uuid_equal(x->session.actor.person, judge);
}

/* ---- why ---- */

struct question {
    struct sj_uuid account;
    struct sj_text action;
    struct sj_text object_type;
    struct sj_uuid object;
    bool has_object;
    struct sj_text field;
};

static const struct sj_json_member question_members[] = {
    {"account_id", SJ_JSON_ID, offsetof(struct question, account), SJ_JSON_NO_PRESENT, true, false,
        0},
    {"action", SJ_JSON_TEXT, offsetof(struct question, action), SJ_JSON_NO_PRESENT, true, false,
        96},
    {"object_type", SJ_JSON_TEXT, offsetof(struct question, object_type), SJ_JSON_NO_PRESENT, false,
        false, 64},
    {"object_id", SJ_JSON_ID, offsetof(struct question, object),
        offsetof(struct question, has_object), false, false, 0},
    {"field", SJ_JSON_TEXT, offsetof(struct question, field), SJ_JSON_NO_PRESENT, false, false, 64},
};

static sj_status read_question(
    struct sj_exchange *x, struct question *question, uint32_t *ret_action, uint32_t *ret_field)
{
    const struct sj_policy *policy = x->active->policy;
    TRY(sj_exchange_decode(x, question_members, SJ_COUNT(question_members), question));
    *ret_action = sj_policy_action_find(policy, question->action);
    if (*ret_action == SJ_POLICY_NONE) {
        return sj_refuse_at(x, "/action", "UNKNOWN", "the policy has no such action");
    }
    if (question->has_object != (question->object_type.len > 0)) {
        return sj_refuse_at(x, "/object_id", "REQUIRED", "an object has a type and an id");
    }
    if (question->has_object && !sj_text_is(question->object_type, "evaluation")) {
        return sj_refuse_at(x, "/object_type", "UNKNOWN",
            "of an evaluation it is said whether the person sees it; elsewhere the reach says "
            "whose objects");
    }
    *ret_field = SJ_POLICY_NONE;
    if (question->field.len > 0) {
        *ret_field = sj_policy_field_find(
            policy, sj_policy_action_type(policy, *ret_action), question->field);
        if (*ret_field == SJ_POLICY_NONE) {
            return sj_refuse_at(x, "/field", "UNKNOWN", "the action's type has no such field");
        }
    }
    return SJ_DONE;
}

/* Does row security show the person the object? */
static sj_status write_object(struct sj_exchange *x, const struct sj_desk *desk,
    const struct question *question, struct sj_json *json, bool *allowed)
{
    if (!question->has_object) {
        sj_json_null(json, "object");
        return SJ_DONE;
    }
    struct sj_evaluation evaluation;
    bool found = false;
    TRY(sj_evaluation_find(desk, question->object, &found, &evaluation));
    if (!found) {
        return sj_refuse_at(x, "/object_id", "UNKNOWN", "there is no such evaluation");
    }
    ENSURE(!is_about_asker(x, evaluation.judge), FORBIDDEN);
    TRY(sj_exchange_subject(x, evaluation.judge));
    struct sj_reader *readers = NULL;
    size_t count = 0;
    TRY(sj_readers_list(
        desk, question->object, question->account, (struct sj_uuid){{0}}, 1, &readers, &count));
    *allowed = *allowed && count > 0;
    sj_json_object(json, "object");
    sj_json_text(json, "type", question->object_type);
    sj_json_id(json, "id", question->object);
    sj_json_bool(json, "visible", count > 0);
    write_words(json, "as", count > 0 ? readers[0].parts : SJ_TEXT(""));
    sj_json_object_end(json);
    return SJ_DONE;
}

static void write_field(const struct sj_exchange *x, const struct sj_policy_decision *decision,
    uint32_t type, uint32_t field, struct sj_json *json)
{
    if (field == SJ_POLICY_NONE) {
        sj_json_null(json, "field");
        return;
    }
    const uint64_t bit = UINT64_C(1) << field;
    sj_json_object(json, "field");
    sj_json_str(json, "name", sj_policy_field_name(x->active->policy, type, field));
    sj_json_bool(json, "readable", (decision->read & bit) != 0);
    sj_json_bool(json, "writable", (decision->write & bit) != 0);
    if ((decision->masked & bit) != 0) {
        sj_json_str(json, "mask", sj_how_name((enum sj_how)decision->how[field]));
    } else {
        sj_json_null(json, "mask");
    }
    sj_json_object_end(json);
}

static sj_status explain(struct sj_exchange *x)
{
    struct question question = {.action = {"", 0}, .object_type = {"", 0}, .field = {"", 0}};
    struct sj_desk desk;
    uint32_t action = 0;
    uint32_t field = 0;
    bool found = false;
    TRY(read_question(x, &question, &action, &field));
    x->draft.object = question.account;
    (void)snprintf(x->draft.detail, sizeof x->draft.detail, "asked=%s",
        sj_policy_action_name(x->active->policy, action));
    TRY(desk_of(x, &desk));
    void *memory = NULL;
    TRY(sj_arena_alloc(x->arena, sizeof(struct person), &memory));
    struct person *person = memory;
    TRY(find_person(x, &desk, question.account, &found, person));
    if (!found) {
        return sj_refuse_at(x, "/account_id", "UNKNOWN", "there is no such account");
    }
    /* Values of the object are not the asker's to read. */
    const struct sj_explain_options options = {
        .hidden = {0, UINT64_MAX, 0, 0}, .assignments = (uint64_t)x->session.assignments};
    const struct sj_policy_request request = request_of(x, person, action);
    struct sj_policy_decision decision;
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(SJ_EXPLAIN_BYTES);
    TRY(sj_policy_explain(person->set, &request, &options, &decision, &text));
    bool allowed =
        decision.permit && (field == SJ_POLICY_NONE || (decision.read >> field & 1u) != 0);
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    write_person(&json, person);
    sj_json_text(&json, "action", question.action);
    TRY(write_object(x, &desk, &question, &json, &allowed));
    write_field(x, &decision, sj_policy_action_type(x->active->policy, action), field, &json);
    sj_json_bool(&json, "allowed", allowed);
    sj_json_str(&json, "reach", reaches[decision.reach]);
    sj_json_raw(&json, "explanation", sj_buf_text(&text));
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

/* ---- what a person may do ---- */

static void write_fields(struct sj_json *json, const char *name, const struct sj_policy *policy,
    uint32_t type, uint64_t fields)
{
    sj_json_array(json, name);
    for (; fields != 0; fields &= fields - 1) {
        sj_json_str(
            json, NULL, sj_policy_field_name(policy, type, (size_t)__builtin_ctzll(fields)));
    }
    sj_json_array_end(json);
}

static void write_permission(struct sj_json *json, const struct sj_policy *policy, uint32_t action,
    const struct sj_policy_decision *decision)
{
    const uint32_t type = sj_policy_action_type(policy, action);
    sj_json_object(json, NULL);
    sj_json_str(json, "action", sj_policy_action_name(policy, action));
    sj_json_str(json, "reach", reaches[decision->reach]);
    sj_json_array(json, "by");
    for (uint32_t i = 0; i < decision->by_count; i++) {
        sj_json_str(json, NULL, decision->by[i]);
    }
    sj_json_array_end(json);
    write_fields(json, "read", policy, type, decision->read);
    write_fields(json, "write", policy, type, decision->write);
    sj_json_object(json, "mask");
    for (uint64_t masked = decision->masked; masked != 0; masked &= masked - 1) {
        const size_t field = (size_t)__builtin_ctzll(masked);
        sj_json_str(json, sj_policy_field_name(policy, type, field),
            sj_how_name((enum sj_how)decision->how[field]));
    }
    sj_json_object_end(json);
    sj_json_object_end(json);
}

static sj_status write_files(struct sj_exchange *x, const struct sj_desk *desk,
    const struct person *person, struct sj_json *json)
{
    struct sj_sitting *items = NULL;
    size_t count = 0;
    const struct sj_uuid nobody = {{0}};
    TRY(sj_sittings_list(desk, person->account.id,
        x->session.actor.is_judge_person ? x->session.actor.person : nobody, SITTINGS_MAX + 1,
        &items, &count));
    sj_json_array(json, "files");
    for (size_t i = 0; i < count && i < SITTINGS_MAX; i++) {
        sj_json_object(json, NULL);
        sj_json_id(json, "evaluation_id", items[i].evaluation);
        sj_json_text(json, "as", items[i].capacity);
        sj_json_object_end(json);
    }
    sj_json_array_end(json);
    sj_json_bool(json, "more_files", count > SITTINGS_MAX);
    return SJ_DONE;
}

static sj_status permissions(struct sj_exchange *x)
{
    struct sj_uuid id;
    struct sj_desk desk;
    bool found = false;
    TRY(sj_exchange_id(x, &id));
    x->draft.object = id;
    TRY(desk_of(x, &desk));
    void *memory = NULL;
    TRY(sj_arena_alloc(x->arena, sizeof(struct person), &memory));
    struct person *person = memory;
    TRY(find_person(x, &desk, id, &found, person));
    ENSURE(found, NOT_FOUND);
    const struct sj_policy *policy = x->active->policy;
    for (size_t i = 0; i < person->grant_count; i++) {
        person->grants[i].active = true; /* what he may do once he activates it, too */
    }
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    write_person(&json, person);
    sj_json_text(&json, "status", person->account.status);
    sj_json_id_or_null(&json, "judge_id", person->account.judge);
    write_words(&json, "roles", person->account.roles);
    sj_json_array(&json, "permissions");
    for (uint32_t action = 0; action < sj_policy_action_count(policy); action++) {
        const struct sj_policy_request request = request_of(x, person, action);
        struct sj_policy_decision decision;
        sj_policy_set_decide(person->set, &request, &decision);
        if (decision.permit) {
            write_permission(&json, policy, action, &decision);
        }
    }
    sj_json_array_end(&json);
    TRY(write_files(x, &desk, person, &json));
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

/* ---- who can see a file ---- */

/* Whoever row security shows the file and the policy lets read it. */
static void write_reader(struct sj_exchange *x, const struct sj_reader *reader,
    struct person *person, struct sj_json *json)
{
    const struct sj_policy *policy = x->active->policy;
    const uint32_t action = sj_policy_own_action(policy, SJ_ACTION_EVALUATION_READ);
    *person = (struct person){.grant_count = 0};
    person->set = x->active->set != NULL ? x->active->set : sj_policy_own_set(policy);
    person->account.status = SJ_TEXT("active");
    person->now = sj_time_now() + x->session.clock_ahead;
    person->actor.unit = reader->unit;
    person->actor.compartment = reader->compartment;
    grant_roles(policy, reader->roles, person);
    const struct sj_policy_request request = request_of(x, person, action);
    struct sj_policy_decision decision;
    sj_policy_set_decide(person->set, &request, &decision);
    if (!decision.permit) {
        return;
    }
    sj_json_object(json, NULL);
    sj_json_id(json, "account_id", reader->account);
    sj_json_code_or_null(json, "unit", reader->unit_code);
    sj_json_code_or_null(json, "compartment", reader->compartment_code);
    write_words(json, "roles", reader->roles);
    write_words(json, "as", reader->parts);
    sj_json_str(json, "by", decision.rule);
    sj_json_object_end(json);
}

static sj_status readers(struct sj_exchange *x)
{
    struct sj_uuid id;
    struct sj_page page;
    struct sj_desk desk;
    struct sj_evaluation evaluation;
    bool found = false;
    TRY(sj_exchange_id(x, &id));
    TRY(sj_exchange_page(x, NULL, &page));
    x->draft.object = id;
    TRY(desk_of(x, &desk));
    TRY(sj_evaluation_find(&desk, id, &found, &evaluation));
    ENSURE(found, NOT_FOUND);
    ENSURE(!is_about_asker(x, evaluation.judge), FORBIDDEN);
    TRY(sj_exchange_subject(x, evaluation.judge));
    struct sj_reader *items = NULL;
    size_t count = 0;
    TRY(sj_readers_list(
        &desk, id, (struct sj_uuid){{0}}, page.after, page.limit + 1, &items, &count));
    const size_t shown = count > page.limit ? page.limit : count;
    void *memory = NULL;
    TRY(sj_arena_alloc(x->arena, sizeof(struct person), &memory));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < shown; i++) {
        write_reader(x, &items[i], memory, &json);
    }
    return sj_exchange_list_end(
        x, &json, count > shown ? items[shown - 1].account : (struct sj_uuid){{0}});
}

/* ---- what changed ---- */

static void write_version(struct sj_json *json, const struct sj_policy_version *version)
{
    sj_json_object(json, NULL);
    sj_json_id(json, "id", version->id);
    sj_json_text(json, "policy", version->policy);
    sj_json_int(json, "number", version->number);
    sj_json_text(json, "digest", version->digest);
    sj_json_text(json, "state", version->state);
    sj_json_bool(json, "widens", version->widens);
    sj_json_time(json, "activated_at", version->activated_at);
    if (version->ended_at == 0) {
        sj_json_null(json, "ended_at");
    } else {
        sj_json_time(json, "ended_at", version->ended_at);
    }
    sj_json_object_end(json);
}

/* Versions that came into force, or ended, since. */
static sj_status write_versions(struct sj_exchange *x, sj_time_us since, struct sj_json *json)
{
    TRY(sj_exchange_office(x));
    const struct sj_approval_desk desk = sj_approval_desk_of(x);
    struct sj_uuid after = {{0}};
    sj_json_array(json, "versions");
    for (size_t count = VERSIONS_PAGE; count == VERSIONS_PAGE;) {
        struct sj_policy_version *items = NULL;
        TRY(sj_version_list(&desk, SJ_TEXT(""), after, VERSIONS_PAGE, &items, &count));
        for (size_t i = 0; i < count; i++) {
            if (items[i].activated_at != 0 &&
                (items[i].activated_at > since || items[i].ended_at > since)) {
                write_version(json, &items[i]);
            }
            after = items[i].id;
        }
    }
    sj_json_array_end(json);
    return SJ_DONE;
}

static void write_assignment(struct sj_json *json, const struct sj_assignment_change *change)
{
    sj_json_object(json, NULL);
    sj_json_int(json, "seq", change->seq);
    sj_json_time(json, "at", change->changed_at);
    sj_json_id_or_null(json, "by", change->changed_by);
    sj_json_text(json, "change", change->change);
    sj_json_id(json, "assignment_id", change->held.id);
    sj_json_id(json, "account_id", change->account);
    sj_json_str(json, "role", change->held.role);
    sj_json_object_end(json);
}

static sj_status changes(struct sj_exchange *x)
{
    static const char *const allowed[] = {"since", NULL};
    struct sj_page page;
    struct sj_text text;
    struct sj_desk desk;
    sj_time_us since = 0;
    TRY(sj_exchange_page(x, allowed, &page));
    TRY(sj_filter_text(x, "since", &text));
    if (sj_failed(sj_time_parse(text, &since))) {
        return sj_filter_refuse(x, "since", "FORMAT", "a time of RFC 3339");
    }
    TRY(desk_of(x, &desk));
    int64_t from = 0;
    int64_t last = 0;
    struct sj_assignment_change *items = NULL;
    size_t count = 0;
    TRY(sj_assignment_seq_at(x->worker->db, desk.context, since, &from));
    TRY(sj_assignment_changes(x->worker->db, desk.context, from, (struct sj_uuid){{0}}, page.limit,
        x->arena, &items, &count, &last));
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    TRY(write_versions(x, since, &json));
    sj_json_array(&json, "assignments");
    for (size_t i = 0; i < count; i++) {
        write_assignment(&json, &items[i]);
    }
    sj_json_array_end(&json);
    /* More: /assignment-changes?after= goes on. */
    sj_json_bool(&json, "more_assignments", count > 0 && items[count - 1].seq < last);
    sj_json_int(&json, "seq", last);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

const struct sj_endpoint sj_routes_explain[] = {
    {{SJ_GET, "/api/v1/policies/changes", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_POLICY_EXPLAIN, changes},
    {{SJ_POST, "/api/v1/policies/explain", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_READ,
        SJ_ACTION_POLICY_EXPLAIN, explain},
    {{SJ_GET, "/api/v1/accounts/{id}/permissions", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_POLICY_EXPLAIN, permissions},
    {{SJ_GET, "/api/v1/evaluations/{id}/readers", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_POLICY_EXPLAIN, readers},
};
const size_t sj_routes_explain_count = SJ_COUNT(sj_routes_explain);
