/* SPDX-License-Identifier: Apache-2.0
 *
 * Did each test come out as its document says? Decisions are asked with the trace on: it tells which rules had an
 * error and which ones a test has reached.
 */
#include "suite_priv.h"
#include "walk.h"

sj_status suite_find(struct sj_policy_suite *suite, const struct suite_test *test,
    enum sj_suite_verdict verdict, const char *what, struct sj_text example)
{
    struct sj_suite_report *report = &suite->report;
    uint32_t count = (uint32_t)report->finding_count;
    TRY(policy_grow(suite->arena, &suite->findings, count, &suite->finding_cap,
        sizeof(struct sj_suite_finding), 4 * SUITE_TESTS_MAX));
    struct sj_suite_finding *one = &suite->findings[count];
    struct sj_text copy;
    *one = (struct sj_suite_finding){.id = "", .verdict = verdict, .pointer = "", .example = ""};
    if (test != NULL) {
        struct sj_policy_fault place;
        sj_ignore(doc_refuse(&place, test->node, ""), "only the place is wanted");
        TRY(sj_arena_text(suite->arena, sj_text_of(place.pointer), &copy));
        one->pointer = copy.ptr;
        one->line = place.line;
        one->column = place.column;
        one->id = test->id;
    }
    TRY(sj_arena_text(suite->arena, sj_text_of(what), &copy));
    one->what = copy.ptr;
    if (example.len > 0) {
        TRY(sj_arena_text(suite->arena, example, &copy));
        one->example = copy.ptr;
    }
    report->finding_count++;
    report->findings = suite->findings;
    return SJ_DONE;
}

/* ---- one decision ---- */

struct asked {
    struct sj_policy_suite *suite;
    const struct suite_test *test;
    const struct suite_expect *expect;
    struct sj_policy_decision decision;
    struct decide_trace trace;
    bool failed;
};

static sj_status wrong(struct asked *asked, const char *what, const char *wanted, const char *got)
{
    char text[512];
    snprintf(text, sizeof text, "%s: %s: expected %s, got %s",
        asked->suite->root->actions[asked->expect->action].name, what, wanted, got);
    asked->failed = true;
    return suite_find(asked->suite, asked->test, SJ_SUITE_FAILED, text, SJ_TEXT(""));
}

static sj_status fill_trace(struct asked *asked, struct sj_arena *arena)
{
    struct decide_trace *trace = &asked->trace;
    const struct sj_policy_suite *suite = asked->suite;
    uint32_t count = 0;
    for (size_t f = 0; f < suite->file_count; f++) {
        count += suite->files[f]->action_case_count;
    }
    void *memory = NULL;
    TRY(sj_arena_alloc(arena, (count + 1u) * sizeof(struct trace_case), &memory));
    trace->cases = memory;
    trace->cap = count;
    for (uint32_t f = 0; f < suite->file_count; f++) {
        const struct sj_policy *file = suite->files[f];
        for (uint32_t i = 0; i < file->action_case_count; i++) {
            if (file->action_cases[2 * (size_t)i] == asked->expect->action) {
                trace->cases[trace->count++] = (struct trace_case){.policy = file,
                    .number = file->action_cases[2 * (size_t)i + 1],
                    .why = WHY_ROLE,
                    .file = f};
            }
        }
    }
    return SJ_DONE;
}

static enum sj_policy_known has_done(void *history, uint32_t action)
{
    const struct suite_test *test = history;
    return test->done != NULL && test->done[action] ? SJ_KNOWN_YES : SJ_KNOWN_NO;
}

static bool case_fails(const struct asked *asked, const struct trace_case *one)
{
    struct cond_world world = asked->trace.world;
    world.file = &asked->suite->set->files[one->file];
    const struct policy_case *its = &one->policy->cases[one->number];
    const uint32_t nodes[] = {its->purpose, its->when, its->that};
    bool error = false;
    for (size_t i = 0; i < SJ_COUNT(nodes); i++) {
        const enum truth truth = nodes[i] == COND_NONE ? IS_TRUE : cond_decide(&world, nodes[i]);
        error = error || truth == IS_ERROR;
    }
    return error;
}

