/* SPDX-License-Identifier: Apache-2.0
 *
 * A bounded pool of worker threads for what would stall a loop: password hashing, parsing of large
 * imports. A fiber hands over a function and parks until it is done.
 */
#ifndef SJ_BASE_WORK_H
#define SJ_BASE_WORK_H

#include "sanjeh/base/loop.h"

struct sj_work_pool;

/* threads 1..64; queue_max: jobs waiting beyond those running. */
SJ_MUST_CHECK sj_status sj_work_pool_new(
    unsigned threads, unsigned queue_max, struct sj_work_pool **ret_pool);
/* Waits for running jobs. */
void sj_work_pool_free(struct sj_work_pool **pool);
/* From a fiber: runs fn(ctx) on a worker, returns when it has ended. Outside a fiber: runs it here.
 * Errors: BUSY when the queue is full; fn was not called. */
SJ_MUST_CHECK sj_status sj_work_run(struct sj_work_pool *pool, sj_loop_fn *fn, void *ctx);

#endif
