/* SPDX-License-Identifier: Apache-2.0
 *
 * How do lines of a script become a decision point and a request? See point.h.
 */
#include "point.h"

#include <stdlib.h>

void point_stop(const char *what, const char *why)
{
    printf("! %s: %s\n", what, why);
    exit(2);
}

static void must(sj_status status, const char *what)
{
    if (sj_failed(status)) {
        point_stop(what, status.where);
    }
}

static void point_reset(struct point *point)
{
    sj_policy_set_free(&point->set);
    for (size_t i = point->file_count; i > 0; i--) {
        sj_policy_free(&point->files[i - 1]);
    }
    point->file_count = 0;
    point->unit_count = 0;
}

void point_clear(struct point *point)
{
    point_reset(point);
    sj_arena_free(&point->arena);
}

static struct sj_text keep(char *out, struct sj_text text)
{
    snprintf(out, 32, "%.*s", (int)text.len, text.len == 0 ? "" : text.ptr);
    return sj_text_of(out);
}

static void add_unit(struct point *point, struct sj_text rest)
{
    struct sj_text name = SJ_TEXT("");
    if (point->unit_count == POINT_UNITS || !sj_text_split(&rest, ' ', &name)) {
        point_stop("U", "too many or no name");
    }
    char(*kept)[32] = point->names[point->unit_count];
    point->units[point->unit_count++] =
        (struct sj_policy_unit){keep(kept[0], name), keep(kept[1], rest)};
}

static void add_file(struct point *point, struct sj_text json, bool unit)
{
    struct sj_policy_fault fault;
    const struct sj_policy_options under = {.under = point->files[0]};
    if (point->file_count == POINT_FILES) {
        point_stop("F", "too many");
    }
    const sj_status status = sj_policy_read(
        sj_text_bytes(json), unit ? &under : NULL, &point->files[point->file_count], &fault);
    if (sj_failed(status)) {
        fprintf(stderr, "%.*s\n", (int)json.len, json.ptr);
        point_stop(fault.pointer, fault.why);
    }
    point->file_count++;
}

bool point_line(struct point *point, struct sj_text line)
{
    const char letter = line.len == 0 ? '\0' : line.ptr[0];
    const struct sj_text rest =
        line.len > 2 ? (struct sj_text){line.ptr + 2, line.len - 2} : SJ_TEXT("");
    struct sj_policy_fault fault;
    switch (letter) {
    case 'N':
        point_reset(point);
        return true;
    case 'U':
        add_unit(point, rest);
        return true;
    case 'P':
    case 'F':
        add_file(point, rest, letter == 'F');
        return true;
    case 'S':
        if (sj_failed(sj_policy_set_new((const struct sj_policy *const *)point->files,
                point->file_count, point->units, point->unit_count, 7, &point->set, &fault))) {
            point_stop("S", fault.why);
        }
        return true;
    default:
        return false;
    }
}

/* ---- requests ---- */

struct sj_text point_text(const struct sj_json_value *object, const char *name)
{
    struct sj_text text = SJ_TEXT("");
    const struct sj_json_value *value = sj_json_get(object, name);
    return value != NULL && sj_json_as_text(value, &text) ? text : SJ_TEXT("");
}

int64_t point_int(const struct sj_json_value *object, const char *name, int64_t otherwise)
{
    int64_t number = otherwise;
    const struct sj_json_value *value = sj_json_get(object, name);
    return value != NULL && sj_json_as_int(value, &number) ? number : otherwise;
}

bool point_flag(const struct sj_json_value *object, const char *name)
{
    bool flag = false;
    const struct sj_json_value *value = sj_json_get(object, name);
    return value != NULL && sj_json_as_bool(value, &flag) && flag;
}

