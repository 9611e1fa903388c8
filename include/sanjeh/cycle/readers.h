/* SPDX-License-Identifier: Apache-2.0
 *
 * Who can see this file, and which files does this account sit in? What row security would answer, said for each account; what a
 * role may do with it is the policy's to say.
 */
#ifndef SJ_CYCLE_READERS_H
#define SJ_CYCLE_READERS_H

#include "sanjeh/evaluation/evaluation.h"

struct sj_reader {
    struct sj_uuid account;
    struct sj_uuid unit;             /* nil */
    struct sj_uuid compartment;      /* nil */
    struct sj_text unit_code;        /* "" */
    struct sj_text compartment_code; /* "" */
    struct sj_text roles;            /* joined by ',' */
    struct sj_text
        parts; /* joined by ',': break_glass, owner, issuer, judge, sample_office, capacities of seats */
};

/* Active accounts that row security shows the evaluation, by id, after one; account not nil: that one alone. The desk's context has the
 * scopes ADMIN and EVALUATION. Texts in the desk's arena. */
SJ_MUST_CHECK sj_status sj_readers_list(const struct sj_desk *desk, struct sj_uuid evaluation,
    struct sj_uuid account, struct sj_uuid after, size_t limit, struct sj_reader **ret_items,
    size_t *ret_count);

/* By which parts row security showed an account the file at a moment (of clock_now()), joined by ','; "" for not at all. */
SJ_MUST_CHECK sj_status sj_reader_at(const struct sj_desk *desk, struct sj_uuid evaluation,
    struct sj_uuid account, sj_time_us at, struct sj_text *ret_parts);

struct sj_sitting {
    struct sj_uuid evaluation;
    struct sj_text capacity;
};
/* Seats of an account now, but for files about that judge (nil: none is left out). */
SJ_MUST_CHECK sj_status sj_sittings_list(const struct sj_desk *desk, struct sj_uuid account,
    struct sj_uuid but_about, size_t limit, struct sj_sitting **ret_items, size_t *ret_count);

#endif
