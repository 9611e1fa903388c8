/* SPDX-License-Identifier: Apache-2.0
 *
 * /sessions/current/roles: what the caller has, what counts now and why not the rest; activating and dropping (INCITS 359
 * AddActiveRole, DropActiveRole). /sessions/current/step-up: the second factor again, for a role that the policy gives only to
 * somebody who has just proven to sit there.
 */
#include "assignment_json.h"

#define MINUTE_US   (INT64_C(60) * 1000000)
#define STEP_UP_US  (5 * MINUTE_US) /* how long a step-up counts as fresh */
#define ACR_STEP_UP 2u              /* from this acr on a role needs one */

static const char *choice_name(enum sj_role_choice choice)
{
    return choice == SJ_CHOICE_ACTIVE ? "active" : choice == SJ_CHOICE_DROPPED ? "dropped" : NULL;
}

static void write_item(struct sj_exchange *x, struct sj_json *json, size_t number)
{
    const struct sj_session_grant *grant = &x->session.grants[number];
    const struct sj_active_grant *item = &x->roles.items[number];
    const struct sj_policy_role *role =
        item->role == SJ_POLICY_NONE ? NULL : sj_policy_role_at(x->active->policy, item->role);
    sj_json_object(json, NULL);
    sj_json_str(json, "role", grant->held.role);
    sj_json_id(json, "assignment_id", grant->held.id);
    sj_json_str(json, "kind", grant->held.kind == SJ_DELEGATED ? "delegated" : "assigned");
    sj_json_str(json, "state", sj_grant_state_name(item->state));
    sj_json_bool(json, "on_demand", role != NULL && role->on_demand);
    sj_json_str(json, "chosen", choice_name(grant->choice));
    sj_json_time_or_null(json, "until", item->until);
    sj_json_object_end(json);
}

