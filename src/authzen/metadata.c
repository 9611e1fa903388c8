/* SPDX-License-Identifier: Apache-2.0
 *
 * Where does a client find the endpoints of a decision point? AuthZEN 1.0 metadata, made of the name that the client called.
 */
#include "authzen_priv.h"

static void put_endpoint(struct sj_json *json, const char *member, struct sj_text base,
    struct sj_text domain, const char *path)
{
    char url[512];
    (void)snprintf(url, sizeof url, "%.*s/access/v1/%.*s%s%s", (int)base.len, base.ptr,
        (int)domain.len, domain.len == 0 ? "" : domain.ptr, domain.len == 0 ? "" : "/", path);
    sj_json_str(json, member, url);
}

sj_status sj_authzen_metadata(struct sj_text base, struct sj_text domain, struct sj_buf *out)
{
    char point[512];
    ENSURE(base.len < 256 && domain.len <= SJ_DOMAIN_NAME_MAX, BAD_REQUEST);
    (void)snprintf(point, sizeof point, "%.*s%s%.*s", (int)base.len, base.ptr,
        domain.len == 0 ? "" : "/", (int)domain.len, domain.len == 0 ? "" : domain.ptr);
    struct sj_json json = sj_json_begin(out);
    sj_json_object(&json, NULL);
    sj_json_str(&json, "policy_decision_point", point);
    put_endpoint(&json, "access_evaluation_endpoint", base, domain, "evaluation");
    put_endpoint(&json, "access_evaluations_endpoint", base, domain, "evaluations");
    put_endpoint(&json, "search_subject_endpoint", base, domain, "search/subject");
    put_endpoint(&json, "search_resource_endpoint", base, domain, "search/resource");
    put_endpoint(&json, "search_action_endpoint", base, domain, "search/action");
    if (domain.len > 0) {
        put_endpoint(&json, "access_request_endpoint", base, domain, "requests");
        sj_json_array(&json, "capabilities");
        sj_json_str(&json, NULL, "urn:openid:authzen:capability:access-request");
        sj_json_array_end(&json);
    }
    sj_json_array(&json, "supported_obligations");
    sj_json_str(&json, NULL, "step-up");
    sj_json_str(&json, NULL, "approval");
    sj_json_str(&json, NULL, "notification");
    sj_json_str(&json, NULL, "session_termination");
    sj_json_str(&json, NULL, "custom");
    sj_json_array_end(&json);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}
