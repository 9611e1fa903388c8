/* SPDX-License-Identifier: Apache-2.0
 *
 * What does the engine decide? Reads lines (point.h) and answers each request R with one line: everything that a decision says,
 * in text that a naive evaluator can write as well. E answers with the explanation as JSON, after it has seen that it tells the
 * same decision; its member "hide" names attributes ("resource.level") that the asker may not read.
 */
#include "point.h"
#include "sanjeh/policy/explain.h"

static void put_fields(const struct sj_policy *policy, uint32_t type, uint64_t fields)
{
    const char *comma = "";
    for (; fields != 0; fields &= fields - 1) {
        printf("%s%s", comma, sj_policy_field_name(policy, type, (size_t)__builtin_ctzll(fields)));
        comma = ",";
    }
    putchar('|');
}

static void put_decision(
    const struct sj_policy *policy, uint32_t action, const struct sj_policy_decision *decision)
{
    const uint32_t type = decision->permit ? sj_policy_action_type(policy, action) : 0;
    printf("%d|%s|%s|", decision->permit, decision->code, decision->rule);
    for (uint32_t i = 0; i < decision->by_count; i++) {
        printf("%s%s", i == 0 ? "" : ",", decision->by[i]);
    }
    printf("|%d|", (int)decision->reach);
    put_fields(policy, type, decision->read);
    put_fields(policy, type, decision->write);
    put_fields(policy, type, decision->sort);
    put_fields(policy, type, decision->filter);
    put_fields(policy, type, decision->aggregate);
    const char *comma = "";
    for (uint64_t masked = decision->masked; masked != 0; masked &= masked - 1) {
        const size_t field = (size_t)__builtin_ctzll(masked);
        printf("%s%s=%s", comma, sj_policy_field_name(policy, type, field),
            sj_how_name((enum sj_how)decision->how[field]));
        comma = ",";
    }
    putchar('|');
    for (uint32_t i = 0; i < decision->obligation_count; i++) {
        printf("%s%s", i == 0 ? "" : ",", decision->obligations[i]->rule);
    }
    printf("|%d|%d\n", decision->break_glass, decision->more);
}

static void read_hidden(
    struct point *point, const struct sj_json_value *array, struct sj_explain_options *options)
{
    static const char *const places[] = {"subject", "resource", "context", "action"};
    const struct sj_policy *root = point->files[0];
    const uint32_t type = point->request.action == SJ_POLICY_NONE
                              ? 0
                              : sj_policy_action_type(root, point->request.action);
    size_t iterator = 0;
    struct sj_text none;
    const struct sj_json_value *item = NULL;
    while (array != NULL && sj_json_next(array, &iterator, &none, &item)) {
        struct sj_text name = SJ_TEXT("");
        struct sj_text place = SJ_TEXT("");
        if (!sj_json_as_text(item, &name) || !sj_text_split(&name, '.', &place)) {
            point_stop("hide", "no reference");
        }
        for (unsigned p = 0; p < SJ_COUNT(places); p++) {
            if (sj_text_is(place, places[p])) {
                options->hidden[p] |=
                    UINT64_C(1) << sj_policy_attr_find(root, (enum sj_attr_place)p, type, name);
            }
        }
    }
}

static void explain(struct point *point, const struct sj_json_value *json)
{
    struct sj_explain_options options = {.evaluation_id = "ev_1"};
    struct sj_policy_decision told;
    struct sj_policy_decision decided;
    CLEANUP(sj_buf_clear) struct sj_buf out = SJ_BUF(SJ_EXPLAIN_BYTES);
    read_hidden(point, sj_json_get(json, "hide"), &options);
    sj_policy_set_decide(point->set, &point->request, &decided);
    if (sj_failed(sj_policy_explain(point->set, &point->request, &options, &told, &out))) {
        point_stop("E", "could not be explained");
    }
    bool same = told.permit == decided.permit && strcmp(told.code, decided.code) == 0 &&
                strcmp(told.rule, decided.rule) == 0 && told.by_count == decided.by_count &&
                told.read == decided.read && told.write == decided.write &&
                told.sort == decided.sort && told.masked == decided.masked &&
                told.reach == decided.reach && told.break_glass == decided.break_glass &&
                told.obligation_count == decided.obligation_count && told.more == decided.more;
    for (uint32_t i = 0; same && i < told.by_count; i++) {
        same = strcmp(told.by[i], decided.by[i]) == 0;
    }
    if (!same) {
        point_stop("E", "tells another decision than is made");
    }
    printf("%.*s\n", (int)out.len, (const char *)out.ptr);
}

static void ask(struct point *point, char letter, struct sj_text json)
{
    struct sj_json_doc *doc = NULL;
    struct sj_text detail;
    if (sj_failed(sj_json_doc_parse(sj_text_bytes(json), &doc, &detail, point->arena))) {
        point_stop("R", "no JSON");
    }
    struct sj_policy_decision decision;
    point_request(point, sj_json_doc_root(doc));
    if (letter == 'E') {
        explain(point, sj_json_doc_root(doc));
    } else {
        sj_policy_set_decide(point->set, &point->request, &decision);
        put_decision(point->files[0], point->request.action, &decision);
    }
    sj_json_doc_free(&doc);
    sj_arena_reset(point->arena);
}

int main(void)
{
    static struct point point;
    static char line[1u << 20];
    if (sj_failed(sj_arena_new(1u << 20, &point.arena))) {
        return 2;
    }
    while (fgets(line, sizeof line, stdin) != NULL) {
        const size_t len = strlen(line);
        const struct sj_text text = {line, len > 0 && line[len - 1] == '\n' ? len - 1 : len};
        if (!point_line(&point, text)) {
            if (text.len < 3 || (text.ptr[0] != 'R' && text.ptr[0] != 'E')) {
                point_stop("line", "no such letter");
            }
            ask(&point, text.ptr[0], (struct sj_text){text.ptr + 2, text.len - 2});
        }
    }
    point_clear(&point);
    return 0;
}
