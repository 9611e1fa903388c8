/* SPDX-License-Identifier: Apache-2.0
 *
 * Why? Tells the trace of one decision as JSON (POLICY 5.4). It judges nothing itself: what matched, what blocked and what was an error
 * is what decide.c noted. Values that the asker may not read are never written.
 */
#include "explain_priv.h"

void explain_raw(struct sj_json *json, const char *name, struct sj_buf *scratch)
{
    sj_json_raw(json, name, sj_buf_text(scratch));
    sj_buf_reset(scratch);
}

bool explain_case(const struct explaining *with, uint32_t number, struct explained *ret)
{
    const struct trace_case *traced = &with->trace.cases[number];
    *ret = (struct explained){.policy = traced->policy,
        .one = &traced->policy->cases[traced->number],
        .why = (enum trace_why)traced->why,
        .file = traced->file,
        .world = with->trace.world};
    ret->rule = &ret->policy->rules[ret->one->rule];
    ret->world.file = &with->set->files[traced->file];
    return (with->trace.bound >> traced->file & 1u) != 0;
}

/* ---- values ---- */

#define SAID_REFS 16

struct refs {
    const struct cond_node *items[SAID_REFS];
    size_t count;
};

static void collect(const struct sj_policy *policy, uint32_t node, struct refs *refs)
{
    const struct cond_node *one = &policy->nodes[node];
    if (one->op == COND_REF) {
        bool known = false;
        for (size_t i = 0; i < refs->count; i++) {
            known =
                known || (refs->items[i]->place == one->place && refs->items[i]->slot == one->slot);
        }
        if (!known && refs->count < SAID_REFS) {
            refs->items[refs->count++] = one;
        }
    }
    for (uint32_t i = 0; one->op < COND_REF && i < one->count; i++) {
        collect(policy, one->first + i, refs);
    }
}

static bool hidden(const struct explaining *with, const struct cond_node *reference)
{
    return (with->options->hidden[reference->place] >> reference->slot & 1u) != 0;
}

bool explain_hides(const struct explaining *with, const struct sj_policy *policy, uint32_t node)
{
    struct refs refs = {.count = 0};
    collect(policy, node, &refs);
    bool hides = refs.count == SAID_REFS;
    for (size_t i = 0; i < refs.count; i++) {
        hides = hides || hidden(with, refs.items[i]);
    }
    return hides;
}

static sj_status put_value(const struct explaining *with, const struct cond_world *world,
    const struct cond_node *reference, struct sj_buf *out)
{
    struct sj_attr_value scratch;
    const struct sj_attr_value *value = cond_value(world, reference, &scratch);
    if (value == NULL || hidden(with, reference)) {
        return sj_buf_put_str(out, "null");
    }
    return attr_write(with->root, with->set, reference->type, value, out);
}

/* What the condition looked at: the value where it is one attribute, else an object of them. */
static sj_status put_had(
    const struct explaining *with, const struct explained *one, uint32_t node, struct sj_json *json)
{
    CLEANUP(sj_buf_clear) struct sj_buf scratch = SJ_BUF(SJ_EXPLAIN_BYTES);
    struct refs refs = {.count = 0};
    bool hides = false;
    if (node != COND_NONE) {
        collect(one->policy, node, &refs);
    }
    if (refs.count == 0) {
        sj_json_null(json, "had");
        return SJ_DONE;
    }
    if (refs.count > 1) {
        sj_json_object(json, "had");
    }
    for (size_t i = 0; i < refs.count; i++) {
        hides = hides || hidden(with, refs.items[i]);
        TRY(put_value(with, &one->world, refs.items[i], &scratch));
        explain_raw(json, refs.count == 1 ? "had" : refs.items[i]->name, &scratch);
    }
    if (refs.count > 1) {
        sj_json_object_end(json);
    }
    if (hides) {
        sj_json_bool(json, "hidden", true);
    }
    return SJ_DONE;
}

static void put_file(const struct explained *one, struct sj_json *json)
{
    if (one->file > 0) {
        sj_json_str(json, "file", one->policy->id);
    }
}

/* ---- roles ---- */

