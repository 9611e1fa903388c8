/* SPDX-License-Identifier: Apache-2.0
 *
 * Which limits outside the rules did a version loosen? Days and holders of roles, who may assign them, separation of duty,
 * break-glass, delegation, signatures. A limit that falls is widened, one that appears is narrowed.
 */
#include "diff_priv.h"

struct limit {
    struct sj_policy_diff *diff;
    const char *section; /* "/roles/" */
    const char *name;    /* of the role or constraint, "" */
};

static sj_status told(const struct limit *limit, bool widened, const char *member,
    const char *before, const char *after)
{
    if (strcmp(before, after) == 0) {
        return SJ_DONE;
    }
    struct sj_diff_cell cell = {.widened = widened,
        .proven = true,
        .kind = SJ_DIFF_LIMIT,
        .roles = "[]",
        .action = "",
        .example = ""};
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(65536);
    TRY(sj_buf_put_str(&text, limit->section));
    TRY(sj_buf_put_str(&text, limit->name));
    TRY(sj_buf_put_str(&text, limit->name[0] == '\0' || member[0] == '\0' ? "" : "/"));
    TRY(sj_buf_put_str(&text, member));
    TRY(diff_keep(limit->diff, &text, &cell.class));
    sj_buf_reset(&text);
    TRY(sj_buf_put_str(&text, before));
    TRY(diff_keep(limit->diff, &text, &cell.before));
    sj_buf_reset(&text);
    TRY(sj_buf_put_str(&text, after));
    TRY(diff_keep(limit->diff, &text, &cell.after));
    return diff_add(limit->diff, &cell);
}

/* zero_is_none: 0 stands for no limit. more_is_wider: of two numbers. */
static sj_status number(const struct limit *limit, const char *member, uint32_t before,
    uint32_t after, bool zero_is_none, bool more_is_wider)
{
    char was[16];
    char now[16];
    snprintf(was, sizeof was, "%u", before);
    snprintf(now, sizeof now, "%u", after);
    const uint64_t a = zero_is_none && before == 0 ? UINT64_MAX : before;
    const uint64_t b = zero_is_none && after == 0 ? UINT64_MAX : after;
    return told(limit, more_is_wider ? b > a : b < a, member,
        zero_is_none && before == 0 ? "none" : was, zero_is_none && after == 0 ? "none" : now);
}

/* A flag that limits: to lose it widens. */
static sj_status flag(const struct limit *limit, const char *member, bool before, bool after)
{
    return told(limit, !after, member, before ? "true" : "false", after ? "true" : "false");
}

static sj_status put_set(
    const struct sj_policy *root, const struct sj_role_set *set, struct sj_buf *out)
{
    TRY(sj_buf_put_byte(out, '['));
    bool some = false;
    for (uint32_t i = 0; i < root->role_count; i++) {
        if (sj_role_set_has(set, i)) {
            TRY(sj_buf_put_str(out, some ? " " : ""));
            TRY(sj_buf_put_str(out, root->roles[i].name));
            some = true;
        }
    }
    TRY(sj_buf_put_byte(out, ']'));
    return sj_buf_put_byte(out, '\0');
}

/* Is every role of a, by name, one of b? */
static bool within(const struct sj_policy *of_a, const struct sj_role_set *a,
    const struct sj_policy *of_b, const struct sj_role_set *b)
{
    for (uint32_t i = 0; i < of_a->role_count; i++) {
        const uint32_t there = sj_policy_role_number(of_b, sj_text_of(of_a->roles[i].name));
        if (sj_role_set_has(a, i) && (there == SJ_POLICY_NONE || !sj_role_set_has(b, there))) {
            return false;
        }
    }
    return true;
}

/* more_is_wider: who may, else who is held apart or told. */
static sj_status role_set(const struct limit *limit, const char *member,
    const struct sj_role_set *before, const struct sj_role_set *after, bool more_is_wider)
{
    const struct sj_policy *a = limit->diff->roots[BEFORE];
    const struct sj_policy *b = limit->diff->roots[AFTER];
    const bool added = !within(b, after, a, before);
    const bool gone = !within(a, before, b, after);
    if (!added && !gone) {
        return SJ_DONE;
    }
    CLEANUP(sj_buf_clear) struct sj_buf was = SJ_BUF(65536);
    CLEANUP(sj_buf_clear) struct sj_buf now = SJ_BUF(65536);
    TRY(put_set(a, before, &was));
    TRY(put_set(b, after, &now));
    return told(
        limit, more_is_wider ? added : gone, member, (const char *)was.ptr, (const char *)now.ptr);
}

/* ---- roles ---- */

