/* SPDX-License-Identifier: Apache-2.0
 *
 * What is the RBAC of the live system? The policy's roles, edges, permissions and sets with what accounts hold now, as a model in the
 * standard's terms; and what does the standard call the reason of a refusal?
 */
#include "rbac_desk.h"
#include "assignment_json.h"

#include "sanjeh/approval/version.h"
#include "sanjeh/keys/scopes.h"

#define CONTEXT_US (INT64_C(60) * 1000 * 1000)

static const struct sj_rbac_route routes[] = {
#define SJ_RBAC_FUNCTION(name, kind, arguments) {#name, arguments},
#include "sanjeh/rbac/functions.def"
#undef SJ_RBAC_FUNCTION
};

const struct sj_rbac_route *sj_rbac_route_of(const struct sj_exchange *x)
{
    const char *path = sj_request_route(x->request)->path;
    const char *name = strrchr(path, '/') + 1;
    for (size_t i = 0; i < SJ_COUNT(routes); i++) {
        if (strcmp(routes[i].name, name) == 0) {
            return &routes[i];
        }
    }
    return NULL;
}

bool sj_rbac_next_argument(struct sj_text *rest, struct sj_rbac_argument *ret_argument)
{
    struct sj_text word = {"", 0};
    if (rest->len == 0 || !sj_text_split(rest, ' ', &word)) {
        return false;
    }
    *ret_argument = (struct sj_rbac_argument){.mark = '\0'};
    size_t len = word.len;
    while (len > 0 && strchr("?#+@", word.ptr[len - 1]) != NULL) {
        if (word.ptr[len - 1] == '?') {
            ret_argument->optional = true;
        } else {
            ret_argument->mark = word.ptr[len - 1];
        }
        len--;
    }
    sj_ignore(sj_copy(ret_argument->name, sizeof ret_argument->name - 1, word.ptr, len),
        "names of functions.def are shorter");
    return true;
}

/* ---- the model ---- */

sj_status sj_rbac_user_name(
    struct sj_arena *arena, struct sj_uuid account, struct sj_text *ret_name)
{
    char id[SJ_UUID_TEXT_SIZE];
    sj_uuid_format(account, id);
    return sj_arena_text(arena, sj_text_of(id), ret_name);
}

static sj_status read_holdings(struct sj_exchange *x, struct sj_arena *arena,
    struct sj_policy_holding **ret_items, size_t *ret_count)
{
    const struct sj_uuid scope = SJ_SCOPE_ADMIN;
    struct sj_context context;
    TRY(ask_context(x->worker->channel, &scope, 1, sj_time_now() + CONTEXT_US, &context));
    struct sj_approval_desk desk = sj_approval_desk_of(x);
    desk.arena = arena;
    desk.tx = NULL;
    desk.context = &context;
    return sj_policy_holdings(&desk, ret_items, ret_count);
}

/* An account that holds nothing is a user, too. */
static sj_status is_user(struct sj_exchange *x, struct sj_arena *arena, struct sj_uuid account)
{
    const struct sj_uuid scope = SJ_SCOPE_ADMIN;
    struct sj_context context;
    struct sj_account found_account;
    bool found = false;
    TRY(ask_context(x->worker->channel, &scope, 1, sj_time_now() + CONTEXT_US, &context));
    TRY(sj_account_find(x->worker->db, x->worker->fields, &context, account,
        /* with_names= */ false, arena, &found, &found_account));
    return found ? SJ_DONE : sj_rbac_refuse(x, SJ_NOT_FOUND, "NO_USER");
}

sj_status sj_rbac_model(struct sj_exchange *x, struct sj_arena *arena,
    const struct sj_policy *policy, struct sj_uuid account, struct sj_rbac **ret_model)
{
    struct sj_policy_holding *items = NULL;
    size_t count = 0;
    TRY(sj_rbac_new(arena, SJ_RBAC_GENERAL, ret_model));
    TRY(sj_rbac_load(*ret_model, policy));
    const bool one = !sj_uuid_is_nil(account);
    if (one) {
        TRY(is_user(x, arena, account));
    }
    TRY(read_holdings(x, arena, &items, &count));
    void *memory = NULL;
    TRY(sj_arena_alloc(arena, (count + 1) * sizeof(struct sj_rbac_holder), &memory));
    struct sj_rbac_holder *holders = memory;
    size_t taken = 0;
    for (size_t i = 0; i < count; i++) {
        if (!one || sj_uuid_equal(items[i].account, account)) {
            holders[taken].roles = items[i].roles;
            TRY(sj_rbac_user_name(arena, items[i].account, &holders[taken].name));
            taken++;
        }
    }
    if (one && taken == 0) {
        holders[0].roles = SJ_TEXT("");
        TRY(sj_rbac_user_name(arena, account, &holders[0].name));
        taken = 1;
    }
    return sj_rbac_load_users(*ret_model, holders, taken);
}

