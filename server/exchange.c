/* SPDX-License-Identifier: Apache-2.0
 *
 * What happens to every request, whatever it asks? Authenticate, check the cross-site token, decide, work,
 * record, answer — in this order and in this file only. A route cannot be reached past it, and no byte
 * leaves before its entry is committed and signed (I1). Everything that fails is refused (I6).
 */
#include "exchange.h"

#include "answer.h"
#include "idempotency.h"
#include "server.h"
#include "stream.h"

#include "sanjeh/base/log.h"
#include "sanjeh/crypto/hash.h"
#include "sanjeh/keys/scopes.h"

/* How long a refusal waits for the entry that it shares, and how often it looks. */
#define ROLES_SPARE       160 /* of the detail, for what is written behind the roles */
#define FLOOD_PATIENCE_MS 2000
#define FLOOD_POLL_MS     5
#define SUBJECTS_FIRST    16
#define BODY_FIRST        1024 /* one object fits: without it the buffer grows four times */

static const struct sj_endpoint *endpoint_of(const struct sj_exchange *x)
{
    const struct sj_route *route = sj_request_route(x->request);
    return route == NULL ? NULL : route->tag;
}

static bool bearer_of(const struct sj_request *request, struct sj_text *ret_token)
{
    struct sj_text value = {NULL, 0};
    if (!sj_request_header(request, "Authorization", &value) || value.len < 7 ||
        strncasecmp(value.ptr, "Bearer ", 7) != 0) {
        return false;
    }
    *ret_token = (struct sj_text){value.ptr + 7, value.len - 7};
    return true;
}

void sj_exchange_roles(
    struct sj_exchange *x, struct sj_session *session, struct sj_active_roles *ret_roles)
{
    sj_active_roles(x->active->policy, session, sj_time_now(), ret_roles);
    session->actor.roles = sj_active_bits(ret_roles);
    session->actor.roles_of = x->active->generation;
}

/* Finds the session. by_cookie: the browser sent it by itself, so unsafe methods need the CSRF token. */
static sj_status authenticate(struct sj_exchange *x, bool *ret_by_cookie)
{
    struct sj_text token = {NULL, 0};
    *ret_by_cookie = false;
    if (!bearer_of(x->request, &token)) {
        if (!sj_request_cookie(x->request, SJ_SESSION_COOKIE, &token)) {
            return SJ_DONE;
        }
        *ret_by_cookie = true;
    }
    TRY(sj_session_find(&x->worker->authn, token, &x->signed_in, &x->session));
    if (x->signed_in) {
        sj_exchange_roles(x, &x->session, &x->roles);
        x->context = &x->session.context;
        x->draft.actor = x->session.actor.account;
        x->draft.tenant_tag = x->session.actor.tenant_tag;
    }
    return SJ_DONE;
}

static sj_status check_csrf(const struct sj_exchange *x, bool by_cookie)
{
    const enum sj_method method = sj_request_method(x->request);
    if (!by_cookie || method == SJ_GET || method == SJ_HEAD || method == SJ_OPTIONS) {
        return SJ_DONE;
    }
    struct sj_text sent = {NULL, 0};
    const size_t len = strlen(x->session.csrf_token);
    ENSURE(sj_request_header(x->request, "X-CSRF-Token", &sent) && sent.len == len &&
               sj_equal_ct(sent.ptr, x->session.csrf_token, len),
        CSRF_REQUIRED);
    return SJ_DONE;
}

static sj_status refusal(const struct sj_exchange *x)
{
    const struct sj_endpoint *endpoint = endpoint_of(x);
    const enum sj_code code = sj_request_refusal(x->request);
    ENSURE(
        code != SJ_UNSUPPORTED_MEDIA_TYPE || endpoint == NULL || endpoint->use != SJ_USE_DECISION,
        BAD_REQUEST);
    return code == SJ_OK ? SJ_DONE : (sj_status){code, "http"};
}

