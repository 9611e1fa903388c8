/* SPDX-License-Identifier: Apache-2.0
 *
 * Who am I, where else am I signed in, and out again. Only ever about the caller's own account.
 */
#include "../server.h"
#include "account_json.h"
#include "routes.h"

void sj_json_code_or_null(struct sj_json *json, const char *name, struct sj_text code)
{
    if (code.len == 0) {
        sj_json_null(json, name);
    } else {
        sj_json_text(json, name, code);
    }
}

void sj_json_actor(
    struct sj_json *json, const struct sj_policy *policy, const struct sj_session *session)
{
    sj_json_code_or_null(json, "unit", sj_text_of(session->unit_code));
    sj_json_code_or_null(json, "compartment", sj_text_of(session->compartment_code));
    sj_json_array(json, "roles");
    for (size_t bit = 0; bit < sj_policy_role_count(policy); bit++) {
        if ((session->actor.roles >> bit & 1u) != 0) {
            sj_json_str(json, NULL, sj_policy_role_name(policy, bit));
        }
    }
    sj_json_array_end(json);
    sj_json_id_or_null(json, "judge_id", session->actor.judge);
}

static void write_session(struct sj_json *json, const struct sj_session *session)
{
    sj_json_object(json, "session");
    sj_json_id(json, "id", session->id);
    sj_json_time(json, "expires_at", session->expires_at);
    sj_json_time(json, "idle_expires_at", session->idle_expires_at);
    sj_json_object_end(json);
}

static sj_status me(struct sj_exchange *x)
{
    const struct sj_session *session = &x->session;
    CLEANUP(sj_buf_clear) struct sj_buf name = SJ_BUF(1024);
    TRY(sj_session_display_name(&x->worker->authn, session, &name));
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_object(&json, "account");
    sj_json_id(&json, "id", session->actor.account);
    sj_json_str(&json, "username", session->username);
    sj_json_text(&json, "display_name", sj_buf_text(&name));
    sj_json_object_end(&json);
    sj_json_actor(&json, x->active->policy, session);
    sj_json_array(&json, "factors");
    sj_json_str(&json, NULL, "password");
    sj_json_str(&json, NULL, "totp");
    sj_json_array_end(&json);
    write_session(&json, session);
    sj_json_str(&json, "csrf_token", session->csrf_token);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

static sj_status list(struct sj_exchange *x)
{
    struct sj_page page;
    TRY(sj_exchange_page(x, NULL, &page));
    struct sj_session_info *items = NULL;
    size_t count = 0;
    TRY(sj_session_list(&x->worker->authn, &x->session, x->arena, &items, &count));
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < count && i < page.limit; i++) {
        sj_json_object(&json, NULL);
        sj_json_id(&json, "id", items[i].id);
        sj_json_time(&json, "created_at", items[i].created_at);
        sj_json_time(&json, "last_seen_at", items[i].last_seen_at);
        sj_json_time(&json, "expires_at", items[i].expires_at);
        sj_json_bool(&json, "current", items[i].is_current);
        sj_json_object_end(&json);
    }
    return sj_exchange_list_end(x, &json, (struct sj_uuid){{0}});
}

static sj_status end_one(struct sj_exchange *x, struct sj_uuid id)
{
    bool found = false;
    x->draft.object = id;
    TRY(sj_session_end(x->tx, &x->session, id, &found));
    ENSURE(found, NOT_FOUND);
    x->status = 204;
    return SJ_DONE;
}

static sj_status end(struct sj_exchange *x)
{
    struct sj_uuid id;
    TRY(sj_exchange_id(x, &id));
    return end_one(x, id);
}

struct delete_body {
    struct sj_text session;
};
static const struct sj_json_member delete_members[] = {
    {.name = "session",
        .kind = SJ_JSON_TEXT,
        .offset = offsetof(struct delete_body, session),
        .present_offset = SJ_JSON_NO_PRESENT,
        .required = true,
        .limit = 64},
};

/* DeleteSession of INCITS 359: "current" or an id. Somebody else's is none: NOT_FOUND. */
static sj_status delete_session(struct sj_exchange *x)
{
    struct delete_body body = {.session = {"", 0}};
    struct sj_uuid id = x->session.id;
    TRY(sj_exchange_decode(x, delete_members, SJ_COUNT(delete_members), &body));
    ENSURE(sj_text_is(body.session, "current") || !sj_failed(sj_uuid_parse(body.session, &id)),
        NOT_FOUND);
    return end_one(x, id);
}

static sj_status logout(struct sj_exchange *x)
{
    TRY(end_one(x, x->session.id));
    x->set_cookie[0] =
        SJ_TEXT(SJ_SESSION_COOKIE "=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict");
    return SJ_DONE;
}

const struct sj_endpoint sj_routes_sessions[] = {
    {{SJ_POST, "/api/v1/rbac/DeleteSession", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_SESSION,
        SJ_ACTION_SESSION_END, delete_session},
    {{SJ_POST, "/api/v1/logout", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_SESSION,
        SJ_ACTION_SESSION_END, logout},
    {{SJ_GET, "/api/v1/me", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ, SJ_ACTION_SELF_READ,
        me},
    {{SJ_GET, "/api/v1/sessions", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ,
        SJ_ACTION_SESSION_LIST, list},
    {{SJ_DELETE, "/api/v1/sessions/{id}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_SESSION,
        SJ_ACTION_SESSION_END, end},
};
const size_t sj_routes_sessions_count = SJ_COUNT(sj_routes_sessions);
