/* SPDX-License-Identifier: Apache-2.0
 *
 * Who can see what? /accounts/{id}/permissions says what a person may do, /evaluations/{id}/readers who can see a file,
 * /policies/changes what changed since a moment. For those who answer for the policy; each question is an entry of the record that
 * names whom it was about. Whoever is judged learns nothing here about who judges him.
 */
#include "../server.h"
#include "account_json.h"
#include "approval_json.h"
#include "asked_person.h"
#include "evaluation_desk.h"
#include "glass.h"
#include "routes.h"

#include "sanjeh/approval/version.h"
#include "sanjeh/cycle/evaluation.h"
#include "sanjeh/cycle/readers.h"
#include "sanjeh/policy/explain.h"
#include "sanjeh/rbac/active.h"

#define SITTINGS_MAX  200u
#define VERSIONS_PAGE 100u

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
    sj_json_str(json, "reach", sj_reach_names[decision->reach]);
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
    const struct sj_asked *person, struct sj_json *json)
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

/* Files that are open to him by break-glass now. */
static sj_status write_openings(struct sj_exchange *x, const struct sj_desk *desk,
    const struct sj_asked *person, struct sj_json *json)
{
    struct sj_approval_desk office = sj_approval_desk_of(x);
    office.context = desk->context;
    const struct sj_break_glass_filter filter = {.account = person->account.id, .unreviewed = true};
    struct sj_break_glass *items = NULL;
    size_t count = 0;
    TRY(sj_break_glass_list(&office, &filter, (struct sj_uuid){{0}}, 1, &items, &count));
    sj_json_array(json, "break_glass");
    for (size_t i = 0; i < count; i++) {
        if (sj_break_glass_is_open(&items[i], sj_glass_now(x))) {
            sj_json_object(json, NULL);
            sj_json_id(json, "id", items[i].id);
            sj_json_id(json, "evaluation_id", items[i].evaluation);
            sj_json_time(json, "ends_at", items[i].ends_at);
            sj_json_object_end(json);
        }
    }
    sj_json_array_end(json);
    return SJ_DONE;
}

static sj_status permissions(struct sj_exchange *x)
{
    struct sj_uuid id;
    struct sj_desk desk;
    bool found = false;
    TRY(sj_exchange_id(x, &id));
    x->draft.object = id;
    TRY(sj_asked_desk(x, &desk));
    void *memory = NULL;
    TRY(sj_arena_alloc(x->arena, sizeof(struct sj_asked), &memory));
    struct sj_asked *person = memory;
    TRY(sj_asked_find(x, &desk, id, 0, x->active, &found, person));
    ENSURE(found, NOT_FOUND);
    const struct sj_policy *policy = x->active->policy;
    for (size_t i = 0; i < person->grant_count; i++) {
        person->grants[i].active = true; /* what he may do once he activates it, too */
    }
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_asked_write(&json, person);
    sj_json_text(&json, "status", person->account.status);
    sj_json_id_or_null(&json, "judge_id", person->account.judge);
    sj_json_words(&json, "roles", person->account.roles);
    sj_json_array(&json, "permissions");
    for (uint32_t action = 0; action < sj_policy_action_count(policy); action++) {
        const struct sj_policy_request request = sj_asked_request(person, action);
        struct sj_policy_decision decision;
        sj_policy_set_decide(person->set, &request, &decision);
        if (decision.permit) {
            write_permission(&json, policy, action, &decision);
        }
    }
    sj_json_array_end(&json);
    TRY(write_files(x, &desk, person, &json));
    TRY(write_openings(x, &desk, person, &json));
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

/* ---- who can see a file ---- */

/* By which rule somebody reads whom row security shows the file by these parts; NULL: by none. An opening needs no role. */
static const char *read_by(
    const struct sj_reader *reader, const struct sj_policy_decision *decision)
{
    static const char glass[] = "break_glass";
    bool is_opened = false;
    bool has_part = false;
    for (size_t at = 0; at < reader->parts.len; at++) {
        const size_t from = at;
        while (at < reader->parts.len && reader->parts.ptr[at] != ',') {
            at++;
        }
        const bool is_glass =
            sj_text_is((struct sj_text){reader->parts.ptr + from, at - from}, glass);
        is_opened = is_opened || is_glass;
        has_part = has_part || !is_glass;
    }
    if (has_part && decision->permit) {
        return decision->rule;
    }
    return is_opened ? glass : NULL;
}

/* Whoever row security shows the file and the policy lets read it. */
static void write_reader(struct sj_exchange *x, const struct sj_reader *reader,
    struct sj_asked *person, struct sj_json *json)
{
    const struct sj_policy *policy = x->active->policy;
    const uint32_t action = sj_policy_own_action(policy, SJ_ACTION_EVALUATION_READ);
    *person = (struct sj_asked){.point = x->active};
    person->set = x->active->set != NULL ? x->active->set : sj_policy_own_set(policy);
    person->account.status = SJ_TEXT("active");
    person->now = sj_time_now() + x->session.clock_ahead;
    person->actor.unit = reader->unit;
    person->actor.compartment = reader->compartment;
    sj_asked_roles(policy, reader->roles, person);
    const struct sj_policy_request request = sj_asked_request(person, action);
    struct sj_policy_decision decision;
    sj_policy_set_decide(person->set, &request, &decision);
    const char *by = read_by(reader, &decision);
    if (by == NULL) {
        return;
    }
    sj_json_object(json, NULL);
    sj_json_id(json, "account_id", reader->account);
    sj_json_code_or_null(json, "unit", reader->unit_code);
    sj_json_code_or_null(json, "compartment", reader->compartment_code);
    sj_json_words(json, "roles", reader->roles);
    sj_json_words(json, "as", reader->parts);
    sj_json_str(json, "by", by);
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
    TRY(sj_asked_desk(x, &desk));
    TRY(sj_evaluation_find(&desk, id, &found, &evaluation));
    ENSURE(found, NOT_FOUND);
    ENSURE(!sj_asked_about_asker(x, evaluation.judge), FORBIDDEN);
    TRY(sj_exchange_subject(x, evaluation.judge));
    struct sj_reader *items = NULL;
    size_t count = 0;
    TRY(sj_readers_list(
        &desk, id, (struct sj_uuid){{0}}, page.after, page.limit + 1, &items, &count));
    const size_t shown = count > page.limit ? page.limit : count;
    void *memory = NULL;
    TRY(sj_arena_alloc(x->arena, sizeof(struct sj_asked), &memory));
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
    sj_json_time_or_null(json, "ended_at", version->ended_at);
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
    TRY(sj_asked_desk(x, &desk));
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

const struct sj_endpoint sj_routes_access[] = {
    {{SJ_GET, "/api/v1/policies/changes", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_POLICY_EXPLAIN, changes},
    {{SJ_GET, "/api/v1/accounts/{id}/permissions", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_POLICY_EXPLAIN, permissions},
    {{SJ_GET, "/api/v1/evaluations/{id}/readers", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_POLICY_EXPLAIN, readers},
};
const size_t sj_routes_access_count = SJ_COUNT(sj_routes_access);
