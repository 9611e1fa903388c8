/* SPDX-License-Identifier: Apache-2.0
 *
 * Which rules can matter for an action and a role? Lists made once: permits for each role (with what it inherits) and
 * action, narrowing rules and masks for each action. Rules whose condition needs "attribute equals literal" are sorted by
 * the literal's hash, so that ten thousand of them cost a decision no more than one.
 */
#include "document.h"
#include "engine_priv.h"

#define SLOT_OF(key) ((key)&0xffffu)

/* Eight bytes at a time; the compiler makes one load of them. */
static uint64_t word_of(const uint8_t *bytes)
{
    uint64_t word = 0;
    for (unsigned i = 0; i < 8; i++) {
        word |= (uint64_t)bytes[i] << (8 * i);
    }
    return word;
}

static uint64_t hash_bytes(uint64_t hash, const uint8_t *bytes, size_t len)
{
    uint64_t rest = len;
    for (; len >= 8; bytes += 8, len -= 8) {
        hash = (hash ^ word_of(bytes)) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= hash >> 32;
    }
    for (size_t i = 0; i < len; i++) {
        rest = rest << 8 | bytes[i];
    }
    return (hash ^ rest) * UINT64_C(0xff51afd7ed558ccd);
}

uint64_t attr_hash(const struct sj_attr_value *value)
{
    uint64_t hash = UINT64_C(0x9e3779b97f4a7c15) * (value->kind + 1u);
    if (value->kind == SJ_ATTR_STRING) {
        hash = hash_bytes(hash, (const uint8_t *)value->text.ptr, value->text.len);
    } else if (value->kind == SJ_ATTR_IP) {
        hash = hash_bytes(hash, value->ip, sizeof value->ip);
    } else {
        hash = (hash ^ (uint64_t)value->number) * UINT64_C(0xff51afd7ed558ccd);
    }
    hash = (hash ^ hash >> 32) * UINT64_C(0xc4ceb9fe1a85ec53);
    return hash ^ hash >> 29;
}

static bool take_key(struct sj_policy *policy, struct policy_case *one, uint32_t index)
{
    const struct cond_node *node = &policy->nodes[index];
    if (node->op != COND_EQ) {
        return false;
    }
    const struct cond_node *pair = &policy->nodes[node->first];
    for (uint32_t i = 0; i < 2; i++) {
        const struct cond_node *reference = &pair[i];
        const struct cond_node *literal = &pair[1 - i];
        if (reference->op == COND_REF && literal->op == COND_LITERAL &&
            literal->kind != SJ_ATTR_UNIT) {
            one->key_node = index;
            one->key_ref = (uint32_t)reference->place << 16 | reference->slot;
            one->key_hash = attr_hash(&literal->value);
            return true;
        }
    }
    return false;
}

static void find_key(struct sj_policy *policy, struct policy_case *one)
{
    if (one->when == COND_NONE || take_key(policy, one, one->when)) {
        return;
    }
    const struct cond_node *node = &policy->nodes[one->when];
    for (uint32_t i = 0; node->op == COND_AND && i < node->count; i++) {
        if (take_key(policy, one, node->first + i)) {
            return;
        }
    }
}

struct sorter {
    const struct policy_case *cases;
    struct policy_list *list;
};

static unsigned key_class(const struct policy_list *list, const struct policy_case *one)
{
    for (unsigned k = 0; one->key_node != COND_NONE && k < list->key_count; k++) {
        if (list->keys[k] == one->key_ref) {
            return k + 1;
        }
    }
    return 0;
}

static int compare_entries(const void *a, const void *b, void *user)
{
    const struct sorter *sorter = user;
    const uint32_t i = *(const uint32_t *)a;
    const uint32_t j = *(const uint32_t *)b;
    const struct policy_case *x = &sorter->cases[i];
    const struct policy_case *y = &sorter->cases[j];
    const unsigned p = key_class(sorter->list, x);
    const unsigned q = key_class(sorter->list, y);
    if (p != q) {
        return p < q ? -1 : 1;
    }
    if (p != 0 && x->key_hash != y->key_hash) {
        return x->key_hash < y->key_hash ? -1 : 1;
    }
    return i == j ? 0 : (i < j ? -1 : 1);
}

/* entries [first, entry_count) are the list; duplicates (a role reached twice) go. */
static void finish_list(struct sj_policy *policy, struct policy_list *list, uint32_t first)
{
    list->first = first;
    if (policy->entry_count == first) {
        return;
    }
    uint32_t *entries = policy->entries + first;
    uint32_t count = policy->entry_count - first;
    for (uint32_t i = 0; i < count; i++) {
        const struct policy_case *one = &policy->cases[entries[i]];
        if (one->key_node != COND_NONE && key_class(list, one) == 0 &&
            list->key_count < POLICY_KEYS) {
            list->keys[list->key_count++] = one->key_ref;
        }
    }
    struct sorter sorter = {policy->cases, list};
    if (count > 1) {
        qsort_r(entries, count, sizeof(uint32_t), compare_entries, &sorter);
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (kept == 0 || entries[kept - 1] != entries[i]) {
            entries[kept++] = entries[i];
        }
    }
    policy->entry_count = first + kept;
    for (uint32_t i = 0; i < kept; i++) {
        const struct policy_case *one = &policy->cases[entries[i]];
        const unsigned class = key_class(list, one);
        policy->hashes[first + i] = one->key_hash;
        list->plain += class == 0 ? 1 : 0;
        for (unsigned k = class; k < POLICY_KEYS + 1; k++) {
            list->key_first[k] = i + 1;
        }
    }
    list->keyed = kept - list->plain;
}