static enum sj_reach reach_of(const struct explaining *with, const struct sj_policy_grant *grant)
{
    enum sj_reach widest = SJ_REACH_NONE;
    const struct sj_role_set *closure = &with->root->roles[grant->role].closure;
    for (uint32_t i = 0; i < with->trace.count; i++) {
        struct explained one;
        if (!explain_case(with, i, &one) || one.rule->effect != SJ_EFFECT_PERMIT ||
            one.why != WHY_MATCHED) {
            continue;
        }
        for (size_t w = 0; w < SJ_POLICY_ROLES / 64; w++) {
            if ((closure->bits[w] & one.rule->roles.bits[w]) != 0 && one.rule->reach > widest) {
                widest = one.rule->reach;
            }
        }
    }
    return widest;
}

static void put_grant(const struct explaining *with, const struct sj_policy_grant *grant,
    bool counts, struct sj_json *json)
{
    static const char *const reaches[] = {"", "self", "file", "unit", "subtree", "all"};
    sj_json_str(json, "role", with->root->roles[grant->role].name);
    if (grant->unit != SJ_POLICY_NONE) {
        sj_json_text(json, "unit", sj_policy_set_unit_name(with->set, grant->unit));
    }
    const enum sj_reach reach = counts ? reach_of(with, grant) : SJ_REACH_NONE;
    if (reach != SJ_REACH_NONE) {
        sj_json_str(json, "scope", reaches[reach]);
    }
    if (grant->via != NULL) {
        sj_json_str(json, "via", grant->via);
    }
    if (grant->until != 0) {
        sj_json_time(json, "until", grant->until);
    }
}

static void put_inherited(const struct explaining *with, struct sj_json *json)
{
    struct sj_role_set said = {{0}};
    const struct sj_policy_request *request = with->request;
    for (size_t i = 0; i < request->grant_count; i++) {
        if (with->trace.grant_valid[i]) {
            sj_role_set_add(&said, request->grants[i].role);
        }
    }
    for (size_t i = 0; i < request->grant_count; i++) {
        const struct sj_policy_role *role =
            with->trace.grant_valid[i] ? &with->root->roles[request->grants[i].role] : NULL;
        for (uint32_t junior = 0; role != NULL && junior < with->root->role_count; junior++) {
            if (!sj_role_set_has(&role->closure, junior) || sj_role_set_has(&said, junior)) {
                continue;
            }
            sj_role_set_add(&said, junior);
            char via[80];
            snprintf(via, sizeof via, "inherits:%s", role->name);
            sj_json_object(json, NULL);
            sj_json_str(json, "role", with->root->roles[junior].name);
            sj_json_str(json, "via", via);
            sj_json_object_end(json);
        }
    }
}

static const char *not_counted_because(
    const struct explaining *with, const struct sj_policy_grant *grant)
{
    const struct sj_policy_role *role = &with->root->roles[grant->role];
    if (grant->lapsed) {
        return "lapsed";
    }
    if (grant->from != 0 && with->request->now < grant->from) {
        return "not begun";
    }
    if (grant->until != 0 && with->request->now >= grant->until) {
        return "ended";
    }
    if (role->only_via_break_glass || grant->kind == SJ_GRANT_BREAK_GLASS) {
        return "not by break-glass";
    }
    return role->on_demand && !grant->active ? "not activated" : "not to be delegated";
}

static void put_roles(const struct explaining *with, struct sj_json *json)
{
    const struct sj_policy_request *request = with->request;
    const bool asked = with->decision.refusal != SJ_REFUSAL_REQUEST &&
                       with->decision.refusal != SJ_REFUSAL_SUBJECT;
    const size_t count = asked ? request->grant_count : 0;
    size_t others = 0;
    sj_json_array(json, "roles");
    for (size_t i = 0; i < count; i++) {
        const bool known = request->grants[i].role < with->root->role_count;
        others += known && !with->trace.grant_valid[i] ? 1 : 0;
        if (with->trace.grant_valid[i]) {
            sj_json_object(json, NULL);
            put_grant(with, &request->grants[i], true, json);
            sj_json_object_end(json);
        }
    }
    if (count > 0) {
        put_inherited(with, json);
    }
    sj_json_array_end(json);
    if (others == 0) {
        return;
    }
    sj_json_array(json, "not_counted");
    for (size_t i = 0; i < count; i++) {
        const struct sj_policy_grant *grant = &request->grants[i];
        if (grant->role < with->root->role_count && !with->trace.grant_valid[i]) {
            sj_json_object(json, NULL);
            put_grant(with, grant, false, json);
            sj_json_str(json, "why", not_counted_because(with, grant));
            sj_json_object_end(json);
        }
    }
    sj_json_array_end(json);
}

