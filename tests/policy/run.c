/* SPDX-License-Identifier: Apache-2.0
 *
 * Does a policy say what its tests say? Runs policies/<name>/tests.json through the engine: each case names the
 * decision, the rule, the reach and exactly the fields (what is not listed must be refused); combinations name
 * the constraint that refuses them; invariants are checked over every set of roles that the policy lets one
 * account hold. Every action that no case mentions for a role must be refused, and every rule and constraint
 * must be named by a case, so that neither a policy nor its tests can grow unseen.
 * usage: policy_run <policy folder> <tests.json>
 */
#include <fcntl.h>

#include "sanjeh/json/decode.h"
#include "sanjeh/policy/policy.h"

struct run {
    const struct sj_policy *policy;
    unsigned checks;
    unsigned failures;
    bool mentioned[64][SJ_ACTION_COUNT_]; /* by a case with this role alone */
    bool rule_named[SJ_POLICY_RULES_MAX];
    bool constraint_named[256];
};

static void check(struct run *run, bool holds, struct sj_text name, const char *what)
{
    run->checks++;
    if (!holds) {
        run->failures++;
        printf("FAIL %.*s: %s\n", (int)name.len, name.ptr, what);
    }
}

static struct sj_text text_of(const struct sj_json_value *object, const char *name)
{
    struct sj_text text = SJ_TEXT("");
    const struct sj_json_value *value = sj_json_get(object, name);
    if (value == NULL || !sj_json_as_text(value, &text)) {
        return SJ_TEXT("");
    }
    return text;
}

static enum sj_action action_of(struct run *run, struct sj_text name)
{
    for (unsigned i = 1; i < SJ_ACTION_COUNT_; i++) {
        if (sj_text_is(name, sj_action_name((enum sj_action)i))) {
            return (enum sj_action)i;
        }
    }
    check(run, false, name, "no such action");
    return SJ_ACTION_NONE;
}

static uint64_t roles_of(struct run *run, const struct sj_json_value *array)
{
    uint64_t roles = 0;
    size_t iterator = 0;
    struct sj_text none;
    const struct sj_json_value *item = NULL;
    while (array != NULL && sj_json_next(array, &iterator, &none, &item)) {
        struct sj_text name = SJ_TEXT("?");
        bool found = false;
        size_t bit = 0;
        if (sj_json_as_text(item, &name)) {
            sj_policy_role_find(run->policy, name, &found, &bit);
        }
        if (found) {
            roles |= UINT64_C(1) << bit;
        } else {
            check(run, false, name, "no such role");
        }
    }
    return roles;
}

static enum sj_field field_find(enum sj_action action, struct sj_text name)
{
    static const char *const types[] = {
#define SJ_FIELD(name, type, field) type,
#include "sanjeh/policy/catalogue.def"
#undef SJ_FIELD
    };
    for (unsigned i = 0; i < SJ_FIELD_COUNT_; i++) {
        if (strcmp(types[i], sj_action_type(action)) == 0 &&
            sj_text_is(name, sj_field_name((enum sj_field)i))) {
            return (enum sj_field)i;
        }
    }
    return SJ_FIELD_COUNT_;
}

static uint64_t closure(const struct sj_policy *policy, uint64_t roles)
{
    const struct sj_role_set held = {{roles}};
    return sj_policy_roles_close(policy, &held).bits[0];
}

static uint64_t fields_of(struct run *run, enum sj_action action, const struct sj_json_value *array)
{
    uint64_t fields = 0;
    size_t iterator = 0;
    struct sj_text none;
    const struct sj_json_value *item = NULL;
    while (array != NULL && sj_json_next(array, &iterator, &none, &item)) {
        struct sj_text name = SJ_TEXT("?");
        const bool is_text = sj_json_as_text(item, &name);
        const enum sj_field field = field_find(action, name);
        if (is_text && field != SJ_FIELD_COUNT_) {
            fields |= UINT64_C(1) << field;
        } else {
            check(run, false, name, "no such field");
        }
    }
    return fields;
}

static const char *reach_name(enum sj_reach reach)
{
    static const char *const names[] = {"", "self", "file", "unit", "subtree", "all"};
    return names[reach];
}

