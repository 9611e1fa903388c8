/* SPDX-License-Identifier: Apache-2.0
 *
 * What must be true of a row? Partial evaluation: every rule of the action with everything that is known put in, in the order
 * of POLICY 5.3. Comparisons without the resource are decided by condition.c; a wrong fold here would list rows that nobody
 * may see, so tests/sql/test_residual.py compares filter and decision over thousands of rows.
 */
#include "residual_priv.h"

/* ---- building ---- */

static const struct rest the_false = {.op = REST_FALSE};
static const struct rest the_true = {.op = REST_TRUE};
static const struct rest the_error = {.op = REST_ERROR};

static const struct rest *truth_rest(enum truth truth)
{
    return truth == IS_TRUE ? &the_true : (truth == IS_FALSE ? &the_false : &the_error);
}

static bool is_constant(const struct rest *rest)
{
    return rest->op <= REST_ERROR;
}

static sj_status new_rest(struct residing *with, enum rest_op op, struct rest **ret)
{
    void *memory = NULL;
    if (with->nodes++ >= REST_NODES) {
        with->why = "the condition would be too large";
    }
    TRY(sj_arena_alloc(with->arena, sizeof(struct rest), &memory));
    *ret = memory;
    (*ret)->op = (uint8_t)op;
    return SJ_DONE;
}

/* A child in a list of its own: a node may stand under several parents. */
static sj_status join(struct residing *with, struct rest *list, const struct rest *child)
{
    const enum rest_op ends = list->op == REST_AND ? REST_FALSE : REST_TRUE;
    const enum rest_op drops = list->op == REST_AND ? REST_TRUE : REST_FALSE;
    const bool ended = list->first != NULL && list->first->op == ends;
    if (child->op == drops || ended) {
        return SJ_DONE;
    }
    struct rest *copy = NULL;
    TRY(new_rest(with, (enum rest_op)child->op, &copy));
    *copy = *child;
    copy->next = child->op == ends ? NULL : list->first;
    list->first = copy;
    return SJ_DONE;
}

/* The list as one node: a constant where it is one. */
static const struct rest *joined(const struct rest *list)
{
    bool errors_only = true;
    for (const struct rest *child = list->first; child != NULL; child = child->next) {
        errors_only = errors_only && child->op == REST_ERROR;
    }
    if (list->first == NULL) {
        return list->op == REST_AND ? &the_true : &the_false;
    }
    if (errors_only) {
        return &the_error;
    }
    if (list->first->next == NULL) {
        return is_constant(list->first)
                   ? truth_rest(list->first->op == REST_TRUE ? IS_TRUE : IS_FALSE)
                   : list->first;
    }
    return list;
}

static sj_status either(struct residing *with, enum rest_op op, const struct rest *a,
    const struct rest *b, const struct rest **ret)
{
    struct rest *list = NULL;
    TRY(new_rest(with, op, &list));
    TRY(join(with, list, a));
    TRY(join(with, list, b));
    *ret = joined(list);
    return SJ_DONE;
}

/* NOT, PASSES, QUIET. */
static sj_status about(
    struct residing *with, enum rest_op op, const struct rest *child, const struct rest **ret)
{
    if (is_constant(child)) {
        const bool is_true = child->op == REST_TRUE;
        const bool is_false = child->op == REST_FALSE;
        if (op == REST_NOT) {
            *ret = is_true ? &the_false : (is_false ? &the_true : &the_error);
        } else {
            *ret = (op == REST_PASSES ? is_true : is_false) ? &the_true : &the_false;
        }
        return SJ_DONE;
    }
    struct rest *node = NULL;
    struct rest *copy = NULL;
    TRY(new_rest(with, op, &node));
    TRY(new_rest(with, (enum rest_op)child->op, &copy));
    *copy = *child;
    copy->next = NULL;
    node->first = copy;
    *ret = node;
    return SJ_DONE;
}

/* ---- conditions ---- */

static sj_status compare_rest(
    struct residing *with, size_t file, uint32_t index, const struct rest **ret)
{
    const struct cond_world *world = &with->worlds[file];
    const struct cond_node *nodes = world->file->policy->nodes;
    const struct cond_node *pair = &nodes[nodes[index].first];
    bool about_resource = false;
    for (uint32_t i = 0; i < 2; i++) {
        struct sj_attr_value scratch;
        if (pair[i].op == COND_REF && pair[i].place == SJ_OF_RESOURCE) {
            about_resource = true;
        } else if (cond_value(world, &pair[i], &scratch) == NULL) {
            *ret = &the_error; /* whatever the row has */
            return SJ_DONE;
        }
    }
    if (!about_resource) {
        *ret = truth_rest(cond_decide(world, index));
        return SJ_DONE;
    }
    struct rest *leaf = NULL;
    TRY(new_rest(with, REST_LEAF, &leaf));
    leaf->node = index;
    leaf->world = world;
    *ret = leaf;
    return SJ_DONE;
}

