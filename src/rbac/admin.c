/* SPDX-License-Identifier: Apache-2.0
 *
 * The administrative functions of INCITS 359: users, roles, assignments, permissions, inheritance, separation of duty. Each checks
 * every precondition before it changes anything; one that would break a constraint is undone as if it had not been asked.
 */
#include "incits_priv.h"

/* ---- users ---- */

sj_status sj_rbac_AddUser(struct sj_rbac *model, struct sj_text user)
{
    uint32_t number = 0;
    if (!sj_failed(rbac_user(model, user, &number))) {
        return rbac_refuse(model, SJ_DUPLICATE, "USER_EXISTS", "");
    }
    ENSURE(model->user_count < model->user_max, LIMIT_EXCEEDED);
    struct rbac_user *place = &model->users[model->user_count];
    TRY(rbac_keep(model, user, &place->name));
    place->roles = (struct sj_role_set){{0}};
    model->user_count++;
    rbac_begin(model);
    return SJ_DONE;
}

static void end_session(struct sj_rbac *model, uint32_t session)
{
    model->sessions[session] = (struct rbac_session){.user = RBAC_NONE};
}

sj_status sj_rbac_DeleteUser(struct sj_rbac *model, struct sj_text user)
{
    uint32_t number = 0;
    rbac_begin(model);
    TRY(rbac_user(model, user, &number));
    for (uint32_t i = 0; i < model->session_count; i++) {
        if (model->sessions[i].user == number) {
            end_session(model, i);
        }
    }
    model->users[number] = (struct rbac_user){.name = {NULL, 0}};
    return SJ_DONE;
}

/* ---- roles ---- */

sj_status sj_rbac_AddRole(struct sj_rbac *model, struct sj_text role)
{
    uint32_t number = 0;
    if (!sj_failed(rbac_role(model, role, &number))) {
        return rbac_refuse(model, SJ_DUPLICATE, "ROLE_EXISTS", "");
    }
    ENSURE(model->role_count < SJ_POLICY_ROLES, LIMIT_EXCEEDED);
    struct rbac_role *place = &model->roles[model->role_count];
    TRY(rbac_keep(model, role, &place->name));
    place->juniors = (struct sj_role_set){{0}};
    model->role_count++;
    rbac_begin(model);
    return SJ_DONE;
}

static bool is_within(const struct sj_role_set *inner, const struct sj_role_set *outer)
{
    return rbac_common(inner, outer) == rbac_common(inner, inner);
}

/* Sessions that have a role active which their user is no longer authorized for. */
static void end_unauthorized(struct sj_rbac *model)
{
    for (uint32_t i = 0; i < model->session_count; i++) {
        const struct rbac_session *session = &model->sessions[i];
        if (session->name.len == 0) {
            continue;
        }
        const struct sj_role_set authorized = rbac_close(model, &model->users[session->user].roles);
        if (!is_within(&session->roles, &authorized)) {
            end_session(model, i);
        }
    }
}

/* A set that would have fewer roles than its n cannot stand. */
static sj_status check_sets_without(struct sj_rbac *model, uint32_t role)
{
    for (uint32_t i = 0; i < model->set_count; i++) {
        const struct rbac_set *set = &model->sets[i];
        if (set->name.len > 0 && sj_role_set_has(&set->roles, role) &&
            rbac_common(&set->roles, &set->roles) <= set->n) {
            return rbac_refuse(model, SJ_GUARD_UNMET, "CARDINALITY", "");
        }
    }
    return SJ_DONE;
}

