/* SPDX-License-Identifier: Apache-2.0
 *
 * Which domains are there? Documents stand in the database (table policy_domain), sealed by the keeper, so that nobody decides by a
 * document that was written past the server; what was read once stays in memory until a notification says that it changed.
 */
#ifndef SJ_AUTHZEN_REGISTRY_H
#define SJ_AUTHZEN_REGISTRY_H

#include "sanjeh/authzen/domain.h"
#include "sanjeh/db/db.h"
#include "sanjeh/keys/keeper.h"

struct sj_domains; /* of the process; any thread */

SJ_MUST_CHECK sj_status sj_domains_new(struct sj_domains **ret_domains);
void sj_domains_free(struct sj_domains **domains);
/* A reference (sj_domain_release), from memory or read on this fiber. A row whose seal does not fit is not believed: not found,
 * and an alarm in the log. */
SJ_MUST_CHECK sj_status sj_domains_get(struct sj_domains *domains, struct sj_db *db,
    struct sj_channel *channel, struct sj_text name, bool *ret_found,
    struct sj_domain **ret_domain);
/* Forgets one, "" all: after a change was committed. */
void sj_domains_drop(struct sj_domains *domains, struct sj_text name);
/* For sj_db_listen on "policy_domain"; ctx is the registry. */
void sj_domains_on_notify(void *ctx, struct sj_text channel, struct sj_text payload);

struct sj_domain_row {
    struct sj_text name;
    int64_t version; /* from 1, of every change */
    sj_time_us updated_at;
    struct sj_uuid updated_by;
    struct sj_text document; /* of one that was found; else empty */
};

/* By name, after the given one. At most limit. */
SJ_MUST_CHECK sj_status sj_domain_list(struct sj_db *db, const struct sj_context *context,
    struct sj_text after, size_t limit, struct sj_arena *arena, struct sj_domain_row **ret_rows,
    size_t *ret_count);
/* The document is written to *out, which may be NULL. */
SJ_MUST_CHECK sj_status sj_domain_find(struct sj_db *db, const struct sj_context *context,
    struct sj_text name, struct sj_arena *arena, bool *ret_found, struct sj_domain_row *ret_row,
    struct sj_buf *out);
/* Present version under a lock until the transaction ends; 0: there is none. */
SJ_MUST_CHECK sj_status sj_domain_version_for_change(
    struct sj_tx *tx, struct sj_text name, int64_t *ret_version);
/* version: the new one, one above the present. The document was read before (sj_domain_read). */
SJ_MUST_CHECK sj_status sj_domain_put(struct sj_tx *tx, struct sj_channel *channel,
    struct sj_text name, int64_t version, struct sj_view document, struct sj_uuid account);
SJ_MUST_CHECK sj_status sj_domain_remove(struct sj_tx *tx, struct sj_text name, bool *ret_removed);

#endif
