/* SPDX-License-Identifier: Apache-2.0
 *
 * sanjeh policy diff: what does a new version widen and narrow, with a request each? With --unit-file alone: what would
 * the unit's file permit that the policy above it does not?
 */
#include "cli_policy.h"

#include "sanjeh/policy/diff.h"

void sj_cli_tree_clear(struct sj_cli_tree *tree)
{
    sj_json_doc_free(&tree->doc);
    sj_arena_free(&tree->arena);
}

/* {"u0": null, "u1": "u0"} */
static sj_status fill_tree(const struct sj_json_value *root, struct sj_cli_tree *tree)
{
    size_t iterator = 0;
    struct sj_text name;
    const struct sj_json_value *item = NULL;
    void *memory = NULL;
    TRY(sj_arena_alloc(
        tree->arena, (SJ_POLICY_UNITS + 1u) * sizeof(struct sj_policy_unit), &memory));
    tree->units = memory;
    while (sj_json_next(root, &iterator, &name, &item)) {
        struct sj_text parent = SJ_TEXT("");
        ENSURE(sj_json_as_text(item, &parent) || sj_json_is_null(item), BAD_CONFIG);
        ENSURE(tree->count < SJ_POLICY_UNITS, BAD_CONFIG);
        tree->units[tree->count++] = (struct sj_policy_unit){name, parent};
    }
    return tree->count > 0 ? SJ_DONE : SJ_FAILURE(BAD_CONFIG);
}

sj_status sj_cli_tree_read(const char *path, struct sj_cli_tree *tree)
{
    CLEANUP(sj_buf_clear) struct sj_buf json = SJ_BUF(SJ_POLICY_BYTES_MAX);
    struct sj_text why = SJ_TEXT("");
    TRY(sj_arena_new(64u << 20, &tree->arena));
    TRY(sj_cli_policy_read(path, "units.json", &json));
    TRY(sj_json_doc_parse(sj_buf_view(&json), &tree->doc, &why, tree->arena));
    return fill_tree(sj_json_doc_root(tree->doc), tree);
}

static int tell(const struct sj_cli_policy *args, const struct sj_command *command,
    const struct sj_policy_diff *diff)
{
    CLEANUP(sj_buf_clear) struct sj_buf text = SJ_BUF(256u << 20);
    const sj_status status =
        args->json ? sj_policy_diff_json(diff, &text) : sj_policy_diff_text(diff, &text);
    if (sj_failed(status)) {
        return sj_cli_fail(command, status, "");
    }
    sj_cli_policy_print(&text);
    return sj_policy_diff_widens(diff) ? SJ_EXIT_FAILED : SJ_EXIT_OK;
}

static int end(const struct sj_cli_policy *args, const struct sj_command *command, sj_status status,
    const struct sj_policy_fault *fault, const struct sj_policy_diff *diff)
{
    if (status.code == SJ_BAD_CONFIG) {
        return sj_cli_policy_fault(args, args->words[args->word_count - 1], fault);
    }
    return sj_failed(status) ? sj_cli_fail(command, status, "") : tell(args, command, diff);
}

static int compare(
    struct sj_cli_policy *args, const struct sj_command *command, const struct sj_cli_tree *tree)
{
    CLEANUP(sj_cli_policy_clear) struct sj_cli_policy other = *args;
    other.file_count = 0;
    CLEANUP(sj_policy_diff_free) struct sj_policy_diff *diff = NULL;
    struct sj_policy_fault fault = {0};
    int code = SJ_EXIT_OK;
    if (!sj_cli_policy_load(&other, args->words[1], &code)) {
        return code;
    }
    const sj_status status = sj_policy_diff_make((const struct sj_policy *const *)args->files,
        args->file_count, (const struct sj_policy *const *)other.files, other.file_count,
        tree->units, tree->count, &diff, &fault);
    return end(args, command, status, &fault, diff);
}

/* The last unit file is looked at, those before it are its parents. */
static int ceiling(
    struct sj_cli_policy *args, const struct sj_command *command, const struct sj_cli_tree *tree)
{
    CLEANUP(sj_policy_diff_free) struct sj_policy_diff *diff = NULL;
    struct sj_policy_fault fault = {0};
    const sj_status status =
        sj_policy_diff_ceiling((const struct sj_policy *const *)args->files, args->file_count - 1,
            args->files[args->file_count - 1], tree->units, tree->count, &diff, &fault);
    return end(args, command, status, &fault, diff);
}

static int run_diff(int argc, char **argv, const struct sj_command *command)
{
    CLEANUP(sj_cli_policy_clear) struct sj_cli_policy args = {0};
    CLEANUP(sj_cli_tree_clear) struct sj_cli_tree tree = {0};
    int code = SJ_EXIT_OK;
    if (!sj_cli_policy_args(argc, argv, command, 1, 2, &args, &code)) {
        return code;
    }
    if (args.word_count == 1 && args.unit_file_count == 0) {
        return sj_cli_help(command, SJ_EXIT_USAGE);
    }
    const struct sj_policy_fault fault = {.why = "is no object of units and their parents"};
    if (args.units != NULL && sj_failed(sj_cli_tree_read(args.units, &tree))) {
        return sj_cli_policy_fault(&args, args.units, &fault);
    }
    if (!sj_cli_policy_load(&args, args.words[0], &code)) {
        return code;
    }
    return args.word_count == 2 ? compare(&args, command, &tree) : ceiling(&args, command, &tree);
}

const struct sj_command sj_command_policy_diff = {"policy", "diff",
    "what a new version widens and narrows",
    "usage: sanjeh policy diff BEFORE [AFTER] [--domain] [--unit-file FILE]... [--units FILE] "
    "[--json]\n\n"
    "Compares two versions by meaning: for each role, action, class of fields, mask and "
    "requirement\n"
    "every kind of request is tried on both. + is widened, - narrowed, with a request that "
    "differs,\n"
    "written as a test. What is not proven (more than 16 atoms in a cell) counts as widened.\n"
    "Without AFTER: what does the last --unit-file permit that the policy above it does not?\n"
    "  --domain     policies for another system\n"
    "  --unit-file  a unit's file under both\n"
    "  --units      the tree of units, {\"u0\": null, \"u1\": \"u0\"}; without it one is assumed\n"
    "  --json       the result on standard output as JSON (policy-diff/1)\n"
    "Exit: 0 nothing is widened, 1 something is, 2 a file was refused.\n",
    run_diff};
