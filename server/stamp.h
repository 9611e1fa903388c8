/* SPDX-License-Identifier: Apache-2.0
 *
 * Hourly tokens of time over the newest signed tree (RFC 3161), kept beside it.
 */
#ifndef SJ_SERVER_STAMP_H
#define SJ_SERVER_STAMP_H

#include "sanjeh/base/status.h"

struct sj_server;
struct sj_stamper;

/* On a fiber of worker 0; nothing to do without [timestamp] url. */
SJ_MUST_CHECK sj_status sj_stamper_start(struct sj_server *server);
/* After the last fiber. NULL-safe. */
void sj_stamper_free(struct sj_stamper **stamper);

struct sj_stamper_stats {
    uint64_t tokens;   /* since the start */
    uint64_t failures; /* questions without a token that holds */
    int64_t taken_s;   /* the newest token's time, seconds since 1970; 0: none is known */
};
struct sj_stamper_stats sj_stamper_stats(const struct sj_stamper *stamper);

#endif
