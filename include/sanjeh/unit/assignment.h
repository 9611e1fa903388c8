/* SPDX-License-Identifier: Apache-2.0
 *
 * Who has which role, from when until when, by whose hand? Assignments of roles to accounts, assigned or delegated. An account's
 * seal is over all of its assignments that are not revoked: whoever changes one holds the account, proves its seal, writes, and
 * seals it anew, in one transaction. What roles mean and who may assign them is rbac's.
 */
#ifndef SJ_UNIT_ASSIGNMENT_H
#define SJ_UNIT_ASSIGNMENT_H

#include "sanjeh/unit/account.h"

#define SJ_ASSIGNMENTS_MAX 16 /* of one account, not revoked */
#define SJ_ROLE_NAME_SIZE  33

enum sj_assignment_kind { SJ_ASSIGNED = 0, SJ_DELEGATED };

/* What a seal covers of an assignment. Times in microseconds, 0: none. */
struct sj_assignment {
    struct sj_uuid id;
    char role[SJ_ROLE_NAME_SIZE];
    enum sj_assignment_kind kind;
    uint32_t depth;            /* of a delegation: 1 for the first hand */
    struct sj_uuid granted_by; /* nil: local administration */
    struct sj_uuid source;     /* delegated: the delegator's own assignment */
    sj_time_us valid_from;
    sj_time_us valid_until;  /* exclusive */
    sj_time_us locked_from;  /* does not count within */
    sj_time_us locked_until; /* 0 with locked_from: until further notice */
    sj_time_us certified_at;
};

/* The same as a reader sees it. Texts in the arena. */
struct sj_assignment_row {
    struct sj_assignment held;
    struct sj_uuid account;
    struct sj_text username;
    struct sj_text unit_code; /* "" */
    struct sj_text reason;    /* "" */
    struct sj_uuid certified_by;
    sj_time_us granted_at;
    sj_time_us revoked_at; /* 0: not revoked */
    struct sj_uuid revoked_by;
    struct sj_text revoke_cause; /* "", revoked, expired, source-ended */
    int64_t seq;
    int64_t version;
};

struct sj_assignment_query {
    struct sj_uuid account;    /* nil: of all that the context shows */
    struct sj_uuid unit;       /* nil: of all units */
    struct sj_uuid granted_by; /* nil: by anybody */
    struct sj_text role;       /* "": any */
    bool revoked_too;
    bool delegated_only;
};
/* A page of assignments that the context shows, by id. */
SJ_MUST_CHECK sj_status sj_assignment_list(struct sj_db *db, const struct sj_context *context,
    const struct sj_assignment_query *query, struct sj_uuid after, size_t limit,
    struct sj_arena *arena, struct sj_assignment_row **ret_items, size_t *ret_count);
SJ_MUST_CHECK sj_status sj_assignment_find(struct sj_db *db, const struct sj_context *context,
    struct sj_uuid id, struct sj_arena *arena, bool *ret_found, struct sj_assignment_row *ret_row);

/* The same within a transaction. */
SJ_MUST_CHECK sj_status sj_assignment_find_tx(struct sj_tx *tx, struct sj_uuid id,
    struct sj_arena *arena, bool *ret_found, struct sj_assignment_row *ret_row);
/* How many accounts hold which role now, of what the context shows. */
struct sj_role_holders {
    struct sj_text role;
    int64_t count;
};
SJ_MUST_CHECK sj_status sj_role_holders(struct sj_db *db, const struct sj_context *context,
    struct sj_arena *arena, struct sj_role_holders **ret_items, size_t *ret_count);

/* One change as the history has it. */
struct sj_assignment_change {
    int64_t seq;
    sj_time_us changed_at;
    struct sj_uuid
        changed_by; /* nil: local administration, the server itself, or a hand in the database */
    struct sj_text change;
    struct sj_uuid account;
    struct sj_assignment held;
    sj_time_us revoked_at;
};
/* Changes after a number, in order. *ret_seq: the last number of all. */
SJ_MUST_CHECK sj_status sj_assignment_changes(struct sj_db *db, const struct sj_context *context,
    int64_t after, struct sj_uuid account, size_t limit, struct sj_arena *arena,
    struct sj_assignment_change **ret_items, size_t *ret_count, int64_t *ret_seq);

/* What an account held at a moment, as the history has it (valid_from, valid_until and locks are the caller's to look at). Of each
 * only id, role, kind and times are known. */
SJ_MUST_CHECK sj_status sj_assignments_at(struct sj_db *db, const struct sj_context *context,
    struct sj_uuid account, sj_time_us at, struct sj_arena *arena, struct sj_assignment **ret_items,
    size_t *ret_count);

