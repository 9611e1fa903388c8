/* SPDX-License-Identifier: Apache-2.0
 *
 * The two-person rule (SP 800-53 AC-3(2)): what one person must not do alone is asked for, approved by distinct persons who are not
 * the one who asks, and used once. A request is bound to the exact deed: SHA-256 over the RFC 8785 form of action, object and
 * parameters. Request and votes are believed under the keeper's seals alone. Who may approve is a role (kinds.def) and, by person,
 * everybody but the requester; the database holds the same rules (migration "create_approvals").
 */
#ifndef SJ_APPROVAL_APPROVAL_H
#define SJ_APPROVAL_APPROVAL_H

#include "sanjeh/base/arena.h"
#include "sanjeh/db/db.h"
#include "sanjeh/keys/keeper.h"
#include "sanjeh/unit/actor.h"

/* Whose units approve. */
enum sj_approval_units {
    SJ_UNITS_ANY = 0,
    SJ_UNITS_OTHER, /* than the requester's */
    SJ_UNITS_APART /* each another one, none of them the requester's; who has no unit neither asks nor approves */
};

/* What takes two persons. */
struct sj_approval_kind {
    const char *action; /* "policy:activate" */
    const char *object_type;
    const char *by_role; /* of whoever approves */
    uint32_t
        need; /* persons besides the requester; the caller of sj_approval_take may ask for more */
    int64_t ttl_s; /* longest life of a request */
    enum sj_approval_units units;
    bool by_hand; /* people ask for it at /approvals; false: the server does when the deed begins */
    bool in_force; /* its deed exists; false: it joins when its deed does */
};
size_t sj_approval_kind_count(void);
const struct sj_approval_kind *sj_approval_kind_at(size_t number);
/* NULL: takes no approval. */
const struct sj_approval_kind *sj_approval_kind_find(struct sj_text action);

#define SJ_APPROVAL_VOTES          8
#define SJ_APPROVAL_REASON_MAX     1000
#define SJ_APPROVAL_PARAMETERS_MAX 4096

struct sj_approval_vote {
    struct sj_uuid person;
    struct sj_uuid account;
    struct sj_uuid unit;
    struct sj_text role;
    bool approves;
    struct sj_text method; /* "password+totp"; rejections "session" */
    sj_time_us at;
    struct sj_hash seal;
};

struct sj_approval {
    struct sj_uuid id;
    struct sj_text action;
    struct sj_uuid object;
    struct sj_text parameters; /* RFC 8785 */
    struct sj_hash operation;
    struct sj_text reason;
    uint32_t need;
    struct sj_text by_role;
    bool other_unit;
    struct sj_uuid requested_by;
    struct sj_uuid requested_person;
    struct sj_uuid requested_unit;
    sj_time_us requested_at;
    sj_time_us expires_at;
    struct sj_text state;  /* open, approved, rejected, cancelled, used, expired */
    sj_time_us decided_at; /* 0: not yet */
    sj_time_us used_at;
    struct sj_hash seal;
    int64_t version;
    struct sj_approval_vote votes[SJ_APPROVAL_VOTES];
    size_t vote_count; /* 0 in lists */
};

/* What a call works with. tx: NULL for reading. */
struct sj_approval_desk {
    struct sj_db *db;
    struct sj_tx *tx;
    const struct sj_context
        *context; /* names the account; scope APPROVAL to see others' and to vote */
    struct sj_channel *channel;
    struct sj_arena *arena;
};

/* The digest that binds: parameters is a JSON object; ret_parameters gets its RFC 8785 form in the arena.
 * Errors: INVALID (not an object, over SJ_APPROVAL_PARAMETERS_MAX). */
SJ_MUST_CHECK sj_status sj_approval_operation(struct sj_arena *arena, struct sj_text action,
    struct sj_uuid object, struct sj_text parameters, struct sj_text *ret_parameters,
    struct sj_hash *ret_operation);

/* Asks. need 0: the kind's. ttl_s 0: the kind's. reason is trimmed text of people. Errors: INVALID. */
struct sj_approval_ask {
    const struct sj_approval_kind *kind;
    struct sj_uuid object;
    struct sj_text parameters;
    struct sj_text reason;
    uint32_t need;
    int64_t ttl_s;
};
SJ_MUST_CHECK sj_status sj_approval_request(const struct sj_approval_desk *desk,
    const struct sj_actor *actor, const struct sj_approval_ask *ask,
    struct sj_approval *ret_approval);

/* With its votes; locked when desk->tx is there. Seals are proven: one that does not fit is CONFLICT with *ret_why
 * "SEAL_BROKEN" and the log event approval.seal.broken. */
SJ_MUST_CHECK sj_status sj_approval_find(const struct sj_approval_desk *desk, struct sj_uuid id,
    bool *ret_found, struct sj_approval *ret_approval, const char **reterr_why);
/* state, action: empty for any. */
SJ_MUST_CHECK sj_status sj_approval_list(const struct sj_approval_desk *desk, struct sj_text state,
    struct sj_text action, struct sj_uuid after, size_t limit, struct sj_approval **ret_items,
    size_t *ret_count);

/* One vote of the actor, who has shown the factors that method names and holds approval->by_role. A rejection ends the request.
 * Errors: GUARD_UNMET with *reterr_why: ENDED, OWN_REQUEST, VOTED_ALREADY, OTHER_UNIT. */
SJ_MUST_CHECK sj_status sj_approval_give(const struct sj_approval_desk *desk,
    const struct sj_actor *actor, struct sj_approval *approval, bool approves, const char *method,
    const char **reterr_why);
/* By the requester, as a person. Errors: FORBIDDEN, NO_SUCH_MOVE. */
SJ_MUST_CHECK sj_status sj_approval_cancel(const struct sj_approval_desk *desk,
    const struct sj_actor *actor, struct sj_approval *approval);

/* The deed: uses the approval up in desk->tx, which must be the deed's own transaction. Everything is compared anew: kind,
 * object, parameters, persons, seals, time. min_need: at least so many approvals, whatever the request says.
 * Errors: GUARD_UNMET with *reterr_why: NO_APPROVAL, OTHER_OPERATION, NOT_YOURS, NOT_APPROVED, USED, EXPIRED, ENDED, SEAL_BROKEN. */
struct sj_approval_use {
    const struct sj_approval_kind *kind;
    struct sj_uuid approval;
    struct sj_uuid object;
    struct sj_text parameters;
    uint32_t min_need;
    bool any_object; /* the parameters alone say what it is about */
    bool by_anybody; /* the deed is not the requester's alone (a policy that has its signatures) */
};
SJ_MUST_CHECK sj_status sj_approval_take(const struct sj_approval_desk *desk,
    const struct sj_actor *actor, const struct sj_approval_use *use,
    struct sj_approval *ret_approval, const char **reterr_why);

/* The same comparison for a deed that may be done again until the approval ends: nothing is used up, and no transaction is needed. */
SJ_MUST_CHECK sj_status sj_approval_check(const struct sj_approval_desk *desk,
    const struct sj_actor *actor, const struct sj_approval_use *use,
    struct sj_approval *ret_approval, const char **reterr_why);

/* Approvals so far. */
size_t sj_approval_count(const struct sj_approval *approval);

#endif
