/* SPDX-License-Identifier: Apache-2.0
 *
 * The policy in force of a running server: what stands on its disk the first time, what the database says from then on.
 */
#ifndef SJ_SERVER_POLICY_WORKER_H
#define SJ_SERVER_POLICY_WORKER_H

#include "server.h"

/* Before privileges are given up: reads [policy] folder, keeps its text, puts it into force until the database is asked. Errors:
 * BAD_CONFIG with detail. */
SJ_MUST_CHECK sj_status sj_policy_install(
    struct sj_server *server, char *reterr_detail, size_t size);
/* On a fiber of worker 0, the record is open: registers the installed policy when the database has none (or an older installed
 * one), then puts into force what the database says. Errors: UNSAFE_DATABASE when that was not signed, or is not what the server
 * wrote; reterr_reason says it. */
SJ_MUST_CHECK sj_status sj_policy_boot(struct sj_server *server, char *reterr_reason, size_t size);
/* Follows activations of all servers; on worker 0. */
SJ_MUST_CHECK sj_status sj_policy_worker_start(struct sj_server *server);
/* Hook for sj_db_listen on "policy_changed". */
void sj_policy_on_notify(void *server, struct sj_text channel, struct sj_text payload);
/* Takes a point that is durable and puts it into force here; if that cannot be now, the worker tries again. */
void sj_policy_publish(struct sj_server *server, struct sj_policy_active **next);
/* Log, record and metric: a policy did not come into force, the old one stays. */
void sj_policy_alarm(struct sj_server *server, sj_status status, const char *what);

#endif
