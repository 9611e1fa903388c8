/* SPDX-License-Identifier: Apache-2.0
 *
 * Drafts that were committed with their deed and wait for their place: whose is a row of the outbox? For the sweeper and for whoever
 * ends a log.
 */
#ifndef SJ_AUDIT_OUTBOX_H
#define SJ_AUDIT_OUTBOX_H

#include "sanjeh/audit/entry.h"
#include "sanjeh/db/db.h"
#include "sanjeh/keys/keeper.h"

/* The newest emitter's key: rows come by emitter. Wipe it. */
struct sj_outbox_key {
    struct sj_uuid emitter;
    struct sj_key key;
    bool holds;
};

/* A row whose first columns are emitter, number, draft and MAC. *ret_ours: they belong together and were made for the log of the
 * channel's keeper; only then ret_draft holds. */
SJ_MUST_CHECK sj_status sj_outbox_open(struct sj_channel *channel, const struct sj_rows *rows,
    size_t row, struct sj_outbox_key *cache, struct sj_draft *ret_draft, bool *ret_ours);

#endif
