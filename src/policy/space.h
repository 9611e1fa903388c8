/* SPDX-License-Identifier: Apache-2.0
 *
 * Which kinds of request are there for an action and some roles? The comparisons ("atoms") that the action's rules make
 * cut the values of attributes into classes; one value of each class, and none at all, is tried in every combination
 * that gives other truth values. What holds for each of these requests holds for every request: invariants are proven
 * and versions compared so, and every finding is a request that can be made. Two policies can be looked at side by
 * side; attributes, actions and roles are matched by name.
 */
#ifndef SJ_POLICY_SPACE_H
#define SJ_POLICY_SPACE_H

#include "engine_priv.h"

#define SPACE_ATOMS  16         /* of one cell */
#define SPACE_POINTS (1u << 18) /* requests of one cell */
#define SPACE_ROLES  (SJ_POLICY_FILES + 2)
#define SPACE_EXTRA  2

struct space_side {
    const struct sj_policy_set *set;
    uint32_t action; /* SJ_POLICY_NONE: the policy has none of this name */
};

struct space_grant {
    const char *role;
    bool placed; /* its unit is tried: the resource's, one above, none; else none */
    bool glass;  /* by break-glass */
};

/* What to go through. Both sets have the same tree of units. */
struct space_question {
    struct space_side sides[2];
    size_t side_count;
    struct space_grant grants[SPACE_ROLES];
    size_t grant_count;
    bool reach_only;
    uint32_t below; /* only resources in this unit's subtree; SJ_POLICY_NONE: all */
    /* Conditions that the asker will decide himself: their atoms count. */
    const struct set_file *extra_file;
    uint32_t extra[SPACE_EXTRA]; /* COND_NONE */
};

struct space_point {
    const struct space_question *question;
    const struct space *space;
    struct sj_policy_request request[2];
};

struct space;

/* Errors: OUT_OF_MEMORY. *ret_proven false: more atoms or requests than are tried, or a type that changed. */
SJ_MUST_CHECK sj_status space_new(
    const struct space_question *question, struct space **ret_space, bool *ret_proven);
void space_free(struct space **space);
uint64_t space_size(const struct space *space);
/* Calls fn for each request until it says stop. */
typedef sj_status space_fn(void *user, const struct space_point *point, bool *ret_stop);
SJ_MUST_CHECK sj_status space_each(const struct space *space, space_fn *fn, void *user);
/* The request as a test of policy-tests/1 without its expectation; RFC 8785. */
SJ_MUST_CHECK sj_status space_write(const struct space_point *point, struct sj_buf *out);

/* Does the rule concern a holder of these roles? */
bool space_concerns(const struct sj_policy *policy, const struct policy_rule *rule,
    const struct sj_role_set *closure);
/* Where the cases of an action stand among the file's pairs (action, case). */
void space_cases(
    const struct sj_policy *file, uint32_t action, uint32_t *ret_first, uint32_t *ret_end);
/* Closure of the question's roles on a side. */
struct sj_role_set space_closure(const struct space_question *question, size_t side);

/* A tree for policies that are looked at without one: each unit that they name below one top, with a unit below it,
 * and one that nobody names. given: a tree to start from, count 0 for none. Names live in the arena. */
SJ_MUST_CHECK sj_status space_units(const struct sj_policy *const *files, size_t file_count,
    const struct sj_policy_unit *given, size_t count, struct sj_arena *arena,
    struct sj_policy_unit **ret_units, size_t *ret_count);

#endif