/* A rule had an error when that decided what became of it. */
static bool has_error(const struct asked *asked, const struct trace_case *one)
{
    return one->why == WHY_ERROR ||
           ((one->why == WHY_BLOCKED ||
                (one->why == WHY_MATCHED &&
                    one->policy->rules[one->policy->cases[one->number].rule].effect ==
                        SJ_EFFECT_MASK)) &&
               case_fails(asked, one));
}

static void cover(struct asked *asked)
{
    struct sj_policy_suite *suite = asked->suite;
    const struct sj_policy_decision *decision = &asked->decision;
    const bool behind = decision->permit || decision->refusal == SJ_REFUSAL_REQUIRE;
    for (uint32_t i = 0; i < asked->trace.count; i++) {
        const struct trace_case *one = &asked->trace.cases[i];
        const uint32_t number = one->policy->cases[one->number].rule;
        if (one->file != suite->about_file || number >= suite->about->written_rules) {
            continue;
        }
        bool reached = false;
        switch (one->policy->rules[number].effect) {
        case SJ_EFFECT_PERMIT:
            reached = one->why == WHY_MATCHED && behind;
            break;
        case SJ_EFFECT_FORBID:
            reached = one->why == WHY_BLOCKED;
            break;
        case SJ_EFFECT_REQUIRE:
            reached = one->why == WHY_BLOCKED && decision->refusal == SJ_REFUSAL_REQUIRE;
            break;
        case SJ_EFFECT_MASK:
            reached = one->why == WHY_MATCHED && decision->permit;
            break;
        }
        suite->rule_covered[number] = suite->rule_covered[number] || reached;
    }
    for (uint32_t i = 0; i < suite->root->sod_count; i++) {
        suite->constraint_covered[i] = suite->constraint_covered[i] ||
                                       (decision->refusal == SJ_REFUSAL_SOD &&
                                           strcmp(decision->rule, suite->root->sods[i].id) == 0);
    }
}

/* ---- expectations ---- */

static sj_status join(const char *const *ids, uint32_t count, struct sj_buf *out)
{
    for (uint32_t i = 0; i < count; i++) {
        TRY(sj_buf_put_str(out, i == 0 ? "" : " "));
        TRY(sj_buf_put_str(out, ids[i]));
    }
    return sj_buf_put_byte(out, '\0');
}

static sj_status check_list(struct asked *asked, const char *what, const struct doc_node *wanted,
    const char *const *got, uint32_t got_count)
{
    if (wanted == NULL) {
        return SJ_DONE;
    }
    bool same = wanted->count == got_count;
    CLEANUP(sj_buf_clear) struct sj_buf want_text = SJ_BUF(1u << 20);
    CLEANUP(sj_buf_clear) struct sj_buf got_text = SJ_BUF(1u << 20);
    for (const struct doc_node *child = wanted->first; child != NULL; child = child->next) {
        bool found = false;
        for (uint32_t i = 0; i < got_count; i++) {
            found = found || sj_text_is(child->text, got[i]);
        }
        same = same && found;
        TRY(sj_buf_put_text(&want_text, child->text));
        TRY(sj_buf_put_byte(&want_text, ' '));
    }
    if (same) {
        return SJ_DONE;
    }
    TRY(sj_buf_put_byte(&want_text, '\0'));
    TRY(join(got, got_count, &got_text));
    return wrong(asked, what, (const char *)want_text.ptr, (const char *)got_text.ptr);
}