static sj_status work_read(struct sj_exchange *x, const struct sj_endpoint *endpoint)
{
    return endpoint->fn(x);
}

sj_status sj_exchange_subject(struct sj_exchange *x, struct sj_uuid judge)
{
    if (sj_uuid_is_nil(judge)) {
        return SJ_DONE;
    }
    for (size_t i = x->subject_count; i > 0; i--) {
        if (sj_uuid_equal(x->subjects[i - 1], judge)) {
            return SJ_DONE;
        }
    }
    ENSURE(x->subject_count < SJ_SUBJECTS_MAX, LIMIT_EXCEEDED);
    const bool is_full = x->subject_count == 0 || x->subject_count == SUBJECTS_FIRST;
    if (is_full) {
        const size_t room = x->subject_count == 0 ? SUBJECTS_FIRST : SJ_SUBJECTS_MAX;
        void *memory = NULL;
        TRY(sj_arena_alloc(x->arena, room * sizeof(struct sj_uuid), &memory));
        TRY(sj_copy(memory, room * sizeof(struct sj_uuid), x->subjects,
            x->subject_count * sizeof(struct sj_uuid)));
        x->subjects = memory;
    }
    x->subjects[x->subject_count++] = judge;
    return SJ_DONE;
}

/* "policy=default@3:<first 16 digits of its digest>;assignments=88": whose decision it was, for a replay. */
static sj_status name_policy(struct sj_exchange *x)
{
    if (!x->is_decided || x->is_policy_named) {
        return SJ_DONE;
    }
    const struct sj_policy *policy = x->active->policy;
    const char *digest = strchr(sj_policy_digest(policy), ':');
    const size_t used = strlen(x->draft.detail);
    const int len = snprintf(x->draft.detail + used, sizeof x->draft.detail - used,
        "%spolicy=%s@%u:%.16s;assignments=%lld", used == 0 ? "" : ";", sj_policy_id(policy),
        sj_policy_version(policy), digest == NULL ? "" : digest + 1,
        (long long)x->session.assignments);
    ENSURE(len > 0 && (size_t)len < sizeof x->draft.detail - used, LIMIT_EXCEEDED);
    x->is_policy_named = true;
    return SJ_DONE;
}

/* "break_glass=<id>": the opening that let read, or was to. */
static sj_status name_glass(struct sj_exchange *x)
{
    if (sj_uuid_is_nil(x->glass)) {
        return SJ_DONE;
    }
    char id[SJ_UUID_TEXT_SIZE];
    sj_uuid_format(x->glass, id);
    const size_t used = strlen(x->draft.detail);
    const int len = snprintf(x->draft.detail + used, sizeof x->draft.detail - used,
        "%sbreak_glass=%s", used == 0 ? "" : ";", id);
    ENSURE(len > 0 && (size_t)len < sizeof x->draft.detail - used, LIMIT_EXCEEDED);
    x->glass = (struct sj_uuid){{0}};
    return SJ_DONE;
}

/* "roles=issuer+evaluator": in which roles somebody's data were opened; he may know them (DOMAIN d). */
static void note_roles(struct sj_exchange *x)
{
    const struct sj_policy *policy = x->active->policy;
    const char *lead = x->draft.detail[0] == '\0' ? "roles=" : ";roles=";
    for (size_t bit = 0; bit < sj_policy_role_count(policy); bit++) {
        const size_t used = strlen(x->draft.detail);
        const char *name = sj_policy_role_name(policy, bit);
        const bool is_held = (x->session.actor.roles >> bit & 1u) != 0;
        if (is_held && strcmp(name, "member") != 0 &&
            used + strlen(name) + ROLES_SPARE < sizeof x->draft.detail) {
            (void)snprintf(
                x->draft.detail + used, sizeof x->draft.detail - used, "%s%s", lead, name);
            lead = "+";
        }
    }
}

