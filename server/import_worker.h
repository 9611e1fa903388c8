/* SPDX-License-Identifier: Apache-2.0
 *
 * The work of bulk imports, on a fiber of worker 0: whatever was started goes on, also after a crash.
 */
#ifndef SJ_SERVER_IMPORT_WORKER_H
#define SJ_SERVER_IMPORT_WORKER_H

#include "server.h"

/* On a fiber of worker 0, when the record is open. Ends by itself when the server stops. */
SJ_MUST_CHECK sj_status sj_import_worker_start(struct sj_server *server);
/* Any thread: there is something to do, or will be when a transaction commits in a moment. */
void sj_import_worker_wake(struct sj_server *server);

#endif
