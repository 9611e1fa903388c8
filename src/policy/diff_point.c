/* SPDX-License-Identifier: Apache-2.0
 *
 * In what do two decisions about one request differ? Fields are matched by name, requirements by what they ask.
 */
#include "diff_priv.h"

#define KEYS_MAX (SJ_DECISION_RULES + SJ_DECISION_OBLIGATIONS)

struct keys {
    struct sj_text items[KEYS_MAX];
    uint32_t count;
};

struct compare {
    struct sj_policy_diff *diff;
    const struct space_question *question;
    const struct diff_found *known;
    struct diff_found *found;
    const struct policy_type *types[2]; /* NULL: the side has no such action */
    const struct space_point *point;
    struct sj_policy_decision decisions[2];
    const char *roles;
    const char *action;
    bool more; /* a decision had more rules than it can name */
};

static const char *words_of(const struct sj_policy_decision *decision, struct sj_buf *out)
{
    sj_buf_reset(out);
    const char *text = "";
    sj_status status = sj_buf_put_str(out, decision->permit ? "permitted" : "refused ");
    if (!sj_failed(status) && !decision->permit) {
        status = sj_buf_put_str(out, decision->code);
    }
    if (!sj_failed(status)) {
        status = sj_buf_cstr(out, &text);
    }
    return sj_failed(status) ? "" : text;
}

static const struct policy_type *type_with(
    const struct compare *compare, bool widened, struct sj_text field, uint32_t *ret_class)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct policy_type *type = compare->types[(widened ? AFTER : BEFORE) ^ i];
        for (uint32_t c = 0; type != NULL && c < type->class_count; c++) {
            for (uint32_t f = 0; f < type->field_count; f++) {
                if ((type->classes[c].fields >> f & 1u) != 0 &&
                    sj_text_is(field, type->fields[f])) {
                    *ret_class = c < DIFF_CLASSES - 1 ? c : DIFF_CLASSES - 1;
                    return type;
                }
            }
        }
    }
    *ret_class = 0;
    return NULL;
}

static sj_status found(struct compare *compare, bool widened, enum sj_diff_kind kind,
    const char *field, const char *before, const char *after)
{
    uint32_t number = 0;
    const struct policy_type *type =
        field[0] == '\0' ? NULL : type_with(compare, widened, sj_text_of(field), &number);
    const uint64_t bit = UINT64_C(1) << number;
    uint64_t *bits = &compare->found->bits[widened][kind];
    bool told = ((*bits | compare->known->bits[widened][kind]) & bit) != 0;
    *bits |= bit;
    if (kind == SJ_DIFF_SORT || kind == SJ_DIFF_FILTER || kind == SJ_DIFF_AGGREGATE) {
        /* Goes with what is read or masked: told once. */
        told = told || ((compare->found->bits[widened][SJ_DIFF_READ] |
                            compare->found->bits[widened][SJ_DIFF_MASK]) &
                           bit) != 0;
    }
    if (told || (compare->diff->ceiling && !widened)) {
        return SJ_DONE;
    }
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(1u << 20);
    struct sj_diff_cell cell = {.widened = widened,
        .proven = true,
        .kind = kind,
        .roles = compare->roles,
        .action = compare->action,
        .class = type == NULL ? "" : type->classes[number].name};
    TRY(space_write(compare->point, &text));
    TRY(diff_keep(compare->diff, &text, &cell.example));
    sj_buf_reset(&text);
    TRY(sj_buf_put_str(&text, before));
    TRY(diff_keep(compare->diff, &text, &cell.before));
    sj_buf_reset(&text);
    TRY(sj_buf_put_str(&text, after));
    TRY(diff_keep(compare->diff, &text, &cell.after));
    return diff_add(compare->diff, &cell);
}

/* ---- fields ---- */

static bool has_field(
    const struct compare *compare, unsigned side, const char *name, uint64_t bits, uint32_t *ret)
{
    const struct policy_type *type = compare->types[side];
    for (uint32_t f = 0; type != NULL && f < type->field_count; f++) {
        if (strcmp(type->fields[f], name) == 0) {
            *ret = f;
            return (bits >> f & 1u) != 0;
        }
    }
    return false;
}

