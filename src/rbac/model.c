/* SPDX-License-Identifier: Apache-2.0
 *
 * What does a model consist of, how is it found by name, and does it keep its constraints? And how a policy becomes one: roles with
 * their direct edges, permissions with the roles that permits name, static and dynamic sets.
 */
#include "incits_priv.h"

#include "sanjeh/json/decode.h"

static sj_status make_room(struct sj_rbac *model, uint32_t users)
{
    void *memory = NULL;
    const size_t bytes = users * sizeof(struct rbac_user);
    TRY(sj_arena_alloc(model->arena, bytes, &memory));
    sj_wipe(memory, bytes);
    model->users = memory;
    model->user_max = users;
    return SJ_DONE;
}

sj_status sj_rbac_new(
    struct sj_arena *arena, enum sj_rbac_hierarchy hierarchy, struct sj_rbac **ret_model)
{
    void *memory = NULL;
    TRY(sj_arena_alloc(arena, sizeof(struct sj_rbac), &memory));
    struct sj_rbac *model = memory;
    sj_wipe(model, sizeof *model);
    model->arena = arena;
    model->hierarchy = hierarchy;
    TRY(make_room(model, RBAC_USERS));
    *ret_model = model;
    return SJ_DONE;
}

void sj_rbac_choose_hierarchy(struct sj_rbac *model, enum sj_rbac_hierarchy hierarchy)
{
    model->hierarchy = hierarchy;
}

const char *sj_rbac_why(const struct sj_rbac *model)
{
    return model->why;
}

sj_status rbac_refuse(struct sj_rbac *model, enum sj_code code, const char *rule, const char *name)
{
    (void)snprintf(model->why, sizeof model->why, "%s%s%s", rule, name[0] == '\0' ? "" : " ", name);
    return (sj_status){code, "rbac"};
}

sj_status rbac_keep(struct sj_rbac *model, struct sj_text name, struct sj_text *ret)
{
    if (name.len == 0 || name.len > 128) {
        return rbac_refuse(model, SJ_INVALID, "NAME", "");
    }
    return sj_arena_text(model->arena, name, ret);
}

#define FINDER(what, places, count, rule)                                                          \
    sj_status rbac_##what(struct sj_rbac *model, struct sj_text name, uint32_t *ret)               \
    {                                                                                              \
        for (uint32_t i = 0; i < model->count; i++) {                                              \
            if (model->places[i].name.len > 0 && sj_text_equal(model->places[i].name, name)) {     \
                *ret = i;                                                                          \
                return SJ_DONE;                                                                    \
            }                                                                                      \
        }                                                                                          \
        return rbac_refuse(model, SJ_NOT_FOUND, rule, "");                                         \
    }
FINDER(role, roles, role_count, "NO_ROLE")
FINDER(user, users, user_count, "NO_USER")
FINDER(session, sessions, session_count, "NO_SESSION")

sj_status rbac_set(
    struct sj_rbac *model, enum sj_sod_kind kind, struct sj_text name, uint32_t *ret_set)
{
    for (uint32_t i = 0; i < model->set_count; i++) {
        const struct rbac_set *set = &model->sets[i];
        if (set->name.len > 0 && set->kind == kind && sj_text_equal(set->name, name)) {
            *ret_set = i;
            return SJ_DONE;
        }
    }
    return rbac_refuse(model, SJ_NOT_FOUND, "NO_SET", "");
}

uint32_t rbac_find_permission(
    const struct sj_rbac *model, struct sj_text object, struct sj_text operation)
{
    for (uint32_t i = 0; i < model->permission_count; i++) {
        const struct rbac_permission *permission = &model->permissions[i];
        const struct sj_text own = {permission->name.ptr, permission->object_len};
        const struct sj_text verb = {permission->name.ptr + permission->object_len + 1,
            permission->name.len - permission->object_len - 1};
        if (sj_text_equal(own, object) && sj_text_equal(verb, operation)) {
            return i;
        }
    }
    return RBAC_NONE;
}

struct sj_role_set rbac_close(const struct sj_rbac *model, const struct sj_role_set *roles)
{
    struct sj_role_set closed = *roles;
    for (bool grows = true; grows;) {
        grows = false;
        for (uint32_t i = 0; i < model->role_count; i++) {
            for (size_t w = 0; sj_role_set_has(&closed, i) && w < SJ_COUNT(closed.bits); w++) {
                const uint64_t more = model->roles[i].juniors.bits[w] & ~closed.bits[w];
                closed.bits[w] |= more;
                grows = grows || more != 0;
            }
        }
    }
    return closed;
}

sj_status rbac_hold(struct sj_rbac *model, enum sj_sod_kind kind, const struct sj_role_set *roles)
{
    const struct sj_role_set closed = rbac_close(model, roles);
    for (uint32_t i = 0; i < model->set_count; i++) {
        const struct rbac_set *set = &model->sets[i];
        if (set->name.len > 0 && set->kind == kind && rbac_common(&closed, &set->roles) >= set->n) {
            char name[65];
            (void)snprintf(name, sizeof name, "%.*s",
                (int)(set->name.len > 64 ? 64 : set->name.len), set->name.ptr);
            return rbac_refuse(model, SJ_GUARD_UNMET, kind == SJ_SOD_STATIC ? "SSD" : "DSD", name);
        }
    }
    return SJ_DONE;
}