/* Once, before the draft goes anywhere. */
static sj_status seal_subjects(struct sj_exchange *x)
{
    TRY(name_policy(x));
    TRY(name_glass(x));
    if (x->draft.subjects != NULL || x->subject_count == 0) {
        return SJ_DONE;
    }
    note_roles(x);
    return sj_subjects_seal(&x->draft, x->subjects, x->subject_count);
}

/* The outcome of a deed is part of its transaction: draft and deed are both there or both absent (I8). */
static sj_status commit_with_draft(struct sj_exchange *x)
{
    struct sj_sequencer *sequencer = x->worker->server->sequencer;
    TRY(seal_subjects(x));
    x->draft.outcome = SJ_OUTCOME_PERMITTED;
    x->draft.http_status = (uint16_t)x->status;
    return sj_sequencer_commit(sequencer, &x->tx, &x->draft, 1);
}

static sj_status work_write(
    struct sj_exchange *x, const struct sj_endpoint *endpoint, bool *ret_in_outbox)
{
    const bool own_session = endpoint->use == SJ_USE_SESSION;
    const bool stepped_up = endpoint->use == SJ_USE_STEP_UP;
    if (stepped_up) {
        /* before the transaction: proofs have transactions of their own */
        TRY(sj_exchange_step_up(x));
    }
    if (stepped_up || endpoint->use == SJ_USE_APPROVAL || endpoint->use == SJ_USE_APPROVAL_ONCE) {
        TRY(sj_exchange_office(x));
    }
    const struct sj_context *context = x->context;
    if (own_session) {
        TRY(sj_authn_context(&x->worker->authn, &context));
    }
    if (endpoint->use == SJ_USE_ADMIN) {
        TRY(sj_exchange_widen(x, SJ_SCOPE_ADMIN));
        context = x->context;
    }
    if (endpoint->use == SJ_USE_RECORD) {
        const struct sj_uuid scopes[] = {SJ_SCOPE_RECORD, SJ_SCOPE_APPROVAL};
        TRY(sj_exchange_widen_by(x, scopes, SJ_COUNT(scopes)));
        context = x->context;
    }
    if (endpoint->use == SJ_USE_PACKAGE) {
        TRY(sj_exchange_widen(x, SJ_SCOPE_EVALUATION));
        context = x->context;
    }
    const bool shows_once =
        endpoint->use == SJ_USE_ACCOUNTS || endpoint->use == SJ_USE_APPROVAL_ONCE;
    if (endpoint->use == SJ_USE_ACCOUNTS) {
        const struct sj_uuid scopes[] = {
            SJ_SCOPE_ADMIN, SJ_SCOPE_AUTHN, SJ_SCOPE_KEYS, SJ_SCOPE_APPROVAL};
        TRY(sj_exchange_widen_by(x, scopes, SJ_COUNT(scopes)));
        context = x->context;
    }
    TRY(sj_tx_begin(x->worker->db, context, &x->tx));
    struct sj_idempotency idempotency = {0};
    bool replayed = false;
    if (!own_session && !stepped_up && !shows_once) {
        TRY(sj_idempotency_claim(x, &idempotency, &replayed));
    }
    if (replayed) {
        sj_tx_rollback(&x->tx);
        return SJ_DONE;
    }
    TRY(endpoint->fn(x));
    TRY(sj_idempotency_keep(x, &idempotency));
    TRY(commit_with_draft(x));
    *ret_in_outbox = true;
    if (x->after != NULL) {
        x->after(x);
    }
    if (own_session) {
        sj_session_dropped(x->worker->server->authn, x->draft.object);
    }
    return SJ_DONE;
}

static bool has_transaction(const struct sj_endpoint *endpoint)
{
    return endpoint->use == SJ_USE_WRITE || endpoint->use == SJ_USE_ADMIN ||
           endpoint->use == SJ_USE_SESSION || endpoint->use == SJ_USE_APPROVAL ||
           endpoint->use == SJ_USE_APPROVAL_ONCE || endpoint->use == SJ_USE_STEP_UP ||
           endpoint->use == SJ_USE_ACCOUNTS || endpoint->use == SJ_USE_RECORD ||
           endpoint->use == SJ_USE_PACKAGE;
}

