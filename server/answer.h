/* SPDX-License-Identifier: Apache-2.0
 *
 * The answer of an exchange: problem details (RFC 9457) for failures, headers for all.
 */
#ifndef SJ_SERVER_ANSWER_H
#define SJ_SERVER_ANSWER_H

#include "exchange.h"

/* Largest response body that is built in memory, bytes: a page of 500 judges with all fields is below 1 MiB. */
#define SJ_ANSWER_MAX ((size_t)4 * 1024 * 1024)

/* Replaces the body by problem details of the status, with x->faults, x->problem_detail and
 * x->problem_extra. */
void sj_answer_problem(struct sj_exchange *x, sj_status why);
/* Sends; receipt NULL: no audit headers. The request is gone when this returns. */
void sj_answer_send(struct sj_exchange *x, const struct sj_receipt *receipt);
/* Sends the head of an answer that goes on; the request ends, x->stream writes the body. Errors: as sj_respond_feed. */
SJ_MUST_CHECK sj_status sj_answer_feed(
    struct sj_exchange *x, const struct sj_receipt *receipt, struct sj_feed **ret_feed);

#endif
