/* SPDX-License-Identifier: Apache-2.0
 *
 * The part of a search's coverage that holds it against the signed counts of the days.
 */
#ifndef SJ_ROUTES_SEARCH_COUNTS_H
#define SJ_ROUTES_SEARCH_COUNTS_H

#include "sanjeh/audit/days.h"
#include "sanjeh/json/write.h"

/* The member `counts` of coverage; NULL: this question has no counts. */
void sj_search_counts_write(struct sj_json *json, const struct sj_days_report *report);

#endif
