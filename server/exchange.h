/* SPDX-License-Identifier: Apache-2.0
 *
 * One request on its way through the server (DESIGN 3): authenticate, decide, work, record, answer. Routes are
 * functions over an exchange; server/exchange.c does everything that is the same for all of them, so that no
 * route can forget it:
 *   - refusals of the guard, session, CSRF, decision, idempotency
 *   - a transaction with the actor's context for endpoints that write; commit with the outbox draft
 *   - the audit entry, signed, before any byte leaves; problem details on failure
 */
#ifndef SJ_SERVER_EXCHANGE_H
#define SJ_SERVER_EXCHANGE_H

#include "policy_point.h"

#include "sanjeh/audit/sequencer.h"
#include "sanjeh/authn/authn.h"
#include "sanjeh/http/server.h"
#include "sanjeh/json/decode.h"
#include "sanjeh/json/write.h"
#include "sanjeh/rbac/active.h"

#define SJ_SESSION_COOKIE "__Host-sanjeh"
#define SJ_DEVICE_COOKIE  "__Host-sanjeh-device"

struct sj_server;
struct sj_evaluation;
struct sj_payload_keys;

struct sj_exchange;
/* A body that is written after its start was recorded. fn: on the request's fiber, the request itself is gone; failing with IO: the
 * client is gone, otherwise our failure. */
struct sj_exchange_stream {
    sj_status (*fn)(struct sj_exchange *x, struct sj_feed *feed, void *ctx);
    void *ctx;
    void (*free)(void *ctx);
    uint64_t size; /* bytes, or SJ_FEED_ENDLESS */
};

/* What one loop owns. */
struct sj_worker {
    struct sj_server *server;
    unsigned number;
    struct sj_loop *loop;
    struct sj_db *db;
    struct sj_channel *channel;
    struct sj_fields *fields;
    struct sj_payload_keys *payload_keys; /* of texts beside the record */
    struct sj_authn_loop authn;
    struct sj_http *http;
};

struct sj_exchange {
    struct sj_worker *worker;
    struct sj_request *request;
    struct sj_arena *arena;
    struct sj_session session; /* valid when signed_in */
    bool signed_in;
    struct sj_active_roles
        roles; /* of the session now, by the policy that decides; actor.roles are their bits */
    const struct sj_policy_active
        *active; /* the policy that this request is decided by, to its end */
    struct sj_decision decision;
    bool is_decided;
    bool is_widened;                  /* read scopes joined the context */
    bool is_policy_named;             /* in the draft */
    const struct sj_context *context; /* the session's */
    struct sj_uuid
        glass; /* the opening, or its approval, that the request names and that is the caller's; nil: none */
    bool is_glass;            /* it reads by that opening: the context shows that one file */
    struct sj_tx *tx;         /* endpoints with writes: begun, committed by the exchange */
    struct sj_draft draft;    /* object, object_type, detail: set by the route when it knows */
    struct sj_uuid *subjects; /* whose data the answer shows: sj_exchange_subject */
    size_t subject_count;
    const struct sj_evaluation
        *evaluation; /* that the request names, as read before its work; NULL: none read */
    struct sj_uuid
        missed; /* an evaluation that was asked for and that the caller does not see; nil: none */
    void (*after)(
        struct sj_exchange *x); /* when the deed is durable, before it is answered; or NULL */
    /* the answer, filled by the route */
    unsigned status; /* 200 */
    struct sj_buf body;
    const char *content_type; /* "application/json" */
    struct sj_text location;
    struct sj_text etag; /* without quotes */
    struct sj_text set_cookie[2];
    struct sj_text cache_control; /* "": no-store */
    struct sj_text vary;
    int64_t retry_after_s;
    int fd; /* -1, or a file to stream */
    uint64_t fd_size;
    struct sj_exchange_stream stream;     /* fn NULL: the body is complete as it is */
    struct sj_policy_active *next_policy; /* comes into force after the deed: routes/policies.c */
    struct sj_text proven_digest;         /* what a step-up said it was for; "" */
    struct sj_uuid proven_approval;       /* of break-glass:open; nil elsewhere */
    /* why not, filled by the route beside its failing status */
    struct sj_json_faults faults;
    struct sj_text problem_detail;
    struct sj_text problem_extra; /* ready JSON members: "rows_ok":1,… */
};

