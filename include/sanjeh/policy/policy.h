/* SPDX-License-Identifier: Apache-2.0
 *
 * Who may do what to which object, and see which fields of it. Role-centric (INCITS 359): roles give the
 * maximum, everything else narrows. Policies are files (policies/<name>/policy.json, format policy/1),
 * compiled once into tables: a decision is a few array reads. Deny unless a rule permits; an error denies.
 * This is the interface of the whole engine; conditions, masks, requirements and explanations of policy/1
 * that this version does not evaluate are refused when a policy is loaded, never skipped.
 */
#ifndef SJ_POLICY_POLICY_H
#define SJ_POLICY_POLICY_H

#include "sanjeh/policy/engine.h"
#include "sanjeh/unit/actor.h"

enum sj_action {
    SJ_ACTION_NONE = 0, /* never permitted */
#define SJ_ACTION(name, type, action) SJ_ACTION_##name,
#include "sanjeh/policy/catalogue.def"
#undef SJ_ACTION
    SJ_ACTION_COUNT_
};

enum sj_field {
#define SJ_FIELD(name, type, field) SJ_FIELD_##name,
#include "sanjeh/policy/catalogue.def"
#undef SJ_FIELD
    SJ_FIELD_COUNT_
};

struct sj_decision {
    bool permit;
    enum sj_reach reach;  /* the widest that a rule gave */
    uint64_t read_fields; /* bit (1 << enum sj_field) */
    uint64_t write_fields;
    const char
        *rule; /* id of the rule that decided, "" for default deny; lives as long as the policy */
    const char *code; /* "E_NO_PERMIT", "E_FORBIDDEN", "" */
    uint32_t policy_version;
};

/* Reads folder/policy.json. Errors: BAD_CONFIG; reterr_detail (256 bytes) names the place. */
SJ_MUST_CHECK sj_status sj_policy_load(
    const char *folder, struct sj_policy **ret_policy, char *reterr_detail, size_t detail_size);
/* The same from bytes. Hostile input is safe: every refusal names the JSON pointer of what was refused. */
SJ_MUST_CHECK sj_status sj_policy_parse(
    struct sj_view json, struct sj_policy **ret_policy, char *reterr_detail, size_t detail_size);
/* < 1 µs; no allocation, no lock. */
struct sj_decision sj_policy_decide(
    const struct sj_policy *policy, const struct sj_actor *actor, enum sj_action action);
/* The same at a decision point with unit files, whose root is Sanjeh's own policy: those hold whose subtree has the unit (the
 * actor's; SJ_POLICY_NONE: none of them). */
struct sj_decision sj_policy_decide_in(const struct sj_policy_set *set, uint32_t unit,
    const struct sj_actor *actor, enum sj_action action);
/* Of a request that is bound to one file which break-glass opened for the actor: permitted by that section alone, to read, reach FILE.
 * What the section may not override refuses as ever. */
struct sj_decision sj_policy_decide_glass(const struct sj_policy_set *set, uint32_t unit,
    const struct sj_actor *actor, enum sj_action action);
/* The decision point of one file without units, and the number of an action there (SJ_POLICY_NONE when the policy does
 * not declare it): for explanations and for requests with attributes. Live as long as the policy. */
const struct sj_policy_set *sj_policy_own_set(const struct sj_policy *policy);
uint32_t sj_policy_own_action(const struct sj_policy *policy, enum sj_action action);
static inline bool sj_may_read(const struct sj_decision *decision, enum sj_field field)
{
    return (decision->read_fields >> field & 1u) != 0;
}
static inline bool sj_may_write(const struct sj_decision *decision, enum sj_field field)
{
    return (decision->write_fields >> field & 1u) != 0;
}
/* "judge:read"; static. */
const char *sj_action_name(enum sj_action action);
const char *sj_action_type(enum sj_action action); /* "judge" */
const char *sj_field_name(enum sj_field field);    /* "national_number"; static */
/* Roles of the policy in file order, by the bit number they have in sj_actor.roles. */
size_t sj_policy_role_count(const struct sj_policy *policy);
const char *sj_policy_role_name(const struct sj_policy *policy, size_t bit);
const char *sj_policy_role_title(const struct sj_policy *policy, size_t bit);
/* *ret_found false for a name that the policy has not. */
void sj_policy_role_find(
    const struct sj_policy *policy, struct sj_text name, bool *ret_found, size_t *ret_bit);
/* Refused combinations (static separation of duty): false and the constraint's id when the set breaks one. */
bool sj_policy_roles_allowed(
    const struct sj_policy *policy, uint64_t roles, const char **ret_constraint);

#endif
