/* SPDX-License-Identifier: Apache-2.0
 *
 * How is Sanjeh's policy asked as any other? As a policy/1 made of it: the same types, roles and rules, with scopes that only row
 * security can answer written as conditions. One engine decides, so there is no second opinion to drift away.
 */
#include "sanjeh/authzen/own.h"

#include "authzen_priv.h"
#include "sanjeh/base/log.h"
#include "sanjeh/policy/policy.h"

#define TEXT_MAX ((size_t)4 << 20)

struct sj_own_point {
    _Atomic unsigned references;
    struct sj_policy *policy;
    struct sj_policy_set *set;
    uint64_t generation;
    char digest[80]; /* of the policy that it is made of */
};

/* ---- the policy as a generic document ---- */

static void put_type(struct sj_json *json, const char *name, const struct sj_attr_type *type)
{
    static const char *const kinds[] = {[SJ_ATTR_NONE] = "string",
        [SJ_ATTR_STRING] = "string",
        [SJ_ATTR_BOOL] = "bool",
        [SJ_ATTR_UNIT] = "unit",
        [SJ_ATTR_IP] = "ip",
        [SJ_ATTR_TIME] = "time",
        [SJ_ATTR_INT] = "int",
        [SJ_ATTR_ENUM] = "enum",
        [SJ_ATTR_SET] = "set"};
    if (type->kind == SJ_ATTR_INT || type->kind == SJ_ATTR_ENUM) {
        sj_json_object(json, name);
        sj_json_array(json, kinds[type->kind]);
        if (type->kind == SJ_ATTR_INT) {
            sj_json_int(json, NULL, type->lo);
            sj_json_int(json, NULL, type->hi);
        }
        for (uint32_t i = 0; type->kind == SJ_ATTR_ENUM && i < type->word_count; i++) {
            sj_json_str(json, NULL, type->words[i]);
        }
        sj_json_array_end(json);
        sj_json_object_end(json);
    } else if (type->kind == SJ_ATTR_SET) {
        struct sj_attr_type of = *type;
        of.kind = type->of;
        sj_json_object(json, name);
        put_type(json, "set", &of);
        sj_json_object_end(json);
    } else {
        sj_json_str(json, name, kinds[type->kind]);
    }
}

/* Attributes of the policy itself, but those that we give. */
static void put_attrs(struct sj_json *json, const struct sj_policy *policy,
    enum sj_attr_place place, uint32_t type, const char *const *given, size_t given_count)
{
    for (size_t i = 0; i < given_count; i++) {
        if (strcmp(given[i], "unit") == 0) {
            sj_json_str(json, given[i], "unit");
        } else if (strcmp(given[i], "files") == 0) {
            sj_json_object(json, given[i]);
            sj_json_str(json, "set", "string");
            sj_json_object_end(json);
        } else {
            sj_json_str(json, given[i], "string");
        }
    }
    const size_t count = sj_policy_attr_count(policy, place, type);
    for (size_t slot = 0; slot < count; slot++) {
        const struct sj_policy_attr *attr = sj_policy_attr_at(policy, place, type, slot);
        bool known = false;
        for (size_t i = 0; i < given_count; i++) {
            known = known || strcmp(attr->name, given[i]) == 0;
        }
        if (!known) {
            put_type(json, attr->name, &attr->type);
        }
    }
}

static void put_type_of_objects(struct sj_json *json, const struct sj_policy *policy, uint32_t type)
{
    static const char *const given[] = {"id", "unit", "judge", "file", "owner"};
    sj_json_object(json, sj_policy_type_name(policy, type));
    sj_json_array(json, "actions");
    for (uint32_t action = 0; action < sj_policy_action_count(policy); action++) {
        if (sj_policy_action_type(policy, action) == type) {
            sj_json_str(json, NULL, sj_policy_action_verb(policy, action));
        }
    }
    sj_json_array_end(json);
    sj_json_object(json, "attrs");
    put_attrs(json, policy, SJ_OF_RESOURCE, type, given, SJ_COUNT(given));
    sj_json_object_end(json);
    if (sj_policy_class_count(policy, type) > 0) {
        sj_json_object(json, "field_classes");
        for (size_t i = 0; i < sj_policy_class_count(policy, type); i++) {
            sj_json_array(json, sj_policy_class_name(policy, type, i));
            for (uint64_t left = sj_policy_class_fields(policy, type, i); left != 0;
                 left &= left - 1) {
                sj_json_str(
                    json, NULL, sj_policy_field_name(policy, type, (size_t)__builtin_ctzll(left)));
            }
            sj_json_array_end(json);
        }
        sj_json_object_end(json);
    }
    sj_json_object_end(json);
}

