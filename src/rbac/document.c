/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a policy's text look after one administrative function? Everything as it stood, but for the sections that the function
 * is about. Rules that gave a role more than what is revoked are kept for it in what is left of them.
 */
#include "sanjeh/json/write.h"
#include "sanjeh/rbac/draft.h"

#define PIECE_MAX ((size_t)1024 * 1024)

struct work {
    const struct sj_policy *policy;
    const struct sj_rbac_edit *edit;
    const struct sj_rbac_head *head;
    const struct sj_json_value *root;
    struct sj_arena *arena;
    struct sj_json json;
    unsigned made; /* rules so far that got an id here */
};

/* ---- pieces ---- */

static sj_status name_of(const struct work *work, struct sj_text name, const char **ret_name)
{
    void *memory = NULL;
    TRY(sj_arena_alloc(work->arena, name.len + 1, &memory));
    char *text = memory;
    TRY(sj_copy(text, name.len + 1, name.ptr, name.len));
    text[name.len] = '\0';
    *ret_name = text;
    return SJ_DONE;
}

/* name NULL in an array. */
static sj_status copy(struct work *work, const char *name, const struct sj_json_value *value)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(PIECE_MAX);
    TRY(sj_json_value_put(value, &text));
    sj_json_raw(&work->json, name, sj_buf_text(&text));
    return SJ_DONE;
}

static bool holds(const struct sj_json_value *list, struct sj_text text)
{
    struct sj_text none;
    struct sj_text item;
    const struct sj_json_value *value = NULL;
    for (size_t at = 0; list != NULL && sj_json_next(list, &at, &none, &value);) {
        if (sj_json_as_text(value, &item) && sj_text_equal(item, text)) {
            return true;
        }
    }
    return false;
}

/* A list of texts without one, with another at its end; "" for none of these. *ret_count: what is left; an empty list is not
 * written. */
static size_t change_list(struct work *work, const char *name, const struct sj_json_value *list,
    struct sj_text without, struct sj_text with)
{
    struct sj_text none;
    struct sj_text item;
    const struct sj_json_value *value = NULL;
    size_t count = 0;
    for (size_t at = 0; list != NULL && sj_json_next(list, &at, &none, &value);) {
        if (sj_json_as_text(value, &item) && !(without.len > 0 && sj_text_equal(item, without))) {
            if (count++ == 0) {
                sj_json_array(&work->json, name);
            }
            sj_json_text(&work->json, NULL, item);
        }
    }
    if (with.len > 0) {
        if (count++ == 0) {
            sj_json_array(&work->json, name);
        }
        sj_json_text(&work->json, NULL, with);
    }
    if (count > 0) {
        sj_json_array_end(&work->json);
    }
    return count;
}

static void write_list(struct sj_json *json, const char *name, const struct sj_rbac_list *list)
{
    sj_json_array(json, name);
    for (size_t i = 0; i < list->count; i++) {
        sj_json_text(json, NULL, list->items[i]);
    }
    sj_json_array_end(json);
}

static struct sj_text gone_role(const struct work *work)
{
    return work->edit->kind == SJ_RBAC_DeleteRole ? work->edit->role : SJ_TEXT("");
}

/* ---- roles ---- */

/* What the role's edges lose and get. */
static void edges_of(const struct work *work, struct sj_text role, struct sj_text *ret_without,
    struct sj_text *ret_with)
{
    const struct sj_rbac_edit *edit = work->edit;
    const bool is_senior = sj_text_equal(role, edit->ascendant);
    *ret_without = gone_role(work);
    *ret_with = SJ_TEXT("");
    if (is_senior && edit->kind == SJ_RBAC_DeleteInheritance) {
        *ret_without = edit->descendant;
    }
    if (is_senior &&
        (edit->kind == SJ_RBAC_AddInheritance || edit->kind == SJ_RBAC_AddDescendant)) {
        *ret_with = edit->descendant;
    }
}