static sj_status list(struct sj_exchange *x)
{
    struct sj_page page;
    TRY(sj_exchange_page(x, NULL, &page));
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_int(&json, "assignments", x->session.assignments);
    sj_json_time_or_null(&json, "stepped_up_at", x->session.stepped_up_at);
    sj_json_array(&json, "items");
    for (size_t i = 0; i < x->roles.count; i++) {
        write_item(x, &json, i);
    }
    sj_json_array_end(&json);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

/* The caller's own grant of a role. */
static sj_status find_grant(struct sj_exchange *x, struct sj_text role, size_t *ret_number)
{
    for (size_t i = 0; i < x->session.grant_count; i++) {
        if (sj_text_is(role, x->session.grants[i].held.role)) {
            *ret_number = i;
            return SJ_DONE;
        }
    }
    FAIL(NOT_FOUND);
}

struct activate_body {
    struct sj_text role;
    struct sj_text reason;
    int64_t minutes;
};

static const struct sj_json_member activate_members[] = {
    {.name = "role",
        .kind = SJ_JSON_TEXT,
        .offset = offsetof(struct activate_body, role),
        .present_offset = SJ_JSON_NO_PRESENT,
        .required = true,
        .limit = SJ_ROLE_NAME_SIZE - 1},
    {.name = "reason",
        .kind = SJ_JSON_TEXT,
        .offset = offsetof(struct activate_body, reason),
        .present_offset = SJ_JSON_NO_PRESENT,
        .nullable = true,
        .limit = 4 * SJ_ASSIGN_REASON_MAX},
    {.name = "minutes",
        .kind = SJ_JSON_INT,
        .offset = offsetof(struct activate_body, minutes),
        .present_offset = SJ_JSON_NO_PRESENT,
        .nullable = true,
        .limit = 1440},
};

static sj_status forbid(
    struct sj_exchange *x, const char *pointer, const char *code, const char *detail)
{
    const struct sj_assign_fault fault = {
        .code = code, .pointer = pointer, .detail = detail, .is_forbidden = true};
    return sj_assign_answer(x, &fault);
}

/* What the role would be if it were chosen now, with everything else as it is. */
static sj_status try_choice(struct sj_exchange *x, size_t number, sj_time_us until)
{
    struct sj_session session = x->session;
    struct sj_session_grant *grant = &session.grants[number];
    grant->choice = SJ_CHOICE_ACTIVE;
    grant->chosen_at = sj_exchange_clock(x);
    grant->chosen_until = until;
    struct sj_active_roles would;
    sj_active_roles(x->active->policy, &session, sj_time_now(), &would);
    const enum sj_grant_state state = would.items[number].state;
    bool displaces = false;
    for (size_t i = 0; i < would.count; i++) {
        displaces = displaces || (i != number && x->roles.items[i].state == SJ_GRANT_COUNTS &&
                                     would.items[i].state == SJ_GRANT_HELD_APART);
    }
    sj_wipe(&session, sizeof session);
    if (state == SJ_GRANT_HELD_APART || displaces) {
        return forbid(x, "/role", "DYNAMIC_SEPARATION",
            "not together with a role that is active: drop that one first");
    }
    if (state != SJ_GRANT_COUNTS) {
        return forbid(x, "/role", "NOT_VALID", sj_grant_state_name(state));
    }
    return SJ_DONE;
}

static sj_status check_step_up(struct sj_exchange *x, const struct sj_policy_role *role)
{
    const sj_time_us now = sj_time_now();
    const sj_time_us at = x->session.stepped_up_at;
    if (role->on_demand && role->activation_acr >= ACR_STEP_UP &&
        (at == 0 || at > now || now - at > STEP_UP_US)) {
        return forbid(x, "/role", "STEP_UP_REQUIRED",
            "show the second factor at /api/v1/sessions/current/step-up first");
    }
    return SJ_DONE;
}

static sj_status activate(struct sj_exchange *x)
{
    struct activate_body body = {.minutes = 0};
    size_t number = 0;
    TRY(sj_exchange_decode(x, activate_members, SJ_COUNT(activate_members), &body));
    TRY(sj_body_reason(x, &body.reason));
    x->draft.object = x->session.id;
    TRY(find_grant(x, body.role, &number));
    const struct sj_session_grant *grant = &x->session.grants[number];
    (void)snprintf(x->draft.detail, sizeof x->draft.detail, "role=%s", grant->held.role);
    ENSURE(body.minutes >= 0, INVALID);
    const uint32_t role_number = x->roles.items[number].role;
    ENSURE(role_number != SJ_POLICY_NONE, NOT_FOUND);
    const struct sj_policy_role *role = sj_policy_role_at(x->active->policy, role_number);
    int64_t minutes = body.minutes;
    if (role->on_demand && role->max_minutes != 0 &&
        (minutes == 0 || minutes > (int64_t)role->max_minutes)) {
        minutes = (int64_t)role->max_minutes;
    }
    const sj_time_us until = minutes == 0 ? 0 : sj_exchange_clock(x) + minutes * MINUTE_US;
    TRY(try_choice(x, number, until));
    TRY(check_step_up(x, role));
    TRY(sj_session_choose(x->tx, x->worker->channel, &x->session, grant->held.id, SJ_CHOICE_ACTIVE,
        until, body.reason));
    x->status = 204;
    return SJ_DONE;
}

static sj_status drop_role(struct sj_exchange *x, struct sj_text role)
{
    size_t number = 0;
    x->draft.object = x->session.id;
    TRY(find_grant(x, role, &number));
    const struct sj_session_grant *grant = &x->session.grants[number];
    (void)snprintf(x->draft.detail, sizeof x->draft.detail, "role=%s", grant->held.role);
    ENSURE(x->roles.items[number].state == SJ_GRANT_COUNTS, CONFLICT);
    TRY(sj_session_choose(x->tx, x->worker->channel, &x->session, grant->held.id, SJ_CHOICE_DROPPED,
        0, (struct sj_text){"", 0}));
    x->status = 204;
    return SJ_DONE;
}

static sj_status drop(struct sj_exchange *x)
{
    return drop_role(x, sj_request_param(x->request, "role"));
}

struct drop_body {
    struct sj_text role;
};
static const struct sj_json_member drop_members[] = {
    {.name = "role",
        .kind = SJ_JSON_TEXT,
        .offset = offsetof(struct drop_body, role),
        .present_offset = SJ_JSON_NO_PRESENT,
        .required = true,
        .limit = SJ_ROLE_NAME_SIZE - 1},
};

static sj_status drop_by_name(struct sj_exchange *x)
{
    struct drop_body body = {.role = {"", 0}};
    TRY(sj_exchange_decode(x, drop_members, SJ_COUNT(drop_members), &body));
    return drop_role(x, body.role);
}

/* ---- roles from the start ---- */

static bool is_wanted(const struct sj_json_value *roles, const char *role)
{
    struct sj_text none;
    struct sj_text item;
    const struct sj_json_value *value = NULL;
    for (size_t at = 0; sj_json_next(roles, &at, &none, &value);) {
        if (sj_json_as_text(value, &item) && sj_text_is(item, role)) {
            return true;
        }
    }
    return false;
}

/* What every grant would be if those that are wanted were chosen and no other; the first that would not count refuses. */
static sj_status check_start(
    struct sj_exchange *x, const struct sj_json_value *roles, struct sj_session *session)
{
    const struct sj_policy *policy = x->active->policy;
    struct sj_active_roles would;
    struct sj_text none;
    struct sj_text item;
    const struct sj_json_value *value = NULL;
    sj_active_roles(policy, session, sj_time_now(), &would);
    for (size_t at = 0; sj_json_next(roles, &at, &none, &value);) {
        size_t number = session->grant_count;
        if (!sj_json_as_text(value, &item)) {
            return sj_refuse_at(x, "/roles", "TYPE", "a list of names of roles");
        }
        for (size_t i = 0; i < session->grant_count; i++) {
            number = sj_text_is(item, session->grants[i].held.role) ? i : number;
        }
        if (number == session->grant_count) {
            return forbid(x, "/roles", "NOT_AUTHORIZED", "the user does not have this role");
        }
        const uint32_t role = would.items[number].role;
        if (role != SJ_POLICY_NONE && sj_policy_role_at(policy, role)->on_demand) {
            return forbid(x, "/roles", "ON_DEMAND",
                "this role is activated within a session, by showing the second factor again");
        }
        if (would.items[number].state == SJ_GRANT_HELD_APART) {
            return forbid(
                x, "/roles", "DYNAMIC_SEPARATION", "these roles are never active together");
        }
        if (would.items[number].state != SJ_GRANT_COUNTS) {
            return forbid(x, "/roles", "NOT_VALID", sj_grant_state_name(would.items[number].state));
        }
    }
    return SJ_DONE;
}

sj_status sj_session_start_with(
    struct sj_exchange *x, const struct sj_json_value *roles, struct sj_session *session)
{
    if (!sj_json_is_array(roles)) {
        return sj_refuse_at(x, "/roles", "TYPE", "a list of names of roles");
    }
    for (size_t i = 0; i < session->grant_count; i++) {
        struct sj_session_grant *grant = &session->grants[i];
        grant->choice = is_wanted(roles, grant->held.role) ? SJ_CHOICE_ACTIVE : SJ_CHOICE_DROPPED;
        grant->chosen_at = sj_time_now() + session->clock_ahead;
        grant->chosen_until = 0;
    }
    TRY(check_start(x, roles, session));
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    const struct sj_context *context = NULL;
    TRY(sj_authn_context(&x->worker->authn, &context));
    TRY(sj_tx_begin(x->worker->db, context, &tx));
    for (size_t i = 0; i < session->grant_count; i++) {
        const struct sj_session_grant *grant = &session->grants[i];
        TRY(sj_session_choose(
            tx, x->worker->channel, session, grant->held.id, grant->choice, 0, SJ_TEXT("")));
    }
    TRY(sj_tx_commit(&tx));
    sj_session_dropped(x->worker->server->authn, session->id);
    struct sj_active_roles active;
    sj_exchange_roles(x, session, &active);
    return SJ_DONE;
}

struct step_up_body {
    struct sj_text code;
};

static const struct sj_json_member step_up_members[] = {
    {.name = "code",
        .kind = SJ_JSON_TEXT,
        .offset = offsetof(struct step_up_body, code),
        .present_offset = SJ_JSON_NO_PRESENT,
        .required = true,
        .limit = 64},
};

static sj_status step_up(struct sj_exchange *x)
{
    struct step_up_body body = {.code = {"", 0}};
    sj_time_us at = 0;
    TRY(sj_exchange_decode(x, step_up_members, SJ_COUNT(step_up_members), &body));
    x->draft.object = x->session.id;
    (void)snprintf(x->draft.detail, sizeof x->draft.detail, "factor=totp");
    TRY(sj_session_step_up(&x->worker->authn, &x->session, body.code, sj_request_peer(x->request),
        &at, &x->retry_after_s));
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_time(&json, "stepped_up_at", at);
    sj_json_time(&json, "fresh_until", at + STEP_UP_US);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

const struct sj_endpoint sj_routes_role_activations[] = {
    {{SJ_POST, "/api/v1/rbac/AddActiveRole", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_SESSION,
        SJ_ACTION_SESSION_ACTIVATE, activate},
    {{SJ_POST, "/api/v1/rbac/DropActiveRole", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_SESSION,
        SJ_ACTION_SESSION_ACTIVATE, drop_by_name},
    {{SJ_GET, "/api/v1/sessions/current/roles", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_SESSION_LIST, list},
    {{SJ_POST, "/api/v1/sessions/current/roles", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL},
        SJ_USE_SESSION, SJ_ACTION_SESSION_ACTIVATE, activate},
    {{SJ_DELETE, "/api/v1/sessions/current/roles/{role}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL},
        SJ_USE_SESSION, SJ_ACTION_SESSION_ACTIVATE, drop},
    {{SJ_POST, "/api/v1/sessions/current/step-up", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL},
        SJ_USE_FACTOR, SJ_ACTION_SESSION_ACTIVATE, step_up},
};
const size_t sj_routes_role_activations_count = SJ_COUNT(sj_routes_role_activations);