static uint64_t bits_of(const struct sj_policy_decision *decision, enum sj_diff_kind kind)
{
    switch (kind) {
    case SJ_DIFF_READ:
        return decision->read;
    case SJ_DIFF_WRITE:
        return decision->write;
    case SJ_DIFF_SORT:
        return decision->sort;
    case SJ_DIFF_FILTER:
        return decision->filter;
    case SJ_DIFF_AGGREGATE:
        return decision->aggregate;
    case SJ_DIFF_PERMIT:
    case SJ_DIFF_MASK:
    case SJ_DIFF_REQUIRE:
    case SJ_DIFF_REACH:
    case SJ_DIFF_LIMIT:
        break;
    }
    return 0;
}

static sj_status compare_field(
    struct compare *compare, enum sj_diff_kind kind, unsigned from, const char *name)
{
    uint32_t mine = 0;
    uint32_t theirs = 0;
    const struct sj_policy_decision *a = &compare->decisions[from];
    const struct sj_policy_decision *b = &compare->decisions[1 - from];
    const bool has = has_field(compare, from, name, bits_of(a, kind), &mine);
    const bool other = has_field(compare, 1 - from, name, bits_of(b, kind), &theirs);
    if (has && !other) {
        return found(compare, from == AFTER, kind, name, from == AFTER ? "no" : "yes",
            from == AFTER ? "yes" : "no");
    }
    if (!has || from != AFTER || kind != SJ_DIFF_READ) {
        return SJ_DONE;
    }
    const unsigned now = (a->masked >> mine & 1u) != 0 ? a->how[mine] : SJ_HOW_NONE;
    const unsigned was = (b->masked >> theirs & 1u) != 0 ? b->how[theirs] : SJ_HOW_NONE;
    if (now == was) {
        return SJ_DONE;
    }
    return found(compare, now < was, SJ_DIFF_MASK, name,
        was == SJ_HOW_NONE ? "shown" : sj_how_name((enum sj_how)was),
        now == SJ_HOW_NONE ? "shown" : sj_how_name((enum sj_how)now));
}

static sj_status compare_fields(struct compare *compare)
{
    static const enum sj_diff_kind kinds[] = {
        SJ_DIFF_READ, SJ_DIFF_WRITE, SJ_DIFF_SORT, SJ_DIFF_FILTER, SJ_DIFF_AGGREGATE};
    for (unsigned side = 0; side < 2; side++) {
        const struct policy_type *type = compare->types[side];
        for (size_t k = 0; k < SJ_COUNT(kinds); k++) {
            if (bits_of(&compare->decisions[side], kinds[k]) == 0) {
                continue;
            }
            for (uint32_t f = 0; type != NULL && f < type->field_count; f++) {
                TRY(compare_field(compare, kinds[k], side, type->fields[f]));
            }
        }
    }
    return SJ_DONE;
}

/* ---- requirements ---- */

static const struct policy_rule *rule_of(const struct sj_policy_set *set, const char *id)
{
    for (size_t f = 0; f < set->file_count; f++) {
        for (uint32_t i = 0; i < set->files[f].policy->rule_count; i++) {
            if (set->files[f].policy->rules[i].id == id) {
                return &set->files[f].policy->rules[i];
            }
        }
    }
    return NULL;
}

/* What a decision asks for: obligations, and open requirements that name none. */
static void list_keys(struct compare *compare, unsigned side, struct keys *out)
{
    const struct sj_policy_decision *decision = &compare->decisions[side];
    out->count = 0;
    compare->more = compare->more || (decision->more && decision->refusal == SJ_REFUSAL_REQUIRE) ||
                    decision->obligation_count == SJ_DECISION_OBLIGATIONS;
    for (uint32_t i = 0; i < decision->obligation_count; i++) {
        out->items[out->count++] = decision->obligations[i]->text;
    }
    for (uint32_t i = 0; decision->refusal == SJ_REFUSAL_REQUIRE && i < decision->by_count; i++) {
        const struct policy_rule *rule =
            rule_of(compare->question->sides[side].set, decision->by[i]);
        if (rule != NULL && rule->oblige == NULL) {
            out->items[out->count++] = rule->text;
        }
    }
}

static const struct sj_text *missing_key(const struct keys *from, const struct keys *in)
{
    for (uint32_t i = 0; i < from->count; i++) {
        bool there = false;
        for (uint32_t k = 0; k < in->count; k++) {
            there = there || sj_text_equal(from->items[i], in->items[k]);
        }
        if (!there) {
            return &from->items[i];
        }
    }
    return NULL;
}