sj_status sj_rbac_DeleteRole(struct sj_rbac *model, struct sj_text role)
{
    uint32_t number = 0;
    rbac_begin(model);
    TRY(rbac_role(model, role, &number));
    TRY(check_sets_without(model, number));
    for (uint32_t i = 0; i < model->session_count; i++) {
        if (sj_role_set_has(&model->sessions[i].roles, number)) {
            end_session(model, i);
        }
    }
    for (uint32_t i = 0; i < model->user_count; i++) {
        rbac_drop(&model->users[i].roles, number);
    }
    for (uint32_t i = 0; i < model->role_count; i++) {
        rbac_drop(&model->roles[i].juniors, number);
    }
    for (uint32_t i = 0; i < model->permission_count; i++) {
        rbac_drop(&model->permissions[i].roles, number);
    }
    for (uint32_t i = 0; i < model->set_count; i++) {
        rbac_drop(&model->sets[i].roles, number);
    }
    model->roles[number] = (struct rbac_role){.name = {NULL, 0}};
    end_unauthorized(model);
    return SJ_DONE;
}

/* ---- assignments ---- */

sj_status sj_rbac_AssignUser(struct sj_rbac *model, struct sj_text user, struct sj_text role)
{
    uint32_t who = 0;
    uint32_t what = 0;
    rbac_begin(model);
    TRY(rbac_user(model, user, &who));
    TRY(rbac_role(model, role, &what));
    if (sj_role_set_has(&model->users[who].roles, what)) {
        return rbac_refuse(model, SJ_DUPLICATE, "ASSIGNMENT_EXISTS", "");
    }
    struct sj_role_set roles = model->users[who].roles;
    sj_role_set_add(&roles, what);
    TRY(rbac_hold(model, SJ_SOD_STATIC, &roles));
    model->users[who].roles = roles;
    return SJ_DONE;
}

sj_status sj_rbac_DeassignUser(struct sj_rbac *model, struct sj_text user, struct sj_text role)
{
    uint32_t who = 0;
    uint32_t what = 0;
    rbac_begin(model);
    TRY(rbac_user(model, user, &who));
    TRY(rbac_role(model, role, &what));
    if (!sj_role_set_has(&model->users[who].roles, what)) {
        return rbac_refuse(model, SJ_CONFLICT, "NOT_ASSIGNED", "");
    }
    rbac_drop(&model->users[who].roles, what);
    end_unauthorized(model);
    return SJ_DONE;
}

/* ---- permissions ---- */

sj_status sj_rbac_AddPermission(
    struct sj_rbac *model, struct sj_text operation, struct sj_text object)
{
    if (rbac_find_permission(model, object, operation) != RBAC_NONE) {
        return rbac_refuse(model, SJ_DUPLICATE, "PERMISSION_EXISTS", "");
    }
    ENSURE(model->permission_count < RBAC_PERMISSIONS, LIMIT_EXCEEDED);
    struct rbac_permission *place = &model->permissions[model->permission_count];
    char name[160];
    const int len = snprintf(name, sizeof name, "%.*s:%.*s", (int)object.len, object.ptr,
        (int)operation.len, operation.ptr);
    ENSURE(len > 0 && (size_t)len < sizeof name && object.len > 0 && operation.len > 0, INVALID);
    TRY(sj_arena_text(model->arena, sj_text_of(name), &place->name));
    place->object_len = object.len;
    place->roles = (struct sj_role_set){{0}};
    model->permission_count++;
    rbac_begin(model);
    return SJ_DONE;
}

static sj_status find_grant(struct sj_rbac *model, struct sj_text object, struct sj_text operation,
    struct sj_text role, uint32_t *ret_permission, uint32_t *ret_role)
{
    rbac_begin(model);
    *ret_permission = rbac_find_permission(model, object, operation);
    if (*ret_permission == RBAC_NONE) {
        return rbac_refuse(model, SJ_NOT_FOUND, "NO_PERMISSION", "");
    }
    return rbac_role(model, role, ret_role);
}

sj_status sj_rbac_GrantPermission(
    struct sj_rbac *model, struct sj_text object, struct sj_text operation, struct sj_text role)
{
    uint32_t permission = 0;
    uint32_t number = 0;
    TRY(find_grant(model, object, operation, role, &permission, &number));
    sj_role_set_add(&model->permissions[permission].roles, number);
    return SJ_DONE;
}

