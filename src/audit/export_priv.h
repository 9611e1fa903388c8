/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside src/audit only: pieces of an export.
 */
#ifndef SJ_AUDIT_EXPORT_PRIV_H
#define SJ_AUDIT_EXPORT_PRIV_H

#include "sanjeh/db/db.h"

struct sj_payload_keys;

/* Payloads of the entries before size, opened, as the bundle's member `payloads` (docs/AUDIT.md 1), to fd. */
SJ_MUST_CHECK sj_status sj_export_payloads(struct sj_db *db, const struct sj_context *context,
    struct sj_payload_keys *keys, uint64_t size, int fd, uint64_t *ret_bytes);

#endif
