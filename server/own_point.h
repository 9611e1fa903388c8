/* SPDX-License-Identifier: Apache-2.0
 *
 * Sanjeh's own decision point for AuthZEN, made of the policy in force once for each generation; subjects are looked up for each
 * request.
 */
#ifndef SJ_SERVER_OWN_POINT_H
#define SJ_SERVER_OWN_POINT_H

#include "exchange.h"

#include "sanjeh/authzen/own.h"

struct sj_own_cache; /* of the process */

SJ_MUST_CHECK sj_status sj_own_cache_new(struct sj_own_cache **ret_cache);
void sj_own_cache_free(struct sj_own_cache **cache);

/* The accounts that the body names (all: every account), with roles, unit and seats as they are now, as a domain. The request's context
 * becomes that of administration: whoever may ask for decisions may ask about every account. */
SJ_MUST_CHECK sj_status sj_own_domain(
    struct sj_exchange *x, bool all, struct sj_domain **ret_domain);

#endif
