/* SPDX-License-Identifier: Apache-2.0
 *
 * How a domain looks inside, and one question on its way through the files of this folder:
 * wire.c (JSON to parts) -> question.c (parts to an engine's request, and its decision) -> answer.c (decision to JSON).
 */
#ifndef SJ_AUTHZEN_PRIV_H
#define SJ_AUTHZEN_PRIV_H

#include "sanjeh/authzen/protocol.h"
#include "sanjeh/json/decode.h"
#include "sanjeh/json/write.h"

#include <stdatomic.h>

/* ---- domain ---- */

struct entity {
    struct sj_text type;
    struct sj_text id;
    uint32_t number; /* resources: type of the schema, SJ_POLICY_NONE: it has none of the name */
    const struct sj_attr_value *attrs;    /* by slot of the schema */
    const struct sj_policy_grant *grants; /* subjects */
    uint32_t grant_count;
    uint32_t place; /* in the document */
};

/* Sorted by type and id. */
struct entity_list {
    struct entity *items;
    size_t count;
};

struct sj_domain {
    _Atomic unsigned references;
    struct sj_arena *arena;
    struct sj_arena *kept;   /* of whoever made it */
    struct sj_json_doc *doc; /* texts of entities are its own */
    struct sj_policy *policy;
    struct sj_policy_set *set;
    const char *digest;       /* of the policy that is spoken of */
    struct sj_own_point *own; /* Sanjeh's own: policy and set are its; NULL: the domain's */
    int64_t version;
    uint32_t approvals; /* slot of context.approvals, which this server counts; SJ_POLICY_NONE */
    struct entity_list subjects;
    struct entity_list resources;
};

/* NULL when there is none. */
const struct entity *entity_find(
    const struct entity_list *list, struct sj_text type, struct sj_text id);
/* The first of the type, and behind the last. */
void entity_range(
    const struct entity_list *list, struct sj_text type, size_t *ret_first, size_t *ret_end);
void entity_sort(struct entity_list *list);
/* Names of units that entities speak of, when none are declared. */
SJ_MUST_CHECK sj_status entity_units(const struct sj_policy *policy,
    const struct sj_json_value *entities, struct sj_arena *arena, struct sj_policy_unit **ret_units,
    size_t *ret_count, struct sj_policy_fault *fault);
SJ_MUST_CHECK sj_status entity_read(
    struct sj_domain *domain, const struct sj_json_value *entities, struct sj_policy_fault *fault);
/* Always BAD_CONFIG, at "/entities/<list>/<index>/<rest>". */
SJ_MUST_CHECK sj_status entity_refuse(struct sj_policy_fault *fault, const char *list, size_t index,
    const char *rest, const char *why);

/* ---- typed values ---- */

struct attribute_fault {
    struct sj_text name; /* the property */
    const char *why;
};

/* Fills slots from properties (NULL: none); what the schema does not name is left alone, null clears. lenient: a unit that the
 * tree has not is a missing value. ret_given: bits of the slots that properties spoke of; may be NULL. Errors: INVALID with
 * *fault. */
SJ_MUST_CHECK sj_status attributes_fill(const struct sj_policy_set *set, enum sj_attr_place place,
    uint32_t type, const struct sj_json_value *properties, bool lenient, struct sj_arena *arena,
    struct sj_attr_value *values, uint64_t *ret_given, struct attribute_fault *fault);
/* The attributes "id" and "type" of a schema are the entity's own. */
void attributes_name(const struct sj_policy_set *set, enum sj_attr_place place, uint32_t type,
    struct sj_text entity_type, struct sj_text id, struct sj_attr_value *values);
/* Roles of an entity: "reader" or {"role", "unit"?, …}. home: unit of those that name none. Errors: INVALID with *fault. */
SJ_MUST_CHECK sj_status roles_fill(const struct sj_policy_set *set,
    const struct sj_json_value *roles, uint32_t home, struct sj_arena *arena,
    const struct sj_policy_grant **ret_grants, uint32_t *ret_count, struct attribute_fault *fault);

/* ---- a request ---- */

struct wire_entity {
    bool given;
    bool has_id;
    struct sj_text type;
    struct sj_text id;
    const struct sj_json_value *properties; /* or NULL */
};

struct wire_parts {
    struct wire_entity subject;
    struct wire_entity resource;
    struct wire_entity action; /* type is its name */
    const struct sj_json_value *context;
};

struct wire_page {
    bool given;
    struct sj_text token; /* "" */
    size_t limit;         /* SJ_AUTHZEN_PAGE_MAX when none is asked for */
};

