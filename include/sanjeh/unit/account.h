/* SPDX-License-Identifier: Apache-2.0
 *
 * Accounts: who may sign in, for which unit, with which roles. Credentials are authn's.
 */
#ifndef SJ_UNIT_ACCOUNT_H
#define SJ_UNIT_ACCOUNT_H

#include "sanjeh/base/arena.h"
#include "sanjeh/crypto/hash.h"
#include "sanjeh/keys/fields.h"

struct sj_account {
    struct sj_uuid id;
    struct sj_text username;     /* lower case, 3..64 of [a-z0-9._-] */
    struct sj_text display_name; /* encrypted at rest; empty when the caller may not see it */
    struct sj_uuid unit;         /* nil: judge's or platform account */
    struct sj_uuid compartment;
    struct sj_uuid judge;        /* whose own account it is */
    struct sj_uuid person_judge; /* the judge that the holder of an office account is; nil: none */
    struct sj_text unit_code;    /* "" when nil */
    struct sj_text compartment_code; /* "" when nil */
    struct sj_text status;           /* "active", "disabled" */
    struct sj_text roles;            /* names joined by ',': not revoked, not expired */
    struct sj_uuid
        granted_by; /* at creation: by whose hand its roles are; nil: local administration */
    int64_t version;
    sj_time_us created_at;
};

/* Page of accounts visible in the context, by id; after: nil for the first. with_names opens display names. */
SJ_MUST_CHECK sj_status sj_account_list(struct sj_db *db, struct sj_fields *fields,
    const struct sj_context *context, struct sj_uuid after, size_t limit, bool with_names,
    struct sj_arena *arena, struct sj_account **ret_items, size_t *ret_count);
SJ_MUST_CHECK sj_status sj_account_find(struct sj_db *db, struct sj_fields *fields,
    const struct sj_context *context, struct sj_uuid id, bool with_names, struct sj_arena *arena,
    bool *ret_found, struct sj_account *ret_account);
/* Appends the display name of one account; the account's own context suffices. Empty when its key was erased.
 * Errors: NOT_FOUND. */
SJ_MUST_CHECK sj_status sj_account_display_name(struct sj_db *db, struct sj_fields *fields,
    const struct sj_context *context, struct sj_uuid id, struct sj_buf *ret_name);
/* 3..64 of [a-z0-9._-]. */
bool sj_username_is_valid(struct sj_text name);
/* Inserts the account, sealed, and an assignment without an end for each of its roles (id set here unless it is there), by account->granted_by. tx with SJ_SCOPE_AUTHN and SJ_SCOPE_KEYS.
 * Errors: DUPLICATE (username), INVALID. */
SJ_MUST_CHECK sj_status sj_account_create(
    struct sj_tx *tx, struct sj_fields *fields, struct sj_account *account);

#endif
