/* SPDX-License-Identifier: Apache-2.0
 *
 * Sanjeh's own policy as a decision point of AuthZEN: what do roles give an account, asked about an object by what the caller says of it?
 * The policy is the one in force; scopes that row security answers become conditions on properties:
 *   unit  resource.unit is the account's unit           self  resource.judge is the account's judge, or resource.owner the account
 *   file  resource.file is among the account's seats, or the object is the account's own or its unit's
 *   all   always
 * An answer is an upper bound: row security knows, in addition, the stage of a file. Subjects have the type "account", and their id or their
 * username as id.
 */
#ifndef SJ_AUTHZEN_OWN_H
#define SJ_AUTHZEN_OWN_H

#include "sanjeh/authzen/domain.h"
#include "sanjeh/base/id.h"

struct sj_own_point;

/* units: codes of units and, below them, of compartments; generation: what the caller knows the policy by. Borrows nothing.
 * Errors: as sj_policy_read. */
SJ_MUST_CHECK sj_status sj_own_point_new(const struct sj_policy *policy,
    const struct sj_policy_unit *units, size_t unit_count, uint64_t generation,
    struct sj_own_point **ret_point);
uint64_t sj_own_point_generation(const struct sj_own_point *point);
struct sj_own_point *sj_own_point_share(struct sj_own_point *point);
void sj_own_point_release(struct sj_own_point **point);

struct sj_own_subject {
    struct sj_text id;           /* as asked: the account's id or username */
    struct sj_text account;      /* its id, as text */
    struct sj_text unit;         /* code, "" */
    struct sj_text compartment;  /* code, "" */
    struct sj_text judge;        /* id, "" */
    struct sj_text roles;        /* names joined by ',': those that count now */
    const struct sj_text *files; /* evaluations with a seat; at most SJ_ATTR_ITEMS_MAX */
    size_t file_count;
};

/* A domain with these subjects and no resources; texts are borrowed until it is released. One reference for the caller. */
SJ_MUST_CHECK sj_status sj_own_point_domain(struct sj_own_point *point,
    const struct sj_own_subject *subjects, size_t count, struct sj_domain **ret_domain);

#endif
