/* SPDX-License-Identifier: Apache-2.0
 *
 * Who has what? The review functions of INCITS 359 over the policy in force and what accounts hold now, and CheckAccess of a session.
 * Permissions of roles and users are what they could have at most: conditions, scopes and separation by file only narrow. The own
 * sessions are everybody's to ask about; everything else takes rbac:read.
 */
#include "evaluation_desk.h"
#include "rbac_desk.h"
#include "routes.h"

/* What a question works with. */
struct review {
    struct sj_arena *arena;
    struct sj_rbac *model;
    struct sj_page page;
    struct sj_text role;
    struct sj_text user;
    struct sj_text object;
    struct sj_text operation;
    struct sj_text set;
    struct sj_uuid account;
    struct sj_session session;
};

/* The arguments of the function, all of them there. */
static sj_status take_arguments(struct sj_exchange *x, struct review *review)
{
    const char *allowed[8] = {NULL};
    struct sj_rbac_argument arguments[4];
    size_t count = 0;
    struct sj_text rest = sj_text_of(sj_rbac_route_of(x)->arguments);
    while (count < SJ_COUNT(arguments) && sj_rbac_next_argument(&rest, &arguments[count])) {
        allowed[count] = arguments[count].name;
        count++;
    }
    TRY(sj_exchange_page(x, allowed, &review->page));
    const struct {
        const char *name;
        struct sj_text *text;
    } texts[] = {{"role", &review->role}, {"object", &review->object},
        {"operation", &review->operation}, {"set", &review->set}, {"account_id", &review->user},
        {"session", &review->user}};
    for (size_t i = 0; i < count; i++) {
        struct sj_text *text = NULL;
        for (size_t t = 0; t < SJ_COUNT(texts); t++) {
            text = strcmp(arguments[i].name, texts[t].name) == 0 ? texts[t].text : text;
        }
        ENSURE(text != NULL, INTERNAL);
        TRY(sj_filter_text(x, arguments[i].name, text));
        if (text->len == 0) {
            return sj_filter_refuse(x, allowed[i], "REQUIRED", "the function takes it");
        }
    }
    return SJ_DONE;
}

static sj_status begin(struct sj_exchange *x, struct sj_arena **arena, struct review *review)
{
    TRY(sj_arena_new(SJ_RBAC_ARENA_MAX, arena));
    *review = (struct review){.arena = *arena};
    return take_arguments(x, review);
}

/* ---- answers ---- */

/* Names in the model's order, all of them. */
static sj_status answer_names(struct sj_exchange *x, const struct sj_rbac_names *names)
{
    struct sj_json json = sj_exchange_list_begin(x);
    for (size_t i = 0; i < names->count; i++) {
        sj_json_text(&json, NULL, names->items[i]);
    }
    return sj_exchange_list_end(x, &json, (struct sj_uuid){{0}});
}

/* Accounts in order of their ids, by page: holdings come so from the database. */
static sj_status answer_users(
    struct sj_exchange *x, const struct review *review, const struct sj_rbac_names *names)
{
    struct sj_json json = sj_exchange_list_begin(x);
    size_t shown = 0;
    bool has_more = false;
    struct sj_uuid last = {{0}};
    for (size_t i = 0; i < names->count; i++) {
        struct sj_uuid id;
        TRY(sj_uuid_parse(names->items[i], &id));
        if (memcmp(id.bytes, review->page.after.bytes, sizeof id.bytes) <= 0) {
            continue;
        }
        has_more = shown == review->page.limit;
        if (has_more) {
            break;
        }
        sj_json_id(&json, NULL, id);
        last = id;
        shown++;
    }
    return sj_exchange_list_end(x, &json, has_more ? last : (struct sj_uuid){{0}});
}

/* ---- of roles ---- */

