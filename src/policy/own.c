/* SPDX-License-Identifier: Apache-2.0
 *
 * What does Sanjeh's own policy say about an action of the programs? Binds the names of a document to the numbers of
 * catalogue.def and answers routes, which know roles as bits and no resource yet: row security knows the rows.
 */
#include "load_priv.h"
#include "sanjeh/policy/policy.h"

#include <fcntl.h>
#include <sys/stat.h>

static const char *const action_names[] = {
    "none",
#define SJ_ACTION(name, type, action) type ":" action,
#include "sanjeh/policy/catalogue.def"
#undef SJ_ACTION
};

static const char *const action_types[] = {
    "",
#define SJ_ACTION(name, type, action) type,
#include "sanjeh/policy/catalogue.def"
#undef SJ_ACTION
};

static const char *const field_names[] = {
#define SJ_FIELD(name, type, field) field,
#include "sanjeh/policy/catalogue.def"
#undef SJ_FIELD
};

static const char *const field_types[] = {
#define SJ_FIELD(name, type, field) type,
#include "sanjeh/policy/catalogue.def"
#undef SJ_FIELD
};

_Static_assert(SJ_FIELD_COUNT_ <= 64, "fields fit the masks of a decision");

struct policy_own {
    struct sj_policy_set *set;
    uint32_t actions[SJ_ACTION_COUNT_];
    uint8_t fields[SJ_ACTION_COUNT_][SJ_POLICY_TYPE_FIELDS]; /* enum sj_field of a type's field */
};

const char *sj_action_name(enum sj_action action)
{
    return action > SJ_ACTION_NONE && action < SJ_ACTION_COUNT_ ? action_names[action] : "none";
}

const char *sj_action_type(enum sj_action action)
{
    return action < SJ_ACTION_COUNT_ ? action_types[action] : "";
}

const char *sj_field_name(enum sj_field field)
{
    return field < SJ_FIELD_COUNT_ ? field_names[field] : "";
}

static uint32_t find_field(const char *type, struct sj_text field)
{
    for (uint32_t i = 0; i < SJ_FIELD_COUNT_; i++) {
        if (strcmp(field_types[i], type) == 0 && sj_text_is(field, field_names[i])) {
            return i;
        }
    }
    return SJ_FIELD_COUNT_;
}

bool own_knows_type(struct sj_text type)
{
    for (unsigned i = 1; i < SJ_ACTION_COUNT_; i++) {
        if (sj_text_is(type, action_types[i])) {
            return true;
        }
    }
    return false;
}

bool own_knows_action(const char *type, struct sj_text verb)
{
    for (unsigned i = 1; i < SJ_ACTION_COUNT_; i++) {
        if (strcmp(action_types[i], type) == 0 &&
            sj_text_is(verb, action_names[i] + strlen(type) + 1)) {
            return true;
        }
    }
    return false;
}

bool own_knows_field(const char *type, struct sj_text field)
{
    return find_field(type, field) != SJ_FIELD_COUNT_;
}

sj_status own_bind(struct sj_policy *policy)
{
    void *memory = NULL;
    TRY(sj_arena_alloc(policy->arena, sizeof(struct policy_own), &memory));
    struct policy_own *own = memory;
    policy->binding = own;
    for (unsigned i = 0; i < SJ_ACTION_COUNT_; i++) {
        own->actions[i] = sj_policy_action_find(policy, sj_text_of(action_names[i]));
        if (own->actions[i] == SJ_POLICY_NONE) {
            continue;
        }
        const uint32_t type = sj_policy_action_type(policy, own->actions[i]);
        for (size_t f = 0; f < sj_policy_field_count(policy, type); f++) {
            const char *name = sj_policy_field_name(policy, type, f);
            own->fields[i][f] = (uint8_t)find_field(action_types[i], sj_text_of(name));
        }
    }
    const struct sj_policy *files[] = {policy};
    struct sj_policy_fault fault;
    return sj_policy_set_new(files, 1, NULL, 0, 0, &own->set, &fault);
}

