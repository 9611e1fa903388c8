/* SPDX-License-Identifier: Apache-2.0
 *
 * sanjeh policy explain: what does a policy decide about a request in a file, why, and what would have to be different? Needs no server
 * and no database: for authors of policies, before anything is activated.
 */
#include "cli_policy.h"

#include "sanjeh/base/time.h"
#include "sanjeh/policy/explain.h"
#include "sanjeh/policy/policy.h"
#include "sanjeh/policy/request.h"

static const char *const places[] = {"subject", "resource", "context", "action"};

/* "hide": ["resource.level"]: what the asker may not read. */
static bool take_hidden(const struct sj_policy_set *set, const struct sj_json_value *array,
    uint32_t action, struct sj_explain_options *options)
{
    const struct sj_policy *root = sj_policy_set_root(set);
    const uint32_t type = action == SJ_POLICY_NONE ? 0 : sj_policy_action_type(root, action);
    size_t iterator = 0;
    struct sj_text none;
    const struct sj_json_value *item = NULL;
    while (array != NULL && sj_json_next(array, &iterator, &none, &item)) {
        struct sj_text name = SJ_TEXT("");
        struct sj_text place = SJ_TEXT("");
        if (!sj_json_as_text(item, &name) || !sj_text_split(&name, '.', &place)) {
            return false;
        }
        for (unsigned p = 0; p < SJ_COUNT(places); p++) {
            const uint32_t slot = sj_text_is(place, places[p])
                                      ? sj_policy_attr_find(root, (enum sj_attr_place)p, type, name)
                                      : SJ_POLICY_NONE;
            options->hidden[p] |= slot == SJ_POLICY_NONE ? 0 : UINT64_C(1) << slot;
        }
    }
    return true;
}

static int explain_in(struct sj_cli_policy *args, const struct sj_command *command,
    const struct sj_policy_set *set, struct sj_cli_tree *scratch)
{
    const char *file = args->words[1];
    struct sj_policy_fault fault = {.why = "is no JSON, or cannot be read"};
    struct sj_text why = SJ_TEXT("");
    CLEANUP(sj_buf_clear) struct sj_buf json = SJ_BUF(SJ_POLICY_BYTES_MAX);
    if (sj_failed(sj_arena_new(64u << 20, &scratch->arena)) ||
        sj_failed(sj_cli_policy_read(file, "request.json", &json)) ||
        sj_failed(sj_json_doc_parse(sj_buf_view(&json), &scratch->doc, &why, scratch->arena))) {
        return sj_cli_policy_fault(args, file, &fault);
    }
    const struct sj_json_value *root = sj_json_doc_root(scratch->doc);
    struct sj_policy_question *question = NULL;
    if (sj_failed(sj_policy_question_read(set, root, scratch->arena, &question, &fault))) {
        return sj_cli_policy_fault(args, file, &fault);
    }
    struct sj_explain_options options = {.evaluation_id = NULL};
    if (!take_hidden(set, sj_json_get(root, "hide"), question->request.action, &options)) {
        fault = (struct sj_policy_fault){.pointer = "/hide", .why = "must name attributes"};
        return sj_cli_policy_fault(args, file, &fault);
    }
    /* Sanjeh's own requests have no resource: row security knows the rows. */
    question->request.reach_only = question->request.reach_only || !args->domain;
    if (question->request.now == 0) {
        question->request.now = sj_time_now();
    }
    struct sj_policy_decision decision;
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(SJ_EXPLAIN_BYTES);
    const sj_status status = sj_policy_explain(set, &question->request, &options, &decision, &text);
    if (sj_failed(status)) {
        return sj_cli_fail(command, status, "");
    }
    if (question->wrong != NULL) {
        (void)fprintf(stderr, "%s: attribute %s is not of its type\n", file, question->wrong);
    }
    sj_cli_policy_print(&text);
    return decision.permit ? SJ_EXIT_OK : SJ_EXIT_DENIED;
}

static int run_explain(int argc, char **argv, const struct sj_command *command)
{
    CLEANUP(sj_cli_policy_clear) struct sj_cli_policy args = {0};
    CLEANUP(sj_cli_tree_clear) struct sj_cli_tree tree = {0};
    CLEANUP(sj_cli_tree_clear) struct sj_cli_tree scratch = {0};
    CLEANUP(sj_policy_set_free) struct sj_policy_set *set = NULL;
    struct sj_policy_fault fault = {.why = "is no object of units and their parents"};
    int code = SJ_EXIT_OK;
    if (!sj_cli_policy_args(argc, argv, command, 2, 2, &args, &code)) {
        return code;
    }
    if (args.units != NULL && sj_failed(sj_cli_tree_read(args.units, &tree))) {
        return sj_cli_policy_fault(&args, args.units, &fault);
    }
    if (!sj_cli_policy_load(&args, args.words[0], &code)) {
        return code;
    }
    if (sj_failed(sj_policy_set_new((const struct sj_policy *const *)args.files, args.file_count,
            tree.units, tree.count, 0, &set, &fault))) {
        return sj_cli_policy_fault(&args, args.units == NULL ? args.words[0] : args.units, &fault);
    }
    return explain_in(&args, command, set, &scratch);
}

const struct sj_command sj_command_policy_explain = {"policy", "explain",
    "what does a policy decide about a request, and why",
    "usage: sanjeh policy explain POLICY REQUEST [--domain] [--unit-file FILE]... [--units "
    "FILE]\n\n"
    "Prints the decision as JSON: rules that matched, blocked and did not match, errors, fields, "
    "and\n"
    "would_allow, the smallest changes that would permit it. REQUEST is JSON: {\"do\": "
    "\"case:read\",\n"
    "\"grants\": [{\"role\": \"reader\", \"unit\": \"u1\"}], \"subject\": {}, \"resource\": {}, "
    "\"context\": {}, \"now\": TIME}.\n"
    "  --domain          a policy for another system\n"
    "  --unit-file FILE  also a unit's file under it\n"
    "  --units FILE      the tree of units, {\"u0\": null, \"u1\": \"u0\"}\n"
    "Exit: 0 permitted, 2 a file was refused, 3 denied.\n",
    run_explain};
