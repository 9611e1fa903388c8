/* SPDX-License-Identifier: Apache-2.0
 *
 * What the commands of `sanjeh` share: their table, exit codes (UX 4.1) and how a failure is told.
 */
#ifndef SJ_SERVER_CLI_H
#define SJ_SERVER_CLI_H

#include "config.h"

enum sj_exit {
    SJ_EXIT_OK = 0,
    SJ_EXIT_FAILED = 1,
    SJ_EXIT_USAGE = 2,
    SJ_EXIT_DENIED = 3,
    SJ_EXIT_NOT_FOUND = 4,
    SJ_EXIT_CONFLICT = 5,
    SJ_EXIT_UNREACHABLE = 6
};

struct sj_command {
    const char *noun;
    const char *verb; /* NULL: the noun alone */
    const char *summary;
    const char *help;
    /* argv[0] is the last word of the command. */
    int (*run)(int argc, char **argv, const struct sj_command *command);
};

extern const struct sj_command sj_command_migrate;
extern const struct sj_command sj_command_config_check;
extern const struct sj_command sj_command_keys_create_root;
extern const struct sj_command sj_command_keys_selftest;
extern const struct sj_command sj_command_keys_status;
extern const struct sj_command sj_command_keys_rotate;
extern const struct sj_command sj_command_audit_export;
extern const struct sj_command sj_command_audit_index;
extern const struct sj_command sj_command_audit_search;
extern const struct sj_command sj_command_audit_tail;
extern const struct sj_command sj_command_audit_vkey;
extern const struct sj_command sj_command_audit_scrub;
extern const struct sj_command sj_command_audit_erase;
extern const struct sj_command sj_command_audit_seal;
extern const struct sj_command sj_command_audit_prune;
extern const struct sj_command sj_command_audit_incarnation;
extern const struct sj_command sj_command_audit_alarms;
extern const struct sj_command sj_command_card_vkey;
extern const struct sj_command sj_command_import;
extern const struct sj_command sj_command_deadlines;
extern const struct sj_command sj_command_clock_show;
extern const struct sj_command sj_command_clock_advance;
extern const struct sj_command sj_command_clock_reset;
extern const struct sj_command sj_command_account_create;
extern const struct sj_command sj_command_unit_create;
extern const struct sj_command sj_command_policy_check;
extern const struct sj_command sj_command_policy_test;
extern const struct sj_command sj_command_policy_diff;
extern const struct sj_command sj_command_policy_explain;
extern const struct sj_command sj_command_policy_versions;
extern const struct sj_command sj_command_policy_draft;
extern const struct sj_command sj_command_policy_sign;
extern const struct sj_command sj_command_policy_activate;
extern const struct sj_command sj_command_rbac;
extern const struct sj_command sj_command_access_why;
extern const struct sj_command sj_command_access_person;
extern const struct sj_command sj_command_access_file;
extern const struct sj_command sj_command_access_changes;

/* Prints help (to stderr with code USAGE). */
int sj_cli_help(const struct sj_command *command, enum sj_exit code);
/* "sanjeh migrate: The database cannot be reached: …" on stderr; the exit code that belongs to the status. */
int sj_cli_fail(const struct sj_command *command, sj_status status, const char *detail);
/* Reads the configuration; a failure has been told and its exit code is in *ret_exit. */
bool sj_cli_config(const struct sj_command *command, const char *path, struct sj_config *ret_config,
    int *ret_exit);

#endif
