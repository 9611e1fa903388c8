/* SPDX-License-Identifier: Apache-2.0
 *
 * sanjeh keys status, rotate: which key signs the record, and how does the next one take over before its day? Asked of the server as a security
 * officer, with both factors; each question is an entry.
 */
#include "cli.h"
#include "cli_remote.h"

static const struct option options[] = {
    SJ_CLI_REMOTE_OPTIONS, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};

static int run(int argc, char **argv, const struct sj_command *command)
{
    struct sj_cli_remote remote = {.credentials_fd = -1, .why = ""};
    const bool is_rotation = strcmp(command->verb, "rotate") == 0;
    for (int option = 0; (option = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (option == 'h' || !sj_cli_remote_option(&remote, option, optarg)) {
            return sj_cli_help(command, option == 'h' ? SJ_EXIT_OK : SJ_EXIT_USAGE);
        }
    }
    if (remote.url == NULL || remote.user == NULL || optind != argc) {
        return sj_cli_help(command, SJ_EXIT_USAGE);
    }
    sj_status status = sj_cli_remote_open(&remote);
    if (!sj_failed(status)) {
        const struct sj_client_call call = {.method = is_rotation ? "POST" : "GET",
            .path = is_rotation ? "/api/v1/audit/keys/rotate" : "/api/v1/audit/keys"};
        status = sj_client_send(remote.client, &call);
    }
    return sj_cli_remote_end(&remote, command, status, /* print= */ true);
}

const struct sj_command sj_command_keys_status = {"keys", "status",
    "show which key signs the record",
    "usage: sanjeh keys status " SJ_CLI_REMOTE_USAGE "\n\n" SJ_CLI_REMOTE_HELP
    "Prints, as JSON, the epoch, its key, the first one and the lasting one, and whether a change "
    "is "
    "under way.\n",
    run};
const struct sj_command sj_command_keys_rotate = {"keys", "rotate",
    "have the record's next key take over",
    "usage: sanjeh keys rotate " SJ_CLI_REMOTE_USAGE "\n\n" SJ_CLI_REMOTE_HELP
    "The server appoints the next key within seconds (entry key:rotate) and destroys the old one "
    "when "
    "witnesses\nhave seen the change.\n",
    run};