/* What changes who may do what, and what destroys: not while nobody outside sees the record. */
static bool needs_witness(const struct sj_endpoint *endpoint)
{
    static const char *const places[] = {"/api/v1/accounts", "/api/v1/approvals",
        "/api/v1/assignments", "/api/v1/break-glass", "/api/v1/delegations", "/api/v1/policies",
        "/api/v1/policy-domains", "/api/v1/rbac", "/api/v1/recertifications"};
    for (size_t i = 0; i < SJ_COUNT(places); i++) {
        if (has_transaction(endpoint) &&
            strncmp(endpoint->route.path, places[i], strlen(places[i])) == 0) {
            return true;
        }
    }
    return false;
}

static sj_status decide_and_work(
    struct sj_exchange *x, const struct sj_endpoint *endpoint, bool by_cookie, bool *ret_in_outbox)
{
    ENSURE(x->signed_in, UNAUTHENTICATED);
    TRY(sj_exchange_glass(x, endpoint));
    TRY(sj_exchange_subject_of_request(x, endpoint));
    TRY(check_csrf(x, by_cookie));
    x->decision = x->is_glass
                      ? sj_active_decide_glass(x->active, &x->session.actor, endpoint->action)
                      : sj_active_decide(x->active, &x->session.actor, endpoint->action);
    x->draft.policy_version = x->decision.policy_version;
    x->is_decided = true;
    ENSURE(x->decision.permit, FORBIDDEN);
    ENSURE(!needs_witness(endpoint) || !sj_publisher_blocks(x->worker->server->publisher),
        RECORD_UNWITNESSED);
    if (has_transaction(endpoint)) {
        return work_write(x, endpoint, ret_in_outbox);
    }
    if (!x->is_glass) { /* the opening is all that it sees */
        TRY(sj_exchange_read_scopes(x, endpoint));
    }
    return work_read(x, endpoint);
}

static bool has_no_session(const struct sj_endpoint *endpoint)
{
    return endpoint != NULL &&
           (endpoint->use == SJ_USE_SIGN_IN || endpoint->use == SJ_USE_ANONYMOUS);
}

static sj_status run(struct sj_exchange *x, const struct sj_endpoint *endpoint, bool *ret_in_outbox)
{
    bool by_cookie = false;
    if (endpoint != NULL && (endpoint->use == SJ_USE_OPEN || endpoint->use == SJ_USE_PUBLIC)) {
        /* what everybody may read is still an entry of whoever is known */
        TRY(endpoint->use == SJ_USE_PUBLIC ? authenticate(x, &by_cookie) : SJ_DONE);
        TRY(refusal(x));
        return endpoint->fn(x);
    }
    const bool sessionless = has_no_session(endpoint);
    if (!sessionless) {
        TRY(authenticate(x, &by_cookie));
    } else {
        /* before anything that was sent is looked at: each attempt is an entry of the record */
        TRY(sj_login_admit(&x->worker->authn, sj_request_peer(x->request), &x->retry_after_s));
    }
    TRY(refusal(x));
    ENSURE(endpoint != NULL, NOT_FOUND);
    if (sessionless) {
        return endpoint->fn(x);
    }
    return decide_and_work(x, endpoint, by_cookie, ret_in_outbox);
}

static void name_action(struct sj_exchange *x, const struct sj_endpoint *endpoint)
{
    const char *action = "http:refused";
    if (endpoint != NULL && endpoint->use == SJ_USE_SIGN_IN) {
        action = "session:sign-in";
    } else if (endpoint != NULL && endpoint->use == SJ_USE_PUBLIC) {
        action = "document:read";
    } else if (endpoint != NULL) {
        action = sj_action_name(endpoint->action);
        (void)snprintf(x->draft.object_type, sizeof x->draft.object_type, "%s",
            sj_action_type(endpoint->action));
    }
    (void)snprintf(x->draft.action, sizeof x->draft.action, "%s", action);
    x->draft.kind =
        endpoint != NULL && (endpoint->use == SJ_USE_SIGN_IN || endpoint->use == SJ_USE_FACTOR)
            ? SJ_ENTRY_SIGN_IN
            : SJ_ENTRY_ACCESS;
}

