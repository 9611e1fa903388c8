/* SPDX-License-Identifier: Apache-2.0
 *
 * Sets of roles that nobody has n or more of: assigned to a user (static) or active in a session (dynamic), what is inherited
 * counted. A set always has 2 <= n <= |roles|, and none comes to be that somebody breaks already.
 */
#include "incits_priv.h"

static sj_status check_cardinality(
    struct sj_rbac *model, const struct sj_role_set *roles, uint32_t n)
{
    if (n < 2 || n > rbac_common(roles, roles)) {
        return rbac_refuse(model, SJ_GUARD_UNMET, "CARDINALITY", "");
    }
    return SJ_DONE;
}

/* Changes a set, and puts it back when somebody would break it. */
static sj_status put(struct sj_rbac *model, struct rbac_set *set, struct rbac_set changed)
{
    const struct rbac_set before = *set;
    TRY(check_cardinality(model, &changed.roles, changed.n));
    *set = changed;
    const sj_status status = rbac_hold_all(model);
    if (sj_failed(status)) {
        *set = before;
    }
    return status;
}

static sj_status create(struct sj_rbac *model, enum sj_sod_kind kind, struct sj_text name,
    const struct sj_text *roles, size_t count, uint32_t n)
{
    uint32_t number = 0;
    if (!sj_failed(rbac_set(model, kind, name, &number))) {
        return rbac_refuse(model, SJ_DUPLICATE, "SET_EXISTS", "");
    }
    rbac_begin(model);
    struct rbac_set set = {.kind = kind, .n = n};
    for (size_t i = 0; i < count; i++) {
        TRY(rbac_role(model, roles[i], &number));
        sj_role_set_add(&set.roles, number);
    }
    ENSURE(model->set_count < RBAC_SETS, LIMIT_EXCEEDED);
    TRY(rbac_keep(model, name, &set.name));
    model->sets[model->set_count] = (struct rbac_set){.name = {NULL, 0}};
    model->set_count++;
    const sj_status status = put(model, &model->sets[model->set_count - 1], set);
    if (sj_failed(status)) {
        model->set_count--;
    }
    return status;
}

static sj_status delete_set(struct sj_rbac *model, enum sj_sod_kind kind, struct sj_text name)
{
    uint32_t number = 0;
    rbac_begin(model);
    TRY(rbac_set(model, kind, name, &number));
    model->sets[number] = (struct rbac_set){.name = {NULL, 0}};
    return SJ_DONE;
}

static sj_status change_member(struct sj_rbac *model, enum sj_sod_kind kind, struct sj_text name,
    struct sj_text role, bool adds)
{
    uint32_t number = 0;
    uint32_t member = 0;
    rbac_begin(model);
    TRY(rbac_set(model, kind, name, &number));
    TRY(rbac_role(model, role, &member));
    struct rbac_set changed = model->sets[number];
    if (sj_role_set_has(&changed.roles, member) == adds) {
        return rbac_refuse(model, SJ_CONFLICT, adds ? "MEMBER_EXISTS" : "NO_MEMBER", "");
    }
    if (adds) {
        sj_role_set_add(&changed.roles, member);
    } else {
        rbac_drop(&changed.roles, member);
    }
    return put(model, &model->sets[number], changed);
}

static sj_status set_cardinality(
    struct sj_rbac *model, enum sj_sod_kind kind, struct sj_text name, uint32_t n)
{
    uint32_t number = 0;
    rbac_begin(model);
    TRY(rbac_set(model, kind, name, &number));
    struct rbac_set changed = model->sets[number];
    changed.n = n;
    return put(model, &model->sets[number], changed);
}

#define SET_FUNCTIONS(Kind, kind)                                                                  \
    sj_status sj_rbac_Create##Kind##Set(struct sj_rbac *model, struct sj_text set,                 \
        const struct sj_text *roles, size_t count, uint32_t n)                                     \
    {                                                                                              \
        return create(model, kind, set, roles, count, n);                                          \
    }                                                                                              \
    sj_status sj_rbac_Delete##Kind##Set(struct sj_rbac *model, struct sj_text set)                 \
    {                                                                                              \
        return delete_set(model, kind, set);                                                       \
    }                                                                                              \
    sj_status sj_rbac_Add##Kind##RoleMember(                                                       \
        struct sj_rbac *model, struct sj_text set, struct sj_text role)                            \
    {                                                                                              \
        return change_member(model, kind, set, role, true);                                        \
    }                                                                                              \
    sj_status sj_rbac_Delete##Kind##RoleMember(                                                    \
        struct sj_rbac *model, struct sj_text set, struct sj_text role)                            \
    {                                                                                              \
        return change_member(model, kind, set, role, false);                                       \
    }                                                                                              \
    sj_status sj_rbac_Set##Kind##SetCardinality(                                                   \
        struct sj_rbac *model, struct sj_text set, uint32_t n)                                     \
    {                                                                                              \
        return set_cardinality(model, kind, set, n);                                               \
    }
SET_FUNCTIONS(Ssd, SJ_SOD_STATIC)
SET_FUNCTIONS(Dsd, SJ_SOD_DYNAMIC)
