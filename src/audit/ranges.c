/* SPDX-License-Identifier: Apache-2.0
 *
 * Which numbers are in the set? Sorted ranges; what touches becomes one.
 */
#include "ranges.h"

#include "sanjeh/base/parse.h"

#define RANGES_MAX 65536u

void sj_ranges_clear(struct sj_ranges *ranges)
{
    sj_free(ranges->list);
    *ranges = (struct sj_ranges){NULL, 0, 0};
}

static sj_status grow(struct sj_ranges *ranges)
{
    const size_t capacity = ranges->capacity == 0 ? 16 : ranges->capacity * 2;
    void *memory = NULL;
    ENSURE(ranges->count < RANGES_MAX, LIMIT_EXCEEDED);
    TRY(sj_alloc(capacity, sizeof(struct sj_range), &memory));
    struct sj_range *list = memory;
    for (size_t i = 0; i < ranges->count; i++) {
        list[i] = ranges->list[i];
    }
    sj_free(ranges->list);
    ranges->list = list;
    ranges->capacity = capacity;
    return SJ_DONE;
}

/* Number of ranges that end before number and do not touch it. */
static size_t place_of(const struct sj_ranges *ranges, uint64_t number)
{
    size_t low = 0;
    size_t high = ranges->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (ranges->list[middle].last < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

sj_status sj_ranges_add(struct sj_ranges *ranges, uint64_t first, uint64_t last)
{
    ENSURE(first <= last && last < UINT64_MAX, INVALID);
    const size_t at = place_of(ranges, first == 0 ? 0 : first - 1);
    size_t end = at; /* ranges at .. end - 1 become part of this one */
    for (; end < ranges->count && ranges->list[end].first <= last + 1; end++) {
        const struct sj_range *met = &ranges->list[end];
        first = met->first < first ? met->first : first;
        last = met->last > last ? met->last : last;
    }
    if (end == at) {
        TRY(ranges->count == ranges->capacity ? grow(ranges) : SJ_DONE);
        for (size_t i = ranges->count; i > at; i--) {
            ranges->list[i] = ranges->list[i - 1];
        }
        ranges->count++;
    } else {
        const size_t gone = end - at - 1;
        for (size_t i = end; i < ranges->count; i++) {
            ranges->list[i - gone] = ranges->list[i];
        }
        ranges->count -= gone;
    }
    ranges->list[at] = (struct sj_range){first, last};
    return SJ_DONE;
}

void sj_ranges_at(const struct sj_ranges *ranges, size_t i, uint64_t *ret_first, uint64_t *ret_last)
{
    *ret_first = ranges->list[i].first;
    *ret_last = ranges->list[i].last;
}

bool sj_ranges_find_outside(
    const struct sj_ranges *ranges, const struct sj_ranges *others, uint64_t *ret_number)
{
    for (size_t i = 0; i < ranges->count; i++) {
        const struct sj_range *range = &ranges->list[i];
        const size_t at = place_of(others, range->first);
        const bool is_in = at < others->count && others->list[at].first <= range->first;
        if (!is_in || others->list[at].last < range->last) {
            *ret_number = is_in ? others->list[at].last + 1 : range->first;
            return true;
        }
    }
    return false;
}

/* "4", or "7-9": below `below`. */
static bool read_range(struct sj_text item, uint64_t below, struct sj_range *ret_range)
{
    const char *dash = memchr(item.ptr, '-', item.len);
    const struct sj_text from = {item.ptr, dash == NULL ? item.len : (size_t)(dash - item.ptr)};
    if (sj_failed(sj_parse_u64(from, 0, INT64_MAX, &ret_range->first))) {
        return false;
    }
    ret_range->last = ret_range->first;
    if (dash != NULL) {
        const struct sj_text to = {dash + 1, item.len - from.len - 1};
        if (sj_failed(sj_parse_u64(to, 0, INT64_MAX, &ret_range->last))) {
            return false;
        }
    }
    return ret_range->first <= ret_range->last && ret_range->last < below;
}

sj_status sj_ranges_add_list(
    struct sj_ranges *ranges, struct sj_text list, uint64_t below, bool *ret_good)
{
    *ret_good = true;
    while (list.len != 0) {
        const char *comma = memchr(list.ptr, ',', list.len);
        const size_t len = comma != NULL ? (size_t)(comma - list.ptr) : list.len;
        struct sj_range range;
        *ret_good = read_range((struct sj_text){list.ptr, len}, below, &range);
        if (!*ret_good) {
            return SJ_DONE;
        }
        TRY(sj_ranges_add(ranges, range.first, range.last));
        list.ptr += comma != NULL ? len + 1 : len;
        list.len -= comma != NULL ? len + 1 : len;
    }
    return SJ_DONE;
}