static sj_status add_entry(struct sj_policy *policy, uint32_t number)
{
    uint32_t cap = policy->entry_cap;
    TRY(policy_grow(policy->arena, &policy->entries, policy->entry_count, &cap, sizeof(uint32_t),
        POLICY_ENTRIES_MAX));
    TRY(policy_grow(policy->arena, &policy->hashes, policy->entry_count, &policy->entry_cap,
        sizeof(uint64_t), POLICY_ENTRIES_MAX));
    policy->entries[policy->entry_count++] = number;
    return SJ_DONE;
}

/* Pairs (action, case) of one action stand together after the sort. */
static int compare_pairs(const void *a, const void *b)
{
    const uint32_t *x = a;
    const uint32_t *y = b;
    if (x[0] != y[0]) {
        return x[0] < y[0] ? -1 : 1;
    }
    return x[1] == y[1] ? 0 : (x[1] < y[1] ? -1 : 1);
}

enum list_kind { LIST_GLASS, LIST_NARROWS, LIST_MASKS };

static bool belongs(const struct policy_rule *rule, enum list_kind kind)
{
    switch (kind) {
    case LIST_GLASS:
        return rule->break_glass;
    case LIST_NARROWS:
        return rule->effect == SJ_EFFECT_FORBID || rule->effect == SJ_EFFECT_REQUIRE;
    case LIST_MASKS:
        return rule->effect == SJ_EFFECT_MASK;
    }
    return false;
}

static sj_status list_kind(struct sj_policy *policy, const uint32_t *pairs, size_t count,
    enum list_kind kind, struct policy_list *list)
{
    const uint32_t first = policy->entry_count;
    for (size_t i = 0; i < count; i++) {
        const uint32_t number = pairs[2 * i + 1];
        if (belongs(&policy->rules[policy->cases[number].rule], kind)) {
            TRY(add_entry(policy, number));
        }
    }
    finish_list(policy, list, first);
    return SJ_DONE;
}

static bool reaches(const struct sj_role_set *closure, const struct sj_role_set *roles)
{
    uint64_t common = 0;
    for (size_t i = 0; i < SJ_POLICY_ROLES / 64; i++) {
        common |= closure->bits[i] & roles->bits[i];
    }
    return common != 0;
}

static sj_status list_action(
    struct sj_policy *policy, const uint32_t *pairs, size_t count, uint32_t action)
{
    TRY(list_kind(policy, pairs, count, LIST_GLASS, &policy->glass[action]));
    TRY(list_kind(policy, pairs, count, LIST_NARROWS, &policy->narrows[action]));
    TRY(list_kind(policy, pairs, count, LIST_MASKS, &policy->masks[action]));
    const struct sj_policy *root = policy->root;
    for (uint32_t role = 0; role < root->role_count; role++) {
        const uint32_t first = policy->entry_count;
        for (size_t i = 0; i < count; i++) {
            const struct policy_rule *rule = &policy->rules[policy->cases[pairs[2 * i + 1]].rule];
            if (rule->effect != SJ_EFFECT_PERMIT || rule->break_glass) {
                continue;
            }
            policy->states_permit[action] = true;
            if (reaches(&root->roles[role].closure, &rule->roles)) {
                TRY(add_entry(policy, pairs[2 * i + 1]));
            }
        }
        finish_list(policy, &policy->permits[(size_t)action * root->role_count + role], first);
    }
    return SJ_DONE;
}

static sj_status new_lists(struct sj_policy *policy, size_t count, struct policy_list **ret)
{
    void *memory = NULL;
    TRY(sj_arena_alloc(policy->arena, (count + 1) * sizeof(struct policy_list), &memory));
    *ret = memory;
    return SJ_DONE;
}

sj_status policy_compile(struct sj_policy *policy, struct sj_policy_fault *fault)
{
    (void)fault;
    const struct sj_policy *root = policy->root;
    const size_t actions = root->action_count;
    TRY(new_lists(policy, actions * root->role_count, &policy->permits));
    TRY(new_lists(policy, actions, &policy->glass));
    TRY(new_lists(policy, actions, &policy->narrows));
    TRY(new_lists(policy, actions, &policy->masks));
    void *memory = NULL;
    TRY(sj_arena_alloc(policy->arena, actions + 1, &memory));
    policy->states_permit = memory;
    for (uint32_t i = 0; i < policy->case_count; i++) {
        find_key(policy, &policy->cases[i]);
    }
    uint32_t *pairs = policy->action_cases;
    const size_t count = policy->action_case_count;
    if (count > 1) {
        qsort(pairs, count, 2 * sizeof(uint32_t), compare_pairs);
    }
    for (size_t first = 0; first < count;) {
        size_t end = first;
        while (end < count && pairs[2 * end] == pairs[2 * first]) {
            end++;
        }
        TRY(list_action(policy, pairs + 2 * first, end - first, pairs[2 * first]));
        first = end;
    }
    return SJ_DONE;
}
