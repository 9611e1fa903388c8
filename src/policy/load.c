/* SPDX-License-Identifier: Apache-2.0
 *
 * Which policy files do we accept? Reads policy/1 JSON (POLICY 5.2) into the tables of policy_priv.h. This
 * version evaluates roles with inheritance, static separation of duty, permit and forbid rules by role, action,
 * scope and field class. Every other member of the format (conditions, masks, requirements, purposes,
 * delegation …) is refused with its JSON pointer: a rule that is read but not enforced would permit what its
 * author forbade. The loader trusts nothing: files come from administrators, and the same code is fuzzed.
 */
#include "load_priv.h"
#include "sanjeh/base/buf.h"

#include <fcntl.h>
#include <sys/stat.h>

static void put(struct loader *loader, size_t *at, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len && *at + 1 < loader->detail_size; i++) {
        loader->detail[(*at)++] = bytes[i];
    }
}

/* RFC 6901: ~ and / inside a member name are escaped. */
static void put_pointer(struct loader *loader, size_t *at, const struct place *place)
{
    if (place->up == NULL) {
        return;
    }
    put_pointer(loader, at, place->up);
    put(loader, at, "/", 1);
    if (place->name.ptr == NULL) {
        char digits[24];
        const int len = snprintf(digits, sizeof digits, "%zu", place->index);
        put(loader, at, digits, len > 0 ? (size_t)len : 0);
        return;
    }
    for (size_t i = 0; i < place->name.len && i < SJ_POLICY_ID_MAX; i++) {
        const char c = place->name.ptr[i];
        if (c == '~') {
            put(loader, at, "~0", 2);
        } else if (c == '/') {
            put(loader, at, "~1", 2);
        } else {
            put(loader, at, &c, 1);
        }
    }
}

sj_status load_refuse(struct loader *loader, const struct place *place, const char *why)
{
    if (loader->detail_size > 0) {
        size_t at = 0;
        put_pointer(loader, &at, place);
        put(loader, &at, ": ", 2);
        put(loader, &at, why, strlen(why));
        loader->detail[at] = '\0';
    }
    FAIL(BAD_CONFIG);
}

sj_status load_object(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, const struct load_member *members, void *target)
{
    if (value == NULL || !sj_json_is_object(value)) {
        return load_refuse(loader, place, "must be an object");
    }
    size_t iterator = 0;
    struct sj_text name;
    const struct sj_json_value *child = NULL;
    while (sj_json_next(value, &iterator, &name, &child)) {
        const struct place at = {place, name, 0};
        bool known = false;
        for (const struct load_member *m = members; m->name != NULL; m++) {
            known = known || sj_text_is(name, m->name);
        }
        if (!known) {
            return load_refuse(loader, &at, "not evaluated by this version, so it is refused");
        }
    }
    for (const struct load_member *m = members; m->name != NULL; m++) {
        const struct place at = {place, sj_text_of(m->name), 0};
        child = sj_json_get(value, m->name);
        if (child != NULL) {
            TRY(m->read(loader, &at, child, target));
        } else if (m->required) {
            return load_refuse(loader, &at, "is required");
        }
    }
    return SJ_DONE;
}

sj_status load_array(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, load_fn *read, void *target)
{
    if (!sj_json_is_array(value)) {
        return load_refuse(loader, place, "must be an array");
    }
    size_t iterator = 0;
    struct sj_text name;
    const struct sj_json_value *child = NULL;
    for (size_t i = 0; sj_json_next(value, &iterator, &name, &child); i++) {
        const struct place at = {place, {NULL, 0}, i};
        TRY(read(loader, &at, child, target));
    }
    return SJ_DONE;
}

sj_status load_map(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, load_fn *read, void *target)
{
    if (!sj_json_is_object(value)) {
        return load_refuse(loader, place, "must be an object");
    }
    size_t iterator = 0;
    struct sj_text name;
    const struct sj_json_value *child = NULL;
    while (sj_json_next(value, &iterator, &name, &child)) {
        const struct place at = {place, name, 0};
        TRY(read(loader, &at, child, target));
    }
    return SJ_DONE;
}

sj_status load_text(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, size_t max, struct sj_text *ret_text)
{
    struct sj_text text;
    if (!sj_json_as_text(value, &text) || text.len == 0 || text.len > max) {
        return load_refuse(loader, place, "must be text that is not empty and not too long");
    }
    *ret_text = text;
    return SJ_DONE;
}

sj_status load_keep(struct loader *loader, struct sj_text text, const char **ret_string)
{
    struct sj_text copy;
    TRY(sj_arena_text(loader->policy->arena, text, &copy));
    *ret_string = copy.ptr;
    return SJ_DONE;
}