static sj_status users_of_role(struct sj_exchange *x,
    sj_status (*fn)(struct sj_rbac *, struct sj_text, struct sj_rbac_names *))
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    struct review review;
    struct sj_rbac_names names;
    TRY(begin(x, &arena, &review));
    TRY(sj_rbac_model(x, arena, x->active->policy, (struct sj_uuid){{0}}, &review.model));
    TRY(sj_rbac_answer(x, review.model, fn(review.model, review.role, &names)));
    return answer_users(x, &review, &names);
}

static sj_status assigned_users(struct sj_exchange *x)
{
    return users_of_role(x, sj_rbac_AssignedUsers);
}

static sj_status authorized_users(struct sj_exchange *x)
{
    return users_of_role(x, sj_rbac_AuthorizedUsers);
}

/* The policy alone, without anybody. */
static sj_status begin_policy(struct sj_exchange *x, struct sj_arena **arena, struct review *review)
{
    TRY(begin(x, arena, review));
    TRY(sj_rbac_new(*arena, SJ_RBAC_GENERAL, &review->model));
    return sj_rbac_load(review->model, x->active->policy);
}

static sj_status role_permissions(struct sj_exchange *x)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    struct review review;
    struct sj_rbac_names names;
    TRY(begin_policy(x, &arena, &review));
    TRY(sj_rbac_answer(
        x, review.model, sj_rbac_RolePermissions(review.model, review.role, &names)));
    return answer_names(x, &names);
}

static sj_status role_operations(struct sj_exchange *x)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    struct review review;
    struct sj_rbac_names names;
    TRY(begin_policy(x, &arena, &review));
    TRY(sj_rbac_answer(x, review.model,
        sj_rbac_RoleOperationsOnObject(review.model, review.role, review.object, &names)));
    return answer_names(x, &names);
}

/* ---- of users ---- */

static sj_status begin_user(struct sj_exchange *x, struct sj_arena **arena, struct review *review)
{
    TRY(begin(x, arena, review));
    if (sj_failed(sj_uuid_parse(review->user, &review->account)) ||
        sj_uuid_is_nil(review->account)) {
        return sj_filter_refuse(x, "account_id", "FORMAT", "an id in lower case, not the nil one");
    }
    return sj_rbac_model(x, *arena, x->active->policy, review->account, &review->model);
}

static sj_status names_of_user(struct sj_exchange *x,
    sj_status (*fn)(struct sj_rbac *, struct sj_text, struct sj_rbac_names *))
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    struct review review;
    struct sj_rbac_names names;
    TRY(begin_user(x, &arena, &review));
    TRY(sj_rbac_answer(x, review.model, fn(review.model, review.user, &names)));
    return answer_names(x, &names);
}

static sj_status assigned_roles(struct sj_exchange *x)
{
    return names_of_user(x, sj_rbac_AssignedRoles);
}

static sj_status authorized_roles(struct sj_exchange *x)
{
    return names_of_user(x, sj_rbac_AuthorizedRoles);
}

static sj_status user_permissions(struct sj_exchange *x)
{
    return names_of_user(x, sj_rbac_UserPermissions);
}

static sj_status user_operations(struct sj_exchange *x)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    struct review review;
    struct sj_rbac_names names;
    TRY(begin_user(x, &arena, &review));
    TRY(sj_rbac_answer(x, review.model,
        sj_rbac_UserOperationsOnObject(review.model, review.user, review.object, &names)));
    return answer_names(x, &names);
}

/* ---- of sessions ---- */

/* "current", one of the own, or anybody's for whoever may review. */
static sj_status find_session(struct sj_exchange *x, struct review *review)
{
    struct sj_uuid id;
    if (sj_text_is(review->user, "current")) {
        review->session = x->session;
        return SJ_DONE;
    }
    bool found = !sj_failed(sj_uuid_parse(review->user, &id));
    if (found) {
        x->draft.object = id;
        TRY(sj_session_inspect(&x->worker->authn, id, &found, &review->session));
    }
    const struct sj_decision reviews =
        sj_active_decide(x->active, &x->session.actor, SJ_ACTION_RBAC_READ);
    const bool is_own =
        found && sj_uuid_equal(review->session.actor.account, x->session.actor.account);
    if (!found || (!is_own && !reviews.permit)) {
        return sj_rbac_refuse(x, SJ_NOT_FOUND, "NO_SESSION");
    }
    return SJ_DONE;
}

