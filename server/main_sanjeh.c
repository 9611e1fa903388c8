/* SPDX-License-Identifier: Apache-2.0
 *
 * sanjeh: administration on the local machine. `sanjeh NOUN VERB`; words go to standard error, data to
 * standard output. Secrets come from prompts and files only.
 */
#include "cli.h"

#include "sanjeh/base/log.h"
#include "sanjeh/crypto/hash.h"
#include "sanjeh/sandbox/sandbox.h"

static const struct sj_command *const commands[] = {
    &sj_command_migrate,
    &sj_command_config_check,
    &sj_command_keys_create_root,
    &sj_command_keys_selftest,
    &sj_command_keys_status,
    &sj_command_keys_rotate,
    &sj_command_unit_create,
    &sj_command_policy_check,
    &sj_command_policy_test,
    &sj_command_policy_diff,
    &sj_command_policy_explain,
    &sj_command_policy_versions,
    &sj_command_policy_draft,
    &sj_command_policy_sign,
    &sj_command_policy_activate,
    &sj_command_rbac,
    &sj_command_access_why,
    &sj_command_access_person,
    &sj_command_access_file,
    &sj_command_access_changes,
    &sj_command_account_create,
    &sj_command_audit_export,
    &sj_command_audit_index,
    &sj_command_audit_search,
    &sj_command_audit_tail,
    &sj_command_audit_vkey,
    &sj_command_audit_scrub,
    &sj_command_audit_erase,
    &sj_command_audit_seal,
    &sj_command_audit_prune,
    &sj_command_audit_incarnation,
    &sj_command_audit_alarms,
    &sj_command_card_vkey,
    &sj_command_import,
    &sj_command_deadlines,
    &sj_command_clock_show,
    &sj_command_clock_advance,
    &sj_command_clock_reset,
};

static int usage(FILE *out, int code)
{
    (void)fputs("usage: sanjeh NOUN [VERB] [OPTIONS]\n\n", out);
    for (size_t i = 0; i < SJ_COUNT(commands); i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s%s%s", commands[i]->noun,
            commands[i]->verb == NULL ? "" : " ",
            commands[i]->verb == NULL ? "" : commands[i]->verb);
        (void)fprintf(out, "  %-18s %s\n", name, commands[i]->summary);
    }
    (void)fputs(
        "\n`sanjeh NOUN VERB --help` tells more. First steps: README.md, scripts/demo.\n", out);
    return code;
}

static const struct sj_command *find(int argc, char **argv, int *ret_words)
{
    for (size_t i = 0; i < SJ_COUNT(commands); i++) {
        if (strcmp(commands[i]->noun, argv[1]) != 0) {
            continue;
        }
        if (commands[i]->verb == NULL) {
            *ret_words = 1;
            return commands[i];
        }
        if (argc > 2 && strcmp(commands[i]->verb, argv[2]) == 0) {
            *ret_words = 2;
            return commands[i];
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    if (sj_failed(sj_sandbox_no_dump()) || sj_failed(sj_crypto_init())) {
        return SJ_EXIT_FAILED;
    }
    sj_log_set_process("cli");
    sj_log_set_level(SJ_LEVEL_WARN);
    if (argc < 2) {
        return usage(stderr, SJ_EXIT_USAGE);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        return usage(stdout, SJ_EXIT_OK);
    }
    int words = 0;
    const struct sj_command *command = find(argc, argv, &words);
    if (command == NULL) {
        (void)fprintf(stderr, "sanjeh: there is no command '%s%s%s'\n\n", argv[1],
            argc > 2 ? " " : "", argc > 2 ? argv[2] : "");
        return usage(stderr, SJ_EXIT_USAGE);
    }
    return command->run(argc - words, argv + words, command);
}
