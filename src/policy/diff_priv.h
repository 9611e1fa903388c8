/* SPDX-License-Identifier: Apache-2.0
 *
 * A comparison of two decision points while it is made.
 */
#ifndef SJ_POLICY_DIFF_PRIV_H
#define SJ_POLICY_DIFF_PRIV_H

#include "sanjeh/policy/diff.h"
#include "space.h"

#define DIFF_CELLS_MAX 100000u
#define DIFF_KINDS     (SJ_DIFF_LIMIT + 1)
#define DIFF_CLASSES   64 /* told apart in one action; the last stands for the rest */
#define DIFF_SETS_MAX  200000u

enum { BEFORE = 0, AFTER = 1 };

/* Which cells of one action and one set of roles were found: bits are classes. */
struct diff_found {
    uint64_t bits[2][DIFF_KINDS]; /* [widened] */
};

struct sj_policy_diff {
    struct sj_arena *arena;
    struct sj_policy_set *sets[2];
    const struct sj_policy *roots[2];
    struct sj_policy_unit *units;
    size_t unit_count;
    bool units_assumed;
    bool ceiling; /* widened cells alone, no limits */
    uint32_t below;
    struct sj_diff_cell *cells;
    uint32_t cell_count;
    uint32_t cell_cap;
    bool widens;
    const char **roles; /* of both sides by name */
    uint32_t role_count;
    uint32_t
        *rule_ids[2]
                 [SJ_POLICY_FILES]; /* number of the rule's text: the same text, the same number */
    uint32_t *sorted_ids[2][SJ_POLICY_FILES]; /* the same, to search in */
    bool *role_changed;                       /* [role] it inherits others than before */
    bool glass_changed;
    uint32_t sets_looked_at;
};

SJ_MUST_CHECK sj_status diff_keep(
    struct sj_policy_diff *diff, const struct sj_buf *text, const char **ret_string);
SJ_MUST_CHECK sj_status diff_add(struct sj_policy_diff *diff, const struct sj_diff_cell *cell);
/* ---- diff_limits.c ---- */
SJ_MUST_CHECK sj_status diff_limits(struct sj_policy_diff *diff);
/* ---- diff_cells.c ---- */
SJ_MUST_CHECK sj_status diff_action(struct sj_policy_diff *diff, const char *name);
/* ---- diff_point.c ---- */
/* Compares the decisions of every request of the question; what known has is not told again. */
SJ_MUST_CHECK sj_status diff_question(struct sj_policy_diff *diff,
    const struct space_question *question, const struct diff_found *known, struct diff_found *out);

#endif
