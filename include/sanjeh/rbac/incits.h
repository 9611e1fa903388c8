/* SPDX-License-Identifier: Apache-2.0
 *
 * ANSI INCITS 359-2012 in the standard's own names: core RBAC, general and limited hierarchy, static and dynamic separation of duty;
 * administrative, system and review functions, each with its preconditions. A model in memory: loaded from a policy and its live
 * assignments, or built by hand; what is decided on it is written by whoever owns the place (assignments: unit; roles, hierarchy,
 * permissions and sets: a draft of the policy, which is signed text). Direct edges are stored, the closure is derived.
 *
 * Errors of every function: NOT_FOUND (a name that must exist does not), DUPLICATE (one that must not exist does), CONFLICT (a circle,
 * an edge or a member that is or is not there, a second junior in a limited hierarchy), GUARD_UNMET (a set's constraint would not
 * hold, or 2 <= n <= |roles| would not), LIMIT_EXCEEDED. sj_rbac_why says which rule.
 */
#ifndef SJ_RBAC_INCITS_H
#define SJ_RBAC_INCITS_H

#include "sanjeh/base/arena.h"
#include "sanjeh/policy/policy.h"

struct sj_rbac;

enum sj_rbac_hierarchy { SJ_RBAC_GENERAL = 0, SJ_RBAC_LIMITED };

/* Lives in the arena. */
SJ_MUST_CHECK sj_status sj_rbac_new(
    struct sj_arena *arena, enum sj_rbac_hierarchy hierarchy, struct sj_rbac **ret_model);
/* Which precondition AddInheritance has from here on. */
void sj_rbac_choose_hierarchy(struct sj_rbac *model, enum sj_rbac_hierarchy hierarchy);
/* Roles, direct edges, permissions with those whom rules name, static and dynamic sets of a policy. Rules of everybody and
 * conditions are not RBAC's: what is loaded bounds what is permitted. */
SJ_MUST_CHECK sj_status sj_rbac_load(struct sj_rbac *model, const struct sj_policy *policy);
/* Accounts with the roles that they have, joined by ','; each once (not looked for: there are many), what they have is not judged.
 * Errors: LIMIT_EXCEEDED (more than SJ_RBAC_HOLDERS_MAX, or the model has users already). */
#define SJ_RBAC_HOLDERS_MAX 65536u
struct sj_rbac_holder {
    struct sj_text name;
    struct sj_text roles;
};
SJ_MUST_CHECK sj_status sj_rbac_load_users(
    struct sj_rbac *model, const struct sj_rbac_holder *holders, size_t count);
/* The rule that refused the last function: "CYCLE", "SSD S10", "CARDINALITY" …; "" after success. */
const char *sj_rbac_why(const struct sj_rbac *model);

/* ---- core: administrative ---- */
SJ_MUST_CHECK sj_status sj_rbac_AddUser(struct sj_rbac *model, struct sj_text user);
/* Ends the user's sessions. */
SJ_MUST_CHECK sj_status sj_rbac_DeleteUser(struct sj_rbac *model, struct sj_text user);
SJ_MUST_CHECK sj_status sj_rbac_AddRole(struct sj_rbac *model, struct sj_text role);
/* Ends the sessions that have it active; refused while a set could not stand without it. */
SJ_MUST_CHECK sj_status sj_rbac_DeleteRole(struct sj_rbac *model, struct sj_text role);
SJ_MUST_CHECK sj_status sj_rbac_AssignUser(
    struct sj_rbac *model, struct sj_text user, struct sj_text role);
/* Ends the user's sessions that use the role or what came by it alone. */
SJ_MUST_CHECK sj_status sj_rbac_DeassignUser(
    struct sj_rbac *model, struct sj_text user, struct sj_text role);
/* Permissions are pairs of the policy's schema: AddPermission makes them known to a model that is built by hand. */
SJ_MUST_CHECK sj_status sj_rbac_AddPermission(
    struct sj_rbac *model, struct sj_text operation, struct sj_text object);
SJ_MUST_CHECK sj_status sj_rbac_GrantPermission(
    struct sj_rbac *model, struct sj_text object, struct sj_text operation, struct sj_text role);
SJ_MUST_CHECK sj_status sj_rbac_RevokePermission(
    struct sj_rbac *model, struct sj_text operation, struct sj_text object, struct sj_text role);

/* ---- core: system ---- */
/* roles: active from the start; all must be authorized for the user, and no dynamic set broken. */
SJ_MUST_CHECK sj_status sj_rbac_CreateSession(struct sj_rbac *model, struct sj_text user,
    struct sj_text session, const struct sj_text *roles, size_t count);
SJ_MUST_CHECK sj_status sj_rbac_DeleteSession(
    struct sj_rbac *model, struct sj_text user, struct sj_text session);
SJ_MUST_CHECK sj_status sj_rbac_AddActiveRole(
    struct sj_rbac *model, struct sj_text user, struct sj_text session, struct sj_text role);
SJ_MUST_CHECK sj_status sj_rbac_DropActiveRole(
    struct sj_rbac *model, struct sj_text user, struct sj_text session, struct sj_text role);
SJ_MUST_CHECK sj_status sj_rbac_CheckAccess(struct sj_rbac *model, struct sj_text session,
    struct sj_text operation, struct sj_text object, bool *ret_access);

