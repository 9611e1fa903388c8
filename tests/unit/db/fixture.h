/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of the pool share: the private cluster with two units and a protected table of items, and a
 * pool of db built with the statements of tests/unit/db/sql beside those it needs itself.
 */
#ifndef SJ_TEST_DB_FIXTURE_H
#define SJ_TEST_DB_FIXTURE_H

#include "pg.h"
#include "test.h"

#include "sanjeh/base/loop.h"

#define UNIT_A ((struct sj_uuid){{0xaa, 0, 0, 0, 0, 0, 0x80, 0, 0x80, 0, 0, 0, 0, 0, 0, 1}})
#define UNIT_B ((struct sj_uuid){{0xbb, 0, 0, 0, 0, 0, 0x80, 0, 0x80, 0, 0, 0, 0, 0, 0, 2}})

/* Starts the cluster once and makes the test's tables and functions. */
const struct sj_pg *fixture_start(void);
/* A pool as sanjeh_app; the statement timeout bounds each answer. */
sj_status fixture_open(
    struct sj_loop *loop, unsigned writers, int64_t statement_timeout_ms, struct sj_db **ret_db);
/* A valid context for one unit. */
struct sj_context fixture_context(struct sj_uuid unit);
/* The first column of the one row that the statement gives. */
sj_status fixture_number(struct sj_db *db, struct sj_uuid unit, enum sj_sql sql,
    const struct sj_param *params, size_t count, int64_t *ret_number);

#endif
