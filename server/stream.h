/* SPDX-License-Identifier: Apache-2.0
 *
 * Answers that go on: exports, the live tail of the record. Their start is an entry before the first byte, their end one after the
 * last, with the number of bytes (docs/AUDIT.md 2, kinds 16 and 17).
 */
#ifndef SJ_SERVER_STREAM_H
#define SJ_SERVER_STREAM_H

#include "exchange.h"

/* Sends head and body of an answer whose start is recorded, and records its end. The request is gone afterwards. */
void sj_stream_send(struct sj_exchange *x, const struct sj_receipt *start);
/* Frees what the route prepared; idempotent. */
void sj_stream_drop(struct sj_exchange *x);

#endif