static struct sj_decision decide(const struct run *run, uint64_t roles, enum sj_action action)
{
    const struct sj_actor actor = {.roles = roles};
    return sj_policy_decide(run->policy, &actor, action);
}

static void run_case(struct run *run, const struct sj_json_value *item)
{
    const struct sj_text name = text_of(item, "name");
    const struct sj_json_value *expect = sj_json_get(item, "expect");
    const enum sj_action action = action_of(run, text_of(item, "do"));
    const uint64_t roles = roles_of(run, sj_json_get(item, "roles"));
    const struct sj_decision decision = decide(run, roles, action);
    bool permit = false;
    const struct sj_json_value *verdict = expect == NULL ? NULL : sj_json_get(expect, "decision");
    const bool stated = verdict != NULL && sj_json_as_bool(verdict, &permit);
    check(run, stated, name, "states no decision");
    if (!stated) {
        return;
    }
    check(run, decision.permit == permit, name, "another decision");
    check(run, sj_text_is(text_of(expect, "by"), decision.rule), name, decision.rule);
    check(run, sj_text_is(text_of(expect, "code"), decision.code), name, decision.code);
    check(run, sj_text_is(text_of(expect, "reach"), reach_name(decision.reach)), name,
        reach_name(decision.reach));
    check(run, decision.read_fields == fields_of(run, action, sj_json_get(expect, "read")), name,
        "other readable fields");
    check(run, decision.write_fields == fields_of(run, action, sj_json_get(expect, "write")), name,
        "other writable fields");
    for (size_t i = 0; i < sj_policy_rule_count(run->policy); i++) {
        run->rule_named[i] =
            run->rule_named[i] || strcmp(sj_policy_rule_id(run->policy, i), decision.rule) == 0;
    }
    if (__builtin_popcountll(roles) == 1) {
        run->mentioned[__builtin_ctzll(roles)][action] = true;
    }
}

static void run_combination(struct run *run, const struct sj_json_value *item)
{
    const uint64_t roles = roles_of(run, sj_json_get(item, "roles"));
    const struct sj_json_value *verdict = sj_json_get(item, "allowed");
    const struct sj_text by = text_of(item, "by");
    const struct sj_text name = by.len > 0 ? by : SJ_TEXT("combination");
    bool expected = false;
    check(run, verdict != NULL && sj_json_as_bool(verdict, &expected), name, "states no verdict");
    const char *constraint = NULL;
    const bool allowed = sj_policy_roles_allowed(run->policy, roles, &constraint);
    check(run, allowed == expected, name, "another verdict");
    check(run, sj_text_is(by, constraint), name, constraint);
    for (size_t i = 0; i < sj_policy_sod_count(run->policy); i++) {
        run->constraint_named[i] = run->constraint_named[i] ||
                                   strcmp(sj_policy_sod_at(run->policy, i)->id, constraint) == 0;
    }
}

struct invariant {
    struct sj_text name;
    uint64_t only;
    enum sj_action action;
    uint64_t read;
    uint64_t write;
    struct sj_text reach;
};

static bool reveals(const struct invariant *invariant, const struct sj_decision *decision)
{
    if (!decision->permit) {
        return false;
    }
    if (invariant->read != 0) {
        return (decision->read_fields & invariant->read) != 0;
    }
    if (invariant->write != 0) {
        return (decision->write_fields & invariant->write) != 0;
    }
    return invariant->reach.len == 0 || sj_text_is(invariant->reach, reach_name(decision->reach));
}

static uint64_t field_bit(struct run *run, enum sj_action action, struct sj_text name)
{
    if (name.len == 0) {
        return 0;
    }
    const enum sj_field field = field_find(action, name);
    check(run, field != SJ_FIELD_COUNT_, name, "no such field");
    return field == SJ_FIELD_COUNT_ ? 0 : UINT64_C(1) << field;
}

