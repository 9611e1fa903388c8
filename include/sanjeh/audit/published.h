/* SPDX-License-Identifier: Apache-2.0
 *
 * What witnesses have cosigned, as it is kept in the database (docs/AUDIT.md 9).
 */
#ifndef SJ_AUDIT_PUBLISHED_H
#define SJ_AUDIT_PUBLISHED_H

#include "sanjeh/base/buf.h"
#include "sanjeh/db/db.h"

/* The newest checkpoint that a quorum has cosigned, of a tree of at most `to` entries; the note is appended. context of scope RECORD.
 * Errors: NOT_FOUND, FORBIDDEN, those of the database. */
SJ_MUST_CHECK sj_status sj_published_newest(struct sj_db *db, const struct sj_context *context,
    uint64_t to, struct sj_buf *ret_note, uint64_t *ret_size, int64_t *ret_cosigned_s);

/* The lines of a tlog-policy file but for those of logs: whom an export names besides its own log. Errors: BAD_CONFIG (it cannot be
 * read, or is no policy). */
SJ_MUST_CHECK sj_status sj_policy_trust_read(const char *path, struct sj_buf *ret_lines);

#endif
