/* SPDX-License-Identifier: Apache-2.0
 *
 * May this request go ahead, and with which fields? One pass over the rules that can matter (POLICY 5.3): grants, narrowing
 * rules, permits, unit files, masks. Nothing is allocated and nothing locked. With a trace the same pass looks at every
 * rule of the action and says what it found.
 * If this were wrong, everything behind it would be: tests/policy/naive.py decides the same without sharing a line.
 */
#include "pass.h"

static void enter_file(struct pass *pass, size_t file)
{
    pass->world.file = &pass->set->files[file];
}

/* Rules are listed in the order of the files, however they were found. */
static void note_by(struct pass *pass, uint32_t file, uint32_t rule, const char *id)
{
    struct sj_policy_decision *out = pass->out;
    uint32_t at = out->by_count;
    while (at > 0 && (pass->by_file[at - 1] > file ||
                         (pass->by_file[at - 1] == file && pass->by_rule[at - 1] > rule))) {
        at--;
    }
    if (at > 0 && pass->by_file[at - 1] == file && pass->by_rule[at - 1] == rule) {
        return;
    }
    if (at == SJ_DECISION_RULES) {
        out->more = true;
        return;
    }
    if (out->by_count == SJ_DECISION_RULES) {
        out->more = true;
        out->by_count--;
    }
    for (uint32_t i = out->by_count; i > at; i--) {
        pass->by_file[i] = pass->by_file[i - 1];
        pass->by_rule[i] = pass->by_rule[i - 1];
        out->by[i] = out->by[i - 1];
    }
    pass->by_file[at] = file;
    pass->by_rule[at] = rule;
    out->by[at] = id;
    out->by_count++;
}

/* What the file noted so far is not what lends fields. */
static void unnote_file(struct pass *pass, uint32_t file)
{
    while (pass->out->by_count > 0 && pass->by_file[pass->out->by_count - 1] == file) {
        pass->out->by_count--;
    }
    pass->out->more = pass->more_before;
}

static void refuse(struct sj_policy_decision *out, enum sj_policy_refusal refusal, const char *code,
    const char *rule)
{
    out->permit = false;
    out->break_glass = false;
    out->refusal = refusal;
    out->reach = SJ_REACH_NONE;
    out->code = code;
    out->rule = rule;
    out->read = out->write = out->sort = out->filter = out->aggregate = out->masked = 0;
}

/* ---- conditions of a case ---- */

static enum truth case_holds(
    const struct cond_world *world, const struct policy_case *one, enum trace_why *ret_why)
{
    const enum truth purpose =
        one->purpose == COND_NONE ? IS_TRUE : cond_decide(world, one->purpose);
    const enum truth when = one->when == COND_NONE ? IS_TRUE : cond_decide(world, one->when);
    const enum truth both = truth_and(purpose, when);
    *ret_why = both == IS_ERROR ? WHY_ERROR : (purpose == IS_FALSE ? WHY_PURPOSE : WHY_WHEN);
    return both;
}

static bool rule_concerns(const struct pass *pass, const struct policy_rule *rule)
{
    uint64_t common = rule->everybody ? 1 : 0;
    for (size_t w = 0; w < SJ_POLICY_ROLES / 64; w++) {
        common |= rule->roles.bits[w] & pass->held.bits[w];
    }
    return common != 0;
}

static bool set_aside(
    const struct pass *pass, const struct policy_rule *rule, size_t file, uint32_t number)
{
    if (!pass->out->break_glass || rule->stands) {
        return false;
    }
    trace_note(pass->trace, file, number, WHY_OVERRIDDEN);
    return true;
}

/* ---- forbid and require ---- */

static void narrow_one(struct pass *pass, size_t file, uint32_t number)
{
    const struct sj_policy *policy = pass->set->files[file].policy;
    const struct policy_case *one = &policy->cases[number];
    const struct policy_rule *rule = &policy->rules[one->rule];
    if (!rule_concerns(pass, rule)) {
        return;
    }
    enum trace_why why = WHY_QUIET;
    if (case_holds(&pass->world, one, &why) == IS_FALSE) {
        return;
    }
    const bool forbid = rule->effect == SJ_EFFECT_FORBID;
    if (!forbid && cond_decide(&pass->world, one->that) == IS_TRUE) {
        return;
    }
    if (set_aside(pass, rule, file, number)) {
        return;
    }
    trace_note(pass->trace, file, number, WHY_BLOCKED);
    const struct policy_rule **first = forbid ? &pass->forbid : &pass->require;
    /* Requires are only noted behind the forbids: by[] says what the code says. */
    if (forbid && *first == NULL) {
        pass->out->by_count = 0;
        pass->out->more = false;
    }
    if (forbid || pass->forbid == NULL) {
        note_by(pass, (uint32_t)file, one->rule, rule->id);
        *first = rule;
    }
}