static sj_status write_role(struct work *work, const char *role, const struct sj_json_value *value)
{
    struct sj_text without;
    struct sj_text with;
    struct sj_text name;
    const struct sj_json_value *member = NULL;
    edges_of(work, sj_text_of(role), &without, &with);
    sj_json_object(&work->json, role);
    for (size_t at = 0; sj_json_next(value, &at, &name, &member);) {
        const char *label = NULL;
        TRY(name_of(work, name, &label));
        if (sj_text_is(name, "inherits")) {
            (void)change_list(work, label, member, without, with);
        } else if (sj_text_is(name, "assignable")) {
            (void)change_list(work, label, member, gone_role(work), SJ_TEXT(""));
        } else {
            TRY(copy(work, label, member));
        }
    }
    if (with.len > 0 && sj_json_get(value, "inherits") == NULL) {
        (void)change_list(work, "inherits", NULL, without, with);
    }
    sj_json_object_end(&work->json);
    return SJ_DONE;
}

static sj_status write_new_role(struct work *work)
{
    const struct sj_rbac_edit *edit = work->edit;
    struct sj_text role = SJ_TEXT("");
    if (edit->kind == SJ_RBAC_AddRole) {
        role = edit->role;
    } else if (edit->kind == SJ_RBAC_AddAscendant) {
        role = edit->ascendant;
    } else if (edit->kind == SJ_RBAC_AddDescendant) {
        role = edit->descendant;
    }
    if (role.len == 0) {
        return SJ_DONE;
    }
    const char *label = NULL;
    TRY(name_of(work, role, &label));
    sj_json_object(&work->json, label);
    if (edit->title.len > 0) {
        sj_json_text(&work->json, "title", edit->title);
    }
    if (edit->kind == SJ_RBAC_AddAscendant) {
        (void)change_list(work, "inherits", NULL, SJ_TEXT(""), edit->descendant);
    }
    sj_json_object_end(&work->json);
    return SJ_DONE;
}

static sj_status write_roles(struct work *work, const struct sj_json_value *roles)
{
    struct sj_text name;
    const struct sj_json_value *value = NULL;
    sj_json_object(&work->json, "roles");
    for (size_t at = 0; sj_json_next(roles, &at, &name, &value);) {
        if (!sj_text_equal(name, gone_role(work))) {
            const char *label = NULL;
            TRY(name_of(work, name, &label));
            TRY(write_role(work, label, value));
        }
    }
    TRY(write_new_role(work));
    sj_json_object_end(&work->json);
    return SJ_DONE;
}

/* ---- sets ---- */

/* What the set's roles lose and get. */
static void members_of(
    const struct work *work, bool is_meant, struct sj_text *ret_without, struct sj_text *ret_with)
{
    const struct sj_rbac_edit *edit = work->edit;
    *ret_without = gone_role(work);
    *ret_with = SJ_TEXT("");
    if (is_meant && edit->kind == SJ_RBAC_DeleteRoleMember) {
        *ret_without = edit->role;
    }
    if (is_meant && edit->kind == SJ_RBAC_AddRoleMember) {
        *ret_with = edit->role;
    }
}

static sj_status write_set(struct work *work, const struct sj_json_value *value)
{
    const struct sj_rbac_edit *edit = work->edit;
    struct sj_text id = SJ_TEXT("");
    struct sj_text name;
    const struct sj_json_value *member = NULL;
    const struct sj_json_value *own = sj_json_get(value, "id");
    const bool is_meant = edit->set.len > 0 && own != NULL && sj_json_as_text(own, &id) &&
                          sj_text_equal(id, edit->set);
    if (is_meant && edit->kind == SJ_RBAC_DeleteSet) {
        return SJ_DONE;
    }
    struct sj_text without;
    struct sj_text with;
    members_of(work, is_meant, &without, &with);
    sj_json_object(&work->json, NULL);
    for (size_t at = 0; sj_json_next(value, &at, &name, &member);) {
        const char *label = NULL;
        TRY(name_of(work, name, &label));
        if (sj_text_is(name, "roles")) {
            (void)change_list(work, label, member, without, with);
        } else if (sj_text_is(name, "n") && is_meant && edit->kind == SJ_RBAC_SetSetCardinality) {
            sj_json_int(&work->json, label, edit->n);
        } else {
            TRY(copy(work, label, member));
        }
    }
    sj_json_object_end(&work->json);
    return SJ_DONE;
}

