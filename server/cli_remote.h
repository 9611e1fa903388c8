/* SPDX-License-Identifier: Apache-2.0
 *
 * What commands share that ask a server as a person: whose session, which server, how it ends.
 */
#ifndef SJ_SERVER_CLI_REMOTE_H
#define SJ_SERVER_CLI_REMOTE_H

#include "cli.h"

#include "sanjeh/client/client.h"

#include <getopt.h>

enum { SJ_CLI_URL = 512, SJ_CLI_CA, SJ_CLI_USER, SJ_CLI_CREDENTIALS };
/* For a table of getopt_long. */
#define SJ_CLI_REMOTE_OPTIONS                                                                      \
    {"url", required_argument, NULL, SJ_CLI_URL}, {"ca", required_argument, NULL, SJ_CLI_CA},      \
        {"user", required_argument, NULL, SJ_CLI_USER},                                            \
    {                                                                                              \
        "credentials-fd", required_argument, NULL, SJ_CLI_CREDENTIALS                              \
    }
#define SJ_CLI_REMOTE_USAGE "--url URL --user NAME [--ca FILE] [--credentials-fd N]"
#define SJ_CLI_REMOTE_HELP                                                                         \
    "Password and code are asked on the terminal, or read from standard input or "                 \
    "--credentials-fd, one line each.\n"                                                           \
    "--ca: the authority of the server's certificate (PEM); without it those of the system.\n"

struct sj_cli_remote {
    const char *url;
    const char *ca;
    const char *user;
    const char *roles;  /* joined by ',': those that the session starts with; NULL: all */
    int credentials_fd; /* -1: the terminal, or standard input */
    struct sj_client *client;
    const char *why; /* of a failure before the client had words; "" */
};

/* Takes one of SJ_CLI_REMOTE_OPTIONS; false: it is none, or its value is wrong. */
bool sj_cli_remote_option(struct sj_cli_remote *remote, int option, const char *value);
/* Signs in with two factors, which are read here. Errors: as of sj_client_sign_in; BAD_CONFIG. */
SJ_MUST_CHECK sj_status sj_cli_remote_open(struct sj_cli_remote *remote);
/* Signs out. A failure is told; after success the last answer is printed when print. The exit code. */
int sj_cli_remote_end(
    struct sj_cli_remote *remote, const struct sj_command *command, sj_status status, bool print);

#endif
