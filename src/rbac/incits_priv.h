/* SPDX-License-Identifier: Apache-2.0
 *
 * How a model looks inside: tables by number, sets of roles as bits. A place whose name is empty is free.
 */
#ifndef SJ_RBAC_INCITS_PRIV_H
#define SJ_RBAC_INCITS_PRIV_H

#include "sanjeh/rbac/incits.h"

#define RBAC_SETS        256
#define RBAC_USERS       4096
#define RBAC_SESSIONS    4096
#define RBAC_PERMISSIONS SJ_POLICY_ACTIONS
#define RBAC_NONE        UINT32_MAX

struct rbac_role {
    struct sj_text name;
    struct sj_role_set juniors; /* direct edges */
};
struct rbac_set {
    struct sj_text name;
    enum sj_sod_kind kind;
    struct sj_role_set roles;
    uint32_t n;
};
struct rbac_permission {
    struct sj_text name; /* "object:operation" */
    size_t object_len;
    struct sj_role_set roles; /* granted directly */
};
struct rbac_user {
    struct sj_text name;
    struct sj_role_set roles; /* assigned */
};
struct rbac_session {
    struct sj_text name;
    uint32_t user;
    struct sj_role_set roles; /* active */
};

struct sj_rbac {
    struct sj_arena *arena;
    enum sj_rbac_hierarchy hierarchy;
    char why[96];
    struct rbac_role roles[SJ_POLICY_ROLES];
    struct rbac_set sets[RBAC_SETS];
    struct rbac_permission permissions[RBAC_PERMISSIONS];
    struct rbac_user *users;
    struct rbac_session sessions[RBAC_SESSIONS];
    uint32_t role_count; /* places used so far, free ones among them */
    uint32_t set_count;
    uint32_t permission_count;
    uint32_t user_count;
    uint32_t user_max;
    uint32_t session_count;
};

/* Numbers of names; NOT_FOUND with the rule "NO_ROLE" and so on. */
SJ_MUST_CHECK sj_status rbac_role(struct sj_rbac *model, struct sj_text name, uint32_t *ret_role);
SJ_MUST_CHECK sj_status rbac_user(struct sj_rbac *model, struct sj_text name, uint32_t *ret_user);
SJ_MUST_CHECK sj_status rbac_session(
    struct sj_rbac *model, struct sj_text name, uint32_t *ret_session);
SJ_MUST_CHECK sj_status rbac_set(
    struct sj_rbac *model, enum sj_sod_kind kind, struct sj_text name, uint32_t *ret_set);
uint32_t rbac_find_permission(
    const struct sj_rbac *model, struct sj_text object, struct sj_text operation);
/* The roles and everything they inherit. */
struct sj_role_set rbac_close(const struct sj_rbac *model, const struct sj_role_set *roles);
/* GUARD_UNMET where a set of the kind has n or more of the closure. */
SJ_MUST_CHECK sj_status rbac_hold(
    struct sj_rbac *model, enum sj_sod_kind kind, const struct sj_role_set *roles);
/* The same of all users (static) and all sessions (dynamic). */
SJ_MUST_CHECK sj_status rbac_hold_all(struct sj_rbac *model);
sj_status rbac_refuse(struct sj_rbac *model, enum sj_code code, const char *rule, const char *name);
SJ_MUST_CHECK sj_status rbac_keep(struct sj_rbac *model, struct sj_text name, struct sj_text *ret);

static inline void rbac_drop(struct sj_role_set *set, uint32_t role)
{
    set->bits[role / 64] &= ~(UINT64_C(1) << (role % 64));
}
static inline uint32_t rbac_common(const struct sj_role_set *a, const struct sj_role_set *b)
{
    uint32_t count = 0;
    for (size_t i = 0; i < SJ_COUNT(a->bits); i++) {
        count += (uint32_t)__builtin_popcountll(a->bits[i] & b->bits[i]);
    }
    return count;
}
static inline void rbac_begin(struct sj_rbac *model)
{
    model->why[0] = '\0';
}

#endif
