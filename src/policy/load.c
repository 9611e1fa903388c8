/* SPDX-License-Identifier: Apache-2.0
 *
 * Which policy files do we accept? Reads a document of format policy/1 (POLICY 5.2) into the tables of
 * engine_priv.h. Every member is known, typed and enforced or refused with line, column and pointer: a rule that is read
 * but not enforced would permit what its author forbade. The loader trusts nothing: files come from
 * administrators, and the same code is fuzzed.
 */
#include "load_priv.h"
#include "sanjeh/base/time.h"
#include "sanjeh/crypto/hash.h"

sj_status load_refuse(struct loader *loader, const struct doc_node *node, const char *why)
{
    return doc_refuse(loader->fault, node, why);
}

static sj_status refuse_member(struct loader *loader, const struct doc_node *child)
{
    static const char *const of_root[] = {
        "schema", "roles", "sod", "break_glass", "delegation", "activation"};
    for (size_t i = 0; child->up->up == NULL && i < SJ_COUNT(of_root); i++) {
        if (sj_text_is(child->name, of_root[i])) {
            return load_refuse(loader, child, "belongs to the root file");
        }
    }
    return load_refuse(loader, child, "is not a member that is known here");
}

sj_status load_object(struct loader *loader, const struct doc_node *node,
    const struct load_member *members, void *target)
{
    if (node->kind != DOC_OBJECT) {
        return load_refuse(loader, node, "must be an object");
    }
    for (const struct doc_node *child = node->first; child != NULL; child = child->next) {
        bool known = false;
        for (const struct load_member *m = members; m->name != NULL; m++) {
            known = known || sj_text_is(child->name, m->name);
        }
        if (!known) {
            return refuse_member(loader, child);
        }
    }
    for (const struct load_member *m = members; m->name != NULL; m++) {
        const struct doc_node *child = doc_get(node, m->name);
        if (child != NULL && m->read != NULL) {
            TRY(m->read(loader, child, target));
        } else if (child == NULL && m->required) {
            const struct doc_node missing = {.line = node->line,
                .column = node->column,
                .name = sj_text_of(m->name),
                .up = node};
            return load_refuse(loader, &missing, "is required");
        }
    }
    return SJ_DONE;
}

sj_status load_array(
    struct loader *loader, const struct doc_node *node, load_fn *read, void *target)
{
    if (node->kind != DOC_ARRAY) {
        return load_refuse(loader, node, "must be an array");
    }
    for (const struct doc_node *child = node->first; child != NULL; child = child->next) {
        TRY(read(loader, child, target));
    }
    return SJ_DONE;
}

sj_status load_map(struct loader *loader, const struct doc_node *node, load_fn *read, void *target)
{
    if (node->kind != DOC_OBJECT) {
        return load_refuse(loader, node, "must be an object");
    }
    for (const struct doc_node *child = node->first; child != NULL; child = child->next) {
        TRY(read(loader, child, target));
    }
    return SJ_DONE;
}

sj_status load_text(
    struct loader *loader, const struct doc_node *node, size_t max, struct sj_text *ret_text)
{
    if (node->kind != DOC_TEXT || node->text.len == 0 || node->text.len > max) {
        return load_refuse(loader, node, "must be text that is not empty and not too long");
    }
    *ret_text = node->text;
    return SJ_DONE;
}

sj_status load_uint(
    struct loader *loader, const struct doc_node *node, uint32_t lo, uint32_t hi, uint32_t *ret)
{
    if (node->kind != DOC_INT || node->number < lo || node->number > hi) {
        char why[64];
        snprintf(why, sizeof why, "must be a number from %u to %u", lo, hi);
        return load_refuse(loader, node, why);
    }
    *ret = (uint32_t)node->number;
    return SJ_DONE;
}

sj_status load_bool(struct loader *loader, const struct doc_node *node, bool *ret)
{
    if (node->kind != DOC_BOOL) {
        return load_refuse(loader, node, "must be true or false");
    }
    *ret = node->number != 0;
    return SJ_DONE;
}

sj_status load_keep(struct loader *loader, struct sj_text text, const char **ret_string)
{
    struct sj_text copy;
    TRY(sj_arena_text(loader->policy->arena, text, &copy));
    *ret_string = copy.ptr;
    return SJ_DONE;
}

