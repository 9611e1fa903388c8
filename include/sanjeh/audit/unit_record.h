/* SPDX-License-Identifier: Apache-2.0
 *
 * One unit's record without the others': its entries 1 to k, each proven in a signed tree, and the proof from a tenant-heads
 * entry of that tree that k is where its chain stood. So it is complete up to there, and shows of other units how many
 * there are. Bytes: docs/AUDIT.md 7.1.
 */
#ifndef SJ_AUDIT_UNIT_RECORD_H
#define SJ_AUDIT_UNIT_RECORD_H

#include "sanjeh/audit/reading.h"

#define SJ_UNIT_RECORD_MAGIC "SJUNIT\x00\x01"

/* Writes it to fd, up to the newest tenant-heads entry of the reading's view. db, context: the reading's. On a fiber or
 * blocking; writes to fd block. Errors: NOT_FOUND (no entry of the tag before those heads, or no heads), LOG_TAMPERED, IO. */
SJ_MUST_CHECK sj_status sj_unit_export(struct sj_reading *reading, struct sj_db *db,
    const struct sj_context *context, struct sj_uuid tag, int fd, uint64_t *ret_entries);

#endif
