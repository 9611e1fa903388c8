/* SPDX-License-Identifier: Apache-2.0
 *
 * What would have to be different for the answer to be yes? Collects single changes from the conditions that stood in the way, applies
 * one, two or three of them to a copy of the request and decides again: every set that is told was seen to permit, and none
 * contains a smaller one. The cost is bounded by the number of changes, whatever the policy.
 */
#include "explain_priv.h"

#define CHANGES    32
#define TEXT_BYTES 65536

enum change_kind { CHANGE_VALUE, CHANGE_ROLE, CHANGE_RENEW, CHANGE_GLASS, CHANGE_ACCOUNT };

struct change {
    enum change_kind kind;
    uint8_t place;
    bool has_other;
    uint16_t slot;
    uint32_t grant; /* RENEW: number; ROLE, GLASS: role */
    struct sj_attr_value value;
    struct sj_attr_value other; /* another value that makes the same condition hold */
    const struct cond_node *reference;
    size_t text_at; /* in texts */
    size_t text_len;
};

struct world_copy {
    struct sj_attr_value values[4][SJ_POLICY_ATTRS];
    struct sj_policy_grant grants[SJ_POLICY_GRANTS];
    struct sj_policy_request request;
};

struct search {
    const struct explaining *with;
    struct change changes[CHANGES];
    size_t count;
    struct sj_buf texts;
    struct world_copy copy;
    struct sj_attr_value item[CHANGES]; /* of a set with one element */
    uint32_t found[SJ_EXPLAIN_SETS];    /* bits of the changes */
    size_t found_count;
};

/* ---- applying ---- */

static void copy_request(struct search *search)
{
    const struct explaining *with = search->with;
    const struct sj_policy_request *from = with->request;
    struct world_copy *copy = &search->copy;
    const struct sj_attr_value *const places[] = {
        from->subject, from->resource, from->context, from->attributes};
    for (unsigned place = 0; place < 4; place++) {
        const size_t count =
            sj_policy_attr_count(with->root, (enum sj_attr_place)place, with->type);
        for (size_t slot = 0; slot < SJ_POLICY_ATTRS; slot++) {
            copy->values[place][slot] = places[place] != NULL && slot < count
                                            ? places[place][slot]
                                            : (struct sj_attr_value){0};
        }
    }
    for (size_t i = 0; i < from->grant_count; i++) {
        copy->grants[i] = from->grants[i];
    }
    copy->request = *from;
    copy->request.grants = copy->grants;
    copy->request.subject = copy->values[SJ_OF_SUBJECT];
    copy->request.resource = copy->values[SJ_OF_RESOURCE];
    copy->request.context = copy->values[SJ_OF_CONTEXT];
    copy->request.attributes = copy->values[SJ_OF_ACTION];
}

static uint32_t resource_unit(const struct explaining *with)
{
    const uint32_t slot = with->root->types[with->type].unit_slot;
    const struct sj_attr_value *resource = with->request->resource;
    return slot == SJ_POLICY_NONE || resource == NULL || with->request->reach_only ||
                   resource[slot].kind != SJ_ATTR_UNIT
               ? SJ_POLICY_NONE
               : (uint32_t)resource[slot].number;
}

static void apply(struct search *search, const struct change *change, bool other)
{
    struct world_copy *copy = &search->copy;
    struct sj_policy_request *request = &copy->request;
    struct sj_policy_grant *grant = &copy->grants[request->grant_count];
    switch (change->kind) {
    case CHANGE_VALUE:
        copy->values[change->place][change->slot] = other ? change->other : change->value;
        break;
    case CHANGE_ACCOUNT:
        request->inactive = false;
        request->session_ended = false;
        break;
    case CHANGE_RENEW:
        grant = &copy->grants[change->grant];
        grant->from = grant->until = 0;
        grant->lapsed = false;
        grant->active = true;
        break;
    case CHANGE_ROLE:
    case CHANGE_GLASS:
        if (request->grant_count < SJ_POLICY_GRANTS) {
            *grant = (struct sj_policy_grant){.role = change->grant,
                .unit = resource_unit(search->with),
                .kind = change->kind == CHANGE_GLASS ? SJ_GRANT_BREAK_GLASS : SJ_GRANT_ASSIGNED,
                .active = true};
            request->grant_count++;
        }
        break;
    }
}

/* other: number of the change whose second value is tried, or CHANGES. */
static bool permits(struct search *search, uint32_t set, size_t other)
{
    struct sj_policy_decision decision;
    copy_request(search);
    for (size_t i = 0; i < search->count; i++) {
        if ((set >> i & 1u) != 0) {
            apply(search, &search->changes[i], i == other);
        }
    }
    sj_policy_set_decide(search->with->set, &search->copy.request, &decision);
    return decision.permit;
}

