/* SPDX-License-Identifier: Apache-2.0
 *
 * Where each tenant's chain ends: its number of entries and the leaf hash of the last. The sequencer extends
 * the chains, the verifier follows them; a gap in one shows without seeing the others' entries.
 */
#ifndef SJ_AUDIT_TENANTS_H
#define SJ_AUDIT_TENANTS_H

#include "idmap.h"
#include "sanjeh/crypto/hash.h"

struct sj_tenant {
    struct sj_uuid tag;
    uint64_t seq; /* 0: no entry yet */
    struct sj_hash leaf;
    uint64_t index;
    uint64_t mark; /* the sequencer's: batch that touched it last */
};

struct sj_tenants {
    struct sj_idmap map;
    struct sj_tenant *list;
    size_t capacity;
};

SJ_MUST_CHECK sj_status sj_tenants_init(struct sj_tenants *tenants, size_t max);
void sj_tenants_clear(struct sj_tenants *tenants);
/* The tenant, made with seq 0 when it is new; borrowed until the next call. */
SJ_MUST_CHECK sj_status sj_tenants_get(
    struct sj_tenants *tenants, struct sj_uuid tag, struct sj_tenant **ret_tenant);

#endif
