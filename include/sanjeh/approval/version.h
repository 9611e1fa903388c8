/* SPDX-License-Identifier: Apache-2.0
 *
 * Versions of the policy as they are kept: documents, what their tests and their difference to the version before said, who
 * wrote and who signed them, when they were in force. Signing is a vote on the approval of "policy:activate" that a draft opens
 * for itself; it is bound to the digests of everything here. Believed under the keeper's seal alone.
 */
#ifndef SJ_APPROVAL_VERSION_H
#define SJ_APPROVAL_VERSION_H

#include "sanjeh/approval/approval.h"

/* Without signatures nothing that was drafted comes into force: a constant, never a setting, never what a document says. A
 * document may ask for more, never for less. */
#define SJ_POLICY_SIGNATURES          2u
#define SJ_POLICY_SIGNATURES_WIDENING 3u
#define SJ_DIGEST_TEXT_SIZE           72 /* "sha256:" and 64 digits, with NUL */

struct sj_policy_version {
    struct sj_uuid id;
    struct sj_text policy;     /* the document's id */
    uint32_t number;           /* the document's version */
    struct sj_text owner_unit; /* code; "" for the root */
    struct sj_text origin;     /* "installed", "drafted" */
    struct sj_text document;   /* the bytes that came; empty in lists */
    struct sj_text tests;
    struct sj_text digest;   /* "sha256:…" of the RFC 8785 form */
    struct sj_text previous; /* digest of what was in force when it was drafted; "" for none */
    struct sj_text report_digest;
    struct sj_text diff_digest;
    struct sj_text report; /* JSON; empty in lists */
    struct sj_text diff;
    bool passed; /* its tests */
    bool widens;
    uint32_t need;         /* signatures */
    struct sj_uuid author; /* nil: installed */
    struct sj_uuid approval;
    sj_time_us created_at;
    struct sj_text state; /* draft, active, superseded, refused */
    int64_t activation;   /* number; 0: never in force */
    sj_time_us activated_at;
    sj_time_us ended_at;
    struct sj_hash seal;
    int64_t version;
};

/* "sha256:<hex>" of bytes. */
SJ_MUST_CHECK sj_status sj_digest_of(struct sj_view bytes, char ret_digest[SJ_DIGEST_TEXT_SIZE]);
/* What signatures are bound to, as the parameters of the approval. */
SJ_MUST_CHECK sj_status sj_version_parameters(
    const struct sj_policy_version *version, struct sj_buf *ret_parameters);
/* Seals and writes. id and created_at are the caller's; an installed one with activation and activated_at. desk->tx, scope APPROVAL. */
SJ_MUST_CHECK sj_status sj_version_insert(
    const struct sj_approval_desk *desk, struct sj_policy_version *version);
/* Locked when desk->tx is there. Errors: CONFLICT when the seal does not fit (log event policy.seal.broken). */
SJ_MUST_CHECK sj_status sj_version_find(const struct sj_approval_desk *desk, struct sj_uuid id,
    bool *ret_found, struct sj_policy_version *ret_version);
SJ_MUST_CHECK sj_status sj_version_list(const struct sj_approval_desk *desk, struct sj_text state,
    struct sj_uuid after, size_t limit, struct sj_policy_version **ret_items, size_t *ret_count);
/* What is in force (at 0) or was at a time, the root first; seals proven. Errors: CONFLICT. */
SJ_MUST_CHECK sj_status sj_version_in_force(const struct sj_approval_desk *desk, sj_time_us at,
    struct sj_policy_version **ret_items, size_t *ret_count);
/* The signatures of a version that is or was in force are there, of enough persons, and over it. *reterr_why as in
 * sj_approval_take, "" for fit. Installed versions have none. */
SJ_MUST_CHECK sj_status sj_version_prove(const struct sj_approval_desk *desk,
    const struct sj_policy_version *version, bool *ret_fit, const char **reterr_why);
/* Number of a policy's newest version that was ever in force, 0 for none. */
SJ_MUST_CHECK sj_status sj_version_newest(
    const struct sj_approval_desk *desk, struct sj_text policy, uint32_t *ret_number);
/* Waits for other activations; the number of the last one. */
SJ_MUST_CHECK sj_status sj_version_head(
    const struct sj_approval_desk *desk, int64_t *ret_activation);
/* Ends what is in force of this policy and puts the draft into force under number activation (last + 1); sealed anew. */
SJ_MUST_CHECK sj_status sj_version_activate(
    const struct sj_approval_desk *desk, struct sj_policy_version *version, int64_t activation);
/* The head alone goes on: for the first installed version. */
SJ_MUST_CHECK sj_status sj_version_advance(const struct sj_approval_desk *desk, int64_t activation);
SJ_MUST_CHECK sj_status sj_version_end(const struct sj_approval_desk *desk, struct sj_text policy);
SJ_MUST_CHECK sj_status sj_version_refuse(
    const struct sj_approval_desk *desk, struct sj_policy_version *version);
SJ_MUST_CHECK sj_status sj_version_delete(
    const struct sj_approval_desk *desk, const struct sj_policy_version *version);

/* Who holds which roles now: one account a row, names joined by ','. Scope ADMIN. */
struct sj_policy_holding {
    struct sj_uuid account;
    struct sj_text roles;
};
SJ_MUST_CHECK sj_status sj_policy_holdings(
    const struct sj_approval_desk *desk, struct sj_policy_holding **ret_items, size_t *ret_count);

#endif
