/* SPDX-License-Identifier: Apache-2.0
 *
 * Idempotency-Key on POST: within 24 hours the same key of the same account gives the same answer and does
 * nothing again. The answer is kept in the deed's own transaction, its body encrypted.
 */
#ifndef SJ_SERVER_IDEMPOTENCY_H
#define SJ_SERVER_IDEMPOTENCY_H

#include "exchange.h"

#define SJ_IDEMPOTENCY_KEY_MAX 128

struct sj_idempotency {
    bool claimed;
    struct sj_text key;
    struct sj_uuid row;
};

/* In the transaction, before the work. Another request with the key waits here for the first one's end.
 * *ret_replayed: x holds the kept answer. Errors: BAD_IDEMPOTENCY_KEY, IDEMPOTENCY_KEY_REUSED. */
SJ_MUST_CHECK sj_status sj_idempotency_claim(
    struct sj_exchange *x, struct sj_idempotency *ret_idempotency, bool *ret_replayed);
/* After the work, before the commit. */
SJ_MUST_CHECK sj_status sj_idempotency_keep(
    struct sj_exchange *x, const struct sj_idempotency *idempotency);

#endif
