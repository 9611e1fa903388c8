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

void point_request(struct point *point, const struct sj_json_value *json)
{
    struct sj_policy_question *question = NULL;
    struct sj_policy_fault fault = {.why = "out of memory"};
    if (sj_failed(sj_policy_question_read(point->set, json, point->arena, &question, &fault))) {
        point_stop(fault.pointer, fault.why);
    }
    point->request = question->request;
}
