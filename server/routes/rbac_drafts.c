/* SPDX-License-Identifier: Apache-2.0
 *
 * AddRole, GrantPermission, CreateSsdSet …: the administrative functions of INCITS 359 that say what roles are. The policy is signed text, so
 * each makes a draft: of what is in force, or of the caller's own draft, which the new one replaces. Preconditions are asked of a model with
 * everybody who holds roles now; then the draft goes the way of every other (routes/policies.c).
 */
#include "policy_drafts.h"
#include "rbac_desk.h"
#include "routes.h"

#include "sanjeh/rbac/draft.h"

/* Every member that a function may have; the lists as they came. */
struct body {
    struct sj_uuid draft_id;
    struct sj_text tests;
    struct sj_text role;
    struct sj_text title;
    struct sj_text object;
    struct sj_text operation;
    struct sj_text scope;
    struct sj_text ascendant;
    struct sj_text descendant;
    struct sj_text hierarchy;
    struct sj_text set;
    struct sj_text note;
    const struct sj_json_value *roles;
    const struct sj_json_value *read;
    const struct sj_json_value *write;
    int64_t n;
    bool has_draft_id;
    bool has_tests;
};

#define TEXT(field, bound)                                                                         \
    {                                                                                              \
        .name = #field, .kind = SJ_JSON_TEXT, .offset = offsetof(struct body, field),              \
        .present_offset = SJ_JSON_NO_PRESENT, .limit = (bound)                                     \
    }
#define TREE(field)                                                                                \
    {                                                                                              \
        .name = #field, .kind = SJ_JSON_TREE, .offset = offsetof(struct body, field),              \
        .present_offset = SJ_JSON_NO_PRESENT                                                       \
    }
static const struct sj_json_member known[] = {
    TEXT(role, SJ_ROLE_NAME_SIZE - 1),
    TEXT(title, 400),
    TEXT(object, 64),
    TEXT(operation, 64),
    TEXT(scope, 16),
    TEXT(ascendant, SJ_ROLE_NAME_SIZE - 1),
    TEXT(descendant, SJ_ROLE_NAME_SIZE - 1),
    TEXT(hierarchy, 16),
    TEXT(set, 64),
    TEXT(note, 400),
    TREE(roles),
    TREE(read),
    TREE(write),
    {.name = "n",
        .kind = SJ_JSON_INT,
        .offset = offsetof(struct body, n),
        .present_offset = SJ_JSON_NO_PRESENT,
        .limit = 1000},
    {.name = "draft_id",
        .kind = SJ_JSON_ID,
        .offset = offsetof(struct body, draft_id),
        .present_offset = offsetof(struct body, has_draft_id)},
    {.name = "tests",
        .kind = SJ_JSON_TEXT,
        .offset = offsetof(struct body, tests),
        .present_offset = offsetof(struct body, has_tests),
        .limit = SJ_POLICY_DRAFT_MAX},
};

/* The function's own members, of those that are known. */
static sj_status decode(struct sj_exchange *x, struct sj_arena *arena, struct body *body)
{
    struct sj_json_member members[SJ_COUNT(known)];
    struct sj_rbac_argument arguments[SJ_COUNT(known)];
    size_t count = 0;
    struct sj_text rest = sj_text_of(sj_rbac_route_of(x)->arguments);
    while (count < SJ_COUNT(known) && sj_rbac_next_argument(&rest, &arguments[count])) {
        for (size_t i = 0; i < SJ_COUNT(known); i++) {
            if (strcmp(known[i].name, arguments[count].name) == 0) {
                members[count] = known[i];
                members[count].required = !arguments[count].optional;
            }
        }
        count++;
    }
    struct sj_json_faults faults = {.count = 0};
    const sj_status status =
        sj_json_decode(sj_request_body(x->request), members, count, arena, body, &faults);
    for (size_t i = 0; i < faults.count; i++) {
        TRY(sj_json_fault_add(&x->faults, x->arena, faults.items[i].pointer, faults.items[i].code,
            faults.items[i].detail));
    }
    return status;
}

/* ---- what is asked for ---- */

