/* SPDX-License-Identifier: Apache-2.0
 *
 * Reviews of break-glass that do not come: a gauge, and one alarm for each.
 */
#ifndef SJ_SERVER_GLASS_ALARM_H
#define SJ_SERVER_GLASS_ALARM_H

#include "server.h"

/* One round, on the clock worker's fiber; a failure is logged and tried again in the next. */
void sj_glass_alarm_sweep(struct sj_server *server);

#endif