void own_unbind(struct sj_policy *policy)
{
    if (policy->binding != NULL) {
        sj_policy_set_free(&policy->binding->set);
    }
}

const struct sj_policy_set *sj_policy_own_set(const struct sj_policy *policy)
{
    return policy->binding->set;
}

uint32_t sj_policy_own_action(const struct sj_policy *policy, enum sj_action action)
{
    return action > SJ_ACTION_NONE && action < SJ_ACTION_COUNT_ ? policy->binding->actions[action]
                                                                : SJ_POLICY_NONE;
}

static uint64_t own_fields(const struct policy_own *own, enum sj_action action, uint64_t fields)
{
    uint64_t mask = 0;
    for (; fields != 0; fields &= fields - 1) {
        mask |= UINT64_C(1) << own->fields[action][__builtin_ctzll(fields)];
    }
    return mask;
}

/* glass: the request is bound to one file that break-glass opened for the actor. */
static struct sj_decision decide(const struct sj_policy_set *set, uint32_t unit,
    const struct sj_actor *actor, enum sj_action action, bool glass)
{
    const struct sj_policy *policy = sj_policy_set_root(set);
    struct sj_decision answer = {
        .rule = "", .code = "E_NO_PERMIT", .policy_version = policy->version};
    const uint32_t number = sj_policy_own_action(policy, action);
    if (number == SJ_POLICY_NONE) {
        return answer;
    }
    struct sj_policy_grant grants[SJ_POLICY_GRANTS];
    size_t count = 0;
    for (uint64_t roles = actor->roles; roles != 0; roles &= roles - 1) {
        grants[count++] = (struct sj_policy_grant){
            .role = (uint32_t)__builtin_ctzll(roles), .unit = SJ_POLICY_NONE, .active = true};
    }
    const struct sj_policy_break_glass *section = sj_policy_break_glass(policy);
    if (glass && section->given && count < SJ_POLICY_GRANTS) {
        grants[count++] = (struct sj_policy_grant){
            .role = section->grants_role, .unit = SJ_POLICY_NONE, .kind = SJ_GRANT_BREAK_GLASS};
    }
    const struct sj_policy_request request = {.action = number,
        .grants = grants,
        .grant_count = count,
        .reach_only = true,
        .covered = glass,
        .binds = true,
        .binding_unit = unit};
    struct sj_policy_decision decision;
    policy_decide(set, &request, &decision, NULL);
    answer.permit = decision.permit;
    answer.reach = decision.reach;
    answer.rule = decision.rule;
    answer.code = decision.code;
    answer.read_fields = own_fields(policy->binding, action, decision.read & ~decision.masked);
    answer.write_fields = own_fields(policy->binding, action, decision.write);
    if (glass && (!decision.permit || !decision.break_glass)) {
        return (struct sj_decision){.rule = decision.permit ? "" : decision.rule,
            .code = decision.permit ? "E_NO_PERMIT" : decision.code,
            .policy_version = policy->version};
    }
    return answer;
}

struct sj_decision sj_policy_decide_in(const struct sj_policy_set *set, uint32_t unit,
    const struct sj_actor *actor, enum sj_action action)
{
    return decide(set, unit, actor, action, /* glass= */ false);
}

struct sj_decision sj_policy_decide_glass(const struct sj_policy_set *set, uint32_t unit,
    const struct sj_actor *actor, enum sj_action action)
{
    struct sj_decision answer = decide(set, unit, actor, action, /* glass= */ true);
    answer.reach = answer.permit ? SJ_REACH_FILE : SJ_REACH_NONE;
    answer.write_fields = 0;
    return answer;
}

struct sj_decision sj_policy_decide(
    const struct sj_policy *policy, const struct sj_actor *actor, enum sj_action action)
{
    return sj_policy_decide_in(policy->binding->set, SJ_POLICY_NONE, actor, action);
}

size_t sj_policy_role_count(const struct sj_policy *policy)
{
    return policy->root->role_count;
}

