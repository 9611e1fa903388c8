/* SPDX-License-Identifier: Apache-2.0
 *
 * What is a caller told of a decision? The bit; and beside it the code, what must be done first or with it, the fields, and which
 * policy said so. Reasons in full are for those who may ask Sanjeh to explain.
 */
#include "authzen_priv.h"

static void write_fields(struct sj_json *json, const struct sj_policy *policy, uint32_t type,
    const char *name, uint64_t fields)
{
    sj_json_array(json, name);
    for (uint64_t left = fields; left != 0; left &= left - 1) {
        sj_json_str(json, NULL, sj_policy_field_name(policy, type, (size_t)__builtin_ctzll(left)));
    }
    sj_json_array_end(json);
}

static void write_masks(struct sj_json *json, const struct sj_policy *policy, uint32_t type,
    const struct sj_policy_decision *decision)
{
    sj_json_object(json, "mask");
    for (uint64_t left = decision->masked; left != 0; left &= left - 1) {
        const size_t field = (size_t)__builtin_ctzll(left);
        sj_json_str(json, sj_policy_field_name(policy, type, field),
            sj_how_name((enum sj_how)decision->how[field]));
    }
    sj_json_object_end(json);
}

/* AuthZEN obligations: {id, type, properties}. */
static void write_obligations(struct sj_json *json, const struct sj_policy_decision *decision)
{
    static const char *const types[] = {
        "step-up", "approval", "notification", "session_termination", "custom"};
    sj_json_array(json, "obligations");
    for (uint32_t i = 0; i < decision->obligation_count; i++) {
        const struct sj_obligation *one = decision->obligations[i];
        sj_json_object(json, NULL);
        sj_json_str(json, "id", one->rule);
        sj_json_str(json, "type", types[one->kind]);
        sj_json_raw(json, "properties", one->text);
        sj_json_object_end(json);
    }
    sj_json_array_end(json);
}

static void write_policy(struct sj_json *json, const struct question *question,
    const struct sj_policy_decision *decision)
{
    sj_json_object(json, "policy");
    sj_json_str(json, "id", sj_policy_id(question->domain->policy));
    sj_json_int(json, "version", decision->version);
    sj_json_str(json, "digest", question->domain->digest);
    sj_json_int(json, "domain_version", question->domain->version);
    sj_json_object_end(json);
}

void answer_decision(struct sj_json *json, const struct sj_authzen_request *request,
    struct question *question, const struct sj_policy_decision *decision, const char *reason)
{
    const struct sj_policy *policy = question->domain->policy;
    sj_json_object(json, NULL);
    sj_json_bool(json, "decision", decision->permit);
    if (!request->bare) {
        sj_json_object(json, "context");
        if (reason != NULL) {
            sj_json_str(json, "code", "200");
            sj_json_str(json, "reason", reason);
        }
        if (!decision->permit) {
            sj_json_str(json, "reason_user", decision->code);
        }
        if (decision->obligation_count > 0) {
            write_obligations(json, decision);
        }
        const sj_status status = access_write(json, request, question, decision);
        if (sj_failed(status)) {
            json->status = status;
        }
        if (decision->permit && sj_policy_field_count(policy, question->type) > 0) {
            sj_json_object(json, "fields");
            write_fields(json, policy, question->type, "read", decision->read);
            write_fields(json, policy, question->type, "write", decision->write);
            write_masks(json, policy, question->type, decision);
            sj_json_object_end(json);
        }
        write_policy(json, question, decision);
        sj_json_object_end(json);
    }
    sj_json_object_end(json);
}

void answer_broken(
    struct sj_json *json, const struct sj_authzen_request *request, const struct wire_fault *fault)
{
    sj_json_object(json, NULL);
    sj_json_bool(json, "decision", false);
    if (!request->bare) {
        char message[192];
        (void)snprintf(message, sizeof message, "%s %s", fault->pointer, fault->why);
        sj_json_object(json, "context");
        sj_json_object(json, "error");
        sj_json_int(json, "status", 400);
        sj_json_str(json, "message", message);
        sj_json_object_end(json);
        sj_json_object_end(json);
    }
    sj_json_object_end(json);
}

void result_count(struct sj_authzen_result *result, const struct sj_policy_decision *decision)
{
    result->asked++;
    result->permitted += decision->permit ? 1 : 0;
    if (!decision->permit && result->code[0] == '\0') {
        result->code = decision->code;
    }
}
