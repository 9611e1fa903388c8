/* SPDX-License-Identifier: Apache-2.0
 *
 * Inside the keeper only: the keys themselves and what is done with them. Knows neither messages nor processes.
 */
#ifndef SJ_KEYS_VAULT_H
#define SJ_KEYS_VAULT_H

#include "sanjeh/base/buf.h"
#include "sanjeh/base/id.h"
#include "sanjeh/base/time.h"
#include "sanjeh/crypto/blind.h"
#include "sanjeh/crypto/fle1.h"
#include "sanjeh/crypto/hash.h"

struct vault;

#define VAULT_UNIT_KEYS_MAX 4096

/* root: 32 bytes, borrowed for the call; only what is derived from it is kept, and the wrap key. */
SJ_MUST_CHECK sj_status vault_new(struct sj_view root, struct vault **ret_vault);
void vault_free(struct vault **vault);
size_t vault_unit_key_count(const struct vault *vault);

/* Appends the wrapped key. Epoch 1: fresh; later: the index root of the loaded unit stays. Errors: INVALID
 * (epoch 0, or a later one of a unit that is not loaded). The new key is not loaded. */
SJ_MUST_CHECK sj_status vault_new_unit_key(
    struct vault *vault, struct sj_uuid unit, uint32_t epoch, struct sj_buf *ret_wrapped);
/* Errors: DECRYPT; CONFLICT (another key is loaded for this epoch); LIMIT_EXCEEDED. */
SJ_MUST_CHECK sj_status vault_load_unit_key(
    struct vault *vault, struct sj_uuid unit, uint32_t epoch, struct sj_view wrapped);
/* Errors: NOT_FOUND (no key of this unit is loaded). */
SJ_MUST_CHECK sj_status vault_new_subject_key(struct vault *vault, struct sj_uuid unit,
    struct sj_uuid subject, uint32_t version, struct sj_buf *ret_wrapped, struct sj_key *ret_dek);
/* Errors: DECRYPT; NOT_FOUND (the unit's epoch is not loaded). */
SJ_MUST_CHECK sj_status vault_unwrap(struct vault *vault, struct sj_uuid unit,
    struct sj_uuid subject, uint32_t version, struct sj_view wrapped, struct sj_key *ret_dek);
/* The key of one blind index of the unit. Errors: NOT_FOUND. */
SJ_MUST_CHECK sj_status vault_blind_key(struct vault *vault, struct sj_uuid unit,
    const struct sj_blind_place *place, struct sj_key *ret_key);
/* Appends the context text. Errors: INVALID (no or too many scopes, expiry past or over an hour ahead). */
SJ_MUST_CHECK sj_status vault_context(struct vault *vault, const struct sj_uuid *scopes,
    size_t count, sj_time_us now, sj_time_us expires, struct sj_buf *ret_text);
void vault_context_pads(const struct vault *vault, uint8_t ret_pads[128]);
SJ_MUST_CHECK sj_status vault_pepper(
    struct vault *vault, uint32_t version, const struct sj_hash *tag, struct sj_hash *ret_mac);
/* purpose: of enum sj_seal_purpose. Errors: INVALID (none of them). */
SJ_MUST_CHECK sj_status vault_seal(
    struct vault *vault, uint8_t purpose, const struct sj_hash *hash, struct sj_hash *ret_mac);
/* Of an emitter of this log. A log that goes on from another one has keys of its own for every emitter (ADR-0028), so no draft, batch
 * or recorder of the one is taken for the other's. */
SJ_MUST_CHECK sj_status vault_emitter_key(
    struct vault *vault, struct sj_text origin, struct sj_uuid emitter, struct sj_key *ret_key);
/* For the signer: keys bound to a log's origin and the server's instance name ("": the first server of the log). */
SJ_MUST_CHECK sj_status vault_signer_keys(struct vault *vault, struct sj_text origin,
    struct sj_text instance, struct sj_key *ret_seed, struct sj_key *ret_state_key);
/* With it keepers of one root vouch for the log keys of one another. */
SJ_MUST_CHECK sj_status vault_vouch_key(
    struct vault *vault, struct sj_text origin, struct sj_key *ret_key);
/* Seals the file of payloads' keys. */
SJ_MUST_CHECK sj_status vault_payload_key(
    struct vault *vault, struct sj_text origin, struct sj_key *ret_key);
/* Seed of the key that signs report cards and nothing else; name is its key name. */
SJ_MUST_CHECK sj_status vault_card_key(
    struct vault *vault, struct sj_text name, struct sj_key *ret_seed);

#endif