static sj_status check_fields(
    struct asked *asked, const char *what, const struct suite_fields *wanted, uint64_t got)
{
    if (!wanted->given || wanted->bits == got) {
        return SJ_DONE;
    }
    const struct sj_policy *root = asked->suite->root;
    const struct policy_type *type = &root->types[root->actions[asked->expect->action].type];
    CLEANUP(sj_buf_clear) struct sj_buf more = SJ_BUF(8192);
    CLEANUP(sj_buf_clear) struct sj_buf less = SJ_BUF(8192);
    for (uint32_t i = 0; i < type->field_count; i++) {
        const bool want = (wanted->bits >> i & 1u) != 0;
        const bool have = (got >> i & 1u) != 0;
        if (want != have) {
            struct sj_buf *list = want ? &less : &more;
            TRY(sj_buf_put_str(list, " "));
            TRY(sj_buf_put_str(list, type->fields[i]));
        }
    }
    TRY(sj_buf_put_byte(&less, '\0'));
    TRY(sj_buf_put_byte(&more, '\0'));
    char want_text[256];
    char got_text[256];
    snprintf(want_text, sizeof want_text, "also%s", less.len > 1 ? (const char *)less.ptr : " -");
    snprintf(got_text, sizeof got_text, "unlisted%s", more.len > 1 ? (const char *)more.ptr : " -");
    return wrong(asked, what, want_text, got_text);
}

static sj_status check_masks(struct asked *asked)
{
    const struct suite_expect *expect = asked->expect;
    const struct sj_policy_decision *decision = &asked->decision;
    if (!expect->mask.given && !expect->read.given) {
        return SJ_DONE;
    }
    const struct suite_fields wanted = {true, expect->mask.bits};
    TRY(check_fields(asked, "masked fields", &wanted, decision->masked));
    for (uint32_t i = 0; i < SJ_POLICY_TYPE_FIELDS; i++) {
        if ((expect->mask.bits & decision->masked) >> i & 1u &&
            decision->how[i] != expect->how[i]) {
            TRY(wrong(asked, "mask", sj_how_name((enum sj_how)expect->how[i]),
                sj_how_name((enum sj_how)decision->how[i])));
        }
    }
    return SJ_DONE;
}

/* Each is the type of the obligation, or the whole of it. */
static sj_status check_obligations(struct asked *asked)
{
    static const char *const kinds[] = {
        "step-up", "approval", "notification", "session_termination", "custom"};
    const struct doc_node *wanted = asked->expect->oblige;
    const struct sj_policy_decision *decision = &asked->decision;
    if (wanted == NULL) {
        return SJ_DONE;
    }
    uint32_t at = 0;
    bool same = wanted->count == decision->obligation_count;
    for (const struct doc_node *child = wanted->first; same && child != NULL; child = child->next) {
        const struct sj_obligation *got = decision->obligations[at++];
        if (child->kind == DOC_TEXT) {
            same = sj_text_is(child->text, kinds[got->kind]);
            continue;
        }
        CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(65536);
        TRY(doc_canonical(child, &text));
        same = sj_text_equal(sj_buf_text(&text), got->text);
    }
    if (same) {
        return SJ_DONE;
    }
    CLEANUP(sj_buf_clear) struct sj_buf want_text = SJ_BUF(1u << 20);
    CLEANUP(sj_buf_clear) struct sj_buf got_text = SJ_BUF(1u << 20);
    TRY(doc_canonical(wanted, &want_text));
    TRY(sj_buf_put_byte(&want_text, '\0'));
    for (uint32_t i = 0; i < decision->obligation_count; i++) {
        TRY(sj_buf_put_text(&got_text, decision->obligations[i]->text));
        TRY(sj_buf_put_byte(&got_text, ' '));
    }
    TRY(sj_buf_put_byte(&got_text, '\0'));
    return wrong(asked, "obligations", (const char *)want_text.ptr, (const char *)got_text.ptr);
}

static const char *reach_name(enum sj_reach reach)
{
    static const char *const names[] = {"none", "self", "file", "unit", "subtree", "all"};
    return names[reach];
}

static sj_status check_errors(struct asked *asked)
{
    const char *ids[64];
    uint32_t count = 0;
    for (uint32_t i = 0; i < asked->trace.count && count < SJ_COUNT(ids); i++) {
        const struct trace_case *one = &asked->trace.cases[i];
        if (has_error(asked, one)) {
            ids[count++] = one->policy->rules[one->policy->cases[one->number].rule].id;
        }
    }
    return check_list(asked, "rules with an error", asked->expect->errors, ids, count);
}

