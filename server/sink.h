/* SPDX-License-Identifier: Apache-2.0
 *
 * Sinks: the record carried on to files and to syslog over TLS, each by a thread of its own behind everything else. Nothing is dropped and no
 * request waits: a sink that cannot deliver stands still and goes on where it was.
 */
#ifndef SJ_SERVER_SINK_H
#define SJ_SERVER_SINK_H

#include "server.h"

/* Before the sandbox: opens files, reads certificates. reterr_detail names what is wrong. Errors: BAD_CONFIG. */
SJ_MUST_CHECK sj_status sj_sinks_prepare(
    struct sj_server *server, char *reterr_detail, size_t detail_size);
/* When the record is open. */
SJ_MUST_CHECK sj_status sj_sinks_start(struct sj_server *server);
/* The watch's fiber hands its right to read the record on to the threads. */
void sj_sinks_give(struct sj_server *server, const struct sj_context *context,
    const struct sj_key *key, uint64_t size);
/* Waits for the threads (server->stopping ends them) and frees everything. NULL-safe. */
void sj_sinks_free(struct sj_server *server);

struct sj_sink_state {
    const char *name; /* "1" */
    uint64_t position;
    uint64_t lag;      /* entries */
    int64_t behind_ms; /* since it was level with the log, or moved; 0: it is */
    uint64_t failures;
};
/* False: there is no sink of this number (from 0). Any thread. */
bool sj_sink_state(struct sj_server *server, unsigned number, struct sj_sink_state *ret_state);

#endif
