/* SPDX-License-Identifier: Apache-2.0
 *
 * The answer of a search as a file that is checked offline (docs/AUDIT.md 7.3).
 */
#ifndef SJ_ROUTES_SEARCH_FILE_H
#define SJ_ROUTES_SEARCH_FILE_H

#include "../exchange.h"
#include "sanjeh/audit/found.h"

#define SJ_SEARCH_FILE_HITS  1500
#define SJ_SEARCH_FILE_BYTES ((size_t)3328 * 1024) /* of so many hits, each as long as can be */

/* Whether the caller wants a file: ?format=file. Errors: BAD_PARAMETER. */
SJ_MUST_CHECK sj_status sj_search_file_wanted(struct sj_exchange *x, bool *ret_wanted);
/* hits: what sj_found_put_hit made of count of them. */
struct sj_search_file {
    struct sj_reading *reading;
    const struct sj_context *context;
    struct sj_found_question question;
    struct sj_view hits;
    size_t count;
    const struct sj_days_report *counts; /* or NULL */
};
SJ_MUST_CHECK sj_status sj_search_file_answer(
    struct sj_exchange *x, const struct sj_search_file *file);

#endif