sj_status rbac_hold_all(struct sj_rbac *model)
{
    for (uint32_t i = 0; i < model->user_count; i++) {
        if (model->users[i].name.len > 0) {
            TRY(rbac_hold(model, SJ_SOD_STATIC, &model->users[i].roles));
        }
    }
    for (uint32_t i = 0; i < model->session_count; i++) {
        if (model->sessions[i].name.len > 0) {
            TRY(rbac_hold(model, SJ_SOD_DYNAMIC, &model->sessions[i].roles));
        }
    }
    return SJ_DONE;
}

/* ---- a policy as a model ---- */

static bool covers(struct sj_text pattern, const struct rbac_permission *permission)
{
    struct sj_text type;
    struct sj_text rest = pattern;
    if (!sj_text_split(&rest, ':', &type)) {
        return false;
    }
    const struct sj_text object = {permission->name.ptr, permission->object_len};
    const struct sj_text verb = {permission->name.ptr + permission->object_len + 1,
        permission->name.len - permission->object_len - 1};
    return (sj_text_is(type, "*") || sj_text_equal(type, object)) &&
           (sj_text_is(rest, "*") || sj_text_equal(rest, verb));
}

static void grant_pattern(
    struct sj_rbac *model, struct sj_text pattern, const struct sj_role_set *roles)
{
    for (uint32_t i = 0; i < model->permission_count; i++) {
        for (size_t w = 0; covers(pattern, &model->permissions[i]) && w < SJ_COUNT(roles->bits);
             w++) {
            model->permissions[i].roles.bits[w] |= roles->bits[w];
        }
    }
}

static sj_status load_rule(struct sj_rbac *model, struct sj_text text)
{
    struct sj_json_doc *doc = NULL;
    struct sj_text detail;
    TRY(sj_json_doc_parse(sj_text_bytes(text), &doc, &detail, model->arena));
    CLEANUP(sj_json_doc_free) struct sj_json_doc *keep = doc;
    const struct sj_json_value *root = sj_json_doc_root(keep);
    struct sj_role_set roles = {{0}};
    struct sj_text item;
    struct sj_text none;
    const struct sj_json_value *value = NULL;
    const struct sj_json_value *list = sj_json_get(root, "roles");
    for (size_t at = 0; list != NULL && sj_json_next(list, &at, &none, &value);) {
        uint32_t role = 0;
        ENSURE(sj_json_as_text(value, &item), INVALID);
        TRY(rbac_role(model, item, &role));
        sj_role_set_add(&roles, role);
    }
    list = sj_json_get(root, "do");
    for (size_t at = 0; list != NULL && sj_json_next(list, &at, &none, &value);) {
        ENSURE(sj_json_as_text(value, &item), INVALID);
        grant_pattern(model, item, &roles);
    }
    return SJ_DONE;
}

static sj_status load_sets(struct sj_rbac *model, const struct sj_policy *policy)
{
    for (size_t i = 0; i < sj_policy_sod_count(policy); i++) {
        const struct sj_policy_sod *sod = sj_policy_sod_at(policy, i);
        if (sod->kind == SJ_SOD_OBJECT) {
            continue;
        }
        ENSURE(model->set_count < RBAC_SETS, LIMIT_EXCEEDED);
        struct rbac_set *set = &model->sets[model->set_count];
        TRY(rbac_keep(model, sj_text_of(sod->id), &set->name));
        set->kind = sod->kind;
        set->roles = sod->roles; /* numbers are the policy's: the model was empty */
        set->n = sod->n;
        model->set_count++;
    }
    return SJ_DONE;
}

sj_status sj_rbac_load(struct sj_rbac *model, const struct sj_policy *policy)
{
    ENSURE(model->role_count == 0 && model->permission_count == 0, CONFLICT);
    for (size_t i = 0; i < sj_policy_role_count(policy); i++) {
        const struct sj_policy_role *role = sj_policy_role_at(policy, i);
        TRY(sj_rbac_AddRole(model, sj_text_of(role->name)));
        model->roles[i].juniors = role->juniors;
    }
    for (uint32_t i = 0; i < sj_policy_action_count(policy); i++) {
        const uint32_t type = sj_policy_action_type(policy, i);
        TRY(sj_rbac_AddPermission(model, sj_text_of(sj_policy_action_verb(policy, i)),
            sj_text_of(sj_policy_type_name(policy, type))));
    }
    for (size_t i = 0; i < sj_policy_rule_count(policy); i++) {
        if (sj_policy_rule_effect(policy, i) == SJ_EFFECT_PERMIT) {
            TRY(load_rule(model, sj_policy_rule_text(policy, i)));
        }
    }
    return load_sets(model, policy);
}

sj_status sj_rbac_load_users(
    struct sj_rbac *model, const struct sj_rbac_holder *holders, size_t count)
{
    ENSURE(model->user_count == 0 && count <= SJ_RBAC_HOLDERS_MAX, LIMIT_EXCEEDED);
    if (count > model->user_max) {
        TRY(make_room(model, (uint32_t)count));
    }
    for (size_t i = 0; i < count; i++) {
        struct rbac_user *user = &model->users[model->user_count];
        TRY(rbac_keep(model, holders[i].name, &user->name));
        struct sj_text rest = holders[i].roles;
        struct sj_text name;
        while (rest.len > 0 && sj_text_split(&rest, ',', &name)) {
            uint32_t role = 0;
            if (!sj_failed(rbac_role(model, name, &role))) { /* others the policy has no more */
                sj_role_set_add(&user->roles, role);
            }
        }
        model->user_count++;
    }
    rbac_begin(model);
    return SJ_DONE;
}
