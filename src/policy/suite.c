/* SPDX-License-Identifier: Apache-2.0
 *
 * Which documents of policy-tests/1 do we accept? The head and the fixtures; every member is known and typed by the
 * policy's schema, or refused with line, column and pointer: a misspelt expectation would be a test that cannot fail.
 */
#include "suite_priv.h"

static struct suite_loader *suite_at(struct loader *loader)
{
    return (struct suite_loader *)(void *)loader;
}

static sj_status read_format(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    if (node->kind != DOC_TEXT || !sj_text_is(node->text, "policy-tests/1")) {
        return load_refuse(loader, node, "must be policy-tests/1");
    }
    return SJ_DONE;
}

static sj_status read_policy(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    struct sj_policy_suite *suite = suite_at(loader)->suite;
    struct sj_text id;
    TRY(load_text(loader, node, POLICY_NAME_MAX, &id));
    for (size_t i = 0; i < suite->file_count; i++) {
        if (sj_text_is(id, suite->files[i]->id)) {
            suite->about = suite->files[i];
            suite->about_file = i;
            return SJ_DONE;
        }
    }
    return load_refuse(loader, node, "these tests are about another policy");
}

static sj_status read_now(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    return suite_time(suite_at(loader), node, &suite_at(loader)->suite->now);
}

static sj_status read_coverage(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    return load_uint(loader, node, 0, 100, &suite_at(loader)->suite->min_rules);
}

static sj_status read_constraints(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    return load_uint(loader, node, 0, 100, &suite_at(loader)->suite->min_constraints);
}

/* ---- units ---- */

static sj_status read_unit(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    struct sj_policy_suite *suite = suite_at(loader)->suite;
    struct sj_text parent = SJ_TEXT("");
    if (!load_is_name(node->name)) {
        return load_refuse(loader, node, "a unit's name is 1 to 64 letters, digits, _ and -");
    }
    if (node->kind != DOC_NULL) {
        TRY(load_text(loader, node, POLICY_NAME_MAX, &parent));
    }
    TRY(policy_grow(suite->arena, &suite->units, suite->unit_count, &suite->unit_cap,
        sizeof(struct sj_policy_unit), SJ_POLICY_UNITS));
    suite->units[suite->unit_count++] = (struct sj_policy_unit){node->name, parent};
    return SJ_DONE;
}

static sj_status read_units(struct loader *loader, const struct doc_node *node, void *target)
{
    suite_at(loader)->suite->units_given = true;
    return load_map(loader, node, read_unit, target);
}

/* ---- fixtures ---- */

static sj_status read_subject(struct loader *loader, const struct doc_node *node, void *target)
{
    struct suite_fixtures *fixtures = target;
    struct suite_fixture *one = &fixtures->items[fixtures->count];
    one->name = node->name;
    TRY(suite_subject(suite_at(loader), node, &one->subject));
    fixtures->count++; /* afterwards: a fixture uses those before it */
    return SJ_DONE;
}

static sj_status read_resource(struct loader *loader, const struct doc_node *node, void *target)
{
    struct suite_fixtures *fixtures = target;
    struct suite_fixture *one = &fixtures->items[fixtures->count];
    one->name = node->name;
    TRY(suite_resource(suite_at(loader), node, &one->resource));
    fixtures->count++;
    return SJ_DONE;
}

static sj_status read_fixtures(struct loader *loader, const struct doc_node *node, load_fn *read,
    struct suite_fixtures *fixtures)
{
    if (node->kind != DOC_OBJECT || node->count > SUITE_FIXTURES_MAX) {
        return load_refuse(loader, node, "must be an object of fixtures");
    }
    TRY(load_alloc(loader, node->count, sizeof(struct suite_fixture), &fixtures->items));
    return load_map(loader, node, read, fixtures);
}

static sj_status read_subjects(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    return read_fixtures(loader, node, read_subject, &suite_at(loader)->suite->subjects);
}

static sj_status read_resources(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    return read_fixtures(loader, node, read_resource, &suite_at(loader)->suite->resources);
}

/* ---- tests ---- */

static sj_status read_test(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    struct sj_policy_suite *suite = suite_at(loader)->suite;
    TRY(suite_test(suite_at(loader), node, &suite->tests[suite->test_count]));
    suite->test_count++;
    return SJ_DONE;
}

static int compare_tests(const void *a, const void *b)
{
    const struct suite_test *x = *(const struct suite_test *const *)a;
    const struct suite_test *y = *(const struct suite_test *const *)b;
    const int order = strcmp(x->id, y->id);
    return order != 0 ? order : (x < y ? -1 : 1);
}

static sj_status check_ids(struct loader *loader, const struct sj_policy_suite *suite)
{
    CLEANUP(sj_freep) void *memory = NULL;
    TRY(sj_alloc(suite->test_count + 1u, sizeof(struct suite_test *), &memory));
    const struct suite_test **sorted = memory;
    for (uint32_t i = 0; i < suite->test_count; i++) {
        sorted[i] = &suite->tests[i];
    }
    qsort(sorted, suite->test_count, sizeof(struct suite_test *), compare_tests);
    for (uint32_t i = 1; i < suite->test_count; i++) {
        if (strcmp(sorted[i - 1]->id, sorted[i]->id) == 0) {
            return load_refuse(loader, doc_get(sorted[i]->node, "id"), "id used twice");
        }
    }
    return SJ_DONE;
}