sj_status load_kept(
    struct loader *loader, const struct doc_node *node, size_t max, const char **ret_string)
{
    struct sj_text text;
    TRY(load_text(loader, node, max, &text));
    return load_keep(loader, text, ret_string);
}

sj_status load_alloc(struct loader *loader, size_t count, size_t size, void *ret)
{
    void *memory = NULL;
    TRY(sj_arena_alloc(loader->policy->arena, (count + 1) * size, &memory));
    *(void **)ret = memory;
    return SJ_DONE;
}

bool load_is_name(struct sj_text name)
{
    if (name.len == 0 || name.len > POLICY_NAME_MAX) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                c == '_' || c == '-')) {
            return false;
        }
    }
    return true;
}

sj_status policy_grow(struct sj_arena *arena, void *address_of_array, uint32_t count, uint32_t *cap,
    size_t size, uint32_t max)
{
    if (count < *cap) {
        return SJ_DONE;
    }
    ENSURE(*cap < max, LIMIT_EXCEEDED);
    uint32_t next = *cap < 32 ? 64 : *cap * 2;
    while (next <= count) {
        next *= 2;
    }
    void *memory = NULL;
    TRY(sj_arena_alloc(arena, (size_t)next * size, &memory));
    void *old = *(void **)address_of_array;
    TRY(sj_copy(memory, (size_t)next * size, old, (size_t)*cap * size));
    *(void **)address_of_array = memory;
    *cap = next;
    return SJ_DONE;
}

sj_status load_ignore_text(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    struct sj_text text;
    return load_text(loader, node, 4096, &text);
}

static sj_status read_format(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    if (node->kind != DOC_TEXT || !sj_text_is(node->text, "policy/1")) {
        return load_refuse(loader, node, "must be policy/1");
    }
    return SJ_DONE;
}

static sj_status read_id(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    return load_kept(loader, node, POLICY_NAME_MAX, &loader->policy->id);
}

static sj_status read_version(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    return load_uint(loader, node, 1, UINT32_MAX, &loader->policy->version);
}

static sj_status read_previous(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    if (node->kind == DOC_NULL) {
        return SJ_DONE;
    }
    TRY(load_kept(loader, node, 80, &loader->policy->previous));
    if (strncmp(loader->policy->previous, "sha256:", 7) != 0) {
        return load_refuse(loader, node, "must be the digest sha256:… of the version before");
    }
    return SJ_DONE;
}

static sj_status read_owner(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    TRY(load_kept(loader, node, POLICY_NAME_MAX, &loader->policy->owner_unit));
    return load_unit_literal(loader, node, &loader->policy->owner_literal);
}

static sj_status read_binds(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    if (node->kind != DOC_TEXT || !sj_text_is(node->text, "subtree")) {
        return load_refuse(loader, node, "must be subtree");
    }
    return SJ_DONE;
}

static sj_status read_time(struct loader *loader, const struct doc_node *node, void *target)
{
    int64_t *time = target;
    sj_time_us parsed = 0;
    if (node->kind == DOC_NULL) {
        return SJ_DONE;
    }
    if (node->kind != DOC_TEXT || sj_failed(sj_time_parse(node->text, &parsed)) || parsed == 0) {
        return load_refuse(loader, node, "must be a time of RFC 3339 or null");
    }
    *time = parsed;
    return SJ_DONE;
}

static sj_status read_from(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    return read_time(loader, node, &loader->policy->effective_from);
}

static sj_status read_until(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    TRY(read_time(loader, node, &loader->policy->effective_until));
    const struct sj_policy *policy = loader->policy;
    if (policy->effective_until != 0 && policy->effective_until <= policy->effective_from) {
        return load_refuse(loader, node, "must be after from");
    }
    return SJ_DONE;
}

static sj_status read_effective(struct loader *loader, const struct doc_node *node, void *target)
{
    static const struct load_member members[] = {
        {"from", read_from, true}, {"until", read_until, false}, {NULL, NULL, false}};
    return load_object(loader, node, members, target);
}

static sj_status read_review(struct loader *loader, const struct doc_node *node, void *target)
{
    (void)target;
    struct sj_date date;
    if (node->kind != DOC_TEXT || sj_failed(sj_date_parse(node->text, &date))) {
        return load_refuse(loader, node, "must be a date like 2027-06-01");
    }
    return load_keep(loader, node->text, &loader->policy->review_by);
}

