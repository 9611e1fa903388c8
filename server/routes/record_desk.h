/* SPDX-License-Identifier: Apache-2.0
 *
 * What the routes of the record share: the right to read it, and how an entry is shown.
 */
#ifndef SJ_SERVER_ROUTES_RECORD_DESK_H
#define SJ_SERVER_ROUTES_RECORD_DESK_H

#include "../exchange.h"

#include "sanjeh/audit/reading.h"

/* The caller's own context sees nothing of the record; call it when the policy has said yes. */
SJ_MUST_CHECK sj_status sj_record_desk_context(
    struct sj_exchange *x, int64_t seconds, struct sj_context *ret_context);
/* A view of the signed tree, with a context of its own in the request's arena. */
SJ_MUST_CHECK sj_status sj_record_desk_open(struct sj_exchange *x, struct sj_reading **ret_reading);
/* An Ed25519 public key, hex. */
void sj_record_desk_write_key(
    struct sj_json *json, const char *name, const uint8_t key[SJ_ED25519_PUBLIC]);
void sj_record_desk_write_hash(struct sj_json *json, const char *name, const struct sj_hash *hash);
/* One entry as an object; the caller closes the document. */
void sj_record_desk_write(
    struct sj_json *json, const struct sj_entry *entry, const struct sj_hash *leaf);

/* What stands beside an entry, for a caller: none; kept, with its text; withheld from him; gone (erased); sealed (its key is gone);
 * contradicted (it is not what the entry commits to). */
struct sj_record_payload {
    const char *state;
    struct sj_text text; /* in the request's arena; empty unless kept */
};
SJ_MUST_CHECK sj_status sj_record_desk_payload(struct sj_exchange *x,
    const struct sj_context *context, const struct sj_entry *entry,
    struct sj_record_payload *ret_payload);
/* One entry with what stands beside it. */
void sj_record_desk_write_whole(struct sj_json *json, const struct sj_entry *entry,
    const struct sj_hash *leaf, const struct sj_record_payload *payload);

#endif
