/* SPDX-License-Identifier: Apache-2.0
 *
 * How does a command ask a server as a person? It signs in like a browser does and may do nothing that the person may not. Password
 * and code come from the terminal or a descriptor, never from arguments or the environment, which everybody on the machine can read.
 */
#include "cli_remote.h"

#include "cli_ask.h"

#include "sanjeh/base/memory.h"
#include "sanjeh/base/parse.h"

#include <signal.h>

bool sj_cli_remote_option(struct sj_cli_remote *remote, int option, const char *value)
{
    int64_t number = 0;
    switch (option) {
    case SJ_CLI_URL:
        remote->url = value;
        return true;
    case SJ_CLI_CA:
        remote->ca = value;
        return true;
    case SJ_CLI_USER:
        remote->user = value;
        return true;
    case SJ_CLI_CREDENTIALS:
        if (sj_failed(sj_parse_i64(sj_text_of(value), 0, 1023, &number))) {
            return false;
        }
        remote->credentials_fd = (int)number;
        return true;
    default:
        return false;
    }
}

sj_status sj_cli_remote_open(struct sj_cli_remote *remote)
{
    const struct sigaction ignoring = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &ignoring, NULL);
    struct sj_text username;
    remote->why = "--url: https://host[:port]";
    TRY(sj_client_new(remote->url, remote->ca, &remote->client));
    if (remote->roles != NULL) {
        struct sj_text roles;
        remote->why = "roles=: names joined by ','";
        TRY(sj_text_check(sj_view_of(remote->roles, strlen(remote->roles)), 1024, &roles));
        sj_client_start_with(remote->client, roles);
    }
    remote->why = "--user: a name of this server";
    TRY(sj_text_check(sj_view_of(remote->user, strlen(remote->user)), 256, &username));
    struct sj_cli_answers answers = {.count = 0};
    remote->why = "password and code: one line each, from the terminal or --credentials-fd";
    sj_status status = sj_cli_ask(remote->credentials_fd, &answers);
    if (!sj_failed(status)) {
        remote->why = "";
        status =
            sj_client_sign_in(remote->client, username, sj_view_of(answers.line[0], answers.len[0]),
                sj_view_of(answers.line[1], answers.len[1]));
    }
    sj_wipe(&answers, sizeof answers);
    return status;
}

int sj_cli_remote_end(
    struct sj_cli_remote *remote, const struct sj_command *command, sj_status status, bool print)
{
    int code = SJ_EXIT_OK;
    if (sj_failed(status)) {
        const bool has_words = remote->why[0] == '\0' && remote->client != NULL;
        code =
            sj_cli_fail(command, status, has_words ? sj_client_why(remote->client) : remote->why);
    } else if (print) {
        const struct sj_view body = sj_client_body(remote->client);
        (void)fwrite(body.ptr, 1, body.len, stdout);
        (void)fputc('\n', stdout);
    }
    if (remote->client != NULL) {
        sj_client_sign_out(remote->client);
    }
    sj_client_free(&remote->client);
    return code;
}