static sj_status write_sets(struct work *work, const struct sj_json_value *sets)
{
    const struct sj_rbac_edit *edit = work->edit;
    struct sj_text none;
    const struct sj_json_value *value = NULL;
    sj_json_array(&work->json, "sod");
    for (size_t at = 0; sets != NULL && sj_json_next(sets, &at, &none, &value);) {
        TRY(write_set(work, value));
    }
    if (edit->kind == SJ_RBAC_CreateSet) {
        sj_json_object(&work->json, NULL);
        sj_json_text(&work->json, "id", edit->set);
        sj_json_str(&work->json, "kind", edit->sod == SJ_SOD_STATIC ? "static" : "dynamic");
        write_list(&work->json, "roles", &edit->roles);
        sj_json_int(&work->json, "n", edit->n);
        if (edit->note.len > 0) {
            sj_json_text(&work->json, "note", edit->note);
        }
        sj_json_object_end(&work->json);
    }
    sj_json_array_end(&work->json);
    return SJ_DONE;
}

/* ---- rules ---- */

/* An id that no rule has: <base><number>. */
static void new_id(struct work *work, struct sj_text base, char ret_id[80])
{
    for (bool taken = true; taken;) {
        (void)snprintf(
            ret_id, 80, "%.*s%u", (int)(base.len < 60 ? base.len : 60), base.ptr, ++work->made);
        taken = false;
        for (size_t i = 0; i < sj_policy_rule_count(work->policy); i++) {
            taken = taken || strcmp(sj_policy_rule_id(work->policy, i), ret_id) == 0;
        }
    }
}

/* A pattern of "do": "case:read", "case:*", "*:read", "*:*". */
static bool covers(struct sj_text pattern, struct sj_text object, struct sj_text operation)
{
    struct sj_text rest = pattern;
    struct sj_text type = SJ_TEXT("");
    struct sj_text verb = SJ_TEXT("");
    const bool is_pair =
        sj_text_split(&rest, ':', &type) && rest.len > 0 && sj_text_split(&rest, ':', &verb);
    return is_pair && (sj_text_is(type, "*") || sj_text_equal(type, object)) &&
           (sj_text_is(verb, "*") || sj_text_equal(verb, operation));
}

static bool list_covers(
    const struct sj_json_value *list, struct sj_text object, struct sj_text operation)
{
    struct sj_text none;
    struct sj_text item;
    const struct sj_json_value *value = NULL;
    for (size_t at = 0; list != NULL && sj_json_next(list, &at, &none, &value);) {
        if (sj_json_as_text(value, &item) && covers(item, object, operation)) {
            return true;
        }
    }
    return false;
}

/* Action number i of the policy, but not what is revoked. */
static bool is_left(const struct work *work, uint32_t action)
{
    const struct sj_policy *policy = work->policy;
    const char *type = sj_policy_type_name(policy, sj_policy_action_type(policy, action));
    return !(sj_text_is(work->edit->object, type) &&
             sj_text_is(work->edit->operation, sj_policy_action_verb(policy, action)));
}

/* "do" without the pair; a pattern that covers it becomes the other actions that it covers. */
static size_t write_rest_of_do(struct work *work, const struct sj_json_value *list)
{
    const struct sj_policy *policy = work->policy;
    const struct sj_rbac_edit *edit = work->edit;
    struct sj_text none;
    struct sj_text item;
    const struct sj_json_value *value = NULL;
    size_t count = 0;
    sj_json_array(&work->json, "do");
    for (size_t at = 0; sj_json_next(list, &at, &none, &value);) {
        if (!sj_json_as_text(value, &item)) {
            continue;
        }
        if (!covers(item, edit->object, edit->operation)) {
            sj_json_text(&work->json, NULL, item);
            count++;
            continue;
        }
        for (uint32_t i = 0; i < sj_policy_action_count(policy); i++) {
            const char *type = sj_policy_type_name(policy, sj_policy_action_type(policy, i));
            if (is_left(work, i) &&
                covers(item, sj_text_of(type), sj_text_of(sj_policy_action_verb(policy, i)))) {
                sj_json_str(&work->json, NULL, sj_policy_action_name(policy, i));
                count++;
            }
        }
    }
    sj_json_array_end(&work->json);
    return count;
}

