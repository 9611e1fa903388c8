/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading the tables of the record: they look empty in a context without its right, so the right is asked with every query.
 */
#ifndef SJ_AUDIT_RECORD_H
#define SJ_AUDIT_RECORD_H

#include "sanjeh/db/db.h"

/* One query of the record. Errors: FORBIDDEN when the context does not let its rows be seen. */
SJ_MUST_CHECK sj_status sj_record_read(struct sj_db *db, const struct sj_context *context,
    const struct sj_query *query, struct sj_rows **ret_rows);
/* From which index on entries are here; those before it were pruned. Errors as above. */
SJ_MUST_CHECK sj_status sj_record_minimum(
    struct sj_db *db, const struct sj_context *context, uint64_t *ret_minimum);
/* Why there is no row for this index: PRUNED, or LOG_TAMPERED. */
SJ_MUST_CHECK sj_status sj_record_missing(
    struct sj_db *db, const struct sj_context *context, uint64_t index);

#endif
