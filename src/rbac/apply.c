/* SPDX-License-Identifier: Apache-2.0
 *
 * Which function of the model is an edit? One place, so that what is written into a document was allowed by the standard's own
 * preconditions first.
 */
#include "sanjeh/rbac/draft.h"

static sj_status apply_set(struct sj_rbac *model, const struct sj_rbac_edit *edit)
{
    const bool is_static = edit->sod == SJ_SOD_STATIC;
    const struct sj_rbac_list *roles = &edit->roles;
    if (edit->kind == SJ_RBAC_CreateSet) {
        return is_static
                   ? sj_rbac_CreateSsdSet(model, edit->set, roles->items, roles->count, edit->n)
                   : sj_rbac_CreateDsdSet(model, edit->set, roles->items, roles->count, edit->n);
    }
    if (edit->kind == SJ_RBAC_DeleteSet) {
        return is_static ? sj_rbac_DeleteSsdSet(model, edit->set)
                         : sj_rbac_DeleteDsdSet(model, edit->set);
    }
    if (edit->kind == SJ_RBAC_AddRoleMember) {
        return is_static ? sj_rbac_AddSsdRoleMember(model, edit->set, edit->role)
                         : sj_rbac_AddDsdRoleMember(model, edit->set, edit->role);
    }
    if (edit->kind == SJ_RBAC_DeleteRoleMember) {
        return is_static ? sj_rbac_DeleteSsdRoleMember(model, edit->set, edit->role)
                         : sj_rbac_DeleteDsdRoleMember(model, edit->set, edit->role);
    }
    return is_static ? sj_rbac_SetSsdSetCardinality(model, edit->set, edit->n)
                     : sj_rbac_SetDsdSetCardinality(model, edit->set, edit->n);
}

sj_status sj_rbac_apply(struct sj_rbac *model, const struct sj_rbac_edit *edit)
{
    switch (edit->kind) {
    case SJ_RBAC_AddRole:
        return sj_rbac_AddRole(model, edit->role);
    case SJ_RBAC_DeleteRole:
        return sj_rbac_DeleteRole(model, edit->role);
    case SJ_RBAC_GrantPermission:
        return sj_rbac_GrantPermission(model, edit->object, edit->operation, edit->role);
    case SJ_RBAC_RevokePermission:
        return sj_rbac_RevokePermission(model, edit->operation, edit->object, edit->role);
    case SJ_RBAC_AddInheritance:
        return sj_rbac_AddInheritance(model, edit->ascendant, edit->descendant);
    case SJ_RBAC_DeleteInheritance:
        return sj_rbac_DeleteInheritance(model, edit->ascendant, edit->descendant);
    case SJ_RBAC_AddAscendant:
        return sj_rbac_AddAscendant(model, edit->ascendant, edit->descendant);
    case SJ_RBAC_AddDescendant:
        return sj_rbac_AddDescendant(model, edit->ascendant, edit->descendant);
    case SJ_RBAC_CreateSet:
    case SJ_RBAC_DeleteSet:
    case SJ_RBAC_AddRoleMember:
    case SJ_RBAC_DeleteRoleMember:
    case SJ_RBAC_SetSetCardinality:
        return apply_set(model, edit);
    }
    FAIL(INTERNAL);
}
