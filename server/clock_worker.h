/* SPDX-License-Identifier: Apache-2.0
 *
 * Clocks that run out, on a fiber of worker 0: deadlines lapse and escalate, and evaluations move that a clock moves.
 */
#ifndef SJ_SERVER_CLOCK_WORKER_H
#define SJ_SERVER_CLOCK_WORKER_H

#include "server.h"

/* On a fiber of worker 0, when the record is open. Ends by itself when the server stops. */
SJ_MUST_CHECK sj_status sj_clock_worker_start(struct sj_server *server);

#endif