static sj_status cond_rest(
    struct residing *with, size_t file, uint32_t index, const struct rest **ret)
{
    if (index == COND_NONE) {
        *ret = &the_true;
        return SJ_DONE;
    }
    const struct cond_node *node = &with->worlds[file].file->policy->nodes[index];
    if (node->op > COND_NOT) {
        return compare_rest(with, file, index, ret);
    }
    const struct rest *child = NULL;
    if (node->op == COND_NOT) {
        TRY(cond_rest(with, file, node->first, &child));
        return about(with, REST_NOT, child, ret);
    }
    struct rest *list = NULL;
    TRY(new_rest(with, node->op == COND_AND ? REST_AND : REST_OR, &list));
    for (uint32_t i = 0; i < node->count; i++) {
        TRY(cond_rest(with, file, node->first + i, &child));
        TRY(join(with, list, child));
    }
    *ret = joined(list);
    return SJ_DONE;
}

static sj_status case_rest(
    struct residing *with, size_t file, const struct policy_case *one, const struct rest **ret)
{
    const struct rest *purpose = NULL;
    const struct rest *when = NULL;
    TRY(cond_rest(with, file, one->purpose, &purpose));
    TRY(cond_rest(with, file, one->when, &when));
    return either(with, REST_AND, purpose, when, ret);
}

/* ---- units ---- */

static sj_status unit_rest(
    struct residing *with, uint32_t unit, bool below, const struct rest **ret)
{
    if (unit == SJ_POLICY_NONE || with->unit_slot == SJ_POLICY_NONE) {
        *ret = &the_false;
        return SJ_DONE;
    }
    struct rest *node = NULL;
    TRY(new_rest(with, REST_UNIT, &node));
    node->unit = unit;
    node->below = below;
    *ret = node;
    return SJ_DONE;
}

/* Does one of the grants that reach the rule cover the row? */
static sj_status covered(
    struct residing *with, const struct policy_rule *rule, bool glass, const struct rest **ret)
{
    const struct sj_policy_request *request = with->pass.request;
    const struct sj_policy *root = with->pass.set->files[0].policy;
    struct rest *list = NULL;
    TRY(new_rest(with, REST_OR, &list));
    for (size_t i = 0; i < request->grant_count; i++) {
        const struct sj_policy_grant *grant = &request->grants[i];
        if ((with->pass.valid >> i & 1u) == 0 || (glass && grant->kind != SJ_GRANT_BREAK_GLASS)) {
            continue;
        }
        uint64_t common = glass ? 1 : 0;
        for (size_t w = 0; w < SJ_POLICY_ROLES / 64; w++) {
            common |= root->roles[grant->role].closure.bits[w] & rule->roles.bits[w];
        }
        if (common == 0) {
            continue;
        }
        const struct rest *covers = &the_true;
        if (rule->reach == SJ_REACH_UNIT || rule->reach == SJ_REACH_SUBTREE) {
            TRY(unit_rest(with, grant->unit, rule->reach == SJ_REACH_SUBTREE, &covers));
            TRY(about(with, REST_PASSES, covers, &covers));
        }
        TRY(join(with, list, covers));
    }
    *ret = joined(list);
    return SJ_DONE;
}

/* The unit file does not hold for the row: its unit is known and elsewhere. */
static sj_status unbound(struct residing *with, size_t file, const struct rest **ret)
{
    if (file == 0) {
        *ret = &the_false;
        return SJ_DONE;
    }
    if (with->unit_slot == SJ_POLICY_NONE) {
        *ret = &the_true;
        return SJ_DONE;
    }
    const struct rest *inside = NULL;
    TRY(unit_rest(with, with->pass.set->files[file].owner, true, &inside));
    return about(with, REST_QUIET, inside, ret);
}

/* ---- rules ---- */

struct cases {
    const struct trace_case *items;
    uint32_t count;
};

static bool concerns(const struct residing *with, const struct policy_rule *rule)
{
    uint64_t common = rule->everybody ? 1 : 0;
    for (size_t w = 0; w < SJ_POLICY_ROLES / 64; w++) {
        common |= rule->roles.bits[w] & with->pass.held.bits[w];
    }
    return common != 0;
}