/* The order of these tables is the order of reading: rules need schema and roles. */
static sj_status load_root(struct loader *loader, const struct doc_node *root)
{
    static const struct load_member members[] = {{"format", read_format, true},
        {"id", read_id, true}, {"version", read_version, true}, {"title", load_ignore_text, false},
        {"note", load_ignore_text, false}, {"previous", read_previous, false},
        {"owner_unit", read_owner, false}, {"binds", read_binds, false},
        {"effective", read_effective, false}, {"review_by", read_review, false},
        {"schema", load_schema, true}, {"roles", load_roles, true},
        {"sod", load_constraints, false}, {"rules", load_rules, true},
        {"break_glass", load_break_glass, false}, {"delegation", load_delegation, false},
        {"activation", load_activation, false}, {NULL, NULL, false}};
    static const struct load_member under[] = {{"format", read_format, true}, {"id", read_id, true},
        {"version", read_version, true}, {"title", load_ignore_text, false},
        {"note", load_ignore_text, false}, {"previous", read_previous, false},
        {"owner_unit", read_owner, true}, {"binds", read_binds, true},
        {"effective", read_effective, false}, {"review_by", read_review, false},
        {"rules", load_rules, true}, {NULL, NULL, false}};
    TRY(load_object(loader, root, loader->under ? under : members, NULL));
    if (loader->own) {
        TRY(load_check_reach(loader, doc_get(root, "rules")));
    }
    return policy_compile(loader->policy, loader->fault);
}

static sj_status make_digest(struct loader *loader, const struct doc_node *root)
{
    CLEANUP(sj_buf_clear) struct sj_buf canonical = SJ_BUF(6u * SJ_POLICY_BYTES_MAX);
    TRY(doc_canonical(root, &canonical));
    struct sj_hash hash;
    TRY(sj_sha256_one(sj_buf_view(&canonical), &hash));
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(128);
    TRY(sj_buf_put_str(&text, "sha256:"));
    TRY(sj_buf_put_hex(&text, sj_view_of(hash.bytes, sizeof hash.bytes)));
    return load_keep(loader, sj_buf_text(&text), &loader->policy->digest);
}

static sj_status fill(struct loader *loader, sj_status status)
{
    if (status.code == SJ_LIMIT_EXCEEDED) {
        return load_refuse(loader, NULL, "the policy is too large");
    }
    return status;
}

static sj_status read_document(struct loader *loader, struct sj_view json)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    TRY(sj_arena_new(512u << 20, &arena));
    const struct doc_node *root = NULL;
    TRY(doc_parse(json, arena, &root, loader->fault));
    TRY(make_digest(loader, root));
    TRY(load_root(loader, root));
    return loader->own ? own_bind(loader->policy) : SJ_DONE;
}

sj_status sj_policy_read(struct sj_view json, const struct sj_policy_options *options,
    struct sj_policy **ret_policy, struct sj_policy_fault *reterr_fault)
{
    static const struct sj_policy_options none = {NULL, false};
    options = options == NULL ? &none : options;
    *reterr_fault = (struct sj_policy_fault){0};
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_policy), &memory));
    CLEANUP(sj_policy_free) struct sj_policy *policy = memory;
    TRY(sj_arena_new((size_t)1 << 30, &policy->arena));
    policy->root = options->under == NULL ? policy : options->under;
    policy->own = options->own;
    policy->previous = "";
    policy->owner_unit = "";
    policy->review_by = "";
    policy->owner_literal = SJ_POLICY_NONE;
    policy->purpose_slot = SJ_POLICY_NONE;
    policy->now_slot = SJ_POLICY_NONE;
    policy->activation.from_role = SJ_POLICY_NONE;
    struct loader loader = {.policy = policy,
        .schema = policy->root,
        .fault = reterr_fault,
        .own = options->own,
        .under = options->under != NULL};
    TRY(fill(&loader, read_document(&loader, json)));
    *ret_policy = TAKE(policy);
    return SJ_DONE;
}

void sj_policy_free(struct sj_policy **policy)
{
    if (policy == NULL || *policy == NULL) {
        return;
    }
    own_unbind(*policy);
    sj_arena_free(&(*policy)->arena);
    sj_free(*policy);
    *policy = NULL;
}