sj_status sj_rbac_RevokePermission(
    struct sj_rbac *model, struct sj_text operation, struct sj_text object, struct sj_text role)
{
    uint32_t permission = 0;
    uint32_t number = 0;
    TRY(find_grant(model, object, operation, role, &permission, &number));
    if (!sj_role_set_has(&model->permissions[permission].roles, number)) {
        return rbac_refuse(model, SJ_CONFLICT, "NOT_GRANTED", "");
    }
    rbac_drop(&model->permissions[permission].roles, number);
    return SJ_DONE;
}

/* ---- hierarchy ---- */

static sj_status check_edge(struct sj_rbac *model, uint32_t senior, uint32_t junior)
{
    const struct rbac_role *role = &model->roles[senior];
    if (sj_role_set_has(&role->juniors, junior)) {
        return rbac_refuse(model, SJ_CONFLICT, "EDGE_EXISTS", "");
    }
    struct sj_role_set below = {{0}};
    sj_role_set_add(&below, junior);
    below = rbac_close(model, &below);
    if (sj_role_set_has(&below, senior)) {
        return rbac_refuse(model, SJ_CONFLICT, "CYCLE", "");
    }
    if (model->hierarchy == SJ_RBAC_LIMITED && rbac_common(&role->juniors, &role->juniors) > 0) {
        return rbac_refuse(model, SJ_CONFLICT, "ONE_DESCENDANT", "");
    }
    return SJ_DONE;
}

sj_status sj_rbac_AddInheritance(
    struct sj_rbac *model, struct sj_text ascendant, struct sj_text descendant)
{
    uint32_t senior = 0;
    uint32_t junior = 0;
    rbac_begin(model);
    TRY(rbac_role(model, ascendant, &senior));
    TRY(rbac_role(model, descendant, &junior));
    TRY(check_edge(model, senior, junior));
    sj_role_set_add(&model->roles[senior].juniors, junior);
    const sj_status status = rbac_hold_all(model);
    if (sj_failed(status)) {
        rbac_drop(&model->roles[senior].juniors, junior);
    }
    return status;
}

sj_status sj_rbac_DeleteInheritance(
    struct sj_rbac *model, struct sj_text ascendant, struct sj_text descendant)
{
    uint32_t senior = 0;
    uint32_t junior = 0;
    rbac_begin(model);
    TRY(rbac_role(model, ascendant, &senior));
    TRY(rbac_role(model, descendant, &junior));
    if (!sj_role_set_has(&model->roles[senior].juniors, junior)) {
        return rbac_refuse(model, SJ_CONFLICT, "NO_EDGE", "");
    }
    rbac_drop(&model->roles[senior].juniors, junior);
    end_unauthorized(model);
    return SJ_DONE;
}

/* A new role with one edge; both or neither. */
static sj_status add_with_edge(struct sj_rbac *model, struct sj_text new_role,
    struct sj_text known_role, struct sj_text ascendant, struct sj_text descendant)
{
    uint32_t known = 0;
    rbac_begin(model);
    TRY(rbac_role(model, known_role, &known));
    TRY(sj_rbac_AddRole(model, new_role));
    const sj_status status = sj_rbac_AddInheritance(model, ascendant, descendant);
    if (sj_failed(status)) {
        model->role_count--;
        model->roles[model->role_count] = (struct rbac_role){.name = {NULL, 0}};
    }
    return status;
}

sj_status sj_rbac_AddAscendant(
    struct sj_rbac *model, struct sj_text ascendant, struct sj_text descendant)
{
    return add_with_edge(model, ascendant, descendant, ascendant, descendant);
}

sj_status sj_rbac_AddDescendant(
    struct sj_rbac *model, struct sj_text ascendant, struct sj_text descendant)
{
    return add_with_edge(model, descendant, ascendant, ascendant, descendant);
}
