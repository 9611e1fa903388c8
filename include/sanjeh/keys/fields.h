/* SPDX-License-Identifier: Apache-2.0
 *
 * Encrypted fields for the domain modules: subject keys are made, fetched, unwrapped by the keeper and
 * kept for at most 10 minutes in a bounded cache of locked memory (one per loop). Values are opened and
 * sealed here and nowhere else.
 */
#ifndef SJ_KEYS_FIELDS_H
#define SJ_KEYS_FIELDS_H

#include "sanjeh/keys/columns.h"
#include "sanjeh/keys/keeper.h"

struct sj_fields;

/* db and channel of the same loop, borrowed for its life. */
SJ_MUST_CHECK sj_status sj_fields_new(
    struct sj_db *db, struct sj_channel *channel, struct sj_fields **ret_fields);
void sj_fields_free(struct sj_fields **fields);
struct sj_channel *sj_fields_channel(struct sj_fields *fields);

/* Loads every stored unit key into the keeper; call at start and after a unit was made. Asks for its own context with
 * the scope SJ_SCOPE_KEYS. The calls below do it once by themselves when a unit's key is missing. */
SJ_MUST_CHECK sj_status sj_fields_load_units(struct sj_fields *fields);

/* The subject's newest key, made and stored in tx when there is none yet (two transactions that make the same one
 * at once end up with one key). A key that tx made is not cached: it may yet be rolled back.
 * Errors: DECRYPT, NOT_FOUND (the unit has no key), KEEPER_UNAVAILABLE, database errors. */
struct sj_subject {
    struct sj_uuid unit;
    struct sj_uuid subject;
    uint32_t version;
    struct sj_key dek; /* wiped by sj_subject_clear */
};
void sj_subject_clear(struct sj_subject *subject);
SJ_MUST_CHECK sj_status sj_fields_subject_for_write(struct sj_fields *fields, struct sj_tx *tx,
    struct sj_uuid unit, struct sj_uuid subject, struct sj_subject *ret_subject);
/* Many at once, in order, in few round trips: for imports. */
SJ_MUST_CHECK sj_status sj_fields_subjects_for_write(struct sj_fields *fields, struct sj_tx *tx,
    struct sj_uuid unit, const struct sj_uuid *subjects, size_t count,
    struct sj_subject *ret_subjects);
/* The same for subjects whose ids the caller has just drawn at random, each once: nobody can have made them a key, so the insert is
 * queued (sj_tx_send) and nothing is read. An error of the insert, DUPLICATE among them, comes with the next statement that
 * waits: what was sealed under the key is rolled back with it. */
SJ_MUST_CHECK sj_status sj_fields_subjects_new(struct sj_fields *fields, struct sj_tx *tx,
    struct sj_uuid unit, const struct sj_uuid *subjects, size_t count,
    struct sj_subject *ret_subjects);
/* Reads bring version and wrapped DEK along in their own query (join subject_key): opens them, from the
 * cache when it can, the rest in one question. */
SJ_MUST_CHECK sj_status sj_fields_open(struct sj_fields *fields, const struct sj_wrapped_dek *items,
    size_t count, struct sj_subject *ret_subjects);
/* From the cache only: false when it has to be opened. Saves the caller the query for the wrapped key. */
bool sj_fields_find(struct sj_fields *fields, struct sj_uuid unit, struct sj_uuid subject,
    uint32_t version, struct sj_subject *ret_subject);
/* Forgets a subject (erasure) or everything (nil unit). */
void sj_fields_forget(struct sj_fields *fields, struct sj_uuid unit, struct sj_uuid subject);

/* Seals a value for its place; appends the blob. */
SJ_MUST_CHECK sj_status sj_field_seal(const struct sj_subject *subject, uint32_t table,
    uint32_t column, struct sj_uuid row, uint8_t type, struct sj_view plaintext,
    struct sj_buf *ret_blob);
/* Opens a blob; appends the plaintext. Errors: DECRYPT. */
SJ_MUST_CHECK sj_status sj_field_open(const struct sj_subject *subject, uint32_t table,
    uint32_t column, struct sj_uuid row, uint8_t type, struct sj_view blob,
    struct sj_buf *ret_plaintext);

#endif
