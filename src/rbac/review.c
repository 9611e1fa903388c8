/* SPDX-License-Identifier: Apache-2.0
 *
 * The review functions of INCITS 359, core and advanced: who has what, by assignment or by inheritance, and what a role, a user, a
 * session may do. Permissions of roles are upper bounds: conditions of the policy only narrow them.
 */
#include "incits_priv.h"

static sj_status begin(struct sj_rbac *model, size_t most, struct sj_rbac_names *names)
{
    void *memory = NULL;
    rbac_begin(model);
    TRY(sj_arena_alloc(model->arena, (most + 1) * sizeof(struct sj_text), &memory));
    *names = (struct sj_rbac_names){.items = memory};
    return SJ_DONE;
}

static sj_status list_roles(
    struct sj_rbac *model, const struct sj_role_set *roles, struct sj_rbac_names *names)
{
    TRY(begin(model, model->role_count, names));
    for (uint32_t i = 0; i < model->role_count; i++) {
        if (model->roles[i].name.len > 0 && sj_role_set_has(roles, i)) {
            names->items[names->count++] = model->roles[i].name;
        }
    }
    return SJ_DONE;
}

/* What the closure of the roles gives; object empty: of all, else its operations alone. */
static sj_status list_permissions(struct sj_rbac *model, const struct sj_role_set *roles,
    struct sj_text object, struct sj_rbac_names *names)
{
    const struct sj_role_set closed = rbac_close(model, roles);
    TRY(begin(model, model->permission_count, names));
    for (uint32_t i = 0; i < model->permission_count; i++) {
        const struct rbac_permission *permission = &model->permissions[i];
        const struct sj_text own = {permission->name.ptr, permission->object_len};
        if (rbac_common(&closed, &permission->roles) == 0 ||
            (object.len > 0 && !sj_text_equal(own, object))) {
            continue;
        }
        const size_t skip = object.len > 0 ? permission->object_len + 1 : 0;
        names->items[names->count++] =
            (struct sj_text){permission->name.ptr + skip, permission->name.len - skip};
    }
    return SJ_DONE;
}

static sj_status list_users(
    struct sj_rbac *model, struct sj_text role, bool inherits, struct sj_rbac_names *names)
{
    uint32_t number = 0;
    TRY(begin(model, model->user_count, names));
    TRY(rbac_role(model, role, &number));
    for (uint32_t i = 0; i < model->user_count; i++) {
        const struct rbac_user *user = &model->users[i];
        const struct sj_role_set roles = inherits ? rbac_close(model, &user->roles) : user->roles;
        if (user->name.len > 0 && sj_role_set_has(&roles, number)) {
            names->items[names->count++] = user->name;
        }
    }
    return SJ_DONE;
}

sj_status sj_rbac_AssignedUsers(
    struct sj_rbac *model, struct sj_text role, struct sj_rbac_names *ret_users)
{
    return list_users(model, role, /* inherits= */ false, ret_users);
}

sj_status sj_rbac_AuthorizedUsers(
    struct sj_rbac *model, struct sj_text role, struct sj_rbac_names *ret_users)
{
    return list_users(model, role, /* inherits= */ true, ret_users);
}

sj_status sj_rbac_AssignedRoles(
    struct sj_rbac *model, struct sj_text user, struct sj_rbac_names *ret_roles)
{
    uint32_t number = 0;
    rbac_begin(model);
    TRY(rbac_user(model, user, &number));
    return list_roles(model, &model->users[number].roles, ret_roles);
}

sj_status sj_rbac_AuthorizedRoles(
    struct sj_rbac *model, struct sj_text user, struct sj_rbac_names *ret_roles)
{
    uint32_t number = 0;
    rbac_begin(model);
    TRY(rbac_user(model, user, &number));
    const struct sj_role_set closed = rbac_close(model, &model->users[number].roles);
    return list_roles(model, &closed, ret_roles);
}

static sj_status role_set_of(struct sj_rbac *model, struct sj_text role, struct sj_role_set *ret)
{
    uint32_t number = 0;
    rbac_begin(model);
    *ret = (struct sj_role_set){{0}};
    TRY(rbac_role(model, role, &number));
    sj_role_set_add(ret, number);
    return SJ_DONE;
}

