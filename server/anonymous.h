/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests without a session, recorded in aggregate: one entry per source prefix (IPv4 address, IPv6 /64)
 * and minute with counts, so that strangers cannot fill the record.
 */
#ifndef SJ_SERVER_ANONYMOUS_H
#define SJ_SERVER_ANONYMOUS_H

#include "sanjeh/audit/entry.h"

struct sj_anonymous;

SJ_MUST_CHECK sj_status sj_anonymous_new(struct sj_anonymous **ret_anonymous);
void sj_anonymous_free(struct sj_anonymous **anonymous);
/* Any thread; no allocation. Beyond 4,096 prefixes a minute the rest shares one count. */
void sj_anonymous_count(struct sj_anonymous *anonymous, struct sj_uuid peer, unsigned http_status);
/* Where counts go: sj_sequencer_note in the server. */
typedef void sj_anonymous_sink(void *ctx, const struct sj_draft *draft);
/* Hands over the counts that are due: all of a minute, but at most 256 a call so that a flood of prefixes does not
 * fill the sequencer's queue. Call every second; everything: as much as there is, when the server stops. */
void sj_anonymous_flush(
    struct sj_anonymous *anonymous, sj_anonymous_sink *sink, void *ctx, bool everything);

#endif
