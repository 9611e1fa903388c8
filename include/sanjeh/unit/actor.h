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
    struct sj_uuid judge;       /* of a judge's own account: his file is open to it; nil: another */
    struct sj_uuid tenant_tag;  /* of the unit, for the record */
    uint64_t roles;             /* bit numbers of the loaded policy */
    uint64_t roles_of;          /* generation of the policy whose bits they are */
    struct sj_uuid
        person; /* whom separation knows: the judge that the holder is, else the account */
    bool is_judge_person; /* person is a judge, by the own account or behind an office account */
};

#endif
