/* SPDX-License-Identifier: Apache-2.0
 *
 * What is left of a policy: a tree of conditions on the resource, folded while it is built.
 */
#ifndef SJ_POLICY_RESIDUAL_PRIV_H
#define SJ_POLICY_RESIDUAL_PRIV_H

#include "pass.h"
#include "sanjeh/policy/residual.h"

enum rest_op {
    REST_FALSE,
    REST_TRUE,
    REST_ERROR, /* three-valued parts only */
    REST_AND,
    REST_OR,
    REST_NOT,
    REST_PASSES, /* is true */
    REST_QUIET,  /* is false */
    REST_LEAF,   /* a comparison with the resource */
    REST_UNIT    /* resource.unit is one of the units below (or is) a unit */
};

struct rest {
    uint8_t op; /* enum rest_op */
    bool below; /* UNIT: the subtree, else the unit alone */
    uint32_t unit;
    uint32_t node;                  /* LEAF */
    const struct cond_world *world; /* LEAF: of its file */
    const struct rest *first;       /* children */
    const struct rest *next;        /* sibling */
};

#define REST_NODES 20000u

struct residing {
    struct pass pass;
    struct sj_policy_decision unused; /* pass.out */
    struct cond_world worlds[SJ_POLICY_FILES];
    uint32_t type;
    uint32_t unit_slot;
    const struct sj_residual_table *table;
    struct sj_arena *arena;
    uint32_t nodes;
    const char *why; /* not NULL: whole rows are needed */
    struct sj_text params[SJ_RESIDUAL_PARAMS];
    const char *casts[SJ_RESIDUAL_PARAMS]; /* type; a parameter has one */
    bool arrays[SJ_RESIDUAL_PARAMS];
    uint32_t param_count;
};

/* Appends the condition; with->why is set where it cannot be said. */
SJ_MUST_CHECK sj_status residual_write(
    struct residing *with, const struct rest *rest, struct sj_buf *out);
/* The same for one comparison. */
SJ_MUST_CHECK sj_status residual_leaf(
    struct residing *with, const struct rest *rest, struct sj_buf *out);
/* "(unit = any($n))" */
SJ_MUST_CHECK sj_status residual_unit(
    struct residing *with, const struct rest *rest, struct sj_buf *out);

#endif