static void narrow(struct pass *pass)
{
    for (size_t file = 0; file < pass->set->file_count; file++) {
        if ((pass->bound >> file & 1u) == 0) {
            continue;
        }
        enter_file(pass, file);
        const struct sj_policy *policy = pass->set->files[file].policy;
        struct walk walk =
            walk_begin(policy, &policy->narrows[pass->request->action], true, pass->trace);
        uint32_t number = 0;
        while (walk_next(&walk, &pass->world, &number)) {
            narrow_one(pass, file, number);
        }
    }
}

static const struct policy_rule *rule_named(const struct pass *pass, uint32_t at)
{
    return &pass->set->files[pass->by_file[at]].policy->rules[pass->by_rule[at]];
}

static void oblige(struct sj_policy_decision *out, const struct sj_obligation *obligation)
{
    if (obligation == NULL) {
        return;
    }
    if (out->obligation_count == SJ_DECISION_OBLIGATIONS) {
        out->more = true;
        return;
    }
    out->obligations[out->obligation_count++] = obligation;
}

/* true: refused by an object constraint. */
static bool breaks_object_sod(const struct pass *pass)
{
    const struct sj_policy *root = pass->set->files[0].policy;
    const struct sj_policy_request *request = pass->request;
    for (uint32_t i = 0; i < root->sod_count; i++) {
        const struct sj_policy_sod *sod = &root->sods[i];
        uint32_t count = 0;
        bool concerned = false;
        for (uint32_t a = 0; a < sod->action_count; a++) {
            concerned = concerned || sod->actions[a] == request->action;
        }
        for (uint32_t a = 0; concerned && a < sod->action_count; a++) {
            const bool this = sod->actions[a] == request->action;
            /* What cannot be told counts as done. */
            count += this || request->has_done == NULL ||
                             request->has_done(request->history, sod->actions[a]) != SJ_KNOWN_NO
                         ? 1
                         : 0;
        }
        if (concerned && count >= sod->n) {
            refuse(pass->out, SJ_REFUSAL_SOD, "E_SOD", sod->id);
            if (pass->trace != NULL) {
                pass->trace->sod = sod;
            }
            return true;
        }
    }
    return false;
}

/* ---- permits ---- */

struct given {
    bool permit;
    enum sj_reach reach;
    uint64_t read;
    uint64_t write;
    uint64_t sort;
    uint64_t filter;
    uint64_t aggregate;
};

static void give(
    struct given *given, const struct policy_case *one, enum sj_reach reach, bool only_widest)
{
    if (only_widest && given->permit && reach < given->reach) {
        return;
    }
    if (only_widest && reach > given->reach) {
        *given = (struct given){0};
    }
    given->permit = true;
    given->reach = reach > given->reach ? reach : given->reach;
    given->read |= one->read;
    given->write |= one->write;
    given->sort |= one->sort;
    given->filter |= one->filter;
    given->aggregate |= one->aggregate;
}

static void permit_by(struct pass *pass, size_t file, const struct policy_list *list,
    const struct sj_policy_grant *grant, struct given *given)
{
    const struct sj_policy *policy = pass->set->files[file].policy;
    struct walk walk = walk_begin(policy, list, false, pass->trace);
    uint32_t number = 0;
    while (walk_next(&walk, &pass->world, &number)) {
        const struct policy_case *one = &policy->cases[number];
        const struct policy_rule *rule = &policy->rules[one->rule];
        enum trace_why why = WHY_SCOPE;
        if (!pass_covers(pass, rule->reach, grant)) {
            trace_note(pass->trace, file, number, WHY_SCOPE);
        } else if (case_holds(&pass->world, one, &why) == IS_TRUE) {
            trace_note(pass->trace, file, number, WHY_MATCHED);
            const bool narrower =
                pass->request->reach_only && given->permit && rule->reach < given->reach;
            if (pass->request->reach_only && given->permit && rule->reach > given->reach) {
                unnote_file(pass, (uint32_t)file);
            }
            give(given, one, rule->reach, pass->request->reach_only);
            if (!narrower) {
                note_by(pass, (uint32_t)file, one->rule, rule->id);
            }
        } else {
            trace_note(pass->trace, file, number, why);
        }
    }
}

static struct given permit_file(struct pass *pass, size_t file)
{
    const struct sj_policy *policy = pass->set->files[file].policy;
    const uint32_t roles = policy->root->role_count;
    struct given given = {0};
    enter_file(pass, file);
    pass->more_before = pass->out->more;
    for (size_t i = 0; i < pass->request->grant_count; i++) {
        if ((pass->valid >> i & 1u) != 0) {
            const struct sj_policy_grant *grant = &pass->request->grants[i];
            permit_by(pass, file,
                &policy->permits[(size_t)pass->request->action * roles + grant->role], grant,
                &given);
        }
    }
    return given;
}

