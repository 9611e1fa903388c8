/* SPDX-License-Identifier: Apache-2.0
 *
 * Walks the cases of one list that can matter to a request: all plain ones, and of the keyed ones those whose literal
 * is what the request says.
 */
#ifndef SJ_POLICY_WALK_H
#define SJ_POLICY_WALK_H

#include "engine_priv.h"

struct walk {
    const struct sj_policy *policy;
    const struct policy_list *list;
    uint32_t at;
    uint32_t end;
    uint8_t key;
    bool all;
    bool narrows; /* an unknown key can matter */
};

/* With a trace every case of the list is walked. narrows: a key that the request lacks can matter. */
struct walk walk_begin(const struct sj_policy *policy, const struct policy_list *list, bool narrows,
    const struct decide_trace *trace);
bool walk_next(struct walk *walk, const struct cond_world *world, uint32_t *ret_case);
/* What became of a case; the better of several grants stays. NULL trace: nothing is noted. */
void trace_note(struct decide_trace *trace, size_t file, uint32_t number, enum trace_why why);

#endif
