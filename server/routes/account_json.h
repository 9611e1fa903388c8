/* SPDX-License-Identifier: Apache-2.0
 *
 * How an account and its session look in JSON: the same in sign-in, /me and /accounts.
 */
#ifndef SJ_SERVER_ROUTES_ACCOUNT_JSON_H
#define SJ_SERVER_ROUTES_ACCOUNT_JSON_H

#include "../exchange.h"

/* Members unit, compartment, roles, judge_id of the session's actor. */
void sj_json_actor(
    struct sj_json *json, const struct sj_policy *policy, const struct sj_session *session);
/* "HRD" or null. */
void sj_json_code_or_null(struct sj_json *json, const char *name, struct sj_text code);
/* A new session has these roles active and no others (role_activations.c). Fills session->actor.roles and its choices. Errors: INVALID,
 * FORBIDDEN with the place. */
SJ_MUST_CHECK sj_status sj_session_start_with(
    struct sj_exchange *x, const struct sj_json_value *roles, struct sj_session *session);

#endif
