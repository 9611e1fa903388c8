/* SPDX-License-Identifier: Apache-2.0
 *
 * The watch: alarms over the record, behind the requests. A pool of its own, a fiber of its own on the first loop; any part of
 * the server tells it what it has found.
 */
#ifndef SJ_SERVER_WATCH_H
#define SJ_SERVER_WATCH_H

#include "server.h"

#include "sanjeh/watch/alarm.h"

SJ_MUST_CHECK sj_status sj_watch_start(struct sj_server *server);
/* After the last fiber. NULL-safe. */
void sj_watch_free_all(struct sj_server *server);

/* Raises an alarm unless its rule is off or it was raised in this window: entry, item for the officer, metric. On any fiber of any loop;
 * returns when its entry is signed or left to the sweeper. window_start 0: the rule's window that holds now. */
SJ_MUST_CHECK sj_status sj_watch_raise(struct sj_worker *worker, const struct sj_alarm_news *news);
/* The same inside a transaction (context of scope RECORD among others); after its commit sj_watch_raised, which takes the draft along. */
SJ_MUST_CHECK sj_status sj_watch_raise_in(struct sj_server *server, struct sj_tx *tx,
    struct sj_alarm_news *news, bool *ret_raised, struct sj_draft *ret_draft);
void sj_watch_raised(
    struct sj_server *server, enum sj_alarm_rule rule, const struct sj_draft *draft);

#endif
