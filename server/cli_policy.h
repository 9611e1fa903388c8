/* SPDX-License-Identifier: Apache-2.0
 *
 * What the verbs of `sanjeh policy` share: files on disk and the place of what is wrong in them.
 */
#ifndef SJ_SERVER_CLI_POLICY_H
#define SJ_SERVER_CLI_POLICY_H

#include "cli.h"
#include "sanjeh/json/decode.h"
#include "sanjeh/policy/engine.h"

#define SJ_CLI_POLICY_FILES 16

struct sj_cli_policy {
    bool json;
    bool domain; /* a policy for another system: names are its own */
    const char *units;
    uint32_t min_coverage;
    const char *unit_files[SJ_CLI_POLICY_FILES];
    size_t unit_file_count;
    const char *words[3]; /* what is no option */
    size_t word_count;
    struct sj_policy *files[SJ_CLI_POLICY_FILES + 1];
    size_t file_count;
};

/* Reads options and words; false: *ret_exit says how to end. */
bool sj_cli_policy_args(int argc, char **argv, const struct sj_command *command, size_t least,
    size_t most, struct sj_cli_policy *out, int *ret_exit);
/* "file:line:column: pointer: why" on standard error, as JSON on standard output with --json. */
int sj_cli_policy_fault(
    const struct sj_cli_policy *args, const char *file, const struct sj_policy_fault *fault);
/* A folder stands for its policy.json. The whole file, at most 4 MiB. */
SJ_MUST_CHECK sj_status sj_cli_policy_read(const char *path, const char *name, struct sj_buf *out);
/* Root file and the unit files of the options; false: told, *ret_exit. */
bool sj_cli_policy_load(struct sj_cli_policy *args, const char *path, int *ret_exit);
void sj_cli_policy_clear(struct sj_cli_policy *args);
/* The tree of units of --units: {"u0": null, "u1": "u0"}. */
struct sj_cli_tree {
    struct sj_arena *arena;
    struct sj_json_doc *doc; /* keeps the names */
    struct sj_policy_unit *units;
    size_t count;
};
void sj_cli_tree_clear(struct sj_cli_tree *tree);
/* Errors: BAD_CONFIG and others; the tree is to be cleared then, too. */
SJ_MUST_CHECK sj_status sj_cli_tree_read(const char *path, struct sj_cli_tree *tree);
/* Prints what a buffer holds and a new line. */
void sj_cli_policy_print(const struct sj_buf *text);

#endif