static enum sj_outcome outcome_of(unsigned http_status)
{
    if (http_status < 400) {
        return SJ_OUTCOME_PERMITTED;
    }
    return http_status == 401 || http_status == 403 || http_status == 404 || http_status == 429
               ? SJ_OUTCOME_DENIED
               : SJ_OUTCOME_FAILED;
}

/* Nothing may be answered but this: the prepared data are wiped first. */
static void withhold(struct sj_exchange *x, sj_status why)
{
    sj_stream_drop(x);
    sj_buf_clear(&x->body);
    x->location = x->etag = (struct sj_text){NULL, 0};
    x->set_cookie[0] = x->set_cookie[1] = (struct sj_text){NULL, 0};
    x->problem_detail = x->problem_extra = (struct sj_text){NULL, 0};
    x->faults.count = 0;
    sj_answer_problem(x, why);
}

/* Waits while another request records the window's first refusal, but not longer than an entry may take. */
static enum sj_flood_turn flood_turn(
    struct sj_flood *flood, struct sj_uuid source, struct sj_receipt *ret_receipt)
{
    const int64_t until_ms = sj_time_monotonic_ms() + FLOOD_PATIENCE_MS;
    for (;;) {
        const int64_t now_ms = sj_time_monotonic_ms();
        const enum sj_flood_turn turn = sj_flood_turn(flood, source, now_ms, ret_receipt);
        if (turn != SJ_FLOOD_WAIT || now_ms >= until_ms) {
            return turn;
        }
        sj_fiber_sleep_ms(FLOOD_POLL_MS);
    }
}

/* Too many attempts of one source: the first of a window is an entry, the others carry its receipt and are counted. */
static void send_flooded(struct sj_exchange *x)
{
    struct sj_server *server = x->worker->server;
    const struct sj_uuid source = sj_source_prefix(sj_request_peer(x->request));
    struct sj_receipt receipt = {0};
    const enum sj_flood_turn turn = flood_turn(server->flood, source, &receipt);
    if (turn == SJ_FLOOD_SHARED) {
        sj_anonymous_count(server->anonymous, sj_request_peer(x->request), x->status);
        sj_answer_send(x, &receipt);
        return;
    }
    const size_t used = strlen(x->draft.detail);
    (void)snprintf(x->draft.detail + used, sizeof x->draft.detail - used, "%sshared_ms=%d",
        used == 0 ? "" : ";", SJ_FLOOD_WINDOW_MS);
    const sj_status status =
        sj_sequencer_record(server->sequencer, &x->draft, /* in_outbox= */ false, &receipt);
    if (turn == SJ_FLOOD_FIRST) {
        sj_flood_recorded(server->flood, source, sj_failed(status) ? NULL : &receipt);
    }
    if (sj_failed(status)) {
        withhold(x, status);
        sj_answer_send(x, NULL);
        return;
    }
    sj_answer_send(x, &receipt);
}