static sj_status compare_keys(struct compare *compare)
{
    struct keys before;
    struct keys after;
    list_keys(compare, BEFORE, &before);
    list_keys(compare, AFTER, &after);
    const struct sj_text *fallen = missing_key(&before, &after);
    const struct sj_text *added = missing_key(&after, &before);
    if (fallen != NULL) {
        TRY(found(compare, true, SJ_DIFF_REQUIRE, "", fallen->ptr, "not asked"));
    }
    return added == NULL ? SJ_DONE
                         : found(compare, false, SJ_DIFF_REQUIRE, "", "not asked", added->ptr);
}

/* ---- one request ---- */

static unsigned level(const struct sj_policy_decision *decision)
{
    return decision->permit ? 2 : (decision->refusal == SJ_REFUSAL_REQUIRE ? 1 : 0);
}

static const char *reach_name(enum sj_reach reach)
{
    static const char *const names[] = {"none", "self", "file", "unit", "subtree", "all"};
    return names[reach];
}

static void decide_side(struct compare *compare, unsigned side)
{
    const struct space_side *of = &compare->question->sides[side];
    compare->decisions[side] = (struct sj_policy_decision){.code = "E_BAD_REQUEST", .rule = ""};
    if (of->action != SJ_POLICY_NONE) {
        sj_policy_set_decide(of->set, &compare->point->request[side], &compare->decisions[side]);
    }
}

static sj_status compare_point(void *user, const struct space_point *point, bool *ret_stop)
{
    (void)ret_stop;
    struct compare *compare = user;
    compare->point = point;
    decide_side(compare, BEFORE);
    decide_side(compare, AFTER);
    const struct sj_policy_decision *before = &compare->decisions[BEFORE];
    const struct sj_policy_decision *after = &compare->decisions[AFTER];
    if (level(before) != level(after)) {
        CLEANUP(sj_buf_clear) struct sj_buf was = SJ_BUF(1024);
        CLEANUP(sj_buf_clear) struct sj_buf now = SJ_BUF(1024);
        TRY(found(compare, level(after) > level(before), SJ_DIFF_PERMIT, "", words_of(before, &was),
            words_of(after, &now)));
    } else if (level(before) > 0) {
        TRY(compare_keys(compare));
    }
    if (before->permit && after->permit && compare->question->reach_only &&
        before->reach != after->reach) {
        TRY(found(compare, after->reach > before->reach, SJ_DIFF_REACH, "",
            reach_name(before->reach), reach_name(after->reach)));
    }
    return compare_fields(compare);
}

static sj_status put_roles(const struct space_question *question, struct sj_buf *out)
{
    TRY(sj_buf_put_byte(out, '['));
    for (size_t i = 0; i < question->grant_count; i++) {
        TRY(sj_buf_put_str(out, i == 0 ? "" : ","));
        TRY(policy_put_text(out, sj_text_of(question->grants[i].role)));
    }
    return sj_buf_put_byte(out, ']');
}

static sj_status not_proven(struct compare *compare)
{
    compare->found->bits[true][SJ_DIFF_PERMIT] |= 1;
    if ((compare->known->bits[true][SJ_DIFF_PERMIT] & 1u) != 0) {
        return SJ_DONE;
    }
    const struct sj_diff_cell cell = {.widened = true,
        .kind = SJ_DIFF_PERMIT,
        .roles = compare->roles,
        .action = compare->action,
        .class = "",
        .before = "",
        .after = "not proven",
        .example = ""};
    return diff_add(compare->diff, &cell);
}

sj_status diff_question(struct sj_policy_diff *diff, const struct space_question *question,
    const struct diff_found *known, struct diff_found *out)
{
    struct compare compare = {.diff = diff, .question = question, .known = known, .found = out};
    for (unsigned side = 0; side < 2; side++) {
        const uint32_t action = question->sides[side].action;
        const struct sj_policy *root = diff->roots[side];
        if (action != SJ_POLICY_NONE) {
            compare.types[side] = &root->types[root->actions[action].type];
            compare.action = root->actions[action].name;
        }
    }
    CLEANUP(sj_buf_clear) struct sj_buf roles = SJ_BUF(65536);
    TRY(put_roles(question, &roles));
    TRY(diff_keep(diff, &roles, &compare.roles));
    CLEANUP(space_free) struct space *space = NULL;
    bool proven = false;
    TRY(space_new(question, &space, &proven));
    if (proven) {
        TRY(space_each(space, compare_point, &compare));
    }
    return proven && !compare.more ? SJ_DONE : not_proven(&compare);
}
