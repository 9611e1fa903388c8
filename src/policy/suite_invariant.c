/* SPDX-License-Identifier: Apache-2.0
 *
 * Is a sentence true of every request? no_permit: nobody (but …) may; always_requires: whoever may, fulfils a condition;
 * same_as: two actions are decided alike. Each is tried on every kind of request (space.h) of every role, and of two roles
 * together where a narrowing rule names one of them: permits only add up, so what a larger set of roles may,
 * one of its roles with one such role beside it may, too.
 */
#include "space.h"
#include "suite_priv.h"

/* ---- reading ---- */

static sj_status read_kind(
    struct suite_loader *at, const struct doc_node *node, struct suite_test *out)
{
    static const char *const kinds[] = {"no_permit", "always_requires", "same_as"};
    for (size_t i = 0; node->kind == DOC_TEXT && i < SJ_COUNT(kinds); i++) {
        if (sj_text_is(node->text, kinds[i])) {
            out->invariant = (enum suite_invariant)i;
            return SJ_DONE;
        }
    }
    return load_refuse(&at->loader, node, "must be no_permit, always_requires or same_as");
}

static sj_status read_who(
    struct suite_loader *at, const struct doc_node *node, struct suite_test *out)
{
    static const struct load_member members[] = {
        {"any_role_except", NULL, false}, {"any_role_of", NULL, false}, {NULL, NULL, false}};
    if (node == NULL) {
        return SJ_DONE;
    }
    TRY(load_object(&at->loader, node, members, NULL));
    const struct doc_node *except = doc_get(node, "any_role_except");
    const struct doc_node *only = doc_get(node, "any_role_of");
    if (except != NULL && !(except->kind == DOC_ARRAY && except->count == 0)) {
        TRY(load_role_set(&at->loader, except, &out->except));
    }
    return only == NULL ? SJ_DONE : load_role_set(&at->loader, only, &out->only);
}

static uint32_t only_type(struct suite_loader *at, const struct suite_test *test)
{
    uint32_t type = SJ_POLICY_NONE;
    const struct sj_policy *root = at->suite->root;
    for (uint32_t a = 0; a < root->action_count; a++) {
        if (test->actions[a]) {
            if (type != SJ_POLICY_NONE && type != root->actions[a].type) {
                return SJ_POLICY_NONE;
            }
            type = root->actions[a].type;
        }
    }
    return type;
}

static sj_status read_fields(
    struct suite_loader *at, const struct doc_node *node, uint32_t type, struct suite_test *out)
{
    const struct doc_node *class = doc_get(node, "field_class");
    const struct doc_node *field = doc_get(node, "field");
    const struct doc_node *access = doc_get(node, "access");
    const struct doc_node *name = class != NULL ? class : field;
    if (name == NULL) {
        return access == NULL ? SJ_DONE
                              : load_refuse(&at->loader, access, "goes with a field or a class");
    }
    if ((class != NULL && field != NULL) || type == SJ_POLICY_NONE || name->kind != DOC_TEXT) {
        return load_refuse(&at->loader, name, "names one field or class of one type");
    }
    const bool write =
        access != NULL && access->kind == DOC_TEXT && sj_text_is(access->text, "write");
    const bool read =
        access == NULL || (access->kind == DOC_TEXT && sj_text_is(access->text, "read"));
    if (!read && !write) {
        return load_refuse(&at->loader, access, "must be read or write");
    }
    const struct doc_node list = {
        .kind = DOC_ARRAY, .count = 1, .first = name, .up = node->up, .line = name->line};
    struct doc_node one = *name;
    one.next = NULL;
    struct doc_node all = list;
    all.first = &one;
    return suite_field_list(at, &all, type, class != NULL, read ? &out->read : &out->write);
}

static sj_status read_same(
    struct suite_loader *at, const struct doc_node *node, uint32_t type, struct suite_test *out)
{
    const struct doc_node *as = doc_get(node, "as");
    if ((as != NULL) != (out->invariant == INVARIANT_SAME_AS)) {
        return load_refuse(
            &at->loader, as == NULL ? node : as, "same_as, and it alone, has \"as\"");
    }
    if (as == NULL) {
        return SJ_DONE;
    }
    struct sj_text name;
    TRY(load_text(&at->loader, as, 2 * POLICY_NAME_MAX + 1, &name));
    out->same_action = sj_policy_action_find(at->suite->root, name);
    if (out->same_action == SJ_POLICY_NONE ||
        at->suite->root->actions[out->same_action].type != type) {
        return load_refuse(&at->loader, as, "must be an action of the same type as \"do\"");
    }
    return SJ_DONE;
}

