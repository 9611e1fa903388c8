/* SPDX-License-Identifier: Apache-2.0
 *
 * Questions to the keeper about keys of payloads (docs/KEYS.md, "Payloads"): one for each unit, subject and month, wrapped by a key that
 * stands in the keepers' own file and nowhere in the database. All fail with NOT_FOUND when this keeper has no such file.
 */
#ifndef SJ_KEYS_PAYLOAD_KEYS_H
#define SJ_KEYS_PAYLOAD_KEYS_H

#include "sanjeh/keys/keeper.h"

struct sj_payload_file {
    struct sj_uuid id;
    uint32_t generation; /* of the wrapping key */
    uint32_t next;       /* 0: no change has begun */
};
SJ_MUST_CHECK sj_status ask_payload_file(
    struct sj_channel *channel, struct sj_payload_file *ret_file);

struct sj_payload_key_place {
    struct sj_uuid unit;
    struct sj_uuid subject;
    uint32_t number; /* of the key, once in a log */
};
struct sj_wrapped_payload_key {
    struct sj_payload_key_place place;
    struct sj_view wrapped;
};
/* A fresh key, wrapped by this generation; wrapped appended. Errors: NOT_FOUND (no such generation). */
SJ_MUST_CHECK sj_status ask_payload_new_key(struct sj_channel *channel, uint32_t generation,
    const struct sj_payload_key_place *place, struct sj_buf *ret_wrapped, struct sj_key *ret_dek);
/* 1 to SJ_UNWRAP_MAX. Errors: DECRYPT (one of them is not what was wrapped here), NOT_FOUND (its generation was destroyed). */
SJ_MUST_CHECK sj_status ask_payload_open_keys(struct sj_channel *channel,
    const struct sj_wrapped_payload_key *items, size_t count, struct sj_key *ret_deks);

/* Makes the next wrapping key, or tells of the one that is there (PROVISION). */
SJ_MUST_CHECK sj_status ask_payload_prepare(
    struct sj_channel *channel, struct sj_payload_file *ret_file);
/* Opened and wrapped by this generation, 1 to SJ_UNWRAP_MAX (PROVISION); count pieces of *ret_each bytes appended. */
SJ_MUST_CHECK sj_status ask_payload_rewrap(struct sj_channel *channel, uint32_t generation,
    const struct sj_wrapped_payload_key *items, size_t count, size_t *ret_each,
    struct sj_buf *ret_wrapped);
/* Keeps this generation and destroys the other, if there is one. Errors: NOT_FOUND (no such generation). */
SJ_MUST_CHECK sj_status ask_payload_finish(
    struct sj_channel *channel, uint32_t keep, struct sj_payload_file *ret_file);

#endif
