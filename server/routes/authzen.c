/* SPDX-License-Identifier: Apache-2.0
 *
 * /access/v1 and its metadata: OpenID AuthZEN 1.0 for policy domains and for Sanjeh's own policy. Decisions are answers (200), each request is one entry
 * of the record with its counts and the hash of what was asked: the asker keeps the request, the record proves the answer.
 */
#include "../own_point.h"
#include "../server.h"
#include "approval_json.h"
#include "authzen_desk.h"
#include "routes.h"

#include "sanjeh/crypto/hash.h"

#define BODY_MAX ((size_t)1024 * 1024)

typedef sj_status answer_fn(const struct sj_authzen_request *request, struct sj_buf *out,
    struct sj_authzen_result *ret_result);

static sj_status refuse_request(struct sj_exchange *x, const struct sj_authzen_result *result)
{
    if (result->why[0] != '\0') {
        TRY(sj_json_fault_add(
            &x->faults, x->arena, sj_text_of(result->pointer), "FORMAT", sj_text_of(result->why)));
    }
    FAIL(BAD_REQUEST);
}

/* Whoever asks may ask for answers without context members. */
static sj_status take_bare(struct sj_exchange *x, bool *ret_bare)
{
    *ret_bare = false;
    for (size_t i = 0; i < sj_request_query_count(x->request); i++) {
        struct sj_text name;
        struct sj_text value;
        sj_request_query(x->request, i, &name, &value);
        const bool is_set = sj_text_is(value, "1");
        if (!sj_text_is(name, "bare") || (!is_set && !sj_text_is(value, "0"))) {
            return sj_exchange_bad_parameter(x, name, "FORMAT", "?bare= with 0 or 1 alone");
        }
        *ret_bare = is_set;
    }
    return SJ_DONE;
}

/* subject and object of a domain may be people of other systems: the entry has their hash, not their names. */
static sj_status note(struct sj_exchange *x, struct sj_text domain, const struct sj_domain *of,
    const struct sj_authzen_result *result)
{
    struct sj_hash hash;
    TRY(sj_sha256_one(sj_request_body(x->request), &hash));
    CLEANUP(sj_buf_clear) struct sj_buf hex = SJ_BUF(2 * sizeof hash.bytes + 1);
    TRY(sj_buf_put_hex(&hex, sj_view_of(hash.bytes, sizeof hash.bytes)));
    (void)snprintf(x->draft.detail, sizeof x->draft.detail,
        "domain=%.*s;domain_version=%lld;digest=%s;decisions=%u;permitted=%u;code=%s;request_"
        "sha256=%.*s",
        (int)domain.len, domain.ptr, (long long)sj_domain_version(of), sj_domain_digest(of),
        result->asked, result->permitted, result->code, (int)hex.len, (const char *)hex.ptr);
    return SJ_DONE;
}

/* Of the path; without a name Sanjeh's own. all: the search is for subjects. */
static sj_status find_domain(
    struct sj_exchange *x, struct sj_text name, bool all, struct sj_domain **ret_domain)
{
    if (name.len == 0) {
        return sj_own_domain(x, all, ret_domain);
    }
    return sj_authzen_domain(x, name, ret_domain);
}

/* What an approval that came along is worth. One whose seals do not fit is worth nothing. */
static sj_status weigh(
    struct sj_exchange *x, struct sj_uuid id, struct sj_authzen_approval *ret_approval)
{
    *ret_approval = (struct sj_authzen_approval){.reason = "approval_unverifiable"};
    TRY(sj_exchange_office(x));
    const struct sj_approval_desk desk = sj_approval_desk_of(x);
    struct sj_approval approval;
    bool found = false;
    const char *why = "";
    const sj_status status = sj_approval_find(&desk, id, &found, &approval, &why);
    if (status.code == SJ_CONFLICT) {
        return SJ_DONE;
    }
    TRY(status);
    if (!found || !sj_text_is(approval.action, "decision:request")) {
        return SJ_DONE;
    }
    ret_approval->question = approval.object;
    ret_approval->count = (uint32_t)sj_approval_count(&approval);
    if (sj_text_is(approval.state, "rejected") || sj_text_is(approval.state, "cancelled")) {
        ret_approval->reason = "approval_denied";
    } else if (approval.expires_at <= sj_time_now()) {
        ret_approval->reason = "approval_expired";
    } else {
        ret_approval->reason = sj_text_is(approval.state, "approved") ? "" : "grant_pending";
    }
    return SJ_DONE;
}

