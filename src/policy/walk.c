/* SPDX-License-Identifier: Apache-2.0
 *
 * Which rules of a list can matter to this request? If a rule were skipped that could refuse, it would be a hole: where the
 * request lacks the attribute of a key, a narrowing list is walked whole.
 */
#include "walk.h"

struct walk walk_begin(const struct sj_policy *policy, const struct policy_list *list, bool narrows,
    const struct decide_trace *trace)
{
    const bool all = trace != NULL;
    return (struct walk){.policy = policy,
        .list = list,
        .at = list->first,
        .end = list->first + list->plain + (all ? list->keyed : 0),
        .all = all,
        .narrows = narrows};
}

static uint32_t search(const uint64_t *hashes, uint32_t at, uint32_t end, uint64_t hash)
{
    while (at < end) {
        const uint32_t middle = at + (end - at) / 2;
        if (hashes[middle] < hash) {
            at = middle + 1;
        } else {
            end = middle;
        }
    }
    return at;
}

/* Hashes are spread evenly, so the place is nearly known: steps that double from there find its bounds. Any other
 * distribution costs a search through what is left. */
static uint32_t first_not_below(const uint64_t *hashes, uint32_t first, uint32_t end, uint64_t hash)
{
    const uint64_t count = end - first;
    uint32_t at = first + (uint32_t)((hash >> 32) * count >> 32);
    if (count < 16) {
        return search(hashes, first, end, hash);
    }
    uint32_t step = 4;
    if (hashes[at] < hash) {
        uint32_t low = at + 1;
        while (end - at > step && hashes[at + step] < hash) {
            low = at + step + 1;
            step *= 2;
        }
        return search(hashes, low, end - at > step ? at + step : end, hash);
    }
    while (at - first > step && hashes[at - step] >= hash) {
        at -= step;
        step *= 2;
    }
    return search(hashes, at - first > step ? at - step + 1 : first, at, hash);
}

static uint64_t key_hash(
    const struct cond_world *world, uint32_t key, const struct sj_attr_value *value)
{
    struct key_cache *kept = world->keys;
    for (uint32_t i = 0; kept != NULL && i < kept->count; i++) {
        if (kept->keys[i] == key) {
            return kept->hashes[i];
        }
    }
    const uint64_t hash = attr_hash(value);
    if (kept != NULL && kept->count < SJ_COUNT(kept->keys)) {
        kept->keys[kept->count] = key;
        kept->hashes[kept->count++] = hash;
    }
    return hash;
}

/* The rules of the next key whose literal is the request's value. */
static void walk_key(struct walk *walk, const struct cond_world *world)
{
    const struct policy_list *list = walk->list;
    const unsigned k = walk->key++;
    const struct cond_node reference = {.op = COND_REF,
        .place = (uint8_t)(list->keys[k] >> 16),
        .slot = (uint16_t)(list->keys[k] & 0xffffu)};
    const uint32_t start = list->first + list->key_first[k];
    const uint32_t end = list->first + list->key_first[k + 1];
    const struct sj_attr_value *slots = world->slots[reference.place];
    const struct sj_attr_value *value = slots == NULL ? NULL : &slots[reference.slot];
    if (value == NULL || value->kind == SJ_ATTR_NONE) {
        const bool now = reference.place == SJ_OF_CONTEXT && reference.slot == world->now_slot;
        value = now ? &world->now : NULL;
    }
    if (value == NULL) {
        walk->at = walk->narrows ? start : end;
        walk->end = end;
        return;
    }
    const uint64_t hash = key_hash(world, list->keys[k], value);
    walk->at = first_not_below(walk->policy->hashes, start, end, hash);
    walk->end = walk->at;
    while (walk->end < end && walk->policy->hashes[walk->end] == hash) {
        walk->end++;
    }
}

bool walk_next(struct walk *walk, const struct cond_world *world, uint32_t *ret_case)
{
    while (walk->at >= walk->end) {
        if (walk->all || walk->key >= walk->list->key_count) {
            return false;
        }
        walk_key(walk, world);
    }
    *ret_case = walk->policy->entries[walk->at++];
    return true;
}

void trace_note(struct decide_trace *trace, size_t file, uint32_t number, enum trace_why why)
{
    static const uint8_t rank[] = {[WHY_ROLE] = 0,
        [WHY_GRANT] = 1,
        [WHY_SCOPE] = 2,
        [WHY_PURPOSE] = 3,
        [WHY_WHEN] = 4,
        [WHY_QUIET] = 0,
        [WHY_ERROR] = 5,
        [WHY_MATCHED] = 6,
        [WHY_BLOCKED] = 6,
        [WHY_OVERRIDDEN] = 6};
    if (trace == NULL) {
        return;
    }
    uint32_t lo = 0;
    uint32_t hi = trace->count;
    while (lo < hi) {
        const uint32_t middle = lo + (hi - lo) / 2;
        const struct trace_case *one = &trace->cases[middle];
        if (one->file < file || (one->file == file && one->number < number)) {
            lo = middle + 1;
        } else {
            hi = middle;
        }
    }
    struct trace_case *one = &trace->cases[lo];
    SJ_ASSERT(lo < trace->count && one->file == file && one->number == number);
    if (rank[why] >= rank[one->why]) {
        one->why = (uint8_t)why;
    }
}

/* The pairs (action, case) of an action: sorted by policy_compile. */
static uint32_t first_pair(const struct sj_policy *policy, uint32_t action)
{
    uint32_t lo = 0;
    uint32_t hi = policy->action_case_count;
    while (lo < hi) {
        const uint32_t middle = lo + (hi - lo) / 2;
        if (policy->action_cases[2 * (size_t)middle] < action) {
            lo = middle + 1;
        } else {
            hi = middle;
        }
    }
    return lo;
}

uint32_t policy_trace_size(const struct sj_policy_set *set, uint32_t action)
{
    uint32_t size = 0;
    for (size_t file = 0; action != SJ_POLICY_NONE && file < set->file_count; file++) {
        const struct sj_policy *policy = set->files[file].policy;
        size += first_pair(policy, action + 1) - first_pair(policy, action);
    }
    return size;
}

void policy_trace_begin(
    const struct sj_policy_set *set, uint32_t action, struct decide_trace *trace)
{
    trace->count = 0;
    for (size_t file = 0; action != SJ_POLICY_NONE && file < set->file_count; file++) {
        const struct sj_policy *policy = set->files[file].policy;
        for (uint32_t at = first_pair(policy, action);
             at < policy->action_case_count && policy->action_cases[2 * (size_t)at] == action;
             at++) {
            const uint32_t number = policy->action_cases[2 * (size_t)at + 1];
            const bool permits =
                policy->rules[policy->cases[number].rule].effect == SJ_EFFECT_PERMIT;
            trace->cases[trace->count++] = (struct trace_case){.policy = policy,
                .number = number,
                .why = permits ? WHY_ROLE : WHY_QUIET,
                .file = (uint32_t)file};
        }
    }
}
