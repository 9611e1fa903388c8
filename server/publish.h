/* SPDX-License-Identifier: Apache-2.0
 *
 * The publisher: shows each new signed tree to the witnesses of the configuration and keeps what they answer (C2SP tlog-witness).
 * One of several servers on a database does it, whichever holds the lock of the moment.
 */
#ifndef SJ_SERVER_PUBLISH_H
#define SJ_SERVER_PUBLISH_H

#include "config.h"

#include "sanjeh/base/view.h"

struct sj_publisher;
struct sj_server;

/* Reads [publish] policy_file; *ret_publisher stays NULL when it names none. Before privileges are dropped. Errors: BAD_CONFIG. */
SJ_MUST_CHECK sj_status sj_publisher_new(const struct sj_config *config,
    struct sj_publisher **ret_publisher, char *reterr_detail, size_t detail_size);
void sj_publisher_free(struct sj_publisher **publisher);
/* On a fiber of worker 0: opens its database, starts its fiber. Nothing to do without a publisher. */
SJ_MUST_CHECK sj_status sj_publisher_start(struct sj_server *server);

/* Whether operations with privileges must wait: no quorum of witnesses has seen a tree for longer than [publish] block_s. Any thread. */
bool sj_publisher_blocks(const struct sj_publisher *publisher);
/* The witness, group and quorum lines, for the policy of an export; empty without a publisher. */
struct sj_text sj_publisher_trust(const struct sj_publisher *publisher);

struct sj_publisher_stats {
    uint64_t size;      /* of the newest tree that a quorum has cosigned */
    int64_t lag_s;      /* since then */
    uint64_t rounds;    /* in which a quorum answered */
    uint64_t failures;  /* questions that a witness did not answer with a line */
    uint64_t conflicts; /* answers that accuse: the witness knows another or a longer tree */
};
struct sj_publisher_stats sj_publisher_stats(const struct sj_publisher *publisher);

#endif
