/* SPDX-License-Identifier: Apache-2.0
 *
 * Which decision point is in force, and how is it replaced while requests are being decided? One number says which of a few
 * slots is current. A reader counts itself into the slot, looks whether it is still the current one, and keeps what stands there
 * as long as it likes: one atomic addition on a line of its own loop, no lock, however long its fiber is parked. A replaced point
 * is freed when the last reader of its slot has left.
 */
#ifndef SJ_SERVER_POLICY_POINT_H
#define SJ_SERVER_POLICY_POINT_H

#include "sanjeh/policy/policy.h"

/* What the database calls a unit, and its number in the set. */
struct sj_point_unit {
    struct sj_uuid id;
    uint32_t unit;
};

/* One decision point. Never changes once it is in force. */
struct sj_policy_active {
    struct sj_policy *policy;                 /* the root file: Sanjeh's own */
    struct sj_policy *files[SJ_POLICY_FILES]; /* unit files, read under it */
    size_t file_count;
    struct sj_policy_set
        *set; /* root, unit files and the tree of units; NULL while there is no unit file */
    struct sj_point_unit *units; /* by id; of the set */
    size_t unit_count;
    uint64_t
        generation; /* of this process, grows with each swap: sessions know by it whose bits their roles are */
    unsigned slot; /* the point's own */
    int64_t
        activation; /* number of the activation in the database; 0: as installed on disk, not yet registered */
};

struct sj_policy_point;

/* NULL-safe; with everything in it. */
void sj_policy_active_free(struct sj_policy_active **active);
/* Takes the first point. */
SJ_MUST_CHECK sj_status sj_policy_point_new(
    struct sj_policy_active **first, struct sj_policy_point **ret_point);
/* When nobody can ask any more. NULL-safe. */
void sj_policy_point_free(struct sj_policy_point **point);

/* The point in force, until sj_policy_unpin with the same lane. lane: number of the loop (any number is right, another thread's is
 * slower). */
const struct sj_policy_active *sj_policy_pin(struct sj_policy_point *point, unsigned lane);
void sj_policy_unpin(
    struct sj_policy_point *point, unsigned lane, const struct sj_policy_active **active);
/* Generation of the point in force; grows. */
uint64_t sj_policy_generation(const struct sj_policy_point *point);
/* Puts *next into force and takes it. Errors: BUSY (every slot has a reader of an older point): *next stays the caller's, nothing
 * has changed. One whose activation is not newer is freed and changes nothing. Any thread; writers wait for each other, never for readers. */
SJ_MUST_CHECK sj_status sj_policy_swap(
    struct sj_policy_point *point, struct sj_policy_active **next);

/* The unit whose files hold for the actor: the compartment's, else the unit's; SJ_POLICY_NONE without a set of unit files. */
uint32_t sj_active_unit(const struct sj_policy_active *active, const struct sj_actor *actor);
/* The decision of the point for an action without a resource. Unit files count whose subtree has the actor's unit. */
struct sj_decision sj_active_decide(
    const struct sj_policy_active *active, const struct sj_actor *actor, enum sj_action action);
/* Of a request that reads by break-glass (sj_policy_decide_glass). */
struct sj_decision sj_active_decide_glass(
    const struct sj_policy_active *active, const struct sj_actor *actor, enum sj_action action);

#endif
