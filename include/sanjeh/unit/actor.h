/* SPDX-License-Identifier: Apache-2.0
 *
 * Who acts: the account behind a session, as far as decisions need it.
 */
#ifndef SJ_UNIT_ACTOR_H
#define SJ_UNIT_ACTOR_H

#include "sanjeh/base/id.h"

struct sj_actor {
    struct sj_uuid account;
    struct sj_uuid unit;        /* nil for judges' own accounts and platform accounts */
    struct sj_uuid compartment; /* nil: none */
    struct sj_uuid judge;       /* the judge this person is; nil: none */
    struct sj_uuid tenant_tag;  /* of the unit, for the record */
    uint64_t roles;             /* bit numbers of the loaded policy */
};

#endif