static sj_status narrow_rest(
    struct residing *with, const struct cases *cases, const struct rest *glass, struct rest *all)
{
    for (uint32_t i = 0; i < cases->count; i++) {
        const struct trace_case *item = &cases->items[i];
        const struct policy_case *one = &item->policy->cases[item->number];
        const struct policy_rule *rule = &item->policy->rules[one->rule];
        const bool forbid = rule->effect == SJ_EFFECT_FORBID;
        if ((!forbid && rule->effect != SJ_EFFECT_REQUIRE) || !concerns(with, rule)) {
            continue;
        }
        const struct rest *holds = NULL;
        const struct rest *fine = NULL;
        const struct rest *other = NULL;
        TRY(case_rest(with, item->file, one, &holds));
        TRY(about(with, REST_QUIET, holds, &fine));
        if (!forbid) {
            TRY(cond_rest(with, item->file, one->that, &other));
            TRY(about(with, REST_PASSES, other, &other));
            TRY(either(with, REST_OR, fine, other, &fine));
        }
        if (!rule->stands) {
            TRY(either(with, REST_OR, fine, glass, &fine));
        }
        TRY(unbound(with, item->file, &other));
        TRY(either(with, REST_OR, fine, other, &fine));
        TRY(join(with, all, fine));
    }
    return SJ_DONE;
}

static sj_status permit_rest(
    struct residing *with, const struct cases *cases, size_t file, const struct rest **ret)
{
    struct rest *list = NULL;
    TRY(new_rest(with, REST_OR, &list));
    for (uint32_t i = 0; i < cases->count; i++) {
        const struct trace_case *item = &cases->items[i];
        const struct policy_case *one = &item->policy->cases[item->number];
        const struct policy_rule *rule = &item->policy->rules[one->rule];
        if (item->file != file || rule->effect != SJ_EFFECT_PERMIT || rule->break_glass) {
            continue;
        }
        const struct rest *covers = NULL;
        const struct rest *holds = NULL;
        TRY(covered(with, rule, false, &covers));
        TRY(case_rest(with, file, one, &holds));
        TRY(about(with, REST_PASSES, holds, &holds));
        TRY(either(with, REST_AND, covers, holds, &holds));
        TRY(join(with, list, holds));
    }
    *ret = joined(list);
    return SJ_DONE;
}

static sj_status permits_rest(
    struct residing *with, const struct cases *cases, const struct rest **ret)
{
    const struct sj_policy_set *set = with->pass.set;
    struct rest *all = NULL;
    TRY(new_rest(with, REST_AND, &all));
    for (size_t file = 0; file < set->file_count; file++) {
        const struct rest *permits = NULL;
        const struct rest *free = NULL;
        if (file > 0 && !set->files[file].policy->states_permit[with->pass.request->action]) {
            continue;
        }
        TRY(permit_rest(with, cases, file, &permits));
        TRY(unbound(with, file, &free));
        TRY(either(with, REST_OR, permits, free, &permits));
        TRY(join(with, all, permits));
    }
    *ret = joined(all);
    return SJ_DONE;
}

static sj_status glass_rest(
    struct residing *with, const struct cases *cases, const struct rest **ret)
{
    *ret = &the_false;
    for (uint32_t i = 0; i < cases->count; i++) {
        const struct trace_case *item = &cases->items[i];
        const struct policy_rule *rule =
            &item->policy->rules[item->policy->cases[item->number].rule];
        if (rule->break_glass) {
            return covered(with, rule, true, ret);
        }
    }
    return SJ_DONE;
}

/* true: no row can be decided without its history. */
static bool separated(const struct residing *with, bool *ret_never)
{
    const struct sj_policy *root = with->pass.set->files[0].policy;
    bool concerned = false;
    for (uint32_t i = 0; i < root->sod_count; i++) {
        for (uint32_t a = 0; a < root->sods[i].action_count; a++) {
            concerned = concerned || root->sods[i].actions[a] == with->pass.request->action;
        }
    }
    *ret_never = concerned && with->pass.request->has_done == NULL;
    return concerned;
}

static sj_status total_rest(
    struct residing *with, const struct cases *cases, const struct rest **ret)
{
    const struct rest *glass = NULL;
    const struct rest *permits = NULL;
    struct rest *all = NULL;
    TRY(new_rest(with, REST_AND, &all));
    TRY(glass_rest(with, cases, &glass));
    TRY(permits_rest(with, cases, &permits));
    TRY(either(with, REST_OR, glass, permits, &permits));
    TRY(join(with, all, permits));
    TRY(narrow_rest(with, cases, glass, all));
    *ret = joined(all);
    return SJ_DONE;
}

/* ---- the whole ---- */