static const struct {
    const char *name;
    enum sj_rbac_edit_kind kind;
    enum sj_sod_kind sod;
} edits[] = {
    {"AddRole", SJ_RBAC_AddRole, SJ_SOD_STATIC},
    {"DeleteRole", SJ_RBAC_DeleteRole, SJ_SOD_STATIC},
    {"GrantPermission", SJ_RBAC_GrantPermission, SJ_SOD_STATIC},
    {"RevokePermission", SJ_RBAC_RevokePermission, SJ_SOD_STATIC},
    {"AddInheritance", SJ_RBAC_AddInheritance, SJ_SOD_STATIC},
    {"DeleteInheritance", SJ_RBAC_DeleteInheritance, SJ_SOD_STATIC},
    {"AddAscendant", SJ_RBAC_AddAscendant, SJ_SOD_STATIC},
    {"AddDescendant", SJ_RBAC_AddDescendant, SJ_SOD_STATIC},
    {"CreateSsdSet", SJ_RBAC_CreateSet, SJ_SOD_STATIC},
    {"DeleteSsdSet", SJ_RBAC_DeleteSet, SJ_SOD_STATIC},
    {"AddSsdRoleMember", SJ_RBAC_AddRoleMember, SJ_SOD_STATIC},
    {"DeleteSsdRoleMember", SJ_RBAC_DeleteRoleMember, SJ_SOD_STATIC},
    {"SetSsdSetCardinality", SJ_RBAC_SetSetCardinality, SJ_SOD_STATIC},
    {"CreateDsdSet", SJ_RBAC_CreateSet, SJ_SOD_DYNAMIC},
    {"DeleteDsdSet", SJ_RBAC_DeleteSet, SJ_SOD_DYNAMIC},
    {"AddDsdRoleMember", SJ_RBAC_AddRoleMember, SJ_SOD_DYNAMIC},
    {"DeleteDsdRoleMember", SJ_RBAC_DeleteRoleMember, SJ_SOD_DYNAMIC},
    {"SetDsdSetCardinality", SJ_RBAC_SetSetCardinality, SJ_SOD_DYNAMIC},
};

/* A list of names. */
static sj_status take_list(struct sj_exchange *x, const char *pointer,
    const struct sj_json_value *value, struct sj_rbac_list *ret_list)
{
    struct sj_text none;
    const struct sj_json_value *item = NULL;
    if (value == NULL) {
        return SJ_DONE;
    }
    if (!sj_json_is_array(value)) {
        return sj_refuse_at(x, pointer, "TYPE", "a list of names");
    }
    for (size_t at = 0; sj_json_next(value, &at, &none, &item);) {
        if (ret_list->count == SJ_RBAC_LIST_MAX) {
            return sj_refuse_at(x, pointer, "TOO_LONG", "at most 64 names");
        }
        struct sj_text *name = &ret_list->items[ret_list->count];
        if (!sj_json_as_text(item, name) || name->len == 0 || name->len > 64) {
            return sj_refuse_at(x, pointer, "TYPE", "names of 1 to 64 bytes");
        }
        ret_list->count++;
    }
    return SJ_DONE;
}

static sj_status take_edit(
    struct sj_exchange *x, const struct body *body, struct sj_rbac_edit *ret_edit)
{
    const char *name = sj_rbac_route_of(x)->name;
    *ret_edit = (struct sj_rbac_edit){.role = body->role,
        .title = body->title,
        .object = body->object,
        .operation = body->operation,
        .scope = body->scope,
        .ascendant = body->ascendant,
        .descendant = body->descendant,
        .set = body->set,
        .note = body->note,
        .n = body->n < 0 ? 0 : (uint32_t)body->n};
    for (size_t i = 0; i < SJ_COUNT(edits); i++) {
        if (strcmp(edits[i].name, name) == 0) {
            ret_edit->kind = edits[i].kind;
            ret_edit->sod = edits[i].sod;
        }
    }
    TRY(take_list(x, "/roles", body->roles, &ret_edit->roles));
    TRY(take_list(x, "/read", body->read, &ret_edit->read));
    return take_list(x, "/write", body->write, &ret_edit->write);
}

static sj_status take_hierarchy(
    struct sj_exchange *x, struct sj_text text, enum sj_rbac_hierarchy *ret_hierarchy)
{
    *ret_hierarchy = sj_text_is(text, "limited") ? SJ_RBAC_LIMITED : SJ_RBAC_GENERAL;
    if (text.len > 0 && *ret_hierarchy == SJ_RBAC_GENERAL && !sj_text_is(text, "general")) {
        return sj_refuse_at(x, "/hierarchy", "UNKNOWN_VALUE", "general or limited");
    }
    return SJ_DONE;
}

/* ---- the text that is changed ---- */

struct base {
    struct sj_policy_found draft; /* the caller's own, when he named one */
    bool has_draft;
    struct sj_policy_version *in_force;
    size_t count;
    struct sj_text document;
    struct sj_text tests;
    struct sj_rbac_head head;
};

