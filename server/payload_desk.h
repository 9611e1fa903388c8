/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts of people that belong to the record: sealed with the request that brought them, opened for whoever may read them.
 */
#ifndef SJ_SERVER_PAYLOAD_DESK_H
#define SJ_SERVER_PAYLOAD_DESK_H

#include "exchange.h"

/* The request's entry commits to text, which is sealed for the caller. Once a request, when the caller is known. */
SJ_MUST_CHECK sj_status sj_exchange_keep(struct sj_exchange *x, struct sj_view text);
/* The same of {name: text}. */
SJ_MUST_CHECK sj_status sj_exchange_keep_text(
    struct sj_exchange *x, const char *name, struct sj_text text);

/* Ends changes of the wrapping key that were cut short, and seals what an older server left in clear. */
SJ_MUST_CHECK sj_status sj_payload_worker_start(struct sj_server *server);
/* Keys were destroyed: every loop forgets. ctx: struct sj_server. */
void sj_payload_on_notify(void *ctx, struct sj_text channel, struct sj_text payload);

#endif