static void put_schema(struct sj_json *json, const struct sj_policy *policy)
{
    static const char *const of_subject[] = {"id", "account", "unit", "judge", "files"};
    sj_json_object(json, "schema");
    sj_json_object(json, "subject");
    put_attrs(json, policy, SJ_OF_SUBJECT, 0, of_subject, SJ_COUNT(of_subject));
    sj_json_object_end(json);
    sj_json_object(json, "context");
    put_attrs(json, policy, SJ_OF_CONTEXT, 0, NULL, 0);
    sj_json_object_end(json);
    sj_json_object(json, "action");
    put_attrs(json, policy, SJ_OF_ACTION, 0, NULL, 0);
    sj_json_object_end(json);
    sj_json_object(json, "types");
    for (uint32_t type = 0; type < sj_policy_type_count(policy); type++) {
        put_type_of_objects(json, policy, type);
    }
    sj_json_object_end(json);
    sj_json_object_end(json);
}

static void put_roles(struct sj_json *json, const struct sj_policy *policy, uint32_t count)
{
    sj_json_object(json, "roles");
    for (uint32_t role = 0; role < count; role++) {
        const struct sj_policy_role *one = sj_policy_role_at(policy, role);
        sj_json_object(json, one->name);
        bool any = false;
        for (uint32_t junior = 0; junior < count; junior++) {
            if (sj_role_set_has(&one->juniors, junior)) {
                if (!any) {
                    sj_json_array(json, "inherits");
                }
                any = true;
                sj_json_str(json, NULL, sj_policy_role_at(policy, junior)->name);
            }
        }
        if (any) {
            sj_json_array_end(json);
        }
        sj_json_object_end(json);
    }
    sj_json_object_end(json);
}

/* ---- rules ---- */

static void put_value(struct sj_json *json, const char *name, const struct sj_json_value *value)
{
    struct sj_text text;
    int64_t number = 0;
    bool flag = false;
    if (sj_json_as_text(value, &text)) {
        sj_json_text(json, name, text);
    } else if (sj_json_as_int(value, &number)) {
        sj_json_int(json, name, number);
    } else if (sj_json_as_bool(value, &flag)) {
        sj_json_bool(json, name, flag);
    } else if (sj_json_is_object(value) || sj_json_is_array(value)) {
        const bool object = sj_json_is_object(value);
        size_t iterator = 0;
        struct sj_text member;
        const struct sj_json_value *item = NULL;
        object ? sj_json_object(json, name) : sj_json_array(json, name);
        while (sj_json_next(value, &iterator, &member, &item)) {
            put_value(json, object ? member.ptr : NULL, item);
        }
        object ? sj_json_object_end(json) : sj_json_array_end(json);
    } else {
        sj_json_null(json, name);
    }
}

#define OWN                                                                                        \
    "[\"eq\",\"resource.judge\",\"subject.judge\"],[\"eq\",\"resource.owner\",\"subject."          \
    "account\"]"
#define FILE_                                                                                      \
    "[\"has\",\"subject.files\",\"resource.file\"],[\"eq\",\"resource.unit\",\"subject.unit\"]"    \
    "," OWN

/* What row security would be asked, as a condition; "" for none. */
static const char *condition_of(struct sj_text scope)
{
    if (sj_text_is(scope, "self")) {
        return "[\"or\"," OWN "]";
    }
    return sj_text_is(scope, "file") ? "[\"or\"," FILE_ "]" : "";
}

static void put_when(struct sj_json *json, const struct sj_json_value *when, const char *condition)
{
    if (condition[0] == '\0') {
        if (when != NULL) {
            put_value(json, "when", when);
        }
        return;
    }
    if (when == NULL) {
        sj_json_raw(json, "when", sj_text_of(condition));
        return;
    }
    sj_json_array(json, "when");
    sj_json_str(json, NULL, "and");
    put_value(json, NULL, when);
    sj_json_raw(json, NULL, sj_text_of(condition));
    sj_json_array_end(json);
}

