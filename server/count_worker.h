/* SPDX-License-Identifier: Apache-2.0
 *
 * The fiber that counts the record's days, so that searches can be held against what was signed.
 */
#ifndef SJ_SERVER_COUNT_WORKER_H
#define SJ_SERVER_COUNT_WORKER_H

#include "server.h"

SJ_MUST_CHECK sj_status sj_count_worker_start(struct sj_server *server);

#endif