static sj_status read_tests(struct loader *loader, const struct doc_node *node, void *target)
{
    struct sj_policy_suite *suite = suite_at(loader)->suite;
    if (node->kind != DOC_ARRAY || node->count == 0 || node->count > SUITE_TESTS_MAX) {
        return load_refuse(loader, node, "must be an array of 1 to 20000 tests");
    }
    TRY(load_alloc(loader, node->count, sizeof(struct suite_test), &suite->tests));
    TRY(load_array(loader, node, read_test, target));
    return check_ids(loader, suite);
}

/* ---- the whole ---- */

static bool has_unit(const struct sj_policy_suite *suite, struct sj_text name)
{
    for (uint32_t i = 0; i < suite->unit_count; i++) {
        if (sj_text_equal(suite->units[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* Without a tree of its own a document's units are those that it and the policies name, each a root. */
static sj_status name_units(struct sj_policy_suite *suite)
{
    for (size_t f = 0; !suite->units_given && f <= suite->file_count; f++) {
        const struct sj_policy *policy = f == suite->file_count ? &suite->scratch : suite->files[f];
        for (uint32_t i = 0; i < policy->unit_literal_count; i++) {
            const struct sj_text name = policy->unit_literals[i].name;
            if (!has_unit(suite, name)) {
                TRY(policy_grow(suite->arena, &suite->units, suite->unit_count, &suite->unit_cap,
                    sizeof(struct sj_policy_unit), SJ_POLICY_UNITS));
                suite->units[suite->unit_count++] = (struct sj_policy_unit){name, SJ_TEXT("")};
            }
        }
    }
    return SJ_DONE;
}

static sj_status bind_units(struct suite_loader *at)
{
    struct sj_policy_suite *suite = at->suite;
    TRY(name_units(suite));
    TRY(sj_policy_set_new(suite->files, suite->file_count, suite->units, suite->unit_count, 0,
        &suite->set, at->loader.fault));
    uint32_t *units = NULL;
    TRY(load_alloc(&at->loader, suite->scratch.unit_literal_count, sizeof(uint32_t), &units));
    for (uint32_t i = 0; i < suite->scratch.unit_literal_count; i++) {
        units[i] = sj_policy_set_unit(suite->set, suite->scratch.unit_literals[i].name);
        if (units[i] == SJ_POLICY_NONE) {
            const struct doc_node place = {.line = suite->scratch.unit_literals[i].line,
                .column = suite->scratch.unit_literals[i].column};
            return load_refuse(&at->loader, &place, "is not in the tree of units");
        }
    }
    suite->scratch_units = units;
    return SJ_DONE;
}

static sj_status read_document(struct suite_loader *at, struct sj_view json)
{
    static const struct load_member members[] = {{"format", read_format, true},
        {"policy", read_policy, true}, {"title", load_ignore_text, false},
        {"note", load_ignore_text, false}, {"now", read_now, true},
        {"min_rule_coverage", read_coverage, false},
        {"min_constraint_coverage", read_constraints, false}, {"units", read_units, false},
        {"subjects", read_subjects, false}, {"resources", read_resources, false},
        {"tests", read_tests, true}, {NULL, NULL, false}};
    const struct doc_node *root = NULL;
    TRY(doc_parse(json, at->suite->arena, &root, at->loader.fault));
    TRY(load_object(&at->loader, root, members, NULL));
    return bind_units(at);
}

sj_status sj_policy_suite_read(struct sj_view json, const struct sj_policy *const *files,
    size_t file_count, struct sj_policy_suite **ret_suite, struct sj_policy_fault *reterr_fault)
{
    *reterr_fault = (struct sj_policy_fault){0};
    ENSURE(file_count > 0 && file_count <= SJ_POLICY_FILES, BAD_CONFIG);
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_policy_suite), &memory));
    CLEANUP(sj_policy_suite_free) struct sj_policy_suite *suite = memory;
    TRY(sj_arena_new((size_t)1 << 30, &suite->arena));
    for (size_t i = 0; i < file_count; i++) {
        suite->files[i] = files[i];
    }
    suite->file_count = file_count;
    suite->root = files[0];
    suite->scratch.arena = suite->arena;
    suite->scratch.root = files[0];
    struct suite_loader at = {
        .loader = {.policy = &suite->scratch, .schema = files[0], .fault = reterr_fault},
        .suite = suite};
    const sj_status status = read_document(&at, json);
    if (status.code == SJ_LIMIT_EXCEEDED) {
        return load_refuse(&at.loader, NULL, "the document is too large");
    }
    TRY(status);
    *ret_suite = TAKE(suite);
    return SJ_DONE;
}

void sj_policy_suite_free(struct sj_policy_suite **suite)
{
    if (suite == NULL || *suite == NULL) {
        return;
    }
    sj_policy_set_free(&(*suite)->set);
    sj_arena_free(&(*suite)->arena);
    sj_free(*suite);
    *suite = NULL;
}
