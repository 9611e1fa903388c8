/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside src/keys only: the life of the keeper's own process.
 */
#ifndef SJ_KEYS_PROCESS_H
#define SJ_KEYS_PROCESS_H

#include "sanjeh/keys/keeper.h"
#include "wire.h"

struct process_start {
    const struct sj_keeper_config *config;
    int parent_pid;
    int lifeline;                    /* its end means: stop; carries the first report */
    int channels[WIRE_CHANNELS_MAX]; /* the keeper's ends */
    unsigned channel_count;
};

/* Runs in the forked child and never returns. */
_Noreturn void process_run(const struct process_start *start);

#endif
