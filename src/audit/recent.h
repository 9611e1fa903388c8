/* SPDX-License-Identifier: Apache-2.0
 *
 * The newest entries that this server has signed, in memory, for those who follow the record.
 */
#ifndef SJ_AUDIT_RECENT_H
#define SJ_AUDIT_RECENT_H

#include "state.h"

/* A batch that was signed: `sent` is each u32 length and entry. Nothing is kept when nobody follows. Failure only costs a follower
 * a look into the database. */
void sj_recent_add(struct sj_recent *recent, uint64_t first, size_t count, struct sj_view sent);
void sj_recent_clear(struct sj_recent *recent);

#endif