/* The session as the model has it: its user is authorized for what is active. */
static sj_status begin_session(
    struct sj_exchange *x, struct sj_arena **arena, struct review *review)
{
    struct sj_active_roles roles;
    TRY(begin_policy(x, arena, review));
    TRY(find_session(x, review));
    sj_exchange_roles(x, &review->session, &roles);
    const struct sj_policy *policy = x->active->policy;
    TRY(sj_rbac_AddUser(review->model, SJ_TEXT("user")));
    struct sj_text names[SJ_ASSIGNMENTS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < sj_policy_role_count(policy) && count < SJ_COUNT(names); i++) {
        if (sj_role_set_has(&roles.roles, (uint32_t)i)) {
            names[count] = sj_text_of(sj_policy_role_name(policy, i));
            TRY(sj_rbac_answer(x, review->model,
                sj_rbac_AssignUser(review->model, SJ_TEXT("user"), names[count])));
            count++;
        }
    }
    return sj_rbac_answer(x, review->model,
        sj_rbac_CreateSession(review->model, SJ_TEXT("user"), SJ_TEXT("session"), names, count));
}

static sj_status names_of_session(struct sj_exchange *x,
    sj_status (*fn)(struct sj_rbac *, struct sj_text, struct sj_rbac_names *))
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    struct review review;
    struct sj_rbac_names names;
    TRY(begin_session(x, &arena, &review));
    sj_wipe(&review.session, sizeof review.session);
    TRY(sj_rbac_answer(x, review.model, fn(review.model, SJ_TEXT("session"), &names)));
    return answer_names(x, &names);
}

static sj_status session_roles(struct sj_exchange *x)
{
    return names_of_session(x, sj_rbac_SessionRoles);
}

static sj_status session_permissions(struct sj_exchange *x)
{
    return names_of_session(x, sj_rbac_SessionPermissions);
}

static enum sj_action action_of(struct sj_text object, struct sj_text operation)
{
    char name[160];
    (void)snprintf(name, sizeof name, "%.*s:%.*s", (int)object.len, object.ptr, (int)operation.len,
        operation.ptr);
    for (enum sj_action action = SJ_ACTION_NONE + 1; action < SJ_ACTION_COUNT_; action++) {
        if (strcmp(sj_action_name(action), name) == 0) {
            return action;
        }
    }
    return SJ_ACTION_NONE;
}

/* What the server itself would say: the decision of the policy in force, unit policies with it. */
static sj_status check_access(struct sj_exchange *x)
{
    static const char *const reaches[] = {"none", "self", "file", "unit", "subtree", "all"};
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    struct review review;
    bool access = false;
    TRY(begin_session(x, &arena, &review));
    TRY(sj_rbac_answer(x, review.model,
        sj_rbac_CheckAccess(
            review.model, SJ_TEXT("session"), review.operation, review.object, &access)));
    const enum sj_action action = action_of(review.object, review.operation);
    if (action == SJ_ACTION_NONE) {
        return sj_rbac_refuse(x, SJ_NOT_FOUND, "NO_PERMISSION");
    }
    const struct sj_decision decision = sj_active_decide(x->active, &review.session.actor, action);
    sj_wipe(&review.session, sizeof review.session);
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_bool(&json, "access", decision.permit);
    sj_json_bool(&json, "role_has_it", access);
    sj_json_str(&json, "reach", reaches[decision.permit ? decision.reach : SJ_REACH_NONE]);
    sj_json_str(&json, "code", decision.permit ? NULL : decision.code);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

/* ---- of sets ---- */

static sj_status sets(
    struct sj_exchange *x, sj_status (*fn)(struct sj_rbac *, struct sj_rbac_names *))
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    struct review review;
    struct sj_rbac_names names;
    TRY(begin_policy(x, &arena, &review));
    TRY(sj_rbac_answer(x, review.model, fn(review.model, &names)));
    return answer_names(x, &names);
}