/* ---- rules ---- */

static const char *const effects[] = {"permit", "forbid", "require", "mask"};

static void put_with(
    const struct explaining *with, const char *name, enum trace_why why, struct sj_json *json)
{
    bool open = why == WHY_MATCHED;
    if (open) {
        sj_json_array(json, name);
    }
    for (uint32_t i = 0; i < with->trace.count; i++) {
        struct explained one;
        if (!explain_case(with, i, &one) || one.why != why) {
            continue;
        }
        if (!open) {
            sj_json_array(json, name);
            open = true;
        }
        sj_json_object(json, NULL);
        sj_json_str(json, "id", one.rule->id);
        sj_json_str(json, "effect", effects[one.rule->effect]);
        put_file(&one, json);
        sj_json_object_end(json);
    }
    if (open) {
        sj_json_array_end(json);
    }
}

/* What made a narrowing rule refuse: the first of "that" which is not true, or the condition that is not false. */
static uint32_t failed_node(const struct explained *one)
{
    const struct cond_node *that =
        one->one->that == COND_NONE ? NULL : &one->policy->nodes[one->one->that];
    for (uint32_t i = 0; that != NULL && i < that->count; i++) {
        if (cond_decide(&one->world, that->first + i) != IS_TRUE) {
            return that->first + i;
        }
    }
    return one->one->when != COND_NONE ? one->one->when : one->one->purpose;
}

static sj_status put_blocked(const struct explaining *with, struct sj_json *json)
{
    CLEANUP(sj_buf_clear) struct sj_buf scratch = SJ_BUF(SJ_EXPLAIN_BYTES);
    sj_json_array(json, "blocked");
    for (uint32_t i = 0; i < with->trace.count; i++) {
        struct explained one;
        if (!explain_case(with, i, &one) || one.why != WHY_BLOCKED) {
            continue;
        }
        const uint32_t failed = failed_node(&one);
        sj_json_object(json, NULL);
        sj_json_str(json, "id", one.rule->id);
        sj_json_str(json, "effect", effects[one.rule->effect]);
        put_file(&one, json);
        if (failed == COND_NONE) {
            sj_json_null(json, "failed");
        } else {
            TRY(cond_write(one.policy, failed, &scratch));
            explain_raw(json, "failed", &scratch);
        }
        TRY(put_had(with, &one, failed, json));
        sj_json_object_end(json);
    }
    if (with->trace.sod != NULL) {
        sj_json_object(json, NULL);
        sj_json_str(json, "id", with->trace.sod->id);
        sj_json_str(json, "effect", "separation");
        sj_json_null(json, "failed");
        sj_json_null(json, "had");
        sj_json_object_end(json);
    }
    sj_json_array_end(json);
    return SJ_DONE;
}

/* A role that he has, but by a grant that does not count now. */
static bool held_in_vain(const struct explaining *with, const struct policy_rule *rule)
{
    for (size_t i = 0; i < with->request->grant_count; i++) {
        const uint32_t role = with->request->grants[i].role;
        for (size_t w = 0; role < with->root->role_count && w < SJ_POLICY_ROLES / 64; w++) {
            if (!with->trace.grant_valid[i] &&
                (with->root->roles[role].closure.bits[w] & rule->roles.bits[w]) != 0) {
                return true;
            }
        }
    }
    return false;
}

