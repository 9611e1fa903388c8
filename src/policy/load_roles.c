/* SPDX-License-Identifier: Apache-2.0
 *
 * Which roles are there, what do they inherit and which of them exclude each other (INCITS 359: general
 * hierarchy, static separation of duty over authorised roles)? The closure is computed once; an inheritance
 * that goes in a circle and a constraint that a single role already breaks are refused, because the
 * first makes two roles one unsaid and the second makes a role that nobody can hold.
 */
#include "load_priv.h"

static bool is_role_name(struct sj_text name)
{
    if (name.len == 0 || name.len > 32 || name.ptr[0] < 'a' || name.ptr[0] > 'z') {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
            return false;
        }
    }
    return true;
}

static sj_status read_role_name(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    uint64_t *set = target;
    struct sj_text name;
    TRY(load_text(loader, place, value, SJ_POLICY_ID_MAX, &name));
    bool found = false;
    size_t bit = 0;
    sj_policy_role_find(loader->policy, name, &found, &bit);
    if (!found) {
        return load_refuse(loader, place, "no such role");
    }
    if ((*set >> bit & 1u) != 0) {
        return load_refuse(loader, place, "role named twice");
    }
    *set |= UINT64_C(1) << bit;
    return SJ_DONE;
}

sj_status load_role_set(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    uint64_t *set = target;
    *set = 0;
    TRY(load_array(loader, place, value, read_role_name, set));
    if (*set == 0) {
        return load_refuse(loader, place, "must name a role");
    }
    return SJ_DONE;
}

static sj_status read_title(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    struct policy_role *role = target;
    struct sj_text title;
    TRY(load_text(loader, place, value, 256, &title));
    return load_keep(loader, title, &role->title);
}

static sj_status read_inherits(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    struct policy_role *role = target;
    uint64_t juniors = 0;
    TRY(load_role_set(loader, place, value, &juniors));
    role->closure |= juniors;
    return SJ_DONE;
}

/* First pass: names get their bits, so that a role may inherit one that stands further down. */
static sj_status add_role(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    (void)value;
    (void)target;
    struct sj_policy *policy = loader->policy;
    if (!is_role_name(place->name)) {
        return load_refuse(loader, place, "a role's name is 1 to 32 of a-z, 0-9 and -");
    }
    if (policy->role_count == SJ_POLICY_ROLES_MAX) {
        return load_refuse(loader, place, "too many roles");
    }
    struct policy_role *role = &policy->roles[policy->role_count];
    TRY(load_keep(loader, place->name, &role->name));
    role->title = role->name;
    role->closure = UINT64_C(1) << policy->role_count;
    policy->role_count++;
    return SJ_DONE;
}

static sj_status read_role(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    (void)target;
    static const struct load_member members[] = {
        {"title", read_title, true},
        {"inherits", read_inherits, false},
        {NULL, NULL, false},
    };
    bool found = false;
    size_t bit = 0;
    sj_policy_role_find(loader->policy, place->name, &found, &bit);
    SJ_ASSERT(found);
    return load_object(loader, place, value, members, &loader->policy->roles[bit]);
}

static sj_status close_hierarchy(struct loader *loader, const struct place *place)
{
    struct sj_policy *policy = loader->policy;
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t bit = 0; bit < policy->role_count; bit++) {
            const uint64_t wider = policy_closure(policy, policy->roles[bit].closure);
            changed = changed || wider != policy->roles[bit].closure;
            policy->roles[bit].closure = wider;
        }
    }
    for (size_t a = 0; a < policy->role_count; a++) {
        for (size_t b = 0; b < a; b++) {
            if ((policy->roles[a].closure >> b & 1u) != 0 &&
                (policy->roles[b].closure >> a & 1u) != 0) {
                const struct place at = {place, sj_text_of(policy->roles[a].name), 0};
                return load_refuse(loader, &at, "inherits itself in a circle");
            }
        }
    }
    return SJ_DONE;
}

sj_status load_roles(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    (void)target;
    TRY(load_map(loader, place, value, add_role, NULL));
    TRY(load_map(loader, place, value, read_role, NULL));
    return close_hierarchy(loader, place);
}

static sj_status read_constraint_id(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    struct policy_constraint *constraint = target;
    struct sj_text id;
    TRY(load_text(loader, place, value, SJ_POLICY_ID_MAX, &id));
    for (size_t i = 0; i < loader->policy->constraint_count; i++) {
        if (sj_text_is(id, loader->policy->constraints[i].id)) {
            return load_refuse(loader, place, "id used twice");
        }
    }
    return load_keep(loader, id, &constraint->id);
}

static sj_status read_kind(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    (void)target;
    struct sj_text kind;
    TRY(load_text(loader, place, value, SJ_POLICY_ID_MAX, &kind));
    if (!sj_text_is(kind, "static")) {
        return load_refuse(loader, place, "only static separation is evaluated by this version");
    }
    return SJ_DONE;
}

static sj_status read_constraint_roles(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    struct policy_constraint *constraint = target;
    return load_role_set(loader, place, value, &constraint->roles);
}

static sj_status read_n(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    struct policy_constraint *constraint = target;
    int64_t n = 0;
    const int size = __builtin_popcountll(constraint->roles);
    if (!sj_json_as_int(value, &n) || n < 2 || n > size) {
        return load_refuse(loader, place, "must be a number from 2 to the number of roles");
    }
    constraint->n = (unsigned)n;
    return SJ_DONE;
}

static sj_status read_note(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    (void)target;
    struct sj_text note;
    return load_text(loader, place, value, 1024, &note);
}

static sj_status read_constraint(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    (void)target;
    static const struct load_member members[] = {
        {"id", read_constraint_id, true},
        {"kind", read_kind, true},
        {"roles", read_constraint_roles, true},
        {"n", read_n, true},
        {"note", read_note, false},
        {NULL, NULL, false},
    };
    struct sj_policy *policy = loader->policy;
    if (policy->constraint_count == SJ_POLICY_CONSTRAINTS_MAX) {
        return load_refuse(loader, place, "too many constraints");
    }
    struct policy_constraint *constraint = &policy->constraints[policy->constraint_count];
    TRY(load_object(loader, place, value, members, constraint));
    for (size_t bit = 0; bit < policy->role_count; bit++) {
        const uint64_t held = policy->roles[bit].closure & constraint->roles;
        if ((unsigned)__builtin_popcountll(held) >= constraint->n) {
            return load_refuse(loader, place, "one role alone already breaks this by inheritance");
        }
    }
    policy->constraint_count++;
    return SJ_DONE;
}

sj_status load_constraints(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    return load_array(loader, place, value, read_constraint, target);
}