static sj_status check_decision(struct asked *asked)
{
    const struct suite_expect *expect = asked->expect;
    const struct sj_policy_decision *decision = &asked->decision;
    if (decision->permit != expect->decision) {
        char got[128];
        snprintf(got, sizeof got, "%s %s%s", decision->permit ? "permitted by" : "refused",
            decision->code, decision->rule);
        TRY(wrong(asked, "decision", expect->decision ? "permitted" : "refused", got));
    }
    if (expect->node == NULL) {
        return SJ_DONE;
    }
    if (expect->code != NULL && strcmp(expect->code, decision->code) != 0) {
        TRY(wrong(asked, "code", expect->code, decision->code));
    }
    if (expect->reach != NULL && strcmp(expect->reach, reach_name(decision->reach)) != 0) {
        TRY(wrong(asked, "reach", expect->reach, reach_name(decision->reach)));
    }
    TRY(check_list(asked, "rules", expect->by, decision->by, decision->by_count));
    TRY(check_errors(asked));
    TRY(check_fields(asked, "readable fields", &expect->read, decision->read));
    TRY(check_fields(asked, "writable fields", &expect->write, decision->write));
    TRY(check_fields(asked, "fields to sort by", &expect->sort, decision->sort));
    TRY(check_fields(asked, "fields to filter by", &expect->filter, decision->filter));
    TRY(check_fields(asked, "fields to aggregate", &expect->aggregate, decision->aggregate));
    TRY(check_masks(asked));
    return check_obligations(asked);
}

static sj_status ask(struct sj_policy_suite *suite, const struct suite_test *test,
    const struct suite_expect *expect, bool *failed)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    TRY(sj_arena_new(256u << 20, &arena));
    struct asked asked = {.suite = suite, .test = test, .expect = expect};
    TRY(fill_trace(&asked, arena));
    const struct sj_policy_request request = {.action = expect->action,
        .now = test->now,
        .grants = test->subject.grants,
        .grant_count = test->subject.grant_count,
        .subject = test->subject.values,
        .resource = test->resource.values,
        .context = test->context,
        .attributes = test->attributes,
        .inactive = test->subject.inactive,
        .session_ended = test->subject.session_ended,
        .reach_only = test->resource.type == SJ_POLICY_NONE,
        .covered = test->resource.type == SJ_POLICY_NONE,
        .has_done = test->done == NULL ? NULL : has_done,
        .history = (void *)(uintptr_t)test};
    policy_decide(suite->set, &request, &asked.decision, &asked.trace);
    suite->report.decisions++;
    TRY(check_decision(&asked));
    cover(&asked);
    *failed = *failed || asked.failed;
    return SJ_DONE;
}

/* ---- combinations of roles ---- */

/* Static: all units together, and each unit by itself; roles without a unit are of one unit. */
static const struct sj_policy_sod *broken_by(
    const struct sj_policy *root, const struct suite_test *test)
{
    const bool hold = test->kind == SUITE_HOLD;
    struct sj_role_set all = {{0}};
    for (size_t i = 0; i < test->held_count; i++) {
        sj_role_set_add(&all, test->held[i].role);
    }
    const struct sj_policy_sod *broken =
        sj_policy_sod_broken(root, hold ? SJ_SOD_STATIC : SJ_SOD_DYNAMIC, SJ_SOD_ALL_UNITS, &all);
    for (size_t i = 0; hold && broken == NULL && i < test->held_count; i++) {
        struct sj_role_set one = {{0}};
        for (size_t k = 0; k < test->held_count; k++) {
            if (test->held[k].unit == test->held[i].unit) {
                sj_role_set_add(&one, test->held[k].role);
            }
        }
        broken = sj_policy_sod_broken(root, SJ_SOD_STATIC, SJ_SOD_SAME_UNIT, &one);
    }
    return broken;
}