static void record_and_send(
    struct sj_exchange *x, const struct sj_endpoint *endpoint, bool in_outbox)
{
    struct sj_server *server = x->worker->server;
    const bool open = sj_endpoint_is_exempt(endpoint);
    const bool sign_in = endpoint != NULL && endpoint->use == SJ_USE_SIGN_IN;
    const bool recorded = x->signed_in || sign_in;
    if (!recorded) {
        if (endpoint != NULL && endpoint->use == SJ_USE_ANONYMOUS) {
            sj_anonymous_count(server->anonymous, (struct sj_uuid){{0}}, x->status);
        } else if (!open) {
            sj_anonymous_count(server->anonymous, sj_request_peer(x->request), x->status);
        }
        sj_answer_send(x, NULL);
        return;
    }
    if (!in_outbox) {
        x->draft.outcome = outcome_of(x->status);
        x->draft.http_status = (uint16_t)x->status;
    }
    if (sign_in && x->status == 429) {
        send_flooded(x);
        return;
    }
    struct sj_receipt receipt = {0};
    x->draft.kind = x->stream.fn != NULL ? SJ_ENTRY_STREAM_START : x->draft.kind;
    sj_status status = seal_subjects(x);
    if (!sj_failed(status)) {
        status = sj_sequencer_record(server->sequencer, &x->draft, in_outbox, &receipt);
    }
    if (sj_failed(status)) {
        /* A committed deed is in the outbox and will be recorded; saying that nothing happened would be a lie. */
        withhold(x, in_outbox ? SJ_FAILURE(RECORD_DELAYED) : status);
        sj_answer_send(x, NULL);
        return;
    }
    if (x->stream.fn != NULL) {
        sj_stream_send(x, &receipt);
        return;
    }
    sj_answer_send(x, &receipt);
}

static void log_failure(const struct sj_exchange *x, sj_status status)
{
    const enum sj_level level = sj_code_level(status.code);
    if (level <= SJ_LEVEL_WARN) {
        const struct sj_log_field fields[] = {
            sj_log_status(status), sj_log_id("http.request.id", x->draft.request_id)};
        sj_log(level, "http.request.failed", fields, SJ_COUNT(fields));
    }
}

/* A refusal is recorded with the judge whose file was asked for, or it is not answered. A flood is not looked into. */
static sj_status name_refused(
    struct sj_exchange *x, const struct sj_endpoint *endpoint, sj_status status)
{
    const unsigned http = sj_code_http(status.code);
    if (http >= 500 || http == 429) {
        return status;
    }
    const sj_status named = sj_exchange_subject_of_refusal(x, endpoint);
    return sj_failed(named) ? named : status;
}

void sj_exchange_handle(void *ctx, struct sj_request *request)
{
    struct sj_worker *worker = ctx;
    struct sj_server *server = worker->server;
    const int64_t started_us = sj_time_now();
    (void)atomic_fetch_add(&server->in_flight, 1);
    struct sj_exchange x = {.worker = worker,
        .request = request,
        .arena = sj_request_arena(request),
        .status = 200,
        .body = SJ_BUF(SJ_ANSWER_MAX),
        .content_type = "application/json",
        .fd = -1};
    x.active = sj_policy_pin(server->point, worker->number);
    x.draft.request_id = sj_request_id(request);
    const struct sj_endpoint *endpoint = endpoint_of(&x);
    name_action(&x, endpoint);
    bool in_outbox = false;
    sj_ignore(sj_buf_reserve(&x.body, BODY_FIRST), "whoever writes to it reserves too");
    sj_status status = run(&x, endpoint, &in_outbox);
    sj_tx_rollback(&x.tx);
    if (sj_failed(status) && x.signed_in && endpoint != NULL) {
        status = name_refused(&x, endpoint, status);
    }
    if (sj_failed(status)) {
        log_failure(&x, status);
        sj_stream_drop(&x);
        sj_answer_problem(&x, status);
    } else if (sj_exchange_is_unchanged(&x)) {
        x.status = 304; /* recorded like the answer that it stands for */
        sj_buf_reset(&x.body);
    }
    record_and_send(&x, endpoint, in_outbox);
    sj_metrics_count(
        &server->metrics, sj_endpoint_number(endpoint), x.status, sj_time_now() - started_us);
    sj_buf_clear(&x.body);
    sj_wipe(&x.session, sizeof x.session);
    sj_policy_unpin(server->point, worker->number, &x.active);
    sj_policy_active_free(&x.next_policy);
    (void)atomic_fetch_sub(&server->in_flight, 1);
}
