/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside src/keys only: the front's side of the lines, between keeper.c and channel.c.
 */
#ifndef SJ_KEYS_KEEPER_PRIV_H
#define SJ_KEYS_KEEPER_PRIV_H

#include "sanjeh/keys/keeper.h"
#include "wire.h"

/* One line to the keeper, from start to stop; a channel borrows it. */
struct keeper_line {
    int fd;           /* -1: broken */
    uint32_t next_id; /* goes on over channels, so that a late answer finds nobody */
    bool is_taken;
};

struct sj_keeper {
    int pid;
    int lifeline;
    unsigned line_count;
    struct keeper_line lines[WIRE_CHANNELS_MAX];
};

/* Asks and waits: body is what follows id and kind; what follows the code is put into the emptied ret_body.
 * Errors: KEEPER_UNAVAILABLE, or the keeper's own. */
SJ_MUST_CHECK sj_status channel_ask(
    struct sj_channel *channel, enum wire_kind kind, struct sj_view body, struct sj_buf *ret_body);
/* NULL: blocking. */
struct sj_loop *channel_loop(const struct sj_channel *channel);

#endif