static void begin(
    struct residing *with, const struct sj_policy_set *set, const struct sj_policy_request *request)
{
    const struct sj_policy *root = set->files[0].policy;
    with->pass.set = set;
    with->pass.request = request;
    with->pass.out = &with->unused;
    with->type = root->actions[request->action].type;
    with->unit_slot = root->types[with->type].unit_slot;
    for (size_t file = 0; file < set->file_count; file++) {
        with->worlds[file] = (struct cond_world){.set = set,
            .file = &set->files[file],
            .slots = {request->subject, NULL, request->context, request->attributes},
            .now = {.kind = SJ_ATTR_TIME, .number = request->now},
            .now_slot = root->now_slot};
    }
    pass_take_grants(&with->pass);
}

static sj_status answer(struct residing *with, enum sj_residual_answer answer, struct sj_text sql,
    struct sj_residual *ret)
{
    *ret = (struct sj_residual){.answer = answer, .why = with->why};
    TRY(sj_arena_text(with->arena, sql, &ret->sql));
    if (answer == SJ_RESIDUAL_SOME && with->param_count > 0) {
        void *memory = NULL;
        TRY(sj_arena_alloc(with->arena, with->param_count * sizeof(struct sj_text), &memory));
        struct sj_text *params = memory;
        for (uint32_t i = 0; i < with->param_count; i++) {
            params[i] = with->params[i];
        }
        ret->params = params;
        ret->param_count = with->param_count;
    }
    return SJ_DONE;
}

static sj_status reside(struct residing *with, struct sj_residual *ret)
{
    const struct sj_policy_set *set = with->pass.set;
    const uint32_t action = with->pass.request->action;
    CLEANUP(sj_freep) void *memory = NULL;
    TRY(sj_alloc(policy_trace_size(set, action) + 1u, sizeof(struct trace_case), &memory));
    struct decide_trace trace = {.cases = memory};
    policy_trace_begin(set, action, &trace);
    const struct cases cases = {trace.cases, trace.count};
    const struct rest *total = NULL;
    TRY(total_rest(with, &cases, &total));
    bool never = false;
    if (separated(with, &never) && with->why == NULL) {
        with->why = "separation of duty on the object";
    }
    if (never || total->op == REST_FALSE) {
        return answer(with, SJ_RESIDUAL_NEVER, SJ_TEXT("false"), ret);
    }
    CLEANUP(sj_buf_clear) struct sj_buf sql = SJ_BUF(SJ_RESIDUAL_BYTES);
    if (with->why == NULL && total->op != REST_TRUE) {
        const sj_status status = residual_write(with, total, &sql);
        if (status.code == SJ_LIMIT_EXCEEDED) {
            with->why = "the condition would be too large";
        } else {
            TRY(status);
        }
    }
    if (with->why != NULL) {
        return answer(with, SJ_RESIDUAL_ROWS, SJ_TEXT("true"), ret);
    }
    return total->op == REST_TRUE ? answer(with, SJ_RESIDUAL_ALWAYS, SJ_TEXT("true"), ret)
                                  : answer(with, SJ_RESIDUAL_SOME, sj_buf_text(&sql), ret);
}

static bool is_column(const char *name)
{
    bool good = name != NULL && name[0] != '\0';
    for (size_t i = 0; good && name[i] != '\0'; i++) {
        good = i < POLICY_NAME_MAX && (name[i] == '_' || (name[i] >= 'a' && name[i] <= 'z') ||
                                          (name[i] >= '0' && name[i] <= '9'));
    }
    return good;
}

sj_status sj_policy_residual(const struct sj_policy_set *set,
    const struct sj_policy_request *request, const struct sj_residual_table *table,
    struct sj_arena *arena, struct sj_residual *ret_residual)
{
    const struct sj_policy *root = set->files[0].policy;
    void *memory = NULL;
    ENSURE(is_column(table->alias) && table->first > 0, BAD_CONFIG);
    for (size_t i = 0; i < table->count; i++) {
        ENSURE(table->columns[i].column == NULL || is_column(table->columns[i].column), BAD_CONFIG);
    }
    TRY(sj_arena_alloc(arena, sizeof(struct residing), &memory));
    struct residing *with = memory;
    with->arena = arena;
    with->table = table;
    if (request->malformed || request->inactive || request->session_ended ||
        request->action >= root->action_count || request->grant_count > SJ_POLICY_GRANTS) {
        return answer(with, SJ_RESIDUAL_NEVER, SJ_TEXT("false"), ret_residual);
    }
    begin(with, set, request);
    if (root->own) {
        with->why = "row security knows the rows";
        return answer(with, SJ_RESIDUAL_ROWS, SJ_TEXT("true"), ret_residual);
    }
    return reside(with, ret_residual);
}
