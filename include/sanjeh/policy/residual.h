/* SPDX-License-Identifier: Apache-2.0
 *
 * Which rows of a table may this subject have listed? What is left of the policy when subject, context and grants are known and the
 * resource is not: a SQL condition with parameters that is true for exactly the rows which sj_policy_set_decide permits.
 * Kleene's logic is SQL's: a missing attribute is NULL, an error is NULL, "permits" is "is true", "does not forbid" is "is false".
 * Values never become text of the statement: they are parameters. It decides which rows, not which fields: masks
 * may differ from row to row and are those of the row's own decision.
 */
#ifndef SJ_POLICY_RESIDUAL_H
#define SJ_POLICY_RESIDUAL_H

#include "sanjeh/policy/engine.h"

/* Where an attribute of the type is stored. The rows hold values of the attribute's type or NULL (a check when they are
 * written); sets have no NULL in them. */
struct sj_residual_column {
    const char *column; /* a name of [a-z0-9_]; NULL: not stored, needs the whole row */
    const char *
        property; /* of the object in a jsonb column; NULL: the column itself, of type text (string, enum, unit by
                           * name), bool, any integer, timestamptz, or an array of these */
};

struct sj_residual_table {
    const struct sj_residual_column *columns; /* by slot of the action's type */
    size_t count;
    const char *alias; /* of the table in the statement: [a-z0-9_] */
    uint32_t first;    /* number of the first parameter, from 1 */
};

enum sj_residual_answer {
    SJ_RESIDUAL_NEVER = 0, /* no row */
    SJ_RESIDUAL_SOME,      /* the rows for which sql is true */
    SJ_RESIDUAL_ALWAYS,    /* every row */
    SJ_RESIDUAL_ROWS /* cannot be said in SQL: decide row by row; why says what stood in the way */
};

#define SJ_RESIDUAL_PARAMS 1000
#define SJ_RESIDUAL_BYTES  (256u << 10)

struct sj_residual {
    enum sj_residual_answer answer;
    const char *why;    /* of ROWS; static */
    struct sj_text sql; /* "false" and "true" for NEVER and ALWAYS; "true" for ROWS */
    const struct sj_text
        *params; /* $first, $first+1 … in text form; each is cast where it is used */
    uint32_t param_count;
};

/* request->resource is not looked at. Texts live in the arena. Addresses, "within" of two attributes of the resource, object separation
 * of duty and attributes that are not stored need the row, unless the rest decides without them; so does Sanjeh's own policy,
 * whose rows row security knows. Errors: BAD_CONFIG (a name of the table that is no name); OUT_OF_MEMORY,
 * LIMIT_EXCEEDED of the arena. */
SJ_MUST_CHECK sj_status sj_policy_residual(const struct sj_policy_set *set,
    const struct sj_policy_request *request, const struct sj_residual_table *table,
    struct sj_arena *arena, struct sj_residual *ret_residual);

#endif