static void read_grants(struct point *point, const struct sj_json_value *array)
{
    static const char *const kinds[] = {"assigned", "delegated", "break_glass"};
    const struct sj_policy *root = point->files[0];
    size_t iterator = 0;
    struct sj_text none;
    const struct sj_json_value *item = NULL;
    size_t count = 0;
    while (array != NULL && sj_json_next(array, &iterator, &none, &item) &&
           count < SJ_COUNT(point->grants)) {
        struct sj_policy_grant *grant = &point->grants[count++];
        *grant =
            (struct sj_policy_grant){.role = sj_policy_role_number(root, point_text(item, "role")),
                .unit = sj_policy_set_unit(point->set, point_text(item, "unit")),
                .from = point_int(item, "from", 0),
                .until = point_int(item, "until", 0),
                .active = point_flag(item, "active"),
                .lapsed = point_flag(item, "lapsed")};
        for (uint8_t k = 0; k < SJ_COUNT(kinds); k++) {
            grant->kind = sj_text_is(point_text(item, "kind"), kinds[k]) ? k : grant->kind;
        }
    }
    point->request.grants = point->grants;
    point->request.grant_count = count;
}

static void read_known(struct point *point, const struct sj_json_value *array, uint8_t known)
{
    size_t iterator = 0;
    struct sj_text none;
    const struct sj_json_value *item = NULL;
    while (array != NULL && sj_json_next(array, &iterator, &none, &item)) {
        struct sj_text name = SJ_TEXT("");
        const uint32_t action = sj_json_as_text(item, &name)
                                    ? sj_policy_action_find(point->files[0], name)
                                    : SJ_POLICY_NONE;
        if (action != SJ_POLICY_NONE) {
            point->known[action] = known;
        }
    }
}

static enum sj_policy_known has_done(void *history, uint32_t action)
{
    const struct point *point = history;
    return (enum sj_policy_known)point->known[action];
}

static const struct sj_attr_value *read_place(struct point *point, enum sj_attr_place place,
    uint32_t type, const struct sj_json_value *object)
{
    struct sj_attr_value *values = NULL;
    const char *wrong = NULL;
    must(sj_policy_attrs_read(point->set, place, type, object, point->arena, &values, &wrong),
        "attributes");
    point->request.malformed = point->request.malformed || wrong != NULL;
    return object == NULL ? NULL : values;
}

void point_request(struct point *point, const struct sj_json_value *json)
{
    const struct sj_policy *root = point->files[0];
    struct sj_policy_request *request = &point->request;
    *request =
        (struct sj_policy_request){.action = sj_policy_action_find(root, point_text(json, "do")),
            .now = point_int(json, "now", 0),
            .inactive = point_flag(json, "inactive"),
            .session_ended = point_flag(json, "ended"),
            .reach_only = point_flag(json, "reach_only"),
            .binds = sj_json_get(json, "binds") != NULL,
            .binding_unit = sj_policy_set_unit(point->set, point_text(json, "binds"))};
    read_grants(point, sj_json_get(json, "grants"));
    const uint32_t type = request->action == SJ_POLICY_NONE
                              ? SJ_POLICY_NONE
                              : sj_policy_action_type(root, request->action);
    request->subject = read_place(point, SJ_OF_SUBJECT, 0, sj_json_get(json, "subject"));
    request->context = read_place(point, SJ_OF_CONTEXT, 0, sj_json_get(json, "context"));
    request->attributes = read_place(point, SJ_OF_ACTION, 0, sj_json_get(json, "action"));
    if (type != SJ_POLICY_NONE) {
        request->resource = read_place(point, SJ_OF_RESOURCE, type, sj_json_get(json, "resource"));
    }
    const struct sj_json_value *done = sj_json_get(json, "done");
    if (done != NULL) {
        for (size_t i = 0; i < SJ_POLICY_ACTIONS; i++) {
            point->known[i] = SJ_KNOWN_NO;
        }
        read_known(point, done, SJ_KNOWN_YES);
        read_known(point, sj_json_get(json, "unsure"), SJ_KNOWN_NOT);
        request->has_done = has_done;
        request->history = point;
    }
}
