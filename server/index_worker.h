/* SPDX-License-Identifier: Apache-2.0
 *
 * The fiber that keeps the record's index up with the record.
 */
#ifndef SJ_SERVER_INDEX_WORKER_H
#define SJ_SERVER_INDEX_WORKER_H

#include "server.h"

SJ_MUST_CHECK sj_status sj_index_worker_start(struct sj_server *server);

#endif