/* ---- hierarchy ---- */
SJ_MUST_CHECK sj_status sj_rbac_AddInheritance(
    struct sj_rbac *model, struct sj_text ascendant, struct sj_text descendant);
SJ_MUST_CHECK sj_status sj_rbac_DeleteInheritance(
    struct sj_rbac *model, struct sj_text ascendant, struct sj_text descendant);
SJ_MUST_CHECK sj_status sj_rbac_AddAscendant(
    struct sj_rbac *model, struct sj_text ascendant, struct sj_text descendant);
SJ_MUST_CHECK sj_status sj_rbac_AddDescendant(
    struct sj_rbac *model, struct sj_text ascendant, struct sj_text descendant);

/* ---- static and dynamic separation of duty ---- */
SJ_MUST_CHECK sj_status sj_rbac_CreateSsdSet(struct sj_rbac *model, struct sj_text set,
    const struct sj_text *roles, size_t count, uint32_t n);
SJ_MUST_CHECK sj_status sj_rbac_DeleteSsdSet(struct sj_rbac *model, struct sj_text set);
SJ_MUST_CHECK sj_status sj_rbac_AddSsdRoleMember(
    struct sj_rbac *model, struct sj_text set, struct sj_text role);
SJ_MUST_CHECK sj_status sj_rbac_DeleteSsdRoleMember(
    struct sj_rbac *model, struct sj_text set, struct sj_text role);
SJ_MUST_CHECK sj_status sj_rbac_SetSsdSetCardinality(
    struct sj_rbac *model, struct sj_text set, uint32_t n);
SJ_MUST_CHECK sj_status sj_rbac_CreateDsdSet(struct sj_rbac *model, struct sj_text set,
    const struct sj_text *roles, size_t count, uint32_t n);
SJ_MUST_CHECK sj_status sj_rbac_DeleteDsdSet(struct sj_rbac *model, struct sj_text set);
SJ_MUST_CHECK sj_status sj_rbac_AddDsdRoleMember(
    struct sj_rbac *model, struct sj_text set, struct sj_text role);
SJ_MUST_CHECK sj_status sj_rbac_DeleteDsdRoleMember(
    struct sj_rbac *model, struct sj_text set, struct sj_text role);
SJ_MUST_CHECK sj_status sj_rbac_SetDsdSetCardinality(
    struct sj_rbac *model, struct sj_text set, uint32_t n);

/* ---- review: names in the order in which they were added; items live in the arena ---- */
struct sj_rbac_names {
    struct sj_text *items; /* permissions: "object:operation" */
    size_t count;
};
SJ_MUST_CHECK sj_status sj_rbac_AssignedUsers(
    struct sj_rbac *model, struct sj_text role, struct sj_rbac_names *ret_users);
SJ_MUST_CHECK sj_status sj_rbac_AssignedRoles(
    struct sj_rbac *model, struct sj_text user, struct sj_rbac_names *ret_roles);
SJ_MUST_CHECK sj_status sj_rbac_AuthorizedUsers(
    struct sj_rbac *model, struct sj_text role, struct sj_rbac_names *ret_users);
SJ_MUST_CHECK sj_status sj_rbac_AuthorizedRoles(
    struct sj_rbac *model, struct sj_text user, struct sj_rbac_names *ret_roles);
SJ_MUST_CHECK sj_status sj_rbac_RolePermissions(
    struct sj_rbac *model, struct sj_text role, struct sj_rbac_names *ret_permissions);
SJ_MUST_CHECK sj_status sj_rbac_UserPermissions(
    struct sj_rbac *model, struct sj_text user, struct sj_rbac_names *ret_permissions);
SJ_MUST_CHECK sj_status sj_rbac_SessionRoles(
    struct sj_rbac *model, struct sj_text session, struct sj_rbac_names *ret_roles);
SJ_MUST_CHECK sj_status sj_rbac_SessionPermissions(
    struct sj_rbac *model, struct sj_text session, struct sj_rbac_names *ret_permissions);
SJ_MUST_CHECK sj_status sj_rbac_RoleOperationsOnObject(struct sj_rbac *model, struct sj_text role,
    struct sj_text object, struct sj_rbac_names *ret_operations);
SJ_MUST_CHECK sj_status sj_rbac_UserOperationsOnObject(struct sj_rbac *model, struct sj_text user,
    struct sj_text object, struct sj_rbac_names *ret_operations);
SJ_MUST_CHECK sj_status sj_rbac_SsdRoleSets(struct sj_rbac *model, struct sj_rbac_names *ret_sets);
SJ_MUST_CHECK sj_status sj_rbac_SsdRoleSetRoles(
    struct sj_rbac *model, struct sj_text set, struct sj_rbac_names *ret_roles);
SJ_MUST_CHECK sj_status sj_rbac_SsdRoleSetCardinality(
    struct sj_rbac *model, struct sj_text set, uint32_t *ret_n);
SJ_MUST_CHECK sj_status sj_rbac_DsdRoleSets(struct sj_rbac *model, struct sj_rbac_names *ret_sets);
SJ_MUST_CHECK sj_status sj_rbac_DsdRoleSetRoles(
    struct sj_rbac *model, struct sj_text set, struct sj_rbac_names *ret_roles);
SJ_MUST_CHECK sj_status sj_rbac_DsdRoleSetCardinality(
    struct sj_rbac *model, struct sj_text set, uint32_t *ret_n);

#endif
