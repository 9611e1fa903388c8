/* SPDX-License-Identifier: Apache-2.0
 *
 * Which rows may this subject see? What is left of the rules when subject, action and context are known and the
 * resource is not, as a condition of SQL. It equals the decision of each row: a missing attribute is NULL, and SQL's
 * three values are Kleene's. Where an attribute has no column the condition is wider and says so: then every row has
 * to be decided. Row security stands behind it in either case.
 */
#ifndef SJ_POLICY_RESIDUAL_H
#define SJ_POLICY_RESIDUAL_H

#include "sanjeh/policy/engine.h"

/* How an attribute is written in SQL: our own text, never a request's. Types: string and enum text, unit text (its
 * name), int int8, bool, time timestamptz, ip inet, set an array of these without null elements. Columns keep to the
 * domain of the schema (checks, foreign keys): the engine refuses what is outside, SQL would compare it. */
struct sj_residual_column {
    struct sj_text attribute;
    const char *expression; /* "t.owner", "(t.body ->> 'owner')" */
};

struct sj_residual_table {
    const struct sj_residual_column *columns;
    size_t column_count;
    unsigned first_parameter; /* number of the first $n, >= 1 */
};

enum sj_residual_answer { SJ_RESIDUAL_NONE = 0, SJ_RESIDUAL_ALL, SJ_RESIDUAL_SOME };

/* One parameter, in text format; arrays as "{…}" literals of PostgreSQL. */
struct sj_residual_parameter {
    const char *type; /* "text", "int8", "bool", "timestamptz", "inet", "text[]", "int8[]", … */
    struct sj_text text;
};

struct sj_residual {
    enum sj_residual_answer answer;
    bool exact;               /* false: every row must be decided again */
    struct sj_text condition; /* "true", "false" or an expression with $n; fit for "where (…)" */
    const struct sj_residual_parameter *parameters;
    size_t parameter_count;
};

/* Memory of the answer is the arena's. request->resource is not looked at. Errors: OUT_OF_MEMORY, LIMIT_EXCEEDED. */
SJ_MUST_CHECK sj_status sj_policy_residual(const struct sj_policy_set *set,
    const struct sj_policy_request *request, const struct sj_residual_table *table,
    struct sj_arena *arena, struct sj_residual *ret_residual);

#endif