/* ---- refusals ---- */

static const char *sentence_of(const char *rule)
{
    static const char *const sentences[][2] = {
        {"NO_ROLE", "there is no such role"},
        {"NO_USER", "there is no such user"},
        {"NO_SESSION", "there is no such session"},
        {"NO_PERMISSION", "the policy has no such operation on this object"},
        {"NO_SET", "there is no such set"},
        {"ROLE_EXISTS", "there is a role of this name"},
        {"SET_EXISTS", "there is a set of this name"},
        {"USER_EXISTS", "there is a user of this name"},
        {"NOT_GRANTED", "the role does not have this permission by itself"},
        {"NOT_ASSIGNED", "the user does not have this role by itself"},
        {"EDGE_EXISTS", "the role inherits this one at once already"},
        {"NO_EDGE", "the role does not inherit this one at once"},
        {"CYCLE", "a role would inherit itself"},
        {"ONE_DESCENDANT", "in a limited hierarchy a role inherits one other at most"},
        {"MEMBER_EXISTS", "the role is in the set already"},
        {"NO_MEMBER", "the role is not in the set"},
        {"CARDINALITY", "2 <= n <= number of roles would not hold"},
        {"SSD", "somebody would have n or more roles of a static set"},
        {"DSD", "a session would have n or more roles of a dynamic set"},
        {"NAME", "a name has 1 to 128 bytes"},
    };
    for (size_t i = 0; i < SJ_COUNT(sentences); i++) {
        const size_t len = strlen(sentences[i][0]);
        if (strncmp(rule, sentences[i][0], len) == 0 && (rule[len] == '\0' || rule[len] == ' ')) {
            return sentences[i][1];
        }
    }
    return "a precondition does not hold";
}

sj_status sj_rbac_refuse(struct sj_exchange *x, enum sj_code code, const char *rule)
{
    const char *space = strchr(rule, ' ');
    const size_t len = space == NULL ? strlen(rule) : (size_t)(space - rule);
    void *memory = NULL;
    TRY(sj_arena_alloc(x->arena, len + 1, &memory));
    char *name = memory;
    TRY(sj_copy(name, len + 1, rule, len));
    name[len] = '\0';
    char detail[256];
    (void)snprintf(detail, sizeof detail, "%s%s%s", sentence_of(rule), space == NULL ? "" : ":",
        space == NULL ? "" : space);
    struct sj_text kept;
    TRY(sj_arena_text(x->arena, sj_text_of(detail), &kept));
    TRY(sj_json_fault_add(&x->faults, x->arena, SJ_TEXT(""), name, kept));
    return (sj_status){code == SJ_NOT_FOUND ? SJ_NOT_FOUND : SJ_GUARD_UNMET, "rbac"};
}

sj_status sj_rbac_answer(struct sj_exchange *x, const struct sj_rbac *model, sj_status status)
{
    return sj_failed(status) && sj_rbac_why(model)[0] != '\0'
               ? sj_rbac_refuse(x, status.code, sj_rbac_why(model))
               : status;
}

sj_status sj_rbac_may_close(struct sj_exchange *x, const struct sj_holding *holding)
{
    const struct sj_policy *policy = x->active->policy;
    const struct sj_assigner assigner = {
        .actor = &x->session.actor, .roles = x->roles.roles, .reach = x->decision.reach};
    struct sj_assign_fault fault = {.code = "NEVER_SELF",
        .pointer = "/account_id",
        .detail = "nobody closes or resets his own account",
        .is_forbidden = true};
    if (sj_uuid_equal(sj_account_person(&holding->account), x->session.actor.person)) {
        return sj_assign_answer(x, &fault);
    }
    for (size_t i = 0; i < holding->count; i++) {
        const uint32_t role = sj_policy_role_number(policy, sj_text_of(holding->items[i].role));
        if (role != SJ_POLICY_NONE) {
            TRY(sj_assign_may_touch(policy, &assigner, &holding->account, role, &fault));
            TRY(sj_assign_answer(x, &fault));
        }
    }
    return SJ_DONE;
}

sj_status sj_rbac_tell_enrolment(
    struct sj_exchange *x, const struct sj_account *account, struct sj_enrolment *enrolment)
{
    struct sj_json json = sj_json_begin(&x->body);
    sj_json_object(&json, NULL);
    sj_json_id(&json, "account_id", account->id);
    sj_json_text(&json, "username", account->username);
    sj_json_str(&json, "enrolment", enrolment->token);
    sj_json_time(&json, "expires_at", enrolment->expires_at);
    sj_json_object_end(&json);
    sj_wipe(enrolment, sizeof *enrolment);
    return sj_json_end(&json);
}
