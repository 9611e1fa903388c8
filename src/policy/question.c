/* SPDX-License-Identifier: Apache-2.0
 *
 * Which request does a JSON document describe? Files of questions (`sanjeh policy explain`) and tests; nothing in them is guessed at.
 */
#include "sanjeh/base/time.h"
#include "sanjeh/policy/request.h"

struct reading {
    const struct sj_policy_set *set;
    const struct sj_policy *root;
    struct sj_arena *arena;
    struct sj_policy_fault *fault;
    struct sj_policy_question *question;
    uint32_t type;
};

static sj_status refuse(struct reading *reading, const char *pointer, const char *why)
{
    *reading->fault = (struct sj_policy_fault){0};
    snprintf(reading->fault->pointer, sizeof reading->fault->pointer, "%s", pointer);
    snprintf(reading->fault->why, sizeof reading->fault->why, "%s", why);
    FAIL(BAD_CONFIG);
}

static sj_status check_members(struct reading *reading, const struct sj_json_value *object,
    const char *const *known, const char *pointer)
{
    size_t iterator = 0;
    struct sj_text name;
    const struct sj_json_value *value = NULL;
    if (!sj_json_is_object(object)) {
        return refuse(reading, pointer, "must be an object");
    }
    while (sj_json_next(object, &iterator, &name, &value)) {
        bool found = false;
        for (size_t i = 0; known[i] != NULL; i++) {
            found = found || sj_text_is(name, known[i]);
        }
        if (!found) {
            char where[160];
            snprintf(where, sizeof where, "%s/%.*s", pointer,
                (int)(name.len < 100 ? name.len : 100), name.ptr);
            return refuse(reading, where, "is not a member that is known here");
        }
    }
    return SJ_DONE;
}

static sj_status read_flag(
    struct reading *reading, const struct sj_json_value *object, const char *name, bool *ret_flag)
{
    const struct sj_json_value *value = sj_json_get(object, name);
    *ret_flag = false;
    return value == NULL || sj_json_as_bool(value, ret_flag)
               ? SJ_DONE
               : refuse(reading, name, "must be true or false");
}

static sj_status read_time(struct reading *reading, const struct sj_json_value *object,
    const char *name, int64_t *ret_time)
{
    const struct sj_json_value *value = sj_json_get(object, name);
    struct sj_text text;
    sj_time_us time = 0;
    if (value == NULL || sj_json_is_null(value) || sj_json_as_int(value, ret_time)) {
        return SJ_DONE;
    }
    if (!sj_json_as_text(value, &text) || sj_failed(sj_time_parse(text, &time))) {
        return refuse(reading, name, "must be a time of RFC 3339 or microseconds");
    }
    *ret_time = time;
    return SJ_DONE;
}

static sj_status read_unit(struct reading *reading, const struct sj_json_value *object,
    const char *name, uint32_t *ret_unit)
{
    const struct sj_json_value *value = sj_json_get(object, name);
    struct sj_text text = SJ_TEXT("");
    *ret_unit = SJ_POLICY_NONE;
    if (value == NULL || sj_json_is_null(value)) {
        return SJ_DONE;
    }
    if (!sj_json_as_text(value, &text)) {
        return refuse(reading, name, "must name a unit");
    }
    *ret_unit = text.len == 0 ? SJ_POLICY_NONE : sj_policy_set_unit(reading->set, text);
    return text.len == 0 || *ret_unit != SJ_POLICY_NONE
               ? SJ_DONE
               : refuse(reading, name, "is no unit of the tree");
}

/* ---- grants ---- */

static sj_status read_kind(
    struct reading *reading, const struct sj_json_value *object, uint8_t *ret_kind)
{
    static const char *const kinds[] = {"assigned", "delegated", "break_glass"};
    struct sj_text text = SJ_TEXT("assigned");
    const struct sj_json_value *value = sj_json_get(object, "kind");
    const bool given = value == NULL || sj_json_as_text(value, &text);
    for (uint8_t i = 0; given && i < SJ_COUNT(kinds); i++) {
        if (sj_text_is(text, kinds[i])) {
            *ret_kind = i;
            return SJ_DONE;
        }
    }
    return refuse(reading, "kind", "must be assigned, delegated or break_glass");
}

static sj_status read_grant(
    struct reading *reading, const struct sj_json_value *object, struct sj_policy_grant *grant)
{
    static const char *const known[] = {
        "role", "unit", "via", "from", "until", "kind", "active", "lapsed", NULL};
    struct sj_text role = SJ_TEXT("");
    struct sj_text via;
    TRY(check_members(reading, object, known, "/grants"));
    (void)sj_json_as_text(sj_json_get(object, "role"), &role);
    grant->role = sj_policy_role_number(reading->root, role);
    if (grant->role == SJ_POLICY_NONE) {
        return refuse(reading, "/grants/role", "the policy has no such role");
    }
    TRY(read_unit(reading, object, "unit", &grant->unit));
    TRY(read_time(reading, object, "from", &grant->from));
    TRY(read_time(reading, object, "until", &grant->until));
    TRY(read_kind(reading, object, &grant->kind));
    TRY(read_flag(reading, object, "active", &grant->active));
    TRY(read_flag(reading, object, "lapsed", &grant->lapsed));
    if (sj_json_as_text(sj_json_get(object, "via"), &via)) {
        TRY(sj_arena_text(reading->arena, via, &via));
        grant->via = via.ptr;
    }
    return SJ_DONE;
}

