/* SPDX-License-Identifier: Apache-2.0
 *
 * The tables of a space: atoms, attributes with the values that are tried, and groups of attributes that are compared
 * with each other.
 */
#ifndef SJ_POLICY_SPACE_PRIV_H
#define SJ_POLICY_SPACE_PRIV_H

#include "space.h"

#define SPACE_COMPARISONS 128 /* atoms of all files of both sides */
#define SPACE_ATTRS       40
#define SPACE_VALUES      256  /* of one attribute */
#define SPACE_CLASSES     4096 /* of one group */
#define SPACE_TRIES       (1u << 18)
#define SPACE_ELEMENTS    6 /* of a set attribute */

/* One value, as each side has it. */
struct space_value {
    struct sj_attr_value by[2];
    bool fits[2];
};

struct space_attr {
    const char *name;
    uint8_t place;
    uint32_t slot[2]; /* SJ_POLICY_NONE: unknown on the side */
    const struct sj_attr_type *type[2];
    uint32_t group;
    bool is_now;  /* stands in for itself: never missing */
    bool is_unit; /* of the resource: scopes look at it */
    struct space_value *values;
    uint32_t value_count;
};

struct space_comparison {
    uint8_t side; /* 2: of the asker, decided on the values of the last side */
    const struct set_file *file;
    uint32_t node;
    uint32_t group;
};

struct space_group {
    uint32_t attrs[SPACE_ATTRS];
    uint32_t attr_count;
    uint32_t *choices; /* [class * attr_count]: value of each attribute */
    uint32_t class_count;
};

struct space {
    struct sj_arena *arena;
    struct space_question question;
    bool proven;
    struct space_attr attrs[SPACE_ATTRS];
    uint32_t attr_count;
    struct space_comparison comparisons[SPACE_COMPARISONS];
    uint32_t comparison_count;
    struct space_group groups[SPACE_ATTRS];
    uint32_t group_count;
    uint64_t size;
};

static inline const struct sj_policy *space_root(const struct space *space, size_t side)
{
    return space->question.sides[side].set->files[0].policy;
}
static inline size_t space_side_of(const struct space *space, const struct space_comparison *one)
{
    return one->side < 2 ? one->side : space->question.side_count - 1;
}
/* The attribute that a reference of the comparison names. */
uint32_t space_attr_of(
    const struct space *space, const struct space_comparison *one, const struct cond_node *ref);

/* ---- space_values.c ---- */
/* Values of every attribute of a group. Clears space->proven when there are too many. */
SJ_MUST_CHECK sj_status space_fill_values(struct space *space, const struct space_group *group);
/* ---- space_walk.c ---- */
SJ_MUST_CHECK sj_status space_classify(struct space *space, struct space_group *group);

#endif