/* Fills the answer. A failing status becomes problem details with its code; a started transaction is rolled
 * back. */
typedef sj_status sj_endpoint_fn(struct sj_exchange *x);

enum sj_endpoint_use {
    SJ_USE_OPEN,    /* no session, no record: health (sj_endpoint_is_exempt) */
    SJ_USE_SIGN_IN, /* no session, admitted by source; recorded one by one, but 429 (flood.h) */
    SJ_USE_ANONYMOUS, /* no session, admitted by source; recorded only as a count that names no source */
    SJ_USE_PUBLIC, /* says the same to everybody and touches no data; with a session an entry, else in the count of requests without one */
    SJ_USE_READ,   /* session, decision */
    SJ_USE_WRITE,  /* session, decision, transaction, idempotency on POST */
    SJ_USE_ADMIN,  /* WRITE in the session's scopes and ADMIN: what belongs to no unit */
    SJ_USE_SESSION, /* session, decision, transaction on the account's own sessions: ends draft.object */
    SJ_USE_DECISION, /* as READ, with AuthZEN's manners: X-Request-ID is the caller's, a wrong content type is 400 */
    SJ_USE_APPROVAL, /* SJ_USE_WRITE in the session's scopes and APPROVAL: what takes two persons, the policy */
    SJ_USE_APPROVAL_ONCE, /* the same; never kept for Idempotency-Key: what it answers is told once */
    SJ_USE_RECORD, /* SJ_USE_WRITE in the session's scopes, RECORD and APPROVAL: what belongs to the record */
    SJ_USE_PACKAGE, /* SJ_USE_WRITE in the session's scopes and EVALUATION: figures about groups of all units' judges */
    SJ_USE_ACCOUNTS, /* SJ_USE_WRITE in the session's scopes and those of accounts, their keys and factors, and of approvals; never kept for
                      * Idempotency-Key: an answer may have what is shown once */
    SJ_USE_FACTOR, /* session, decision; a proof is judged in transactions of its own, recorded as a sign-in */
    SJ_USE_STEP_UP /* the same after password and code were shown again in the body, which is that proof and nothing else; never
                    * kept for Idempotency-Key */
};

struct sj_endpoint {
    struct sj_route route;
    enum sj_endpoint_use use;
    enum sj_action action;
    sj_endpoint_fn *fn;
};

/* The session's context with one system scope more, from here to the request's end. */
SJ_MUST_CHECK sj_status sj_exchange_widen(struct sj_exchange *x, struct sj_uuid scope);
#define SJ_SCOPES_WIDE 8
/* The same with several, at most SJ_SCOPES_WIDE. */
SJ_MUST_CHECK sj_status sj_exchange_widen_by(
    struct sj_exchange *x, const struct sj_uuid *scopes, size_t count);
/* A read that was permitted: what the policy lets it see beyond the own unit joins the context. Nothing for most requests. */
SJ_MUST_CHECK sj_status sj_exchange_read_scopes(
    struct sj_exchange *x, const struct sj_endpoint *endpoint);
/* The policy permits this too, to whoever asks. */
bool sj_exchange_may(const struct sj_exchange *x, enum sj_action action);
/* Which roles of the session count now, by the policy that decides this request; fills actor.roles. */
void sj_exchange_roles(
    struct sj_exchange *x, struct sj_session *session, struct sj_active_roles *ret_roles);
/* A request that names an opening of break-glass reads by it, or is refused. Header: Sanjeh-Break-Glass. */
SJ_MUST_CHECK sj_status sj_exchange_glass(
    struct sj_exchange *x, const struct sj_endpoint *endpoint);
/* Decodes the JSON body by a table; faults go to x->faults. */
SJ_MUST_CHECK sj_status sj_exchange_decode(
    struct sj_exchange *x, const struct sj_json_member *members, size_t count, void *target);
/* Reads of approvals and of the policy: from here on x->context has the scope APPROVAL beside the session's. */
SJ_MUST_CHECK sj_status sj_exchange_office(struct sj_exchange *x);
/* Password and code of the body, checked and counted like a sign-in; marks the draft. Errors: STEP_UP_FAILED and others. */
SJ_MUST_CHECK sj_status sj_exchange_step_up(struct sj_exchange *x);
/* Adds the guard that is not met to the faults: 409 GUARD_UNMET. */
SJ_MUST_CHECK sj_status sj_exchange_unmet(
    struct sj_exchange *x, const char *guard, const char *detail);
