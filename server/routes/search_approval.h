/* SPDX-License-Identifier: Apache-2.0
 *
 * Four eyes for searches of the record that are not limited to one's own unit ([audit] search_four_eyes, ADR-0026).
 */
#ifndef SJ_ROUTES_SEARCH_APPROVAL_H
#define SJ_ROUTES_SEARCH_APPROVAL_H

#include "evaluation_desk.h"

/* Whether the caller may make this search: it is of his own unit (tag), or another security officer has approved exactly it, and not
 * too long ago. *ret_approval: which; nil when none was needed. Errors: GUARD_UNMET, BAD_PARAMETER. */
SJ_MUST_CHECK sj_status sj_search_four_eyes(
    struct sj_exchange *x, struct sj_uuid unit_tag, struct sj_uuid *ret_approval);

#endif
