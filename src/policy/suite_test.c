/* SPDX-License-Identifier: Apache-2.0
 *
 * What does one test ask, and what must come of it? A test asks for a decision (subject, do, on, ctx), for a combination
 * of roles (hold, activate) or proves an invariant. Names of rules, fields and constraints must exist.
 */
#include "suite_priv.h"

sj_status suite_field_list(struct suite_loader *at, const struct doc_node *node, uint32_t type,
    bool classes, struct suite_fields *out)
{
    if (node->kind != DOC_ARRAY) {
        return load_refuse(&at->loader, node, "must be an array");
    }
    const struct policy_type *of = &at->suite->root->types[type];
    out->given = true;
    for (const struct doc_node *child = node->first; child != NULL; child = child->next) {
        struct sj_text name;
        TRY(load_text(&at->loader, child, POLICY_NAME_MAX, &name));
        uint64_t found = 0;
        for (uint32_t i = 0; !classes && i < of->field_count; i++) {
            found |= sj_text_is(name, of->fields[i]) ? UINT64_C(1) << i : 0;
        }
        for (uint32_t i = 0; classes && i < of->class_count; i++) {
            found |= sj_text_is(name, of->classes[i].name) ? of->classes[i].fields : 0;
        }
        if (found == 0) {
            return load_refuse(&at->loader, child, "the type has no such name");
        }
        out->bits |= found;
    }
    return SJ_DONE;
}

static bool is_rule(const struct sj_policy_suite *suite, struct sj_text id)
{
    for (size_t f = 0; f < suite->file_count; f++) {
        for (uint32_t i = 0; i < suite->files[f]->rule_count; i++) {
            if (sj_text_is(id, suite->files[f]->rules[i].id)) {
                return true;
            }
        }
    }
    return false;
}

static sj_status rule_list(
    struct suite_loader *at, const struct doc_node *node, const struct doc_node **ret)
{
    if (node == NULL) {
        return SJ_DONE;
    }
    if (node->kind != DOC_ARRAY) {
        return load_refuse(&at->loader, node, "must be an array of rules");
    }
    for (const struct doc_node *child = node->first; child != NULL; child = child->next) {
        if (child->kind != DOC_TEXT || !is_rule(at->suite, child->text)) {
            return load_refuse(&at->loader, child, "no such rule");
        }
    }
    *ret = node;
    return SJ_DONE;
}

static sj_status mask_list(
    struct suite_loader *at, const struct doc_node *node, uint32_t type, struct suite_expect *out)
{
    if (node->kind != DOC_OBJECT) {
        return load_refuse(&at->loader, node, "must be an object of fields");
    }
    const struct policy_type *of = &at->suite->root->types[type];
    out->mask.given = true;
    for (const struct doc_node *child = node->first; child != NULL; child = child->next) {
        uint32_t field = SJ_POLICY_NONE;
        for (uint32_t i = 0; i < of->field_count; i++) {
            field = sj_text_is(child->name, of->fields[i]) ? i : field;
        }
        uint8_t how = SJ_HOW_NONE;
        for (unsigned h = SJ_HOW_INITIAL; child->kind == DOC_TEXT && h <= SJ_HOW_NULL; h++) {
            how = sj_text_is(child->text, sj_how_name((enum sj_how)h)) ? (uint8_t)h : how;
        }
        if (field == SJ_POLICY_NONE || how == SJ_HOW_NONE) {
            return load_refuse(&at->loader, child, "names no field of the type, or no mask");
        }
        out->mask.bits |= UINT64_C(1) << field;
        out->how[field] = how;
    }
    return SJ_DONE;
}

static sj_status field_lists(
    struct suite_loader *at, const struct doc_node *node, uint32_t type, struct suite_expect *out)
{
    struct suite_fields *const targets[] = {
        &out->read, &out->write, &out->sort, &out->filter, &out->aggregate};
    static const char *const names[] = {"read", "write", "sort", "filter", "aggregate"};
    for (size_t i = 0; i < SJ_COUNT(names); i++) {
        const struct doc_node *list = doc_get(node, names[i]);
        if (list != NULL) {
            TRY(suite_field_list(at, list, type, false, targets[i]));
        }
    }
    const struct doc_node *mask = doc_get(node, "mask");
    return mask == NULL ? SJ_DONE : mask_list(at, mask, type, out);
}

