/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a command of `sanjeh` tell what went wrong, and with which exit code?
 */
#include "cli.h"

int sj_cli_help(const struct sj_command *command, enum sj_exit code)
{
    (void)fputs(command->help, code == SJ_EXIT_OK ? stdout : stderr);
    return (int)code;
}

static int exit_of(enum sj_code code)
{
    switch (sj_code_http(code)) {
    case 400:
    case 422:
        return SJ_EXIT_USAGE;
    case 401:
    case 403:
        return SJ_EXIT_DENIED;
    case 404:
        return SJ_EXIT_NOT_FOUND;
    case 409:
    case 412:
        return SJ_EXIT_CONFLICT;
    case 503:
        return SJ_EXIT_UNREACHABLE;
    default:
        return code == SJ_BAD_CONFIG ? SJ_EXIT_USAGE : SJ_EXIT_FAILED;
    }
}

int sj_cli_fail(const struct sj_command *command, sj_status status, const char *detail)
{
    (void)fprintf(stderr, "sanjeh %s%s%s: %s%s%s\n", command->noun,
        command->verb == NULL ? "" : " ", command->verb == NULL ? "" : command->verb,
        sj_code_title(status.code), detail[0] == '\0' ? "" : ": ", detail);
    (void)fprintf(stderr, "Try `sanjeh %s%s%s --help`.\n", command->noun,
        command->verb == NULL ? "" : " ", command->verb == NULL ? "" : command->verb);
    return exit_of(status.code);
}

bool sj_cli_config(
    const struct sj_command *command, const char *path, struct sj_config *ret_config, int *ret_exit)
{
    char detail[SJ_CONFIG_DETAIL_SIZE] = {0};
    if (path == NULL) {
        *ret_exit = sj_cli_help(command, SJ_EXIT_USAGE);
        return false;
    }
    const sj_status status = sj_config_load(path, ret_config, detail);
    if (sj_failed(status)) {
        *ret_exit = sj_cli_fail(command, status, detail);
        return false;
    }
    return true;
}