static sj_status find_base(struct sj_exchange *x, const struct sj_approval_desk *desk,
    const struct body *body, struct base *base)
{
    TRY(sj_version_in_force(desk, 0, &base->in_force, &base->count));
    ENSURE(base->count > 0, CONFLICT);
    const struct sj_policy_version *root = &base->in_force[0];
    const struct sj_policy_version *version = root;
    if (body->has_draft_id) {
        TRY(sj_policy_find(x, desk, body->draft_id, &base->draft));
        base->has_draft = true;
        version = &base->draft.version;
        if (!sj_text_is(version->state, "draft")) {
            return sj_exchange_unmet(x, "NO_DRAFT", "this version is no draft any more");
        }
        if (!sj_text_equal(version->policy, root->policy)) {
            return sj_exchange_unmet(
                x, "UNIT_POLICY", "roles, sets and hierarchy are the root policy's");
        }
    }
    uint32_t newest = 0;
    TRY(sj_version_newest(desk, root->policy, &newest));
    base->document = version->document;
    base->tests = body->has_tests ? body->tests : version->tests;
    base->head =
        (struct sj_rbac_head){.version = version->number > newest ? version->number : newest + 1,
            .previous = root->digest};
    return SJ_DONE;
}

static sj_status change(struct sj_exchange *x, struct sj_arena *arena, const struct base *base,
    const struct sj_rbac_edit *edit, enum sj_rbac_hierarchy hierarchy, struct sj_buf *out)
{
    CLEANUP(sj_policy_free) struct sj_policy *policy = NULL;
    const struct sj_policy_options options = {.own = true};
    struct sj_policy_fault fault;
    TRY(sj_policy_read(sj_text_bytes(base->document), &options, &policy, &fault));
    struct sj_rbac *model = NULL;
    TRY(sj_rbac_model(x, arena, policy, (struct sj_uuid){{0}}, &model));
    sj_rbac_choose_hierarchy(model, hierarchy);
    TRY(sj_rbac_answer(x, model, sj_rbac_apply(model, edit)));
    return sj_rbac_write(policy, base->document, edit, &base->head, arena, out);
}

static void note(struct sj_exchange *x)
{
    const size_t used = strlen(x->draft.detail);
    (void)snprintf(x->draft.detail + used, sizeof x->draft.detail - used, ";function=%s",
        sj_rbac_route_of(x)->name);
}

static sj_status edit(struct sj_exchange *x)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(2 * SJ_POLICY_DRAFT_MAX);
    struct body body = {.n = 0};
    struct sj_rbac_edit wanted;
    enum sj_rbac_hierarchy hierarchy = SJ_RBAC_GENERAL;
    TRY(sj_arena_new(SJ_LIFE_ARENA_MAX, &arena));
    TRY(decode(x, arena, &body));
    TRY(take_edit(x, &body, &wanted));
    TRY(take_hierarchy(x, body.hierarchy, &hierarchy));
    struct sj_approval_desk desk = sj_approval_desk_of(x);
    desk.arena = arena;
    struct base base = {.has_draft = false};
    TRY(find_base(x, &desk, &body, &base));
    TRY(change(x, arena, &base, &wanted, hierarchy, &out));
    if (base.has_draft) {
        TRY(sj_policy_withdraw(x, &desk, &base.draft));
    }
    const struct sj_policy_text text = {sj_buf_text(&out), base.tests};
    struct sj_policy_found draft;
    TRY(sj_policy_draft(x, &desk, &text, &draft));
    note(x);
    return sj_policy_answer(x, &draft);
}

#define EDIT(name)                                                                                 \
    {                                                                                              \
        {SJ_POST, SJ_RBAC_PREFIX name, SJ_BODY_CONTRIBUTION, SJ_MEDIA_JSON, NULL},                 \
            SJ_USE_APPROVAL, SJ_ACTION_RBAC_EDIT, edit                                             \
    }

const struct sj_endpoint sj_routes_rbac_drafts[] = {
    EDIT("AddRole"),
    EDIT("DeleteRole"),
    EDIT("GrantPermission"),
    EDIT("RevokePermission"),
    EDIT("AddInheritance"),
    EDIT("DeleteInheritance"),
    EDIT("AddAscendant"),
    EDIT("AddDescendant"),
    EDIT("CreateSsdSet"),
    EDIT("DeleteSsdSet"),
    EDIT("AddSsdRoleMember"),
    EDIT("DeleteSsdRoleMember"),
    EDIT("SetSsdSetCardinality"),
    EDIT("CreateDsdSet"),
    EDIT("DeleteDsdSet"),
    EDIT("AddDsdRoleMember"),
    EDIT("DeleteDsdRoleMember"),
    EDIT("SetDsdSetCardinality"),
};
const size_t sj_routes_rbac_drafts_count = SJ_COUNT(sj_routes_rbac_drafts);