static sj_status expect_words(
    struct suite_loader *at, const struct doc_node *node, struct suite_expect *out)
{
    const struct doc_node *code = doc_get(node, "code");
    const struct doc_node *reach = doc_get(node, "reach");
    if (code != NULL) {
        TRY(load_kept(&at->loader, code, POLICY_NAME_MAX, &out->code));
        if (out->decision) {
            return load_refuse(&at->loader, code, "a permit has no code");
        }
    }
    if (reach != NULL) {
        TRY(load_kept(&at->loader, reach, POLICY_NAME_MAX, &out->reach));
    }
    out->oblige = doc_get(node, "oblige");
    if (out->oblige != NULL && out->oblige->kind != DOC_ARRAY) {
        return load_refuse(&at->loader, out->oblige, "must be an array of obligations");
    }
    return SJ_DONE;
}

static sj_status read_expect(
    struct suite_loader *at, const struct doc_node *node, uint32_t action, struct suite_expect *out)
{
    static const struct load_member members[] = {{"decision", NULL, true}, {"by", NULL, false},
        {"code", NULL, false}, {"reach", NULL, false}, {"read", NULL, false},
        {"write", NULL, false}, {"sort", NULL, false}, {"filter", NULL, false},
        {"aggregate", NULL, false}, {"mask", NULL, false}, {"errors", NULL, false},
        {"oblige", NULL, false}, {NULL, NULL, false}};
    *out = (struct suite_expect){.action = action, .node = node};
    TRY(load_object(&at->loader, node, members, NULL));
    TRY(load_bool(&at->loader, doc_get(node, "decision"), &out->decision));
    TRY(rule_list(at, doc_get(node, "by"), &out->by));
    TRY(rule_list(at, doc_get(node, "errors"), &out->errors));
    TRY(expect_words(at, node, out));
    return field_lists(at, node, at->suite->root->actions[action].type, out);
}

/* "do" is one action, or a list with an expectation for each action that is not simply refused. */
static sj_status read_expects(
    struct suite_loader *at, const struct doc_node *node, struct suite_test *out)
{
    const struct sj_policy *root = at->suite->root;
    const struct doc_node *named = doc_get(node, "do");
    const struct doc_node *expect = doc_get(node, "expect");
    uint32_t count = 0;
    for (uint32_t a = 0; a < root->action_count; a++) {
        count += out->actions[a] ? 1 : 0;
    }
    TRY(load_alloc(&at->loader, count, sizeof(struct suite_expect), &out->expects));
    for (uint32_t a = 0; a < root->action_count; a++) {
        if (!out->actions[a]) {
            continue;
        }
        struct suite_expect *one = &out->expects[out->expect_count++];
        *one = (struct suite_expect){.action = a};
        const struct doc_node *its =
            named->kind == DOC_TEXT ? expect : doc_get(expect, root->actions[a].name);
        if (its != NULL) {
            TRY(read_expect(at, its, a, one));
        }
    }
    for (const struct doc_node *child = expect->first;
         named->kind != DOC_TEXT && expect->kind == DOC_OBJECT && child != NULL;
         child = child->next) {
        const uint32_t a = sj_policy_action_find(root, child->name);
        if (a == SJ_POLICY_NONE || !out->actions[a]) {
            return load_refuse(&at->loader, child, "\"do\" does not name this action");
        }
    }
    return expect->kind == DOC_OBJECT ? SJ_DONE
                                      : load_refuse(&at->loader, expect, "must be an object");
}

static sj_status read_actions(
    struct suite_loader *at, const struct doc_node *node, const bool **ret_actions)
{
    bool *actions = NULL;
    TRY(load_alloc(&at->loader, at->suite->root->action_count, sizeof(bool), &actions));
    *ret_actions = actions;
    if (node->kind == DOC_ARRAY) {
        return load_do(&at->loader, node, actions);
    }
    struct sj_text name;
    TRY(load_text(&at->loader, node, 2 * POLICY_NAME_MAX + 1, &name));
    const uint32_t action = sj_policy_action_find(at->suite->root, name);
    if (action == SJ_POLICY_NONE) {
        return load_refuse(&at->loader, node, "the schema declares no such action");
    }
    actions[action] = true;
    return SJ_DONE;
}

static sj_status read_done(
    struct suite_loader *at, const struct doc_node *node, struct suite_test *out)
{
    bool *done = NULL;
    if (node != NULL && node->kind == DOC_NULL) {
        return SJ_DONE;
    }
    if (node != NULL && node->kind != DOC_ARRAY) {
        return load_refuse(&at->loader, node, "must be an array of actions, or null");
    }
    TRY(load_alloc(&at->loader, at->suite->root->action_count, sizeof(bool), &done));
    out->done = done;
    return node == NULL || node->count == 0 ? SJ_DONE : load_do(&at->loader, node, done);
}