/* {id} of the path. A malformed id is NOT_FOUND, like an absent one. */
SJ_MUST_CHECK sj_status sj_exchange_id(struct sj_exchange *x, struct sj_uuid *ret_id);
/* The judge's data are in the answer, or were asked for: the entry will say so (he sees who opened his file). Once for each
 * judge however often it is called; nil is nobody. Errors: LIMIT_EXCEEDED beyond SJ_SUBJECTS_MAX. */
SJ_MUST_CHECK sj_status sj_exchange_subject(struct sj_exchange *x, struct sj_uuid judge);
/* The judge of this evaluation, if the caller sees it; nil is nobody's. */
SJ_MUST_CHECK sj_status sj_exchange_subject_of_evaluation(
    struct sj_exchange *x, struct sj_uuid evaluation);
/* One evaluation, if the caller sees it. A read takes what the request's subject was found by; in a transaction it is read anew. */
SJ_MUST_CHECK sj_status sj_exchange_evaluation(struct sj_exchange *x, struct sj_uuid id,
    bool *ret_found, struct sj_evaluation *ret_evaluation);
/* Whoever the path or a filter names, or whose evaluation: before anything is decided. */
SJ_MUST_CHECK sj_status sj_exchange_subject_of_request(
    struct sj_exchange *x, const struct sj_endpoint *endpoint);
/* Of a request that is refused and recorded nobody so far: whose file it was, though the caller does not see it. By the
 * server's own sight; nothing of it is answered. */
SJ_MUST_CHECK sj_status sj_exchange_subject_of_refusal(
    struct sj_exchange *x, const struct sj_endpoint *endpoint);
/* BAD_PARAMETER with the parameter's name, never its value. */
SJ_MUST_CHECK sj_status sj_exchange_bad_parameter(
    struct sj_exchange *x, struct sj_text name, const char *code, const char *detail);
/* Names: a NULL-ended list, NULL for none at all. Errors: BAD_PARAMETER (another one is there). */
SJ_MUST_CHECK sj_status sj_exchange_query_only(struct sj_exchange *x, const char *const *names);

/* ?limit= (1..500, 50) and ?cursor= of a list keyed by uuid (nil: from the start); unknown query members are
 * BAD_PARAMETER: allowed is a NULL-ended list of the others that the route takes. */
struct sj_page {
    size_t limit;
    struct sj_uuid after;
};
SJ_MUST_CHECK sj_status sj_exchange_page(
    struct sj_exchange *x, const char *const *allowed, struct sj_page *ret_page);
/* Opens {"items": [ in x->body / closes it with "next" (last is the key of the last item when there may be more,
 * nil otherwise). */
struct sj_json sj_exchange_list_begin(struct sj_exchange *x);
SJ_MUST_CHECK sj_status sj_exchange_list_end(
    struct sj_exchange *x, struct sj_json *json, struct sj_uuid last);
/* ETag of a version number; checks If-Match for PATCH and DELETE: PRECONDITION_REQUIRED, PRECONDITION_FAILED. */
SJ_MUST_CHECK sj_status sj_exchange_etag(struct sj_exchange *x, int64_t version);
SJ_MUST_CHECK sj_status sj_exchange_if_match(struct sj_exchange *x, int64_t version);
/* A GET whose client has this version already (If-None-Match). */
bool sj_exchange_is_unchanged(const struct sj_exchange *x);
/* Location: <prefix>/<id>, status 201. */
SJ_MUST_CHECK sj_status sj_exchange_created(
    struct sj_exchange *x, const char *prefix, struct sj_uuid id);

/* Refuses a member of the body: INVALID, with pointer, code and detail for the caller. */
SJ_MUST_CHECK static inline sj_status sj_refuse_at(
    struct sj_exchange *x, const char *pointer, const char *code, const char *detail)
{
    TRY(sj_json_fault_add(&x->faults, x->arena, sj_text_of(pointer), code, sj_text_of(detail)));
    FAIL(INVALID);
}

#endif