/* The number of the last change at a moment, 0 when there was none: to go on from with sj_assignment_changes. */
SJ_MUST_CHECK sj_status sj_assignment_seq_at(
    struct sj_db *db, const struct sj_context *context, sj_time_us at, int64_t *ret_seq);

/* ---- changing; tx in the scope ADMIN ---- */

/* An account with everything that its seal covers, locked against other changes. */
struct sj_holding {
    struct sj_account
        account; /* id, unit, compartment, judge, person_judge, username, status, version */
    struct sj_assignment items[SJ_ASSIGNMENTS_MAX];
    size_t count;
    sj_time_us now; /* clock_now() of the transaction */
};
/* Waits for other changes of assignments (numbers come in the order of commits), then reads the account and proves its seal.
 * *ret_found false: there is no such account. Errors: FORBIDDEN when the seal does not fit: nothing may be built on rows that the
 * product did not write (log event unit.seal.broken). */
SJ_MUST_CHECK sj_status sj_holding_take(struct sj_tx *tx, struct sj_channel *channel,
    struct sj_uuid account, struct sj_arena *arena, bool *ret_found,
    struct sj_holding *ret_holding);
/* Adds an assignment (id set here) and seals. Errors: DUPLICATE (the role is there already), CONFLICT (SJ_ASSIGNMENTS_MAX). */
SJ_MUST_CHECK sj_status sj_holding_add(struct sj_tx *tx, struct sj_channel *channel,
    struct sj_holding *holding, struct sj_assignment *assignment, struct sj_text reason);
/* Writes valid_until, the lock window and certified_at of items[number] and seals. certified_by nil: certification stays. */
SJ_MUST_CHECK sj_status sj_holding_change(struct sj_tx *tx, struct sj_channel *channel,
    struct sj_holding *holding, size_t number, struct sj_uuid changed_by,
    struct sj_uuid certified_by);
/* Revokes items[number] (it leaves the holding), seals. by nil: the server itself. */
SJ_MUST_CHECK sj_status sj_holding_revoke(struct sj_tx *tx, struct sj_channel *channel,
    struct sj_holding *holding, size_t number, struct sj_uuid by, const char *cause);
/* Closes an account whose assignments were revoked: it signs in no more, its sessions end, its enrolment is gone. tx in the scopes ADMIN and
 * AUTHN. Errors: NOT_FOUND (closed already). */
SJ_MUST_CHECK sj_status sj_account_close(struct sj_tx *tx, struct sj_uuid account);
/* Revokes whatever was delegated from the assignment, at any depth, cause "source-ended". */
SJ_MUST_CHECK sj_status sj_assignment_end_followers(struct sj_tx *tx, struct sj_channel *channel,
    struct sj_uuid assignment, struct sj_uuid by, struct sj_arena *arena);
/* The account of a user name, of those that the context shows. */
SJ_MUST_CHECK sj_status sj_account_find_name(
    struct sj_tx *tx, struct sj_text username, bool *ret_found, struct sj_uuid *ret_id);
/* How many accounts hold a role now (not revoked, not expired). */
SJ_MUST_CHECK sj_status sj_assignment_holders(
    struct sj_tx *tx, struct sj_text role, int64_t *ret_count);

/* ---- seals ---- */

/* Columns from "first" on of a result that ends with one assignment a row (session_find, login_find, holding_items). Rows whose
 * id is null carry none. Errors: LIMIT_EXCEEDED. */
SJ_MUST_CHECK sj_status sj_assignments_take(const struct sj_rows *rows, size_t first,
    struct sj_assignment *items, size_t max, size_t *ret_count);
#define SJ_ASSIGNMENT_COLUMNS 11u
/* What an account's seal covers since assignments have times: id, unit, compartment, judge, username, status, person, and every
 * assignment in order of ids. Not the version, not the display name (FLE1). Errors: LIMIT_EXCEEDED. */
SJ_MUST_CHECK sj_status sj_account_seal_hash(const struct sj_account *account,
    const struct sj_assignment *items, size_t count, struct sj_hash *ret_hash);
/* The former one, over the names of roles (joined by ',', in any order): what `sanjeh migrate` proves once. */
SJ_MUST_CHECK sj_status sj_account_former_seal_hash(
    const struct sj_account *account, struct sj_text roles, struct sj_hash *ret_hash);
/* Seals accounts of the former form anew; tx in the scope AUTHN. *ret_broken: accounts whose former seal did not fit; they are left
 * and cannot sign in. */
SJ_MUST_CHECK sj_status sj_accounts_reseal(
    struct sj_tx *tx, struct sj_channel *channel, size_t *ret_sealed, size_t *ret_broken);

#endif
