/* SPDX-License-Identifier: Apache-2.0
 *
 * The person that a question of access is about: his account, his roles with their times, the decision point that is asked.
 */
#ifndef SJ_SERVER_ROUTES_ASKED_PERSON_H
#define SJ_SERVER_ROUTES_ASKED_PERSON_H

#include "../server.h"

#include "sanjeh/evaluation/evaluation.h"
#include "sanjeh/policy/explain.h"
#include "sanjeh/unit/account.h"

struct sj_asked {
    struct sj_account account; /* as it is now */
    struct sj_policy_grant grants[SJ_POLICY_GRANTS];
    char via[SJ_POLICY_GRANTS][SJ_GRANT_VIA_SIZE];
    size_t grant_count;
    sj_time_us now; /* of the clock that assignments end by; when asked about the past: then */
    struct sj_actor actor;
    const struct sj_policy_active *point; /* in force now, or then */
    const struct sj_policy_set *set;
    int64_t assignments; /* number of the last change of assignments */
};

/* Names of reaches, by enum. */
extern const char *const sj_reach_names[];

/* A desk that sees accounts and files as the server does. */
SJ_MUST_CHECK sj_status sj_asked_desk(struct sj_exchange *x, struct sj_desk *ret_desk);
/* The account and what it holds. at: a moment that is past with the decision point of then, or 0 with the present one. */
SJ_MUST_CHECK sj_status sj_asked_find(struct sj_exchange *x, const struct sj_desk *desk,
    struct sj_uuid id, sj_time_us at, const struct sj_policy_active *point, bool *ret_found,
    struct sj_asked *person);
/* Roles by name (joined by ','), as if activated. */
void sj_asked_roles(const struct sj_policy *policy, struct sj_text roles, struct sj_asked *person);
/* May the person do this somewhere? */
struct sj_policy_request sj_asked_request(const struct sj_asked *person, uint32_t action);
/* Members account_id, unit, compartment. */
void sj_asked_write(struct sj_json *json, const struct sj_asked *person);
/* The judge that the asker is: of files about him nothing is said. */
bool sj_asked_about_asker(const struct sj_exchange *x, struct sj_uuid judge);
/* An array of words that came joined by ','. */
void sj_json_words(struct sj_json *json, const char *name, struct sj_text words);

#endif
