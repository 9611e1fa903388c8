/* SPDX-License-Identifier: Apache-2.0
 *
 * What exactly is the engine asked? The domain's own knowledge of subject and resource with the request's properties over it.
 */
#include "authzen_priv.h"

static sj_status new_values(const struct sj_authzen_request *request, enum sj_attr_place place,
    uint32_t type, struct sj_attr_value **ret_values)
{
    void *memory = NULL;
    const size_t count = sj_policy_attr_count(request->domain->policy, place, type);
    TRY(sj_arena_alloc(request->arena, (count + 1) * sizeof(struct sj_attr_value), &memory));
    *ret_values = memory;
    return SJ_DONE;
}

static sj_status fill(const struct sj_authzen_request *request, enum sj_attr_place place,
    uint32_t type, const struct sj_json_value *properties, const char *pointer,
    struct overlay *ret_overlay, struct wire_fault *fault)
{
    struct attribute_fault bad = {{"", 0}, ""};
    TRY(new_values(request, place, type, &ret_overlay->values));
    const sj_status status = attributes_fill(request->domain->set, place, type, properties,
        /* lenient= */ true, request->arena, ret_overlay->values, &ret_overlay->given, &bad);
    return status.code == SJ_INVALID ? wire_refuse(fault, pointer, bad.why) : status;
}

/* Whom the domain does not know brings his roles along. */
static sj_status own_roles(const struct sj_authzen_request *request, const struct wire_parts *parts,
    struct question *question, struct wire_fault *fault)
{
    const struct sj_policy *policy = request->domain->policy;
    const uint32_t slot = sj_policy_attr_find(policy, SJ_OF_SUBJECT, 0, sj_text_of("unit"));
    const struct sj_attr_value *values = question->on_subject.values;
    const bool has_home = slot != SJ_POLICY_NONE && values[slot].kind == SJ_ATTR_UNIT;
    struct attribute_fault bad = {{"", 0}, ""};
    const sj_status status =
        roles_fill(request->domain->set, sj_json_get(parts->subject.properties, "roles"),
            has_home ? (uint32_t)values[slot].number : SJ_POLICY_NONE, request->arena,
            &question->own_grants, &question->own_grant_count, &bad);
    return status.code == SJ_INVALID ? wire_refuse(fault, "/subject/properties/roles", bad.why)
                                     : status;
}

sj_status question_begin(const struct sj_authzen_request *request, const struct wire_parts *parts,
    struct question *ret_question, struct wire_fault *fault)
{
    const struct sj_policy *policy = request->domain->policy;
    *ret_question = (struct question){.domain = request->domain,
        .parts = parts,
        .now = request->now,
        .type = sj_policy_type_find(policy, parts->resource.type)};
    struct overlay context = {0};
    struct overlay action = {0};
    TRY(fill(request, SJ_OF_CONTEXT, 0, parts->context, "/context", &context, fault));
    TRY(fill(
        request, SJ_OF_ACTION, 0, parts->action.properties, "/action/properties", &action, fault));
    ret_question->context = context.values;
    ret_question->attributes = action.values;
    access_begin(ret_question);
    TRY(fill(request, SJ_OF_SUBJECT, 0, parts->subject.properties, "/subject/properties",
        &ret_question->on_subject, fault));
    TRY(own_roles(request, parts, ret_question, fault));
    TRY(new_values(request, SJ_OF_SUBJECT, 0, &ret_question->subject));
    if (ret_question->type == SJ_POLICY_NONE) {
        return SJ_DONE;
    }
    TRY(fill(request, SJ_OF_RESOURCE, ret_question->type, parts->resource.properties,
        "/resource/properties", &ret_question->on_resource, fault));
    return new_values(request, SJ_OF_RESOURCE, ret_question->type, &ret_question->resource);
}

static void put(
    struct sj_attr_value *to, const struct entity *known, const struct overlay *over, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (known == NULL || (over->given >> i & 1u) != 0) {
            to[i] = over->values[i];
        } else {
            to[i] = known->attrs[i];
        }
    }
}

void question_subject(struct question *question, const struct entity *known, struct sj_text id)
{
    const size_t count = sj_policy_attr_count(question->domain->policy, SJ_OF_SUBJECT, 0);
    put(question->subject, known, &question->on_subject, count);
    attributes_name(question->domain->set, SJ_OF_SUBJECT, 0, question->parts->subject.type, id,
        question->subject);
    question->grants = known == NULL ? question->own_grants : known->grants;
    question->grant_count = known == NULL ? question->own_grant_count : known->grant_count;
}

void question_resource(struct question *question, const struct entity *known, struct sj_text id)
{
    if (question->type == SJ_POLICY_NONE) {
        return;
    }
    const size_t count =
        sj_policy_attr_count(question->domain->policy, SJ_OF_RESOURCE, question->type);
    put(question->resource, known, &question->on_resource, count);
    attributes_name(question->domain->set, SJ_OF_RESOURCE, question->type,
        question->parts->resource.type, id, question->resource);
}

void question_decide(
    const struct question *question, struct sj_text action, struct sj_policy_decision *ret)
{
    const struct sj_policy *policy = question->domain->policy;
    struct sj_policy_request request = {.now = question->now,
        .grants = question->grants,
        .grant_count = question->grant_count,
        .subject = question->subject,
        .resource = question->resource,
        .context = question->context,
        .attributes = question->attributes};
    request.action = question->type == SJ_POLICY_NONE
                         ? SJ_POLICY_NONE
                         : sj_policy_action_find_in(policy, question->type, action);
    sj_policy_set_decide(question->domain->set, &request, ret);
    if (request.action == SJ_POLICY_NONE) {
        /* The standard: an action or a type that the policy has not is refused, it is no broken request. */
        ret->refusal = SJ_REFUSAL_DEFAULT;
        ret->code = "E_NO_PERMIT";
    }
}