static sj_status put_rule(struct sj_json *json, struct sj_text text, struct sj_arena *arena)
{
    CLEANUP(sj_json_doc_free) struct sj_json_doc *doc = NULL;
    struct sj_text why;
    TRY(sj_json_doc_parse(sj_text_bytes(text), &doc, &why, arena));
    const struct sj_json_value *rule = sj_json_doc_root(doc);
    struct sj_text scope = {"", 0};
    const bool scoped = sj_json_as_text(sj_json_get(rule, "scope"), &scope);
    size_t iterator = 0;
    struct sj_text name;
    const struct sj_json_value *value = NULL;
    sj_json_object(json, NULL);
    while (sj_json_next(rule, &iterator, &name, &value)) {
        if (!sj_text_is(name, "scope") && !sj_text_is(name, "when")) {
            put_value(json, name.ptr, value);
        }
    }
    const char *condition = condition_of(scope);
    if (scoped) {
        sj_json_str(json, "scope", sj_text_is(scope, "unit") ? "unit" : "all");
    }
    put_when(json, sj_json_get(rule, "when"), condition);
    sj_json_object_end(json);
    return SJ_DONE;
}

static sj_status put_document(const struct sj_policy *policy, uint32_t roles, struct sj_buf *out)
{
    CLEANUP(sj_arena_free) struct sj_arena *arena = NULL;
    TRY(sj_arena_new((size_t)64 << 20, &arena));
    struct sj_json json = sj_json_begin(out);
    sj_json_object(&json, NULL);
    sj_json_str(&json, "format", "policy/1");
    sj_json_str(&json, "id", sj_policy_id(policy));
    sj_json_int(&json, "version", sj_policy_version(policy));
    put_schema(&json, policy);
    put_roles(&json, policy, roles);
    sj_json_array(&json, "rules");
    for (size_t rule = 0; rule < sj_policy_rule_count(policy); rule++) {
        TRY(put_rule(&json, sj_policy_rule_text(policy, rule), arena));
    }
    sj_json_array_end(&json);
    sj_json_object_end(&json);
    return sj_json_end(&json);
}

/* ---- the point ---- */

sj_status sj_own_point_new(const struct sj_policy *policy, const struct sj_policy_unit *units,
    size_t unit_count, uint64_t generation, struct sj_own_point **ret_point)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(TEXT_MAX);
    TRY(put_document(policy, (uint32_t)sj_policy_role_count(policy), &text));
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_own_point), &memory));
    CLEANUP(sj_own_point_release) struct sj_own_point *point = memory;
    atomic_init(&point->references, 1);
    point->generation = generation;
    (void)snprintf(point->digest, sizeof point->digest, "%s", sj_policy_digest(policy));
    struct sj_policy_fault fault;
    const sj_status read = sj_policy_read(sj_buf_view(&text), NULL, &point->policy, &fault);
    if (sj_failed(read)) {
        /* our own document: a bug, with its place */
        SJ_LOG(ERROR, "authzen.own.refused", sj_log_status(read),
            sj_log_str("pointer", fault.pointer), sj_log_str("why", fault.why));
        FAIL(INTERNAL);
    }
    const struct sj_policy *files[] = {point->policy};
    TRY(sj_policy_set_new(files, 1, units, unit_count, 0, &point->set, &fault));
    *ret_point = TAKE(point);
    return SJ_DONE;
}

uint64_t sj_own_point_generation(const struct sj_own_point *point)
{
    return point->generation;
}

struct sj_own_point *sj_own_point_share(struct sj_own_point *point)
{
    (void)atomic_fetch_add(&point->references, 1);
    return point;
}

void sj_own_point_release(struct sj_own_point **point)
{
    if (point == NULL || *point == NULL) {
        return;
    }
    struct sj_own_point *gone = *point;
    *point = NULL;
    if (atomic_fetch_sub(&gone->references, 1) != 1) {
        return;
    }
    sj_policy_set_free(&gone->set);
    sj_policy_free(&gone->policy);
    sj_free(gone);
}

/* ---- subjects ---- */

static void set_text(const struct sj_policy *policy, const char *name, struct sj_text text,
    struct sj_attr_value *attrs)
{
    const uint32_t slot = sj_policy_attr_find(policy, SJ_OF_SUBJECT, 0, sj_text_of(name));
    if (slot != SJ_POLICY_NONE && text.len > 0) {
        attrs[slot] = (struct sj_attr_value){.kind = SJ_ATTR_STRING, .text = text};
    }
}

