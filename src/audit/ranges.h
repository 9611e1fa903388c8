/* SPDX-License-Identifier: Apache-2.0
 *
 * A set of numbers as ranges, for what is missing from a log and what was said to be. Bounded.
 */
#ifndef SJ_AUDIT_RANGES_H
#define SJ_AUDIT_RANGES_H

#include "sanjeh/base/memory.h"
#include "sanjeh/base/view.h"

struct sj_range {
    uint64_t first;
    uint64_t last;
};

struct sj_ranges {
    struct sj_range *list; /* ascending, never touching each other */
    size_t count;
    size_t capacity;
};

void sj_ranges_clear(struct sj_ranges *ranges);
/* first to last, both included. Errors: LIMIT_EXCEEDED (65,536 ranges). */
SJ_MUST_CHECK sj_status sj_ranges_add(struct sj_ranges *ranges, uint64_t first, uint64_t last);
/* Number i of the ranges, ascending; i below count. */
void sj_ranges_at(
    const struct sj_ranges *ranges, size_t i, uint64_t *ret_first, uint64_t *ret_last);
/* "4,7-9", all below `below`. *ret_good false: it is no such list; what stood before the fault may be in. */
SJ_MUST_CHECK sj_status sj_ranges_add_list(
    struct sj_ranges *ranges, struct sj_text list, uint64_t below, bool *ret_good);
/* The smallest number in ranges that is not in others. False: there is none. */
bool sj_ranges_find_outside(
    const struct sj_ranges *ranges, const struct sj_ranges *others, uint64_t *ret_number);

#endif