static sj_status read_conditions(
    struct suite_loader *at, const struct doc_node *node, uint32_t type, struct suite_test *out)
{
    const struct doc_node *when = doc_get(node, "when");
    const struct doc_node *that = doc_get(node, "that");
    unsigned budget = POLICY_RULE_NODES;
    if ((that != NULL) != (out->invariant == INVARIANT_ALWAYS_REQUIRES)) {
        return load_refuse(
            &at->loader, that == NULL ? node : that, "always_requires, and it alone, has \"that\"");
    }
    if (when != NULL) {
        TRY(load_condition(&at->loader, when, type, &budget, &out->when));
    }
    return that == NULL ? SJ_DONE : load_condition(&at->loader, that, type, &budget, &out->that);
}

sj_status suite_invariant_read(
    struct suite_loader *at, const struct doc_node *node, struct suite_test *out)
{
    static const struct load_member members[] = {{"id", NULL, true}, {"invariant", NULL, true},
        {"title", load_ignore_text, false}, {"note", load_ignore_text, false},
        {"subject", NULL, false}, {"do", NULL, true}, {"as", NULL, false},
        {"field_class", NULL, false}, {"field", NULL, false}, {"access", NULL, false},
        {"reach", NULL, false}, {"when", NULL, false}, {"that", NULL, false},
        {"break_glass", NULL, false}, {NULL, NULL, false}};
    TRY(load_object(&at->loader, node, members, NULL));
    TRY(read_kind(at, doc_get(node, "invariant"), out));
    TRY(read_who(at, doc_get(node, "subject"), out));
    const uint32_t type = only_type(at, out);
    TRY(read_fields(at, node, type, out));
    TRY(read_same(at, node, type, out));
    TRY(read_conditions(at, node, type, out));
    const struct doc_node *reach = doc_get(node, "reach");
    const struct doc_node *glass = doc_get(node, "break_glass");
    out->break_glass = true;
    if (glass != NULL) {
        TRY(load_bool(&at->loader, glass, &out->break_glass));
    }
    if (reach != NULL) {
        TRY(load_kept(&at->loader, reach, POLICY_NAME_MAX, &out->reach));
    }
    const bool reveals = out->read.given || out->write.given || reach != NULL;
    return reveals && out->invariant != INVARIANT_NO_PERMIT
               ? load_refuse(&at->loader, node, "fields and reach go with no_permit")
               : SJ_DONE;
}

/* ---- proving ---- */

struct proof {
    struct sj_policy_suite *suite;
    const struct suite_test *test;
    const struct sj_policy_set *set;
    struct set_file extra;
    uint32_t action;
    bool broken;
    bool not_proven;
    bool somebody; /* an excepted role gets it */
    struct sj_buf example;
};

static enum truth extra_holds(
    const struct proof *proof, const struct space_point *point, uint32_t node)
{
    const struct sj_policy_request *request = &point->request[0];
    const struct cond_world world = {.set = proof->set,
        .file = &proof->extra,
        .slots = {request->subject, request->resource, request->context, request->attributes},
        .now = {.kind = SJ_ATTR_TIME, .number = request->now},
        .now_slot = proof->suite->root->now_slot};
    return node == COND_NONE ? IS_TRUE : cond_decide(&world, node);
}

static bool reveals(const struct suite_test *test, const struct sj_policy_decision *decision)
{
    static const char *const reaches[] = {"none", "self", "file", "unit", "subtree", "all"};
    if (!decision->permit) {
        return false;
    }
    if (test->read.given || test->write.given) {
        return (decision->read & ~decision->masked & test->read.bits) != 0 ||
               (decision->write & test->write.bits) != 0;
    }
    return test->reach == NULL || strcmp(test->reach, reaches[decision->reach]) == 0;
}

static bool alike(const struct sj_policy_decision *a, const struct sj_policy_decision *b)
{
    bool same = a->permit == b->permit && a->read == b->read && a->write == b->write &&
                a->sort == b->sort && a->filter == b->filter && a->aggregate == b->aggregate &&
                a->masked == b->masked && a->reach == b->reach;
    for (unsigned i = 0; same && i < SJ_POLICY_TYPE_FIELDS; i++) {
        same = (a->masked >> i & 1u) == 0 || a->how[i] == b->how[i];
    }
    return same;
}

static bool breaks(struct proof *proof, const struct space_point *point)
{
    const struct suite_test *test = proof->test;
    struct sj_policy_decision decision;
    sj_policy_set_decide(proof->set, &point->request[0], &decision);
    proof->suite->report.decisions++;
    switch (test->invariant) {
    case INVARIANT_NO_PERMIT:
        return reveals(test, &decision);
    case INVARIANT_ALWAYS_REQUIRES:
        return decision.permit && extra_holds(proof, point, test->that) != IS_TRUE;
    case INVARIANT_SAME_AS: {
        struct sj_policy_decision other;
        struct sj_policy_request request = point->request[0];
        request.action = test->same_action;
        sj_policy_set_decide(proof->set, &request, &other);
        return !alike(&decision, &other);
    }
    }
    return true;
}