static size_t rest_of_do(const struct work *work, const struct sj_json_value *list)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(PIECE_MAX);
    struct work trial = *work;
    trial.json = sj_json_begin(&text);
    sj_json_object(&trial.json, NULL);
    const size_t count = write_rest_of_do(&trial, list);
    sj_json_object_end(&trial.json);
    return count;
}

/* What the role keeps of the rule: the same without the pair. id NULL: the rule's own. */
static sj_status write_for_role(struct work *work, const struct sj_json_value *rule, const char *id)
{
    struct sj_text name;
    const struct sj_json_value *member = NULL;
    sj_json_object(&work->json, NULL);
    for (size_t at = 0; sj_json_next(rule, &at, &name, &member);) {
        const char *label = NULL;
        TRY(name_of(work, name, &label));
        if (sj_text_is(name, "id") && id != NULL) {
            sj_json_str(&work->json, label, id);
        } else if (sj_text_is(name, "roles")) {
            (void)change_list(work, label, NULL, SJ_TEXT(""), work->edit->role);
        } else if (sj_text_is(name, "do")) {
            (void)write_rest_of_do(work, member);
        } else {
            TRY(copy(work, label, member));
        }
    }
    sj_json_object_end(&work->json);
    return SJ_DONE;
}

/* The rule for its other roles. False: there are none. */
static sj_status write_without(
    struct work *work, const struct sj_json_value *rule, struct sj_text role, bool *ret_written)
{
    struct sj_text name;
    struct sj_text item;
    const struct sj_json_value *member = NULL;
    const struct sj_json_value *roles = sj_json_get(rule, "roles");
    *ret_written = false;
    for (size_t at = 0; sj_json_next(roles, &at, &name, &member);) {
        *ret_written =
            *ret_written || (sj_json_as_text(member, &item) && !sj_text_equal(item, role));
    }
    if (!*ret_written) {
        return SJ_DONE;
    }
    sj_json_object(&work->json, NULL);
    for (size_t at = 0; sj_json_next(rule, &at, &name, &member);) {
        const char *label = NULL;
        TRY(name_of(work, name, &label));
        if (sj_text_is(name, "roles")) {
            (void)change_list(work, label, member, role, SJ_TEXT(""));
        } else {
            TRY(copy(work, label, member));
        }
    }
    sj_json_object_end(&work->json);
    return SJ_DONE;
}

static sj_status write_rule(struct work *work, const struct sj_json_value *rule)
{
    const struct sj_rbac_edit *edit = work->edit;
    const struct sj_json_value *roles = sj_json_get(rule, "roles");
    struct sj_text effect = SJ_TEXT("");
    const struct sj_json_value *kind = sj_json_get(rule, "effect");
    const bool is_permit =
        kind != NULL && sj_json_as_text(kind, &effect) && sj_text_is(effect, "permit");
    bool written = false;
    if (edit->kind == SJ_RBAC_DeleteRole && holds(roles, edit->role)) {
        return write_without(work, rule, edit->role, &written);
    }
    const struct sj_json_value *list = sj_json_get(rule, "do");
    if (edit->kind != SJ_RBAC_RevokePermission || !is_permit || !holds(roles, edit->role) ||
        !list_covers(list, edit->object, edit->operation)) {
        return copy(work, NULL, rule);
    }
    TRY(write_without(work, rule, edit->role, &written));
    if (rest_of_do(work, list) == 0) {
        return SJ_DONE;
    }
    struct sj_text own = SJ_TEXT("R");
    char id[80];
    (void)sj_json_as_text(sj_json_get(rule, "id"), &own);
    char base[70];
    (void)snprintf(base, sizeof base, "%.*s-", (int)(own.len < 60 ? own.len : 60), own.ptr);
    new_id(work, sj_text_of(base), id);
    return write_for_role(work, rule, written ? id : NULL);
}

