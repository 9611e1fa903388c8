/* SPDX-License-Identifier: Apache-2.0
 *
 * From documents to a decision point, and everything that must hold before one comes into force: strict reading, tests with
 * coverage, separation of duty over what accounts hold now, the exact difference to what is in force, ceilings of unit files.
 */
#ifndef SJ_SERVER_POLICY_LIFE_H
#define SJ_SERVER_POLICY_LIFE_H

#include "policy_point.h"

#include "sanjeh/approval/version.h"

#define SJ_POLICY_DRAFT_MAX ((size_t)768 * 1024) /* bytes of a document, and of its tests */
#define SJ_LIFE_ARENA_MAX   ((size_t)64 * 1024 * 1024)

struct sj_exchange;
struct sj_worker;

/* Why not, with the place. */
struct sj_life_fault {
    const char *
        code; /* INVALID, TESTS_FAILED, SEPARATION, ROLE_HELD, HOLDERS, CEILING, PREVIOUS, STALE, OTHER_SECTION … */
    const char *of; /* "policy", "tests", or the id of a unit file */
    struct sj_policy_fault place;
    char place_of[65];
};

/* Documents of a point: the root first. They may be the texts of versions or of a draft. */
struct sj_life_file {
    struct sj_text document;
    struct sj_text tests; /* of the file that is checked; else empty */
};

struct sj_life {
    struct sj_life_file files[SJ_POLICY_FILES];
    size_t file_count;
    struct sj_unit *units; /* the tree */
    size_t unit_count;
    const struct sj_policy_active
        *before;    /* to compare with; NULL: nothing is checked but the reading */
    size_t checked; /* number of the file that is new */
    const struct sj_policy_holding *holdings; /* who holds what; NULL: not looked at */
    size_t holding_count;
    /* what came of it */
    struct sj_policy_active *active;
    struct sj_buf report; /* RFC 8785 */
    struct sj_buf diff;
    bool passed;
    bool widens;
    struct sj_life_fault fault; /* code NULL: none */
};

/* Buffers and point. */
void sj_life_clear(struct sj_life *life);
/* Does everything on the server's work pool. Errors: INVALID with life->fault; others are ours. */
SJ_MUST_CHECK sj_status sj_life_make(struct sj_worker *worker, struct sj_life *life);

/* The point that was in force at a time (0: is in force, as the database has it), for replays; in an arena of its own, freed with
 * sj_policy_active_free. *ret_found false: none was. Seals and signatures are proven. Errors: CONFLICT when one does not fit. */
SJ_MUST_CHECK sj_status sj_policy_at(
    struct sj_worker *worker, sj_time_us at, bool *ret_found, struct sj_policy_active **ret_active);

#endif
