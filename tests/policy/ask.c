/* SPDX-License-Identifier: Apache-2.0
 *
 * What does the engine decide? Reads lines (point.h) and answers each request R with one line: everything that a decision says,
 * in text that a naive evaluator can write as well. With a second letter E the explanation as JSON follows.
 */
#include "point.h"

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

static void ask(struct point *point, struct sj_text json)
{
    struct sj_json_doc *doc = NULL;
    struct sj_text detail;
    if (sj_failed(sj_json_doc_parse(sj_text_bytes(json), &doc, &detail, point->arena))) {
        point_stop("R", "no JSON");
    }
    struct sj_policy_decision decision;
    point_request(point, sj_json_doc_root(doc));
    sj_policy_set_decide(point->set, &point->request, &decision);
    put_decision(point->files[0], point->request.action, &decision);
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
            if (text.len < 3 || text.ptr[0] != 'R') {
                point_stop("line", "no such letter");
            }
            ask(&point, (struct sj_text){text.ptr + 2, text.len - 2});
        }
    }
    point_clear(&point);
    return 0;
}
