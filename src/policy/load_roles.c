/* SPDX-License-Identifier: Apache-2.0
 *
 * Which roles are there, what do they inherit and which of them exclude each other (INCITS 359: general
 * hierarchy, separation of duty over authorised roles)? The closure is computed once; an inheritance that goes in a
 * circle and a constraint that a single role already breaks are refused, because the first makes two roles one
 * unsaid and the second makes a role that nobody can hold.
 */
#include "load_priv.h"

sj_status load_role(struct loader *loader, const struct doc_node *node, uint32_t *ret_role)
{
    struct sj_text name;
    TRY(load_text(loader, node, POLICY_NAME_MAX, &name));
    *ret_role = sj_policy_role_number(loader->schema, name);
    if (*ret_role == SJ_POLICY_NONE) {
        return load_refuse(loader, node, "no such role");
    }
    return SJ_DONE;
}

static sj_status read_member_role(struct loader *loader, const struct doc_node *node, void *target)
{
    struct sj_role_set *set = target;
    uint32_t role = 0;
    TRY(load_role(loader, node, &role));
    if (sj_role_set_has(set, role)) {
        return load_refuse(loader, node, "role named twice");
    }
    sj_role_set_add(set, role);
    return SJ_DONE;
}

sj_status load_role_set(struct loader *loader, const struct doc_node *node, void *target)
{
    struct sj_role_set *set = target;
    *set = (struct sj_role_set){{0}};
    TRY(load_array(loader, node, read_member_role, set));
    if (node->count == 0) {
        return load_refuse(loader, node, "must name a role");
    }
    return SJ_DONE;
}

#define ROLE_READER(name, call)                                                                    \
    static sj_status name(struct loader *loader, const struct doc_node *node, void *target)        \
    {                                                                                              \
        struct sj_policy_role *role = target;                                                      \
        return call;                                                                               \
    }
ROLE_READER(read_role_title, load_kept(loader, node, 256, &role->title))
ROLE_READER(read_inherits, load_role_set(loader, node, &role->juniors))
ROLE_READER(read_assignable, load_role_set(loader, node, &role->assignable))
ROLE_READER(read_never_self, load_bool(loader, node, &role->never_self))
ROLE_READER(read_read_only, load_bool(loader, node, &role->read_only))
ROLE_READER(read_max_days, load_uint(loader, node, 1, 36500, &role->max_days))
ROLE_READER(read_recertify, load_uint(loader, node, 1, 36500, &role->recertify_days))
ROLE_READER(read_max_holders, load_uint(loader, node, 1, 1000000, &role->max_holders))
ROLE_READER(read_max_minutes, load_uint(loader, node, 1, 525600, &role->max_minutes))
ROLE_READER(read_role_acr, load_uint(loader, node, 0, 9, &role->activation_acr))

static sj_status read_only_via(struct loader *loader, const struct doc_node *node, void *target)
{
    struct sj_policy_role *role = target;
    if (node->kind != DOC_TEXT || !sj_text_is(node->text, "break_glass")) {
        return load_refuse(loader, node, "must be break_glass");
    }
    role->only_via_break_glass = true;
    return SJ_DONE;
}

static sj_status read_mode(struct loader *loader, const struct doc_node *node, void *target)
{
    struct sj_policy_role *role = target;
    if (node->kind != DOC_TEXT || !sj_text_is(node->text, "on_demand")) {
        return load_refuse(loader, node, "must be on_demand");
    }
    role->on_demand = true;
    return SJ_DONE;
}

static sj_status read_activation(struct loader *loader, const struct doc_node *node, void *target)
{
    static const struct load_member members[] = {{"mode", read_mode, true},
        {"max_minutes", read_max_minutes, true}, {"acr", read_role_acr, false},
        {NULL, NULL, false}};
    return load_object(loader, node, members, target);
}

