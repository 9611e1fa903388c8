/* SPDX-License-Identifier: Apache-2.0
 *
 * Is this body a request of AuthZEN? Members of the right form, whatever else stands beside them (the standard: unknown members
 * are ignored); what is missing the caller knows, because each of the five requests needs other ones.
 */
#include "authzen_priv.h"

sj_status wire_refuse(struct wire_fault *fault, const char *pointer, const char *why)
{
    *fault = (struct wire_fault){pointer, why};
    FAIL(BAD_REQUEST);
}

sj_status wire_end(
    sj_status status, const struct wire_fault *fault, struct sj_authzen_result *result)
{
    if (status.code == SJ_BAD_REQUEST) {
        result->pointer = fault->pointer;
        result->why = fault->why;
    }
    return status;
}

sj_status wire_parse(const struct sj_authzen_request *request, struct sj_json_doc **ret_doc,
    const struct sj_json_value **ret_root, struct wire_fault *fault)
{
    struct sj_text detail = {"", 0};
    const sj_status status = sj_json_doc_parse(request->body, ret_doc, &detail, request->arena);
    if (status.code == SJ_INVALID) {
        return wire_refuse(fault, "", "the body has a number that does not fit");
    }
    TRY(status);
    *ret_root = sj_json_doc_root(*ret_doc);
    if (!sj_json_is_object(*ret_root)) {
        return wire_refuse(fault, "", "the body must be an object");
    }
    return SJ_DONE;
}

static bool is_absent(const struct sj_json_value *value)
{
    return value == NULL || sj_json_is_null(value);
}

struct names {
    const char *entity; /* "/subject" */
    const char *type;   /* "/subject/type" */
    const char *id;
    const char *properties;
};

static sj_status read_entity(const struct sj_json_value *value, const char *type_member,
    const struct names *names, struct wire_entity *ret, struct wire_fault *fault)
{
    *ret = (struct wire_entity){.given = false};
    if (is_absent(value)) {
        return SJ_DONE;
    }
    if (!sj_json_is_object(value)) {
        return wire_refuse(fault, names->entity, "must be an object");
    }
    ret->given = true;
    if (!sj_json_as_text(sj_json_get(value, type_member), &ret->type)) {
        return wire_refuse(fault, names->type, "must be there, and a text");
    }
    const struct sj_json_value *id = sj_json_get(value, "id");
    if (!is_absent(id)) {
        ret->has_id = sj_json_as_text(id, &ret->id);
        if (!ret->has_id) {
            return wire_refuse(fault, names->id, "must be a text");
        }
    }
    const struct sj_json_value *properties = sj_json_get(value, "properties");
    if (!is_absent(properties)) {
        if (!sj_json_is_object(properties)) {
            return wire_refuse(fault, names->properties, "must be an object");
        }
        ret->properties = properties;
    }
    return SJ_DONE;
}

sj_status wire_parts(
    const struct sj_json_value *object, struct wire_parts *ret_parts, struct wire_fault *fault)
{
    static const struct names subject = {
        "/subject", "/subject/type", "/subject/id", "/subject/properties"};
    static const struct names resource = {
        "/resource", "/resource/type", "/resource/id", "/resource/properties"};
    static const struct names action = {
        "/action", "/action/name", "/action/id", "/action/properties"};
    *ret_parts = (struct wire_parts){.context = NULL};
    TRY(read_entity(sj_json_get(object, "subject"), "type", &subject, &ret_parts->subject, fault));
    TRY(read_entity(
        sj_json_get(object, "resource"), "type", &resource, &ret_parts->resource, fault));
    TRY(read_entity(sj_json_get(object, "action"), "name", &action, &ret_parts->action, fault));
    const struct sj_json_value *context = sj_json_get(object, "context");
    if (!is_absent(context)) {
        if (!sj_json_is_object(context)) {
            return wire_refuse(fault, "/context", "must be an object");
        }
        ret_parts->context = context;
    }
    return SJ_DONE;
}

sj_status wire_page(
    const struct sj_json_value *root, struct wire_page *ret_page, struct wire_fault *fault)
{
    *ret_page = (struct wire_page){.token = {"", 0}, .limit = SJ_AUTHZEN_PAGE_MAX};
    const struct sj_json_value *page = sj_json_get(root, "page");
    if (is_absent(page)) {
        return SJ_DONE;
    }
    if (!sj_json_is_object(page)) {
        return wire_refuse(fault, "/page", "must be an object");
    }
    ret_page->given = true;
    const struct sj_json_value *token = sj_json_get(page, "token");
    if (!is_absent(token) && !sj_json_as_text(token, &ret_page->token)) {
        return wire_refuse(fault, "/page/token", "must be a text");
    }
    const struct sj_json_value *limit = sj_json_get(page, "limit");
    int64_t number = 0;
    if (!is_absent(limit)) {
        if (!sj_json_as_int(limit, &number) || number < 0) {
            return wire_refuse(fault, "/page/limit", "must be a whole number from 0");
        }
        ret_page->limit =
            number > (int64_t)SJ_AUTHZEN_PAGE_MAX ? SJ_AUTHZEN_PAGE_MAX : (size_t)number;
    }
    return SJ_DONE;
}