static sj_status limits_of_role(struct sj_policy_diff *diff, const char *name)
{
    const struct limit limit = {diff, "/roles/", name};
    const uint32_t a = sj_policy_role_number(diff->roots[BEFORE], sj_text_of(name));
    const uint32_t b = sj_policy_role_number(diff->roots[AFTER], sj_text_of(name));
    if (a == SJ_POLICY_NONE || b == SJ_POLICY_NONE) {
        /* A new role's permits are cells of their own; one that goes takes nothing but its own. */
        return told(&limit, a == SJ_POLICY_NONE, "", a == SJ_POLICY_NONE ? "none" : "a role",
            b == SJ_POLICY_NONE ? "none" : "a role");
    }
    const struct sj_policy_role *was = &diff->roots[BEFORE]->roles[a];
    const struct sj_policy_role *now = &diff->roots[AFTER]->roles[b];
    TRY(role_set(&limit, "inherits", &was->closure, &now->closure, true));
    TRY(role_set(&limit, "assignable", &was->assignable, &now->assignable, true));
    TRY(number(&limit, "max_days", was->max_days, now->max_days, true, true));
    TRY(number(&limit, "recertify_days", was->recertify_days, now->recertify_days, true, true));
    TRY(number(&limit, "max_holders", was->max_holders, now->max_holders, true, true));
    TRY(number(&limit, "activation/max_minutes", was->max_minutes, now->max_minutes, true, true));
    TRY(number(&limit, "activation/acr", was->activation_acr, now->activation_acr, false, false));
    TRY(flag(&limit, "activation/mode", was->on_demand, now->on_demand));
    TRY(flag(&limit, "never_self", was->never_self, now->never_self));
    TRY(flag(&limit, "read_only", was->read_only, now->read_only));
    return flag(&limit, "only_via", was->only_via_break_glass, now->only_via_break_glass);
}

/* ---- separation of duty ---- */

static const struct sj_policy_sod *sod_named(const struct sj_policy *root, const char *id)
{
    for (uint32_t i = 0; i < root->sod_count; i++) {
        if (strcmp(root->sods[i].id, id) == 0) {
            return &root->sods[i];
        }
    }
    return NULL;
}

static bool has_actions(const struct sj_policy *of_a, const struct sj_policy_sod *a,
    const struct sj_policy *of_b, const struct sj_policy_sod *b)
{
    for (uint32_t i = 0; i < a->action_count; i++) {
        bool there = false;
        for (uint32_t k = 0; k < b->action_count; k++) {
            there = there || strcmp(of_a->actions[a->actions[i]].name,
                                 of_b->actions[b->actions[k]].name) == 0;
        }
        if (!there) {
            return false;
        }
    }
    return true;
}

static sj_status limits_of_sod(
    struct sj_policy_diff *diff, const struct sj_policy_sod *was, const struct sj_policy_sod *now)
{
    static const char *const kinds[] = {"static", "dynamic", "object"};
    static const char *const spans[] = {"all_units", "same_unit"};
    const struct limit limit = {diff, "/sod/", was != NULL ? was->id : now->id};
    if (was == NULL || now == NULL) {
        return told(&limit, now == NULL, "", was == NULL ? "none" : "a constraint",
            now == NULL ? "none" : "a constraint");
    }
    TRY(told(&limit, true, "kind", kinds[was->kind], kinds[now->kind]));
    TRY(told(&limit, now->span == SJ_SOD_SAME_UNIT, "span", spans[was->span], spans[now->span]));
    TRY(number(&limit, "n", was->n, now->n, false, true));
    TRY(role_set(&limit, "roles", &was->roles, &now->roles, false));
    const bool gone = !has_actions(diff->roots[BEFORE], was, diff->roots[AFTER], now);
    const bool added = !has_actions(diff->roots[AFTER], now, diff->roots[BEFORE], was);
    return gone || added ? told(&limit, gone, "actions", "other actions", "its actions") : SJ_DONE;
}

static sj_status limits_of_sods(struct sj_policy_diff *diff)
{
    const struct sj_policy *before = diff->roots[BEFORE];
    const struct sj_policy *after = diff->roots[AFTER];
    for (uint32_t i = 0; i < before->sod_count; i++) {
        TRY(limits_of_sod(diff, &before->sods[i], sod_named(after, before->sods[i].id)));
    }
    for (uint32_t i = 0; i < after->sod_count; i++) {
        if (sod_named(before, after->sods[i].id) == NULL) {
            TRY(limits_of_sod(diff, NULL, &after->sods[i]));
        }
    }
    return SJ_DONE;
}

/* ---- sections ---- */

