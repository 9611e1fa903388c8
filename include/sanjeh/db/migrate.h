/* SPDX-License-Identifier: Apache-2.0
 *
 * Forward-only migrations, embedded at build time with their SHA-256. One transaction each, under an
 * advisory lock; an applied migration whose checksum differs is refused.
 */
#ifndef SJ_DB_MIGRATE_H
#define SJ_DB_MIGRATE_H

#include "sanjeh/base/view.h"

/* progress is called before each migration with its name. Connects with conninfo (the migrator role),
 * becomes sanjeh_owner. context_pads: the 128 bytes inner||outer pad of the context key, stored where
 * only the checking function can read them. Errors: DATABASE_UNAVAILABLE, SCHEMA_MISMATCH (checksum or a
 * newer database), CONSTRAINT. reterr_detail: 256 bytes for the operator. */
typedef void sj_migrate_progress_fn(void *ctx, const char *name, bool already_applied);
SJ_MUST_CHECK sj_status sj_migrate(const char *conninfo, struct sj_view context_pads,
    sj_migrate_progress_fn *progress, void *ctx, char *reterr_detail, size_t detail_size);
/* Turns the evaluation's clock ahead by so many seconds, for tests; 0 sets it right again. As the migrator; the caller has checked
 * that the configuration allows it. Errors: as sj_migrate. */
#define SJ_TEST_CLOCK_STEP_S_MAX (INT64_C(3660) * 86400)
SJ_MUST_CHECK sj_status sj_test_clock_turn(
    const char *conninfo, int64_t seconds, char *reterr_detail, size_t detail_size);
/* Number of the newest embedded migration. */
unsigned sj_migrate_newest(void);

#endif
