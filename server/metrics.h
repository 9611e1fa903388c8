/* SPDX-License-Identifier: Apache-2.0
 *
 * Counters of the server in Prometheus text form; never a person, unit or object as a label.
 */
#ifndef SJ_SERVER_METRICS_H
#define SJ_SERVER_METRICS_H

#include "sanjeh/base/buf.h"

#include <stdatomic.h>

#define SJ_METRICS_ENDPOINTS_MAX 512
#define SJ_METRICS_BUCKETS       12

struct sj_metrics {
    /* [endpoint][status class]; the last endpoint stands for requests that matched none */
    _Atomic uint64_t requests[SJ_METRICS_ENDPOINTS_MAX + 1][6];
    _Atomic uint64_t duration_buckets[SJ_METRICS_BUCKETS + 1];
    _Atomic uint64_t duration_sum_us;
};

struct sj_server;

/* endpoint: number in the endpoint table, or SJ_METRICS_ENDPOINTS_MAX for none. */
void sj_metrics_count(
    struct sj_metrics *metrics, size_t endpoint, unsigned http_status, int64_t duration_us);
SJ_MUST_CHECK sj_status sj_metrics_write(struct sj_server *server, struct sj_buf *out);

#endif
