/* SPDX-License-Identifier: Apache-2.0
 *
 * What the registry needs of the store.
 */
#ifndef SJ_AUTHZEN_STORE_H
#define SJ_AUTHZEN_STORE_H

#include "sanjeh/authzen/registry.h"
#include "sanjeh/crypto/hash.h"

/* Columns: name, version, updated_at, updated_by, document, seal. */
SJ_MUST_CHECK sj_status store_load(
    struct sj_db *db, struct sj_channel *channel, struct sj_text name, struct sj_rows **ret_rows);
SJ_MUST_CHECK sj_status store_seal_fits(struct sj_channel *channel, struct sj_text name,
    int64_t version, struct sj_view document, struct sj_view seal, bool *ret_fits);

#endif
