/* SPDX-License-Identifier: Apache-2.0
 *
 * The embedded SQL text. Statements of src/db/sql are prepared on every connection under their file's
 * name; those of src/db/admin are for listening and migrating, where preparing makes no sense.
 */
#ifndef SJ_DB_STATEMENT_PRIV_H
#define SJ_DB_STATEMENT_PRIV_H

#include "admin_statements.h"
#include "sanjeh/db/statements.h"

struct sj_statement {
    const char *name;
    const char *text;
};
extern const struct sj_statement sj_statements[SJ_SQL_COUNT_];
extern const struct sj_statement sj_admin_statements[SJ_ADMIN_COUNT_];

#endif