static sj_status check_types(
    struct suite_loader *at, const struct doc_node *node, const struct suite_test *test)
{
    const struct sj_policy *root = at->suite->root;
    for (uint32_t a = 0; test->resource.type != SJ_POLICY_NONE && a < root->action_count; a++) {
        if (test->actions[a] && root->actions[a].type != test->resource.type) {
            return load_refuse(
                &at->loader, doc_get(node, "do"), "is an action of another type than \"on\"");
        }
    }
    return SJ_DONE;
}

static sj_status read_decide(
    struct suite_loader *at, const struct doc_node *node, struct suite_test *out)
{
    static const struct load_member members[] = {{"id", NULL, true},
        {"title", load_ignore_text, false}, {"note", load_ignore_text, false},
        {"subject", NULL, true}, {"do", NULL, true}, {"on", NULL, false}, {"ctx", NULL, false},
        {"action", NULL, false}, {"now", NULL, false}, {"done", NULL, false},
        {"expect", NULL, true}, {NULL, NULL, false}};
    static const char *const none[] = {NULL};
    TRY(load_object(&at->loader, node, members, NULL));
    const struct doc_node *now = doc_get(node, "now");
    const struct doc_node *on = doc_get(node, "on");
    const struct doc_node *context = doc_get(node, "ctx");
    const struct doc_node *action = doc_get(node, "action");
    out->now = at->suite->now;
    if (now != NULL) {
        TRY(suite_time(at, now, &out->now));
    }
    TRY(read_actions(at, doc_get(node, "do"), &out->actions));
    TRY(suite_subject(at, doc_get(node, "subject"), &out->subject));
    if (on != NULL) {
        TRY(suite_resource(at, on, &out->resource));
        TRY(check_types(at, node, out));
    }
    if (context != NULL) {
        TRY(suite_values(at, context, SJ_OF_CONTEXT, 0, none, NULL, &out->context));
    }
    if (action != NULL) {
        TRY(suite_values(at, action, SJ_OF_ACTION, 0, none, NULL, &out->attributes));
    }
    TRY(read_done(at, doc_get(node, "done"), out));
    return read_expects(at, node, out);
}

static bool is_constraint(const struct sj_policy *root, struct sj_text id)
{
    for (uint32_t i = 0; i < root->sod_count; i++) {
        if (sj_text_is(id, root->sods[i].id)) {
            return true;
        }
    }
    return false;
}

static sj_status read_combination(struct suite_loader *at, const struct doc_node *node,
    const char *member, struct suite_test *out)
{
    const struct load_member members[] = {{"id", NULL, true}, {"title", load_ignore_text, false},
        {"note", load_ignore_text, false}, {member, NULL, true}, {"expect", NULL, true},
        {NULL, NULL, false}};
    static const struct load_member verdict[] = {
        {"allowed", NULL, true}, {"by", NULL, false}, {NULL, NULL, false}};
    TRY(load_object(&at->loader, node, members, NULL));
    TRY(suite_grants(at, doc_get(node, member), &out->held, &out->held_count));
    const struct doc_node *expect = doc_get(node, "expect");
    TRY(load_object(&at->loader, expect, verdict, NULL));
    TRY(load_bool(&at->loader, doc_get(expect, "allowed"), &out->allowed));
    const struct doc_node *by = doc_get(expect, "by");
    out->by = "";
    if ((by == NULL) != out->allowed) {
        return load_refuse(
            &at->loader, expect, "a refused combination names its constraint in \"by\"");
    }
    if (by != NULL) {
        TRY(load_kept(&at->loader, by, POLICY_NAME_MAX, &out->by));
        if (!is_constraint(at->suite->root, by->text)) {
            return load_refuse(&at->loader, by, "no such constraint");
        }
    }
    return SJ_DONE;
}

sj_status suite_test(struct suite_loader *at, const struct doc_node *node, struct suite_test *out)
{
    *out = (struct suite_test){
        .node = node, .resource = {.type = SJ_POLICY_NONE}, .when = COND_NONE, .that = COND_NONE};
    const struct doc_node *id = doc_get(node, "id");
    if (id == NULL) {
        return load_refuse(&at->loader, node, "must be an object with an id");
    }
    TRY(load_kept(&at->loader, id, 256, &out->id));
    if (doc_get(node, "invariant") != NULL) {
        out->kind = SUITE_INVARIANT;
        TRY(read_actions(
            at, doc_get(node, "do") == NULL ? node : doc_get(node, "do"), &out->actions));
        return suite_invariant_read(at, node, out);
    }
    if (doc_get(node, "hold") != NULL || doc_get(node, "activate") != NULL) {
        const bool hold = doc_get(node, "hold") != NULL;
        out->kind = hold ? SUITE_HOLD : SUITE_ACTIVATE;
        return read_combination(at, node, hold ? "hold" : "activate", out);
    }
    return read_decide(at, node, out);
}