const char *sj_policy_role_name(const struct sj_policy *policy, size_t bit)
{
    return sj_policy_role_at(policy, bit)->name;
}

const char *sj_policy_role_title(const struct sj_policy *policy, size_t bit)
{
    return sj_policy_role_at(policy, bit)->title;
}

void sj_policy_role_find(
    const struct sj_policy *policy, struct sj_text name, bool *ret_found, size_t *ret_bit)
{
    const uint32_t role = sj_policy_role_number(policy, name);
    *ret_found = role != SJ_POLICY_NONE;
    if (*ret_found) {
        *ret_bit = role;
    }
}

bool sj_policy_roles_allowed(
    const struct sj_policy *policy, uint64_t roles, const char **ret_constraint)
{
    const struct sj_role_set held = {{roles}};
    const struct sj_policy_sod *broken =
        sj_policy_sod_broken(policy, SJ_SOD_STATIC, SJ_SOD_ALL_UNITS, &held);
    if (broken == NULL) {
        broken = sj_policy_sod_broken(policy, SJ_SOD_STATIC, SJ_SOD_SAME_UNIT, &held);
    }
    *ret_constraint = broken == NULL ? "" : broken->id;
    return broken == NULL;
}

/* ---- files ---- */

static void tell(const struct sj_policy_fault *fault, char *detail, size_t size)
{
    if (size == 0) {
        return;
    }
    const int len = fault->line == 0 ? snprintf(detail, size, "%s: %s", fault->pointer, fault->why)
                                     : snprintf(detail, size, "%s: %s (line %u, column %u)",
                                           fault->pointer, fault->why, fault->line, fault->column);
    if (len < 0) {
        detail[0] = '\0';
    }
}

sj_status sj_policy_parse(
    struct sj_view json, struct sj_policy **ret_policy, char *reterr_detail, size_t detail_size)
{
    static const struct sj_policy_options own = {NULL, true};
    struct sj_policy_fault fault;
    const sj_status status = sj_policy_read(json, &own, ret_policy, &fault);
    if (sj_failed(status)) {
        tell(&fault, reterr_detail, detail_size);
    }
    return status;
}

static sj_status read_file(const char *path, struct sj_buf *out)
{
    CLEANUP(sj_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ENSURE(fd >= 0, BAD_CONFIG);
    struct stat info;
    ENSURE(fstat(fd, &info) == 0 && S_ISREG(info.st_mode), BAD_CONFIG);
    ENSURE(info.st_size >= 0 && info.st_size <= SJ_POLICY_BYTES_MAX, BAD_CONFIG);
    TRY(sj_buf_reserve(out, (size_t)info.st_size + 1));
    for (;;) {
        uint8_t chunk[4096];
        const ssize_t got = read(fd, chunk, sizeof chunk);
        ENSURE(got >= 0, IO);
        if (got == 0) {
            return SJ_DONE;
        }
        TRY(sj_buf_put(out, chunk, (size_t)got));
    }
}

sj_status sj_policy_load(
    const char *folder, struct sj_policy **ret_policy, char *reterr_detail, size_t detail_size)
{
    CLEANUP(sj_buf_clear) struct sj_buf path = SJ_BUF(4096);
    TRY(sj_buf_put_str(&path, folder));
    TRY(sj_buf_put_str(&path, "/policy.json"));
    const char *name = NULL;
    TRY(sj_buf_cstr(&path, &name));
    CLEANUP(sj_buf_clear) struct sj_buf json = SJ_BUF(SJ_POLICY_BYTES_MAX + 8192u);
    if (sj_failed(read_file(name, &json))) {
        const struct sj_policy_fault fault = {
            .why = "policy.json cannot be read from the policy's folder"};
        tell(&fault, reterr_detail, detail_size);
        FAIL(BAD_CONFIG);
    }
    return sj_policy_parse(sj_buf_view(&json), ret_policy, reterr_detail, detail_size);
}
