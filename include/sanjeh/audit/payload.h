/* SPDX-License-Identifier: Apache-2.0
 *
 * Texts of people beside the record: sealed before they leave the request that brought them, opened for whoever may read them. A key is
 * made for each unit, subject and month (UTC); its destruction ends all that it sealed (docs/KEYS.md, "Payloads").
 */
#ifndef SJ_AUDIT_PAYLOAD_H
#define SJ_AUDIT_PAYLOAD_H

#include <stdatomic.h>

#include "sanjeh/audit/entry.h"
#include "sanjeh/keys/payload_keys.h"

struct sj_payload_keys; /* those of one loop that were used lately, at most ten minutes */

/* db and channel of the same loop, borrowed. turned: counts up whenever keys were destroyed (any thread); then all are forgotten. */
SJ_MUST_CHECK sj_status sj_payload_keys_new(struct sj_db *db, struct sj_channel *channel,
    const atomic_uint *turned, struct sj_payload_keys **ret_keys);
void sj_payload_keys_free(struct sj_payload_keys **keys);

/* Commits the draft, whose unit and actor are final, to text (1 to SJ_PAYLOAD_MAX bytes) and seals it for subject. Appends to ret_content
 * what *ret_payload then borrows: keep both as long as the draft. The context needs no right: the module asks for its own.
 * Errors: NOT_FOUND (this server has not the log's file of payload keys), LIMIT_EXCEEDED, KEEPER_UNAVAILABLE, of the database. */
SJ_MUST_CHECK sj_status sj_payload_seal(struct sj_payload_keys *keys, struct sj_uuid log_id,
    struct sj_uuid subject, sj_time_us now, struct sj_view text, struct sj_draft *draft,
    struct sj_buf *ret_content, struct sj_payload *ret_payload);
/* Appends salt and payload as the entry committed to them, from the stored form. Errors: NOT_FOUND (its key is gone), DECRYPT (it is not
 * this entry's). */
SJ_MUST_CHECK sj_status sj_payload_open(struct sj_payload_keys *keys, const struct sj_entry *entry,
    struct sj_view stored, struct sj_buf *ret_salted);

/* What stands in clear from *from on, of persons, is sealed for whoever wrote it: at most 32. *from moves on; *ret_more: there may be more. */
SJ_MUST_CHECK sj_status sj_payload_seal_clear(
    struct sj_payload_keys *keys, int64_t *from, bool *ret_more);
/* Ends a change of the wrapping key that was cut short: what the database has let go of is destroyed. */
SJ_MUST_CHECK sj_status sj_payload_settle(struct sj_payload_keys *keys);

/* In tx, of scope RECORD: the subject's keys go, all others are wrapped by the next generation. When tx is committed the caller asks the
 * keeper to finish with *ret_keep; until then nothing is destroyed. PROVISION. Errors: NOT_FOUND (no key was ever made, or this is not the
 * log's file), CONFLICT. */
SJ_MUST_CHECK sj_status sj_payload_keys_destroy(
    struct sj_channel *channel, struct sj_tx *tx, struct sj_uuid subject, uint32_t *ret_keep);

#endif