/* ---- collecting ---- */

static sj_status put_obligation(
    const struct search *search, const struct sj_obligation *oblige, struct sj_buf *out)
{
    struct sj_json json = sj_json_begin(out);
    const bool approval = oblige->kind == SJ_OBLIGE_APPROVAL;
    sj_json_object(&json, NULL);
    sj_json_object(&json, approval ? "approval" : "step-up");
    if (approval) {
        sj_json_str(&json, "by_role", search->with->root->roles[oblige->by_role].name);
        sj_json_array(&json, "distinct_from");
        for (size_t i = 0; i < oblige->distinct_count; i++) {
            sj_json_str(&json, NULL, oblige->distinct[i]);
        }
        sj_json_array_end(&json);
    } else {
        sj_json_str(&json, "acr_value", oblige->acr_value);
    }
    sj_json_object_end(&json);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

static sj_status put_leaf(
    const struct search *search, const struct explain_leaf *leaf, struct sj_buf *out)
{
    const struct sj_obligation *oblige = leaf->in->rule->oblige;
    const bool obliged =
        leaf->in->rule->effect == SJ_EFFECT_REQUIRE && leaf->in->why == WHY_BLOCKED &&
        oblige != NULL &&
        (oblige->kind == SJ_OBLIGE_APPROVAL || oblige->kind == SJ_OBLIGE_STEP_UP) && leaf->wanted;
    if (obliged) {
        return put_obligation(search, oblige, out);
    }
    TRY(sj_buf_put_str(out, leaf->wanted ? "" : "[\"not\","));
    TRY(cond_write(leaf->in->policy, leaf->node, out));
    return sj_buf_put_str(out, leaf->wanted ? "" : "]");
}

static bool known_change(const struct search *search, const struct change *change)
{
    for (size_t i = 0; i < search->count; i++) {
        const struct change *one = &search->changes[i];
        if (one->kind != change->kind || one->grant != change->grant ||
            one->place != change->place || one->slot != change->slot) {
            continue;
        }
        if (change->kind != CHANGE_VALUE ||
            (change->value.kind != SJ_ATTR_SET && attr_equal(&one->value, &change->value))) {
            return true;
        }
    }
    return false;
}

/* text of the change: what was put behind search->texts since at. */
static void keep(struct search *search, struct change *change, size_t at)
{
    change->text_at = at;
    change->text_len = search->texts.len - at;
    search->changes[search->count++] = *change;
}

static sj_status add_leaf(struct search *search, const struct explain_leaf *leaf)
{
    const struct cond_node *nodes = leaf->in->policy->nodes;
    const struct cond_node *pair = &nodes[nodes[leaf->node].first];
    if (explain_hides(search->with, leaf->in->policy, leaf->node)) {
        return SJ_DONE;
    }
    for (unsigned side = 0; side < 2; side++) {
        const struct cond_node *reference = &pair[side];
        struct sj_attr_value found[2];
        if (reference->op != COND_REF || search->count == CHANGES ||
            (search->with->request->reach_only && reference->place == SJ_OF_RESOURCE)) {
            continue;
        }
        const unsigned count =
            explain_values(search->with, leaf, side, &search->item[search->count], found);
        struct change change = {.kind = CHANGE_VALUE,
            .place = reference->place,
            .slot = reference->slot,
            .reference = reference};
        if (count == 0) {
            continue;
        }
        change.value = found[0];
        change.has_other = count > 1;
        change.other = found[count - 1];
        if (!known_change(search, &change)) {
            const size_t at = search->texts.len;
            TRY(put_leaf(search, leaf, &search->texts));
            keep(search, &change, at);
        }
    }
    return SJ_DONE;
}

/* Comparisons of a condition, each turned over; where it is an error, both ways. */
static sj_status add_condition(
    struct search *search, const struct explained *in, uint32_t node, unsigned depth)
{
    if (node == COND_NONE || search->count == CHANGES || depth > 2 * POLICY_DEPTH_MAX) {
        return SJ_DONE;
    }
    const struct cond_node *one = &in->policy->nodes[node];
    for (uint32_t i = 0; one->op <= COND_NOT && i < one->count; i++) {
        TRY(add_condition(search, in, one->first + i, depth + 1));
    }
    if (one->op <= COND_NOT) {
        return SJ_DONE;
    }
    const enum truth now = cond_decide(&in->world, node);
    for (unsigned wanted = 0; wanted < 2; wanted++) {
        if (now != (wanted != 0 ? IS_TRUE : IS_FALSE)) {
            const struct explain_leaf leaf = {in, node, wanted != 0};
            TRY(add_leaf(search, &leaf));
        }
    }
    return SJ_DONE;
}

static sj_status add_blocked(struct search *search)
{
    for (uint32_t i = 0; i < search->with->trace.count; i++) {
        struct explained one;
        if (explain_case(search->with, i, &one) && one.why == WHY_BLOCKED) {
            TRY(add_condition(search, &one, one.one->that, 0));
            TRY(add_condition(search, &one, one.one->purpose, 0));
            TRY(add_condition(search, &one, one.one->when, 0));
        }
    }
    return SJ_DONE;
}

static sj_status add_permits(struct search *search, bool near)
{
    for (uint32_t i = 0; i < search->with->trace.count; i++) {
        struct explained one;
        if (!explain_case(search->with, i, &one) || one.rule->effect != SJ_EFFECT_PERMIT ||
            one.why == WHY_MATCHED || one.rule->break_glass) {
            continue;
        }
        const bool is_near = one.why == WHY_PURPOSE || one.why == WHY_WHEN || one.why == WHY_ERROR;
        if (is_near == near) {
            TRY(add_condition(search, &one, one.one->purpose, 0));
            TRY(add_condition(search, &one, one.one->when, 0));
        }
    }
    return SJ_DONE;
}

static sj_status put_grant(struct search *search, const char *name, uint32_t role, uint32_t unit)
{
    struct sj_json json = sj_json_begin(&search->texts);
    sj_json_object(&json, NULL);
    sj_json_object(&json, name);
    sj_json_str(&json, "role", search->with->root->roles[role].name);
    if (unit != SJ_POLICY_NONE) {
        sj_json_text(&json, "unit", sj_policy_set_unit_name(search->with->set, unit));
    }
    sj_json_object_end(&json);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

static sj_status add_role(
    struct search *search, enum change_kind kind, const char *name, uint32_t number, uint32_t role)
{
    const struct change change = {.kind = kind, .grant = number};
    if (search->count == CHANGES || known_change(search, &change)) {
        return SJ_DONE;
    }
    struct change kept = change;
    const size_t at = search->texts.len;
    const struct sj_policy_grant *grants = search->with->request->grants;
    TRY(put_grant(search, name, role,
        kind == CHANGE_RENEW ? grants[number].unit : resource_unit(search->with)));
    keep(search, &kept, at);
    return SJ_DONE;
}

static sj_status add_grants(struct search *search)
{
    const struct explaining *with = search->with;
    for (uint32_t i = 0; i < with->request->grant_count; i++) {
        const struct sj_policy_grant *grant = &with->request->grants[i];
        if (with->trace.grant_valid[i] || grant->role >= with->root->role_count) {
            continue;
        }
        const bool sleeps = with->root->roles[grant->role].on_demand && !grant->active;
        TRY(add_role(search, CHANGE_RENEW, sleeps ? "activate" : "renew", i, grant->role));
    }
    return SJ_DONE;
}

static sj_status add_roles(struct search *search)
{
    const struct explaining *with = search->with;
    const uint32_t unit_slot = with->root->types[with->type].unit_slot;
    if (unit_slot != SJ_POLICY_NONE &&
        (with->options->hidden[SJ_OF_RESOURCE] >> unit_slot & 1u) != 0) {
        return SJ_DONE; /* the unit that the role would need is not to be told */
    }
    for (uint32_t i = 0; i < with->trace.count; i++) {
        struct explained one;
        const bool bound = explain_case(with, i, &one);
        if (!bound || one.rule->effect != SJ_EFFECT_PERMIT || one.why == WHY_MATCHED ||
            one.rule->break_glass) {
            continue;
        }
        for (uint32_t role = 0; role < with->root->role_count; role++) {
            if (sj_role_set_has(&one.rule->roles, role) &&
                !with->root->roles[role].only_via_break_glass) {
                TRY(add_role(search, CHANGE_ROLE, "role", role, role));
            }
        }
    }
    return SJ_DONE;
}

static sj_status add_glass(struct search *search)
{
    const struct explaining *with = search->with;
    const struct sj_policy_break_glass *glass = &with->root->break_glass;
    uint64_t common = 0;
    for (size_t w = 0; w < SJ_POLICY_ROLES / 64; w++) {
        common |= glass->who.bits[w] & with->trace.held.bits[w];
    }
    if (!glass->given || common == 0) {
        return SJ_DONE;
    }
    return add_role(search, CHANGE_GLASS, "break_glass", glass->grants_role, glass->grants_role);
}

static sj_status add_account(struct search *search)
{
    const struct sj_policy_request *request = search->with->request;
    struct change change = {.kind = CHANGE_ACCOUNT};
    const size_t at = search->texts.len;
    TRY(sj_buf_put_str(&search->texts,
        request->inactive ? "{\"account\":\"active\"}" : "{\"session\":\"valid\"}"));
    keep(search, &change, at);
    return SJ_DONE;
}

static sj_status collect_changes(struct search *search)
{
    if (search->with->decision.refusal == SJ_REFUSAL_SUBJECT) {
        return add_account(search);
    }
    TRY(add_blocked(search));
    TRY(add_grants(search));
    TRY(add_permits(search, true));
    TRY(add_roles(search));
    TRY(add_permits(search, false));
    return add_glass(search);
}

/* ---- searching ---- */

static bool contains_found(const struct search *search, uint32_t set)
{
    for (size_t i = 0; i < search->found_count; i++) {
        if ((search->found[i] & set) == search->found[i]) {
            return true;
        }
    }
    return false;
}

/* Two changes of one attribute are no set. */
static bool agrees(const struct search *search, size_t a, size_t b)
{
    const struct change *x = &search->changes[a];
    const struct change *y = &search->changes[b];
    return x->kind != CHANGE_VALUE || y->kind != CHANGE_VALUE || x->place != y->place ||
           x->slot != y->slot;
}

static void try_set(struct search *search, uint32_t set)
{
    if (search->found_count < SJ_EXPLAIN_SETS && !contains_found(search, set) &&
        permits(search, set, CHANGES)) {
        search->found[search->found_count++] = set;
    }
}

static void search_sets(struct search *search)
{
    const size_t n = search->count;
    for (size_t a = 0; a < n; a++) {
        try_set(search, UINT32_C(1) << a);
    }
    for (size_t a = 0; a < n; a++) {
        for (size_t b = a + 1; b < n; b++) {
            if (agrees(search, a, b)) {
                try_set(search, UINT32_C(1) << a | UINT32_C(1) << b);
            }
        }
    }
    for (size_t a = 0; a < n; a++) {
        for (size_t b = a + 1; b < n; b++) {
            for (size_t c = b + 1; agrees(search, a, b) && c < n; c++) {
                if (agrees(search, a, c) && agrees(search, b, c)) {
                    try_set(search, UINT32_C(1) << a | UINT32_C(1) << b | UINT32_C(1) << c);
                }
            }
        }
    }
}

/* Where another value that makes the same condition hold does not do, the value itself is said. */
static sj_status put_change(
    struct search *search, uint32_t set, size_t number, struct sj_buf *scratch)
{
    const struct change *change = &search->changes[number];
    const char *text = (const char *)search->texts.ptr + change->text_at;
    if (change->kind == CHANGE_VALUE && change->has_other && text[0] == '[' &&
        change->reference->kind != SJ_ATTR_SET && !permits(search, set, number)) {
        TRY(sj_buf_put_str(scratch, "[\"eq\",\""));
        TRY(sj_buf_put_str(scratch, change->reference->name));
        TRY(sj_buf_put_str(scratch, "\","));
        TRY(attr_write(search->with->root, search->with->set, change->reference->type,
            &change->value, scratch));
        return sj_buf_put_byte(scratch, ']');
    }
    return sj_buf_put(scratch, text, change->text_len);
}

sj_status explain_changes(const struct explaining *with, struct sj_json *json)
{
    CLEANUP(sj_buf_clear) struct sj_buf scratch = SJ_BUF(TEXT_BYTES);
    CLEANUP(sj_freep) void *memory = NULL;
    const enum sj_policy_refusal refusal = with->decision.refusal;
    sj_json_array(json, "would_allow");
    if (!with->options->without_changes && refusal != SJ_REFUSAL_NONE &&
        refusal != SJ_REFUSAL_REQUEST && refusal != SJ_REFUSAL_SOD) {
        TRY(sj_alloc(1, sizeof(struct search), &memory));
        struct search *search = memory;
        search->with = with;
        search->texts = SJ_BUF(SJ_EXPLAIN_BYTES);
        sj_status status = collect_changes(search);
        if (!sj_failed(status)) {
            search_sets(search);
        }
        for (size_t i = 0; i < search->found_count && !sj_failed(status); i++) {
            sj_json_array(json, NULL);
            for (size_t c = 0; c < search->count && !sj_failed(status); c++) {
                if ((search->found[i] >> c & 1u) != 0) {
                    status = put_change(search, search->found[i], c, &scratch);
                    explain_raw(json, NULL, &scratch);
                }
            }
            sj_json_array_end(json);
        }
        sj_buf_clear(&search->texts);
        TRY(status);
    }
    sj_json_array_end(json);
    return SJ_DONE;
}