/* First pass: names get their numbers, so that a role may inherit one that stands further down. */
static sj_status add_role(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    struct sj_policy *policy = loader->policy;
    bool good = load_is_name(node->name) && node->name.len <= 32;
    for (size_t i = 0; loader->own && i < node->name.len; i++) {
        good = good && node->name.ptr[i] != '_' &&
               (node->name.ptr[i] < 'A' || node->name.ptr[i] > 'Z');
    }
    if (!good) {
        return load_refuse(loader, node, "a role's name is 1 to 32 of a-z, 0-9 and -");
    }
    struct sj_policy_role *role = &policy->roles[policy->role_count];
    TRY(load_keep(loader, node->name, &role->name));
    role->title = role->name;
    policy->role_count++;
    return SJ_DONE;
}

static sj_status read_role(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    static const struct load_member members[] = {{"title", read_role_title, false},
        {"note", load_ignore_text, false}, {"inherits", read_inherits, false},
        {"assignable", read_assignable, false}, {"never_self", read_never_self, false},
        {"read_only", read_read_only, false}, {"max_days", read_max_days, false},
        {"recertify_days", read_recertify, false}, {"max_holders", read_max_holders, false},
        {"activation", read_activation, false}, {"only_via", read_only_via, false},
        {NULL, NULL, false}};
    struct sj_policy_role *role = &loader->policy->roles[node->index];
    TRY(load_object(loader, node, members, role));
    role->closure = role->juniors;
    sj_role_set_add(&role->closure, node->index);
    return SJ_DONE;
}

static sj_status close_hierarchy(struct loader *loader, const struct doc_node *node)
{
    struct sj_policy *policy = loader->policy;
    /* Warshall: through every role once. */
    for (uint32_t via = 0; via < policy->role_count; via++) {
        for (uint32_t role = 0; role < policy->role_count; role++) {
            for (size_t i = 0;
                 sj_role_set_has(&policy->roles[role].closure, via) && i < SJ_POLICY_ROLES / 64;
                 i++) {
                policy->roles[role].closure.bits[i] |= policy->roles[via].closure.bits[i];
            }
        }
    }
    for (const struct doc_node *child = node->first; child != NULL; child = child->next) {
        for (uint32_t other = 0; other < policy->role_count; other++) {
            const bool circle =
                other != child->index
                    ? sj_role_set_has(&policy->roles[child->index].closure, other) &&
                          sj_role_set_has(&policy->roles[other].closure, child->index)
                    : sj_role_set_has(&policy->roles[other].juniors, other);
            if (circle) {
                return load_refuse(loader, child, "inherits itself in a circle");
            }
        }
    }
    return SJ_DONE;
}

sj_status load_roles(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    const uint32_t max = loader->own ? 64 : SJ_POLICY_ROLES;
    if (node->kind != DOC_OBJECT || node->count == 0 || node->count > max) {
        return load_refuse(
            loader, node, loader->own ? "must be 1 to 64 roles" : "must be 1 to 256 roles");
    }
    TRY(load_alloc(loader, node->count, sizeof(struct sj_policy_role), &loader->policy->roles));
    TRY(load_map(loader, node, add_role, NULL));
    TRY(load_map(loader, node, read_role, NULL));
    return close_hierarchy(loader, node);
}

/* ---- separation of duty ---- */

#define SOD_READER(name, call)                                                                     \
    static sj_status name(struct loader *loader, const struct doc_node *node, void *target)        \
    {                                                                                              \
        struct sj_policy_sod *sod = target;                                                        \
        return call;                                                                               \
    }
SOD_READER(read_sod_note, load_kept(loader, node, 1024, &sod->note))
SOD_READER(read_sod_roles, load_role_set(loader, node, &sod->roles))
SOD_READER(read_sod_n, load_uint(loader, node, 2, SJ_POLICY_ROLES, &sod->n))

static sj_status read_sod_id(struct loader *loader, const struct doc_node *node, void *target)
{
    struct sj_policy_sod *sod = target;
    TRY(load_kept(loader, node, POLICY_NAME_MAX, &sod->id));
    for (const struct sj_policy_sod *other = loader->policy->sods; other != sod; other++) {
        if (strcmp(other->id, sod->id) == 0) {
            return load_refuse(loader, node, "id used twice");
        }
    }
    return SJ_DONE;
}