static sj_status read_format(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    (void)target;
    struct sj_text text;
    TRY(load_text(loader, place, value, SJ_POLICY_ID_MAX, &text));
    if (!sj_text_is(text, "policy/1")) {
        return load_refuse(loader, place, "must be policy/1");
    }
    return SJ_DONE;
}

static sj_status read_any_text(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    (void)target;
    struct sj_text text;
    return load_text(loader, place, value, 1024, &text);
}

static sj_status read_version(struct loader *loader, const struct place *place,
    const struct sj_json_value *value, void *target)
{
    (void)target;
    int64_t version = 0;
    if (!sj_json_as_int(value, &version) || version < 1 || version > UINT32_MAX) {
        return load_refuse(loader, place, "must be a number from 1 to 4294967295");
    }
    loader->policy->version = (uint32_t)version;
    return SJ_DONE;
}

static sj_status load_root(struct loader *loader, const struct sj_json_value *root)
{
    /* The order of this table is the order of reading: rules need schema and roles. */
    static const struct load_member members[] = {
        {"format", read_format, true},
        {"id", read_any_text, true},
        {"version", read_version, true},
        {"title", read_any_text, false},
        {"schema", load_schema, true},
        {"roles", load_roles, true},
        {"sod", load_constraints, false},
        {"rules", load_rules, true},
        {NULL, NULL, false},
    };
    const struct place top = {NULL, {NULL, 0}, 0};
    TRY(load_object(loader, &top, root, members, NULL));
    TRY(load_check_reach(loader));
    return policy_compile(loader->policy);
}

static void policy_freep(struct sj_policy **policy)
{
    sj_policy_free(policy);
}

sj_status sj_policy_parse(
    struct sj_view json, struct sj_policy **ret_policy, char *reterr_detail, size_t detail_size)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_policy), &memory));
    CLEANUP(policy_freep) struct sj_policy *policy = memory;
    TRY(sj_arena_new(8u * SJ_POLICY_FILE_MAX, &policy->arena));
    struct loader loader = {policy, reterr_detail, detail_size};
    const struct place top = {NULL, {NULL, 0}, 0};
    if (json.len > SJ_POLICY_FILE_MAX) {
        return load_refuse(&loader, &top, "the file is too large");
    }
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text why = SJ_TEXT("");
    const sj_status parsed = sj_json_doc_parse(json, &doc, &why, policy->arena);
    if (sj_failed(parsed)) {
        const char *detail = sj_code_title(parsed.code);
        if (why.len > 0) {
            TRY(load_keep(&loader, why, &detail));
        }
        return load_refuse(&loader, &top, detail);
    }
    TRY(load_root(&loader, sj_json_doc_root(doc)));
    *ret_policy = TAKE(policy);
    return SJ_DONE;
}

static sj_status read_file(const char *path, struct sj_buf *out)
{
    CLEANUP(sj_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ENSURE(fd >= 0, BAD_CONFIG);
    struct stat info;
    ENSURE(fstat(fd, &info) == 0 && S_ISREG(info.st_mode), BAD_CONFIG);
    ENSURE(info.st_size >= 0 && info.st_size <= SJ_POLICY_FILE_MAX, BAD_CONFIG);
    TRY(sj_buf_reserve(out, (size_t)info.st_size + 1));
    for (;;) {
        uint8_t chunk[4096];
        const ssize_t got = read(fd, chunk, sizeof chunk);
        ENSURE(got >= 0, IO);
        if (got == 0) {
            return SJ_DONE;
        }
        TRY(sj_buf_put(out, chunk, (size_t)got));
    }
}

sj_status sj_policy_load(
    const char *folder, struct sj_policy **ret_policy, char *reterr_detail, size_t detail_size)
{
    CLEANUP(sj_buf_clear) struct sj_buf path = SJ_BUF(4096);
    TRY(sj_buf_put_str(&path, folder));
    TRY(sj_buf_put_str(&path, "/policy.json"));
    const char *name = NULL;
    TRY(sj_buf_cstr(&path, &name));
    CLEANUP(sj_buf_clear) struct sj_buf json = SJ_BUF(SJ_POLICY_FILE_MAX + 4096u);
    if (sj_failed(read_file(name, &json))) {
        struct loader loader = {NULL, reterr_detail, detail_size};
        const struct place top = {NULL, {NULL, 0}, 0};
        return load_refuse(&loader, &top, "policy.json cannot be read from the policy's folder");
    }
    return sj_policy_parse(sj_buf_view(&json), ret_policy, reterr_detail, detail_size);
}
