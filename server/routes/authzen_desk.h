/* SPDX-License-Identifier: Apache-2.0
 *
 * What the routes of AuthZEN share.
 */
#ifndef SJ_SERVER_ROUTES_AUTHZEN_DESK_H
#define SJ_SERVER_ROUTES_AUTHZEN_DESK_H

#include "../server.h"

#include "sanjeh/authzen/protocol.h"
#include "sanjeh/authzen/registry.h"

/* A domain by its name; a reference for the caller. Errors: NOT_FOUND. */
SJ_MUST_CHECK static inline sj_status sj_authzen_domain(
    struct sj_exchange *x, struct sj_text name, struct sj_domain **ret_domain)
{
    bool found = false;
    TRY(sj_domains_get(
        x->worker->server->domains, x->worker->db, x->worker->channel, name, &found, ret_domain));
    ENSURE(found, NOT_FOUND);
    return SJ_DONE;
}

#endif
