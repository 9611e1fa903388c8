/* SPDX-License-Identifier: Apache-2.0
 *
 * /roles: what roles there are, what each inherits and how it is limited, for everybody; how many hold it, for those who may see
 * assignments.
 */
#include "assignment_json.h"

static void write_set(struct sj_json *json, const struct sj_policy *policy, const char *name,
    const struct sj_role_set *set)
{
    sj_json_array(json, name);
    for (size_t i = 0; i < sj_policy_role_count(policy); i++) {
        if (sj_role_set_has(set, (uint32_t)i)) {
            sj_json_str(json, NULL, sj_policy_role_name(policy, i));
        }
    }
    sj_json_array_end(json);
}

static void write_limit(struct sj_json *json, const char *name, uint32_t limit)
{
    if (limit == 0) {
        sj_json_null(json, name);
    } else {
        sj_json_int(json, name, (int64_t)limit);
    }
}

static void write_activation(struct sj_json *json, const struct sj_policy_role *role)
{
    if (!role->on_demand) {
        sj_json_null(json, "activation");
        return;
    }
    sj_json_object(json, "activation");
    sj_json_str(json, "mode", "on_demand");
    write_limit(json, "max_minutes", role->max_minutes);
    sj_json_int(json, "acr", (int64_t)role->activation_acr);
    sj_json_object_end(json);
}

struct holders {
    bool known;
    struct sj_role_holders *items;
    size_t count;
};

static void write_holders(struct sj_json *json, const struct holders *holders, const char *role)
{
    if (!holders->known) {
        return;
    }
    int64_t count = 0;
    for (size_t i = 0; i < holders->count; i++) {
        if (sj_text_is(holders->items[i].role, role)) {
            count = holders->items[i].count;
        }
    }
    sj_json_int(json, "holders", count);
}

static void write_role(struct sj_json *json, const struct sj_policy *policy, size_t number,
    const struct holders *holders)
{
    const struct sj_policy_role *role = sj_policy_role_at(policy, number);
    const struct sj_policy_delegation *delegation = sj_policy_delegation(policy);
    sj_json_object(json, NULL);
    sj_json_str(json, "name", role->name);
    sj_json_str(json, "title", role->title);
    write_set(json, policy, "inherits", &role->juniors);
    write_set(json, policy, "assignable", &role->assignable);
    sj_json_bool(json, "never_self", role->never_self);
    sj_json_bool(json, "read_only", role->read_only);
    write_limit(json, "max_days", role->max_days);
    write_limit(json, "recertify_days", role->recertify_days);
    write_limit(json, "max_holders", role->max_holders);
    sj_json_str(json, "only_via", role->only_via_break_glass ? "break_glass" : NULL);
    sj_json_bool(json, "delegable",
        delegation->given && sj_role_set_has(&delegation->roles, (uint32_t)number));
    write_activation(json, role);
    write_holders(json, holders, role->name);
    sj_json_object_end(json);
}

static sj_status list(struct sj_exchange *x)
{
    struct sj_page page;
    TRY(sj_exchange_page(x, NULL, &page));
    const struct sj_policy *policy = x->active->policy;
    const struct sj_decision sees =
        sj_active_decide(x->active, &x->session.actor, SJ_ACTION_ASSIGNMENT_LIST);
    struct holders holders = {.known = sees.permit && sees.reach == SJ_REACH_ALL};
    if (holders.known) {
        const struct sj_decision own = x->decision;
        struct sj_context context;
        x->decision = sees;
        const sj_status status = sj_assignment_context(x, &context);
        x->decision = own;
        TRY(status);
        TRY(sj_role_holders(x->worker->db, &context, x->arena, &holders.items, &holders.count));
    }
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < sj_policy_role_count(policy); i++) {
        write_role(&json, policy, i, &holders);
    }
    return sj_exchange_list_end(x, &json, (struct sj_uuid){{0}});
}

const struct sj_endpoint sj_routes_roles[] = {
    {{SJ_GET, "/api/v1/roles", SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ, SJ_ACTION_ROLE_LIST,
        list},
};
const size_t sj_routes_roles_count = SJ_COUNT(sj_routes_roles);
