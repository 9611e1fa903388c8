/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside src/audit only: the words of a sealed export's manifest.
 */
#ifndef SJ_AUDIT_SEALED_H
#define SJ_AUDIT_SEALED_H

#include "sanjeh/base/buf.h"
#include "sanjeh/crypto/hash.h"

#define SJ_SEALED_FORMAT   "sanjeh/sealed/1"
#define SJ_SEALED_MANIFEST ((size_t)16 * 1024 * 1024)

/* Entries first to end are sealed; up to size stand behind them, to the first signed tree that has all. */
struct sj_sealed_head {
    struct sj_text origin;
    uint64_t first;
    uint64_t end;
    uint64_t size;
};

SJ_MUST_CHECK sj_status sj_sealed_put_head(struct sj_buf *out, const struct sj_sealed_head *head);
SJ_MUST_CHECK sj_status sj_sealed_put_file(
    struct sj_buf *out, const struct sj_hash *hash, struct sj_text name);
/* Hostile bytes; moves manifest behind the head. Borrows. Errors: PROTOCOL. */
SJ_MUST_CHECK sj_status sj_sealed_read_head(
    struct sj_text *manifest, struct sj_sealed_head *ret_head);
/* The next line. Errors: PROTOCOL. */
SJ_MUST_CHECK sj_status sj_sealed_read_file(
    struct sj_text *manifest, struct sj_hash *ret_hash, struct sj_text *ret_name);

#endif