struct wire_fault {
    const char *pointer;
    const char *why; /* NULL: none */
};

/* The document of the body; freed with it. */
SJ_MUST_CHECK sj_status wire_parse(const struct sj_authzen_request *request,
    struct sj_json_doc **ret_doc, const struct sj_json_value **ret_root, struct wire_fault *fault);
/* Members that are there, each of its form; which must be there the caller says. */
SJ_MUST_CHECK sj_status wire_parts(
    const struct sj_json_value *object, struct wire_parts *ret_parts, struct wire_fault *fault);
SJ_MUST_CHECK sj_status wire_page(
    const struct sj_json_value *root, struct wire_page *ret_page, struct wire_fault *fault);
/* The status, and of a broken request its place and reason in the result. */
SJ_MUST_CHECK sj_status wire_end(
    sj_status status, const struct wire_fault *fault, struct sj_authzen_result *result);
/* Always BAD_REQUEST. */
SJ_MUST_CHECK sj_status wire_refuse(struct wire_fault *fault, const char *pointer, const char *why);

/* What a request says of one of its entities, over what the domain knows. */
struct overlay {
    struct sj_attr_value *values;
    uint64_t given; /* slots */
};

/* Everything of the request is read and typed once; then subjects and resources are put in. */
struct question {
    const struct sj_domain *domain;
    const struct wire_parts *parts;
    int64_t now;
    struct sj_attr_value *subject;
    struct sj_attr_value *resource;
    struct sj_attr_value *context;
    struct sj_attr_value *attributes; /* of the action */
    struct overlay on_subject;
    struct overlay on_resource;
    const struct sj_policy_grant *own_grants; /* of a subject that the domain does not know */
    uint32_t own_grant_count;
    const struct sj_policy_grant *grants;
    uint32_t grant_count;
    uint32_t type; /* of the resource, or SJ_POLICY_NONE */
    bool is_bound; /* the approval that came along is for this question */
};

SJ_MUST_CHECK sj_status question_begin(const struct sj_authzen_request *request,
    const struct wire_parts *parts, struct question *ret_question, struct wire_fault *fault);
/* known NULL: as the request alone says. */
void question_subject(struct question *question, const struct entity *known, struct sj_text id);
void question_resource(struct question *question, const struct entity *known, struct sj_text id);
/* A type or an action that the policy has not is a refusal by default. */
void question_decide(
    const struct question *question, struct sj_text action, struct sj_policy_decision *ret);

/* Whole question of an evaluation, decided. */
SJ_MUST_CHECK sj_status evaluation_decide(const struct sj_authzen_request *request,
    const struct wire_parts *parts, struct question *question,
    struct sj_policy_decision *ret_decision, struct wire_fault *fault);

/* ---- approvals ---- */

/* The attribute "approvals" of the context, an integer; SJ_POLICY_NONE. */
uint32_t access_slot(const struct sj_policy *policy);
/* Nobody has approved. */
void access_begin(struct question *question);
/* Counts the approval that came along, when it is for this question. */
SJ_MUST_CHECK sj_status access_count(
    const struct sj_authzen_request *request, struct question *question);
/* Members "approval" and "access_request" of a refusal's context. */
SJ_MUST_CHECK sj_status access_write(struct sj_json *json, const struct sj_authzen_request *request,
    struct question *question, const struct sj_policy_decision *decision);
SJ_MUST_CHECK sj_status access_binding(const struct sj_authzen_request *request,
    const struct wire_parts *parts, struct sj_uuid *ret_question);

/* ---- an answer ---- */

/* reason: of a batch that ends here, or NULL. */
void answer_decision(struct sj_json *json, const struct sj_authzen_request *request,
    struct question *question, const struct sj_policy_decision *decision, const char *reason);
void answer_broken(
    struct sj_json *json, const struct sj_authzen_request *request, const struct wire_fault *fault);
void result_count(struct sj_authzen_result *result, const struct sj_policy_decision *decision);

/* ---- pages ---- */

/* Binds a place to this search of this version: base64url of place and a hash of the rest. */
SJ_MUST_CHECK sj_status page_token(const struct sj_authzen_request *request,
    enum sj_authzen_search what, const struct wire_parts *parts, uint64_t place,
    struct sj_buf *out);
/* Errors: BAD_REQUEST: it is not a token of this search. */
SJ_MUST_CHECK sj_status page_place(const struct sj_authzen_request *request,
    enum sj_authzen_search what, const struct wire_parts *parts, struct sj_text token,
    uint64_t *ret_place, struct wire_fault *fault);

#endif