static sj_status try_point(void *user, const struct space_point *point, bool *ret_stop)
{
    struct proof *proof = user;
    if (extra_holds(proof, point, proof->test->when) != IS_TRUE || !breaks(proof, point)) {
        return SJ_DONE;
    }
    *ret_stop = true;
    proof->broken = true;
    sj_buf_reset(&proof->example);
    return space_write(point, &proof->example);
}

static bool meets(const struct sj_role_set *a, const struct sj_role_set *b)
{
    uint64_t common = 0;
    for (size_t w = 0; w < SJ_POLICY_ROLES / 64; w++) {
        common |= a->bits[w] & b->bits[w];
    }
    return common != 0;
}

/* One account may hold these together. */
static bool holdable(const struct sj_policy *root, uint32_t a, uint32_t b)
{
    struct sj_role_set held = {{0}};
    sj_role_set_add(&held, a);
    sj_role_set_add(&held, b);
    return sj_policy_sod_broken(root, SJ_SOD_STATIC, SJ_SOD_ALL_UNITS, &held) == NULL &&
           sj_policy_sod_broken(root, SJ_SOD_STATIC, SJ_SOD_SAME_UNIT, &held) == NULL;
}

static sj_status prove_roles(
    struct proof *proof, uint32_t role, uint32_t other, bool glass, bool reach_only)
{
    const struct sj_policy *root = proof->suite->root;
    struct space_question question = {
        .sides = {{proof->set, proof->action}, {proof->set, SJ_POLICY_NONE}},
        .side_count = 1,
        .grants = {{root->roles[role].name, true, false}, {root->roles[other].name, false, false}},
        .grant_count = role == other ? 1 : 2,
        .reach_only = reach_only,
        .below = SJ_POLICY_NONE,
        .extra_file = &proof->extra,
        .extra = {proof->test->when, proof->test->that}};
    if (glass) {
        question.grants[question.grant_count++] =
            (struct space_grant){root->roles[root->break_glass.grants_role].name, true, true};
    }
    CLEANUP(space_free) struct space *space = NULL;
    bool proven = false;
    if (proof->test->invariant == INVARIANT_SAME_AS) {
        question.sides[1] = (struct space_side){proof->set, proof->test->same_action};
        question.side_count = 2;
    }
    TRY(space_new(&question, &space, &proven));
    if (!proven) {
        proof->not_proven = true;
        return SJ_DONE;
    }
    return space_each(space, try_point, proof);
}

/* Roles that a narrowing rule names: beside another they can matter. */
static void narrowing_roles(const struct sj_policy_suite *suite, struct sj_role_set *out)
{
    for (size_t f = 0; f < suite->file_count; f++) {
        for (uint32_t i = 0; i < suite->files[f]->rule_count; i++) {
            const struct policy_rule *rule = &suite->files[f]->rules[i];
            for (uint32_t role = 0; rule->effect != SJ_EFFECT_PERMIT && !rule->everybody &&
                                    role < suite->root->role_count;
                 role++) {
                if (meets(&suite->root->roles[role].closure, &rule->roles)) {
                    sj_role_set_add(out, role);
                }
            }
        }
    }
}

/* "any_role_except" leaves out sets with such a role, by inheritance or break-glass, too. */
static bool is_excepted(const struct proof *proof, uint32_t role)
{
    return meets(&proof->suite->root->roles[role].closure, &proof->test->except);
}

static bool is_looked_at(const struct proof *proof, uint32_t role)
{
    static const struct sj_role_set none = {{0}};
    const struct sj_role_set *only = &proof->test->only;
    return memcmp(only, &none, sizeof none) == 0 || sj_role_set_has(only, role);
}

/* excepted: sets of roles with an excepted one are what is looked at. */
static sj_status prove_pair(struct proof *proof, uint32_t role, uint32_t other, bool excepted)
{
    const struct sj_policy *root = proof->suite->root;
    const bool glass = root->break_glass.given && proof->test->break_glass &&
                       (excepted || !is_excepted(proof, root->break_glass.grants_role)) &&
                       is_looked_at(proof, root->break_glass.grants_role);
    const bool no_unit = root->types[root->actions[proof->action].type].attr_count == 0;
    if (proof->broken || !holdable(root, role, other)) {
        return SJ_DONE;
    }
    for (unsigned way = 0; way < 4 && !proof->broken; way++) {
        const bool with_glass = (way & 1u) != 0;
        const bool reach_only = (way & 2u) != 0;
        if ((with_glass && (!glass || (reach_only && !root->own))) || (reach_only && !root->own) ||
            (!reach_only && root->own && no_unit)) {
            continue;
        }
        if (!with_glass && (root->roles[role].only_via_break_glass)) {
            continue;
        }
        TRY(prove_roles(proof, role, other, with_glass, reach_only));
    }
    return SJ_DONE;
}

