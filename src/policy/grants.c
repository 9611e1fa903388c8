/* SPDX-License-Identifier: Apache-2.0
 *
 * Which grants count now, what do they cover, and which unit files hold for the resource? A grant that has ended, lapsed or was never
 * activated must not count for anything.
 */
#include "pass.h"

static bool grant_counts(const struct sj_policy *root, const struct sj_policy_request *request,
    const struct sj_policy_grant *grant)
{
    if (grant->role >= root->role_count || grant->lapsed) {
        return false;
    }
    if ((grant->from != 0 && request->now < grant->from) ||
        (grant->until != 0 && request->now >= grant->until)) {
        return false;
    }
    const struct sj_policy_role *role = &root->roles[grant->role];
    if (grant->kind == SJ_GRANT_BREAK_GLASS) {
        return root->break_glass.given && grant->role == root->break_glass.grants_role;
    }
    if (role->only_via_break_glass || (role->on_demand && !grant->active)) {
        return false;
    }
    return grant->kind != SJ_GRANT_DELEGATED ||
           (root->delegation.given && sj_role_set_has(&root->delegation.roles, grant->role));
}

void pass_take_grants(struct pass *pass)
{
    const struct sj_policy *root = pass->set->files[0].policy;
    const struct sj_policy_request *request = pass->request;
    for (size_t i = 0; i < request->grant_count; i++) {
        const struct sj_policy_grant *grant = &request->grants[i];
        if (!grant_counts(root, request, grant)) {
            continue;
        }
        pass->valid |= UINT64_C(1) << i;
        for (size_t w = 0; w < SJ_POLICY_ROLES / 64; w++) {
            pass->held.bits[w] |= root->roles[grant->role].closure.bits[w];
        }
    }
}

bool pass_covers(const struct pass *pass, enum sj_reach reach, const struct sj_policy_grant *grant)
{
    if (pass->request->reach_only || (reach != SJ_REACH_UNIT && reach != SJ_REACH_SUBTREE)) {
        return true;
    }
    if (grant->unit == SJ_POLICY_NONE || pass->resource_unit == SJ_POLICY_NONE) {
        return false;
    }
    return reach == SJ_REACH_UNIT
               ? grant->unit == pass->resource_unit
               : sj_policy_set_within(pass->set, pass->resource_unit, grant->unit);
}

/* Which files hold: those whose owner's subtree has the resource; all where its unit cannot be told. */
void pass_bind_files(struct pass *pass)
{
    const struct sj_policy_set *set = pass->set;
    const struct sj_policy *root = set->files[0].policy;
    const struct policy_type *type = &root->types[root->actions[pass->request->action].type];
    pass->resource_unit = SJ_POLICY_NONE;
    if (type->unit_slot != SJ_POLICY_NONE && pass->request->resource != NULL &&
        !pass->request->reach_only) {
        const struct sj_attr_value *unit = &pass->request->resource[type->unit_slot];
        pass->resource_unit = unit->kind == SJ_ATTR_UNIT ? (uint32_t)unit->number : SJ_POLICY_NONE;
    }
    const bool binds = pass->request->reach_only && pass->request->binds;
    const uint32_t unit = binds ? pass->request->binding_unit : pass->resource_unit;
    pass->bound = 1;
    for (size_t i = 1; i < set->file_count; i++) {
        const bool known = binds || unit != SJ_POLICY_NONE;
        const bool holds = known ? sj_policy_set_within(set, unit, set->files[i].owner)
                                 : type->unit_slot != SJ_POLICY_NONE;
        pass->bound |= holds ? UINT64_C(1) << i : 0;
    }
}