static sj_status put_scope(const struct explaining *with, struct sj_json *json)
{
    CLEANUP(sj_buf_clear) struct sj_buf scratch = SJ_BUF(SJ_EXPLAIN_BYTES);
    const uint32_t slot = with->root->types[with->type].unit_slot;
    const struct sj_attr_value *resource = with->request->resource;
    if (slot == SJ_POLICY_NONE || resource == NULL || resource[slot].kind == SJ_ATTR_NONE ||
        (with->options->hidden[SJ_OF_RESOURCE] >> slot & 1u) != 0) {
        sj_json_null(json, "had");
        return SJ_DONE;
    }
    TRY(attr_write(with->root, with->set, NULL, &resource[slot], &scratch));
    explain_raw(json, "had", &scratch);
    return SJ_DONE;
}

static sj_status put_unmatched(
    const struct explaining *with, const struct explained *one, struct sj_json *json)
{
    sj_json_object(json, NULL);
    sj_json_str(json, "id", one->rule->id);
    put_file(one, json);
    switch (one->why) {
    case WHY_SCOPE:
        sj_json_str(json, "why", "scope");
        TRY(put_scope(with, json));
        break;
    case WHY_PURPOSE:
        sj_json_str(json, "why", "purpose");
        TRY(put_had(with, one, one->one->purpose, json));
        break;
    case WHY_WHEN:
        sj_json_str(json, "why", "when");
        TRY(put_had(with, one, one->one->when, json));
        break;
    case WHY_ERROR: {
        const uint32_t purpose = one->one->purpose;
        const bool by_purpose =
            purpose != COND_NONE && cond_decide(&one->world, purpose) == IS_ERROR;
        sj_json_str(json, "why", by_purpose ? "purpose" : "error");
        TRY(put_had(with, one, by_purpose ? purpose : one->one->when, json));
        break;
    }
    case WHY_ROLE:
    case WHY_GRANT:
    case WHY_MATCHED:
    case WHY_BLOCKED:
    case WHY_QUIET:
    case WHY_OVERRIDDEN:
        sj_json_str(json, "why", held_in_vain(with, one->rule) ? "grant" : "role");
        sj_json_null(json, "had");
        break;
    }
    sj_json_object_end(json);
    return SJ_DONE;
}

static sj_status put_not_matched(const struct explaining *with, struct sj_json *json)
{
    int64_t more = 0;
    uint32_t listed = 0;
    sj_json_array(json, "not_matched");
    for (uint32_t i = 0; i < with->trace.count; i++) {
        struct explained one;
        if (!explain_case(with, i, &one) || one.rule->effect != SJ_EFFECT_PERMIT ||
            one.rule->break_glass || one.why == WHY_MATCHED) {
            continue;
        }
        if (listed == SJ_EXPLAIN_LISTED) {
            more++;
            continue;
        }
        listed++;
        TRY(put_unmatched(with, &one, json));
    }
    sj_json_array_end(json);
    if (more > 0) {
        sj_json_int(json, "not_matched_more", more);
    }
    return SJ_DONE;
}

static bool is_error(const struct explained *one)
{
    if (one->rule->effect == SJ_EFFECT_PERMIT) {
        return one->why == WHY_ERROR;
    }
    if (one->why != WHY_BLOCKED && one->why != WHY_MATCHED) {
        return false;
    }
    const uint32_t parts[] = {one->one->purpose, one->one->when, one->one->that};
    bool error = false;
    for (size_t i = 0; i < SJ_COUNT(parts); i++) {
        error = error || (parts[i] != COND_NONE && cond_decide(&one->world, parts[i]) == IS_ERROR);
    }
    return error;
}

static void put_errors(const struct explaining *with, struct sj_json *json)
{
    sj_json_array(json, "errors");
    for (uint32_t i = 0; i < with->trace.count; i++) {
        struct explained one;
        if (explain_case(with, i, &one) && is_error(&one)) {
            sj_json_str(json, NULL, one.rule->id);
        }
    }
    sj_json_array_end(json);
}

/* ---- fields ---- */