static sj_status roles_of_set(struct sj_exchange *x,
    sj_status (*fn)(struct sj_rbac *, struct sj_text, struct sj_rbac_names *))
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    struct review review;
    struct sj_rbac_names names;
    TRY(begin_policy(x, &arena, &review));
    TRY(sj_rbac_answer(x, review.model, fn(review.model, review.set, &names)));
    return answer_names(x, &names);
}

static sj_status cardinality(
    struct sj_exchange *x, sj_status (*fn)(struct sj_rbac *, struct sj_text, uint32_t *))
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    struct review review;
    uint32_t n = 0;
    TRY(begin_policy(x, &arena, &review));
    TRY(sj_rbac_answer(x, review.model, fn(review.model, review.set, &n)));
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_int(&json, "n", n);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

static sj_status ssd_sets(struct sj_exchange *x)
{
    return sets(x, sj_rbac_SsdRoleSets);
}

static sj_status ssd_set_roles(struct sj_exchange *x)
{
    return roles_of_set(x, sj_rbac_SsdRoleSetRoles);
}

static sj_status ssd_set_cardinality(struct sj_exchange *x)
{
    return cardinality(x, sj_rbac_SsdRoleSetCardinality);
}

static sj_status dsd_sets(struct sj_exchange *x)
{
    return sets(x, sj_rbac_DsdRoleSets);
}

static sj_status dsd_set_roles(struct sj_exchange *x)
{
    return roles_of_set(x, sj_rbac_DsdRoleSetRoles);
}

static sj_status dsd_set_cardinality(struct sj_exchange *x)
{
    return cardinality(x, sj_rbac_DsdRoleSetCardinality);
}

#define ASK(name, action, fn)                                                                      \
    {                                                                                              \
        {SJ_GET, SJ_RBAC_PREFIX name, SJ_BODY_NONE, SJ_MEDIA_NONE, NULL}, SJ_USE_READ, action, fn  \
    }

const struct sj_endpoint sj_routes_rbac_reviews[] = {
    ASK("AssignedUsers", SJ_ACTION_RBAC_READ, assigned_users),
    ASK("AssignedRoles", SJ_ACTION_RBAC_READ, assigned_roles),
    ASK("AuthorizedUsers", SJ_ACTION_RBAC_READ, authorized_users),
    ASK("AuthorizedRoles", SJ_ACTION_RBAC_READ, authorized_roles),
    ASK("RolePermissions", SJ_ACTION_RBAC_READ, role_permissions),
    ASK("UserPermissions", SJ_ACTION_RBAC_READ, user_permissions),
    ASK("RoleOperationsOnObject", SJ_ACTION_RBAC_READ, role_operations),
    ASK("UserOperationsOnObject", SJ_ACTION_RBAC_READ, user_operations),
    ASK("SessionRoles", SJ_ACTION_SESSION_LIST, session_roles),
    ASK("SessionPermissions", SJ_ACTION_SESSION_LIST, session_permissions),
    ASK("CheckAccess", SJ_ACTION_SESSION_LIST, check_access),
    ASK("SsdRoleSets", SJ_ACTION_RBAC_READ, ssd_sets),
    ASK("SsdRoleSetRoles", SJ_ACTION_RBAC_READ, ssd_set_roles),
    ASK("SsdRoleSetCardinality", SJ_ACTION_RBAC_READ, ssd_set_cardinality),
    ASK("DsdRoleSets", SJ_ACTION_RBAC_READ, dsd_sets),
    ASK("DsdRoleSetRoles", SJ_ACTION_RBAC_READ, dsd_set_roles),
    ASK("DsdRoleSetCardinality", SJ_ACTION_RBAC_READ, dsd_set_cardinality),
};
const size_t sj_routes_rbac_reviews_count = SJ_COUNT(sj_routes_rbac_reviews);
