/* SPDX-License-Identifier: Apache-2.0
 *
 * Units and compartments: tenants of the system and the walls inside one. Reference data that every signed-in
 * account may read; creating one makes its keys and its tag for the record.
 */
#ifndef SJ_UNIT_UNIT_H
#define SJ_UNIT_UNIT_H

#include "sanjeh/base/arena.h"
#include "sanjeh/keys/fields.h"

#define SJ_UNIT_CODE_MAX 16

/* The unit of what belongs to none: judges' and platform accounts. Its row comes with the schema. */
extern const struct sj_uuid sj_platform_unit;

struct sj_unit {
    struct sj_uuid id;
    struct sj_text code; /* "HRD"; "JDP-E" for a compartment */
    struct sj_text name_fa;
    struct sj_text name_en;
    struct sj_uuid parent; /* the unit of a compartment; nil for a unit */
    struct sj_uuid tag;    /* random, names the unit in the record */
    int64_t version;
};

/* All units and compartments by code; at most 500. Items in the arena. */
SJ_MUST_CHECK sj_status sj_unit_list(struct sj_db *db, const struct sj_context *context,
    struct sj_arena *arena, struct sj_unit **ret_items, size_t *ret_count);
SJ_MUST_CHECK sj_status sj_unit_find(struct sj_db *db, const struct sj_context *context,
    struct sj_uuid id, struct sj_arena *arena, bool *ret_found, struct sj_unit *ret_unit);
SJ_MUST_CHECK sj_status sj_unit_find_code(struct sj_db *db, const struct sj_context *context,
    struct sj_text code, struct sj_arena *arena, bool *ret_found, struct sj_unit *ret_unit);
/* Creates unit (parent nil) or compartment with id and tag set here, and for a unit its wrapped key. Local
 * administration (context with SJ_SCOPE_KEYS). Errors: DUPLICATE, INVALID. */
SJ_MUST_CHECK sj_status sj_unit_create(
    struct sj_tx *tx, struct sj_channel *channel, struct sj_unit *unit);
/* Makes the platform's key when there is none yet; the first local administration does. Context as above. */
SJ_MUST_CHECK sj_status sj_unit_make_platform_key(struct sj_tx *tx, struct sj_channel *channel);

#endif