static void put_hidden_by(const struct policy_type *type, uint64_t read, struct sj_json *json)
{
    for (uint32_t c = 0; c < type->class_count; c++) {
        for (uint64_t left = type->classes[c].fields & ~read; left != 0; left &= left - 1) {
            char why[POLICY_NAME_MAX + 40];
            snprintf(why, sizeof why, "no permit with class %s", type->classes[c].name);
            sj_json_str(json, type->fields[__builtin_ctzll(left)], why);
        }
    }
}

static void put_fields(const struct explaining *with, struct sj_json *json)
{
    const struct sj_policy_decision *decision =
        with->trace.would_permit ? &with->trace.would : &with->decision;
    const struct policy_type *type = &with->root->types[with->type];
    sj_json_object(json, "fields");
    sj_json_array(json, "read");
    for (uint64_t read = decision->read; read != 0; read &= read - 1) {
        sj_json_str(json, NULL, type->fields[__builtin_ctzll(read)]);
    }
    sj_json_array_end(json);
    sj_json_object(json, "mask");
    for (uint64_t masked = decision->masked; masked != 0; masked &= masked - 1) {
        const unsigned field = (unsigned)__builtin_ctzll(masked);
        sj_json_str(json, type->fields[field], sj_how_name((enum sj_how)decision->how[field]));
    }
    sj_json_object_end(json);
    sj_json_object(json, "hidden_by");
    put_hidden_by(type, decision->read, json);
    sj_json_object_end(json);
    sj_json_object_end(json);
}

/* ---- the whole ---- */

static void put_head(const struct explaining *with, struct sj_json *json)
{
    const struct sj_policy_decision *decision = &with->decision;
    const uint64_t seq_number =
        with->options->assignments != 0 ? with->options->assignments : decision->assignments;
    char policy[POLICY_NAME_MAX + 100];
    char seq[32];
    snprintf(
        policy, sizeof policy, "%s@%u %s", with->root->id, decision->version, decision->digest);
    snprintf(seq, sizeof seq, "seq:%llu", (unsigned long long)seq_number);
    sj_json_bool(json, "decision", decision->permit);
    sj_json_str(json, "code", decision->code);
    if (with->options->evaluation_id != NULL) {
        sj_json_str(json, "evaluation_id", with->options->evaluation_id);
    }
    sj_json_str(json, "policy", policy);
    sj_json_str(json, "assignments", seq);
    sj_json_time(json, "at", with->request->now);
}

static sj_status tell(const struct explaining *with, struct sj_json *json)
{
    sj_json_object(json, NULL);
    put_head(with, json);
    put_roles(with, json);
    put_with(with, "matched", WHY_MATCHED, json);
    TRY(put_blocked(with, json));
    put_with(with, "overridden", WHY_OVERRIDDEN, json);
    TRY(put_not_matched(with, json));
    put_errors(with, json);
    TRY(explain_changes(with, json));
    if (with->type != SJ_POLICY_NONE) {
        put_fields(with, json);
    }
    sj_json_object_end(json);
    return SJ_DONE;
}

sj_status sj_policy_explain(const struct sj_policy_set *set,
    const struct sj_policy_request *request, const struct sj_explain_options *options,
    struct sj_policy_decision *ret_decision, struct sj_buf *out)
{
    static const struct sj_explain_options none = {0};
    const struct sj_policy *root = set->files[0].policy;
    const uint32_t action = request->action < root->action_count ? request->action : SJ_POLICY_NONE;
    struct explaining with = {.set = set,
        .request = request,
        .options = options == NULL ? &none : options,
        .root = root,
        .type = action == SJ_POLICY_NONE ? SJ_POLICY_NONE : root->actions[action].type};
    CLEANUP(sj_freep) void *memory = NULL;
    TRY(sj_alloc(policy_trace_size(set, action) + 1u, sizeof(struct trace_case), &memory));
    with.trace.cases = memory;
    policy_trace_begin(set, action, &with.trace);
    policy_decide(set, request, &with.decision, &with.trace);
    struct sj_json json = sj_json_begin(out);
    TRY(tell(&with, &json));
    TRY(sj_json_end(&json));
    if (ret_decision != NULL) {
        *ret_decision = with.decision;
    }
    return SJ_DONE;
}