static sj_status set_files(const struct sj_domain *domain, const struct sj_own_subject *subject,
    struct sj_attr_value *attrs)
{
    const uint32_t slot =
        sj_policy_attr_find(domain->policy, SJ_OF_SUBJECT, 0, sj_text_of("files"));
    const size_t count =
        subject->file_count < SJ_ATTR_ITEMS_MAX ? subject->file_count : SJ_ATTR_ITEMS_MAX;
    void *memory = NULL;
    TRY(sj_arena_alloc(domain->arena, (count + 1) * sizeof(struct sj_attr_value), &memory));
    struct sj_attr_value *items = memory;
    for (size_t i = 0; i < count; i++) {
        items[i] = (struct sj_attr_value){.kind = SJ_ATTR_STRING, .text = subject->files[i]};
    }
    const struct sj_policy_attr *attr = sj_policy_attr_at(domain->policy, SJ_OF_SUBJECT, 0, slot);
    return sj_attr_from_items(&attr->type, items, count, &attrs[slot]) ? SJ_DONE
                                                                       : SJ_FAILURE(INTERNAL);
}

/* A role counts in the unit and, behind its wall, in the compartment. */
static sj_status set_grants(
    const struct sj_domain *domain, const struct sj_own_subject *subject, struct entity *entity)
{
    void *memory = NULL;
    TRY(sj_arena_alloc(domain->arena, SJ_POLICY_GRANTS * sizeof(struct sj_policy_grant), &memory));
    struct sj_policy_grant *grants = memory;
    const struct sj_text places[] = {subject->unit, subject->compartment};
    struct sj_text rest = subject->roles;
    struct sj_text name;
    while (rest.len > 0 && sj_text_split(&rest, ',', &name)) {
        const uint32_t role = sj_policy_role_number(domain->policy, name);
        for (size_t i = 0; role != SJ_POLICY_NONE && i < SJ_COUNT(places); i++) {
            if (entity->grant_count < SJ_POLICY_GRANTS && (i == 0 || places[i].len > 0)) {
                grants[entity->grant_count++] = (struct sj_policy_grant){.role = role,
                    .unit = sj_policy_set_unit(domain->set, places[i]),
                    .active = true};
            }
        }
    }
    entity->grants = grants;
    return SJ_DONE;
}

static sj_status set_subject(
    const struct sj_domain *domain, const struct sj_own_subject *subject, struct entity *entity)
{
    void *memory = NULL;
    const size_t count = sj_policy_attr_count(domain->policy, SJ_OF_SUBJECT, 0);
    TRY(sj_arena_alloc(domain->arena, (count + 1) * sizeof(struct sj_attr_value), &memory));
    struct sj_attr_value *attrs = memory;
    *entity = (struct entity){
        .type = SJ_TEXT("account"), .id = subject->id, .number = SJ_POLICY_NONE, .attrs = attrs};
    set_text(domain->policy, "id", subject->id, attrs);
    set_text(domain->policy, "account", subject->account, attrs);
    set_text(domain->policy, "judge", subject->judge, attrs);
    const uint32_t unit = sj_policy_set_unit(domain->set, subject->unit);
    const uint32_t slot = sj_policy_attr_find(domain->policy, SJ_OF_SUBJECT, 0, sj_text_of("unit"));
    if (unit != SJ_POLICY_NONE) {
        attrs[slot] = (struct sj_attr_value){.kind = SJ_ATTR_UNIT, .number = unit};
    }
    TRY(set_files(domain, subject, attrs));
    return set_grants(domain, subject, entity);
}

static sj_status fill(struct sj_domain *domain, const struct sj_own_subject *subjects, size_t count)
{
    void *memory = NULL;
    TRY(sj_arena_new((size_t)256 << 20, &domain->arena));
    TRY(sj_arena_alloc(domain->arena, (count + 1) * sizeof(struct entity), &memory));
    domain->subjects.items = memory;
    for (size_t i = 0; i < count; i++) {
        TRY(set_subject(domain, &subjects[i], &domain->subjects.items[i]));
    }
    domain->subjects.count = count;
    entity_sort(&domain->subjects);
    return SJ_DONE;
}

sj_status sj_own_point_domain(struct sj_own_point *point, const struct sj_own_subject *subjects,
    size_t count, struct sj_domain **ret_domain)
{
    void *memory = NULL;
    TRY(sj_alloc(1, sizeof(struct sj_domain), &memory));
    CLEANUP(sj_domain_release) struct sj_domain *domain = memory;
    atomic_init(&domain->references, 1);
    domain->own = sj_own_point_share(point);
    domain->policy = point->policy;
    domain->set = point->set;
    domain->digest = point->digest;
    domain->approvals = SJ_POLICY_NONE; /* accounts ask at /approvals */
    domain->version = (int64_t)point->generation;
    TRY(fill(domain, subjects, count));
    *ret_domain = TAKE(domain);
    return SJ_DONE;
}
