/* SPDX-License-Identifier: Apache-2.0
 *
 * The embedded migrations, in ascending order of their numbers.
 */
#ifndef SJ_DB_MIGRATE_PRIV_H
#define SJ_DB_MIGRATE_PRIV_H

#include <stddef.h>

struct sj_migration {
    unsigned number;
    const char *name;          /* "0001_create_context" */
    const unsigned char *text; /* NUL-terminated */
    unsigned char sha256[32];
};
extern const struct sj_migration sj_migrations[];
extern const size_t sj_migrations_count;

#endif
