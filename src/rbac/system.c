/* SPDX-License-Identifier: Apache-2.0
 *
 * The system functions of INCITS 359: sessions, the roles that are active in them, and the question they are for. A session has
 * what its user is authorized for and never what a dynamic set keeps apart.
 */
#include "incits_priv.h"

static sj_status check_active(struct sj_rbac *model, uint32_t user, const struct sj_role_set *roles)
{
    const struct sj_role_set authorized = rbac_close(model, &model->users[user].roles);
    if (rbac_common(roles, &authorized) != rbac_common(roles, roles)) {
        return rbac_refuse(model, SJ_CONFLICT, "NOT_AUTHORIZED", "");
    }
    return rbac_hold(model, SJ_SOD_DYNAMIC, roles);
}

sj_status sj_rbac_CreateSession(struct sj_rbac *model, struct sj_text user, struct sj_text session,
    const struct sj_text *roles, size_t count)
{
    uint32_t who = 0;
    uint32_t number = 0;
    if (!sj_failed(rbac_session(model, session, &number))) {
        return rbac_refuse(model, SJ_DUPLICATE, "SESSION_EXISTS", "");
    }
    rbac_begin(model);
    TRY(rbac_user(model, user, &who));
    struct rbac_session made = {.user = who};
    for (size_t i = 0; i < count; i++) {
        TRY(rbac_role(model, roles[i], &number));
        sj_role_set_add(&made.roles, number);
    }
    TRY(check_active(model, who, &made.roles));
    ENSURE(model->session_count < RBAC_SESSIONS, LIMIT_EXCEEDED);
    TRY(rbac_keep(model, session, &made.name));
    model->sessions[model->session_count++] = made;
    return SJ_DONE;
}

static sj_status find_own(
    struct sj_rbac *model, struct sj_text user, struct sj_text session, uint32_t *ret_session)
{
    uint32_t who = 0;
    rbac_begin(model);
    TRY(rbac_user(model, user, &who));
    TRY(rbac_session(model, session, ret_session));
    if (model->sessions[*ret_session].user != who) {
        return rbac_refuse(model, SJ_CONFLICT, "OTHER_USERS_SESSION", "");
    }
    return SJ_DONE;
}

sj_status sj_rbac_DeleteSession(struct sj_rbac *model, struct sj_text user, struct sj_text session)
{
    uint32_t number = 0;
    TRY(find_own(model, user, session, &number));
    model->sessions[number] = (struct rbac_session){.user = RBAC_NONE};
    return SJ_DONE;
}

sj_status sj_rbac_AddActiveRole(
    struct sj_rbac *model, struct sj_text user, struct sj_text session, struct sj_text role)
{
    uint32_t number = 0;
    uint32_t what = 0;
    TRY(find_own(model, user, session, &number));
    TRY(rbac_role(model, role, &what));
    struct sj_role_set roles = model->sessions[number].roles;
    if (sj_role_set_has(&roles, what)) {
        return rbac_refuse(model, SJ_CONFLICT, "IS_ACTIVE", "");
    }
    sj_role_set_add(&roles, what);
    TRY(check_active(model, model->sessions[number].user, &roles));
    model->sessions[number].roles = roles;
    return SJ_DONE;
}

sj_status sj_rbac_DropActiveRole(
    struct sj_rbac *model, struct sj_text user, struct sj_text session, struct sj_text role)
{
    uint32_t number = 0;
    uint32_t what = 0;
    TRY(find_own(model, user, session, &number));
    TRY(rbac_role(model, role, &what));
    if (!sj_role_set_has(&model->sessions[number].roles, what)) {
        return rbac_refuse(model, SJ_CONFLICT, "NOT_ACTIVE", "");
    }
    rbac_drop(&model->sessions[number].roles, what);
    return SJ_DONE;
}

sj_status sj_rbac_CheckAccess(struct sj_rbac *model, struct sj_text session,
    struct sj_text operation, struct sj_text object, bool *ret_access)
{
    uint32_t number = 0;
    rbac_begin(model);
    TRY(rbac_session(model, session, &number));
    const uint32_t permission = rbac_find_permission(model, object, operation);
    if (permission == RBAC_NONE) {
        return rbac_refuse(model, SJ_NOT_FOUND, "NO_PERMISSION", "");
    }
    const struct sj_role_set active = rbac_close(model, &model->sessions[number].roles);
    *ret_access = rbac_common(&active, &model->permissions[permission].roles) > 0;
    return SJ_DONE;
}
