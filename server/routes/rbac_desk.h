/* SPDX-License-Identifier: Apache-2.0
 *
 * What the routes of INCITS 359 share: a model of what is in force, and how a precondition that does not hold is told.
 */
#ifndef SJ_SERVER_ROUTES_RBAC_DESK_H
#define SJ_SERVER_ROUTES_RBAC_DESK_H

#include "../server.h"
#include "approval_json.h"

#include "sanjeh/rbac/incits.h"

#define SJ_RBAC_PREFIX    "/api/v1/rbac/"
#define SJ_RBAC_ARENA_MAX ((size_t)64 * 1024 * 1024)

/* The function that the path names, as functions.def writes its arguments. */
struct sj_rbac_route {
    const char *name;
    const char *arguments;
};
const struct sj_rbac_route *sj_rbac_route_of(const struct sj_exchange *x);
/* The next of "role title? n# roles+": its name, whether it may be left out, its mark (0, '#', '+', '@'). */
struct sj_rbac_argument {
    char name[32];
    bool optional;
    char mark;
};
bool sj_rbac_next_argument(struct sj_text *rest, struct sj_rbac_argument *ret_argument);
/* A model of the policy with everybody who holds roles now, by the ids of their accounts; account not nil: with this one alone. Errors:
 * NOT_FOUND (told as NO_USER). */
SJ_MUST_CHECK sj_status sj_rbac_model(struct sj_exchange *x, struct sj_arena *arena,
    const struct sj_policy *policy, struct sj_uuid account, struct sj_rbac **ret_model);
/* The model's refusal as the answer: 404 for a name that there is not, 409 GUARD_UNMET for the others, the precondition as the code of the
 * fault. Passes on success and what is no refusal. */
SJ_MUST_CHECK sj_status sj_rbac_answer(
    struct sj_exchange *x, const struct sj_rbac *model, sj_status status);
/* The same with a rule at hand. */
SJ_MUST_CHECK sj_status sj_rbac_refuse(struct sj_exchange *x, enum sj_code code, const char *rule);
/* The id of a path or body as the model's name for it. */
SJ_MUST_CHECK sj_status sj_rbac_user_name(
    struct sj_arena *arena, struct sj_uuid account, struct sj_text *ret_name);
/* Whoever closes or resets an account could take each of its roles; nobody does it to his own. Told as an assignment's fault. */
SJ_MUST_CHECK sj_status sj_rbac_may_close(struct sj_exchange *x, const struct sj_holding *holding);
/* Tells the one time what the account's holder gets; wipes the token. */
SJ_MUST_CHECK sj_status sj_rbac_tell_enrolment(
    struct sj_exchange *x, const struct sj_account *account, struct sj_enrolment *enrolment);

#endif