/* Break-glass: looked at before the rules that it sets aside. */
static struct given break_glass(struct pass *pass)
{
    struct given given = {0};
    const struct sj_policy *root = pass->set->files[0].policy;
    enter_file(pass, 0);
    for (size_t i = 0; root->break_glass.given && i < pass->request->grant_count; i++) {
        const struct sj_policy_grant *grant = &pass->request->grants[i];
        if ((pass->valid >> i & 1u) != 0 && grant->kind == SJ_GRANT_BREAK_GLASS &&
            (!pass->request->reach_only || pass->request->covered)) {
            permit_by(pass, 0, &root->glass[pass->request->action], grant, &given);
        }
    }
    pass->out->by_count = 0;
    return given;
}

/* What root and unit files give together; refused when one of them does not. */
static bool permit(struct pass *pass, const struct given *glass, struct given *ret_given)
{
    struct given all = permit_file(pass, 0);
    const bool root_gives = all.permit;
    bool every = true;
    bool some = root_gives;
    for (size_t file = 1; file < pass->set->file_count; file++) {
        const struct sj_policy *policy = pass->set->files[file].policy;
        if ((pass->bound >> file & 1u) == 0 || !policy->states_permit[pass->request->action]) {
            continue;
        }
        const struct given one = permit_file(pass, file);
        every = every && one.permit;
        some = some || one.permit;
        all.read &= one.read;
        all.write &= one.write;
        all.sort &= one.sort;
        all.filter &= one.filter;
        all.aggregate &= one.aggregate;
        all.reach = one.reach < all.reach ? one.reach : all.reach;
    }
    if (!root_gives || !every) {
        all = (struct given){0};
        pass->out->by_count = 0; /* what matched in one file only does not stand */
        pass->out->more = false;
    }
    if (glass->permit) {
        if (!all.permit) {
            const struct sj_policy *root = pass->set->files[0].policy;
            note_by(pass, 0, root->written_rules, root->rules[root->written_rules].id);
        }
        all.read |= glass->read;
        all.write |= glass->write;
        all.sort |= glass->sort;
        all.filter |= glass->filter;
        all.aggregate |= glass->aggregate;
        all.reach = glass->reach > all.reach ? glass->reach : all.reach;
        all.permit = true;
    } else if (!root_gives || !every) {
        if (some) {
            refuse(pass->out, SJ_REFUSAL_CEILING, "E_CEILING", "");
        } else {
            refuse(pass->out, SJ_REFUSAL_DEFAULT, "E_NO_PERMIT", "");
        }
        return false;
    }
    *ret_given = all;
    return true;
}

/* ---- masks ---- */

static void mask_one(struct pass *pass, size_t file, uint32_t number)
{
    const struct sj_policy *policy = pass->set->files[file].policy;
    const struct policy_case *one = &policy->cases[number];
    const struct policy_rule *rule = &policy->rules[one->rule];
    struct sj_policy_decision *out = pass->out;
    uint64_t fields = one->read & out->read;
    enum trace_why why = WHY_QUIET;
    if (!rule_concerns(pass, rule) || case_holds(&pass->world, one, &why) == IS_FALSE ||
        (one->that != COND_NONE && cond_decide(&pass->world, one->that) == IS_TRUE) ||
        set_aside(pass, rule, file, number)) {
        return;
    }
    trace_note(pass->trace, file, number, WHY_MATCHED);
    if (fields != 0) {
        oblige(out, rule->oblige);
    }
    for (; fields != 0; fields &= fields - 1) {
        const unsigned field = (unsigned)__builtin_ctzll(fields);
        const bool again = (out->masked >> field & 1u) != 0;
        if (!again || one->how[field] > out->how[field]) {
            out->how[field] = one->how[field];
        }
        out->masked |= UINT64_C(1) << field;
    }
}

static void mask(struct pass *pass)
{
    for (size_t file = 0; file < pass->set->file_count; file++) {
        if ((pass->bound >> file & 1u) == 0) {
            continue;
        }
        enter_file(pass, file);
        const struct sj_policy *policy = pass->set->files[file].policy;
        struct walk walk =
            walk_begin(policy, &policy->masks[pass->request->action], true, pass->trace);
        uint32_t number = 0;
        while (walk_next(&walk, &pass->world, &number)) {
            mask_one(pass, file, number);
        }
    }
    struct sj_policy_decision *out = pass->out;
    out->sort &= out->read & ~out->masked;
    out->filter &= out->read & ~out->masked;
    out->aggregate &= out->read & ~out->masked;
}

/* ---- the whole ---- */

static void permitted(struct pass *pass, const struct given *given)
{
    struct sj_policy_decision *out = pass->out;
    out->permit = true;
    out->refusal = SJ_REFUSAL_NONE;
    out->code = "";
    out->reach = given->reach;
    out->read = given->read;
    out->write = given->write;
    out->sort = given->sort;
    out->filter = given->filter;
    out->aggregate = given->aggregate;
    out->rule = out->by[0];
    mask(pass);
}

