/* SPDX-License-Identifier: Apache-2.0
 *
 * A partition of the record, sealed: a tar that sanjeh-verify checks by itself, years after the partition was pruned from the database.
 */
#ifndef SJ_AUDIT_SEALED_EXPORT_H
#define SJ_AUDIT_SEALED_EXPORT_H

#include "sanjeh/audit/bundle.h"

struct sj_partition {
    uint64_t first;
    uint64_t end;
};
#define SJ_PARTITIONS_MAX 4096

/* All partitions that are there, in order; at most SJ_PARTITIONS_MAX into ret_list. Errors: LIMIT_EXCEEDED. */
SJ_MUST_CHECK sj_status sj_partition_list(struct sj_db *db, const struct sj_context *context,
    struct sj_partition *ret_list, size_t *ret_count);

/* Writes entries first to end, and on to the first signed tree that has them all, with manifest. Payloads are no part of it.
 * Errors: NOT_FOUND (no signed tree has them all yet), LOG_TAMPERED (an entry or tile is missing), IO, of the database. */
SJ_MUST_CHECK sj_status sj_sealed_export(struct sj_db *db, const struct sj_context *context,
    const struct sj_bundle_trust *trust, const struct sj_partition *partition, int fd,
    struct sj_hash *ret_manifest);

#endif