static sj_status prove_action(struct proof *proof, bool excepted)
{
    const struct sj_policy *root = proof->suite->root;
    struct sj_role_set beside = {{0}};
    narrowing_roles(proof->suite, &beside);
    for (uint32_t role = 0; role < root->role_count && !proof->broken; role++) {
        if (is_excepted(proof, role) != excepted || !is_looked_at(proof, role)) {
            continue;
        }
        TRY(prove_pair(proof, role, role, excepted));
        const bool files = proof->suite->file_count > 1;
        for (uint32_t other = 0; !excepted && other < root->role_count; other++) {
            if (other != role && !is_excepted(proof, other) && is_looked_at(proof, other) &&
                (files || sj_role_set_has(&beside, other))) {
                TRY(prove_pair(proof, role, other, excepted));
            }
        }
    }
    return SJ_DONE;
}

static sj_status make_set(const struct proof *proof, struct sj_arena *arena,
    struct sj_policy_set **ret_set, uint32_t **ret_literals)
{
    const struct sj_policy_suite *suite = proof->suite;
    const struct sj_policy *files[SJ_POLICY_FILES + 1];
    for (size_t i = 0; i < suite->file_count; i++) {
        files[i] = suite->files[i];
    }
    files[suite->file_count] = &suite->scratch;
    struct sj_policy_unit *units = NULL;
    size_t count = 0;
    struct sj_policy_fault fault;
    TRY(space_units(files, suite->file_count + 1, suite->units_given ? suite->units : NULL,
        suite->units_given ? suite->unit_count : 0, arena, &units, &count));
    TRY(sj_policy_set_new(suite->files, suite->file_count, units, count, 0, ret_set, &fault));
    void *memory = NULL;
    TRY(sj_arena_alloc(
        arena, (suite->scratch.unit_literal_count + 1u) * sizeof(uint32_t), &memory));
    *ret_literals = memory;
    for (uint32_t i = 0; i < suite->scratch.unit_literal_count; i++) {
        (*ret_literals)[i] = sj_policy_set_unit(*ret_set, suite->scratch.unit_literals[i].name);
    }
    return SJ_DONE;
}

static sj_status conclude(struct proof *proof)
{
    static const struct sj_role_set none = {{0}};
    struct sj_policy_suite *suite = proof->suite;
    const struct suite_test *test = proof->test;
    if (proof->broken) {
        suite->report.failed++;
        return suite_find(suite, test, SJ_SUITE_FAILED, "the invariant does not hold",
            sj_buf_text(&proof->example));
    }
    if (proof->not_proven) {
        suite->report.not_proven++;
        return suite_find(suite, test, SJ_SUITE_NOT_PROVEN,
            "more than 16 atoms or too many kinds of request", SJ_TEXT(""));
    }
    const bool has_except = memcmp(&test->except, &none, sizeof none) != 0;
    if (test->invariant == INVARIANT_NO_PERMIT && has_except && !proof->somebody) {
        suite->report.failed++;
        return suite_find(suite, test, SJ_SUITE_FAILED,
            "no excepted role gets it either: the invariant says nothing", SJ_TEXT(""));
    }
    return SJ_DONE;
}

sj_status suite_invariant_run(struct sj_policy_suite *suite, const struct suite_test *test)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    TRY(sj_arena_new(64u << 20, &arena));
    struct proof proof = {.suite = suite, .test = test};
    CLEANUP(sj_policy_set_free) struct sj_policy_set *set = NULL;
    uint32_t *literals = NULL;
    TRY(make_set(&proof, arena, &set, &literals));
    proof.set = set;
    proof.extra = (struct set_file){&suite->scratch, SJ_POLICY_NONE, literals};
    proof.example = SJ_BUF(1u << 20);
    sj_status status = SJ_DONE;
    for (uint32_t a = 0; a < suite->root->action_count && !sj_failed(status); a++) {
        proof.action = a;
        if (test->actions[a] && !proof.broken) {
            status = prove_action(&proof, false);
        }
        if (test->actions[a] && !proof.broken && !sj_failed(status) &&
            test->invariant == INVARIANT_NO_PERMIT) {
            status = prove_action(&proof, true);
            proof.somebody = proof.somebody || proof.broken;
            proof.broken = false;
        }
    }
    if (!sj_failed(status)) {
        status = conclude(&proof);
    }
    sj_buf_clear(&proof.example);
    return status;
}
