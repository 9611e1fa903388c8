/* SPDX-License-Identifier: Apache-2.0
 *
 * What the publisher's files share.
 */
#ifndef SJ_SERVER_PUBLISH_PRIV_H
#define SJ_SERVER_PUBLISH_PRIV_H

#include "publish.h"

#include "sanjeh/audit/reading.h"
#include "sanjeh/audit/tlog_policy.h"
#include "sanjeh/base/work.h"
#include "sanjeh/fetch/fetch.h"
#include "sanjeh/witness/witness.h"

#include <stdatomic.h>

#define PUBLISH_WITNESSES_MAX 32u

struct publish_witness {
    const struct sj_note_key *key; /* of the policy */
    char url[SJ_FETCH_URL_MAX];    /* …/add-checkpoint */
    struct sj_fetch *fetch;
    uint64_t known_size; /* what it has recorded, as far as we know */
    bool is_silent;      /* told once until it answers again */

    /* of the present question */
    struct sj_buf body;
    struct sj_fetch_answer answer;
    sj_status status;
    int64_t timeout_ms;
    bool is_asked;
};

struct sj_publisher {
    const struct sj_config *config;
    struct sj_tlog_policy policy;
    struct sj_buf trust;
    struct publish_witness witnesses[PUBLISH_WITNESSES_MAX];
    size_t witness_count;
    struct sj_db
        *db; /* its own: the lock of the leader is a transaction that waits for witnesses */
    struct sj_work_pool *pool;
    uint64_t last_size;
    bool was_complete; /* the last round: every witness answered */
    int64_t told_ms;
    bool is_alarmed;
    const char
        *accuser; /* of the last round: a witness that knows another or a longer tree; NULL none */
    uint64_t accused_size;
    unsigned running;        /* fibers that ask */
    struct sj_fiber *waiter; /* for the last of them */

    atomic_uint_fast64_t size;
    atomic_int_fast64_t cosigned_s; /* of the newest quorum; 0 before the first look */
    atomic_uint_fast64_t rounds;
    atomic_uint_fast64_t failures;
    atomic_uint_fast64_t conflicts;
};

/* One round over all witnesses on behalf of the signed tree that reading shows: asks, in parallel, each at most twice (a witness that
 * knows another size says so), and appends the lines that hold to ret_lines. On a fiber. */
SJ_MUST_CHECK sj_status publish_round(struct sj_publisher *p, struct sj_reading *reading,
    struct sj_view note, struct sj_buf *ret_lines, unsigned *ret_count);

#endif