/* NULL when the request brings none. */
static sj_status take_approval(struct sj_exchange *x, struct sj_text domain,
    struct sj_authzen_approval *room, const struct sj_authzen_approval **ret_approval)
{
    static const char member[] = "\"approval\"";
    const struct sj_view body = sj_request_body(x->request);
    bool given = false;
    struct sj_uuid id;
    *ret_approval = NULL;
    if (domain.len == 0 || body.len == 0 ||
        memmem(body.ptr, body.len, member, sizeof member - 1) == NULL) {
        return SJ_DONE; /* nearly all */
    }
    TRY(sj_authzen_approval_of(body, x->arena, &given, &id));
    if (given) {
        TRY(weigh(x, id, room));
        *ret_approval = room;
    }
    return SJ_DONE;
}

static sj_status answer(struct sj_exchange *x, answer_fn *fn, bool all)
{
    const struct sj_text name = sj_request_param(x->request, "domain");
    CLEANUP(sj_domain_release) struct sj_domain *domain = NULL;
    TRY(find_domain(x, name, all, &domain));
    struct sj_authzen_approval approval;
    struct sj_authzen_request request = {.domain = domain,
        .name = name,
        .body = sj_request_body(x->request),
        .now = sj_time_now(),
        .arena = x->arena};
    TRY(take_bare(x, &request.bare));
    TRY(take_approval(x, name, &approval, &request.approval));
    struct sj_authzen_result result;
    const sj_status status = fn(&request, &x->body, &result);
    TRY(note(x, name, domain, &result));
    /* a body that does not fit the memory of one request */
    ENSURE(status.code != SJ_LIMIT_EXCEEDED, BODY_TOO_LARGE);
    return status.code == SJ_BAD_REQUEST ? refuse_request(x, &result) : status;
}

static sj_status evaluation(struct sj_exchange *x)
{
    return answer(x, sj_authzen_evaluation, false);
}

static sj_status evaluations(struct sj_exchange *x)
{
    return answer(x, sj_authzen_evaluations, false);
}

#define SEARCH(name, what)                                                                         \
    static sj_status name##_now(const struct sj_authzen_request *request, struct sj_buf *out,      \
        struct sj_authzen_result *ret_result)                                                      \
    {                                                                                              \
        return sj_authzen_search(request, what, out, ret_result);                                  \
    }                                                                                              \
    static sj_status name(struct sj_exchange *x)                                                   \
    {                                                                                              \
        return answer(x, name##_now, (what) == SJ_SEARCH_SUBJECT);                                 \
    }
SEARCH(search_subject, SJ_SEARCH_SUBJECT)
SEARCH(search_resource, SJ_SEARCH_RESOURCE)
SEARCH(search_action, SJ_SEARCH_ACTION)

/* ---- metadata ---- */

static bool is_host(struct sj_text host)
{
    bool good = host.len >= 1 && host.len <= 200;
    for (size_t i = 0; good && i < host.len; i++) {
        const char c = host.ptr[i];
        good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
    }
    return good;
}

/* Told of any well-formed name: whether there is such a domain only those learn who may ask it. */
static sj_status metadata(struct sj_exchange *x)
{
    struct sj_text host;
    const struct sj_text domain = sj_request_param(x->request, "domain");
    ENSURE(domain.len == 0 || sj_domain_name_is_valid(domain), NOT_FOUND);
    ENSURE(sj_request_header(x->request, "Host", &host) && is_host(host), BAD_REQUEST);
    char base[256];
    (void)snprintf(base, sizeof base, "https://%.*s", (int)host.len, host.ptr);
    return sj_authzen_metadata(sj_text_of(base), domain, &x->body);
}

#define ASK(path, action, fn)                                                                      \
    {{SJ_POST, "/access/v1/" path, BODY_MAX, SJ_MEDIA_JSON, NULL}, SJ_USE_DECISION,                \
        SJ_ACTION_DECISION_##action, fn},                                                          \
    {                                                                                              \
        {SJ_POST, "/access/v1/{domain}/" path, BODY_MAX, SJ_MEDIA_JSON, NULL}, SJ_USE_DECISION,    \
            SJ_ACTION_DECISION_##action, fn                                                        \
    }
#define METADATA "/.well-known/authzen-configuration"

/* Each with and without the name of a domain. */
const struct sj_endpoint sj_routes_authzen[] = {
    ASK("evaluation", EVALUATE, evaluation),
    ASK("evaluations", EVALUATE, evaluations),
    ASK("search/subject", SEARCH, search_subject),
    ASK("search/resource", SEARCH, search_resource),
    ASK("search/action", SEARCH, search_action),
    {{SJ_GET, METADATA, SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_PUBLIC, SJ_ACTION_NONE,
        metadata},
    {{SJ_GET, METADATA "/{domain}", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_PUBLIC,
        SJ_ACTION_NONE, metadata},
};
const size_t sj_routes_authzen_count = SJ_COUNT(sj_routes_authzen);
