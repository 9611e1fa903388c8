/* SPDX-License-Identifier: Apache-2.0
 *
 * Of whom is it asked what he may do? His account as it is, his assignments as they are or as their history has them at a moment.
 */
#include "asked_person.h"

#include "account_json.h"
#include "evaluation_desk.h"

#include "sanjeh/keys/scopes.h"
#include "sanjeh/rbac/active.h"

#define CONTEXT_S 60

const char *const sj_reach_names[] = {"none", "self", "file", "unit", "subtree", "all"};

sj_status sj_asked_desk(struct sj_exchange *x, struct sj_desk *ret_desk)
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

void sj_asked_roles(const struct sj_policy *policy, struct sj_text roles, struct sj_asked *person)
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
static void grant(const struct sj_assignment *held, struct sj_asked *person)
{
    const struct sj_policy *policy = person->point->policy;
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

static sj_status grant_now(
    struct sj_exchange *x, const struct sj_desk *desk, struct sj_asked *person)
{
    const struct sj_assignment_query query = {.account = person->account.id};
    struct sj_assignment_row *rows = NULL;
    size_t count = 0;
    TRY(sj_assignment_list(x->worker->db, desk->context, &query, (struct sj_uuid){{0}},
        SJ_POLICY_GRANTS, x->arena, &rows, &count));
    for (size_t i = 0; i < count; i++) {
        grant(&rows[i].held, person);
    }
    return SJ_DONE;
}

static sj_status grant_then(
    struct sj_exchange *x, const struct sj_desk *desk, sj_time_us at, struct sj_asked *person)
{
    struct sj_assignment *items = NULL;
    size_t count = 0;
    TRY(sj_assignments_at(
        x->worker->db, desk->context, person->account.id, at, x->arena, &items, &count));
    for (size_t i = 0; i < count; i++) {
        grant(&items[i], person);
    }
    return sj_assignment_seq_at(x->worker->db, desk->context, at, &person->assignments);
}

sj_status sj_asked_find(struct sj_exchange *x, const struct sj_desk *desk, struct sj_uuid id,
    sj_time_us at, const struct sj_policy_active *point, bool *ret_found, struct sj_asked *person)
{
    *person = (struct sj_asked){.point = point};
    TRY(sj_account_find(x->worker->db, x->worker->fields, desk->context, id,
        /* with_names= */ false, x->arena, ret_found, &person->account));
    if (!*ret_found) {
        return SJ_DONE;
    }
    person->set = point->set != NULL ? point->set : sj_policy_own_set(point->policy);
    person->actor = (struct sj_actor){.account = id,
        .unit = person->account.unit,
        .compartment = person->account.compartment,
        .judge = person->account.judge};
    person->assignments = x->session.assignments;
    person->now = (at == 0 ? sj_time_now() : at) + x->session.clock_ahead;
    return at == 0 ? grant_now(x, desk, person) : grant_then(x, desk, at, person);
}

struct sj_policy_request sj_asked_request(const struct sj_asked *person, uint32_t action)
{
    return (struct sj_policy_request){.action = action,
        .now = person->now,
        .grants = person->grants,
        .grant_count = person->grant_count,
        .inactive = !sj_text_is(person->account.status, "active"),
        .reach_only = true,
        .binds = true,
        .binding_unit = sj_active_unit(person->point, &person->actor)};
}

void sj_asked_write(struct sj_json *json, const struct sj_asked *person)
{
    sj_json_id(json, "account_id", person->account.id);
    sj_json_code_or_null(json, "unit", person->account.unit_code);
    sj_json_code_or_null(json, "compartment", person->account.compartment_code);
}

bool sj_asked_about_asker(const struct sj_exchange *x, struct sj_uuid judge)
{
    return x->session.actor.is_judge_person && sj_uuid_equal(x->session.actor.person, judge);
}

void sj_json_words(struct sj_json *json, const char *name, struct sj_text words)
{
    sj_json_array(json, name);
    struct sj_text rest = words;
    struct sj_text word = {NULL, 0};
    while (rest.len > 0 && sj_text_split(&rest, ',', &word)) {
        sj_json_text(json, NULL, word);
    }
    sj_json_array_end(json);
}