static sj_status combine(struct sj_policy_suite *suite, const struct suite_test *test, bool *failed)
{
    const struct sj_policy_sod *broken = broken_by(suite->root, test);
    const char *got = broken == NULL ? "" : broken->id;
    if (broken != NULL) {
        suite->constraint_covered[broken - suite->root->sods] = true;
    }
    if (strcmp(got, test->by) == 0) {
        return SJ_DONE;
    }
    char text[256];
    snprintf(text, sizeof text, "combination of roles: expected %s %s, got %s %s",
        test->allowed ? "allowed" : "refused by", test->by,
        got[0] == '\0' ? "allowed" : "refused by", got);
    *failed = true;
    return suite_find(suite, test, SJ_SUITE_FAILED, text, SJ_TEXT(""));
}

/* ---- the whole ---- */

static sj_status run_test(struct sj_policy_suite *suite, const struct suite_test *test)
{
    struct sj_suite_report *report = &suite->report;
    bool failed = false;
    report->tests++;
    if (test->kind == SUITE_INVARIANT) {
        report->invariants++;
        return suite_invariant_run(suite, test);
    }
    if (test->kind != SUITE_DECIDE) {
        TRY(combine(suite, test, &failed));
    }
    for (uint32_t i = 0; i < test->expect_count; i++) {
        TRY(ask(suite, test, &test->expects[i], &failed));
    }
    report->failed += failed ? 1 : 0;
    return SJ_DONE;
}

static uint32_t percent(uint32_t part, uint32_t whole)
{
    return whole == 0 ? 100 : (uint32_t)((uint64_t)part * 100 / whole);
}

static sj_status find_uncovered(
    struct sj_policy_suite *suite, const bool *covered, uint32_t count, bool rules)
{
    char text[128];
    for (uint32_t i = 0; i < count; i++) {
        if (!covered[i]) {
            snprintf(text, sizeof text, "no test reaches %s %s", rules ? "rule" : "constraint",
                rules ? suite->about->rules[i].id : suite->root->sods[i].id);
            TRY(suite_find(suite, NULL, SJ_SUITE_FAILED, text, SJ_TEXT("")));
        }
    }
    return SJ_DONE;
}

/* Constraints of the root count for a root's tests. */
static sj_status count_coverage(struct sj_policy_suite *suite)
{
    struct sj_suite_report *report = &suite->report;
    report->rules = suite->about->written_rules;
    report->constraints = suite->about == suite->root ? suite->root->sod_count : 0;
    for (uint32_t i = 0; i < report->rules; i++) {
        report->rules_covered += suite->rule_covered[i] ? 1 : 0;
    }
    for (uint32_t i = 0; i < report->constraints; i++) {
        report->constraints_covered += suite->constraint_covered[i] ? 1 : 0;
    }
    report->coverage = percent(report->rules_covered, report->rules);
    report->needed = suite->root->activation.min_rule_coverage;
    if (report->coverage < suite->min_rules) {
        TRY(find_uncovered(suite, suite->rule_covered, report->rules, true));
    }
    if (percent(report->constraints_covered, report->constraints) < suite->min_constraints) {
        TRY(find_uncovered(suite, suite->constraint_covered, report->constraints, false));
    }
    return SJ_DONE;
}

sj_status sj_policy_suite_run(
    struct sj_policy_suite *suite, const struct sj_suite_report **ret_report)
{
    void *memory = NULL;
    suite->report = (struct sj_suite_report){0};
    TRY(sj_arena_alloc(suite->arena, suite->about->rule_count + 1u, &memory));
    suite->rule_covered = memory;
    TRY(sj_arena_alloc(suite->arena, suite->root->sod_count + 1u, &memory));
    suite->constraint_covered = memory;
    for (uint32_t i = 0; i < suite->test_count; i++) {
        TRY(run_test(suite, &suite->tests[i]));
    }
    TRY(count_coverage(suite));
    suite->report.passed = suite->report.finding_count == 0;
    suite->report.activatable =
        suite->report.passed && suite->report.coverage >= suite->report.needed;
    *ret_report = &suite->report;
    return SJ_DONE;
}