/* Rules that break-glass does not set aside, by id. */
static bool stands(const struct sj_policy *root, const char *id)
{
    for (uint32_t i = 0; i < root->rule_count; i++) {
        if (strcmp(root->rules[i].id, id) == 0) {
            return root->rules[i].stands;
        }
    }
    return false;
}

static sj_status limits_of_stands(struct sj_policy_diff *diff)
{
    const struct sj_policy *sides[2] = {diff->roots[BEFORE], diff->roots[AFTER]};
    for (unsigned side = 0; side < 2; side++) {
        for (uint32_t i = 0; i < sides[side]->rule_count; i++) {
            const char *id = sides[side]->rules[i].id;
            const struct limit limit = {diff, "/break_glass/cannot_override/", id};
            if (sides[side]->rules[i].stands && !stands(sides[1 - side], id)) {
                TRY(told(&limit, side == BEFORE, "", side == BEFORE ? "stands" : "set aside",
                    side == BEFORE ? "set aside" : "stands"));
            }
        }
    }
    return SJ_DONE;
}

static sj_status limits_of_glass(struct sj_policy_diff *diff)
{
    const struct limit limit = {diff, "/break_glass/", ""};
    const struct sj_policy_break_glass *was = &diff->roots[BEFORE]->break_glass;
    const struct sj_policy_break_glass *now = &diff->roots[AFTER]->break_glass;
    if (!was->given || !now->given) {
        return told(
            &limit, now->given, "", was->given ? "given" : "none", now->given ? "given" : "none");
    }
    TRY(told(&limit, true, "grants_role", diff->roots[BEFORE]->roles[was->grants_role].name,
        diff->roots[AFTER]->roles[now->grants_role].name));
    TRY(role_set(&limit, "who", &was->who, &now->who, true));
    TRY(role_set(&limit, "notify", &was->notify, &now->notify, false));
    TRY(number(&limit, "minutes", was->minutes, now->minutes, false, true));
    TRY(number(&limit, "needs/acr", was->acr, now->acr, false, false));
    TRY(number(&limit, "needs/reason_min_chars", was->reason_min_chars, now->reason_min_chars,
        false, false));
    TRY(number(&limit, "review_hours", was->review_hours, now->review_hours, false, true));
    return limits_of_stands(diff);
}

static sj_status limits_of_delegation(struct sj_policy_diff *diff)
{
    const struct limit limit = {diff, "/delegation/", ""};
    const struct sj_policy_delegation *was = &diff->roots[BEFORE]->delegation;
    const struct sj_policy_delegation *now = &diff->roots[AFTER]->delegation;
    if (!was->given || !now->given) {
        return told(
            &limit, now->given, "", was->given ? "given" : "none", now->given ? "given" : "none");
    }
    TRY(role_set(&limit, "roles", &was->roles, &now->roles, true));
    TRY(number(&limit, "max_days", was->max_days, now->max_days, false, true));
    TRY(number(&limit, "depth", was->depth, now->depth, false, true));
    return flag(&limit, "sod_applies", was->sod_applies, now->sod_applies);
}

static sj_status limits_of_activation(struct sj_policy_diff *diff)
{
    const struct limit limit = {diff, "/activation/", ""};
    const struct sj_policy *before = diff->roots[BEFORE];
    const struct sj_policy *after = diff->roots[AFTER];
    const struct sj_policy_activation *was = &before->activation;
    const struct sj_policy_activation *now = &after->activation;
    TRY(number(&limit, "signatures/need", was->need, now->need, false, false));
    TRY(number(
        &limit, "if_widening/need", was->need_if_widening, now->need_if_widening, false, false));
    TRY(told(&limit, true, "signatures/from_role",
        was->from_role == SJ_POLICY_NONE ? "anybody" : before->roles[was->from_role].name,
        now->from_role == SJ_POLICY_NONE ? "anybody" : after->roles[now->from_role].name));
    TRY(flag(&limit, "signatures/distinct_from_author", was->distinct_from_author,
        now->distinct_from_author));
    TRY(number(
        &limit, "min_rule_coverage", was->min_rule_coverage, now->min_rule_coverage, false, false));
    return number(&limit, "shadow_minutes", was->shadow_minutes, now->shadow_minutes, false, false);
}

sj_status diff_limits(struct sj_policy_diff *diff)
{
    for (uint32_t i = 0; i < diff->role_count; i++) {
        TRY(limits_of_role(diff, diff->roles[i]));
    }
    TRY(limits_of_sods(diff));
    TRY(limits_of_glass(diff));
    TRY(limits_of_delegation(diff));
    return limits_of_activation(diff);
}
