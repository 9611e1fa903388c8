/* SPDX-License-Identifier: Apache-2.0
 *
 * The administrative functions of INCITS 359 that change what roles are, applied to the text of a policy: its preconditions are
 * asked of a model of the document with everybody who holds roles now, then the document is written anew with that one change. What
 * comes of it is a draft like any other: read strictly, tested, compared, signed (sanjeh/approval/version.h).
 */
#ifndef SJ_RBAC_DRAFT_H
#define SJ_RBAC_DRAFT_H

#include "sanjeh/json/decode.h"
#include "sanjeh/rbac/incits.h"

enum sj_rbac_edit_kind {
    SJ_RBAC_AddRole,
    SJ_RBAC_DeleteRole,
    SJ_RBAC_GrantPermission,
    SJ_RBAC_RevokePermission,
    SJ_RBAC_AddInheritance,
    SJ_RBAC_DeleteInheritance,
    SJ_RBAC_AddAscendant,
    SJ_RBAC_AddDescendant,
    SJ_RBAC_CreateSet,
    SJ_RBAC_DeleteSet,
    SJ_RBAC_AddRoleMember,
    SJ_RBAC_DeleteRoleMember,
    SJ_RBAC_SetSetCardinality
};

#define SJ_RBAC_LIST_MAX 64u

struct sj_rbac_list {
    struct sj_text items[SJ_RBAC_LIST_MAX];
    size_t count;
};

/* One change. Which members count depends on the kind. */
struct sj_rbac_edit {
    enum sj_rbac_edit_kind kind;
    enum sj_sod_kind sod; /* of sets: STATIC or DYNAMIC */
    struct sj_text role;
    struct sj_text title; /* of a new role; "" */
    struct sj_text object;
    struct sj_text operation;
    struct sj_text ascendant;
    struct sj_text descendant;
    struct sj_text set;
    struct sj_text note;  /* of a new set; "" */
    struct sj_text scope; /* of a permission that is granted: what the policy's permits must name */
    struct sj_rbac_list read;
    struct sj_rbac_list write;
    struct sj_rbac_list roles; /* of a new set */
    uint32_t n;
};

/* The function on the model, with all its preconditions. Errors: those of incits.h; sj_rbac_why. */
SJ_MUST_CHECK sj_status sj_rbac_apply(struct sj_rbac *model, const struct sj_rbac_edit *edit);
/* The same on the text that policy was read from; it must be a root. The new text has this number and says which digest came before
 * it. Errors: INVALID (no document of ours). */
struct sj_rbac_head {
    uint32_t version;
    struct sj_text previous;
};
SJ_MUST_CHECK sj_status sj_rbac_write(const struct sj_policy *policy, struct sj_text document,
    const struct sj_rbac_edit *edit, const struct sj_rbac_head *head, struct sj_arena *arena,
    struct sj_buf *out);

#endif
