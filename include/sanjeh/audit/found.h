/* SPDX-License-Identifier: Apache-2.0
 *
 * What a search found, as a file that anybody checks with public keys alone: the question, each hit with its proof in a signed tree, and
 * for whole days the counts that the record has committed to, which say that no hit is missing. Bytes: docs/AUDIT.md 7.3.
 */
#ifndef SJ_AUDIT_FOUND_H
#define SJ_AUDIT_FOUND_H

#include "sanjeh/audit/days.h"
#include "sanjeh/audit/found_question.h"

/* Pieces of the file, appended in this order: head; each hit, falling; the days. db, context: the reading's. Errors: LOG_TAMPERED. */
SJ_MUST_CHECK sj_status sj_found_put_head(struct sj_reading *reading,
    const struct sj_found_question *question, uint64_t hits, struct sj_buf *out);
SJ_MUST_CHECK sj_status sj_found_put_hit(
    struct sj_reading *reading, const struct sj_hit *hit, struct sj_buf *out);
/* Those of the report that lie in the question's places and were signed, while they fit into bytes_max. */
SJ_MUST_CHECK sj_status sj_found_put_days(struct sj_reading *reading, struct sj_db *db,
    const struct sj_context *context, const struct sj_found_question *question,
    const struct sj_days_report *report, size_t bytes_max, struct sj_buf *out);

#endif