/* All sets of roles that one account may hold. */
static void run_invariant(struct run *run, const struct sj_json_value *item)
{
    struct invariant invariant = {
        .name = text_of(item, "name"),
        .only = roles_of(run, sj_json_get(item, "only")),
        .action = action_of(run, text_of(item, "do")),
        .reach = text_of(item, "reach"),
    };
    invariant.read = field_bit(run, invariant.action, text_of(item, "read"));
    invariant.write = field_bit(run, invariant.action, text_of(item, "write"));
    SJ_ASSERT(sj_policy_role_count(run->policy) <= 16);
    const uint64_t sets = UINT64_C(1) << sj_policy_role_count(run->policy);
    bool somebody = invariant.only == 0;
    for (uint64_t roles = 0; roles < sets; roles++) {
        const char *constraint = NULL;
        if (!sj_policy_roles_allowed(run->policy, roles, &constraint)) {
            continue;
        }
        const struct sj_decision decision = decide(run, roles, invariant.action);
        const bool named = (closure(run->policy, roles) & invariant.only) != 0;
        const bool revealed = reveals(&invariant, &decision);
        check(run, named || !revealed, invariant.name, "another set of roles gets it");
        somebody = somebody || revealed;
    }
    check(run, somebody, invariant.name, "nobody gets it: the invariant says nothing");
}

static void run_rest(struct run *run)
{
    for (size_t bit = 0; bit < sj_policy_role_count(run->policy); bit++) {
        for (unsigned action = 1; action < SJ_ACTION_COUNT_; action++) {
            if (run->mentioned[bit][action]) {
                continue;
            }
            const struct sj_decision decision =
                decide(run, UINT64_C(1) << bit, (enum sj_action)action);
            check(run, !decision.permit && decision.read_fields == 0 && decision.write_fields == 0,
                sj_text_of(sj_policy_role_name(run->policy, bit)),
                sj_action_name((enum sj_action)action));
        }
    }
    for (size_t i = 0; i < sj_policy_rule_count(run->policy); i++) {
        check(run, run->rule_named[i], sj_text_of(sj_policy_rule_id(run->policy, i)),
            "no case reaches it");
    }
    for (size_t i = 0; i < sj_policy_sod_count(run->policy); i++) {
        check(run, run->constraint_named[i], sj_text_of(sj_policy_sod_at(run->policy, i)->id),
            "no combination reaches it");
    }
}

static void run_each(struct run *run, const struct sj_json_value *root, const char *name,
    void (*fn)(struct run *run, const struct sj_json_value *item))
{
    const struct sj_json_value *array = sj_json_get(root, name);
    size_t iterator = 0;
    struct sj_text none;
    const struct sj_json_value *item = NULL;
    size_t count = 0;
    while (array != NULL && sj_json_next(array, &iterator, &none, &item)) {
        fn(run, item);
        count++;
    }
    check(run, count > 0, sj_text_of(name), "is empty");
}

static sj_status read_tests(const char *path, struct sj_buf *out)
{
    CLEANUP(sj_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ENSURE(fd >= 0, IO);
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

static sj_status run_file(struct run *run, const char *path)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    TRY(sj_arena_new(1u << 20, &arena));
    CLEANUP(sj_buf_clear) struct sj_buf bytes = SJ_BUF(1u << 20);
    TRY(read_tests(path, &bytes));
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text why = SJ_TEXT("");
    TRY(sj_json_doc_parse(sj_buf_view(&bytes), &doc, &why, arena));
    const struct sj_json_value *root = sj_json_doc_root(doc);
    check(run, sj_text_is(text_of(root, "format"), "policy-tests/1"), SJ_TEXT("format"), "unknown");
    run_each(run, root, "cases", run_case);
    run_each(run, root, "combinations", run_combination);
    run_each(run, root, "invariants", run_invariant);
    run_rest(run);
    return SJ_DONE;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: policy_run <policy folder> <tests.json>\n");
        return 2;
    }
    char detail[256] = "";
    CLEANUP(sj_policy_free) struct sj_policy *policy = NULL;
    if (sj_failed(sj_policy_load(argv[1], &policy, detail, sizeof detail))) {
        fprintf(stderr, "%s\n", detail);
        return 2;
    }
    struct run run = {.policy = policy};
    const sj_status status = run_file(&run, argv[2]);
    if (sj_failed(status)) {
        fprintf(stderr, "%s: %s\n", argv[2], sj_code_name(status.code));
        return 2;
    }
    printf("%u checks, %u failed\n", run.checks, run.failures);
    return run.failures == 0 ? 0 : 1;
}
