/* SPDX-License-Identifier: Apache-2.0
 *
 * What stands around the record in the database: tables, triggers, functions, policies, roles, settings. As lines "name digest",
 * sorted, so that two looks are compared line by line. Pure but for the look itself.
 */
#ifndef SJ_WATCH_SCENERY_H
#define SJ_WATCH_SCENERY_H

#include "sanjeh/base/buf.h"
#include "sanjeh/db/db.h"

#define SJ_SCENERY_MAX ((size_t)1024 * 1024)

/* Appends the lines. ret_migration: number of the newest one. */
SJ_MUST_CHECK sj_status sj_scenery_look(
    struct sj_db *db, const struct sj_context *context, int64_t *ret_migration, struct sj_buf *out);
/* Superusers as lines "name oid", sorted by name. */
SJ_MUST_CHECK sj_status sj_superusers_look(
    struct sj_db *db, const struct sj_context *context, struct sj_buf *out);

/* The next line that differs between two looks; false at the end. */
struct sj_scenery_walk {
    struct sj_text before;
    struct sj_text now;
};
struct sj_scenery_change {
    struct sj_text name; /* without the digest */
    char how[8];         /* "new", "changed", "gone" */
};
bool sj_scenery_next(struct sj_scenery_walk *walk, struct sj_scenery_change *ret_change);

#endif