static sj_status read_grants(struct reading *reading, const struct sj_json_value *array)
{
    size_t iterator = 0;
    size_t count = 0;
    struct sj_text none;
    const struct sj_json_value *item = NULL;
    if (array == NULL) {
        return SJ_DONE;
    }
    if (!sj_json_is_array(array)) {
        return refuse(reading, "/grants", "must be an array");
    }
    while (sj_json_next(array, &iterator, &none, &item)) {
        count++;
    }
    void *memory = NULL;
    TRY(sj_arena_alloc(reading->arena, (count + 1) * sizeof(struct sj_policy_grant), &memory));
    struct sj_policy_grant *grants = memory;
    iterator = 0;
    for (size_t i = 0; i < count && sj_json_next(array, &iterator, &none, &item); i++) {
        TRY(read_grant(reading, item, &grants[i]));
    }
    reading->question->request.grants = grants;
    reading->question->request.grant_count = count;
    return SJ_DONE;
}

/* ---- attributes and history ---- */

static sj_status read_place(struct reading *reading, const struct sj_json_value *json,
    enum sj_attr_place place, const struct sj_attr_value **ret_values)
{
    static const char *const names[] = {"subject", "resource", "context", "action"};
    const struct sj_json_value *object = sj_json_get(json, names[place]);
    struct sj_attr_value *values = NULL;
    const char *wrong = NULL;
    if (object == NULL || (place == SJ_OF_RESOURCE && reading->type == SJ_POLICY_NONE)) {
        return SJ_DONE;
    }
    TRY(sj_policy_attrs_read(
        reading->set, place, reading->type, object, reading->arena, &values, &wrong));
    *ret_values = values;
    if (wrong != NULL) {
        reading->question->request.malformed = true;
        reading->question->wrong = wrong;
    }
    return SJ_DONE;
}

static enum sj_policy_known has_done(void *history, uint32_t action)
{
    const struct sj_policy_question *question = history;
    return (enum sj_policy_known)question->known[action];
}

static sj_status read_known(
    struct reading *reading, const struct sj_json_value *json, const char *name, uint8_t known)
{
    size_t iterator = 0;
    struct sj_text none;
    const struct sj_json_value *item = NULL;
    const struct sj_json_value *array = sj_json_get(json, name);
    while (array != NULL && sj_json_next(array, &iterator, &none, &item)) {
        struct sj_text text = SJ_TEXT("");
        (void)sj_json_as_text(item, &text);
        const uint32_t action = sj_policy_action_find(reading->root, text);
        if (action == SJ_POLICY_NONE) {
            return refuse(reading, name, "the policy has no such action");
        }
        reading->question->known[action] = known;
    }
    return SJ_DONE;
}

static sj_status read_history(struct reading *reading, const struct sj_json_value *json)
{
    struct sj_policy_question *question = reading->question;
    if (sj_json_get(json, "done") == NULL) {
        return SJ_DONE;
    }
    void *memory = NULL;
    TRY(sj_arena_alloc(reading->arena, sj_policy_action_count(reading->root) + 1, &memory));
    question->known = memory;
    question->request.has_done = has_done;
    question->request.history = question;
    TRY(read_known(reading, json, "done", SJ_KNOWN_YES));
    return read_known(reading, json, "unsure", SJ_KNOWN_NOT);
}

static sj_status read_all(struct reading *reading, const struct sj_json_value *json)
{
    static const char *const known[] = {"do", "now", "grants", "subject", "resource", "context",
        "action", "reach_only", "binds", "inactive", "ended", "done", "unsure", "hide", NULL};
    struct sj_policy_request *request = &reading->question->request;
    struct sj_text action = SJ_TEXT("");
    TRY(check_members(reading, json, known, ""));
    if (!sj_json_as_text(sj_json_get(json, "do"), &action)) {
        return refuse(reading, "/do", "is required: an action like case:read");
    }
    request->action = sj_policy_action_find(reading->root, action);
    reading->type = request->action == SJ_POLICY_NONE
                        ? SJ_POLICY_NONE
                        : sj_policy_action_type(reading->root, request->action);
    TRY(read_time(reading, json, "now", &request->now));
    TRY(read_flag(reading, json, "inactive", &request->inactive));
    TRY(read_flag(reading, json, "ended", &request->session_ended));
    TRY(read_flag(reading, json, "reach_only", &request->reach_only));
    request->binds = sj_json_get(json, "binds") != NULL;
    TRY(read_unit(reading, json, "binds", &request->binding_unit));
    TRY(read_grants(reading, sj_json_get(json, "grants")));
    TRY(read_place(reading, json, SJ_OF_SUBJECT, &request->subject));
    TRY(read_place(reading, json, SJ_OF_RESOURCE, &request->resource));
    TRY(read_place(reading, json, SJ_OF_CONTEXT, &request->context));
    TRY(read_place(reading, json, SJ_OF_ACTION, &request->attributes));
    return read_history(reading, json);
}

sj_status sj_policy_question_read(const struct sj_policy_set *set,
    const struct sj_json_value *object, struct sj_arena *arena,
    struct sj_policy_question **ret_question, struct sj_policy_fault *reterr_fault)
{
    void *memory = NULL;
    TRY(sj_arena_alloc(arena, sizeof(struct sj_policy_question), &memory));
    struct reading reading = {.set = set,
        .root = sj_policy_set_root(set),
        .arena = arena,
        .fault = reterr_fault,
        .question = memory,
        .type = SJ_POLICY_NONE};
    TRY(read_all(&reading, object));
    *ret_question = memory;
    return SJ_DONE;
}