static sj_status read_sod_kind(struct loader *loader, const struct doc_node *node, void *target)
{
    static const char *const kinds[] = {"static", "dynamic", "object"};
    struct sj_policy_sod *sod = target;
    for (size_t i = 0; node->kind == DOC_TEXT && i < SJ_COUNT(kinds); i++) {
        if (sj_text_is(node->text, kinds[i])) {
            sod->kind = (enum sj_sod_kind)i;
            return SJ_DONE;
        }
    }
    return load_refuse(loader, node, "must be static, dynamic or object");
}

static sj_status read_sod_span(struct loader *loader, const struct doc_node *node, void *target)
{
    struct sj_policy_sod *sod = target;
    if (node->kind == DOC_TEXT && sj_text_is(node->text, "same_unit")) {
        sod->span = SJ_SOD_SAME_UNIT;
        return SJ_DONE;
    }
    if (node->kind == DOC_TEXT && sj_text_is(node->text, "all_units")) {
        return SJ_DONE;
    }
    return load_refuse(loader, node, "must be all_units or same_unit");
}

static sj_status read_sod_actions(struct loader *loader, const struct doc_node *node, void *target)
{
    struct sj_policy_sod *sod = target;
    CLEANUP(sj_freep) void *memory = NULL;
    TRY(sj_alloc(SJ_POLICY_ACTIONS, sizeof(bool), &memory));
    bool *named = memory;
    TRY(load_do(loader, node, named));
    uint32_t *actions = NULL;
    TRY(load_alloc(loader, loader->policy->action_count, sizeof(uint32_t), &actions));
    for (uint32_t i = 0; i < loader->policy->action_count; i++) {
        if (named[i]) {
            actions[sod->action_count++] = i;
        }
    }
    sod->actions = actions;
    return SJ_DONE;
}

static uint32_t count_roles(const struct sj_role_set *a, const struct sj_role_set *b)
{
    uint32_t count = 0;
    for (size_t i = 0; i < SJ_POLICY_ROLES / 64; i++) {
        count += (uint32_t)__builtin_popcountll(a->bits[i] & b->bits[i]);
    }
    return count;
}

static sj_status check_sod(
    struct loader *loader, const struct doc_node *node, const struct sj_policy_sod *sod)
{
    const struct doc_node *n = doc_get(node, "n");
    const struct doc_node *span = doc_get(node, "span");
    const bool object = sod->kind == SJ_SOD_OBJECT;
    if ((doc_get(node, "roles") == NULL) != object ||
        (doc_get(node, "actions") == NULL) == object) {
        return load_refuse(loader, node,
            object ? "an object constraint names actions, not roles"
                   : "this constraint names roles, not actions");
    }
    if (span != NULL && sod->kind != SJ_SOD_STATIC) {
        return load_refuse(loader, span, "only a static constraint has a span");
    }
    const uint32_t size = object ? sod->action_count : count_roles(&sod->roles, &sod->roles);
    if (sod->n > size) {
        return load_refuse(loader, n, "must be 2 to the number of roles or actions");
    }
    const struct sj_policy *policy = loader->policy;
    for (uint32_t role = 0; !object && role < policy->role_count; role++) {
        if (count_roles(&policy->roles[role].closure, &sod->roles) >= sod->n) {
            return load_refuse(loader, node, "one role alone breaks it");
        }
    }
    return SJ_DONE;
}

static sj_status read_constraint(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    static const struct load_member members[] = {{"id", read_sod_id, true},
        {"kind", read_sod_kind, true}, {"roles", read_sod_roles, false},
        {"actions", read_sod_actions, false}, {"n", read_sod_n, true},
        {"span", read_sod_span, false}, {"note", read_sod_note, false}, {NULL, NULL, false}};
    struct sj_policy_sod *sod = &loader->policy->sods[loader->policy->sod_count];
    sod->note = "";
    TRY(load_object(loader, node, members, sod));
    TRY(check_sod(loader, node, sod));
    loader->policy->sod_count++;
    return SJ_DONE;
}

sj_status load_constraints(struct loader *loader, const struct doc_node *node, void *target)
{
    if (node->kind != DOC_ARRAY || node->count > POLICY_SODS_MAX) {
        return load_refuse(loader, node, "must be an array of at most 256 constraints");
    }
    TRY(load_alloc(loader, node->count, sizeof(struct sj_policy_sod), &loader->policy->sods));
    return load_array(loader, node, read_constraint, target);
}