sj_status sj_rbac_RolePermissions(
    struct sj_rbac *model, struct sj_text role, struct sj_rbac_names *ret_permissions)
{
    struct sj_role_set roles;
    TRY(role_set_of(model, role, &roles));
    return list_permissions(model, &roles, (struct sj_text){"", 0}, ret_permissions);
}

sj_status sj_rbac_RoleOperationsOnObject(struct sj_rbac *model, struct sj_text role,
    struct sj_text object, struct sj_rbac_names *ret_operations)
{
    struct sj_role_set roles;
    TRY(role_set_of(model, role, &roles));
    return list_permissions(model, &roles, object, ret_operations);
}

sj_status sj_rbac_UserPermissions(
    struct sj_rbac *model, struct sj_text user, struct sj_rbac_names *ret_permissions)
{
    uint32_t number = 0;
    rbac_begin(model);
    TRY(rbac_user(model, user, &number));
    return list_permissions(
        model, &model->users[number].roles, (struct sj_text){"", 0}, ret_permissions);
}

sj_status sj_rbac_UserOperationsOnObject(struct sj_rbac *model, struct sj_text user,
    struct sj_text object, struct sj_rbac_names *ret_operations)
{
    uint32_t number = 0;
    rbac_begin(model);
    TRY(rbac_user(model, user, &number));
    return list_permissions(model, &model->users[number].roles, object, ret_operations);
}

sj_status sj_rbac_SessionRoles(
    struct sj_rbac *model, struct sj_text session, struct sj_rbac_names *ret_roles)
{
    uint32_t number = 0;
    rbac_begin(model);
    TRY(rbac_session(model, session, &number));
    return list_roles(model, &model->sessions[number].roles, ret_roles);
}

sj_status sj_rbac_SessionPermissions(
    struct sj_rbac *model, struct sj_text session, struct sj_rbac_names *ret_permissions)
{
    uint32_t number = 0;
    rbac_begin(model);
    TRY(rbac_session(model, session, &number));
    return list_permissions(
        model, &model->sessions[number].roles, (struct sj_text){"", 0}, ret_permissions);
}

static sj_status list_sets(
    struct sj_rbac *model, enum sj_sod_kind kind, struct sj_rbac_names *names)
{
    TRY(begin(model, model->set_count, names));
    for (uint32_t i = 0; i < model->set_count; i++) {
        if (model->sets[i].name.len > 0 && model->sets[i].kind == kind) {
            names->items[names->count++] = model->sets[i].name;
        }
    }
    return SJ_DONE;
}

#define SET_REVIEWS(Kind, kind)                                                                    \
    sj_status sj_rbac_##Kind##RoleSets(struct sj_rbac *model, struct sj_rbac_names *ret_sets)      \
    {                                                                                              \
        return list_sets(model, kind, ret_sets);                                                   \
    }                                                                                              \
    sj_status sj_rbac_##Kind##RoleSetRoles(                                                        \
        struct sj_rbac *model, struct sj_text set, struct sj_rbac_names *ret_roles)                \
    {                                                                                              \
        uint32_t number = 0;                                                                       \
        rbac_begin(model);                                                                         \
        TRY(rbac_set(model, kind, set, &number));                                                  \
        return list_roles(model, &model->sets[number].roles, ret_roles);                           \
    }                                                                                              \
    sj_status sj_rbac_##Kind##RoleSetCardinality(                                                  \
        struct sj_rbac *model, struct sj_text set, uint32_t *ret_n)                                \
    {                                                                                              \
        uint32_t number = 0;                                                                       \
        rbac_begin(model);                                                                         \
        TRY(rbac_set(model, kind, set, &number));                                                  \
        *ret_n = model->sets[number].n;                                                            \
        return SJ_DONE;                                                                            \
    }
SET_REVIEWS(Ssd, SJ_SOD_STATIC)
SET_REVIEWS(Dsd, SJ_SOD_DYNAMIC)