/* With a trace: what the permits would give if nothing refused. */
static void look_on(struct pass *pass, const struct given *glass)
{
    if (pass->trace == NULL) {
        return;
    }
    const struct pass kept = *pass;
    const struct sj_policy_decision refused = *pass->out;
    struct given given = {0};
    pass->out->by_count = 0;
    pass->out->break_glass = glass->permit;
    pass->trace->would_permit = permit(pass, glass, &given);
    if (pass->trace->would_permit) {
        permitted(pass, &given);
    }
    pass->trace->would = *pass->out;
    *pass = kept;
    *pass->out = refused;
}

/* Requires are open: they are what is said, if a permit stands behind them. */
static void decide_requires(struct pass *pass, const struct given *glass)
{
    const struct pass kept = *pass; /* by[] of the requires */
    const struct sj_policy_decision requires = *pass->out;
    struct given given = {0};
    pass->out->by_count = 0;
    pass->out->more = false;
    if (!permit(pass, glass, &given)) {
        return;
    }
    struct sj_policy_decision *out = pass->out;
    *out = requires;
    const struct policy_rule *rule = rule_named(&kept, 0);
    for (uint32_t i = 0; i < out->by_count; i++) {
        oblige(out, rule_named(&kept, i)->oblige);
    }
    refuse(out, SJ_REFUSAL_REQUIRE, rule->code[0] == '\0' ? "E_REQUIRE" : rule->code, rule->id);
    look_on(pass, glass);
}

static void decide_rules(struct pass *pass)
{
    struct sj_policy_decision *out = pass->out;
    const struct given glass = break_glass(pass);
    out->break_glass = glass.permit;
    narrow(pass);
    if (pass->forbid != NULL) {
        const struct policy_rule *rule = rule_named(pass, 0);
        refuse(
            out, SJ_REFUSAL_FORBID, rule->code[0] == '\0' ? "E_FORBIDDEN" : rule->code, rule->id);
        look_on(pass, &glass);
        return;
    }
    if (breaks_object_sod(pass)) {
        out->by_count = 0;
        look_on(pass, &glass);
        return;
    }
    if (pass->require != NULL) {
        decide_requires(pass, &glass);
        return;
    }
    struct given given = {0};
    out->by_count = 0;
    if (permit(pass, &glass, &given)) {
        permitted(pass, &given);
    }
}

static void decision_init(const struct sj_policy_set *set, struct sj_policy_decision *out)
{
    const struct sj_policy *root = set->files[0].policy;
    out->more = false;
    out->by_count = 0;
    out->obligation_count = 0;
    out->digest = root->digest;
    out->version = root->version;
    out->assignments = set->assignments;
    refuse(out, SJ_REFUSAL_REQUEST, "E_BAD_REQUEST", "");
}

void policy_decide(const struct sj_policy_set *set, const struct sj_policy_request *request,
    struct sj_policy_decision *out, struct decide_trace *trace)
{
    const struct sj_policy *root = set->files[0].policy;
    decision_init(set, out);
    if (request->malformed || request->action >= root->action_count ||
        request->grant_count > SJ_POLICY_GRANTS) {
        return;
    }
    if (request->inactive || request->session_ended) {
        refuse(out, SJ_REFUSAL_SUBJECT, request->inactive ? "E_INACTIVE" : "E_SESSION", "");
        return;
    }
    struct key_cache keys;
    keys.count = 0;
    struct pass pass;
    pass.set = set;
    pass.request = request;
    pass.out = out;
    pass.trace = trace;
    pass.world = (struct cond_world){.set = set,
        .file = &set->files[0],
        .slots = {request->subject, request->reach_only ? NULL : request->resource,
            request->context, request->attributes},
        .now = {.kind = SJ_ATTR_TIME, .number = request->now},
        .now_slot = root->now_slot,
        .keys = trace == NULL ? &keys : NULL};
    pass.held = (struct sj_role_set){{0}};
    pass.valid = 0;
    pass.forbid = NULL;
    pass.require = NULL;
    pass_take_grants(&pass);
    pass_bind_files(&pass);
    if (trace != NULL) {
        trace->world = pass.world;
        trace->held = pass.held;
        trace->bound = pass.bound;
        for (size_t i = 0; i < request->grant_count; i++) {
            trace->grant_valid[i] = (pass.valid >> i & 1u) != 0;
        }
    }
    decide_rules(&pass);
}

void sj_policy_set_decide(const struct sj_policy_set *set, const struct sj_policy_request *request,
    struct sj_policy_decision *ret_decision)
{
    policy_decide(set, request, ret_decision, NULL);
}
