/* SPDX-License-Identifier: Apache-2.0
 *
 * Bulk imports inside this folder: the file's bytes, and where a step leaves its job.
 */
#ifndef BULK_PRIV_H
#define BULK_PRIV_H

#include "evaluation_priv.h"
#include "sanjeh/crypto/hash.h"
#include "sanjeh/evaluation/bulk.h"

/* Appends the file's bytes from `from` up to `to`; desk->tx. */
SJ_MUST_CHECK sj_status bulk_read(const struct sj_desk *desk, struct sj_uuid job, int64_t from,
    int64_t to, struct sj_buf *ret_bytes);
SJ_MUST_CHECK sj_status bulk_hash(
    const struct sj_desk *desk, const struct sj_bulk *job, struct sj_hash *ret_hash);
SJ_MUST_CHECK sj_status bulk_comment(
    const struct sj_desk *desk, const struct sj_bulk *job, struct sj_text *ret_comment);
/* No row of the contribution stays in force. */
SJ_MUST_CHECK sj_status contribution_withdraw(const struct sj_desk *desk, struct sj_uuid id);
/* The job ends before its file did: its batch is rejected, or stands with what is in force when rows went in one by one. */
SJ_MUST_CHECK sj_status bulk_abandon(const struct sj_desk *desk, const struct sj_bulk *job);
/* Errors: FROZEN when a cycle of this code has been frozen; an empty code is none. */
SJ_MUST_CHECK sj_status cycle_check_open(const struct sj_desk *desk, struct sj_text cycle);
const char *import_detail(const char *code); /* sentence of a code of rows */

#endif