static void write_new_permit(struct work *work)
{
    const struct sj_rbac_edit *edit = work->edit;
    struct sj_json *json = &work->json;
    char id[80];
    char pair[160];
    new_id(work, SJ_TEXT("G"), id);
    (void)snprintf(pair, sizeof pair, "%.*s:%.*s", (int)edit->object.len, edit->object.ptr,
        (int)edit->operation.len, edit->operation.ptr);
    sj_json_object(json, NULL);
    sj_json_str(json, "id", id);
    sj_json_str(json, "effect", "permit");
    (void)change_list(work, "roles", NULL, SJ_TEXT(""), edit->role);
    (void)change_list(work, "do", NULL, SJ_TEXT(""), sj_text_of(pair));
    sj_json_text(json, "scope", edit->scope);
    if (edit->read.count + edit->write.count > 0) {
        sj_json_object(json, "fields");
        if (edit->read.count > 0) {
            write_list(json, "read", &edit->read);
        }
        if (edit->write.count > 0) {
            write_list(json, "write", &edit->write);
        }
        sj_json_object_end(json);
    }
    sj_json_object_end(json);
}

static sj_status write_rules(struct work *work, const struct sj_json_value *rules)
{
    struct sj_text none;
    const struct sj_json_value *value = NULL;
    sj_json_array(&work->json, "rules");
    for (size_t at = 0; sj_json_next(rules, &at, &none, &value);) {
        TRY(write_rule(work, value));
    }
    if (work->edit->kind == SJ_RBAC_GrantPermission) {
        write_new_permit(work);
    }
    sj_json_array_end(&work->json);
    return SJ_DONE;
}

/* ---- the whole ---- */

/* Sections that name roles: those of delegation and of break-glass. */
static sj_status write_section(
    struct work *work, const char *label, const struct sj_json_value *section)
{
    struct sj_text name;
    const struct sj_json_value *member = NULL;
    sj_json_object(&work->json, label);
    for (size_t at = 0; sj_json_next(section, &at, &name, &member);) {
        const char *inner = NULL;
        TRY(name_of(work, name, &inner));
        if (sj_json_is_array(member) && holds(member, gone_role(work))) {
            (void)change_list(work, inner, member, gone_role(work), SJ_TEXT(""));
        } else {
            TRY(copy(work, inner, member));
        }
    }
    sj_json_object_end(&work->json);
    return SJ_DONE;
}

static sj_status write_member(
    struct work *work, const char *label, const struct sj_json_value *value)
{
    if (strcmp(label, "version") == 0) {
        sj_json_int(&work->json, "version", work->head->version);
        sj_json_text(&work->json, "previous", work->head->previous);
        return SJ_DONE;
    }
    if (strcmp(label, "previous") == 0) {
        return SJ_DONE;
    }
    if (strcmp(label, "roles") == 0) {
        return write_roles(work, value);
    }
    if (strcmp(label, "sod") == 0) {
        return write_sets(work, value);
    }
    if (strcmp(label, "rules") == 0) {
        return write_rules(work, value);
    }
    if (strcmp(label, "delegation") == 0 || strcmp(label, "break_glass") == 0) {
        return write_section(work, label, value);
    }
    return copy(work, label, value);
}

sj_status sj_rbac_write(const struct sj_policy *policy, struct sj_text document,
    const struct sj_rbac_edit *edit, const struct sj_rbac_head *head, struct sj_arena *arena,
    struct sj_buf *out)
{
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text detail;
    TRY(sj_json_doc_parse(sj_text_bytes(document), &doc, &detail, arena));
    struct work work = {.policy = policy,
        .edit = edit,
        .head = head,
        .root = sj_json_doc_root(doc),
        .arena = arena,
        .json = sj_json_begin(out)};
    struct sj_text name;
    const struct sj_json_value *value = NULL;
    ENSURE(sj_json_is_object(work.root) && sj_json_get(work.root, "version") != NULL &&
               sj_json_get(work.root, "roles") != NULL && sj_json_get(work.root, "rules") != NULL,
        INVALID);
    sj_json_object(&work.json, NULL);
    for (size_t at = 0; sj_json_next(work.root, &at, &name, &value);) {
        const char *label = NULL;
        TRY(name_of(&work, name, &label));
        TRY(write_member(&work, label, value));
    }
    if (sj_json_get(work.root, "sod") == NULL && edit->kind == SJ_RBAC_CreateSet) {
        TRY(write_sets(&work, NULL));
    }
    sj_json_object_end(&work.json);
    return sj_json_end(&work.json);
}
