/* SPDX-License-Identifier: Apache-2.0
 *
 * Signing in: password, then a code that works once (CONTRACT 2). One answer for every refusal; each attempt
 * is an entry of its own. A session exists only after the second factor (I5).
 */
#include "../server.h"
#include "account_json.h"
#include "routes.h"

#include "sanjeh/base/parse.h"

#define DEVICE_SECONDS (365LL * 24 * 60 * 60)

struct login_body {
    struct sj_text username;
    struct sj_text password;
};

static const struct sj_json_member login_members[] = {
    {"username", SJ_JSON_TEXT, offsetof(struct login_body, username), SJ_JSON_NO_PRESENT, true,
        false, 256},
    {"password", SJ_JSON_TEXT, offsetof(struct login_body, password), SJ_JSON_NO_PRESENT, true,
        false, 1024},
};

static void note_actor(struct sj_exchange *x, const struct sj_actor *actor)
{
    x->draft.actor = actor->account;
    x->draft.tenant_tag = actor->tenant_tag;
    (void)snprintf(x->draft.object_type, sizeof x->draft.object_type, "account");
    x->draft.object = actor->account;
}

static sj_status login(struct sj_exchange *x)
{
    struct login_body body = {0};
    TRY(sj_exchange_decode(x, login_members, SJ_COUNT(login_members), &body));
    struct sj_text device = {NULL, 0};
    (void)sj_request_cookie(x->request, SJ_DEVICE_COOKIE, &device);
    struct sj_login_challenge challenge = {0};
    struct sj_actor actor = {0};
    const sj_status status = sj_login_password(&x->worker->authn, body.username, body.password,
        sj_request_peer(x->request), device, &challenge, &actor, &x->retry_after_s);
    note_actor(x, &actor);
    (void)snprintf(x->draft.detail, sizeof x->draft.detail, "factor=password");
    TRY(status);
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_str(&json, "challenge", challenge.token);
    sj_json_array(&json, "methods");
    if (challenge.totp) {
        sj_json_str(&json, NULL, "totp");
    }
    sj_json_array_end(&json);
    sj_json_time(&json, "expires_at", challenge.expires_at);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

struct factor_body {
    struct sj_text challenge;
    struct sj_text method;
    struct sj_text code;
    const struct sj_json_value *roles; /* NULL: all that count */
};

static const struct sj_json_member factor_members[] = {
    {"challenge", SJ_JSON_TEXT, offsetof(struct factor_body, challenge), SJ_JSON_NO_PRESENT, true,
        false, 128},
    {"method", SJ_JSON_TEXT, offsetof(struct factor_body, method), SJ_JSON_NO_PRESENT, true, false,
        32},
    {"code", SJ_JSON_TEXT, offsetof(struct factor_body, code), SJ_JSON_NO_PRESENT, true, false, 64},
    {"roles", SJ_JSON_TREE, offsetof(struct factor_body, roles), SJ_JSON_NO_PRESENT, false, false,
        0},
};

static sj_status set_cookie(
    struct sj_exchange *x, size_t slot, const char *name, const char *value, int64_t max_age_s)
{
    char text[256];
    (void)snprintf(text, sizeof text,
        "%s=%s; Path=/; Max-Age=%lld; Secure; HttpOnly; SameSite=Strict", name, value,
        (long long)max_age_s);
    const sj_status status = sj_arena_text(x->arena, sj_text_of(text), &x->set_cookie[slot]);
    sj_wipe(text, sizeof text);
    return status;
}

static sj_status answer_session(
    struct sj_exchange *x, const char *token, const struct sj_session *session)
{
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_str(&json, "token", token);
    sj_json_time(&json, "expires_at", session->expires_at);
    sj_json_object(&json, "user");
    sj_json_id(&json, "id", session->actor.account);
    sj_json_str(&json, "username", session->username);
    sj_json_actor(&json, x->active->policy, session);
    sj_json_object_end(&json);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

/* A session that was asked for with roles it may not have is none. */
static void end_again(struct sj_exchange *x, const struct sj_session *session)
{
    CLEANUP(sj_tx_rollback) struct sj_tx *tx = NULL;
    const struct sj_context *context = NULL;
    bool found = false;
    sj_status status = sj_authn_context(&x->worker->authn, &context);
    if (!sj_failed(status)) {
        status = sj_tx_begin(x->worker->db, context, &tx);
    }
    if (!sj_failed(status)) {
        status = sj_session_end(tx, session, session->id, &found);
    }
    if (!sj_failed(status)) {
        status = sj_tx_commit(&tx);
    }
    sj_ignore(status, "its token was told to nobody and expires");
    sj_session_dropped(x->worker->server->authn, session->id);
}

/* CreateSession of INCITS 359: with these roles active and no others. */
static sj_status choose_roles(
    struct sj_exchange *x, const struct factor_body *body, struct sj_session *session)
{
    if (body->roles == NULL) {
        return SJ_DONE;
    }
    const sj_status status = sj_session_start_with(x, body->roles, session);
    if (sj_failed(status)) {
        end_again(x, session);
    }
    return status;
}

static sj_status second_factor(struct sj_exchange *x)
{
    struct factor_body body = {0};
    TRY(sj_exchange_decode(x, factor_members, SJ_COUNT(factor_members), &body));
    (void)snprintf(x->draft.detail, sizeof x->draft.detail, "factor=totp");
    ENSURE(sj_text_is(body.method, "totp"), LOGIN_FAILED);
    char token[SJ_TOKEN_TEXT_SIZE] = {0};
    char device[SJ_TOKEN_TEXT_SIZE] = {0};
    struct sj_session session = {0};
    sj_status status = sj_login_totp(&x->worker->authn, body.challenge, body.code,
        sj_request_peer(x->request), token, device, &session, &x->retry_after_s);
    struct sj_active_roles roles;
    note_actor(x, &session.actor); /* also of a refused code: whose challenge it was */
    TRY(status);
    sj_exchange_roles(x, &session, &roles);
    status = choose_roles(x, &body, &session);
    if (sj_failed(status)) {
        sj_wipe(token, sizeof token);
        sj_wipe(device, sizeof device);
        sj_wipe(&session, sizeof session);
        return status;
    }
    const int64_t lifetime_s = (session.expires_at - session.created_at) / 1000000;
    status = set_cookie(x, 0, SJ_SESSION_COOKIE, token, lifetime_s);
    if (!sj_failed(status)) {
        status = set_cookie(x, 1, SJ_DEVICE_COOKIE, device, DEVICE_SECONDS);
    }
    if (!sj_failed(status)) {
        status = answer_session(x, token, &session);
    }
    sj_wipe(token, sizeof token);
    sj_wipe(device, sizeof device);
    sj_wipe(&session, sizeof session);
    return status;
}

/* ---- the first factors of an account that somebody else made ---- */

struct enrol_body {
    struct sj_text enrolment;
    struct sj_text part; /* the approver's */
    struct sj_text username;
    struct sj_text password;
};
static const struct sj_json_member enrol_members[] = {
    {"enrolment", SJ_JSON_TEXT, offsetof(struct enrol_body, enrolment), SJ_JSON_NO_PRESENT, true,
        false, 128},
    {"part", SJ_JSON_TEXT, offsetof(struct enrol_body, part), SJ_JSON_NO_PRESENT, true, false, 128},
    {"username", SJ_JSON_TEXT, offsetof(struct enrol_body, username), SJ_JSON_NO_PRESENT, true,
        false, 256},
    {"password", SJ_JSON_TEXT, offsetof(struct enrol_body, password), SJ_JSON_NO_PRESENT, true,
        false, 1024},
};

static sj_status answer_secret(
    struct sj_exchange *x, struct sj_text username, const uint8_t secret[SJ_TOTP_SECRET_SIZE])
{
    char text[SJ_TOTP_SECRET_SIZE * 8 / 5 + 1];
    char uri[256];
    sj_format_base32(secret, SJ_TOTP_SECRET_SIZE, text);
    (void)snprintf(uri, sizeof uri, "otpauth://totp/Sanjeh:%.*s?secret=%s&issuer=Sanjeh",
        (int)username.len, username.ptr, text);
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_text(&json, "username", username);
    sj_json_str(&json, "totp_secret", text);
    sj_json_str(&json, "totp_uri", uri);
    sj_json_object_end(&json);
    const sj_status status = sj_json_end(&json);
    sj_wipe(text, sizeof text);
    sj_wipe(uri, sizeof uri);
    return status;
}

/* The secret is shown once; with it the person signs in like everybody. */
static sj_status enrol(struct sj_exchange *x)
{
    struct enrol_body body = {.enrolment = {"", 0}};
    TRY(sj_exchange_decode(x, enrol_members, SJ_COUNT(enrol_members), &body));
    (void)snprintf(x->draft.detail, sizeof x->draft.detail, "factor=enrolment");
    const struct sj_enrolling enrolling = {.token = body.enrolment,
        .part = body.part,
        .username = body.username,
        .password = body.password,
        .source = sj_request_peer(x->request)};
    uint8_t secret[SJ_TOTP_SECRET_SIZE] = {0};
    struct sj_actor actor = {0};
    sj_status status = sj_enrol(&x->worker->authn, &enrolling, &actor, secret, &x->retry_after_s);
    note_actor(x, &actor);
    if (status.code == SJ_INVALID) {
        status = sj_refuse_at(
            x, "/password", "WEAK", "12 to 128 characters, and not one that everybody tries");
    }
    if (!sj_failed(status)) {
        status = answer_secret(x, body.username, secret);
    }
    sj_wipe(secret, sizeof secret);
    return status;
}

const struct sj_endpoint sj_routes_sign_in[] = {
    {{SJ_POST, "/api/v1/enrolments", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_SIGN_IN,
        SJ_ACTION_NONE, enrol},
    {{SJ_POST, "/api/v1/login", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_SIGN_IN, SJ_ACTION_NONE,
        login},
    {{SJ_POST, "/api/v1/login/second-factor", SJ_BODY_SMALL, SJ_MEDIA_JSON, NULL}, SJ_USE_SIGN_IN,
        SJ_ACTION_NONE, second_factor},
};
const size_t sj_routes_sign_in_count = SJ_COUNT(sj_routes_sign_in);
