/* SPDX-License-Identifier: Apache-2.0
 *
 * One loop of the server with everything that belongs to it: database pool, line to the keeper, fields,
 * HTTP. Worker 0 also carries the sequencer, signals and the once-a-minute work.
 */
#ifndef SJ_SERVER_WORKER_H
#define SJ_SERVER_WORKER_H

#include "server.h"

/* A pool by the configuration, of so many connections. */
struct sj_db_config sj_worker_db_config(
    const struct sj_config *config, int64_t readers, int64_t writers);
/* On a fiber of the worker's loop: opens database, channel and fields. */
SJ_MUST_CHECK sj_status sj_worker_open(struct sj_worker *worker);
/* Starts answering. */
SJ_MUST_CHECK sj_status sj_worker_listen(struct sj_worker *worker);
/* On a fiber: stops accepting and waits until nothing is in flight, at most deadline_ms. */
void sj_worker_drain(struct sj_worker *worker, int64_t deadline_ms);
void sj_worker_close(struct sj_worker *worker);

/* The server's own work, on a fiber of worker 0, which calls sj_background_end as its last deed: a stop waits for it. */
SJ_MUST_CHECK sj_status sj_background_start(struct sj_server *server, sj_loop_fn *run, void *ctx);
void sj_background_end(struct sj_server *server);

#endif
