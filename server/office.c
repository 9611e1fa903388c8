/* SPDX-License-Identifier: Apache-2.0
 *
 * What do deeds need that take two persons? A context that shows requests of others, and both factors once more (a session that
 * somebody left open approves nothing). The proof is the whole body and is checked before the deed's transaction begins.
 */
#include "exchange.h"

#include "sanjeh/keys/scopes.h"
#include "server.h"

sj_status sj_exchange_office(struct sj_exchange *x)
{
    return sj_exchange_widen(x, SJ_SCOPE_APPROVAL);
}

struct proof_body {
    struct sj_text method;
    struct sj_text password;
    struct sj_text code;
    struct sj_text digest;
    struct sj_uuid approval;
};

static const struct sj_json_member proof_members[] = {
    {"method", SJ_JSON_TEXT, offsetof(struct proof_body, method), SJ_JSON_NO_PRESENT, true, false,
        32},
    {"password", SJ_JSON_TEXT, offsetof(struct proof_body, password), SJ_JSON_NO_PRESENT, true,
        false, 512},
    {"code", SJ_JSON_TEXT, offsetof(struct proof_body, code), SJ_JSON_NO_PRESENT, true, false, 64},
    {"digest", SJ_JSON_TEXT, offsetof(struct proof_body, digest), SJ_JSON_NO_PRESENT, false, false,
        80},
    {"approval", SJ_JSON_ID, offsetof(struct proof_body, approval), SJ_JSON_NO_PRESENT, true, false,
        0}, /* of break-glass:open alone: the last one */
};

sj_status sj_exchange_step_up(struct sj_exchange *x)
{
    struct proof_body body = {.method = {"", 0}};
    const struct sj_endpoint *endpoint = sj_request_route(x->request)->tag;
    const bool names_approval = endpoint->action == SJ_ACTION_BREAK_GLASS_OPEN;
    TRY(sj_exchange_decode(
        x, proof_members, SJ_COUNT(proof_members) - (names_approval ? 0 : 1), &body));
    if (!sj_text_is(body.method, "password+totp")) {
        TRY(sj_json_fault_add(&x->faults, x->arena, SJ_TEXT("/method"), "UNKNOWN",
            SJ_TEXT("password+totp is the method there is")));
        FAIL(INVALID);
    }
    TRY(sj_login_admit(&x->worker->authn, sj_request_peer(x->request), &x->retry_after_s));
    struct sj_text device = {"", 0};
    (void)sj_request_cookie(x->request, SJ_DEVICE_COOKIE, &device);
    x->proven_digest = body.digest;
    x->proven_approval = body.approval;
    const struct sj_factor_proof proof = {.password = body.password,
        .code = body.code,
        .source = sj_request_peer(x->request),
        .device = device};
    return sj_step_up(&x->worker->authn, &x->session, &proof, &x->retry_after_s);
}

sj_status sj_exchange_unmet(struct sj_exchange *x, const char *guard, const char *detail)
{
    TRY(sj_json_fault_add(&x->faults, x->arena, SJ_TEXT(""), guard, sj_text_of(detail)));
    FAIL(GUARD_UNMET);
}
