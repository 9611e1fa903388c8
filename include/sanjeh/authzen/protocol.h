/* SPDX-License-Identifier: Apache-2.0
 *
 * OpenID AuthZEN Authorization API 1.0: body in, body out. Unknown members are ignored, as the standard demands; a broken
 * request is BAD_REQUEST with the reason, a refusal by the policy is an answer. Known subjects have the roles that the domain
 * gives them, unknown ones those of "properties.roles" (the caller's directory). Properties of a request stand in place of the
 * domain's own, one by one; a property of another type than the schema's breaks the request, a unit that nobody
 * knows is a missing one.
 */
#ifndef SJ_AUTHZEN_PROTOCOL_H
#define SJ_AUTHZEN_PROTOCOL_H

#include "sanjeh/authzen/domain.h"
#include "sanjeh/base/id.h"

#define SJ_AUTHZEN_BATCH_MAX 1000u /* evaluations of one request */
#define SJ_AUTHZEN_PAGE_MAX  500u  /* results of one answer */
#define SJ_AUTHZEN_SCAN_MAX                                                                        \
    20000u /* entities that one search looks at: what is left follows by token */

/* What came as context.approval, as the server found it. */
struct sj_authzen_approval {
    struct sj_uuid question; /* that it is bound to */
    uint32_t count;          /* distinct persons who approved */
    const char *
        reason; /* "", or why it counts for nothing: grant_pending, approval_expired, approval_denied, approval_unverifiable */
};

struct sj_authzen_request {
    const struct sj_domain *domain;
    struct sj_text name;                        /* of the domain; "" for Sanjeh's own */
    const struct sj_authzen_approval *approval; /* NULL: none came */
    struct sj_view body;
    bool bare;   /* answers without "context" members, for clients that compare exactly */
    int64_t now; /* microseconds */
    struct sj_arena *arena;
};

/* For the record, and for a refusal. */
struct sj_authzen_result {
    uint32_t asked; /* decisions that were made */
    uint32_t permitted;
    const char *code;    /* of the first refusal, "" */
    const char *pointer; /* of a broken request, "" */
    const char *why;     /* static */
};

/* All: errors BAD_JSON, DUPLICATE_MEMBER, TOO_DEEP, BAD_REQUEST (ret_result says why); out is then to be thrown away. */
SJ_MUST_CHECK sj_status sj_authzen_evaluation(const struct sj_authzen_request *request,
    struct sj_buf *out, struct sj_authzen_result *ret_result);
SJ_MUST_CHECK sj_status sj_authzen_evaluations(const struct sj_authzen_request *request,
    struct sj_buf *out, struct sj_authzen_result *ret_result);

enum sj_authzen_search { SJ_SEARCH_SUBJECT, SJ_SEARCH_RESOURCE, SJ_SEARCH_ACTION };
SJ_MUST_CHECK sj_status sj_authzen_search(const struct sj_authzen_request *request,
    enum sj_authzen_search what, struct sj_buf *out, struct sj_authzen_result *ret_result);

/* Ids of the subjects that a body names, for whoever has to look them up first: each once, in the arena. A body that cannot be read
 * names none: the request itself will say why. Errors: OUT_OF_MEMORY, LIMIT_EXCEEDED (arena). */
SJ_MUST_CHECK sj_status sj_authzen_subject_ids(
    struct sj_view body, struct sj_arena *arena, struct sj_text **ret_ids, size_t *ret_count);

/* The id in context.approval, nil when it is none. What cannot be read gives none. Errors: OUT_OF_MEMORY. */
SJ_MUST_CHECK sj_status sj_authzen_approval_of(
    struct sj_view body, struct sj_arena *arena, bool *ret_given, struct sj_uuid *ret_id);

/* A request for an approval: an evaluation with "reason" and the "evaluation_id" of the refusal. */
struct sj_authzen_access {
    uint32_t
        need; /* persons; 0: there is nothing to ask for: permitted, or something else is missing, too */
    int64_t ttl_s;
    struct sj_uuid question; /* what an approval will be bound to */
    struct sj_text subject;  /* id */
    struct sj_text reason;
    struct sj_buf *parameters; /* the caller's: gets what the approver is shown, a flat object */
};
SJ_MUST_CHECK sj_status sj_authzen_access(const struct sj_authzen_request *request,
    struct sj_authzen_access *access, struct sj_authzen_result *ret_result);

/* Metadata of a decision point. base: "https://host[:port]"; domain: name, "" for Sanjeh's own. */
SJ_MUST_CHECK sj_status sj_authzen_metadata(
    struct sj_text base, struct sj_text domain, struct sj_buf *out);

#endif
